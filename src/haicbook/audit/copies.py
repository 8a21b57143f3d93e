"""Where a figure that does not fit stands rightly: it may have been copied from there."""

from __future__ import annotations

from collections.abc import Iterator

from haicbook.audit.cells import Cell, by, denominator, possible_counts, what
from haicbook.audit.finding import Finding
from haicbook.study import Paper

_beside = by("section", "file", "arm", "population", "grade")
_in_row = by("file", "row", "population", "grade")


def copied(paper: Paper, cells: list[Cell], finding: Finding) -> str:
    """A sentence on the cell whose figure a finding's cell repeats; empty where there is none.

    A percentage that is not its count's is looked for among the other cells of its row, a figure that differs from
    place to place among the other events or rows of its passage.

    Parameters
    ----------
    paper, cells
        The study and its cells.
    finding
        Of the rule `percentage` or `repeated`.
    """
    involved = [cell for cell in cells if set(cell.ids.values()) & set(finding.value_ids)]
    look = {"percentage": _percentage_of, "repeated": _beside_it}.get(finding.rule)
    if look is None:
        return ""
    return next((said for cell in involved for said in look(paper, cell, cells)), "")


def _percentage_of(paper: Paper, cell: Cell, cells: list[Cell]) -> Iterator[str]:
    percent = cell.number("pct")
    for other in cells:
        printed, size = other.number("pct"), denominator(paper, other)
        if other is cell or percent is None or printed is None or not size or _in_row(other) != _in_row(cell):
            continue
        if printed.figure == percent.figure and percent.decimals and other.count() in possible_counts(printed, size):
            yield f"{percent.figure} is the percentage of another cell of the row, {what(other)}: {other.text}."


def _beside_it(paper: Paper, cell: Cell, cells: list[Cell]) -> Iterator[str]:
    for other in cells:
        if cell.about.kind != "claim" or other.quantity == cell.quantity or _beside(other) != _beside(cell):
            continue
        if other.text == cell.text and cell.count() is not None and _confirmed(other, cells):
            yield f"{cell.text} is what {cell.about.source} prints for {what(other)}, too."


def _confirmed(cell: Cell, cells: list[Cell]) -> bool:
    """Whether a table has the count of a claim for what it is about."""
    same = by("quantity", "level", "arm", "population", "grade")
    return any(c.about.kind != "claim" and same(c) == same(cell) and c.count() == cell.count() for c in cells)
