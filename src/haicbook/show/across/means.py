"""Restricted mean survival and hazard ratios by period: what chance leaves open, and what the numbers do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Row, interval, number, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.synthesis.periods import ProportionalHazards

_BEYOND = 12.0
_UNKNOWN = "cannot be estimated"


def mean_differences(differences: pd.DataFrame) -> tuple[Figure, Axes]:
    """Differences of restricted mean survival, one row for each study and horizon.

    The thick bar is what the reconstruction leaves open alone, the thin one has chance in it as well.

    Parameters
    ----------
    differences
        From :func:`haicbook.synthesis.restricted_differences`. Rows that are not supported are named, not drawn.
    """
    fig, ax = style.figure(len(differences) + 1, row_height=0.34)
    if differences.empty:
        style.say(ax, "No study has two arms whose survival could be reconstructed.")
        return fig, ax
    for y, row in enumerate(differences.itertuples(index=False)):
        if not row.supported:
            ax.text(0.1, y, "not followed so long", fontsize=8, color=style.INK, va="center", ha="left")
            continue
        colour = style.COLOURS["experimental"]
        ax.plot([row.low, row.high], [y, y], color=colour, lw=1.3)
        ax.plot([row.open_low, row.open_high], [y, y], color=colour, lw=5, alpha=0.45)
        ax.plot(row.estimate, y, "o", color=colour, ms=6)
    ax.axvline(0, color=style.INK, lw=0.8)
    ax.set_yticks(range(len(differences)), [f"{r.label}, {r.horizon:g} months" for r in differences.itertuples()])
    ax.set_ylim(len(differences) - 0.4, -0.6)
    ax.grid(axis="x", color=style.FAINT, lw=0.6)
    ax.set_xlabel("Difference of mean months alive, experimental minus comparator")
    return fig, ax


def means_alt(differences: pd.DataFrame) -> str:
    """What one would say of :func:`mean_differences` on the telephone."""
    told = [
        f"{row.label} at {row.horizon:g} months {number(row.estimate, 1)} ({interval(row.low, row.high, 1)})"
        if row.supported
        else f"{row.label} not followed to {row.horizon:g} months"
        for row in differences.itertuples(index=False)
    ]
    return f"Differences of mean months alive: {'; '.join(told) or 'none'}"


def means_table(means: pd.DataFrame, names: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Restricted mean survival of every arm: the interval, and its two sources of uncertainty apart.

    Parameters
    ----------
    means
        From :func:`haicbook.synthesis.restricted_means`.
    names
        Label of the study and key of the arm to the arm's name.
    """
    rows = [
        (
            names[row.label, row.arm],
            f"{row.horizon:g}",
            number(row.estimate, 1),
            interval(row.low, row.high, 1),
            number(row.sampling, 2),
            number(row.reconstruction, 2),
            number(row.at_risk, 0),
        )
        if row.supported
        else (names[row.label, row.arm], f"{row.horizon:g}", "–", row.why, "–", "–", number(row.at_risk, 0))
        for row in means.itertuples(index=False)
    ]
    columns = ["Arm", "Horizon", "Mean months", "Interval", "SE, sampling", "SE, reconstruction", "At risk"]
    return pd.DataFrame(rows, columns=columns)


def period_ratios(periods: pd.DataFrame) -> tuple[Figure, Axes]:
    """Hazard ratio of each study by period on a log scale; periods with too few events say so.

    Parameters
    ----------
    periods
        Rows of :func:`haicbook.synthesis.period_ratios` with a column `label`.
    """
    fig, ax = style.figure(len(periods) + 1, row_height=0.34)
    if periods.empty:
        style.say(ax, "No study has two arms whose survival could be reconstructed.")
        return fig, ax
    names = []
    for y, row in enumerate(periods.itertuples(index=False)):
        names.append(f"{row.label}, {_period(row.start, row.end)}")
        if not row.supported:
            ax.text(1.08, y, "too few events", fontsize=8, color=style.INK, va="center", ha="left")
            continue
        _ratio(ax, y, row)
    ax.axvline(1, color=style.INK, lw=0.8)
    ax.set_xscale("log")
    ax.set_xlim(1 / _BEYOND, _BEYOND)
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("Hazard ratio of death, experimental against comparator (log scale)")
    return fig, ax


def periods_alt(periods: pd.DataFrame) -> str:
    """What one would say of :func:`period_ratios` on the telephone."""
    told = [
        f"{row.label}, {_period(row.start, row.end)}, {number(row.hr) if row.supported else 'too few events'}"
        for row in periods.itertuples(index=False)
    ]
    return f"Hazard ratios by period: {'; '.join(told) or 'none'}"


def _ratio(ax: Axes, y: float, row: Row) -> None:
    colour = style.COLOURS["experimental"]
    ends = np.clip([row.low, row.high], 1 / _BEYOND, _BEYOND)
    ax.plot(ends, [y, y], color=colour, lw=1.3)
    ax.plot(np.clip([row.open_low, row.open_high], 1 / _BEYOND, _BEYOND), [y, y], color=colour, lw=5, alpha=0.45)
    ax.plot(row.hr, y, "o", color=colour, ms=6)


def _period(start: float, end: float) -> str:
    return f"after {start:g} months" if math.isinf(end) else f"{start:g}–{end:g} months"


def proportionality_table(checks: dict[str, ProportionalHazards]) -> pd.DataFrame:
    """Test of proportional hazards on the reconstructed data sets of each study.

    Parameters
    ----------
    checks
        Study's name to its :func:`haicbook.synthesis.proportional_hazards`.
    """
    rows = []
    for label, check in checks.items():
        if check.p_range is None:
            rows.append((label, "–", "–", "–", check.statement))
            continue
        least, median, most = map(p_value, check.p_range)
        rows.append((label, median, f"{least} to {most}", f"{100 * check.share:.0f} %", check.direction))
    columns = ["Study", "p, median", "p, range", "Data sets with p < 0.05", "With time, the ratio"]
    return pd.DataFrame(rows, columns=columns)


def mean_words(differences: pd.DataFrame) -> dict[str, str]:
    """The largest supported difference, and in how many of them chance is the larger uncertainty."""
    known = differences[differences.supported]
    if known.empty:
        return {
            "rmst_larger": "No study has two arms that are followed to any of these horizons.",
            "rmst_chance_larger": "none of 0",
        }
    most = known.loc[known.estimate.abs().idxmax()]
    larger = int((known.sampling > known.reconstruction).sum())
    return {
        "rmst_larger": (
            f"The largest difference is {number(most.estimate, 1)} months of {most.horizon:g} ({most.label}; "
            f"{interval(most.low, most.high, 1)})."
        ),
        "rmst_chance_larger": f"{larger} of {len(known)}",
    }


def not_shown(frame: pd.DataFrame) -> list[str]:
    """One sentence for each row of a figure that is named and not drawn, with the reason."""
    rows = frame[~frame.supported].itertuples(index=False)
    return [
        f"{row.label}, {_period(row.start, row.end) if 'start' in frame else f'{row.horizon:g} months'}: {row.why}."
        for row in rows
    ]


def period_words(periods: pd.DataFrame, label: str) -> dict[str, str]:
    """The ratio of one study in each of three periods, in words."""
    mine = periods[periods.label == label]
    words = [
        f"{number(row.hr)} ({interval(row.low, row.high)})" if row.supported else _UNKNOWN
        for row in mine.itertuples(index=False)
    ]
    names = ("period_first", "period_second", "period_third")
    return dict(zip(names, [*words, *[_UNKNOWN] * len(names)], strict=False))
