"""Reading the files of data/: CSV with line numbers, YAML with positions, and clear words when neither works."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from haicbook.limits import LONGEST_CELL, MOST_ROWS
from haicbook.study.problems import Problem
from haicbook.study.schema import DisagreementError, Study
from haicbook.texts import Flaw, malformed, read_text, yaml_flaws


@dataclass(frozen=True)
class Row:
    """One line of a CSV: its number in the file, and its cells by column name."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def read_csv(
    path: Path, name: str, expected: Sequence[str], within: Path | None = None
) -> tuple[list[Row], list[Problem]]:
    """Rows of a CSV whose header must be `expected`, in any order.

    A byte order mark, CRLF line ends and trailing empty columns, as spreadsheets leave them, are read rightly;
    semicolons are refused, since a decimal comma may come with them. Links may not lead out of `within`.
    """
    text, flaws = read_text(path, within)
    if flaws:
        return [], _problems(name, flaws)
    problems: list[Problem] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = _without_trailing_blanks([cell.strip() for cell in next(reader)])
        problems += _header_problems(name, header, expected)
        if problems:
            return [], problems
        for cells in reader:
            line = reader.line_num
            cells = _without_trailing_blanks(cells, keep=len(header))
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problems.append(Problem(name, line, "", f"{len(cells)} cells", f"{len(header)}, one for each column"))
                continue
            if len(rows) == MOST_ROWS:
                problems.append(Problem(name, line, "", f"more than {MOST_ROWS} rows", "a printed table or its claims"))
                break
            row = Row(line, {column: cell.strip() for column, cell in zip(header, cells, strict=True)})
            problems += _long_cells(name, row)
            rows.append(row)
    except csv.Error as error:
        problems.append(Problem(name, reader.line_num, "", f"malformed CSV ({error})", "comma-separated cells"))
    if not rows and not problems:
        problems.append(Problem(name, 0, "", "a header without rows", "at least one row", unfilled=True))
    return rows, problems


def _problems(name: str, flaws: list[Flaw]) -> list[Problem]:
    return [Problem(name, flaw.line, "", flaw.found, flaw.expected) for flaw in flaws]


def _long_cells(name: str, row: Row) -> list[Problem]:
    return [
        Problem(name, row.line, column, f"{len(cell)} characters", f"at most {LONGEST_CELL}")
        for column, cell in row.cells.items()
        if len(cell) > LONGEST_CELL
    ]


def _without_trailing_blanks(cells: list[str], keep: int = 0) -> list[str]:
    while len(cells) > keep and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _header_problems(name: str, header: list[str], expected: Sequence[str]) -> list[Problem]:
    if len(header) == 1 and ";" in header[0]:
        return [Problem(name, 1, "", "semicolons between the columns", "commas: save as comma-separated UTF-8 CSV")]
    allowed = ", ".join(expected)
    problems = [
        Problem(name, 1, column or "(blank)", "an unknown column", allowed) for column in set(header) - set(expected)
    ]
    problems += [
        Problem(name, 1, column, "no such column", f"the columns {allowed}")
        for column in expected
        if column not in header
    ]
    problems += [
        Problem(name, 1, c, "the column twice", "each column once") for c in set(header) if header.count(c) > 1
    ]
    return problems


def read_study_yaml(path: Path, name: str, within: Path | None = None) -> tuple[Study | None, list[Problem]]:
    """`study.yml` as a validated :class:`Study`, or all the reasons why not, with line numbers."""
    text, flaws = read_text(path, within)
    if flaws := flaws or yaml_flaws(text):
        return None, _problems(name, flaws)
    try:
        plain = YAML(typ="safe").load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        found = str(error.problem).split(" with value")[0].replace("found ", "")
        return None, [Problem(name, line, "", found, "each key once")]
    except (YAMLError, ValueError) as error:
        return None, _problems(name, [malformed(error)])
    if not isinstance(plain, dict):
        return None, [Problem(name, 1, "", f"a {type(plain).__name__}", "keys and values, as in the codebook")]
    try:
        return Study.model_validate(plain), []
    except ValidationError as error:
        tree = YAML(typ="rt").load(text)  # knows the lines
        return None, [problem for detail in error.errors() for problem in _schema_problems(name, tree, detail)]


def _schema_problems(name: str, tree: Any, detail: Any) -> list[Problem]:
    reason = detail.get("ctx", {}).get("error")
    if isinstance(reason, DisagreementError):
        return [
            Problem(name, _line_of(tree, part.path), ".".join(map(str, part.path)), part.found, part.expected)
            for part in reason.found
        ]
    path = [part for part in detail["loc"] if part != "[key]"]
    where = ".".join(str(part) for part in path)
    message = detail["msg"].removeprefix("Value error, ")
    match detail["type"]:
        case "extra_forbidden":
            found, expected = "an unknown key", "only the keys of the codebook"
        case "missing":
            found, expected = "no such key", "it to be there (null where the paper does not say)"
        case "value_error":
            found, _, expected = message.partition("; ")
            expected = expected or "study.yml to agree with itself"
        case _ if isinstance(detail["input"], datetime.date):
            found, expected = f"the date {detail['input']}", "a text: put it in quotes, as the paper prints it"
        case _:
            found, expected = repr(detail["input"])[:80], message[0].lower() + message[1:]
    return [Problem(name, _line_of(tree, path), where, found, expected)]


def _line_of(tree: Any, path: Sequence[Any]) -> int:
    """Line of the deepest key on the path that the file has."""
    line = 1
    for part in path:
        try:
            position = tree.lc.key(part) if hasattr(tree, "keys") else tree.lc.item(part)
            line, tree = position[0] + 1, tree[part]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line
