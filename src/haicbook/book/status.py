"""When, with what and on which data the book was executed: the record, and the page that shows it."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from haicbook.book.digests import digest_of_folder
from haicbook.book.environment import COMPUTING, PUBLISHING, computing_versions, versions
from haicbook.book.source import commit
from haicbook.markup import escape
from haicbook.paths import data_dir, executed_dir, root
from haicbook.results import write_text

_RECORD = threading.Lock()


def record_execution(name: str, *, fingerprint: str, cells: int, seconds: float) -> None:
    """Note in `status.json` that a notebook of the book was executed now, by this environment.

    The note stands apart from the notebook, whose bytes depend on its inputs only.
    """
    entry = {
        "executed": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "cells": cells,
        "fingerprint": fingerprint,
        "versions": computing_versions(),
    }
    # notebooks that run side by side end at any time
    with _RECORD:
        content = {"schema": 1, "notebooks": {**read_record(), name: entry}}
        write_text(executed_dir() / "status.json", json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_record() -> dict[str, Any]:
    """Notebook → its last execution; empty when nothing was executed, or the record cannot be read."""
    path = executed_dir() / "status.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["notebooks"])
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, ValueError):
        # it only tells what happened: without it, the page says that it is not known
        return {}


def write_page(names: Sequence[str], stale: Collection[str]) -> Path:
    """Write `book/_executed/status.md`; a page that would not change is left alone, so that nothing is built anew.

    Parameters
    ----------
    names
        The book's notebooks, in the order of the table.
    stale
        Those of them whose outputs are older than what they depend on.
    """
    path = executed_dir() / "status.md"
    text = page(names, stale, read_record(), digest_of_folder(data_dir()), commit(root()))
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)
    return path


def page(names: Sequence[str], stale: Collection[str], record: dict[str, Any], data: str, source: str) -> str:
    """The status page as MyST Markdown; `record`, `data` and `source` as their functions here give them."""
    runs = [_run_row(name, record.get(name, {}), name in stale) for name in names]
    packages = [(package, _distinct(record, package)) for package in ("python", *COMPUTING)]
    packages += list(versions(PUBLISHING).items())
    # the search index would else change with every time of day
    return f"""---
nosearch: true
---

# Status

When the notebooks of this book were executed, with which versions, and on which data. A notebook is executed again
when its text, the package, `requirements.lock`, an installed version or a file that it read has changed.

Data, as the SHA-256 of `data/`
: `{data}`

Source, as a git commit
: {escape(source) or "not known: built outside of a git checkout"}

{_table("tab-status-runs", "Notebooks and their last execution", ("Notebook", *_RUN_COLUMNS), runs)}

{_table("tab-status-versions", "Versions that computed the results and made the pages", ("What", "Version"), packages)}
"""


_RUN_COLUMNS = ("Executed (UTC)", "Seconds", "Cells of code", "Up to date")


def _run_row(name: str, run: dict[str, Any], is_stale: bool) -> tuple[str, ...]:
    executed = str(run.get("executed", "not known")).replace("T", " ").removesuffix("+00:00")
    fresh = "no: shows an earlier run" if is_stale else "yes"
    return name, executed, str(run.get("seconds", "–")), str(run.get("cells", "–")), fresh


def _distinct(record: dict[str, Any], package: str) -> str:
    """The version that the notebooks were executed with; several when they were not all by the same."""
    found = sorted({run["versions"][package] for run in record.values() if package in run.get("versions", {})})
    return ", ".join(found) or "not known"


def _table(name: str, caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["|".join(["", *map(escape, row), ""]) for row in (columns, *rows)]
    lines.insert(1, "|:--" * len(columns) + "|")
    body = "\n".join(lines)
    return f":::{{table}} {caption}.\n:name: {name}\n:class: haic-table\n\n{body}\n:::"
