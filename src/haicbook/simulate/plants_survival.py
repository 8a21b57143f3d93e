"""Errors of survival curves: medians, rates, their limits and the tests between them."""

from __future__ import annotations

import datetime
import math
from dataclasses import replace
from typing import Any

import numpy as np

from haicbook.printed import parse_number
from haicbook.simulate.conventions import fixed
from haicbook.simulate.draft import CLAIMS, Draft
from haicbook.simulate.planting import (
    Desk,
    Planted,
    apart,
    by_convention,
    figures,
    misprinted,
    planter,
    with_figure,
)
from haicbook.study import as_printed

# so few patients' curves can be listed here one by one
_LISTED = 18


def _shifted(desk: Desk, draft: Draft, value: Any, rate: float) -> Draft:
    """The draft with another rate in a cell, its limits moved with it."""
    old = [float(figure) for figure in figures(value.cell)]
    moved = [rate, *(min(max(limit + rate - old[0], 0.1), 99.9) for limit in old[1:])]
    text = value.cell
    for which, number in enumerate(moved):
        text = with_figure(text, which, fixed(number, 1))
    return draft.changed(value.file, value.line, value.column, text)


def _median_of(desk: Desk, value: Any) -> float:
    found = desk.values(
        kind="claim", statistic="median", endpoint=value.endpoint, arm=value.arm, section="results", term=""
    )
    return float(found.iloc[0].value) if len(found) and found.iloc[0].state == "exact" else math.inf


@planter("landmark")
def landmark(desk: Desk) -> Planted | None:
    """A rate on the wrong side of one half for its time."""
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        middle = _median_of(desk, value)
        if math.isinf(middle) or abs(value.time - middle) < 0.2:
            continue
        low, high = (30.0, 49.5) if value.time < middle else (50.6, 70.0)
        rate = round(float(desk.rng.uniform(low, high)), 1)
        draft = _shifted(desk, desk.draft, value, rate)
        return Planted(
            "landmark", draft, (value.id,), True, f"{value.printed} → {rate}% at {value.time:g}, median {middle}"
        )
    return None


@planter("monotone")
def monotone(desk: Desk) -> Planted | None:
    """Two rates of a curve that have changed places."""
    rates = desk.values(kind="claim", statistic="rate")
    for value in desk.shuffled(rates):
        later = rates[(rates.endpoint == value.endpoint) & (rates.arm == value.arm) & (rates.time > value.time)]
        if later.empty:
            continue
        other = later.iloc[0]
        draft = desk.draft.changed(value.file, value.line, value.column, other.cell)
        draft = draft.changed(other.file, other.line, other.column, value.cell)
        shown = all(apart(a, b) for a, b in by_convention(as_printed(value), as_printed(other)))
        return Planted("monotone", draft, (value.id, other.id), shown, f"{value.cell} ↔ {other.cell}")
    return None


@planter("endpoint_order")
def endpoint_order(desk: Desk) -> Planted | None:
    """Medians of overall and progression-free survival that have changed places, wherever they are printed."""
    medians = desk.values(kind="claim", statistic="median", row=["os_median", "pfs_median"])
    for arm in desk.rng.permutation(list(desk.paper.spec.arms)):
        own = medians[medians.arm == arm]
        if own.empty or not (own.state == "exact").all():
            continue
        draft, ids = desk.draft, list[str]()
        for section in own.section.unique():
            os, pfs = (own[(own.section == section) & (own.endpoint == name)].iloc[0] for name in ("os", "pfs"))
            draft = draft.changed(os.file, os.line, os.column, pfs.cell).changed(
                pfs.file, pfs.line, pfs.column, os.cell
            )
            ids += [os.id, pfs.id]
        shown = all(apart(a, b) for a, b in by_convention(as_printed(os), as_printed(pfs)))
        return Planted("endpoint_order", draft, tuple(ids), shown, f"{os.cell} ↔ {pfs.cell}")
    return None


@planter("pooled_median")
def pooled_median(desk: Desk) -> Planted | None:
    """A median of all arms together that lies outside those of the arms, by a tenth to one half."""
    medians = desk.values(
        kind="claim", statistic="median", section="results", state="exact", row=["os_median", "pfs_median"]
    )
    for value in desk.shuffled(medians[medians.arm == ""]):
        arms = medians[(medians.endpoint == value.endpoint) & (medians.arm != "")]
        if len(arms) < 2:
            continue
        factor = float(desk.rng.uniform(1.1, 1.5))
        wrong = fixed(
            float(arms.value.max()) * factor if desk.rng.random() < 0.5 else float(arms.value.min()) / factor,
            int(value.decimals),
        )
        text = with_figure(value.cell, 0, wrong)
        draft = desk.draft.changed(value.file, value.line, value.column, text)
        bounds = [as_printed(v) for v in arms.itertuples()]
        outside = all(
            new[1] < min(a[0], b[0]) or new[0] > max(a[1], b[1])
            for new, a, b in by_convention(parse_number(wrong), *bounds)
        )
        return Planted("pooled_median", draft, (value.id,), outside, f"{value.cell} → {wrong}")
    return None


@planter("calendar")
def calendar(desk: Desk) -> Planted | None:
    """A longest follow-up that is misprinted; detectable where it is longer than from the first to the last date."""
    setting = desk.paper.spec.setting
    start, end = (
        datetime.datetime.strptime(str(date), "%B %d, %Y") for date in (setting.enrolment_start, setting.last_follow_up)
    )
    window = ((end - start).days + 1) / 30.4375
    for value in desk.shuffled(desk.values(kind="claim", term="follow_up", statistic="max", state="exact")):
        wrong = misprinted(figures(value.cell)[2], desk.rng)
        draft = desk.draft.changed(value.file, value.line, value.column, with_figure(value.cell, 2, wrong))
        unit = 10.0 ** -int(value.decimals)
        return Planted(
            "calendar", draft, (value.id,), float(wrong) - unit / 2 > window, f"{value.cell} → {wrong} of {window:.1f}"
        )
    return None


@planter("rate_attainable")
def rate_attainable(desk: Desk) -> Planted | None:
    """A misprint in the only printed rate of few patients; detectable where no order of deaths and censorings gives it.

    The product limit is a product of (r - 1)/r over the r at which a patient died: all 2^n of them are listed.
    """
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        n = desk.size(value)
        if n > _LISTED:
            continue
        others = desk.values(kind="claim", statistic="rate", endpoint=value.endpoint, arm=value.arm)
        lines = {int(line) for line in others.line} - {int(value.line)}
        wrong = misprinted(figures(value.cell)[0], desk.rng)
        if float(wrong) > 100:
            continue
        shown = [parse_number(wrong)]
        heights = _product_limits(n)
        possible = any(
            ((heights >= span[0] / 100 - 1e-12) & (heights <= span[1] / 100 + 1e-12)).any()
            for (span,) in by_convention(*shown)
        )
        kept = [
            row | ({"printed": f"{wrong}%"} if line == value.line else {})
            for line, row in enumerate(desk.draft.tables[CLAIMS], start=2)
            if line not in lines
        ]
        draft = replace(desk.draft, tables=desk.draft.tables | {CLAIMS: kept})
        return Planted("rate_attainable", draft, (value.id,), not possible, f"{value.printed} → {wrong}% of {n}")
    return None


def _product_limits(n: int) -> np.ndarray:
    """Every height of a product-limit curve of n patients."""
    heights = np.ones(1)
    for at_risk in range(n, 0, -1):
        heights = np.unique(np.round(np.concatenate([heights, heights * (at_risk - 1) / at_risk]), 13))
    return heights
