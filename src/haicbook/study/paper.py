"""One study, loaded: what study.yml says and every printed value, tidy."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd

from haicbook.paths import data_dir
from haicbook.study.files import Row, read_csv, read_study_yaml
from haicbook.study.problems import DataError, Problem
from haicbook.study.schema import Study, Table, Unavailable
from haicbook.study.unchecked import read_drafted
from haicbook.study.values import (
    CLAIM_COLUMNS,
    TABLE_COLUMNS,
    Record,
    claim_records,
    table_records,
    to_frame,
    value_problems,
)
from haicbook.texts import read_text

Told = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Paper:
    """A study as its paper prints it.

    Attributes
    ----------
    spec
        The validated `study.yml`.
    values
        One row for each printed number; columns in `haicbook.study.values.COLUMNS`, described in data/README.md.
        Times are in months. Strings are empty where an attribute does not apply.
    printed_tables
        The tables' rows as printed, by file name.
    unchecked
        Files of the tables that a machine drafted and no person has laid beside the paper.
    """

    spec: Study
    values: pd.DataFrame
    printed_tables: dict[str, list[Row]] = field(repr=False)
    unchecked: tuple[str, ...] = ()

    @property
    def study(self) -> str:
        """The study's key, e.g. `cao2024`."""
        return self.spec.study

    @cached_property
    def by_id(self) -> pd.DataFrame:
        """The values, indexed by id."""
        return self.values.set_index("id")

    def value(self, value_id: str) -> float:
        """The number behind one value id (NaN when it is not reached or cannot be read).

        Raises
        ------
        KeyError
            When the study prints no such value; names the nearest ids.
        """
        if value_id not in self.by_id.index:
            import difflib

            near = difflib.get_close_matches(value_id, self.by_id.index, n=3, cutoff=0.3)
            raise KeyError(f"{self.study} prints no {value_id}; nearest: {', '.join(near) or 'none'}")
        return float(self.by_id.loc[value_id, "value"])

    def select(self, **attributes: object) -> pd.DataFrame:
        """Values whose attributes equal those given; a list means any of them.

        Examples
        --------
        >>> responses = load("lin2023").select(kind="response", arm="hlp", statistic="n")
        >>> dict(zip(responses.row, responses.value.astype(int), strict=True))
        {'cr': 1, 'pr': 33, 'sd': 25, 'pd': 16, 'orr': 34, 'dcr': 59}
        """
        chosen = self.values
        for name, wanted in attributes.items():
            options = wanted if isinstance(wanted, (list, tuple, set)) else [wanted]
            chosen = chosen[chosen[name].isin(options)]
        return chosen

    def tables(self, kind: str) -> list[Table]:
        """The printed tables of a kind that the text holds."""
        return [table for table in self.spec.tables if table.kind == kind]

    def lost(self, *words: str) -> list[str]:
        """What is unavailable and mentions any of the words, as sentences for the page."""
        reasons = {
            "lost_in_text": "printed in the paper, lost in the text we have",
            "not_reported": "not reported",
            "supplement_only": "only in the paper's supplement",
            "not_entered": "not entered yet",
        }
        return [
            f"{item.what}: {reasons[item.why]}. {item.detail}"
            for item in self.spec.unavailable
            if not words or any(word.lower() in f"{item.what} {item.detail}".lower() for word in words)
        ]


def studies(root: Path | None = None) -> list[str]:
    """Keys of the studies that data/ holds, in the book's order: that of `questions.csv`, the others after by name."""
    folder = root or data_dir()
    asked = {study: place for place, study in enumerate(_asked(folder / "questions.csv"))}
    found = sorted(path.parent.name for path in folder.glob("*/study.yml"))
    return sorted(found, key=lambda study: asked.get(study, len(asked)))


def _asked(file: Path) -> list[str]:
    """The studies that the questions are about, in order; what is wrong with the file, `haicbook check` says."""
    text, flaws = read_text(file)
    try:
        rows = [] if flaws else list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error:
        return []
    return list(dict.fromkeys(row.get("study") or "" for row in rows))


def inspect(study: str, root: Path | None = None, told: Told = lambda name: None) -> tuple[Paper | None, list[Problem]]:
    """Load a study and collect everything that is wrong with it; no exception for bad data.

    Parameters
    ----------
    study, root
        As :func:`load` takes them.
    told
        Called with each file's name before it is read.

    Returns
    -------
    tuple
        The paper, None where not even study.yml can be read, and the problems. A table in which nothing is entered is a
        problem, and in the paper it is among what is unavailable.
    """
    root = root or data_dir()
    folder, project = root / study, root.resolve().parent
    name = f"{study}/study.yml"
    told(name)
    spec, problems = read_study_yaml(folder / "study.yml", name, project)
    if spec is None:
        return None, problems
    if spec.study != study:
        problems.append(Problem(name, 1, "study", spec.study, f"the folder's name, {study}"))
    records: list[Record] = []
    printed: dict[str, list[Row]] = {}
    for table in spec.tables:
        name = f"{study}/{table.file}"
        told(name)
        rows, found = read_csv(folder / table.file, name, [*TABLE_COLUMNS, *table.columns], project)
        values, bad_cells = table_records(spec, table, rows, name) if rows else ([], [])
        problems += [*found, *bad_cells]
        records += values
        printed[table.file] = rows
    name = f"{study}/claims.csv"
    told(name)
    rows, found = read_csv(folder / "claims.csv", name, CLAIM_COLUMNS, project)
    values, bad_cells = claim_records(spec, rows, name)
    problems += [*found, *bad_cells, *_stray_files(folder, spec)]
    records += values
    drafts, found = read_drafted(folder, project)
    problems += [*found, *value_problems(spec, records)]
    unchecked = tuple(row["file"] for row in drafts if not row["checked_by"])
    return Paper(_entered(spec, printed), to_frame(records), printed, unchecked), problems


def _entered(spec: Study, printed: dict[str, list[Row]]) -> Study:
    """The study with the tables that have rows; the others are unavailable."""
    empty = [table for table in spec.tables if not printed[table.file]]
    lost = [Unavailable(what=table.source, why="not_entered", detail=f"{table.title}: {table.file}") for table in empty]
    tables = [table for table in spec.tables if printed[table.file]]
    return spec.model_copy(update={"tables": tables, "unavailable": [*spec.unavailable, *lost]}) if empty else spec


def _stray_files(folder: Path, spec: Study) -> list[Problem]:
    declared = {table.file for table in spec.tables}
    present = {f"tables/{path.name}" for path in (folder / "tables").glob("*.csv")}
    return [
        Problem(f"{spec.study}/{file}", 0, "", "a table that study.yml does not name", "an entry under tables:")
        for file in present - declared
    ]


@lru_cache(maxsize=16)
def load(study: str, root: Path | None = None) -> Paper:
    """Load one study.

    Parameters
    ----------
    study
        Its key, e.g. `cao2024`.
    root
        The folder that holds the studies; the project's `data/` when None.

    Raises
    ------
    KeyError
        When there is no such study; names those there are.
    DataError
        When its files have problems; lists all of them. Files that are laid out and still empty are none here: what is
        entered can be used.

    Examples
    --------
    >>> paper = load("cao2024")
    >>> paper.value("cao2024/table3/fever/after_psm/se/g12/n")
    21.0
    """
    if study not in studies(root):
        raise KeyError(f"no study {study!r}; there are {', '.join(studies(root)) or 'none'}")
    paper, found = inspect(study, root)
    problems = [problem for problem in found if not problem.unfilled]
    if problems or paper is None:
        raise DataError(problems)
    return paper
