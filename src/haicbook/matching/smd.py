"""Formulas of standardised differences, on numbers that a page prints."""

from __future__ import annotations

import math

import numpy as np

from haicbook.stats.proportions import normal_quantile


def binary_smd(treated: float, control: float) -> float:
    """Standardised difference of a binary covariate.

    Parameters
    ----------
    treated, control
        Shares, from 0 to 1.

    Returns
    -------
    float
        (p1 - p0) / sqrt((p1 q1 + p0 q0) / 2), dimensionless; 0 when both are 0 or both are 1, infinite when only
        one of them is.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return standardised(treated - control, pooled_sd(treated * (1 - treated), control * (1 - control)))


def mean_smd(treated: tuple[float, float], control: tuple[float, float]) -> float:
    """Standardised difference of means, (mean1 - mean0) / sqrt((s1² + s0²) / 2), dimensionless.

    Parameters
    ----------
    treated, control
        Mean and SD, in the covariate's unit.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return standardised(treated[0] - control[0], pooled_sd(treated[1] ** 2, control[1] ** 2))


def pooled_sd(treated: float, control: float) -> float:
    """Root of the mean of two variances, whatever the sizes of the arms."""
    return math.sqrt((treated + control) / 2)


def standardised(difference: float, spread: float) -> float:
    """A difference in units of a spread; without any spread 0 for no difference and infinite for one."""
    if spread > 0:
        return difference / spread
    return difference if difference == 0 or math.isnan(difference) else math.copysign(math.inf, difference)


def categorical_smd(treated: np.ndarray, control: np.ndarray) -> float:
    """Standardised difference of a covariate with several levels: the Mahalanobis distance of the two sets of shares.

    Parameters
    ----------
    treated, control
        Share of each level, shape (levels,), each summing to 1. Levels that neither arm has are left out. With two
        levels it is the size of :func:`binary_smd`.

    Returns
    -------
    float
        Dimensionless, 0 or above; infinite when the arms share no level.

    References
    ----------
    Yang D, Dalton JE. SAS Global Forum 2012; paper 335.
    """
    present = (treated > 0) | (control > 0)
    treated, control = treated[present], control[present]
    if np.isnan(treated).any() or np.isnan(control).any():
        return math.nan
    if not (treated * control).any():
        return math.inf
    # one level follows from the others
    difference = (treated - control)[1:]
    covariance = (_multinomial(treated[1:]) + _multinomial(control[1:])) / 2
    return math.sqrt(max(0.0, float(difference @ np.linalg.solve(covariance, difference)))) if len(difference) else 0.0


def _multinomial(shares: np.ndarray) -> np.ndarray:
    covariance: np.ndarray = np.diag(shares) - np.outer(shares, shares)
    return covariance


def smd_interval(smd: float, treated_n: int, control_n: int, confidence: float) -> tuple[float, float]:
    """Large-sample confidence limits of a standardised difference.

    The variance is (n1 + n0) / (n1 n0) + d² / (2 (n1 + n0)), for two independent samples. Pairs that were matched are
    alike, and the limits then rather too wide.

    References
    ----------
    Hedges LV, Olkin I. Statistical Methods for Meta-Analysis. Academic Press 1985; used so by Austin 2009.
    """
    total = treated_n + control_n
    half = normal_quantile(confidence) * math.sqrt(total / (treated_n * control_n) + smd**2 / (2 * total))
    return smd - half, smd + half


def distance_interval(
    distance: float, terms: int, treated_n: int, control_n: int, confidence: float
) -> tuple[float, float]:
    """Large-sample confidence limits of a Mahalanobis distance of shares, which has no sign and is biased upwards.

    n1 n0 / (n1 + n0) times the squared distance has a chi-square distribution with `terms` degrees of freedom, and the
    same multiple of the squared true distance as its noncentrality; the limits invert that.

    Parameters
    ----------
    distance
        0 or above.
    terms
        Levels that have patients, less one; at least 1.
    treated_n, control_n
        Patients.
    confidence
        Level, in (0, 1).

    Returns
    -------
    tuple of float
        0 for a limit that no true distance reaches. Since an observed distance is never 0 even between equal arms, a
        small one can lie above both limits.

    References
    ----------
    Reiser B. Commun Stat Simul Comput 2001;30:37-45.
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, ncx2

    scale = treated_n * control_n / (treated_n + control_n)
    observed, tail = scale * distance**2, (1 - confidence) / 2
    normal_quantile(confidence)

    def limit(probability: float) -> float:
        """Distance at which an observation this small or smaller has this probability."""
        if observed <= 0 or chi2.cdf(observed, terms) <= probability:
            return 0.0
        top = observed + 10
        while ncx2.cdf(observed, terms, top) > probability:
            top *= 2
        found = brentq(lambda noncentral: ncx2.cdf(observed, terms, noncentral) - probability, 0, top, xtol=1e-12)
        return math.sqrt(found / scale)

    return limit(1 - tail), limit(tail)
