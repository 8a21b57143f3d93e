"""Survival curves as printed: heights, medians, endpoints and the calendar must be in order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from haicbook.audit import registry
from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.survival.printed_curves import CurvePoint, PrintedCurve, curves
from haicbook.printed import parse_date
from haicbook.study import Paper
from haicbook.words import abbreviation

rule = partial(registry.rule, topic="survival", inspect_sr=registry.STATISTICS)

_DAYS_IN_MONTH = 30.4375
# rates of two endpoints whose order is wrong by more than so many standard errors have it wrong for good
_CERTAIN = 2.0
_SLIGHTLY = " Only censoring can reverse the order of the estimates, and only slightly."


@rule(
    "landmark",
    "Survival is above 50% before the median, and not after it",
    broken="A survival rate contradicts the median",
    source="Definition of the median",
    tolerance="Rounding or cutting off of rate and median",
)
def landmarks(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A curve lies above one half before its median, and not above it from the median on.

    Rates and medians of one arm are compared over the rounding of both, whichever place prints them.
    """
    for curve in curves(paper, found):
        for median, rate in itertools.product(curve.medians, curve.rates):
            time, (low, high) = median.span(), rate.span()
            too_low = rate.time < time[0] and high < 0.5
            too_high = rate.time > time[1] and low > 0.5
            if too_low or too_high:
                side, where = ("below", "before") if too_low else ("above", "after")
                sentence = (
                    f"{place(paper, rate.cell)}: {rate.words} is {side} one half {where} the {median.words} "
                    f"({median.cell.about.source})."
                )
                yield _pair("error", rate, median, sentence, f"{side} 50%")


@rule(
    "monotone",
    "A survival curve never rises",
    broken="A survival curve rises",
    tolerance="Rounding or cutting off of both rates",
)
def monotone(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A survival curve never rises."""
    for curve in curves(paper, found):
        for earlier, later in itertools.combinations(curve.rates, 2):
            if earlier.time < later.time and later.span()[0] > earlier.span()[1]:
                sentence = f"{place(paper, later.cell)}: {later.words} is above {earlier.words}; a curve never rises."
                yield _pair("error", later, earlier, sentence, "not above")


def _pair(severity: Severity, one: CurvePoint, other: CurvePoint, sentence: str, recomputed: str) -> Discrepancy:
    printed, by_hand = f"{one.words}; {other.words}", f"{one.words} against {other.words}"
    return Discrepancy(severity, (*one.ids, *other.ids), printed, recomputed, sentence, by_hand)


# --- two endpoints of one arm -----------------------------------------------------------------------------------------


@rule(
    "endpoint_order",
    "Progression-free survival is not longer than overall survival",
    broken="Progression-free survival is longer than overall survival",
    source="Definition of the endpoints",
    tolerance="A warning within two binomial standard errors, a note where rates differ by less than one patient in n",
)
def endpoints_in_order(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Progression-free survival is not above overall survival, nor above liver-specific progression-free survival.

    Each patient's time is the shorter one, but where patients are censored late events weigh more, so that estimates
    can change places slightly: a note where rates differ by less than one patient in n, a warning up to two standard
    errors (binomial), an error beyond. Medians out of order are a warning, and an error where exponential curves with
    these medians differ by as much as that at the shorter time.
    """
    by_key = {curve.key: curve for curve in curves(paper, found)}
    for (endpoint, criterion, population, arm), shorter in by_key.items():
        if endpoint != "pfs":
            continue
        for longer in (by_key.get(("os", "", population, arm)), by_key.get(("liver_pfs", criterion, population, arm))):
            if longer is not None:
                yield from _medians_out_of_order(paper, shorter, longer)
                yield from _rates_out_of_order(paper, shorter, longer)


def _medians_out_of_order(paper: Paper, shorter: PrintedCurve, longer: PrintedCurve) -> Iterator[Discrepancy]:
    names = abbreviation(shorter.endpoint), abbreviation(longer.endpoint)
    if not (shorter.medians and longer.medians):
        return
    # a figure that another place contradicts is the other rule's: the order is wrong when no pair has it right
    one, other = min(shorter.medians, key=lambda m: m.span()[0]), max(longer.medians, key=lambda m: m.span()[1])
    if one.span()[0] > other.span()[1]:
        sentence = f"{place(paper, one.cell)}: {names[0]}, {one.words}, is longer than {names[1]}, {other.words}."
        gap = 0.5 ** (other.span()[1] / one.span()[0]) - 0.5
        severity: Severity = "error" if shorter.n is None or gap > _CERTAIN * _binomial(0.5, shorter.n) else "warning"
        sentence += "" if severity == "error" else _SLIGHTLY
        yield _pair(severity, one, other, sentence, f"at most {other.printed.figure}")


def _binomial(share: float, n: int) -> float:
    """Standard error of a share of n patients."""
    return math.sqrt(max(share * (1 - share), 0.0) / n)


def _rates_out_of_order(paper: Paper, shorter: PrintedCurve, longer: PrintedCurve) -> Iterator[Discrepancy]:
    names = abbreviation(shorter.endpoint), abbreviation(longer.endpoint)
    for time in sorted({mark.time for mark in shorter.rates} & {mark.time for mark in longer.rates}):
        one = min((mark for mark in shorter.rates if mark.time == time), key=lambda mark: mark.span()[0])
        other = max((mark for mark in longer.rates if mark.time == time), key=lambda mark: mark.span()[1])
        gap = one.span()[0] - other.span()[1]
        if gap <= 0:
            continue
        severity: Severity = "warning"
        if shorter.n is not None and gap < 1 / shorter.n:
            severity = "info"
        elif shorter.n is not None and gap > _CERTAIN * _binomial(one.printed.value * one.unit, shorter.n):
            severity = "error"
        sentence = (
            f"{place(paper, one.cell)}: {names[0]}, {one.words}, is above {names[1]}, {other.words}, although each "
            f"patient's {names[0]} is the shorter of the two."
        )
        sentence += "" if severity == "error" else _SLIGHTLY
        yield _pair(severity, one, other, sentence, f"at most {other.printed.figure}")


@rule(
    "same_rates",
    "Endpoints with different medians have different rates",
    broken="Endpoints with different medians have the same rates",
    source="Coincidence",
    tolerance="At least two rates with one decimal",
)
def same_curves(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Two endpoints of one arm with the same rates, at two times at least, and different medians: a note."""
    for one, other in itertools.combinations(curves(paper, found), 2):
        same_arm = one.key[1:] == other.key[1:]
        both = [
            (a, b)
            for a, b in itertools.product(one.rates, other.rates)
            if a.time == b.time and a.printed.decimals and b.printed.decimals
        ]
        equal = [(a, b) for a, b in both if a.printed.value == b.printed.value]
        medians = {mark.printed.value for mark in one.medians}, {mark.printed.value for mark in other.medians}
        if same_arm and len(equal) > 1 and len(equal) == len(both) and all(medians) and not medians[0] & medians[1]:
            yield _same_rates(paper, one, other, equal)


def _same_rates(
    paper: Paper, one: PrintedCurve, other: PrintedCurve, equal: list[tuple[CurvePoint, CurvePoint]]
) -> Discrepancy:
    names, rates = [abbreviation(curve.endpoint) for curve in (one, other)], " and ".join(a.words for a, _ in equal)
    medians = [curve.medians[0] for curve in (one, other)]
    sentence = (
        f"{place(paper, equal[0][0].cell)}: {names[0]} and {names[1]} have the same rates, {rates}, but different "
        f"medians, {medians[0].printed.figure} and {medians[1].printed.figure} months."
    )
    ids = tuple(value_id for pair in equal for mark in pair for value_id in mark.ids)
    ids += (*medians[0].ids, *medians[1].ids)
    words = f"{rates}; {medians[0].words} against {medians[1].words}"
    return Discrepancy("info", ids, words, "", sentence, words)


# --- arms together ----------------------------------------------------------------------------------------------------


@rule(
    "pooled_median",
    "The median of all patients lies between those of the arms",
    broken="The median of all patients lies outside those of the arms",
    source="The pooled hazard is a mean of the arms' hazards",
    tolerance="Rounding; a note where only cutting off explains it",
)
def pooled(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The median of all arms together lies between those of the arms; so does the median follow-up.

    At each time the pooled hazard is a mean of the arms' hazards. A warning, as curves that cross can put the pooled
    median slightly outside; a note where only cutting off explains the figure.
    """
    by_key = {curve.key: curve for curve in curves(paper, found)}
    for (endpoint, criterion, population, arm), curve in by_key.items():
        arms = [by_key.get((endpoint, criterion, population, name)) for name in _arms(paper, population)]
        marks = [one.medians if one is not None else () for one in arms]
        if curve.medians and not arm and len(arms) > 1 and all(marks):
            yield from _outside(paper, curve.medians[0].cell, [mark.cell for mark in itertools.chain(*marks)])
    follow_up = [cell for cell in found if cell.quantity == "follow_up" and cell.number("median") is not None]
    for cell in follow_up:
        names = _arms(paper, cell.about.population)
        by_arm = [c for c in follow_up if c.about.arm in names and c.about.population == cell.about.population]
        if not cell.about.arm and len(names) > 1 and {c.about.arm for c in by_arm} == set(names):
            yield from _outside(paper, cell, by_arm)


def _arms(paper: Paper, population: str) -> list[str]:
    known = paper.spec.populations.get(population)
    return list(known.n) if known else []


def _outside(paper: Paper, cell: Cell, parts: list[Cell]) -> Iterator[Discrepancy]:
    whole, spans = cell.numbers["median"], [part.numbers["median"] for part in parts]
    low, high = min(printed.low for printed in spans), max(printed.high for printed in spans)
    if whole.low <= high and whole.high >= low:
        return
    cut = whole.low <= high and whole.value + whole.unit >= low
    figures = " and ".join(dict.fromkeys(printed.figure for printed in spans))
    sentence = (
        f"{place(paper, cell)}: {whole.figure} for all arms together does not lie between those of the arms, {figures}."
    )
    sentence += " It does if it is cut off, not rounded." if cut else ""
    ids, by_hand = tuple(one.ids["median"] for one in (cell, *parts)), f"{whole.figure} against {figures}"
    severity: Severity = "info" if cut else "warning"
    yield Discrepancy(severity, ids, f"{whole.figure}; {figures}", f"between {figures}", sentence, by_hand)


# --- the calendar -----------------------------------------------------------------------------------------------------


@rule(
    "calendar",
    "Nobody is followed for longer than the study lasts",
    broken="Patients are followed for longer than the study lasted",
    tolerance="The longest time that the printed dates allow",
)
def calendar(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Nobody is followed for longer than from the first enrolment to the last follow-up.

    The longest follow-up, the median follow-up and the times of printed rates and medians: an error beyond. A
    confidence limit beyond it: a warning, as a limit by normal approximation may lie where no patient does.
    """
    window, setting = _window(paper), paper.spec.setting
    if window is None:
        return
    by_hand = f"{setting.last_follow_up} - {setting.enrolment_start} = {window:.1f} months"
    for cell in found:
        for time in _times(cell):
            if time.least > window:
                sentence = (
                    f"{place(paper, cell)}: {time.words} of {time.printed} months is longer than the study, "
                    f"{window:.1f} months from {setting.enrolment_start} to {setting.last_follow_up}."
                )
                yield Discrepancy(time.severity, time.ids, cell.text, f"at most {window:.1f} months", sentence, by_hand)


@rule(
    "follow_up",
    "Observed follow-up is no longer than median survival",
    broken="Median follow-up is longer than median survival",
    source="A product-limit curve is never below the share still observed; Schemper M, Smith TL. Control Clin Trials "
    "1996;17:343-346",
    tolerance="Rounding or cutting off of all medians; a note without a range of observed times",
)
def follow_up(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A median follow-up beyond the median survival of every arm is not one of the observed times.

    At the median survival at most half of an arm are still observed. A longer median follow-up is of the living, or by
    the reversed Kaplan-Meier method: a warning where its range is printed as of observed times, else a note. Without
    medians of the same patients, those of the paper's main population stand in.
    """
    if "reverse" in (paper.spec.follow_up.method or "").lower():
        return
    medians = [cell for cell in found if cell.of_endpoint and cell.about.endpoint == "os" and cell.number("median")]
    for cell in found:
        followed = cell.number("median")
        if cell.quantity != "follow_up" or followed is None or cell.about.unit not in ("months", ""):
            continue
        for population in (cell.about.population, paper.spec.main_population):
            arms = [cell.about.arm] if cell.about.arm else list(paper.spec.populations[population].n)
            own = [m for m in medians if m.about.population == population and m.about.arm in arms]
            if {m.about.arm for m in own} >= set(arms):
                yield from _longer_than_life(paper, cell, own)
                break


def _longer_than_life(paper: Paper, cell: Cell, medians: list[Cell]) -> Iterator[Discrepancy]:
    longest = max(medians, key=lambda median: median.numbers["median"].high)
    followed, most = cell.numbers["median"], longest.numbers["median"]
    if followed.low <= most.value + most.unit:
        return
    own = cell.about.population == longest.about.population
    severity: Severity = "warning" if {"min", "max"} <= set(cell.numbers) else "info"
    sentence = (
        f"{place(paper, cell)}: {cell.text} months is longer than the longest median survival, {most.figure} "
        f"({place(paper, longest)}). At most half are still observed then, so it cannot be the median of the observed "
        "times. "
        "It may be that of the survivors, or from the reverse Kaplan–Meier method, which the paper does not name."
    )
    sentence += "" if own else " Survival is printed for the matched patients only."
    ids = (*cell.ids.values(), longest.ids["median"])
    text = f"{followed.figure}; {most.figure}"
    yield Discrepancy(severity, ids, text, f"at most {most.figure}", sentence, f"{followed.figure} > {most.figure}")


class _Time(NamedTuple):
    """A time in months that somebody must have been followed for, or a limit of one; and how grave one too long is."""

    words: str
    severity: Severity
    least: float
    printed: str
    ids: tuple[str, ...]


_TIMES: tuple[tuple[str, str, Severity], ...] = (
    ("max", "a longest follow-up", "error"),
    ("median", "a median", "error"),
    ("ci_high", "an upper confidence limit", "warning"),
)


def _times(cell: Cell) -> Iterator[_Time]:
    row = cell.about
    timed = cell.quantity == "follow_up" or (bool(row.endpoint) and not row.term and row.kind != "cox")
    if not timed or row.unit not in ("months", "percent", ""):
        return
    for statistic, words, severity in _TIMES:
        printed = cell.number(statistic)
        if printed is not None and "median" in cell.numbers:
            yield _Time(words, severity, printed.low, printed.figure, (cell.ids[statistic],))
    if "rate" in cell.numbers and not math.isnan(row.time):
        yield _Time("a rate at a time", "error", float(row.time), f"{row.time:g}", tuple(cell.ids.values()))


def _window(paper: Paper) -> float | None:
    """Months from the first enrolment to the last follow-up, the longest that the printed dates allow."""
    setting = paper.spec.setting
    if setting.enrolment_start is None or setting.last_follow_up is None:
        return None
    days = parse_date(setting.last_follow_up).high - parse_date(setting.enrolment_start).low
    return None if math.isnan(days) else (days + 1) / _DAYS_IN_MONTH
