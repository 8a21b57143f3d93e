"""Counts: as many events as are printed or implied, and medians that are reached where they are printed to be."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.rows import events_of, put, too_early
from haicbook.survival.engine.state import (
    ALL_ARMS,
    CONTRAST,
    EVENTS,
    LATE_EVENTS,
    LOG_HR_HIGH,
    LOG_HR_LOW,
    MEDIAN,
    MEDIAN_HIGH,
    POOLED,
    RATE_HIGH,
    ArmState,
    Constraints,
    Patients,
    Workspace,
    rows_of,
)
from haicbook.survival.engine.statistics import curve_values

TRIES = 50  # patients looked at for each event that is to be changed
REACHING = 4  # patients looked at for each patient of an arm, until its medians are reached
EARLY = 0.9  # of an arm's rows, in which events may come sooner: one among the last would end the curve


@inner
def last_rate(constraints: Constraints, arm: int) -> float:
    """The latest time of which a rate is printed; 0 where none is."""
    latest = 0.0
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        if constraints.kind[j] <= RATE_HIGH:
            latest = max(latest, constraints.time[j])
    return latest


@inner
def flat_from(constraints: Constraints, arm: int) -> float:
    """When an arm's curve has become flat; infinity where it is not known to."""
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        if constraints.kind[j] == LATE_EVENTS:
            return float(constraints.time[j])
    return np.inf


@inner
def events_wanted(patients: Patients, constraints: Constraints, arm: int) -> int:
    """How many events an arm must have: as printed, or what the other arm leaves of the printed total; else -1."""
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        if constraints.kind[j] == EVENTS:
            return int(constraints.low[j] + 0.5)
    for j in range(constraints.start[POOLED], constraints.start[POOLED + 1]):
        if constraints.kind[j] == EVENTS:
            return int(constraints.low[j] + 0.5) - events_of(rows_of(patients, 1 - arm))
    return -1


@inner
def turn(patients: Patients, constraints: Constraints, arm: int, more: int, rng: np.random.Generator) -> None:
    """Make so many events of an arm (-1: of any) out of patients who left, or the other way round.

    Only of those who are followed beyond the last printed rate, so that rates stay as they are.
    """
    done = 0
    for _ in range(TRIES * abs(more)):
        a = arm if arm >= 0 else int(rng.random() * len(patients.sizes))
        rows = rows_of(patients, a)
        i = int(rng.random() * len(rows.time))
        if rows.event[i] == (more < 0) and last_rate(constraints, a) < rows.time[i]:
            if more > 0 and rows.time[i] > flat_from(constraints, a):
                continue
            if too_early(constraints, rows.time[i], not rows.event[i]):
                continue
            put(rows, i, rows.time[i], not rows.event[i])
            done += 1
        if done == abs(more):
            break


@inner
def implied_events(patients: Patients, constraints: Constraints, work: Workspace) -> int:
    """How many more events (fewer, where negative) the hazard ratio's interval stands for, by its width."""
    low, high = -1, -1
    for j in range(constraints.start[CONTRAST], constraints.start[CONTRAST + 1]):
        if constraints.kind[j] == LOG_HR_LOW:
            low = j
        elif constraints.kind[j] == LOG_HR_HIGH:
            high = j
    if low < 0 or high < 0 or not constraints.high[high] < np.inf:
        return 0
    least, most = constraints.low, constraints.high
    wide = work.values[high] - work.values[low]
    aim = 0.5 * (least[high] + most[high] - least[low] - most[low])
    free = 0.5 * (most[high] - least[high] + most[low] - least[low])
    if not (abs(wide - aim) > free and wide > 0.0 and wide < np.inf):
        return 0
    events, everyone = 0, 0
    for a in range(len(patients.sizes)):
        events += events_of(rows_of(patients, a))
        everyone += patients.sizes[a]
    more = int(min(np.rint(events * ((wide / aim) ** 2 - 1.0)), 1.0 * everyone))
    if more == 0:
        return 1 if wide > aim else -1
    return more


@inner
def recount(patients: Patients, constraints: Constraints, work: Workspace, rng: np.random.Generator) -> None:
    """Give the arms the events printed, or as many as the hazard ratio's interval stands for."""
    arms = len(patients.sizes)
    known, first = 0, int(rng.random() * arms)
    for k in range(arms):
        a = (first + k) % arms
        events = events_wanted(patients, constraints, a)
        if events >= 0:
            known += 1
            turn(patients, constraints, a, events - events_of(rows_of(patients, a)), rng)
    if known == 0:
        more = implied_events(patients, constraints, work)
        if more != 0:
            turn(patients, constraints, ALL_ARMS, more, rng)


@inner
def wrongly_reached(arm: ArmState) -> int:
    """The first median or limit of one that is reached and printed as not reached, or the other way round; else -1."""
    constraints = arm.constraints
    for j in range(constraints.start[arm.which], constraints.start[arm.which + 1]):
        if MEDIAN <= constraints.kind[j] <= MEDIAN_HIGH:
            if (arm.values[j] == np.inf) != (constraints.low[j] == np.inf):
                return j
    return -1


@inner
def reach_medians(arm: ArmState, free: bool, rng: np.random.Generator) -> bool:
    """Let an arm's medians and limits be reached that are printed, and no others; whether they are.

    Patients who left become events or the other way round, where their number is free; else two rows exchange it.
    """
    constraints, rows = arm.constraints, arm.rows
    time, event = rows
    n = len(time)
    for _ in range(REACHING * n):
        curve_values(rows, constraints, arm.which, arm.memory, arm.values)
        wrong = wrongly_reached(arm)
        if wrong < 0:
            return True
        sooner = arm.values[wrong] == np.inf  # events are to come sooner, or there are to be more
        i = int(rng.random() * (EARLY * n if sooner else n))
        if event[i] == sooner or (not sooner and time[i] > arm.values[wrong]):
            continue
        if time[i] <= last_rate(constraints, arm.which):
            continue
        if sooner and time[i] > flat_from(constraints, arm.which):
            continue
        if too_early(constraints, time[i], sooner):
            continue
        if not free:
            other = i + int(rng.random() * (n - i))
            if event[other] != sooner:
                continue
            put(rows, other, time[other], not sooner)
        put(rows, i, time[i], sooner)
    return False
