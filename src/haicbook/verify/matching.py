"""Where in a text the figures of a printed cell stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from haicbook.verify.items import Item, same


@dataclass(frozen=True)
class Window:
    """Where the figures of one cell were found: for each of them the item's position, or None."""

    positions: tuple[int | None, ...]

    @property
    def found(self) -> int:
        """How many of the figures stand there."""
        return sum(position is not None for position in self.positions)

    @property
    def span(self) -> int:
        """How many items lie between the first and the last."""
        known = [position for position in self.positions if position is not None]
        return max(known) - min(known) if known else 0


def windows(cell: Sequence[Item], text: Sequence[Item], *, exact_sign: bool) -> list[Window]:
    """All places where most figures of the cell stand together, the tightest first; none when no figure is there.

    Parameters
    ----------
    cell
        The cell's figures in the order printed.
    text
        Figures of the section in reading order.
    exact_sign
        Whether `0.001` must not be found in `<0.001`.
    """
    by_text: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, item in enumerate(text):
        by_text[item.kind, item.text].append(index)
    starts = sorted({index for item in cell for index in by_text.get((item.kind, item.text), ())})
    reach = len(cell)
    candidates = [_take(cell, text[start : start + reach], start, exact_sign) for start in starts]
    best = max((window.found for window in candidates), default=0)
    if not best:
        return []
    return sorted((window for window in candidates if window.found == best), key=lambda window: window.span)


def _take(cell: Sequence[Item], near: Sequence[Item], start: int, exact_sign: bool) -> Window:
    """The cell's figures among the items near each other, each item taken once, in any order."""
    taken: set[int] = set()
    positions: list[int | None] = []
    for item in cell:
        place = next(
            (
                start + offset
                for offset, other in enumerate(near)
                if start + offset not in taken and same(item, other, exact_sign=exact_sign)
            ),
            None,
        )
        if place is not None:
            taken.add(place)
        positions.append(place)
    return Window(tuple(positions))


def in_order(expected: Sequence[Item], text: Sequence[Item], exact_signs: Sequence[bool]) -> list[int | None]:
    """The longest way to find the expected figures in the text's order (longest common subsequence).

    Returns
    -------
    list of int or None
        For each expected figure the position of the item that shows it.
    """
    rows, columns = len(expected), len(text)
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    equal = [
        [same(item, other, exact_sign=exact) for other in text]
        for item, exact in zip(expected, exact_signs, strict=True)
    ]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            longest[i][j] = longest[i + 1][j + 1] + 1 if equal[i][j] else max(longest[i + 1][j], longest[i][j + 1])
    found: list[int | None] = [None] * rows
    i = j = 0
    while i < rows and j < columns:
        if equal[i][j] and longest[i][j] == longest[i + 1][j + 1] + 1:
            found[i] = j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
