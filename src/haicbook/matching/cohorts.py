"""Cohorts that have exactly the margins a baseline table prints, with covariates drawn independently of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haicbook.matching.covariates import Covariate


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Many made-up cohorts with the same printed margins; synthetic, never patients.

    Attributes
    ----------
    treated
        Whether each patient is in the experimental arm, shape (patients,); the same in every cohort, treated first.
    columns
        One array for each covariate, shape (cohorts, patients): a level's index, or the value of a continuous one.
    covariates
        The covariates, in the order of `columns`.
    """

    treated: np.ndarray
    columns: tuple[np.ndarray, ...]
    covariates: tuple[Covariate, ...]

    def design(self) -> np.ndarray:
        """Model matrix of a propensity score, shape (cohorts, patients, terms).

        An intercept, one indicator for each level but the first that any patient has, and continuous covariates scaled
        to mean 0 and SD 1 (which leaves the score as it is).
        """
        terms = [np.ones(self.columns[0].shape)]
        for covariate, column in zip(self.covariates, self.columns, strict=True):
            if covariate.type == "continuous":
                spread = column.std(axis=1, keepdims=True)
                terms.append((column - column.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1))
            else:
                terms += [(column == level).astype(float) for level in np.unique(column[0])[1:]]
        return np.stack(terms, axis=-1)


def draw(covariates: tuple[Covariate, ...], arms: tuple[str, str], cohorts: int, rng: np.random.Generator) -> Cohorts:
    """Draw cohorts with the printed margins in each arm.

    Every cohort has exactly the printed number of patients at each level, and exactly the printed mean and SD (n - 1 in
    its denominator), in each arm. Within an arm the covariates are independent: each is shuffled on its own.
    A continuous covariate is normal before it is shifted and scaled to the printed mean and SD.

    Parameters
    ----------
    covariates
        What is printed; counts must sum to the arm's n.
    arms
        Experimental arm and comparator.
    cohorts
        How many to draw, at least 1.
    rng
        Source of randomness.

    Returns
    -------
    Cohorts
    """
    sizes = [covariates[0].arms[arm].n for arm in arms]
    treated = np.repeat([True, False], sizes)
    columns = tuple(
        np.concatenate([_column(covariate, arm, cohorts, rng) for arm in arms], axis=1) for covariate in covariates
    )
    return Cohorts(treated, columns, covariates)


def _column(covariate: Covariate, arm: str, cohorts: int, rng: np.random.Generator) -> np.ndarray:
    summary = covariate.arms[arm]
    if covariate.type == "continuous":
        raw = rng.standard_normal((cohorts, summary.n))
        raw -= raw.mean(axis=1, keepdims=True)
        scaled: np.ndarray = raw / raw.std(axis=1, ddof=1, keepdims=True)
        return summary.moments["mean"] + summary.moments["sd"] * scaled
    counts = level_counts(covariate, arm)
    patients = np.repeat(np.arange(len(counts)), counts)
    return rng.permuted(np.tile(patients, (cohorts, 1)), axis=1)


def level_counts(covariate: Covariate, arm: str) -> np.ndarray:
    """Patients at each level; where a table has a single row for a covariate, those of the row and those not of it."""
    summary = covariate.arms[arm]
    counts = summary.counts.astype(int)
    return counts if len(counts) > 1 else np.array([counts[0], summary.n - counts[0]])
