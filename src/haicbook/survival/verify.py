"""Check a reconstructed data set against its targets, patient by patient, in exact arithmetic.

Shares nothing with the engine or with the batched estimators: a loop over the distinct times of one arm, survival as
a fraction of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haicbook.survival.targets import ArmTargets, Interval, Targets

Row = tuple[float, bool]
Step = tuple[float, int, int]  # from this time on, survival is numerator / denominator


def violations(members: Mapping[str, tuple[Iterable[float], Iterable[bool]]], targets: Targets) -> list[str]:
    """Targets that one data set misses, in words; an empty list when it meets all of them.

    Parameters
    ----------
    members
        For each arm, times in months and whether the event was seen.
    targets
        What must be met, to the printed rounding.
    """
    if set(members) != set(targets.arms):
        return [f"arms are {', '.join(sorted(members))}; {', '.join(sorted(targets.arms))} are needed"]
    rows = {arm: _rows(*members[arm]) for arm in members}
    missed = [miss for arm, wanted in targets.arms.items() for miss in _arm_violations(arm, rows[arm], wanted)]
    everyone = sorted(row for arm in rows.values() for row in arm)
    events = sum(died for _, died in everyone)
    if targets.events_total is not None and events != targets.events_total:
        missed.append(f"{events} events in total; {targets.events_total} are printed")
    if targets.pooled_median is not None:
        missed += _median_violations("all arms", _steps(everyone), targets.pooled_median)
    late = max(time for time, _ in everyone)
    if targets.follow_up_max is not None and late > targets.follow_up_max:
        missed.append(f"someone is followed for {late} months; at most {targets.follow_up_max:g} are printed")
    return missed


def _rows(times: Iterable[float], events: Iterable[bool]) -> list[Row]:
    return sorted((float(time), bool(event)) for time, event in zip(times, events, strict=True))


def _arm_violations(name: str, rows: list[Row], wanted: ArmTargets) -> list[str]:
    missed = []
    if len(rows) != wanted.n:
        missed.append(f"arm {name} has {len(rows)} patients; {wanted.n} are printed")
    if any(time <= 0 for time, _ in rows):
        missed.append(f"arm {name} has a patient without follow-up")
    events = sum(died for _, died in rows)
    if wanted.events is not None and events != wanted.events:
        missed.append(f"arm {name} has {events} events; {wanted.events} are printed")
    steps = _steps(rows)
    for landmark in wanted.landmarks:
        rate = _height(steps, landmark.time)
        if not landmark.interval.contains(rate):
            missed.append(f"the {landmark.time:g}-month rate of arm {name} is {rate}; {landmark.printed} is printed")
        if rate > 0 and not any(time >= landmark.time for time, _ in rows):
            missed.append(f"nobody of arm {name} is at risk at {landmark.time:g} months, where a rate is printed")
    if wanted.median is not None:
        missed += _median_violations(f"arm {name}", steps, wanted.median)
    return missed


def _median_violations(whose: str, steps: list[Step], wanted: Interval) -> list[str]:
    """Papers do not say by which convention they read a median off a step on one half: R's is the one to meet."""
    median = _median(steps)
    return [] if wanted.contains(median) else [f"the median of {whose} is {median}; {wanted.printed} is printed"]


def _steps(rows: list[Row]) -> list[Step]:
    """The product-limit estimate after each distinct time of death."""
    numerator, denominator = 1, 1
    steps: list[Step] = []
    for time in sorted({time for time, died in rows if died}):
        at_risk = sum(other >= time for other, _ in rows)
        deaths = sum(died and other == time for other, died in rows)
        numerator, denominator = numerator * (at_risk - deaths), denominator * at_risk
        steps.append((time, numerator, denominator))
    return steps


def _height(steps: list[Step], time: float) -> float:
    height = 1.0
    for start, numerator, denominator in steps:
        if start <= time:
            height = numerator / denominator
    return height


def _median(steps: list[Step]) -> float:
    """The start of the first step at one half or below; of a step on one half exactly, the middle (R's convention)."""
    for index, (start, numerator, denominator) in enumerate(steps):
        if 2 * numerator == denominator and index + 1 < len(steps):
            return (start + steps[index + 1][0]) / 2
        if 2 * numerator <= denominator:
            return start
    return float("nan")
