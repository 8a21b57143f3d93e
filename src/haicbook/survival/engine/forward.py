"""Forward simulation with rejection: an arm's rows drawn in order of time, stretch by stretch, through its rates.

The curve is causal: what is printed for a time depends on the rows before it alone. Each stretch between two rates is
drawn until it meets the next one, from hazards scaled so that the curve is expected to; every so many draws are
repaired locally instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.event_counts import flat_from
from haicbook.survival.engine.landmarks import register
from haicbook.survival.engine.prior import piece_of
from haicbook.survival.engine.rows import events_of, on_grid, put_back, rows_before, too_early
from haicbook.survival.engine.state import (
    COLD,
    DYING,
    EARLY_ROWS,
    EVENTS,
    FALL,
    LATE_EVENTS,
    LEAVING,
    LOG,
    LOG_LOG,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    NORMAL,
    NOW,
    NUMBER_AT_RISK,
    RATE,
    RATE_HIGH,
    RATE_LOW,
    RISE,
    ZERO,
    ArmState,
    Constraints,
    Floats,
    HazardPopulation,
    Rows,
)
from haicbook.survival.engine.statistics import climb, curve_values, rate_value

FAR = 1e6  # months: later than anything that is printed
REPAIR_STEPS, REPAIR_EVERY = 300, 50  # local steps of one repair; draws of which one is repaired: the same time
# what a local step does, by a number drawn from 0 to 1: a row is added, one is taken out, two rows exchange an event
# and a departure, one becomes the other
ADDED, REMOVED, EXCHANGED = 0.1, 0.2, 0.8
WORSE = 4  # a step that misses more is taken by the ratio of what is missed, to this power
SLICES = 40  # of a stretch, over which its expected curve is summed
SEARCHES, MOST_CENSORING = 20, 30.0  # halvings of the range in which the factor of the censoring hazard is looked for
LEAST_DEATHS, LEAST_FALL = 0.1, 1e-9  # expected where the curve need not fall; where it cannot
FACTOR_SPREAD, CENSORING_SPREAD = 0.1, 0.3  # standard deviations of the factors' logarithms, drawn for each stretch
SHARE_OF_TRIES = 4  # one stretch may take this part of all draws
ENDINGS, MORE, FEWER = 200, 1.1, 0.9  # draws of what follows the last rate; how its hazard follows the events wanted
ENROLLED = 0.2  # those followed to the end are spread over so much of the time from the last rate on


class Stretch(NamedTuple):
    """From one printed time to the next: first row, first constraint of the next, start, the curve there, factors."""

    row: int
    mark: int
    start: float
    survival: float
    greenwood: float
    event_factor: float
    censor_factor: float


class Leg(NamedTuple):
    """Between which times rows are drawn, the factors of the hazards, and the grid of times."""

    start: float
    stop: float
    event_factor: float
    censor_factor: float
    step: float


# --- rates ------------------------------------------------------------------------------------------------------------


@inner
def after_mark(constraints: Constraints, arm: int, mark: int) -> int:
    """The first of an arm's constraints after rate, limits and number at risk at the time of constraint `mark`."""
    j, last = mark, constraints.start[arm + 1]
    while j < last and constraints.kind[j] <= NUMBER_AT_RISK and constraints.time[j] == constraints.time[mark]:
        j += 1
    return j


@inner
def mark_met(arm: ArmState, mark: int, until: int, survival: float, greenwood: float) -> bool:
    """Whether rate, limits and number at risk at one time are met by `until` rows and a curve of this height there."""
    constraints, time = arm.constraints, arm.rows.time
    for j in range(mark, after_mark(constraints, arm.which, mark)):
        if constraints.kind[j] == NUMBER_AT_RISK:
            value = 1.0 * (len(time) - rows_before(time[:until], constraints.time[j]))
        else:
            value = rate_value(constraints, j, survival, greenwood)
        if not constraints.low[j] <= value <= constraints.high[j]:
            return False
    return True


@inner
def mark_missed(arm: ArmState, mark: int, until: int, log_s: float, greenwood: float) -> float:
    """How far rate, limits and number at risk at one time are missed, in their cold tolerances."""
    constraints, total, survival = arm.constraints, 0.0, np.exp(log_s)
    if survival == 0.0:
        return np.inf
    for j in range(mark, after_mark(constraints, arm.which, mark)):
        if constraints.kind[j] == NUMBER_AT_RISK:
            value = 1.0 * (len(arm.rows.time) - until)
        else:
            value = rate_value(constraints, j, survival, greenwood)
        total += max(constraints.low[j] - value, value - constraints.high[j], 0.0) / constraints.tolerance[COLD, j]
    return total


@inner
def rate_at(constraints: Constraints, mark: int, following: int) -> float:
    """The middle of the rate among constraints from `mark` on; -1 without one."""
    for j in range(mark, following):
        if constraints.kind[j] == RATE:
            return float(0.5 * (constraints.low[j] + constraints.high[j]))
    return -1.0


@inner
def at_risk_at(constraints: Constraints, mark: int, following: int) -> float:
    """The number at risk among constraints from `mark` on; -1 without one."""
    for j in range(mark, following):
        if constraints.kind[j] == NUMBER_AT_RISK:
            return float(constraints.low[j])
    return -1.0


# --- draws ------------------------------------------------------------------------------------------------------------


@inner
def simulate(population: HazardPopulation, arm: ArmState, row: int, leg: Leg, rng: np.random.Generator) -> int:
    """Rows between two times, in order, as a process of the patients at risk; returns the number of rows then."""
    start, now, first = population.pieces.start, leg.start, row
    time, event = arm.rows
    n, f = len(time), piece_of(start, leg.start + 1e-12)
    dies = population.hazard[DYING, arm.which, f] * leg.event_factor
    leaves = population.hazard[LEAVING, arm.which, f] * leg.censor_factor
    while row < n:
        wait = rng.standard_exponential() / (n - row)
        while f + 1 < len(start) and wait >= (start[f + 1] - now) * (dies + leaves):
            # the part of the wait that lies beyond the piece passes at the next one's rate
            wait -= (start[f + 1] - now) * (dies + leaves)
            f += 1
            now = start[f]
            dies = population.hazard[DYING, arm.which, f] * leg.event_factor
            leaves = population.hazard[LEAVING, arm.which, f] * leg.censor_factor
        now += wait / (dies + leaves)
        if now > leg.stop:
            break
        time[row], event[row] = on_grid(now, leg.step), rng.random() * (dies + leaves) < dies
        row += 1
    if leg.step > 0.0:
        for i in range(first + 1, row):
            put_back(arm.rows, i)
    return row


@inner
def expected(
    population: HazardPopulation, arm: int, span: tuple[float, float], factors: tuple[float, float], at_risk: float
) -> tuple[float, float]:
    """The expected fall of log survival and rise of Greenwood's sum between two times, with the hazards multiplied."""
    start, stop = span
    fall, rise, width = 0.0, 0.0, (stop - start) / SLICES
    for i in range(SLICES):
        f = piece_of(population.pieces.start, start + (i + 0.5) * width)
        dies = population.hazard[DYING, arm, f] * factors[0] * width
        leaves = population.hazard[LEAVING, arm, f] * factors[1] * width
        fall += dies
        half = np.exp(-0.5 * (dies + leaves))
        at_risk *= half
        rise += dies / max(at_risk, 0.5)
        at_risk *= half
    return fall, rise


@inner
def wanted_greenwood(constraints: Constraints, arm: int, mark: int, survival: float) -> float:
    """Greenwood's sum that a printed interval stands for, from its limits about the rate; -1 where none is."""
    low, high, z = -1.0, -1.0, 1.0
    for j in range(mark, after_mark(constraints, arm, mark)):
        if constraints.kind[j] == NUMBER_AT_RISK:
            continue
        z = constraints.z[j]
        if constraints.kind[j] == RATE_LOW and constraints.low[j] > 0.0:
            low = 0.5 * (constraints.low[j] + constraints.high[j])
        if constraints.kind[j] == RATE_HIGH and constraints.high[j] < 1.0:
            high = 0.5 * (constraints.low[j] + constraints.high[j])
    if (low < 0.0 and high < 0.0) or survival <= 0.0 or survival >= 1.0:
        return -1.0
    transform = constraints.rate_interval
    root, sides = 0.0, 0.0
    for side in range(2):
        value = low if side == 0 else high
        if value <= 0.0 or value >= 1.0:
            continue
        if transform == LOG:
            root += abs(np.log(value / survival)) / z
        elif transform == LOG_LOG:
            root += abs(np.log(np.log(value) / np.log(survival))) * abs(np.log(survival)) / z
        else:
            root += abs(value / survival - 1.0) / z
        sides += 1.0
    return (root / sides) ** 2


@inner
def left_by(population: HazardPopulation, arm: int, span: tuple[float, float]) -> float:
    """The cumulative hazard of leaving between two times."""
    start, stop = span
    total, width = 0.0, (stop - start) / SLICES
    for i in range(SLICES):
        f = piece_of(population.pieces.start, start + (i + 0.5) * width)
        total += population.hazard[LEAVING, arm, f] * width
    return total


@inner
def factors_for(population: HazardPopulation, arm: ArmState, stretch: Stretch, aim: float) -> tuple[float, float]:
    """By what to multiply the hazards of event and censoring, that rows may come to what is printed at the next time.

    The fall of the curve says how many die; a number at risk, or else the width of the rate's interval, how many leave.
    """
    constraints, at_risk = arm.constraints, len(arm.rows.time) - stretch.row
    span = (stretch.start, constraints.time[stretch.mark])
    left = at_risk_at(constraints, stretch.mark, after_mark(constraints, arm.which, stretch.mark))
    gone = np.log(at_risk / max(left, 0.5)) if left >= 0.0 and at_risk > 0 else -1.0
    fall, _ = expected(population, arm.which, span, (1.0, 1.0), at_risk)
    leaving = max(left_by(population, arm.which, span), LEAST_FALL)
    if aim <= 0.0 or stretch.survival <= 0.0:
        both = max(gone, LEAST_DEATHS / max(at_risk, 1)) / (fall + leaving) if gone >= 0.0 else 1.0
        return both, both
    events, censoring = max(np.log(stretch.survival / aim), LEAST_DEATHS / max(at_risk, 1)) / max(fall, LEAST_FALL), 1.0
    if gone >= 0.0:
        return events, max(gone - events * fall, LEAST_DEATHS / max(at_risk, 1)) / leaving
    wanted = wanted_greenwood(constraints, arm.which, stretch.mark, aim)
    if wanted > 0.0:
        least, most = 0.0, MOST_CENSORING
        for _ in range(SEARCHES):
            censoring = 0.5 * (least + most)
            _, rise = expected(population, arm.which, span, (events, censoring), at_risk)
            if rise < wanted - stretch.greenwood:
                least = censoring
            else:
                most = censoring
    return events, censoring


# --- local repair -----------------------------------------------------------------------------------------------------


@inner
def set_steps(memory: Floats, n: int) -> None:
    """By row, by how much an event lowers log survival and raises Greenwood's sum, each at a time of its own."""
    for i in range(n):
        risk = n - i
        memory[FALL, i], memory[RISE, i] = -np.inf, 0.0
        if risk > 1:
            memory[FALL, i], memory[RISE, i] = np.log((risk - 1.0) / risk), 1.0 / (risk * (risk - 1.0))


@inner
def along(arm: ArmState, row: int, until: int, log_s: float, greenwood: float) -> tuple[float, float]:
    """Log survival and Greenwood's sum after further rows."""
    for i in range(row, until):
        if arm.rows.event[i]:
            log_s += arm.memory[FALL, i]
            greenwood += arm.memory[RISE, i]
    return log_s, greenwood


@inner
def add_row(rows: Rows, row: int, until: int, leg: Leg, rng: np.random.Generator) -> int:
    """Add a row to a stretch at a time drawn evenly; returns its place."""
    time, event = rows
    start, stop = leg.start, leg.stop
    i = row + rows_before(time[row:until], start + rng.random() * (stop - start))
    for k in range(until, i, -1):
        time[k], event[k] = time[k - 1], event[k - 1]
    low, high = (time[i - 1] if i > row else start), (time[i + 1] if i < until else stop)
    time[i], event[i] = low + rng.random() * (high - low), rng.random() < 0.5
    return i


@inner
def remove_row(rows: Rows, i: int, until: int) -> None:
    """Take row i out of a stretch of rows that ends at `until`."""
    for k in range(i, until - 1):
        rows.time[k], rows.event[k] = rows.time[k + 1], rows.event[k + 1]


@inner
def restore_row(rows: Rows, i: int, until: int, old_time: float, old_event: bool) -> None:
    """Put back the row that was taken out of place i of a stretch that ended at `until`."""
    for k in range(until - 1, i, -1):
        rows.time[k], rows.event[k] = rows.time[k - 1], rows.event[k - 1]
    rows.time[i], rows.event[i] = old_time, old_event


@inner
def flip(rows: Rows, i: int, j: int) -> None:
    """What happened to rows i and j (which may be one) becomes the other thing."""
    rows.event[i] = not rows.event[i]
    if j != i:
        rows.event[j] = not rows.event[j]


@inner
def after_flip(arm: ArmState, i: int, j: int, log_s: float, greenwood: float) -> tuple[float, float]:
    """Log survival and Greenwood's sum after rows i and j (which may be one) were flipped."""
    for k in (i, j):
        if arm.memory[FALL, k] == -np.inf:
            log_s = -np.inf
        else:
            sign = 1.0 if arm.rows.event[k] else -1.0
            log_s += sign * arm.memory[FALL, k]
            greenwood += sign * arm.memory[RISE, k]
        if i == j:
            break
    return log_s, greenwood


@inner
def repair(arm: ArmState, stretch: Stretch, until: int, leg: Leg, rng: np.random.Generator) -> int:
    """Change what happens to the rows of a stretch until the rate at its end and its limits are met.

    Steps that come nearer are taken, others seldom. Returns where the stretch ends now, -1 where the rate is missed.
    """
    rows, row, n, constraints = arm.rows, stretch.row, len(arm.rows.time), arm.constraints
    start = (np.log(stretch.survival), stretch.greenwood)
    log_s, greenwood = along(arm, row, until, start[0], start[1])
    missed = mark_missed(arm, stretch.mark, until, log_s, greenwood)
    for _ in range(REPAIR_STEPS):
        if missed == 0.0:
            return until
        more, old_time, old_event = 0, 0.0, False
        i = row + int(rng.random() * (until - row + 1))
        j = i
        choice = rng.random()
        if choice < ADDED and until < n:
            more, i = 1, add_row(rows, row, until, leg, rng)
        elif i == until:
            continue
        elif choice < REMOVED:
            more, old_time, old_event = -1, rows.time[i], rows.event[i]
            remove_row(rows, i, until)
        else:
            if choice < EXCHANGED:  # near rows change little, far ones much
                j += int((2.0 * rng.random() - 1.0) * (1 + (until - row) ** rng.random()))
            if j < row or j >= until or (i != j and rows.event[i] == rows.event[j]):
                continue
            if too_early(constraints, rows.time[i], not rows.event[i]):
                continue
            if too_early(constraints, rows.time[j], not rows.event[j]):
                continue
            flip(rows, i, j)
        if more == 0:
            new_log, new_greenwood = after_flip(arm, i, j, log_s, greenwood)
        else:
            new_log, new_greenwood = along(arm, row, until + more, start[0], start[1])
        proposed = mark_missed(arm, stretch.mark, until + more, new_log, new_greenwood)
        if proposed < missed or (missed / proposed) ** WORSE > rng.random():
            until, missed, log_s, greenwood = until + more, proposed, new_log, new_greenwood
        elif more == 1:
            remove_row(rows, i, until + 1)
        elif more == -1:
            restore_row(rows, i, until, old_time, old_event)
        else:
            flip(rows, i, j)
    return -1


# --- one arm ----------------------------------------------------------------------------------------------------------


@inner
def on_course(arm: ArmState, until: int, stop: float) -> bool:
    """Whether medians, limits and follow-up that are printed earlier than `stop`, and no others, are reached by then.

    Rows from `until` on are put far away: whoever is drawn there cannot change the answer, but for a median that is
    the middle between a row before and one after, about which nothing is said.
    """
    constraints, values = arm.constraints, arm.values
    time, event = arm.rows
    for i in range(until, len(time)):
        time[i], event[i] = FAR, False
    if until + 1 < len(time):
        event[until] = True
    curve_values(arm.rows, constraints, arm.which, arm.memory, values)
    for j in range(constraints.start[arm.which], constraints.start[arm.which + 1]):
        kind = constraints.kind[j]
        if kind <= NUMBER_AT_RISK or kind == EVENTS or kind == LATE_EVENTS or kind == EARLY_ROWS:
            continue
        if constraints.median_interval == NORMAL and (kind == MEDIAN_LOW or kind == MEDIAN_HIGH):
            continue
        if (values[j] <= stop and constraints.low[j] > stop) or (values[j] >= FAR and constraints.high[j] < stop):
            return False
    return True


@inner
def draw_stretch(
    population: HazardPopulation, arm: ArmState, stretch: Stretch, tries: int, rng: np.random.Generator
) -> tuple[int, float, float, int]:
    """Rows from one rate to the next, drawn until they meet it.

    Returns where the stretch ends (-1: not found), survival and Greenwood's sum there, and the tries left.
    """
    constraints, rows, row = arm.constraints, arm.rows, stretch.row
    time = rows.time
    step, stop = constraints.step, constraints.time[stretch.mark]
    half = step / 2.0
    start = stretch.start + half if stretch.start > 0.0 else 0.0
    rated = constraints.kind[stretch.mark] <= RATE_HIGH
    while tries > 0:
        tries -= 1
        events = stretch.event_factor * np.exp(FACTOR_SPREAD * rng.standard_normal())
        censoring = stretch.censor_factor * np.exp(CENSORING_SPREAD * rng.standard_normal())
        until = simulate(population, arm, row, Leg(start, stop + half, events, censoring, step), rng)
        if tries % REPAIR_EVERY == 0:
            until = repair(arm, stretch, until, Leg(start, stop, events, censoring, step), rng)
            if until < 0:
                continue
            for i in range(row, until):
                time[i] = on_grid(time[i], step)
                put_back(rows, i)
        survival, greenwood = climb(rows, row, until, stretch.survival, stretch.greenwood)
        followed = not rated or until < len(time) or survival == 0.0 or time[until - 1] >= stop
        if followed and mark_met(arm, stretch.mark, until, survival, greenwood):
            if on_course(arm, until, stop):
                return until, survival, greenwood, tries
    return -1, stretch.survival, stretch.greenwood, tries


@inner
def draw_through_rates(
    population: HazardPopulation, arm: ArmState, tries: int, left: int, rng: np.random.Generator
) -> tuple[int, float, int]:
    """Rows through every printed rate; how many (-1: not found), the last rate's time, and the tries left."""
    constraints, last = arm.constraints, arm.constraints.start[arm.which + 1]
    row, start, mark = ZERO, 0.0, constraints.start[arm.which]
    survival, greenwood = 1.0, 0.0
    while row >= 0 and mark < last and constraints.kind[mark] <= NUMBER_AT_RISK:
        following = after_mark(constraints, arm.which, mark)
        aim = rate_at(constraints, mark, following)
        here = Stretch(row, mark, start, survival, greenwood, 1.0, 1.0)
        events, censoring = factors_for(population, arm, here, aim)
        share = min(tries // SHARE_OF_TRIES, left)
        here = Stretch(row, mark, start, survival, greenwood, events, censoring)
        row, survival, greenwood, unused = draw_stretch(population, arm, here, share, rng)
        left -= share - unused
        start, mark = constraints.time[mark], following
    return row, start, left


@inner
def draw_rest(
    population: HazardPopulation, arm: ArmState, row: int, start: float, event_factor: float, rng: np.random.Generator
) -> int:
    """Rows after the last rate, in order of being drawn; returns the arm's number of events then."""
    time, event = arm.rows
    step, end = arm.constraints.step, arm.constraints.end[NOW]
    simulate(population, arm, row, Leg(start + step / 2.0, np.inf, event_factor, 1.0, step), rng)
    for i in range(row, len(time)):
        if time[i] > end:
            # followed to the end: spread over the last stretch, as patients enrolled at different times are
            time[i], event[i] = on_grid(end - ENROLLED * (end - start) * rng.random(), step), False
    return events_of(arm.rows)


@inner
def draw_forward(population: HazardPopulation, arm: ArmState, events: int, tries: int, rng: np.random.Generator) -> int:
    """An arm's rows anew, forward in time, through every printed rate and its limits, its events and its medians.

    `events` is their number where it is known, else -1. Returns the tries left, negative where no rows were found.
    """
    set_steps(arm.memory, len(arm.rows.time))
    left = tries
    while left > 0:
        row, start, left = draw_through_rates(population, arm, tries, left, rng)
        if row < 0:
            continue
        factor = 1.0 if flat_from(arm.constraints, arm.which) == np.inf else 0.0
        for _ in range(ENDINGS):
            left -= 1
            found = draw_rest(population, arm, row, start, factor, rng)
            if events >= 0 and found != events:
                factor *= MORE if found < events else FEWER
                continue
            for i in range(row + 1, len(arm.rows.time)):
                put_back(arm.rows, i)
            if register(arm, rng):
                return left
    return -1
