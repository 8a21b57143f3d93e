"""What an executed notebook depends on, as hashes: when one of them moves, the notebook is stale."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import haicbook
from haicbook.book.digests import digest_of_folder, sha256
from haicbook.book.environment import computing_versions
from haicbook.book.notebooks import Source
from haicbook.book.parameters import Scalar
from haicbook.book.reads import kind, state
from haicbook.paths import root

PACKAGE = Path(haicbook.__file__).parent


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of everything that a run rests on and that is known before it.

    Attributes
    ----------
    parts
        What (`notebook`, `parameters`, `package`, `versions`, `lock`) → sha256.
    """

    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One sha256 over all parts."""
        return sha256(json.dumps(dict(self.parts), sort_keys=True).encode())

    def moved(self, metadata: Mapping[str, Any]) -> list[str]:
        """What is not as an executed notebook's metadata have it: parts, and kinds of files that it read.

        Parameters
        ----------
        metadata
            What `metadata` wrote; empty for a notebook that was never executed.
        """
        before = metadata.get("parts", {})
        parts = {part for part in {*self.parts, *before} if self.parts.get(part) != before.get(part)}
        reads = {kind(name) for name, was in metadata.get("reads", {}).items() if state(name) != was}
        return sorted(parts | reads)

    def metadata(self, results: str, reads: Mapping[str, str]) -> dict[str, Any]:
        """What the executed notebook keeps.

        Parameters
        ----------
        results
            The text of the results written with it; its sha256 is kept.
        reads
            The files that it read, as `haicbook.book.reads.states` gives them.
        """
        made = {"fingerprint": self.digest, "parts": dict(self.parts), "reads": dict(reads)}
        return {**made, "results": sha256(results.encode()), "seal": ""}


def seal(notebook: str) -> str:
    """The text of a notebook whose metadata has an empty seal, with the sha256 of the text as its seal."""
    return notebook.replace('"seal": ""', f'"seal": "{sha256(notebook.encode())}"', 1)


def is_sealed(notebook: str, digest: str) -> bool:
    """Whether a notebook's text is as it was when it was sealed."""
    return sha256(notebook.replace(f'"seal": "{digest}"', '"seal": ""', 1).encode()) == digest


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
        "package": digest_of_folder(PACKAGE, ".py"),
        "versions": sha256(json.dumps(computing_versions()).encode()),
        "lock": sha256(lock.read_bytes() if lock.exists() else b""),
    }
    return Fingerprint(parts)
