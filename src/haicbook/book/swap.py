"""Put a finished folder in the place of another, so that a reader finds the one or the other at any moment."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def put_in_place(new: Path, place: Path) -> None:
    """Exchange two folders of one file system; what was at `place` is at `new` then, or nowhere.

    Where the system cannot exchange them, the old one steps aside first: whoever is killed between the two renames
    leaves it to `put_back`.
    """
    if not os.path.lexists(place):
        new.rename(place)
    elif not _exchange(new, place):
        place.rename(_aside(place))
        new.rename(place)
        _aside(place).rename(new)


def put_back(place: Path) -> None:
    """Undo half an exchange, if one was interrupted."""
    if _aside(place).exists() and not os.path.lexists(place):
        _aside(place).rename(place)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}-before")


def _exchange(one: Path, other: Path) -> bool:
    library = ctypes.CDLL(None)
    paths = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        return hasattr(library, "renamex_np") and library.renamex_np(*paths, _EXCHANGE) == 0
    if not hasattr(library, "renameat2"):
        return False
    return bool(library.renameat2(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0)
