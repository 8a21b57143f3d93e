"""What the compiled search works on: patients' rows, constraints, a population, working memory.

An arm is two arrays, times in order (events first at a tie) and whether the event was seen. A constraint is a printed
number: its kind, the group of patients it is of (0 and 1 the arms, 2 both, 3 the contrast), a time where it has one,
and the interval that the number stands for, in the scale in which it is met (logarithms for ratios, |z| for a p-value).

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

# kinds of constraints: of a group's curve those at a time that the paper names first, then those on the median
RATE, RATE_LOW, RATE_HIGH, NUMBER_AT_RISK, MEDIAN, MEDIAN_LOW, MEDIAN_HIGH = range(7)
EVENTS, FOLLOW_UP_OBSERVED, FOLLOW_UP_REVERSE, LATE_EVENTS, EARLY_ROWS = range(7, 12)
LOG_HR, LOG_HR_LOW, LOG_HR_HIGH, LOGRANK_Z = range(12, 16)
# conventions of confidence intervals, of ties, of rates
PLAIN, LOG, LOG_LOG, NORMAL = range(4)
EFRON, BRESLOW, EXACT = range(3)
PRODUCT_LIMIT, LIFE_TABLE = range(2)
# groups of patients besides the arms
GROUPS = 4
# with a type, as for plain figures numba compiles a function once for each
NONE, ZERO, ONE = cast(int, np.int64(-1)), cast(int, np.int64(0)), cast(int, np.int64(1))
POOLED, CONTRAST = cast(int, np.int64(2)), cast(int, np.int64(3))
# arms whose numbers are to be found anew
ALL_ARMS, NO_ARM = NONE, POOLED

# first places in the arrays below: they stand together, as each array costs the compiler time wherever it is passed
DYING, LEAVING, AT_RISK = range(3)  # hazards of event and censoring; events, departures, and time at risk
NOW, LEAST, MOST = range(3)  # the end of follow-up, and between which it lies
WARM, COLD = range(2)  # tolerances at temperature 1 and at 0
PROPOSED, BEFORE = 1, 1  # besides NOW: after a move; when rows were kept
KEPT, TAKEN = range(2)  # rows to come back to, and those that were taken last
SURVIVAL, GREENWOOD, SAVED, PIN_AT, PIN_TO, FALL, RISE = range(7)  # see Workspace.memory
AIM, PART, AWAY = range(3)  # of what is wanted
ARM, KNOT = range(2)  # of a stretch
WEIGHT, CHANGE, TRIAL = range(3)  # of its warp
EVENT_FACTOR, LEAVING_FACTOR, ADMINISTRATIVE = range(3)  # what makes a piece's hazards out of its bin's
ACCRUAL, SCANNED = range(2)  # see HazardPopulation.habits
EXACTLY = -1.0  # the temperature at which every number is met and stays so


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
    start: Ints  # (5,) the first constraint of each group
    time: Floats
    low: Floats
    high: Floats
    tolerance: Floats  # (2, J) at temperature 1 and at 0
    z: Floats  # (J,) of a limit, how many standard errors it is from the estimate
    median_interval: int
    rate_interval: int
    ties: int
    rates: int
    midpoint: int  # 1: a step on one half has its median in the middle (R), 0: at its start
    end: Floats  # (3,) of follow-up (months), drawn anew where it is not printed; between which times it lies
    step: float  # of the grid of times; 0 for none
    width: float  # months of an actuarial table's intervals
    earliest: Floats  # (2,) months: nobody has an event before the first, nobody leaves before the second


class Pieces(NamedTuple):
    """F pieces of time, each within one of K bins: fine enough for scans, the end of follow-up and earliest rows."""

    start: Floats  # (F,)
    bin: Ints  # (F,)
    first: Ints  # (K + 1,) the first piece of each bin, and F
    scan: Ints  # (F,) the number of the scan at which a piece lies, its negative for those between scans; 0: none
    factor: Floats  # (3, F) of the hazards of event and of leaving; the administrative hazard, which is added


class HazardPopulation(NamedTuple):
    """A draw from the prior, updated in place: log hazards of event and censoring on K bins of time; the hazards."""

    pieces: Pieces
    log_hazard: Floats  # (2, 2, K) of event and censoring, by arm
    hazard: Floats  # (2, 2, F) of the pieces
    passed: Floats  # (2, F) by arm, the cumulative hazard of both together before each piece
    spread: Floats  # (3,) of a step of the log hazard, of the log hazard ratio, of the log censoring hazard
    habits: Floats  # (2,) logits: the part of follow-up over which patients enrolled, the share of events seen at scans
    prior: Floats  # its places: see haicbook.survival.engine.prior


class Workspace(NamedTuple):
    """What the rows print, and memory to find it."""

    values: Floats  # (J,) what the rows print
    proposed: Floats  # (J,) what they would print after a move
    loss: Floats  # (2, 4) by group, at the present temperature; after a move
    table: Floats  # (7, n) risk sets, and the rows that they are made of
    memory: Floats  # (7, M) a curve and its Greenwood's sum; times before a move; pins; what one event does
    pooled_time: Floats  # (n,) both arms' rows
    pooled_event: Bools  # (n,)
    log_hr: Floats  # (1,) the last one
    cold: Bools  # (2, 2) arms that are kept cold; that were, when rows were kept


class Warps(NamedTuple):
    """Stretches of rows (W of them) that may be warped, how R constraints respond, memory to solve for warps."""

    counts: Ints  # (2,) R and W
    wanted: Ints  # (J,) constraints that are to be met
    goals: Floats  # (3, J) where each is to be; on the way there; how far it is from that
    square: Floats  # (J, J) of the effects
    knots: Floats  # (2, P) between which stretches lie
    place: Ints  # (2, W) each stretch's arm, and the knot at which it starts
    power: Floats  # (3, W) how freely it may be warped; logarithms of powers, and of those that are tried
    effect: Floats  # (J, W) on each constraint, in units of its cold tolerance, weighted


class Scratch(NamedTuple):
    """Memory of what is done seldom."""

    time: Floats  # (2, A, N) rows to come back to, and those that were taken last
    event: Bools
    tally: Floats  # (3, A, F) events, departures and time at risk, by piece of time
    warps: Warps


class State(NamedTuple):
    """One chain."""

    population: HazardPopulation
    patients: Patients
    constraints: Constraints
    work: Workspace
    reach: float  # months: the widest step of a patient's time


class ArmState(NamedTuple):
    """One arm of a chain, with what is needed to meet its own numbers."""

    which: int
    rows: Rows
    constraints: Constraints
    memory: Floats
    values: Floats


class Schedule(NamedTuple):
    """How hard one cycle works: sweeps, cold steps at the end, draws of stretches forward, corrections of a warp.

    Of sweeps: warm ones, those that anneal, those that come near before a search, and those that relax what was found.
    """

    warm: int
    cool: int
    polish: int
    tries: int
    corrections: int
    approach: int
    relax: int


@inner
def rows_of(patients: Patients, arm: int) -> Rows:
    """The rows of one arm."""
    n = patients.sizes[arm]
    return Rows(patients.time[arm, :n], patients.event[arm, :n])


@inner
def arm_of(state: State, arm: int) -> ArmState:
    """One arm of a chain."""
    return ArmState(arm, rows_of(state.patients, arm), state.constraints, state.work.memory, state.work.proposed)


@inner
def saved_rows(scratch: Scratch, which: int, patients: Patients) -> Patients:
    """Rows that were `KEPT` to come back to, or `TAKEN` last."""
    return Patients(scratch.time[which], scratch.event[which], patients.sizes)
