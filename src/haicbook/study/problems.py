"""What is wrong with a file, said so that the person who made it can find the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haicbook.markup import visible_lines


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend.

    Attributes
    ----------
    file
        Path below `data/`.
    line
        Line of the file, from 1; 0 when the whole file is meant.
    column
        The column's name (CSV) or the key's path (YAML); empty when the whole line is meant.
    found, expected
        What stands there and what is allowed.
    unfilled
        Whether the file is laid out and nothing is entered in it yet: the rest of a study can be used without it.
    """

    file: str
    line: int
    column: str
    found: str
    expected: str
    unfilled: bool = False

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line or "", self.column) if part != "")
        return f"{place}: found {self.found}, expected {self.expected}"


class DataError(Exception):
    """A study that cannot be loaded; `problems` has all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        listing = "\n".join(f"  {problem}" for problem in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the data:\n{listing}")


class UnusableError(Exception):
    """What a command cannot do as asked; all reasons at once."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__(visible_lines("\n".join(problems)))
