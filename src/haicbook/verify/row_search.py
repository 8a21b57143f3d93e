"""A printed table's rows, looked for in the text: by their labels, and their figures in the order of the columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from haicbook.verify.clean import clean
from haicbook.verify.items import Item, read_cell, read_items
from haicbook.verify.matching import in_order
from haicbook.verify.verdict import Shifted, Sought

_SHIFT_NEEDS = 3  # fewer figures stand together by chance


@dataclass(frozen=True)
class TextCell:
    """A printed cell: its column, its characters, whether it is a p-value."""

    column: str
    printed: str
    is_p: bool

    @property
    def items(self) -> list[Item]:
        """What the text must show."""
        return read_cell(self.printed)


@dataclass(frozen=True)
class TableRow:
    """A row of a table's CSV and its cells in the order of the columns."""

    file: str
    line: int
    source: str
    label: str
    cells: tuple[TextCell, ...]


@dataclass
class Segment:
    """The part of a table's text that follows one label: positions of its items, and of its figures."""

    label: range
    figures: list[int] = field(default_factory=list)


def check_rows(rows: Sequence[TableRow], items: Sequence[Item]) -> tuple[list[Sought], list[Shifted], set[int]]:
    """Look for each row in a table's items.

    Returns
    -------
    checked, shifted, covered
        A verdict on each cell; rows that look shifted; positions of the items that the data hold, labels included.
    """
    places = _place(rows, items)
    checked: list[Sought] = []
    shifted: list[Shifted] = []
    covered: set[int] = set()
    for row, segment in zip(rows, places, strict=True):
        expected = [(cell, item) for cell in row.cells for item in cell.items]
        figures = [items[index] for index in segment.figures] if segment else []
        found = in_order([item for _, item in expected], figures, [cell.is_p for cell, _ in expected])
        if segment:
            covered |= set(segment.label) | {segment.figures[place] for place in found if place is not None}
        where = items[segment.label.start].line if segment else 0
        moved = _moved(row, expected, found, figures, items, segment) if None in found else None
        if moved:
            shifted.append(moved)
        checked += _verdicts(row, expected, found, where, moved, bool(items))
    return checked, shifted, covered


def _verdicts(
    row: TableRow,
    expected: Sequence[tuple[TextCell, Item]],
    found: Sequence[int | None],
    where: int,
    moved: Shifted | None,
    has_table: bool,
) -> list[Sought]:
    if not has_table:
        note = "the text has no such table"
    elif not where:
        note = "no such label in the table" + (f"; its figures stand in line {moved.text_line}" if moved else "")
    else:
        note = moved.what if moved else ""
    verdicts = []
    for cell in row.cells:
        missing = tuple(
            item.sign + item.text
            for (owner, item), place in zip(expected, found, strict=True)
            if owner is cell and place is None
        )
        verdicts.append(
            Sought(
                row.file,
                row.line,
                cell.column,
                row.source,
                row.label,
                cell.printed,
                missing,
                where,
                note if missing else "",
            )
        )
    return verdicts


def _moved(
    row: TableRow,
    expected: Sequence[tuple[TextCell, Item]],
    found: Sequence[int | None],
    figures: Sequence[Item],
    items: Sequence[Item],
    segment: Segment | None,
) -> Shifted | None:
    """Whether the row's figures are there after all: in another order, or beside another label."""
    wanted = [item.sign + item.text for _, item in expected]
    if len(wanted) < 2:
        return None
    if sorted(wanted) == sorted(item.sign + item.text for item in figures):
        return Shifted(row.file, row.line, row.label, figures[0].line, "its figures stand in another order")
    if len(wanted) < _SHIFT_NEEDS:
        return None
    every = [index for index, item in enumerate(items) if item.counts]
    shown = [items[index].sign + items[index].text for index in every]
    for start in range(len(shown) - len(wanted) + 1):
        if shown[start : start + len(wanted)] == wanted:
            line = items[every[start]].line
            what = f"its figures stand beside another label, in line {line}"
            return Shifted(row.file, row.line, row.label, line, what)
    return None


def _key(items: Sequence[Item]) -> str:
    return "".join(item.sign + item.text for item in items)


def _place(rows: Sequence[TableRow], items: Sequence[Item]) -> list[Segment | None]:
    """For each row the segment of the text that its label heads."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_label[row.label].append(index)
    candidates = {label: _occurrences(label, items) for label in by_label}
    heads = sorted({occurrence.start for found in candidates.values() for occurrence in found})
    places: list[Segment | None] = [None] * len(rows)
    for label, members in by_label.items():
        segments = [Segment(occurrence, _figures_after(occurrence, heads, items)) for occurrence in candidates[label]]
        for index, segment in zip(members, _assign([rows[i] for i in members], segments, items), strict=True):
            places[index] = segment
    return places


def _occurrences(label: str, items: Sequence[Item]) -> list[range]:
    """Where the label stands at the beginning of a line; without its brackets, or within a line, when it does not."""
    for shown in dict.fromkeys((label, re.sub(r"\s*\([^()]*(?:\([^()]*\))?[^()]*\)\s*$", "", label))):
        key = _key(read_items([clean(shown)], [True]))
        if not key:
            continue
        for line_start_only in (True, False):
            found = [
                range(start, end)
                for start, item in enumerate(items)
                if (item.starts or not line_start_only) and (end := _matches(key, items, start))
            ]
            if found:
                return found
    return []


def _matches(key: str, items: Sequence[Item], start: int) -> int:
    """The position after the items that spell the key from `start` on, wherever words are broken; 0 if they do not."""
    spelled, position = "", start
    while position < len(items) and len(spelled) < len(key):
        spelled += items[position].sign + items[position].text
        if not key.startswith(spelled):
            return 0
        position += 1
    return position if spelled == key else 0


def _figures_after(label: range, heads: Sequence[int], items: Sequence[Item]) -> list[int]:
    end = next((head for head in heads if head >= label.stop and items[head].starts), len(items))
    return [index for index in range(label.stop, end) if items[index].counts]


def _assign(rows: Sequence[TableRow], segments: Sequence[Segment], items: Sequence[Item]) -> list[Segment | None]:
    """Rows of the same label to its occurrences, both in order, so that most figures agree; each row one if it can."""
    if len(rows) == len(segments):
        return list(segments)
    scores = [[_agreeing(row, segment, items) for segment in segments] for row in rows]
    best: dict[tuple[int, int], tuple[int, list[int | None]]] = {}

    def solve(i: int, j: int) -> tuple[int, list[int | None]]:
        if i == len(rows):
            return 0, []
        if (i, j) in best:
            return best[i, j]
        options = [(solve(i + 1, j)[0], [None, *solve(i + 1, j)[1]])]
        if j < len(segments):
            options.append(solve(i, j + 1))
            below = solve(i + 1, j + 1)
            options.append((below[0] + 1 + 2 * scores[i][j], [j, *below[1]]))
        best[i, j] = max(options, key=lambda option: option[0])
        return best[i, j]

    return [None if j is None else segments[j] for j in solve(0, 0)[1]]


def _agreeing(row: TableRow, segment: Segment, items: Sequence[Item]) -> int:
    expected = [(cell, item) for cell in row.cells for item in cell.items]
    figures = [items[index] for index in segment.figures]
    found = in_order([item for _, item in expected], figures, [cell.is_p for cell, _ in expected])
    return sum(place is not None for place in found)
