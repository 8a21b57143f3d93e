"""The paper's matching, run again on made-up cohorts that have its printed margins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from haicbook.matching.cohorts import level_counts
from haicbook.matching.covariates import Covariate
from haicbook.matching.margins import Margins, printed_margins, usable
from haicbook.matching.rematch import Matchings, places, rematch
from haicbook.matching.setting import Setting
from haicbook.matching.surprise import Surprise, surprise
from haicbook.study import Paper
from haicbook.words import label

# covariate, arm, level, statistic
Spot = tuple[Covariate, str, int, str]
MARGIN_COLUMNS = [
    *("covariate", "label", "level", "level_label", "arm", "statistic", "before", "printed"),
    *(
        "median",
        "low",
        "high",
        "before_share",
        "printed_share",
        "median_share",
        "low_share",
        "high_share",
        "z",
        "p",
        "p_adjusted",
    ),
]


@dataclass(frozen=True, eq=False)
class Rerun:
    """What matching gives on cohorts with the printed margins.

    Attributes
    ----------
    setting
        How they were drawn and matched.
    arms
        Experimental arm and comparator.
    covariates
        What the propensity score was made of.
    pairs
        Matched pairs in each cohort, shape (cohorts,).
    printed_pairs
        Pairs that the paper prints; None when it prints no matched population.
    p_pairs
        Two-sided rank of the printed number of pairs among the cohorts'; NaN without one.
    matched
        Matched margins, shape (cohorts, margins): patients at a level, or mean and SD of a continuous covariate (NaN
        without pairs); the columns are the rows of `margins`.
    margins
        One row for each matched margin: `covariate`, `label`, `level` (empty for moments), `level_label`, `arm`,
        `statistic` (`n`, `mean` or `sd`), values `before` (as repaired) and after matching (`printed`; NaN where not
        printed), the cohorts' `median`, and their 2.5 % and 97.5 % points `low` and `high`; for counts the same as
        shares of the patients in `before_share`, `printed_share`, `median_share`, `low_share`, `high_share`; and `z`,
        `p`, `p_adjusted` of :class:`haicbook.matching.surprise.Surprise`, for shares, means and SDs.
    surprise
        The printed matched table as a whole.
    notes
        What was left out or assumed, in sentences.
    """

    setting: Setting
    arms: tuple[str, str]
    covariates: tuple[str, ...]
    pairs: np.ndarray
    printed_pairs: int | None
    p_pairs: float
    matched: np.ndarray = field(repr=False)
    margins: pd.DataFrame = field(repr=False)
    surprise: Surprise = field(repr=False)
    notes: tuple[str, ...]


def rerun(printed: Paper | Margins, setting: Setting, cohorts: int, rng: np.random.Generator) -> Rerun:
    """Draw cohorts with the printed margins before matching, match each as described, and collect what comes out.

    Margins leave the dependence between covariates open, so it is part of the setting, with everything else that a
    paper does not state.

    Parameters
    ----------
    printed
        The study, or :class:`Margins` of any other.
    setting
        How to draw and to match.
    cohorts
        How many, at least 1.
    rng
        Source of randomness.

    Returns
    -------
    Rerun

    Raises
    ------
    ValueError
        When the study was not matched, prints no table before matching, has a matching covariate that no table prints
        or whose margins contradict themselves without a repair, or a setting is out of range; says what is missing.
    """
    require([setting], cohorts)
    margins = printed if isinstance(printed, Margins) else printed_margins(printed)
    used, notes = usable(margins, setting.repair)
    (matchings,) = rematch(used, margins.arms, [setting], margins.pairs, cohorts, rng)
    return assess(margins, used, setting, matchings, notes)


def require(settings: list[Setting], cohorts: int) -> None:
    """Refuse settings out of range, all of them at once.

    Raises
    ------
    ValueError
        Says what was found and what is allowed.
    """
    problems = list(dict.fromkeys(problem for setting in settings for problem in setting.problems()))
    if cohorts < 1:
        problems.append(f"cohorts is {cohorts}, allowed is 1 and more")
    if problems:
        raise ValueError("; ".join(problems))


# --- beside the print -------------------------------------------------------------------------------------------------


def assess(
    margins: Margins, used: tuple[Covariate, ...], setting: Setting, matchings: Matchings, notes: tuple[str, ...]
) -> Rerun:
    """Lay what came out beside the print."""
    spots = places(used, margins.arms)
    counts = np.array([statistic == "n" for *_, statistic in spots])
    sizes = matchings.sizes[:, [margins.arms.index(arm) for _, arm, *_ in spots]]
    names = _names(spots)
    printed, share = _printed_values(margins.after, spots)
    found = surprise(
        comparable(matchings.margins, sizes, counts, _decimals(margins, spots)),
        np.where(counts, share, printed),
        list(names.covariate),
        np.array([level != 0 for _, _, level, _ in spots]),
    )
    before, before_share = _printed_values({covariate.name: covariate for covariate in used}, spots)
    spreads = _spreads(matchings.margins, "") | _spreads(_shares(matchings.margins, sizes, counts), "_share")
    columns = {"before": before, "printed": printed, "before_share": before_share, "printed_share": share}
    table = pd.concat([names.assign(**columns, **spreads), found.rows], axis=1)[MARGIN_COLUMNS]
    return Rerun(
        setting,
        margins.arms,
        tuple(covariate.name for covariate in used),
        matchings.pairs,
        margins.pairs,
        _p_of(matchings.pairs, margins.pairs),
        matchings.margins,
        table,
        found,
        notes,
    )


def comparable(
    margins: np.ndarray, sizes: np.ndarray, shares: np.ndarray, decimals: np.ndarray | None = None
) -> np.ndarray:
    """Matched margins as a paper prints them, shape (cohorts, margins): counts as shares, moments rounded.

    Parameters
    ----------
    margins, sizes
        Matched margins, and the matched patients that each is of; shape (cohorts, margins).
    shares
        Which margins are counts, shape (margins,).
    decimals
        Printed decimals of the others, shape (margins,); negative for not rounded.
    """
    values = np.where(shares, _shares(margins, sizes, shares), margins)
    for place in np.flatnonzero(np.zeros(len(shares)) if decimals is None else (decimals >= 0) & ~shares):
        assert decimals is not None
        values[:, place] = np.round(values[:, place], int(decimals[place]))
    return values


def _shares(margins: np.ndarray, sizes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Counts as shares of the matched patients; NaN for what is no count, and without patients."""
    return np.where(shares & (sizes > 0), margins / np.maximum(sizes, 1), math.nan)


def _decimals(margins: Margins, spots: list[Spot]) -> np.ndarray:
    after = margins.after
    return np.array(
        [after[c.name].arms[arm].decimals.get(s, -1) if c.name in after else -1 for c, arm, _, s in spots], dtype=int
    )


def _printed(covariate: Covariate | None, arm: str, level: int, statistic: str) -> float:
    """One printed margin; NaN where it is not printed. All tables list the levels in the order of the first."""
    if covariate is None:
        return math.nan
    if statistic != "n":
        return covariate.arms[arm].moments.get(statistic, math.nan)
    return float(level_counts(covariate, arm)[level]) if covariate.arms[arm].counted else math.nan


def _printed_values(printed: Mapping[str, Covariate], spots: list[Spot]) -> tuple[np.ndarray, np.ndarray]:
    """Printed margins, and for counts their shares of the arm; NaN where there is none."""
    values = np.array([_printed(printed.get(c.name), arm, level, statistic) for c, arm, level, statistic in spots])
    sizes = np.array(
        [printed[c.name].arms[arm].n if s == "n" and c.name in printed else 0 for c, arm, _, s in spots], dtype=float
    )
    return values, np.divide(values, sizes, out=np.full(len(spots), math.nan), where=sizes > 0)


def _names(spots: list[Spot]) -> pd.DataFrame:
    rows = []
    for covariate, arm, level, statistic in spots:
        levels, labels = covariate.levels, covariate.level_labels
        if len(levels) == 1:
            levels, labels = (levels[0], "other"), (labels[0], f"not {labels[0]}")
        level_names = ["", ""] if level < 0 else [levels[level], labels[level]]
        rows.append([covariate.name, label(covariate.name), *level_names, arm, statistic])
    return pd.DataFrame(rows, columns=MARGIN_COLUMNS[:6])


def _spreads(values: np.ndarray, suffix: str) -> dict[str, np.ndarray]:
    """Median, 2.5 % and 97.5 % point of each column, over the cohorts that have a value."""
    points = np.full((3, values.shape[1]), math.nan)
    known = ~np.isnan(values).all(axis=0)
    if known.any():
        points[:, known] = np.nanquantile(values[:, known], [0.5, 0.025, 0.975], axis=0)
    return {f"{name}{suffix}": row for name, row in zip(("median", "low", "high"), points, strict=True)}


def _p_of(values: np.ndarray, printed: int | None) -> float:
    """Two-sided rank of a printed number among cohorts' numbers and itself."""
    if printed is None:
        return math.nan
    everyone = np.append(values, printed)
    return float(min(1.0, 2 * min((everyone >= printed).mean(), (everyone <= printed).mean())))
