"""The paper's matching, run again on synthetic cohorts that have its printed margins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from haicbook.matching.balance.baseline import PrintedCovariate
from haicbook.matching.rerun.cohorts import Matchings, level_counts, places, rematch
from haicbook.matching.rerun.discrepancy import MarginDiscrepancy, discrepancy
from haicbook.matching.rerun.margins import Margins, printed_margins, usable
from haicbook.matching.rerun.settings import RerunSetting
from haicbook.study import Paper
from haicbook.words import label

# covariate, arm, level, statistic
Spot = tuple[PrintedCovariate, str, int, str]
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
        `p`, `p_adjusted` of :class:`haicbook.matching.rerun.discrepancy.MarginDiscrepancy`, for shares, means and SDs.
    discrepancy
        The printed matched table as a whole.
    notes
        What was left out or assumed, in sentences.
    """

    setting: RerunSetting
    arms: tuple[str, str]
    covariates: tuple[str, ...]
    pairs: np.ndarray
    printed_pairs: int | None
    p_pairs: float
    matched: np.ndarray = field(repr=False)
    margins: pd.DataFrame = field(repr=False)
    discrepancy: MarginDiscrepancy = field(repr=False)
    notes: tuple[str, ...]

    def rows_of(self, covariate: str, level: str) -> pd.DataFrame:
        """The rows of `margins` for a covariate's level, one for each arm."""
        return self.margins[(self.margins.covariate == covariate) & (self.margins.level == level)]

    def patients(self, covariate: str, level: str) -> tuple[float, float, float]:
        """Matched patients of both arms at a level: 2.5 % point, median and 97.5 % point over the cohorts."""
        rows = self.rows_of(covariate, level)
        if rows.empty:
            return math.nan, math.nan, math.nan
        low, middle, high = np.quantile(self.matched[:, rows.index].sum(axis=1), (0.025, 0.5, 0.975))
        return float(low), float(middle), float(high)


def rerun(printed: Paper | Margins, setting: RerunSetting, cohorts: int, rng: np.random.Generator) -> Rerun:
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
    return reruns(printed, [setting], cohorts, rng)[0]


def reruns(
    printed: Paper | Margins, settings: Sequence[RerunSetting], cohorts: int, rng: np.random.Generator
) -> list[Rerun]:
    """:func:`rerun` under several settings that differ in the matching only, on the same cohorts.

    Dependence, shape and repair are those of the first.
    """
    require(settings, cohorts)
    margins = printed if isinstance(printed, Margins) else printed_margins(printed)
    used, notes = usable(margins, settings[0].repair)
    found = rematch(used, margins.arms, settings, margins.pairs, cohorts, rng)
    return [beside(margins, used, setting, each, notes) for setting, each in zip(settings, found, strict=True)]


def require(settings: Sequence[RerunSetting], cohorts: int) -> None:
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


def beside(
    margins: Margins,
    used: tuple[PrintedCovariate, ...],
    setting: RerunSetting,
    matchings: Matchings,
    notes: tuple[str, ...],
) -> Rerun:
    """Lay what came out beside the print."""
    spots = places(used, margins.arms)
    counts = np.array([statistic == "n" for *_, statistic in spots])
    sizes = matchings.sizes[:, [margins.arms.index(arm) for _, arm, *_ in spots]]
    printed, printed_share = _printed_values(margins.after, spots)
    before, before_share = _printed_values({covariate.name: covariate for covariate in used}, spots)
    found = discrepancy(
        comparable(matchings.margins, sizes, counts, _decimals(margins, spots)),
        np.where(counts, printed_share, printed),
        [covariate.name for covariate, *_ in spots],
        np.array([level != 0 for _, _, level, _ in spots]),
    )
    columns = (
        {"before": before, "printed": printed, "before_share": before_share, "printed_share": printed_share}
        | _spreads(matchings.margins, "")
        | _spreads(_shares(matchings.margins, sizes, counts), "_share")
        | {name: found.rows[name].to_numpy() for name in found.rows}
    )
    return Rerun(
        setting,
        margins.arms,
        tuple(covariate.name for covariate in used),
        matchings.pairs,
        margins.pairs,
        _p_of(matchings.pairs, margins.pairs),
        matchings.margins,
        pd.DataFrame(_names(spots) | columns, columns=MARGIN_COLUMNS),
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


def _printed(covariate: PrintedCovariate | None, arm: str, level: int, statistic: str) -> float:
    """One printed margin; NaN where it is not printed. All tables list the levels in the order of the first."""
    if covariate is None:
        return math.nan
    if statistic != "n":
        return covariate.arms[arm].moments.get(statistic, math.nan)
    return float(level_counts(covariate, arm)[level]) if covariate.arms[arm].counted else math.nan


def _printed_values(printed: Mapping[str, PrintedCovariate], spots: list[Spot]) -> tuple[np.ndarray, np.ndarray]:
    """Printed margins, and for counts their shares of the arm; NaN where there is none."""
    values = np.array([_printed(printed.get(c.name), arm, level, statistic) for c, arm, level, statistic in spots])
    sizes = np.array(
        [printed[c.name].arms[arm].n if s == "n" and c.name in printed else 0 for c, arm, _, s in spots], dtype=float
    )
    return values, np.divide(values, sizes, out=np.full(len(spots), math.nan), where=sizes > 0)


def _names(spots: list[Spot]) -> dict[str, Sequence[str]]:
    rows = []
    for covariate, arm, level, statistic in spots:
        levels, labels = covariate.levels, covariate.level_labels
        if len(levels) == 1:
            levels, labels = (levels[0], "other"), (labels[0], f"not {labels[0]}")
        level_names = ["", ""] if level < 0 else [levels[level], labels[level]]
        rows.append([covariate.name, label(covariate.name), *level_names, arm, statistic])
    return dict(zip(MARGIN_COLUMNS, zip(*rows, strict=True), strict=False))


def _spreads(values: np.ndarray, suffix: str) -> dict[str, np.ndarray]:
    """Median, 2.5 % and 97.5 % point of each column, over the cohorts that have a value."""
    levels = [0.5, 0.025, 0.975]
    points = np.full((3, values.shape[1]), math.nan)
    missing = np.isnan(values)
    # with nothing missing all columns at once, which is faster than one after the other
    whole, some = ~missing.any(axis=0), missing.any(axis=0) & ~missing.all(axis=0)
    if whole.any():
        points[:, whole] = np.quantile(values[:, whole], levels, axis=0)
    if some.any():
        points[:, some] = np.nanquantile(values[:, some], levels, axis=0)
    return {f"{name}{suffix}": row for name, row in zip(("median", "low", "high"), points, strict=True)}


def _p_of(values: np.ndarray, printed: int | None) -> float:
    """Two-sided rank of a printed number among cohorts' numbers and itself."""
    if printed is None:
        return math.nan
    everyone = np.append(values, printed)
    return float(min(1.0, 2 * min((everyone >= printed).mean(), (everyone <= printed).mean())))


# --- named values -----------------------------------------------------------------------------------------------------


def summarise_rerun(rerun: Rerun) -> dict[str, float]:
    """Named values of a re-run.

    Returns
    -------
    dict
        `cohorts`; `pairs` (median, 2.5 % and 97.5 % points), `pairs_printed` and `pairs_p`; of the printed matched
        table as a whole its `distance`, the cohorts' median and 95 % point of it, and its `p`; `rows_beyond`, how many
        rows have an adjusted p below 0.05, of `rows` compared; `p_without`, the largest p of the table when any one
        covariate is left out.
    """
    low, middle, high = np.quantile(rerun.pairs, (0.025, 0.5, 0.975))
    found = rerun.discrepancy
    known = found.distances if len(found.distances) else np.array([np.nan])
    return {
        "cohorts": len(rerun.pairs),
        "pairs": float(middle),
        "pairs.low": float(low),
        "pairs.high": float(high),
        "pairs_printed": float("nan") if rerun.printed_pairs is None else rerun.printed_pairs,
        "pairs_p": rerun.p_pairs,
        "p": found.p,
        "p_without": float(found.drivers.p_without.max()),
        "distance": found.distance,
        "distance.median": float(np.median(known)),
        "distance.high": float(np.quantile(known, 0.95)),
        "rows": int(found.rows.p.notna().sum()),
        "rows_beyond": int((found.rows.p_adjusted < 0.05).sum()),
    }


def repeated_counts(rerun: Rerun) -> list[tuple[str, str]]:
    """Pairs of covariates whose printed matched counts are the same, level by level, in both arms: their labels."""
    counts = rerun.margins[(rerun.margins.statistic == "n") & rerun.margins.printed.notna()]
    printed = {label: tuple(rows.printed) for label, rows in counts.groupby("label", sort=False)}
    return [(one, other) for one, other in combinations(printed, 2) if printed[one] == printed[other]]
