"""A file's text, or why there is none: nothing but a plain file of plain characters and bearable size is opened."""

from __future__ import annotations

import errno
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from haicbook.limits import MOST_BYTES
from haicbook.study.problems import Problem

_BYTE_ORDER_MARK = "\ufeff"
_FILE = "a file of text"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# control characters, and those that show a line in another order than it is read
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def read_text(path: Path, name: str, within: Path | None = None) -> tuple[str, list[Problem]]:
    """The file's text, or the reasons why there is none.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    within
        A folder that links may not lead out of; None where they may lead anywhere.
    """
    unreadable = _unreadable(path, name, within)
    if unreadable is not None:
        return "", [unreadable]
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        found = f"a file that cannot be opened ({error.strerror})"
        return "", [Problem(name, 0, "", found, "one that may be read")]
    if len(raw) > MOST_BYTES:
        return "", [_too_large(name, path.stat().st_size)]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return "", [Problem(name, line, "", f"byte 0x{raw[error.start]:02x}, which is not UTF-8", "UTF-8 text")]
    if not text.strip(_BYTE_ORDER_MARK + " \r\n\t"):
        return "", [Problem(name, 0, "", "an empty file", "content")]
    text = text.removeprefix(_BYTE_ORDER_MARK)
    unseen = list(_unseen(name, text))
    return ("", unseen) if unseen else (text, [])


def _unreadable(path: Path, name: str, within: Path | None) -> Problem | None:
    """Why a path must not be opened. Opening a pipe would wait for ever; a device never ends."""
    try:
        mode = path.stat().st_mode
        inside = within is None or path.resolve().is_relative_to(within.resolve())
    except FileNotFoundError:
        found = "a link that leads nowhere" if path.is_symlink() else "no such file"
        return Problem(name, 0, "", found, "the file that study.yml and the codebook ask for")
    except (OSError, ValueError, RuntimeError) as error:
        reason = "a link that leads to itself" if getattr(error, "errno", 0) == errno.ELOOP else f"no file ({error})"
        return Problem(name, 0, "", reason, _FILE)
    for is_kind, words in _KINDS:
        if is_kind(mode):
            return Problem(name, 0, "", words, _FILE)
    if not inside:
        return Problem(name, 0, "", "a link that leads out of the project", "the file itself")
    return None


def _too_large(name: str, size: int) -> Problem:
    return Problem(name, 0, "", f"a file of {size / 1e6:.1f} MB", f"at most {MOST_BYTES / 1e6:g} MB")


def _unseen(name: str, text: str) -> Iterator[Problem]:
    """The first character of each line that a reader does not see."""
    seen = set()
    for match in _UNSEEN.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if line not in seen and len(seen) < 10:
            seen.add(line)
            yield Problem(name, line, "", f"the control character U+{ord(match.group()):04X}", "characters that show")
