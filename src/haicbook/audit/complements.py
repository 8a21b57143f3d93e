"""Complements: who is not the one is the other."""

from __future__ import annotations

import math

from haicbook.audit.cells import Cell, denominator, grouped, place
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding
from haicbook.audit.registry import PARTICIPANTS, Rule
from haicbook.study import Paper

COMPLEMENTS: tuple[tuple[str, str], ...] = (
    ("male", "female"),
    ("yes", "no"),
    ("present", "absent"),
    ("single", "multiple"),
)


def complements(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Two levels that leave no third make up the group, also where text and table print one of them each.

    Within one table the rule on levels says so. A percentage without a count stands for every count that it allows.
    """
    levelled = [cell for cell in found if cell.about.level and not cell.about.reference and math.isnan(cell.about.time)]
    findings = []
    for group in grouped(levelled, _variable).values():
        for one, other in COMPLEMENTS:
            for first in (cell for cell in group if cell.about.level == one):
                for second in (cell for cell in group if cell.about.level == other):
                    findings += _compare(paper, first, second)
    return list({(finding.printed, finding.recomputed): finding for finding in reversed(findings)}.values())[::-1]


def _variable(cell: Cell) -> tuple[str, ...]:
    about = cell.about
    return cell.quantity, about.arm, about.population, about.criterion, about.grade


def _compare(paper: Paper, one: Cell, other: Cell) -> list[Finding]:
    if one.about.file == other.about.file and one.about.kind != "claim":
        return []
    size = denominator(paper, one)
    if not size or size != denominator(paper, other):
        return []
    first, second = _possible(one, size), _possible(other, size)
    sums = sorted({a + b for a in first for b in second})
    if not sums or size in sums:
        return []
    said = f"{one.text} in {one.about.source} and {other.text} in {other.about.source}"
    return [
        Finding(
            "complements",
            "error",
            paper.study,
            tuple(cell.ids["n" if cell.count() is not None else "pct"] for cell in (one, other)),
            f"{one.text} + {other.text}",
            f"{size} patients",
            f"{place(paper, one)}: with {other.about.level.replace('_', ' ')} it makes {sums[0]} of {size} patients "
            f"({said}).",
            recomputation=f"{min(first)} + {min(second)} = {min(first) + min(second)}, not {size}",
        )
    ]


def _possible(cell: Cell, size: int) -> list[int]:
    count, percent = cell.count(), cell.number("pct")
    if count is not None:
        return [count]
    return possible_counts(percent, size) if percent is not None else []


RULES: tuple[Rule, ...] = (
    Rule(
        "complements",
        "A level in the text and the other one in the table make up the group",
        complements,
        "Definition",
        "No tolerance for counts; rounding or cutting off for percentages",
        "counts",
        PARTICIPANTS,
    ),
)
