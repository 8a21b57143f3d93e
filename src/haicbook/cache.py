"""Answers kept in the build folder, under a name made of the question and of the code that answers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from pydantic_core import to_jsonable_python

from haicbook.closure import digest_of_closure
from haicbook.paths import build_dir

Answer = TypeVar("Answer")

# the same code gives other numbers with other versions of these
_LIBRARIES = ("numpy", "scipy", "numba", "pandas", "statsmodels")
# in a kept file, what stands for the array of this number
_ARRAY = "array"
_CHECKSUM = hashlib.sha256().digest_size


def kept(folder: str, question: object, kind: type[Answer], code: str, make: Callable[[], Answer]) -> Answer:
    """What was answered before by the same code, or a new answer.

    A file that is not, to the bit, what was written under its name is no answer.

    Parameters
    ----------
    folder
        In the build folder.
    question
        All that the answer depends on; its `repr` counts. Equal questions give equal answers, so that it does not
        matter to the reader which of the two it is.
    kind
        The answer's class: a dataclass of numbers, words, arrays and such dataclasses.
    code
        The module that answers; its code and that of all it imports of this package count.
    make
        Makes it.
    """
    name = hashlib.sha256(repr((code_digest(code), question)).encode()).hexdigest()[:32]
    path = build_dir() / folder / f"{name}.kept"
    answer = _read(path, kind)
    if answer is None:
        answer = make()
        _write(path, answer)
    return answer


@cache
def code_digest(module: str) -> str:
    """A hash of a module, of what it imports of this package, and of the versions of the libraries that compute."""
    return hashlib.sha256(repr((digest_of_closure([module]), *map(_version, _LIBRARIES))).encode()).hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def packed(answer: object, name: str) -> bytes:
    """An answer as bytes: a checksum over its name and the rest, and NumPy's archive of its words and arrays."""
    arrays: list[np.ndarray[Any, Any]] = []

    def numbered(value: object) -> dict[str, int]:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{type(value).__name__} cannot be kept")
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}

    words = json.dumps(to_jsonable_python(answer, fallback=numbered, inf_nan_mode="constants"))
    archive = io.BytesIO()
    np.savez(archive, np.frombuffer(words.encode(), np.uint8), *arrays, allow_pickle=False)
    return _checksum(name, archive.getvalue()) + archive.getvalue()


def unpacked(content: bytes, name: str, kind: type[Answer]) -> Answer:
    """The answer of which :func:`packed` made bytes.

    Raises
    ------
    ValueError
        When a bit is not as it was written, or an answer of another kind or name was.
    """
    archive = content[_CHECKSUM:]
    if _checksum(name, archive) != content[:_CHECKSUM]:
        raise ValueError(f"{name} is not as it was written")
    with np.load(io.BytesIO(archive), allow_pickle=False) as file:
        words, *arrays = file.values()

    def with_arrays(value: dict[str, Any]) -> Any:
        return arrays[value[_ARRAY]] if set(value) == {_ARRAY} else value

    adapter = _listed(cast(Any, kind))
    (answer,) = adapter.validate_python([json.loads(words.tobytes(), object_hook=with_arrays)])
    return cast(Answer, answer)


@cache
def _listed(kind: Any) -> TypeAdapter[list[Any]]:
    """Makes a list of a class's instances: a dataclass that asks for no leave to hold arrays takes the list's."""
    return TypeAdapter(list[kind], config=ConfigDict(arbitrary_types_allowed=True))


def _checksum(name: str, archive: bytes) -> bytes:
    return hashlib.sha256(name.encode() + archive).digest()


def _read(path: Path, kind: type[Answer]) -> Answer | None:
    try:
        return unpacked(path.read_bytes(), path.name, kind)
    except (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
        return None


def _write(path: Path, answer: object) -> None:
    """Whole or not at all, since several notebooks run beside each other; where nothing can be written, not at all."""
    content = packed(answer, path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).replace(path)
    except OSError:
        return
