"""What no data set can have: printed numbers that contradict each other at first sight.

What can only be told by looking for a data set (a hazard ratio that the curves cannot give) is found by the
reconstruction; what is here needs no search.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from haicbook.limits import MOST_MONTHS, MOST_PATIENTS
from haicbook.survival.intervals import Fault, Interval, Limits

if TYPE_CHECKING:
    from haicbook.survival.targets import ArmTargets, HazardRatio, NumberAtRisk, Targets

# Crossing curves can set a hazard ratio against medians that lie close together; not against medians this far apart.
_APART = 1.3
_ROUNDED = 1e-9
_IN_MONTHS = f"{MOST_MONTHS} are the most that is read; times count in months where no other unit is named"


def faults_of(targets: Targets) -> list[Fault]:
    """All that no data set can have, each with the target that it is about.

    An arm without patients or events, events above patients, a rate that rises, a median at odds with a rate, an
    interval that excludes its estimate, a contrast of one arm, a hazard ratio against the order of the medians, times
    beyond the last follow-up, and targets that say nothing about when patients die.
    """
    if not targets.arms:
        return [Fault(("arms",), "there is no arm; at least one is needed")]
    of_arms = [fault for name, arm in targets.arms.items() for fault in _arm_faults(name, arm)]
    checks = (
        _silent_faults,
        _total_faults,
        _contrast_faults,
        _follow_up_median_faults,
        _follow_up_faults,
        _shortest_faults,
        _earliest_faults,
    )
    of_all = (check(targets) for check in checks)
    return [*of_arms, *chain.from_iterable(of_all)]


def _arm_faults(name: str, arm: ArmTargets) -> Iterator[Fault]:
    if arm.n < 1:
        yield Fault(("arms", name, "n"), f"arm {name} has {arm.n} patients; at least one is needed")
    if arm.n > MOST_PATIENTS:
        yield Fault(("arms", name, "n"), f"arm {name} has {arm.n} patients; {MOST_PATIENTS} are the most that is read")
    if arm.events is not None and not 0 <= arm.events <= arm.n:
        words = f"arm {name} has {arm.events} events among {arm.n} patients; 0 to {arm.n} are possible"
        yield Fault(("arms", name, "events"), words)
    if arm.events == 0:
        words = (
            f"arm {name} has no events: with all its patients censored its curve stays at 100% and nothing can be "
            "estimated; leave the arm out"
        )
        yield Fault(("arms", name, "events"), words)
    yield from _median_faults(("median", name), f"of arm {name}", arm.median, arm.median_ci)
    for landmark in arm.landmarks:
        key = ("landmarks", name, f"{landmark.time:g}")
        rate = f"the {landmark.time:g}-month rate of arm {name}, {landmark.printed or landmark.interval}"
        if not (math.isfinite(landmark.time) and landmark.time > 0):
            yield Fault(key, f"{rate}, stands at {landmark.time:g} months; a time above 0 is needed")
        elif landmark.time > MOST_MONTHS:
            yield Fault(key, f"{rate}, stands at {landmark.time:g} months; {_IN_MONTHS}")
        if landmark.interval.high < 0 or landmark.interval.low > 1:
            yield Fault(key, f"{rate}, is outside 0 to 100 per cent")
        yield from _interval_faults(key, rate, landmark.interval, landmark.ci)
    yield from _order_faults(name, arm)
    yield from _at_risk_faults(name, arm)


def _at_risk_faults(name: str, arm: ArmTargets) -> Iterator[Fault]:
    """Numbers at risk that no patients leave: above n, rising, or too many or too few for what else is printed."""
    for earlier, later in pairwise(arm.at_risk):
        rise = f"from {earlier.patients} at {earlier.time:g} to {later.patients} at {later.time:g} months"
        if later.patients > earlier.patients or later.time == earlier.time:
            yield Fault(("at_risk", name, f"{later.time:g}"), f"the number at risk of arm {name} cannot go {rise}")
    for count in arm.at_risk:
        key, words = (
            ("at_risk", name, f"{count.time:g}"),
            f"{count.patients} of arm {name} at risk at {count.time:g} months",
        )
        if not 0 <= count.time <= MOST_MONTHS:
            yield Fault(key, f"{words}: {_IN_MONTHS}")
        elif not 0 <= count.patients <= arm.n:
            yield Fault(key, f"{words}: 0 to {arm.n} are possible")
        elif count.time == 0 and count.patients != arm.n:
            yield Fault(key, f"{words}: the arm has {arm.n} patients, who all are at risk then")
        else:
            yield from _beside_at_risk(key, words, count, arm)


def _beside_at_risk(key: tuple[str, ...], words: str, count: NumberAtRisk, arm: ArmTargets) -> Iterator[Fault]:
    """Rates and medians that cannot stand beside a number at risk.

    Survival up to a time is least where those who left did so before all others died, most where all died first.
    """
    events = arm.n if arm.events is None else arm.events
    left, dead = count.patients, min(events, arm.n - count.patients)
    least = left / (left + dead) if left else 0.0
    most = 1 - max(arm.events - left, 0) / arm.n if arm.events is not None else 1.0
    for mark in arm.landmarks:
        rate = f"the {mark.time:g}-month rate, {mark.printed or mark.interval}"
        if mark.time < count.time and mark.interval.high < least - _ROUNDED:
            yield Fault(key, f"{words} cannot follow {rate}: survival is at least {least:.1%} up to then")
        if mark.time >= count.time and mark.interval.low > most + _ROUNDED:
            yield Fault(key, f"{words} leaves too many of the {events} events before for {rate}: at most {most:.1%}")
    if arm.median is not None and arm.median.reached and arm.median.high < count.time and least > 0.5 + _ROUNDED:
        median = f"the median, {arm.median.printed} months"
        yield Fault(key, f"{words} cannot follow {median}: survival is at least {least:.1%} up to then")


def _median_faults(key: tuple[str, ...], whose: str, median: Interval | None, ci: Limits | None) -> Iterator[Fault]:
    if median is None:
        if ci is not None:
            yield Fault(key, f"the median {whose} has an interval, {ci.printed}, but no estimate")
        return
    words = f"the median {whose}, {median.printed or median}"
    ends = (median.middle, median.middle) if median.bound else (median.low, median.high)
    if median.reached and not (0 < ends[0] <= ends[1] < math.inf):
        yield Fault(key, f"{words}, is not a time above 0")
    elif median.reached and ends[1] > MOST_MONTHS:
        yield Fault(key, f"{words}, is {median.middle:g} months; {_IN_MONTHS}")
    yield from _interval_faults(key, words, median, ci)


def _interval_faults(key: tuple[str, ...], words: str, estimate: Interval, ci: Limits | None) -> Iterator[Fault]:
    """Limits that exclude their estimate, or stand the wrong way round. Limits that cannot be read are left alone."""
    if ci is None:
        return
    lower, upper = ci.lower, ci.upper
    if not lower.reached and not upper.reached:
        return  # SPSS gives a median without an interval where the curve ends above 45%
    if lower.low > upper.high:
        yield Fault((*key, "ci"), f"{words}: its interval {ci.printed} ends before it begins")
    elif lower.low > estimate.high or upper.high < estimate.low:
        yield Fault((*key, "ci"), f"{words}: its interval {ci.printed} excludes it")


def _order_faults(name: str, arm: ArmTargets) -> Iterator[Fault]:
    """Rates that rise, and a median on the wrong side of a rate."""
    landmarks = sorted(arm.landmarks, key=lambda landmark: landmark.time)
    for earlier, later in pairwise(landmarks):
        key = ("landmarks", name, f"{later.time:g}")
        if earlier.time == later.time:
            words = f"arm {name} has two rates at {later.time:g} months, {earlier.printed} and {later.printed}"
            yield Fault(key, words)
        elif later.interval.low > earlier.interval.high:
            words = (
                f"the rate of arm {name} rises from {earlier.printed} at {earlier.time:g} months "
                f"to {later.printed} at {later.time:g} months"
            )
            yield Fault(key, words)
    for landmark in landmarks if arm.median is not None else ():
        assert arm.median is not None
        rate = f"its {landmark.time:g}-month rate of {landmark.printed}"
        median = f"the median of arm {name}, {arm.median.printed} months,"
        if landmark.time < arm.median.low and landmark.interval.high <= 0.5:
            yield Fault(("median", name), f"{median} is later than {rate}, not above half")
        if landmark.time >= arm.median.high and landmark.interval.low > 0.5:
            yield Fault(("median", name), f"{median} is earlier than {rate}, above half")


def _silent_faults(targets: Targets) -> Iterator[Fault]:
    """Arms of which nothing but their size is printed, and targets without any time."""
    tied = targets.hr is not None or targets.logrank_tests or targets.pooled_median is not None
    for name, arm in targets.arms.items():
        if arm.median is None and not arm.landmarks and arm.events is None and not arm.at_risk and not tied:
            words = (
                f"arm {name} has no printed median and no printed rate, nor events; one of them is needed, or a "
                "number that ties it to another arm (hazard ratio, log-rank p, pooled median)"
            )
            yield Fault(("arms", name), words)
    times = [targets.pooled_median, targets.follow_up_max, *(arm.median for arm in targets.arms.values())]
    if any(arm.landmarks for arm in targets.arms.values()) or any(time.reached for time in times if time is not None):
        return
    if all(time is None for time in times):
        words = "no median, rate or longest follow-up is printed; without one of them nothing says when patients die"
        yield Fault(("arms",), words)
    else:
        words = "no median is reached and no rate is printed; a rate or the longest follow-up is needed besides"
        yield Fault(("median",), words)


def _total_faults(targets: Targets) -> Iterator[Fault]:
    printed = [arm.events for arm in targets.arms.values()]
    known = sum(events for events in printed if events is not None)
    unknown = sum(arm.n for arm in targets.arms.values() if arm.events is None)
    total = targets.events_total
    if total is not None and not known <= total <= known + unknown:
        words = (
            f"{total} events are printed in total; {known} to {known + unknown} are possible among {targets.n} patients"
            f" with {known} events printed by arm"
        )
        yield Fault(("events_total",), words)
    if total == 0:
        yield Fault(("events_total",), "no events are printed in total: all patients are censored")
    if targets.pooled_median is not None and len(targets.arms) < 2:
        yield Fault(("median", "pooled"), "a median of all arms together needs two arms")
    if targets.pooled_median_ci is not None or targets.pooled_median is not None:
        key = ("median", "pooled")
        yield from _median_faults(key, "of all arms together", targets.pooled_median, targets.pooled_median_ci)


def _contrast_faults(targets: Targets) -> Iterator[Fault]:
    if targets.hr is not None:
        yield from _ratio_faults(targets, targets.hr)
    times = [test.time for test in targets.logrank_until]
    if targets.logrank_tests and len(targets.arms) < 2:
        yield Fault(("logrank_p",), "a log-rank p needs two arms")
    if len(set(times)) < len(times):
        yield Fault(("logrank_p",), "two log-rank p are given up to the same time")
    for time, p in targets.logrank_tests:
        if p.high <= 0 or p.low >= 1:
            yield Fault(("logrank_p",), f"the log-rank p, {p.printed}, is outside 0 to 1")
        if time <= 0:
            yield Fault(("logrank_p",), f"a log-rank test up to {time:g} months; a time above 0 is needed")


def _ratio_faults(targets: Targets, hr: HazardRatio) -> Iterator[Fault]:
    key = ("hazard_ratio",)
    words = f"the hazard ratio of {hr.arm} against {hr.reference}, {hr.estimate.printed}"
    if len(targets.arms) < 2:
        yield Fault(key, "a hazard ratio needs two arms")
    elif not {hr.arm, hr.reference} <= set(targets.arms):
        arms = ", ".join(targets.arms)
        yield Fault(key, f"the hazard ratio compares {hr.arm} with {hr.reference}; the arms are {arms}")
    elif hr.arm == hr.reference:
        yield Fault(key, f"the hazard ratio compares {hr.arm} with itself")
    elif _against_medians(targets, hr):
        medians = " and ".join(
            f"{arm.median.printed} months in {name}"
            for name in (hr.arm, hr.reference)
            if (arm := targets.arms[name]).median is not None
        )
        yield Fault(
            key,
            f"{words}, is oriented against the medians, {medians}; exchange arm and reference, or leave the ratio or a "
            "median out where the paper prints it so because the curves cross",
        )
    if hr.estimate.middle <= 0:
        yield Fault((*key, "estimate"), f"{words}, is not above 0")
    if hr.ci is not None and (hr.ci.lower.middle < 0 or hr.ci.upper.middle <= 0):
        yield Fault((*key, "ci"), f"{words}: its interval {hr.ci.printed} is not one of a ratio, which is above 0")
    yield from _interval_faults(key, words, hr.estimate, hr.ci)


def _against_medians(targets: Targets, hr: HazardRatio) -> bool:
    """Whether the arm that dies faster by the hazard ratio has clearly the longer median."""
    arm, reference = targets.arms[hr.arm].median, targets.arms[hr.reference].median
    if arm is None or reference is None:
        return False
    slower = hr.ci.upper.high < 1 if hr.ci else hr.estimate.high < 1 / _APART
    faster = hr.ci.lower.low > 1 if hr.ci else hr.estimate.low > _APART
    return (slower and arm.high * _APART < reference.low) or (faster and reference.high * _APART < arm.low)


def _follow_up_median_faults(targets: Targets) -> Iterator[Fault]:
    medians = {"pooled": targets.follow_up_median}
    medians |= {name: arm.follow_up_median for name, arm in targets.arms.items()}
    for name, median in medians.items():
        if median is not None and median.middle <= 0:
            words = f"the median follow-up, {median.printed or median}, is not a time above 0"
            yield Fault(("follow_up", "median", name), words)


def _follow_up_faults(targets: Targets) -> Iterator[Fault]:
    yield from targets.calendar.faults()
    longest = targets.follow_up_max
    if longest is not None and longest.middle <= 0:
        words = f"follow-up ends at {longest.middle:g} months; a time above 0 is needed"
        yield Fault(("follow_up", "maximum"), words)
        return
    if longest is not None and math.isfinite(longest.low) and longest.low > targets.calendar.months:
        words = (
            f"the longest follow-up, {longest.printed} months, is longer than the {targets.calendar.months:.1f} months "
            f"{targets.calendar.words}"
        )
        yield Fault(("follow_up", "maximum"), words)
    end = min(longest.middle if longest is not None else math.inf, targets.calendar.months)
    ends = f"follow-up ends at {end:.4g} months, before"
    for name, arm in targets.arms.items():
        for landmark in arm.landmarks:
            if landmark.time >= end:
                key = ("landmarks", name, f"{landmark.time:g}")
                yield Fault(key, f"{ends} the {landmark.time:g}-month rate of arm {name}")
        for count in arm.at_risk:
            if count.patients and count.time > end:
                key = ("at_risk", name, f"{count.time:g}")
                yield Fault(key, f"{ends} {count.time:g} months, when {count.patients} of arm {name} are at risk")
    for test in targets.logrank_until:
        if test.time > end:
            yield Fault(("logrank_p",), f"{ends} {test.time:g} months, up to which a log-rank test is given")
    for place, words, median in _medians(targets):
        if median.reached and (median.middle if median.bound else median.high) >= end:
            yield Fault(place, f"{ends} {words}, {median.printed} months")
    for place, words, median in _followed(targets):
        if median.low > end:
            yield Fault(place, f"{ends} {words}, {median.printed} months")


Figures = Iterator[tuple[tuple[str, ...], str, Interval]]


def _medians(targets: Targets) -> Figures:
    """Printed medians of survival: place, words, figure."""
    for name, arm in targets.arms.items():
        if arm.median is not None:
            yield ("median", name), f"the median of arm {name}", arm.median
    if targets.pooled_median is not None:
        yield ("median", "pooled"), "the median of all arms together", targets.pooled_median


def _followed(targets: Targets) -> Figures:
    """Printed medians of follow-up: place, words, figure."""
    for name, arm in targets.arms.items():
        if arm.follow_up_median is not None:
            yield ("follow_up", "median", name), f"the median follow-up of arm {name}", arm.follow_up_median
    if targets.follow_up_median is not None:
        yield ("follow_up", "median", "pooled"), "the median follow-up", targets.follow_up_median


def _shortest_faults(targets: Targets) -> Iterator[Fault]:
    """A shortest follow-up that is longer than the longest, or than a median; all who die leave follow-up."""
    shortest, key = targets.follow_up_min, ("follow_up", "minimum")
    if shortest is None:
        return
    words = f"the shortest follow-up, {shortest.printed} months,"
    if not 0 <= shortest.low < math.inf:
        yield Fault(key, f"{words} is not a time")
    longest = targets.follow_up_max
    if longest is not None and shortest.low > longest.high:
        yield Fault(key, f"{words} is longer than the longest, {longest.printed} months")
    if shortest.low > targets.calendar.months:
        yield Fault(key, f"{words} is longer than the {targets.calendar.months:.1f} months {targets.calendar.words}")
    if not targets.of_patients:
        return
    for _, other, median in (*_medians(targets), *_followed(targets)):
        if median.reached and shortest.low > median.high:
            yield Fault(key, f"{words} is longer than {other}, {median.printed} months")
    yield from _before_faults(targets, key, f"nobody is followed for less than {shortest.low:g} months", shortest.low)


def _earliest_faults(targets: Targets) -> Iterator[Fault]:
    """Earliest rows that lie after the end of follow-up, or events after what is printed of them."""
    for what, bound in (("event", targets.earliest_event), ("censoring", targets.earliest_censoring)):
        key = ("follow_up", f"earliest_{what}")
        if bound is None:
            continue
        words = f"the earliest {what} can be at {bound.months:g} months"
        if not 0 <= bound.months < math.inf:
            yield Fault(key, f"{words}, which is not a time")
        elif bound.months >= min(targets.calendar.months, targets.follow_up_end):
            yield Fault(key, f"{words}, not before the end of follow-up")
        elif what == "event":
            yield from _before_faults(targets, key, words, bound.months)
            for _, other, median in _medians(targets):
                if median.reached and bound.months > median.high:
                    yield Fault(key, f"{words}, after {other}, {median.printed} months")


def _before_faults(targets: Targets, key: tuple[str, ...], words: str, start: float) -> Iterator[Fault]:
    """Rates below 100 % before anybody can have an event."""
    for name, arm in targets.arms.items():
        for mark in arm.landmarks:
            if mark.time < start and mark.interval.high < 1:
                yield Fault(key, f"{words}, after the {mark.time:g}-month rate of arm {name}, {mark.printed}")
