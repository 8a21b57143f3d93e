"""What members are worth together, and how steep each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from haicbook.survival.ensemble import Ensemble

Floats = NDArray[np.float64]

FORTNIGHT = 0.5  # months
FEW = 10  # patients at risk: with fewer, a fall is one patient's
_STEPS = 3  # of the grid, in a fortnight
_SHARES = (0.25, 0.5, 0.75)  # of follow-up, at which patients at risk are compared


def effective_size(values: Sequence[Floats], chains: Sequence[int]) -> float:
    """How many independent members would say as much: the least over some statistics (B,) of the members.

    Members of one chain resemble each other: by the intraclass correlation of a one-way analysis of variance, a design
    effect (Kish L, Survey Sampling (1965), 5.4).
    """
    which = np.unique(np.asarray(chains), return_inverse=True)[1]
    sizes = np.bincount(which)
    total, many = len(which), len(sizes)
    if many in (0, total):
        return float(total)
    mean_size = (sizes**2).sum() / total
    if many == 1:
        return 1.0
    least = float(total)
    for value in values:
        means = np.bincount(which, value) / sizes
        between = (sizes * (means - value.mean()) ** 2).sum() / (many - 1)
        within = ((value - means[which]) ** 2).sum() / (total - many)
        if between + within > 0:
            typical = (total - mean_size) / (many - 1)
            alike = (between - within) / (between + (typical - 1) * within)
            least = min(least, total / (1 + (mean_size - 1) * max(alike, 0.0)))
    return least


def statistics_of(ensemble: Ensemble) -> Iterator[Floats]:
    """What members differ in: each arm's events, restricted mean, and patients at risk over time."""
    end = max(float(np.median(rows.time.max(axis=1))) for rows in ensemble.members.values())
    for arm in ensemble.members:
        yield ensemble.deaths(arm).astype(float)
        yield ensemble.rmst(arm, end)
        yield from ensemble.at_risk(arm, [share * end for share in _SHARES]).T.astype(float)


def steepest(ensemble: Ensemble) -> Floats:
    """(B,) the largest share of those at risk that has the event within some 15 days, while ten or more are at risk."""
    grid = np.arange(0, ensemble.targets.follow_up_end + FORTNIGHT, FORTNIGHT / _STEPS)
    falls = np.zeros(len(ensemble))
    for arm in ensemble.members:
        curves, at_risk = ensemble.curve(arm, grid), ensemble.at_risk(arm, grid[:-_STEPS])
        with np.errstate(divide="ignore", invalid="ignore"):
            fall = 1 - curves[:, _STEPS:] / curves[:, :-_STEPS]
        falls = np.maximum(falls, np.where(at_risk >= FEW, fall, 0.0).max(axis=1))
    return falls
