"""One run of a project at a time; whoever comes second waits, and finds no leftovers of runs that were killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from haicbook.book.swap import put_back
from haicbook.paths import build_dir, executed_dir

_held: set[int] = set()


@contextmanager
def alone(say: Callable[[str], None]) -> Iterator[None]:
    """Hold the project: no other run is alive inside, nor are processes that a killed run started.

    Parameters
    ----------
    say
        Called with a sentence when another run has to end first.
    """
    build_dir().mkdir(parents=True, exist_ok=True)
    with (build_dir() / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run of this project is going on: waiting for it to end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        _held.add(file.fileno())
        try:
            _clean()
            yield
        finally:
            _held.discard(file.fileno())


def held() -> tuple[int, ...]:
    """The open locks, to be handed to the processes that write: a lock is free when the last of them has ended."""
    return tuple(_held)


def end_with_parent() -> None:
    """Let this process and its children end when the one that started it does, however that ended.

    Its stdin is a pipe that the parent holds and never writes to (again).
    """
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    # below Python's buffer, which the job was read through
    while os.read(0, 4096):
        pass
    import psutil

    for process in psutil.Process().children(recursive=True):
        process.kill()
    os._exit(1)


def _clean() -> None:
    """Remove what killed runs left, and undo what they had half done."""
    put_back(build_dir() / "html")
    for folder in (build_dir() / "scratch", build_dir() / ".pages", build_dir() / ".html-before"):
        shutil.rmtree(folder, ignore_errors=True)
    # files are written beside their place first, under a hidden name
    for folder in (executed_dir(), *map(build_dir().joinpath, ("runs", "failed", "ensembles", "settled"))):
        for path in folder.rglob(".*"):
            if path.is_file():
                path.unlink(missing_ok=True)


def pages_folder() -> Path:
    """Where pages are built: beside the book, and gone when they are in its place."""
    return build_dir() / ".pages"
