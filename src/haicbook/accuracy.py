"""How near reconstructions came to the truth, from the scores that the accuracy benchmark keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from haicbook.paths import root

# of these the median over data sets, with the middle half of them
MEDIANS = (
    *("e", "exponential_e", "weibull_e", "guyot_e", "d", "exponential_d", "weibull_d", "guyot_d"),
    *("width", "sampling_width"),
)
# of these the mean, with its standard error
MEANS = ("covered", "d_covered", "sampling_covered", "sampling_d_covered", "reached", "met")
COLUMNS = ("level", "measure", "sets", "value", "low", "high")


def scores_file() -> Path:
    """Where the benchmark's scores on the reporting sets are kept."""
    return root() / "benchmarks" / "results" / "accuracy.csv"


def scored_members(path: Path | None = None) -> int:
    """How many data sets were asked for of each trial; 0 without scores."""
    path = scores_file() if path is None else path
    return int(pd.read_csv(path).asked.max()) if path.is_file() else 0


def accuracy(path: Path | None = None) -> pd.DataFrame:
    """Scores summed up for each level of what is printed.

    Parameters
    ----------
    path
        Scores as `python -m benchmarks.accuracy --out` writes them, one row for each data set and level.

    Returns
    -------
    pandas.DataFrame
        One row for each level and measure: `level` (`a`, `b`, `c`), `measure`, `sets` that it rests on, `value` with
        `low` and `high`: for the measures in :data:`MEDIANS` the median and the quartiles over data sets, for those in
        :data:`MEANS` the mean and one Monte Carlo standard error to either side. Empty when there is no such file.
    """
    path = scores_file() if path is None else path
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS))
    found = pd.read_csv(path)
    found = found[found.asked > 0]
    missed = found.get("missed", pd.Series(0, found.index)).fillna(0)
    found = found.assign(reached=(found.members >= found.asked).astype(float), met=(missed == 0).astype(float))
    rows = [
        (level, measure, int(scores[measure].notna().sum()), *_summed(scores[measure].dropna(), measure))
        for level, scores in found.groupby("level", sort=True)
        for measure in (*MEDIANS, *MEANS)
        if measure in scores and scores[measure].notna().any()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _summed(values: pd.Series, measure: str) -> tuple[float, float, float]:
    if measure in MEDIANS:
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        return float(middle), float(low), float(high)
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return mean, mean - error, mean + error
