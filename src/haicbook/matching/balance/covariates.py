"""What a baseline table says of each covariate: counts by level or moments, arm by arm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from haicbook.study import Paper

MOMENTS = ("mean", "sd", "median", "q1", "q3")


@dataclass(frozen=True, eq=False)
class PrintedArm:
    """One covariate in one arm, as printed.

    Attributes
    ----------
    n
        Patients in the arm.
    counts, percentages
        One entry for each level of the covariate, NaN where not printed.
    moments
        `mean`, `sd`, `median`, `q1`, `q3` as far as printed.
    decimals
        Printed decimals of the moments, where known.
    contradicted
        Levels whose printed percentage points to another count, as places in `counts`. A digit of a percentage that is
        wrong and points to the same count is none.
    """

    n: int
    counts: np.ndarray
    percentages: np.ndarray
    moments: dict[str, float]
    decimals: dict[str, int] = field(default_factory=dict)
    contradicted: tuple[int, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether every level has a printed count."""
        return len(self.counts) > 0 and not np.isnan(self.counts).any()

    @property
    def total(self) -> float:
        """Patients over all levels: what the printed counts sum to; the arm's n with one level or a missing count."""
        return float(self.counts.sum()) if self.counted and len(self.counts) > 1 else float(self.n)

    @property
    def shares(self) -> np.ndarray:
        """Share of each level: its count out of :attr:`total`, or its percentage where no count is printed."""
        return np.where(np.isnan(self.counts), self.percentages / 100, self.counts / max(self.total, 1.0))


@dataclass(frozen=True, eq=False)
class Covariate:
    """One row group of a baseline table.

    Attributes
    ----------
    name, type
        Its id and its kind (`binary`, `nominal`, `ordinal`, `continuous`).
    levels, level_labels
        Its categories, in the order of the paper's first table that prints them; `("",)` where the table has a single
        row for it.
    arms
        What is printed for each arm.
    value_ids
        The values behind all this.
    """

    name: str
    type: str
    levels: tuple[str, ...]
    level_labels: tuple[str, ...]
    arms: dict[str, PrintedArm]
    value_ids: tuple[str, ...]

    @property
    def misfits(self) -> tuple[str, ...]:
        """Where the printed counts do not sum to the arm's n, or exceed it: one sentence for each arm."""
        if self.type == "continuous":
            return ()
        return tuple(
            f"levels sum to {summary.total:.0f} of {summary.n} in arm {arm}"
            if summary.total != summary.n
            else f"{summary.counts.max():.0f} of {summary.n} patients in arm {arm}"
            for arm, summary in self.arms.items()
            if summary.total != summary.n or (summary.counted and summary.counts.max() > summary.n)
        )

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Where a printed percentage points to another count: one phrase for each arm."""
        return tuple(
            f"{', '.join(self.level_labels[level] or self.name for level in summary.contradicted)} in arm {arm}"
            for arm, summary in self.arms.items()
            if summary.contradicted
        )


def counted(
    name: str, arms: tuple[str, str], counts: Mapping[str, tuple[int, int]], kind: str = "nominal"
) -> Covariate:
    """A covariate from counts that were not loaded from a study.

    Parameters
    ----------
    name
        What it is called.
    arms
        Experimental arm and comparator.
    counts
        Level to its patients in each arm; together they are the arm's n.
    kind
        `binary`, `nominal` or `ordinal`.

    Examples
    --------
    >>> counted("afp", ("new", "old"), {"to_400": (51, 68), "above_400": (23, 25)}, "binary").arms["new"].n
    74
    """
    table = np.array(list(counts.values()), dtype=float)
    summaries = {
        arm: PrintedArm(int(column.sum()), column, 100 * column / max(column.sum(), 1.0), {})
        for arm, column in zip(arms, table.T, strict=True)
    }
    return Covariate(name, kind, tuple(counts), tuple(counts), summaries, ())


def measured(
    name: str, arms: tuple[str, str], n: tuple[int, int], mean: tuple[float, float], sd: tuple[float, float]
) -> Covariate:
    """A continuous covariate from means and SDs that were not loaded from a study; each pair is by arm."""
    nothing = np.zeros(0)
    summaries = {
        arm: PrintedArm(size, nothing, nothing, {"mean": centre, "sd": spread})
        for arm, size, centre, spread in zip(arms, n, mean, sd, strict=True)
    }
    return Covariate(name, "continuous", (), (), summaries, ())


def printed_covariates(paper: Paper, population: str) -> list[Covariate]:
    """The covariates of the baseline tables of one population, in printed order.

    Parameters
    ----------
    paper
        The study.
    population
        One of its populations; empty list when no baseline table is printed for it.

    Raises
    ------
    KeyError
        When the study has no such population; names those it has.
    """
    if population not in paper.spec.populations:
        raise KeyError(f"{paper.study} has no population {population!r}; it has {', '.join(paper.spec.populations)}")
    types = {name: variable.type for table in paper.tables("baseline") for name, variable in table.variables.items()}
    printed = paper.select(kind="baseline")
    here = printed[(printed.population == population) & printed.arm.isin(list(paper.spec.arms))]
    return [
        _covariate(paper, population, name, types[name], printed[printed.row == name], here[here.row == name])
        for name in here.row.unique()
        if name in types
    ]


def _covariate(
    paper: Paper, population: str, name: str, kind: str, anywhere: pd.DataFrame, here: pd.DataFrame
) -> Covariate:
    levels = _levels(anywhere) if kind != "continuous" else ()
    used = here[here.statistic.isin(MOMENTS) & (here.level == "")] if kind == "continuous" else _frequencies(here)
    arms = {
        arm: _summary(size, levels, used[used.arm == arm]) for arm, size in paper.spec.populations[population].n.items()
    }
    words = anywhere.drop_duplicates("level").set_index("level").label
    return Covariate(name, kind, levels, tuple(words[level] for level in levels), arms, tuple(used.id))


def _frequencies(values: pd.DataFrame) -> pd.DataFrame:
    return values[values.statistic.isin(["n", "pct"])]


def _levels(values: pd.DataFrame) -> tuple[str, ...]:
    """The categories with a frequency; a row of the variable itself counts only when there are no others."""
    found = list(_frequencies(values).level.unique())
    return tuple(level for level in found if level) or tuple(found)


def _summary(size: int, levels: tuple[str, ...], values: pd.DataFrame) -> PrintedArm:
    def of(statistic: str) -> pd.DataFrame:
        return values[values.statistic == statistic].set_index("level").reindex(list(levels))

    counts, percentages = of("n"), of("pct")
    contradicted = tuple(
        place
        for place, (count, row) in enumerate(zip(counts.value, percentages.itertuples(), strict=True))
        if _contradicts(count, row, size)
    )
    moments = values[values.statistic.isin(MOMENTS)].set_index("statistic").dropna(subset="value")
    return PrintedArm(
        size,
        counts.value.to_numpy(dtype=float),
        percentages.value.to_numpy(dtype=float),
        {str(name): float(value) for name, value in moments.value.items()},
        {str(name): int(decimals) for name, decimals in moments.decimals.items()},
        contradicted,
    )


def _contradicts(count: float, percentage: Any, size: int) -> bool:
    """Whether a printed percentage points to another count: half a patient off, and more than its last digit."""
    if math.isnan(count) or pd.isna(percentage.value) or not size:
        return False
    off = abs(percentage.value - 100 * count / size)
    return bool(off > max(50 / size, 10.0**-percentage.decimals))
