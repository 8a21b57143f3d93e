"""What is running, as it runs: a live table on a terminal, plain lines elsewhere, at least one every ten seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from haicbook.heartbeat import heartbeat

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {"executed": "green", "failed": "red", "running": "cyan"}


@dataclass(frozen=True)
class Earlier:
    """How long a notebook took when it last ran; `same` when it was with the parameters that it has now."""

    seconds: float
    same: bool


@dataclass
class ProgressRow:
    """The state of one notebook."""

    reason: str
    earlier: Earlier | None = None
    state: str = "waiting"
    cell: int = 0
    cells: int = 0
    begin: float = 0.0
    end: float = 0.0

    @property
    def seconds(self) -> float:
        """Since it began, until it ended or now."""
        return (self.end or time.monotonic()) - self.begin if self.begin else 0.0

    def so_far(self) -> str:
        """Where it is, and when it may be done by what an earlier run took."""
        place = f"cell {self.cell} of {self.cells}" if self.cell else "starting"
        return f"{place}, {self.seconds:.0f} s so far{self._outlook()}"

    def _outlook(self) -> str:
        if self.earlier is None:
            return ""
        took = f"{self.earlier.seconds:.0f} s"
        if not self.earlier.same:
            return f" ({took} with the defaults)"
        left = self.earlier.seconds - self.seconds
        return f", about {left:.0f} s to go ({took} last time)" if left > 0 else f", longer than last time ({took})"


class Progress:
    """Shows a run; use it as a context manager and call `start`, `event` and `finish` from any thread.

    Parameters
    ----------
    reasons
        Notebook → why it runs.
    console
        Where it is shown.
    earlier
        Notebook → how long it took last time, of those for which that is known.
    """

    def __init__(self, reasons: Mapping[str, str], console: Console, earlier: Mapping[str, Earlier]) -> None:
        from rich.live import Live

        self.rows = {name: ProgressRow(reason, earlier.get(name)) for name, reason in reasons.items()}
        self._running = ExitStack()
        self._console = console
        self._live = Live(get_renderable=self._table, console=console) if console.is_terminal else None

    def __enter__(self) -> Progress:
        self._running.enter_context(self._live or heartbeat(self.beat))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def start(self, name: str) -> None:
        """A notebook's process starts."""
        self.rows[name].state, self.rows[name].begin = "running", time.monotonic()
        self._line(f"{name}: running ({self.rows[name].reason})")

    def event(self, name: str, event: Mapping[str, Any]) -> None:
        """The process reports, as `worker` does."""
        if event["event"] == "cells":
            self.rows[name].cells = event["count"]
        elif event["event"] == "cell":
            self.rows[name].cell = event["number"]

    def beat(self) -> None:
        """Say of each running notebook how far it is."""
        for name, row in self.rows.items():
            if row.state == "running":
                self._line(f"{name}: {row.so_far()}")

    def finish(self, name: str, state: str) -> None:
        """A notebook came to an end: `executed` or `failed`."""
        row = self.rows[name]
        row.state, row.end = state, time.monotonic()
        took = f", {row.cell} of {row.cells} cells, {row.seconds:.1f} s" if row.begin else ""
        self._line(f"{name}: {state}{took}")

    def _line(self, text: str) -> None:
        if not self._live:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for _ in ("name", "state", "cell"):
            table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for name, row in self.rows.items():
            cell = f"cell {row.cell} of {row.cells}" if row.cells else ""
            seconds = f"{row.seconds:.1f} s" if row.begin else ""
            state = Text(row.state, style=_STYLES.get(row.state, "dim"))
            table.add_row(name, state, cell, seconds, Text(row.reason, style="dim"))
        return table
