"""What an executed notebook depends on, as hashes: when one of them moves, the notebook is stale."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import haicbook
from haicbook.book.notebooks import Source, is_cross_study, names
from haicbook.book.parameters import Scalar
from haicbook.paths import data_dir, executed_dir, root

PACKAGE = Path(haicbook.__file__).parent


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of everything that a run rests on.

    Attributes
    ----------
    parts
        What (`notebook`, `parameters`, `package`, `data`, `lock`, and for a cross-study notebook `results`) → sha256.
    """

    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One sha256 over all parts."""
        return sha256(json.dumps(dict(self.parts), sort_keys=True).encode())

    def moved(self, metadata: Mapping[str, Any]) -> list[str]:
        """The parts that are not as an executed notebook's metadata have them.

        Parameters
        ----------
        metadata
            What `metadata` wrote; empty for a notebook that was never executed.
        """
        before = metadata.get("parts", {})
        return sorted(part for part in {*self.parts, *before} if self.parts.get(part) != before.get(part))

    def metadata(self, results: str) -> dict[str, Any]:
        """What the executed notebook keeps: the fingerprint, and the sha256 of the results written with it."""
        return {"fingerprint": self.digest, "parts": dict(self.parts), "results": sha256(results.encode())}


def sha256(content: bytes) -> str:
    """The sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_of_folder(folder: Path, pattern: str = "*") -> str:
    """One sha256 over the names and contents of a folder's files, hidden ones and compiled Python left out.

    Parameters
    ----------
    folder
        Searched with all its subfolders; one that does not exist counts as empty.
    pattern
        Which files, as `Path.rglob` takes it.
    """
    return _digest_of_files(folder, folder.rglob(pattern))


def take_fingerprint(source: Source, changed: Mapping[str, Scalar]) -> Fingerprint:
    """The fingerprint that a run of this notebook would have now.

    Parameters
    ----------
    source
        The notebook.
    changed
        The parameters that differ from their defaults.
    """
    lock = root() / "requirements.lock"
    parts = {
        "notebook": sha256(source.text.encode()),
        "parameters": sha256(json.dumps(dict(changed), sort_keys=True).encode()),
        "package": digest_of_folder(PACKAGE, "*.py"),
        "data": digest_of_folder(data_dir() if source.cross_study else data_dir() / source.name),
        "lock": sha256(lock.read_bytes() if lock.exists() else b""),
    }
    if source.cross_study:
        results = [executed_dir() / f"{name}.json" for name in names() if not is_cross_study(name)]
        parts["results"] = _digest_of_files(executed_dir(), (path for path in results if path.exists()))
    return Fingerprint(parts)


def _digest_of_files(base: Path, paths: Iterable[Path]) -> str:
    found = {path.relative_to(base).as_posix(): path for path in paths if path.is_file()}
    visible = sorted(name for name in found if not _is_hidden(name))
    lines = [f"{name} {sha256(found[name].read_bytes())}\n" for name in visible]
    return sha256("".join(lines).encode())


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
