"""What can be wrong before anything runs; each error lists all of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

# what a disk answers that is full or may not be written on
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


class BookError(Exception):
    """Something to mend; `problems` has one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class WrongUsageError(BookError):
    """The command asked for something that there is not."""


class SourceError(BookError):
    """A notebook's source is not what it should be."""


class PageError(Exception):
    """Jupyter Book could not make a page; has the last lines that it said."""


def is_refusal(code: int | None) -> bool:
    """Whether an error's number says that a disk is full or may not be written on, so that nothing else will work."""
    return code in _REFUSALS


def told(error: OSError) -> str:
    """What an operating system refused, with the file that it is about: `No space left on device: _build/x`."""
    about = f": {os.path.relpath(os.fsdecode(error.filename))}" if error.filename else ""
    return f"{error.strerror or error}{about}"
