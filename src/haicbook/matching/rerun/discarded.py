"""Whom the printed tables show as lost to matching: patients before it less those after it, arm by arm."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from haicbook.stats.proportions import pearson_p
from haicbook.study import Paper

COLUMNS = ["covariate", "label", "arm", "lost_with", "lost", "kept_with", "kept"]


def discarded(paper: Paper, levels: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Patients with a characteristic among those discarded and among those kept, from the printed counts alone.

    Parameters
    ----------
    levels
        Row and level of the baseline tables, such as `("afp", "gt400")`.

    Returns
    -------
    pandas.DataFrame
        One row for each level and arm: `covariate`, `label` (row and level as printed), `arm`, `lost_with` of `lost`
        and `kept_with` of `kept` patients.
    """
    before, after = paper.spec.populations["before_psm"].n, paper.spec.populations["after_psm"].n
    rows = []
    for covariate, level in levels:
        found = paper.select(row=covariate, level=level, statistic="n", kind="baseline")
        heading = paper.select(row=covariate, level="", kind="baseline").label.iloc[0]
        counts = {(row.population, row.arm): int(row.value) for row in found.itertuples(index=False)}
        label = f"{heading}: {found.label.iloc[0]}"
        for arm in paper.spec.arms:
            lost_with = counts["before_psm", arm] - counts["after_psm", arm]
            lost = before[arm] - after[arm]
            rows.append((covariate, label, arm, lost_with, lost, counts["after_psm", arm], after[arm]))
    return pd.DataFrame(rows, columns=COLUMNS)


def p_before(paper: Paper, covariate: str) -> tuple[str, float]:
    """The p-value that a paper prints of a covariate before matching, and Pearson's of the counts it prints there."""
    mine = paper.select(row=covariate, population="before_psm", kind="baseline")
    counts = mine[mine.statistic == "n"].pivot_table(index="level", columns="arm", values="value")
    return str(mine[mine.statistic == "p"].printed.iloc[0]), pearson_p(counts.to_numpy().tolist())
