"""The closing chapter's tables: one screen of answers, the certainty and its reasons, what to report next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.words import CERTAINTY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.synthesis import Conclusion

_REPORTED = {
    "yes": ("#009e73", "+", "printed"),
    "part": ("#c9a400", "~", "in part"),
    "no": ("#d55e00", "–", "not reported"),
    "lost": ("#8a8a8a", "?", "lost in our text"),
    "na": ("", "", "does not apply"),
}


def answers_table(conclusions: list[Conclusion]) -> pd.DataFrame:
    """One row a question: what the paper shows, on how many, and how certain it is."""
    rows = [
        (
            f"{item.question} ({item.study})" if item.study else item.question,
            item.shows,
            f"{item.patients}; {item.events}" if item.events != "–" else item.patients,
            f"{CERTAINTY[item.certainty]} {item.certainty}".strip("– ").strip() or "no evidence",
        )
        for item in conclusions
    ]
    return pd.DataFrame(rows, columns=["Question", "What it shows", "Patients", "Certainty"])


def certainty_table(conclusions: list[Conclusion]) -> pd.DataFrame:
    """Every step of every question, with its reason."""
    rows = [
        (item.study, step.domain, f"−{step.down}" if step.down else "0", step.reason)
        for item in conclusions
        for step in item.steps
    ]
    return pd.DataFrame(rows, columns=["Paper", "Domain", "Steps", "Reason"])


def change_table(conclusions: list[Conclusion]) -> pd.DataFrame:
    """What would change each answer."""
    rows = [(item.question, item.change) for item in conclusions]
    return pd.DataFrame(rows, columns=["Question", "What would change the answer"])


def reporting_grid(found: pd.DataFrame) -> tuple[Figure, Axes]:
    """Which paper prints which item; the sign in each light says what its colour says.

    Parameters
    ----------
    found
        From :func:`haicbook.synthesis.reporting`.
    """
    items, studies = list(dict.fromkeys(found.item)), list(dict.fromkeys(found.label))
    fig, ax = style.figure(len(items) + 2, row_height=0.29)
    fig.subplots_adjust(left=0.46)
    for row in found.itertuples(index=False):
        colour, sign, _ = _REPORTED[row.state]
        if not colour:
            continue
        x, y = studies.index(row.label), items.index(row.item)
        ax.plot(x, y, "o", ms=13, color=colour, mec="none")
        ax.text(x, y, sign, ha="center", va="center_baseline", color="#ffffff", fontsize=10, weight="bold")
    ax.set_xlim(-0.6, len(studies) - 0.4)
    ax.set_ylim(len(items) - 0.4, -0.6)
    ax.set_yticks(range(len(items)), items)
    ax.set_xticks(range(len(studies)), studies)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    _legend(ax)
    return fig, ax


def reporting_alt(found: pd.DataFrame) -> str:
    """What one would say of :func:`reporting_grid` on the telephone: how each paper's lights are."""
    told = []
    for label, rows in found.groupby("label", sort=False):
        counts = rows.state.value_counts()
        seen = ((state, words) for state, (colour, _, words) in _REPORTED.items() if colour and state in counts)
        said = [f"{counts[state]} {words}" for state, words in seen]
        told.append(f"{label} {', '.join(said)}")
    return f"Grid of lights for {found.item.nunique()} items in {found.label.nunique()} papers: {'; '.join(told)}"


def _legend(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", ls="none", ms=8, color=colour, label=f"{sign}  {word}")
        for colour, sign, word in _REPORTED.values()
        if colour
    ]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.2, -0.01), ncols=4, fontsize=8.5, columnspacing=1)


def wanted_table(wanted: pd.DataFrame) -> pd.DataFrame:
    """What a next study must report, with how many of these papers print it in full."""
    rows = [(row.item, f"{row.printed} of {row.applicable}") for row in wanted.itertuples(index=False)]
    return pd.DataFrame(rows, columns=["To report", "Printed in full by"])


def conclusion_words(conclusions: list[Conclusion], wanted: pd.DataFrame) -> dict[str, str]:
    """How many answers have which certainty, and the items that no paper prints in full."""
    counts = {level: sum(item.certainty == level for item in conclusions) for level in CERTAINTY}
    said = [f"{level} for {count}" for level, count in counts.items() if count]
    never = list(wanted[wanted.printed == 0].item)
    listed = "; ".join(item[0].lower() + item[1:] for item in never)
    return {
        "questions": str(len(conclusions)),
        "certainties": ", ".join(said) or "none",
        "never": listed or "nothing",
        "never_count": str(len(never)),
    }
