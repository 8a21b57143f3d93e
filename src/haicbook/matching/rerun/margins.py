"""What a re-run starts from: the margins that a paper prints, and what is assumed where they contradict themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from haicbook.matching.balance.baseline import PrintedArm, PrintedCovariate, printed_covariates
from haicbook.study import Paper
from haicbook.words import label

BEFORE, AFTER = "before_psm", "after_psm"


@dataclass(frozen=True, eq=False)
class Margins:
    """What a paper prints of its matching: the input of a re-run.

    Attributes
    ----------
    name
        What to call it in a message.
    arms
        Experimental arm and comparator.
    before
        Covariates matched on, as printed before matching.
    after
        PrintedCovariate to what is printed of it after matching; not all need be.
    pairs
        Printed pairs; None when not printed.
    """

    name: str
    arms: tuple[str, str]
    before: tuple[PrintedCovariate, ...]
    after: Mapping[str, PrintedCovariate] = field(default_factory=dict)
    pairs: int | None = None


def printed_margins(paper: Paper) -> Margins:
    """What a study prints of its matching.

    Raises
    ------
    ValueError
        When it was not matched, prints no table before matching, or has a matching covariate that no table prints.
    """
    if paper.spec.matching is None:
        raise ValueError(f"{paper.study} was not matched; there is no matching to run again")
    printed = {c.name: c for c in printed_covariates(paper, BEFORE)} if BEFORE in paper.spec.populations else {}
    if not printed:
        lost = " ".join(paper.lost("baseline", "Table 1")) or "No baseline table before matching is printed."
        raise ValueError(f"{paper.study} cannot be matched again without its margins before matching. {lost}")
    missing = [name for name in paper.spec.matching.covariates if name not in printed]
    if missing:
        raise ValueError(
            f"{paper.study} matched on {', '.join(missing)}, which no table before matching prints; "
            f"the table has {', '.join(printed)}"
        )
    arms = str(paper.spec.experimental), str(paper.spec.comparator)
    matched = AFTER in paper.spec.populations
    after = {c.name: c for c in printed_covariates(paper, AFTER)} if matched else {}
    pairs = paper.spec.populations[AFTER].n[arms[0]] if matched else None
    return Margins(paper.study, arms, tuple(printed[name] for name in paper.spec.matching.covariates), after, pairs)


def usable(margins: Margins, assumed: Mapping[str, str]) -> tuple[tuple[PrintedCovariate, ...], tuple[str, ...]]:
    """Covariates that cohorts can be drawn with, and a sentence for each that is left out or assumed.

    Parameters
    ----------
    margins
        As printed.
    assumed
        PrintedCovariate to one of its :func:`haicbook.matching.rerun.margins.repairs`.

    Raises
    ------
    ValueError
        When an arm has nobody, a contradiction is not resolved, or nothing remains.
    """
    _require_arms(margins)
    reasons = {covariate.name: incomplete(covariate) for covariate in margins.before}
    complete = tuple(covariate for covariate in margins.before if not reasons[covariate.name])
    try:
        used, notes = repaired(complete, {name: how for name, how in assumed.items() if not reasons.get(name)})
    except ValueError as error:
        raise ValueError(f"{margins.name} cannot be matched again as it stands: {error}") from None
    left_out = [f"{label(name)} is left out: {reason}." for name, reason in reasons.items() if reason]
    if not used:
        raise ValueError(f"{margins.name} has no matching covariate left: {' '.join([*left_out, *notes])}")
    return used, (*left_out, *notes)


def _require_arms(margins: Margins) -> None:
    """Refuse an arm without patients, and covariates that are not of the same patients."""
    problems = []
    for arm in margins.arms:
        sizes = {covariate.name: covariate.arms[arm].n for covariate in margins.before}
        if len(set(sizes.values())) > 1:
            found = ", ".join(f"{name} of {n}" for name, n in sizes.items())
            problems.append(f"arm {arm} has not one number of patients: {found}")
        elif min(sizes.values(), default=1) < 1:
            problems.append(f"arm {arm} has nobody to match")
    if problems:
        raise ValueError(f"{margins.name} cannot be matched again: {'; '.join(problems)}")


def incomplete(covariate: PrintedCovariate) -> str:
    """Why the print does not suffice to draw this covariate; empty when it does."""
    summaries = covariate.arms.values()
    if covariate.type == "continuous":
        if not all({"mean", "sd"} <= set(summary.moments) for summary in summaries):
            return "mean and SD are not printed for both arms"
        return "" if all(summary.moments["sd"] >= 0 for summary in summaries) else "an SD is below 0"
    return "" if all(summary.counted for summary in summaries) else "not every level has a printed count"


def known_margins(paper: Paper) -> pd.DataFrame:
    """What is left of the margins that a matching started from and came to, where the tables are lost.

    Returns
    -------
    pandas.DataFrame
        For each matching covariate and each cell of it that is printed for an arm: `covariate`, `label`, `level`,
        `population` (its label), `arm`, `statistic` (as :class:`haicbook.study.Paper` reads the cell), `cell`, `id` of
        its first value. A covariate of which nothing is printed for an arm has one row with empty cells.
    """
    columns = ["covariate", "label", "level", "population", "arm", "statistic", "cell", "id"]
    matching = paper.spec.matching
    claims = paper.select(kind=["claim", "baseline"], endpoint="", grade="", arm=list(paper.spec.arms))
    claims = claims[(claims.kind == "baseline") | claims.source.str.contains("haracteristics")]
    rows = []
    for name in matching.covariates if matching else ():
        # a text names a covariate in the quantity, a table in the row
        of = claims[(claims.term == name) | (claims.row == name)]
        of = of[of.population.isin(list(paper.spec.populations)) & (of.statistic != "p")]
        of = of.drop_duplicates(["population", "arm", "level", "cell"])
        for _, value in of.iterrows():
            words = paper.spec.populations[value.population].label
            rows.append([name, label(name), value.level, words, value.arm, value.read_as, value.cell, value.id])
        if of.empty:
            rows.append([name, label(name), *[""] * 6])
    return pd.DataFrame(rows, columns=columns)


# --- margins that contradict themselves -------------------------------------------------------------------------------


LEFT_OUT = "left_out"
COUNTS = "counts"
PERCENTAGES = "percentages"


def repairs(covariate: PrintedCovariate) -> dict[str, str]:
    """What can be assumed of a covariate whose printed margins contradict themselves.

    Where counts do not sum to the arm's n: the name of each level that can take the whole difference. Where a
    percentage points to another count: `counts` before percentages, or `percentages` where they give whole patients
    that sum to n. In both cases `left_out`.

    Returns
    -------
    dict
        Name of the assumption to what it says, for the page; empty when nothing contradicts itself. Of these
        `repaired` takes only `counts` by itself.
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


def repaired(
    covariates: tuple[PrintedCovariate, ...], assumed: Mapping[str, str]
) -> tuple[tuple[PrintedCovariate, ...], list[str]]:
    """Covariates whose margins fit, under the assumptions named.

    Parameters
    ----------
    covariates
        As printed.
    assumed
        PrintedCovariate to one of its :func:`repairs`; counts go before percentages unless said otherwise here. A sound
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
    kept: list[PrintedCovariate] = []
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


def _because(covariate: PrintedCovariate) -> str:
    reasons = covariate.misfits or tuple(
        f"count and percentage contradict each other for {where}" for where in covariate.contradictions
    )
    return f": {'; '.join(reasons)}" if reasons else ""


def _unresolved(covariate: PrintedCovariate, chosen: str, allowed: dict[str, str]) -> str:
    found = f"assumed is {chosen!r}" if chosen else "nothing is assumed of it"
    choices = ", ".join(allowed or {LEFT_OUT: ""})
    return f"{label(covariate.name)}{_because(covariate) or ': its margins fit'}; {found}, allowed is {choices}"


def _repair(covariate: PrintedCovariate, chosen: str) -> PrintedCovariate:
    if chosen == COUNTS:
        return covariate
    if chosen == PERCENTAGES:
        found = _by_percentages(covariate)
    else:
        found = _with_difference(covariate, covariate.levels.index(chosen))
    assert found is not None  # only feasible repairs are offered
    return found


def _with_difference(covariate: PrintedCovariate, level: int) -> PrintedCovariate | None:
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


def _by_percentages(covariate: PrintedCovariate) -> PrintedCovariate | None:
    """The covariate with the counts that its percentages say; None when these are not whole patients that sum to n."""
    arms = {}
    for arm, summary in covariate.arms.items():
        counts = np.round(summary.percentages * summary.n / 100)
        if np.isnan(counts).any() or (len(counts) > 1 and counts.sum() != summary.n) or counts.max() > summary.n:
            return None
        arms[arm] = _with_counts(summary, counts) if summary.contradicted else summary
    return replace(covariate, arms=arms)


def _with_counts(summary: PrintedArm, counts: np.ndarray) -> PrintedArm:
    return replace(summary, counts=counts, percentages=100 * counts / summary.n, contradicted=())


def _words(covariate: PrintedCovariate, repair: PrintedCovariate, level: int) -> str:
    changes = [
        f"{repair.arms[arm].counts[level]:.0f} for {summary.counts[level]:.0f}"
        for arm, summary in covariate.arms.items()
        if repair.arms[arm].counts[level] != summary.counts[level]
    ]
    return f"{label(covariate.name)}, {covariate.level_labels[level]}: {' and '.join(changes)}"
