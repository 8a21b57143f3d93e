"""Knots: the times at which printed numbers pin an arm's curve, and between which values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.targets import ArmTargets

Floats = NDArray[np.float64]

# risk sets up to this size are listed when an arm's last patients must meet a knot
FEW = 16
# survival values this far apart are told apart
_EPSILON = 1e-9


@dataclass(frozen=True)
class Knot:
    """A time at which the curve is pinned.

    Attributes
    ----------
    time
        Months.
    low, high
        The survival must lie between them.
    median_next
        The median follows at once: a death or two must be enough to cross one half.
    rate
        Someone must still be at risk here, because a rate is printed for this time.
    weight
        The number at risk here, divided by the survival, must be at least this for the later knots' sake: see
        :func:`_looking_ahead`.
    """

    time: float
    low: float
    high: float
    median_next: bool = False
    rate: bool = False
    weight: float = 0.0


def knots_of(arm: ArmTargets, *, strict: bool = True) -> tuple[Knot, ...]:
    """The knots of an arm in order of time: its rates, and the two ends of its median's rounding interval.

    Parameters
    ----------
    arm
        Its targets.
    strict
        Above one half up to the start of the median's interval and below one half at its end: the median is then
        inside by every convention. If not strict, the curve may lie on one half at either end, as it may where a
        program prints the start or the middle of a step that lies on one half: what must hold by any convention.
    """
    off = _EPSILON if strict else -_EPSILON
    knots = _rate_knots(arm)
    if arm.median is not None and arm.median.bound:
        half = (0.0, 0.5 - off) if arm.median.high < math.inf else (0.5 + off, 1.0)
        knots.append(Knot(arm.median.middle, *half))
    elif arm.median is not None:
        knots.append(Knot(arm.median.low, 0.5 + off, 1.0, median_next=True))
        knots.append(Knot(arm.median.high, 0.0, 0.5 - off))
    return _looking_ahead(_merged(knots))


def flat_knots(arm: ArmTargets) -> tuple[Knot, ...]:
    """The knots of an arm whose median is the middle of a step that lies on one half, as R has it; none otherwise.

    Of 12 patients, 6 die before a 6-month rate of 50.0% and the next one late: R prints as the median the middle
    between the sixth and the seventh death, which may be far from 6 months. The step is the shortest one that spans all
    rates of 50%.
    """
    on_half = [mark.time for mark in arm.landmarks if mark.interval.contains(0.5)]
    if arm.median is None or arm.median.bound or not on_half:
        return ()
    twice, width = 2 * arm.median.middle, arm.median.high - arm.median.low
    start = min(*on_half, twice - max(on_half))
    stop = twice - start
    if start <= width / 2:
        return ()
    half = (0.5 - _EPSILON, 0.5 + _EPSILON)
    steps = [
        Knot(start - width / 2, 0.5 + _EPSILON, 1.0, median_next=True),
        Knot(start, *half),
        Knot(stop, *half),
        Knot(stop + width / 2, 0.0, 0.5 - _EPSILON),
    ]
    return _looking_ahead(_merged([*_rate_knots(arm), *steps]))


def _rate_knots(arm: ArmTargets) -> list[Knot]:
    # the ends of a rate's interval are in it, as authors round halves both ways: 9 of 16 is 56.2 or 56.3
    return [
        Knot(mark.time, mark.interval.low - _EPSILON, mark.interval.high + _EPSILON, rate=True)
        for mark in arm.landmarks
    ]


def _merged(knots: list[Knot]) -> list[Knot]:
    """Knots in order of time, those at one time made one."""
    merged: list[Knot] = []
    for knot in sorted(knots, key=lambda knot: knot.time):
        if merged and merged[-1].time == knot.time:
            other = merged.pop()
            low, high = max(knot.low, other.low), min(knot.high, other.high)
            knot = Knot(knot.time, low, high, rate=knot.rate or other.rate)
        merged.append(knot)
    return merged


def _looking_ahead(knots: list[Knot]) -> tuple[Knot, ...]:
    """The knots with what the later ones ask of them.

    A curve never rises, so each knot's lower end is at least that of the later ones. And the number at risk divided by
    the survival is unchanged by deaths and lowered by censorings. At a knot where somebody must be at risk it is a
    whole number, from which the next knot can be reached, divided by a survival in the knot's range; so here and before
    it cannot be less than the least such quotient.
    """
    low, weight = 0.0, 0.0
    ahead: list[Knot] = []
    for knot in reversed(knots):
        low = max(low, knot.low)
        ahead.append(replace(knot, low=low, weight=weight))
        if knot.low > 0 and (knot.rate or len(ahead) > 1):
            at_risk = max(1, math.ceil(weight * low - _EPSILON))
            following = ahead[-2] if len(ahead) > 1 else None
            while following and at_risk <= FEW and not _leads_on(at_risk, low, knot.high, following):
                at_risk += 1
            weight = max(weight, at_risk / knot.high)
    return tuple(reversed(ahead))


def _leads_on(at_risk: int, low: float, high: float, knot: Knot) -> bool:
    one = np.ones(1)
    return bool(can_reach(knot, one.astype(np.int64) * at_risk, one * low, one * high)[0])


def can_reach(knot: Knot, at_risk: NDArray[np.int64], low: Floats, high: Floats) -> NDArray[np.bool_]:
    """For each (number at risk, low, high): whether a curve between low and high can go on to a rate's knot.

    Only small risk sets are looked at: with more patients there is nearly always a way.
    """
    possible = np.ones(at_risk.shape, bool)
    if not knot.rate or knot.low <= 0:
        return possible
    for number in set(at_risk.tolist()) & set(range(1, FEW + 1)):
        values, rows = ratios(number), at_risk == number
        least, most = knot.low / np.maximum(high[rows], knot.low), knot.high / np.maximum(low[rows], knot.low)
        found = np.searchsorted(values, least - _EPSILON) < np.searchsorted(values, most + _EPSILON)
        possible[rows] = found & (high[rows] >= knot.low)
    return possible


@lru_cache(maxsize=FEW)
def ratios(at_risk: int) -> Floats:
    """All factors, ascending, by which a curve can fall while at least one of so many patients stays at risk."""
    if at_risk == 1:
        return np.ones(1)
    fewer = ratios(at_risk - 1)
    return np.unique(np.round(np.concatenate([[1.0], fewer, fewer * (at_risk - 1) / at_risk]), 12))
