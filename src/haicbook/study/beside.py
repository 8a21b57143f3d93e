"""The files beside the studies' folders in data/: what the book judges, maps and cites, for a reader to change.

What each file may say stands here once: `haicbook check` and the chapters read them with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from haicbook.paths import data_dir
from haicbook.printed import parse_number
from haicbook.study.files import Row, read_csv
from haicbook.study.paper import studies
from haicbook.study.problems import DataError, Problem

Words = tuple[str, ...]
Check = Callable[[list[Row], str], list[Problem]]

DOMAINS = {
    "confounding": "Confounding",
    "selection": "Selection of participants",
    "classification": "Classification of treatments",
    "deviations": "Deviations from intended treatment",
    "missing": "Missing data",
    "measurement": "Measurement of the outcome",
    "reporting": "Selection of the reported result",
}
# from best to worst; no information cannot make the overall judgement better or worse
JUDGEMENTS = ("low", "moderate", "serious", "critical")
NO_INFORMATION = "no_information"
ANSWERS = ("yes", "no", "unclear", "not_applicable")
FITS = ("exact", "near", "combined", "none")
STATES = ("printed", "lost_in_text", "not_reported", "supplement_only")
ROLES = ("treating centre", "author's affiliation")
_STEPS = ("0", "1", "2", "")


@dataclass(frozen=True)
class Form:
    """What a file may say.

    Attributes
    ----------
    columns
        In the order of the frame.
    required
        Columns that must not be empty.
    unique
        Columns that together are unique.
    allowed
        Column to the words it may hold.
    studies
        Columns that hold a study of data/; empty where that is not required.
    check
        Further problems of the rows, given the rows and the file's name.
    """

    columns: Words
    required: Words
    unique: Words
    allowed: Mapping[str, Words] = field(default_factory=lambda: MappingProxyType({}))
    studies: Words = ("study",)
    check: Check = lambda rows, name: []


def _printed_or_explained(rows: list[Row], name: str) -> list[Problem]:
    problems = []
    for row in rows:
        if row["state"] == "printed" and not (row["row"] and row["levels"]):
            problems.append(Problem(name, row.line, "row", "nothing", "the row and the levels that are printed"))
        if row["state"] in STATES[1:] and not row["detail"]:
            problems.append(Problem(name, row.line, "detail", "nothing", "what is missing, in words"))
    return problems


def _graded(rows: list[Row], name: str) -> list[Problem]:
    needed = ("start", "indirectness", "indirectness_reason", "publication", "publication_reason")
    return [
        Problem(name, row.line, column, "nothing", "an entry, since a study is named")
        for row in rows
        for column in needed
        if row["study"] and not row[column]
    ]


def _numbers(rows: list[Row], name: str) -> list[Problem]:
    problems = []
    for row in rows:
        number = parse_number(row["printed"])
        if number.state != "exact" or not number.value > 0:
            problems.append(Problem(name, row.line, "printed", repr(row["printed"]), "a number above 0"))
        elif row["unit"] == "percent" and number.value > 100:
            problems.append(Problem(name, row.line, "printed", repr(row["printed"]), "at most 100 per cent"))
    return problems


FORMS = {
    "appraisal.csv": Form(
        columns=("study", "item", "question", "answer", "reason", "source"),
        required=("study", "item", "question", "reason", "source"),
        unique=("study", "item"),
        allowed={"answer": ANSWERS},
    ),
    "benchmarks.csv": Form(
        columns=(
            *("trial", "regimen", "cited_by", "section", "setting"),
            *("endpoint", "criterion", "statistic", "unit", "printed"),
        ),
        required=("trial", "regimen", "cited_by", "section", "printed"),
        unique=("trial", "regimen", "cited_by", "endpoint", "criterion"),
        allowed={"endpoint": ("os", "pfs", "orr"), "statistic": ("median", "pct"), "unit": ("months", "percent")},
        studies=("cited_by",),
        check=_numbers,
    ),
    "characteristics.csv": Form(
        columns=("characteristic", "label", "study", "row", "levels", "definition", "state", "detail"),
        required=("characteristic", "label", "study", "state"),
        unique=("characteristic", "study"),
        allowed={"state": STATES},
        check=_printed_or_explained,
    ),
    "ctcae.csv": Form(
        columns=("event", "term", "soc", "fit", "note"),
        required=("event", "term", "soc"),
        unique=("event",),
        allowed={"fit": FITS},
        studies=(),
    ),
    "facets.csv": Form(
        columns=("study", "facet", "class", "words", "source"),
        required=("study", "facet", "class", "words", "source"),
        unique=("study", "facet"),
    ),
    "institutions.csv": Form(
        columns=("study", "institution", "city", "role", "source"),
        required=("study", "institution", "source"),
        unique=("study", "institution"),
        allowed={"role": ROLES},
    ),
    "questions.csv": Form(
        columns=(
            *("key", "question", "study", "outcome", "start", "indirectness", "indirectness_reason"),
            *("publication", "publication_reason", "change"),
        ),
        required=("key", "question", "change"),
        unique=("key",),
        allowed={"outcome": ("os", "orr"), "start": ("high", "low", ""), "indirectness": _STEPS, "publication": _STEPS},
        check=_graded,
    ),
    "risk_of_bias.csv": Form(
        columns=("study", "domain", "outcome", "judgement", "reason", "source"),
        required=("study", "reason", "source"),
        unique=("study", "domain", "outcome"),
        allowed={
            "domain": tuple(DOMAINS),
            "judgement": (*JUDGEMENTS, NO_INFORMATION),
            "outcome": ("", "os", "pfs"),
        },
    ),
}


def inspect_beside(name: str, root: Path | None = None) -> tuple[list[Row], list[Problem]]:
    """The rows of one file of :data:`FORMS`, and everything that is wrong with them; no exception for bad data."""
    form, folder = FORMS[name], root or data_dir()
    rows, problems = read_csv(folder / name, name, form.columns, folder.resolve().parent)
    known = tuple(studies(folder))
    words = dict(form.allowed)
    words |= {column: known if column in form.required else (*known, "") for column in form.studies}
    for row in rows:
        problems += _row_problems(row, name, words, form.required)
    return rows, [*problems, *_repeated(rows, name, form.unique), *form.check(rows, name)]


def read_beside(name: str, root: Path | None = None) -> pd.DataFrame:
    """One file beside the studies as a frame of texts, empty where the file has nothing.

    Parameters
    ----------
    name
        One of :data:`FORMS`.
    root
        The folder that holds the file; the project's `data/` when None.

    Raises
    ------
    haicbook.study.DataError
        With every problem: file, line, column, what was found and what is allowed. A header without rows is none:
        nobody has judged anything yet.
    """
    rows, found = inspect_beside(name, root)
    problems = [problem for problem in found if not problem.unfilled]
    if problems:
        raise DataError(problems)
    columns = FORMS[name].columns
    return pd.DataFrame([[row[column] for column in columns] for row in rows], columns=list(columns))


def _row_problems(row: Row, name: str, words: Mapping[str, Words], required: Words) -> list[Problem]:
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
    for row in rows:
        key = tuple(row[column] for column in unique)
        if key in first:
            found = f"{', '.join(word or '(empty)' for word in key)} again"
            problems.append(Problem(name, row.line, unique[0], found, f"each once (line {first[key]} has it already)"))
        first.setdefault(key, row.line)
    return problems
