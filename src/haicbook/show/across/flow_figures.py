"""Who came to be compared, and from when they count: drawn small and with large letters, for a telephone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from haicbook.show import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.synthesis import Lane

_WIDTH = 5.2


def patient_flow(flow: pd.DataFrame, stages: Sequence[str]) -> tuple[Figure, Axes]:
    """One row a study, one number a stage, with the share of the stage before as a bar beneath it.

    Parameters
    ----------
    flow
        From :func:`haicbook.synthesis.flow`.
    stages
        Its columns, in order.
    """
    fig, ax = style.figure(len(flow) + 1, row_height=0.55)
    fig.set_figwidth(_WIDTH)
    for y, row in enumerate(flow.to_dict("records")):
        before = math.nan
        for x, stage in enumerate(stages):
            count = row[stage]
            absent = "not printed" if stage != stages[-1] or row["matched"] else "no matching"
            known = math.isfinite(count)
            ax.text(x, y, f"{count:,.0f}" if known else absent, ha="center", fontsize=13 if known else 9)
            if math.isfinite(before) and known:
                ax.annotate(
                    "", (x - 0.27, y - 0.07), (x - 0.73, y - 0.07), arrowprops={"arrowstyle": "->", "color": style.INK}
                )
                ax.barh(y + 0.22, 0.6, left=x - 0.3, height=0.12, color=style.FAINT)
                ax.barh(y + 0.22, 0.6 * count / before, left=x - 0.3, height=0.12, color=style.INK)
                ax.text(x - 0.5, y - 0.14, f"{100 * count / before:.0f} %", ha="center", fontsize=9)
            before = count if known else before
    ax.set_xlim(-0.45, len(stages) - 0.6)
    ax.set_ylim(len(flow) - 0.5, -0.5)
    ax.set_yticks(range(len(flow)), flow.label)
    ax.set_xticks(range(len(stages)), stages)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig, ax


def flow_words(flow: pd.DataFrame, stages: Sequence[str]) -> str:
    """The message of the flow: how few of those evaluated remain in the end, where both are printed."""
    told = []
    for row in flow.to_dict("records"):
        last = [row[stage] for stage in stages if math.isfinite(row[stage])][-1]
        if math.isfinite(row[stages[0]]):
            told.append(f"{row['label']} {last:,.0f} of {row[stages[0]]:,.0f}")
    return f"Left of the patients evaluated: {', '.join(told)}" if told else "No paper prints how many were evaluated"


def flow_alt(flow: pd.DataFrame, stages: Sequence[str]) -> str:
    """What one would say of :func:`patient_flow` on the telephone."""
    told = []
    for row in flow.to_dict("records"):
        counts = [f"{row[stage]:,.0f} {stage.lower()}" for stage in stages if math.isfinite(row[stage])]
        told.append(f"{row['label']} {', '.join(counts)}")
    return f"Numbers of patients, stage by stage: {'; '.join(told)}"


def treatment_clock(lanes: Sequence[Lane]) -> tuple[Figure, Axes]:
    """One lane an arm, a bar for each treatment, dashed where its length is not printed.

    Grey is the time in which a patient who dies is in neither arm.

    Parameters
    ----------
    lanes
        From :func:`haicbook.synthesis.sequence_clock` or :func:`haicbook.synthesis.late_clock`.
    """
    fig, ax = style.figure(len(lanes) + 2, row_height=0.62)
    fig.set_figwidth(_WIDTH)
    for y, lane in enumerate(lanes):
        if lane.unseen is not None:
            start, end = lane.unseen
            ax.barh(y, end - start, left=start, height=0.84, color=style.FAINT)
        for place, stretch in enumerate(lane.stretches):
            low = y - 0.08 + 0.42 * place if len(lane.stretches) > 1 else y + 0.1
            dashes: Any = "-" if stretch.measured else (0, (3, 2))
            colour = style.COLOURS[lane.role]
            ax.plot([stretch.start, stretch.end], [low, low], color=colour, ls=dashes, lw=5, solid_capstyle="butt")
            ax.text(stretch.start, low - 0.07, f" {stretch.words}", fontsize=9.5, va="bottom")
    first = min(stretch.start for lane in lanes for stretch in lane.stretches)
    last = max(stretch.end for lane in lanes for stretch in lane.stretches)
    ax.axvline(0, color=style.INK, lw=1.2)
    side = "center" if first < 0 else "left"
    ax.annotate("the clock starts", (0, -0.62), ha=side, fontsize=10, annotation_clip=False)
    ax.set_xlim(first - 0.02 * (last - first), last)
    ax.set_ylim(len(lanes) - 0.4, -0.55)
    ax.set_yticks(range(len(lanes)), [lane.label for lane in lanes])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if all(stretch.measured for lane in lanes for stretch in lane.stretches):
        ax.set_xlabel("Weeks from the first HAIC")
    else:
        ax.set_xticks([])
        ax.set_xlabel("Time; how long, the paper does not print")
    return fig, ax


def clock_words(lanes: Sequence[Lane]) -> str:
    """Whose patients had to survive to be counted, the longest first."""
    waited = [(lane.unseen[1] - lane.unseen[0], lane) for lane in lanes if lane.unseen is not None]
    longest, lane = max(waited, key=lambda pair: pair[0])
    reached = lane.stretches[-1].words
    measured = all(stretch.measured for stretch in lane.stretches)
    how_long = f"up to {longest:g} weeks" if measured else "how long that took is not printed"
    return f"{lane.label}: whoever died before {reached} ({how_long}) is in neither arm"


def clock_alt(lanes: Sequence[Lane]) -> str:
    """What one would say of :func:`treatment_clock` on the telephone."""
    told = []
    for lane in lanes:
        given = ", then ".join(stretch.words for stretch in sorted(lane.stretches, key=lambda stretch: stretch.start))
        told.append(f"{lane.label} {given}{', the time before the last in grey' if lane.unseen is not None else ''}")
    return f"Lanes of treatment from the start of the clock: {'; '.join(told)}. {clock_words(lanes)}"
