"""Synthetic cohorts with the margins that a baseline table prints: drawn, and matched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from haicbook.matching.balance.baseline import PrintedCovariate
from haicbook.matching.engine.pairs import distances, narrowest, pair, queued, tied
from haicbook.matching.engine.scores import logit_scores
from haicbook.matching.rerun.settings import INDEPENDENT, Dependence, RerunSetting, Shape

Coding = Literal["levels", "codes"]


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Many synthetic cohorts with the same printed margins; synthetic, never patients.

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
    covariates: tuple[PrintedCovariate, ...]

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
    covariates: tuple[PrintedCovariate, ...],
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


def _skewed(
    covariates: tuple[PrintedCovariate, ...], cohorts: int, shape: Shape, rng: np.random.Generator
) -> np.ndarray:
    """Whether each covariate of each cohort is skewed, shape (covariates, cohorts)."""
    size = (len(covariates), cohorts)
    if shape == "unknown" and any(covariate.type == "continuous" for covariate in covariates):
        return rng.random(size) < 0.5
    return np.full(size, shape == "skewed")


def _column(covariate: PrintedCovariate, arm: str, latent: np.ndarray, skewed: np.ndarray) -> np.ndarray:
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


def _present(covariate: PrintedCovariate) -> np.ndarray:
    """Levels that any patient of either arm has."""
    return np.flatnonzero(sum(level_counts(covariate, arm) for arm in covariate.arms))


def level_counts(covariate: PrintedCovariate, arm: str) -> np.ndarray:
    """Patients at each level; where a table has a single row for a covariate, those of the row and those not of it."""
    summary = covariate.arms[arm]
    counts = summary.counts.astype(int)
    return counts if len(counts) > 1 else np.array([counts[0], summary.n - counts[0]])


# --- drawn and matched, block by block --------------------------------------------------------------------------------


# entries of a model matrix held at a time: memory stays flat however many cohorts there are
_ENTRIES = 500_000


@dataclass(frozen=True, eq=False)
class Matchings:
    """What matching gave in each of many cohorts.

    Attributes
    ----------
    sizes
        Matched patients of the experimental and the comparator arm, shape (cohorts, 2). With replacement a comparator
        patient counts once for each pair.
    margins
        Shape (cohorts, margins): patients at a level, or mean and SD of a continuous covariate (NaN without patients);
        by covariate, experimental arm first, in the order of :func:`places`.
    """

    sizes: np.ndarray
    margins: np.ndarray

    @property
    def pairs(self) -> np.ndarray:
        """Experimental patients that have a partner, shape (cohorts,)."""
        found: np.ndarray = self.sizes[:, 0]
        return found


def places(
    covariates: Sequence[PrintedCovariate], arms: tuple[str, str]
) -> list[tuple[PrintedCovariate, str, int, str]]:
    """(covariate, arm, level, statistic) of each matched margin; the level is -1 for `mean` and `sd`."""
    return [
        (covariate, arm, level, statistic)
        for covariate in covariates
        for arm in arms
        for level, statistic in (
            [(-1, "mean"), (-1, "sd")]
            if covariate.type == "continuous"
            else [(level, "n") for level in range(max(2, len(covariate.levels)))]
        )
    ]


def rematch(
    covariates: tuple[PrintedCovariate, ...],
    arms: tuple[str, str],
    settings: Sequence[RerunSetting],
    wanted_pairs: int | None,
    replicates: int,
    rng: np.random.Generator,
) -> list[Matchings]:
    """Draw cohorts with the printed margins and match each under several settings.

    Parameters
    ----------
    covariates
        Margins that fit.
    arms
        Experimental arm and comparator.
    settings
        All with the dependence and the shape of the first: they share the cohorts.
    wanted_pairs
        For settings whose caliper is None.
    replicates
        Cohorts to draw.
    rng
        Source of randomness.

    Returns
    -------
    list of Matchings
        One for each setting.
    """
    size = sum(covariates[0].arms[arm].n for arm in arms)
    terms = 1 + sum(max(1, len(covariate.levels)) for covariate in covariates)
    block = max(1, min(replicates, _ENTRIES // (size * terms)))
    found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in settings]
    for start in range(0, replicates, block):
        drawn = draw(covariates, arms, min(block, replicates - start), rng, settings[0].dependence, settings[0].shape)
        for results, result in zip(found, _matched(drawn, settings, wanted_pairs, rng), strict=True):
            results.append(result)
    return [
        Matchings(np.concatenate([sizes for sizes, _ in blocks]), np.concatenate([margins for _, margins in blocks]))
        for blocks in found
    ]


def _matched(
    drawn: Cohorts, settings: Sequence[RerunSetting], wanted: int | None, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    logits: dict[str, np.ndarray] = {}
    for setting in settings:
        if setting.score_model not in logits:
            design = drawn.design("codes" if setting.score_model == "codes" else "levels")
            logits[setting.score_model] = logit_scores(design, drawn.treated, setting.score_model)
        partners = match_cohorts(logits[setting.score_model], drawn.treated, setting, wanted, rng)
        yield matched_margins(drawn, partners)


def match_cohorts(
    logits: np.ndarray, treated: np.ndarray, setting: RerunSetting, wanted: int | None, rng: np.random.Generator
) -> np.ndarray:
    """Partners of the experimental patients, shape (cohorts, experimental patients, ratio), -1 for none."""
    positions, units = distances(logits, setting.caliper_scale)
    if setting.order == "random":
        rng = np.random.default_rng(int(rng.integers(2**63)))
    cohorts = queued(tied(positions), treated, setting.order, rng)
    rules = setting.order, setting.ratio
    if setting.caliper is not None:
        return pair(cohorts, setting.caliper * units, *rules, replace=setting.replacement)[0]
    if wanted is None:
        raise ValueError("no number of pairs is printed; a caliper of None needs one")
    return narrowest(cohorts, wanted, *rules, replace=setting.replacement)


def matched_margins(drawn: Cohorts, partners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of the matched arms and margins of the matched patients; see :class:`Matchings`."""
    paired = partners >= 0
    weights = np.zeros((len(partners), len(drawn.treated)))
    weights[:, drawn.treated] = paired[:, :, 0]
    cohort, member, turn = np.nonzero(paired)
    flat = np.bincount(cohort * weights.shape[1] + partners[cohort, member, turn], minlength=weights.size)
    return margins_of_weights(drawn, weights + flat.reshape(weights.shape))


def margins_of_weights(drawn: Cohorts, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and margins of cohorts whose patients count so many times, weights of shape (cohorts, patients)."""
    by_arm = [weights[:, arm] for arm in (drawn.treated, ~drawn.treated)]
    sizes = np.stack([taken.sum(axis=1) for taken in by_arm], axis=1)
    margins: list[np.ndarray] = []
    for covariate, values in zip(drawn.covariates, drawn.columns, strict=True):
        for arm, taken, size in zip((drawn.treated, ~drawn.treated), by_arm, sizes.T, strict=True):
            margins += _margins_of(covariate, values[:, arm], taken, size)
    return sizes.astype(int), np.stack(margins, axis=1)


def _margins_of(
    covariate: PrintedCovariate, values: np.ndarray, taken: np.ndarray, size: np.ndarray
) -> list[np.ndarray]:
    """Of one covariate in one arm: patients at each level, or mean and SD."""
    if covariate.type != "continuous":
        *others, last = range(max(2, len(covariate.levels)))
        counts = [np.einsum("ij,ij->i", taken, values == level) for level in others]
        return [*counts, size - sum(counts)] if last else counts
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.einsum("ij,ij->i", taken, values) / size
        squares = np.einsum("ij,ij->i", taken, (values - mean[:, None]) ** 2)
        sd = np.sqrt(squares / (size - 1))
    return [np.where(size > 0, mean, math.nan), np.where(size > 1, sd, math.nan)]
