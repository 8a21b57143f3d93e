"""All arms of all studies on one time axis, and their medians beside those of trials that the papers cite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.markup import Markup
from haicbook.show import style
from haicbook.show.forest import rates_forest
from haicbook.show.tables import Linked, Row, interval, number, percent

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.synthesis import Rebuilt

_COLUMNS = 2
_YEAR = 12


def all_arms(bands: pd.DataFrame, horizon: float) -> tuple[Figure, np.ndarray]:
    """One panel a study with its arms and their bands; the arms of the other studies behind them in grey.

    Parameters
    ----------
    bands
        From :func:`haicbook.synthesis.bands`.
    horizon
        Months shown.
    """
    import matplotlib.pyplot as plt

    studies = list(dict.fromkeys(bands.study))
    rows = max(1, math.ceil(len(studies) / _COLUMNS))
    fig, axes = plt.subplots(
        rows, _COLUMNS, sharex=True, sharey=True, figsize=(style.WIDTH, 2.35 * rows + 0.4), squeeze=False
    )
    for ax, study in zip(axes.flat, studies, strict=False):
        _panel(ax, bands, study)
    for ax in axes.flat[len(studies) :]:
        ax.axis("off")
    step = next(s for s in (3, 6, 12, 24) if horizon / s <= 8)
    axes[0, 0].set_xlim(0, horizon)
    axes[0, 0].set_ylim(0, 102)
    axes[0, 0].set_xticks([step * k for k in range(int(horizon / step) + 1)])
    for ax in axes[:, 0]:
        ax.set_ylabel("Free of the event, %", fontsize=9)
    for ax in axes.flat[max(0, len(studies) - _COLUMNS) : len(studies)]:
        ax.set_xlabel("Months")
        ax.tick_params(labelbottom=True)
    fig.subplots_adjust(wspace=0.08, hspace=0.32)
    return fig, axes


def all_arms_alt(bands: pd.DataFrame) -> str:
    """What one would say of :func:`all_arms` on the telephone: each arm's share at one year, and where it is a half."""
    told = []
    for _, arm in bands.groupby(["study", "arm"], sort=False):
        below, year = arm[arm.survival <= 0.5], arm[arm.time <= _YEAR].iloc[-1]
        half = f"one half at {below.time.iloc[0]:.0f} months" if len(below) else "above one half throughout"
        told.append(f"{arm.label.iloc[0]} {half}, {percent(year.survival, 0)} % at {year.time:.0f}")
    panels = f"{bands.study.nunique()} panels of step curves with bands, the other studies' in grey behind"
    return f"{panels}: {'; '.join(told) or 'none'}"


def _panel(ax: Axes, bands: pd.DataFrame, study: str) -> None:
    for (other, _), arm in bands.groupby(["study", "arm"], sort=False):
        if other != study:
            ax.plot(arm.time, 100 * arm.survival, color=style.INK, lw=0.7, alpha=0.45, drawstyle="steps-post")
    for _, arm in bands[bands.study == study].groupby("arm", sort=False):
        role, name = arm.role.iloc[0], arm.label.iloc[0].split(": ")[1]
        colour = style.COLOURS[role]
        ax.fill_between(arm.time, 100 * arm.low, 100 * arm.high, color=colour, alpha=0.25, lw=0, step="post")
        label = f"{name} ({arm.n.iloc[0]})"
        ax.step(arm.time, 100 * arm.survival, where="post", color=colour, ls=style.DASHES[role], lw=1.8, label=label)
    ax.set_title(bands[bands.study == study].label.iloc[0].split(":")[0], fontsize=10, loc="left", color=style.INK)
    ax.legend(loc="upper right", fontsize=8, handlelength=1.8, borderaxespad=0.1)
    ax.tick_params(labelsize=8.5)


def medians_beside(rates: pd.DataFrame, marks: pd.DataFrame, xlabel: str) -> tuple[Figure, Axes]:
    """Printed medians of every arm, with lines for trials that the papers cite.

    Parameters
    ----------
    rates
        From :func:`haicbook.synthesis.medians`, or rates in the same columns.
    marks
        Rows of :func:`haicbook.synthesis.benchmarks` to draw as lines: `trial`, `value`.
    """
    fig, ax = rates_forest(rates, xlabel)
    height = fig.get_figheight()
    fig.set_figheight(height + 0.9)
    right = ax.get_xlim()[1]
    for mark in marks.itertuples(index=False):
        ax.axvline(mark.value, color=style.THIRD, lw=1.1, ls=(0, (2, 2)), zorder=0)
        words = f"{mark.trial}, {mark.printed}"
        ax.text(mark.value, -0.75, words, rotation=60, fontsize=7.5, color=style.THIRD, ha="left", va="bottom")
        right = max(right, 1.05 * mark.value)
    ax.set_xlim(0, right)
    return fig, ax


def medians_alt(rates: pd.DataFrame, marks: pd.DataFrame) -> str:
    """What one would say of :func:`medians_beside` on the telephone."""
    told = "; ".join(f"{row.label} {number(row.estimate, 1)}" for row in rates.itertuples(index=False))
    lines = ", ".join(f"{mark.trial} {mark.printed}" for mark in marks.itertuples(index=False))
    return f"Dots with bars, medians in months: {told}. Lines: {lines or 'none'}"


def benchmarks_table(frames: dict[str, pd.DataFrame], labels: dict[str, str]) -> pd.DataFrame:
    """Every cited trial: its figures, and which paper prints them.

    Parameters
    ----------
    frames
        Endpoint's name for the page to its :func:`haicbook.synthesis.benchmarks`.
    labels
        Study to its name.
    """
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for name, frame in frames.items():
        for row in frame.itertuples(index=False):
            cell = rows.setdefault((row.trial, row.regimen, row.setting), {})
            cell[name] = row.printed
            cited = [labels.get(study, study) for study in row.cited_by.split(", ")]
            cell["by"] = ", ".join(dict.fromkeys([*filter(None, cell.get("by", "").split(", ")), *cited]))
    cells = [
        (f"{trial}: {regimen}", setting, *(cell.get(name, "–") for name in frames), cell["by"])
        for (trial, regimen, setting), cell in rows.items()
    ]
    return pd.DataFrame(cells, columns=["Trial and regimen", "Setting", *frames, "Printed in"])


def landmarks_table(rates: pd.DataFrame, medians: pd.DataFrame) -> pd.DataFrame:
    """Medians as printed, and survival at given months: printed, or reconstructed with its range in italics.

    Parameters
    ----------
    rates
        From :func:`haicbook.synthesis.landmarks`.
    medians
        From :func:`haicbook.synthesis.medians`.
    """
    printed = {(row.study, row.arm): Linked(row.printed, row.value_id) for row in medians.itertuples(index=False)}
    rows = []
    for (study, arm, label), group in rates.groupby(["study", "arm", "label"], sort=False):
        cells = {f"{row.time:g} months, %": _landmark_cell(row) for row in group.itertuples(index=False)}
        rows.append({"Arm": label, "Median, months": printed.get((study, arm), "–"), **cells})
    return pd.DataFrame(rows)


def _landmark_cell(row: Row) -> str:
    if row.state == "beyond":
        return "beyond follow-up"
    if row.state == "printed":
        return Linked(row.printed, row.value_id)
    if row.state == "thin":
        return f"too few at risk ({row.at_risk:.0f})"
    return Markup(f"*{percent(row.survival, 0)} ({interval(100 * row.low, 100 * row.high, 0)})*")


def landmark_words(rates: pd.DataFrame) -> dict[str, str]:
    """How many of the rates are printed, reconstructed, or cannot be given."""
    counts = rates.state.value_counts()
    return {
        "rates_all": number(len(rates), 0),
        **{f"rates_{s}": number(counts.get(s, 0), 0) for s in ("printed", "reconstructed", "thin", "beyond")},
    }


def left_out(rebuilt: dict[str, Rebuilt], labels: dict[str, str]) -> list[str]:
    """One sentence for each study whose curves could not be rebuilt, with the reason.

    Parameters
    ----------
    rebuilt
        Endpoint's name to its :class:`haicbook.synthesis.Rebuilt`.
    """
    return [
        f"{name}: no curves for {labels[study]} ({reason})."
        for name, found in rebuilt.items()
        for study, reason in found.left_out.items()
    ]


def same_words(*rebuilt: Rebuilt) -> str:
    """Whether the data sets are those of the chapters, by their digests, in a sentence."""
    checked = [same for found in rebuilt for same in found.same.values()]
    if not checked:
        return "The chapters show another number of data sets of the same kind."
    if all(checked):
        return "They are the data sets of the chapters."
    return f"Only {sum(checked)} of {len(checked)} are the data sets of the chapters; run the chapters again."
