"""The progress display: a table that is redrawn on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import io
import re

from rich.console import Console

from haicbook.book.progress import Progress


def play(console: Console) -> None:
    with Progress({"alpha": "data changed", "beta": "forced"}, console) as progress:
        progress.start("alpha")
        progress.event("alpha", {"event": "cells", "count": 9})
        progress.event("alpha", {"event": "cell", "number": 7})
        progress.finish("alpha", "failed")


def test_plain_lines_when_there_is_no_terminal():
    file = io.StringIO()
    play(Console(file=file, width=100))
    assert file.getvalue() == "alpha: running (data changed)\nalpha: failed, 7 of 9 cells, 0.0 s\n"


def test_a_table_on_a_terminal():
    file = io.StringIO()
    play(Console(file=file, width=100, force_terminal=True, color_system=None))
    plain = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", file.getvalue())
    lines = [line for line in plain.splitlines() if "alpha" in line]
    assert lines[-1].split() == ["alpha", "failed", "cell", "7", "of", "9", "0.0", "s", "data", "changed"]
    assert "beta" in file.getvalue()
    assert "waiting" in file.getvalue()
