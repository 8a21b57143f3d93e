"""Compiled inner loops, where a compiler is there: plain Python, slower and with the same results, where it is not.

Importing numba costs a notebook half a second, so modules with compiled functions are imported where they are used.

Machine code is kept on disk, and the compiler notices a change of a function's own file only, not of a function that it
calls in another one. So it is kept in a folder that is named after all sources beside the function's: when one of them
changes, all is compiled anew. A compiled function may therefore call only compiled functions of its own folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

# Most of the time goes into finding types; a higher level makes members no cheaper.
_OPTIMISATION = "1"


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers with numba on its first call; the machine code is kept on disk.

    The function must be plain NumPy and loops, and draws no random numbers of its own: they are passed in, so that the
    results are the same with and without the compiler. `HAICBOOK_NO_NUMBA=1` runs the plain function.
    """
    return _compiled(function)


def borrowing(function: Function) -> Function:
    """Compile a function that makes no array and calls only such functions.

    Without numba's counting of references, which costs more than many of these functions where tuples of arrays are
    passed: whoever calls them holds the arrays. The option has no public name, so numba's version is bounded.
    """
    return _compiled(function, _nrt=False)


def inner(function: Function) -> Function:
    """As `borrowing`, for a function that only compiled ones call.

    Half of what it takes to compile a function of many arrays is the part that takes them from Python.
    """
    return _compiled(function, _nrt=False, no_cpython_wrapper=True)


def _compiled(function: Function, **options: Any) -> Function:
    if os.environ.get("HAICBOOK_NO_NUMBA"):
        return function
    try:
        numba = _compiler()
    except ImportError:
        return function
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder(Path(function.__code__.co_filename).parent))
    try:
        decorate = numba.njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True, **options)
        jitted: Any = decorate(function)
    finally:
        numba.config.CACHE_DIR = before
    return cast(Function, jitted)


@cache
def _compiler() -> Any:
    os.environ.setdefault("NUMBA_OPT", _OPTIMISATION)
    import numba

    return numba


@cache
def cache_folder(sources: Path) -> Path:
    """Where machine code of the functions in a folder of sources is kept.

    In `NUMBA_CACHE_DIR` where that is set; else in `_build/numba` of the checkout that this package stands in; else in
    the user's cache folder; where nothing can be written, in a folder that lasts as long as the process.
    """
    digest = _digest(sources)
    for folder in _roots():
        try:
            (folder / digest).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder / digest):
                return folder / digest
        except OSError:
            continue
    return Path(_temporary().name) / digest


def _roots() -> list[Path]:
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(chosen)]
    checkout = Path(__file__).resolve().parents[2]
    own = [checkout / "_build" / "numba"] if (checkout / "pyproject.toml").is_file() else []
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [*own, users / "haicbook" / "numba"]


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="haicbook-numba-")


def _digest(sources: Path) -> str:
    """Of a folder's sources, of this file, and of the compiler."""
    state = hashlib.sha256(f"{_compiler().__version__} {_OPTIMISATION}".encode())
    for file in (Path(__file__), *sorted(sources.glob("*.py"))):
        state.update(f"{file.name} ".encode() + file.read_bytes())
    return state.hexdigest()[:16]
