"""A Sphinx extension: the address of a page is its name, `/cao2024.html`, wherever its source lies.

`_config.yml` names it, so that Jupyter Book alone gives the same addresses as `haicbook build`. The first page is
`/index.html`. The addresses of earlier builds, which showed the sources' folders, lead to the new ones.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

_REDIRECT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Moved</title>
<link rel="canonical" href="{address}">
<script>location.replace({script} + location.hash)</script>
<noscript><meta http-equiv="refresh" content="0; url={address}"></noscript>
</head>
<body><p>This page has moved: <a href="{address}">{address}</a></p></body>
</html>
"""
_INDEX_START, _INDEX_END = "Search.setIndex(", ")"


def page_name(docname: str, first: str) -> str:
    """The name of a page in its address, of its source's path without suffix; `first` is the book's first page.

    Examples
    --------
    >>> page_name("book/_executed/cao2024", first="book/introduction")
    'cao2024'
    >>> page_name("book/introduction", first="book/introduction")
    'index'
    """
    return "index" if docname == first else docname.rsplit("/", 1)[-1]


class NamedPages(StandaloneHTMLBuilder):
    """Sphinx's HTML builder with addresses made of the pages' names."""

    def _named(self, docname: str) -> str:
        known = self.env is not None and docname in self.env.found_docs
        return page_name(docname, self.config.root_doc) if known else docname

    def get_outfilename(self, pagename: str) -> str:
        """Where a page is written."""
        return super().get_outfilename(self._named(pagename))

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """The address of a page, from the root of the site."""
        return super().get_target_uri(self._named(docname), typ)

    def get_doc_context(self, docname: str, body: str, metatags: str) -> dict[str, Any]:
        """What a page's template is given; its source is offered under the page's name too."""
        context = super().get_doc_context(docname, body, metatags)
        if context["sourcename"]:
            context["sourcename"] = context["sourcename"].replace(docname, self._named(docname), 1)
        return context

    def load_indexer(self, docnames: Iterable[str]) -> None:
        """Sphinx's search knows sources, the index that a browser reads knows pages."""
        self._rename_in_index({self._named(docname): docname for docname in self.env.found_docs})
        super().load_indexer(docnames)

    def dump_search_index(self) -> None:
        """Write the index with the names of pages, from which a browser makes addresses."""
        super().dump_search_index()
        self._rename_in_index({docname: self._named(docname) for docname in self.env.found_docs})

    def _rename_in_index(self, names: dict[str, str]) -> None:
        path = Path(self.outdir, self.searchindex_filename)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if not (text.startswith(_INDEX_START) and text.endswith(_INDEX_END)):
            return
        index = json.loads(text[len(_INDEX_START) : -len(_INDEX_END)])
        index["docnames"] = [names.get(name, name) for name in index["docnames"]]
        content = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
        path.write_text(f"{_INDEX_START}{content}{_INDEX_END}", encoding="utf-8")


def one_page_a_name(app: Sphinx, env: BuildEnvironment) -> None:
    """Refuse two sources of one name: the second would replace the first.

    Raises
    ------
    ExtensionError
        Which sources share a name.
    """
    count = Counter(page_name(docname, app.config.root_doc) for docname in env.found_docs)
    twice = sorted(docname for docname in env.found_docs if count[page_name(docname, app.config.root_doc)] > 1)
    if twice:
        raise ExtensionError(f"pages need names of their own, these share one: {', '.join(twice)}")


def lead_from_old_addresses(app: Sphinx, exception: Exception | None) -> None:
    """Leave a page at each address that an earlier build gave a page, which leads to where that page is now."""
    if exception is not None or not isinstance(app.builder, NamedPages):
        return
    for docname in sorted(app.env.found_docs):
        target = page_name(docname, app.config.root_doc)
        if "/" in docname:
            address = "../" * docname.count("/") + f"{target}.html"
            page = Path(app.outdir, f"{docname}.html")
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(
                _REDIRECT.format(address=html.escape(address), script=json.dumps(address)), encoding="utf-8"
            )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_builder(NamedPages, override=True)
    app.connect("env-check-consistency", one_page_a_name)
    app.connect("build-finished", lead_from_old_addresses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
