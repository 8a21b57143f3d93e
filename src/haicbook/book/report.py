"""What the commands say when a run has ended."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from haicbook.book.notebooks import Source
from haicbook.book.parameters import Choices, Parameter, Range, shown
from haicbook.book.run import Job, Outcome, moved_since
from haicbook.headlines import changes
from haicbook.results import ResultsError, SavedResults, load_results

if TYPE_CHECKING:
    from rich.console import Console

_MOST_NAMED = 8
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
    for parameter in job.source.parameters:
        if parameter.name in job.changed:
            say(console, f"  {parameter.name}: {_meaning(parameter)}")
    say(console, f"  notebook  {near(job.notebook)}")
    say(console, f"  results   {near(job.results)}")
    default = Job(job.source)
    try:
        before = load_results(default.results)
    except ResultsError:
        say(console, f"  no results with the defaults to compare with; haicbook run {job.source.name} makes them")
        return
    _print_changes(before, load_results(job.results), console)
    if _is_stale(default):
        say(console, "  the defaults' results are older than what they depend on; haicbook run brings them up to date")


def parameter_entries(sources: Iterable[Source], width: int) -> str:
    """Each notebook's parameters for people: its default and what is allowed, then what it is, wrapped to a width."""
    lines: list[str] = []
    for source in sources:
        lines += ["", source.name] if lines else [source.name]
        for parameter in source.parameters:
            value = f"{parameter.name}={shown(parameter.default)}   ({parameter.type}: {parameter.may_be})"
            for text, indent in ((value, _NAME_INDENT), (_meaning(parameter), _HELP_INDENT)):
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
            "unit": parameter.unit,
            "help": parameter.help,
            "moves": list(parameter.moves),
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


def _meaning(parameter: Parameter) -> str:
    moves = f"; moves {', '.join(parameter.moves)}" if parameter.moves else ""
    return parameter.help + moves


def _allowed_record(allowed: Range | Choices) -> dict[str, Any]:
    if isinstance(allowed, Choices):
        return {"choices": list(allowed.values)}
    return {"low": allowed.low, "high": allowed.high} | ({"below": allowed.below} if allowed.below else {})


def _print_changes(before: SavedResults, after: SavedResults, console: Console) -> None:
    """Headline results that changed, largest change first, and how many others did."""
    found, others = changes(before, after)
    if not found and not others:
        say(console, f"  none of the {len(before.values)} results differ from the defaults'")
        return
    for change in found:
        say(console, f"  {change.words}:")
        say(console, f"      {change.before}  →  {change.after}{f'   ({change.remark})' if change.remark else ''}")
    if others:
        many = "1 other result differs" if len(others) == 1 else f"{len(others)} other results differ"
        say(console, f"  {many}{', of them' if len(others) > _MOST_NAMED else ''}:")
    for change in others[:_MOST_NAMED]:
        say(console, f"      {change.words}  {change.before}  →  {change.after}")


def _is_stale(job: Job) -> bool:
    from haicbook.book.fingerprint import take_fingerprint

    return bool(moved_since(job, take_fingerprint(job.source, job.changed)))
