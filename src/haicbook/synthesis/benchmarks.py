"""Trials that the five papers cite with figures: the figures as the papers print them, nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from haicbook.printed import parse_number
from haicbook.study import Problem
from haicbook.study.files import Row
from haicbook.synthesis.files import read_table

COLUMNS = (
    *("trial", "regimen", "cited_by", "section", "setting"),
    *("endpoint", "criterion", "statistic", "unit", "printed"),
)


def benchmarks(endpoint: str, root: Path | None = None) -> pd.DataFrame:
    """Figures of other trials for one endpoint.

    Parameters
    ----------
    endpoint
        `os`, `pfs` or `orr`.

    Returns
    -------
    pandas.DataFrame
        `trial`, `regimen`, `cited_by` (study; several joined by `, ` where they print the same), `section`, `setting`,
        `criterion`, `unit` (months or percent), `printed`, `value`. Sorted by value.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.
    """
    frame = read_table(
        "benchmarks.csv",
        COLUMNS,
        allowed={"endpoint": ("os", "pfs", "orr"), "statistic": ("median", "pct"), "unit": ("months", "percent")},
        required=("trial", "regimen", "cited_by", "section", "printed"),
        unique=("trial", "regimen", "cited_by", "endpoint", "criterion"),
        check=_numbers,
        root=root,
    )
    chosen = frame[frame.endpoint == endpoint]
    keys = ["trial", "regimen", "setting", "criterion", "unit", "printed"]
    # two papers that print the same figure of the same trial make one line
    merged = chosen.groupby(keys, sort=False, as_index=False).agg(
        cited_by=("cited_by", ", ".join), section=("section", ", ".join)
    )
    merged["value"] = [parse_number(cell.rstrip("%")).value for cell in merged.printed]
    return merged.sort_values(["value", "trial"], kind="stable", ignore_index=True)


def _numbers(rows: list[Row], name: str) -> list[Problem]:
    problems = []
    for row in rows:
        number = parse_number(row["printed"].rstrip("%"))
        if number.state != "exact" or not number.value > 0:
            problems.append(Problem(name, row.line, "printed", repr(row["printed"]), "a number above 0"))
    return problems
