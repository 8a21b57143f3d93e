"""A line of a paper's plain text, whatever program made it, in plain characters; digits are never touched."""

from __future__ import annotations

import html
import re

from haicbook.printed import normalise

# what stands between these two is a mark, not a result: a reference's number, an address, an exponent
OPEN, CLOSE = "⟦", "⟧"
_INNER = r"((?:\\.|[^\[\]\\])*)"
_MARKS = [
    (re.compile(r"<sup>([^<]*)</sup>", re.IGNORECASE), rf"{OPEN}\1{CLOSE}"),
    (re.compile(rf"\[{_INNER}\]\(#[^)]*\)"), rf"{OPEN}\1{CLOSE}"),
    (re.compile(rf"\[{_INNER}\]\(\s*<?(?:https?:|mailto:)[^)]*\)+"), rf"{OPEN}\1{CLOSE}"),
    (re.compile(r"\]\(#[^)]*\)"), "]"),
    (re.compile(r"\^\{([^{}]*)\}"), rf"{OPEN}\1{CLOSE}"),
    (re.compile(r"\^(\d)"), rf"{OPEN}\1{CLOSE}"),
    (re.compile(r"((?:https?://|www\.|doi:\s*|\b10\.\d{4,}/)[^\s⟦⟧]+)"), rf"{OPEN}\1{CLOSE}"),
]
# optical recognition reads a lone bold zero as a letter
_LONE_ZERO = re.compile(r"(?<=\t)\s*\$?\s*(?:\\theta|[θΘOo])\s*\$?\s*(?=\t|$)")
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]>", re.IGNORECASE)


def is_tabular(line: str) -> bool:
    """Whether a raw line is a table's row by its own marks: tabs, pipes or HTML cells."""
    return "\t" in line.strip(" \n") or line.lstrip().startswith("|") or bool(_CELL_END.search(line))


def clean(line: str) -> str:
    """One raw line in plain characters, marks between ⟦ and ⟧.

    LaTeX and HTML wrappers go, ligatures and full-width forms are spelled out, all dashes become one; what a reader
    sees stays in its order.
    """
    line = html.unescape(line) if "&" in line else line
    line = _CELL_END.sub("\t", line)
    if line.lstrip().startswith("|"):
        line = line.replace("|", "\t")
    line = _LONE_ZERO.sub("0", line)
    for pattern, replacement in _MARKS:
        line = pattern.sub(replacement, line)
    line = _TAG.sub("", line)
    return normalise(line.replace("*", "").replace("\\[", "[").replace("\\]", "]"))
