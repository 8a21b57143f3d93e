"""Trials that the five papers cite with figures: the figures as the papers print them, nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from haicbook.printed import parse_number
from haicbook.study.beside import read_beside


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
    frame = read_beside("benchmarks.csv", root)
    chosen = frame[frame.endpoint == endpoint]
    keys = ["trial", "regimen", "setting", "criterion", "unit", "printed"]
    # two papers that print the same figure of the same trial make one line
    merged = chosen.groupby(keys, sort=False, as_index=False).agg(
        cited_by=("cited_by", ", ".join), section=("section", ", ".join)
    )
    merged["value"] = [parse_number(cell).value for cell in merged.printed]
    return merged.sort_values(["value", "trial"], kind="stable", ignore_index=True)
