"""Parts of a teaching page in MyST Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from haicbook.markup import escape

# by which the print style knows a page that is handed out
HANDOUT = '<div class="haic-handout"></div>\n'


def table(heads: Sequence[str], rows: Iterable[Iterable[str]], caption: str, name: str) -> str:
    """A numbered table of texts; cells are Markdown already."""
    lines = [f"|{'|'.join(cell or ' ' for cell in row)}|" for row in (heads, ["---"] * len(heads), *rows)]
    body = "\n".join(lines)
    return f":::{{table}} {caption}\n:name: {name}\n:class: haic-table haic-text\n\n{body}\n:::"


def listed(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"* {item}" for item in items)


def folded(title: str, text: str) -> str:
    """What a reader unfolds."""
    return f":::{{dropdown}} {escape(title)}\n{text}\n:::"
