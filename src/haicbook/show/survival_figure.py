"""Reconstructed survival curves with the printed figures on top and the numbers at risk aligned beneath."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from haicbook.show import style
from haicbook.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.study import Paper
    from haicbook.survival import Bands, Mark, Targets

# what holds most data sets, and what sampling error adds: a filled band inside a pair of thin dotted lines
_INNER, _OUTER = 0.30, 0.07
# what the defaults give, behind what changed parameters do
_BEHIND: dict[str, Any] = {"color": style.BEHIND, "lw": 2.6}
# how much fainter line and band are where fewer than ten are at risk
_FAINT = 0.45
_EDGE: dict[str, Any] = {"lw": 0.9, "ls": (0, (1, 1.6))}
# the bars of two arms' intervals lie a little apart, so that both can be read: in per cent, and in shares of the width
_ASIDE, _BESIDE = 1.6, 0.006
# longer names of arms stand below each other
_ONE_LINE = 70


def survival_curves(paper: Paper, bands: Bands, behind: Bands | None = None) -> tuple[Figure, Axes]:
    """Kaplan-Meier curves of an ensemble, with numbers at risk.

    The line is the typical member, the filled band holds most members, the dotted lines around it add sampling error.
    Marks are printed: dots and squares for rates, diamonds for medians, bars for confidence intervals (an arrow: not
    reached, or beyond the figure). A filled mark is met by every member; a hollow one, or a dotted bar, is not.

    Parameters
    ----------
    paper
        The study.
    bands
        The :class:`haicbook.survival.Bands` of one of its endpoints.
    behind
        The same with the defaults, of which the lines are drawn in grey behind.
    """
    import matplotlib.pyplot as plt

    arms = list(bands.arms)
    fig, (ax, below) = plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(style.WIDTH, 4.9 + 0.46 * len(arms)),
        height_ratios=[4.4, 0.52 * len(arms) + 0.3],
        gridspec_kw={"hspace": 0.30},
    )
    roles = {arm: paper.spec.arms[arm].role for arm in arms}
    if behind is not None:
        for arm, role in roles.items():
            ax.step(behind.grid, 100 * behind.arms[arm].line, where="post", ls=style.DASHES[role], **_BEHIND)
    for arm in arms:
        draw_bands(ax, bands, arm, roles[arm])
    draw_marks(ax, bands, roles)
    _axes(ax, bands)
    _legends(paper, ax, bands, behind is not None)
    _at_risk_table(paper, below, bands)
    return fig, ax


def medians_words(paper: Paper, targets: Targets, title: str) -> str:
    """The printed medians of an endpoint: `Overall survival: median 28.8 (SI) against 16.1 (SE) months`."""
    printed = {name: arm.median.printed for name, arm in targets.arms.items() if arm.median is not None}
    several = len(targets.arms) > 1
    told = [f"{figure} ({paper.spec.arms[name].short})" if several else figure for name, figure in printed.items()]
    return f"{title}: median {' against '.join(told)} months" if told else title


def curves_alt(paper: Paper, bands: Bands, title: str) -> str:
    """What one would say of the curves on the telephone: which is above, and what is left halfway and at the end."""
    state = "alive" if title == label("os") else "free of the event"
    told = [_left(paper, bands, min(month, bands.grid[-1]), state) for month in (bands.horizon / 2, bands.horizon)]
    return f"{title}, reconstructed, with bands{_order(paper, bands)}: {'; '.join(told)}"


def _left(paper: Paper, bands: Bands, month: float, state: str) -> str:
    """The share of each arm that is left at a month, or that nobody is followed so long."""
    place = bands.grid.searchsorted(month, side="right") - 1
    shares, gone = [], []
    for name, arm in bands.arms.items():
        whose = f" of {paper.spec.arms[name].short}" if len(bands.arms) > 1 else ""
        if math.isnan(arm.line[place]):
            gone.append(f"nobody{whose}")
        else:
            shares.append(f"{100 * arm.line[place]:.0f} %{whose}")
    told = [f"{' and '.join(shares)} {state}"] if shares else []
    told += [f"{' and '.join(gone)} still followed"] if gone else []
    return f"at {month:.0f} months {', '.join(told)}"


def _order(paper: Any, bands: Any) -> str:
    """Which of two lines is above, or that they cross, as long as both arms are followed; nothing of one."""
    if len(bands.arms) != 2:
        return ""
    gaps = np.subtract(*(arm.line for arm in bands.arms.values()))[bands.grid <= bands.horizon]
    gaps, (one, other) = gaps[~np.isnan(gaps)], (paper.spec.arms[name].short for name in bands.arms)
    if (gaps >= 0).all():
        return f", {one} above {other} throughout"
    return f", {other} above {one} throughout" if (gaps <= 0).all() else ", the lines cross"


def draw_bands(ax: Axes, bands: Bands, arm: str, role: str) -> None:
    """The line and both bands of an arm, in its role's colour; they fade where fewer than ten are at risk."""
    shown, colour = bands.arms[arm], style.COLOURS[role]
    ax.fill_between(
        bands.grid, 100 * shown.sampling_low, 100 * shown.sampling_high, color=colour, alpha=_OUTER, lw=0, step="post"
    )
    for edge in (shown.sampling_low, shown.sampling_high):
        ax.step(bands.grid, 100 * edge, where="post", color=colour, **_EDGE)
    for where, faint in ((~shown.thin, 1.0), (shown.thin, _FAINT)):
        low, high, line = (np.where(where, 100 * part, np.nan) for part in (shown.low, shown.high, shown.line))
        ax.fill_between(bands.grid, low, high, color=colour, alpha=faint * _INNER, lw=0, step="post")
        ax.step(bands.grid, line, where="post", color=colour, alpha=faint, ls=style.DASHES[role])


def draw_marks(ax: Axes, bands: Bands, roles: Mapping[str, str]) -> None:
    """The printed rates and medians with their intervals; `roles` by arm, the first arm's bars left and above."""
    for mark in bands.marks:
        role, side = roles[mark.arm], 1 if mark.arm == next(iter(roles)) else -1
        if mark.kind == "rate":
            _rate(ax, mark, role, bands.horizon, side)
        else:
            _median(ax, mark, role, bands.horizon, side)


def _rate(ax: Axes, mark: Mark, role: str, horizon: float, side: int) -> None:
    if mark.time > horizon:
        return
    if mark.limits is not None:
        x = mark.time - side * _BESIDE * horizon
        _bar(ax, (x, x), [100 * end for end in mark.limits], style.COLOURS[role], mark.limits_met)
    _dot(ax, mark.time, 100 * mark.value, style.MARKERS[role], style.COLOURS[role], mark.met)


def _median(ax: Axes, mark: Mark, role: str, horizon: float, side: int) -> None:
    if mark.limits is not None:
        _median_bar(ax, mark, mark.limits, 50 + side * _ASIDE, style.COLOURS[role], horizon)
    if mark.value <= horizon:
        _dot(ax, mark.value, 50, "D", style.COLOURS[role], mark.met)


def _dot(ax: Axes, x: float, y: float, marker: str, colour: str, met: bool) -> None:
    # a rim in the page's own colour is not to be had on two backgrounds; a white one shows on both
    look: dict[str, Any] = (
        {"mfc": colour, "mec": "#ffffff", "mew": 0.8} if met else {"mfc": "none", "mec": colour, "mew": 1.5}
    )
    ax.plot(x, y, marker, ms=6, ls="none", zorder=6, gid="met" if met else "left out", **look)


def _bar(ax: Axes, xs: Sequence[float], ys: Sequence[float], colour: str, met: bool) -> None:
    """A confidence interval with caps, dotted where it was left out; a limit that cannot be read is not drawn."""
    if any(math.isnan(end) for end in (*xs, *ys)):
        return
    ax.plot(xs, ys, color=colour, lw=1.3, ls="-" if met else (0, (1, 1.2)), marker="", zorder=4)
    for x, y in zip(xs, ys, strict=True):
        ax.plot(x, y, "|" if ys[0] == ys[1] else "_", color=colour, ms=6, mew=1.3, zorder=4)


def _median_bar(ax: Axes, mark: Mark, limits: tuple[float, float], height: float, colour: str, horizon: float) -> None:
    low, high = limits
    if low > horizon:
        return
    reached = math.isfinite(high) and high <= horizon
    _bar(ax, (low, high if reached else horizon), (height, height), colour, mark.limits_met)
    if not reached:
        ax.plot(horizon, height, ">", color=colour, ms=5, zorder=4, clip_on=False)


def _axes(ax: Axes, bands: Bands) -> None:
    ax.set_xlim(0, bands.horizon)
    ax.set_xticks(bands.times)
    ax.tick_params(labelbottom=True)
    ax.set_ylim(0, 102)
    ax.set_yticks(range(0, 101, 25))
    ax.set_ylabel("Patients free of the event, %")
    ax.set_xlabel("Months")


def _legends(paper: Paper, ax: Axes, bands: Bands, defaults: bool) -> None:
    """The arms above, what the shapes mean beneath them, in grey."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = [
        Line2D([], [], color=style.colour(paper, arm), ls=style.DASHES[paper.spec.arms[arm].role], label=words)
        for arm in bands.arms
        for words in [f"{paper.spec.arms[arm].label} (n = {bands.arms[arm].at_risk[1][0]})"]
    ]
    share = f"{100 * bands.level:g} %"
    dot: dict[str, Any] = {"marker": "o", "ls": "none", "ms": 6}
    shapes = [
        Patch(color=style.INK, alpha=_INNER, lw=0, label=f"{share} of the data sets"),
        Line2D([], [], color=style.INK, **_EDGE, label="with sampling error"),
        Line2D([], [], color=style.INK, **dot, label="printed"),
    ]
    if any(not mark.met or (mark.limits and not mark.limits_met) for mark in bands.marks):
        shapes.append(Line2D([], [], mec=style.INK, mfc="none", mew=1.5, **dot, label="not reproduced"))
    if defaults:
        shapes.append(Line2D([], [], label="with the defaults", **_BEHIND))
    place: dict[str, Any] = {"loc": "lower left", "bbox_transform": ax.transAxes, "borderaxespad": 0.2}
    columns = len(lines) if sum(len(str(line.get_label())) for line in lines) <= _ONE_LINE else 1
    fig = ax.figure
    fig.legend(handles=lines, bbox_to_anchor=(-0.01, 1.075), ncols=columns, **place)
    fig.legend(
        handles=shapes,
        bbox_to_anchor=(-0.01, 1.005),
        ncols=len(shapes),
        fontsize=9,
        columnspacing=1.2,
        handlelength=1.6,
        **place,
    )


def _at_risk_table(paper: Paper, ax: Axes, bands: Bands) -> None:
    ax.axis("off")
    ax.set_ylim(len(bands.arms) - 0.4, -1.0)
    ax.text(0, -0.8, "Number at risk: median of the data sets (range)", fontsize=9, va="center")
    for y, (arm, shown) in enumerate(bands.arms.items()):
        colour = style.colour(paper, arm)
        ax.text(
            -0.045,
            y,
            paper.spec.arms[arm].short,
            color=colour,
            ha="right",
            va="center",
            fontsize=9.5,
            transform=ax.get_yaxis_transform(),
        )
        for time, low, middle, high in zip(bands.times, *shown.at_risk, strict=True):
            ax.text(time, y - 0.12, f"{middle}", color=colour, ha="center", va="center", fontsize=9.5)
            if low != high:
                ax.text(time, y + 0.28, f"{low}–{high}", color=style.INK, ha="center", va="center", fontsize=8)
