"""Whether honest papers are found surprising as often as they should be: papers made up, matched, printed, re-run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from haicbook.matching.balance.baseline import PrintedArm, PrintedCovariate
from haicbook.matching.engine.scores import logit_scores
from haicbook.matching.rerun.cohorts import (
    Cohorts,
    Matchings,
    level_counts,
    margins_of_weights,
    match_cohorts,
    matched_margins,
    places,
)
from haicbook.matching.rerun.margins import Margins
from haicbook.matching.rerun.reruns import rerun
from haicbook.matching.rerun.settings import RerunSetting


@dataclass(frozen=True, eq=False)
class HonestPapers:
    """p-values of honest papers.

    Attributes
    ----------
    p
        Of each paper's matched table as a whole, shape (papers,).
    smallest_row
        The smallest adjusted p-value of its rows, shape (papers,).
    p_pairs
        Of its number of pairs, shape (papers,).
    """

    p: np.ndarray
    smallest_row: np.ndarray
    p_pairs: np.ndarray

    def rejected(self, level: float = 0.05) -> float:
        """Share of papers whose table is found surprising at a level."""
        return float((self.p <= level).mean())


def calibrate(
    template: Margins, truth: RerunSetting, assumed: RerunSetting, papers: int, cohorts: int, rng: np.random.Generator
) -> HonestPapers:
    """Make up honest papers and run each of them again.

    Each paper's patients are drawn anew: in each arm, from a population with the shares, means and SDs of the template
    and the dependence of `truth`, so that margins differ from paper to paper and are not met exactly. They are matched
    as `truth` says; the paper prints counts, and means and SDs to one decimal, before and after. The re-run knows the
    print, and assumes `assumed`.

    Parameters
    ----------
    template
        Margins to take shares, means and SDs from.
    truth, assumed
        How the papers came about, and what the re-run takes for it.
    papers, cohorts
        How many papers, and cohorts for each.
    rng
        Source of randomness.

    Returns
    -------
    HonestPapers
    """
    rows = []
    for _ in range(papers):
        found = rerun(honest_paper(template, truth, rng), assumed, cohorts, rng)
        rows.append([found.discrepancy.p, found.discrepancy.rows.p_adjusted.min(), found.p_pairs])
    return HonestPapers(*np.array(rows).T)


def honest_paper(template: Margins, truth: RerunSetting, rng: np.random.Generator) -> Margins:
    """One paper whose print is what its patients and its matching gave; see :func:`calibrate`."""
    covariates = template.before
    cohort = _patients(template, truth, rng)
    everyone = Matchings(*margins_of_weights(cohort, np.ones((1, len(cohort.treated)))))
    before = _printed(covariates, template.arms, everyone)
    # the levels that patients have are those of this paper
    cohort = replace(cohort, covariates=before)
    design = cohort.design("codes" if truth.score_model == "codes" else "levels")
    logits = logit_scores(design, cohort.treated, truth.score_model)
    partners = match_cohorts(logits, cohort.treated, truth, template.pairs, rng)
    matched = Matchings(*matched_margins(cohort, partners))
    after = _printed(covariates, template.arms, matched)
    return Margins(
        "an honest paper", template.arms, before, {covariate.name: covariate for covariate in after}, matched.pairs[0]
    )


def _patients(template: Margins, truth: RerunSetting, rng: np.random.Generator) -> Cohorts:
    """One cohort whose margins are met on average only."""
    from scipy.special import ndtr

    names = [covariate.name for covariate in template.before]
    sizes = [template.before[0].arms[arm].n for arm in template.arms]
    roots = truth.dependence.roots(names, 1, rng)
    latent = rng.standard_normal((sum(sizes), len(names) if roots is None else roots.shape[2]))
    latent = latent if roots is None else latent @ roots[0].T
    columns = []
    for covariate, values in zip(template.before, latent.T, strict=True):
        parts = []
        for arm, part in zip(template.arms, np.split(values, [sizes[0]]), strict=True):
            if covariate.type == "continuous":
                moments = covariate.arms[arm].moments
                parts.append(_value(moments["mean"], moments["sd"], part, truth.shape))
            else:
                shares = level_counts(covariate, arm) / covariate.arms[arm].n
                parts.append(np.searchsorted(np.cumsum(shares)[:-1], ndtr(part)))
        columns.append(np.concatenate(parts)[None])
    return Cohorts(np.repeat([True, False], sizes), tuple(columns), template.before)


def _value(mean: float, sd: float, latent: np.ndarray, shape: str) -> np.ndarray:
    """Normal, or log-normal with this mean and SD."""
    if shape == "normal":
        return mean + sd * latent
    variance = np.log1p((sd / mean) ** 2)
    skewed: np.ndarray = mean * np.exp(np.sqrt(variance) * latent - variance / 2)
    return skewed


def _printed(
    covariates: tuple[PrintedCovariate, ...], arms: tuple[str, str], found: Matchings
) -> tuple[PrintedCovariate, ...]:
    """Margins as a paper prints them."""
    values: dict[tuple[str, str], list[float]] = {}
    for (covariate, arm, _, _), value in zip(places(covariates, arms), found.margins[0], strict=True):
        values.setdefault((covariate.name, arm), []).append(value)
    sizes = dict(zip(arms, found.sizes[0].tolist(), strict=True))
    return tuple(
        replace(covariate, arms={arm: _summary(covariate, sizes[arm], values[covariate.name, arm]) for arm in arms})
        for covariate in covariates
    )


def _summary(covariate: PrintedCovariate, size: int, values: list[float]) -> PrintedArm:
    nothing = np.zeros(0)
    if covariate.type == "continuous":
        moments = {name: round(value, 1) for name, value in zip(("mean", "sd"), values, strict=True)}
        return PrintedArm(size, nothing, nothing, moments, {"mean": 1, "sd": 1})
    counts = np.array(values[: max(1, len(covariate.levels))])
    return PrintedArm(size, counts, 100 * counts / max(size, 1), {})
