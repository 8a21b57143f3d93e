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

# by steps lost; what an arm's colours mean, they do not
_SHADES = ("#ececec", "#c4c4c4", "#767676", "#3d3d3d")
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


def certainty_grid(conclusions: list[Conclusion]) -> tuple[Figure, Axes]:
    """One row a paper, one square a domain: the darker, the more steps it takes from the certainty."""
    graded = _graded(conclusions)
    domains = _domains(graded)
    fig, ax = style.figure(len(graded) + 3, row_height=0.42)
    # narrow, so that its letters stay large on a telephone
    fig.set_figwidth(5.2)
    for y, item in enumerate(graded):
        down = {step.domain: step.down for step in item.steps}
        for x, domain in enumerate(domains):
            if (steps := down.get(domain)) is not None:
                # white numbers are read on the darker squares, dark ones on the others
                ax.barh(y, 0.92, left=x - 0.46, height=0.88, color=_SHADES[steps])
                colour = "#ffffff" if steps > 1 else "#1a1a1a"
                ax.text(x, y, f"−{steps}" if steps else "0", ha="center", va="center", fontsize=11, color=colour)
        ax.text(len(domains) - 0.35, y, item.certainty, va="center", fontsize=11)
    ax.set_xlim(-0.6, len(domains) + 0.75)
    ax.set_ylim(len(graded) - 0.4, -0.6)
    ax.set_yticks(range(len(graded)), [item.study for item in graded], fontsize=11)
    words = [*(domain[:1].upper() + domain[1:] for domain in domains), "Certainty"]
    places = [*range(len(domains)), len(domains) + 0.1]
    ax.set_xticks(places, words, rotation=35, ha="left", rotation_mode="anchor", fontsize=10.5)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig, ax


def _graded(conclusions: list[Conclusion]) -> list[Conclusion]:
    return [item for item in conclusions if item.study]


def _domains(graded: list[Conclusion]) -> list[str]:
    named = [step.domain for item in graded for step in item.steps if len(item.steps) > 1]
    return list(dict.fromkeys(named))


def certainty_words(conclusions: list[Conclusion]) -> str:
    """The message of the grid: what takes most from the certainty, over all papers."""
    steps = [(step.domain, step.down) for item in _graded(conclusions) for step in item.steps]
    taken = {domain: sum(down for name, down in steps if name == domain) for domain, _ in steps}
    most = sorted(taken, key=lambda domain: -taken[domain])[:2]
    return f"Most steps are lost for {' and '.join(f'{domain} ({taken[domain]})' for domain in most)}"


def certainty_alt(conclusions: list[Conclusion]) -> str:
    """What one would say of :func:`certainty_grid` on the telephone."""
    told = []
    for item in _graded(conclusions):
        lost = ", ".join(f"{step.domain} {step.down}" for step in item.steps if step.down)
        told.append(f"{item.study} {item.certainty}{f' (steps lost: {lost})' if lost else ''}")
    return f"Grid of papers by domains of certainty: {'; '.join(told)}"


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
