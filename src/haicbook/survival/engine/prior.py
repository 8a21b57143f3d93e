"""The population that patients are drawn from: smooth hazards of event and censoring, scans, a calendar.

Log hazards are random walks over bins of time. Pieces finer than bins say what is not smooth: nobody has an event or
leaves before the first time at which somebody can; progression is found at scans; and those who are followed to one
date leave by when they enrolled.
"""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.rows import latest_row, recorded, sort_rows
from haicbook.survival.engine.state import (
    ACCRUAL,
    ADMINISTRATIVE,
    AT_RISK,
    DYING,
    EVENT_FACTOR,
    LEAST,
    LEAVING,
    LEAVING_FACTOR,
    MOST,
    NOW,
    SCANNED,
    ZERO,
    Constraints,
    Floats,
    HazardPopulation,
    Patients,
    State,
    rows_of,
)

# places in HazardPopulation.prior
LEVEL, LEVEL_SD, RATIO_SD, CENSOR_LEVEL, CENSOR_SD, CENSOR_DRIFT = range(6)
SPREAD_EVENT, SPREAD_RATIO, SPREAD_CENSOR, APART, RISE, RISE_SD, DECLINE = range(6, 13)
HABIT, HABIT_SD, END_LEVEL, END_SD = 13, 15, 17, 18  # of two habits each; of the end's logarithm
RISING = 2  # bins after the first over which the hazard of an event rises

LEAST_SPREAD = 0.02  # of a random walk that is drawn from its prior
# what is updated in each bin: the baseline of all arms, the arms' ratio
# alone, or all that follows from the bin on
BASELINE, RATIO, FOLLOWING = range(3)
# width of a step: of a log hazard that so many rows say something of; narrower where all later bins move along
STEP_WIDTH, ROWS_AT_LEAST, NARROWER = 2.0, 4.0, 0.4
SPREAD_STEP = 0.4  # of a spread's logarithm
HABIT_STEP, END_STEP, CALENDARS = 0.7, 0.15, 6  # of a habit's logit, of the end's logarithm; steps in a sweep
WINDOW = 0.25  # of the time between two scans, in which those fall who are seen at one
BLURRED = 0.85  # from scan to scan, what is left of the share that is seen at them
NONE_DIE = 1e-300  # a hazard where nobody has an event, or leaves
STILL_THERE = 0.02  # share of those who did not leave before that stays to the very end


# --- hazards ----------------------------------------------------------------------------------------------------------


@inner
def share_of(logit: float) -> float:
    """A share from its logit."""
    return float(1.0 / (1.0 + np.exp(-logit)))


@inner
def scan_factor(scan: int, shared: float) -> float:
    """What multiplies the hazard at a scan, or between scans: its mean over the time between two is 1."""
    if scan == 0:
        return 1.0
    seen = shared * BLURRED ** (abs(scan) - 1.0)
    return float(1.0 - seen + (seen / WINDOW if scan > 0 else 0.0))


@inner
def still_enrolled(time: float, end: float, accrual: float) -> float:
    """Minus the logarithm of the share that enrolled early enough to be followed so long."""
    return float(-np.log(max((end - time) / (end * accrual), STILL_THERE)))


@inner
def set_calendar(population: HazardPopulation, constraints: Constraints) -> None:
    """The administrative hazard: patients enrolled evenly over a part of the time, and are followed to one date."""
    start, factor = population.pieces.start, population.pieces.factor
    end, accrual = constraints.end[NOW], share_of(population.habits[ACCRUAL])
    opens = max(end * (1.0 - accrual), constraints.earliest[LEAVING])
    for f in range(len(start)):
        stop = min(start[f + 1], end) if f + 1 < len(start) else end
        first = max(start[f], opens)
        factor[ADMINISTRATIVE, f] = 0.0
        if stop > first:
            gone = still_enrolled(stop, end, accrual) - still_enrolled(first, end, accrual)
            factor[ADMINISTRATIVE, f] = gone / (stop - start[f])


@inner
def set_factors(population: HazardPopulation, constraints: Constraints) -> None:
    """What makes the hazards of each piece of time out of those of its bin."""
    pieces, seen = population.pieces, share_of(population.habits[SCANNED])
    for f in range(len(pieces.start)):
        pieces.factor[EVENT_FACTOR, f] = 0.0
        if pieces.start[f] >= constraints.earliest[DYING]:
            pieces.factor[EVENT_FACTOR, f] = scan_factor(pieces.scan[f], seen)
        pieces.factor[LEAVING_FACTOR, f] = 1.0 if pieces.start[f] >= constraints.earliest[LEAVING] else 0.0
    set_calendar(population, constraints)


@inner
def hazard_of(population: HazardPopulation, what: int, arm: int, f: int) -> float:
    """The hazard of a piece of time."""
    pieces = population.pieces
    smooth = np.exp(population.log_hazard[what, arm, pieces.bin[f]])
    if what == DYING:
        return float(smooth * pieces.factor[EVENT_FACTOR, f])
    return float(smooth * pieces.factor[LEAVING_FACTOR, f] + pieces.factor[ADMINISTRATIVE, f])


@inner
def set_hazards(population: HazardPopulation) -> None:
    """Bring the hazards up to date with their logarithms and factors."""
    start = population.pieces.start
    for a in range(2):
        total = 0.0
        for f in range(len(start)):
            for what in range(2):
                population.hazard[what, a, f] = hazard_of(population, what, a, f)
            population.passed[a, f] = total
            if f + 1 < len(start):
                both = population.hazard[DYING, a, f] + population.hazard[LEAVING, a, f]
                total += both * (start[f + 1] - start[f])


@inner
def copy_population(population: HazardPopulation, source: HazardPopulation) -> None:
    """Take over another draw's log hazards, spreads and habits."""
    for a in range(2):
        for k in range(population.log_hazard.shape[2]):
            for what in range(2):
                population.log_hazard[what, a, k] = source.log_hazard[what, a, k]
    for s in range(3):
        population.spread[s] = source.spread[s]
    for h in range(2):
        population.habits[h] = source.habits[h]


@inner
def piece_of(start: Floats, time: float) -> int:
    """The piece of time that a time lies in."""
    low, high = 1, len(start)
    while low < high:
        middle = (low + high) // 2
        if start[middle] < time:
            low = middle + 1
        else:
            high = middle
    return low - 1


# --- draws ------------------------------------------------------------------------------------------------------------


@inner
def draw_population(
    population: HazardPopulation, constraints: Constraints, arms: int, rng: np.random.Generator
) -> None:
    """Hazards, spreads, habits and the end of follow-up from their prior."""
    prior, bins, last = population.prior, population.log_hazard.shape[2], arms - 1
    spread = population.spread
    for s in range(3):
        spread[s] = abs(rng.standard_normal()) * prior[SPREAD_EVENT + s] + LEAST_SPREAD
    for h in range(2):
        population.habits[h] = prior[HABIT + h] + prior[HABIT_SD + h] * rng.standard_normal()
    draw_end(population, constraints, rng)
    level = prior[LEVEL] + prior[LEVEL_SD] * rng.standard_normal()
    ratio = prior[RATIO_SD] * rng.standard_normal() if arms > 1 else 0.0
    lost = prior[CENSOR_LEVEL] + prior[CENSOR_SD] * rng.standard_normal()
    for k in range(bins):
        population.log_hazard[DYING, last, k] = level
        population.log_hazard[DYING, 0, k] = level + ratio
        population.log_hazard[LEAVING, last, k] = lost
        if arms > 1:
            population.log_hazard[LEAVING, 0, k] = lost + prior[APART] * rng.standard_normal()
        if k < RISING:
            level += prior[RISE] + np.hypot(spread[0], prior[RISE_SD]) * rng.standard_normal()
        else:
            level += prior[DECLINE] + spread[0] * rng.standard_normal()
        lost += prior[CENSOR_DRIFT] + spread[2] * rng.standard_normal()
        if arms > 1:
            ratio += spread[1] * rng.standard_normal()
    set_factors(population, constraints)
    set_hazards(population)


@inner
def draw_end(population: HazardPopulation, constraints: Constraints, rng: np.random.Generator) -> None:
    """The end of follow-up from its prior, within what is known of it."""
    low, high = constraints.end[LEAST], constraints.end[MOST]
    end = np.exp(population.prior[END_LEVEL] + population.prior[END_SD] * rng.standard_normal())
    if not low <= end <= high:
        end = low * (high / low) ** rng.random()
    constraints.end[NOW] = end


@inner
def share_gone(population: HazardPopulation, arm: int, end: float) -> float:
    """The probability that a patient has an event or leaves before a time."""
    f = piece_of(population.pieces.start, end)
    rate = population.hazard[DYING, arm, f] + population.hazard[LEAVING, arm, f]
    return float(-np.expm1(-population.passed[arm, f] - rate * (end - population.pieces.start[f])))


@inner
def when_gone(population: HazardPopulation, arm: int, share: float, f: int) -> tuple[float, int]:
    """The time by which a share of the patients is gone, and its piece; looks from piece f on."""
    start, passed, hazard = population.pieces.start, population.passed, -np.log1p(-share)
    while f + 1 < len(start) and hazard >= passed[arm, f + 1]:
        f += 1
    rate = population.hazard[DYING, arm, f] + population.hazard[LEAVING, arm, f]
    return start[f] + (hazard - passed[arm, f]) / rate, f


@inner
def draw_row(
    population: HazardPopulation, arm: int, constraints: Constraints, rng: np.random.Generator
) -> tuple[float, bool]:
    """Time and event of one patient, given that they are followed no longer than the end of follow-up."""
    end = constraints.end[NOW]
    share = rng.random() * share_gone(population, arm, end)
    time, f = when_gone(population, arm, share, ZERO)
    dies, leaves = population.hazard[DYING, arm, f], population.hazard[LEAVING, arm, f]
    return recorded(time, constraints.step, end), rng.random() * (dies + leaves) < dies


@inner
def draw_patients(
    population: HazardPopulation, patients: Patients, constraints: Constraints, rng: np.random.Generator
) -> None:
    """All rows anew, in order: ordered shares are sums of exponential steps over the sum of one more.

    Renyi A. Acta Math Hung 1953;4:191-231.
    """
    end = constraints.end[NOW]
    for a in range(len(patients.sizes)):
        rows, total = rows_of(patients, a), 0.0
        for i in range(len(rows.time)):
            total += rng.standard_exponential()
            rows.time[i] = total
        part = share_gone(population, a, end) / (total + rng.standard_exponential())
        f = ZERO
        for i in range(len(rows.time)):
            moment, f = when_gone(population, a, part * rows.time[i], f)
            rows.time[i] = recorded(moment, constraints.step, end)
            dies, leaves = population.hazard[DYING, a, f], population.hazard[LEAVING, a, f]
            rows.event[i] = rng.random() * (dies + leaves) < dies
        sort_rows(rows)


# --- densities --------------------------------------------------------------------------------------------------------


@inner
def log_density(population: HazardPopulation, arm: int, time: float, event: bool) -> float:
    """Logarithm of the density of a row."""
    start = population.pieces.start
    f = piece_of(start, time)
    dies, leaves = population.hazard[DYING, arm, f], population.hazard[LEAVING, arm, f]
    gone = population.passed[arm, f] + (dies + leaves) * (time - start[f])
    return float(np.log(max(dies if event else leaves, NONE_DIE)) - gone)


@inner
def log_spread(spread: float, scale: float) -> float:
    """Half-normal, with the Jacobian of its logarithm."""
    return float(np.log(spread) - 0.5 * (spread / scale) ** 2)


@inner
def log_prior_events(population: HazardPopulation, arms: int) -> float:
    """Of the hazards of the event: random walks over the bins, of the reference arm and of the arms' ratio."""
    prior, bins, sd, total = population.prior, population.log_hazard.shape[2], population.spread[0], 0.0
    base = population.log_hazard[DYING, arms - 1]
    total -= 0.5 * ((base[0] - prior[LEVEL]) / prior[LEVEL_SD]) ** 2
    for k in range(1, bins):
        step, wide = (prior[RISE], np.hypot(sd, prior[RISE_SD])) if k <= RISING else (prior[DECLINE], sd)
        total -= 0.5 * ((base[k] - base[k - 1] - step) / wide) ** 2 + np.log(wide)
    if arms > 1:
        apart = population.spread[1]
        before = population.log_hazard[DYING, 0, 0] - base[0]
        total -= 0.5 * (before / prior[RATIO_SD]) ** 2
        for k in range(1, bins):
            ratio = population.log_hazard[DYING, 0, k] - base[k]
            total -= 0.5 * ((ratio - before) / apart) ** 2 + np.log(apart)
            before = ratio
    return float(total)


@inner
def log_prior_censoring(population: HazardPopulation, arms: int) -> float:
    """Of the hazards of censoring: a random walk of the reference arm, and how far the other arm's lie apart."""
    prior, bins, sd, total = population.prior, population.log_hazard.shape[2], population.spread[2], 0.0
    base = population.log_hazard[LEAVING, arms - 1]
    total -= 0.5 * ((base[0] - prior[CENSOR_LEVEL]) / prior[CENSOR_SD]) ** 2
    for k in range(1, bins):
        total -= 0.5 * ((base[k] - base[k - 1] - prior[CENSOR_DRIFT]) / sd) ** 2 + np.log(sd)
    if arms > 1:
        for k in range(bins):
            total -= 0.5 * ((population.log_hazard[LEAVING, 0, k] - base[k]) / prior[APART]) ** 2
    return float(total)


@inner
def log_prior(population: HazardPopulation, what: int, arms: int) -> float:
    """Of the hazards of the event or of censoring."""
    if what == DYING:
        return log_prior_events(population, arms)
    return log_prior_censoring(population, arms)


@inner
def log_prior_habits(population: HazardPopulation, end: float) -> float:
    """Of the habits and of the end of follow-up, with the Jacobian of its logarithm."""
    prior, total = population.prior, 0.0
    for h in range(2):
        total -= 0.5 * ((population.habits[h] - prior[HABIT + h]) / prior[HABIT_SD + h]) ** 2
    return float(total - 0.5 * ((np.log(end) - prior[END_LEVEL]) / prior[END_SD]) ** 2)


# --- updates ----------------------------------------------------------------------------------------------------------


@inner
def set_tally(start: Floats, patients: Patients, tally: Floats) -> None:
    """By arm and piece of time: events and departures, and time at risk, into `tally`."""
    last, exposure = len(start) - 1, tally[AT_RISK]
    for a in range(len(patients.sizes)):
        for f in range(last + 1):
            tally[DYING, a, f], tally[LEAVING, a, f], exposure[a, f] = 0.0, 0.0, 0.0
        f, there = 0, 1.0 * patients.sizes[a]
        for i in range(patients.sizes[a]):
            time = patients.time[a, i]
            while f < last and start[f + 1] < time:
                exposure[a, f] += there * (start[f + 1] - start[f])
                f += 1
            tally[DYING if patients.event[a, i] else LEAVING, a, f] += 1.0
            exposure[a, f] += time - start[f]
            there -= 1.0


@inner
def likelihood(population: HazardPopulation, tally: Floats, what: int, arm: int, first: int, last: int) -> float:
    """What an arm's rows say of the hazard of the pieces from the first to before the last: a logarithm."""
    total = 0.0
    for f in range(first, last):
        count, exposure = tally[what, arm, f], tally[AT_RISK, arm, f]
        if exposure > 0.0:
            rate = hazard_of(population, what, arm, f)
            total -= exposure * rate
            if count > 0.0:
                total += count * np.log(rate)
    return total


@inner
def counted(population: HazardPopulation, tally: Floats, what: int, arm: int, k: int, until: int) -> float:
    """How many of an arm's rows lie in the bins from k to before `until`."""
    total = 0.0
    for f in range(population.pieces.first[k], population.pieces.first[until]):
        total += tally[what, arm, f]
    return total


@inner
def update_hazards(population: HazardPopulation, tally: Floats, what: int, pick: int, rng: np.random.Generator) -> None:
    """A Metropolis step in each bin: of the baseline, the ratio, or all that follows."""
    table, first = population.log_hazard[what], population.pieces.first
    arms, bins = tally.shape[1], table.shape[1]
    for k in range(bins):
        until = k + 1 if pick != FOLLOWING else bins
        moved = 1 if pick == RATIO or (pick == FOLLOWING and arms > 1 and rng.random() < 0.5) else arms
        rows, gain = ROWS_AT_LEAST, -log_prior(population, what, arms)
        for a in range(moved):
            rows += counted(population, tally, what, a, k, until)
            gain -= likelihood(population, tally, what, a, first[k], first[until])
        # narrower, the more rows say something of it
        change = (NARROWER if pick == FOLLOWING else 1.0) * STEP_WIDTH / np.sqrt(rows) * rng.standard_normal()
        for a in range(moved):
            for b in range(k, until):
                table[a, b] += change
            gain += likelihood(population, tally, what, a, first[k], first[until])
        gain += log_prior(population, what, arms)
        if np.log(rng.random()) > gain:
            for a in range(moved):
                for b in range(k, until):
                    table[a, b] -= change


@inner
def update_spreads(population: HazardPopulation, arms: int, rng: np.random.Generator) -> None:
    """A Metropolis step for the spread of each random walk."""
    for s in range(3):
        if s == 1 and arms == 1:
            continue
        what = LEAVING if s == 2 else DYING
        old, scale = population.spread[s], population.prior[SPREAD_EVENT + s]
        before = log_prior(population, what, arms) + log_spread(old, scale)
        population.spread[s] = old * np.exp(SPREAD_STEP * rng.standard_normal())
        after = log_prior(population, what, arms) + log_spread(population.spread[s], scale)
        if np.log(rng.random()) > after - before:
            population.spread[s] = old


@inner
def habits_fit(population: HazardPopulation, constraints: Constraints, tally: Floats) -> float:
    """What rows and prior say of the habits and of the end of follow-up: a logarithm."""
    set_factors(population, constraints)
    total = log_prior_habits(population, constraints.end[NOW])
    for a in range(tally.shape[1]):
        for what in range(2):
            total += likelihood(population, tally, what, a, ZERO, tally.shape[2])
    return total


@inner
def update_habits(
    population: HazardPopulation, constraints: Constraints, tally: Floats, latest: float, rng: np.random.Generator
) -> None:
    """Metropolis steps for accrual, scans and the end of follow-up, which is no earlier than the latest row."""
    low, high = max(constraints.end[LEAST], latest), constraints.end[MOST]
    before = habits_fit(population, constraints, tally)
    for step in range(CALENDARS):
        habit, old, end = step % 2, population.habits[step % 2], constraints.end[NOW]
        population.habits[habit] = old + HABIT_STEP * rng.standard_normal()
        if habit == ACCRUAL and low < high:
            constraints.end[NOW] = end * np.exp(END_STEP * rng.standard_normal())
        after = -np.inf
        if latest <= constraints.end[NOW] <= high and constraints.end[NOW] >= constraints.end[LEAST]:
            after = habits_fit(population, constraints, tally)
        if np.log(rng.random()) > after - before:
            population.habits[habit], constraints.end[NOW] = old, end
        else:
            before = after
    set_factors(population, constraints)


@inner
def update_population(state: State, tally: Floats, rng: np.random.Generator) -> None:
    """One sweep of Metropolis steps over hazards, spreads, habits and the end of follow-up, given the rows."""
    population, patients = state.population, state.patients
    arms = len(patients.sizes)
    set_tally(population.pieces.start, patients, tally)
    for what in range(2):
        for pick in range(3):
            if pick != RATIO or arms > 1:
                update_hazards(population, tally, what, pick, rng)
    update_spreads(population, arms, rng)
    update_habits(population, state.constraints, tally, latest_row(patients), rng)
    set_hazards(population)
