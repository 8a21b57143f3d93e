"""Time-warps: rows between two printed times of an arm are moved together, so that its own numbers stay as they are.

The least warps that meet what is printed of both arms are found by damped Gauss-Newton steps; where they cannot reach,
random warps bring the rows near. A warp that crowds the rows is refused, or taken the seldomer: free ones would in the
end heap them at the ends of their stretches.
"""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.loss import accept, contrast_loss, evaluate, own_loss, pooled_loss
from haicbook.survival.engine.rows import (
    copy_patients,
    copy_rows,
    on_grid,
    rows_before,
    rows_until,
    sort_rows,
)
from haicbook.survival.engine.state import (
    AIM,
    ALL_ARMS,
    ARM,
    AWAY,
    CHANGE,
    COLD,
    EVENTS,
    FOLLOW_UP_OBSERVED,
    FOLLOW_UP_REVERSE,
    GROUPS,
    KNOT,
    MEDIAN,
    MEDIAN_HIGH,
    NO_ARM,
    NORMAL,
    NUMBER_AT_RISK,
    ONE,
    PART,
    POOLED,
    TAKEN,
    TRIAL,
    WEIGHT,
    ZERO,
    ArmState,
    Constraints,
    Floats,
    Patients,
    Rows,
    Scratch,
    State,
    Warps,
    arm_of,
    rows_of,
    saved_rows,
)
from haicbook.survival.engine.statistics import slope_span

SOONEST = 1.0 / 60.0  # months: no warp moves a patient's time to the first half day
MORE_KNOTS = 4  # at rows drawn at random, between which an arm is warped
MOST_CROWDING = 15.0  # that warps together may add: a logarithm of the rows' density
# the small warp by which a response is measured, drawn from the first width and as much more; on a grid it is wider
SMALL, ON_GRID = 0.1, 3.0
FREEDOM = 0.5  # standard deviation of the logarithm of how freely a stretch may be warped
OPEN = 100.0  # an interval of so many tolerances is open to one side
CENTRE, MIDDLE_PART = 0.3, 0.4  # where in an interval aims lie: from this part of it on, over so much of it
LONGEST, SHORTER, SHORTENINGS = 0.7, 0.4, 4  # the longest logarithm of a power; how one that is too long is cut
STUCK = 3  # rounds in a row without a gain
RANDOM = 0.4  # standard deviation of the logarithm of a random warp's power


def places_for(constraints: int) -> int:
    """How many knots an arm can have, where so many numbers are printed."""
    return 2 * constraints + 8 + MORE_KNOTS


# --- one stretch ------------------------------------------------------------------------------------------------------


@inner
def between(time: Floats, low: float, high: float) -> tuple[int, int]:
    """The first row after one time, and the first row from another on."""
    return rows_until(time, low), rows_before(time, high)


@inner
def warp(rows: Rows, low: float, high: float, power: float, step: float) -> int:
    """Raise the places of rows between two times to a power; how many there are."""
    time, event = rows
    first, last = between(time, low, high)
    for i in range(first, last):
        moved = on_grid(low + (high - low) * ((time[i] - low) / (high - low)) ** power, step)
        if max(low, SOONEST) < moved < high:
            time[i] = moved
    # rows may have stayed behind or met, on a grid or at the end of the numbers' precision
    sort_rows(Rows(time[first:last], event[first:last]))
    return last - first


@inner
def crowding(time: Floats, low: float, high: float, power: float) -> float:
    """How much a warp crowds the rows between two times: minus the logarithm of the map's density at them."""
    total = 0.0
    first, last = between(time, low, high)
    for i in range(first, last):
        total -= np.log(power) + (power - 1.0) * np.log((time[i] - low) / (high - low))
    return total


@inner
def insert(knots: Floats, many: int, point: float) -> int:
    """Put a time into its place, once; how many there are then."""
    for k in range(many):
        if knots[k] == point:
            return many
    k = many
    while k > 0 and knots[k - 1] > point:
        knots[k] = knots[k - 1]
        k -= 1
    knots[k] = point
    return many + 1


@inner
def knots_of(rows: Rows, constraints: Constraints, arm: int, values: Floats, knots: Floats) -> int:
    """Times between which an arm's rows may be warped without a change of its own numbers, into `knots`; how many."""
    time, n = rows.time, len(rows.time)
    normal = constraints.median_interval == NORMAL
    knots[0], many = 0.0, ONE
    for what in range(2):
        many = insert(knots, many, constraints.earliest[what])
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        kind, point = constraints.kind[j], np.inf
        if kind <= NUMBER_AT_RISK:
            point = constraints.time[j]
        elif kind == MEDIAN or (kind <= MEDIAN_HIGH and not normal):
            point = values[j]
        elif kind == FOLLOW_UP_OBSERVED:
            many = insert(knots, many, time[(n - 1) // 2])
            point = time[n // 2]
        elif kind == FOLLOW_UP_REVERSE:
            point = values[j]
        if point < time[n - 1]:
            many = insert(knots, many, point)
    if normal:
        above, _, below, _ = slope_span(time, rows.event)
        if above > 0.0:
            many = insert(knots, many, above)
        if below < time[n - 1]:
            many = insert(knots, many, below)
    return insert(knots, many, time[n - 1])


# --- the least warps that meet what is printed of both arms -----------------------------------------------------------


@inner
def solve(matrix: Floats, right: Floats, n: int) -> None:
    """Gauss's elimination in place with pivots; the answer is in `right`."""
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        for c in range(n):
            matrix[k, c], matrix[best, c] = matrix[best, c], matrix[k, c]
        right[k], right[best] = right[best], right[k]
        for i in range(k + 1, n):
            share = matrix[i, k] / matrix[k, k]
            for c in range(k, n):
                matrix[i, c] -= share * matrix[k, c]
            right[i] -= share * right[k]
    for k in range(n - 1, -1, -1):
        for c in range(k + 1, n):
            right[k] -= matrix[k, c] * right[c]
        right[k] /= matrix[k, k]


@inner
def set_wanted(warps: Warps, constraints: Constraints, values: Floats) -> None:
    """What is printed of both arms together and can be met by warps."""
    many = 0
    for j in range(constraints.start[POOLED], constraints.start[GROUPS]):
        if constraints.kind[j] != EVENTS and values[j] < np.inf:
            warps.wanted[many] = j
            many += 1
    warps.counts[0] = many


@inner
def set_aims(warps: Warps, constraints: Constraints, values: Floats, rng: np.random.Generator) -> None:
    """Where what is wanted is to be: anywhere in the middle of its interval."""
    for r in range(warps.counts[0]):
        j = warps.wanted[r]
        low, high = constraints.low[j], constraints.high[j]
        if high - low > OPEN * constraints.tolerance[COLD, j]:
            warps.goals[AIM, r] = min(max(values[j], low), high)
        else:
            warps.goals[AIM, r] = low + (high - low) * (CENTRE + MIDDLE_PART * rng.random())


@inner
def measure_stretch(state: State, scratch: Scratch, a: int, k: int, way: int, rng: np.random.Generator) -> bool:
    """Measure how what is wanted moves with a small warp from an arm's knot on; whether rows lie there to be warped."""
    constraints, work, warps = state.constraints, state.work, scratch.warps
    rows = rows_of(state.patients, a)
    small = (SMALL + SMALL * rng.random()) * (1.0 if rng.random() < 0.5 else -1.0)
    if constraints.step > 0.0:
        small *= ON_GRID
    if warp(rows, warps.knots[a, k], warps.knots[a, k + 1], np.exp(small), constraints.step) < 2:
        return False
    evaluate(state.patients, constraints, work, NO_ARM, 0.0, np.inf)  # an arm's own numbers do not move
    copy_rows(rows, rows_of(saved_rows(scratch, TAKEN, state.patients), a))
    warps.place[ARM, way], warps.place[KNOT, way] = a, k
    warps.power[WEIGHT, way] = np.exp(FREEDOM * rng.standard_normal())
    for r in range(warps.counts[0]):
        j = warps.wanted[r]
        warps.effect[r, way] = 0.0
        if work.proposed[j] < np.inf:
            moved = (work.proposed[j] - work.values[j]) / small
            warps.effect[r, way] = warps.power[WEIGHT, way] * moved / constraints.tolerance[COLD, j]
    return True


@inner
def measure(state: State, scratch: Scratch, rng: np.random.Generator) -> None:
    """Measure how what is wanted moves with a small warp of each stretch."""
    patients, warps, ways = state.patients, scratch.warps, ZERO
    for a in range(len(patients.sizes)):
        rows, knots = rows_of(patients, a), warps.knots[a]
        pieces = knots_of(rows, state.constraints, a, state.work.values, knots)
        for _ in range(MORE_KNOTS):
            pieces = insert(knots, pieces, rows.time[int(rng.random() * len(rows.time))])
        for k in range(pieces - 1):
            ways += measure_stretch(state, scratch, a, k, ways, rng)
    warps.counts[1] = ways


@inner
def add_least(warps: Warps, constraints: Constraints, start: Floats, aim: Floats, change: Floats) -> None:
    """Add to `change` the least warps that are expected to bring what is wanted from `start` to `aim`."""
    many, ways = warps.counts[0], warps.counts[1]
    square, away = warps.square, warps.goals[AWAY]
    for r in range(many):
        j = warps.wanted[r]
        away[r] = (aim[r] - start[j]) / constraints.tolerance[COLD, j]
        for c in range(many):
            square[r, c] = 0.0
            for w in range(ways):
                square[r, c] += warps.effect[r, w] * warps.effect[c, w]
        square[r, r] += 1.0
    solve(square, away, many)
    for w in range(ways):
        for r in range(many):
            change[w] += warps.power[WEIGHT, w] * warps.effect[r, w] * away[r]


@inner
def warp_all(patients: Patients, warps: Warps, change: Floats, step: float) -> float:
    """Warp each stretch by its part of a change; how much that crowds the rows."""
    total = 0.0
    for w in range(warps.counts[1]):
        a, k, power = warps.place[ARM, w], warps.place[KNOT, w], np.exp(change[w])
        rows = rows_of(patients, a)
        low, high = warps.knots[a, k], warps.knots[a, k + 1]
        total += crowding(rows.time, low, high, power)
        warp(rows, low, high, power, step)
    return total


@inner
def all_reached(warps: Warps, values: Floats) -> bool:
    """Whether all that is wanted has a value."""
    for r in range(warps.counts[0]):
        if not abs(values[warps.wanted[r]]) < np.inf:
            return False
    return True


@inner
def take_share(
    state: State, scratch: Scratch, share: float, corrections: int, total: float, crowded: float
) -> tuple[float, float]:
    """Take so much of the change, corrected by what it turns out to do, if it comes nearer and does not crowd the rows.

    Returns the loss and the crowding then; the rows stay as they were where the loss is no less.
    """
    patients, constraints, work, warps = state.patients, state.constraints, state.work, scratch.warps
    for w in range(warps.counts[1]):
        warps.power[TRIAL, w] = share * warps.power[CHANGE, w]
    for r in range(warps.counts[0]):
        value = work.values[warps.wanted[r]]
        warps.goals[PART, r] = value + share * (warps.goals[AIM, r] - value)
    for _ in range(1 + corrections):
        more = warp_all(patients, warps, warps.power[TRIAL], constraints.step)
        proposed = evaluate(patients, constraints, work, ALL_ARMS, 0.0, np.inf)
        if proposed < total and crowded + more < MOST_CROWDING:
            accept(constraints, work, ALL_ARMS)
            return proposed, crowded + more
        copy_patients(patients, saved_rows(scratch, TAKEN, patients))
        if not all_reached(warps, work.proposed):
            break
        add_least(warps, constraints, work.proposed, warps.goals[PART], warps.power[TRIAL])
    return total, crowded


@inner
def first_share(warps: Warps) -> float:
    """How much of the change is tried first: no power is to be too far from 1."""
    most = 0.0
    for w in range(warps.counts[1]):
        most = max(most, abs(warps.power[CHANGE, w]))
    return min(1.0, LONGEST / most) if most > 0.0 else 0.0


@inner
def gauss_newton(
    state: State, scratch: Scratch, total: float, rounds: int, corrections: int, rng: np.random.Generator
) -> float:
    """Warp the arms' times between their own printed times until what is printed of both arms together is met.

    The numbers of an arm stay as they are. How the rest moves with each warp is measured, and the least warps that are
    expected to meet it are taken (Gauss and Newton's steps, damped), corrected by what they turn out to do, with the
    same measurements (the chord method). Returns the cold loss then.
    """
    patients, constraints, work, warps = state.patients, state.constraints, state.work, scratch.warps
    stuck, crowded = 0, 0.0
    for _ in range(rounds):
        set_wanted(warps, constraints, work.values)
        if warps.counts[0] == 0 or total == 0.0:
            return total
        copy_patients(saved_rows(scratch, TAKEN, patients), patients)
        measure(state, scratch, rng)
        if warps.counts[1] == 0:
            return total
        set_aims(warps, constraints, work.values, rng)
        for w in range(warps.counts[1]):
            warps.power[CHANGE, w] = 0.0
        add_least(warps, constraints, work.values, warps.goals[AIM], warps.power[CHANGE])
        share, before = first_share(warps), total
        for _ in range(SHORTENINGS):
            total, crowded = take_share(state, scratch, share, corrections, before, crowded)
            if total < before:
                break
            share *= SHORTER
        stuck = 0 if total < before else stuck + 1
        if stuck == STUCK:
            return total
    return total


# --- random warps -----------------------------------------------------------------------------------------------------


@inner
def random_warp(arm: ArmState, values: Floats, knots: Floats, rng: np.random.Generator) -> bool:
    """Warp an arm at random between two neighbouring knots; whether rows were moved."""
    rows = arm.rows
    pieces = knots_of(rows, arm.constraints, arm.which, values, knots)
    pieces = insert(knots, pieces, rows.time[int(rng.random() * len(rows.time))])
    k = int(rng.random() * (pieces - 1))
    low, high, power = knots[k], knots[k + 1], np.exp(RANDOM * rng.standard_normal())
    taken = np.log(rng.random()) < -crowding(rows.time, low, high, power)
    return taken and warp(rows, low, high, power, arm.constraints.step) > 0


@inner
def random_warps(state: State, scratch: Scratch, steps: int, rng: np.random.Generator) -> None:
    """Warp arms at random, while both arms' curve comes nearer to what is printed or no farther.

    Then, with its numbers met, while the contrast does. A median of both arms that is held by a printed time of one arm
    does not move with small warps: the other rows have to pass it first.
    """
    patients, constraints, work = state.patients, state.constraints, state.work
    copy_patients(saved_rows(scratch, TAKEN, patients), patients)
    missed, apart = pooled_loss(patients, constraints, work), np.inf
    for _ in range(steps):
        if missed + apart == 0.0:
            return
        a = int(rng.random() * len(patients.sizes))
        arm = arm_of(state, a)
        saved = rows_of(saved_rows(scratch, TAKEN, patients), a)
        better = False
        if random_warp(arm, work.values, scratch.warps.knots[a], rng):
            proposed = pooled_loss(patients, constraints, work)
            better = proposed <= missed and own_loss(arm) == 0.0
            if better and proposed == 0.0:
                distance = contrast_loss(patients, constraints, work)
                better = distance <= apart
                apart = distance if better else apart
            if better:
                missed = proposed
                copy_rows(saved, arm.rows)
        if not better:
            copy_rows(arm.rows, saved)
