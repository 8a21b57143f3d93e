"""Knots: the times at which printed numbers pin an arm's curve, and between which values."""

from __future__ import annotations

from dataclasses import dataclass

from haicbook.survival.targets import ArmTargets

# a survival this far from one half is told apart from it
_OFF_HALF = 1e-9


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
    """

    time: float
    low: float
    high: float
    median_next: bool = False
    rate: bool = False


def knots_of(arm: ArmTargets) -> tuple[Knot, ...]:
    """The knots of an arm in order of time: its rates, and the two ends of its median's rounding interval.

    Above one half up to the interval's start and below one half at its end is the same as a median inside, whatever
    the convention for a step that lies on one half.
    """
    knots = [Knot(mark.time, mark.interval.low, mark.interval.high, rate=True) for mark in arm.landmarks]
    if arm.median is not None:
        knots.append(Knot(arm.median.low, 0.5 + _OFF_HALF, 1.0, median_next=True))
        knots.append(Knot(arm.median.high, 0.0, 0.5 - _OFF_HALF))
    merged: list[Knot] = []
    for knot in sorted(knots, key=lambda knot: knot.time):
        if merged and merged[-1].time == knot.time:
            other = merged.pop()
            knot = Knot(
                knot.time,
                max(knot.low, other.low),
                min(knot.high, other.high),
                median_next=False,
                rate=knot.rate or other.rate,
            )
        merged.append(knot)
    return tuple(merged)
