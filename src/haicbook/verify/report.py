"""Verdicts for people and for programs: a screen, CSV, JSON; the command's exit status."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from haicbook.markup import visible
from haicbook.spreadsheet import shown
from haicbook.study import Paper, UnusableError, load, studies
from haicbook.verify.study import lay_over, read_text
from haicbook.verify.verdict import Verdict

_FOREMOST = ("abstract", "results", "figure", "note")  # other parts restate other studies' figures too
_COLUMNS = ("study", "verdict", "file", "line", "column", "source", "label", "figure", "text_line", "note")


def verify(names: Sequence[str], folder: Path, root: Path) -> list[Verdict]:
    """Lay studies over the texts `folder/<study>.txt`.

    Parameters
    ----------
    names
        Keys of studies; when none is named, all that have a text.
    folder
        Where the papers' plain texts are.
    root
        The project's `data/`.

    Raises
    ------
    UnusableError
        When there is no such folder, study, or text; names them all.
    """
    if not folder.is_dir():
        raise UnusableError([f"no folder {folder}; expected a folder of plain texts, one <study>.txt for each study"])
    known = studies(root)
    chosen = list(names) or [name for name in known if (folder / f"{name}.txt").is_file()]
    problems = [f"no study {name!r}; there are {', '.join(known)}" for name in chosen if name not in known]
    problems += [
        f"no text {folder / name}.txt for {name}"
        for name in chosen
        if name in known and not (folder / f"{name}.txt").is_file()
    ]
    if not chosen:
        problems.append(f"no text in {folder}; expected {', '.join(f'{name}.txt' for name in known)}")
    if problems:
        raise UnusableError(problems)
    papers: list[Paper] = [load(name, root) for name in chosen]
    return [lay_over(paper, read_text(folder / f"{paper.study}.txt")) for paper in papers]


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 when every printed value is found at its place, 1 when one is not."""
    return int(any(verdict.not_found for verdict in verdicts))


def as_rows(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One row for each cell checked, each figure in no data file, each row that looks shifted."""
    rows: list[dict[str, Any]] = []
    for verdict in verdicts:
        for cell in verdict.checked:
            rows.append(
                {
                    "study": verdict.study,
                    "verdict": "found" if cell.found else "not found",
                    "file": cell.file,
                    "line": cell.line,
                    "column": cell.column,
                    "source": cell.source,
                    "label": cell.label,
                    "figure": cell.cell,
                    "text_line": cell.text_line or "",
                    "note": cell.note or ("missing " + ", ".join(cell.missing) if cell.missing else ""),
                }
            )
        rows += [
            {"study": verdict.study, "verdict": "shifted", "file": row.file, "line": row.line, "label": row.label}
            | {"text_line": row.text_line, "note": row.what}
            for row in verdict.shifted
        ]
        rows += [
            {"study": verdict.study, "verdict": "in no data file", "source": item.part, "figure": item.figure}
            | {"text_line": item.text_line, "note": item.context}
            for item in verdict.uncovered
        ]
    return rows


def to_csv(verdicts: Sequence[Verdict]) -> str:
    """All rows as CSV, under `_COLUMNS`; a spreadsheet runs no cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: shown(str(value)) for name, value in row.items()} for row in as_rows(verdicts))
    return out.getvalue()


def to_json(verdicts: Sequence[Verdict]) -> str:
    """The verdicts with all their parts."""
    return json.dumps([asdict(verdict) for verdict in verdicts], ensure_ascii=False, indent=2) + "\n"


def show(verdicts: Sequence[Verdict]) -> None:
    """The verdicts on one screen: a summary, then what is not found, shifted, and in no data file."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, emoji=False)  # or line :100: becomes a picture
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("study", "values", "found", "not found", "shifted rows", "figures", "in no data file", "left out"):
        table.add_column(heading, justify="left" if heading == "study" else "right")
    for verdict in verdicts:
        missing = len(verdict.not_found)
        cells = (len(verdict.checked), len(verdict.checked) - missing, missing, len(verdict.shifted))
        figures = (verdict.figures, len(verdict.uncovered), sum(verdict.left_out.values()))
        table.add_row(verdict.study, *map(str, (*cells, *figures)))
    console.print(table)
    for verdict in verdicts:
        for line in lists(verdict):
            console.print(visible(line), markup=False, soft_wrap=True)


def lists(verdict: Verdict) -> list[str]:
    """What a person should look at, one line each; figures of methods and discussion after those of the results."""
    lines = [f"{verdict.study}, left out by rule: " + ", ".join(f"{n} {why}" for why, n in verdict.left_out.items())]
    for cell in verdict.not_found:
        place = f"line {cell.text_line} of the text" if cell.text_line else "not in the text"
        note = f"; {cell.note}" if cell.note else ""
        lines.append(
            f"not found: data/{cell.file}:{cell.line}:{cell.column}: {cell.cell} ({cell.source}, {cell.label}): "
            f"no {', '.join(cell.missing)}, {place}{note}"
        )
    lines += [
        f"shifted: data/{row.file}:{row.line}: {row.label}: {row.what} (line {row.text_line} of the text)"
        for row in verdict.shifted
    ]
    in_order = sorted(verdict.uncovered, key=lambda item: not _is_foremost(item.part))
    lines += [
        f"in no data file: {verdict.study}.txt:{item.text_line}: {item.figure} ({item.part}): … {item.context} …"
        for item in in_order
    ]
    return lines


def _is_foremost(part: str) -> bool:
    return part in _FOREMOST or part.startswith("Table ")


def command(names: Sequence[str], folder: Path, root: Path, form: str) -> int:
    """`haicbook verify`: print the verdicts in the form asked for; the exit status."""
    verdicts = verify(names, folder, root)
    if form == "screen":
        show(verdicts)
    else:
        print(to_csv(verdicts) if form == "csv" else to_json(verdicts), end="")
    return exit_status(verdicts)
