"""Single figures: an estimate lies between its limits, and within the scale of its row."""

from __future__ import annotations

from haicbook.audit.cells import Cell, grouped, place
from haicbook.audit.finding import Finding
from haicbook.audit.registry import RESULTS, STATISTICS, Rule
from haicbook.study import Paper

_ESTIMATES = ("median", "mean", "rate", "pct", "hr")
_SCALED = ("mean", "median", "q1", "q3")
_COLUMNS, _TOGETHER, _APART = 4, 3.0, 4.0
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
            outside = f"{value.figure} outside [{limits.replace(' to ', ', ')}]"
            findings.append(
                Finding("interval", "error", paper.study, ids, cell.text, bound, sentence, recomputation=outside)
            )
    return findings


def out_of_scale(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A mean, median or quartile that is four times away from all its row's others, which agree within a factor of 3.

    The columns of a baseline table are samples of one kind of patients, after matching even of the same ones: a figure
    out of scale has a digit too few or too many.
    """
    findings = []
    baseline = [cell for cell in found if cell.about.kind == "baseline"]
    for row in grouped(baseline, lambda cell: (cell.about.file, cell.about.line)).values():
        for name in _SCALED:
            printed = [(cell, number) for cell in row if (number := cell.number(name)) is not None and number.value > 0]
            for cell, number in printed:
                others = [other.value for _, other in printed if other is not number]
                if len(others) >= _COLUMNS - 1 and _apart(number.value, others):
                    findings.append(_out_of_scale(paper, cell, name, others))
    return findings


def _apart(value: float, others: list[float]) -> bool:
    together = max(others) < _TOGETHER * min(others)
    return together and (value * _APART < min(others) or value > _APART * max(others))


def _out_of_scale(paper: Paper, cell: Cell, name: str, others: list[float]) -> Finding:
    figure, span = cell.numbers[name].figure, f"{min(others):g} to {max(others):g}"
    sentence = f"{place(paper, cell)}: {figure} is out of scale; the other columns have {span}."
    return Finding(
        "out_of_scale",
        "warning",
        paper.study,
        (cell.ids[name],),
        cell.text,
        span,
        sentence,
        recomputation=f"{figure} against {', '.join(f'{other:g}' for other in others)}",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "interval",
        "An estimate lies within its limits",
        enclosed,
        "Definition",
        "Rounding of both",
        "tests",
        STATISTICS,
    ),
    Rule(
        "out_of_scale",
        "The figures of a row are of one order of magnitude",
        out_of_scale,
        "Comparison of the columns of one row",
        "A factor of 4 from all the others, which agree within a factor of 3; at least four columns",
        "moments",
        RESULTS,
    ),
)
