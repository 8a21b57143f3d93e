"""Errors of tests and intervals of table rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from haicbook.simulate.planting import Desk, Planted, figures, misprinted, planter, with_figure

_Tests = list[float]


@planter("p_value")
def p_value(desk: Desk) -> Planted | None:
    """A misprint in the p-value of a row of counts (without a mean) that no test of the row explains.

    The tests are Pearson's, Yates', Fisher's, the likelihood ratio and the linear trend, from scipy.
    """
    rows = desk.values(kind=["baseline", "response", "adverse_events"], statistic="p", state="exact")
    measured = desk.values(kind="baseline", statistic=["mean", "median"]).row
    for value in desk.shuffled(rows[~rows.row.isin(measured)]):
        table = _table(desk, value)
        if table is None:
            continue
        wrong = misprinted(value.printed, desk.rng)
        if not 0 <= float(wrong) <= 1:
            continue
        draft = desk.draft.changed(value.file, value.line, value.column, wrong)
        unit = 10.0 ** -int(value.decimals)
        explained = any(float(wrong) - unit / 2 <= p <= float(wrong) + unit for p in _tests(table))
        return Planted("p_value", draft, (value.id,), not explained, f"{value.printed} → {wrong}")
    return None


def _table(desk: Desk, value: Any) -> np.ndarray | None:
    """Counts of a p-value's row, levels by arms."""
    same = desk.values(file=value.file, row=value.row, population=value.population, grade=value.grade, statistic="n")
    arms = list(desk.paper.spec.arms)
    if same.empty:
        return None
    levels = [level for level in dict.fromkeys(same.level) if level]
    counts = {(v.level, v.arm): int(v.value) for v in same.itertuples()}
    if levels:
        return np.array([[counts[level, arm] for arm in arms] for level in levels])
    sizes = desk.paper.spec.populations[value.population].n
    return np.array([[counts["", arm] for arm in arms], [sizes[arm] - counts["", arm] for arm in arms]])


def _tests(table: np.ndarray) -> _Tests:
    from scipy import stats

    kept = table[table.sum(axis=1) > 0]
    if len(kept) < 2:
        return [1.0]
    found = [
        stats.chi2_contingency(kept, correction=correction, lambda_=statistic).pvalue
        for correction, statistic in ((False, "pearson"), (True, "pearson"), (False, "log-likelihood"))
    ]
    if kept.shape == (2, 2):
        found.append(stats.fisher_exact(kept).pvalue)
    else:
        from haicbook.stats.proportions import fisher_p

        found.append(fisher_p(table))
    scores, arm = np.repeat(np.arange(len(table)), table.sum(axis=1)), _arm(table)
    if np.ptp(scores) > 0:
        z = np.corrcoef(scores, arm)[0, 1] * math.sqrt(len(arm) - 1)
        found.append(math.erfc(abs(z) / math.sqrt(2)))
    return [float(p) for p in found if not math.isnan(p)]


def _arm(table: np.ndarray) -> np.ndarray:
    return np.concatenate([np.repeat([0, 1], row) for row in table])


@planter("interval")
def interval(desk: Desk) -> Planted | None:
    """A misprint in a limit or a quartile; detectable where that puts it on the other side of its estimate."""
    limits = desk.values(statistic=["ci_low", "ci_high", "q1", "q3"], state="exact")
    places = {"ci_low": 1, "ci_high": 2, "q1": 1, "q3": 2}
    for value in desk.shuffled(limits):
        first, which = figures(value.cell)[0], places[value.statistic]
        if len(figures(value.cell)) != 3:
            continue
        wrong = misprinted(figures(value.cell)[which], desk.rng)
        rate = "%" in value.cell or value.unit == "percent"
        if rate and float(wrong) > 100:
            continue
        unit = 10.0 ** -int(value.decimals)
        below = float(wrong) + unit < float(first) - unit / 2
        above = float(wrong) - unit / 2 > float(first) + unit
        draft = desk.draft.changed(value.file, value.line, value.column, with_figure(value.cell, which, wrong))
        return Planted("interval", draft, (value.id,), above if which == 1 else below, f"{value.cell} → {wrong}")
    return None
