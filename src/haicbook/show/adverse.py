"""Adverse events: a mirrored bar figure, milder and severe grades stacked outwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.safety import severity_grades, widest_grade
from haicbook.show import style
from haicbook.show.tables import Linked, interval, number, percent
from haicbook.words import GRADES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.study import Paper


# more rows than these cannot be read on one figure
_MOST = 24


def adverse_drawn(events: pd.DataFrame) -> str:
    """Which events :func:`mirrored_bars` draws."""
    return "Adverse events" if events.label.nunique() <= _MOST else f"The {_MOST} commonest adverse events"


def adverse_words(paper: Paper, events: pd.DataFrame, gaps: pd.DataFrame) -> str:
    """The largest difference between the arms, or of a single arm the commonest severe event, with its shares.

    Parameters
    ----------
    paper, events, gaps
        The study, its :func:`haicbook.safety.adverse_events` and their :func:`haicbook.safety.differences`.
    """
    if gaps.empty:
        _, severe = severity_grades(events)
        row = events.loc[events[events.grade == severe].share.idxmax()]
        return f"Commonest of {GRADES[severe]}: {row.label}, {percent(row.share, 0)} %"
    found = events[(events.event == gaps.event.iloc[0]) & (events.grade == widest_grade(events))]
    shares = found.set_index("arm").share
    told = [f"{percent(shares[name], 0)} % ({arm.short})" for name, arm in paper.spec.arms.items()]
    return f"Largest difference: {gaps.label.iloc[0]}, {' against '.join(told)}"


def mirrored_bars(paper: Paper, events: pd.DataFrame, *, most: int = _MOST) -> tuple[Figure, Axes]:
    """Comparator to the left, experimental to the right; a single arm to the right only.

    Parameters
    ----------
    paper, events
        The study and its :func:`haicbook.safety.adverse_events`.
    most
        Draw the commonest events only; the table has all of them.
    """
    milder, severe = severity_grades(events)
    wide = events.assign(share=100 * events.share).pivot_table(
        index="label", columns=["arm", "grade"], values="share", sort=False
    )
    order = wide.fillna(0).T.groupby(level="arm").sum().max().sort_values(ascending=False, kind="stable").index[:most]
    fig, ax = style.figure(len(order), row_height=0.27)
    sides = [(arm, -1 if paper.spec.arms[arm].role == "comparator" else 1) for arm in paper.spec.arms]
    for arm, side in sides:
        _bars(ax, wide.loc[order], arm, side, style.colour(paper, arm), milder, severe)
    ax.axvline(0, color=style.INK, lw=0.8)
    ax.set_yticks(range(len(order)), list(order))
    ax.set_ylim(len(order) - 0.4, -0.6)
    widest = max(abs(limit) for limit in ax.get_xlim())
    ax.set_xlim(-widest if len(sides) == 2 else 0, widest)
    ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    ax.grid(axis="x", color=style.FAINT, lw=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("Patients, %")
    _headings(paper, ax, sides, milder, severe)
    return fig, ax


def _bars(ax: Axes, wide: pd.DataFrame, arm: str, side: int, colour: str, milder: str, severe: str) -> None:
    def share(grade: str) -> pd.Series:
        return wide[(arm, grade)].fillna(0) if (arm, grade) in wide else pd.Series(0.0, index=wide.index)

    rows = range(len(wide))
    heavy = share(severe)
    light = share("any") - heavy if milder == "any" else share(milder)
    ax.barh(rows, side * heavy, color=colour, height=0.72)
    ax.barh(rows, side * light.clip(lower=0), left=side * heavy, color=colour, alpha=0.38, height=0.72)


def _headings(paper: Paper, ax: Axes, sides: list[tuple[str, int]], milder: str, severe: str) -> None:
    from matplotlib.patches import Patch

    for arm, side in sides:
        x = 0.5 + 0.25 * side if len(sides) == 2 else 0.5
        name = paper.spec.arms[arm].label
        ax.text(
            x,
            1.0,
            name,
            transform=ax.transAxes,
            ha="center",
            va="bottom",
            color=style.colour(paper, arm),
            weight="bold",
        )
    lighter = "other grades" if milder == "any" and severe else GRADES[milder]
    handles = [Patch(facecolor=style.INK, alpha=0.38, label=lighter)]
    if severe:
        handles.insert(0, Patch(facecolor=style.INK, label=GRADES[severe]))
    ax.legend(handles=handles, loc="lower right")


def adverse_table(paper: Paper, events: pd.DataFrame) -> pd.DataFrame:
    """The printed adverse-event cells, one row for each event and one column for each arm and grade."""
    cells = events.assign(cell=[Linked(*pair) for pair in zip(events.printed, events.value_id, strict=True)])
    wide = cells.pivot_table(index="label", columns=["arm", "grade"], values="cell", aggfunc="first", sort=False)
    arms = [arm for arm in paper.spec.arms if arm in set(events.arm)]
    grades = [grade for grade in GRADES if grade in set(events.grade)]
    frame = pd.DataFrame({"Event": list(wide.index)})
    for arm in arms:
        for grade in grades:
            if (arm, grade) in wide:
                prefix = "" if len(arms) == 1 else f"{paper.spec.arms[arm].short}, "
                frame[f"{prefix}{GRADES[grade]}"] = wide[(arm, grade)].fillna("").to_list()
    return frame


def differences_table(differences: pd.DataFrame, confidence: float, most: int) -> pd.DataFrame:
    """The largest differences between arms, in percentage points."""
    rows = [
        (row.label, number(100 * row.difference, 1), interval(100 * row.low, 100 * row.high, 1))
        for row in differences.head(most).itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Event", "Difference, points", f"{confidence:.0%} CI"])
