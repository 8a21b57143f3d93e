"""Reconstruct patient-level survival data from printed summaries alone.

Every printed number is a constraint with its rounding interval: patients, events, medians and rates with their
intervals, a hazard ratio with its interval, a log-rank p, follow-up. What can be met together, and under which of the
conventions that programs use, is found first (:mod:`haicbook.survival.feasibility`); then chains yield the members
(:mod:`haicbook.survival.chains`), and separate code verifies each one (:mod:`haicbook.survival.verify`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from haicbook.survival.chains import MEMBERS_OF_A_CHAIN, Rows, SearchBudget, sample
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.ensemble import Ensemble, stacked
from haicbook.survival.feasibility import THOROUGH, Feasible, ReconstructionError, find_feasible
from haicbook.survival.intervals import TargetError
from haicbook.survival.population import CENSORING
from haicbook.survival.targets import Targets
from haicbook.survival.verify import verified

__all__ = ["ReconstructionError", "reconstruct"]

# chains that may be started for each one that would do if none failed
_PATIENCE = 12
_SPARE = 4
# chains in a row without a verified member, after which no more are tried; after half of them they work harder
_IN_VAIN = 40
# chains that run together: as many as keep all cores busy, and few enough that progress is seen
_BATCH = 20


def reconstruct(
    targets: Targets,
    replicates: int,
    rng: np.random.Generator,
    censoring: str = "uniform",
    budget: SearchBudget | None = None,
    *,
    feasible: Feasible | None = None,
    on_progress: Callable[[int], None] = lambda found: None,
) -> Ensemble:
    """Reconstruct an ensemble of patient-level data sets that all meet the printed numbers.

    Parameters
    ----------
    targets
        The printed numbers of one endpoint, of one or two arms.
    replicates
        Members to draw, at least 1. Asking for more extends the ensemble that fewer give.
    rng
        A fresh generator; it is spawned from, not drawn from.
    censoring
        `early`, `uniform`, `late` or `cohort`: when patients leave follow-up, as far as the printed numbers leave it
        open.
    budget
        How hard the chains work; by default as hard as the search for what is feasible found necessary, and harder
        where that finds nothing.
    feasible
        What of the targets can be met together, and how; found by :func:`.find_feasible` where it is not given.
    on_progress
        Called with the number of members so far: with 0 before the first, and after each batch of chains.

    Returns
    -------
    Ensemble
        Its `dropped` names, in words, what could not be met together with the rest and was left out; its `conventions`
        under which the rest is met. It has fewer members than asked for where no more were found
        (`Ensemble.asked`).

    Raises
    ------
    TargetError
        When the request makes no sense: no replicates, an unknown pattern, more than two arms.
    ReconstructionError
        When no member is found even with targets left out.

    Notes
    -----
    The random numbers are those of the installed NumPy; a reconstruction repeats on the versions of the lock file.

    Examples
    --------
    >>> from haicbook.survival import read_targets
    >>> targets = read_targets('arms: {a: {n: "90"}}\\nmedian: {a: {estimate: "14.2"}}')
    >>> ensemble = reconstruct(targets, replicates=3, rng=np.random.default_rng(1))
    >>> ensemble.medians("a").round(1).tolist()
    [14.2, 14.2, 14.2]
    >>> ensemble.to_frame(0).columns.tolist()
    ['arm', 'time', 'event']
    """
    _check_request(targets, replicates, censoring)
    feasible = feasible or find_feasible(targets)
    on_progress(0)
    members, chains = _members(feasible, replicates, rng, censoring, budget, on_progress)
    rows = stacked(tuple(targets.arms), members)
    what = (feasible.kept, feasible.dropped, feasible.conventions, feasible.tried)
    return Ensemble(targets, censoring, rows, *what, asked=replicates, chains=chains)


def _members(
    feasible: Feasible,
    replicates: int,
    rng: np.random.Generator,
    censoring: str,
    budget: SearchBudget | None,
    on_progress: Callable[[int], None],
) -> tuple[list[tuple[Rows, ...]], tuple[int, ...]]:
    """Verified members and the chain of each, drawn in batches of chains until there are enough."""
    most = -(-replicates // MEMBERS_OF_A_CHAIN) * _PATIENCE + _SPARE
    members: list[tuple[Rows, ...]] = []
    whose: list[int] = []
    chains, failures, in_vain, chosen = 0, 0, 0, budget or feasible.budget
    while len(members) < replicates and chains < most and in_vain < _IN_VAIN:
        batch = min(_BATCH, most - chains, max(2, -(-(replicates - len(members)) // MEMBERS_OF_A_CHAIN)))
        wanted = batch * MEMBERS_OF_A_CHAIN
        if budget is None and 2 * in_vain >= _IN_VAIN:
            chosen = THOROUGH
        found = sample(feasible.kept, feasible.conventions, censoring, chosen, wanted, rng, most_chains=batch)
        met = _met(feasible.kept, found.members, feasible.conventions)
        good = [member for member, meets in zip(found.members, met, strict=True) if meets]
        members += good
        whose += [chains + chain for chain, meets in zip(found.chains, met, strict=True) if meets]
        chains, failures = chains + batch, failures + found.failures
        in_vain = 0 if good else in_vain + batch
        on_progress(min(len(members), replicates))
    if not members:
        raise ReconstructionError(
            f"{feasible.kept.study}, {feasible.kept.endpoint}: no verified data set was found in {failures} annealing "
            f"runs of {chains} chains"
        )
    return members[:replicates], tuple(whose[:replicates])


def _met(kept: Targets, members: list[tuple[Rows, ...]], conventions: AssumedConventions) -> list[bool]:
    """Of each member, whether separate code finds all numbers met."""
    return verified(stacked(tuple(kept.arms), members), kept, conventions) if members else []


def _check_request(targets: Targets, replicates: int, censoring: str) -> None:
    problems = []
    if replicates < 1:
        problems.append(f"replicates is {replicates}; at least 1 is needed")
    if censoring not in CENSORING:
        problems.append(f"censoring is {censoring!r}; it must be one of {', '.join(CENSORING)}")
    if len(targets.arms) > 2:
        problems.append(f"there are {len(targets.arms)} arms; one or two can be reconstructed together")
    if problems:
        raise TargetError(problems)
