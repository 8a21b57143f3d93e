"""The progress display: a table that is redrawn on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import io
import re
import threading

import pytest
from rich.console import Console

from haicbook.book import progress as progress_module
from haicbook.book.progress import Earlier, Progress
from haicbook.heartbeat import heartbeat


def play(console: Console) -> None:
    with Progress({"alpha": "data changed", "beta": "forced"}, console, {}) as progress:
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


@pytest.mark.parametrize(
    ("earlier", "seconds", "said"),
    [
        ({}, 41, "alpha: cell 7 of 9, 41 s so far"),
        ({"alpha": Earlier(100, same=True)}, 41, "alpha: cell 7 of 9, 41 s so far, about 59 s to go (100 s last time)"),
        ({"alpha": Earlier(30, same=True)}, 41, "alpha: cell 7 of 9, 41 s so far, longer than last time (30 s)"),
        ({"alpha": Earlier(30, same=False)}, 41, "alpha: cell 7 of 9, 41 s so far (30 s with the defaults)"),
    ],
)
def test_a_beat_says_how_far_it_is_and_when_it_may_be_done(monkeypatch, earlier, seconds, said):
    file = io.StringIO()
    now = 1000.0
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now)
    progress = Progress({"alpha": "forced", "beta": "forced"}, Console(file=file, width=40), earlier)
    progress.start("alpha")
    progress.event("alpha", {"event": "cells", "count": 9})
    progress.event("alpha", {"event": "cell", "number": 7})
    now += seconds
    progress.beat()
    assert file.getvalue() == f"alpha: running (forced)\n{said}\n"


def test_lines_come_while_a_cell_is_silent(monkeypatch):
    said = threading.Event()

    class File(io.StringIO):
        def write(self, text: str) -> int:
            if "starting" in text:
                said.set()
            return super().write(text)

    monkeypatch.setattr(progress_module, "heartbeat", lambda beat: heartbeat(beat, 0.01))
    with Progress({"alpha": "forced"}, Console(file=File(), width=100), {}) as progress:
        progress.start("alpha")
        assert said.wait(300)
