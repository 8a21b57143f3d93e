"""Compiled inner loops, where a compiler is there: plain Python, slower and with the same results, where it is not.

Importing numba costs a notebook half a second, so modules with compiled functions are imported where they are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from haicbook.paths import build_dir

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers with numba on its first call; the machine code is kept on disk.

    The function must be plain NumPy and loops, and draws no random numbers of its own: they are passed in, so that the
    results are the same with and without the compiler. `HAICBOOK_NO_NUMBA=1` runs the plain function.
    """
    return _compiled(function)


def borrowing(function: Function) -> Function:
    """Compile an inner function that makes no array and calls only such functions.

    Without numba's counting of references, which costs more than many of these functions where tuples of arrays are
    passed: whoever calls them holds the arrays. The option has no public name; without it, references are counted.
    """
    return _compiled(function, counts_references=False)


def cache_folder() -> Path:
    """Where machine code is kept: `NUMBA_CACHE_DIR`, or in the build folder, for kernels and commands alike."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or build_dir() / "compiled")


def _compiled(function: Function, *, counts_references: bool = True) -> Function:
    if os.environ.get("HAICBOOK_NO_NUMBA"):
        return function
    # numba reads it when it is imported
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder()))
    try:
        import numba
    except ImportError:
        return function
    has_option = hasattr(numba.core.options.DefaultOptions, "_nrt")
    options: dict[str, Any] = {} if counts_references or not has_option else {"_nrt": False}
    jitted: Any = numba.njit(cache=True, error_model="numpy", nogil=True, **options)(function)
    return cast(Function, jitted)
