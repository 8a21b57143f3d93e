"""The conventions by which a paper's numbers may have been made, those that its figures allow first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from haicbook.survival.intervals import DAYS_IN_MONTH, Interval, Rates
from haicbook.survival.targets import Landmark, Targets

GRIDS = {"continuous": 0.0, "days": 1 / DAYS_IN_MONTH, "half_months": 0.5, "months": 1.0}
INTERVALS = ("log", "log-log", "plain", "normal")
# months of an actuarial table's intervals
TABLES: dict[Rates, float] = {"product_limit": 0.0, "life_table": 1.0, "life_table_6": 6.0}
# how times were recorded and how a Cox model treats the ties that this makes; without ties all treatments agree
RECORDINGS = (
    ("continuous", "efron"),
    ("half_months", "breslow"),
    ("half_months", "efron"),
    ("months", "breslow"),
    ("months", "efron"),
    ("days", "efron"),
    ("days", "breslow"),
)


@dataclass(frozen=True)
class AssumedConventions:
    """How the numbers are taken to have been made; the words are those of :class:`Conventions`, none `auto`."""

    interval: str = "log"
    ties: str = "efron"
    time_grid: str = "continuous"
    rounding: str = "round"
    rates: Rates = "product_limit"
    follow_up: str = "reverse_km"

    @property
    def table_width(self) -> float:
        """Months of an actuarial table's intervals; 0 where rates are Kaplan and Meier's."""
        return TABLES[self.rates]

    def words(self) -> dict[str, str]:
        """As a report has it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def of_arms(targets: Targets) -> list[AssumedConventions]:
    """Conventions of what is printed for single arms: how intervals and rates were made."""
    said = targets.conventions
    intervals = [said.interval] if said.interval != "auto" else _likely_intervals(targets)
    rates = [said.rates] if said.rates != "auto" else ["product_limit", *of_tables(targets)]
    if not any(arm.landmarks for arm in targets.arms.values()):
        rates = rates[:1]
    roundings = [said.rounding] if said.rounding != "auto" else ["round", "truncate"]
    grid, ties = next(of_contrast(targets))
    if said.time_grid == "auto":
        grid = "continuous"
    return [
        AssumedConventions(interval=interval, ties=ties, time_grid=grid, rounding=rounding, rates=rate)
        for rounding, rate, interval in product(roundings, rates, intervals)
    ]


def of_tables(targets: Targets) -> list[Rates]:
    """Actuarial tables that have an interval's end at each printed rate, the monthly one first."""
    times = [mark.time for arm in targets.arms.values() for mark in arm.landmarks]
    whole = [name for name, width in TABLES.items() if width and all(time % width == 0 for time in times)]
    return whole or ["life_table"]


def of_follow_up(targets: Targets) -> tuple[str, ...]:
    """What a printed median follow-up may be of."""
    if targets.follow_up_method != "unknown":
        return (targets.follow_up_method,)
    return ("reverse_km", "observed")


def of_contrast(targets: Targets) -> Iterator[tuple[str, str]]:
    """Grids of time and treatments of ties: those on which the printed medians lie."""
    said = targets.conventions
    for grid, ties in RECORDINGS:
        if said.time_grid not in ("auto", grid):
            continue
        if said.ties not in ("auto", ties) and not (grid == "continuous" and said.time_grid == "auto"):
            continue
        if said.time_grid == grid or _on_grid(targets, GRIDS[grid]):
            yield grid, ties if said.ties == "auto" else said.ties
    if said.time_grid not in ("auto", *(grid for grid, ties in RECORDINGS if said.ties in ("auto", ties))):
        yield said.time_grid, said.ties


def _on_grid(targets: Targets, step: float) -> bool:
    """Whether all printed medians and limits of them can be times on the grid, or midway between two."""
    if step == 0:
        return True
    figures = [arm.median for arm in targets.arms.values()] + [targets.pooled_median]
    exact = [figure for figure in figures if figure is not None and figure.reached and not figure.bound]
    return all(_holds_multiple(figure, step / 2) for figure in exact)


def _holds_multiple(figure: Interval, step: float) -> bool:
    return math.floor(figure.high / step + 1e-9) * step >= figure.low - 1e-9


def _likely_intervals(targets: Targets) -> list[str]:
    """Kinds of interval, without those that a printed rate's limits exclude; the symmetric ones first where medians'
    limits are symmetric, or cut off at 0."""
    marks = [mark for arm in targets.arms.values() for mark in arm.landmarks if mark.ci is not None]
    possible = [kind for kind in INTERVALS if all(_fits(mark, kind) for mark in marks)] or list(INTERVALS)
    medians = [(arm.median, arm.median_ci) for arm in targets.arms.values()]
    medians.append((targets.pooled_median, targets.pooled_median_ci))
    pairs = [(median, ci) for median, ci in medians if median is not None and ci is not None and not median.bound]
    symmetric = bool(pairs) and all(
        abs(ci.lower.middle + ci.upper.middle - 2 * median.middle) <= 2.1 * (median.high - median.low)
        or (ci.clipped and 2 * median.low <= ci.upper.high)
        for median, ci in pairs
    )
    if symmetric and "normal" in possible:
        possible.remove("normal")
        possible.insert(0, "normal")
    return possible


def _fits(mark: Landmark, kind: str) -> bool:
    """Whether a rate lies in the middle of its limits on the scale of this kind of interval, to the rounding."""
    ci = mark.ci
    if ci is None or not all(0 < end < 1 for end in (*ci, mark.interval.low, mark.interval.high)):
        return True

    def scaled(value: float) -> float:
        value = min(max(value, 1e-9), 1 - 1e-9)
        if kind == "log":
            return math.log(value)
        return math.log(-math.log(value)) if kind == "log-log" else value

    ends = [(scaled(ci.lower.low) + scaled(ci.upper.low)) / 2, (scaled(ci.lower.high) + scaled(ci.upper.high)) / 2]
    rate = [scaled(mark.interval.low), scaled(mark.interval.high)]
    return max(min(ends), min(rate)) <= min(max(ends), max(rate)) + 1e-9
