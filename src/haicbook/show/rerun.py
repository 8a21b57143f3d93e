"""Figures of the matching re-run: matched margins beside the printed one, and the declared grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.show import style
from haicbook.show.rerun_text import levels_shown, row_name
from haicbook.show.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.matching import Rerun
    from haicbook.study import Paper


# --- matched margins --------------------------------------------------------------------------------------------------


def margins_figure(paper: Paper, rerun: Rerun, behind: Rerun | None = None) -> tuple[Figure, np.ndarray]:
    """Share of each level among the matched patients: printed, beside its spread over the cohorts; one panel an arm.

    Parameters
    ----------
    paper
        The study.
    rerun
        From :func:`haicbook.matching.rerun`. Means and SDs are not drawn.
    behind
        The re-run with the defaults, of which the medians are drawn as grey dots.
    """
    import matplotlib.pyplot as plt

    shown = levels_shown(rerun.margins)
    names = list(dict.fromkeys(row_name(row) for row in shown.itertuples()))
    size = (style.WIDTH, 1.3 + 0.3 * len(names))
    fig, axes = plt.subplots(1, 2, figsize=size, sharey=True, sharex=True)
    fig.subplots_adjust(left=0.36, right=0.98, wspace=0.08)
    usual = None if behind is None else levels_shown(behind.margins)
    for ax, arm in zip(axes, rerun.arms, strict=True):
        if usual is not None:
            own = [row for row in usual[usual.arm == arm].itertuples() if row_name(row) in names]
            ys = [names.index(row_name(row)) for row in own]
            ax.plot([100 * row.median_share for row in own], ys, "o", color=style.BEHIND, ms=9, zorder=0)
        for row in shown[shown.arm == arm].itertuples():
            _margin(ax, names.index(row_name(row)), row, style.colour(paper, arm))
        ax.set_xlabel(f"{paper.spec.arms[arm].short}, % of matched", fontsize=9)
        ax.grid(axis="y", color=style.FAINT, lw=0.6)
        ax.set_xlim(-3, 103)
    axes[0].set_yticks(range(len(names)), names, fontsize=8.5)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    _margins_legend(axes[0], behind is not None)
    return fig, axes


def _margin(ax: Axes, y: int, row: Row, colour: str) -> None:
    ax.plot([100 * row.low_share, 100 * row.high_share], [y, y], color=colour, lw=6, alpha=0.35, solid_capstyle="butt")
    ax.plot(100 * row.median_share, y, "|", color=colour, ms=10, mew=2)
    if not math.isnan(row.printed_share):
        beyond = row.p_adjusted < 0.05
        ax.plot(100 * row.printed_share, y, "D", color=colour if beyond else "none", mec=colour, ms=5.5, mew=1.4)


def _margins_legend(ax: Axes, defaults: bool) -> None:
    from matplotlib.lines import Line2D

    ink = style.INK
    handles = [
        Line2D([], [], color=ink, lw=6, alpha=0.35, label="re-run, 95% range"),
        Line2D([], [], color=ink, marker="|", ms=10, mew=2, ls="none", label="its median"),
        Line2D([], [], mec=ink, mfc="none", marker="D", ms=5.5, mew=1.4, ls="none", label="printed, unremarkable"),
        Line2D([], [], color=ink, marker="D", ms=5.5, ls="none", label="printed, beyond chance"),
    ]
    if defaults:
        handles.append(Line2D([], [], color=style.BEHIND, marker="o", ms=9, ls="none", label="median, defaults"))
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.85, 1.0),
        ncols=len(handles),
        fontsize=8.5,
        columnspacing=1.2,
    )


# --- the grid ---------------------------------------------------------------------------------------------------------


def sensitivity_figure(grid: pd.DataFrame, watched: str) -> tuple[Figure, np.ndarray]:
    """Pairs, a watched share and the p-value of the printed table under every setting of the grid.

    Parameters
    ----------
    grid
        From :func:`haicbook.matching.sensitivity`.
    watched
        What the watched share is called, `AFP > 400`.
    """
    import matplotlib.pyplot as plt

    size = (style.WIDTH, 1.2 + 0.21 * len(grid))
    fig, axes = plt.subplots(1, 3, figsize=size, sharey=True, width_ratios=(1, 1, 0.8))
    fig.subplots_adjust(left=0.43, right=0.98, wspace=0.12)
    ys = np.arange(len(grid))
    _ranges(axes[0], ys, grid[["pairs", "pairs_low", "pairs_high"]], grid.printed_pairs)
    _ranges(axes[1], ys, 100 * grid[["watched", "watched_low", "watched_high"]], 100 * grid.watched_printed)
    axes[2].axvline(0.05, color=style.INK, lw=0.9, ls=(0, (4, 2)))
    axes[2].plot(grid.p, ys, "o", color=style.THIRD, ms=4.5)
    axes[2].set_xscale("log")
    axes[2].xaxis.set_major_formatter("{x:g}")
    axes[2].xaxis.set_minor_formatter("")
    axes[2].set_xlim(min(0.02, 0.6 / (grid.cohorts.max() + 1)), 1.4)
    for ax, words in zip(axes, ("Pairs", f"{watched}, %\nof matched", "p of the\nprinted table"), strict=True):
        ax.set_xlabel(words, fontsize=9)
        ax.tick_params(labelsize=8.5)
        _bands(ax, grid.topic)
    axes[0].set_yticks(ys, grid.label, fontsize=8)
    axes[0].set_ylim(len(grid) - 0.4, -0.6)
    starts = grid.topic.ne(grid.topic.shift())
    for y, topic in zip(ys[starts], grid.topic[starts], strict=True):
        axes[0].text(-1.62, y, topic, transform=axes[0].get_yaxis_transform(), fontsize=8, va="center", weight="bold")
    return fig, axes


def _ranges(ax: Axes, ys: np.ndarray, values: pd.DataFrame, printed: pd.Series) -> None:
    middle, low, high = values.to_numpy(dtype=float).T
    ax.hlines(ys, low, high, color=style.COLOURS["single"], lw=2.2)
    ax.plot(middle, ys, "o", color=style.COLOURS["single"], ms=4)
    if printed.notna().any():
        at = float(printed.dropna().iloc[0])
        ax.axvline(at, color=style.COLOURS["comparator"], lw=1.4)
        ax.annotate(f"printed {at:.3g}", (at, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), ha="center",
                    textcoords="offset points", fontsize=8, color=style.COLOURS["comparator"])  # fmt: skip


def _bands(ax: Axes, topics: pd.Series) -> None:
    """Every other topic on a shade."""
    places = topics.ne(topics.shift()).cumsum()
    for place in places[places % 2 == 1].unique():
        rows = np.flatnonzero(places == place)
        ax.axhspan(rows[0] - 0.5, rows[-1] + 0.5, color=style.FAINT, lw=0, zorder=0)
