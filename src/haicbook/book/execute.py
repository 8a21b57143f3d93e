"""One execution: a notebook and its parameters in, its executed form and its results out."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haicbook.book.fingerprint import Fingerprint, seal
from haicbook.book.normalise import machine_folders, normalise
from haicbook.book.notebooks import Source
from haicbook.book.parameters import Scalar
from haicbook.book.reads import states
from haicbook.book.workers import Workers
from haicbook.paths import build_dir, root
from haicbook.results import ResultsError, load_results, write_text

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LAST_LINES = 8


@dataclass(frozen=True)
class Executed:
    """A run that came to its end.

    Attributes
    ----------
    notebook, results
        The texts of the executed notebook and of its results.
    cells
        How many cells of code ran.
    seconds
        From the kernel's start to its end.
    """

    notebook: str
    results: str
    cells: int
    seconds: float


@dataclass(frozen=True)
class Failure:
    """A run that did not.

    Attributes
    ----------
    where
        The cell, with its first line; or empty when no cell is to blame.
    error
        The error's name and message.
    lines
        The last lines of its traceback.
    partial
        The notebook as far as it came; None when it never began.
    """

    where: str
    error: str
    lines: tuple[str, ...]
    partial: str | None


Report = Callable[[Mapping[str, Any]], None]


def execute(
    source: Source,
    changed: Mapping[str, Scalar],
    fingerprint: Fingerprint,
    report: Report,
    workers: Workers,
) -> Executed | Failure:
    """Execute a notebook in a process and a scratch folder of its own, and check what it wrote.

    Parameters
    ----------
    source
        The notebook.
    changed
        The parameters that differ from their defaults.
    fingerprint
        What the run rests on; kept in the executed notebook.
    report
        Called with each event that `worker` reports.
    workers
        Begins the process, and ends it when the run is interrupted.

    Raises
    ------
    OSError
        When the disk is full or may not be written on: what is wrong is not the notebook.
    """
    import nbformat

    scratch = build_dir() / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix=f"{source.name}-"))
    try:
        (folder / "cwd").mkdir()
        write_text(folder / "source.ipynb", nbformat.writes(source.node))
        begin = time.time()
        events = _run_worker(folder, changed, report, workers)
        end = time.time()
        partial = _partial(folder / "executed.ipynb")
        last = events[-1] if events else {}
        if last.get("event") == "refused":
            raise OSError(last["code"], last["message"], last["file"])
        if last.get("event") != "done":
            return _failure(source, changed, last, folder, partial)
        try:
            results = _checked_results(source, changed, folder / "cwd")
        except ResultsError as error:
            return Failure("", f"no usable results: {error}", (), partial)
        node = nbformat.read(folder / "executed.ipynb", as_version=4)
        node = normalise(node, changed, machine_folders(root(), folder / "cwd"))
        node.metadata["haicbook"] = {
            **fingerprint.metadata(results, states(folder / "reads", begin, end)),
            "changed": dict(changed),
        }
        cells = next(event["count"] for event in events if event["event"] == "cells")
        return Executed(seal(nbformat.writes(node) + "\n"), results, cells, end - begin)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_worker(folder: Path, changed: Mapping[str, Scalar], report: Report, workers: Workers) -> list[dict[str, Any]]:
    job = {
        "input": str(folder / "source.ipynb"),
        "output": str(folder / "executed.ipynb"),
        "cwd": str(folder / "cwd"),
        "reads": str(folder / "reads"),
        "parameters": dict(changed),
    }
    events = []
    with workers.begin(folder / "log") as worker:
        print(json.dumps(job), file=worker.job, flush=True)
        for line in worker.events:
            events.append(json.loads(line))
            report(events[-1])
    workers.ended(worker)
    return events


def _partial(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _failure(
    source: Source, changed: Mapping[str, Scalar], event: Mapping[str, Any], folder: Path, partial: str | None
) -> Failure:
    if event.get("event") != "failed":
        log = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        return Failure("", "the process that ran the notebook ended early", tuple(log[-_LAST_LINES:]), partial)
    lines = _COLOUR.sub("", "\n".join(event["traceback"])).strip().splitlines()
    error = f"{event['name']}: {event['message']}".strip().splitlines()[0]
    # the error itself is said apart from its traceback's lines
    while lines and lines[-1].strip() in (error, ""):
        lines.pop()
    where = "" if event["index"] is None else _place(source, _source_index(source, changed, event["index"]))
    return Failure(where, error, tuple(lines[-_LAST_LINES:]), partial)


def _source_index(source: Source, changed: Mapping[str, Scalar], index: int) -> int:
    """The position in the source of a cell that papermill counts: it puts one in after the parameters."""
    declared = next(
        place for place, cell in enumerate(source.node.cells) if "parameters" in cell.metadata.get("tags", [])
    )
    return index - 1 if changed and index > declared else index


def _place(source: Source, index: int) -> str:
    """A cell for people: its number among the cells of code, its line in the source and its first line."""
    cells = source.node.cells
    number = sum(cell.cell_type == "code" for cell in cells[: index + 1])
    total = sum(cell.cell_type == "code" for cell in cells)
    code = cells[index].source
    position = source.text.find(code)
    line = f", {source.path.parent.name}/{source.path.name}:{source.text[:position].count(chr(10)) + 1}"
    first = next((text for text in code.splitlines() if text.strip()), "")
    return f"cell {number} of {total}{line if position >= 0 else ''}: {first.strip()}"


def _checked_results(source: Source, changed: Mapping[str, Scalar], folder: Path) -> str:
    """The text of the results that a run wrote; raises `ResultsError` when they are not this run's."""
    path = folder / f"{source.name}.json"
    if not path.exists():
        raise ResultsError(f"it wrote no {path.name}; its last cell should be `results.save()`")
    saved = load_results(path)
    if saved.study != source.name:
        raise ResultsError(f"{path.name} says study {saved.study}, expected {source.name}")
    expected = {**source.defaults, **changed}
    if saved.parameters != expected:
        wrong = sorted(
            name for name in {*expected, *saved.parameters} if saved.parameters.get(name) != expected.get(name)
        )
        raise ResultsError(f"{path.name} does not give this run's parameters: look at {', '.join(wrong)}")
    return path.read_text(encoding="utf-8")
