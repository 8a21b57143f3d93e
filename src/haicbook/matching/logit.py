"""Propensity scores of many cohorts at once."""

from __future__ import annotations

from typing import Literal

import numpy as np

ScoreModel = Literal["logistic", "probit", "discriminant", "codes"]
SCORE_MODELS: tuple[ScoreModel, ...] = ("logistic", "probit", "discriminant", "codes")

_ITERATIONS = 25
# rise of twice the log-likelihood that the last step is still good for; the next would be good for its square
_TOLERANCE = 1e-7
# keeps a term solvable whose coefficient runs off to infinity (a level that only one arm has); moves no maximum
_JITTER = 1e-9
# probits beyond this have a density of zero in double precision
_FAR = 8.0


def logit_scores(design: np.ndarray, treated: np.ndarray, model: ScoreModel = "logistic") -> np.ndarray:
    """Logits of the propensity scores: a regression of the arm on the covariates.

    `logistic` (and `codes`, which is logistic on another model matrix) by maximum likelihood. Where a level has
    patients in one arm only the maximum lies at infinity; the fit then stops, as R's and SPSS's do, when the
    likelihood no longer rises, at scores near 0 or 1. `probit` by maximum likelihood. `discriminant`: Fisher's linear
    discriminant with the arms' sizes as prior odds.

    Parameters
    ----------
    design
        Model matrix with its intercept, shape (cohorts, patients, terms).
    treated
        Shape (patients,), True in the experimental arm.
    model
        One of `SCORE_MODELS`.

    Returns
    -------
    numpy.ndarray
        Log odds of the fitted probabilities, shape (cohorts, patients).

    Raises
    ------
    ValueError
        When there is no such model.
    """
    if model not in SCORE_MODELS:
        raise ValueError(f"found score model {model!r}; allowed are {', '.join(SCORE_MODELS)}")
    if model == "probit":
        return _logits_of_probits(_probit(design, treated))
    if model == "discriminant":
        return _discriminant(design[..., 1:], treated)
    from haicbook.matching.newton import logistic

    return logistic(np.ascontiguousarray(design), treated.astype(float), _ITERATIONS, _TOLERANCE, _JITTER)


def _probit(design: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Linear predictors of probit regressions by Fisher scoring, all cohorts as one array program."""
    from scipy.special import log_ndtr

    signs = np.where(treated, 1.0, -1.0)
    transposed = design.transpose(0, 2, 1)
    linear = np.zeros(design.shape[:2])
    coefficients = np.zeros((len(design), design.shape[2], 1))
    for _ in range(_ITERATIONS):
        # density over the probability of a patient's own arm, by logarithms, since both vanish far out
        log_density = -(linear**2 + np.log(2 * np.pi)) / 2
        own = np.exp(log_density - log_ndtr(signs * linear))
        other = np.exp(log_density - log_ndtr(-signs * linear))
        step = np.linalg.solve(
            transposed @ (design * (own * other)[..., None]) + _JITTER * np.eye(design.shape[2]),
            transposed @ (signs * own)[..., None],
        )
        coefficients = coefficients + step
        linear = np.clip((design @ coefficients)[..., 0], -_FAR, _FAR)
        if np.abs(design @ step).max() <= 1e-9:
            break
    return linear


def _logits_of_probits(linear: np.ndarray) -> np.ndarray:
    from scipy.special import log_ndtr

    logits: np.ndarray = log_ndtr(linear) - log_ndtr(-linear)
    return logits


def _discriminant(terms: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Posterior log odds of two normal groups with one covariance, all cohorts as one array program."""
    means = [terms[:, arm].mean(axis=1, keepdims=True) for arm in (treated, ~treated)]
    within = np.concatenate([terms[:, treated] - means[0], terms[:, ~treated] - means[1]], axis=1)
    covariance = within.transpose(0, 2, 1) @ within / max(1, len(treated) - 2)
    slopes = np.linalg.solve(covariance + _JITTER * np.eye(terms.shape[2]), (means[0] - means[1]).transpose(0, 2, 1))
    centre = (means[0] + means[1]) / 2
    logits: np.ndarray = ((terms - centre) @ slopes)[..., 0] + np.log(treated.sum() / (~treated).sum())
    return logits
