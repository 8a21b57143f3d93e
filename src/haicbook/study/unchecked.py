"""Tables that a machine drafted: `drafted.csv` of a study says which of them a person has laid beside the paper."""

from __future__ import annotations

from pathlib import Path

from haicbook.study.files import Row, read_csv
from haicbook.study.problems import Problem

DRAFTED = "drafted.csv"
DRAFTED_COLUMNS = ("file", "source", "checked_by", "checked_on")


def read_drafted(folder: Path, within: Path | None = None) -> tuple[list[Row], list[Problem]]:
    """The drafted tables of a study, and what is wrong with the list; none where nothing was drafted.

    Parameters
    ----------
    folder
        The study's.
    within
        A folder that links may not lead out of.
    """
    if not (folder / DRAFTED).exists():
        return [], []
    name = f"{folder.name}/{DRAFTED}"
    rows, problems = read_csv(folder / DRAFTED, name, DRAFTED_COLUMNS, within)
    problems += [
        Problem(name, row.line, "file", repr(row["file"]), "a table of the study, such as tables/1_baseline.csv")
        for row in rows
        if not (folder / row["file"]).is_file()
    ]
    return rows, problems
