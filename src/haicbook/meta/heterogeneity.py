"""How far studies differ beyond chance: between-study variance, its interval, Cochran's Q."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from haicbook.meta.result import Estimator

Floats = NDArray[np.float64]
_GRID = 400
_ROOT = 1e-14


def between_study_variance(y: Floats, v: Floats, estimator: Estimator) -> float:
    """Between-study variance of effects y (k,) with sampling variances v (k,), 0 or above.

    References
    ----------
    Viechtbauer W. J Educ Behav Stat 2005;30:261-293. DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188. Paule
    RC, Mandel J. J Res Natl Bur Stand 1982;87:377-385.
    """
    if estimator == "reml":
        return _reml(y, v)
    if estimator == "pm":
        # statsmodels has this one too, but its Newton steps fall to 0 when the last one overshoots by a rounding error
        return _where_q_is(y, v, len(y) - 1)
    from statsmodels.stats.meta_analysis import combine_effects

    # statsmodels does not cut the estimate off at 0, and then takes roots of negative variances
    with np.errstate(invalid="ignore", divide="ignore"):
        return max(0.0, float(combine_effects(y, v, method_re="dl").tau2))


def _reml(y: Floats, v: Floats) -> float:
    """The between-study variance that maximises the restricted likelihood.

    The likelihood of a few studies can have more than one maximum: the score's sign changes on a grid find them all,
    and the highest counts.
    """
    from scipy.optimize import brentq

    # beyond the squared range of the effects plus the largest variance the likelihood only falls
    top = float(np.ptp(y) ** 2 + v.max())
    grid = np.r_[0.0, np.geomspace(top * 1e-8, top * 4, _GRID)]
    score = np.array([_score(value, y, v) for value in grid])
    crossings = np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0))
    maxima = [0.0, *(brentq(_score, grid[at], grid[at + 1], args=(y, v), xtol=_ROOT, rtol=1e-13) for at in crossings)]
    return float(max(maxima, key=lambda value: _restricted(value, y, v)))


def _score(variance: float, y: Floats, v: Floats) -> float:
    """Twice the derivative of the restricted log-likelihood."""
    w = 1 / (v + variance)
    residual = w * (y - w @ y / w.sum())
    return float(residual @ residual - w.sum() + (w @ w) / w.sum())


def _restricted(variance: float, y: Floats, v: Floats) -> float:
    """Twice the restricted log-likelihood, but for a constant."""
    w = 1 / (v + variance)
    return float(np.log(w).sum() - np.log(w.sum()) - q(y, v, variance))


def q(y: Floats, v: Floats, variance: float) -> float:
    """Weighted sum of squares about the weighted mean, with weights 1 / (v + variance): Cochran's Q at variance 0."""
    w = 1 / (v + variance)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def q_profile(y: Floats, v: Floats, confidence: float) -> tuple[float, float]:
    """Limits of the between-study variance: where Q meets the quantiles of its distribution.

    References
    ----------
    Viechtbauer W. Stat Med 2007;26:37-52.
    """
    from scipy.special import chdtri

    tail = (1 - confidence) / 2
    low, high = (_where_q_is(y, v, float(chdtri(len(y) - 1, upper))) for upper in (tail, 1 - tail))
    return low, high


def _where_q_is(y: Floats, v: Floats, wanted: float) -> float:
    """The between-study variance at which Q, which falls with it, has this value; 0 where it starts below."""
    from scipy.optimize import brentq

    if q(y, v, 0.0) <= wanted:
        return 0.0
    # Q is at most the sum of squares over the variance, so it has met the value by here
    top = float(((y - y.mean()) ** 2).sum() / wanted)
    return float(brentq(lambda variance: q(y, v, variance) - wanted, 0.0, top, xtol=_ROOT, rtol=1e-13))


def typical_variance(v: Floats) -> float:
    """The sampling variance of a typical study, for I2.

    References
    ----------
    Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558.
    """
    w = 1 / v
    return float((len(v) - 1) * w.sum() / (w.sum() ** 2 - w @ w))
