"""The printed numbers of a set of targets, one by one: to name them, and to leave them out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from haicbook.survival.intervals import Interval, Limits
from haicbook.survival.targets import ArmTargets, Landmark, LogrankUntil, Targets

Key = tuple[str, ...]


@dataclass(frozen=True)
class Constraint:
    """One printed number, or one printed confidence interval.

    Attributes
    ----------
    key
        Which: `("rate", arm, time)`, `("rate_ci", arm, time)`, `("median", arm)`, `("median_ci", arm)`,
        `("events", arm)`, `("follow_up", arm)`, and without an arm `("hr",)`, `("hr_ci",)`, `("logrank_p",)`; the arm
        is `pooled` for all patients together.
    words
        It in words, for a reader.
    """

    key: Key
    words: str


def counts_follow_up(targets: Targets) -> bool:
    """Whether a printed follow-up binds the times of this endpoint."""
    return targets.of_patients


def constraints_of(targets: Targets) -> tuple[Constraint, ...]:
    """All printed numbers that a reconstruction has to meet, except the patients of each arm."""
    constraints = [
        constraint
        for name, arm in targets.arms.items()
        for constraint in _arm_constraints(name, arm, counts_follow_up(targets))
    ]
    if targets.pooled_median is not None:
        constraints.append(
            Constraint(("median", "pooled"), f"the median of all arms, {_months(targets.pooled_median)}")
        )
    if targets.pooled_median_ci is not None and _readable(targets.pooled_median_ci):
        words = f"{_interval_of(targets.pooled_median_ci)} the median of all arms, {targets.pooled_median_ci.printed}"
        constraints.append(Constraint(("median_ci", "pooled"), words))
    if targets.events_total is not None:
        constraints.append(Constraint(("events", "pooled"), f"the events of all arms, {targets.events_total}"))
    if targets.follow_up_median is not None and counts_follow_up(targets):
        words = f"the median follow-up of all arms, {_months(targets.follow_up_median)}"
        constraints.append(Constraint(("follow_up", "pooled"), words))
    if targets.hr is not None:
        constraints.append(Constraint(("hr",), f"the hazard ratio, {targets.hr.estimate.printed}"))
        if targets.hr.ci is not None and _readable(targets.hr.ci):
            words = f"{_interval_of(targets.hr.ci)} the hazard ratio, {targets.hr.ci.printed}"
            constraints.append(Constraint(("hr_ci",), words))
    sides = "one-sided " if targets.logrank_sides == "one" else ""
    for test in targets.logrank_tests:
        until = f" up to {test.time:g} months" if test.time < math.inf else ""
        constraints.append(Constraint(logrank_key(test), f"the {sides}log-rank p{until}, {test.p.printed}"))
    return tuple(constraints)


def logrank_key(test: LogrankUntil) -> Key:
    """The key of a log-rank test, of the whole follow-up or up to a time."""
    return ("logrank_p",) if test.time == math.inf else ("logrank_p", f"{test.time:g}")


def _arm_constraints(name: str, arm: ArmTargets, followed: bool) -> list[Constraint]:
    constraints = []
    for mark in arm.landmarks:
        time = f"{mark.time:g}"
        rate = f"{mark.printed.rstrip('% ')}%"
        constraints.append(Constraint(("rate", name, time), f"the {time}-month rate of arm {name}, {rate}"))
        if mark.ci is not None and _readable(mark.ci):
            words = f"{_interval_of(mark.ci)} the {time}-month rate of arm {name}, {mark.ci.printed}"
            constraints.append(Constraint(("rate_ci", name, time), words))
    if arm.median is not None:
        constraints.append(Constraint(("median", name), f"the median of arm {name}, {_months(arm.median)}"))
    if arm.median_ci is not None and _readable(arm.median_ci):
        words = f"{_interval_of(arm.median_ci)} the median of arm {name}, {arm.median_ci.printed}"
        constraints.append(Constraint(("median_ci", name), words))
    if arm.events is not None:
        constraints.append(Constraint(("events", name), f"the events of arm {name}, {arm.events}"))
    for count in arm.at_risk:
        words = f"the number at risk of arm {name} at {count.time:g} months, {count.patients}"
        constraints.append(Constraint(("at_risk", name, f"{count.time:g}"), words))
    if arm.follow_up_median is not None and followed:
        words = f"the median follow-up of arm {name}, {_months(arm.follow_up_median)}"
        constraints.append(Constraint(("follow_up", name), words))
    return constraints


def _months(figure: Interval) -> str:
    return f"{figure.printed} months" if figure.reached else figure.printed or "not reached"


def _interval_of(limits: Limits) -> str:
    return "the interval of" if limits.level == 95 else f"the {limits.level:g}% interval of"


def _readable(limits: Limits) -> bool:
    return not all(math.isnan(end.low) for end in (limits.lower, limits.upper))


def without(targets: Targets, key: Key) -> Targets:
    """The targets without one printed number (and without the interval of an estimate that is left out)."""
    what, *whose = key
    if what == "hr_ci":
        return replace(targets, hr=targets.hr and replace(targets.hr, ci=None))
    if what == "hr":
        return replace(targets, hr=None)
    if what == "logrank_p" and not whose:
        return replace(targets, logrank_p=None)
    if what == "logrank_p":
        return replace(targets, logrank_until=tuple(t for t in targets.logrank_until if logrank_key(t) != key))
    name = whose[0]
    if name == "pooled":
        return _without_pooled(targets, what)
    return replace(targets, arms=targets.arms | {name: _arm_without(targets.arms[name], what, whose[1:])})


def _without_pooled(targets: Targets, what: str) -> Targets:
    if what == "median":
        return replace(targets, pooled_median=None, pooled_median_ci=None)
    if what == "median_ci":
        return replace(targets, pooled_median_ci=None)
    if what == "events":
        return replace(targets, events_total=None)
    return replace(targets, follow_up_median=None)


def _arm_without(arm: ArmTargets, what: str, time: list[str]) -> ArmTargets:
    if what in ("rate", "rate_ci"):
        others: list[Landmark] = []
        for mark in arm.landmarks:
            if f"{mark.time:g}" != time[0]:
                others.append(mark)
            elif what == "rate_ci":
                others.append(replace(mark, ci=None))
        return replace(arm, landmarks=tuple(others))
    if what == "at_risk":
        return replace(arm, at_risk=tuple(count for count in arm.at_risk if f"{count.time:g}" != time[0]))
    if what == "median":
        return replace(arm, median=None, median_ci=None)
    if what == "median_ci":
        return replace(arm, median_ci=None)
    return replace(arm, events=None) if what == "events" else replace(arm, follow_up_median=None)
