"""The audit: does what a paper prints add up?

Every rule is a function of the study and its cells that returns findings; `RULES` lists them, with the source and the
tolerance of each, in the order in which their findings are shown.
"""

from __future__ import annotations

from dataclasses import replace

from haicbook.audit import (
    complements,
    counts,
    duplicates,
    intervals,
    means,
    moments,
    nested,
    p_methods,
    parts,
    proportion_intervals,
    protocol,
    ratio_rules,
    repeats,
    response,
    statements,
    survival_rules,
    tests,
)
from haicbook.audit.cells import Cell, cells
from haicbook.audit.finding import Finding, Severity, by_severity, summarise, to_frame
from haicbook.audit.ranking import ranked, touches
from haicbook.audit.registry import TOPICS, Rule
from haicbook.audit.repair import with_repairs
from haicbook.study import Paper

RULES: tuple[Rule, ...] = (
    *repeats.RULES,
    *tests.RULES,
    *p_methods.RULES,
    *means.RULES,
    *proportion_intervals.RULES,
    *response.RULES,
    *intervals.RULES,
    *parts.RULES,
    *nested.RULES,
    *complements.RULES,
    *counts.RULES,
    *moments.RULES,
    *duplicates.RULES,
    *statements.RULES,
    *protocol.RULES,
    *ratio_rules.RULES,
    *survival_rules.RULES,
)

__all__ = [
    "RULES",
    "TOPICS",
    "Cell",
    "Finding",
    "Rule",
    "Severity",
    "audit",
    "cells",
    "ranked",
    "summarise",
    "to_frame",
    "touches",
]


def audit(paper: Paper, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Everything in a paper that does not add up.

    Parameters
    ----------
    paper
        The study.
    rules
        The rules to apply; all by default.

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
    findings = [
        replace(finding, inspect_sr=finding.inspect_sr or rule.inspect_sr)
        for rule in rules
        for finding in rule.check(paper, found)
    ]
    return by_severity(with_repairs(paper, found, findings))
