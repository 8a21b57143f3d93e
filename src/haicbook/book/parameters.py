"""The parameters of a notebook: read from its tagged cell, checked before anything runs.

Each line of the cell is `name: type = default  # ALLOWED: help`, where ALLOWED is a range, `3 to 120`, or choices,
`uniform | early | late`. A range may end below another parameter, `0.05 to 0.9, below p1`.
`papermill --help-notebook` reads the same lines.
"""

from __future__ import annotations

import ast
import difflib
import io
import math
import re
import tokenize
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from haicbook.book.refusals import SourceError, WrongUsageError

Scalar = bool | int | float | str
TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
_ARTICLES = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false"}
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}) to ({_NUMBER})(?:, below (\w+))?")
_SHAPE = "`name: type = default  # LOW to HIGH: help` or `# A | B: help`"
_LONGEST_FOUND = 60


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included; smaller, too, than the parameter `below` where it names one."""

    low: int | float
    high: int | float
    below: str = ""

    def admits(self, value: Scalar) -> bool:
        """Whether the value lies in the range, whatever the other parameter is."""
        return not isinstance(value, str) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:.15g} to {self.high:.15g}" + (f", below {self.below}" if self.below else "")


@dataclass(frozen=True)
class Choices:
    """One of a few values."""

    values: tuple[Scalar, ...]

    def admits(self, value: Scalar) -> bool:
        """Whether the value is one of them."""
        return value in self.values

    def __str__(self) -> str:
        return " | ".join(shown(value) for value in self.values)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, with what it may be.

    Attributes
    ----------
    name, type, default, allowed, help
        As its line of the cell has them.
    unit, moves
        Of its values, and which results it moves, in words; as `haicbook.book.assumptions` declares them.
    """

    name: str
    type: str
    default: Scalar
    allowed: Range | Choices
    help: str
    unit: str = ""
    moves: tuple[str, ...] = ()

    @property
    def may_be(self) -> str:
        """What is allowed, with its unit: `3 to 60 months`."""
        return f"{self.allowed} {self.unit}".strip()


def shown(value: Scalar) -> str:
    """A value as a person types it after `-p NAME=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_parameters(source: str, where: str) -> tuple[Parameter, ...]:
    """The parameters that a cell declares, in its order.

    Parameters
    ----------
    source
        The cell's code.
    where
        What to call the cell in a message, `notebooks/cao2024.md, parameters cell`.

    Raises
    ------
    SourceError
        Every line that does not declare a parameter as it should.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise SourceError([f"{where}, line {error.lineno}: {error.msg}"]) from None
    comments = _comments(source)
    parameters: dict[str, Parameter] = {}
    problems = []
    for statement in body:
        try:
            parameter = _parameter(statement, comments.get(statement.end_lineno or statement.lineno, ""))
            if parameter.name in parameters:
                raise ValueError(f"{parameter.name} is declared twice")
            parameters[parameter.name] = parameter
        except ValueError as error:
            problems.append(f"{where}, line {statement.lineno}: {error}")
    problems = problems or [f"{where}: {problem}" for problem in _disordered_declarations(parameters)]
    if problems:
        raise SourceError(problems)
    return tuple(parameters.values())


def with_defaults(source: str, changed: Mapping[str, Scalar]) -> str:
    """The cell's code with other defaults, its types and comments kept."""
    lines = source.split("\n")
    for statement in ast.parse(source).body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value):
            continue
        if statement.target.id in changed:
            value = statement.value
            # ast counts columns in UTF-8 bytes
            line = lines[value.lineno - 1].encode()
            new = repr(changed[statement.target.id]).encode()
            lines[value.lineno - 1] = (line[: value.col_offset] + new + line[value.end_col_offset :]).decode()
    return "\n".join(lines)


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` strings, as typed after `-p`, to a mapping.

    Raises
    ------
    WrongUsageError
        Every string without a name or an equals sign, and every name given twice.
    """
    overrides: dict[str, str] = {}
    problems = []
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not (name and equals):
            problems.append(f"-p {assignment}: expected NAME=VALUE")
        elif name in overrides:
            problems.append(f"-p {name}: given twice, as {overrides[name]} and as {value}")
        else:
            overrides[name] = value
    if problems:
        raise WrongUsageError(problems)
    return overrides


def check_overrides(parameters: Iterable[Parameter], overrides: Mapping[str, str]) -> dict[str, Scalar]:
    """Convert typed values to their parameters' types.

    Parameters
    ----------
    parameters
        What the notebook declares.
    overrides
        Parameter → value as typed.

    Returns
    -------
    dict
        Parameter → value, of the declared type.

    Raises
    ------
    WrongUsageError
        Every unknown name, value of another type, value that is not allowed, with what is, and pair of values that
        contradict each other.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Scalar] = {}
    problems = []
    for name, text in overrides.items():
        if name not in known:
            problems.append(unknown(name, known))
            continue
        try:
            values[name] = _convert(known[name], text)
        except ValueError as error:
            problems.append(str(error))
    problems += _disordered(known, values, wrong=overrides.keys() - values.keys())
    if problems:
        raise WrongUsageError(problems)
    return values


def unknown(name: str, known: Iterable[str], what: str = "parameter") -> str:
    """The sentence for a name that is not there: what it may have meant, and what there is."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return f"{name}: no such {what}{meant}; there {'is' if len(names) == 1 else 'are'} {', '.join(names) or 'none'}"


def _disordered(known: Mapping[str, Parameter], values: Mapping[str, Scalar], wrong: Collection[str]) -> list[str]:
    """Each value that is not below the one it must be below; a parameter without a value has its default."""
    given = {name: values.get(name, parameter.default) for name, parameter in known.items() if name not in wrong}
    problems = []
    for name, parameter in known.items():
        other = parameter.allowed.below if isinstance(parameter.allowed, Range) else ""
        if other and {name, other} <= given.keys() and not given[name] < given[other]:  # type: ignore[operator]
            found, limit = (f"{shown(given[key])}{'' if key in values else ' (its default)'}" for key in (name, other))
            problems.append(f"{name}: found {found}, expected less than {other}, which is {limit}")
    return problems


def _disordered_declarations(parameters: Mapping[str, Parameter]) -> list[str]:
    """Each `below` that names no number of the cell, and each that the defaults do not keep."""
    numbers = [name for name, parameter in parameters.items() if isinstance(parameter.allowed, Range)]
    strangers = [
        f"{name}: below {parameter.allowed.below}, which is no range of this cell; ranges are {', '.join(numbers)}"
        for name, parameter in parameters.items()
        if isinstance(parameter.allowed, Range) and parameter.allowed.below not in ("", *numbers)
    ]
    return strangers + _disordered(parameters, {}, wrong=())


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").rstrip() for token in tokens if token.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comment: str) -> Parameter:
    if not (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.annotation, ast.Name)
        and statement.value
        and statement.lineno == statement.end_lineno
    ):
        raise ValueError(f"found {ast.unparse(statement)!r}, expected {_SHAPE}, on one line")
    name, kind = statement.target.id, statement.annotation.id
    if kind not in TYPES:
        raise ValueError(f"{name}: found the type {kind}, expected {', '.join(TYPES)}")
    try:
        default: Scalar = ast.literal_eval(statement.value)
    except ValueError:
        found = ast.unparse(statement.value)
        raise ValueError(f"{name}: found the default {found}, expected a value as such") from None
    if type(default) is not TYPES[kind]:
        raise ValueError(f"{name}: found the default {default!r}, expected {_ARTICLES[kind]} ({kind})")
    allowed, help_text = _allowed(name, kind, comment)
    if not allowed.admits(default):
        raise ValueError(f"{name}: found the default {default!r}, expected {allowed} as its own comment says")
    return Parameter(name, kind, default, allowed, help_text)


def _allowed(name: str, kind: str, comment: str) -> tuple[Range | Choices, str]:
    text, colon, help_text = (part.strip() for part in comment.partition(": "))
    if not (colon and help_text):
        raise ValueError(f"{name}: found the comment {comment!r}, expected {_SHAPE}")
    read = TYPES[kind]
    try:
        if kind in ("int", "float") and (match := _RANGE.fullmatch(text)):
            limits = Range(read(match[1]), read(match[2]), match[3] or "")
            if limits.low >= limits.high:
                raise ValueError
            return limits, help_text
        choices = tuple(_read(kind, part.strip()) for part in text.split("|"))
        if len(set(choices)) < max(2, len(choices)):
            raise ValueError
        return Choices(choices), help_text
    except ValueError:
        raise ValueError(f"{name}: found {text!r} as what is allowed for {kind}, expected {_SHAPE}") from None


def _convert(parameter: Parameter, text: str) -> Scalar:
    try:
        value = _read(parameter.type, text)
    except ValueError:
        kind = f"{_ARTICLES[parameter.type]} ({parameter.type}), {parameter.allowed}"
        raise ValueError(f"{parameter.name}: found {_cut(text)!r}, expected {kind}") from None
    if not parameter.allowed.admits(value):
        raise ValueError(f"{parameter.name}: found {_cut(text)!r}, expected {parameter.allowed}")
    return value


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_FOUND else f"{text[:_LONGEST_FOUND]}…"


def _read(kind: str, text: str) -> Scalar:
    """A typed text as a value; ValueError when it is none."""
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if kind == "str":
        if not text:
            raise ValueError(text)
        return text
    if "_" in text or not text.isascii():
        # Python reads 1_0 as ten, and digits of other scripts; a person who typed 1_0 may have meant 1.0
        raise ValueError(text)
    value: Scalar = TYPES[kind](text)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(text)
    return value
