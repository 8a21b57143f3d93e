"""Addresses of pages: their names, wherever the sources lie."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sphinx.errors import ExtensionError
from sphinx.testing.util import SphinxTestApp

from haicbook.book.addresses import page_name

PAGES = {
    "pages/home.rst": "Home\n====\n\n.. toctree::\n\n   made/alpha\n   made/beta\n",
    "pages/made/alpha.rst": "Alpha\n=====\n\nSee :doc:`beta` and :ref:`there`.\n",
    "pages/made/beta.rst": "Beta\n====\n\n.. _there:\n\nWhere\n-----\n\nfever\n",
}


def write(folder: Path, pages: dict[str, str]) -> None:
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def build(folder: Path) -> Path:
    settings = {"extensions": ["haicbook.book.addresses"], "root_doc": "pages/home", "html_theme": "basic"}
    (folder / "conf.py").touch()
    app = SphinxTestApp("html", srcdir=folder, confoverrides=settings)
    try:
        app.build()
        assert app.warning.getvalue() == ""
    finally:
        app.cleanup()
    return Path(app.outdir)


def index(html: Path) -> dict[str, object]:
    text = (html / "searchindex.js").read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("Search.setIndex(").removesuffix(")")))


@pytest.fixture
def html(tmp_path: Path) -> Path:
    write(tmp_path, PAGES)
    return build(tmp_path)


def test_the_first_page_is_the_index_and_others_have_their_names() -> None:
    assert page_name("book/introduction", first="book/introduction") == "index"
    assert page_name("book/_executed/cao2024", first="book/introduction") == "cao2024"
    assert page_name("cite", first="book/introduction") == "cite"


def test_pages_and_links_between_them_have_names_as_addresses(html: Path) -> None:
    alpha = (html / "alpha.html").read_text(encoding="utf-8")
    assert 'href="beta.html"' in alpha
    assert 'href="beta.html#there"' in alpha
    assert 'href="alpha.html"' in (html / "index.html").read_text(encoding="utf-8")
    assert "made/" not in alpha.replace("'pages/made/alpha'", "")


def test_the_search_leads_to_names_also_after_a_page_was_read_again(html: Path) -> None:
    before = index(html)
    assert before["docnames"] == ["index", "alpha", "beta"]
    write(html.parents[1], {"pages/made/beta.rst": PAGES["pages/made/beta.rst"] + "\nchills\n"})
    after = index(build(html.parents[1]))
    assert after["docnames"] == before["docnames"]
    assert {"fever", "chill"} <= set(after["terms"])  # type: ignore[call-overload]


def test_an_old_address_leads_to_the_new_one_and_keeps_the_place(html: Path) -> None:
    old = (html / "pages/made/alpha.html").read_text(encoding="utf-8")
    assert 'location.replace("../../alpha.html" + location.hash)' in old
    assert '<a href="../../alpha.html">' in old
    assert 'href="../index.html"' in (html / "pages/home.html").read_text(encoding="utf-8")


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, PAGES | {"pages/alpha.rst": ":orphan:\n\nAlpha again\n===========\n"})
    with pytest.raises(ExtensionError, match="pages/alpha, pages/made/alpha"):
        build(tmp_path)
