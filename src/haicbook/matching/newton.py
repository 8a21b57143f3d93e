"""The compiled inner loop of the propensity score: one logistic regression after the other."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import compiled


@compiled
def logistic(design: np.ndarray, treated: np.ndarray, iterations: int, tolerance: float, jitter: float) -> np.ndarray:
    """Linear predictors of logistic regressions by Newton's method, shape (cohorts, patients).

    Each regression stops by itself, so a cohort's result does not depend on those fitted with it.

    Parameters
    ----------
    design
        Shape (cohorts, patients, terms), contiguous.
    treated
        1.0 in the experimental arm, else 0.0; shape (patients,).
    iterations, tolerance
        At most so many steps; the last is the one that can raise twice the log-likelihood by no more than this.
    jitter
        Added to the diagonal of the information.
    """
    cohorts, patients, terms = design.shape
    predictors = np.zeros((cohorts, patients))
    ridge = jitter * np.eye(terms)
    signs = 1.0 - 2.0 * treated
    for cohort in range(cohorts):
        matrix = design[cohort]
        transposed = np.ascontiguousarray(matrix.T)
        coefficients = np.zeros(terms)
        linear = np.zeros(patients)
        for _ in range(iterations):
            # the chance of the other arm than the patient's own; bounded, so that nothing overflows
            against = 1.0 / (1.0 + np.exp(-np.maximum(np.minimum(signs * linear, 700.0), -700.0)))
            weights = against * (1.0 - against)
            gradient = np.dot(transposed, -signs * against)
            step = np.linalg.solve(np.dot(transposed * weights, matrix) + ridge, gradient)
            coefficients = coefficients + step
            linear = np.dot(matrix, coefficients)
            if np.dot(gradient, step) <= tolerance:
                break
        predictors[cohort] = linear
    return predictors
