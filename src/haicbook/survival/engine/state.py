"""What the compiled search works on: patients' rows, constraints, a population, working memory.

An arm is two arrays, times in order (events first at a tie) and whether the event was seen. A constraint is a printed
number: its kind, the group of patients it is of (0 and 1 the arms, 2 both, 3 the contrast), a time where it has one, and
the interval that the number stands for, in the scale in which it is met (logarithms for ratios, |z| for a p-value).

Compiled functions make no arrays: all that they need is here, and made by :mod:`haicbook.survival.chains`.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from haicbook.compiled import inner

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# kinds of constraints: of a group's curve those on rates first, then those on the median
RATE, RATE_LOW, RATE_HIGH, MEDIAN, MEDIAN_LOW, MEDIAN_HIGH = range(6)
EVENTS, FOLLOW_UP_OBSERVED, FOLLOW_UP_REVERSE, LATE_EVENTS = range(6, 10)
LOG_HR, LOG_HR_LOW, LOG_HR_HIGH, LOGRANK_Z = range(10, 14)
# conventions of confidence intervals, of ties, of rates
PLAIN, LOG, LOG_LOG, NORMAL = range(4)
EFRON, BRESLOW, EXACT = range(3)
PRODUCT_LIMIT, LIFE_TABLE = range(2)
# groups of patients besides the arms
POOLED, CONTRAST = 2, 3
GROUPS = 4
# arms whose numbers are to be found anew; with a type, as for plain figures numba compiles a function once for each
ALL_ARMS, NO_ARM = cast(int, np.int64(-1)), cast(int, np.int64(2))

Z = 1.959963984540054  # of 95 % intervals


class Rows(NamedTuple):
    """Patients of one group: times (n,) in months, in order, and whether the event was seen."""

    time: Floats
    event: Bools


class Patients(NamedTuple):
    """A arms of at most N patients."""

    time: Floats  # (A, N)
    event: Bools  # (A, N)
    sizes: Ints  # (A,)


class Constraints(NamedTuple):
    """Printed numbers, J of them sorted by group, and the program's conventions."""

    kind: Ints
    group: Ints
    time: Floats
    low: Floats
    high: Floats
    warm: Floats  # tolerance at temperature 1
    cold: Floats  # at temperature 0
    start: Ints  # (5,) the first constraint of each group
    median_interval: int
    rate_interval: int
    ties: int
    rates: int
    midpoint: int  # 1: a step on one half has its median in the middle (R), 0: at its start
    end: Floats  # (1,) of follow-up (months), drawn anew where it is not printed
    ends: Floats  # (2,) between which it lies
    step: float  # of the grid of times; 0 for none


class Population(NamedTuple):
    """A draw from the prior, updated in place: log hazards of event and censoring on K bins of time, and the hazards."""

    edges: Floats  # (K,) where bins start
    event: Floats  # (2, K)
    censor: Floats  # (2, K)
    die: Floats  # (2, K) exp(event)
    leave: Floats  # (2, K) exp(censor)
    spread: Floats  # (3,) of a step of the log hazard, of the log hazard ratio, of the log censoring hazard
    prior: Floats  # its places: see haicbook.survival.engine.prior


class Workspace(NamedTuple):
    """What the rows print, and memory to find it."""

    values: Floats  # (J,) what the rows print
    proposed: Floats  # (J,) what they would print after a move
    loss: Floats  # (4,) by group, at the present temperature
    proposed_loss: Floats  # (4,)
    table: Floats  # (7, n) risk sets, and the rows that they are made of
    curve: Floats  # (2, n) survival and Greenwood's sum
    pooled_time: Floats  # (n,) both arms' rows
    pooled_event: Bools  # (n,)
    saved_time: Floats  # (n,) times before a move
    log_hr: Floats  # (1,) the last one
    cold: Bools  # (2,) arms that are kept cold


class Warps(NamedTuple):
    """Stretches of rows (W of them) that may be warped, how R constraints respond, and memory to solve for the warps."""

    counts: Ints  # (2,) R and W
    wanted: Ints  # (J,) constraints that are to be met
    aim: Floats  # (J,) where each is to be
    part: Floats  # (J,) on the way there
    knots: Floats  # (2, P) between which stretches lie
    arm: Ints  # (W,) of each stretch
    knot: Ints  # (W,) at which it starts
    weight: Floats  # (W,) how freely it may be warped
    effect: Floats  # (J, W) on each constraint, in units of its cold tolerance, weighted
    change: Floats  # (W,) logarithms of the powers
    trial: Floats  # (W,) part of a change
    square: Floats  # (J, J)
    away: Floats  # (J,)


class Scratch(NamedTuple):
    """Memory of what is done seldom."""

    before_time: Floats  # (A, N) rows to come back to
    before_event: Bools
    before_cold: Bools  # (2,)
    taken_time: Floats  # (A, N) rows that were taken last
    taken_event: Bools
    pins: Floats  # (2, P) where things happen, and where they are to happen
    steps: Floats  # (2, N) what one event does to log survival and Greenwood's sum
    count: Floats  # (2, A, K) events and departures by bin of time
    exposure: Floats  # (A, K) time at risk
    warps: Warps


class State(NamedTuple):
    """One chain."""

    population: Population
    patients: Patients
    constraints: Constraints
    work: Workspace
    scratch: Scratch
    reach: float  # months: the widest step of a patient's time


class Arm(NamedTuple):
    """One arm of a chain, with what is needed to meet its own numbers."""

    index: int
    rows: Rows
    constraints: Constraints
    curve: Floats
    values: Floats
    pins: Floats
    steps: Floats


class Schedule(NamedTuple):
    """How hard one cycle works: sweeps, cold steps at the end, draws of stretches forward, corrections of a warp."""

    warm: int
    cool: int
    polish: int
    tries: int
    corrections: int


@inner
def rows_of(patients: Patients, arm: int) -> Rows:
    """The rows of one arm."""
    n = patients.sizes[arm]
    return Rows(patients.time[arm, :n], patients.event[arm, :n])


@inner
def arm_of(state: State, arm: int) -> Arm:
    """One arm of a chain."""
    work, scratch = state.work, state.scratch
    rows = rows_of(state.patients, arm)
    return Arm(arm, rows, state.constraints, work.curve, work.proposed, scratch.pins, scratch.steps)
