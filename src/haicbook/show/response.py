"""Tumour response for the page: printed counts beside exact intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show.forest import rates_forest
from haicbook.show.tables import Linked, percent
from haicbook.words import abbreviation, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.response import PrintedInterval, Rate
    from haicbook.study import Paper


# what the figure shows, in words
_DRAWN = {"orr": "objective response", "dcr": "disease control"}


def response_table(paper: Paper, rates: list[Rate], confidence: float) -> pd.DataFrame:
    """One row for each category (and criterion), two columns for each arm: printed, exact interval in per cent."""
    keys = list(dict.fromkeys((rate.criterion, rate.category) for rate in rates))
    several = len({criterion for criterion, _ in keys}) > 1
    rows = []
    for criterion, category in keys:
        name = label(category) + (f", {label(criterion)}" if several else "")
        row: dict[str, str] = {"Response": name}
        for arm, words in paper.spec.arms.items():
            found = [r for r in rates if (r.criterion, r.category, r.arm) == (criterion, category, arm)]
            printed, exact = "Printed", f"Exact {confidence:.0%} CI"
            if len(paper.spec.arms) > 1:
                printed, exact = f"{words.short}, printed", f"{words.short}, exact {confidence:.0%} CI"
            row[printed] = Linked(found[0].printed, found[0].value_id) if found else "–"
            row[exact] = _limits(found[0], confidence) if found else "–"
        rows.append(row)
    return pd.DataFrame(rows)


def _limits(rate: Rate, confidence: float) -> str:
    low, high = rate.interval(confidence)
    if len(rate.counts) == 1:
        return f"{percent(low)}–{percent(high)}"
    counts = f"{rate.counts[0]} or {rate.counts[1]}" if len(rate.counts) == 2 else f"{rate.counts[0]}–{rate.counts[-1]}"
    return f"{percent(low)}–{percent(high)} ({counts} of {rate.size})"


def response_forest(paper: Paper, rates: list[Rate], confidence: float) -> tuple[Figure, Axes]:
    """ORR and DCR of every arm with exact intervals."""
    rows = []
    for rate in rates:
        if rate.category not in _DRAWN:
            continue
        low, high = rate.interval(confidence)
        arm = paper.spec.arms[rate.arm]
        rows.append(
            (
                ", ".join([abbreviation(rate.category), *_tags(paper, rate)]),
                arm.role,
                100 * rate.estimate,
                100 * low,
                100 * high,
            )
        )
    frame = pd.DataFrame(rows, columns=["label", "role", "estimate", "low", "high"])
    fig, ax = rates_forest(frame, "Patients, %")
    ax.set_xlim(0, 100)
    return fig, ax


def response_words(paper: Paper, rates: list[Rate]) -> str:
    """What :func:`response_forest` shows: `Objective response 58 % (SI), 37 % (SE)`, and disease control likewise."""
    told = []
    for category, words in _DRAWN.items():
        found = [rate for rate in rates if rate.category == category]
        told += [f"{words} {', '.join(_share(paper, rate) for rate in found)}"] if found else []
    said = "; ".join(told) or "no response is printed"
    return f"{said[0].upper()}{said[1:]}"


def _share(paper: Paper, rate: Rate) -> str:
    whose = ", ".join(_tags(paper, rate))
    return f"{percent(rate.estimate, 0)} %" + (f" ({whose})" if whose else "")


def _tags(paper: Paper, rate: Rate) -> list[str]:
    """Whose a rate is, and by which criterion, where there are several."""
    arm = [paper.spec.arms[rate.arm].short] if len(paper.spec.arms) > 1 else []
    return arm + ([label(rate.criterion)] if rate.criterion else [])


def interval_text(printed: PrintedInterval) -> dict[str, str]:
    """A printed interval beside the exact and the Wald one, in per cent."""
    shown = {name: f"{percent(low)}–{percent(high)} %" for name, (low, high) in printed.limits.items()}
    return {
        "orr_printed": printed.printed,
        "orr_exact": shown["exact"],
        "orr_wald": shown["wald"],
        "orr_method": ", ".join(printed.reproduced_by) or "none",
    }
