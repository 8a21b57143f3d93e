"""What is running, as it runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {"executed": "green", "failed": "red", "running": "cyan"}


@dataclass
class Row:
    """The state of one notebook."""

    reason: str
    state: str = "waiting"
    cell: int = 0
    cells: int = 0
    begin: float = 0.0
    end: float = 0.0

    @property
    def seconds(self) -> float:
        """Since it began, until it ended or now."""
        return (self.end or time.monotonic()) - self.begin if self.begin else 0.0


class Progress:
    """Shows a run; use it as a context manager and call `start`, `event` and `finish` from any thread.

    Parameters
    ----------
    reasons
        Notebook → why it runs.
    console
        Where it is shown.
    """

    def __init__(self, reasons: Mapping[str, str], console: Console) -> None:
        from rich.live import Live

        self.rows = {name: Row(reason) for name, reason in reasons.items()}
        self._console = console
        self._live = Live(get_renderable=self._table, console=console) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

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
