"""Check a reconstructed data set against its targets, patient by patient.

Shares nothing with the engine or with the batched estimators: plain loops over the distinct times, survival as a
fraction of whole numbers, a Newton iteration for the hazard ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.constraints import counts_follow_up
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.intervals import Interval, Limits
from haicbook.survival.targets import ArmTargets, HazardRatio, Targets

Row = tuple[float, bool]
_NORMAL = NormalDist()
# a fraction of whole numbers that a computer's division puts on one half
_HALF = 1e-7
# months: what a sum of days may be off
_NEARLY = 1e-9


class SurvivalStep(NamedTuple):
    """From `time` on, survival is numerator / denominator; `spread` is Greenwood's sum, infinite at survival 0."""

    time: float
    numerator: int
    denominator: int
    spread: float

    @property
    def height(self) -> float:
        return self.numerator / self.denominator


def verified(
    members: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]],
    targets: Targets,
    conventions: AssumedConventions,
) -> list[bool]:
    """For each of B data sets, whether it meets all targets; members are (B, n) arrays for each arm."""
    size = len(next(iter(members.values()))[0])
    return [
        not violations({arm: (rows[0][b], rows[1][b]) for arm, rows in members.items()}, targets, conventions)
        for b in range(size)
    ]


def violations(
    members: Mapping[str, tuple[Iterable[float], Iterable[bool]]],
    targets: Targets,
    conventions: AssumedConventions | None = None,
) -> list[str]:
    """Targets that one data set misses, in words; an empty list when it meets all of them.

    Parameters
    ----------
    members
        For each arm, times in months and whether the event was seen.
    targets
        What must be met, to the printed rounding.
    conventions
        The conventions of intervals, ties, rates, follow-up and rounding; by default those of R, without ties.
    """
    conventions = conventions or AssumedConventions()
    targets = targets.under("truncate") if conventions.rounding == "truncate" else targets
    if set(members) != set(targets.arms):
        return [f"arms are {', '.join(sorted(members))}; {', '.join(sorted(targets.arms))} are needed"]
    rows = {arm: _rows(*members[arm]) for arm in members}
    followed = counts_follow_up(targets)
    missed: list[str] = []
    for arm, wanted in targets.arms.items():
        missed += _arm_violations(arm, rows[arm], wanted, conventions, followed)
    everyone = sorted(row for arm in rows.values() for row in arm)
    missed += _pooled_violations(everyone, targets, conventions, followed)
    if len(rows) == 2:
        missed += _contrast_violations(rows, targets, conventions)
    return missed + list(_calendar_violations(everyone, targets))


def _rows(times: Iterable[float], events: Iterable[bool]) -> list[Row]:
    return sorted((float(time), bool(event)) for time, event in zip(times, events, strict=True))


def _miss(what: str, value: float, wanted: Interval) -> Iterator[str]:
    if not math.isnan(wanted.low) and not wanted.contains(value):
        yield f"{what} is {value}; {wanted.printed} is printed"


def _limit_misses(what: str, found: tuple[float, float], wanted: Limits | None) -> Iterator[str]:
    for side, value, end in zip(
        ("lower", "upper"), found, (wanted and (wanted.lower, wanted.upper)) or (), strict=False
    ):
        yield from _miss(f"the {side} limit of {what}", value, end)


def _arm_violations(
    name: str, rows: list[Row], wanted: ArmTargets, conventions: AssumedConventions, followed: bool
) -> Iterator[str]:
    if len(rows) != wanted.n:
        yield f"arm {name} has {len(rows)} patients; {wanted.n} are printed"
    if any(time <= 0 for time, _ in rows):
        yield f"arm {name} has a patient without follow-up"
    events = sum(died for _, died in rows)
    if wanted.events is not None and events != wanted.events:
        yield f"arm {name} has {events} events; {wanted.events} are printed"
    for mark in wanted.at_risk:
        followed_on = sum(time >= mark.time for time, _ in rows)
        if followed_on != mark.patients:
            yield f"arm {name} has {followed_on} patients at risk at {mark.time:g} months; {mark.patients} are printed"
    flat = wanted.flat_from
    if flat is not None and any(died and time > flat for time, died in rows):
        yield f"arm {name} has an event after {flat:g} months, though the last two printed rates are the same"
    steps = _steps(rows)
    for landmark in wanted.landmarks:
        what = f"the {landmark.time:g}-month rate of arm {name}"
        if conventions.table_width:
            rate, spread = _life_table(rows, landmark.time, conventions.table_width)
        else:
            rate, spread = _height(steps, landmark.time)
        yield from _miss(what, rate, landmark.interval)
        kind = "plain" if conventions.interval == "normal" else conventions.interval
        if landmark.ci is not None:
            yield from _limit_misses(what, _limits(rate, spread, kind, _z(landmark.ci)), landmark.ci)
        if not conventions.table_width and rate > 0 and not any(time >= landmark.time for time, _ in rows):
            yield f"nobody of arm {name} is at risk at {landmark.time:g} months, where a rate is printed"
    yield from _median_violations(f"arm {name}", steps, wanted.median, wanted.median_ci, conventions)
    if wanted.follow_up_median is not None and followed:
        yield from _miss(f"the median follow-up of arm {name}", _follow_up(rows, conventions), wanted.follow_up_median)


def _pooled_violations(
    rows: list[Row], targets: Targets, conventions: AssumedConventions, followed: bool
) -> Iterator[str]:
    events = sum(died for _, died in rows)
    if targets.events_total is not None and events != targets.events_total:
        yield f"{events} events in total; {targets.events_total} are printed"
    yield from _median_violations(
        "all arms", _steps(rows), targets.pooled_median, targets.pooled_median_ci, conventions
    )
    if targets.follow_up_median is not None and followed:
        yield from _miss("the median follow-up", _follow_up(rows, conventions), targets.follow_up_median)


def _median_violations(
    whose: str,
    steps: list[SurvivalStep],
    wanted: Interval | None,
    limits: Limits | None,
    conventions: AssumedConventions,
) -> Iterator[str]:
    """A median that lies on a step at one half is its middle in R and its start in SPSS."""
    if wanted is None:
        return
    what = f"the median of {whose}"
    median = _crossing(steps, lambda step: step.height, middle=conventions.interval != "normal")
    yield from _miss(what, median, wanted)
    if limits is not None:
        if conventions.interval == "normal":
            low, high = _normal_limits(steps, median, _z(limits))
            found = (max(low, 0.0) if limits.clipped else low, high)
        else:
            found = _crossings(steps, conventions.interval, _z(limits))
        yield from _limit_misses(what, found, limits)


def _calendar_violations(rows: list[Row], targets: Targets) -> Iterator[str]:
    """Rows that dates, the range of follow-up or eligibility forbid; rows in order of time."""
    limit = targets.calendar.months + _NEARLY
    if late := sum(time > limit for time, _ in rows):
        yield f"{late} rows are later than {targets.calendar.months:.2f} months, {targets.calendar.words}"
    bounds = ((targets.earliest_event, True, "events"), (targets.earliest_censoring, False, "departures"))
    for bound, of, words in bounds:
        early = sum(time < bound.months - _NEARLY for time, died in rows if died == of) if bound else 0
        if bound and early:
            yield f"{early} {words} before {bound.months:g} months: {bound.reason or 'none is possible'}"
    longest, shortest = targets.follow_up_max, targets.follow_up_min
    if longest is not None and targets.of_patients:
        yield from _miss("the longest follow-up", rows[-1][0], longest)
    elif longest is not None and rows[-1][0] > longest.high + _NEARLY:
        yield f"a row is of {rows[-1][0]} months; the longest follow-up is {longest.printed}"
    if shortest is not None and targets.of_patients:
        yield from _miss("the shortest follow-up", rows[0][0], shortest)


# --- curves -----------------------------------------------------------------------------------------------------------


def _steps(rows: list[Row]) -> list[SurvivalStep]:
    """The product-limit estimate after each distinct time of death; rows in order of time."""
    numerator, denominator, spread = 1, 1, 0.0
    steps: list[SurvivalStep] = []
    for time, at_risk, deaths in _deaths(rows):
        left = at_risk - deaths
        numerator, denominator = numerator * left, denominator * at_risk
        spread = spread + deaths / (at_risk * left) if left else math.inf
        steps.append(SurvivalStep(time, numerator, denominator, spread))
    return steps


def _deaths(rows: list[Row]) -> Iterator[tuple[float, int, int]]:
    """Each distinct time of death, the patients at risk just before it, and the deaths at it."""
    index = 0
    while index < len(rows):
        time, at_risk, deaths = rows[index][0], len(rows) - index, 0
        while index < len(rows) and rows[index][0] == time:
            deaths += rows[index][1]
            index += 1
        if deaths:
            yield time, at_risk, deaths


def _height(steps: list[SurvivalStep], time: float) -> tuple[float, float]:
    height, spread = 1.0, 0.0
    for step in steps:
        if step.time <= time:
            height, spread = step.height, step.spread
    return height, spread


def _crossing(steps: list[SurvivalStep], height: Callable[[SurvivalStep], float], *, middle: bool = False) -> float:
    """The start of the first step at one half or below; NaN where there is none."""
    for index, step in enumerate(steps):
        value = height(step)
        if value < 0.5 + _HALF:
            on_half = 2 * step.numerator == step.denominator
            if middle and on_half and index + 1 < len(steps):
                return (step.time + steps[index + 1].time) / 2
            return step.time
    return math.nan


def _z(limits: Limits) -> float:
    """How many standard errors limits are from the estimate."""
    return _NORMAL.inv_cdf((1 + limits.level / 100) / 2)


def _limits(rate: float, spread: float, kind: str, z: float) -> tuple[float, float]:
    """Confidence limits of a survival probability from Greenwood's sum."""
    if rate <= 0 or math.isinf(spread):
        return math.nan, math.nan
    error = z * math.sqrt(spread)
    if kind == "plain":
        found = (rate - rate * error, rate + rate * error)
    elif kind == "log":
        found = (rate * math.exp(-error), rate * math.exp(error))
    elif rate == 1:
        found = (1.0, 1.0)
    else:
        power = math.exp(error / -math.log(rate))
        found = (rate**power, rate ** (1 / power))
    return max(found[0], 0.0), min(found[1], 1.0)


def _crossings(steps: list[SurvivalStep], kind: str, z: float) -> tuple[float, float]:
    """Where the limits of the curve fall to one half; a limit that is not defined crosses nothing."""

    def side(which: int) -> float:
        def height(step: SurvivalStep) -> float:
            value = _limits(step.height, step.spread, kind, z)[which]
            return 1.0 if math.isnan(value) else value

        return _crossing(steps, height)

    return side(0), side(1)


def _normal_limits(steps: list[SurvivalStep], median: float, z: float) -> tuple[float, float]:
    """Median ± z standard errors, the density taken between survival of 0.55 and of 0.45 (Collett, 2015, 2.4)."""
    above = [step for step in steps if step.height >= 0.55 - 1e-9]
    below = [step for step in steps if step.height <= 0.45 + 1e-9]
    if math.isnan(median) or not below:
        return math.nan, math.nan
    start, height = (above[-1].time, above[-1].height) if above else (0.0, 1.0)
    density = (height - below[0].height) / (below[0].time - start)
    at = next(step for step in steps if step.height < 0.5 + _HALF)
    error = at.height * math.sqrt(at.spread) / density if math.isfinite(at.spread) else math.nan
    return median - z * error, median + z * error


def _life_table(rows: list[Row], until: float, width: float) -> tuple[float, float]:
    """Survival and Greenwood's sum from intervals of a width, the censored of each counted as half at risk."""
    rate, spread = 1.0, 0.0
    for start in (place * width for place in range(math.ceil(until / width - 1e-9))):
        entered = sum(time >= start for time, _ in rows)
        inside = [died for time, died in rows if start <= time < start + width]
        deaths = sum(inside)
        exposed = entered - (len(inside) - deaths) / 2
        if deaths:
            rate *= 1 - deaths / exposed
            spread += deaths / (exposed * (exposed - deaths)) if exposed > deaths else 0.0
    return rate, spread


def _follow_up(rows: list[Row], conventions: AssumedConventions) -> float:
    if conventions.follow_up == "observed":
        times = [time for time, _ in rows]
        return (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
    turned = sorted((time, not died) for time, died in rows)
    return _crossing(_steps(turned), lambda step: step.height, middle=True)


# --- the contrast -----------------------------------------------------------------------------------------------------


class Tie(NamedTuple):
    """A time of death: deaths there and patients at risk, in the arm and in both."""

    time: float
    deaths: int
    both: int
    at_risk: int
    everyone: int


def _contrast_violations(
    rows: dict[str, list[Row]], targets: Targets, conventions: AssumedConventions
) -> Iterator[str]:
    ratio = targets.hr
    first, second = (ratio.arm, ratio.reference) if ratio else tuple(rows)
    if ratio is None and not targets.logrank_tests:
        return
    ties = list(_ties(rows[first], rows[second]))
    if ratio is not None:
        yield from _ratio_violations(ties, ratio, conventions)
    for until, p in targets.logrank_tests:
        what = "the log-rank p" if targets.logrank_sides == "two" else "the two-sided log-rank p"
        if until < math.inf:
            what += f" up to {until:g} months"
        yield from _miss(what, _logrank_p([tie for tie in ties if tie.time <= until]), targets.two_sided(p))


def _ties(arm: list[Row], other: list[Row]) -> Iterator[Tie]:
    """Both arms' rows are in order of time."""
    places = [0, 0]
    for time in sorted({time for time, died in (*arm, *other) if died}):
        at_risk, deaths = [0, 0], [0, 0]
        for index, rows in enumerate((arm, other)):
            while places[index] < len(rows) and rows[places[index]][0] < time:
                places[index] += 1
            at_risk[index], place = len(rows) - places[index], places[index]
            while place < len(rows) and rows[place][0] == time:
                deaths[index] += rows[place][1]
                place += 1
        yield Tie(time, deaths[0], sum(deaths), at_risk[0], sum(at_risk))


def _logrank_p(ties: list[Tie]) -> float:
    gap, variance = 0.0, 0.0
    for _, deaths, both, at_risk, everyone in ties:
        share = at_risk / everyone
        gap += deaths - both * share
        if everyone > 1:
            variance += both * share * (1 - share) * (everyone - both) / (everyone - 1)
    return math.erfc(abs(gap) / math.sqrt(2 * variance)) if variance else math.nan


def _ratio_violations(ties: list[Tie], ratio: HazardRatio, conventions: AssumedConventions) -> Iterator[str]:
    beta, error = _cox(ties, conventions.ties)
    yield from _miss("the hazard ratio", math.exp(beta), ratio.estimate)
    if ratio.ci is not None:
        z = _z(ratio.ci)
        found = (math.exp(beta - z * error), math.exp(beta + z * error))
        yield from _limit_misses("the hazard ratio", found, ratio.ci)


def _cox(ties: list[Tie], treatment: str) -> tuple[float, float]:
    """Log hazard ratio and its standard error by Newton's method."""
    beta, information = 0.0, 0.0
    for _ in range(60):
        score, information = 0.0, 0.0
        for tie in ties:
            expected, spread = _expected(tie, math.exp(beta), treatment)
            score += tie.deaths - expected
            information += spread
        if information < 1e-9 or abs(beta) > 15:
            return beta, math.inf
        step = min(max(score / information, -2.0), 2.0)
        beta += step
        if abs(step) < 1e-11:
            break
    return beta, 1 / math.sqrt(information)


def _expected(tie: Tie, ratio: float, treatment: str) -> tuple[float, float]:
    """Deaths expected in the arm at one time, and their variance."""
    _, deaths, both, at_risk, everyone = tie
    others = everyone - at_risk
    if treatment == "exact" and both > 1:
        weights = {
            k: math.comb(at_risk, k) * math.comb(others, both - k) * ratio**k
            for k in range(max(0, both - others), min(both, at_risk) + 1)
        }
        total = sum(weights.values())
        mean = sum(k * weight for k, weight in weights.items()) / total
        return mean, sum(k * k * weight for k, weight in weights.items()) / total - mean**2
    mean, spread = 0.0, 0.0
    for place in range(both):
        thin = place / both if treatment == "efron" else 0.0
        top = (at_risk - thin * deaths) * ratio
        share = top / (top + others - thin * (both - deaths))
        mean += share
        spread += share * (1 - share)
    return mean, spread
