"""The compiled loops: greedy nearest-neighbour matching and logistic regression, for many cohorts at once.

Controls are kept in the order of their positions. The nearest free one is found outward from the place of the treated
patient, over links that jump what is already taken: a cohort costs little more than its sorting.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from haicbook.compiled import compiled

Array = Any  # NumPy arrays; the docstrings say of what, and the compiler settles it


class Pool(NamedTuple):
    """One cohort, and which of its C controls are still free.

    Attributes
    ----------
    positions
        Scores or logits of all patients, shape (patients,).
    controls, values
        Indices of the controls by rising position, equal ones by rising index, and their positions, shape (C,).
    taken
        Whether a control is taken, shape (C,).
    right, left
        Links to the next free place, shape (C + 1,); place j of the controls is entry j of `right` and j + 1 of `left`.
    strata
        Patients of different strata are no pair, shape (patients,).
    bounded, widths
        Covariates with a caliper of their own, shape (patients, J), and these calipers, shape (J,).
    """

    positions: Array
    controls: Array
    values: Array
    taken: Array
    right: Array
    left: Array
    strata: Array
    bounded: Array
    widths: Array


@compiled
def follow(links: Array, place: int) -> int:
    """The free place that `place` leads to; shortens the way for whoever asks next."""
    end = place
    while links[end] != end:
        end = links[end]
    while links[place] != end:
        onward = links[place]
        links[place] = end
        place = onward
    return end


@compiled
def take(pool: Pool, place: int) -> None:
    """Make a control unavailable for good."""
    pool.taken[place] = True
    pool.right[place] = place + 1
    pool.left[place + 1] = place


@compiled
def allowed(pool: Pool, patient: int, place: int) -> bool:
    """Whether a patient and a free control may be a pair."""
    control = pool.controls[place]
    if pool.taken[place] or pool.strata[patient] != pool.strata[control]:
        return False
    for term in range(len(pool.widths)):
        # negated, so that a missing value is close to nobody
        if not abs(pool.bounded[patient, term] - pool.bounded[control, term]) <= pool.widths[term]:
            return False
    return True


@compiled
def nearest(pool: Pool, patient: int) -> tuple[int, float]:
    """Place and distance of the nearest control that may be paired with a patient; place -1 when there is none.

    Of controls equally near, the one with the lowest index.
    """
    here = pool.positions[patient]
    start = np.searchsorted(pool.values, here)
    best, gap = -1, np.inf
    place = follow(pool.right, start)
    while place < len(pool.values):
        if allowed(pool, patient, place):
            best, gap = place, pool.values[place] - here
            break
        place = follow(pool.right, place + 1)
    # equal positions lie by rising index, so to the left all of a tie are looked at
    place = follow(pool.left, start) - 1
    while place >= 0 and here - pool.values[place] <= gap:
        closer = best < 0 or here - pool.values[place] < gap or pool.controls[place] < pool.controls[best]
        if closer and allowed(pool, patient, place):
            best, gap = place, here - pool.values[place]
        place = follow(pool.left, place) - 1
    return best, gap


@compiled
def match_in_turn(pool: Pool, treated: Array, queue: Array, caliper: float, partners: Array, span: Array) -> None:
    """Without replacement, in the queue's order; everyone has a first partner before anyone has a second."""
    for turn in range(partners.shape[1]):
        for member in queue:
            place, gap = nearest(pool, treated[member])
            if gap > caliper:
                span[1] = min(span[1], gap)
            elif place >= 0:
                span[0] = max(span[0], gap)
                partners[member, turn] = pool.controls[place]
                take(pool, place)


@compiled
def match_closest_first(pool: Pool, treated: Array, queue: Array, caliper: float, partners: Array, span: Array) -> None:
    """Without replacement, the closest of all possible pairs first; the queue's order settles ties."""
    found, gaps, waiting = np.empty(len(treated), np.int64), np.empty(len(treated)), np.empty(len(treated), np.bool_)
    for turn in range(partners.shape[1]):
        found[:], gaps[:], waiting[:] = -1, -1.0, True
        while True:
            member = -1
            for candidate in queue:
                if waiting[candidate] and (member < 0 or gaps[candidate] < gaps[member]):
                    member = candidate
            if member < 0:
                break
            if found[member] >= 0 and not pool.taken[found[member]]:
                span[0] = max(span[0], gaps[member])
                partners[member, turn] = pool.controls[found[member]]
                take(pool, found[member])
                waiting[member] = False
                continue
            # a distance can only have grown since it was found
            found[member], gaps[member] = nearest(pool, treated[member])
            waiting[member] = found[member] >= 0 and gaps[member] <= caliper
            if gaps[member] > caliper:
                span[1] = min(span[1], gaps[member])


@compiled
def match_with_replacement(pool: Pool, treated: Array, caliper: float, partners: Array, span: Array) -> None:
    """The nearest controls of each treated patient, whoever else has them; each once for the same patient."""
    places = np.empty(partners.shape[1], np.int64)
    for member in range(len(treated)):
        count = 0
        for turn in range(partners.shape[1]):
            place, gap = nearest(pool, treated[member])
            if gap > caliper:
                span[1] = min(span[1], gap)
            if place < 0 or gap > caliper:
                break
            span[0] = max(span[0], gap)
            partners[member, turn] = pool.controls[place]
            pool.taken[place] = True
            places[turn] = place
            count += 1
        pool.taken[places[:count]] = False


@compiled
def greedy(queued: Any, calipers: Array, closest: bool, replace: bool, partners: Array, spans: Array) -> None:
    """Greedy nearest-neighbour matching of B cohorts into `partners`; see :func:`haicbook.matching.engine.pairs.pair`.

    Parameters
    ----------
    queued
        The cohorts, a :class:`haicbook.matching.engine.pairs.Queued`.
    calipers
        Largest distance within a pair, float64, shape (B,).
    closest, replace
        Whether the closest pair goes first; whether controls may be used again (the order is then of no matter).
    partners
        Filled with indices of controls, int64, shape (B, T, ratio); -1 on entry.
    spans
        Filled with the widest distance within a pair and the narrowest that the caliper forbade, shape (B, 2); 0 and
        infinite on entry. A caliper from the first to below the second gives the same partners.
    """
    size = queued.controls.shape[1]
    for cohort in range(len(queued.positions)):
        pool = Pool(
            queued.positions[cohort],
            queued.controls[cohort],
            queued.positions[cohort][queued.controls[cohort]],
            np.zeros(size, np.bool_),
            np.arange(size + 1),
            np.arange(size + 1),
            queued.strata,
            queued.bounded,
            queued.widths,
        )
        queue, caliper = queued.queues[cohort], calipers[cohort]
        if replace:
            match_with_replacement(pool, queued.treated, caliper, partners[cohort], spans[cohort])
        elif closest:
            match_closest_first(pool, queued.treated, queue, caliper, partners[cohort], spans[cohort])
        else:
            match_in_turn(pool, queued.treated, queue, caliper, partners[cohort], spans[cohort])


@compiled
def logistic(design: np.ndarray, treated: np.ndarray, iterations: int, tolerance: float, jitter: float) -> np.ndarray:
    """Linear predictors of logistic regressions by Newton's method, shape (cohorts, patients).

    Each regression stops by itself, so a cohort's result does not depend on those fitted with it.

    Parameters
    ----------
    design
        Shape (cohorts, patients, terms), contiguous.
    treated
        1.0 in the experimental arm, else 0.0; shape (patients,).
    iterations, tolerance
        At most so many steps; the last is the one that can raise twice the log-likelihood by no more than this.
    jitter
        Added to the diagonal of the information.
    """
    cohorts, patients, terms = design.shape
    predictors = np.zeros((cohorts, patients))
    ridge = jitter * np.eye(terms)
    signs = 1.0 - 2.0 * treated
    for cohort in range(cohorts):
        matrix = design[cohort]
        transposed = np.ascontiguousarray(matrix.T)
        coefficients = np.zeros(terms)
        linear = np.zeros(patients)
        for _ in range(iterations):
            # the chance of the other arm than the patient's own; bounded, so that nothing overflows
            against = 1.0 / (1.0 + np.exp(-np.maximum(np.minimum(signs * linear, 700.0), -700.0)))
            weights = against * (1.0 - against)
            gradient = np.dot(transposed, -signs * against)
            step = np.linalg.solve(np.dot(transposed * weights, matrix) + ridge, gradient)
            coefficients = coefficients + step
            linear = np.dot(matrix, coefficients)
            if np.dot(gradient, step) <= tolerance:
                break
        predictors[cohort] = linear
    return predictors
