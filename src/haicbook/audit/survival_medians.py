"""Intervals of medians: by which method they were made, and whether the curve's rates allow them."""

from __future__ import annotations

import math

from haicbook.audit.cells import Cell, place
from haicbook.audit.curves import ENDPOINTS, Curve, Mark, curves
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.ratios import Z95
from haicbook.audit.scales import SCALES, error_of_log, inside, least_error_of_log
from haicbook.audit.survival_intervals import fitting
from haicbook.printed import Printed
from haicbook.study import Paper

_TIMES = (*ENDPOINTS, "dor", "ttr")
# Intervals that end where a curve's limits cross one half lie askew by a third of their half-width or so; chance puts
# one into the middle with about this density.
_DENSITY = 1.25
# so unlikely must it be that chance made all of them symmetric
_COINCIDENCE = 0.005
_SHARE = 0.8
_INVERTING = ("plain", "log", "log-log")
BROOKMEYER_CROWLEY = "brookmeyer"


def symmetric_medians(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Medians that lie in the middle of their limits come from a normal approximation (SPSS), not from the curve.

    Brookmeyer and Crowley's limits are where the curve's own limits cross one half; they are askew. Four of five
    intervals must be symmetric within their rounding, by coincidence in less than 1 of 200 papers. A warning where
    the paper claims the curve's method, else a note.

    References
    ----------
    Brookmeyer R, Crowley J. Biometrics 1982;38:29-41.
    """
    intervals = list(_intervals(found).values())
    symmetric = [cell for cell in intervals if _is_symmetric(cell)]
    filled = _filled(symmetric)
    chance = math.prod(_chance(cell, filled) for cell in symmetric)
    if not symmetric or len(symmetric) < _SHARE * len(intervals) or chance > _COINCIDENCE:
        return []
    claimed = BROOKMEYER_CROWLEY in (paper.spec.methods.median_ci or "").lower()
    several = f"{len(symmetric)} of {len(intervals)} medians lie" if len(intervals) > 1 else "The median lies"
    said = (
        f"the paper names {paper.spec.methods.median_ci}, whose limits are read off the curve and lie askew"
        if claimed
        else "the paper does not say how they were made"
    )
    first = symmetric[0]
    sentence = (
        f"{several} in the middle of {'their' if len(intervals) > 1 else 'its'} limits, as by a normal approximation "
        f"(SPSS prints it); {said}. For instance {place(paper, first)}: {first.text}."
    )
    ids = tuple(value_id for cell in symmetric for value_id in cell.ids.values())
    low, high = first.numbers["ci_low"], first.numbers["ci_high"]
    middle = (low.value + high.value) / 2
    recomputation = f"({low.figure} + {high.figure})/2 = {middle:.{max(low.decimals, high.decimals) + 1}f}"
    return [
        Finding(
            "median_symmetry",
            "warning" if claimed else "info",
            paper.study,
            ids,
            "; ".join(cell.text for cell in symmetric),
            "a normal approximation",
            sentence,
            recomputation=recomputation,
            count=len(symmetric),
        )
    ]


def _intervals(found: list[Cell]) -> dict[object, Cell]:
    """Every different median with two limits around it, of a time to event or of follow-up."""
    once: dict[object, Cell] = {}
    for cell in found:
        row, median = cell.about, cell.number("median")
        low, high = cell.number("ci_low"), cell.number("ci_high")
        timed = (row.endpoint in _TIMES and cell.of_endpoint) or cell.quantity == "follow_up"
        if timed and median and low and high and low.value < median.value < high.value:
            key = (cell.quantity if row.term else row.endpoint, row.criterion, row.population, row.arm, median.value)
            once.setdefault(key, cell)
    return once


def _is_symmetric(cell: Cell) -> bool:
    """Whether some numbers behind the three figures, rounded or cut off, are symmetric."""
    median, low, high = (cell.numbers[name] for name in ("median", "ci_low", "ci_high"))
    least = _low(low) + _low(high) - 2 * _high(median)
    most = _high(low) + _high(high) - 2 * _low(median)
    return least <= 0 <= most


def _low(printed: Printed) -> float:
    return printed.value - printed.unit / 2


def _high(printed: Printed) -> float:
    return printed.value + printed.unit


def _filled(cells: list[Cell]) -> int:
    """How many zeros all figures end in behind the point: times counted in whole months are symmetric more often."""
    figures = [cell.numbers[name] for cell in cells for name in ("median", "ci_low", "ci_high")]
    return min((min(len(f.figure) - len(f.figure.rstrip("0")), f.decimals) for f in figures), default=0)


def _chance(cell: Cell, filled: int) -> float:
    """How often an interval read off a curve is symmetric within this rounding."""
    median, low, high = (cell.numbers[name] for name in ("median", "ci_low", "ci_high"))
    slack = 1.5 * (median.unit + (low.unit + high.unit) / 2) * 10.0**filled
    return min(1.0, _DENSITY * slack / max((high.value - low.value) / 2, 1e-9))


# --- the median's interval against the rates --------------------------------------------------------------------------


def inverted(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The median's interval holds the times at which the rate's interval holds one half (Brookmeyer and Crowley).

    Where a rate is printed with its interval, its standard error is known; else it is at least that without censoring
    (Greenwood), which is enough to say that one half is inside. The plain, log and log-log scales must all agree. A
    median's interval without such a time is an error where the paper claims the method, a note where its interval may
    come from a normal approximation, else a warning.
    """
    findings = []
    for curve in curves(paper, found):
        for median in curve.medians:
            against = [(rate, holds) for rate in curve.rates for holds in _against(curve, median, rate)]
            if against:
                findings.append(_at_odds(paper, curve, median, against))
    return findings


def _against(curve: Curve, median: Mark, rate: Mark) -> list[bool]:
    """Whether the rate's interval holds one half, where the median's interval says otherwise; else empty."""
    limits, holds = median.limits(), _holds_half(curve, rate)
    if limits is None or holds is None:
        return []
    within = limits[0][0] <= rate.time <= limits[1][1]
    strictly = limits[0][1] < rate.time < limits[1][0]
    return [holds] if (holds and not within) or (not holds and strictly) else []


def _holds_half(curve: Curve, rate: Mark) -> bool | None:
    """Whether the rate's interval holds one half by every scale; None where scales or rounding differ."""
    limits, span = rate.limits(), rate.span()
    if not 0 < span[0] < span[1] < 1:
        return None
    if limits is None or limits[1][1] >= 1 or limits[0][0] <= 0:
        errors = (least_error_of_log(span[1], curve.n), math.inf) if curve.n else None
    else:
        made = [error_of_log(scale, span, limits) for scale in fitting(rate, limits)]
        errors = (min(low for low, _ in made), max(high for _, high in made)) if made else None
    if errors is None:
        return None
    answers = set()
    for scale in SCALES:
        if scale.name in _INVERTING:
            for end in span:
                off = abs(scale.of(inside(end)) - scale.of(0.5))
                slope = Z95 * scale.slope(inside(end))
                answers |= {off <= slope * errors[0], off <= slope * errors[1]}
    if math.isinf(errors[1]):  # only that one half is inside can be known
        sure = all(
            abs(scale.of(inside(end)) - scale.of(0.5)) <= Z95 * scale.slope(inside(end)) * errors[0]
            for scale in SCALES
            if scale.name in _INVERTING
            for end in span
        )
        return True if sure else None
    return answers.pop() if len(answers) == 1 else None


def _at_odds(paper: Paper, curve: Curve, median: Mark, against: list[tuple[Mark, bool]]) -> Finding:
    claimed = BROOKMEYER_CROWLEY in (paper.spec.methods.median_ci or "").lower()
    normal = _is_symmetric(median.cell) if median.cell.number("ci_low") and median.cell.number("ci_high") else False
    severity: Severity = "error" if claimed else "info" if normal else "warning"
    said = "; ".join(
        f"{rate.time:g} months {'outside' if holds else 'inside'}, although one half {'is' if holds else 'is not'} in "
        f"the interval of {rate.words}, {_interval_words(curve, rate)}"
        for rate, holds in against
    )
    method = f" The paper names {paper.spec.methods.median_ci}." if claimed else ""
    sentence = (
        f"{place(paper, median.cell)}: {median.text} leaves {said}. Limits read off the curve cannot do so.{method}"
    )
    ids = (*median.interval_ids, *(value_id for rate, _ in against for value_id in rate.interval_ids))
    text = "; ".join([median.text, *(rate.words for rate, _ in against)])
    recomputed = "; ".join(f"{rate.time:g} months {'inside' if holds else 'outside'}" for rate, holds in against)
    words = "; ".join(_interval_words(curve, rate) for rate, _ in against)
    return Finding("median_interval", severity, paper.study, ids, text, recomputed, sentence, recomputation=words)


def _interval_words(curve: Curve, rate: Mark) -> str:
    """The rate's printed interval, or the least wide one that its patients allow."""
    if rate.low is not None or not curve.n:
        return rate.text
    survival = rate.printed.value * rate.unit
    error = Z95 * math.sqrt(survival * (1 - survival) / curve.n)
    least, most = 100 * (survival - error), 100 * (survival + error)
    figure = rate.printed.figure.rstrip("% ")
    return f"{figure}% ± 1.96 √(S(1 - S)/{curve.n}) = {least:.0f}% to {most:.0f}% at least"
