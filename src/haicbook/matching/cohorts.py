"""Cohorts that have exactly the margins a baseline table prints, under an assumed dependence between covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from haicbook.matching.covariates import Covariate
from haicbook.matching.dependence import INDEPENDENT, Dependence

Shape = Literal["normal", "skewed", "unknown"]
Coding = Literal["levels", "codes"]
SHAPES: tuple[Shape, ...] = ("normal", "skewed", "unknown")


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

    def design(self, coding: Coding = "levels") -> np.ndarray:
        """Model matrix of a propensity score, shape (cohorts, patients, terms).

        Parameters
        ----------
        coding
            `levels`: an indicator for each level but the first that any patient has; `codes`: one term for each
            covariate, its levels numbered in printed order. Continuous covariates are scaled to mean 0 and SD 1 (which
            leaves the score as it is). The first term is the intercept.
        """
        terms = [np.ones(self.columns[0].shape)]
        for covariate, column in zip(self.covariates, self.columns, strict=True):
            if covariate.type == "continuous":
                spread = column.std(axis=1, keepdims=True)
                terms.append((column - column.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1))
            elif coding == "codes":
                terms.append(column.astype(float))
            else:
                terms += [(column == level).astype(float) for level in _present(covariate)[1:]]
        return np.stack(terms, axis=-1)


def draw(
    covariates: tuple[Covariate, ...],
    arms: tuple[str, str],
    cohorts: int,
    rng: np.random.Generator,
    dependence: Dependence = INDEPENDENT,
    shape: Shape = "normal",
) -> Cohorts:
    """Draw cohorts with the printed margins in each arm.

    Behind each covariate stands a normal variable, correlated with the others as `dependence` says, within each arm.
    The patients of an arm are ranked by it and its levels given out in printed order, so that every cohort has exactly
    the printed number of patients at each level; a continuous covariate is shifted and scaled to exactly the printed
    mean and SD (n - 1 in its denominator).

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
    dependence
        Correlations of the normal variables.
    shape
        Of continuous covariates before they are shifted and scaled: `normal`, or `skewed` to the right as a log-normal
        variable of the printed mean and SD is; with `unknown`, a coin decides for each covariate of each cohort.

    Returns
    -------
    Cohorts

    Raises
    ------
    ValueError
        When the dependence is not feasible.

    References
    ----------
    Nelsen RB. An Introduction to Copulas. Springer 2006. Emrich LJ, Piedmonte MR. Am Stat 1991;45:302-304 (binary
    variables by cutting normal ones).
    """
    names = [covariate.name for covariate in covariates]
    sizes = [covariates[0].arms[arm].n for arm in arms]
    roots = dependence.roots(names, cohorts, rng)
    factors = len(names) if roots is None else roots.shape[2]
    latent = rng.standard_normal((cohorts, factors, sum(sizes)))
    if roots is not None:
        latent = roots @ latent
    skewed = _skewed(covariates, cohorts, shape, rng)
    parts = np.split(latent, [sizes[0]], axis=2)
    columns = tuple(
        np.concatenate(
            [_column(covariate, arm, part[:, i], skew) for arm, part in zip(arms, parts, strict=True)], axis=1
        )
        for i, (covariate, skew) in enumerate(zip(covariates, skewed, strict=True))
    )
    return Cohorts(np.repeat([True, False], sizes), columns, covariates)


def _skewed(covariates: tuple[Covariate, ...], cohorts: int, shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Whether each covariate of each cohort is skewed, shape (covariates, cohorts)."""
    size = (len(covariates), cohorts)
    if shape == "unknown" and any(covariate.type == "continuous" for covariate in covariates):
        return rng.random(size) < 0.5
    return np.full(size, shape == "skewed")


def _column(covariate: Covariate, arm: str, latent: np.ndarray, skewed: np.ndarray) -> np.ndarray:
    """One covariate in one arm, shape (cohorts, patients of the arm)."""
    if covariate.type == "continuous":
        return _continuous(covariate.arms[arm].moments["mean"], covariate.arms[arm].moments["sd"], latent, skewed)
    ranked = np.sort(latent, axis=1)
    levels = np.zeros(latent.shape, dtype=np.int8)
    for below in np.cumsum(level_counts(covariate, arm))[:-1]:
        # the patient with this rank is the first of the next level; behind the last one there is nobody
        if below < latent.shape[1]:
            levels += latent >= ranked[:, below, None]
    return levels


def _continuous(mean: float, sd: float, latent: np.ndarray, skewed: np.ndarray) -> np.ndarray:
    if mean > 0 and skewed.any():
        # the log-normal variable with this coefficient of variation
        latent = np.where(skewed[:, None], np.exp(np.sqrt(np.log1p((sd / mean) ** 2)) * latent), latent)
    centred = latent - latent.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, ddof=1, keepdims=True) if latent.shape[1] > 1 else np.ones((len(latent), 1))
    values: np.ndarray = mean + sd * centred / spread
    return values


def _present(covariate: Covariate) -> np.ndarray:
    """Levels that any patient of either arm has."""
    return np.flatnonzero(sum(level_counts(covariate, arm) for arm in covariate.arms))


def level_counts(covariate: Covariate, arm: str) -> np.ndarray:
    """Patients at each level; where a table has a single row for a covariate, those of the row and those not of it."""
    summary = covariate.arms[arm]
    counts = summary.counts.astype(int)
    return counts if len(counts) > 1 else np.array([counts[0], summary.n - counts[0]])
