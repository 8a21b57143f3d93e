"""Text of the data on pages and terminals: shown as it is, never read as Markdown, HTML, mathematics or a command.

What enters Markdown goes through :func:`escape`, which leaves only :class:`Markup` alone: to forget either shows too
many backslashes, and runs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_BREAKS = re.compile(r"[\t-\r\x85\u2028\u2029]+")
# control characters, format characters (zero-width, bidirectional), lone surrogates
_UNSEEN = {"Cc", "Cf", "Cs"}
# what means something at the start of a block (`1. `, `-`, `(x)=`, `%`), and what does anywhere
_SIGNS = re.compile(r"^\d+(?=[.)](?:\s|$))|^[!-/:-@\[-`{-~]|[\\`*_{}\[\]<>&$~|]")


class Markup(str):
    """Text that is Markdown already."""

    __slots__ = ()

    def format(self, *values: Any, **named: Any) -> Markup:
        """As `str.format`, with the values as text."""
        shown = {name: escape(value) for name, value in named.items()}
        return Markup(super().format(*map(escape, values), **shown))


def visible(text: str) -> str:
    """A text on one line in which nothing is hidden: `⟨U+202E⟩` for a mark that would turn the letters after it."""
    return "".join(
        f"⟨U+{ord(letter):04X}⟩" if unicodedata.category(letter) in _UNSEEN else letter
        for letter in _BREAKS.sub(" ", text)
    )


def visible_lines(text: str) -> str:
    """A message of several lines in which nothing is hidden."""
    return "\n".join(map(visible, text.split("\n")))


def escape(text: object) -> Markup:
    """Markdown (MyST, in a table's cell too) that shows a text as it is; what is Markdown already stays."""
    if isinstance(text, Markup):
        return text
    return Markup(_SIGNS.sub(_as_text, visible(str(text)).strip()))


def _as_text(found: re.Match[str]) -> str:
    if found[0].isdecimal():
        return f"{found[0]}\\"
    # a backslash before the | that ends a cell would hide it
    return "&#92;" if found[0] == "\\" else f"\\{found[0]}"
