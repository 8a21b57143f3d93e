"""Reconstructions kept in the build folder: the chapters across the papers all use the same ones."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from haicbook import survival
from haicbook.paths import build_dir


def kept(parts: tuple[object, ...], make: Callable[[], survival.Ensemble]) -> survival.Ensemble:
    """An ensemble that was made before from the same parts by the same code, or a new one.

    Parameters
    ----------
    parts
        All that the reconstruction depends on: targets, replicates, seed, stream, censoring.
    make
        Makes it. Equal parts give equal ensembles, so that it does not matter to the reader which of the two it is.
    """
    text = repr((engine_digest(), *parts))
    path = build_dir() / "ensembles" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.pickle"
    try:
        return _read(path)
    except (FileNotFoundError, EOFError, pickle.UnpicklingError, AttributeError, ImportError):
        made = make()
        _write(path, made)
        return made


@cache
def engine_digest() -> str:
    """A hash of the code that reconstructs."""
    package = Path(survival.__file__).parent
    state = hashlib.sha256()
    for file in sorted([*package.rglob("*.py"), package.parent / "printed.py", package.parent / "compiled.py"]):
        state.update(file.name.encode() + file.read_bytes())
    return state.hexdigest()


def _read(path: Path) -> survival.Ensemble:
    with path.open("rb") as file:
        ensemble = pickle.load(file)
    if not isinstance(ensemble, survival.Ensemble):
        raise pickle.UnpicklingError(f"{path.name} holds a {type(ensemble).__name__}")
    return ensemble


def _write(path: Path, ensemble: survival.Ensemble) -> None:
    """Whole or not at all, since several notebooks run beside each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".ensemble-")
    with os.fdopen(handle, "wb") as file:
        pickle.dump(ensemble, file)
    Path(beside).replace(path)
