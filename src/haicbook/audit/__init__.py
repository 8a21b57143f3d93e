"""The audit: does what a paper prints add up?

Every rule is a function of the study and its cells that returns findings; `RULES` lists them in the order in which
their findings are shown.
"""

from __future__ import annotations

from collections.abc import Callable

from haicbook.audit import counts, intervals, repeats, response, tests
from haicbook.audit.cells import Cell, cells
from haicbook.audit.finding import Finding, Severity, by_severity, summarise, to_frame
from haicbook.study import Paper

Rule = Callable[[Paper, list[Cell]], list[Finding]]

RULES: tuple[Rule, ...] = (
    repeats.repeated,
    tests.p_values_of_rows,
    response.response_sums,
    intervals.enclosed,
    counts.any_event,
    counts.grades,
    counts.levels,
    counts.matched,
    counts.percentages,
    counts.attainable,
)

__all__ = ["RULES", "Finding", "Rule", "Severity", "audit", "summarise", "to_frame"]


def audit(paper: Paper) -> list[Finding]:
    """Everything in a paper that does not add up.

    Parameters
    ----------
    paper
        The study.

    Returns
    -------
    list of Finding
        Errors first, then warnings, then notes; empty when everything adds up.

    Examples
    --------
    >>> from haicbook import study  # doctest: +SKIP
    >>> to_frame(audit(study.load("liu_hepa")))  # doctest: +SKIP
    """
    found = cells(paper)
    return by_severity(finding for rule in RULES for finding in rule(paper, found))
