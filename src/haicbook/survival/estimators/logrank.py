"""Log-rank tests of many data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from haicbook.survival.estimators.batches import Floats, as_batch, chunks, per_patient
from haicbook.survival.estimators.risk_sets import RiskSets, risk_sets


@dataclass(frozen=True)
class LogRank:
    """Log-rank tests of B data sets.

    Attributes
    ----------
    chi2, p
        (B,) the statistic with one degree of freedom, and its two-sided p.
    z
        (B,) its signed root: negative where the group has fewer events than expected.
    observed, expected
        (B,) events in the group.
    """

    chi2: Floats
    p: Floats
    z: Floats
    observed: Floats
    expected: Floats


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Two-sample log-rank test (Mantel 1966, hypergeometric variance), as R's survdiff.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen, both groups together.
    group
        (n,) or (B, n): True in the group whose events are counted.

    Returns
    -------
    LogRank
        NaN where the variance is 0 (no time at which both groups are at risk and an event happens).

    Raises
    ------
    ValueError
        When shapes differ, or the group is anything but 0 and 1.
    """
    from scipy.special import erfc

    times, events = as_batch(time, event)
    member = per_patient(group, times.shape)
    if not ((member == 0) | (member == 1)).all():
        raise ValueError("group must be true (1) or false (0) for each patient")
    in_group = member != 0
    parts = [_moments(risk_sets(times[part], events[part], in_group[part])) for part in chunks(*times.shape)]
    observed, expected, variance = (np.concatenate(values) for values in zip(*parts, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (observed - expected) / np.sqrt(variance), np.nan)
    return LogRank(z**2, np.asarray(erfc(np.abs(z) / np.sqrt(2))), z, observed, expected)


def _moments(sets: RiskSets) -> tuple[Floats, Floats, Floats]:
    """Observed and expected deaths of the group and their variance, (B,) each."""
    share = sets.group_at_risk / sets.at_risk
    variance = share * (1 - share) * (sets.at_risk - sets.deaths) / np.maximum(sets.at_risk - 1, 1)
    return sets.sums(sets.in_group), sets.sums(share), sets.sums(variance)
