"""What a paper prints of its survival curves: medians, rates and intervals of each arm, in however many places."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache

from haicbook.audit.cells import Cell, group_size
from haicbook.audit.rules.p_values import Span
from haicbook.printed import Printed
from haicbook.study import Paper

ENDPOINTS = ("os", "pfs", "liver_pfs")
_IN_MONTHS = {"": 1.0, "months": 1.0, "years": 12.0, "weeks": 7 / 30.4375, "days": 1 / 30.4375}


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """One printed figure of a curve: its median, or its height at a time.

    Attributes
    ----------
    cells
        Where it stands; the first place that has its interval is the first one.
    time
        Months; NaN for a median.
    printed
        The figure.
    low, high
        Its limits where printed.
    unit
        What one of the figure's units is: months for a median, a fraction for a rate.
    """

    cells: tuple[Cell, ...]
    time: float
    printed: Printed
    low: Printed | None
    high: Printed | None
    unit: float

    @property
    def cell(self) -> Cell:
        """The place that names it."""
        return self.cells[0]

    @property
    def is_median(self) -> bool:
        """Whether it is a median, not a rate."""
        return math.isnan(self.time)

    @property
    def name(self) -> str:
        """`median` or `rate`."""
        return "median" if self.is_median else "rate"

    @property
    def ids(self) -> tuple[str, ...]:
        """Value ids of the figure in every place."""
        return tuple(cell.ids[self.name] for cell in self.cells)

    @property
    def interval_ids(self) -> tuple[str, ...]:
        """Value ids of the figure and its limits where they stand."""
        return tuple(self.cell.ids[name] for name in (self.name, "ci_low", "ci_high") if name in self.cell.ids)

    @property
    def words(self) -> str:
        """`34.7% at 6 months`, or `median 8.87 months`."""
        figure = self.printed.figure.rstrip("% ")
        unit = self.cell.about.unit or "months"
        return f"median {figure} {unit}" if self.is_median else f"{figure}% at {self.time:g} months"

    @property
    def text(self) -> str:
        """The figure with its limits, as printed."""
        if self.low is None or self.high is None:
            return self.printed.figure
        return f"{self.printed.figure} ({self.low.figure}–{self.high.figure})"

    def span(self, *, cut: bool = True) -> Span:
        """Months, or a fraction: every number that is printed so."""
        return scaled(self.printed, self.unit, cut=cut)

    def limits(self, *, cut: bool = True) -> tuple[Span, Span] | None:
        """Both limits as intervals; a limit that is not reached is infinite, one that cannot be read is none."""
        if self.low is None or self.high is None or "unreadable" in (self.low.state, self.high.state):
            return None
        return scaled(self.low, self.unit, cut=cut), scaled(self.high, self.unit, cut=cut)


def scaled(printed: Printed, unit: float, *, cut: bool = True) -> Span:
    """A figure's interval in months or as a fraction, authors who cut off included unless `cut` is False."""
    if printed.state == "not_reached":
        return math.inf, math.inf
    low, high = printed.value - printed.unit / 2, printed.value + printed.unit * (1.0 if cut else 0.5)
    return max(low, 0.0) * unit, high * unit


@dataclass(frozen=True, eq=False)
class PrintedCurve:
    """One arm's curve of one endpoint.

    Attributes
    ----------
    endpoint, criterion, population, arm
        Whose; the arm is empty for all arms together.
    n
        Patients, None where the population is not known.
    medians, rates
        The different figures printed, rates in order of time.
    """

    endpoint: str
    criterion: str
    population: str
    arm: str
    n: int | None
    medians: tuple[CurvePoint, ...]
    rates: tuple[CurvePoint, ...]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Endpoint, criterion, population and arm."""
        return self.endpoint, self.criterion, self.population, self.arm


def curves(paper: Paper, found: list[Cell]) -> list[PrintedCurve]:
    """The curves of a paper: overall and progression-free survival, of every arm, population and criterion."""
    return [
        replace(curve, n=group_size(paper, (curve.medians + curve.rates)[0].cell)) for curve in _curves(tuple(found))
    ]


@lru_cache(maxsize=8)
def _curves(found: tuple[Cell, ...]) -> tuple[PrintedCurve, ...]:
    marks: dict[tuple[str, str, str, str], dict[object, CurvePoint]] = defaultdict(dict)
    for cell in found:
        mark = _mark(cell)
        row = cell.about
        if mark is None or row.endpoint not in ENDPOINTS or not cell.of_endpoint or row.level or row.reference:
            continue
        once = marks[row.endpoint, row.criterion, row.population, row.arm]
        key = (mark.is_median, 0.0 if mark.is_median else mark.time, mark.printed.value, mark.unit)
        once[key] = _joined(once[key], mark) if key in once else mark
    return tuple(
        PrintedCurve(
            *key,
            None,
            tuple(mark for mark in once.values() if mark.is_median),
            tuple(sorted((mark for mark in once.values() if not mark.is_median), key=lambda mark: mark.time)),
        )
        for key, once in marks.items()
    )


def _mark(cell: Cell) -> CurvePoint | None:
    low, high = cell.numbers.get("ci_low"), cell.numbers.get("ci_high")
    median, rate, time = cell.number("median"), cell.number("rate"), float(cell.about.time)
    if median is not None and cell.about.unit in _IN_MONTHS:
        return CurvePoint((cell,), math.nan, median, low, high, _IN_MONTHS[cell.about.unit])
    if rate is not None and not math.isnan(time):
        return CurvePoint((cell,), time, rate, low, high, 0.01)
    return None


def _joined(known: CurvePoint, mark: CurvePoint) -> CurvePoint:
    """One figure in one more place; a place with limits goes first."""
    if known.low is None and mark.low is not None:
        known, mark = mark, known
    return replace(known, cells=(*known.cells, *mark.cells))
