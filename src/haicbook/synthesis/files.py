"""The files beside the studies' folders in data/: what the book judges, maps and cites, for a reader to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from haicbook.paths import data_dir
from haicbook.study import DataError, Problem, studies
from haicbook.study.files import Row, read_csv

Words = tuple[str, ...]
Check = Callable[[list[Row], str], list[Problem]]

STUDY = "study"


def read_table(
    name: str,
    columns: Iterable[str],
    *,
    allowed: Mapping[str, Words] | None = None,
    required: Iterable[str] = (),
    unique: Words = (),
    check: Check | None = None,
    root: Path | None = None,
) -> pd.DataFrame:
    """One file of data/ as a frame of texts, validated.

    Parameters
    ----------
    name
        The file, `ctcae.csv`.
    columns
        Its columns, in the order of the frame.
    allowed
        Column to the words it may hold. The column `study` may hold the studies of data/ and need not be named.
    required
        Columns that must not be empty.
    unique
        Columns that together are unique.
    check
        Further problems of the rows, given the rows and the file's name.
    root
        The folder that holds the file; the project's `data/` when None.

    Returns
    -------
    pandas.DataFrame
        All cells text, empty where the file has nothing.

    Raises
    ------
    haicbook.study.DataError
        With every problem: file, line, column, what was found and what is allowed.
    """
    columns = tuple(columns)
    folder = root or data_dir()
    rows, problems = read_csv(folder / name, name, columns)
    words = dict(allowed or {})
    if STUDY in columns:
        words.setdefault(STUDY, (*studies(folder), *(() if STUDY in required else ("",))))
    for row in rows:
        problems += _row_problems(row, name, words, required)
    problems += _repeated(rows, name, unique)
    if check is not None:
        problems += check(rows, name)
    if problems:
        raise DataError(problems)
    return pd.DataFrame([[row[column] for column in columns] for row in rows], columns=list(columns))


def _row_problems(row: Row, name: str, words: Mapping[str, Words], required: Iterable[str]) -> list[Problem]:
    found = [
        Problem(name, row.line, column, repr(row[column]), "one of " + ", ".join(word or "(empty)" for word in options))
        for column, options in words.items()
        if row[column] not in options
    ]
    return found + [
        Problem(name, row.line, column, "nothing", "some text")
        for column in required
        if not row[column] and column not in words
    ]


def _repeated(rows: list[Row], name: str, unique: Words) -> list[Problem]:
    first: dict[Words, int] = {}
    problems = []
    for row in rows if unique else ():
        key = tuple(row[column] for column in unique)
        if key in first:
            found = f"{', '.join(word or '(empty)' for word in key)} again"
            problems.append(Problem(name, row.line, unique[0], found, f"each once (line {first[key]} has it already)"))
        first.setdefault(key, row.line)
    return problems
