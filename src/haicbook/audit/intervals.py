"""Intervals: an estimate lies between its limits."""

from __future__ import annotations

from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Finding
from haicbook.study import Paper

_ESTIMATES = ("median", "mean", "rate", "pct", "hr")
_LIMITS = {
    ("ci_low", "ci_high"): "confidence limits",
    ("q1", "q3"): "quartiles",
    ("min", "max"): "range",
}


def enclosed(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Confidence limits, quartiles and ranges enclose the estimate that they are printed with.

    Only limits that can be read are compared: one that is not reached encloses everything.
    """
    return [finding for cell in found for finding in _outside(paper, cell)]


def _outside(paper: Paper, cell: Cell) -> list[Finding]:
    estimate = next((name for name in _ESTIMATES if cell.number(name) is not None), None)
    if estimate is None:
        return []
    value = cell.numbers[estimate]
    findings = []
    for names, words in _LIMITS.items():
        low, high = (cell.number(name) for name in names)
        bound = ""
        if low is not None and value.high < low.low:
            bound = f"at least {low.figure}"
        elif high is not None and value.low > high.high:
            bound = f"at most {high.figure}"
        if bound:
            printed = [name for name in names if name in cell.ids]
            ids = (cell.ids[estimate], *(cell.ids[name] for name in printed))
            limits = " to ".join(cell.numbers[name].figure for name in printed)
            sentence = f"{place(paper, cell)}: {value.figure} does not lie within its {words}, {limits}."
            findings.append(Finding("interval", "error", paper.study, ids, cell.text, bound, sentence))
    return findings
