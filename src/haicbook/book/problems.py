"""What can be wrong before anything runs; each error lists all of it."""

from __future__ import annotations

from collections.abc import Iterable


class BookError(Exception):
    """Something to mend; `problems` has one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class WrongUsageError(BookError):
    """The command asked for something that there is not."""


class SourceError(BookError):
    """A notebook's source is not what it should be."""
