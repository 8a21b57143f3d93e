"""Compiled inner loops, where a compiler is there: plain Python, slower and with the same results, where it is not.

Importing numba costs a notebook half a second, so modules with compiled functions are imported where they are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function of arrays and numbers with numba on its first call; the machine code is kept on disk.

    The function must be plain NumPy and loops, and draws no random numbers of its own: they are passed in, so that the
    results are the same with and without the compiler. `HAICBOOK_NO_NUMBA=1` runs the plain function.
    """
    if os.environ.get("HAICBOOK_NO_NUMBA"):
        return function
    try:
        import numba
    except ImportError:
        return function
    jitted: Any = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    return cast(Function, jitted)
