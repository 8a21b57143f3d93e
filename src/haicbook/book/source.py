"""Which state of the source a book is made from."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit(folder: Path) -> str:
    """The git commit of a checkout, with a word on uncommitted changes; empty when it is none."""
    try:
        prefix, head, *_ = _git(folder, "rev-parse", "--show-prefix", "HEAD").split("\n")
        changes = _git(folder, "status", "--porcelain")
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    # a prefix means that the checkout is another project's, which this folder lies in
    return "" if prefix else head + (", with uncommitted changes" if changes.strip() else "")


def commit_date(folder: Path) -> str:
    """The day of a checkout's commit, as 2026-11-30; empty when it is none."""
    try:
        prefix, day = _git(folder, "rev-parse", "--show-prefix"), _git(folder, "log", "-1", "--format=%cs")
    except (OSError, subprocess.SubprocessError):
        return ""
    return "" if prefix.strip() else day.strip()


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
