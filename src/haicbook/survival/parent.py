"""The population that an arm is drawn from: a piecewise exponential hazard and a censoring pattern.

Between two printed points the hazard is constant. Beyond the last one it stays at the lower of two hazards: the overall
one up to that point, and that of the last piece; so a printed plateau stays a plateau. Follow-up times have the
distribution of Kumaraswamy (J Hydrol 46, 1980, 79-88) on 0 to the end of follow-up, F:

    P(follow-up > t) = (1 - (t / F) ** shape) ** amount

The pattern fixes the shape. The amount is 1 unless the paper prints events: then it is chosen so that this population
has as many events as printed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.exact import Reach, reach
from haicbook.survival.knots import Knot, flat_knots, knots_of
from haicbook.survival.targets import ArmTargets

Floats = NDArray[np.float64]

CENSORING = {
    "early": 0.5,  # most are lost soon after they enter
    "uniform": 1.0,  # steady accrual up to the end of the study
    "late": 3.0,  # most are followed for long
}
_CELLS = 128
# a probability of 0 would forbid what a printed number may demand
_LEAST = 1e-6
_AMOUNTS = (1e-3, 1e3)
_BISECTIONS = 40


@dataclass(frozen=True)
class Segment:
    """What can happen to a patient who is at risk when a segment starts.

    Attributes
    ----------
    start, end
        Months.
    death, censored, stays
        Probabilities; they add up to 1.
    later
        Probability that someone who is at risk at the end of the segment is seen to die later.
    grid, death_cdf, censored_cdf
        Distributions of the times of death and of censoring within the segment.
    """

    start: float
    end: float
    death: float
    censored: float
    stays: float
    later: float
    grid: Floats
    death_cdf: Floats
    censored_cdf: Floats


@dataclass(frozen=True)
class Parent:
    """The population of one arm.

    Attributes
    ----------
    n
        Patients to draw.
    knots
        Where their curve is pinned.
    segments
        One up to each knot, and one from the last knot to the end of follow-up.
    reach
        All curves that so few patients can have; None where there are too many to list.
    """

    n: int
    knots: tuple[Knot, ...]
    segments: tuple[Segment, ...]
    reach: Reach | None = None

    @property
    def death(self) -> float:
        """Probability that a patient is seen to die during follow-up."""
        first = self.segments[0]
        return first.death + first.stays * first.later


def parent_of(arm: ArmTargets, end: float, shape: float, amount: float) -> Parent:
    """The population of an arm under a censoring pattern.

    Parameters
    ----------
    arm
        Its targets.
    end
        End of follow-up in months, later than every knot.
    shape, amount
        Of the censoring pattern; see the module's text.
    """
    knots = _knots(arm, end)
    edges = [0.0, *(knot.time for knot in knots), end]
    points, hazards = _cumulative_hazard(arm, end)
    segments: list[Segment] = []
    later = 0.0
    for start, stop in reversed(list(pairwise(edges))):
        segment = _segment(start, stop, later, (points, hazards), (end, shape, amount))
        segments.append(segment)
        later = segment.death + segment.stays * segment.later
    return Parent(arm.n, knots, tuple(reversed(segments)))


def _knots(arm: ArmTargets, end: float) -> tuple[Knot, ...]:
    """The knots to draw by: those good for every convention, unless a small arm has no such curve and R's would do."""
    knots = knots_of(arm)
    listed = reach(arm.n, knots)
    if listed is None or listed.possible:
        return knots
    flat = flat_knots(arm)
    return flat if flat and flat[-1].time < end else knots


def _cumulative_hazard(arm: ArmTargets, end: float) -> tuple[Floats, Floats]:
    """Times and cumulative hazards between which the hazard is constant."""
    survival = {mark.time: max(mark.interval.middle, 1 / (2 * arm.n)) for mark in arm.landmarks}
    if arm.median is not None:
        survival.setdefault(arm.median.middle, 0.5)
    times = np.array([0.0, *sorted(survival)])
    heights = np.minimum.accumulate([1.0, *(min(survival[time], 1.0) for time in sorted(survival))])
    hazards = -np.log(heights)
    tail = min(hazards[-1] / times[-1], (hazards[-1] - hazards[-2]) / (times[-1] - times[-2]))
    return np.r_[times, end], np.r_[hazards, hazards[-1] + tail * (end - times[-1])]


def _segment(
    start: float, stop: float, later: float, hazard: tuple[Floats, Floats], pattern: tuple[float, float, float]
) -> Segment:
    grid = np.linspace(start, stop, _CELLS + 1)
    end, shape, amount = pattern
    alive = np.exp(-(np.interp(grid, *hazard) - np.interp(start, *hazard)))
    followed = np.maximum(1 - (grid / end) ** shape, 0.0) ** amount
    followed = followed / followed[0]
    deaths = -np.diff(alive) * (followed[1:] + followed[:-1]) / 2
    losses = -np.diff(followed) * (alive[1:] + alive[:-1]) / 2
    stays = alive[-1] * followed[-1]
    weights = np.maximum([deaths.sum(), losses.sum(), stays], _LEAST)
    death, censored, stays = weights / weights.sum()
    return Segment(start, stop, death, censored, stays, later, grid, _cdf(deaths), _cdf(losses))


def _cdf(cells: Floats) -> Floats:
    """Cumulative distribution at the cells' edges; even, where nothing is expected."""
    cells = cells if cells.sum() > 0 else np.ones_like(cells)
    return np.concatenate([[0.0], np.cumsum(cells) / cells.sum()])


def parents_of(arms: dict[str, ArmTargets], events_total: int | None, end: float, censoring: str) -> dict[str, Parent]:
    """Populations of all arms under a censoring pattern, with the amount of censoring that printed events ask for.

    Arms whose events are printed get an amount of their own; the others share the one that the total asks for, or have
    an amount of 1.
    """
    shape = CENSORING[censoring]
    amounts = {
        name: _amount({name: arm}, arm.events, end, shape) for name, arm in arms.items() if arm.events is not None
    }
    rest = {name: arm for name, arm in arms.items() if name not in amounts}
    if rest:
        known = sum(arm.events for arm in arms.values() if arm.events is not None)
        shared = 1.0 if events_total is None else _amount(rest, events_total - known, end, shape)
        amounts |= dict.fromkeys(rest, shared)
    parents = {name: parent_of(arm, end, shape, amounts[name]) for name, arm in arms.items()}
    return {name: replace(parent, reach=reach(parent.n, parent.knots)) for name, parent in parents.items()}


def _amount(arms: dict[str, ArmTargets], events: int, end: float, shape: float) -> float:
    """The amount of censoring at which the arms are expected to have this many events together."""
    low, high = np.log(_AMOUNTS)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        parents = [parent_of(arm, end, shape, float(np.exp(middle))) for arm in arms.values()]
        if sum(parent.n * parent.death for parent in parents) > events:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))
