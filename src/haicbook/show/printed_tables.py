"""The paper's own tables, as printed, laid out for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.markup import Markup
from haicbook.show.tables import Linked

if TYPE_CHECKING:
    from haicbook.study import Paper
    from haicbook.study.schema import Attributes, Table

_SHORT = {"before_psm": "before", "after_psm": "after"}
_NOT_CHARACTERISTICS = ("enrolled", "screened", "n_matched", "characteristics", "other_characteristics")


def baseline(paper: Paper) -> pd.DataFrame:
    """All baseline tables side by side: one row for each printed row, one column for each printed column.

    Cells are the printed strings. Levels are indented beneath their variable.
    """
    tables = paper.tables("baseline")
    several = len({_population(table, key) for table in tables for key in table.columns}) > 1
    ids = _ids(paper)
    order: dict[tuple[str, str], str] = {}
    columns: dict[str, dict[tuple[str, str], str]] = {}
    for table in tables:
        for key, attributes in table.columns.items():
            heading = _heading(paper, table, key, attributes, several)
            for row in paper.printed_tables[table.file]:
                place = (row["id"], row["level"])
                order.setdefault(place, row["label"])
                columns.setdefault(heading, {})[place] = Linked(row[key], ids.get((table.file, row.line, key), ""))
    places = _grouped(list(order))
    frame = pd.DataFrame({"Characteristic": [_indented(order[place], place[1]) for place in places]})
    for heading, cells in columns.items():
        frame[heading] = [cells.get(place, "") for place in places]
    return frame


def _ids(paper: Paper) -> dict[tuple[str, int, str], str]:
    """The first value's id of each cell, by file, line and column."""
    values = paper.values.drop_duplicates(["file", "line", "column"])
    files = values.file.str.removeprefix(f"{paper.study}/")
    return dict(zip(zip(files, values.line, values.column, strict=True), values.id, strict=True))


def _grouped(places: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Levels stay beneath their variable even where two tables list them in another order."""
    variables = list(dict.fromkeys(row for row, _ in places))
    return sorted(places, key=lambda place: (variables.index(place[0]), place[1] != "", places.index(place)))


def _indented(words: str, level: str) -> Markup:
    return Markup("&emsp;{}" if level else "**{}**").format(words)


def _population(table: Table, key: str) -> str:
    return table.columns[key].population or table.population or ""


def _heading(paper: Paper, table: Table, key: str, attributes: Attributes, several: bool) -> str:
    population = _population(table, key)
    suffix = f", {_SHORT.get(population, population)}" if several and population else ""
    if attributes.arm:
        size = paper.spec.populations[population].n[attributes.arm]
        who = paper.spec.arms[attributes.arm].short if len(paper.spec.arms) > 1 else "All patients"
        return f"{who}{suffix} (n = {size})"
    return f"{attributes.statistic}{suffix}"


def plain(paper: Paper, table: Table, first: str = "") -> pd.DataFrame:
    """One printed table as it stands: its labels, and its columns under the arm, grade or criterion they hold."""
    from haicbook.words import GRADES, label

    rows = paper.printed_tables[table.file]
    frame = pd.DataFrame(
        {first or "Row": [_indented(row["label"], row["level"]) if row["level"] else row["label"] for row in rows]}
    )
    single = len(paper.spec.arms) == 1
    for key, attributes in table.columns.items():
        parts = [
            "" if single or not attributes.arm else paper.spec.arms[attributes.arm].short,
            label(attributes.criterion) if attributes.criterion else "",
            GRADES.get(attributes.grade or "", ""),
            attributes.model or "",
            {"p": "p", "hr_ci": "HR (95% CI)"}.get(attributes.statistic or "", ""),
        ]
        frame[", ".join(part for part in parts if part) or key] = [row[key] for row in rows]
    return frame


def baseline_in_text(paper: Paper) -> pd.DataFrame:
    """Characteristics that the results print for at least one arm, or compare by a p-value, one row each.

    For papers whose baseline table is lost. Columns: the arms in each population as study.yml orders them, and the
    p-value.
    """
    from haicbook.words import label

    values = paper.select(kind="claim", section="results")
    values = values[(values.endpoint == "") & (values.grade == "") & values.source.str.contains("haracteristics")]
    values = values[(values.arm != "") & ~values.term.isin(_NOT_CHARACTERISTICS)]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    arms, populations = list(paper.spec.arms), list(paper.spec.populations)
    places: dict[str, tuple[int, bool, int]] = {}
    for claim in values.drop_duplicates(["file", "line"]).itertuples(index=False):
        where = f", {_SHORT[claim.population]}" if claim.population in _SHORT else ""
        is_p = claim.statistic == "p"
        column = f"p{where}" if is_p else f"{paper.spec.arms[claim.arm].short}{where}"
        words = label(claim.term) + (
            f", {claim.level.replace('_', ' ')}" if claim.level not in ("", "yes") and not is_p else ""
        )
        cell = f"median {claim.cell}" if claim.statistic == "median" else claim.cell
        rows.setdefault((claim.population, words), {})[column] = Linked(cell, claim.id)
        places[column] = (populations.index(claim.population), is_p, 0 if is_p else arms.index(claim.arm))
    headings = sorted(places, key=lambda column: places[column])
    table = [{"Characteristic": words} | {c: cells.get(c, "") for c in headings} for (_, words), cells in rows.items()]
    return (
        pd.DataFrame(table)
        .groupby("Characteristic", sort=False)
        .agg(lambda cells: next((c for c in cells if c), "–"))
        .reset_index()
    )
