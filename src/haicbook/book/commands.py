"""`haicbook run`, `params`, `build` and `pdf`: do the work, say how it went, return the exit code."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
import webbrowser
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from rich.console import Console

from haicbook.book.alone import alone
from haicbook.book.appendix import write_appendix
from haicbook.book.build import Built, build_pages, html_folder
from haicbook.book.home import write_cards
from haicbook.book.ledger import write_ledger
from haicbook.book.notebooks import choose, read_sources
from haicbook.book.parameters import parse_assignments
from haicbook.book.pdf import print_book
from haicbook.book.refusals import PageError, SourceError, WrongUsageError, told
from haicbook.book.report import near, parameter_entries, parameter_records, report_outcomes, say
from haicbook.book.run import Outcome, exit_code, plan, run
from haicbook.book.status import write_page
from haicbook.book.survives import write_survives
from haicbook.heartbeat import heartbeat
from haicbook.paths import build_dir, data_dir
from haicbook.results import write_text
from haicbook.study import DataError, Problem, studies
from haicbook.study.check import check, check_beside
from haicbook.teaching.pages import write_teaching

Arguments = ParamSpec("Arguments")
WELL, FAILURE, USAGE, PARTIAL = 0, 1, 2, 3


def saying_what_is_wrong(command: Callable[Arguments, int]) -> Callable[Arguments, int]:
    """The exit code of a command, with what stopped it said in a sentence and not raised."""

    @wraps(command)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
        for stream in (sys.stdout, sys.stderr):
            # where a sign cannot be shown, a question mark is
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return command(*args, **kwargs)
        except (WrongUsageError, SourceError, DataError) as error:
            _say_problems("Nothing was run:", error.problems)
            return USAGE if isinstance(error, WrongUsageError) else FAILURE
        except OSError as error:
            say(Console(stderr=True), f"Stopped: {told(error)}. What there was is left as it was.", style="bold red")
        except PageError as error:
            say(
                Console(stderr=True),
                f"Jupyter Book could not make the page. The last that it said:\n{error}",
                style="bold red",
            )
        except KeyboardInterrupt:
            say(Console(stderr=True), "Interrupted. What there was is left as it was.", style="bold red")
        return FAILURE

    return wrapped


def _say_problems(heading: str, problems: Iterable[object]) -> None:
    errors = Console(stderr=True)
    say(errors, heading, style="bold red")
    for problem in problems:
        say(errors, "  " + str(problem).replace("\n", "\n    "))


@saying_what_is_wrong
def params_command(notebooks: Sequence[str], form: str) -> int:
    """Show the parameters of the named notebooks, or of all: for people (`text`) or for programs (`json`)."""
    sources = read_sources(choose(notebooks)).values()
    if form == "json":
        print(json.dumps(parameter_records(sources), indent=1, ensure_ascii=False))
    else:
        print(parameter_entries(sources, shutil.get_terminal_size().columns))
    return WELL


@saying_what_is_wrong
def run_command(
    notebooks: Sequence[str],
    assignments: Sequence[str],
    *,
    jobs: int | None,
    force: bool,
    page: bool = False,
    open_page: bool = False,
) -> int:
    """Run the named notebooks, or all, and report; make the pages of changed runs where they are asked for."""
    console = Console()
    overrides = parse_assignments(assignments)
    # what is refused is refused at once, not after another run
    planned = plan(notebooks, overrides)
    if (page or open_page) and not any(job.changed for job in planned):
        raise WrongUsageError(
            ["--page, --open: found no changed parameter, expected -p NAME=VALUE; the defaults have the book"]
        )
    with alone(lambda sentence: say(console, sentence)):
        outcomes = run(notebooks, overrides, jobs=jobs, force=force, console=console)
        report_outcomes(outcomes, console, Console(stderr=True))
        pages = _pages_of_runs(outcomes, console) if page or open_page else []
    if open_page:
        for path in pages:
            webbrowser.open(path.as_uri())
    return exit_code(outcomes)


def _pages_of_runs(outcomes: Iterable[Outcome], console: Console) -> list[Path]:
    """The pages of runs with changed parameters, made and said."""
    from haicbook.book.run_page import write_run_page

    pages = []
    for job in (outcome.job for outcome in outcomes if outcome.well and outcome.job.changed):
        with _building(console):
            pages.append(write_run_page(job))
        say(console, f"  page      {near(pages[-1])}")
    return pages


@saying_what_is_wrong
def compare_command(before: str, after: str, form: str, out: Path | None) -> int:
    """Lay two runs beside each other, on the screen or in a file."""
    from haicbook.book.compare import as_text, compare, find_run

    text = as_text(compare(find_run(before), find_run(after)), form)
    if out is None:
        sys.stdout.write(text)
    else:
        write_text(out, text)
        say(Console(), near(out))
    return WELL


@saying_what_is_wrong
def build_command(*, jobs: int | None, force: bool, strict: bool, open_book: bool) -> int:
    """Check the data, run what is stale, build the pages, report."""
    if problems := data_problems():
        _say_problems("The book was not built, because of these cells of data/:", problems)
        return FAILURE
    console = Console()
    with alone(lambda sentence: say(console, sentence)):
        return _build(console, jobs=jobs, force=force, strict=strict, open_book=open_book)


@saying_what_is_wrong
def pdf_command(pages: Sequence[str], out: Path | None) -> int:
    """Print pages of the finished book, or all and the book as one, and name the files."""
    console = Console()
    with alone(lambda sentence: say(console, sentence)):
        for path in print_book(html_folder(), pages, out or build_dir() / "pdf"):
            say(console, near(path))
    return WELL


def data_problems() -> list[Problem]:
    """Everything that is wrong with data/, before anything is executed on it; what is not entered yet is no fault."""
    if not studies():
        return []
    checked = check(studies(), data_dir())
    # a file that no chapter reads may be missing
    beside = [problem for problem in check_beside(checked, data_dir()) if (data_dir() / problem.file).exists()]
    found = {*beside, *(problem for item in checked for problem in item.problems)}
    return sorted(problem for problem in found if not problem.unfilled)


def _build(console: Console, *, jobs: int | None, force: bool, strict: bool, open_book: bool) -> int:
    errors = Console(stderr=True)
    outcomes = run((), {}, jobs=jobs, force=force, console=console)
    report_outcomes(outcomes, console, errors)
    if never := [outcome.job.source.name for outcome in outcomes if not outcome.job.notebook.exists()]:
        say(errors, f"The book was not built: there is no output yet of {', '.join(never)}.", style="bold red")
        return FAILURE
    stale = [outcome.job.source.name for outcome in outcomes if not outcome.well]
    write_page([outcome.job.source.name for outcome in outcomes], stale)
    write_cards()
    write_appendix()
    write_ledger()
    write_teaching()
    write_survives()
    with _building(console):
        built = build_pages(strict=strict, whole=not stale)
    if built.code != 0:
        _report_broken(built, errors)
        return FAILURE
    _report_built(built, stale, console, errors)
    if open_book:
        webbrowser.open(built.index.as_uri())
    return PARTIAL if stale else WELL


def _building(console: Console) -> AbstractContextManager[object]:
    """That the pages are being built: a spinner on a terminal, a line now and then elsewhere."""
    if console.is_terminal:
        return console.status("building the pages")
    say(console, "building the pages")
    begin = time.monotonic()
    return heartbeat(lambda: say(console, f"building the pages, {time.monotonic() - begin:.0f} s so far"))


def _report_broken(built: Built, errors: Console) -> None:
    say(errors, f"Jupyter Book failed with exit code {built.code}. The last that it said:", style="bold red")
    for line in built.last:
        say(errors, f"    {line}")
    if built.warnings:
        say(errors, f"Its warnings and errors ({len(built.warnings)}):", style="bold red")
        for line in built.warnings:
            say(errors, f"    {line}")


def _report_built(built: Built, stale: Sequence[str], console: Console, errors: Console) -> None:
    for line in built.warnings:
        say(errors, line, style="yellow")
    if stale:
        say(errors, f"The book shows an earlier run of {', '.join(stale)}.", style="bold yellow")
    say(console, f"The book: {near(built.index)}")
