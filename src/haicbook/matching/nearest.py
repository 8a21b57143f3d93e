"""Propensity scores and greedy nearest-neighbour matching, for many cohorts at once."""

from __future__ import annotations

from typing import Literal

import numpy as np

CaliperScale = Literal["score", "sd_score", "sd_logit"]
CALIPER_SCALES: tuple[CaliperScale, ...] = ("score", "sd_score", "sd_logit")

_ITERATIONS = 25
_TOLERANCE = 1e-10
# keeps a term solvable whose coefficient runs off to infinity (a level that only one arm has); moves no maximum
_JITTER = 1e-9


def logit_scores(design: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Logits of the propensity scores: a logistic regression of the arm on the covariates, by maximum likelihood.

    Newton's method on all cohorts as one array program. Where a level has patients in one arm only the maximum lies at
    infinity; the fit then stops, as R's and SPSS's do, when the likelihood no longer rises, at scores near 0 or 1.

    Parameters
    ----------
    design
        Model matrix with its intercept, shape (cohorts, patients, terms).
    treated
        Shape (patients,), True in the experimental arm.

    Returns
    -------
    numpy.ndarray
        Linear predictors, shape (cohorts, patients).
    """
    transposed = design.transpose(0, 2, 1)
    coefficients = np.zeros((len(design), design.shape[2], 1))
    jitter = _JITTER * np.eye(design.shape[2])
    deviance = np.full(len(design), np.inf)
    for _ in range(_ITERATIONS):
        linear = design @ coefficients
        fitted = 1 / (1 + np.exp(-linear))
        before, deviance = deviance, 2 * np.logaddexp(0, np.where(treated[:, None], -linear, linear)).sum(axis=(1, 2))
        if (np.abs(before - deviance) <= _TOLERANCE * (deviance + 0.1)).all():
            break
        information = transposed @ (design * (fitted * (1 - fitted))) + jitter
        coefficients = coefficients + np.linalg.solve(information, transposed @ (treated[:, None] - fitted))
    predictors: np.ndarray = (design @ coefficients)[..., 0]
    return predictors


def distances(logits: np.ndarray, scale: CaliperScale) -> tuple[np.ndarray, np.ndarray]:
    """The quantity that pairs are close in, and one unit of the caliper.

    Parameters
    ----------
    logits
        Shape (cohorts, patients).
    scale
        `score`: the caliper is an absolute difference of propensity scores; `sd_score` and `sd_logit`: it counts
        standard deviations of the score or of its logit, over both arms together as R's MatchIt takes them.

    Returns
    -------
    tuple of numpy.ndarray
        Positions, shape (cohorts, patients), and units, shape (cohorts,).

    Raises
    ------
    ValueError
        When the scale is none of these.
    """
    if scale not in CALIPER_SCALES:
        raise ValueError(f"found caliper scale {scale!r}; allowed are {', '.join(CALIPER_SCALES)}")
    positions = logits if scale == "sd_logit" else 1 / (1 + np.exp(-logits))
    units = np.ones(len(logits)) if scale == "score" else positions.std(axis=1, ddof=1)
    return positions, units


def match(positions: np.ndarray, treated: np.ndarray, caliper: np.ndarray) -> np.ndarray:
    """Greedy 1:1 nearest-neighbour matching without replacement, treated patients with the largest position first.

    Parameters
    ----------
    positions
        Propensity scores or their logits, shape (cohorts, patients).
    treated
        Shape (patients,), True in the experimental arm.
    caliper
        Largest difference allowed within a pair, in units of `positions`, shape (cohorts,); infinite for none.

    Returns
    -------
    numpy.ndarray
        For each treated patient the index of the matched control among all patients, -1 when there is none; shape
        (cohorts, treated patients), in the patients' order.

    References
    ----------
    Rosenbaum PR, Rubin DB. Am Stat 1985;39:33-38.
    """
    rows = np.arange(len(positions))
    of_treated, of_controls = positions[:, treated], positions[:, ~treated].copy()
    controls = np.flatnonzero(~treated)
    partners = np.full(of_treated.shape, -1)
    # sorted by falling position; equal ones in the patients' order
    for patient in np.argsort(-of_treated, axis=1, kind="stable").T:
        gaps = np.abs(of_controls - of_treated[rows, patient][:, None])
        nearest = gaps.argmin(axis=1)
        smallest = gaps[rows, nearest]
        close = (smallest <= caliper) & np.isfinite(smallest)
        partners[rows[close], patient[close]] = controls[nearest[close]]
        # a control that is taken is infinitely far from everyone
        of_controls[rows[close], nearest[close]] = np.inf
    return partners
