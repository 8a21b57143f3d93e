"""What laying an extraction over a text found: plain results, to be shown or written out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sought:
    """One printed cell, looked for in the text.

    Attributes
    ----------
    file, line, column
        Where the cell stands in data/.
    source, label
        Where in the paper it should stand: Table 3, row Fever; Results, Survival.
    cell
        As the data print it.
    missing
        Its figures that are not at that place; empty when all are.
    text_line
        Line of the text where it stands, or where it was looked for; 0 when there is no such place.
    note
        What was seen instead.
    """

    file: str
    line: int
    column: str
    source: str
    label: str
    cell: str
    missing: tuple[str, ...]
    text_line: int
    note: str = ""

    @property
    def found(self) -> bool:
        """Whether every figure of the cell is at its place."""
        return not self.missing


@dataclass(frozen=True)
class Uncovered:
    """A figure of the text that is in no data file: its line, part of the paper, and the words around it."""

    text_line: int
    part: str
    figure: str
    context: str


@dataclass(frozen=True)
class Shifted:
    """A row whose figures stand all in the text, but beside another label or in another order."""

    file: str
    line: int
    label: str
    text_line: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """One study's extraction laid over its text.

    Attributes
    ----------
    study
        Its key.
    checked
        Every printed cell of the data.
    uncovered
        Figures of the text that no cell shows, in reading order.
    shifted
        Rows that look shifted.
    figures
        How many figures of the text were asked about.
    left_out
        How many figures are no results, by rule.
    """

    study: str
    checked: tuple[Sought, ...]
    uncovered: tuple[Uncovered, ...]
    shifted: tuple[Shifted, ...]
    figures: int
    left_out: dict[str, int]

    @property
    def not_found(self) -> tuple[Sought, ...]:
        """Cells with a figure that is not at its place."""
        return tuple(cell for cell in self.checked if not cell.found)
