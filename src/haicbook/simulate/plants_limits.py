"""Errors of the limits of medians and rates, and of the test between two rates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from haicbook.printed import Printed, parse_number
from haicbook.simulate.conventions import Z95, fixed
from haicbook.simulate.planting import (
    Desk,
    Planted,
    apart,
    figures,
    misprinted,
    planter,
    printed_of,
    spans,
    with_figure,
)
from haicbook.simulate.printed_ratios import z_of

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


@planter("rate_interval")
def rate_interval(desk: Desk) -> Planted | None:
    """A misprint in a limit of a rate: the rate is no longer the middle on any scale, each figure
    rounded or cut off."""
    for value in desk.shuffled(desk.values(kind="claim", statistic="rate")):
        if len(figures(value.cell)) != 3:
            continue
        which = int(desk.rng.integers(1, 3))
        text = with_figure(value.cell, which, misprinted(figures(value.cell)[which], desk.rng))
        three = [parse_number(figure) for figure in figures(text)]
        if not 0 < three[1].value < three[0].value < three[2].value < 100:
            continue
        choices = itertools.product(*(spans(figure) for figure in three))
        middle = any(_middle(scale, choice) for choice in choices for scale in _SCALES)
        draft = desk.draft.changed(value.file, value.line, value.column, text)
        changed = value.id.rsplit("/", 1)[0] + ("/ci_low", "/ci_high")[which - 1]
        return Planted("rate_interval", draft, (changed,), not middle, f"{value.cell} → {text}")
    return None


def _middle(scale: str, spans: tuple[tuple[float, float], ...]) -> bool:
    centre, low, high = (np.sort(_SCALES[scale](_inside(span))) for span in spans)
    return not apart((float(centre[0]), float(centre[1])), (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2))


@planter("rate_test")
def rate_test(desk: Desk) -> Planted | None:
    """A misprint in the p-value between two rates, which no scale explains, each figure rounded or cut off."""
    for value in desk.shuffled(desk.values(kind="claim", row=["os_rate", "pfs_rate"], statistic="p", state="exact")):
        wrong = misprinted(value.printed, desk.rng)
        if not 0 < float(wrong) <= 1:
            continue
        rates = desk.values(kind="claim", row=value.row, statistic="rate", time=value.time)
        sides = [printed_of(desk.same_cell(side)) for side in rates.itertuples()]
        if len(sides) != 2 or any(len(side) != 3 for side in sides):
            continue
        shown = all(apart(z, z_of(parse_number(wrong))) for z in _tests_of_rates(sides))
        draft = desk.draft.changed(value.file, value.line, value.column, wrong)
        return Planted("rate_test", draft, (value.id,), shown, f"p {value.printed} → {wrong}")
    return None


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


@planter("median_symmetry")
def median_symmetry(desk: Desk) -> Planted | None:
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
        draft, ids = draft.changed(value.file, value.line, value.column, text), [*ids, value.id]
    if not ids:
        return None
    spec = draft.spec | {"methods": draft.spec["methods"] | {"median_ci": "Brookmeyer–Crowley"}}
    return Planted(
        "median_symmetry", replace(draft, spec=spec), tuple(ids), chance < _COINCIDENCE, f"{len(ids)} medians"
    )


@planter("median_interval")
def median_interval(desk: Desk) -> Planted | None:
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
        draft = desk.draft.changed(cell.file, cell.line, cell.column, text)
        error = math.log(high / low) / (2 * Z95)
        inside = all(
            abs(_SCALES[scale](rate) - _SCALES[scale](0.5)) < 0.9 * Z95 * error * rate * abs(_slope(scale, rate))
            for scale in ("plain", "log", "log-log")
        )
        changed = cell.id.rsplit("/", 1)[0] + ("/ci_low", "/ci_high")[which - 1]
        return Planted(
            "median_interval",
            draft,
            (changed,),
            claimed and inside,
            f"{cell.cell} → {text}; {value.cell} at {value.time:g}",
        )
    return None
