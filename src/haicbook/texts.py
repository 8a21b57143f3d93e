"""What may be read at all: a plain file of plain characters and bearable size, and YAML that cannot grow or hang.

Every reader of the package opens its texts here.
"""

from __future__ import annotations

import errno
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from haicbook.limits import DEEPEST, MOST_ALIASES, MOST_BYTES

_BYTE_ORDER_MARK = "\ufeff"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# control characters, and those that show a line in another order than it is read
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MOST_UNSEEN = 10
_STARTS, _ENDS = (MappingStartEvent, SequenceStartEvent), (MappingEndEvent, SequenceEndEvent)


class Flaw(NamedTuple):
    """Why a text cannot be used: the line (0: the whole file), what was found and what is expected."""

    line: int
    found: str
    expected: str


def read_text(path: Path, within: Path | None = None) -> tuple[str, list[Flaw]]:
    """A file's text, or the reasons why there is none.

    Parameters
    ----------
    path
        The file. Opening a pipe would wait for ever and a device never ends: neither is opened.
    within
        A folder that links may not lead out of; None where they may lead anywhere.
    """
    unopened = _not_a_file(path, within)
    if unopened is not None:
        return "", [unopened]
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        return "", [Flaw(0, f"a file that cannot be opened ({error.strerror})", "one that may be read")]
    if len(raw) > MOST_BYTES:
        return "", [Flaw(0, f"a file of {path.stat().st_size / 1e6:.1f} MB", f"at most {MOST_BYTES / 1e6:g} MB")]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return "", [Flaw(line, f"byte 0x{raw[error.start]:02x}, which is not UTF-8", "UTF-8 text")]
    if not text.strip(_BYTE_ORDER_MARK + " \r\n\t"):
        return "", [Flaw(0, "an empty file", "content")]
    text = text.removeprefix(_BYTE_ORDER_MARK)
    unseen = list(unseen_characters(text))
    return ("", unseen) if unseen else (text, [])


def _not_a_file(path: Path, within: Path | None) -> Flaw | None:
    try:
        mode = path.stat().st_mode
        inside = within is None or path.resolve().is_relative_to(within.resolve())
    except FileNotFoundError:
        return Flaw(0, "a link that leads nowhere" if path.is_symlink() else "no such file", "a file")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        circle = getattr(error, "errno", None) == errno.ELOOP
        return Flaw(0, "a link that leads to itself" if circle else f"no file ({reason})", "a file")
    for is_kind, words in _KINDS:
        if is_kind(mode):
            return Flaw(0, words, "a file")
    return None if inside else Flaw(0, "a link that leads out of the project", "the file itself")


def unseen_characters(text: str) -> Iterator[Flaw]:
    """The first character that does not show, of each line that has one; ten lines at most."""
    told: set[int] = set()
    for match in _UNSEEN.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if line not in told:
            told.add(line)
            yield Flaw(line, f"the control character U+{ord(match.group()):04X}", "characters that show")
        if len(told) == _MOST_UNSEEN:
            return


# --- YAML -------------------------------------------------------------------------------------------------------------


def yaml_flaws(text: str) -> list[Flaw]:
    """Why nothing may be built from a YAML text: malformed, nested too deeply, growing by its aliases, or with tags.

    It is read as a stream. An alias inside what is named itself could repeat that without end; a few aliases of plain
    parts are fine.
    """
    guard = _Guard()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            guard.see(event)
            if guard.flaws:
                return guard.flaws
    except (YAMLError, ValueError) as error:
        return [malformed(error)]
    return []


def malformed(error: Exception) -> Flaw:
    """The YAML reader's complaint, at its line."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    reason = error.problem if isinstance(error, MarkedYAMLError) and error.problem else str(error)
    first_line = next(iter(str(reason).splitlines()), "")
    return Flaw(mark.line + 1 if mark else 0, f"malformed YAML ({first_line})", "keys and values")


class _Guard:
    """Counts what it sees."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self.named: list[bool] = []  # of the open lists and mappings: do they have a name?
        self.aliases = 0

    def see(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent) and event.version:
            self._add(line, "a %YAML directive", "no directive: YAML 1.2")
        if getattr(event, "tag", None):
            self._add(line, f"the tag {event.tag}", "no tags: plain texts, numbers, lists and keys")
        if isinstance(event, AliasEvent):
            self.aliases += 1
            if any(self.named):
                self._add(line, f"the alias *{event.anchor} inside a named part", "the values written out")
            elif self.aliases > MOST_ALIASES:
                self._add(line, f"more than {MOST_ALIASES} aliases", "the values written out")
        if isinstance(event, _STARTS):
            self.named.append(bool(event.anchor))
            if len(self.named) > DEEPEST:
                self._add(line, f"more than {DEEPEST} levels inside each other", "the levels of the codebook")
        if isinstance(event, _ENDS):
            self.named.pop()

    def _add(self, line: int, found: str, expected: str) -> None:
        self.flaws.append(Flaw(line, found, expected))
