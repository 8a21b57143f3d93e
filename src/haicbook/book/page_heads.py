"""A Sphinx extension: what a link to a page shows elsewhere: its title, and its message in a sentence or two."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# as much as searches and messengers show
_MOST = 200
# a paragraph of fewer characters says what it is rather than what it says
_LEAST = 60
_NOT_PROSE = (nodes.literal_block, nodes.table, nodes.figure)
# the sentence of a chapter's card that says what follows
_BOTTOM_LINE = "haic-bottom-line"


def description(doctree: nodes.document) -> str:
    """A page's message: the bottom line of its card, else its first paragraph, cut at a word.

    Parameters
    ----------
    doctree
        A page, read.
    """
    found = next(_messages(doctree), "")
    if len(found) <= _MOST:
        return found
    return f"{found[:_MOST].rsplit(' ', 1)[0].rstrip(',;:')} …"


def _messages(doctree: nodes.document) -> Iterator[str]:
    for box in doctree.findall(nodes.container):
        if _BOTTOM_LINE in box["classes"]:
            yield " ".join(box.astext().split())
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) >= _LEAST and not any(isinstance(above, _NOT_PROSE) for above in _above(paragraph)):
            yield text


def _above(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def add_heads(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put title and message into a page's head."""
    if doctree is None:
        return
    message, title = description(doctree), next(iter(doctree.findall(nodes.title)), None)
    card = {
        "og:type": "article",
        "og:site_name": str(app.config.html_title),
        "og:title": "" if title is None else title.astext(),
        "og:description": message,
    }
    lines = [f'<meta name="description" content="{html.escape(message)}" />'] if message else []
    lines += [f'<meta property="{name}" content="{html.escape(text)}" />' for name, text in card.items() if text]
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", add_heads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
