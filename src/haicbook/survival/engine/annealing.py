"""A cycle of one chain: warm sweeps, then annealing until the nearest rows that meet every number are found."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import borrowing, inner
from haicbook.survival.engine.event_counts import events_wanted, reach_medians, recount
from haicbook.survival.engine.forward import draw_forward
from haicbook.survival.engine.landmarks import register
from haicbook.survival.engine.loss import accept, evaluate, loss, loss_at
from haicbook.survival.engine.prior import (
    copy_population,
    draw_patients,
    draw_population,
    set_factors,
    set_hazards,
    update_population,
)
from haicbook.survival.engine.proposals import sweep
from haicbook.survival.engine.rows import copy_patients
from haicbook.survival.engine.state import (
    ALL_ARMS,
    BEFORE,
    EXACTLY,
    KEPT,
    NOW,
    NUMBER_AT_RISK,
    POOLED,
    Constraints,
    Floats,
    HazardPopulation,
    Patients,
    Schedule,
    Scratch,
    State,
    arm_of,
    saved_rows,
)
from haicbook.survival.engine.warps import gauss_newton, random_warps

NEAR = 20.0  # the cold loss after a projection for the rest to be worth single steps
ROUNDS, WARP_ROUNDS = 3, 15  # of a projection; of Gauss and Newton's steps within one
ON_GRID = 20  # registrations of an arm whose times lie on a grid
RANDOM_WARPS = 200_000  # rows warped at random, to bring what is printed of both arms together near
PIECES, HOPEFUL, HOPELESS, GAIN = 10, 2, 10.0, 0.98  # cold steps end after so many pieces where little was gained
APPROACHED = 0.3  # temperature from which rows are looked for: what is printed of both arms is cold by then
REHEATED = 0.6  # temperature from which is annealed again, with arms drawn forward
SEARCHES = 6  # searches for the nearest rows while annealing, with a part of the cycle's steps and draws each
PART_OF_STEPS, PART_OF_TRIES = 20, 4


@borrowing
def begin(state: State, scratch: Scratch, best: HazardPopulation, tries: int, rng: np.random.Generator) -> None:
    """The best of many draws from the prior, by its warm loss; `best` is memory for it."""
    population, patients, constraints = state.population, state.patients, state.constraints
    saved = saved_rows(scratch, KEPT, patients)
    least, end = np.inf, constraints.end[NOW]
    for _ in range(tries):
        draw_population(population, constraints, len(patients.sizes), rng)
        draw_patients(population, patients, constraints, rng)
        total = evaluate(patients, constraints, state.work, ALL_ARMS, 1.0, least)
        if total < least:
            least, end = total, constraints.end[NOW]
            copy_population(best, population)
            copy_patients(saved, patients)
    copy_population(population, best)
    constraints.end[NOW] = end
    set_factors(population, constraints)
    set_hazards(population)
    copy_patients(patients, saved)


# --- rows to come back to ---------------------------------------------------------------------------------------------


@inner
def keep(state: State, scratch: Scratch) -> None:
    """Remember rows, and which arms are cold."""
    copy_patients(saved_rows(scratch, KEPT, state.patients), state.patients)
    for a in range(2):
        state.work.cold[BEFORE, a] = state.work.cold[NOW, a]


@inner
def restore(state: State, scratch: Scratch) -> None:
    """Come back to what was kept."""
    copy_patients(state.patients, saved_rows(scratch, KEPT, state.patients))
    for a in range(2):
        state.work.cold[NOW, a] = state.work.cold[BEFORE, a]


# --- the nearest rows that meet every number --------------------------------------------------------------------------


@inner
def cold_loss(state: State) -> float:
    """Evaluate all rows, cold, and take that as the present state."""
    total = evaluate(state.patients, state.constraints, state.work, ALL_ARMS, 0.0, np.inf)
    accept(state.constraints, state.work, ALL_ARMS)
    return total


@inner
def everyone(patients: Patients) -> int:
    """How many patients there are in all arms."""
    total = 0
    for a in range(len(patients.sizes)):
        total += patients.sizes[a]
    return total


@inner
def has_marks(constraints: Constraints, arm: int) -> bool:
    """Whether rates, or numbers at risk, are printed of an arm."""
    first = constraints.start[arm]
    return bool(first < constraints.start[arm + 1] and constraints.kind[first] <= NUMBER_AT_RISK)


@inner
def project_arm(state: State, a: int, rng: np.random.Generator) -> bool:
    """Meet an arm's own numbers: who has an event, then when; whether they are met."""
    arm = arm_of(state, a)
    if not reach_medians(arm, events_wanted(state.patients, state.constraints, a) < 0, rng):
        return False
    for _ in range(ON_GRID if state.constraints.step > 0.0 else 1):
        if register(arm, rng):
            return True
    return False


@inner
def project(state: State, scratch: Scratch, rounds: int, corrections: int, rng: np.random.Generator) -> float:
    """From rows that nearly meet the print to rows that do: counts, then each arm's times, then the arms together.

    Returns the cold loss then; infinity where an arm's numbers cannot be met by moving its times.
    """
    total = np.inf
    for k in range(rounds):
        cold_loss(state)
        recount(state.patients, state.constraints, state.work, rng)
        for a in range(len(state.patients.sizes)):
            if not project_arm(state, a, rng):
                return np.inf
        cold_loss(state)
        if k > 0 and state.work.loss[NOW, POOLED] > 0.0:
            random_warps(state, scratch, RANDOM_WARPS // everyone(state.patients), rng)
        total = gauss_newton(state, scratch, cold_loss(state), WARP_ROUNDS, corrections, rng)
        if total == 0.0:
            break
    return total


@inner
def polish(state: State, steps: int, rng: np.random.Generator) -> float:
    """Cold steps until every number is met, or nothing has been gained for long; returns the loss then."""
    last = np.inf
    total = loss_at(state.constraints, state.work, 0.0)
    for piece in range(PIECES):
        if total == 0.0 or (piece > HOPEFUL and total > HOPELESS and total > GAIN * last):
            break
        last = total
        total = sweep(state, 0.0, total, steps // PIECES, rng)
    return total


@inner
def simulate_arms(state: State, scratch: Scratch, tries: int, rng: np.random.Generator) -> bool:
    """Draw arms whose rates are missed anew, forward in time, and keep them cold; all of them, or none."""
    keep(state, scratch)
    cold_loss(state)
    for a in range(len(state.patients.sizes)):
        if state.work.loss[NOW, a] > 0.0 and has_marks(state.constraints, a):
            events = events_wanted(state.patients, state.constraints, a)
            if draw_forward(state.population, arm_of(state, a), events, tries, rng) < 0:
                restore(state, scratch)
                return False
            state.work.cold[NOW, a] = True
    return True


@inner
def search(state: State, scratch: Scratch, schedule: Schedule, rng: np.random.Generator) -> bool:
    """Look for the nearest rows that meet every number; whether they were found. The rows stay as they were if not."""
    keep(state, scratch)
    rated = False
    for a in range(len(state.patients.sizes)):
        rated = rated or has_marks(state.constraints, a)
    # simulating keeps the same rows to come back to
    if not rated or simulate_arms(state, scratch, schedule.tries // PART_OF_TRIES, rng):
        if project(state, scratch, ROUNDS, schedule.corrections, rng) < NEAR:
            if polish(state, schedule.polish // PART_OF_STEPS, rng) == 0.0:
                return True
    restore(state, scratch)
    return False


# --- a cycle ----------------------------------------------------------------------------------------------------------


@inner
def warm(state: State, tally: Floats, sweeps: int, rng: np.random.Generator) -> None:
    """Warm sweeps over the rows and the population."""
    patients, constraints, work = state.patients, state.constraints, state.work
    evaluate(patients, constraints, work, ALL_ARMS, 1.0, np.inf)
    accept(constraints, work, ALL_ARMS)
    total = loss_at(constraints, work, 1.0)
    for _ in range(sweeps):
        total = sweep(state, 1.0, total, everyone(patients), rng)
        update_population(state, tally, rng)


@inner
def approach(state: State, tally: Floats, sweeps: int, rng: np.random.Generator) -> None:
    """Sweeps over rows and population that cool: the nearer the rows are, the less a search has to warp them."""
    cold_loss(state)
    for k in range(sweeps):
        temperature = 1.0 - (1.0 - APPROACHED) * (k + 1.0) / sweeps
        total = loss_at(state.constraints, state.work, temperature)
        sweep(state, temperature, total, everyone(state.patients), rng)
        update_population(state, tally, rng)


@inner
def anneal(state: State, scratch: Scratch, hot: float, schedule: Schedule, rng: np.random.Generator) -> bool:
    """Sweeps over the rows and the population, from one temperature down to none, until all is met."""
    sweeps = schedule.cool
    for k in range(sweeps):
        if schedule.tries == 0 or k % (sweeps // SEARCHES + 1) == 0:
            if search(state, scratch, schedule, rng):
                return True
        cold_loss(state)
        temperature = hot * (1.0 - (k + 1.0) / sweeps)
        total = loss_at(state.constraints, state.work, temperature)
        sweep(state, temperature, total, everyone(state.patients), rng)
        update_population(state, scratch.tally, rng)
    return polish(state, schedule.polish, rng) == 0.0


@inner
def relax(state: State, tally: Floats, sweeps: int, rng: np.random.Generator) -> None:
    """Sweeps that keep every number met: what the search has crowded becomes as the population would have it."""
    cold_loss(state)
    for _ in range(sweeps):
        sweep(state, EXACTLY, 0.0, everyone(state.patients), rng)
        update_population(state, tally, rng)


@borrowing
def cycle(state: State, scratch: Scratch, schedule: Schedule, rng: np.random.Generator) -> bool:
    """Warm sweeps, then annealing until the nearest rows meet every number; whether they were found.

    Arms whose rates are at the end still missed are drawn anew, forward in time, and are kept cold while the rest is
    annealed again. Rows that were found are relaxed.
    """
    for a in range(2):
        state.work.cold[NOW, a] = False
    warm(state, scratch.tally, schedule.warm, rng)
    if schedule.cool == 0:
        return False
    approach(state, scratch.tally, schedule.approach, rng)
    found = anneal(state, scratch, APPROACHED, schedule, rng)
    if not found and schedule.tries > 0 and simulate_arms(state, scratch, schedule.tries, rng):
        found = anneal(state, scratch, REHEATED, schedule, rng)
    if found:
        relax(state, scratch.tally, schedule.relax, rng)
    return found


@borrowing
def losses(state: State, out: Floats) -> None:
    """How far each number is missed, cold, in halves of its rounding interval; into `out` (J,)."""
    constraints, work = state.constraints, state.work
    evaluate(state.patients, constraints, work, ALL_ARMS, 0.0, np.inf)
    for j in range(len(out)):
        out[j] = loss(constraints, j, j + 1, work.proposed, 0.0)
