"""The audit: does what a paper prints add up?

Every rule is a function of the study and its cells that returns findings; `RULES` lists them, with the source and the
tolerance of each, in the order in which their findings are shown.
"""

from __future__ import annotations

import haicbook.audit.rules  # noqa: F401  (registers them)
from haicbook.audit.cells import Cell, cells
from haicbook.audit.finding import Finding, Severity, by_severity, every, summarise, to_frame
from haicbook.audit.ranking import ranked, touches
from haicbook.audit.registry import REGISTERED, TOPICS, Rule
from haicbook.audit.repair import with_repairs
from haicbook.audit.slips import gathered
from haicbook.study import Paper

RULES: tuple[Rule, ...] = tuple(REGISTERED.values())

__all__ = [
    "RULES",
    "TOPICS",
    "Cell",
    "Finding",
    "Rule",
    "Severity",
    "audit",
    "cells",
    "every",
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
        One for each slip, with its consequences; errors first, then warnings, then notes; empty when everything adds
        up.

    Examples
    --------
    >>> from haicbook import study
    >>> repeated = tuple(rule for rule in RULES if rule.key == "repeated")
    >>> finding = audit(study.load("liu_hepa"), repeated)[0]
    >>> finding.severity, finding.printed, finding.recomputation
    ('error', '0.002 / <0.001', '0.002 ≠ <0.001')
    """
    found = cells(paper)
    findings = [finding for rule in rules for finding in rule.findings(paper, found)]
    return by_severity(gathered(found, with_repairs(paper, found, findings)))
