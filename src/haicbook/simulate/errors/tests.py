"""Errors of tests and intervals of table rows, and of the methods that a paper names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from haicbook.printed import agreement, parse_number
from haicbook.simulate.errors.injection import Desk, Injected, figures, injects, limit_id, misprinted, with_figure
from haicbook.stats import proportions

_Tests = list[float]


_ALPHA = 0.05


@injects("p_value")
def p_value(desk: Desk) -> Injected | None:
    """A misprint in the p-value of a row of counts (without a mean) that no test of the row explains.

    The tests are Pearson's, Yates', Fisher's (also mid-P), the likelihood ratio and the linear trend, from scipy.
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
        draft = desk.draft.reprinted(value, wrong)
        unit = 10.0 ** -int(value.decimals)
        explained = any(float(wrong) - unit / 2 <= p <= float(wrong) + unit for p in _tests(table))
        return Injected(draft, (value.id,), not explained, f"{value.printed} → {wrong}")
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
        sides = [stats.fisher_exact(kept, alternative=side).pvalue for side in ("less", "greater")]
        # the two sides share the chance of the table itself, of which mid-P counts one half
        found.append(found[-1] - (sum(sides) - 1) / 2)
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


@injects("interval")
def interval(desk: Desk) -> Injected | None:
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
        draft = desk.draft.reprinted(value, with_figure(value.cell, which, wrong))
        return Injected(draft, (value.id,), above if which == 1 else below, f"{value.cell} → {wrong}")
    return None


@injects("proportion_interval")
def proportion_interval(desk: Desk) -> Injected | None:
    """A misprint in a limit of a response rate; detectable where the method that the paper names does not give it."""
    for value in desk.shuffled(desk.values(kind="claim", row="orr_interval", statistic="pct")):
        which = int(desk.rng.integers(1, 3))
        text = desk.misprint(value, which)
        if any(float(figure) > 100 for figure in figures(text)):
            continue
        counted = desk.values(kind="claim", row="orr", arm=value.arm, statistic="n").iloc[0]
        share = proportions.Proportion(int(counted.value), desk.size(value))
        named = desk.paper.spec.methods.proportion_ci
        method = proportions.wilson_interval if named == "Wilson" else proportions.exact_interval
        limit = 100 * method(share, 0.95)[which - 1]
        shown = agreement(parse_number(figures(text)[which]), limit) == "differs"
        draft = desk.draft.reprinted(value, text)
        changed = limit_id(value, which)
        return Injected(draft, (changed,), shown, f"{value.cell} → {text}")
    return None


@injects("p_method")
def p_method(desk: Desk) -> Injected | None:
    """A p-value of another test than the paper names: Yates' on the other side of 0.05, or the likelihood ratio's.

    Papers are taken whose other rows are Pearson's (and Fisher's where counts are small).
    """
    if desk.paper.spec.methods.categorical not in ("chi-square test", "chi-square or Fisher's exact test"):
        return None
    return _of_likelihoods(desk) if desk.rng.random() < 0.5 else _of_other_significance(desk)


def _of_likelihoods(desk: Desk) -> Injected | None:
    """One row's p-value is the likelihood ratio's; detectable where no test of the methods gives the figure."""
    for value in desk.shuffled(desk.values(kind=["response", "adverse_events"], statistic="p", state="exact")):
        table = _table(desk, value)
        if table is None or table.shape != (2, 2) or 0 in table.sum(axis=1):
            continue
        text = f"{proportions.likelihood_ratio_p(table.tolist()):.3f}"
        tests = [proportions.pearson_p, proportions.yates_p, proportions.fisher_p]
        shown = all(agreement(parse_number(text), test(table.tolist())) == "differs" for test in tests)
        if shown:
            draft = desk.draft.reprinted(value, text)
            return Injected(draft, (value.id,), True, f"{value.cell} → {text} by the likelihood ratio")
    return None


def _of_other_significance(desk: Desk) -> Injected | None:
    """The counts of an adverse event are changed so that Pearson's and Yates' p lie on two sides of 0.05.

    Expected counts are at least 5.
    """
    sizes = desk.paper.spec.populations[desk.paper.spec.main_population].n
    (one, n1), (other, n2) = sizes.items()
    for value in desk.shuffled(desk.values(kind="adverse_events", statistic="p", grade="any")):
        counts = desk.values(kind="adverse_events", row=value.row, grade="any", statistic="n")
        by_arm = {v.arm: v for v in counts.itertuples()}
        b = int(by_arm[other].value)
        for a in range(n1 + 1):
            table = [[a, b], [n1 - a, n2 - b]]
            expected = min(a + b, n1 + n2 - a - b) * min(n1, n2) / (n1 + n2)
            if (
                expected >= 5
                and proportions.pearson_p(table) < _ALPHA - 0.001
                and proportions.yates_p(table) > _ALPHA + 0.001
            ):
                draft = desk.n_pct(desk.draft, by_arm[one], a)
                p = f"{proportions.yates_p(table):.3f}"
                draft = draft.reprinted(value, p)
                return Injected(draft, (value.id,), True, f"{a}/{n1} and {b}/{n2}, p {p} by Yates")
    return None
