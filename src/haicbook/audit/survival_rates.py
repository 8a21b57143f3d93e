"""Survival rates as printed: attainable with so many patients, and by which estimator."""

from __future__ import annotations

import itertools

from haicbook.audit.cells import Cell, whose
from haicbook.audit.curves import Curve, Mark, curves
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.life_tables import Goal, LifeTable, life_table, simple_curve, widths
from haicbook.study import Paper
from haicbook.words import abbreviation, label

# above this number of patients the list of all curves is not begun: nearly every printed rate is attainable then
_MOST_PATIENTS = 40
# a curve's rates are looked at together as far as this many
_MOST_RATES = 4


def attainable_rates(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A rate, and the rates of a curve together, are those of some order of deaths and censorings of its n patients.

    All orders are listed (exactly, for up to 40 patients) for the product-limit estimate, and all (d, c) of every
    interval for an actuarial life table, with intervals as long as the times' greatest common divisor, a half, a third
    of it and so on. Rates that only a life table gives are a warning (the estimator is not the one that is claimed);
    rates that neither gives are an error; rates that are cut off, not rounded, a note. Where lists grow too long,
    nothing is said.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481. Cutler SJ, Ederer F. J Chronic Dis 1958;8:699-712.
    """
    findings = []
    for curve in curves(paper, found):
        if curve.n is not None and curve.n <= _MOST_PATIENTS and curve.rates:
            findings += _judged(paper, curve)
    return findings


def _judged(paper: Paper, curve: Curve) -> list[Finding]:
    times = sorted({mark.time for mark in curve.rates})[:_MOST_RATES]
    by_time = [[mark for mark in curve.rates if mark.time == time] for time in times]
    choices = list(itertools.product(*by_time))
    if any(_product_limit(curve, choice, cut=False) is not False for choice in choices):
        return []
    if any(_product_limit(curve, choice, cut=True) is not False for choice in choices):
        return [_cut_off(paper, curve, choices[0])]
    fewest = _fewest(curve, by_time)
    table = next((found for choice in choices for found in [_life_table(curve, choice)] if found), None)
    return [_impossible(paper, curve, fewest, choices[0], table)]


def _product_limit(curve: Curve, marks: tuple[Mark, ...], *, cut: bool) -> bool | None:
    """Whether a product-limit curve has these rates; None where the list is too long."""
    from haicbook.survival.exact import reach
    from haicbook.survival.knots import knots_of
    from haicbook.survival.targets import ArmTargets, Interval, Landmark

    n = curve.n or 0
    goals = _goals(marks, cut=cut)
    if simple_curve(n, goals):
        return True
    rates = tuple(Landmark(goal.time, Interval(goal.low, goal.high)) for goal in goals)
    listed = reach(n, knots_of(ArmTargets(n=n, landmarks=rates), strict=False))
    return None if listed is None else listed.possible


def _goals(marks: tuple[Mark, ...], *, cut: bool) -> tuple[Goal, ...]:
    return tuple(Goal(mark.time, *mark.span(cut=cut)) for mark in marks)


def _fewest(curve: Curve, by_time: list[list[Mark]]) -> tuple[Mark, ...]:
    """The fewest rates that are impossible together."""
    for size in range(1, len(by_time) + 1):
        for chosen in itertools.combinations(by_time, size):
            choices = list(itertools.product(*chosen))
            if all(_product_limit(curve, choice, cut=True) is False for choice in choices):
                return choices[0]
    return tuple(marks[0] for marks in by_time)


def _life_table(curve: Curve, marks: tuple[Mark, ...]) -> LifeTable | None:
    """The life table with the longest intervals that has all the rates."""
    goals = _goals(marks, cut=False)
    for width in widths([mark.time for mark in marks]):
        try:
            table = life_table(curve.n or 0, goals, width)
        except OverflowError:
            return None
        if table is not None:
            return table
    return None


def _impossible(
    paper: Paper, curve: Curve, marks: tuple[Mark, ...], everything: tuple[Mark, ...], table: LifeTable | None
) -> Finding:
    several = len(marks) > 1
    rates = " and ".join(mark.words for mark in marks)
    severity: Severity = "warning" if table else "error"
    which = f"no product-limit (Kaplan–Meier) curve of {curve.n} patients has {rates}{' together' if several else ''}"
    every = "all its rates" if len(everything) > len(marks) else "them" if several else "it"
    how = (
        f" An actuarial life table with intervals of {table.width:g} months gives {every}: {table.words}."
        if table
        else " Nor does an actuarial life table."
    )
    claimed = paper.spec.methods.survival if table else None
    said = f" The paper names {claimed}." if claimed else ""
    sentence = f"{_curve_words(paper, curve)}: {which} (every order of deaths and censorings was listed).{how}{said}"
    ids = tuple(value_id for mark in marks for value_id in mark.ids)
    return Finding(
        "rate_attainable",
        severity,
        paper.study,
        ids,
        rates,
        "a life table, not a product-limit curve" if table else "not attainable",
        sentence,
        recomputation=table.words if table else f"{curve.n} patients",
    )


def _cut_off(paper: Paper, curve: Curve, marks: tuple[Mark, ...]) -> Finding:
    rates = " and ".join(mark.words for mark in marks)
    sentence = (
        f"{_curve_words(paper, curve)}: {rates} are attainable with {curve.n} patients only if one of them is cut off, "
        "not rounded."
    )
    ids = tuple(value_id for mark in marks for value_id in mark.ids)
    words = f"{curve.n} patients"
    return Finding("rate_attainable", "info", paper.study, ids, rates, "cut off", sentence, recomputation=words)


def _curve_words(paper: Paper, curve: Curve) -> str:
    """`Table 2, PFS, RECIST 1.1 (all patients)`."""
    cell = curve.rates[0].cell
    criterion = f", {label(curve.criterion)}" if curve.criterion else ""
    return f"{cell.about.source}, {abbreviation(curve.endpoint)}{criterion}{whose(paper, cell)}"
