"""A Sphinx extension: what a site has beside its pages: one for addresses that lead nowhere, and a list of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sphinx.application import Sphinx

from haicbook.book.addresses import page_name

NOT_FOUND = "404"
_BODY = """\
<section><h1>There is no such page</h1>
<p>It may have another name now. <a href="index.html">The first page</a> leads to all others, and the search finds
words, findings and printed values.</p></section>"""
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page that servers show in the place of one that is not there."""
    yield NOT_FOUND, {"title": "There is no such page", "body": _BODY}, "page.html"


def list_pages(app: Sphinx, exception: Exception | None) -> None:
    """Write `sitemap.xml`; addresses in it are whole, so there is none without `html: baseurl` in `_config.yml`."""
    site = app.config.html_baseurl.rstrip("/")
    if exception is not None or app.builder.format != "html" or not site:
        return
    root = ElementTree.Element("urlset", xmlns=_SITEMAP)
    for name in sorted(page_name(docname, app.config.root_doc) for docname in app.env.found_docs):
        ElementTree.SubElement(ElementTree.SubElement(root, "url"), "loc").text = f"{site}/{name}.html"
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(Path(app.outdir, "sitemap.xml"), encoding="utf-8", xml_declaration=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", list_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
