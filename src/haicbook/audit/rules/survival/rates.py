"""Rates as printed: attainable with so many patients, by which estimator, and every life table of few patients.

A life table splits follow-up into intervals. With m patients entering one, d of them dying and c censored in it, the
survival is multiplied by 1 - d / (m - c / 2) (Cutler and Ederer 1958; SPSS's Life Tables). All (d, c) of all intervals
are listed; a state is a number of patients left and the survival so far.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from haicbook.audit import registry
from haicbook.audit.cells import Cell, whose
from haicbook.audit.finding import Discrepancy
from haicbook.audit.rules.survival.printed_curves import CurvePoint, PrintedCurve, curves
from haicbook.study import Paper
from haicbook.words import abbreviation, label

rule = partial(registry.rule, topic="survival", inspect_sr=registry.STATISTICS)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Marks = tuple[CurvePoint, ...]

# above this number of patients the list of all curves is not begun: nearly every printed rate is attainable then
_MOST_PATIENTS = 40
# a curve's rates are looked at together as far as this many
_MOST_RATES = 4

_DIGITS = 12
_SLACK = 1e-9
# more states than this are not listed
_MOST_STATES = 300_000
# of plain product-limit curves so many are followed
_PLAIN = 400


@dataclass(frozen=True)
class Goal:
    """A rate to be met: its time in months, and the fractions that it stands for."""

    time: float
    low: float
    high: float


@dataclass(frozen=True)
class ActuarialTable:
    """One life table that meets all goals.

    Attributes
    ----------
    width
        Length of its intervals in months.
    entering, deaths, censored
        For each interval.
    """

    width: float
    entering: tuple[int, ...]
    deaths: tuple[int, ...]
    censored: tuple[int, ...]

    @property
    def survival(self) -> tuple[float, ...]:
        """At the end of each interval."""
        height, heights = 1.0, []
        for m, d, c in zip(self.entering, self.deaths, self.censored, strict=True):
            height *= 1 - d / (m - c / 2)
            heights.append(height)
        return tuple(heights)

    @property
    def words(self) -> str:
        """`(1 - 16/(25 - 1/2)) = 34.7%; × (1 - 2/(8 - 3/2)) = 24.0%`; intervals without deaths change nothing."""
        rows = zip(self.entering, self.deaths, self.censored, self.survival, strict=True)
        parts = [f"(1 - {d}/({m} - {c}/2)) = {100 * height:.1f}%" for m, d, c, height in rows if d]
        return "; × ".join(parts)


@lru_cache(maxsize=256)
def life_table(n: int, goals: tuple[Goal, ...], width: float) -> ActuarialTable | None:
    """A life table of n patients with intervals of a width that meets all goals; None where there is none.

    Parameters
    ----------
    n
        Patients.
    goals
        In order of time; times must be multiples of the width.
    width
        Months.

    Raises
    ------
    OverflowError
        When there are too many tables to list.
    """
    ends = [round(goal.time / width) for goal in goals]
    left: Ints = np.array([n])
    height: Floats = np.ones(1)
    steps: list[tuple[Ints, Ints, Ints, Ints]] = []  # for each interval: the state before, entering, deaths, censored
    for interval in range(1, ends[-1] + 1):
        floor = min(goal.low for goal in goals if round(goal.time / width) >= interval)
        state, deaths, censored = _outcomes(left)
        after = height[state] * (1 - deaths / (left[state] - censored / 2))
        remaining = left[state] - deaths - censored
        keep = after >= floor - _SLACK
        for goal, end in zip(goals, ends, strict=True):
            if end == interval:
                keep &= after <= goal.high + _SLACK
                keep &= after >= goal.low - _SLACK
        if interval < ends[-1]:
            keep &= remaining > 0
        if not keep.any():
            return None
        chosen = _distinct(remaining[keep], after[keep])
        picked = np.flatnonzero(keep)[chosen]
        if picked.size > _MOST_STATES:
            raise OverflowError(f"more than {_MOST_STATES} states of {n} patients")
        steps.append((state[picked], left[state[picked]], deaths[picked], censored[picked]))
        left, height = remaining[picked], after[picked]
    return _traced(steps, width)


def _outcomes(left: Ints) -> tuple[Ints, Ints, Ints]:
    """For every state: every number of deaths and of censored patients that its patients allow."""
    states, deaths, censored = [], [], []
    for index, m in enumerate(left.tolist()):
        d, c = _pairs(m)
        states.append(np.full(d.size, index))
        deaths.append(d)
        censored.append(c)
        if sum(part.size for part in states[-1:]) * len(left) > 40 * _MOST_STATES:
            raise OverflowError("too many life tables")
    return np.concatenate(states), np.concatenate(deaths), np.concatenate(censored)


@lru_cache(maxsize=128)
def _pairs(m: int) -> tuple[Ints, Ints]:
    d, c = np.indices((m + 1, m + 1))
    allowed = (d + c <= m) & (d <= m - c / 2)
    return d[allowed].astype(np.int64), c[allowed].astype(np.int64)


def _distinct(left: Ints, height: Floats) -> Ints:
    """One index of every different state."""
    # a height is at most 1, so that half of it tells the heights of one number of patients apart from the next one's
    return np.unique(np.round(left + height / 2, _DIGITS), return_index=True)[1].astype(np.int64)


def _traced(steps: list[tuple[Ints, Ints, Ints, Ints]], width: float) -> ActuarialTable:
    """The first table of the list, from its last state back."""
    index, rows = 0, []
    for state, entering, deaths, censored in reversed(steps):
        rows.append((int(entering[index]), int(deaths[index]), int(censored[index])))
        index = int(state[index])
    columns = list(zip(*reversed(rows), strict=True))
    return ActuarialTable(width, *columns)


def widths(times: Sequence[float]) -> list[float]:
    """Lengths of intervals at whose ends all times stand: their greatest common divisor, its half, third and so on."""
    whole = [round(time) for time in times]
    if any(abs(time - month) > 0 or month < 1 for time, month in zip(times, whole, strict=True)):
        return []
    divisor = math.gcd(*whole)
    return [divisor / parts for parts in range(1, divisor + 1) if divisor % parts == 0]


@lru_cache(maxsize=256)
def simple_curve(n: int, goals: tuple[Goal, ...]) -> bool:
    """Whether a product-limit curve of a plain kind meets all goals: twice censorings, then deaths, before each rate.

    True is a proof by example; False says nothing. Cheap for any n.
    """
    left: Ints = np.array([n])
    height: Floats = np.ones(1)
    for goal in goals:
        once = _in_order(left, height)
        meeting = _meeting(*once, goal)
        if not meeting[0].size:
            meeting = _meeting(*_in_order(once[0][:_PLAIN], once[1][:_PLAIN]), goal)
        left, height = meeting[0][:_PLAIN], meeting[1][:_PLAIN]
        if not left.size:
            return False
    return True


def _in_order(left: Ints, height: Floats) -> tuple[Ints, Floats]:
    """Every state after some censorings and then some deaths."""
    lefts, heights = [], []
    for m, h in zip(left.tolist(), height.tolist(), strict=True):
        c, d = np.indices((m, m + 1))
        allowed = c + d <= m
        lefts.append(m - c[allowed] - d[allowed])
        heights.append(h * lefts[-1] / (m - c[allowed]))
    if not lefts:
        return left, height
    remaining, after = np.concatenate(lefts), np.concatenate(heights)
    chosen = _distinct(remaining, after)
    return remaining[chosen], after[chosen]


def _meeting(left: Ints, height: Floats, goal: Goal) -> tuple[Ints, Floats]:
    keep = (height >= goal.low) & (height <= goal.high) & (left > 0)
    return left[keep], height[keep]


@rule(
    "rate_attainable",
    "Survival rates are possible with that number of patients",
    broken="The printed survival rates are not possible with that number of patients",
    source="Kaplan and Meier 1958; Cutler and Ederer 1958; by exact enumeration up to 40 patients",
    tolerance="Rounding; cutting off is a note, a life table in place of the product limit a warning",
)
def attainable_rates(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A rate, and the rates of a curve together, are those of some order of deaths and censorings of its n patients.

    All orders are listed (exactly, for up to 40 patients) for the product-limit estimate, and all (d, c) of every
    interval for an actuarial life table, with intervals as long as the times' greatest common divisor, a half, a third
    of it and so on. Rates that only a life table gives are a warning (the estimator is not the one that is claimed);
    rates that neither gives are an error; rates that are cut off, not rounded, a note. Where lists grow too long,
    nothing is said.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Cutler SJ, Ederer F. J Chronic Dis 1958;8:699-712.
    """
    for curve in curves(paper, found):
        if curve.n is not None and curve.n <= _MOST_PATIENTS and curve.rates:
            yield from _judged_curve(paper, curve)


def _judged_curve(paper: Paper, curve: PrintedCurve) -> Iterator[Discrepancy]:
    times = sorted({mark.time for mark in curve.rates})[:_MOST_RATES]
    by_time = [[mark for mark in curve.rates if mark.time == time] for time in times]
    choices = list(itertools.product(*by_time))
    if any(_product_limit(curve, choice, cut=False) is not False for choice in choices):
        return
    if any(_product_limit(curve, choice, cut=True) is not False for choice in choices):
        yield _cut_off(paper, curve, choices[0])
        return
    fewest = _fewest(curve, by_time)
    table = next(filter(None, (_life_table(curve, choice) for choice in choices)), None)
    yield _impossible(paper, curve, fewest, choices[0], table)


def _product_limit(curve: PrintedCurve, marks: Marks, *, cut: bool) -> bool | None:
    """Whether a product-limit curve has these rates; None where the list is too long."""
    from haicbook.survival.exact import reach
    from haicbook.survival.knots import knots_of
    from haicbook.survival.targets import ArmTargets, Interval, Landmark

    n = curve.n or 0
    goals = _goals(marks, cut=cut)
    if simple_curve(n, goals):
        return True
    rates = tuple(Landmark(goal.time, Interval(goal.low, goal.high)) for goal in goals)
    listed = reach(n, knots_of(ArmTargets(n=n, landmarks=rates), strict=False))
    return None if listed is None else listed.possible


def _goals(marks: Marks, *, cut: bool) -> tuple[Goal, ...]:
    return tuple(Goal(mark.time, *mark.span(cut=cut)) for mark in marks)


def _fewest(curve: PrintedCurve, by_time: list[list[CurvePoint]]) -> Marks:
    """The fewest rates that are impossible together."""
    for size in range(1, len(by_time) + 1):
        for chosen in itertools.combinations(by_time, size):
            choices = list(itertools.product(*chosen))
            if all(_product_limit(curve, choice, cut=True) is False for choice in choices):
                return choices[0]
    return tuple(marks[0] for marks in by_time)


def _life_table(curve: PrintedCurve, marks: Marks) -> ActuarialTable | None:
    """The life table with the longest intervals that has all the rates."""
    goals = _goals(marks, cut=False)
    for width in widths([mark.time for mark in marks]):
        try:
            table = life_table(curve.n or 0, goals, width)
        except OverflowError:
            return None
        if table is not None:
            return table
    return None


def _impossible(
    paper: Paper,
    curve: PrintedCurve,
    marks: Marks,
    everything: Marks,
    table: ActuarialTable | None,
) -> Discrepancy:
    several = len(marks) > 1
    rates = " and ".join(mark.words for mark in marks)
    which = f"no product-limit (Kaplan–Meier) curve of {curve.n} patients has {rates}{' together' if several else ''}"
    sentence = f"{_curve_words(paper, curve)}: {which} (every order of deaths and censorings was listed)."
    ids = tuple(value_id for mark in marks for value_id in mark.ids)
    if table is None:
        sentence += " Nor does an actuarial life table."
        return Discrepancy("error", ids, rates, "not attainable", sentence, f"{curve.n} patients")
    every = "all its rates" if len(everything) > len(marks) else "them" if several else "it"
    sentence += f" An actuarial life table with intervals of {table.width:g} months gives {every}: {table.words}."
    claimed = paper.spec.methods.survival
    sentence += f" The paper names {claimed}." if claimed else ""
    return Discrepancy("warning", ids, rates, "a life table, not a product-limit curve", sentence, table.words)


def _cut_off(paper: Paper, curve: PrintedCurve, marks: Marks) -> Discrepancy:
    rates, n = " and ".join(mark.words for mark in marks), f"{curve.n} patients"
    sentence = (
        f"{_curve_words(paper, curve)}: {rates} are attainable with {n} only if one of them is cut off, not rounded."
    )
    return Discrepancy(
        "info", tuple(value_id for mark in marks for value_id in mark.ids), rates, "cut off", sentence, n
    )


def which_attainable(paper: Paper, found: list[Cell], value_ids: Iterable[str]) -> str:
    """Which of the different rates printed for one time a curve can have; empty where it can have all or none.

    Parameters
    ----------
    paper, found
        The study and its cells.
    value_ids
        Of the rates.
    """
    for curve in curves(paper, found):
        marks = [mark for mark in curve.rates if set(mark.ids) & set(value_ids)]
        if len(marks) < 2 or curve.n is None or curve.n > _MOST_PATIENTS:
            continue
        ways = {mark: _way(curve, mark) for mark in marks}
        can = [f"{mark.words} (by {way})" for mark, way in ways.items() if way]
        cannot = [mark.words for mark, way in ways.items() if not way]
        if can and cannot:
            others = f"with the other rates they cannot have {' and '.join(cannot)}"
            return f"{curve.n} patients can have {' and '.join(can)}; {others}."
    return ""


def _way(curve: PrintedCurve, mark: CurvePoint) -> str:
    """How a curve comes to a rate together with those of other times, all rounded; empty where it cannot.

    A life table has the longest intervals that the times allow: shorter ones fit nearly everything.
    """
    times = sorted({other.time for other in curve.rates})[:_MOST_RATES]
    by_time = [[mark] if time == mark.time else [m for m in curve.rates if m.time == time] for time in times]
    ways = []
    for choice in itertools.product(*by_time):
        goals = _goals(choice, cut=False)
        if _product_limit(curve, choice, cut=False) is not False:
            ways.append("a product limit")
        table = next((life_table(curve.n or 0, goals, width) for width in widths(times)[:1]), None)
        if table is not None:
            ways.append(f"a life table, {table.words}")
    return " or ".join(dict.fromkeys(ways))


def _curve_words(paper: Paper, curve: PrintedCurve) -> str:
    """`Table 2, PFS, RECIST 1.1 (all patients)`."""
    cell = curve.rates[0].cell
    criterion = f", {label(curve.criterion)}" if curve.criterion else ""
    return f"{cell.about.source}, {abbreviation(curve.endpoint)}{criterion}{whose(paper, cell)}"
