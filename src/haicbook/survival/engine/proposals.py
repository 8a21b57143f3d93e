"""Metropolis steps over the rows: one patient drawn anew, a swap, another time, a stretch of times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.loss import accept, evaluate
from haicbook.survival.engine.prior import draw_row, log_density
from haicbook.survival.engine.rows import on_grid, put, rows_before
from haicbook.survival.engine.state import (
    ALL_ARMS,
    MEDIAN,
    MEDIAN_HIGH,
    NOW,
    NUMBER_AT_RISK,
    ONE,
    POOLED,
    SAVED,
    ZERO,
    Constraints,
    Floats,
    HazardPopulation,
    Rows,
    State,
    rows_of,
)

COOL = 0.5  # below this temperature steps are such as keep an arm's numbers
# how often patients of the two arms swap where something is printed of both; how often an arm whose own numbers are
# met is stretched; how often, if not, a patient of it moves between neighbours
SWAPPED, STRETCHED, KEPT, KEPT_EXACTLY = 0.2, 0.25, 0.7, 0.35
# What else is proposed, by a number drawn from 0 to 1: first patients drawn anew (so often cold, so much oftener warm),
# then, of the rest, one half swaps within an arm, then other times, and last snaps to a printed median. Cool, other
# times beyond NEAR lie between the row's neighbours.
DRAWN_COLD, DRAWN_WARM, WITHIN_ARM = 0.25, 0.45, 0.5
NEAR, TO_NEIGHBOURS, SNAPPED = 0.7, 0.8, 0.93
SAME_EVENT, REDRAWS = 0.5, 4  # how often a patient drawn anew keeps what happened, and how many are drawn for it
STRETCH = 0.3  # standard deviation of the logarithm of a stretch's power
NARROWEST = 6.0  # steps of a time are as wide as the reach, or down to exp(-6) of it


class Proposal(NamedTuple):
    """Another time and event for a row (-1: none); a partner for a swap (-1: none); the change of the log density."""

    row: int
    time: float
    event: bool
    partner: int
    gain: float


@inner
def allowance(temperature: float, total: float, gain: float, rng: np.random.Generator) -> float:
    """The most that may be missed after a step for it to be taken; below 0 where it is not, whatever it does."""
    slack = gain - np.log(rng.random())
    if temperature >= 0.0:
        return float(total + slack)
    return 0.0 if slack >= 0.0 else -1.0


@inner
def missed_medians(constraints: Constraints, arm: int, values: Floats) -> int:
    """How many of an arm's printed medians and their limits are missed."""
    many = 0
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        many += misses_median(constraints, j, values)
    return many


@inner
def misses_median(constraints: Constraints, j: int, values: Floats) -> bool:
    """Whether a constraint is a median, or a limit of one, that is to be reached and is missed."""
    if MEDIAN <= constraints.kind[j] <= MEDIAN_HIGH and constraints.low[j] < np.inf:
        return not constraints.low[j] <= values[j] <= constraints.high[j]
    return False


@inner
def snap(rows: Rows, constraints: Constraints, arm: int, values: Floats, rng: np.random.Generator) -> tuple[int, float]:
    """A row and a time that would bring a missed median, or a limit of one, into its interval; -1 where none is."""
    many = missed_medians(constraints, arm, values)
    if many == 0:
        return -1, 0.0
    pick = int(rng.random() * many)
    low, high = constraints.low, constraints.high
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        if misses_median(constraints, j, values):
            if pick == 0:
                row, best = -1, np.inf
                centre = values[j] if values[j] < np.inf else low[j]
                for i in range(len(rows.time)):
                    away = abs(rows.time[i] - centre)
                    if rows.event[i] and away < best:
                        row, best = i, away
                least = max(low[j], 0.0)
                return row, least + rng.random() * (high[j] - least)
            pick -= 1
    return -1, 0.0


@inner
def redraw(
    population: HazardPopulation, arm: int, old_event: bool, constraints: Constraints, rng: np.random.Generator
) -> tuple[float, bool]:
    """A row from the population, every other time one to which the same thing happened; -1 for a time where none is."""
    time, event = draw_row(population, arm, constraints, rng)
    if rng.random() < SAME_EVENT:
        for _ in range(REDRAWS):
            if event == old_event:
                break
            time, event = draw_row(population, arm, constraints, rng)
        if event != old_event:
            return -1.0, event
    return time, event


@inner
def swap_within(
    population: HazardPopulation, rows: Rows, arm: int, i: int, rng: np.random.Generator
) -> tuple[int, float]:
    """A row with which row i may swap what happened, and the change of the log density; -1 where none is."""
    time, event = rows
    n = len(time)
    reach = 1 + int(n ** rng.random())
    other = i + int((2.0 * rng.random() - 1.0) * reach)
    if other < 0 or other >= n or event[other] == event[i] or time[other] == time[i]:
        return -1, 0.0
    gain = (
        log_density(population, arm, time[other], event[i])
        + log_density(population, arm, time[i], event[other])
        - log_density(population, arm, time[other], event[other])
        - log_density(population, arm, time[i], event[i])
    )
    return other, gain


@inner
def shift(state: State, arm: int, i: int, near: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Another time for row i, between its neighbours or at any distance, and the change of the log density.

    Between its neighbours the arm's curve keeps its heights. A time of -1 where there is none.
    """
    constraints = state.constraints
    time, event = rows_of(state.patients, arm)
    end = constraints.end[NOW]
    if near:
        least = time[i - 1] if i > 0 else 0.0
        most = time[i + 1] if i + 1 < len(time) else end
        moved = least + rng.random() * (most - least)
    else:
        width = state.reach * np.exp(-NARROWEST * rng.random())
        moved = time[i] + width * rng.standard_normal()
    new = on_grid(moved, constraints.step)
    if new <= 0.0 or new > end:
        return -1.0, 0.0
    population = state.population
    return new, log_density(population, arm, new, event[i]) - log_density(population, arm, time[i], event[i])


@inner
def printed_about(state: State, arm: int, centre: float) -> tuple[float, float]:
    """The neighbouring printed times of an arm's curve between which a time lies."""
    constraints, n = state.constraints, state.patients.sizes[arm]
    low, high = 0.0, state.patients.time[arm, n - 1]
    for j in range(constraints.start[arm], constraints.start[arm + 1]):
        point = np.inf
        if constraints.kind[j] <= NUMBER_AT_RISK:
            point = constraints.time[j]
        elif constraints.kind[j] <= MEDIAN_HIGH:
            point = state.work.values[j]
        if low < point <= centre:
            low = point
        if centre < point < high:
            high = point
    return low, high


@inner
def stretch(state: State, arm: int, temperature: float, total: float, rng: np.random.Generator) -> float:
    """Warp an arm's times between two neighbouring printed times: its own numbers stay met, the contrast moves."""
    population, patients, constraints, work = state.population, state.patients, state.constraints, state.work
    time, event = rows_of(patients, arm)
    n, saved = len(time), work.memory[SAVED]
    low, high = printed_about(state, arm, time[int(rng.random() * n)])
    power = np.exp(STRETCH * rng.standard_normal())
    # without the density of the rows and the map's own, repeated warps would heap the times at one of the two ends
    gain = 0.0
    for i in range(n):
        saved[i] = time[i]
        if low < time[i] < high:
            place = (time[i] - low) / (high - low)
            gain += np.log(power) + (power - 1.0) * np.log(place) - log_density(population, arm, time[i], event[i])
            time[i] = low + (high - low) * place**power
            gain += log_density(population, arm, time[i], event[i])
    allowed = allowance(temperature, total, gain, rng)
    proposed = evaluate(patients, constraints, work, arm, temperature, allowed) if allowed >= 0.0 else np.inf
    if proposed <= allowed:
        accept(constraints, work, arm)
        return proposed
    for i in range(n):
        time[i] = saved[i]
    return total


@inner
def swap_arms(state: State, temperature: float, total: float, rng: np.random.Generator) -> float:
    """Two patients, one of each arm, change places: what is printed of both arms together stays as it is."""
    population, patients, constraints, work = state.population, state.patients, state.constraints, state.work
    first, second = rows_of(patients, ZERO), rows_of(patients, ONE)
    i = int(rng.random() * len(first.time))
    reach = 1 + int(len(second.time) ** rng.random())
    j = rows_before(second.time, first.time[i]) + int((2.0 * rng.random() - 1.0) * reach)
    if j < 0 or j >= len(second.time):
        return total
    one, other = first.time[i], second.time[j]
    dies, also = first.event[i], second.event[j]
    if one == other and dies == also:
        return total
    gain = (
        log_density(population, ZERO, other, also)
        + log_density(population, ONE, one, dies)
        - log_density(population, ZERO, one, dies)
        - log_density(population, ONE, other, also)
    )
    allowed = allowance(temperature, total, gain, rng)
    if allowed < 0.0:
        return total
    here = put(first, i, other, also)
    there = put(second, j, one, dies)
    proposed = evaluate(patients, constraints, work, ALL_ARMS, temperature, allowed)
    if proposed <= allowed:
        accept(constraints, work, ALL_ARMS)
        return proposed
    put(first, here, one, dies)
    put(second, there, other, also)
    return total


@inner
def propose(state: State, arm: int, i: int, choice: float, temperature: float, rng: np.random.Generator) -> Proposal:
    """What `choice`, from 0 to 1, proposes for row i of an arm."""
    population, constraints, rows = state.population, state.constraints, rows_of(state.patients, arm)
    time, event = rows.time[i], rows.event[i]
    cool = temperature < COOL or state.work.cold[NOW, arm]
    drawn = DRAWN_COLD + DRAWN_WARM * abs(temperature)
    if choice < drawn:
        new_time, new_event = redraw(population, arm, event, constraints, rng)
        return Proposal(i, new_time, new_event, -1, 0.0)
    if choice < drawn + WITHIN_ARM * (1.0 - drawn):
        partner, gain = swap_within(population, rows, arm, i, rng)
        return Proposal(i, time, not event if partner >= 0 else event, partner, gain)
    if choice < SNAPPED or not cool:
        new_time, gain = shift(state, arm, i, cool and choice > NEAR, rng)
        return Proposal(i, new_time, event, -1, gain)
    row, snapped = snap(rows, constraints, arm, state.work.values, rng)
    return Proposal(row, on_grid(snapped, constraints.step), rows.event[row], -1, 0.0)


@inner
def move(state: State, temperature: float, total: float, rng: np.random.Generator) -> float:
    """One Metropolis step over the rows; returns the loss after it."""
    patients, constraints, work, sizes = state.patients, state.constraints, state.work, state.patients.sizes
    arm = 1 if len(sizes) > 1 and rng.random() * (sizes[0] + sizes[1]) >= sizes[0] else 0
    rows = rows_of(patients, arm)
    i = int(rng.random() * len(rows.time))
    drawn = rng.random()
    if constraints.start[POOLED + 1] > constraints.start[POOLED] and rng.random() < SWAPPED:
        return swap_arms(state, temperature, total, rng)
    met = (temperature < COOL or work.cold[NOW, arm]) and work.loss[NOW, arm] == 0.0
    if met and constraints.step == 0.0 and rng.random() < STRETCHED:
        return stretch(state, arm, temperature, total, rng)
    kept = KEPT if temperature >= 0.0 else KEPT_EXACTLY
    choice = TO_NEIGHBOURS if met and rng.random() < kept else drawn
    new = propose(state, arm, i, choice, temperature, rng)
    if new.row < 0 or new.time < 0.0:
        return total
    old_time, old_event = rows.time[new.row], rows.event[new.row]
    if new.time == old_time and new.event == old_event:
        return total
    allowed = allowance(temperature, total, new.gain, rng)
    if allowed < 0.0:
        return total
    where = put(rows, new.row, new.time, new.event)
    far_time, back = 0.0, -1
    if new.partner >= 0:
        far_time = rows.time[new.partner]
        back = put(rows, new.partner, far_time, old_event)
    proposed = evaluate(patients, constraints, work, arm, temperature, allowed)
    if proposed <= allowed:
        accept(constraints, work, arm)
        return proposed
    if new.partner >= 0:
        put(rows, back, far_time, new.event)
    put(rows, where, old_time, old_event)
    return total


@inner
def sweep(state: State, temperature: float, total: float, steps: int, rng: np.random.Generator) -> float:
    """Metropolis steps, fewer where all is met cold; returns the loss."""
    for _ in range(steps):
        total = move(state, temperature, total, rng)
        if temperature == 0.0 and total == 0.0:
            break
    return total
