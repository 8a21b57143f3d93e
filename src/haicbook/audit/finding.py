"""What the audit finds: one thing in a paper that does not add up, with what was recomputed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Literal

import pandas as pd

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True)
class Discrepancy:
    """What the check of a rule reports; the rule makes a `Finding` of it, whose attributes these are."""

    severity: Severity
    value_ids: tuple[str, ...]
    printed: str
    recomputed: str
    sentence: str
    recomputation: str = ""
    repair: str = ""
    count: int = 1


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes
    ----------
    rule
        Key of the rule that found it, as in `haicbook.audit.RULES`.
    severity
        `error`: cannot be right, contradicts another printed figure, or flips significance; `warning`: not
        reproducible or implausible; `info`: a habit of rounding, a method that is not declared.
    study
        The study's key.
    value_ids
        The printed values involved.
    printed, recomputed
        As the paper has it, and as its other figures imply; in words for a table cell.
    sentence
        What does not add up and where, for a reader.
    repair
        A change that would make the figures agree, where one is plain; a suggestion, never applied.
    recomputation
        The arithmetic from the printed strings alone, short enough to be checked by hand: `21/182 = 11.54%`.
    inspect_sr
        The check of INSPECT-SR that it belongs to, as the rule has it; empty where none fits.
    count
        How many printings share it: a habit is one finding.
    consequences
        What else does not add up because of the same slip: it is not counted again.
    """

    rule: str
    severity: Severity
    study: str
    value_ids: tuple[str, ...]
    printed: str
    recomputed: str
    sentence: str
    repair: str = ""
    recomputation: str = ""
    inspect_sr: str = ""
    count: int = 1
    consequences: tuple[Finding, ...] = ()


def distinct(faults: Iterable[tuple[Hashable, Discrepancy]]) -> Iterator[Discrepancy]:
    """The first fault of each key: abstract, text and table may print one thing."""
    seen = set()
    for key, fault in faults:
        if key not in seen:
            seen.add(key)
            yield fault


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, then warnings, then infos; within each as they came."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def every(findings: Iterable[Finding]) -> list[Finding]:
    """All findings, each followed by its consequences."""
    return [one for finding in findings for one in (finding, *finding.consequences)]


def to_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row for each finding, one column for each attribute; the columns are there without findings too."""
    return pd.DataFrame(
        [asdict(finding) for finding in findings], columns=[attribute.name for attribute in fields(Finding)]
    )


def summarise(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each severity, by its name in the plural."""
    found = [finding.severity for finding in findings]
    return {f"{severity}s": found.count(severity) for severity in SEVERITIES}
