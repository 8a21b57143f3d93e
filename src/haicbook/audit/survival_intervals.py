"""Intervals of survival rates and the tests between two of them, against the patients behind them."""

from __future__ import annotations

import itertools
import math

from haicbook.audit.cells import Cell, place
from haicbook.audit.curves import Curve, Mark, curves
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.ratio_tests import flips, printed_p
from haicbook.audit.ratios import Span, distance, p_words, z_of_p
from haicbook.audit.scales import SCALES, Scale, error_of_log, fits, image, inside, least_error_of_log
from haicbook.study import Paper


def rate_intervals(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The interval of a rate is symmetric on some scale, and not narrower than its patients allow.

    Scales: plain, log (R's), log-log (SAS's, Stata's), logit, arcsine. A warning where rounding puts the rate in the
    middle on none of them; an error where the standard error of log S is below sqrt((1 - S) / (n S)), which is
    Greenwood's without censoring and his least one with it.

    References
    ----------
    Greenwood M. Reports on Public Health and Medical Subjects 1926;33. Kalbfleisch JD, Prentice RL. The Statistical
    Analysis of Failure Time Data, 2002, section 1.4.
    """
    findings = []
    for curve in curves(paper, found):
        for mark in curve.rates:
            limits = _finite(mark)
            if limits is not None:
                findings += _judged(paper, curve, mark, limits)
    return findings


def _finite(mark: Mark) -> tuple[Span, Span] | None:
    """Limits strictly between 0 and 1; those cut at the ends say nothing of a scale."""
    limits = mark.limits()
    if limits is None or limits[0][0] <= 0 or limits[1][1] >= 1 or not 0 < mark.span()[0] < mark.span()[1] < 1:
        return None
    return limits if limits[0][0] <= mark.span()[1] and mark.span()[0] <= limits[1][1] else None


def _judged(paper: Paper, curve: Curve, mark: Mark, limits: tuple[Span, Span]) -> list[Finding]:
    scales = fitting(mark, limits)
    where, rate = place(paper, mark.cell), mark.span()
    if curve.n is not None:
        least = least_error_of_log(rate[1], curve.n)
        most = max(error_of_log(scale, rate, limits)[1] for scale in scales or SCALES)
        if most < least:
            sentence = (
                f"{where}: the interval {mark.text} has a standard error of log S of at most {most:.3f}; with "
                f"{curve.n} patients it is at least {least:.3f}, and more with censoring."
            )
            words = f"√((1 - S)/(n S)) = {least:.3f} with n = {curve.n}"
            return [_finding(paper, mark, "error", f"SE at least {least:.3f}", sentence, words)]
    if scales:
        return []
    middles = ", ".join(f"{scale.name} {100 * _middle(scale, limits):.1f}%" for scale in SCALES[:3])
    sentence = f"{where}: {mark.text} is not the middle of its limits on any usual scale; the middle is {middles}."
    low, high = mark.low, mark.high
    words = f"√({low.figure} × {high.figure}) for the log scale" if low and high else ""
    return [_finding(paper, mark, "warning", middles, sentence, words)]


def fitting(mark: Mark, limits: tuple[Span, Span]) -> list[Scale]:
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


def _finding(paper: Paper, mark: Mark, severity: Severity, recomputed: str, sentence: str, words: str) -> Finding:
    return Finding(
        "rate_interval", severity, paper.study, mark.interval_ids, mark.text, recomputed, sentence, recomputation=words
    )


# --- a test between two rates -----------------------------------------------------------------------------------------


def rate_tests(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The p-value between two rates at a time against their intervals.

    z = |g(S1) - g(S0)| / sqrt(SE1² + SE0²) on each of the five scales, over the rounding of all figures and over the
    scales on which both intervals may have been made (one method made both, where one explains both); where a rate has
    no interval its standard error is at least that without censoring, so that z has an upper bound only. An error
    where print and all scales lie on two sides of 0.05, else a warning.

    References
    ----------
    Klein JP, Logan B, Harhoff M, Andersen PK. Stat Med 2007;26:4505-4519.
    """
    by_key = {curve.key: curve for curve in curves(paper, found)}
    findings = []
    for cell in found:
        row, printed = cell.about, cell.numbers.get("p")
        at_time = row.endpoint and not row.term and not row.model and not math.isnan(row.time) and row.reference
        if printed is None or not at_time or printed.state not in ("exact", "below", "above"):
            continue
        key = (row.endpoint, row.criterion, row.population)
        sides = [by_key.get((*key, arm)) for arm in (row.arm, row.reference)]
        marks = [next((m for m in side.rates if m.time == row.time), None) if side else None for side in sides]
        if sides[0] and sides[1] and marks[0] and marks[1]:
            findings += _tested(paper, cell, (sides[0], sides[1]), (marks[0], marks[1]))
    return findings


def _tested(paper: Paper, cell: Cell, arms: tuple[Curve, Curve], marks: tuple[Mark, Mark]) -> list[Finding]:
    printed = cell.numbers["p"]
    spans = {scale.name: _z(scale, arms, marks) for scale in SCALES}
    if any(distance(span, z_of_p(printed)) == 0 for span in spans.values()):
        return []
    flip = all(flips(span, printed) for span in spans.values())
    union = min(low for low, _ in spans.values()), max(high for _, high in spans.values())
    said = f"p {p_words(union)}" if math.isfinite(union[1]) else f"p at least {p_words((union[0], union[0]))}"
    plain = _plain_words(marks)
    sentence = (
        f"{place(paper, cell)}: {printed_p(printed)} between {marks[0].text} and {marks[1].text}; a test of the two "
        f"rates gives {said} (plain, log, log-log, logit and arcsine scales)."
        + (" One says significant at 0.05, the other not." if flip else "")
        + " A comparison of the whole curves would be another test."
    )
    ids = (cell.ids["p"], *marks[0].interval_ids, *marks[1].interval_ids)
    text = f"{printed_p(printed)}; {marks[0].text}; {marks[1].text}"
    severity: Severity = "error" if flip else "warning"
    return [Finding("rate_test", severity, paper.study, ids, text, said, sentence, recomputation=plain)]


def _z(scale: Scale, arms: tuple[Curve, Curve], marks: tuple[Mark, Mark]) -> Span:
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


def _made_on(marks: tuple[Mark, Mark]) -> list[tuple[Scale, Scale]]:
    """The scales on which the two intervals may have been made: one for both where one fits both."""
    own = [fitting(mark, limits) if (limits := _finite(mark)) else list(SCALES) for mark in marks]
    common = [(scale, scale) for scale in own[0] if scale in own[1]]
    return common or list(itertools.product(own[0] or SCALES, own[1] or SCALES))


def _error(scale: Scale, made_on: Scale, arm: Curve, mark: Mark) -> Span:
    """Standard errors on a scale: behind the printed limits, made on one, else at least that without censoring."""
    limits, rate = _finite(mark), mark.span()
    slopes = [scale.slope(inside(end)) for end in rate]
    if limits is None:
        least = least_error_of_log(rate[1], arm.n) if arm.n else 0.0
        return least * min(slopes), math.inf
    low, high = error_of_log(made_on, rate, limits)
    return low * min(slopes), high * max(slopes)


def _plain_words(marks: tuple[Mark, Mark]) -> str:
    """The test on the log scale, from the printed figures alone."""
    if any(mark.low is None or mark.high is None for mark in marks):
        return f"{marks[0].words} against {marks[1].words}"
    parts, errors = [], []
    for mark in marks:
        if mark.low is None or mark.high is None or mark.low.value <= 0:
            return f"{marks[0].words} against {marks[1].words}"
        errors.append(math.log(mark.high.value / mark.low.value) / 3.92)
        parts.append(f"ln({mark.high.figure}/{mark.low.figure})/3.92 = {errors[-1]:.3f}")
    z = math.log(marks[0].printed.value / marks[1].printed.value) / math.hypot(*errors)
    return (
        f"SE {' and '.join(parts)}; z = ln({marks[0].printed.figure.rstrip('%')}/"
        f"{marks[1].printed.figure.rstrip('%')})/√(SE1² + SE2²) = {z:.2f}"
    )
