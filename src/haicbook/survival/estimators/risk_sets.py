"""Risk sets of two groups: what log-rank test and Cox regression need to know of each death."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haicbook.survival.estimators.batches import Bools, Floats, Ints, in_order


@dataclass(frozen=True)
class RiskSets:
    """One entry for each death, D in all data sets together, in order of data set and time.

    Attributes
    ----------
    start, count
        (B,) where each data set's deaths begin, and how many they are.
    in_group
        (D,) 1 for a death in the group, 0 for one in the other.
    group_at_risk, at_risk
        (D,) patients of the group, and all patients, at risk at its time.
    deaths, group_deaths
        (D,) at its time: all of them, and those of the group.
    place
        (D,) its number among the deaths at its time, from 0.
    """

    start: Ints
    count: Ints
    in_group: Floats
    group_at_risk: Floats
    at_risk: Floats
    deaths: Floats
    group_deaths: Floats
    place: Floats

    def sums(self, values: Floats) -> Floats:
        """Sums (B,) of values (D,) over each data set's deaths."""
        if not values.size:
            return np.zeros(len(self.start))
        totals = np.add.reduceat(np.concatenate([values, [0.0]]), self.start)
        return np.where(self.count > 0, totals, 0.0)

    def spread(self, values: Floats) -> Floats:
        """Each data set's value (B,) for its deaths, (D,)."""
        return np.repeat(values, self.count)


def risk_sets(time: Floats, event: Bools, member: Bools) -> RiskSets:
    """Risk sets of data sets (B, n) in any order; `member` (B, n) or (n,) is true in the group."""
    times, events, members = in_order(time, event, member)
    n = times.shape[1]
    rows = np.flatnonzero(events)
    count = np.count_nonzero(events, axis=1)
    start = np.cumsum(count) - count
    in_group = members.ravel()[rows].astype(float)
    after = np.cumsum(members, axis=1, dtype=np.int32)
    group_at_risk = np.repeat(after[:, -1], count) - after.ravel()[rows] + in_group
    at_risk = (np.repeat(n * np.arange(1, len(count) + 1), count) - rows).astype(float)
    of_death = times.ravel()[rows]
    first = np.ones(len(rows), bool)
    first[1:] = of_death[1:] != of_death[:-1]
    first[start[count > 0]] = True
    if first.all():
        one = np.ones(len(rows))
        return RiskSets(start, count, in_group, group_at_risk, at_risk, one, in_group, np.zeros(len(rows)))
    begin = np.flatnonzero(first)
    size = np.diff(begin, append=len(rows))
    own = np.repeat(np.arange(len(begin)), size)  # each death's tie
    return RiskSets(
        start,
        count,
        in_group,
        group_at_risk[begin][own],
        at_risk[begin][own],
        size[own].astype(float),
        np.add.reduceat(in_group, begin)[own],
        (np.arange(len(rows)) - begin[own]).astype(float),
    )
