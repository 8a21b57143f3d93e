"""Where the project's folders are."""

from __future__ import annotations

import os
from pathlib import Path


def root() -> Path:
    """The project: `HAICBOOK_ROOT`, or the folder at or above the current one that has `_config.yml` and `notebooks/`,
    or the checkout that this package is installed from."""
    if chosen := os.environ.get("HAICBOOK_ROOT"):
        return Path(chosen).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "_config.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    return Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """`data/`: one folder for each study."""
    return root() / "data"


def notebooks_dir() -> Path:
    """`notebooks/`: the MyST sources."""
    return root() / "notebooks"


def executed_dir() -> Path:
    """`book/_executed/`: executed notebooks and their results, as the book shows them."""
    return root() / "book" / "_executed"


def build_dir() -> Path:
    """`_build/`: everything else that is generated."""
    return root() / "_build"
