"""Made-up cohorts drawn, matched and assessed, block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from haicbook.matching import cohorts, pairs
from haicbook.matching.calipers import distances
from haicbook.matching.covariates import Covariate
from haicbook.matching.logit import logit_scores
from haicbook.matching.setting import Setting

# entries of a model matrix held at a time: memory stays flat however many cohorts there are
_ENTRIES = 500_000
_BISECTIONS = 16


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


def places(covariates: Sequence[Covariate], arms: tuple[str, str]) -> list[tuple[Covariate, str, int, str]]:
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
    covariates: tuple[Covariate, ...],
    arms: tuple[str, str],
    settings: Sequence[Setting],
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
        drawn = cohorts.draw(
            covariates, arms, min(block, replicates - start), rng, settings[0].dependence, settings[0].shape
        )
        for results, result in zip(found, _matched(drawn, settings, wanted_pairs, rng), strict=True):
            results.append(result)
    return [
        Matchings(np.concatenate([sizes for sizes, _ in blocks]), np.concatenate([margins for _, margins in blocks]))
        for blocks in found
    ]


def _matched(
    drawn: cohorts.Cohorts, settings: Sequence[Setting], wanted: int | None, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    logits: dict[str, np.ndarray] = {}
    for setting in settings:
        if setting.score_model not in logits:
            design = drawn.design("codes" if setting.score_model == "codes" else "levels")
            logits[setting.score_model] = logit_scores(design, drawn.treated, setting.score_model)
        partners = match_cohorts(logits[setting.score_model], drawn.treated, setting, wanted, rng)
        yield matched_margins(drawn, partners)


def match_cohorts(
    logits: np.ndarray, treated: np.ndarray, setting: Setting, wanted: int | None, rng: np.random.Generator
) -> np.ndarray:
    """Partners of the experimental patients, shape (cohorts, experimental patients, ratio), -1 for none."""
    positions, units = distances(logits, setting.caliper_scale)
    positions = pairs.tied(positions)
    # a random order is the same for each width that a bisection tries
    seed = int(rng.integers(2**63)) if setting.order == "random" else 0

    def within(caliper: np.ndarray) -> np.ndarray:
        return pairs.greedy(
            positions,
            treated,
            caliper,
            order=setting.order,
            ratio=setting.ratio,
            replace=setting.replacement,
            rng=np.random.default_rng(seed),
        )

    if setting.caliper is not None:
        return within(setting.caliper * units)
    if wanted is None:
        raise ValueError("no number of pairs is printed; a caliper of None needs one")
    low, high = np.zeros(len(positions)), np.ptp(positions, axis=1)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = (within(middle)[:, :, 0] >= 0).sum(axis=1) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return within(high)


def matched_margins(drawn: cohorts.Cohorts, partners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of the matched arms and margins of the matched patients; see :class:`Matchings`."""
    paired = partners >= 0
    weights = np.zeros((len(partners), len(drawn.treated)))
    weights[:, drawn.treated] = paired[:, :, 0]
    cohort, member, turn = np.nonzero(paired)
    flat = np.bincount(cohort * weights.shape[1] + partners[cohort, member, turn], minlength=weights.size)
    return margins_of_weights(drawn, weights + flat.reshape(weights.shape))


def margins_of_weights(drawn: cohorts.Cohorts, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and margins of cohorts whose patients count so many times, weights of shape (cohorts, patients)."""
    by_arm = [weights[:, arm] for arm in (drawn.treated, ~drawn.treated)]
    sizes = np.stack([taken.sum(axis=1) for taken in by_arm], axis=1)
    margins: list[np.ndarray] = []
    for covariate, values in zip(drawn.covariates, drawn.columns, strict=True):
        for arm, taken, size in zip((drawn.treated, ~drawn.treated), by_arm, sizes.T, strict=True):
            margins += _margins_of(covariate, values[:, arm], taken, size)
    return sizes.astype(int), np.stack(margins, axis=1)


def _margins_of(covariate: Covariate, values: np.ndarray, taken: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
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
