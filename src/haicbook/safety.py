"""Adverse events as printed, with the difference between arms where there are two."""

from __future__ import annotations

import re

import pandas as pd

from haicbook.stats.proportions import Proportion, risk_difference
from haicbook.study import Paper

SEVERE = ("g34", "g3plus", "gt3")
COLUMNS = ["event", "label", "arm", "population", "grade", "n", "size", "share", "printed", "value_id", "source"]


def adverse_events(paper: Paper) -> pd.DataFrame:
    """Counts of the adverse-event tables.

    Returns
    -------
    pandas.DataFrame
        One row for each event, arm and grade that the paper prints: `n` of `size` patients (NaN where the count is
        missing from the cell), their `share` (the printed percentage where it is), `printed` the cell, `value_id` of
        its first figure. Empty where the paper prints no table.
    """
    values = paper.select(kind="adverse_events")
    cells = values[values.statistic.isin(["n", "pct"])].drop_duplicates(["file", "line", "column"])
    by_place = values[values.state == "exact"].set_index(["file", "line", "column", "statistic"]).value
    headings = _headings(paper)
    rows = []
    for _, cell in cells.iterrows():
        size = paper.spec.populations[cell.population].n[cell.arm]
        place = (cell.file, cell.line, cell.column)
        count = by_place.get((*place, "n"), float("nan"))
        share = count / size if pd.notna(count) else by_place.get((*place, "pct"), float("nan")) / 100
        words = _name(headings.get((cell.file, cell.row), cell.label))
        who = [cell.row, words, cell.arm, cell.population, cell.grade]
        rows.append([*who, count, size, share, cell.cell, cell.id, cell.source])
    return pd.DataFrame(rows, columns=COLUMNS)


def _name(printed: str) -> str:
    """The event's name without what a label says of its cells: `Fever (n (%))` is Fever."""
    return re.sub(r"\s*\((?:n |no )?\(?%\)?\)$", "", re.sub(r"; n \(%\)\)$", ")", printed))


def _headings(paper: Paper) -> dict[tuple[str, str], str]:
    """Names of events whose grades have a row each: the event's own row holds the name."""
    return {
        (f"{paper.study}/{file}", row["id"]): row["label"]
        for file, rows in paper.printed_tables.items()
        for row in rows
        if not row["grade"] and row["label"]
    }


def severity_grades(events: pd.DataFrame) -> tuple[str, str]:
    """The pair (milder or any, severe) of grades that the paper prints; the second empty when it prints none."""
    printed = set(events.grade)
    severe = next((grade for grade in SEVERE if grade in printed), "")
    return ("g12" if "g12" in printed else "any"), severe


def differences(paper: Paper, events: pd.DataFrame, grade: str, confidence: float) -> pd.DataFrame:
    """Risk difference, experimental minus comparator, for each event of one grade.

    Parameters
    ----------
    paper, events
        The study and its :func:`adverse_events`.
    grade
        One of the codebook's grades.
    confidence
        Level of the Newcombe interval, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        `event`, `label`, `difference`, `low`, `high` as proportions; largest absolute difference first. Empty for a
        single arm.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:873-890.
    """
    treated, control = paper.spec.experimental, paper.spec.comparator
    columns = ["event", "label", "difference", "low", "high"]
    if control is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for event, group in events[(events.grade == grade) & events.n.notna()].groupby("event", sort=False):
        by_arm = group.drop_duplicates("arm").set_index("arm")
        if {treated, control} <= set(by_arm.index):
            one, other = (
                Proportion(int(by_arm.loc[arm, "n"]), int(by_arm.loc[arm, "size"])) for arm in (treated, control)
            )
            found = risk_difference(one, other, confidence)
            rows.append([event, group.label.iloc[0], found.estimate, found.low, found.high])
    frame = pd.DataFrame(rows, columns=columns)
    return frame.reindex(frame.difference.abs().sort_values(ascending=False, kind="stable").index)


def widest_grade(events: pd.DataFrame) -> str:
    """The grade for which most events are printed: any grade before grades 1-2 before severe ones."""
    counted = events.dropna(subset=["n"]).groupby("grade").event.nunique()
    order = ("any", "g12", *SEVERE)
    return max((grade for grade in order if grade in counted), key=lambda grade: (counted[grade], -order.index(grade)))


def summarise(paper: Paper, events: pd.DataFrame, confidence: float) -> dict[str, float]:
    """Named values for the results: number of events printed, and how many differ between arms by their interval."""
    grade = widest_grade(events)
    gaps = differences(paper, events, grade, confidence)
    apart = int(((gaps.low > 0) | (gaps.high < 0)).sum())
    return {"events": events.event.nunique(), "apart": apart, "compared": len(gaps)}
