"""Build the pages beside the book that there is, and put them in its place when they are whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from haicbook.book.alone import held, pages_folder
from haicbook.book.digests import digest_of_folder, files_in, hashes, sha256
from haicbook.book.environment import COMPUTING, PUBLISHING, steady_environment, versions
from haicbook.book.finish import finish
from haicbook.book.kept_pages import BUILD_INFO, keep, take
from haicbook.book.notebooks import names
from haicbook.book.refusals import is_refusal
from haicbook.book.source import commit, commit_date
from haicbook.book.swap import put_in_place
from haicbook.paths import build_dir, root

# sources of pages, of notebooks, and notebooks' results
_OF_ONE_PAGE = re.compile(
    r"(book/(exercises/)?)?\w+\.md|book/_executed/\w+\.(ipynb|md|json)|notebooks/\w+\.md"
    r"|teaching/[\w/]+\.(md|yml)|book/_executed/site/slides/\w+\.html"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REFUSED = re.compile(r"^\w*Error: \[Errno (\d+)\] ([^:\n]+)(?:: '(.+)')?$", re.MULTILINE)
_CALL = """\
from haicbook.book.alone import end_with_parent
end_with_parent()
import sphinx.application
sphinx.application.builtin_extensions += ("haicbook.book.kept_pages",)
from jupyter_book.cli.main import main
main()
"""


@dataclass(frozen=True)
class Built:
    """What Jupyter Book made of the pages.

    Attributes
    ----------
    index
        The book's first page, `_build/html/index.html`.
    code
        Jupyter Book's exit code.
    warnings
        Its warnings and errors.
    last
        The last lines that it printed.
    """

    index: Path
    code: int
    warnings: tuple[str, ...]
    last: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """A finished book: what it was made of, and what it consists of.

    Attributes
    ----------
    inputs
        One sha256 over everything that pages can depend on.
    strict
        Whether warnings were errors.
    whole
        Whether it shows no notebook's earlier run.
    warnings
        What was warned of.
    files
        Each file of the HTML folder → sha256.
    """

    inputs: str
    strict: bool
    whole: bool
    warnings: list[str]
    files: Mapping[str, str]

    def holds(self, *, strict: bool) -> bool:
        """Whether the same inputs are there, and the book as it was made of them."""
        well = self.strict or not strict
        return well and self.inputs == inputs() and self.files == hashes(html_folder())


def html_folder() -> Path:
    """The finished book."""
    return build_dir() / "html"


def finished(*, strict: bool = False) -> Built | None:
    """The book as it is, when building it again would change nothing."""
    record = _read_record()
    if record is None or not record.holds(strict=strict):
        return None
    return Built(html_folder() / "index.html", 0, tuple(record.warnings), ())


def say_finished(*, strict: bool) -> bool:
    """Say that the book is up to date, if it is; needs none of the libraries that building needs."""
    record = _read_record()
    book = finished(strict=strict) if record and record.whole else None
    if book is None:
        return False
    for line in book.warnings:
        click.echo(line, err=True)
    click.echo(f"up to date: {', '.join(names())}")
    click.echo(f"The book: {os.path.relpath(book.index)}")
    return True


def inputs() -> str:
    """One sha256 over everything that pages can depend on: the project's files, the package, versions, the commit.

    A page may include any file of the project, so all of them count that are not generated in the build folder.
    """
    return sha256(json.dumps([_state(lambda name: True), commit(root())]).encode())


def standing(*, strict: bool) -> str:
    """One sha256 over the same, but for what pages have one by one: their sources, and what notebooks are made of.

    Of the commit, pages show the day.
    """
    state = _state(lambda name: not _OF_ONE_PAGE.fullmatch(name))
    return sha256(json.dumps([state, commit_date(root()), strict]).encode())


def _state(counted: Callable[[str], bool]) -> list[str]:
    folder = root()
    files = ((path.relative_to(folder).as_posix(), path) for path in _project_files(folder))
    state = [f"{name} {sha256(path.read_bytes())}" for name, path in files if counted(name)]
    installed = map(str, versions((*COMPUTING, *PUBLISHING)).items())
    return [*state, digest_of_folder(Path(__file__).parents[1], ".py"), sys.version, *installed]


def build_pages(*, strict: bool = False, whole: bool = True) -> Built:
    """Call Jupyter Book on the project, unless the book is already what it would make.

    Pages that did not change are not read again, where the last book warned of nothing; see `kept_pages`. The pages are
    the same bytes as if all were made afresh. Whatever happens, the old book or the new one is in its place.

    Parameters
    ----------
    strict
        Warnings, and references that lead nowhere, are errors.
    whole
        Whether every notebook's output is up to date; kept with the book, for `say_finished`.

    Raises
    ------
    OSError
        When the disk is full or may not be written on.
    """
    if book := finished(strict=strict):
        return book
    made_of, key = inputs(), standing(strict=strict)
    folder = pages_folder()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        work = folder / "_build"
        record = _read_record()
        if record and record.files == hashes(html_folder()):
            take(work, key, html_folder())
        built = call_jupyter_book(root(), folder, strict=strict)
        if built.code == 0:
            info = (work / "html" / BUILD_INFO).read_bytes()
            finish(work / "html")
            record = Record(made_of, strict, whole, list(built.warnings), hashes(work / "html"))
            put_in_place(work / "html", html_folder())
            _write_record(record)
            # what changed meanwhile was read in one state or the other
            if not built.warnings and inputs() == made_of:
                keep(work, key, info)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return built


def call_jupyter_book(project: Path, folder: Path, *, strict: bool = False) -> Built:
    """Let Jupyter Book build a project's pages into `_build/html` of a folder."""
    command = [sys.executable, "-c", _CALL, "build", ".", "--path-output", str(folder)]
    process = subprocess.Popen(
        [*command, "-W", "-n", "--keep-going"] if strict else command,
        cwd=project,
        env=steady_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=held(),
    )
    with process:
        try:
            assert process.stdout is not None
            printed = process.stdout.read()
        except BaseException:
            process.kill()
            raise
    lines = [line.rstrip() for line in _COLOUR.sub("", printed).splitlines() if line.strip()]
    for code, words, file in _REFUSED.findall("\n".join(lines)) if process.returncode else ():
        if is_refusal(int(code)):
            raise OSError(int(code), words, file or str(folder))
    return Built(html_folder() / "index.html", process.returncode, warnings_in(lines), last_lines(lines))


def last_lines(lines: Sequence[str], count: int = 15) -> tuple[str, ...]:
    """The last lines that tell something: Jupyter Book ends with a box that says to look above, or a traceback."""
    wrapper = "The above exception was the direct cause of the following exception:"
    told = list(lines[: lines.index(wrapper)] if wrapper in lines else lines)
    while told and (set(told[-1]) == {"="} or told[-1].endswith("Look above for the cause.")):
        told.pop()
    return tuple(told[-count:])


def warnings_in(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that Sphinx marks as a warning or an error, each once."""
    marked = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL): ", line)]
    return tuple(dict.fromkeys(marked))


def _project_files(folder: Path) -> list[Path]:
    build = build_dir()
    return [path for path in files_in(folder, without=build) if path.is_file()]


def _record_file() -> Path:
    return build_dir() / "book.json"


def _read_record() -> Record | None:
    try:
        content: dict[str, Any] = json.loads(_record_file().read_text(encoding="utf-8"))
        return Record(**content)
    except (OSError, ValueError, TypeError):
        # it only spares a build
        return None


def _write_record(record: Record) -> None:
    from haicbook.results import write_text

    write_text(_record_file(), json.dumps(asdict(record), indent=1, sort_keys=True) + "\n")
