"""The smallest repair of a hazard ratio: one digit, two neighbouring digits, or stray characters of one figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haicbook.audit.ratios import Ratio, asymmetry, distance, figures_of, z_of_p, z_span
from haicbook.printed import parse_number

_WORDS = {"hr": "the ratio", "low": "the lower limit", "high": "the upper limit"}
# stray characters in an unreadable figure: at most so many in a row
_STRAY = 2


@dataclass(frozen=True)
class Repair:
    """One figure read differently.

    Attributes
    ----------
    part
        `hr`, `low` or `high`.
    printed, repaired
        The figure's characters before and after.
    change
        What was changed, in words.
    """

    part: str
    printed: str
    repaired: str
    change: str

    @property
    def words(self) -> str:
        """`1.641 for 1.614 as the ratio (two digits change places)`."""
        return f"{self.repaired} for {self.printed} as {_WORDS[self.part]} ({self.change})"


def repairs(ratio: Ratio) -> list[Repair]:
    """Every single edit of one figure after which the interval is symmetric and agrees with the printed p-values.

    Two digits that change places, one digit, and stray characters of an unreadable figure are tried.
    """
    found: dict[tuple[str, str], Repair] = {}
    for part in _WORDS:
        printed = getattr(ratio, part).figure.strip()
        for repaired, change in _edits(printed, readable=getattr(ratio, part).state == "exact"):
            if (part, repaired) not in found and _agrees(figures_of(ratio, **{part: repaired})):
                found[part, repaired] = Repair(part, printed, repaired, change)
    return list(found.values())


def repair_words(ratio: Ratio) -> str:
    """The repairs as a sentence: the one, or how many there are; empty where no single edit will do."""
    found = repairs(ratio)
    checked = "the interval is symmetric" + (" and the p-value reproduced" if ratio.p_cells else "")
    if not found:
        return ""
    if len(found) == 1:
        return f"With {found[0].words}, {checked}."
    first = "; or ".join(repair.words for repair in found[:3])
    return f"{len(found)} single edits would do, among them {first}: {checked} then."


def _edits(figure: str, *, readable: bool) -> Iterator[tuple[str, str]]:
    if not readable:
        for length in range(1, _STRAY + 1):
            for start in range(len(figure) - length + 1):
                yield figure[:start] + figure[start + length :], "stray characters left out"
        return
    for place in range(len(figure) - 1):
        one, other = figure[place], figure[place + 1]
        if one != other and one.isdigit() and other.isdigit():
            yield figure[:place] + other + one + figure[place + 2 :], "two digits change places"
    for place, character in enumerate(figure):
        if character.isdigit():
            for digit in "0123456789":
                if digit != character:
                    yield figure[:place] + digit + figure[place + 1 :], "one digit"


def _agrees(ratio: Ratio) -> bool:
    if not ratio.readable or asymmetry(ratio) > 0:
        return False
    z = z_span(ratio, cut=False)
    printed = [cell.numbers["p"] for cell in ratio.p_cells]
    known = [p for p in printed if p.state in ("exact", "below", "above")]
    return all(parse_number(p.figure).state == p.state and distance(z, z_of_p(p)) == 0 for p in known)
