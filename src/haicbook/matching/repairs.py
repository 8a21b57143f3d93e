"""Printed margins that contradict themselves: what can be assumed instead, each assumption by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from haicbook.matching.covariates import Covariate, Summary
from haicbook.words import label

LEFT_OUT = "left_out"
COUNTS = "counts"
PERCENTAGES = "percentages"


def repairs(covariate: Covariate) -> dict[str, str]:
    """What can be assumed of a covariate whose printed margins contradict themselves.

    Where counts do not sum to the arm's n: the name of each level that can take the whole difference. Where a
    percentage points to another count: `counts` before percentages, or `percentages` where they give whole patients
    that sum to n. In both cases `left_out`.

    Returns
    -------
    dict
        Name of the assumption to what it says, for the page; empty when nothing contradicts itself. The first is the
        one that :func:`repaired` takes by itself, if there is one (counts before percentages).
    """
    out = {LEFT_OUT: f"{label(covariate.name)} left out"}
    if covariate.misfits:
        changed = {level: _with_difference(covariate, level) for level in range(len(covariate.levels))}
        single = {
            covariate.levels[level]: _words(covariate, repair, level)
            for level, repair in changed.items()
            if repair is not None and len(covariate.levels) > 1
        }
        return single | out
    if covariate.contradictions:
        by = {COUNTS: f"{label(covariate.name)} by its counts"}
        if _by_percentages(covariate) is not None:
            by[PERCENTAGES] = f"{label(covariate.name)} by its percentages"
        return by | out
    return {}


def repaired(covariates: tuple[Covariate, ...], assumed: Mapping[str, str]) -> tuple[tuple[Covariate, ...], list[str]]:
    """Covariates whose margins fit, under the assumptions named.

    Parameters
    ----------
    covariates
        As printed.
    assumed
        Covariate to one of its :func:`repairs`; counts go before percentages unless said otherwise here. A sound
        covariate can be `left_out` as well.

    Returns
    -------
    tuple
        The covariates, and a sentence for each assumption that was made.

    Raises
    ------
    ValueError
        When a contradiction is not resolved, or an assumption is not among those allowed; says all of them.
    """
    kept: list[Covariate] = []
    notes: list[str] = []
    unknown = [name for name in assumed if name not in {covariate.name for covariate in covariates}]
    problems = [f"no matching covariate {name!r} to repair" for name in unknown]
    for covariate in covariates:
        allowed = repairs(covariate)
        chosen = assumed.get(covariate.name, COUNTS if COUNTS in allowed else "")
        if not chosen and not allowed:
            kept.append(covariate)
        elif chosen == LEFT_OUT:
            notes.append(f"{label(covariate.name)} is left out{_because(covariate)}.")
        elif chosen not in allowed:
            problems.append(_unresolved(covariate, chosen, allowed))
        else:
            kept.append(_repair(covariate, chosen))
            notes.append(f"{allowed[chosen]}{_because(covariate)}.")
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(kept), notes


def _because(covariate: Covariate) -> str:
    reasons = covariate.misfits or tuple(
        f"count and percentage contradict each other for {where}" for where in covariate.contradictions
    )
    return f": {'; '.join(reasons)}" if reasons else ""


def _unresolved(covariate: Covariate, chosen: str, allowed: dict[str, str]) -> str:
    found = f"assumed is {chosen!r}" if chosen else "nothing is assumed of it"
    choices = ", ".join(allowed or {LEFT_OUT: ""})
    return f"{label(covariate.name)}{_because(covariate) or ': its margins fit'}; {found}, allowed is {choices}"


def _repair(covariate: Covariate, chosen: str) -> Covariate:
    if chosen == COUNTS:
        return covariate
    if chosen == PERCENTAGES:
        found = _by_percentages(covariate)
    else:
        found = _with_difference(covariate, covariate.levels.index(chosen))
    assert found is not None  # only feasible repairs are offered
    return found


def _with_difference(covariate: Covariate, level: int) -> Covariate | None:
    """The covariate with one level taking what is too much or too little in each arm; None when it cannot."""
    arms = {}
    for arm, summary in covariate.arms.items():
        if not summary.counted:
            return None
        counts = summary.counts.copy()
        counts[level] += summary.n - summary.total
        if not 0 <= counts[level] <= summary.n or counts.max() > summary.n:
            return None
        arms[arm] = _with_counts(summary, counts)
    return replace(covariate, arms=arms)


def _by_percentages(covariate: Covariate) -> Covariate | None:
    """The covariate with the counts that its percentages say; None when these are not whole patients that sum to n."""
    arms = {}
    for arm, summary in covariate.arms.items():
        counts = np.round(summary.percentages * summary.n / 100)
        if np.isnan(counts).any() or (len(counts) > 1 and counts.sum() != summary.n) or counts.max() > summary.n:
            return None
        arms[arm] = _with_counts(summary, counts) if summary.contradicted else summary
    return replace(covariate, arms=arms)


def _with_counts(summary: Summary, counts: np.ndarray) -> Summary:
    return replace(summary, counts=counts, percentages=100 * counts / summary.n, contradicted=())


def _words(covariate: Covariate, repair: Covariate, level: int) -> str:
    changes = [
        f"{repair.arms[arm].counts[level]:.0f} for {summary.counts[level]:.0f}"
        for arm, summary in covariate.arms.items()
        if repair.arms[arm].counts[level] != summary.counts[level]
    ]
    return f"{label(covariate.name)}, {covariate.level_labels[level]}: {' and '.join(changes)}"
