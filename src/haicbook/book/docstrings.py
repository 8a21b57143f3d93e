"""A Sphinx extension: in what is made of docstrings, a dash between a name and what it is.

Sphinx and napoleon write two hyphens there, and the book's `smartquotes_action` leaves hyphens as they are, because
those of a printed cell are data.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

_HYPHENS, _DASH = " -- ", " – "


def with_dashes(app: Sphinx, doctree: nodes.document) -> None:
    """Put a dash where a field's text begins with two hyphens."""
    for fields in doctree.findall(nodes.field_list):
        for text in list(fields.findall(nodes.Text)):
            if text.startswith(_HYPHENS):
                text.parent.replace(text, nodes.Text(_DASH + text.removeprefix(_HYPHENS)))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", with_dashes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
