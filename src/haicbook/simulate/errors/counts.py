"""Errors of counts and percentages."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from haicbook.simulate.errors.injection import Desk, Injected, figures, injects, misprinted, with_figure
from haicbook.simulate.typesetting import fixed
from haicbook.study import as_printed


@injects("percentage")
def percentage(desk: Desk) -> Injected | None:
    """A misprint in the percentage beside a count; detectable where it is more than one unit of its last digit away
    from the rounded or the cut-off one: one unit may be the levels made to sum to 100."""
    counted = desk.values(kind=["baseline", "response", "adverse_events"], statistic="pct")
    for value in desk.shuffled(counted[counted.arm != ""]):
        text = value.cell
        if len(figures(text)) != 2:
            continue
        wrong = misprinted(figures(text)[1], desk.rng)
        if float(wrong) > 100:
            continue
        count, unit = int(figures(text)[0].replace(",", "")), 10.0 ** -int(value.decimals)
        exact = 100 * count / desk.size(value)
        usual = (float(fixed(exact, int(value.decimals), cut=cut)) for cut in (False, True))
        shown = all(abs(float(wrong) - one) > 1.01 * unit for one in usual)
        draft = desk.draft.reprinted(value, with_figure(text, 1, wrong))
        return Injected(draft, (value.id,), shown, f"{text} → {wrong}%")
    return None


@injects("attainable")
def attainable(desk: Desk) -> Injected | None:
    """A misprint in a percentage of the abstract, which has no count beside it."""
    for value in desk.shuffled(desk.values(kind="claim", section="abstract", statistic="pct")):
        wrong = misprinted(figures(value.cell)[0], desk.rng)
        if float(wrong) > 100:
            continue
        draft = desk.draft.reprinted(value, with_figure(value.cell, 0, wrong))
        size, decimals = desk.size(value), int(value.decimals)
        shown = (as_printed(value).unit / 2, as_printed(value).unit)
        possible = any(
            float(wrong) - shown[0] <= 100 * count / size < float(wrong) + shown[1] for count in range(size + 1)
        )
        return Injected(draft, (value.id,), not possible, f"{value.cell} → {wrong}% of {size}, {decimals} digits")
    return None


def _off(desk: Desk, value: Any) -> int | None:
    """Another count for a cell: a misprint of it, within the group and at least 0."""
    for _ in range(20):
        wrong = int(misprinted(str(int(value.value)), desk.rng))
        if wrong <= desk.size(value):
            return wrong
    return None


def _count_changed(desk: Desk, values: pd.DataFrame) -> Injected | None:
    """A misprint of a count, its percentage made to fit, which no convention excuses."""
    for value in desk.shuffled(values):
        wrong = _off(desk, value)
        if wrong is not None:
            return Injected(desk.n_pct(desk.draft, value, wrong), (value.id,), True, f"{value.cell} → {wrong}")
    return None


@injects("levels")
def levels(desk: Desk) -> Injected | None:
    """A level of a baseline covariate with another count."""
    counts = desk.values(kind="baseline", statistic="n")
    return _count_changed(desk, counts[counts.level != ""])


@injects("grades")
def grades(desk: Desk) -> Injected | None:
    """A grade of an adverse event with another count."""
    counts = desk.values(kind="adverse_events", statistic="n")
    return _count_changed(desk, counts[counts.row != "any_ae"])


@injects("response")
def response(desk: Desk) -> Injected | None:
    """A response with another count."""
    return _count_changed(desk, desk.values(kind="response", statistic="n"))


@injects("any_event")
def any_event(desk: Desk) -> Injected | None:
    """Fewer patients with any event than with one of them."""
    counts = desk.values(kind="adverse_events", statistic="n", grade=["any", "g34"])
    for value in desk.shuffled(counts[counts.row == "any_ae"]):
        same = counts[(counts.row != "any_ae") & (counts.arm == value.arm) & (counts.grade == value.grade)]
        most = int(same.value.max())
        if most > 0:
            wrong = int(desk.rng.integers(0, most))
            return Injected(desk.n_pct(desk.draft, value, wrong), (value.id,), True, f"{value.cell} → {wrong}")
    return None


@injects("matched")
def matched(desk: Desk) -> Injected | None:
    """More patients after matching than before."""
    counts = desk.values(kind="baseline", statistic="n")
    before = {(v.row, v.level, v.arm): int(v.value) for v in counts[counts.population == "before_psm"].itertuples()}
    for value in desk.shuffled(counts[(counts.population == "after_psm") & (counts.level != "")]):
        most, size = before[value.row, value.level, value.arm], desk.size(value)
        if most < size:
            wrong = int(desk.rng.integers(most + 1, size + 1))
            return Injected(
                desk.n_pct(desk.draft, value, wrong),
                (value.id,),
                True,
                f"{value.cell} → {wrong}, {most} before",
            )
    return None


@injects("arms")
def arms(desk: Desk) -> Injected | None:
    """A total that is not the sum of the arms, wherever it is printed."""
    totals = desk.values(kind="claim", statistic="n", arm="", term=["enrolled", "deaths", "progressions"])
    if len(desk.paper.spec.arms) < 2:
        return None
    for value in desk.shuffled(totals):
        wrong = misprinted(value.printed, desk.rng)
        draft, ids = desk.everywhere(totals[totals.term == value.term], wrong)
        return Injected(draft, tuple(ids), True, f"{value.term} {value.printed} → {wrong}")
    return None


@injects("complements")
def complements(desk: Desk) -> Injected | None:
    """Men of the text and women of the table that do not make up the arm."""
    men = desk.values(kind="claim", term="sex", statistic="n")
    for value in desk.shuffled(men):
        wrong = _off(desk, value)
        if wrong is not None:
            return Injected(desk.n_pct(desk.draft, value, wrong), (value.id,), True, f"{value.cell} → {wrong}")
    return None


@injects("nested")
def nested(desk: Desk) -> Injected | None:
    """More patients with vascular invasion or metastasis than in BCLC stage C, both rows complete in themselves."""
    counts = desk.values(kind="baseline", statistic="n")
    for value in desk.shuffled(counts[(counts.row == "bclc") & (counts.level == "c")]):
        same = counts[(counts.arm == value.arm) & (counts.population == value.population)]
        most = int(
            same[
                same.row.isin(["vascular_invasion", "extrahepatic_metastasis"]) & (same.level == "present")
            ].value.max()
        )
        if most == 0:
            continue
        wrong = int(desk.rng.integers(0, most))
        other = same[(same.row == "bclc") & (same.level == "b")].iloc[0]
        draft = desk.n_pct(desk.n_pct(desk.draft, value, wrong), other, desk.size(value) - wrong)
        return Injected(draft, (value.id,), True, f"{value.cell} → {wrong}, at least {most}")
    return None


@injects("joint")
def joint(desk: Desk) -> Injected | None:
    """Stage C printed for no more patients than vascular invasion or metastasis alone, in every arm.

    Detectable where the overlap that this forces has a chance below 1 in 1,000 over the arms, were the odds of the one
    condition four times as high with the other.
    """
    counts = desk.values(kind="baseline", statistic="n")
    population = str(desk.rng.choice(counts.population.unique()))
    draft, ids, chance, told = desk.draft, list[str](), 1.0, list[str]()
    for arm, n in desk.paper.spec.populations[population].n.items():
        own = counts[(counts.population == population) & (counts.arm == arm)]
        invasion, spread = (
            next(own[(own.row == row) & (own.level == "present")].itertuples())
            for row in ("vascular_invasion", "extrahepatic_metastasis")
        )
        least = int(max(invasion.value, spread.value))
        for level, count in (("c", least), ("b", n - least)):
            value = next(own[(own.row == "bclc") & (own.level == level)].itertuples())
            draft = desk.n_pct(draft, value, count)
            ids.append(value.id)
        told.append(f"{invasion.value:g} and {spread.value:g} in {least} of {n}")
        chance *= _overlap_chance(n, int(invasion.value), int(spread.value), int(min(invasion.value, spread.value)))
    return Injected(draft, tuple(ids), chance < 0.001, f"{'; '.join(told)}, {population}")


def _overlap_chance(n: int, one: int, other: int, least: int) -> float:
    """Chance of so many patients with both conditions, at an odds ratio of 4; 1 where all or none have one."""
    if min(one, other) == 0 or max(one, other) == n:
        return 1.0
    possible = range(max(0, one + other - n), min(one, other) + 1)
    weights = {k: math.comb(one, k) * math.comb(n - one, other - k) * 4**k for k in possible}
    return float(sum(weight for k, weight in weights.items() if k >= least) / sum(weights.values()))
