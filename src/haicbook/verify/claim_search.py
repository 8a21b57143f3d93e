"""The running text's printed values, looked for in the part of the paper that they name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from haicbook.verify.items import LEVELS, Item, letters, read_cell
from haicbook.verify.matching import windows
from haicbook.verify.regions import TextLine
from haicbook.verify.verdict import Sought

_LONG = 60


@dataclass(frozen=True)
class Claim:
    """One row of claims.csv."""

    file: str
    line: int
    section: str
    source: str
    name: str
    printed: str
    is_p: bool

    @property
    def place(self) -> str:
        """The subsection that the source names, as plain letters; empty where it names none."""
        return "".join(letters(word) for word in self.source.partition(", ")[2].split())


@dataclass(frozen=True)
class Placed:
    """An item and where in the paper it stands."""

    item: Item
    section: str
    region: str
    place: str


def check_claim(claim: Claim, text: Sequence[Placed], headings: set[str]) -> tuple[Sought, set[int]]:
    """Look for one claim.

    Parameters
    ----------
    claim
        The row.
    text
        Figures of the whole text that may be results.
    headings
        Subsections that the text has, as plain letters.

    Returns
    -------
    checked, covered
        The verdict, and the positions of all items that show the claim.
    """
    cell = read_cell(claim.printed)
    here = [
        index
        for index, placed in enumerate(text)
        if _belongs(placed, claim, headings) and (len(cell) == 1 or not _between(placed.item))
    ]
    found = windows(cell, [text[index].item for index in here], exact_sign=claim.is_p)
    if not found:
        missing = tuple(item.sign + item.text for item in cell)
        return _verdict(claim, missing, 0, _elsewhere(claim, cell, text)), set()
    best = found[0]
    missing = tuple(
        item.sign + item.text for item, position in zip(cell, best.positions, strict=True) if position is None
    )
    covered = {here[position] for window in found for position in window.positions if position is not None}
    first = min(here[position] for position in best.positions if position is not None)
    note = _elsewhere(claim, cell, text) if missing else ""
    return _verdict(claim, missing, text[first].item.line, note), covered


def check_statement(claim: Claim, lines: Sequence[TextLine]) -> Sought:
    """Look for a statement's words in its part of the paper; a word may be broken between two lines."""
    wanted = _skeleton(claim.printed)
    part = "front" if claim.source == "Title" else claim.section
    own = [line for line in lines if part in (line.section, line.region)]
    ends = list(accumulate(len(_skeleton(line.text)) for line in own))
    position = "".join(_skeleton(line.text) for line in own).find(wanted)
    if position < 0:
        return _verdict(claim, (claim.printed,), 0, "")
    return _verdict(claim, (), own[bisect_right(ends, position)].number, "")


def _skeleton(text: str) -> str:
    return "".join(letters(word) for word in re.findall(r"\w+", text))


def _between(item: Item) -> bool:
    """Whether the figure may stand between an estimate and its interval, as `95% CI` does."""
    return item.left_out == LEVELS


def _belongs(placed: Placed, claim: Claim, headings: set[str]) -> bool:
    if claim.section == "figure":
        return placed.region in ("figure", "results")
    if claim.source.startswith("Table ") and placed.region == "note":
        return True
    if placed.section != claim.section:
        return {placed.section, claim.section} == {"discussion", "conclusion"}
    return placed.region != claim.section or claim.place not in headings or placed.place == claim.place


def _elsewhere(claim: Claim, cell: Sequence[Item], text: Sequence[Placed]) -> str:
    together = [placed for placed in text if len(cell) == 1 or not _between(placed.item)]
    found = windows(cell, [placed.item for placed in together], exact_sign=claim.is_p)
    if not found or None in found[0].positions:
        return ""
    first = together[min(position for position in found[0].positions if position is not None)]
    return f"found in line {first.item.line}, {first.section}"[:_LONG]


def _verdict(claim: Claim, missing: tuple[str, ...], line: int, note: str) -> Sought:
    return Sought(claim.file, claim.line, "printed", claim.source, claim.name, claim.printed, missing, line, note)
