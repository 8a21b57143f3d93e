"""One quantity printed in several places must be one figure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, grouped, unit_words, what, whose
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.printed import Printed, agreement, overlap
from haicbook.study import Paper

rule = partial(registry.rule, topic="agreement", inspect_sr=registry.RESULTS)

_ESTIMATES = {
    "median": "median",
    "mean": "mean",
    "hr": "hazard ratio",
    "rate": "rate",
    "p": "p",
    "ci_low": "confidence limits",
    "ci_high": "confidence limits",
}


@dataclass(frozen=True)
class _Quantity:
    """What makes two figures printings of one quantity, and the arm or arms that it belongs to."""

    about: tuple[object, ...]
    arm: str
    reference: str


@rule(
    "repeated",
    "A result printed in several places has the same value everywhere",
    broken="The paper prints different values for one result",
    tolerance="The finer figure rounds, or is cut off, to the coarser one; a difference of one in the last decimal, or "
    "of neighbouring dates, is a warning",
)
def repeated(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The same quantity of the same group, printed twice and differently: an error; by one last decimal, a warning.

    So are dates next to each other (two months in a row, two days), where nothing lies between the two.

    The same are: row or term (for an endpoint's median or rates the endpoint alone), level, arm, population, endpoint,
    criterion, grade, model, time and statistic, and the unit where both have one. A p-value is of both arms whichever
    the paper names first. Figures of different precision agree when the finer one is printed as the coarser, by
    rounding or cutting off. Statistics of one quantity that disagree (a count and its percentage) are one finding.
    """
    places = grouped(found, _quantity)
    for quantity, prints in places.items():
        disagreeing = _disagreeing(prints)
        if disagreeing:
            others = [cell for key, cells in places.items() if _other_arm(key, quantity) for cell in cells]
            yield _differs(paper, prints, disagreeing, others)


def _quantity(cell: Cell) -> _Quantity:
    about, between_arms = cell.about, set(cell.numbers) == {"p"}
    time = None if math.isnan(about.time) else about.time
    quantity = "" if cell.of_endpoint else cell.quantity
    key = (quantity, about.level, about.population, about.endpoint, about.criterion, about.grade, about.model, time)
    return _Quantity((*key, between_arms), "" if between_arms else about.arm, "" if between_arms else about.reference)


def _other_arm(key: _Quantity, quantity: _Quantity) -> bool:
    return key.about == quantity.about and "" not in (key.arm, quantity.arm) and key.arm != quantity.arm


def _disagreeing(prints: list[Cell]) -> list[str]:
    """The statistics on which some two cells disagree."""
    statistics = dict.fromkeys(name for cell in prints for name in cell.numbers if name != "denominator")
    return [
        name
        for name in statistics
        if not all(_agree(one, other, name) for i, one in enumerate(prints) for other in prints[:i])
    ]


def _agree(one: Cell, other: Cell, statistic: str) -> bool:
    units = {cell.about.unit for cell in (one, other)} - {""}
    a, b = one.numbers.get(statistic), other.numbers.get(statistic)
    if a is None or b is None or "unreadable" in (a.state, b.state) or len(units) > 1:
        return True  # nothing to compare
    return _same_figure(a, b)


def _same_figure(a: Printed, b: Printed) -> bool:
    if "not_reached" in (a.state, b.state):
        return a.state == b.state
    if a.state != "exact" or b.state != "exact":
        return overlap(a, b.low, b.high)
    # the finer figure printed as the coarser one, whichever of them that is
    return agreement(a, b.value) != "differs" or agreement(b, a.value) != "differs"


def _differs(paper: Paper, prints: list[Cell], disagreeing: list[str], others: list[Cell]) -> Discrepancy:
    involved = [cell for cell in prints if any(name in cell.numbers for name in disagreeing)]
    by_text: dict[str, list[str]] = defaultdict(list)
    for cell in involved:
        sources = by_text[_shown(cell, disagreeing)]
        if cell.about.source not in sources:
            sources.append(cell.about.source)
    said = "; ".join(f"{text} in {' and '.join(sources)}" for text, sources in by_text.items())
    first = involved[0]
    ids = tuple(cell.ids[name] for cell in involved for name in disagreeing if name in cell.ids)
    sentence = f"{_words(first, disagreeing)}{whose(paper, first)} differs from place to place: {said}."
    severity, repair = _severity(involved, disagreeing), _swapped(involved, others, disagreeing)
    return Discrepancy(severity, ids, " / ".join(by_text), "", sentence, " ≠ ".join(by_text), repair)


def _shown(cell: Cell, disagreeing: list[str]) -> str:
    """An estimate without its limits, where these agree; a dose or time with its unit; anything else as printed."""
    alone = len(disagreeing) == 1 and {"ci_low", "ci_high"} & (set(cell.numbers) - set(disagreeing))
    unit = f" {unit_words(cell)}" if "value" in cell.numbers and cell.about.unit else ""
    return cell.text.split("(")[0].strip() if alone else f"{cell.text}{unit}"


def _words(cell: Cell, disagreeing: list[str]) -> str:
    """The quantity, and which of its figures where that is not plain."""
    return ", ".join(dict.fromkeys([what(cell), *(_ESTIMATES[name] for name in disagreeing if name in _ESTIMATES)]))


def _severity(prints: list[Cell], disagreeing: list[str]) -> Severity:
    """A warning where no two figures are further apart than one unit of the last decimal, or day, else an error."""

    def next_to(a: Printed, b: Printed, name: str) -> bool:
        if name == "date":
            return overlap(a, b.low - 1, b.high + 1)
        coarse = max(a, b, key=lambda printed: printed.unit)
        decimal = a.state == b.state == "exact" and coarse.decimals > 0
        return decimal and overlap(a, b.value - coarse.unit, b.value + coarse.unit)

    for name in disagreeing:
        figures = [cell.numbers[name] for cell in prints if name in cell.numbers]
        if not all(next_to(a, b, name) for i, a in enumerate(figures) for b in figures[:i]):
            return "error"
    return "warning"


def _swapped(involved: list[Cell], others: list[Cell], disagreeing: list[str]) -> str:
    """Whether two places disagree about both arms, and agree once the arms change places in one of them."""

    def equal(one: Cell, other: Cell) -> bool:
        shared = [name for name in disagreeing if name in one.numbers and name in other.numbers]
        return bool(shared) and all(_agree(one, other, name) for name in shared)

    for i, there in enumerate(involved):
        for here in involved[:i]:
            crossed = [(a, b) for a in others for b in others if _together(a, here) and _together(b, there)]
            if not equal(here, there) and any(equal(a, there) and equal(b, here) for a, b in crossed):
                sources = f"{here.about.source} and {there.about.source}"
                return f"{sources} agree when the arms are swapped in one of them."
    return ""


def _together(one: Cell, other: Cell) -> bool:
    return bool(one.about.file == other.about.file and one.about.source == other.about.source)


# percentage points between a bound and the share itself beyond which the bound says little of it
_LOOSE = 10


@rule(
    "loose_bound",
    "A share that is given as a bound lies near it",
    broken="A share is far from the bound that another place gives",
    tolerance="Ten percentage points",
)
def loose_bound(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """`over 60%` in one place of a share that is 94.6% in another: true, but a note."""
    for prints in grouped([cell for cell in found if "pct" in cell.numbers], _quantity).values():
        exact = next((cell for cell in prints if cell.number("pct") is not None), None)
        bound = next((cell for cell in prints if cell.numbers["pct"].state in ("above", "below")), None)
        if exact and bound and abs(exact.numbers["pct"].value - bound.numbers["pct"].value) > _LOOSE:
            said = f"{bound.text} in {bound.about.source}, {exact.text} in {exact.about.source}"
            ids = (bound.ids["pct"], exact.ids["pct"])
            sentence = f"{what(exact)}{whose(paper, exact)}: {said}. The bound is true, but far from the share."
            yield Discrepancy("info", ids, bound.text, exact.text, sentence)
