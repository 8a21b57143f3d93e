"""What the files beside the studies say of the studies' own rows: is it there?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from haicbook.study.files import Row
from haicbook.study.paper import Paper
from haicbook.study.problems import Problem


def unprinted_characteristics(rows: Sequence[Row], papers: Sequence[Paper], name: str) -> Iterator[Problem]:
    """Rows of `characteristics.csv` that call printed what the study does not print."""
    by_study = {paper.study: paper for paper in papers}
    for row in rows:
        if row["study"] not in by_study or row["state"] != "printed":
            continue
        values = by_study[row["study"]].values
        of_row = values[
            ((values.kind == "baseline") & (values.row == row["row"]))
            | ((values.kind == "claim") & (values.term == row["row"]))
        ]
        levels = sorted(set(of_row.level) - {""})
        if not levels:
            allowed = sorted(set(values[(values.kind == "baseline") & (values.level != "")].row))
            yield Problem(name, row.line, "row", repr(row["row"]), f"a row with levels: {', '.join(allowed)}")
        elif missing := [level for level in row["levels"].split() if level not in levels]:
            found = ", ".join(map(repr, missing))
            yield Problem(name, row.line, "levels", found, f"levels of that row: {', '.join(levels)}")


def unmatched_events(rows: Sequence[Row], papers: Sequence[Paper], name: str) -> Iterator[Problem]:
    """Events of `ctcae.csv` that no study prints, and printed events that it lacks."""
    printed = {(event, paper.study) for paper in papers for event in paper.select(kind="adverse_events").row.unique()}
    in_tables = {
        row["id"]
        for paper in papers
        for table in paper.tables("adverse_events")
        for row in paper.printed_tables[table.file]
    }
    in_text = {term for paper in papers for term in paper.select(kind="claim").term}
    events, mapped = in_tables | in_text, {row["event"] for row in rows}
    for row in rows:
        if row["event"] not in events:
            yield Problem(name, row.line, "event", repr(row["event"]), "the id of an adverse event that a study prints")
    for event, study in sorted(printed):
        if event not in mapped:
            yield Problem(name, 0, "event", f"no row {event}", f"a row for each event that {study} prints")
