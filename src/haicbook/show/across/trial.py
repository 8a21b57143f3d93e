"""The single-arm trial for the page: designs, intervals, belief before and after, and what going on would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import interval, number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.stats.single_arm.bayes import Posterior
    from haicbook.stats.single_arm.simon import Admissible, Decision, Evaluation

_LOOKS: dict[str, tuple[str, Any]] = {
    "as printed": (style.COLOURS["comparator"], "-"),
    "optimal": (style.COLOURS["experimental"], (0, (5, 1.6))),
    "minimax": (style.THIRD, (0, (1.5, 1.5))),
}


def operating_curves(curves: pd.DataFrame, p0: float, p1: float) -> tuple[Figure, Axes]:
    """Chance to call for more patients' treatment against the true response rate.

    Parameters
    ----------
    curves
        From :func:`haicbook.synthesis.operating`.
    p0, p1
        The design's rates, as lines.
    """
    fig, ax = style.figure(8, row_height=0.36)
    fig.subplots_adjust(left=0.12)
    for name, curve in curves.groupby("design", sort=False):
        colour, dash = _LOOKS[str(name)]
        ax.plot(100 * curve.rate, 100 * curve.chance, color=colour, ls=dash, label=str(name))
    for rate, words in ((p0, "of no interest"), (p1, "worth pursuing")):
        ax.axvline(100 * rate, color=style.INK, lw=0.9, ls=(0, (2, 2)))
        ax.annotate(words, (100 * rate, 102), fontsize=8.5, ha="center", va="bottom", annotation_clip=False)
    ax.set_xlim(15, 85)
    ax.set_ylim(0, 101)
    ax.set_xlabel("True response rate, %")
    ax.set_ylabel("Chance to be declared\nworth pursuing, %")
    ax.grid(color=style.FAINT, lw=0.6)
    ax.legend(loc="lower right")
    return fig, ax


def operating_alt(curves: pd.DataFrame, p0: float, p1: float) -> str:
    """What one would say of :func:`operating_curves` on the telephone: each curve's height at the design's rates."""
    told = []
    for name, curve in curves.groupby("design", sort=False):
        at = [percent(curve.chance.loc[(curve.rate - rate).abs().idxmin()], 0) for rate in (p0, p1)]
        told.append(f"{name} {at[0]} and {at[1]} %")
    rates = f"{percent(p0, 0)} and {percent(p1, 0)} %"
    return f"Rising curves of the chance to be declared worth pursuing; at true rates of {rates}: {'; '.join(told)}"


def designs_table(printed: Evaluation, admissible: Sequence[Admissible]) -> pd.DataFrame:
    """The printed design and every admissible one: boundaries, exact errors, expected and largest size.

    Parameters
    ----------
    printed
        :class:`haicbook.stats.single_arm.Evaluation` of the printed design.
    admissible
        :class:`haicbook.stats.single_arm.Admissible` designs, from the minimax to the optimal one.
    """
    rows = [("as printed", *_design(printed), "–")]
    last = len(admissible) - 1
    for place, item in enumerate(admissible):
        name = "minimax" if place == 0 else "optimal" if place == last else "admissible"
        rows.append((name, *_design(item.evaluation), interval(item.weight_low, item.weight_high)))
    columns = [
        "Design",
        "Stop at",
        "Worth pursuing above",
        "Type I, %",
        "Power, %",
        "Stop early at p0, %",
        "Expected n at p0",
        "Weight on n",
    ]
    return pd.DataFrame(rows, columns=columns)


def _design(evaluation: Evaluation) -> tuple[str, ...]:
    design = evaluation.design
    return (
        f"≤ {design.r1} of {design.n1}",
        f"{design.r} of {design.n}",
        percent(evaluation.null.rejection),
        percent(evaluation.alternative.rejection),
        percent(evaluation.null.early_stop),
        number(evaluation.null.expected_n, 1),
    )


def readings_forest(readings: pd.DataFrame, p0: float, p1: float) -> tuple[Figure, Axes]:
    """The response rate with every interval, the printed one on top, and the design's two rates as lines."""
    fig, ax = style.figure(len(readings) + 1, row_height=0.36)
    fig.subplots_adjust(right=0.78)
    for y, row in enumerate(readings.itertuples(index=False)):
        colour = style.COLOURS["comparator" if row.method == "as printed" else "experimental"]
        ax.plot([100 * row.low, 100 * row.high], [y, y], color=colour, lw=2)
        ax.plot(100 * row.estimate, y, "o", color=colour, ms=6)
        words = f"{percent(row.estimate)} ({interval(100 * row.low, 100 * row.high, 1)})"
        ax.text(1.02, y, words, fontsize=8.5, color=colour, va="center", transform=ax.get_yaxis_transform())
    for rate in (p0, p1):
        ax.axvline(100 * rate, color=style.INK, lw=0.9, ls=(0, (2, 2)))
    ax.set_yticks(range(len(readings)), list(readings.method))
    ax.set_ylim(len(readings) - 0.4, -0.6)
    ax.set_xlabel("Objective response, %")
    return fig, ax


def readings_alt(readings: pd.DataFrame, p0: float, p1: float) -> str:
    """What one would say of :func:`readings_forest` on the telephone: every interval, and how many hold the rates."""
    told = "; ".join(
        f"{row.method} {interval(100 * row.low, 100 * row.high, 1)}" for row in readings.itertuples(index=False)
    )
    held = [int(((readings.low <= rate) & (rate <= readings.high)).sum()) for rate in (p0, p1)]
    ends = f"{held[0]} of {len(readings)} hold {percent(p0, 0)} %, {held[1]} hold {percent(p1, 0)} %"
    return f"Dots with bars for the response rate, in per cent: {told}. {ends}"


def belief_alt(chances: pd.DataFrame, p0: float, p1: float) -> str:
    """What one would say of :func:`belief` on the telephone: where belief peaks, and the chance at the two rates."""
    peak, start = (chances.rate.loc[chances[name].idxmax()] for name in ("posterior", "prior"))
    flat = chances.prior.max() - chances.prior.min() < 0.01 * chances.prior.max()
    before = "flat before the data" if flat else f"highest at {percent(start, 0)} % before the data"
    at = [percent(chances.chance.loc[(chances.rate - rate).abs().idxmin()], 0) for rate in (p0, p1)]
    right = (
        f"the chance of success is {at[0]} % at a true rate of {percent(p0, 0)} % and {at[1]} % at {percent(p1, 0)} %"
    )
    return f"Left, belief is {before} and highest at {percent(peak, 0)} % after. Right, {right}"


def belief(chances: pd.DataFrame, p0: float, p1: float) -> tuple[Figure, np.ndarray]:
    """Belief about the response rate before and after the data, and the chance of success had the trial gone on."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 2, figsize=(style.WIDTH, 3.0))
    left, right = axes
    left.plot(100 * chances.rate, chances.prior / 100, color=style.INK, ls=(0, (4, 2)), label="before")
    left.plot(100 * chances.rate, chances.posterior / 100, color=style.COLOURS["experimental"], label="after")
    left.fill_between(
        100 * chances.rate,
        0,
        chances.posterior / 100,
        where=chances.rate >= p1,
        color=style.COLOURS["experimental"],
        alpha=0.3,
        lw=0,
    )
    left.set_ylabel("Density per percentage point")
    left.legend(loc="upper right")
    right.plot(100 * chances.rate, 100 * chances.chance, color=style.COLOURS["comparator"])
    right.set_ylabel("Chance of success, %")
    right.set_ylim(0, 101)
    for ax in axes:
        ax.set_xlim(0, 100)
        ax.set_xlabel("True response rate, %")
        ax.grid(color=style.FAINT, lw=0.6)
        for rate in (p0, p1):
            ax.axvline(100 * rate, color=style.INK, lw=0.9, ls=(0, (2, 2)))
    left.set_ylim(bottom=0)
    fig.subplots_adjust(wspace=0.3)
    return fig, axes


def trial_words(printed: Evaluation, decision: Decision, designed: str, power: float) -> dict[str, str]:
    """The decision as printed and by the best design, and the printed design's exact errors, in words.

    Parameters
    ----------
    power
        The power wanted, from 0 to 1.
    """
    wanted = f"The power wanted is at least {percent(power, 0)} %"
    short = printed.alternative.rejection < power
    return {
        "wanted": f"{wanted}: a treatment that works as hoped is stopped too often." if short else f"{wanted}.",
        "decision": decision.statement,
        "designed": designed,
        "type_one": f"{percent(printed.null.rejection)} %",
        "power": f"{percent(printed.alternative.rejection)} %",
    }


def belief_words(
    posterior: Posterior, predictive: float, power_null: float, power_alternative: float
) -> dict[str, str]:
    """The posterior's chances and the chances of success, in per cent."""
    return {
        "posterior_mean": f"{percent(posterior.mean)} %",
        "posterior_limits": f"{interval(100 * posterior.low, 100 * posterior.high, 1)}",
        "above_null": f"{percent(posterior.above_null, 0)} %",
        "above_alternative": f"{percent(posterior.above_alternative, 0)} %",
        "predictive": f"{percent(predictive, 0)} %",
        "power_null": f"{percent(power_null, 0)} %",
        "power_alternative": f"{percent(power_alternative, 0)} %",
    }
