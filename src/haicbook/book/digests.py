"""The project's files as inputs: which of them count, and hashes over them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

# what editors and file managers leave beside a file, and what Python compiles
_LITTER = re.compile(r"\..*|.*~|#.*#|.*\.(bak|swp|swo|tmp|orig|pyc)|__pycache__|Thumbs\.db|desktop\.ini", re.IGNORECASE)


def sha256(content: bytes) -> str:
    """The sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def counts(name: str) -> bool:
    """Whether a file or folder of this name is anybody's input: no hidden one, no backup copy, no compiled Python."""
    return not _LITTER.fullmatch(name)


def files_in(folder: Path, without: Path | None = None) -> Iterator[Path]:
    """The files of a folder and its subfolders that count, sorted, without those of one of its subfolders."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if counts(name) and Path(place, name) != without)
        yield from (Path(place, name) for name in sorted(filter(counts, names)))


def hashes(folder: Path) -> dict[str, str]:
    """Path within a folder → sha256, for all of its files, hidden ones too."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in found if path.is_file()}


def digest_of_folder(folder: Path, suffix: str = "") -> str:
    """One sha256 over the names and contents of those of a folder's files that count.

    Parameters
    ----------
    folder
        With all its subfolders; one that does not exist counts as empty.
    suffix
        How the files' names end.
    """
    state = hashlib.sha256()
    for path in files_in(folder):
        if path.name.endswith(suffix) and path.is_file():
            state.update(f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes())}\n".encode())
    return state.hexdigest()
