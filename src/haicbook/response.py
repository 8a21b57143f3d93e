"""Tumour response as printed, with exact intervals and the difference between arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from haicbook.printed import agreement
from haicbook.stats.proportions import Proportion, exact_interval, risk_difference, wald_interval, wilson_interval
from haicbook.study import Paper, as_printed

CATEGORIES = ("cr", "pr", "sd", "pd", "orr", "dcr")
_SECTIONS = {"table": 0, "results": 1, "abstract": 2, "figure": 3, "discussion": 4, "conclusion": 5}


@dataclass(frozen=True)
class Rate:
    """One response category of one arm.

    Attributes
    ----------
    category, arm, population, criterion
        What and whose.
    counts
        Every number of patients that the print allows: one where a count is printed, several where only a rounded
        percentage is.
    size
        Patients in the arm.
    printed
        The cell or claim as printed.
    value_id, source
        Where it stands.
    """

    category: str
    arm: str
    population: str
    criterion: str
    counts: tuple[int, ...]
    size: int
    printed: str
    value_id: str
    source: str

    @property
    def estimate(self) -> float:
        """The proportion; the middle of the possible ones where the print leaves several."""
        return (self.counts[0] + self.counts[-1]) / 2 / self.size

    def interval(self, confidence: float) -> tuple[float, float]:
        """Clopper-Pearson limits as proportions; over several possible counts, the widest pair."""
        pairs = [exact_interval(Proportion(count, self.size), confidence) for count in self.counts]
        return min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def response_rates(paper: Paper) -> list[Rate]:
    """Every response category that the paper prints for a whole arm, table before text.

    Ordered by criterion, category and arm. A category printed only as a percentage keeps all counts that round to it.
    """
    values = paper.values
    of_text = (values.kind == "claim") & values.term.isin(CATEGORIES)
    of_table = (values.kind == "response") & values.row.isin(CATEGORIES)
    shares = values.statistic.isin(["n", "pct"]) & (values.state == "exact")
    found = values[(of_text | of_table) & shares & (values.arm != "")]
    found = found.assign(category=found.row.where(of_table, found.term), rank=found.section.map(_SECTIONS).fillna(6))
    found = found[found.grade == ""].sort_values(["rank", "file", "line"], kind="stable")
    whole = {
        paper.spec.main_population,
        *(p for p, spec in paper.spec.populations.items() if p in ("all", "before_psm", "after_psm")),
    }
    found = found[found.population.isin(whole)]
    rates = []
    for (criterion, category, arm, population), group in found.groupby(
        ["criterion", "category", "arm", "population"], sort=False
    ):
        rate = _rate(paper, group, (category, arm, population, criterion))
        if rate is not None:
            rates.append(rate)
    arms = list(paper.spec.arms)
    return sorted(rates, key=lambda r: (r.criterion, CATEGORIES.index(r.category), arms.index(r.arm)))


def _rate(paper: Paper, group: pd.DataFrame, keys: tuple[str, str, str, str]) -> Rate | None:
    category, arm, population, criterion = keys
    size = paper.spec.populations[population].n[arm]
    counted = group[group.statistic == "n"]
    chosen = counted.iloc[0] if len(counted) else group.iloc[0]
    if len(counted):
        counts: tuple[int, ...] = (int(chosen.value),)
    else:
        percent = as_printed(chosen)
        near = range(max(0, math.floor(percent.low * size / 100)), min(size, math.ceil(percent.high * size / 100)) + 1)
        counts = tuple(count for count in near if agreement(percent, 100 * count / size) == "rounded")
    if not counts:
        return None
    return Rate(category, arm, population, criterion, counts, size, chosen.cell, chosen.id, chosen.source)


def differences(paper: Paper, rates: list[Rate], confidence: float) -> pd.DataFrame:
    """Risk differences of ORR and DCR, experimental minus comparator.

    Returns
    -------
    pandas.DataFrame
        `category`, `criterion`, `population`, `difference`, `low`, `high` (proportions; Newcombe hybrid score limits,
        the widest over the counts that the print allows). Empty for a single arm.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:873-890.
    """
    treated, control = paper.spec.experimental, paper.spec.comparator
    rows = []
    for category in ("orr", "dcr"):
        pair = {rate.arm: rate for rate in rates if rate.category == category}
        if treated in pair and control in pair and treated and control:
            found = [
                risk_difference(Proportion(a, pair[treated].size), Proportion(b, pair[control].size), confidence)
                for a in pair[treated].counts
                for b in pair[control].counts
            ]
            estimates = sorted(f.estimate for f in found)
            low, high = min(f.low for f in found), max(f.high for f in found)
            middle = (estimates[0] + estimates[-1]) / 2
            rows.append([category, pair[treated].criterion, pair[treated].population, middle, low, high])
    return pd.DataFrame(rows, columns=["category", "criterion", "population", "difference", "low", "high"])


def summarise(rates: list[Rate], gaps: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Named values for the results: each ORR and DCR with its interval, and the differences between arms."""
    values: dict[str, float] = {}
    for rate in rates:
        if rate.category in ("orr", "dcr"):
            name = ".".join(part for part in (rate.category, rate.arm, rate.criterion) if part)
            values[f"{name}.estimate"] = rate.estimate
            values[f"{name}.low"], values[f"{name}.high"] = rate.interval(confidence)
    for gap in gaps.itertuples(index=False):
        values |= {
            f"{gap.category}.difference": gap.difference,
            f"{gap.category}.difference.low": gap.low,
            f"{gap.category}.difference.high": gap.high,
        }
    return values


@dataclass(frozen=True)
class PrintedInterval:
    """A printed interval of a proportion beside the methods that could have made it.

    Attributes
    ----------
    printed
        The cell or claim.
    value_id
        Of the printed percentage.
    limits
        Method (`exact`, `wilson`, `wald`) to its limits as proportions.
    reproduced_by
        The methods whose limits both agree with the print.
    """

    printed: str
    value_id: str
    limits: dict[str, tuple[float, float]]
    reproduced_by: tuple[str, ...]


def printed_interval(paper: Paper, rate: Rate) -> PrintedInterval | None:
    """The printed 95 % interval of a response rate, and which method reproduces it; None when none is printed."""
    values = paper.values
    same = values[(values.term == rate.category) | (values.row == rate.category)]
    same = same[(same.arm == rate.arm) & (same.population == rate.population) & (same.statistic == "ci_low")]
    if same.empty:
        return None
    first = same.iloc[0]
    cell = values[(values.file == first.file) & (values.line == first.line)].set_index("statistic")
    low, high = as_printed(cell.loc["ci_low"]), as_printed(cell.loc["ci_high"])
    proportion = Proportion(rate.counts[0], rate.size)
    methods = {"exact": exact_interval, "wilson": wilson_interval, "wald": wald_interval}
    limits = {name: method(proportion, 0.95) for name, method in methods.items()}
    agreeing = tuple(
        name
        for name, (below, above) in limits.items()
        if agreement(low, 100 * below) != "differs" and agreement(high, 100 * above) != "differs"
    )
    return PrintedInterval(first.cell, str(cell.loc["pct"].id), limits, agreeing)
