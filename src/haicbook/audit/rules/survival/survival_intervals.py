"""Intervals of rates and of medians: by which method they were made, and whether patients and curve allow them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.hazard_ratios.ratios import Z95, distance, interval_flips, p_words, width, z_of_level, z_of_p
from haicbook.audit.rules.p_values import Span, printed_p
from haicbook.audit.rules.survival.cut_log_rank import ArmUntil, cut_log_rank
from haicbook.audit.rules.survival.printed_curves import ENDPOINTS, CurvePoint, PrintedCurve, curves
from haicbook.printed import Printed
from haicbook.study import Paper

rule = partial(registry.rule, topic="survival", inspect_sr=registry.STATISTICS)

_TINY = 1e-9
_TIMES = (*ENDPOINTS, "dor", "ttr")
# Intervals that end where a curve's limits cross one half lie askew by a third of their half-width or so; chance puts
# one into the middle with about this density.
_DENSITY = 1.25
# so unlikely must it be that chance made all of them symmetric
_COINCIDENCE = 0.005
_SHARE = 0.8
_INVERTING = ("plain", "log", "log-log")
BROOKMEYER_CROWLEY = "brookmeyer"


@dataclass(frozen=True)
class Scale:
    """A transformation g of a survival probability.

    Attributes
    ----------
    name
        As software calls it.
    of
        g(S).
    slope
        The size of dg/d(log S): a standard error of log S times it is one of g.
    """

    name: str
    of: Callable[[float], float]
    slope: Callable[[float], float]


SCALES = (
    Scale("plain", lambda s: s, lambda s: s),
    Scale("log", math.log, lambda s: 1.0),
    Scale("log-log", lambda s: math.log(-math.log(s)), lambda s: 1 / -math.log(s)),
    Scale("logit", lambda s: math.log(s / (1 - s)), lambda s: 1 / (1 - s)),
    Scale("arcsine", lambda s: math.asin(math.sqrt(s)), lambda s: math.sqrt(s / (1 - s)) / 2),
)


def inside(value: float) -> float:
    """A probability kept off 0 and 1, where the scales end."""
    return min(max(value, _TINY), 1 - _TINY)


def image(scale: Scale, span: Span) -> Span:
    """An interval on a scale, in ascending order."""
    ends = [scale.of(inside(end)) for end in span]
    return min(ends), max(ends)


def fits(scale: Scale, rate: Span, limits: tuple[Span, Span]) -> bool:
    """Whether the rate can be the middle of its limits on a scale."""
    centre = image(scale, rate)
    low, high = image(scale, limits[0]), image(scale, limits[1])
    return (low[0] + high[0]) / 2 <= centre[1] and centre[0] <= (low[1] + high[1]) / 2


def error_of_log(scale: Scale, rate: Span, limits: tuple[Span, Span], z: float = Z95) -> Span:
    """Standard errors of log S that limits made on a scale allow, z of them to either side."""
    low, high = image(scale, limits[0]), image(scale, limits[1])
    widths = [abs(a - b) / (2 * z) for a in low for b in high]
    slopes = [scale.slope(inside(end)) for end in rate]
    return min(widths) / max(slopes), max(widths) / min(slopes)


def _z_of(mark: CurvePoint) -> float:
    """Half the width of its interval in standard errors; of a 95 % one where none is printed."""
    return z_of_level(mark.low or mark.printed)


def least_error_of_log(survival: float, n: int) -> float:
    """Greenwood's standard error of log S is at least sqrt((1 - S) / (n S)), that without censoring.

    Of n patients at most n S are at risk where survival is S, so that each term d / (r (r - d)) of Greenwood's sum is
    at least (1/S after - 1/S before) / n; the terms add up to (1/S - 1) / n.
    """
    survival = inside(survival)
    return math.sqrt((1 - survival) / (n * survival))


@rule(
    "rate_interval",
    "The interval of a survival rate fits the rate and the number of patients",
    broken="The interval of a survival rate does not fit the rate or the number of patients",
    source="Greenwood 1926; Kalbfleisch and Prentice 2002",
    tolerance="Plain, log, log-log, logit or arcsine scale, over the rounding of all figures",
)
def rate_intervals(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The interval of a rate is symmetric on some scale, and not narrower than its patients allow.

    Scales: plain, log (R's), log-log (SAS's, Stata's), logit, arcsine. A warning where rounding puts the rate in the
    middle on none of them; an error where the standard error of log S is below sqrt((1 - S) / (n S)), which is
    Greenwood's without censoring and his least one with it.

    References
    ----------
    Greenwood M. Reports on Public Health and Medical Subjects 1926;33. Kalbfleisch JD, Prentice RL. The Statistical
    Analysis of Failure Time Data, 2002, section 1.4.
    """
    for curve in curves(paper, found):
        for mark in curve.rates:
            limits = _finite(mark)
            if limits is not None:
                yield from _judged_interval(paper, curve, mark, limits)


def _finite(mark: CurvePoint) -> tuple[Span, Span] | None:
    """Limits strictly between 0 and 1; those cut at the ends say nothing of a scale."""
    limits = mark.limits()
    if limits is None or limits[0][0] <= 0 or limits[1][1] >= 1 or not 0 < mark.span()[0] < mark.span()[1] < 1:
        return None
    return limits if limits[0][0] <= mark.span()[1] and mark.span()[0] <= limits[1][1] else None


def _judged_interval(
    paper: Paper, curve: PrintedCurve, mark: CurvePoint, limits: tuple[Span, Span]
) -> Iterator[Discrepancy]:
    scales, rate = fitting(mark, limits), mark.span()
    least = least_error_of_log(rate[1], curve.n) if curve.n is not None else 0.0
    most = max(error_of_log(scale, rate, limits, _z_of(mark))[1] for scale in scales or SCALES)
    if most < least:
        sentence = (
            f"{place(paper, mark.cell)}: the interval {mark.text} has a standard error of log S of at most {most:.3f}; "
            f"with {curve.n} patients it is at least {least:.3f}, and more with censoring."
        )
        words, by_hand = f"SE at least {least:.3f}", f"√((1 - S)/(n S)) = {least:.3f} with n = {curve.n}"
        yield Discrepancy("error", mark.interval_ids, mark.text, words, sentence, by_hand)
    elif not scales:
        middles = ", ".join(f"{scale.name} {100 * _middle(scale, limits):.1f}%" for scale in SCALES[:3])
        sentence = (
            f"{place(paper, mark.cell)}: {mark.text} is not the middle of its limits on any usual scale; the middle is "
            f"{middles}."
        )
        by_hand = f"√({mark.low.figure} × {mark.high.figure}) for the log scale" if mark.low and mark.high else ""
        yield Discrepancy("warning", mark.interval_ids, mark.text, middles, sentence, by_hand)


def fitting(mark: CurvePoint, limits: tuple[Span, Span]) -> list[Scale]:
    """The scales on which the rate is the middle of its limits."""
    return [scale for scale in SCALES if fits(scale, mark.span(), limits)]


def _middle(scale: Scale, limits: tuple[Span, Span]) -> float:
    """The rate in the middle of the limits on a scale, by bisection."""
    goal = sum(scale.of(inside((end[0] + end[1]) / 2)) for end in limits) / 2
    low, high = 1e-6, 1 - 1e-6
    rising = scale.of(high) > scale.of(low)
    for _ in range(60):
        middle = (low + high) / 2
        if (scale.of(middle) < goal) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# --- a test between two rates -----------------------------------------------------------------------------------------


_WHOLE = " A comparison of the whole curves would be another test."
_CUT = (
    " A log-rank test of the curves up to {time:g} months compares all that happened before, not the rates. It "
    "may give this p-value, which is then loosely labelled."
)


@rule(
    "rate_test",
    "The p-value between two survival rates matches their intervals",
    broken="The p-value between two survival rates does not match their intervals",
    source="Klein, Logan, Harhoff and Andersen 2007; Mantel 1966",
    tolerance="Any of five scales, over the rounding of all figures; a note where a log-rank test up to that time may "
    "give it",
)
def rate_tests(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The p-value between two rates at a time against their intervals.

    z = |g(S1) - g(S0)| / sqrt(SE1² + SE0²) on each of the five scales, over the rounding of all figures and over the
    scales on which both intervals may have been made (one method made both, where one explains both); where a rate has
    no interval its standard error is at least that without censoring, so that z has an upper bound only. An error
    where print and all scales lie on two sides of 0.05, else a warning. Where a log-rank test of the curves up to that
    time may give the p-value, in some order of the deaths (:func:`cut_log_rank`), its label is loose: a note.

    References
    ----------
    Klein JP, Logan B, Harhoff M, Andersen PK. Stat Med 2007;26:4505-4519.
    """
    by_key = {curve.key: curve for curve in curves(paper, found)}
    for cell in found:
        row, printed = cell.about, cell.numbers.get("p")
        at_time = row.endpoint and not row.term and not row.model and not math.isnan(row.time) and row.reference
        if printed is None or not at_time or printed.state not in ("exact", "below", "above"):
            continue
        key = (row.endpoint, row.criterion, row.population)
        sides = [by_key.get((*key, arm)) for arm in (row.arm, row.reference)]
        marks = [next((m for m in side.rates if m.time == row.time), None) if side else None for side in sides]
        if sides[0] and sides[1] and marks[0] and marks[1]:
            yield from _tested(paper, cell, (sides[0], sides[1]), (marks[0], marks[1]))


def _tested(
    paper: Paper, cell: Cell, arms: tuple[PrintedCurve, PrintedCurve], marks: tuple[CurvePoint, CurvePoint]
) -> Iterator[Discrepancy]:
    printed = cell.numbers["p"]
    spans = {scale.name: _z(scale, arms, marks) for scale in SCALES}
    if any(distance(span, z_of_p(printed)) == 0 for span in spans.values()):
        return
    known = arms[0].n is not None and arms[1].n is not None
    cut = known and distance(cut_log_rank(*map(_until, arms, marks)), z_of_p(printed)) == 0
    flip = all(interval_flips(span, printed) for span in spans.values())
    union = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
    said = f"p {p_words(union)}" if math.isfinite(union[1]) else f"p at least {p_words((union[0], union[0]))}"
    plain = _plain_words(marks)
    sentence = (
        f"{place(paper, cell)}: {printed_p(printed)} between {marks[0].text} and {marks[1].text}; a test of the two "
        f"rates gives {said} (plain, log, log-log, logit and arcsine scales)."
        + (" One is significant at 0.05, the other is not." if flip else "")
        + (_CUT if cut else _WHOLE).format(time=marks[0].time)
    )
    ids = (cell.ids["p"], *marks[0].interval_ids, *marks[1].interval_ids)
    text = f"{printed_p(printed)}; {marks[0].text}; {marks[1].text}"
    severity: Severity = "info" if cut else "error" if flip else "warning"
    yield Discrepancy(severity, ids, text, said, sentence, plain)


def _until(arm: PrintedCurve, mark: CurvePoint) -> ArmUntil:
    """An arm up to a rate's time, with the patients whom the rate's interval stands for."""
    rate, limits, n = mark.span(cut=False), _finite(mark), arm.n or 0
    errors = [error_of_log(scale, rate, limits, _z_of(mark))[1] for scale in fitting(mark, limits)] if limits else []
    middle = inside(sum(rate) / 2)
    effective = (1 - middle) / (middle * max(errors) ** 2) if errors and max(errors) > 0 else float(n)
    return ArmUntil(n, rate, effective)


def _z(scale: Scale, arms: tuple[PrintedCurve, PrintedCurve], marks: tuple[CurvePoint, CurvePoint]) -> Span:
    """The least and largest |z| on a scale."""
    images = [image(scale, mark.span()) for mark in marks]
    least = distance(images[0], images[1])
    most = max(images[0][1] - images[1][0], images[1][1] - images[0][0])
    found = []
    for made_on in _made_on(marks):
        errors = [_error(scale, own, arm, mark) for own, arm, mark in zip(made_on, arms, marks, strict=True)]
        small, large = (math.hypot(*(error[end] for error in errors)) for end in (0, 1))
        found.append((0.0 if math.isinf(large) else least / large, most / max(small, 1e-9)))
    return min(low for low, _ in found), max(high for _, high in found)


def _made_on(marks: tuple[CurvePoint, CurvePoint]) -> list[tuple[Scale, Scale]]:
    """The scales on which the two intervals may have been made: one for both where one fits both."""
    own = [fitting(mark, limits) if (limits := _finite(mark)) else list(SCALES) for mark in marks]
    common = [(scale, scale) for scale in own[0] if scale in own[1]]
    return common or list(itertools.product(own[0] or SCALES, own[1] or SCALES))


def _error(scale: Scale, made_on: Scale, arm: PrintedCurve, mark: CurvePoint) -> Span:
    """Standard errors on a scale: behind the printed limits, made on one, else at least that without censoring."""
    limits, rate = _finite(mark), mark.span()
    slopes = [scale.slope(inside(end)) for end in rate]
    if limits is None:
        least = least_error_of_log(rate[1], arm.n) if arm.n else 0.0
        return least * min(slopes), math.inf
    low, high = error_of_log(made_on, rate, limits, _z_of(mark))
    return low * min(slopes), high * max(slopes)


def _plain_words(marks: tuple[CurvePoint, CurvePoint]) -> str:
    """The test on the log scale, from the printed figures alone."""
    if any(mark.low is None or mark.high is None for mark in marks):
        return f"{marks[0].words} against {marks[1].words}"
    parts, errors = [], []
    for mark in marks:
        if mark.low is None or mark.high is None or mark.low.value <= 0:
            return f"{marks[0].words} against {marks[1].words}"
        errors.append(math.log(mark.high.value / mark.low.value) / width(mark.low))
        parts.append(f"ln({mark.high.figure}/{mark.low.figure})/{width(mark.low):g} = {errors[-1]:.3f}")
    z = math.log(marks[0].printed.value / marks[1].printed.value) / math.hypot(*errors)
    return (
        f"SE {' and '.join(parts)}; z = ln({marks[0].printed.figure.rstrip('%')}/"
        f"{marks[1].printed.figure.rstrip('%')})/√(SE1² + SE2²) = {z:.2f}"
    )


@rule(
    "median_symmetry",
    "The intervals of medians are read off the curve",
    broken="The interval of a median was not read off the curve as claimed",
    source="Brookmeyer and Crowley 1982",
    tolerance="Four of five symmetric within rounding, which chance makes in fewer than 1 of 200 papers",
)
def symmetric_medians(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
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
        return
    claimed = BROOKMEYER_CROWLEY in (paper.spec.methods.median_ci or "").lower()
    several = f"{len(symmetric)} of {len(intervals)} medians lie" if len(intervals) > 1 else "The median lies"
    said = (
        f"the paper names {paper.spec.methods.median_ci}, whose limits are read off the curve and are rarely symmetric"
        if claimed
        else "the paper does not say how the intervals were computed"
    )
    first = symmetric[0]
    sentence = (
        f"{several} in the middle of {'their' if len(intervals) > 1 else 'its'} limits, as with a normal approximation "
        f"(such as SPSS prints); {said}. For instance {place(paper, first)}: {first.text}."
    )
    ids = tuple(value_id for cell in symmetric for value_id in cell.ids.values())
    low, high = first.numbers["ci_low"], first.numbers["ci_high"]
    middle = (low.value + high.value) / 2
    by_hand = f"({low.figure} + {high.figure})/2 = {middle:.{max(low.decimals, high.decimals) + 1}f}"
    text = "; ".join(cell.text for cell in symmetric)
    severity: Severity = "warning" if claimed else "info"
    yield Discrepancy(severity, ids, text, "a normal approximation", sentence, by_hand, count=len(symmetric))


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


def _is_clipped(cell: Cell) -> bool:
    """Whether a symmetric interval would begin below 0, and is printed from 0 on, as SPSS does."""
    median, low, high = (cell.numbers[name] for name in ("median", "ci_low", "ci_high"))
    return low.value == 0 and _high(high) >= 2 * _low(median)


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


@rule(
    "median_interval",
    "The interval of a median agrees with the survival rates",
    broken="The interval of a median contradicts the survival rates",
    source="Brookmeyer and Crowley 1982; Greenwood 1926",
    tolerance="Plain, log and log-log scales agree, over the rounding of all figures",
)
def inverted(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The median's interval holds the times at which the rate's interval holds one half (Brookmeyer and Crowley).

    Where a rate is printed with its interval, its standard error is known; else it is at least that without censoring
    (Greenwood), which is enough to say that one half is inside. The plain, log and log-log scales must all agree. A
    median's interval without such a time is an error where the paper claims the method, a note where its interval may
    come from a normal approximation, else a warning.
    """
    for curve in curves(paper, found):
        for median in curve.medians:
            judged = [(rate, _against(curve, median, rate)) for rate in curve.rates]
            against = [(rate, holds) for rate, holds in judged if holds is not None]
            if against:
                yield _at_odds(paper, curve, median, against)


def _against(curve: PrintedCurve, median: CurvePoint, rate: CurvePoint) -> bool | None:
    """Whether the rate's interval holds one half, where the median's interval says otherwise; else None."""
    limits, holds = median.limits(), _holds_half(curve, rate, _z_of(median))
    if limits is None or holds is None:
        return None
    within = limits[0][0] <= rate.time <= limits[1][1]
    strictly = limits[0][1] < rate.time < limits[1][0]
    return holds if (holds and not within) or (not holds and strictly) else None


def _holds_half(curve: PrintedCurve, rate: CurvePoint, z: float) -> bool | None:
    """Whether the rate's interval, at the median's level, holds one half by every scale; None where they differ."""
    limits, span = rate.limits(), rate.span()
    if not 0 < span[0] < span[1] < 1:
        return None
    if limits is None or limits[1][1] >= 1 or limits[0][0] <= 0:
        errors = (least_error_of_log(span[1], curve.n), math.inf) if curve.n else None
    else:
        made = [error_of_log(scale, span, limits, _z_of(rate)) for scale in fitting(rate, limits)]
        errors = (min(low for low, _ in made), max(high for _, high in made)) if made else None
    if errors is None:
        return None
    made_on = [scale for scale in SCALES if scale.name in _INVERTING]
    least, most = ({_within(scale, end, z * error) for scale in made_on for end in span} for error in errors)
    if math.isinf(errors[1]):  # only that one half is inside can be known
        return True if least == {True} else None
    return least.pop() if len(least | most) == 1 else None


def _within(scale: Scale, survival: float, half_width: float) -> bool:
    """Whether a rate with limits so far away in log S has one half within them on a scale."""
    off = abs(scale.of(inside(survival)) - scale.of(0.5))
    return off <= scale.slope(inside(survival)) * half_width


def _at_odds(
    paper: Paper, curve: PrintedCurve, median: CurvePoint, against: list[tuple[CurvePoint, bool]]
) -> Discrepancy:
    claimed = BROOKMEYER_CROWLEY in (paper.spec.methods.median_ci or "").lower()
    two_sided = median.cell.number("ci_low") and median.cell.number("ci_high")
    normal = bool(two_sided) and (_is_symmetric(median.cell) or _is_clipped(median.cell))
    severity: Severity = "error" if claimed else "info" if normal else "warning"
    said = "; ".join(
        f"{rate.time:g} months {'outside' if holds else 'inside'}, although 50% {'is' if holds else 'is not'} within "
        f"the interval of {rate.words}, {_interval_words(curve, median, rate)}"
        for rate, holds in against
    )
    method = f" The paper names {paper.spec.methods.median_ci}." if claimed else ""
    sentence = (
        f"{place(paper, median.cell)}: {median.text} leaves {said}. Limits read off the curve cannot do that.{method}"
    )
    ids = (*median.interval_ids, *(value_id for rate, _ in against for value_id in rate.interval_ids))
    text = "; ".join([median.text, *(rate.words for rate, _ in against)])
    recomputed = "; ".join(f"{rate.time:g} months {'inside' if holds else 'outside'}" for rate, holds in against)
    words = "; ".join(_interval_words(curve, median, rate) for rate, _ in against)
    return Discrepancy(severity, ids, text, recomputed, sentence, words)


def _interval_words(curve: PrintedCurve, median: CurvePoint, rate: CurvePoint) -> str:
    """The rate's printed interval, or the least wide one of the median's level that its patients allow."""
    if rate.low is not None or not curve.n:
        return rate.text
    survival = rate.printed.value * rate.unit
    error = _z_of(median) * math.sqrt(survival * (1 - survival) / curve.n)
    least, most = 100 * (survival - error), 100 * (survival + error)
    figure = rate.printed.figure.rstrip("% ")
    return f"{figure}% ± {_z_of(median):.2f} √(S(1 - S)/{curve.n}) = {least:.0f}% to {most:.0f}% at least"
