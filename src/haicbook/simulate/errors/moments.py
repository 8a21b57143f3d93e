"""Errors of means, standard deviations, their tests and ranges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from haicbook.printed import Printed, parse_number
from haicbook.simulate.errors.injection import (
    Desk,
    Injected,
    Span,
    apart,
    figures,
    injects,
    misprinted,
    spans,
    with_figure,
)

_FEW = 60
Summary = tuple[Printed, Printed, int]


def _means(desk: Desk, **attributes: object) -> Iterator[Any]:
    """Means with a standard deviation, in random order."""
    yield from desk.shuffled(desk.values(statistic="mean", **attributes))


def _summary(desk: Desk, value: Any, text: str = "") -> Summary:
    mean, sd = (parse_number(figure) for figure in figures(text or value.cell))
    return mean, sd, desk.size(value)


@injects("p_mean")
def p_mean(desk: Desk) -> Injected | None:
    """A misprint in the p-value between two means, which neither Student's nor Welch's test explains over rounding."""
    for value in desk.shuffled(desk.values(kind="baseline", row=["age", "tumor_size"], statistic="p", state="exact")):
        arms = desk.values(kind="baseline", row=value.row, population=value.population, statistic="mean")
        wrong = misprinted(value.printed, desk.rng)
        if len(arms) != 2 or not 0 <= float(wrong) <= 1:
            continue
        groups = [_summary(desk, arm) for arm in arms.itertuples()]
        shown = all(
            apart(_t_test(*groups, welch=welch), span) for welch in (False, True) for span in spans(parse_number(wrong))
        )
        draft = desk.draft.reprinted(value, wrong)
        return Injected(draft, (value.id,), shown, f"{value.row}, p {value.printed} → {wrong}")
    return None


def _t_test(one: Summary, other: Summary, *, welch: bool) -> Span:
    """Least and largest p over rounding, by scipy."""
    from scipy.stats import ttest_ind_from_stats

    found = []
    (m1, s1, n1), (m2, s2, n2) = one, other
    for a in (m1.low, m1.high):
        for b in (m2.low, m2.high):
            for u in (s1.low, s1.high):
                for v in (s2.low, s2.high):
                    found.append(float(ttest_ind_from_stats(a, u, n1, b, v, n2, equal_var=not welch).pvalue))
    crosses = m1.low <= m2.high and m2.low <= m1.high
    return min(found), 1.0 if crosses else max(found)


@injects("whole_numbers")
def whole_numbers(desk: Desk) -> Injected | None:
    """A misprint in the mean or standard deviation of courses; detectable where no whole numbers have both.

    The sum of squares of n whole numbers has the parity of their sum, and is otherwise free (for more than four). In
    large groups every mean is possible, so that only groups of up to 60 are taken.
    """
    for value in _means(desk, row="haic_courses"):
        if desk.size(value) > _FEW:
            continue
        which = int(desk.rng.integers(2))
        text = desk.misprint(value, which)
        mean, sd, n = _summary(desk, value, text)
        possible = any(_possible(m, s, n) for m in spans(mean) for s in spans(sd))
        draft = desk.draft.reprinted(value, text)
        return Injected(draft, (value.id,), not possible, f"{value.cell} → {text} of {n}")
    return None


def _possible(mean: Span, sd: Span, n: int) -> bool:
    for total in range(math.ceil(mean[0] * n - 1e-9), math.floor(mean[1] * n + 1e-9) + 1):
        least = math.ceil(max(sd[0], 0.0) ** 2 * (n - 1) + total * total / n - 1e-9)
        most = math.floor(sd[1] ** 2 * (n - 1) + total * total / n + 1e-9)
        if any((squares - total) % 2 == 0 for squares in range(least, min(most, least + 1) + 1)):
            return True
    return False


@injects("within_range")
def within_range(desk: Desk) -> Injected | None:
    """A misprint that the allowed number of courses excludes: sd² is at most n/(n - 1) (mean - a)(b - mean)."""
    allowed = desk.values(kind="claim", term="haic_courses_allowed")
    bounds = {v.statistic: float(v.value) for v in allowed.itertuples()}
    for value in _means(desk, row="haic_courses"):
        which = int(desk.rng.integers(2))
        text = desk.misprint(value, which)
        mean, sd, n = _summary(desk, value, text)
        a, b = bounds["min"], bounds["max"]
        best = min(max((a + b) / 2, mean.low), mean.value + mean.unit)
        most = max(n / (n - 1) * (best - a) * (b - best), 0.0)
        outside = mean.value + mean.unit <= a or mean.low > b or max(sd.low, 0.0) ** 2 > most
        draft = desk.draft.reprinted(value, text)
        return Injected(draft, (value.id,), outside, f"{value.cell} → {text}")
    return None


@injects("frequencies")
def frequencies(desk: Desk) -> Injected | None:
    """Two counts of a frequency table that have changed places, so that the mean above them is another's."""
    counts = desk.values(kind="baseline", row="haic_courses", statistic="n")
    for value in desk.shuffled(counts):
        same = counts[(counts.arm == value.arm) & (counts.population == value.population)]
        others = same[same.value != value.value]
        if others.empty:
            continue
        other = others.iloc[int(desk.rng.integers(len(others)))]
        draft = desk.draft.reprinted(value, other.cell)
        draft = draft.reprinted(other, value.cell)
        swapped = {int(v.level): int(v.value) for v in same.itertuples()}
        swapped[int(value.level)], swapped[int(other.level)] = swapped[int(other.level)], swapped[int(value.level)]
        heading = desk.values(
            kind="baseline", row="haic_courses", statistic="mean", arm=value.arm, population=value.population
        )
        mean, _, _ = _summary(desk, heading.iloc[0])
        exact = sum(number * count for number, count in swapped.items()) / sum(swapped.values())
        shown = all(not low - 1e-9 <= exact <= high + 1e-9 for low, high in spans(mean))
        return Injected(draft, (value.id, other.id), shown, f"{value.cell} ↔ {other.cell}")
    return None


@injects("pooled")
def pooled(desk: Desk) -> Injected | None:
    """A misprint in the mean of all patients that those of the arms exclude, each figure rounded or cut off."""
    for value in _means(desk, kind="claim", arm="", row=["age", "tumor_size"]):
        wrong = misprinted(figures(value.cell)[0], desk.rng)
        arms = desk.values(kind="baseline", row=value.row, population=value.population, statistic="mean")
        parts = [_summary(desk, arm) for arm in arms.itertuples()]
        shown = all(
            apart(whole, _weighted(means, [n for _, _, n in parts]))
            for whole, *means in itertools.product(spans(parse_number(wrong)), *(spans(mean) for mean, _, _ in parts))
        )
        draft = desk.draft.reprinted(value, with_figure(value.cell, 0, wrong))
        return Injected(draft, (value.id,), shown, f"{value.cell} → {wrong}")
    return None


@injects("out_of_scale")
def out_of_scale(desk: Desk) -> Injected | None:
    """A decimal point moved by one place in a mean, median or quartile.

    Detectable where the row has four columns, the others agree within a factor of 3, and this one is 4 times away.
    """
    places = {"mean": 0, "median": 0, "q1": 1, "q3": 2}
    measured = desk.values(kind="baseline", statistic=list(places))
    for value in desk.shuffled(measured[measured.value > 0]):
        others = measured[(measured.line == value.line) & (measured.statistic == value.statistic)]
        others = others[others.id != value.id].value
        if len(others) < 3:
            return None
        factor = 10 if desk.rng.random() < 0.5 else 0.1
        wrong = f"{float(value.value) * factor:.{int(value.decimals)}f}"
        together = others.max() < 3 * others.min()
        away = float(wrong) * 4 < others.min() or float(wrong) > 4 * others.max()
        if float(wrong) > 0:
            text = with_figure(value.cell, places[value.statistic], wrong)
            draft = desk.draft.reprinted(value, text)
            return Injected(draft, (value.id,), bool(together and away), f"{value.cell} → {text}")
    return None


def _weighted(means: list[Span], sizes: list[int]) -> Span:
    """Least and largest mean of all."""
    low, high = (sum(n * mean[end] for mean, n in zip(means, sizes, strict=True)) / sum(sizes) for end in (0, 1))
    return low, high
