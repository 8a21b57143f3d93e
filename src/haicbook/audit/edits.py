"""Single edits of printed cells: one digit, two digits that change places, two cells that change places."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from haicbook.audit.cells import Cell, group_size
from haicbook.printed import CellError, Printed, format_like, parse_cell
from haicbook.study import Paper


class EditKind(StrEnum):
    """What an edit changes, the simplest change first."""

    SWAPPED_CELLS = "two cells swapped"
    SWAPPED_FIGURES = "two figures swapped"
    SWAPPED_DIGITS = "two digits transposed"
    LEADING = "leading digit left out"
    ONE_DIGIT = "one digit changed"
    WHOLE_CELL = "count and percentage changed together"
    STRAY = "stray characters left out"


# counts this far away are tried together with their percentage
_NEAR = 5


@dataclass(frozen=True, eq=False)
class Edit:
    """Cells before and after one change, and what was changed."""

    before: tuple[Cell, ...]
    after: tuple[Cell, ...]
    change: EditKind

    @property
    def printed(self) -> str:
        """The cells as printed."""
        return " and ".join(cell.text for cell in self.before)

    @property
    def repaired(self) -> str:
        """The cells after the change."""
        return " and ".join(cell.text for cell in self.after)

    def applied(self, cells: list[Cell]) -> list[Cell]:
        """The cells with those edited in their places."""
        new = {id(old): new for old, new in zip(self.before, self.after, strict=True)}
        return [new.get(id(cell), cell) for cell in cells]


def digits(figure: str) -> Iterator[tuple[str, EditKind]]:
    """Figures that differ in one digit, lack the first, or have two neighbours change places, with the change."""
    for place, (one, other) in enumerate(itertools.pairwise(figure)):
        if one != other and one.isdigit() and other.isdigit():
            yield figure[:place] + other + one + figure[place + 2 :], EditKind.SWAPPED_DIGITS
    if len(figure) > 1 and figure[:2].isdigit() and figure[1] != "0":
        yield figure[1:], EditKind.LEADING
    for place, character in enumerate(figure):
        if character.isdigit():
            for digit in "0123456789":
                edited = figure[:place] + digit + figure[place + 1 :]
                # no figure begins with a zero that none would print
                leading = digit == "0" and place == 0 and len(figure) > 1 and figure[1].isdigit()
                if digit != character and not leading:
                    yield edited, EditKind.ONE_DIGIT


def reread(cell: Cell, text: str) -> Cell | None:
    """The cell with another text; None where it can no longer be read in the same way."""
    numbers = _numbers(text, str(cell.about.read_as))
    if numbers is None or set(numbers) != set(cell.numbers):
        return None
    return replace(cell, about=cell.about._replace(cell=text), numbers=numbers)


@lru_cache(maxsize=16_384)
def _numbers(text: str, read_as: str) -> dict[str, Printed] | None:
    try:
        return dict(parse_cell(text, read_as))
    except CellError:
        return None


def of_one_cell(paper: Paper, cell: Cell) -> Iterator[Edit]:
    """Every single edit within one cell."""
    for name, printed in cell.numbers.items():
        figure = printed.figure.strip()
        if name != "denominator" and printed.state == "exact" and cell.text.count(figure) == 1:
            for repaired, change in digits(figure):
                edited = reread(cell, cell.text.replace(figure, repaired))
                if edited is not None:
                    yield Edit((cell,), (edited,), change)
    yield from _figures_swapped(cell)
    yield from _whole_cell(paper, cell)


def _figures_swapped(cell: Cell) -> Iterator[Edit]:
    names = [name for name, printed in cell.numbers.items() if printed.state == "exact" and name not in ("n", "pct")]
    for one, other in itertools.combinations(names, 2):
        first, second = cell.numbers[one].figure, cell.numbers[other].figure
        if first != second and cell.text.count(first) == cell.text.count(second) == 1:
            swapped = cell.text.replace(first, "\0").replace(second, first).replace("\0", second)
            edited = reread(cell, swapped)
            if edited is not None:
                yield Edit((cell,), (edited,), EditKind.SWAPPED_FIGURES)


def _whole_cell(paper: Paper, cell: Cell) -> Iterator[Edit]:
    """Another count nearby, with its percentage."""
    count, percent, size = cell.count(), cell.number("pct"), group_size(paper, cell)
    if count is None or percent is None or not size or cell.number("denominator") is not None:
        return
    old = percent.figure.rstrip("%").strip()
    for other in range(max(0, count - _NEAR), min(size, count + _NEAR) + 1):
        if other != count:
            text = cell.text.replace(old, "\0", 1).replace(str(count), str(other), 1)
            edited = reread(cell, text.replace("\0", format_like(100 * other / size, percent)))
            if edited is not None:
                yield Edit((cell,), (edited,), EditKind.WHOLE_CELL)


def of_two_cells(cell: Cell, others: list[Cell]) -> Iterator[Edit]:
    """The cell and another of its row, or of its column within a covariate or event, with their contents exchanged."""
    for other in others:
        if other is cell or other.text == cell.text or not _neighbours(cell, other):
            continue
        for one, two in _exchanged(cell, other):
            first, second = reread(cell, one), reread(other, two)
            if first is not None and second is not None:
                yield Edit((cell, other), (first, second), EditKind.SWAPPED_CELLS)


def _neighbours(one: Cell, other: Cell) -> bool:
    a, b = one.about, other.about
    same_kind = a.file == b.file and a.kind != "claim" and a.read_as == b.read_as and a.population == b.population
    return bool(same_kind and (a.row == b.row or a.read_as == "p"))


def _exchanged(one: Cell, other: Cell) -> Iterator[tuple[str, str]]:
    """The two texts exchanged as a whole, or their percentages only."""
    yield other.text, one.text
    a, b = one.number("pct"), other.number("pct")
    if a is not None and b is not None and a.figure != b.figure:
        yield one.text.replace(a.figure, b.figure, 1), other.text.replace(b.figure, a.figure, 1)
