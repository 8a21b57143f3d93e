"""The specification curve: what becomes of each conclusion under every scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from haicbook.show import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ACROSS = 3
_LEAST_P = 3e-4
_DEFAULT = "default"


class ShownConclusion(Protocol):
    """A result under one set of assumptions."""

    @property
    def words(self) -> str:
        """What it is."""

    @property
    def values(self) -> tuple[Any, ...]:
        """The value, and its limits where it has them."""

    @property
    def verdict(self) -> str:
        """What it says."""

    @property
    def unit(self) -> str:
        """Of the values."""

    @property
    def nothing(self) -> float:
        """The value of no difference, or the threshold of a p."""


class ShownTrial(Protocol):
    """A conclusion with the defaults and under scenarios."""

    @property
    def default(self) -> ShownConclusion:
        """With the defaults."""

    @property
    def under(self) -> Mapping[str, ShownConclusion]:
        """Under each scenario."""


def specification_curve(tried: Sequence[ShownTrial]) -> tuple[Figure, Any]:
    """A panel for each conclusion and a row for each scenario; in colour where the conclusion is another.

    Parameters
    ----------
    tried
        The conclusions of one study, at least one.
    """
    import matplotlib.pyplot as plt

    rows = [_DEFAULT, *dict.fromkeys(name for item in tried for name in item.under)]
    deep = -(-len(tried) // _ACROSS)
    size = (style.WIDTH, deep * (1.1 + 0.2 * len(rows)))
    fig, axes = plt.subplots(deep, _ACROSS, figsize=size, sharey=True, squeeze=False)
    fig.subplots_adjust(left=0.24, right=0.99, wspace=0.12, hspace=0.6)
    for ax, item in zip(axes.flat, tried, strict=False):
        _panel(ax, item, rows)
    for ax in axes.flat[len(tried) :]:
        ax.axis("off")
    names = [name.replace("_", " ") for name in rows]
    axes[0, 0].set_yticks(range(len(rows)), names, fontsize=8.5)
    axes[0, 0].set_ylim(len(rows) - 0.4, -0.6)
    return fig, axes


def _panel(ax: Axes, item: ShownTrial, rows: Sequence[str]) -> None:
    if item.default.unit == "p":
        ax.set_xscale("log")
        ax.set_xlim(_LEAST_P, 1.3)
        # the look takes a $ for a $, which the usual labels of such an axis are written with
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    if len(item.default.values) == 3 and None not in item.default.values:
        ax.axvspan(*item.default.values[1:], color=style.FAINT, lw=0)
    ax.axvline(item.default.nothing, color=style.INK, lw=0.9, ls=(0, (4, 2)))
    for y, name in enumerate(rows):
        found = item.default if name == _DEFAULT else item.under.get(name)
        if found is None or found.values[0] is None:
            continue
        broken = found.verdict != item.default.verdict
        colour = style.COLOURS["comparator"] if broken else style.INK
        value, *limits = found.values
        if limits and None not in limits:
            ax.plot(limits, [y, y], color=colour, lw=1.6)
        ax.plot(value, y, "o", color=colour, mfc=colour if broken else "none", ms=4.5)
    ax.set_title(fill(item.default.words.partition(" (")[0], 28), fontsize=8, color=style.INK)
    ax.set_xlabel(item.default.unit, fontsize=8)
    ax.tick_params(labelsize=8)
    ax.set_axisbelow(True)
    ax.set_yticks(np.arange(len(rows)))
    ax.grid(axis="y", color=style.FAINT, lw=0.5)
