"""`haicbook audit`: findings for people and for programs; the command's exit status."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from haicbook.audit import RULES, audit
from haicbook.audit.finding import SEVERITIES, Finding, Severity, summarise
from haicbook.audit.ranking import ranked
from haicbook.markup import escape, visible
from haicbook.spreadsheet import shown
from haicbook.study import Paper, UnusableError, inspect, studies
from haicbook.study.problems import Problem

FORMATS = ("table", "json", "csv", "markdown")
WELL, FOUND, PARTIAL = 0, 1, 3
_MARKS = {"error": "error", "warning": "warning", "info": "note"}
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


@dataclass(frozen=True)
class Audited:
    """One study's findings; `problems` instead, where its files cannot be read."""

    study: str
    paper: Paper | None
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...] = ()


def places(names: Sequence[str], root: Path) -> list[Path]:
    """The folders of studies: keys of `root`, or folders of one's own that hold a `study.yml`.

    Raises
    ------
    UnusableError
        When a name is neither; names all that are not, and what there is.
    """
    known = studies(root)
    found, problems = [], []
    for name in names or known:
        folder = Path(name)
        if name in known:
            found.append(root / name)
        elif (folder / "study.yml").is_file():
            found.append(folder.resolve())
        elif folder.is_dir():
            problems.append(f"no study.yml in the folder {name}")
        else:
            there = ", ".join(known) or "none"
            problems.append(f"no study {name!r}; there are {there}, or name a folder with a study.yml")
    if problems:
        raise UnusableError(problems)
    return found


def audited(folder: Path) -> Audited:
    """Read and audit the study in a folder; what matters first comes first."""
    paper, problems = inspect(folder.name, folder.parent)
    if paper is None or problems:
        return Audited(folder.name, None, (), tuple(sorted(problems)))
    return Audited(folder.name, paper, tuple(ranked(paper, audit(paper))))


def kept(item: Audited, severities: Sequence[str]) -> Audited:
    """Only findings of these severities; all where none is named."""
    wanted = set(severities) or set(SEVERITIES)
    return Audited(item.study, item.paper, tuple(f for f in item.findings if f.severity in wanted), item.problems)


def to_csv(items: Sequence[Audited]) -> str:
    """One line for each finding; value ids and consequences in one cell each. A spreadsheet runs no cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [attribute.name for attribute in fields(Finding)], lineterminator="\n")
    writer.writeheader()
    for item in items:
        for finding in item.findings:
            row = asdict(finding) | {
                "value_ids": " ".join(finding.value_ids),
                "consequences": " ".join(other.sentence for other in finding.consequences),
            }
            writer.writerow({name: shown(str(value)) for name, value in row.items()})
    return out.getvalue()


def to_json(items: Sequence[Audited]) -> str:
    """The studies with their findings, and the rules."""
    rules = [
        {"key": rule.key, "title": rule.title, "topic": rule.topic, "source": rule.source, "tolerance": rule.tolerance}
        for rule in RULES
    ]
    found: list[dict[str, Any]] = [
        {
            "study": item.study,
            **summarise(item.findings),
            "findings": [asdict(finding) for finding in item.findings],
            "problems": [str(problem) for problem in item.problems],
        }
        for item in items
    ]
    return json.dumps({"studies": found, "rules": rules}, ensure_ascii=False, indent=2) + "\n"


def to_markdown(items: Sequence[Audited]) -> str:
    """A section for each study, an entry for each finding, as for a letter to an editor."""
    titles = {rule.key: rule.title for rule in RULES}
    parts = []
    for item in items:
        parts.append(f"## {escape(item.study)}\n\n{_said(item)}\n")
        for finding in item.findings:
            entry = f"* **{_MARKS[finding.severity].capitalize()}**, {titles[finding.rule]}: {escape(finding.sentence)}"
            entry += f" {escape(finding.repair)}" if finding.repair else ""
            entry += f"\n  By hand: {escape(finding.recomputation)}" if finding.recomputation else ""
            entry += "".join(f"\n  From the same slip: {escape(other.sentence)}" for other in finding.consequences)
            parts.append(entry)
        parts.append("")
    return "\n".join(parts)


def _said(item: Audited) -> str:
    counts = summarise(item.findings)
    numbers = (counts["errors"], "error"), (counts["warnings"], "warning"), (counts["infos"], "note")
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in numbers) + "."


def show(items: Sequence[Audited]) -> None:
    """A block for each study: its counts, then a row for each finding."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, emoji=False)
    for item in items:
        console.print(f"{visible(item.study)}: {_said(item)}", markup=False, style="bold")
        if not item.findings:
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
        table.add_column("", no_wrap=True)
        table.add_column("rule", no_wrap=True)
        table.add_column("what does not add up", ratio=1)
        for finding in item.findings:
            lines = [
                finding.sentence,
                finding.repair,
                f"By hand: {finding.recomputation}" if finding.recomputation else "",
                *(f"From the same slip: {other.sentence}" for other in finding.consequences),
            ]
            mark = Text(_MARKS[finding.severity], style=_STYLES[finding.severity])
            table.add_row(mark, finding.rule, Text("\n".join(visible(line) for line in lines if line)))
        console.print(table)


def exit_status(items: Sequence[Audited], fail_on: Severity | None) -> int:
    """1 when a study has a finding as grave as `fail_on`, or none could be read; 3 when some could not; else 0."""
    unread = sum(bool(item.problems) for item in items)
    grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on else ()
    if (items and unread == len(items)) or any(f.severity in grave for item in items for f in item.findings):
        return FOUND
    return PARTIAL if unread else WELL


def command(
    names: Sequence[str], root: Path, form: str, severities: Sequence[str], fail_on: Severity | None
) -> tuple[int, list[str]]:
    """Print the findings in the form asked for; the exit status, and what is wrong with files that cannot be read."""
    items = [audited(folder) for folder in places(names, root)]
    shown = [kept(item, severities) for item in items if not item.problems]
    if form == "table":
        show(shown)
    else:
        written = {"csv": to_csv, "json": to_json, "markdown": to_markdown}[form]
        print(written([kept(item, severities) for item in items] if form == "json" else shown), end="")
    return exit_status(items, fail_on), [visible(str(problem)) for item in items for problem in item.problems]
