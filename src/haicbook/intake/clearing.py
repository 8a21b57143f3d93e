"""A person says that a drafted table has been laid beside the paper."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Collection
from pathlib import Path

from haicbook.study.problems import UnusableError
from haicbook.study.unchecked import DRAFTED, DRAFTED_COLUMNS, read_drafted


def clear(folder: Path, files: Collection[str], by: str, on: datetime.date) -> list[str]:
    """Note in a study's `drafted.csv` who checked which tables, and when.

    Parameters
    ----------
    folder
        The study's.
    files
        The tables, as `drafted.csv` names them.
    by, on
        Who checked them, and when.

    Returns
    -------
    list of str
        The drafted tables that are still unchecked.

    Raises
    ------
    UnusableError
        When nobody is named, a table is not among the drafted ones, or the list cannot be read; nothing is changed.
    """
    rows, found = read_drafted(folder)
    problems = [str(problem) for problem in found]
    there = [row["file"] for row in rows]
    problems += [
        f"found {file!r}, expected a drafted table: {', '.join(there) or 'there is none'}"
        for file in files
        if file not in there
    ]
    if not by.strip():
        problems.append("found nobody, expected the name of who laid the table beside the paper")
    if problems:
        raise UnusableError(problems)
    cleared = [
        row.cells | ({"checked_by": by.strip(), "checked_on": on.isoformat()} if row["file"] in files else {})
        for row in rows
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, DRAFTED_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(cleared)
    temporary = folder / f"{DRAFTED}.tmp"
    temporary.write_text(text.getvalue(), encoding="utf-8")
    temporary.replace(folder / DRAFTED)
    return [row["file"] for row in cleared if not row["checked_by"]]
