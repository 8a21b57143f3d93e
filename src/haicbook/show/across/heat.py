"""Heat maps: shares of patients with a characteristic or event in each arm, and how far apart the studies are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Row, percent

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


def heat_alt(cells: pd.DataFrame, row: str, what: str) -> str:
    """What one would say of a heat map on the telephone.

    Parameters
    ----------
    cells
        As drawn: a `share` for each row and arm.
    row
        The column that names its rows.
    what
        What the rows are.
    """
    known = cells[cells.share.notna()]
    told = f"Heat map of {cells[row].nunique()} {what} in {cells.label.nunique()} arms"
    if known.empty:
        return f"{told}, all without a figure"
    shares = known.groupby(row, sort=False).share.agg(["median", "min", "max"]).sort_values("median")
    ends = [(word, shares.iloc[place]) for word, place in (("Commonest", -1), ("rarest", 0))]
    spans = "; ".join(f"{word} {shown.name}, {_span(shown['min'], shown['max'])}" for word, shown in ends)
    empty = [str(label) for label, arm in cells.groupby("label", sort=False) if arm.share.isna().all()]
    hatched = f"{len(cells) - len(known)} of {len(cells)} cells are hatched"
    return f"{told}. {spans}. {hatched}{', among them all of ' + ' and '.join(empty) if empty else ''}"


def _span(least: float, most: float) -> str:
    ends = dict.fromkeys(percent(share, 0) for share in (least, most))
    return f"{' to '.join(ends)} %"


def _heat(ax: Axes, cells: pd.DataFrame, colours: tuple[str, str, str]) -> None:
    if cells.empty:
        style.say(ax, "No paper prints what this map shows.")
        return
    _tiles(ax, cells.assign(column=cells.label, words=[_words(cell) for cell in cells.itertuples()]), colours)
    rows, columns = list(dict.fromkeys(cells.row)), list(dict.fromkeys(cells.label))
    for cell in cells[cells.share.isna()].itertuples():
        place = columns.index(cell.label) + 0.5, rows.index(cell.row) + 0.5
        ax.text(*place, MISSING[cell.state], ha="center", va="center", fontsize=7.5, color=style.INK)
    ax.patch.set(hatch="////", edgecolor=style.FAINT, linewidth=0)
    ax.set_yticklabels([row if len(row) < 34 else row[:32] + "…" for row in rows])
    ax.xaxis.tick_top()
    names = [label.replace(": ", "\n") for label in columns]
    ax.set_xticklabels(names, rotation=60, fontsize=8, ha="left", rotation_mode="anchor")
    ax.tick_params(length=0)
    _between_studies(ax, cells, columns)


def _words(cell: Row) -> str:
    return f"{100 * cell.share:.0f}{_MARKS.get(cell.state, '')}" if math.isfinite(cell.share) else ""


def _tiles(ax: Axes, cells: pd.DataFrame, colours: tuple[str, str, str]) -> None:
    """A coloured tile for each `row` and `column` that has a `share` from 0 to 1, with its `words`."""
    import seaborn as sns

    shown = {
        values: cells.pivot_table(index="row", columns="column", values=values, aggfunc="first").reindex(
            index=cells.row.unique(), columns=cells.column.unique()
        )
        for values in ("share", "words")
    }
    sns.heatmap(
        shown["share"],
        vmin=0,
        vmax=1,
        cmap=sns.blend_palette(colours, as_cmap=True),
        annot=shown["words"],
        fmt="",
        annot_kws={"fontsize": 8},
        cbar=False,
        linewidths=0.8,
        linecolor=style.FAINT,
        ax=ax,
    )
    ax.set(xlabel="", ylabel="")


def distance_matrix(pairs: pd.DataFrame) -> tuple[Figure, Axes]:
    """Every pair of studies: in how many of the compared facets they differ.

    Parameters
    ----------
    pairs
        From :func:`haicbook.synthesis.distances`.
    """
    fig, ax = style.figure(pairs.second_label.nunique() + 1, row_height=0.5)
    if pairs.empty:
        style.say(ax, "There is only one study.")
        return fig, ax
    words = [f"{row.differ} of {row.compared}" for row in pairs.itertuples()]
    shares = pairs.differ / pairs.compared.where(pairs.compared > 0)
    _tiles(ax, pairs.assign(row=pairs.second_label, column=pairs.first_label, share=shares, words=words), _REDS)
    ax.tick_params(length=0, labelrotation=0)
    return fig, ax


def _between_studies(ax: Axes, cells: pd.DataFrame, columns: list[str]) -> None:
    """A line between the arms of one study and those of the next."""
    study_of = dict(zip(cells.label, cells.study, strict=True))
    for x in range(1, len(columns)):
        if study_of[columns[x]] != study_of[columns[x - 1]]:
            ax.axvline(x, color=style.INK, lw=0.8)
