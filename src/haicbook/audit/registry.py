"""What a rule of the audit is: its check, and what a reader must know to judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from haicbook.audit.cells import Cell
from haicbook.audit.finding import Discrepancy, Finding
from haicbook.study import Paper

Topic = Literal["counts", "tests", "moments", "hazard_ratios", "survival", "agreement", "design"]
TOPICS: dict[Topic, str] = {
    "counts": "Counts and percentages",
    "tests": "Tests and intervals",
    "moments": "Means and standard deviations",
    "hazard_ratios": "Hazard ratios",
    "survival": "Survival",
    "agreement": "Agreement inside the paper",
    "design": "Design",
}
# checks of INSPECT-SR that the rules serve (Wilkinson JD et al. medRxiv 2025.09.03.25334905); where no single check of
# a domain is plainly the one, the domain is named
PARTICIPANTS = "4.6 Numbers of participants"
WHOLE_NUMBERS = "4.8 Means and variances of integer data"
STATISTICS = "4.9 Errors in statistical results"
RESULTS = "Domain 4 Results"
CONDUCT = "Domain 2 Conduct, governance and transparency"
Check = Callable[[Paper, list[Cell]], Iterable[Discrepancy]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    key
        Its name in findings.
    title
        What it asks, in plain words.
    broken
        What a finding of it means, in a clinician's words.
    check
        The function of the study and its cells that finds what breaks it.
    source
        Where the method comes from: a reference, or the definition that it follows from.
    tolerance
        How far figures may lie apart without a finding, in words.
    topic
        Key of `TOPICS`.
    inspect_sr
        The check of INSPECT-SR that its findings belong to; empty where none fits.
    """

    key: str
    title: str
    broken: str
    check: Check
    source: str
    tolerance: str
    topic: Topic
    inspect_sr: str = ""

    def findings(self, paper: Paper, cells: list[Cell]) -> list[Finding]:
        """What breaks the rule in a study."""
        return [
            Finding(rule=self.key, study=paper.study, inspect_sr=self.inspect_sr, **vars(fault))
            for fault in self.check(paper, cells)
        ]


# by key, in the order of definition
REGISTERED: dict[str, Rule] = {}


def rule(
    key: str,
    title: str,
    *,
    broken: str,
    topic: Topic,
    source: str = "Definition",
    tolerance: str = "No tolerance",
    inspect_sr: str = "",
) -> Callable[[Check], Rule]:
    """Make a check a rule, and register it; the parameters are the attributes of :class:`Rule`.

    Raises
    ------
    ValueError
        When another rule has the key.
    """

    def register(check: Check) -> Rule:
        if key in REGISTERED:
            raise ValueError(f"found a second rule {key!r}, {check.__name__}; each needs a key of its own")
        REGISTERED[key] = Rule(key, title, broken, check, source, tolerance, topic, inspect_sr)
        return REGISTERED[key]

    return register
