"""What a YAML file may not contain, found while it is read as a stream, before anything is built from it."""

from __future__ import annotations

from typing import Any

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

from haicbook.limits import DEEPEST, MOST_ALIASES
from haicbook.study.problems import Problem

_STARTS, _ENDS = (MappingStartEvent, SequenceStartEvent), (MappingEndEvent, SequenceEndEvent)


def yaml_problems(name: str, text: str) -> list[Problem]:
    """Why the text must not be built: it is no YAML, nests too deeply, grows by its aliases, or asks for objects.

    An alias inside what has a name itself could repeat that without end; a few aliases of plain parts are fine.
    """
    guard = _Guard(name)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            guard.see(event)
            if guard.problems:
                return guard.problems
    except (YAMLError, ValueError) as error:
        return [malformed(name, error)]
    return []


def malformed(name: str, error: Exception) -> Problem:
    """The reader's complaint, at its line."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    reason = error.problem if isinstance(error, MarkedYAMLError) and error.problem else str(error)
    first_line = next(iter(str(reason).splitlines()), "")
    return Problem(name, mark.line + 1 if mark else 0, "", f"malformed YAML ({first_line})", "keys and values")


class _Guard:
    """Counts what it sees."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
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
                self._add(line, f"more than {DEEPEST} levels inside each other", "a file as in the codebook")
        if isinstance(event, _ENDS):
            self.named.pop()

    def _add(self, line: int, found: str, expected: str) -> None:
        self.problems.append(Problem(self.name, line, "", found, expected))
