"""A Sphinx extension: the foot of each page says which edition it is of, and where to report what is wrong with it."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from haicbook.book.addresses import page_name
from haicbook.book.edition import Edition, edition


def foot(page: str, book: Edition) -> str:
    """A page's last line: the edition, the licence and, where the source is published, links to it."""
    parts = [html.escape(part) for part in (book.note, book.date, book.licence) if part]
    if book.repository:
        parts.append(f'<a href="{html.escape(book.repository)}">Source</a>')
        parts.append(
            f'<a class="haic-report" href="{html.escape(book.report(page))}">Report a problem on this page</a>'
        )
    return f'<p class="haic-edition">{" · ".join(parts)}</p>'


def add_foot(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put the line after what the theme has at a page's foot."""
    known = pagename in app.env.found_docs
    page = page_name(pagename, app.config.root_doc) if known else pagename
    book = edition(Path(app.srcdir), app.config)
    line = foot(page, book)
    # Sphinx gives the year of the time that makes a build repeatable
    context["copyright"] = book.year
    context["theme_extra_footer"] = f"{context.get('theme_extra_footer') or ''}\n{line}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # one setting in _config.yml; without it nothing of a repository is shown
    app.add_config_value("haicbook_repository", "", "html", str)
    app.connect("html-page-context", add_foot)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
