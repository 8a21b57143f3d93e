"""Balance and re-run as a chapter needs them: every population at once, and as named values for the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.matching.balance import balance
from haicbook.study import Paper
from haicbook.study.schema import Table, Variable

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
    shared = shared.assign(row=names, label=names, level="", kind="baseline")
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
    """Named values of a re-run: cohorts, pairs (median, 2.5 % and 97.5 % points), and the printed number of pairs."""
    low, middle, high = np.quantile(rerun.pairs, (0.025, 0.5, 0.975))
    printed = float("nan") if rerun.printed_pairs is None else rerun.printed_pairs
    return {
        "cohorts": len(rerun.pairs),
        "pairs": float(middle),
        "pairs.low": float(low),
        "pairs.high": float(high),
        "pairs_printed": printed,
    }
