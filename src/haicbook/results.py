"""What a notebook found, as JSON beside its executed form: the one thing that other notebooks read of it."""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from haicbook.paths import executed_dir

SCHEMA = 1
KIND = "haicbook-results"
# Across processor kinds the last digits of a float move, because the linear algebra library picks other code. Ten
# digits are far more than a printed figure has, and they stay the same.
DIGITS = 10
_NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


class ResultsError(ValueError):
    """Results that are missing, or are not what they should be."""


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


def _allowed(value: Any) -> Any:
    if not (all(map(_is_scalar, value)) if isinstance(value, list) else _is_scalar(value)):
        raise ValueError("expected a finite number, a text, true, false, null, or a flat list of these")
    return value


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Value(_Saved):
    """One recorded value.

    Attributes
    ----------
    value
        A number, a text, a truth value, a list of these, or None when `state` is `missing`.
    unit
        `months`, `percent`; empty when there is none.
    source
        Ids of the printed values that it rests on.
    note
        The convention behind it, in a few words.
    state
        `missing` when there is no finite value, else `present`.
    """

    value: Annotated[Any, AfterValidator(_allowed)]
    unit: str
    source: list[str]
    note: str
    state: Literal["present", "missing"]

    @model_validator(mode="after")
    def _state_fits(self) -> Value:
        if (self.value is None) != (self.state == "missing"):
            raise ValueError(f"a value of {self.value!r} cannot have the state {self.state}")
        return self


class SavedResults(_Saved):
    """A results file as read back.

    Attributes
    ----------
    study
        The notebook's name.
    parameters
        Parameter → the value that the notebook ran with.
    values
        Dotted name → `Value`.
    """

    kind: Literal["haicbook-results"]
    version: Literal[1] = Field(alias="schema")
    study: str
    parameters: dict[str, Annotated[Any, AfterValidator(_allowed)]]
    values: dict[str, Value]

    def value(self, name: str) -> Any:
        """The value recorded under a dotted name; None when it was recorded as missing.

        Raises
        ------
        KeyError
            When nothing was recorded under that name; says which names come near.
        """
        if name not in self.values:
            near = difflib.get_close_matches(name, self.values, n=3)
            raise KeyError(f"{self.study} has no value {name}" + (f"; near it: {', '.join(near)}" if near else ""))
        return self.values[name].value

    def frame(self) -> pd.DataFrame:
        """All values, one row each, sorted by name: columns `name`, `value`, `unit`, `state`, `note`."""
        rows = [(name, item.value, item.unit, item.state, item.note) for name, item in sorted(self.values.items())]
        # as objects: beside a missing value, pandas would turn a count into a float
        return pd.DataFrame(rows, columns=["name", "value", "unit", "state", "note"], dtype=object)


class Recorded(Protocol):
    """What a notebook has found, while it runs or as read back."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameter → its value in this run."""
        ...

    @property
    def values(self) -> Mapping[str, Value]:
        """Dotted name → value."""
        ...

    def value(self, name: str) -> Any:
        """What was recorded under a name."""
        ...


class Results:
    """Collects a notebook's results and writes them.

    Parameters
    ----------
    study
        The notebook's name; the file is `<study>.json`.
    parameters
        Every parameter of the notebook and the value it has in this run.

    Examples
    --------
    >>> results = Results("cao2024", {"seed": 1})
    >>> results.record("os.si.median", 15.25, "months", note="Kaplan-Meier")
    >>> results.value("os.si.median")
    15.25
    """

    def __init__(self, study: str, parameters: Mapping[str, Any]) -> None:
        self.study = study
        # what was chosen is kept to its last digit
        self.parameters = {name: _plain(value, f"parameter {name}", digits=17) for name, value in parameters.items()}
        self.values: dict[str, Value] = {}

    def record(self, name: str, value: Any, unit: str = "", source: Iterable[str] = (), note: str = "") -> None:
        """Record one value under a dotted name.

        Parameters
        ----------
        name
            Lower-case words joined by dots, `os.si.median`.
        value
            A number, text or truth value, or a flat sequence of them; numpy's and pandas' are taken as Python's.
            Floats keep ten significant digits. NaN, an infinity, None and pandas' NA become a missing value.
        unit, source, note
            As `Value` has them; a single source may be a string.

        Raises
        ------
        ResultsError
            When the name is malformed or taken already, or the value is of another kind.
        """
        if not _NAME.fullmatch(name):
            raise ResultsError(f"value name: found {name!r}, expected lower-case words joined by dots, as os.si.median")
        if name in self.values:
            raise ResultsError(f"{name} is recorded already, as {self.values[name].value!r}")
        plain = _plain(value, name)
        self.values[name] = Value(
            value=plain,
            unit=unit,
            source=[source] if isinstance(source, str) else list(source),
            note=note,
            state="missing" if plain is None else "present",
        )

    def record_all(self, prefix: str, values: Mapping[str, Any], unit: str = "", note: str = "") -> None:
        """Record several values under one prefix: `{"si.median": 28.8}` with `os` becomes `os.si.median`."""
        for name, value in values.items():
            self.record(f"{prefix}.{name}", value, unit, note=note)

    def value(self, name: str) -> Any:
        """What was recorded under a name, as it will be saved."""
        return self.values[name].value

    def save(self, path: str | Path | None = None) -> Path:
        """Write the results, whole or not at all; the same values give the same bytes.

        Parameters
        ----------
        path
            The file; `<study>.json` in the current folder when it is None.
        """
        path = Path(f"{self.study}.json" if path is None else path)
        content = {
            "kind": KIND,
            "schema": SCHEMA,
            "study": self.study,
            "parameters": self.parameters,
            "values": {name: item.model_dump() for name, item in self.values.items()},
        }
        write_text(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
        return path


def load_results(path: str | Path) -> SavedResults:
    """Read and validate a results file.

    Raises
    ------
    ResultsError
        When the file is missing, is not JSON, or does not fit the schema; lists every place that does not.
    """
    path = Path(path)
    try:
        return SavedResults.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ResultsError(f"{path.name}: there is no such file in {path.parent}") from None
    except ValidationError as error:
        places = "\n".join(f"  {_place(problem)}" for problem in error.errors(include_url=False))
        raise ResultsError(f"{path.name} is not a results file of schema {SCHEMA}:\n{places}") from None


def read_results(study: str) -> SavedResults:
    """The results that the book shows for a notebook, those of its defaults.

    Raises
    ------
    ResultsError
        As `load_results`; when the notebook has not been executed, says how to.
    """
    path = executed_dir() / f"{study}.json"
    if not path.exists():
        raise ResultsError(f"{study} has no results yet; `haicbook run {study}` makes them")
    return load_results(path)


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all: beside it first, then in its place; an `OSError` names the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_beside(path, text)
    except OSError as error:
        # a full disk says nothing of a file, and the one beside is nobody's but ours
        error.filename = str(path)
        raise


def _write_beside(path: Path, text: str) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp gives a file that only its owner may read
        Path(beside).chmod(0o666 & ~_umask())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _plain(value: Any, name: str, digits: int = DIGITS) -> Any:
    """The value as JSON has it."""
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain_scalar(item, name, digits) for item in value]
    return _plain_scalar(value, name, digits)


def _plain_scalar(value: Any, name: str, digits: int) -> bool | int | float | str | None:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA:
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        # adding zero turns -0.0 into 0.0
        return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
    kind = type(value).__name__
    raise ResultsError(f"{name}: found a {kind}, expected a number, a text, True or False, or a flat sequence of these")


def _place(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
