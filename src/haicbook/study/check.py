"""`haicbook check`: are the files of data/ sound, and what do they hold?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from haicbook.markup import visible
from haicbook.study.beside import FORMS, inspect_beside
from haicbook.study.paper import Paper, Told, inspect, studies
from haicbook.study.problems import Problem
from haicbook.study.references import unmatched_events, unprinted_characteristics

_PATIENCE = 2.0  # seconds


@dataclass(frozen=True)
class Checked:
    """One study's verdict; `paper` is None when not even study.yml could be read."""

    study: str
    paper: Paper | None
    problems: list[Problem]


def check(names: list[str], root: Path, told: Told = lambda name: None) -> list[Checked]:
    """Validate studies and collect every problem.

    Raises
    ------
    KeyError
        When a named study has no folder; names those there are.
    """
    if not root.is_dir():
        return []
    folders = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    unknown = [name for name in names if name not in folders]
    if unknown:
        raise KeyError(f"no study {', '.join(unknown)} in {root.name}/; there are {', '.join(folders) or 'none'}")
    return [Checked(name, *inspect(name, root, told)) for name in names or sorted({*folders, *studies(root)})]


def check_beside(checked: list[Checked], root: Path, told: Told = lambda name: None) -> list[Problem]:
    """What is wrong with the files beside the studies, with what they say of these studies, and with what is strange.

    What they say of a study that has problems of its own is not looked at.
    """
    if not root.is_dir():
        return [Problem("", 0, "", "no folder data/", "one folder a study, and the files beside them")]
    problems = _strays(root)
    papers = [item.paper for item in checked if item.paper is not None and not item.problems]
    for name in FORMS:
        told(name)
        rows, found = inspect_beside(name, root)
        problems += found
        if name == "characteristics.csv":
            problems += unprinted_characteristics(rows, papers, name)
        if name == "ctcae.csv" and len(papers) == len(studies(root)) and rows:
            problems += unmatched_events(rows, papers, name)
    return problems


def _strays(root: Path) -> list[Problem]:
    """What lies in data/ and is read by nothing: a copy, a misspelt name, a broken link."""
    return [
        Problem(path.name, 0, "", "a file that nothing reads", f"folders, and {', '.join(FORMS)}")
        for path in sorted(root.iterdir())
        if not path.is_dir() and not path.name.startswith(".") and path.name not in (*FORMS, "README.md")
    ]


@contextmanager
def told_when_slow(say: Callable[[str], None]) -> Iterator[Told]:
    """Says which file is being read, once for each that takes more than two seconds."""
    reading, ended = [""], Event()

    def watch() -> None:
        before, said = "", ""
        while not ended.wait(_PATIENCE):
            now = reading[0]
            if now == before and now != said:
                say(f"reading data/{now}")
                said = now
            before = now

    def told(name: str) -> None:
        reading[0] = name

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        ended.set()
        thread.join()


def summary_rows(checked: list[Checked]) -> list[tuple[str, ...]]:
    """One row a study, in the order of the screen's columns."""
    rows = []
    for item in checked:
        if item.paper is None:
            rows.append((item.study, *[""] * 7, str(len(item.problems))))
            continue
        spec, values = item.paper.spec, item.paper.values
        sizes = spec.populations[spec.main_population].n
        claims = values[values.kind == "claim"]
        rows.append(
            (
                item.study,
                spec.design.replace("_", " "),
                " + ".join(f"{size} {arm}" for arm, size in sizes.items()),
                str(len(spec.tables)),
                str(len(values) - len(claims)),
                str(len(claims)),
                str(int((values.state == "unreadable").sum())),
                str(len(spec.unavailable)),
                str(len(item.problems)),
            )
        )
    return rows


def unavailable_lines(checked: list[Checked]) -> list[tuple[str, str]]:
    """One line a study and reason: what the project does not have."""
    words = {"lost_in_text": "lost in the text", "not_reported": "not reported", "supplement_only": "supplement only"}
    words["not_entered"] = "not entered yet"
    lines = []
    for item in checked:
        entries = item.paper.spec.unavailable if item.paper else []
        for reason, phrase in words.items():
            missing = [entry.what for entry in entries if entry.why == reason]
            if missing:
                lines.append((f"{item.study}, {phrase}", "; ".join(missing)))
    return lines


def report(names: list[str], root: Path) -> int:
    """Print the verdict on one screen; the number of problems found."""
    from rich import box
    from rich.console import Console, OverflowMethod
    from rich.table import Table

    console, errors = Console(highlight=False, emoji=False), Console(stderr=True, highlight=False)
    with told_when_slow(lambda words: errors.print(words, style="dim", markup=False)) as told:
        checked = check(names, root, told)
        beside = check_beside(checked, root, told)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    headings = ("study", "design", "patients", "tables", "values", "claims", "unread", "missing", "problems")
    rows = summary_rows(checked)
    for heading, *cells in zip(headings, *rows, strict=True):
        # cells break between words; no name is cut on a narrow screen
        longest = max(len(word) for cell in (heading, *cells) for word in cell.split())
        left = heading in headings[:3]
        table.add_column(heading, justify="left" if left else "right", min_width=longest, overflow="fold")
    for row in rows:
        table.add_row(*map(visible, row))
    console.print(table, markup=False)
    lines = unavailable_lines(checked)
    # all of them on one screen; a study that is named has its lists whole
    overflow: OverflowMethod = "fold" if names else "ellipsis"
    lost = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    lost.add_column(no_wrap=True, style="dim", min_width=max((len(line[0]) for line in lines), default=0))
    lost.add_column(no_wrap=not names, overflow=overflow)
    for line in lines:
        lost.add_row(*map(visible, line))
    console.print(lost, markup=False)
    problems = sorted({*beside, *(problem for item in checked for problem in item.problems)})
    for problem in problems:
        console.print(f"data/{visible(str(problem))}", style="red", markup=False, soft_wrap=True)
    return len(problems)
