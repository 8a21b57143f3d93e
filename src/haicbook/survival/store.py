"""Answers kept in the build folder, under a name made of the question and of the code that answers."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from haicbook.paths import build_dir

Answer = TypeVar("Answer")


def kept(folder: str, question: object, kind: type[Answer], make: Callable[[], Answer]) -> Answer:
    """What was answered before by the same code, or a new answer.

    Parameters
    ----------
    folder
        In the build folder.
    question
        All that the answer depends on; its `repr` counts. Equal questions give equal answers, so that it does not
        matter to the reader which of the two it is.
    kind
        The answer's class.
    make
        Makes it.
    """
    digest = hashlib.sha256(repr((engine_digest(), question)).encode()).hexdigest()[:32]
    path = build_dir() / folder / f"{digest}.pickle"
    try:
        answer = pickle.loads(path.read_bytes())
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, ValueError, LookupError):
        answer = None
    if isinstance(answer, kind):
        return answer
    made = make()
    _write(path, made)
    return made


@cache
def engine_digest() -> str:
    """A hash of the code that reconstructs."""
    state = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        state.update(file.read_bytes())
    return state.hexdigest()


def _write(path: Path, answer: object) -> None:
    """Whole or not at all, since several notebooks run beside each other; where nothing can be written, not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            pickle.dump(answer, file)
        Path(beside).replace(path)
    except OSError:
        return
