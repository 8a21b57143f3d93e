"""Tables for the page: numbered, captioned, with their source in the paper."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from haicbook.markup import escape
from haicbook.show.value_links import value_link

if TYPE_CHECKING:
    from IPython.display import Markdown

    from haicbook.study import Paper

# a row of a frame as `itertuples` yields it: its fields are the frame's columns
Row: TypeAlias = Any


class Linked(str):
    """A cell that leads to its printed value's row in the appendix.

    Attributes
    ----------
    value_id
        The value's id; without one the cell is plain text.
    """

    value_id: str

    def __new__(cls, text: str, value_id: str = "") -> Linked:
        """The text of a cell, with the id of the value behind it."""
        cell = super().__new__(cls, text)
        cell.value_id = value_id
        return cell


def table(
    frame: pd.DataFrame, caption: str, name: str, *, source: str = "", align: str = "", notes: Iterable[str] = ()
) -> Markdown:
    """A DataFrame of strings as a numbered MyST table.

    Parameters
    ----------
    frame
        Cells are shown as they are, and none is read as Markdown but :class:`haicbook.markup.Markup`; numbers must
        have been formatted.
    caption
        One sentence without a full stop at its end; text or markup, as `source` and `notes` are.
    name
        Cross-reference target, `tab-cao2024-baseline`.
    source
        Where the paper prints the figures, `Table 3`; shown after the caption.
    align
        One letter a column, `l`, `c` or `r`; the first left and the others right when empty.
    notes
        Sentences beneath the table.

    Returns
    -------
    IPython.display.Markdown
        For a cell whose metadata says `mystnb: {markdown_format: myst}`.
    """
    from IPython.display import Markdown

    where = f" Source: {escape(source)}." if source else ""
    align = align or "l" + "r" * (frame.shape[1] - 1)
    kind = "haic-table" if "r" in align else "haic-table haic-text"
    rule = "|".join({"l": ":--", "c": ":-:", "r": "--:"}[letter] for letter in align)
    lines = [_row(frame.columns), f"|{rule}|", *(_row(row) for row in frame.itertuples(index=False))]
    body = "\n".join(lines)
    beneath = "".join(f"\n{escape(note)}\n" for note in notes)
    return Markdown(f":::{{table}} {escape(caption)}.{where}\n:name: {name}\n:class: {kind}\n\n{body}\n:::\n{beneath}")


def _row(cells: Iterable[object]) -> str:
    return "|" + "|".join(_cell(cell) for cell in cells) + "|"


def _cell(cell: Row) -> str:
    return linked(cell, cell.value_id if isinstance(cell, Linked) else "") or " "


def linked(text: object, value_id: str) -> str:
    """A text that leads to a printed value's row in the appendix; plain without an id."""
    shown = escape(text)
    return f'<a class="haic-value" href="{value_link(value_id)}">{shown}</a>' if value_id and shown else shown


def note(text: str, kind: str = "note") -> Markdown:
    """A short notice in a box; `kind` is an admonition of MyST: note, warning, important."""
    from IPython.display import Markdown

    return Markdown(f":::{{{kind}}}\n{escape(text)}\n:::\n")


def lost(entries: list[str]) -> Markdown:
    """What the text lost or the paper does not report, at the place where it is missed."""
    if not entries:
        return note("Nothing of this section is missing.")
    listing = "\n".join(f"* {escape(entry)}" for entry in entries)
    from IPython.display import Markdown

    count = f"{len(entries)} item" + ("s" if len(entries) > 1 else "")
    return Markdown(f":::{{admonition}} Not available: {count}\n:class: haic-lost dropdown\n{listing}\n:::\n")


def number(value: float, decimals: int = 2, missing: str = "–") -> str:
    """A number for a table cell, with a true minus sign; `missing` for NaN."""
    if value is None or pd.isna(value):
        return missing
    return f"{value:.{decimals}f}".replace("-", "−")


def percent(value: float, decimals: int = 1) -> str:
    """A proportion in [0, 1] as a percentage."""
    return number(100 * value, decimals) if pd.notna(value) else "–"


def interval(low: float, high: float, decimals: int = 2) -> str:
    """Two limits with `to` between them, since a dash would run into a minus sign."""
    return f"{number(low, decimals)} to {number(high, decimals)}"


def p_value(p: float) -> str:
    """A p-value with three decimals, or `<0.001`."""
    if pd.isna(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def with_arms_named(paper: Paper, message: str) -> str:
    """A message with the arms' short names instead of their keys; of the only arm without a name."""
    for arm, spec in paper.spec.arms.items():
        if len(paper.spec.arms) == 1:
            message = re.sub(rf"(?:,| of| in) arm {re.escape(arm)}\b", "", message)
        message = re.sub(rf"\barm {re.escape(arm)}\b", f"arm {spec.short}", message)
    return message
