"""Landmark registration: an arm's times are moved, in order, so that its medians fall into their intervals."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.loss import own_loss
from haicbook.survival.engine.rows import on_grid, sort_rows
from haicbook.survival.engine.state import (
    FOLLOW_UP_OBSERVED,
    FOLLOW_UP_REVERSE,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    NONE,
    NORMAL,
    NOW,
    NUMBER_AT_RISK,
    ONE,
    PIN_AT,
    PIN_TO,
    ArmState,
    Constraints,
    Floats,
)
from haicbook.survival.engine.statistics import slope_span

DRAWS, PAIRS = 20, 50  # of a time, or of two limits, until they lie in their intervals


@inner
def add_pin(memory: Floats, many: int, at: float, to: float) -> int:
    """Note that what happens at one time is to happen at another, the times in order; how many are noted."""
    here, there, k = memory[PIN_AT], memory[PIN_TO], many
    while k > 0 and here[k - 1] > at:
        k -= 1
    if k > 0 and here[k - 1] == at:
        return many
    for i in range(many, k, -1):
        here[i], there[i] = here[i - 1], there[i - 1]
    here[k], there[k] = at, to
    return many + 1


@inner
def drawn_within(constraints: Constraints, j: int, rng: np.random.Generator) -> float:
    """A value within a constraint's interval."""
    return float(constraints.low[j] + rng.random() * (constraints.high[j] - constraints.low[j]))


@inner
def within(constraints: Constraints, j: int, value: float) -> bool:
    """Whether a value lies in a constraint's interval."""
    return bool(constraints.low[j] <= value <= constraints.high[j])


@inner
def brought_within(constraints: Constraints, j: int, value: float, rng: np.random.Generator) -> float:
    """The value, or one within the constraint's interval where it lies outside."""
    for _ in range(DRAWS):
        if within(constraints, j, value):
            break
        value = on_grid(drawn_within(constraints, j, rng), constraints.step)
    return value


@inner
def pin_normal(arm: ArmState, medians: tuple[int, int, int], many: int, rng: np.random.Generator) -> int:
    """Pins of a median with limits so many standard errors away, which rest on the curve's slope about it."""
    constraints, values, memory = arm.constraints, arm.values, arm.memory
    middle, low, high = medians
    above, _, below, _ = slope_span(arm.rows.time, arm.rows.event)
    if below == np.inf or values[low] == np.inf or constraints.low[low] == np.inf:
        return many
    centre = values[middle]
    met = within(constraints, middle, centre)
    if met and within(constraints, low, values[low]) and within(constraints, high, values[high]):
        many = add_pin(memory, many, above, above)
        many = add_pin(memory, many, below, below)
        return add_pin(memory, many, centre, centre)
    bottom, top = 0.0, 0.0
    for _ in range(PAIRS):
        if constraints.low[low] == -np.inf:  # below 0, and printed as 0
            top = drawn_within(constraints, high, rng)
            bottom = 2.0 * drawn_within(constraints, middle, rng) - top
        else:
            bottom, top = drawn_within(constraints, low, rng), drawn_within(constraints, high, rng)
        if within(constraints, middle, 0.5 * (bottom + top)) and within(constraints, low, bottom):
            break
    aim = 0.5 * (bottom + top)
    wide = (top - bottom) / (values[high] - values[low]) * (below - above)
    start = aim - wide * (centre - above) / (below - above)
    many = add_pin(memory, many, above, start if above > 0.0 else 0.0)
    many = add_pin(memory, many, below, start + wide)
    return add_pin(memory, many, centre, aim)


@inner
def pin_medians(arm: ArmState, many: int, rng: np.random.Generator) -> int:
    """Pins of the median and its limits; -1 where one of them is reached and should not be, or the other way round."""
    constraints, values, memory = arm.constraints, arm.values, arm.memory
    middle, low, high = NONE, NONE, NONE
    for j in range(constraints.start[arm.which], constraints.start[arm.which + 1]):
        kind = constraints.kind[j]
        if not MEDIAN <= kind <= MEDIAN_HIGH:
            continue
        if (values[j] == np.inf) != (constraints.low[j] == np.inf):
            return -1
        if kind == MEDIAN:
            middle = j
        elif kind == MEDIAN_LOW:
            low = j
        else:
            high = j
    if constraints.median_interval == NORMAL and low >= 0 and high >= 0 and values[middle] < np.inf:
        return pin_normal(arm, (middle, low, high), many, rng)
    for j in (middle, low, high):
        if j >= 0 and values[j] < np.inf:
            many = add_pin(memory, many, values[j], brought_within(constraints, j, values[j], rng))
    return many


@inner
def set_pins(arm: ArmState, rng: np.random.Generator) -> int:
    """Where the times are that are printed of an arm, and where they are to be; how many, -1 where it cannot be."""
    constraints, values, memory = arm.constraints, arm.values, arm.memory
    first, last = constraints.start[arm.which], constraints.start[arm.which + 1]
    memory[PIN_AT, 0], memory[PIN_TO, 0], many = 0.0, 0.0, ONE
    for what in range(2):
        many = add_pin(memory, many, constraints.earliest[what], constraints.earliest[what])
    for j in range(first, last):
        if constraints.kind[j] <= NUMBER_AT_RISK:
            many = add_pin(memory, many, constraints.time[j], constraints.time[j])
    many = pin_medians(arm, many, rng)
    if many < 0:
        return -1
    for j in range(first, last):
        follow_up = constraints.kind[j] == FOLLOW_UP_OBSERVED or constraints.kind[j] == FOLLOW_UP_REVERSE
        if follow_up and values[j] < np.inf:
            many = add_pin(memory, many, values[j], brought_within(constraints, j, values[j], rng))
    many = add_pin(memory, many, constraints.end[NOW], constraints.end[NOW])
    for k in range(1, many):
        if memory[PIN_TO, k] <= memory[PIN_TO, k - 1] or memory[PIN_AT, k] <= memory[PIN_AT, k - 1]:
            return -1
    return many


@inner
def register(arm: ArmState, rng: np.random.Generator) -> bool:
    """Move times, evenly between pins, so that medians, limits and follow-up fall into their intervals.

    Whether all of the arm's own numbers are then met.
    """
    if own_loss(arm) == 0.0:
        return True
    many = set_pins(arm, rng)
    if many < 0:
        return False
    here, there, time = arm.memory[PIN_AT], arm.memory[PIN_TO], arm.rows.time
    constraints, k = arm.constraints, 0
    for i in range(len(time)):
        while k < many - 1 and here[k] < time[i]:
            k += 1
        share = (time[i] - here[k - 1]) / (here[k] - here[k - 1])
        time[i] = on_grid(there[k - 1] + share * (there[k] - there[k - 1]), constraints.step)
    if time[-1] > constraints.end[NOW] or time[0] <= 0.0:
        return False
    if constraints.step > 0.0:
        sort_rows(arm.rows)
    return own_loss(arm) == 0.0
