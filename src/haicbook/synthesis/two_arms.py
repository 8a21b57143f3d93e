"""Two arms of an ensemble side by side, as the estimators take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haicbook.survival import Ensemble, estimators
from haicbook.synthesis.spread import Spread, spread

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Pair(NamedTuple):
    """Times (B, n) and events (B, n) of both arms, and which columns (n,) belong to the first."""

    time: Floats
    event: Bools
    first: Bools


def pair(one: tuple[Floats, Bools], other: tuple[Floats, Bools]) -> Pair:
    """Join two arms."""
    first = np.r_[np.ones(one[0].shape[1], bool), np.zeros(other[0].shape[1], bool)]
    time = np.concatenate([one[0], other[0]], axis=1)
    return Pair(time, np.concatenate([one[1], other[1]], axis=1), first)


def arms_of(ensemble: Ensemble) -> tuple[str, str]:
    """The experimental arm and the comparator: the order in which a reconstruction holds them.

    Raises
    ------
    ValueError
        When there is one arm only.
    """
    arms = tuple(ensemble.members)
    if len(arms) < 2:
        raise ValueError(f"{ensemble.targets.study} has one arm here; a comparison needs two")
    return arms[0], arms[1]


def log_ratio(both: Pair) -> tuple[Floats, Floats]:
    """Log hazard ratio (B,) of the first arm against the second by Cox regression (Efron), and its standard error."""
    return estimators.cox(both.time, both.event, both.first)


def reconstructed_effect(ensemble: Ensemble, confidence: float = 0.95) -> Spread | None:
    """Unadjusted log hazard ratio, experimental arm against comparator, over the members of a reconstruction.

    For endpoints for which a paper prints no ratio. It knows nothing of covariates, and where no ratio was a target its
    reconstruction part is wide.

    Returns
    -------
    Spread or None
        On the log scale; None when no member has a ratio.
    """
    first, second = arms_of(ensemble)
    log_hr, error = log_ratio(pair(ensemble.members[first], ensemble.members[second]))
    return spread(log_hr, error**2, confidence)
