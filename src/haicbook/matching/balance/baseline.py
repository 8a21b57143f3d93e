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
_FREQUENCIES = ("n", "pct")


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
class PrintedCovariate:
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
) -> PrintedCovariate:
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
    return PrintedCovariate(name, kind, tuple(counts), tuple(counts), summaries, ())


def measured(
    name: str, arms: tuple[str, str], n: tuple[int, int], mean: tuple[float, float], sd: tuple[float, float]
) -> PrintedCovariate:
    """A continuous covariate from means and SDs that were not loaded from a study; each pair is by arm."""
    nothing = np.zeros(0)
    summaries = {
        arm: PrintedArm(size, nothing, nothing, {"mean": centre, "sd": spread})
        for arm, size, centre, spread in zip(arms, n, mean, sd, strict=True)
    }
    return PrintedCovariate(name, "continuous", (), (), summaries, ())


def printed_covariates(paper: Paper, population: str) -> list[PrintedCovariate]:
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
    arms = paper.spec.populations[population].n
    anywhere: dict[str, list[Any]] = {}
    here: dict[str, list[Any]] = {}
    for value in paper.select(kind="baseline", row=list(types)).itertuples(index=False):
        anywhere.setdefault(value.row, []).append(value)
        if value.population == population and value.arm in arms:
            here.setdefault(value.row, []).append(value)
    return [_covariate(name, types[name], arms, anywhere[name], values) for name, values in here.items()]


def _covariate(name: str, kind: str, arms: Mapping[str, int], anywhere: list[Any], here: list[Any]) -> PrintedCovariate:
    if kind == "continuous":
        levels: tuple[str, ...] = ()
        used = [value for value in here if value.statistic in MOMENTS and value.level == ""]
    else:
        levels = _levels(anywhere)
        used = [value for value in here if value.statistic in _FREQUENCIES]
    words: dict[str, str] = {}
    for value in anywhere:
        words.setdefault(value.level, value.label)
    found = {arm: _in_arm(size, levels, [value for value in used if value.arm == arm]) for arm, size in arms.items()}
    return PrintedCovariate(
        name, kind, levels, tuple(words[level] for level in levels), found, tuple(value.id for value in used)
    )


def _levels(values: list[Any]) -> tuple[str, ...]:
    """The categories with a frequency; a row of the variable itself counts only when there are no others."""
    found = dict.fromkeys(value.level for value in values if value.statistic in _FREQUENCIES)
    return tuple(level for level in found if level) or tuple(found)


def _in_arm(size: int, levels: tuple[str, ...], values: list[Any]) -> PrintedArm:
    cells = {(value.statistic, value.level): value for value in values}

    def of(statistic: str) -> list[float]:
        return [cells[statistic, level].value if (statistic, level) in cells else math.nan for level in levels]

    counts, percentages = of("n"), of("pct")
    contradicted = tuple(
        place
        for place, (level, count) in enumerate(zip(levels, counts, strict=True))
        if ("pct", level) in cells and _contradicts(count, cells["pct", level], size)
    )
    moments = [value for value in values if value.statistic in MOMENTS and not math.isnan(value.value)]
    return PrintedArm(
        size,
        np.array(counts, dtype=float),
        np.array(percentages, dtype=float),
        {value.statistic: float(value.value) for value in moments},
        {value.statistic: int(value.decimals) for value in moments},
        contradicted,
    )


def _contradicts(count: float, percentage: Any, size: int) -> bool:
    """Whether a printed percentage points to another count: half a patient off, and more than its last digit."""
    if math.isnan(count) or pd.isna(percentage.value) or not size:
        return False
    off = abs(percentage.value - 100 * count / size)
    return bool(off > max(50 / size, 10.0**-percentage.decimals))
