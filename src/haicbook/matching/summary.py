"""Balance and re-run as a chapter needs them: every population at once, and as named values for the results."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.matching.balance import balance
from haicbook.study import Paper
from haicbook.study.schema import Table, Variable
from haicbook.words import label

if TYPE_CHECKING:
    from haicbook.matching.rerun import Rerun

_CHARACTERISTICS = ("n", "pct", "mean", "sd")
# sizes of groups, and what was done to the patients afterwards
_NOT_BASELINE = ("enrolled", "screened", "n_matched", "haic_courses")


def balances(paper: Paper, confidence: float) -> dict[str, pd.DataFrame]:
    """Balance of every population for which a baseline table is printed.

    Returns
    -------
    dict
        The population's name for the page to its :func:`haicbook.matching.balance`; before matching comes first.
    """
    found = {population.label: balance(paper, name, confidence) for name, population in paper.spec.populations.items()}
    return {words: frame for words, frame in found.items() if frame.smd.notna().any()}


def balances_in_text(paper: Paper, confidence: float) -> dict[str, pd.DataFrame]:
    """As :func:`balances`, from the characteristics that the results print for both arms.

    For papers whose baseline tables are lost.
    """
    claims = paper.select(kind="claim", section="results", statistic=list(_CHARACTERISTICS), endpoint="", grade="")
    claims = claims[claims.source.str.contains("haracteristics") & (claims.arm != "")]
    claims = claims[~claims.term.isin(_NOT_BASELINE)]
    groups = claims.groupby(["term", "level", "population", "statistic"]).arm.transform("nunique")
    shared = claims[groups == len(paper.spec.arms)]
    # a text prints one level of a covariate, and not the same one everywhere: each level is a covariate of its own
    names = (shared.term + "_" + shared.level).str.removesuffix("_yes").str.rstrip("_")
    shared = shared.assign(row=names, label=names.map(label), level="", kind="baseline")
    moments = set(shared[shared.statistic.isin(["mean", "sd"])].row)
    types = {name: Variable(type="continuous" if name in moments else "binary") for name in shared.row.unique()}
    table = Table.model_construct(kind="baseline", variables=types)
    return balances(Paper(paper.spec.model_copy(update={"tables": [table]}), shared, {}), confidence)


def summarise(found: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Named values: covariates judged, how many within 0.1, and the largest difference, before and after."""
    values: dict[str, float] = {}
    for words, frame in found.items():
        judged = frame[frame.smd.notna()]
        name = words.lower().replace(" ", "_")
        values |= {
            f"{name}.judged": len(judged),
            f"{name}.within": int(judged.within_0_1.sum()),
            f"{name}.largest": float(judged.smd.abs().max()),
            f"{name}.interval_width": float((judged.ci_high - judged.ci_low).mean()),
        }
    return values


def summarise_rerun(rerun: Rerun) -> dict[str, float]:
    """Named values of a re-run.

    Returns
    -------
    dict
        `cohorts`; `pairs` (median, 2.5 % and 97.5 % points), `pairs_printed` and `pairs_p`; of the printed matched
        table as a whole its `distance`, the cohorts' median and 95 % point of it, and its `p`; `rows_beyond`, how many
        rows have an adjusted p below 0.05, of `rows` compared.
    """
    low, middle, high = np.quantile(rerun.pairs, (0.025, 0.5, 0.975))
    found = rerun.surprise
    known = found.distances if len(found.distances) else np.array([np.nan])
    return {
        "cohorts": len(rerun.pairs),
        "pairs": float(middle),
        "pairs.low": float(low),
        "pairs.high": float(high),
        "pairs_printed": float("nan") if rerun.printed_pairs is None else rerun.printed_pairs,
        "pairs_p": rerun.p_pairs,
        "p": found.p,
        "distance": found.distance,
        "distance.median": float(np.median(known)),
        "distance.high": float(np.quantile(known, 0.95)),
        "rows": int(found.rows.p.notna().sum()),
        "rows_beyond": int((found.rows.p_adjusted < 0.05).sum()),
    }


def summarise_sensitivity(grid: pd.DataFrame) -> dict[str, float]:
    """Named values of a grid: its `settings`, the largest `p` of the printed table under any, and the watched share.

    `watched.low` and `watched.high` are the smallest 2.5 % and the largest 97.5 % point over the settings, `watched`
    the range of the medians; `surprising` counts the settings with p up to 0.05.
    """
    return {
        "settings": len(grid),
        "surprising": int((grid.p <= 0.05).sum()),
        "largest_p": float(grid.p.max()),
        "watched.least": float(grid.watched.min()),
        "watched.most": float(grid.watched.max()),
        "watched.low": float(grid.watched_low.min()),
        "watched.high": float(grid.watched_high.max()),
        "watched_printed": float(grid.watched_printed.dropna().iloc[0])
        if grid.watched_printed.notna().any()
        else np.nan,
        "pairs.least": float(grid.pairs.min()),
        "pairs.most": float(grid.pairs.max()),
    }


def repeated_counts(rerun: Rerun) -> list[tuple[str, str]]:
    """Pairs of covariates whose printed matched counts are the same, level by level, in both arms: their labels."""
    counts = rerun.margins[(rerun.margins.statistic == "n") & rerun.margins.printed.notna()]
    printed = {label: tuple(rows.printed) for label, rows in counts.groupby("label", sort=False)}
    return [(one, other) for one, other in combinations(printed, 2) if printed[one] == printed[other]]


def known_margins(paper: Paper) -> pd.DataFrame:
    """What is left of the margins that a matching started from and came to, where the tables are lost.

    Returns
    -------
    pandas.DataFrame
        For each matching covariate and each cell of it that is printed for an arm: `covariate`, `label`, `level`,
        `population` (its label), `arm`, `statistic` (as :class:`haicbook.study.Paper` reads the cell), `cell`, `id` of
        its first value. A covariate of which nothing is printed for an arm has one row with empty cells.
    """
    columns = ["covariate", "label", "level", "population", "arm", "statistic", "cell", "id"]
    matching = paper.spec.matching
    claims = paper.select(kind=["claim", "baseline"], endpoint="", grade="", arm=list(paper.spec.arms))
    claims = claims[(claims.kind == "baseline") | claims.source.str.contains("haracteristics")]
    rows = []
    for name in matching.covariates if matching else ():
        # a text names a covariate in the quantity, a table in the row
        of = claims[(claims.term == name) | (claims.row == name)]
        of = of[of.population.isin(list(paper.spec.populations)) & (of.statistic != "p")]
        of = of.drop_duplicates(["population", "arm", "level", "cell"])
        for _, value in of.iterrows():
            words = paper.spec.populations[value.population].label
            rows.append([name, label(name), value.level, words, value.arm, value.read_as, value.cell, value.id])
        if of.empty:
            rows.append([name, label(name), *[""] * 6])
    return pd.DataFrame(rows, columns=columns)
