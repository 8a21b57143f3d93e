"""Every curve that a small arm can have: which printed numbers can be met together, as a proof.

A Kaplan-Meier curve of n patients depends only on the order of deaths and censorings. Its value after each of them is
one of finitely many; with 25 patients there are few enough to list them all, knot by knot. (Ties add nothing: a tie of
d deaths is the same factor as d deaths in a row.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.knots import Knot

Floats = NDArray[np.float64]
States = dict[int, Floats]  # number at risk: survival values, ascending

# Values closer than this are one: the products' rounding noise is far below, the difference of two curves far above.
_SAME = 1e-11
_DIGITS = 12
_MOST_STATES = 8_000_000
# above this number of patients the list is not begun
_MOST_PATIENTS = 40


@dataclass(frozen=True, eq=False)
class Reach:
    """What a list of all curves says.

    Attributes
    ----------
    possible
        Whether some order of deaths and censorings meets all knots.
    states
        For each knot, the states (number at risk and survival) that meet it, can be reached through the knots before,
        and leave all later knots possible.
    """

    possible: bool
    states: tuple[States, ...]

    def allows(self, knot: int, at_risk: NDArray[np.int64], low: Floats, high: Floats) -> NDArray[np.bool_]:
        """For each (number at risk, low, high): whether a state of the knot has a survival from low to high."""
        allowed = np.zeros(at_risk.shape, bool)
        for number in set(at_risk.tolist()) & set(self.states[knot]):
            values, rows = self.states[knot][number], at_risk == number
            allowed[rows] = np.searchsorted(values, low[rows] - _SAME) < np.searchsorted(values, high[rows] + _SAME)
        return allowed


@lru_cache(maxsize=64)
def reach(n: int, knots: tuple[Knot, ...]) -> Reach | None:
    """List the curves of n patients that pass through the knots; None when there are too many to list.

    Parameters
    ----------
    n
        Patients.
    knots
        In order of time.
    """
    if n > _MOST_PATIENTS:
        return None
    layers: list[States] = []
    ends: list[States] = []
    starts: States = {n: np.ones(1)}
    budget = _MOST_STATES
    for index, knot in enumerate(knots):
        visited = _visit(n, starts, knot.low, budget)
        if visited is None:
            return None
        budget -= sum(values.size for values in visited.values())
        starts = _meeting(visited, knot, last=index == len(knots) - 1)
        if not starts:
            return Reach(False, ())
        layers.append(visited)
        ends.append(starts)
    for index in range(len(knots) - 2, -1, -1):
        ends[index] = _leading_on(layers[index + 1], ends[index], ends[index + 1])
    return Reach(True, tuple(ends))


def _visit(n: int, starts: States, low: float, budget: int) -> States | None:
    """All states from the starts on, one patient after another, as long as survival is not below `low`."""
    visited: States = {}
    arriving = {at_risk: [values] for at_risk, values in starts.items()}
    for at_risk in range(n, -1, -1):
        if at_risk not in arriving:
            continue
        values = _distinct(np.concatenate(arriving[at_risk]))
        budget -= values.size
        if budget < 0:
            return None
        visited[at_risk] = values
        if at_risk > 0:
            after_death = values * (at_risk - 1) / at_risk
            arriving.setdefault(at_risk - 1, []).extend([values, after_death[after_death >= low - _SAME]])
    return visited


def _distinct(values: Floats) -> Floats:
    return np.unique(np.round(values, _DIGITS))


def _meeting(visited: States, knot: Knot, *, last: bool) -> States:
    """The visited states that lie within a knot, with someone still at risk where the curve must go on."""
    needs_someone = knot.rate or not last
    meeting = {}
    for at_risk, values in visited.items():
        inside = values[(values >= knot.low - _SAME) & (values <= knot.high + _SAME)]
        if at_risk == 0 and needs_someone:
            inside = inside[inside <= 0]
        if inside.size:
            meeting[at_risk] = inside
    return meeting


def _leading_on(visited: States, starts: States, goals: States) -> States:
    """The starts from which some goal can be reached through the visited states."""
    leads: dict[int, NDArray[np.bool_]] = {}
    for at_risk in sorted(visited):
        values = visited[at_risk]
        good = _among(values, goals.get(at_risk))
        if at_risk - 1 in visited:
            nearer, leading = visited[at_risk - 1], leads[at_risk - 1]
            good |= _among(values, nearer[leading])
            good |= _among(values * (at_risk - 1) / at_risk, nearer[leading])
        leads[at_risk] = good
    kept = {at_risk: values[_among(values, visited[at_risk][leads[at_risk]])] for at_risk, values in starts.items()}
    return {at_risk: values for at_risk, values in kept.items() if values.size}


def _among(values: Floats, known: Floats | None) -> NDArray[np.bool_]:
    """Which values are among the known ones, which are in ascending order."""
    if known is None or not known.size:
        return np.zeros(values.shape, bool)
    place = np.searchsorted(known, values - _SAME)
    return np.abs(known[np.minimum(place, known.size - 1)] - values) <= 2 * _SAME
