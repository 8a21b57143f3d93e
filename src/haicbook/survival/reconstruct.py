"""Reconstruct patient-level survival data from printed rates, medians and counts: the simplest honest engine.

Every member of the returned ensemble has exactly the printed number of patients (and of events, per arm or in total,
where printed), and passes through every printed rate and median to the printed rounding; separate code verifies each
member before it is returned. Hazard ratios, p-values and confidence intervals are not targets of this engine: they
are shown beside what the members give. What it assumes is in :mod:`haicbook.survival.parent`; how it draws, in
:mod:`haicbook.survival.draw`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.attainable import ATTEMPTS, ReconstructionError, attainable_arm
from haicbook.survival.draw import Floats, Piece, binomial, draw_until, redraw_times
from haicbook.survival.ensemble import Ensemble, Member
from haicbook.survival.estimators import median
from haicbook.survival.parent import CENSORING, Parent, parents_of
from haicbook.survival.targets import TargetError, Targets
from haicbook.survival.verify import violations

Drawn = dict[str, list[Piece]]

_ARM_ATTEMPTS = 60
_MEMBER_ATTEMPTS = 400
_POOLED_DRAWS = 64
_WARPS = (0.0, 0.35, 0.7)  # standard deviations of the log exponent by which times are shifted within their segments


def reconstruct(targets: Targets, replicates: int, rng: np.random.Generator, censoring: str = "uniform") -> Ensemble:
    """Reconstruct an ensemble of patient-level data sets that all meet the printed numbers.

    Parameters
    ----------
    targets
        The printed numbers of one endpoint.
    replicates
        Members to draw, at least 1. Member b depends on the seed and on b alone: asking for more extends the ensemble.
    rng
        A fresh generator; it is spawned from, not drawn from.
    censoring
        `early`, `uniform` or `late`: how follow-up times spread between 0 and the end of follow-up. Where no events
        are printed this decides how many there are: fewest if early, most if late.

    Returns
    -------
    Ensemble
        Its `dropped` names, in words, what could not be met together with the rest and was left out.

    Raises
    ------
    TargetError
        When the request makes no sense: no replicates, an unknown pattern.
    ReconstructionError
        When no member is found even with targets left out, or a member's draws run out.

    Notes
    -----
    The random numbers are those of the installed NumPy; a reconstruction repeats on the versions of the lock file.
    """
    _check_request(replicates, censoring)
    (pilot,) = rng.spawn(1)
    kept, dropped = _attainable(targets, censoring, pilot)
    parents = parents_of(kept.arms, kept.events_total, kept.follow_up_end, censoring)
    members = []
    for number, child in enumerate(rng.spawn(replicates)):
        member = _draw_member(kept, parents, child, _MEMBER_ATTEMPTS)
        if member is None:
            raise ReconstructionError(
                f"{targets.study}, {targets.endpoint}: member {number + 1} of {replicates} was not found in "
                f"{_MEMBER_ATTEMPTS} attempts; {number} were"
            )
        members.append(member)
    stacked = {
        arm: Member(np.stack([member[arm].time for member in members]), np.stack([m[arm].event for m in members]))
        for arm in kept.arms
    }
    return Ensemble(targets, censoring, stacked, kept, dropped)


def _check_request(replicates: int, censoring: str) -> None:
    problems = []
    if replicates < 1:
        problems.append(f"replicates is {replicates}; at least 1 is needed")
    if censoring not in CENSORING:
        problems.append(f"censoring is {censoring!r}; it must be one of {', '.join(CENSORING)}")
    if problems:
        raise TargetError(problems)


def _draw_member(
    targets: Targets, parents: dict[str, Parent], rng: np.random.Generator, attempts: int
) -> dict[str, Member] | None:
    """One verified data set, or None when the attempts run out."""
    for _ in range(attempts):
        events = _share_events(targets, parents, rng)
        drawn: Drawn = {}
        for arm, parent in parents.items():
            pieces = draw_until(parent, events[arm], rng, _ARM_ATTEMPTS)
            if pieces is None:
                break
            drawn[arm] = pieces
        if len(drawn) < len(parents):
            continue
        member = _meet_pooled_median(targets, parents, drawn, rng)
        if member is not None and not violations(member, targets):
            return member
    return None


def _share_events(targets: Targets, parents: dict[str, Parent], rng: np.random.Generator) -> dict[str, int | None]:
    """Events of each arm: as printed; else drawn, given the total, as the populations have them; else open."""
    events = {arm: wanted.events for arm, wanted in targets.arms.items()}
    if targets.events_total is None:
        return events
    open_arms = [arm for arm, count in events.items() if count is None]
    left = targets.events_total - sum(count for count in events.values() if count is not None)
    mass = {arm: binomial(parents[arm].n, parents[arm].death) for arm in open_arms}
    for index, arm in enumerate(open_arms):
        others = np.ones(1)
        for other in open_arms[index + 1 :]:
            others = np.convolve(others, mass[other])
        counts = np.arange(mass[arm].size)
        rest = left - counts
        possible = (rest >= 0) & (rest < others.size)
        weights = np.where(possible, mass[arm] * others[np.where(possible, rest, 0)], 0.0)
        count = int(rng.choice(counts, p=weights / weights.sum()))
        events[arm] = count
        left -= count
    return events


def _meet_pooled_median(
    targets: Targets, parents: dict[str, Parent], drawn: Drawn, rng: np.random.Generator
) -> dict[str, Member] | None:
    """The arms as drawn, or with times moved within their segments until all arms together have the printed median.

    Moving a patient between two knots without passing another one changes no curve at a knot, and no count.
    """
    times = {arm: np.concatenate([piece.time for piece in pieces]) for arm, pieces in drawn.items()}
    events = {arm: np.concatenate([piece.event for piece in pieces]) for arm, pieces in drawn.items()}
    wanted = targets.pooled_median
    if wanted is not None:
        found = _moved(parents, drawn, np.concatenate(list(events.values())), (wanted.low, wanted.high), rng)
        if found is None:
            return None
        times = found
    return {arm: Member(times[arm], events[arm]) for arm in drawn}


def _moved(
    parents: dict[str, Parent],
    drawn: Drawn,
    events: NDArray[np.bool_],
    wanted: tuple[float, float],
    rng: np.random.Generator,
) -> dict[str, Floats] | None:
    for spread in _WARPS:
        warp = np.exp(spread * rng.standard_normal(_POOLED_DRAWS))
        times = {arm: redraw_times(parents[arm], pieces, warp, rng) for arm, pieces in drawn.items()}
        pooled = median(np.concatenate(list(times.values()), axis=1), np.tile(events, (_POOLED_DRAWS, 1)))
        hit = (pooled >= wanted[0]) & (pooled <= wanted[1])
        if hit.any():
            return {arm: candidates[int(np.argmax(hit))] for arm, candidates in times.items()}
    return None


# --- what cannot be met -----------------------------------------------------------------------------------------------


def _attainable(targets: Targets, censoring: str, rng: np.random.Generator) -> tuple[Targets, tuple[str, ...]]:
    """The targets without those, as few as the search finds, that no data set meets together with the rest."""
    changes: list[str] = []
    for name in targets.arms:
        targets, words = attainable_arm(targets, name, censoring, rng)
        changes += words
    targets, words = _attainable_together(targets, censoring, rng)
    return targets, (*changes, *words)


def _attainable_together(targets: Targets, censoring: str, rng: np.random.Generator) -> tuple[Targets, list[str]]:
    """Without the numbers of all arms together that the arms' own numbers do not allow."""
    shared: dict[str, str] = {}
    if targets.pooled_median is not None:
        shared["pooled_median"] = f"the median of all arms together, {targets.pooled_median.printed} months"
    if targets.events_total is not None:
        shared["events_total"] = f"the events of all arms together, {targets.events_total}"
    for count in range(len(shared) + 1):
        for chosen in combinations(shared, count):
            kept = replace(
                targets,
                pooled_median=None if "pooled_median" in chosen else targets.pooled_median,
                events_total=None if "events_total" in chosen else targets.events_total,
            )
            parents = parents_of(kept.arms, kept.events_total, kept.follow_up_end, censoring)
            if _draw_member(kept, parents, rng, ATTEMPTS) is not None:
                return kept, [
                    f"left out: {shared[name]}. No data set was found that has it together with the arms' printed "
                    f"figures ({ATTEMPTS} attempts; a search, not a proof)"
                    for name in chosen
                ]
    raise ReconstructionError(f"{targets.study}, {targets.endpoint}: no verified data set was found")
