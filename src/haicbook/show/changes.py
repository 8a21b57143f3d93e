"""What changed between two runs: a table, and a figure of both."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import table

if TYPE_CHECKING:
    from IPython.display import Markdown
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class ChangedRow(Protocol):
    """One result before and after."""

    @property
    def words(self) -> str:
        """What it is."""

    @property
    def before(self) -> str:
        """What it was."""

    @property
    def after(self) -> str:
        """What it is now."""

    @property
    def remark(self) -> str:
        """What that means."""

    @property
    def unit(self) -> str:
        """Of its figures."""

    @property
    def old(self) -> tuple[Any, ...]:
        """What it was, with its limits."""

    @property
    def new(self) -> tuple[Any, ...]:
        """What it is now, with its limits."""


def changes_table(
    found: Sequence[ChangedRow], before: str = "With the defaults", after: str = "In this run"
) -> Markdown:
    """Results before and after, in the order given; `before` and `after` head their columns."""
    rows = [(item.words, item.before, item.after, item.remark) for item in found]
    frame = pd.DataFrame(rows, columns=["Result", "With the defaults", "In this run", "What it means"])
    if not frame["What it means"].any():
        frame = frame.drop(columns="What it means")
    return table(frame, "What changed, what matters most first", "tab-changes", align="l" * frame.shape[1])


def changes_figure(found: Sequence[ChangedRow], before: str, after: str) -> tuple[Figure, Any]:
    """Results of one run in grey and of another in colour, with their limits; a panel for each unit.

    Parameters
    ----------
    found
        Those without a value in one of the runs are left out; at least one has both.
    before, after
        What the runs are called.
    """
    import matplotlib.pyplot as plt

    drawn = [item for item in found if None not in (*item.old[:1], *item.new[:1])]
    units = list(dict.fromkeys(item.unit for item in drawn))
    rows = [[item for item in drawn if item.unit == unit] for unit in units]
    size = (style.WIDTH, 0.7 + sum(0.5 + 0.42 * len(panel) for panel in rows))
    fig, axes = plt.subplots(
        len(units), figsize=size, height_ratios=[len(panel) + 0.6 for panel in rows], squeeze=False
    )
    fig.subplots_adjust(left=0.42, hspace=0.9)
    for ax, unit, panel in zip(axes[:, 0], units, rows, strict=True):
        for y, item in enumerate(panel):
            _beside(ax, y - 0.14, item.old, style.INK, before if y == 0 else "")
            _beside(ax, y + 0.14, item.new, style.COLOURS["single"], after if y == 0 else "")
        ax.set_yticks(range(len(panel)), [fill(item.words, 44) for item in panel], fontsize=8.5)
        ax.set_ylim(len(panel) - 0.5, -0.5)
        ax.set_xlabel(unit or "number or ratio", fontsize=9)
        ax.grid(axis="y", color=style.FAINT, lw=0.6)
    axes[0, 0].legend(loc="lower left", bbox_to_anchor=(-0.7, 1.02), ncols=2)
    return fig, axes


def _beside(ax: Axes, y: float, values: tuple[Any, ...], colour: str, words: str) -> None:
    value, *limits = values
    if limits and None not in limits:
        ax.plot(limits, [y, y], color=colour, lw=2, alpha=0.6)
    ax.plot(value, y, "o", color=colour, ms=5.5, label=words or None)
