"""Forest plots: hazard ratios of Cox models, balance as a love plot, rates with their intervals."""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.study import Paper

_MARKERS = {"univariable": "o", "multivariable": "D"}
_COLOURS = {"univariable": style.INK, "multivariable": style.THIRD}


def cox_forest(models: pd.DataFrame) -> tuple[Figure, Axes]:
    """Hazard ratios on a log scale, univariable above multivariable within each covariate.

    Parameters
    ----------
    models
        From :func:`haicbook.regression.cox_models`. A limit that cannot be read is drawn as missing.
    """
    covariates = list(dict.fromkeys(zip(models.covariate, models.label, strict=True)))
    fig, ax = style.figure(len(covariates), row_height=0.46)
    fig.subplots_adjust(right=0.7)
    for y, (covariate, words) in enumerate(covariates):
        rows = models[(models.covariate == covariate) & (models.label == words)]
        for _, row in rows.iterrows():
            shift = 0.0 if len(rows) == 1 else (-0.2 if row.model == "univariable" else 0.2)
            _ratio(ax, y + shift, row)
    ax.axvline(1, color=style.INK, lw=0.8)
    _log_axis(ax, models)
    ax.set_yticks(range(len(covariates)), [fill(words, 26) for _, words in covariates])
    ax.set_ylim(len(covariates) - 0.4, -0.6)
    ax.set_xlabel("Hazard ratio (log scale)")
    ax.text(1.02, 1.0, "HR (95% CI), p", transform=ax.transAxes, fontsize=8.5, va="bottom")
    _legend_of_models(ax, models)
    return fig, ax


def _ratio(ax: Axes, y: float, row: pd.Series) -> None:
    colour = _COLOURS[row.model]
    limits = [limit if math.isfinite(limit) else row.hr for limit in (row.ci_low, row.ci_high)]
    ax.plot(limits, [y, y], color=colour, lw=1.4, solid_capstyle="butt")
    ax.plot(row.hr, y, _MARKERS[row.model], color=colour, ms=5.5)
    if not (math.isfinite(row.ci_low) and math.isfinite(row.ci_high)):
        ax.annotate("limit unreadable", (row.hr, y), (7, 0), textcoords="offset points", va="center", fontsize=8)
    words = row.printed + (f", {row.p}" if row.p else "")
    ax.text(1.02, y, words, color=colour, fontsize=8, va="center", transform=ax.get_yaxis_transform())


def _log_axis(ax: Axes, models: pd.DataFrame) -> None:
    limits = pd.concat([models.hr, models.ci_low, models.ci_high]).dropna()
    low, high = limits.min() / 1.15, limits.max() * 1.15
    ax.set_xscale("log")
    ax.set_xlim(min(low, 0.5), max(high, 2))
    ticks = [t for t in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()


def _legend_of_models(ax: Axes, models: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_COLOURS[model], marker=_MARKERS[model], ms=5.5, lw=1.4, label=model)
        for model in _MARKERS
        if model in set(models.model)
    ]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)


def cox_words(paper: Paper, models: pd.DataFrame) -> str:
    """The printed hazard ratio of the treatment by each model: `SI against SE: 0.61 (0.44–0.84) univariable`."""
    rows = models[(models.covariate == "treatment") & models.arm.isin(paper.spec.arms)]
    if rows.empty:
        return ""
    arms, first = paper.spec.arms, rows.iloc[0]
    against = f" against {arms[first.reference].short}" if first.reference in arms else ""
    told = ", ".join(f"{row.printed} {row.model}" for row in rows.itertuples(index=False))
    return f"{arms[first.arm].short}{against}: {told}"


def balance_words(balances: dict[str, pd.DataFrame]) -> str:
    """How many differences are within 0.1: `Before matching 2 of 2 within 0.1, after matching 3 of 3 within 0.1`."""
    told = ", ".join(f"{name.lower()} {_within(frame)}" for name, frame in balances.items())
    return f"{told[:1].upper()}{told[1:]}"


def love_plot_alt(balances: dict[str, pd.DataFrame]) -> str:
    """What one would say of the dots on the telephone."""
    return f"Dots of absolute standardised differences with lines at 0.1 and 0.25. {balance_words(balances)}"


def _within(frame: pd.DataFrame) -> str:
    within, judged = int(frame.within_0_1.sum()), int(frame.smd.notna().sum())
    if judged == 1:
        return f"the only one {'within' if within else 'beyond'} 0.1"
    return f"{within} of {judged} within 0.1"


def love_plot(balances: dict[str, pd.DataFrame], threshold: float) -> tuple[Figure, Axes]:
    """Absolute standardised differences, before and after matching.

    Parameters
    ----------
    balances
        Population label to its :func:`haicbook.matching.balance` frame; the first is drawn hollow, the last filled.
    threshold
        The line for acceptable balance, besides 0.25.
    """
    names = list(dict.fromkeys(words for frame in balances.values() for words in frame.label))
    fig, ax = style.figure(len(names))
    looks = [
        ("o", "none", style.COLOURS["comparator"]),
        ("o", style.COLOURS["experimental"], style.COLOURS["experimental"]),
    ]
    for (population, frame), (marker, face, edge) in zip(balances.items(), looks[-len(balances) :], strict=True):
        ys = [names.index(words) for words in frame.label]
        ax.plot(frame.smd.abs(), ys, marker, mfc=face, mec=edge, ms=7, mew=1.6, label=population, ls="none")
    for line, look in ((threshold, (0, (4, 2))), (0.25, (0, (1, 2)))):
        ax.axvline(line, color=style.INK, lw=0.9, ls=look)
        ax.annotate(f"{line:g}", (line, -0.75), ha="center", va="bottom", fontsize=8.5, annotation_clip=False)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.grid(axis="y", color=style.FAINT, lw=0.6)
    ax.set_xlabel("Absolute standardised difference")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.06), ncols=2)
    return fig, ax


def rates_forest(rates: pd.DataFrame, xlabel: str) -> tuple[Figure, Axes]:
    """Rates with intervals, one row each.

    Parameters
    ----------
    rates
        Columns `label`, `role`, `estimate`, `low`, `high` in the unit of `xlabel`; an infinite upper limit was not
        reached, NaN limits are not printed.
    """
    fig, ax = style.figure(len(rates), row_height=0.4)
    finite = rates[["estimate", "high"]].to_numpy(dtype=float)
    beyond = 1.12 * float(finite[np.isfinite(finite)].max())
    for y, row in enumerate(rates.itertuples(index=False)):
        low = row.low if math.isfinite(row.low) else row.estimate
        ax.plot([low, row.estimate], [y, y], color=style.COLOURS[row.role], lw=2)
        _upper(ax, y, row, beyond)
        ax.plot(row.estimate, y, style.MARKERS[row.role], color=style.COLOURS[row.role], ms=6)
    ax.set_yticks(range(len(rates)), list(rates.label))
    ax.set_ylim(len(rates) - 0.4, -0.6)
    ax.set_xlim(0, beyond)
    ax.grid(axis="x", color=style.FAINT, lw=0.6)
    ax.set_xlabel(xlabel)
    return fig, ax


def _upper(ax: Axes, y: float, row: Row, beyond: float) -> None:
    """The bar up to the upper limit; an arrow to the edge when that was not reached, nothing when none is printed."""
    colour = style.COLOURS[row.role]
    if np.isfinite(row.high):
        ax.plot([row.estimate, row.high], [y, y], color=colour, lw=2)
    elif np.isinf(row.high):
        ax.plot([row.estimate, beyond], [y, y], color=colour, lw=2)
        ax.plot(beyond, y, ">", color=colour, ms=6, clip_on=False)
