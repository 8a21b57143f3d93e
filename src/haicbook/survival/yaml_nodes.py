"""YAML as nodes: characters as written, with their lines, and every problem kept rather than the first one raised.

Figures of a paper are strings, so that their decimals count: `"14.0"` is known to a tenth, `14.0` is not. A document is
therefore read before YAML makes numbers of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from haicbook.printed import ONE_MARK, decimal_marks, parse_number
from haicbook.survival.intervals import DAYS_IN_MONTH, Fault, Interval, Limits, TargetError
from haicbook.texts import Flaw, malformed, read_text, unseen_characters, yaml_flaws

_KINDS = {"map": "keys and values", "seq": "a list", "null": "nothing", "bool": "a truth value", "timestamp": "a date"}
_LONGEST_SHOWN = 60
# what is only said because a figure could not be read
_AFTER_A_REFUSAL = ("no printed median", "but no estimate", "nothing says when", "no median is reached")
UNITS = {"months": 1.0, "years": 12.0, "weeks": 7 / DAYS_IN_MONTH, "days": 1 / DAYS_IN_MONTH}
LEAST_LEVEL, MOST_LEVEL = 50, 100
_TAG = "tag:yaml.org,2002:"

Place = tuple[str, ...]


def with_unit(time: str, scale: float) -> tuple[str, float]:
    """A time without the unit that it may carry, and months in that unit; as it is, and `scale`, where it has none."""
    figure, _, unit = time.rpartition(" ")
    word = f"{unit.lower().removesuffix('s')}s"
    return (figure.strip(), UNITS[word]) if figure and word in UNITS else (time, scale)


def document(source: Path | str) -> tuple[str, str]:
    """A name for messages and the text, of a path or of the text itself (which has a line break or a brace)."""
    if isinstance(source, str) and ("\n" in source or "{" in source or not source.strip()):
        if not source.strip():
            raise TargetError(["targets: found an empty text, expected YAML with the key arms"])
        _refuse("targets", list(unseen_characters(source)))
        return "targets", source
    path = Path(source)
    text, flaws = read_text(path)
    _refuse(path.name, [flaw if flaw.line else flaw._replace(expected="a YAML file") for flaw in flaws])
    return path.name, text


def _refuse(name: str, flaws: list[Flaw]) -> None:
    if flaws:
        places = [f"{name}:{flaw.line}" if flaw.line else name for flaw in flaws]
        raise TargetError(
            [
                f"{place}: found {flaw.found}, expected {flaw.expected}"
                for place, flaw in zip(places, flaws, strict=True)
            ]
        )


def compose(name: str, text: str) -> Any:
    """The document's root, a mapping.

    Raises
    ------
    TargetError
        When it is no YAML that may be read, or no mapping.
    """
    _refuse(name, yaml_flaws(text))
    try:
        root = YAML(typ="rt").compose(text)
    except (YAMLError, ValueError) as error:
        _refuse(name, [malformed(error)])
    if root is None or kind_of(root) != "map":
        found = "nothing but comments" if root is None else _found(root)
        raise TargetError([f"{name}: found {found}, expected keys and values, with the key arms"])
    return root


def kind_of(node: Any) -> str:
    """YAML's kind of a node: `map`, `seq`, `str`, `int`, `float`, `null` ..."""
    return str(node.tag).removeprefix(_TAG)


def _found(node: Any) -> str:
    """What a node is, in words."""
    kind = kind_of(node)
    return _KINDS.get(kind, f"`{_cut(node.value)}`" if isinstance(node.value, str) else f"a {kind}")


def _cut(written: str) -> str:
    """What is written, at a length that a message can hold."""
    return written if len(written) <= _LONGEST_SHOWN else f"{written[:_LONGEST_SHOWN]}… ({len(written)} characters)"


@dataclass
class NodeReader:
    """Reads nodes into words, figures and intervals, and keeps what is wrong with them."""

    name: str
    problems: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[Place, int] = field(default_factory=dict)
    marks: dict[str, tuple[int, Place, str]] = field(default_factory=dict)  # where each decimal mark first stands
    refused: bool = False  # a figure that cannot be read: what then seems missing is not

    def sentences(self) -> list[str]:
        """All problems in the order of their lines."""
        return list(dict.fromkeys(words for _, words in sorted(self.problems, key=lambda problem: problem[0])))

    def add(self, line: int, place: Place, found: str, expected: str) -> None:
        """Note what is wrong with the node at a place."""
        where = ":".join([self.name, str(line), ".".join(place)] if place else [self.name, str(line)])
        self.problems.append((line, f"{where}: found {found}, expected {expected}"))

    def add_faults(self, faults: tuple[Fault, ...]) -> None:
        """Note what no data set can have, at the line of the nearest key."""
        for fault in faults:
            if self.refused and any(words in fault.words for words in _AFTER_A_REFUSAL):
                continue
            place = fault.target
            while place and place not in self.lines:
                place = place[:-1]
            line = self.lines.get(place, 1)
            self.problems.append((line, f"{self.name}:{line}:{'.'.join(fault.target)}: {fault.words}"))

    # --- nodes ---

    def mapping(
        self, node: Any, place: Place, allowed: tuple[str, ...] | None = None, what: str = "keys"
    ) -> dict[str, Any]:
        """A node's entries by key; those without a value are left out, as if not printed."""
        if kind_of(node) == "null":
            return {}
        if kind_of(node) != "map":
            self.refused = True
            self.add(node.start_mark.line + 1, place, _found(node), what)
            return {}
        entries: dict[str, Any] = {}
        for key, value in node.value:
            line, word = key.start_mark.line + 1, str(key.value)
            if not isinstance(key.value, str):
                self.add(line, place, "a key that is no word", what)
            elif not word.strip():
                self.add(line, place, "an empty key", what)
            elif kind_of(key) == "float":
                self.add(line, (*place, word), f"{word} without quotes", f'"{word}", in quotes')
            elif allowed is not None and word not in allowed:
                near = get_close_matches(word, allowed, 1)
                hint = f"`{near[0]}`, perhaps; allowed are {', '.join(allowed)}" if near else ", ".join(allowed)
                self.add(line, (*place, word), "an unknown key", hint)
            elif word in entries:
                self.add(line, (*place, word), "the key twice", "each key once")
            else:
                self.lines[(*place, word)] = line
                entries[word] = value
        return {word: value for word, value in entries.items() if kind_of(value) != "null"}

    def figure(self, node: Any, place: Place, example: str) -> str | None:
        """A printed figure's characters."""
        line = node.start_mark.line + 1
        if kind_of(node) in ("float", "int"):
            written = _cut(node.value)
            self.add(line, place, f"{written} without quotes", f'"{written}", in quotes, so that its decimals count')
        elif kind_of(node) != "str" or not node.value.strip():
            self.add(
                line,
                place,
                "an empty figure" if kind_of(node) == "str" else _found(node),
                f'a figure such as "{example}"',
            )
        else:
            figure = str(node.value).strip()
            for mark in decimal_marks(figure):
                self.marks.setdefault(mark, (line, place, figure))
            return figure
        self.refused = True
        return None

    def note_mixed_marks(self) -> None:
        """Note where decimal commas stand beside decimal points."""
        if len(self.marks) > 1:
            line, place, figure = self.marks[","]
            self.add(line, place, f'"{figure}" beside "{self.marks["."][2]}"', f"figures {ONE_MARK}")

    def word(self, node: Any, place: Place, allowed: tuple[str, ...]) -> str | None:
        """One of a few words."""
        if isinstance(node.value, str) and node.value in allowed:
            return str(node.value)
        self.add(node.start_mark.line + 1, place, _found(node), f"one of {', '.join(allowed)}")
        return None

    def text(self, entries: dict[str, Any], key: str, default: str) -> str:
        """A free text."""
        if key not in entries:
            return default
        node = entries[key]
        if isinstance(node.value, str) and node.value.strip():
            return node.value
        self.add(node.start_mark.line + 1, (key,), _found(node), "a text")
        return default

    # --- figures ---

    def count(self, node: Any, place: Place) -> int | None:
        """A number of patients or events: a whole number, quoted or not."""
        if kind_of(node) in ("str", "int"):
            printed = parse_number(str(node.value), count=True)
            if printed.state == "exact" and printed.decimals == 0 and printed.value >= 0 and "%" not in node.value:
                return int(printed.value)
        self.refused = True
        found = f'"{_cut(node.value)}"' if kind_of(node) == "str" else _found(node)
        self.add(node.start_mark.line + 1, place, found, 'a whole number such as "90"')
        return None

    def interval(
        self, node: Any, place: Place, example: str, *, states: tuple[str, ...] = ("exact",), **how: Any
    ) -> Interval | None:
        """A figure's rounding interval; infinite for a time that is not reached, where that is among the states."""
        figure = self.figure(node, place, example)
        if figure is None:
            return None
        if "scale" in how:
            figure, how["scale"] = with_unit(figure, how["scale"])
        state = parse_number(figure).state
        percent = "%" in figure and not how.get("percent")
        if percent or state not in states:
            self.refused = True
            kinds = {"not_reached": "not reached", "below": "a bound", "above": "a bound"}
            kind = "a percentage" if percent else kinds.get(state, "not a number")
            also = " or NR" if "not_reached" in states else ""
            found = f'"{_cut(figure)}" ({kind})'
            self.add(node.start_mark.line + 1, place, found, f'a figure such as "{example}"{also}')
            return None
        return Interval.without_value(figure, "") if state == "not_reached" else Interval.read(figure, **how)

    def limits(self, entry: dict[str, Any], place: Place, example: str, **how: Any) -> Limits | None:
        """The printed confidence interval of an entry, a list of two figures, and its level."""
        if "ci" not in entry:
            return None
        node, level, place = entry["ci"], self.level(entry, place), (*place, "ci")
        if kind_of(node) != "seq" or len(node.value) != 2:
            self.refused = True
            found = f"a list of {len(node.value)}" if kind_of(node) == "seq" else _found(node)
            self.add(node.start_mark.line + 1, place, found, 'a list of two figures such as ["10.9", NR]')
            return None
        ends = [self.interval(end, place, example, **how) for end in node.value]
        return None if ends[0] is None or ends[1] is None else Limits(ends[0], ends[1], level)

    def level(self, entry: dict[str, Any], place: Place) -> float:
        """The level of confidence of an entry's interval, in per cent: 95 where none is given."""
        if "level" not in entry:
            return 95.0
        node = entry["level"]
        level = parse_number(str(node.value)).value if kind_of(node) in ("str", "int", "float") else math.nan
        if LEAST_LEVEL <= level < MOST_LEVEL:
            return level
        expected = 'a level of confidence in per cent, such as "96.02"'
        self.add(node.start_mark.line + 1, (*place, "level"), _found(node), expected)
        return 95.0
