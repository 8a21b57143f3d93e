"""Reconstructed survival curves with the printed figures on top and the numbers at risk aligned beneath."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Linked, interval, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GRID_POINTS = 400


def survival_curves(paper: Any, ensemble: Any, horizon: float) -> tuple[Figure, Axes]:
    """Kaplan-Meier curves of an ensemble, with number at risk.

    The line is the member closest to the pointwise median, the band spans all members, and the marks are what the
    paper prints: dots for rates, diamonds for medians, bars for their confidence intervals (an arrow: not reached).

    Parameters
    ----------
    paper, ensemble
        The study and a :class:`haicbook.survival.Ensemble` of one of its endpoints.
    horizon
        Months shown.
    """
    import matplotlib.pyplot as plt

    arms = list(ensemble.targets.arms)
    fig, (ax, below) = plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(style.WIDTH, 4.4 + 0.42 * len(arms)),
        height_ratios=[4.0, 0.46 * len(arms) + 0.3],
        gridspec_kw={"hspace": 0.34},
    )
    for arm in arms:
        _curve(paper, ax, ensemble, arm, horizon)
        _printed_marks(paper, ax, ensemble.targets.arms[arm], arm, horizon)
    _axes(ax, horizon)
    _at_risk_table(paper, below, ensemble, arms, ax.get_xticks(), horizon)
    return fig, ax


def _curve(paper: Any, ax: Axes, ensemble: Any, arm: str, horizon: float) -> None:
    grid = np.linspace(0, horizon, _GRID_POINTS)
    curves = 100 * ensemble.curve(arm, grid)
    role = paper.spec.arms[arm].role
    colour = style.COLOURS[role]
    ax.fill_between(grid, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.22, lw=0, step="post")
    ax.step(
        grid,
        curves[ensemble.typical()],
        where="post",
        color=colour,
        ls=style.DASHES[role],
        label=f"{paper.spec.arms[arm].label} (n = {ensemble.targets.arms[arm].n})",
    )


def _printed_marks(paper: Any, ax: Axes, printed: Any, arm: str, horizon: float) -> None:
    colour = style.colour(paper, arm)
    look: dict[str, Any] = {"mec": colour, "mfc": "#ffffff", "mew": 1.5, "zorder": 5, "ls": "none", "color": colour}
    for landmark in printed.landmarks:
        if landmark.time > horizon:
            continue
        rate = 100 * _middle(landmark.interval)
        if landmark.ci is not None:
            ax.plot([landmark.time] * 2, [100 * limit for limit in landmark.ci], color=colour, lw=1.2, zorder=4)
        ax.plot(landmark.time, rate, style.MARKERS[paper.spec.arms[arm].role], ms=5.5, **look)
    if printed.median is None:
        return
    median = _middle(printed.median)
    if printed.median_ci is not None:
        _median_interval(ax, median, printed.median_ci, colour, horizon)
    if median <= horizon:
        ax.plot(median, 50, "D", ms=5.5, **look)


def _middle(interval: Any) -> float:
    return float((interval.low + interval.high) / 2)


def _median_interval(ax: Axes, median: float, limits: Any, colour: str, horizon: float) -> None:
    low, high = limits
    reached = high is not None and math.isfinite(high) and high <= horizon
    end = high if reached else horizon
    ax.plot([low, end], [50, 50], color=colour, lw=1.2, zorder=4)
    if not reached:
        ax.plot(horizon, 50, ">", color=colour, ms=5, zorder=4, clip_on=False)


def _axes(ax: Axes, horizon: float) -> None:
    step = next(s for s in (1, 2, 3, 6, 12, 24) if horizon / s <= 9)
    ax.set_xlim(0, horizon)
    ax.set_xticks(np.arange(0, horizon + 0.01, step))
    ax.tick_params(labelbottom=True)
    ax.set_ylim(0, 102)
    ax.set_ylabel("Patients free of the event, %")
    ax.set_xlabel("Months")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)


def _at_risk_table(paper: Any, ax: Axes, ensemble: Any, arms: list[str], times: Any, horizon: float) -> None:
    ax.axis("off")
    ax.set_ylim(len(arms) - 0.4, -1.0)
    ax.text(0, -0.8, "Number at risk, reconstructed (range over sets)", fontsize=8.5, va="center")
    for y, arm in enumerate(arms):
        numbers = ensemble.at_risk(arm, np.asarray(times))
        typical = numbers[ensemble.typical()]
        colour = style.colour(paper, arm)
        ax.text(
            -0.045,
            y,
            paper.spec.arms[arm].short,
            color=colour,
            ha="right",
            va="center",
            fontsize=9,
            transform=ax.get_yaxis_transform(),
        )
        for time, middle, low, high in zip(times, typical, numbers.min(axis=0), numbers.max(axis=0), strict=True):
            ax.text(time, y - 0.1, f"{middle:.0f}", color=colour, ha="center", va="center", fontsize=9)
            if low != high:
                ax.text(time, y + 0.26, f"{low:.0f}–{high:.0f}", color=style.INK, ha="center", va="center", fontsize=7)


def compared(paper: Any, ensemble: Any) -> pd.DataFrame:
    """Printed and reconstructed values side by side, and whether a target is met."""
    rows = [
        (
            row.quantity,
            _arm_words(paper, row.arm),
            Linked(row.printed, row.value_id) if row.printed else "–",
            row.reconstructed if _one(row) else f"{row.reconstructed} ({row.range})",
            _verdict(row),
        )
        for row in ensemble.compare().itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Quantity", "Arm", "Printed", "Reconstructed (range)", "Met"])


def _one(row: Any) -> bool:
    """Whether all members show the same figure."""
    return set(row.range.split("–")) == {row.reconstructed}


def _arm_words(paper: Any, arms: str) -> str:
    parts = [paper.spec.arms[arm].short for arm in arms.split(" against ") if arm]
    return " against ".join(parts) or "all"


def _verdict(row: Any) -> str:
    if row.role == "target":
        return "yes" if row.met else "no"
    return "left out" if row.role == "left out" else "no target"


def departures(paper: Any, ensemble: Any) -> list[str]:
    """What the curves do not meet, and what the paper prints otherwise elsewhere, as sentences."""
    said = [f"{_capital(message)}." for message in ensemble.dropped]
    for conflict in ensemble.targets.conflicts:
        arm = _arm_words(paper, conflict.arm)
        said.append(
            f"Printed differently elsewhere: {conflict.quantity}, {arm}, is {conflict.other.printed} in the "
            f"{conflict.other_section}; the curves meet the {conflict.used.printed} of the {conflict.used_section}."
        )
    return [
        *said,
        f"Follow-up ends at {ensemble.targets.follow_up_end:.1f} months ({ensemble.targets.follow_up_basis}).",
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".")


def sources(paper: Any, ensemble: Any) -> str:
    """Where the paper prints the figures of an endpoint: `Results, Efficacy; Table 4`."""
    ids = [value_id for value_id in ensemble.compare().value_id if value_id in paper.by_id.index]
    return "; ".join(dict.fromkeys(paper.by_id.loc[ids, "source"]))


def survival_summary(paper: Any, summaries: dict[str, dict[str, Any]], horizon: float) -> pd.DataFrame:
    """Events and restricted mean survival of every endpoint and arm.

    Parameters
    ----------
    summaries
        Endpoint's name for the page to its :func:`haicbook.survival.summarise`.
    horizon
        Months.
    """
    rows = []
    for name, values in summaries.items():
        for arm in (arm for arm in paper.spec.arms if f"{arm}.rmst" in values):
            spread = interval(values[f"{arm}.rmst.low"], values[f"{arm}.rmst.high"], 1)
            rows.append(
                (
                    name,
                    paper.spec.arms[arm].short,
                    number(values[f"{arm}.deaths"], 0),
                    f"{number(values[f'{arm}.rmst'], 1)} ({spread})",
                )
            )
        if "rmst_difference" in values:
            spread = interval(values["rmst_difference.low"], values["rmst_difference.high"], 1)
            rows.append((name, "difference", "", f"{number(values['rmst_difference'], 1)} ({spread})"))
    return pd.DataFrame(rows, columns=["Endpoint", "Arm", "Events", f"Mean months up to {horizon:g} (range)"])


def mean_survival_table(means: pd.DataFrame) -> pd.DataFrame:
    """Restricted mean survival of every arm: months up to its horizon, with the range over reconstructed sets."""
    rows = [
        (row.label, f"{row.horizon:g}", f"{number(row.mean, 1)} ({interval(row.low, row.high, 1)})")
        for row in means.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Arm", "Horizon, months", "Mean months (range)"])
