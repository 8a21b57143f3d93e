"""How far the rows are from what is printed, at a temperature: warm, numbers may be missed; cold, none may."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.rows import rows_until
from haicbook.survival.engine.state import (
    COLD,
    CONTRAST,
    GROUPS,
    MEDIAN,
    MOST,
    NOW,
    POOLED,
    PROPOSED,
    WARM,
    ZERO,
    ArmState,
    Constraints,
    Floats,
    Patients,
    Rows,
    Workspace,
    rows_of,
)
from haicbook.survival.engine.statistics import climb, contrast_values, curve_values

UNREACHED = 4.0  # what it adds to the loss that a time is reached and should not be, or the other way round
IMPOSSIBLE = 1e9  # the loss where there is no value at all
# what is printed of both arms rests on counts that cold arms no longer change, so it cools first: by this line
POOLED_SLOPE, POOLED_HEAD_START = 1.5, 0.5
USABLE_GUESS = 5.0  # a log hazard ratio farther from 0 is no start for the next one
CURVE_WEIGHT = 10.0  # of a curve's distance from one half, in patients, at the end of a median's interval


@inner
def loss(constraints: Constraints, first: int, last: int, values: Floats, temperature: float) -> float:
    """How far constraints first to last are missed, each in units of its tolerance at this temperature."""
    total = 0.0
    for j in range(first, last):
        value, low, high = values[j], constraints.low[j], constraints.high[j]
        if value != value:
            return IMPOSSIBLE
        if low == np.inf:
            if value == np.inf:
                continue
            away = max(constraints.end[MOST] - value, 0.0) + 1.0
            total += UNREACHED
        elif value == np.inf:
            away = max(constraints.end[MOST] - high, 0.0) + 1.0
            total += UNREACHED
        elif value < low:
            away = low - value
        elif value > high:
            away = value - high
        else:
            continue
        warm, cold = constraints.tolerance[WARM, j], constraints.tolerance[COLD, j]
        total += away / (warm**temperature * cold ** (1.0 - temperature))
    return total


@inner
def temperature_of(work: Workspace, group: int, temperature: float) -> float:
    """The temperature of a group, when that of the chain is so high."""
    if group >= POOLED:
        return max(0.0, POOLED_SLOPE * temperature - POOLED_HEAD_START)
    return 0.0 if work.cold[NOW, group] else max(0.0, temperature)


@inner
def pool(patients: Patients, work: Workspace) -> Rows:
    """Both arms' rows in order of time, events first."""
    time, event, sizes = patients
    n0, n1, i, j = sizes[0], sizes[1], 0, 0
    for k in range(n0 + n1):
        if j >= n1:
            first = True
        elif i >= n0:
            first = False
        elif time[0, i] != time[1, j]:
            first = time[0, i] < time[1, j]
        else:
            first = event[0, i] >= event[1, j]
        if first:
            work.pooled_time[k], work.pooled_event[k] = time[0, i], event[0, i]
            i += 1
        else:
            work.pooled_time[k], work.pooled_event[k] = time[1, j], event[1, j]
            j += 1
    return Rows(work.pooled_time, work.pooled_event)


@inner
def propose_contrast(patients: Patients, constraints: Constraints, work: Workspace) -> None:
    """What the arms' contrast prints, into `proposed`."""
    guess = work.log_hr[0] if abs(work.log_hr[0]) < USABLE_GUESS else 0.0
    work.log_hr[0] = contrast_values(patients, constraints, work.table, guess, work.proposed)


@inner
def proposed_loss(constraints: Constraints, work: Workspace, group: int, temperature: float) -> float:
    """The loss of a group's proposed values; kept in the workspace."""
    start, own = constraints.start, temperature_of(work, group, temperature)
    work.loss[PROPOSED, group] = loss(constraints, start[group], start[group + 1], work.proposed, own)
    return float(work.loss[PROPOSED, group])


@inner
def evaluate(
    patients: Patients, constraints: Constraints, work: Workspace, arm: int, temperature: float, allowed: float
) -> float:
    """The loss after a change of one arm (or of `ALL_ARMS`); stops early, above what is allowed. Into `proposed`."""
    start, total, arms = constraints.start, 0.0, len(patients.sizes)
    for a in range(arms):
        if arm < 0 or a == arm:
            curve_values(rows_of(patients, a), constraints, a, work.memory, work.proposed)
            total += proposed_loss(constraints, work, a, temperature)
        else:
            work.loss[PROPOSED, a] = work.loss[NOW, a]
            total += work.loss[NOW, a]
    work.loss[PROPOSED, POOLED], work.loss[PROPOSED, CONTRAST] = 0.0, 0.0
    if total > allowed or arms == 1:
        return total
    if start[POOLED + 1] > start[POOLED]:
        curve_values(pool(patients, work), constraints, POOLED, work.memory, work.proposed)
        total += proposed_loss(constraints, work, POOLED, temperature)
        if total > allowed:
            return total
    if start[CONTRAST + 1] > start[CONTRAST]:
        propose_contrast(patients, constraints, work)
        total += proposed_loss(constraints, work, CONTRAST, temperature)
    return total


@inner
def accept(constraints: Constraints, work: Workspace, arm: int) -> None:
    """Take what was evaluated after a change of one arm (or of `ALL_ARMS`) as the present state."""
    for g in range(GROUPS):
        if arm < 0 or g == arm or g >= POOLED:
            for j in range(constraints.start[g], constraints.start[g + 1]):
                work.values[j] = work.proposed[j]
            work.loss[NOW, g] = work.loss[PROPOSED, g]


@inner
def loss_at(constraints: Constraints, work: Workspace, temperature: float) -> float:
    """The present state's loss at another temperature."""
    total, start = 0.0, constraints.start
    for g in range(GROUPS):
        own = temperature_of(work, g, temperature)
        work.loss[NOW, g] = loss(constraints, start[g], start[g + 1], work.values, own)
        total += work.loss[NOW, g]
    return total


# --- cold -------------------------------------------------------------------------------------------------------------


@inner
def own_loss(arm: ArmState) -> float:
    """How far what is printed of one arm is missed."""
    start = arm.constraints.start
    curve_values(arm.rows, arm.constraints, arm.which, arm.memory, arm.values)
    return loss(arm.constraints, start[arm.which], start[arm.which + 1], arm.values, 0.0)


@inner
def pooled_loss(patients: Patients, constraints: Constraints, work: Workspace) -> float:
    """How far what is printed of both arms' curve is missed: square roots, so that none of it drowns the rest.

    A median is as far away as the curve is from one half at the end of its interval, as its time may not move at all
    while deaths come nearer.
    """
    rows, n, total = pool(patients, work), len(work.pooled_time), 0.0
    curve_values(rows, constraints, POOLED, work.memory, work.proposed)
    for j in range(constraints.start[POOLED], constraints.start[POOLED + 1]):
        missed = loss(constraints, j, j + 1, work.proposed, 0.0)
        if constraints.kind[j] == MEDIAN and missed > 0.0:
            end = constraints.high[j] if work.proposed[j] > constraints.high[j] else constraints.low[j]
            survival, _ = climb(rows, ZERO, rows_until(rows.time, end), 1.0, 0.0)
            missed = CURVE_WEIGHT * n * abs(survival - 0.5) + 1.0
        total += np.sqrt(missed)
    return total


@inner
def contrast_loss(patients: Patients, constraints: Constraints, work: Workspace) -> float:
    """How far what is printed of the contrast is missed: a square root."""
    first, last = constraints.start[CONTRAST], constraints.start[CONTRAST + 1]
    if first == last:
        return 0.0
    propose_contrast(patients, constraints, work)
    return float(np.sqrt(loss(constraints, first, last, work.proposed, 0.0)))
