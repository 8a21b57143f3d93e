"""Risk of bias for the page: a traffic light that reads without colours, and the reasons beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.text import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# colour, sign and word; the sign tells them apart in grey
LIGHTS = {
    "low": ("#009e73", "+", "low"),
    "moderate": ("#c9a400", "~", "moderate"),
    "serious": ("#d55e00", "–", "serious"),
    "critical": ("#8c1c13", "×", "critical"),
    "no_information": ("#8a8a8a", "?", "no information"),
}
_ANSWERS = {"yes": "yes", "no": "no", "unclear": "unclear", "not_applicable": "does not apply"}


def traffic_lights(judged: pd.DataFrame, domains: dict[str, str], labels: dict[str, str]) -> tuple[Figure, Axes]:
    """One row a study, one light a domain, the overall judgement last.

    Parameters
    ----------
    judged
        From :func:`haicbook.synthesis.judged`: studies by domains and `overall`.
    domains, labels
        Words for the domains and for the studies.
    """
    words = {**domains, "overall": "Overall"}
    fig, ax = style.figure(len(judged) + 5, row_height=0.36)
    for y, (_, row) in enumerate(judged.iterrows()):
        for x, domain in enumerate(words):
            _light(ax, x + (0.35 if domain == "overall" else 0), y, row[domain])
    ax.axvline(len(domains) - 0.33, color=style.INK, lw=0.8)
    ax.set_xlim(-0.6, len(words) - 0.05)
    ax.set_ylim(len(judged) - 0.4, -0.6)
    ax.set_yticks(range(len(judged)), [labels[study] for study in judged.index])
    places = [x + (0.35 if domain == "overall" else 0) for x, domain in enumerate(words)]
    ax.set_xticks(places, list(words.values()), rotation=45, ha="left", rotation_mode="anchor", fontsize=8.5)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _legend(ax)
    return fig, ax


def lights_alt(judged: pd.DataFrame, labels: dict[str, str]) -> str:
    """What one would say of :func:`traffic_lights` on the telephone."""
    overall = [f"{labels[study]} {LIGHTS[judgement][2]}" for study, judgement in judged.overall.items()]
    return f"Traffic lights of {judged.shape[1] - 1} domains; overall: {', '.join(overall)}"


def levels_words(judged: pd.DataFrame) -> str:
    """How many comparisons have which overall judgement: `critical in one and serious in three of four comparisons`."""
    counts = {level: int((judged.overall == level).sum()) for level in ("critical", "serious", "moderate", "low")}
    told = [f"{level} in {in_words(count)}" for level, count in counts.items() if count]
    return f"{' and '.join(told)} of {in_words(len(judged))} comparisons"


def _light(ax: Axes, x: float, y: float, judgement: str) -> None:
    colour, sign, _ = LIGHTS[judgement]
    ax.plot(x, y, "o", ms=17, color=colour, mec="none")
    ax.text(x, y, sign, ha="center", va="center_baseline", color="#ffffff", fontsize=12, weight="bold")


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", ls="none", ms=8, color=colour, label=f"{sign}  {word}")
        for colour, sign, word in LIGHTS.values()
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, -0.02), ncols=5, fontsize=8.5, columnspacing=1)


def reasons_table(judgements: pd.DataFrame, domains: dict[str, str], labels: dict[str, str]) -> pd.DataFrame:
    """Every judgement with its reason and where the paper's text gives it."""
    rows = [
        (
            labels[row.study],
            domains[row.domain] + (f" ({row.outcome.upper()})" if row.outcome else ""),
            LIGHTS[row.judgement][2],
            row.reason,
            row.source,
        )
        for row in judgements.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Study", "Domain", "Judgement", "Reason", "Where"])


def appraisal_table(items: pd.DataFrame) -> pd.DataFrame:
    """The appraisal of a single-arm study, item by item."""
    rows = [
        (f"{row.item}. {row.question}", _ANSWERS[row.answer], row.reason, row.source)
        for row in items.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Item", "Answer", "Reason", "Where"])
