"""Cox models of several covariates and the normal limits of a median, as statistics programs compute them."""

from __future__ import annotations

import math

import numpy as np

from haicbook.simulate.conventions import Z95
from haicbook.simulate.covariates import Floats
from haicbook.simulate.patients import Bools
from haicbook.survival.estimators import KaplanMeier, Ties

_STEPS = 30
_STOP = 1e-9
# SPSS reads the curve's slope at the median between 0.45 and 0.55
_SPSS_BAND = 0.05


def cox(time: Floats, event: Bools, design: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """Coefficients and standard errors of a Cox model with several covariates.

    Parameters
    ----------
    time, event
        (n,) months and whether the event was seen.
    design
        (n, k) covariates.
    ties
        `efron` or `breslow`.

    Returns
    -------
    log_hr, se
        (k,) each; infinite where the likelihood has no maximum.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220. Efron B. JASA 1977;72:557-565. Breslow N. Biometrics 1974;30:89-99.
    """
    order = np.lexsort((~event, time))
    time, event, x = time[order], event[order], (design - design.mean(axis=0))[order]
    tie = np.searchsorted(time, time, side="left")
    place = np.arange(len(time)) - tie
    deaths = np.bincount(tie, weights=event, minlength=len(time))[tie]
    thinning = place / np.maximum(deaths, 1) if ties == "efron" else np.zeros(len(time))
    beta = np.zeros(x.shape[1])
    information = np.eye(len(beta))
    for _ in range(_STEPS):
        score, information = _derivatives(beta, x, event, tie, thinning)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < _STOP:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    return np.full(len(beta), math.inf), np.full(len(beta), math.inf)


def _derivatives(beta: Floats, x: Floats, event: Bools, tie: np.ndarray, thinning: Floats) -> tuple[Floats, Floats]:
    """Score (k,) and information (k, k); rows in order of time, events first; `tie` is the first row at each time."""
    weight = np.exp(x @ beta)
    outer = weight[:, None, None] * x[:, :, None] * x[:, None, :]
    moments = []
    for values in (weight, weight[:, None] * x, outer):
        remaining = np.cumsum(values[::-1], axis=0)[::-1][tie]
        shape = (-1, *[1] * (values.ndim - 1))
        of_tie = np.zeros_like(values)
        np.add.at(of_tie, tie, values * event.reshape(shape))
        moments.append(remaining - thinning.reshape(shape) * of_tie[tie])
    total, first, second = (moment[event] for moment in moments)
    mean = first / total[:, None]
    information = (second / total[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
    return (x[event] - mean).sum(axis=0), information


def normal_limits(curve: KaplanMeier, median: float) -> tuple[float, float]:
    """Symmetric limits of a median: its standard error is that of the curve there over the curve's slope.

    The slope is taken between the last time with survival of at least 0.55 and the first with at most 0.45. NaN where
    the curve does not fall so far.

    References
    ----------
    IBM SPSS Statistics Algorithms, KM, percentiles.
    """
    time, height = curve.time[0], curve.survival[0]
    last = np.append(time[1:] > time[:-1], True)
    time, height, variance = time[last], height[last], curve.greenwood[0][last]
    above, below = np.flatnonzero(height >= 0.5 + _SPSS_BAND), np.flatnonzero(height <= 0.5 - _SPSS_BAND)
    if not (above.size and below.size and math.isfinite(median)):
        return math.nan, math.nan
    upper, lower = above[-1], below[0]
    slope = (height[upper] - height[lower]) / (time[lower] - time[upper])
    at = np.flatnonzero(time <= median)[-1]
    if not math.isfinite(variance[at]):  # the curve falls from above one half to 0
        return math.nan, math.nan
    error = Z95 * height[at] * math.sqrt(variance[at]) / slope
    return max(median - error, 0.0), median + error
