"""What a re-run starts from: the margins that a paper prints, and whether cohorts can be drawn with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from haicbook.matching.covariates import Covariate, printed_covariates
from haicbook.matching.repairs import repaired
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
        Covariate to what is printed of it after matching; not all need be.
    pairs
        Printed pairs; None when not printed.
    """

    name: str
    arms: tuple[str, str]
    before: tuple[Covariate, ...]
    after: Mapping[str, Covariate] = field(default_factory=dict)
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


def usable(margins: Margins, assumed: Mapping[str, str]) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """Covariates that cohorts can be drawn with, and a sentence for each that is left out or assumed.

    Parameters
    ----------
    margins
        As printed.
    assumed
        Covariate to one of its :func:`haicbook.matching.repairs.repairs`.

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


def incomplete(covariate: Covariate) -> str:
    """Why the print does not suffice to draw this covariate; empty when it does."""
    summaries = covariate.arms.values()
    if covariate.type == "continuous":
        if not all({"mean", "sd"} <= set(summary.moments) for summary in summaries):
            return "mean and SD are not printed for both arms"
        return "" if all(summary.moments["sd"] >= 0 for summary in summaries) else "an SD is below 0"
    return "" if all(summary.counted for summary in summaries) else "not every level has a printed count"
