"""Every survival rate that an actuarial life table of few patients can have, and product-limit curves found quickly.

A life table splits follow-up into intervals. With m patients entering one, d of them dying and c censored in it, the
survival is multiplied by 1 - d / (m - c / 2) (Cutler and Ederer 1958; SPSS's Life Tables). All (d, c) of all intervals
are listed; a state is a number of patients left and the survival so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
class LifeTable:
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
def life_table(n: int, goals: tuple[Goal, ...], width: float) -> LifeTable | None:
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


def _traced(steps: list[tuple[Ints, Ints, Ints, Ints]], width: float) -> LifeTable:
    """The first table of the list, from its last state back."""
    index, rows = 0, []
    for state, entering, deaths, censored in reversed(steps):
        rows.append((int(entering[index]), int(deaths[index]), int(censored[index])))
        index = int(state[index])
    columns = list(zip(*reversed(rows), strict=True))
    return LifeTable(width, *columns)


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
