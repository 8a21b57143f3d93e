"""Response of all arms for the page, response beside survival, and differences of adverse events within each study."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Linked, Row, interval, number, p_value, percent
from haicbook.synthesis.designs import in_sentence
from haicbook.words import GRADES, abbreviation

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MISSING = "–"
_STATE_WORDS = {"added": "grades added up", "share": "percentage without a count", "several": "printed twice"}


def response_panels(rates: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Objective response, complete response and disease control of every arm, one panel each."""
    import matplotlib.pyplot as plt

    categories, arms = list(dict.fromkeys(rates.category)), list(dict.fromkeys(rates.label))
    fig, axes = plt.subplots(
        1, len(categories), sharey=True, figsize=(style.WIDTH, 0.36 * len(arms) + 1.1), squeeze=False
    )
    for ax, category in zip(axes.flat, categories, strict=True):
        for row in rates[rates.category == category].itertuples(index=False):
            y = arms.index(row.label)
            if row.state == "missing":
                ax.text(2, y, "not in our text", fontsize=8, color=style.INK, va="center")
                continue
            colour = style.COLOURS[row.role]
            ax.plot([100 * row.low, 100 * row.high], [y, y], color=colour, lw=2)
            ax.plot(100 * row.estimate, y, style.MARKERS[row.role], color=colour, ms=6)
        ax.set_title(abbreviation(category), fontsize=10, color=style.INK)
        ax.set_xlim(0, 100)
        ax.set_xticks([0, 25, 50, 75])
        ax.grid(axis="x", color=style.FAINT, lw=0.6)
        ax.set_xlabel("Patients, %")
    axes[0, 0].set_yticks(range(len(arms)), arms)
    axes[0, 0].set_ylim(len(arms) - 0.4, -0.6)
    fig.subplots_adjust(left=0.27, right=0.98, wspace=0.12)
    return fig, axes


def responses_alt(rates: pd.DataFrame) -> str:
    """What one would say of :func:`response_panels` on the telephone."""
    told = []
    for category, rows in rates.groupby("category", sort=False):
        known = rows[rows.state != "missing"]
        span = (
            f"{percent(known.estimate.min(), 0)} to {percent(known.estimate.max(), 0)} %" if len(known) else "no figure"
        )
        lacking = f", {len(rows) - len(known)} not in our text" if len(known) < len(rows) else ""
        told.append(f"{abbreviation(str(category))} {span} in {len(known)} arms{lacking}")
    return f"Dots with bars, one panel each: {'; '.join(told)}"


def responses_table(rates: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Every rate as printed with its exact interval, and the paper's own method of an interval."""
    rows = []
    for (label, _), group in rates.groupby(["label", "study"], sort=False):
        cells: dict[str, str] = {"Arm": str(label)}
        for row in group.itertuples(index=False):
            name = abbreviation(row.category)
            cells[f"{name}, printed"] = _response_cell(row)
            limits = _MISSING if row.state == "missing" else f"{percent(row.low)}–{percent(row.high)}"
            cells[f"{name}, exact {confidence:.0%}"] = limits
        cells["Method named for its own interval"] = group.method.iloc[0] or "none printed"
        rows.append(cells)
    return pd.DataFrame(rows)


def _response_cell(row: Row) -> str:
    if row.state == "derived":
        return f"not printed; ORR less PR: {row.counts} of {row.size}"
    return Linked(row.printed, row.value_id) if row.printed else _MISSING


def response_beside_survival(both: dict[str, pd.DataFrame]) -> tuple[Figure, np.ndarray]:
    """Response against median survival; an arrow leads from comparator to experimental arm of the same study.

    Parameters
    ----------
    both
        Endpoint's name for the axis to its :func:`haicbook.synthesis.beside_survival`.
    """
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, len(both), figsize=(style.WIDTH, 3.5), squeeze=False, sharex=True)
    for ax, (name, frame) in zip(axes.flat, both.items(), strict=True):
        if frame.empty:
            style.say(ax, "No arm has both figures.")
            continue
        for _, group in frame.groupby("study", sort=False):
            _study(ax, group)
        ax.set_xlim(0, 100)
        ax.set_ylim(0, 1.12 * float(frame["median"].max()))
        ax.set_xlabel("Objective response, %")
        ax.set_ylabel(name)
        ax.grid(color=style.FAINT, lw=0.6)
    fig.subplots_adjust(wspace=0.26)
    return fig, axes


def beside_alt(both: dict[str, pd.DataFrame]) -> str:
    """What one would say of :func:`response_beside_survival` on the telephone: where each arrow leads."""
    told = []
    for name, frame in both.items():
        ways = []
        for _, group in frame.groupby("study", sort=False):
            arms = group.set_index("role")
            if {"experimental", "comparator"} <= set(arms.index):
                new, old = arms.loc["experimental"], arms.loc["comparator"]
                up = "up" if new["median"] > old["median"] else "down"
                side = "to the right" if new.response > old.response else "to the left"
                ways.append(f"{new.label.split(':')[0]} {up} and {side}")
        told.append(f"{name}, {len(frame)} arms, arrows {', '.join(ways) or 'none'}")
    return f"Scatter plots of response against median survival: {'; '.join(told)}"


def _study(ax: Axes, group: pd.DataFrame) -> None:
    by_role = group.set_index("role")
    if {"experimental", "comparator"} <= set(by_role.index):
        start, end = by_role.loc["comparator"], by_role.loc["experimental"]
        arrow = {"arrowstyle": "-|>", "color": style.INK, "lw": 1.1, "shrinkA": 4, "shrinkB": 4}
        ax.annotate("", (end.response, end["median"]), (start.response, start["median"]), arrowprops=arrow)
    for row in group.itertuples(index=False):
        ax.plot(row.response, row.median, style.MARKERS[row.role], color=style.COLOURS[row.role], ms=7)
    top = group.loc[group["median"].idxmax()]
    name = top.label.split(":")[0]
    ax.annotate(name, (top.response, top["median"]), (0, 7), textcoords="offset points", ha="center", fontsize=8)


def _points(row: Row) -> str:
    """A difference in percentage points with its limits; nothing is shown as minus zero."""
    points = [round(100 * share, 1) + 0.0 for share in (row.difference, row.low, row.high)]
    return f"{number(points[0], 1)} ({interval(points[1], points[2], 1)})"


def _ratio(row: Row) -> str:
    """A risk ratio with its limits; infinite where nobody in the comparator had the event."""
    texts = ["∞" if math.isinf(value) else number(value) for value in (row.ratio, row.ratio_low, row.ratio_high)]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def contrasts_table(found: pd.DataFrame, labels: dict[str, str], confidence: float) -> pd.DataFrame:
    """Differences of response within each study: risk difference, ratio, number needed to treat.

    Parameters
    ----------
    found
        Rows of :func:`haicbook.stats.contrasts.compare` with a column `category`; `event` is the study.
    """
    rows = [
        (
            labels[row.event],
            abbreviation(row.category),
            f"{row.n_treated:.0f} of {row.size_treated:.0f} and {row.n_control:.0f} of {row.size_control:.0f}",
            _points(row),
            _ratio(row),
            row.number_needed,
        )
        for row in found.itertuples(index=False)
    ]
    columns = [
        "Study",
        "Rate",
        "Responders",
        f"Difference, points ({confidence:.0%} CI)",
        "Ratio (CI)",
        "Number needed",
    ]
    return pd.DataFrame(rows, columns=columns)


def harm_differences(found: pd.DataFrame, labels: dict[str, str]) -> tuple[Figure, Axes]:
    """Risk differences of adverse events within each study; filled where they pass the false-discovery rate.

    Parameters
    ----------
    found
        Rows of :func:`haicbook.stats.contrasts.compare` with columns `study` and `words`, those to draw.
    """
    fig, ax = style.figure(max(1, len(found)) + 1, row_height=0.27)
    fig.subplots_adjust(left=0.42)
    if found.empty:
        style.say(ax, "No study prints an event in both of its arms.")
        return fig, ax
    for y, row in enumerate(found.itertuples(index=False)):
        colour = style.COLOURS["experimental" if row.difference > 0 else "comparator"]
        ax.plot([100 * row.low, 100 * row.high], [y, y], color=colour, lw=1.6)
        ax.plot(100 * row.difference, y, "o", ms=6, mec=colour, mfc=colour if row.discovery else "#ffffff", mew=1.5)
    ax.axvline(0, color=style.INK, lw=0.8)
    ax.set_yticks(range(len(found)), [f"{labels[row.study]}: {row.words}" for row in found.itertuples(index=False)])
    ax.set_ylim(max(1, len(found)) - 0.4, -0.6)
    ax.grid(axis="x", color=style.FAINT, lw=0.6)
    ax.set_xlabel("Difference in percentage points, experimental minus comparator")
    return fig, ax


def differences_alt(found: pd.DataFrame, labels: dict[str, str]) -> str:
    """What one would say of :func:`harm_differences` on the telephone."""
    if found.empty:
        return "No differences"
    by_study = ", ".join(f"{labels[study]} {count}" for study, count in found.study.value_counts().items())
    more = int((found.difference > 0).sum())
    return (
        f"{len(found)} risk differences with bars ({by_study}): {more} higher in the experimental arm, "
        f"{len(found) - more} in the comparator; {int(found.discovery.sum())} are filled"
    )


def harms_table(found: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Every comparison of adverse events: difference, p, false-discovery q, number needed to harm."""
    rows = [
        (
            labels[row.study],
            f"{row.words}, {GRADES.get(row.grade, row.grade)}",
            f"{number(row.n_treated, 0)}/{row.size_treated:.0f} and {number(row.n_control, 0)}/{row.size_control:.0f}",
            _points(row) if math.isfinite(row.difference) else _MISSING,
            p_value(row.p),
            p_value(row.q),
            row.number_needed if math.isfinite(row.difference) else _MISSING,
        )
        for row in found.itertuples(index=False)
    ]
    columns = ["Study", "Event", "Patients", "Difference, points (CI)", "p", "q", "Number needed"]
    return pd.DataFrame(rows, columns=columns)


def terms_table(found: pd.DataFrame) -> pd.DataFrame:
    """Every term and arm as printed, at any grade and at the paper's severe grades, one row a term."""
    cells = found.assign(text=[_term_cell(row) for row in found.itertuples(index=False)])
    wide = cells.pivot_table(index=["soc", "term"], columns="label", values="text", aggfunc=" / ".join, sort=False)
    order = list(dict.fromkeys(found.label))
    frame = wide[order].reset_index().rename(columns={"soc": "Class", "term": "Term"})
    return frame.rename_axis(None, axis=1)[["Term", "Class", *order]]


def _term_cell(row: Row) -> str:
    share = float(row.share)
    return percent(share, 0) if math.isfinite(share) else _MISSING


def mapping_notes(mapped: pd.DataFrame) -> list[str]:
    """One sentence for each event whose term is not quite what the paper prints."""
    inexact = mapped[mapped.note != ""]
    return [f"{row.event.replace('_', ' ')} → {row.term}: {row.note}." for row in inexact.itertuples(index=False)]


def state_words(found: pd.DataFrame) -> dict[str, str]:
    """How many cells are printed, added up, or printed twice, and how many are missing."""
    counts = found.state.value_counts()
    return {
        "harms_cells": str(len(found)),
        "harms_printed": str(int(counts.get("printed", 0) + counts.get("share", 0))),
        "harms_added": str(int(counts.get("added", 0))),
        "harms_several": str(int(counts.get("several", 0))),
        "harms_terms": str(found.term.nunique()),
    }


def threshold_words(thresholds: dict[str, str], labels: dict[str, str]) -> str:
    """What each paper calls severe, in words."""
    return "; ".join(f"{labels[study]} {GRADES.get(grade, 'none reported')}" for study, grade in thresholds.items())


def discovery_words(found: pd.DataFrame, level: str, labels: dict[str, str]) -> dict[str, str]:
    """How many comparisons there are, how many pass the false-discovery rate, and the largest difference."""
    passing = found[found.discovery.astype(bool)] if len(found) else found
    counts = passing.study.value_counts()
    largest = "none can be compared"
    if len(found):
        row = found.iloc[0]
        limits = interval(100 * row.low, 100 * row.high, 1)
        largest = f"{row.words}, {labels[row.study]}, {number(100 * row.difference, 1)} points ({limits})"
    return {
        f"{level}_compared": str(len(found)),
        f"{level}_discoveries": str(len(passing)),
        f"{level}_by_study": ", ".join(f"{labels[study]} {count}" for study, count in counts.items()) or "in no study",
        f"{level}_largest": largest,
        f"{level}_disagree": _disagreements(found, labels),
    }


def _disagreements(found: pd.DataFrame, labels: dict[str, str]) -> str:
    """The rows in which Fisher's test and Newcombe's interval disagree about no difference, in words."""
    rows = found[found.disagree.astype(bool)] if len(found) else found
    said = [f"{row.words} ({labels[row.study]}, p {p_value(row.p)})" for row in rows.itertuples(index=False)]
    return "; ".join(said) or "in no row"


def exceeded_words(exceeded: list[tuple[str, str, float, float]]) -> str:
    """Arms that print fewer patients with any severe event than with one of them, in a sentence; empty if none does."""
    if not exceeded:
        return ""
    parts = [
        f"{label}, {percent(whole, 0)} % with any severe event but {percent(part, 0)} % with {in_sentence(term)}"
        for label, term, whole, part in exceeded
    ]
    return f"Figures that contradict each other: {'; '.join(parts)}."
