"""Effects within each study for the page: the forest with its empty places, the summary and what it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Linked, Row, interval, number, p_value, percent
from haicbook.stats.meta import Message, Pooled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.stats.meta import LeftOut
    from haicbook.study import Paper

_MARKERS = {"crude": "o", "adjusted": "D", "matched": "s", "matched_adjusted": "P"}
_RIGHT = 1.02


def effects_forest(
    effects: pd.DataFrame,
    analyses: dict[str, str],
    summary: Pooled | Message | None = None,
    weights: dict[str, float] | None = None,
) -> tuple[Figure, Axes]:
    """Hazard ratios of treatment within each study on a log scale, every analysis with a row; empty places say why.

    Parameters
    ----------
    effects
        Rows of :func:`haicbook.synthesis.within_study_effects` for one endpoint.
    analyses
        Analysis to its words.
    summary
        :class:`haicbook.stats.meta.Pooled` for the rows beneath, or None.
    weights
        Value id of the ratios that enter the summary to their weight, from 0 to 1.
    """
    pooled = summary if isinstance(summary, Pooled) else None
    rows = list(effects.itertuples(index=False))
    fig, ax = style.figure(len(rows) + (4 if pooled else 1), row_height=0.32)
    fig.subplots_adjust(left=0.34, right=0.68)
    names = [f"{row.label}, {analyses.get(row.analysis, 'one arm')}" for row in rows]
    for y, row in enumerate(rows):
        _effect(ax, y, row, (weights or {}).get(row.value_id, 0.0))
    if pooled:
        names += ["Summary (random effects)", "Prediction interval", "Prediction, prior on τ"]
        _diamond(ax, len(rows), pooled.ratio())
    ax.axvline(1, color=style.INK, lw=0.8)
    ax.set_xscale("log")
    ax.set_xlim(0.15, 2.5)
    ticks = [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel("Hazard ratio, experimental against comparator (log scale)")
    return fig, ax


def _effect(ax: Axes, y: float, row: Row, weight: float) -> None:
    if row.state != "printed":
        ax.text(_RIGHT, y, row.why, fontsize=8, color=style.INK, va="center", transform=ax.get_yaxis_transform())
        return
    colour = style.COLOURS["experimental"] if weight else style.INK
    ax.plot([row.low, row.high], [y, y], color=colour, lw=1.5)
    ax.plot(row.hr, y, _MARKERS[row.analysis], color=colour, ms=5 + 7 * weight)
    words = f"{number(row.hr)} ({interval(row.low, row.high)})" + (f", {percent(weight, 0)} %" if weight else "")
    ax.text(_RIGHT, y, words, fontsize=8, color=colour, va="center", transform=ax.get_yaxis_transform())


def _diamond(ax: Axes, y: float, ratio: dict[str, float]) -> None:
    colour = style.THIRD
    low, middle, high = ratio["low"], ratio["estimate"], ratio["high"]
    ax.fill([low, middle, high, middle], [y, y - 0.28, y, y + 0.28], color=colour, lw=0)
    words = f"{number(middle)} ({interval(low, high)})"
    ax.text(_RIGHT, y, words, fontsize=8, color=colour, va="center", transform=ax.get_yaxis_transform())
    for below, kind in enumerate(("prediction", "with_prior"), 1):
        ends = ratio[f"{kind}_low"], ratio[f"{kind}_high"]
        if math.isfinite(ends[0]):
            ax.plot(ends, [y + below, y + below], color=colour, lw=2.4)
        text = _predicted(ratio, kind)
        ax.text(_RIGHT, y + below, text, fontsize=8, color=colour, va="center", transform=ax.get_yaxis_transform())


def _predicted(ratio: dict[str, float], kind: str) -> str:
    ends = ratio[f"{kind}_low"], ratio[f"{kind}_high"]
    return interval(*ends) if math.isfinite(ends[0]) else "not defined with so few"


def effects_alt(effects: pd.DataFrame, summary: Pooled | Message | None) -> str:
    """What one would say of :func:`effects_forest` on the telephone."""
    drawn = effects[effects.state == "printed"]
    ratios = f", from {number(drawn.hr.min())} to {number(drawn.hr.max())}" if len(drawn) else ""
    empty = [label for label, rows in effects.groupby("label", sort=False) if not (rows.state == "printed").any()]
    words = f"{len(drawn)} printed hazard ratios{ratios}, {int((drawn.high < 1).sum())} with an interval below 1"
    if empty:
        words += f"; no ratio for {' and '.join(empty)}"
    if not isinstance(summary, Pooled):
        return words
    ratio = summary.ratio()
    words += f". Summary {number(ratio['estimate'])} ({interval(ratio['low'], ratio['high'])}); prediction interval "
    return f"{words}{_predicted(ratio, 'prediction')}, with a prior {_predicted(ratio, 'with_prior')}"


def compared_table(papers: list[Paper], labels: dict[str, str]) -> pd.DataFrame:
    """What each comparison sets against what: the arms' regimens and the patients of the main population."""
    rows = []
    for paper in papers:
        spec = paper.spec
        if spec.comparator is None or spec.experimental is None:
            continue
        both, sizes = (spec.experimental, spec.comparator), spec.populations[spec.main_population].n
        arms = [spec.arms[arm] for arm in both]
        numbers = " and ".join(str(sizes[arm]) for arm in both)
        rows.append((labels[paper.study], arms[0].label, arms[1].label, numbers, spec.line_of_therapy or "not stated"))
    columns = ["Study", "Experimental arm", "Against", "Patients", "Line of therapy"]
    return pd.DataFrame(rows, columns=columns)


def effects_table(effects: pd.DataFrame, analyses: dict[str, str]) -> pd.DataFrame:
    """Every ratio as printed and oriented one way, with the reason for every empty place."""
    rows = [
        (
            row.label,
            row.endpoint.upper(),
            analyses.get(row.analysis, "–"),
            Linked(row.printed, row.value_id) if row.printed else "–",
            f"{number(row.hr)} ({interval(row.low, row.high)})" if row.state == "printed" else row.why,
            "yes" if row.inverted else "",
        )
        for row in effects.itertuples(index=False)
    ]
    columns = ["Study", "Endpoint", "Analysis", "Printed", "Experimental against comparator", "Inverted"]
    return pd.DataFrame(rows, columns=columns)


def summary_table(summaries: dict[str, Pooled | Message], left_out: dict[str, tuple[LeftOut, ...]]) -> pd.DataFrame:
    """The random-effects summary of each endpoint, and without each study in turn.

    Parameters
    ----------
    summaries
        Endpoint's name to :class:`haicbook.stats.meta.Pooled` or `Message`.
    left_out
        Endpoint's name to the leave-one-out results.
    """
    rows = []
    for name, summary in summaries.items():
        rows.append(_summary_row(name, "all", summary))
        rows += [_summary_row(name, f"without {item.label}", item.result) for item in left_out[name]]
    columns = [
        "Endpoint",
        "Studies",
        "Summary HR",
        "Without the floor",
        "Prediction interval",
        "With a prior on τ",
        "τ² (interval)",
        "I², % (interval)",
        "p",
    ]
    return pd.DataFrame(rows, columns=columns)


def _summary_row(name: str, which: str, summary: Pooled | Message) -> tuple[str, ...]:
    if isinstance(summary, Message):
        return (name, which, summary.statement, *"––––––")
    ratio = summary.ratio()
    return (
        name,
        which,
        f"{number(ratio['estimate'])} ({interval(ratio['low'], ratio['high'])})",
        interval(ratio["unmodified_low"], ratio["unmodified_high"]),
        _predicted(ratio, "prediction"),
        _predicted(ratio, "with_prior"),
        f"{number(summary.tau2)} ({_upper(summary.tau2_low, summary.tau2_high, 2)})",
        f"{percent(summary.i2, 0)} ({_upper(100 * summary.i2_low, 100 * summary.i2_high, 0)})",
        p_value(summary.p),
    )


def _upper(low: float, high: float, decimals: int) -> str:
    return f"{number(low, decimals)} to {number(high, decimals) if math.isfinite(high) else '∞'}"


def summary_words(name: str, summary: Pooled | Message) -> dict[str, str]:
    """The summary of one endpoint in words, with its prediction interval and heterogeneity."""
    if isinstance(summary, Message):
        return {f"{name}_summary": summary.statement} | {
            f"{name}_{word}": "none" for word in ("unmodified", "prediction", "with_prior", "i2")
        }
    ratio = summary.ratio()
    return {
        f"{name}_summary": f"{number(ratio['estimate'])} ({interval(ratio['low'], ratio['high'])})",
        f"{name}_unmodified": interval(ratio["unmodified_low"], ratio["unmodified_high"]),
        f"{name}_prediction": _predicted(ratio, "prediction"),
        f"{name}_with_prior": _predicted(ratio, "with_prior"),
        f"{name}_i2": f"{percent(summary.i2, 0)} % ({_upper(100 * summary.i2_low, 100 * summary.i2_high, 0)})",
    }
