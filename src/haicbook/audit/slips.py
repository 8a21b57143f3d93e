"""One slip is one finding: what follows from the same slip as another finding is listed with it, and counted once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from haicbook.audit.cells import Cell, variable
from haicbook.audit.finding import Finding, by_severity

# findings of the first rule explain those of the others that concern figures which it says are in dispute
_EXPLAINS = {
    "repeated": {"repeated", "p_value", "percentage", "attainable", "interval", "most_common", "arms"},
    "repeated_rows": {"nested", "one_event_twice"},
    "ratio_twice": {"ratio_precision"},
    "ratio_precision": {"ratio_inflation"},
    "median_interval": {"median_symmetry"},
    "two_stage": {"two_stage"},
}
Cells = dict[str, Cell]


def gathered(cells: list[Cell], findings: list[Finding]) -> list[Finding]:
    """The findings, each slip once, with the others that follow from it as its `consequences`.

    Two errors or warnings are of one slip where the one explains the other (a figure that differs from place to place
    fails in its other rules too; so do a copied row and an impossible interval), where one repair reconciles both, and
    where they are two sides of one figure: the two levels of a pair whose percentages make up 100, a covariate's groups
    in two models, a curve's estimator, the patients whom two statements leave out. Notes are habits, and stay as they
    are.

    Parameters
    ----------
    cells
        The study's.
    findings
        What the rules found, with repairs.
    """
    by_id = {value: cell for cell in cells for value in cell.ids.values()}
    slips: list[list[Finding]] = []
    for finding in findings:
        own = [slip for slip in slips if any(_of_one_slip(by_id, finding, other) for other in slip)]
        joined = [finding] if not own else [*itertools.chain(*own), finding]
        slips = [slip for slip in slips if slip not in own] + [joined]
    order = {id(finding): place for place, finding in enumerate(findings)}
    heads = [_head(sorted(slip, key=lambda finding: order[id(finding)])) for slip in slips]
    return sorted(heads, key=lambda head: findings.index(replace(head, consequences=())))


def _head(slip: list[Finding]) -> Finding:
    """The gravest finding of a slip, one that explains the others first, with the others as its consequences."""
    first, *others = by_severity(sorted(slip, key=lambda finding: finding.rule not in _EXPLAINS))
    return replace(first, consequences=tuple(others))


def _of_one_slip(by_id: Cells, one: Finding, other: Finding) -> bool:
    if "info" in (one.severity, other.severity):
        return False
    if one.repair and one.repair == other.repair:
        return True
    if one.rule == other.rule and one.rule in _TWO_SIDES:
        return _TWO_SIDES[one.rule](by_id, one, other)
    return _explains(one, other) or _explains(other, one)


def _explains(one: Finding, other: Finding) -> bool:
    shared = set(one.value_ids) & set(other.value_ids)
    return bool(shared) and other.rule in _EXPLAINS.get(one.rule, ())


def _make_up_100(by_id: Cells, one: Finding, other: Finding) -> bool:
    """Whether two percentages are those of a pair of levels, so that the one was taken from 100 for the other."""
    a, b = (by_id[finding.value_ids[0]] for finding in (one, other))
    percentages = [cell.number("pct") for cell in (a, b)]
    if variable(a) != variable(b) or a.about.grade != b.about.grade or None in percentages:
        return False
    return sum(Fraction(printed.figure.strip(" %")) for printed in percentages if printed) == 100


def _one_covariate(by_id: Cells, one: Finding, other: Finding) -> bool:
    """Whether two ratios, as far off, are of one covariate's groups, for two endpoints or in two models."""
    a, b = (by_id[finding.value_ids[0]] for finding in (one, other))
    same = (a.quantity, a.about.level, a.about.population) == (b.quantity, b.about.level, b.about.population)
    return same and one.severity == other.severity


def _one_estimator(by_id: Cells, one: Finding, other: Finding) -> bool:
    """Whether two curves are explained by one other estimator."""
    return one.severity == other.severity == "warning" and one.recomputed == other.recomputed


def _same_patients(by_id: Cells, one: Finding, other: Finding) -> bool:
    """Whether two statements on all patients fail by the same counts."""
    return bool(set(one.value_ids) & set(other.value_ids))


_TWO_SIDES: dict[str, Callable[[Cells, Finding, Finding], bool]] = {
    "percentage": _make_up_100,
    "ratio_precision": _one_covariate,
    "rate_attainable": _one_estimator,
    "all_of": _same_patients,
}
