"""`haicbook compare`: two runs of one notebook beside each other, on the terminal, as CSV, JSON or a page."""

from __future__ import annotations

import csv
import difflib
import html
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from haicbook.book.notebooks import names
from haicbook.book.refusals import WrongUsageError
from haicbook.headlines import ChangedResult, changes
from haicbook.paths import build_dir, executed_dir
from haicbook.results import ResultsError, SavedResults, load_results
from haicbook.spreadsheet import shown

FORMATS = ("table", "html", "csv", "json")
COLUMNS = ("result", "unit", "before", "after", "remark", "key")
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #8886 }}
svg {{ max-width: 100%; height: auto }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Run:
    """A run as it was named, and what it found."""

    name: str
    results: SavedResults


@dataclass(frozen=True)
class Compared:
    """Two runs of one notebook.

    Attributes
    ----------
    before, after
        The runs.
    assumptions
        Parameter → its values in both, of those that differ.
    found, others
        As :func:`haicbook.headlines.changes` has them.
    """

    before: Run
    after: Run
    assumptions: dict[str, tuple[Any, Any]]
    found: list[ChangedResult]
    others: list[ChangedResult]


def find_run(name: str) -> Run:
    """A run by the name of its notebook (the defaults), by the beginning of its folder's name, or by its results file.

    Raises
    ------
    WrongUsageError
        When there is no such run, or several begin like that.
    """
    runs = {path.name: path for path in sorted((build_dir() / "runs").glob("*-*")) if path.is_dir()}
    path = Path(name)
    if name in names():
        path = executed_dir() / f"{name}.json"
    elif path.suffix != ".json":
        like = [label for label in runs if label.startswith(name)]
        if len(like) != 1:
            raise WrongUsageError([_not_one(name, like, list(runs))])
        path = runs[like[0]] / f"{like[0].rpartition('-')[0]}.json"
    try:
        return Run(name, load_results(path))
    except ResultsError as error:
        raise WrongUsageError([str(error)]) from None


def _not_one(name: str, like: list[str], runs: list[str]) -> str:
    if like:
        return f"{name}: found {len(like)} runs that begin like that, expected one: {', '.join(like)}"
    near = difflib.get_close_matches(name, [*names(), *runs], n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return f"{name}: no such run{meant}; there are those of _build/runs, and with the defaults {', '.join(names())}"


def compare(before: Run, after: Run) -> Compared:
    """Lay two runs beside each other.

    Raises
    ------
    WrongUsageError
        When they are not of one notebook.
    """
    one, other = before.results, after.results
    if one.study != other.study:
        raise WrongUsageError(
            [f"found {before.name} of {one.study} and {after.name} of {other.study}, expected one notebook"]
        )
    told = {name: (one.parameters.get(name), value) for name, value in other.parameters.items()}
    differing = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    return Compared(before, after, differing, *changes(one, other))


def as_text(compared: Compared, form: str) -> str:
    """The comparison as a person or a program reads it; `form` is one of `FORMATS`."""
    if form == "json":
        return _json(compared)
    if form == "csv":
        return _csv(compared.found)
    return _html(compared) if form == "html" else _table(compared)


def _assumed(compared: Compared) -> list[str]:
    return [f"{name}: {before} → {after}" for name, (before, after) in compared.assumptions.items()]


def _table(compared: Compared) -> str:
    lines = [f"{compared.before.name} → {compared.after.name}", *(f"  {line}" for line in _assumed(compared))]
    if not compared.found:
        lines.append("  no headline result differs")
    for change in compared.found:
        remark = f"   ({change.remark})" if change.remark else ""
        lines += [f"  {change.words}:", f"      {change.before}  →  {change.after}{remark}"]
    if compared.others:
        lines.append(f"  {len(compared.others)} other results differ; --format json has the headline results alone")
    return "\n".join(lines) + "\n"


def _csv(found: Sequence[ChangedResult]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in found:
        cells = (item.words, item.unit, item.before, item.after, item.remark, item.key)
        writer.writerow([shown(cell) for cell in cells])
    return text.getvalue()


def _json(compared: Compared) -> str:
    content = {
        "notebook": compared.after.results.study,
        "runs": [compared.before.name, compared.after.name],
        "assumptions": {name: list(pair) for name, pair in compared.assumptions.items()},
        "results": [
            {**asdict(item), "size": None if item.size == float("inf") else item.size} for item in compared.found
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _html(compared: Compared) -> str:
    from haicbook import show

    title = html.escape(f"{compared.after.results.study}: {compared.before.name} and {compared.after.name}")
    assumed = "".join(f"<li>{html.escape(line)}</li>" for line in _assumed(compared))
    head = "".join(
        f"<th>{html.escape(name)}</th>" for name in ("Result", compared.before.name, compared.after.name, "")
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in (item.words, item.before, item.after, item.remark))
        + "</tr>\n"
        for item in compared.found
    )
    body = f"<p>Assumptions that differ:</p>\n<ul>{assumed}</ul>\n<table>\n<tr>{head}</tr>\n{rows}</table>\n"
    if any(None not in (*item.old[:1], *item.new[:1]) for item in compared.found):
        show.look()
        body += show.as_svg(show.changes_figure(compared.found, compared.before.name, compared.after.name)[0])
    return _PAGE.format(title=title, body=body)
