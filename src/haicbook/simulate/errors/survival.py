"""Errors of survival curves: medians, rates, their limits and the tests between them."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from haicbook.printed import Printed, parse_number
from haicbook.simulate.draft import CLAIMS, Draft
from haicbook.simulate.errors.hazard_ratios import z_of
from haicbook.simulate.errors.injection import (
    Desk,
    Injected,
    apart,
    by_convention,
    figures,
    injects,
    limit_id,
    misprinted,
    printed_of,
    spans,
    with_figure,
)
from haicbook.simulate.typesetting import Z95, fixed
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
    return draft.reprinted(value, text)


def _median_of(desk: Desk, value: Any) -> float:
    found = desk.values(
        kind="claim", statistic="median", endpoint=value.endpoint, arm=value.arm, section="results", term=""
    )
    return float(found.iloc[0].value) if len(found) and found.iloc[0].state == "exact" else math.inf


@injects("landmark")
def landmark(desk: Desk) -> Injected | None:
    """A rate on the wrong side of one half for its time."""
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        middle = _median_of(desk, value)
        if math.isinf(middle) or abs(value.time - middle) < 0.2:
            continue
        low, high = (30.0, 49.5) if value.time < middle else (50.6, 70.0)
        rate = round(float(desk.rng.uniform(low, high)), 1)
        draft = _shifted(desk, desk.draft, value, rate)
        return Injected(draft, (value.id,), True, f"{value.printed} → {rate}% at {value.time:g}, median {middle}")
    return None


@injects("monotone")
def monotone(desk: Desk) -> Injected | None:
    """Two rates of a curve that have changed places."""
    rates = desk.values(kind="claim", statistic="rate")
    for value in desk.shuffled(rates):
        later = rates[(rates.endpoint == value.endpoint) & (rates.arm == value.arm) & (rates.time > value.time)]
        if later.empty:
            continue
        other = later.iloc[0]
        draft = desk.draft.reprinted(value, other.cell)
        draft = draft.reprinted(other, value.cell)
        shown = all(apart(a, b) for a, b in by_convention(as_printed(value), as_printed(other)))
        return Injected(draft, (value.id, other.id), shown, f"{value.cell} ↔ {other.cell}")
    return None


@injects("endpoint_order")
def endpoint_order(desk: Desk) -> Injected | None:
    """Medians of overall and progression-free survival that have changed places, wherever they are printed."""
    medians = desk.values(kind="claim", statistic="median", row=["os_median", "pfs_median"])
    for arm in desk.rng.permutation(list(desk.paper.spec.arms)):
        own = medians[medians.arm == arm]
        if own.empty or not (own.state == "exact").all():
            continue
        draft, ids = desk.draft, list[str]()
        for section in own.section.unique():
            os, pfs = (own[(own.section == section) & (own.endpoint == name)].iloc[0] for name in ("os", "pfs"))
            draft = draft.reprinted(os, pfs.cell).changed(pfs.file, pfs.line, pfs.column, os.cell)
            ids += [os.id, pfs.id]
        shown = all(apart(a, b) for a, b in by_convention(as_printed(os), as_printed(pfs)))
        return Injected(draft, tuple(ids), shown, f"{os.cell} ↔ {pfs.cell}")
    return None


@injects("pooled_median")
def pooled_median(desk: Desk) -> Injected | None:
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
        draft = desk.draft.reprinted(value, text)
        bounds = [as_printed(v) for v in arms.itertuples()]
        outside = all(
            new[1] < min(a[0], b[0]) or new[0] > max(a[1], b[1])
            for new, a, b in by_convention(parse_number(wrong), *bounds)
        )
        return Injected(draft, (value.id,), outside, f"{value.cell} → {wrong}")
    return None


@injects("calendar")
def calendar(desk: Desk) -> Injected | None:
    """A longest follow-up that is misprinted; detectable where it is longer than from the first to the last date."""
    setting = desk.paper.spec.setting
    start, end = (
        datetime.datetime.strptime(str(date), "%B %d, %Y") for date in (setting.enrolment_start, setting.last_follow_up)
    )
    window = ((end - start).days + 1) / 30.4375
    for value in desk.shuffled(desk.values(kind="claim", term="follow_up", statistic="max", state="exact")):
        wrong = misprinted(figures(value.cell)[2], desk.rng)
        draft = desk.draft.reprinted(value, with_figure(value.cell, 2, wrong))
        unit = 10.0 ** -int(value.decimals)
        return Injected(draft, (value.id,), float(wrong) - unit / 2 > window, f"{value.cell} → {wrong} of {window:.1f}")
    return None


@injects("rate_attainable")
def rate_attainable(desk: Desk) -> Injected | None:
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
        return Injected(draft, (value.id,), not possible, f"{value.printed} → {wrong}% of {n}")
    return None


def _product_limits(n: int) -> np.ndarray:
    """Every height of a product-limit curve of n patients."""
    heights = np.ones(1)
    for at_risk in range(n, 0, -1):
        heights = np.unique(np.round(np.concatenate([heights, heights * (at_risk - 1) / at_risk]), 13))
    return heights


# --- limits -----------------------------------------------------------------------------------------------------------


_SCALES: dict[str, Callable[[Any], Any]] = {
    "plain": lambda s: s,
    "log": np.log,
    "log-log": lambda s: np.log(-np.log(s)),
    "logit": lambda s: np.log(s / (1 - s)),
    "arcsine": lambda s: np.arcsin(np.sqrt(s)),
}

_COINCIDENCE = 1 / 200


def _inside(span: tuple[float, float]) -> np.ndarray:
    return np.clip(np.array(span) / 100, 1e-6, 1 - 1e-6)


@injects("rate_interval")
def rate_interval(desk: Desk) -> Injected | None:
    """A misprint in a limit of a rate: the rate is no longer the middle on any scale, each figure
    rounded or cut off."""
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        if len(figures(value.cell)) != 3:
            continue
        which = int(desk.rng.integers(1, 3))
        text = desk.misprint(value, which)
        three = [parse_number(figure) for figure in figures(text)]
        if not 0 < three[1].value < three[0].value < three[2].value < 100:
            continue
        choices = itertools.product(*(spans(figure) for figure in three))
        middle = any(_middle(scale, choice) for choice in choices for scale in _SCALES)
        draft = desk.draft.reprinted(value, text)
        changed = limit_id(value, which)
        return Injected(draft, (changed,), not middle, f"{value.cell} → {text}")
    return None


def _middle(scale: str, spans: tuple[tuple[float, float], ...]) -> bool:
    centre, low, high = (np.sort(_SCALES[scale](_inside(span))) for span in spans)
    return not apart((float(centre[0]), float(centre[1])), (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2))


@injects("rate_test")
def rate_test(desk: Desk) -> Injected | None:
    """A misprint in the p-value between two rates, which no scale explains, each figure rounded or cut off.

    Nor does a log-rank test of the curves up to that time, in any order of the deaths.
    """
    for value in desk.shuffled(desk.values(kind="claim", row=["os_rate", "pfs_rate"], statistic="p", state="exact")):
        wrong = misprinted(value.printed, desk.rng)
        if not 0 < float(wrong) <= 1:
            continue
        rates = desk.values(kind="claim", row=value.row, statistic="rate", time=value.time)
        sides = [printed_of(desk.same_cell(side)) for side in rates.itertuples()]
        if len(sides) != 2 or any(len(side) != 3 for side in sides):
            continue
        sizes = [desk.size(side) for side in rates.itertuples()]
        explained = [*_tests_of_rates(sides), _log_rank_until(sides, sizes)]
        shown = all(apart(z, z_of(parse_number(wrong))) for z in explained)
        draft = desk.draft.reprinted(value, wrong)
        return Injected(draft, (value.id,), shown, f"p {value.printed} → {wrong}")
    return None


def _log_rank_until(sides: list[dict[str, Printed]], sizes: list[int]) -> tuple[float, float]:
    """The range of |z| of a log-rank test where one arm's patients die before the other's, and nobody is censored.

    Of all patients, and of as many as give the rates' intervals without censoring, by the widest of the scales.
    """
    found = []
    for patients in (sizes, [_behind(side, n) for side, n in zip(sides, sizes, strict=True)]):
        dead = [
            [math.floor(n * (1 - high / 100)), min(n, math.ceil(n * (1 - low / 100)))]
            for n, (low, high) in zip(patients, (spans(side["rate"])[0] for side in sides), strict=True)
        ]
        for one, other in itertools.product(*dead):
            for order in (np.repeat([0, 1], [one, other]), np.repeat([1, 0], [other, one])):
                left = [n - np.cumsum(order == arm) + (order == arm) for arm, n in enumerate(patients)]
                share = left[0] / (left[0] + left[1])
                variance = float((share * (1 - share)).sum())
                found.append(float(((order == 0) - share).sum()) / math.sqrt(variance) if variance else 0.0)
    return (0.0 if min(found) < 0 < max(found) else min(map(abs, found))), max(map(abs, found))


def _behind(side: dict[str, Printed], n: int) -> int:
    """Uncensored patients whose rate would have the printed interval."""
    three = (side[name] for name in ("rate", "ci_low", "ci_high"))
    six = tuple((rounded[0], cut[1]) for rounded, cut in map(spans, three))
    errors = [_errors(scale, "log", six)[1] for scale in _SCALES if _middle(scale, six)]
    share = float(_inside((side["rate"].value, 0.0))[0])
    return max(1, min(n, round((1 - share) / (share * max(errors) ** 2)))) if errors else n


def _tests_of_rates(sides: list[dict[str, Printed]]) -> list[tuple[float, float]]:
    """|z| on every scale, its standard errors from limits made on any scale; the range that the print leaves."""
    found = []
    printed = [side[name] for side in sides for name in ("rate", "ci_low", "ci_high")]
    six = tuple((rounded[0], cut[1]) for rounded, cut in map(spans, printed))
    for made_on in _SCALES:
        if not (_middle(made_on, six[:3]) and _middle(made_on, six[3:])):
            continue
        for tested_on, of in _SCALES.items():
            images = [np.sort(of(_inside(rate))) for rate in (six[0], six[3])]
            errors = [_errors(made_on, tested_on, three) for three in (six[:3], six[3:])]
            gap = max(images[0][0] - images[1][1], images[1][0] - images[0][1], 0.0)
            most = max(images[0][1] - images[1][0], images[1][1] - images[0][0])
            found.append(
                (gap / math.hypot(*(e[1] for e in errors)), most / max(math.hypot(*(e[0] for e in errors)), 1e-9))
            )
    return found


def _errors(made_on: str, tested_on: str, spans: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Standard errors on one scale behind limits made on another: the delta method at the rate."""
    rate, low, high = (_inside(span) for span in spans)
    of = _SCALES[made_on]
    widths = [abs(of(a) - of(b)) / (2 * Z95) for a in low for b in high]
    slopes = [abs(_slope(tested_on, s) / _slope(made_on, s)) for s in rate]
    return min(widths) * min(slopes), max(widths) * max(slopes)


def _slope(scale: str, s: float) -> float:
    step = 1e-6
    return float((_SCALES[scale](s + step) - _SCALES[scale](s - step)) / (2 * step))


@injects("median_symmetry")
def median_symmetry(desk: Desk) -> Injected | None:
    """Symmetric limits in a paper that names Brookmeyer and Crowley; detectable where chance hardly makes them.

    The figures leave 2 median - low - high open by four units of the last digit, and curves spread it over about half
    of the interval's width: the quotient is how often chance makes one symmetric. All of them: less than 1 in 200.
    """
    medians = desk.values(kind="claim", statistic="median", section="results", row=["os_median", "pfs_median"])
    draft, ids, chance = desk.draft, list[str](), 1.0
    for value in medians.itertuples():
        three = figures(value.cell)
        if len(three) != 3:
            continue
        middle, low = float(three[0]), float(three[1])
        if middle <= low:
            continue
        chance *= min(1.0, 4 * 10.0 ** -int(value.decimals) / (middle - low))
        text = with_figure(value.cell, 2, fixed(2 * middle - low, int(value.decimals)))
        draft, ids = draft.reprinted(value, text), [*ids, value.id]
    if not ids:
        return None
    spec = draft.spec | {"methods": draft.spec["methods"] | {"median_ci": "Brookmeyer–Crowley"}}
    return Injected(replace(draft, spec=spec), tuple(ids), chance < _COINCIDENCE, f"{len(ids)} medians")


@injects("median_interval")
def median_interval(desk: Desk) -> Injected | None:
    """A median's interval that leaves out a time whose rate may be one half.

    Detectable where the paper names the curve's method, and one half lies within the rate's limits by the plain, log
    and log-log scales alike, with a margin of a tenth of the half-width.
    """
    claimed = bool(desk.paper.spec.methods.median_ci)
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        median = desk.values(
            kind="claim",
            section="results",
            row=f"{value.endpoint}_median",
            arm=value.arm,
            statistic="median",
            state="exact",
        )
        if median.empty or len(figures(value.cell)) != 3 or len(figures(median.iloc[0].cell)) != 3:
            continue
        cell, three = median.iloc[0], [float(figure) for figure in figures(median.iloc[0].cell)]
        rate, low, high = (float(figure) / 100 for figure in figures(value.cell))
        if not 0 < low < 0.5 < high < 1 or not three[1] < value.time < three[2] or abs(three[0] - value.time) < 1:
            continue
        which = 1 if value.time < three[0] else 2
        wrong = fixed((value.time + three[0]) / 2, int(cell.decimals))
        text = with_figure(cell.cell, which, wrong)
        draft = desk.draft.reprinted(cell, text)
        error = math.log(high / low) / (2 * Z95)
        inside = all(
            abs(_SCALES[scale](rate) - _SCALES[scale](0.5)) < 0.9 * Z95 * error * rate * abs(_slope(scale, rate))
            for scale in ("plain", "log", "log-log")
        )
        changed = limit_id(cell, which)
        return Injected(
            draft,
            (changed,),
            claimed and inside,
            f"{cell.cell} → {text}; {value.cell} at {value.time:g}",
        )
    return None


@injects("follow_up")
def follow_up(desk: Desk) -> Injected | None:
    """An arm's median follow-up of another size; detectable beyond its printed median survival."""
    medians = desk.values(kind="claim", row="os_median", statistic="median", state="exact", section="results")
    for value in desk.shuffled(desk.values(kind="claim", term="follow_up", statistic="median")):
        own = medians[medians.arm == value.arm]
        if value.arm and len(own):
            middle = as_printed(own.iloc[0])
            wrong = f"{middle.value * float(desk.rng.uniform(0.7, 2)):.{value.decimals}f}"
            draft = desk.draft.reprinted(value, with_figure(value.cell, 0, wrong))
            shown = float(wrong) - 10.0**-value.decimals > middle.value + middle.unit
            return Injected(draft, (value.id,), shown, f"{value.cell} → {wrong}, survival {middle.figure}")
    return None
