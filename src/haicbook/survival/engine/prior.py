"""The population that patients are drawn from: hazards of event and censoring, random walks over bins of time."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.rows import recorded, sort_rows
from haicbook.survival.engine.state import (
    AT_RISK,
    DYING,
    LEAST,
    LEAVING,
    MOST,
    NOW,
    ZERO,
    Constraints,
    Floats,
    HazardPopulation,
    Patients,
    rows_of,
)

# places in HazardPopulation.prior
LEVEL, LEVEL_SD, RATIO_SD, CENSOR_LEVEL, CENSOR_SD, CENSOR_DRIFT = range(6)
SPREAD_EVENT, SPREAD_RATIO, SPREAD_CENSOR, APART, RISE, RISE_SD, DECLINE = range(6, 13)
RISING = 2  # bins after the first over which the hazard of an event rises

LEAST_SPREAD = 0.02  # of a random walk that is drawn from its prior
# what is updated in each bin: the baseline of all arms, the arms' ratio
# alone, or all that follows from the bin on
BASELINE, RATIO, FOLLOWING = range(3)
# width of a step: of a log hazard that so many rows say something of; narrower where all later bins move along
STEP_WIDTH, ROWS_AT_LEAST, NARROWER = 2.0, 4.0, 0.4
SPREAD_STEP = 0.4  # of a spread's logarithm


@inner
def set_hazards(population: HazardPopulation) -> None:
    """Bring the hazards up to date with their logarithms."""
    for a in range(2):
        for k in range(len(population.edges)):
            for what in range(2):
                population.hazard[what, a, k] = np.exp(population.log_hazard[what, a, k])


@inner
def copy_population(population: HazardPopulation, source: HazardPopulation) -> None:
    """Take over another draw's log hazards and spreads."""
    for a in range(2):
        for k in range(len(population.edges)):
            for what in range(2):
                population.log_hazard[what, a, k] = source.log_hazard[what, a, k]
    for s in range(3):
        population.spread[s] = source.spread[s]


@inner
def bin_of(edges: Floats, time: float) -> int:
    """The bin that a time lies in."""
    k = 0
    while k + 1 < len(edges) and edges[k + 1] < time:
        k += 1
    return k


# --- draws ------------------------------------------------------------------------------------------------------------


@inner
def draw_population(population: HazardPopulation, arms: int, rng: np.random.Generator) -> None:
    """Hazards and spreads from their prior."""
    prior, bins, last = population.prior, len(population.edges), arms - 1
    spread = population.spread
    for s in range(3):
        spread[s] = abs(rng.standard_normal()) * prior[SPREAD_EVENT + s] + LEAST_SPREAD
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
    set_hazards(population)


@inner
def share_gone(population: HazardPopulation, arm: int, end: float) -> float:
    """The probability that a patient has an event or leaves before a time."""
    edges, total, k = population.edges, 0.0, 0
    die, leave = population.hazard[DYING], population.hazard[LEAVING]
    while k + 1 < len(edges) and edges[k + 1] < end:
        total += (die[arm, k] + leave[arm, k]) * (edges[k + 1] - edges[k])
        k += 1
    return float(-np.expm1(-total - (die[arm, k] + leave[arm, k]) * (end - edges[k])))


@inner
def when_gone(population: HazardPopulation, arm: int, share: float, k: int, passed: float) -> tuple[float, int, float]:
    """The time by which a share of the patients is gone, its bin, and the cumulative hazard before that bin.

    Looks from bin k on, before which the cumulative hazard is `passed`.
    """
    edges, hazard = population.edges, -np.log1p(-share)
    while True:
        rate = population.hazard[DYING, arm, k] + population.hazard[LEAVING, arm, k]
        if k + 1 == len(edges) or hazard <= passed + rate * (edges[k + 1] - edges[k]):
            return edges[k] + (hazard - passed) / rate, k, passed
        passed += rate * (edges[k + 1] - edges[k])
        k += 1


@inner
def draw_row(
    population: HazardPopulation, arm: int, constraints: Constraints, rng: np.random.Generator
) -> tuple[float, bool]:
    """Time and event of one patient, given that they are followed no longer than the end of follow-up."""
    end = constraints.end[NOW]
    share = rng.random() * share_gone(population, arm, end)
    time, k, _ = when_gone(population, arm, share, ZERO, 0.0)
    dies, leaves = population.hazard[DYING, arm, k], population.hazard[LEAVING, arm, k]
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
        k, passed = ZERO, 0.0
        for i in range(len(rows.time)):
            moment, k, passed = when_gone(population, a, part * rows.time[i], k, passed)
            rows.time[i] = recorded(moment, constraints.step, end)
            dies, leaves = population.hazard[DYING, a, k], population.hazard[LEAVING, a, k]
            rows.event[i] = rng.random() * (dies + leaves) < dies
        sort_rows(rows)


@inner
def draw_end(constraints: Constraints, latest: float, rng: np.random.Generator) -> None:
    """The end of follow-up, evenly in its logarithm, no earlier than the latest row."""
    low, high = max(constraints.end[LEAST], latest), constraints.end[MOST]
    constraints.end[NOW] = low * (high / low) ** rng.random() if low < high else high


# --- densities --------------------------------------------------------------------------------------------------------


@inner
def log_density(population: HazardPopulation, arm: int, time: float, event: bool) -> float:
    """Logarithm of the density of a row."""
    edges, total, k = population.edges, 0.0, 0
    while True:
        end = time if k + 1 == len(edges) else min(time, edges[k + 1])
        total -= (population.hazard[DYING, arm, k] + population.hazard[LEAVING, arm, k]) * (end - edges[k])
        if end >= time:
            break
        k += 1
    return float(total + population.log_hazard[DYING if event else LEAVING, arm, k])


@inner
def log_spread(spread: float, scale: float) -> float:
    """Half-normal, with the Jacobian of its logarithm."""
    return float(np.log(spread) - 0.5 * (spread / scale) ** 2)


@inner
def log_prior_events(population: HazardPopulation, arms: int) -> float:
    """Of the hazards of the event: random walks over the bins, of the reference arm and of the arms' ratio."""
    prior, bins, sd, total = population.prior, len(population.edges), population.spread[0], 0.0
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
    prior, bins, sd, total = population.prior, len(population.edges), population.spread[2], 0.0
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


# --- updates ----------------------------------------------------------------------------------------------------------


@inner
def set_tally(edges: Floats, patients: Patients, tally: Floats) -> None:
    """By arm and bin of time: events and departures, and time at risk, into `tally`."""
    bins, exposure = len(edges), tally[AT_RISK]
    for a in range(len(patients.sizes)):
        for b in range(bins):
            tally[DYING, a, b], tally[LEAVING, a, b], exposure[a, b] = 0.0, 0.0, 0.0
        k = 0
        for i in range(patients.sizes[a]):
            time = patients.time[a, i]
            while k + 1 < bins and edges[k + 1] < time:
                k += 1
            tally[DYING if patients.event[a, i] else LEAVING, a, k] += 1.0
            for b in range(k):
                exposure[a, b] += edges[b + 1] - edges[b]
            exposure[a, k] += time - edges[k]


@inner
def step_width(count: Floats, pick: int, k: int, until: int) -> float:
    """How wide a step of the log hazard from bin k on is tried: narrower, the more rows say something of it."""
    arms, last, rows = len(count), len(count) - 1, 0.0
    for b in range(k, until):
        rows += count[0, b] + (count[last, b] if arms > 1 and pick != RATIO else 0.0)
    return float((NARROWER if pick == FOLLOWING else 1.0) * STEP_WIDTH / np.sqrt(rows + ROWS_AT_LEAST))


@inner
def update_hazards(population: HazardPopulation, tally: Floats, what: int, pick: int, rng: np.random.Generator) -> None:
    """A Metropolis step in each bin: of the baseline, the ratio, or all that follows."""
    count, exposure = tally[what], tally[AT_RISK]
    arms, bins = exposure.shape
    table = population.log_hazard[what]
    for k in range(bins):
        until = k + 1 if pick != FOLLOWING else bins
        change = step_width(count, pick, k, until) * rng.standard_normal()
        moved = 1 if pick == RATIO or (pick == FOLLOWING and arms > 1 and rng.random() < 0.5) else arms
        gain = -log_prior(population, what, arms)
        for a in range(moved):
            for b in range(k, until):
                # what the rows say of a log hazard y: count * y - exposure * exp(y)
                y = table[a, b]
                gain += count[a, b] * change - exposure[a, b] * (np.exp(y + change) - np.exp(y))
                table[a, b] = y + change
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
def update_population(
    population: HazardPopulation, patients: Patients, tally: Floats, rng: np.random.Generator
) -> None:
    """One sweep of Metropolis steps over the hazards and their spreads, given the rows."""
    arms = len(patients.sizes)
    set_tally(population.edges, patients, tally)
    for what in range(2):
        for pick in range(3):
            if pick != RATIO or arms > 1:
                update_hazards(population, tally, what, pick, rng)
    update_spreads(population, arms, rng)
    set_hazards(population)
