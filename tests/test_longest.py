"""The files that the suite begins with are there, and they begin."""

from __future__ import annotations

from pathlib import Path

from longest import LONGEST, place

TESTS = Path(__file__).parent


def test_the_longest_files_come_first_as_listed() -> None:
    files = sorted(TESTS.rglob("test_*.py"), key=place)
    assert [path.relative_to(TESTS).as_posix() for path in files[: len(LONGEST)]] == list(LONGEST)
