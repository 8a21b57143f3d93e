"""Figures of the executed chapters, shown again where they teach."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from haicbook.paths import executed_dir


@dataclass(frozen=True)
class Picture:
    """A figure of a chapter.

    Attributes
    ----------
    name
        Its target, `fig-cao2024-os`.
    svg
        The drawing.
    alt, caption
        As in the chapter; the caption is Markdown.
    """

    name: str
    svg: str
    alt: str
    caption: str


def pictures(chapter: str) -> dict[str, Picture]:
    """The figures of a chapter's executed notebook, by name; none where it has not been executed."""
    path = executed_dir() / f"{chapter}.ipynb"
    return _pictures(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=32)
def _pictures(path: Path, changed: int) -> dict[str, Picture]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = [picture for cell in cells if (picture := _picture(cell)) is not None]
    return {picture.name: picture for picture in found}


def _picture(cell: dict[str, Any]) -> Picture | None:
    about = cell["metadata"].get("mystnb", {})
    drawn = [output["data"].get("image/svg+xml") for output in cell.get("outputs", []) if "data" in output]
    svg = next(filter(None, drawn), None)
    if svg is None or "figure" not in about:
        return None
    text = svg if isinstance(svg, str) else "".join(svg)
    return Picture(about["figure"]["name"], text, about["image"]["alt"], about["figure"]["caption"])
