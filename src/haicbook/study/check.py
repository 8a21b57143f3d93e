"""`haicbook check`: are the files of data/ sound, and what do they hold?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from haicbook.markup import visible
from haicbook.study.paper import Paper, inspect, studies
from haicbook.study.problems import Problem


@dataclass(frozen=True)
class Checked:
    """One study's verdict; `paper` is None when not even study.yml could be read."""

    study: str
    paper: Paper | None
    problems: list[Problem]


def check(names: list[str], root: Path) -> list[Checked]:
    """Validate studies and collect every problem.

    Raises
    ------
    KeyError
        When a named study has no folder; names those there are.
    """
    folders = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    unknown = [name for name in names if name not in folders]
    if unknown:
        raise KeyError(f"no study {', '.join(unknown)} in {root.name}/; there are {', '.join(folders) or 'none'}")
    return [Checked(name, *inspect(name, root)) for name in names or sorted({*folders, *studies(root)})]


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

    checked = check(names, root)
    console = Console(highlight=False, emoji=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    headings = ("study", "design", "patients", "tables", "values", "claims", "unread", "missing", "problems")
    for heading in headings:
        text = heading in headings[:3]
        table.add_column(heading, justify="left" if text else "right", no_wrap=not text)
    for row in summary_rows(checked):
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
    problems = sorted(problem for item in checked for problem in item.problems)
    for problem in problems:
        console.print(f"data/{visible(str(problem))}", style="red", markup=False, soft_wrap=True)
    return len(problems)
