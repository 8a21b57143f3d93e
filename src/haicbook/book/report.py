"""What the commands say when a run has ended."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from haicbook.book.notebooks import Source
from haicbook.book.parameters import Choices, Range, shown
from haicbook.book.run import Job, Outcome, moved_since
from haicbook.results import ResultsError, SavedResults, load_results

if TYPE_CHECKING:
    from rich.console import Console

_MOST_ROWS = 40
_NAME_INDENT, _HELP_INDENT = " " * 2, " " * 6
_wrap = partial(wrap, break_long_words=False, break_on_hyphens=False)


def report_outcomes(outcomes: Sequence[Outcome], console: Console, errors: Console) -> None:
    """One line for what was fresh, a block for each failure, the change that each changed parameter made."""
    fresh = [outcome.job.label for outcome in outcomes if outcome.state == "fresh" and outcome.job.asked]
    if fresh:
        say(console, f"up to date: {', '.join(fresh)}")
    for outcome in outcomes:
        if not outcome.well:
            report_failure(outcome, errors)
        elif outcome.job.changed:
            report_change(outcome.job, console)


def report_failure(outcome: Outcome, errors: Console) -> None:
    """Which cell, which error, where the partial notebook is, and what the book still has."""
    job, failure = outcome.job, outcome.failure
    if failure is None:
        say(errors, f"{job.label} was not run: {outcome.reason}", style="yellow")
        return
    say(errors, f"{job.label} failed{': ' if failure.where else ''}{failure.where}", style="bold red")
    for line in failure.lines:
        say(errors, f"    {line}")
    say(errors, f"    {failure.error}", style="red")
    if failure.partial is not None:
        say(errors, f"    as far as it came: {near(job.partial)}")
    kept = "the output of an earlier run is kept" if job.notebook.exists() else "there is no earlier output"
    say(errors, f"    {kept}")


def report_change(job: Job, console: Console) -> None:
    """Where a run with changed parameters is, and what it changed in the results."""
    defaults = job.source.defaults
    named = [f"{name} = {shown(value)} (default {shown(defaults[name])})" for name, value in job.changed.items()]
    say(console, f"\n{job.source.name} with {', '.join(named)}", style="bold")
    say(console, f"  notebook  {near(job.notebook)}")
    say(console, f"  results   {near(job.results)}")
    default = Job(job.source)
    try:
        before = load_results(default.results)
    except ResultsError:
        say(console, f"  no results with the defaults to compare with; haicbook run {job.source.name} makes them")
        return
    _print_differences(differences(before, load_results(job.results)), len(before.values), console)
    if _is_stale(default):
        say(console, "  the defaults' results are older than what they depend on; haicbook run brings them up to date")


def differences(before: SavedResults, after: SavedResults) -> list[tuple[str, Any, Any]]:
    """The values that are not the same in two results: name, before, after; None where there is none."""
    rows = []
    for name in sorted({*before.values, *after.values}):
        old, new = (results.values[name].value if name in results.values else None for results in (before, after))
        if old != new:
            rows.append((name, old, new))
    return rows


def parameter_entries(sources: Iterable[Source], width: int) -> str:
    """Each notebook's parameters for people: its default and what is allowed, then what it is, wrapped to a width."""
    lines: list[str] = []
    for source in sources:
        lines += ["", source.name] if lines else [source.name]
        for parameter in source.parameters:
            value = f"{parameter.name}={shown(parameter.default)}   ({parameter.type}: {parameter.allowed})"
            for text, indent in ((value, _NAME_INDENT), (parameter.help, _HELP_INDENT)):
                lines += _wrap(text, width, initial_indent=indent, subsequent_indent=_HELP_INDENT)
    return "\n".join(lines)


def parameter_records(sources: Iterable[Source]) -> list[dict[str, Any]]:
    """Each notebook's parameters for programs: what is allowed is either `low` and `high`, or `choices`."""
    return [
        {
            "notebook": source.name,
            "name": parameter.name,
            "type": parameter.type,
            "default": parameter.default,
            **_allowed_record(parameter.allowed),
            "help": parameter.help,
        }
        for source in sources
        for parameter in source.parameters
    ]


def say(console: Console, text: str, style: str | None = None) -> None:
    """A line as it is: no markup, no colour of numbers, no breaking of paths."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def near(path: Path) -> str:
    """A path as seen from the current folder."""
    return os.path.relpath(path)


def _allowed_record(allowed: Range | Choices) -> dict[str, Any]:
    if isinstance(allowed, Choices):
        return {"choices": list(allowed.values)}
    return {"low": allowed.low, "high": allowed.high} | ({"below": allowed.below} if allowed.below else {})


def _print_differences(rows: Sequence[tuple[str, Any, Any]], total: int, console: Console) -> None:
    from rich.table import Table

    if not rows:
        say(console, f"  none of the {total} results differ from the defaults'")
        return
    table = Table("value", "default", "changed", box=None, pad_edge=False, padding=(0, 2, 0, 2))
    for name, before, after in rows[:_MOST_ROWS]:
        table.add_row(name, _short(before), _short(after))
    console.print(table, markup=False, highlight=False)
    more = len(rows) - _MOST_ROWS
    say(console, f"  {len(rows)} of {total} results differ" + (f"; {more} of them are not shown" if more > 0 else ""))


def _short(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _is_stale(job: Job) -> bool:
    from haicbook.book.fingerprint import take_fingerprint

    return bool(moved_since(job, take_fingerprint(job.source, job.changed)))
