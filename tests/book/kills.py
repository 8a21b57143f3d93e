"""Kill builds of the tiny project at random moments: the old book or the new one is there, and the next build is whole.

By hand, with as many kills as patience allows: `python tests/book/kills.py --kills 100 --seed 1`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tiny import make_project, snapshot, write

# without the status page, which shows when a notebook was executed
TOC = "format: jb-book\nroot: index\nchapters:\n" + "".join(
    f"  - file: book/_executed/{name}\n" for name in ("alpha", "beta", "across")
)
BUILD = [sys.executable, "-c", "from haicbook.cli import main; main()", "build"]


@dataclass(frozen=True)
class Kill:
    """A build that was killed.

    Attributes
    ----------
    after
        Seconds after its start.
    signal
        SIGKILL for the command alone, SIGINT for all of its processes, as a terminal sends it.
    said
        What it printed.
    book
        `old`, `new`, or what is wrong with the book that is there.
    """

    after: float
    signal: signal.Signals
    said: str
    book: str

    @property
    def well(self) -> bool:
        """Whether a reader finds a whole book, and nobody a traceback."""
        return self.book in ("old", "new") and "Traceback" not in self.said


class Victim:
    """A tiny project with two states, and the books that undisturbed builds make of them.

    Parameters
    ----------
    project
        It; executed, where that is to be spared.
    data
        Whether the states differ in the data too, so that notebooks run, and not only in a page.
    """

    def __init__(self, project: Path, *, data: bool) -> None:
        self.project, self.data = project, data
        write(self.project / "_toc.yml", TOC)
        self.environment = {**os.environ, "HAICBOOK_ROOT": str(self.project)}
        self.books: dict[str, dict[str, bytes]] = {}
        self.seconds = 0.0
        for state in ("new", "old"):
            self.change(state)
            begin = time.monotonic()
            self.build()
            self.seconds = time.monotonic() - begin
            self.books[state] = self.book()

    def change(self, state: str) -> None:
        """The first page's title, which all pages show, and a number in the data."""
        if self.data:
            write(self.project / "data/alpha/count.txt", {"old": "10", "new": "11"}[state])
        write(self.project / "index.md", f"# The {state} book\n\nA page.\n")

    def build(self) -> None:
        subprocess.run(BUILD, env=self.environment, check=True, capture_output=True)

    def book(self) -> dict[str, bytes]:
        return snapshot(self.project / "_build" / "html")

    def kill(self, after: float, by: signal.Signals) -> Kill:
        """Start a build and end it after some seconds, or when it has ended by itself."""
        process = subprocess.Popen(
            BUILD,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, by) if by == signal.SIGINT else process.send_signal(by)
        said, _ = process.communicate()
        there = self.book()
        named = [name for name, book in self.books.items() if book == there]
        return Kill(after, by, said, named[0] if named else f"neither: {len(there)} files")


def kills(victim: Victim, count: int, seed: int, *, mend: bool) -> Iterator[Kill]:
    """Kill builds of the new state over the old book, at moments spread evenly over a build.

    Parameters
    ----------
    mend
        Finish each killed build and compare the book with an undisturbed one, before the old one is put back; the last
        is finished in any case.
    """
    rng = random.Random(seed)
    victim.change("new")
    for number in range(count):
        after = victim.seconds * (number + rng.random()) / count
        yield victim.kill(after, rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT]))
        if mend or number == count - 1:
            victim.build()
            assert victim.book() == victim.books["new"]
        if mend:
            victim.change("old")
            victim.build()
            assert victim.book() == victim.books["old"]
            victim.change("new")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="haicbook-kills-"))
    try:
        victim = Victim(make_project(folder / "project"), data=True)
        for number, kill in enumerate(kills(victim, asked.kills, asked.seed, mend=True), start=1):
            print(f"{number}: {kill.signal.name} after {kill.after:.2f} s: {kill.book}", flush=True)
            assert kill.well, kill.said
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
