"""The processes that run notebooks, as the run sees them: begun one by one, ended all together.

Most of what a small notebook costs is imports. So the first process that a run needs is a nursery, which imports what
its notebooks import, and from which theirs are forked; see `haicbook.book.nursery`. Where a process with libraries
cannot safely be forked, which is everywhere but on Linux, and wherever the nursery fails, each imports for itself.
"""

from __future__ import annotations

import ast
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

from haicbook.book.alone import held
from haicbook.book.environment import kernel_environment
from haicbook.book.notebooks import Source

# seconds that a process has to end by itself after an interruption
POLITE_SECONDS = 5.0
_CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
# what the chapters' methods import when they are called
_LIBRARIES = (
    *("matplotlib.pyplot", "seaborn", "scipy.stats", "scipy.optimize", "lifelines", "numba"),
    *("statsmodels.stats.proportion", "statsmodels.stats.multitest", "statsmodels.discrete.discrete_model"),
    *("haicbook.matching", "haicbook.audit.audited", "haicbook.second_opinion", "haicbook.endpoints"),
    *("haicbook.synthesis", "haicbook.survival.engine", "haicbook.regression", "haicbook.safety", "haicbook.response"),
)


class Process(Protocol):
    """What a run does with a process that runs a notebook; a `subprocess.Popen` is one."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """Make it end."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""


class Forked:
    """A process that the nursery forked: no child of this one, so known by a descriptor that no other process gets."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Make it end."""
        self._send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; with what code it ended, only the nursery knows."""
        if not select.select([self._descriptor], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("worker", timeout or 0.0)
        return 0

    def close(self) -> None:
        """Forget it."""
        os.close(self._descriptor)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)


@dataclass
class Worker:
    """A process that runs a notebook, with both ends of the talk with it.

    Attributes
    ----------
    process
        It.
    job
        Takes the job, and stays open: its end tells the process that nobody waits for it any more.
    events
        What it reports, a line each, until it ends.
    """

    process: Process
    job: IO[str]
    events: IO[str]

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.job.close()
        self.events.close()
        self.process.wait()
        if isinstance(self.process, Forked):
            self.process.close()


class Workers:
    """Begins processes that run notebooks, and ends those that still run when it is closed.

    Parameters
    ----------
    sources
        The notebooks that will be run.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._running: set[Process] = set()
        self._lock = threading.Lock()
        self._nursery: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        if _CAN_FORK:
            self._nursery = _begin_nursery(wanted_modules(sources))

    def begin(self, log: Path) -> Worker:
        """Begin a process that waits for its job; what it says beside its events goes to a file."""
        with log.open("w", encoding="utf-8") as errors:
            worker = self._forked(errors) or _plain(errors)
        self._running.add(worker.process)
        return worker

    def ended(self, worker: Worker) -> None:
        """Count a process no longer as running."""
        self._running.discard(worker.process)

    def close(self) -> None:
        """End what runs."""
        end(list(self._running))
        if self._nursery is not None:
            process, line = self._nursery
            line.close()
            process.wait()
            self._nursery = None

    def _forked(self, errors: IO[str]) -> Worker | None:
        if self._nursery is None:
            return None
        line = self._nursery[1]
        job_read, job_write = os.pipe()
        events_read, events_write = os.pipe()
        try:
            with self._lock:
                socket.send_fds(line, [b"f"], [job_read, events_write, errors.fileno()])
                said = line.recv(16)
            process = Forked(int(said))
        except (OSError, ValueError):
            # it ended; a closed pipe has no reader
            os.close(job_write)
            os.close(events_read)
            return None
        finally:
            os.close(job_read)
            os.close(events_write)
        return Worker(process, open(job_write, "w", encoding="utf-8"), open(events_read, encoding="utf-8"))  # noqa: PTH123


def wanted_modules(sources: Iterable[Source]) -> list[str]:
    """The modules of the package that notebooks import, and what those import later; none of anybody else's."""
    found = dict.fromkeys(name for source in sources for name in _imported(source) if name.startswith("haicbook."))
    return [*found, *(_LIBRARIES if "haicbook.chapter" in found else ())]


def _imported(source: Source) -> Iterable[str]:
    for cell in source.node.cells:
        if cell.cell_type != "code":
            continue
        try:
            statements = ast.parse(cell.source).body
        except SyntaxError:
            # the notebook itself says so, when it runs
            continue
        for statement in statements:
            if isinstance(statement, ast.ImportFrom) and statement.module:
                yield statement.module
                yield from (f"{statement.module}.{name.name}" for name in statement.names)
            elif isinstance(statement, ast.Import):
                yield from (name.name for name in statement.names)


def end(processes: Sequence[Process]) -> None:
    """Ask processes to end, then make them: the handlers of a library that got a signal twice may wait for a cell."""
    for process in processes:
        process.terminate()
    latest = time.monotonic() + POLITE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, latest - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def _begin_nursery(modules: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "haicbook.book.nursery", str(theirs.fileno()), *modules],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=kernel_environment(),
            pass_fds=(*held(), theirs.fileno()),
        )
    return process, ours


def _plain(errors: IO[str]) -> Worker:
    process = subprocess.Popen(
        [sys.executable, "-m", "haicbook.book.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        env=kernel_environment(),
        pass_fds=held(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return Worker(process, process.stdin, process.stdout)
