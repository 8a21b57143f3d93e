"""Biases for the page: what an unmeasured confounder, a shifted clock or missing patients would do to a ratio."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Row, interval, number
from haicbook.stats.meta import Message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.stats.confounding import EValue, TippingGrid
    from haicbook.synthesis import ResponseBias, Scan

_LEVELS = (1.5, 2.0, 3.0, 5.0)
_COLUMNS = 2


def tipping_contours(grids: dict[str, TippingGrid]) -> tuple[Figure, np.ndarray]:
    """How strong a confounder must be to take the hazard ratio to 1, by how common it is in each arm.

    Shaded: at the strength of the grid the interval holds 1 (light), or the estimate is at 1 or beyond (dark).

    Parameters
    ----------
    grids
        Study's name to its :class:`haicbook.stats.confounding.TippingGrid`.
    """
    import matplotlib.pyplot as plt

    rows = max(1, math.ceil(len(grids) / _COLUMNS))
    fig, axes = plt.subplots(
        rows, _COLUMNS, figsize=(style.WIDTH, 3.15 * rows), squeeze=False, sharex=True, sharey=True
    )
    for ax, (name, grid) in zip(axes.flat, grids.items(), strict=False):
        _contours(ax, grid)
        ax.set_title(f"{name}: {number(grid.hr)} ({interval(grid.low, grid.high)})", fontsize=9.5, color=style.INK)
    for ax in axes.flat[len(grids) :]:
        ax.axis("off")
    if not grids:
        style.say(axes[0, 0], "No study prints a ratio.")
    for ax in axes[-1, :]:
        ax.set_xlabel("Has it, experimental arm, %", fontsize=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("Has it, comparator, %", fontsize=9)
    fig.subplots_adjust(wspace=0.12, hspace=0.22)
    return fig, axes


def tipping_words(grids: dict[str, TippingGrid]) -> dict[str, str]:
    """The studies whose estimate no confounder of the grid's strength takes to 1, in words."""
    never = [name for name, grid in grids.items() if not (grid.region == 2).any()]
    return {"tipping_none": " and ".join(never) or "none of the studies"}


def tipping_alt(grids: dict[str, TippingGrid]) -> str:
    """What one would say of :func:`tipping_contours` on the telephone."""
    told = [
        f"{name}: the interval includes 1 in {100 * (grid.region > 0).mean():.0f} % of the square, "
        f"the estimate reaches 1 in {100 * (grid.region == 2).mean():.0f} %"
        for name, grid in grids.items()
    ]
    return "Contours over the prevalence of a confounder in each arm. " + "; ".join(told)


def _contours(ax: Axes, grid: TippingGrid) -> None:
    shares = 100 * np.asarray(grid.prevalences)
    colour = style.COLOURS["comparator"]
    ax.contourf(shares, shares, grid.region, levels=[0.5, 1.5, 2.5], colors=[f"{colour}2e", f"{colour}80"])
    needed = np.where(np.isfinite(grid.needed), grid.needed, 1e6)
    lines = ax.contour(shares, shares, np.log(needed), levels=[math.log(level) for level in _LEVELS], colors=style.INK)
    ax.clabel(lines, fmt=lambda value: f"×{math.exp(value):.2g}", fontsize=8)
    ax.plot([0, 100], [0, 100], color=style.FAINT, lw=0.8)
    ax.set_aspect("equal")


def e_values_table(found: dict[tuple[str, str], tuple[Row, EValue]]) -> pd.DataFrame:
    """E-values of each study's hazard ratio.

    Parameters
    ----------
    found
        Study's name and analysis to its effect (`hr`, `low`, `high`) and its
        :class:`haicbook.stats.confounding.EValue`.
    """
    rows = [
        (
            name,
            words,
            f"{number(effect.hr)} ({interval(effect.low, effect.high)})",
            number(value.estimate),
            number(value.limit),
        )
        for (name, words), (effect, value) in found.items()
    ]
    return pd.DataFrame(rows, columns=["Study", "Analysis", "Hazard ratio", "E-value, estimate", "E-value, limit"])


def shift(scan: Scan | Message, xlabel: str, *, percent: bool = False) -> tuple[Figure, Axes]:
    """The hazard ratio as an assumed bias grows, with the range over data sets and the interval.

    Parameters
    ----------
    scan
        From :func:`haicbook.synthesis.shifted`; a `Message` is written in the figure's place.
    xlabel
        What grows.
    percent
        Whether the sizes are shares.
    """
    fig, ax = style.figure(7, row_height=0.4)
    if isinstance(scan, Message):
        style.say(ax, scan.statement)
        return fig, ax
    frame = scan.frame()
    fig.subplots_adjust(left=0.12)
    sizes = 100 * frame.value if percent else frame.value
    colour = style.COLOURS["experimental"]
    ax.fill_between(sizes, frame.low, frame.high, color=colour, alpha=0.3, lw=0, label="range over the data sets")
    ax.plot(sizes, frame.hr, color=colour, label="hazard ratio")
    for limit, name in ((frame.lower, "95 % interval"), (frame.upper, None)):
        ax.plot(sizes, limit, color=colour, lw=1, ls=(0, (4, 2)), label=name)
    ax.axhline(1, color=style.INK, lw=0.8)
    for place, words in ((scan.to_alpha, f"p = {scan.alpha:g}"), (scan.to_one, "ratio 1")):
        if math.isfinite(place):
            x = 100 * place if percent else place
            ax.axvline(x, color=style.THIRD, lw=1.2, ls=(0, (2, 2)))
            ax.annotate(
                words, (x, ax.get_ylim()[0]), (4, 4), textcoords="offset points", fontsize=8.5, color=style.THIRD
            )
    _axes(ax, frame, xlabel)
    return fig, ax


def _axes(ax: Axes, frame: pd.DataFrame, xlabel: str) -> None:
    ax.set_yscale("log")
    finite = frame[["lower", "upper", "low", "high"]].to_numpy(dtype=float)
    finite = finite[np.isfinite(finite)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.5, 2.0)
    ax.set_ylim(max(0.1, 0.9 * low), min(10, max(1.2, 1.1 * high)))
    ticks = [t for t in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10) if ax.get_ylim()[0] <= t <= ax.get_ylim()[1]]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_ylabel("Hazard ratio")
    ax.set_xlabel(xlabel)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)


def shift_words(name: str, scan: Scan | Message, *, percent: bool = False) -> dict[str, str]:
    """Where the ratio starts, where it ends, and at which sizes it reaches 1 and its p the threshold."""
    if isinstance(scan, Message):
        return {f"{name}_{word}": "unknown" for word in ("start", "end", "to_one", "to_alpha")}
    known = scan.frame().dropna(subset=["hr"])
    ends = (number(known.hr.iloc[0]), number(known.hr.iloc[-1])) if len(known) else ("none", "none")
    return {
        f"{name}_start": ends[0],
        f"{name}_end": ends[1],
        f"{name}_to_one": _size(scan.to_one, percent),
        f"{name}_to_alpha": _size(scan.to_alpha, percent),
    }


def shift_alt(scan: Scan | Message, *, percent: bool = False) -> str:
    """What one would say of :func:`shift` on the telephone."""
    if isinstance(scan, Message):
        return scan.statement
    words = shift_words("", scan, percent=percent)
    return (
        f"Curve of the hazard ratio from {words['_start']} to {words['_end']}; it reaches 1 at {words['_to_one']}; "
        f"p is above {scan.alpha:g} from {words['_to_alpha']}"
    )


def _size(value: float, percent: bool) -> str:
    if math.isnan(value):
        return "no point of the range"
    if value == 0:
        return "the start"
    return f"{number(100 * value, 0)} %" if percent else f"{number(value, 1)} months"


def response_bias_figure(found: dict[str, ResponseBias]) -> tuple[Figure, Axes]:
    """Hazard ratio of responders against others where response was drawn by lot: from the start and from the scan.

    Dots are medians over the data sets, bars hold 90 % of them.

    Parameters
    ----------
    found
        Arm's name to its bias.
    """
    import seaborn as sns

    fig, ax = style.figure(2 * len(found), row_height=0.26)
    if not found:
        style.say(ax, "No arm has a response rate and a reconstructed survival.")
        return fig, ax
    clocks = {"counted from the start": "from_start", "counted from the scan": "from_assessment"}
    ratios = [
        pd.DataFrame({"arm": arm, "clock": words, "ratio": getattr(bias, name)})
        for arm, bias in found.items()
        for words, name in clocks.items()
    ]
    sns.pointplot(
        pd.concat(ratios, ignore_index=True),
        x="ratio",
        y="arm",
        hue="clock",
        estimator="median",
        errorbar=("pi", 90),
        palette=[style.COLOURS["comparator"], style.COLOURS["experimental"]],
        markers=["s", "o"],
        linestyle="none",
        dodge=0.3,
        markersize=6,
        err_kws={"linewidth": 1.6},
        ax=ax,
    )
    ax.axvline(1, color=style.INK, lw=0.8)
    ax.set_xscale("log")
    ticks = [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="Hazard ratio, responders against others, response drawn by lot", ylabel="")
    sns.move_legend(ax, "lower left", bbox_to_anchor=(0, 1), ncols=2, title="")
    return fig, ax


def luck_alt(found: dict[str, ResponseBias]) -> str:
    """What one would say of :func:`response_bias_figure` on the telephone."""
    told = [
        f"{name} {number(float(np.nanmedian(bias.from_start)))} from the start and "
        f"{number(float(np.nanmedian(bias.from_assessment)))} from the scan"
        for name, bias in found.items()
    ]
    return f"Two marks with bars for each arm, median ratios: {'; '.join(told)}"


def luck_words(found: dict[str, ResponseBias]) -> dict[str, str]:
    """The smallest median ratio of lucky responders when counted from the start."""
    ratios = [bias.typical for bias in found.values() if not math.isnan(bias.typical)]
    return {"luck_least": number(min(ratios)) if ratios else "unknown"}
