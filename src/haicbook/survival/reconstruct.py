"""Reconstruct patient-level survival data from printed summaries alone.

Every printed number is a constraint with its rounding interval: patients, events, medians and rates with their
intervals, a hazard ratio with its interval, a log-rank p, follow-up. What can be met together, and under which of the
conventions that programs use, is settled first (:mod:`haicbook.survival.settle`); then chains yield the members
(:mod:`haicbook.survival.chains`), and separate code verifies each one (:mod:`haicbook.survival.verify`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from haicbook.survival.chains import CENSORING, MEMBERS_OF_A_CHAIN, Effort, Rows, sample
from haicbook.survival.ensemble import Ensemble, stacked
from haicbook.survival.figures import TargetError
from haicbook.survival.goals import Reading
from haicbook.survival.settle import THOROUGH, ReconstructionError, Settled, settle
from haicbook.survival.store import kept
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
    effort: Effort | None = None,
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
        `early`, `uniform` or `late`: when patients leave follow-up, as far as the printed numbers leave it open.
    effort
        How hard the chains work; by default as hard as settling the targets found necessary, and harder where that
        finds nothing.

    Returns
    -------
    Ensemble
        Its `dropped` names, in words, what could not be met together with the rest and was left out; its `reading`
        the conventions under which the rest is met. It has fewer members than asked for where no more were found
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
    """
    _check_request(targets, replicates, censoring)
    drawn = (rng.bit_generator.seed_seq, rng.bit_generator.state)
    question = (targets, replicates, drawn, censoring, effort)
    return kept("ensembles", question, Ensemble, lambda: _reconstruct(targets, replicates, rng, censoring, effort))


def _reconstruct(
    targets: Targets, replicates: int, rng: np.random.Generator, censoring: str, effort: Effort | None
) -> Ensemble:
    return ensemble_of(targets, settle(targets), replicates, rng, censoring, effort)


def ensemble_of(
    targets: Targets,
    settled: Settled,
    replicates: int,
    rng: np.random.Generator,
    censoring: str,
    effort: Effort | None = None,
    *,
    told: Callable[[int], None] = lambda found: None,
) -> Ensemble:
    """Verified members of what was settled, drawn in batches of chains until there are enough.

    Parameters
    ----------
    targets, replicates, rng, censoring, effort
        As :func:`reconstruct` takes them.
    settled
        What of the targets can be met together, and how.
    told
        Called with the number of members so far, after each batch.

    Raises
    ------
    ReconstructionError
        When no member is found.
    """
    most = -(-replicates // MEMBERS_OF_A_CHAIN) * _PATIENCE + _SPARE
    members: list[tuple[Rows, ...]] = []
    chains, failures, in_vain, chosen = 0, 0, 0, effort or settled.effort
    while len(members) < replicates and chains < most and in_vain < _IN_VAIN:
        batch = min(_BATCH, most - chains, max(2, -(-(replicates - len(members)) // MEMBERS_OF_A_CHAIN)))
        wanted = batch * MEMBERS_OF_A_CHAIN
        if effort is None and 2 * in_vain >= _IN_VAIN:
            chosen = THOROUGH
        found = sample(settled.kept, settled.reading, censoring, chosen, wanted, rng, most_chains=batch)
        good = _verified(settled.kept, found.members, settled.reading)
        members += good
        chains, failures = chains + batch, failures + found.failures
        in_vain = 0 if good else in_vain + batch
        told(min(len(members), replicates))
    if not members:
        raise ReconstructionError(
            f"{targets.study}, {targets.endpoint}: no verified data set was found in {failures} coolings of {chains} "
            "chains"
        )
    rows = stacked(tuple(targets.arms), members[:replicates])
    what = (settled.kept, settled.dropped, settled.reading, settled.tried)
    return Ensemble(targets, censoring, rows, *what, asked=replicates)


def _verified(kept: Targets, members: list[tuple[Rows, ...]], reading: Reading) -> list[tuple[Rows, ...]]:
    if not members:
        return []
    good = verified(stacked(tuple(kept.arms), members), kept, reading)
    return [member for member, met in zip(members, good, strict=True) if met]


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
