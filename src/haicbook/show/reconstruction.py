"""The chapter on reconstruction: its idea in one figure, and how near reconstructions come to the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.survival_figure import draw_bands, draw_marks
from haicbook.show.tables import Row, note, number, percent, table

if TYPE_CHECKING:
    import numpy as np
    from IPython.display import Markdown
    from matplotlib.figure import Figure

    from haicbook.survival import Bands, Ensemble

_ROLES = ("experimental", "comparator")
_WORDS = {
    "e": "Curves: mean absolute difference up to τ",
    "exponential_e": "… an exponential curve through the median",
    "weibull_e": "… a Weibull curve through the printed points",
    "guyot_e": "… from the true curve, digitised (Guyot)",
    "d": "Difference of mean survival: error / τ",
    "exponential_d": "… exponential",
    "weibull_d": "… Weibull",
    "guyot_d": "… Guyot",
    "width": "Mean width of the curve's band",
    "covered": "True patients' curve inside the band, %",
    "d_covered": "Their difference of mean survival inside, %",
    "sampling_covered": "Generating curve inside the band with sampling error, %",
    "sampling_d_covered": "Its difference of mean survival inside, %",
    "sampling_width": "Mean width of the band with sampling error",
    "reached": "All requested data sets found, % of trials",
    "met": "All kept numbers met on re-checking, % of trials",
}
# a nominal 95 % band that holds the truth less often is said to be too narrow
ENOUGH = 0.93
_SHARES = ("covered", "d_covered", "sampling_covered", "sampling_d_covered", "reached", "met")


def reconstruction_idea(ensemble: Ensemble, bands: Bands, few: int = 5) -> tuple[Figure, np.ndarray]:
    """Three steps side by side: what is printed, a few data sets that agree with it, and where most of them lie.

    Parameters
    ----------
    ensemble
        Of two arms.
    bands
        Its :class:`haicbook.survival.Bands`.
    few
        Data sets drawn in the middle panel.
    """
    import matplotlib.pyplot as plt

    # one below the other: three panels beside each other could not be read on a phone
    fig, axes = plt.subplots(3, 1, sharex=True, sharey=True, figsize=(style.WIDTH, 8.4), gridspec_kw={"hspace": 0.3})
    titles = (
        "1  What a paper prints",
        f"2  {few} sets of patients that all agree with it",
        "3  Where 95 % of such sets lie; dotted: with sampling error",
    )
    for ax, title in zip(axes, titles, strict=True):
        ax.text(0, 1.06, title, transform=ax.transAxes, fontsize=10.5)
        ax.set_xlim(0, bands.horizon)
        ax.set_xticks(bands.times)
        ax.set_ylim(0, 102)
        ax.set_yticks(range(0, 101, 25))
    axes[1].set_ylabel("Patients free of the event, %")
    axes[2].set_xlabel("Months")
    roles = dict(zip(bands.arms, _ROLES, strict=True))
    for arm, role in roles.items():
        for curve in 100 * ensemble.curve(arm, bands.grid)[:few]:
            axes[1].step(bands.grid, curve, where="post", color=style.COLOURS[role], lw=1, ls=style.DASHES[role])
        draw_bands(axes[2], bands, arm, role)
    for ax in axes:
        draw_marks(ax, bands, roles)
    return fig, axes


def accuracy_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Measures down, levels of what is printed across; medians with quartiles, shares with their standard error."""
    levels = sorted(set(scores.level))
    cells = {(row.level, row.measure): _cell(row) for row in scores.itertuples(index=False)}
    rows = [["Trials", *(str(scores.sets[scores.level == level].max()) for level in levels)]]
    for measure, words in _WORDS.items():
        found = [cells.get((level, measure), "–") for level in levels]
        if set(found) != {"–"}:
            rows.append([words, *found])
    return pd.DataFrame(rows, columns=["", *(f"Level {level}" for level in levels)])


def _cell(row: Row) -> str:
    if row.measure in _SHARES:
        return f"{number(100 * row.value, 1)} (± {number(100 * (row.high - row.value), 1)})"
    return f"{number(row.value, 3)} ({number(row.low, 3)}–{number(row.high, 3)})"


def coverage_words(scores: pd.DataFrame) -> dict[str, str]:
    """How often bands held the true patients' curve and their difference of means, and whether that is often enough.

    Parameters
    ----------
    scores
        From :func:`haicbook.accuracy.accuracy`.
    """
    return _held(scores, "covered", "coverage") | _held(scores, "d_covered", "difference")


def _held(scores: pd.DataFrame, measure: str, name: str) -> dict[str, str]:
    covered = scores[scores.measure == measure]
    if covered.empty:
        return {name: "in a share that was not measured for this build", f"{name}_verdict": ""}
    shares = [f"{percent(row.value, 1)} % at level {row.level} ({row.sets} trials)" for row in covered.itertuples()]
    short = list(covered[covered.value < ENOUGH].level)
    levels = f"level{'s' * (len(short) > 1)} {' and '.join(short)}"
    verdict = f"At {levels} it is too narrow: the uncertainty there is larger than it shows."
    enough = f"That is at least the {percent(ENOUGH, 0)} % that we aimed at."
    return {name: f"in {', '.join(shares)}", f"{name}_verdict": verdict if short else enough}


def accuracy_shown(scores: pd.DataFrame, caption: str, name: str) -> Markdown:
    """The table of accuracy, or a sentence that says that there are no scores."""
    if scores.empty:
        return note("The accuracy benchmark has not been run for this build of the book, so there are no figures here.")
    return table(accuracy_table(scores), caption, name, notes=["τ: the time at which a tenth of each arm is at risk."])
