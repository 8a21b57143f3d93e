"""Which findings matter first: by severity, then by what they touch, survival before response before percentages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from haicbook.audit.finding import SEVERITIES, Finding
from haicbook.study import Paper

_SURVIVAL = {"os", "pfs", "liver_pfs"}
_RESPONSE = {"cr", "pr", "sd", "pd", "orr", "dcr"}
# what a finding touches, the most consequential first
TOUCHES = ("survival", "response", "adverse events", "all else")


def touches(paper: Paper, finding: Finding) -> str:
    """The most consequential result that a finding is about: one of `TOUCHES`."""
    known = [value_id for value_id in finding.value_ids if value_id in paper.by_id.index]
    rows = paper.by_id.loc[known]
    if rows.endpoint.isin(_SURVIVAL).any():
        return "survival"
    if ((rows.kind == "response") | rows.row.isin(_RESPONSE) | rows.term.isin(_RESPONSE) | (rows.endpoint != "")).any():
        return "response"
    return "adverse events" if ((rows.kind == "adverse_events") | (rows.grade != "")).any() else "all else"


def ranked(paper: Paper, findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which a reader should meet them.

    By severity, then by what they touch; among equals the first of every rule before the second of any, so that one
    kind of slip does not hide another.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    keyed = []
    for place, finding in enumerate(findings):
        touched = touches(paper, finding)
        nth = seen[finding.severity, touched, finding.rule]
        seen[finding.severity, touched, finding.rule] += 1
        keyed.append((SEVERITIES.index(finding.severity), TOUCHES.index(touched), nth, place, finding))
    return [item[-1] for item in sorted(keyed, key=lambda item: item[:-1])]
