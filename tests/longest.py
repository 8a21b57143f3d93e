"""The files of tests that begin first, so that both workers are busy to the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Each takes a quarter of a minute or more. The book comes before what uses the engine: it compiles the loops, once,
# while the other worker runs small projects that need none.
LONGEST = (
    "test_changed_chapters.py",
    "test_book.py",
    "book/test_run.py",
    "book/test_build.py",
    "book/test_kills.py",
    "show/test_pages_across.py",
    "simulate/test_calibration.py",
    "matching/rerun/test_discrepancy.py",
    "survival/test_reconstruct.py",
)


def place(path: Path, first: Sequence[str] = LONGEST) -> int:
    """Where a file of tests stands among those that begin first; the same place for all others."""
    name = path.relative_to(Path(__file__).parent).as_posix()
    return first.index(name) if name in first else len(first)
