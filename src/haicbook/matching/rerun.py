"""The paper's matching, run again on made-up cohorts that have its printed margins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from haicbook.matching import cohorts, nearest
from haicbook.matching.covariates import Covariate, printed_covariates
from haicbook.matching.nearest import CaliperScale
from haicbook.study import Paper
from haicbook.words import label

BEFORE, AFTER = "before_psm", "after_psm"
MARGIN_COLUMNS = [
    *("covariate", "label", "level", "level_label", "arm", "statistic", "printed"),
    *("median", "low", "high", "printed_share", "median_share", "low_share", "high_share"),
]
# one array program for this many cohorts at a time keeps memory flat
_BLOCK = 250


@dataclass(frozen=True, eq=False)
class Rerun:
    """What matching gives on cohorts with the printed margins and independent covariates.

    Attributes
    ----------
    caliper, caliper_scale
        As given; an infinite caliper is none.
    covariates
        What the propensity score was made of.
    pairs
        Matched pairs in each replicate, shape (replicates,).
    printed_pairs
        Pairs that the paper prints; None when it prints no matched population.
    matched
        Matched margins, shape (replicates, margins): patients at a level, or the mean of a continuous covariate (NaN
        without pairs); the columns are the rows of `margins`.
    margins
        One row for each matched margin: `covariate`, `label`, `level` (empty for a mean), `level_label`, `arm`,
        `statistic` (`n` or `mean`), `printed` (after matching; NaN where not printed), the replicates' `median`, and
        their 2.5 % and 97.5 % points `low` and `high`; for counts the same as shares of the matched patients in
        `printed_share`, `median_share`, `low_share`, `high_share`.
    notes
        What was left out or assumed, in sentences.
    """

    caliper: float
    caliper_scale: CaliperScale
    covariates: tuple[str, ...]
    pairs: np.ndarray
    printed_pairs: int | None
    matched: np.ndarray = field(repr=False)
    margins: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...]


def rerun(
    paper: Paper, caliper: float, caliper_scale: CaliperScale, replicates: int, rng: np.random.Generator
) -> Rerun:
    """Draw cohorts with the printed margins before matching, match each as described, and collect what comes out.

    Logistic propensity score on the paper's matching covariates, greedy 1:1 nearest neighbour, largest score first,
    without replacement. Covariates are independent within an arm, which no cohort of patients is: margins leave their
    dependence open. A covariate whose printed levels do not sum to the arm's n is left out, and a note says so.

    Parameters
    ----------
    paper
        The study.
    caliper
        Largest difference within a pair, in units of `caliper_scale`; above 0, infinite for none.
    caliper_scale
        `score`, `sd_score` or `sd_logit`; see :func:`haicbook.matching.nearest.distances`.
    replicates
        How many cohorts, at least 1.
    rng
        Source of randomness.

    Returns
    -------
    Rerun

    Raises
    ------
    ValueError
        When the study was not matched, prints no table before matching, has a matching covariate that no table prints,
        or a setting is out of range; says what is missing.
    """
    _require_settings(caliper, caliper_scale, replicates)
    used, notes = _matching_covariates(paper)
    arms = str(paper.spec.experimental), str(paper.spec.comparator)
    after = {c.name: c for c in printed_covariates(paper, AFTER)} if AFTER in paper.spec.populations else {}
    blocks = list(_blocks(used, arms, caliper, caliper_scale, replicates, rng))
    pairs = np.concatenate([block[0] for block in blocks])
    matched = np.concatenate([block[1] for block in blocks])
    printed_pairs = paper.spec.populations[AFTER].n[arms[0]] if AFTER in paper.spec.populations else None
    margins = _margins(used, arms, after, pairs, matched)
    names = tuple(covariate.name for covariate in used)
    return Rerun(caliper, caliper_scale, names, pairs, printed_pairs, matched, margins, notes)


# --- what the paper prints --------------------------------------------------------------------------------------------


def _require_settings(caliper: float, caliper_scale: str, replicates: int) -> None:
    problems = []
    if not caliper > 0:
        problems.append(f"caliper is {caliper}, allowed is a number above 0 (infinite for none)")
    if caliper_scale not in nearest.CALIPER_SCALES:
        problems.append(f"caliper_scale is {caliper_scale!r}, allowed is {', '.join(nearest.CALIPER_SCALES)}")
    if replicates < 1:
        problems.append(f"replicates is {replicates}, allowed is 1 and more")
    if problems:
        raise ValueError("; ".join(problems))


def _matching_covariates(paper: Paper) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """The covariates to match on, and a note for each that is left out."""
    if paper.spec.matching is None:
        raise ValueError(f"{paper.study} was not matched; there is no matching to run again")
    printed = {c.name: c for c in printed_covariates(paper, BEFORE)} if BEFORE in paper.spec.populations else {}
    if not printed:
        lost = " ".join(paper.lost("baseline", "Table 1")) or "No baseline table before matching is printed."
        raise ValueError(f"{paper.study} cannot be matched again without its margins before matching. {lost}")
    missing = [name for name in paper.spec.matching.covariates if name not in printed]
    if missing:
        raise ValueError(
            f"{paper.study} matched on {', '.join(missing)}, which no table before matching prints; "
            f"the table has {', '.join(printed)}"
        )
    asked = [printed[name] for name in paper.spec.matching.covariates]
    reasons = {covariate.name: _unusable(covariate) for covariate in asked}
    used = tuple(covariate for covariate in asked if not reasons[covariate.name])
    if not used:
        raise ValueError(f"{paper.study} prints no matching covariate that adds up: {'; '.join(reasons.values())}")
    return used, tuple(f"{label(name)} is left out: {reason}." for name, reason in reasons.items() if reason)


def _unusable(covariate: Covariate) -> str:
    """Why no cohort can be drawn with these margins; empty when one can."""
    summaries = covariate.arms.values()
    if covariate.type == "continuous":
        complete = all({"mean", "sd"} <= set(summary.moments) for summary in summaries)
        return "" if complete else "mean and SD are not printed for both arms"
    if not all(summary.counted for summary in summaries):
        return "not every level has a printed count"
    return "; ".join(covariate.misfits)


# --- the run ----------------------------------------------------------------------------------------------------------


def _blocks(
    covariates: tuple[Covariate, ...],
    arms: tuple[str, str],
    caliper: float,
    scale: CaliperScale,
    replicates: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(pairs, matched margins) of one block of replicates after the other."""
    for start in range(0, replicates, _BLOCK):
        drawn = cohorts.draw(covariates, arms, min(_BLOCK, replicates - start), rng)
        logits = nearest.logit_scores(drawn.design(), drawn.treated)
        positions, units = nearest.distances(logits, scale)
        partners = nearest.match(positions, drawn.treated, caliper * units)
        yield (partners >= 0).sum(axis=1), _matched_margins(drawn, partners)


def _matched_margins(drawn: cohorts.Cohorts, partners: np.ndarray) -> np.ndarray:
    """Margins of the matched patients, shape (cohorts, margins); by covariate, experimental arm first."""
    paired = partners >= 0
    weights = np.zeros((len(partners), len(drawn.treated)))
    weights[:, drawn.treated] = paired
    row, column = np.nonzero(paired)
    weights[row, partners[row, column]] = 1
    margins = []
    for covariate, values in zip(drawn.covariates, drawn.columns, strict=True):
        for arm in (drawn.treated, ~drawn.treated):
            taken, values_of_arm = weights[:, arm], values[:, arm]
            if covariate.type == "continuous":
                size = taken.sum(axis=1)
                margins.append(np.where(size > 0, (taken * values_of_arm).sum(axis=1) / np.maximum(size, 1), math.nan))
            else:
                margins += [(taken * (values_of_arm == level)).sum(axis=1) for level in range(_levels(covariate))]
    return np.stack(margins, axis=1)


def _levels(covariate: Covariate) -> int:
    return max(2, len(covariate.levels))


# --- beside the print -------------------------------------------------------------------------------------------------


def _margins(
    covariates: tuple[Covariate, ...],
    arms: tuple[str, str],
    after: dict[str, Covariate],
    pairs: np.ndarray,
    matched: np.ndarray,
) -> pd.DataFrame:
    places = [place for covariate in covariates for arm in arms for place in _places(covariate, arm, after)]
    rows = [
        [*place, *_spread(matched[:, i]), share, *_spread(_shares(matched[:, i], pairs, place[5]))]
        for i, (*place, share) in enumerate(places)
    ]
    return pd.DataFrame(rows, columns=MARGIN_COLUMNS)


def _places(covariate: Covariate, arm: str, after: dict[str, Covariate]) -> Iterator[list[object]]:
    """Identity, printed value and printed share of each margin of a covariate in one arm."""
    printed = after.get(covariate.name)
    words = label(covariate.name)
    if covariate.type == "continuous":
        mean = printed.arms[arm].moments.get("mean", math.nan) if printed else math.nan
        yield [covariate.name, words, "", "", arm, "mean", mean, math.nan]
        return
    single = len(covariate.levels) == 1
    names = [*covariate.levels, "other"] if single else list(covariate.levels)
    labels = [covariate.level_labels[0], f"not {covariate.level_labels[0]}"] if single else covariate.level_labels
    for level, (name, level_label) in enumerate(zip(names, labels, strict=True)):
        count, size = math.nan, math.nan
        if printed and printed.arms[arm].counted:
            size = printed.arms[arm].n
            # both tables list the levels in the order of the first
            count = float(cohorts.level_counts(printed, arm)[level])
        yield [covariate.name, words, name, level_label, arm, "n", count, count / size]


def _shares(counts: np.ndarray, pairs: np.ndarray, statistic: object) -> np.ndarray:
    if statistic != "n":
        return np.full(len(counts), math.nan)
    return np.where(pairs > 0, counts / np.maximum(pairs, 1), math.nan)


def _spread(values: np.ndarray) -> tuple[float, float, float]:
    """Median, 2.5 % and 97.5 % point of the replicates that have a value."""
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan, math.nan, math.nan
    median, low, high = np.quantile(known, [0.5, 0.025, 0.975])
    return float(median), float(low), float(high)
