"""Build the pages: run what is stale, write the status page, call Jupyter Book."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haicbook.book.finish import finish
from haicbook.paths import build_dir, root

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CALL = "from jupyter_book.cli.main import main; main()"


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


def build_pages(*, strict: bool = False) -> Built:
    """Call Jupyter Book on the project.

    Parameters
    ----------
    strict
        Every page is read afresh, and warnings and references that lead nowhere are errors. Without fresh doctrees a
        page with a warning would pass at the second attempt, because only pages that are read again warn.
    """
    command = [sys.executable, "-c", _CALL, "build", ".", "--path-output", "."]
    if strict:
        shutil.rmtree(build_dir() / ".doctrees", ignore_errors=True)
        command += ["-W", "-n", "--keep-going"]
    ended = subprocess.run(
        command,
        cwd=root(),
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if ended.returncode == 0:
        finish(build_dir() / "html")
    lines = [line.rstrip() for line in _COLOUR.sub("", ended.stdout).splitlines() if line.strip()]
    return Built(build_dir() / "html" / "index.html", ended.returncode, warnings_in(lines), last_lines(lines))


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
