"""Heat maps of shares of patients: a row for each characteristic or event, a column for each arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from haicbook.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# pale to dark, so that the shares can be told apart in grey
_BLUES = ("#e3eef7", "#2a7fbf", "#0e2f4a")
_REDS = ("#fbe9dd", "#d55e00", "#5a1f00")
MISSING = {
    "lost_in_text": "lost",
    "not_reported": "n. r.",
    "supplement_only": "suppl.",
    "not_mapped": "n. m.",
    "no_table": "",
    "no_row": "",
    "no_grade": "",
}
_MARKS = {"several": "‡", "added": "+"}


def patients_heat(shares: pd.DataFrame) -> tuple[Figure, Axes]:
    """Characteristics of the patients in every arm, in per cent.

    Parameters
    ----------
    shares
        From :func:`haicbook.synthesis.patients`.
    """
    fig, ax = style.figure(shares.name.nunique() + 2, row_height=0.34)
    _heat(ax, shares.assign(row=shares.name), _BLUES)
    return fig, ax


def harms_heat(found: pd.DataFrame, level: str) -> tuple[Figure, Axes]:
    """Adverse events in every arm, in per cent; an empty hatched cell is an event that the paper does not print.

    Parameters
    ----------
    found
        From :func:`haicbook.synthesis.harms`, the terms to draw.
    level
        `any` or `severe`.
    """
    chosen = found[found.level == level]
    fig, ax = style.figure(chosen.term.nunique() + 2, row_height=0.29)
    fig.subplots_adjust(left=0.36)
    _heat(ax, chosen.assign(row=chosen.term), _BLUES if level == "any" else _REDS)
    return fig, ax


def _heat(ax: Axes, cells: pd.DataFrame, colours: tuple[str, str, str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    if cells.empty:
        style.say(ax, "No paper prints what this map shows.")
        return
    shades = LinearSegmentedColormap.from_list("shares", list(colours))
    rows, columns = list(dict.fromkeys(cells.row)), list(dict.fromkeys(cells.label))
    for cell in cells.itertuples(index=False):
        _tile(ax, columns.index(cell.label), rows.index(cell.row), cell, shades)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), [row if len(row) < 34 else row[:32] + "…" for row in rows])
    ax.set_xticks(range(len(columns)), [label.replace(": ", "\n") for label in columns], rotation=60, fontsize=8)
    for tick in ax.get_xticklabels():
        tick.set_horizontalalignment("left")
        tick.set_rotation_mode("anchor")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _between_studies(ax, cells, columns)


def _tile(ax: Axes, x: int, y: int, cell: Any, shades: Any) -> None:
    from matplotlib.patches import Rectangle

    corner = (x - 0.48, y - 0.46)
    if not math.isfinite(cell.share):
        ax.add_patch(Rectangle(corner, 0.96, 0.92, fill=False, hatch="////", ec=style.FAINT, lw=0))
        ax.text(x, y, MISSING[cell.state], ha="center", va="center", fontsize=7.5, color=style.INK)
        return
    ax.add_patch(Rectangle(corner, 0.96, 0.92, fc=shades(cell.share), lw=0))
    text = f"{100 * cell.share:.0f}{_MARKS.get(cell.state, '')}"
    ax.text(x, y, text, ha="center", va="center", fontsize=8, color="#ffffff" if cell.share > 0.4 else "#1c1c1c")


def _between_studies(ax: Axes, cells: pd.DataFrame, columns: list[str]) -> None:
    """A line between the arms of one study and those of the next."""
    study_of = dict(zip(cells.label, cells.study, strict=True))
    for x in range(1, len(columns)):
        if study_of[columns[x]] != study_of[columns[x - 1]]:
            ax.axvline(x - 0.5, color=style.INK, lw=0.8)
