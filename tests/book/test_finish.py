"""Finished pages: the same bytes wherever they are built, and a policy that they keep."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from browser import needs_chromium, served, violations
from bs4 import BeautifulSoup
from tiny import call, copy_project, snapshot, write

from haicbook.book.finish import finish, in_order, pages_in, with_policy

PAGE = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <script>let ours = 1;</script>
    <script src="_static/own.js"></script>
    <link rel="stylesheet" href="_static/own.css?v=0" />
  </head>
  <body>
    <button onclick="window.print(&quot;a&quot;)">Print</button>
    <article class="bd-article">{article}</article>
    <script>
      ours = 2;
    </script>
  </body>
</html>
"""
SMUGGLED = "<script>document.title = 'ran'</script><img src='_static/own.css' onerror='document.title = \"ran\"'>"


def policy(page: str) -> dict[str, list[str]]:
    """Directive → its sources."""
    (tag,) = BeautifulSoup(page, "html.parser").find_all("meta", {"http-equiv": "Content-Security-Policy"})
    return {name: sources for name, *sources in (rule.split() for rule in tag["content"].split(";"))}


@pytest.fixture
def html(tmp_path: Path) -> Path:
    """A folder as Sphinx leaves it."""
    write(tmp_path / "html" / "index.html", PAGE.format(article=SMUGGLED))
    write(tmp_path / "html" / "stub.html", '<meta http-equiv="Refresh" content="0; url=index.html" />\n')
    write(tmp_path / "html" / "_static" / "own.js", "ours = 3;\n")
    write(tmp_path / "html" / "_static" / "own.css", "a {}\n")
    write(tmp_path / "html" / "_static" / "template.html", "<head></head>")
    write(tmp_path / "html" / ".buildinfo", "config: 1\n")
    return tmp_path / "html"


# --- the policy -------------------------------------------------------------------------------------------------------


def test_the_lines_around_an_article_run_and_none_within_it():
    hashes = {source for source in policy(with_policy(PAGE.format(article="")))["script-src"] if "sha256" in source}
    assert len(hashes) == 2
    smuggled = policy(with_policy(PAGE.format(article=SMUGGLED + "</article>" + SMUGGLED)))["script-src"]
    assert set(smuggled) == {"'self'", "file:", *hashes}


def test_nothing_is_evaluated_or_fetched_from_elsewhere(html):
    finish(html)
    for page in pages_in(html):
        rules = policy(page.read_text())
        assert rules["default-src"] == ["'none'"]
        assert rules["connect-src"] == ["'self'"]
        assert not {"'unsafe-eval'", "'unsafe-inline'", "https:", "http:", "*"} & set(rules["script-src"])


def test_a_policy_stands_before_what_it_governs_and_after_the_encoding(html):
    finish(html)
    page = (html / "index.html").read_bytes()
    assert page.index(b"charset") < page.index(b"Content-Security-Policy") < page.index(b"<script")
    assert page.index(b"charset") < 1024
    assert (html / "stub.html").read_text().startswith("<meta http-equiv=")
    assert "Policy" not in (html / "_static" / "template.html").read_text()


def test_finishing_again_changes_nothing(html):
    finish(html)
    first = snapshot(html)
    finish(html)
    assert snapshot(html) == first
    assert ".buildinfo" not in first


def test_links_name_what_is_there_now(html):
    finish(html)
    before = (html / "index.html").read_text()
    assert re.search(r'src="_static/own\.js\?v=[0-9a-f]{8}"', before)
    assert re.search(r'href="_static/own\.css\?v=[0-9a-f]{8}"', before)
    write(html / "_static" / "own.js", "ours = 4;\n")
    finish(html)
    assert (html / "index.html").read_text() != before


def test_the_search_index_has_no_words_without_pages_and_one_order():
    index = 'Search.setIndex({"terms": {"a": 1, "gone": [], "b": [0, 1]}, "titleterms": {}, '
    one = in_order(index + '"indexentries": {"x": [[1, "b", false], [0, "a", true]]}})')
    other = in_order(index + '"indexentries": {"x": [[0, "a", true], [1, "b", false]]}})')
    assert one == other
    assert '"terms": {"a": 1, "b": [0, 1]}' in one


# --- the tiny book ----------------------------------------------------------------------------------------------------

STATUS = {"book/_executed/status.html", "_sources/book/_executed/status.md"}


@pytest.fixture(scope="module")
def books(executed, tmp_path_factory) -> tuple[Path, Path]:
    """A book built at once; and one in another folder, executed at another time, built with a page changed and again
    with the page as it was."""
    folder = tmp_path_factory.mktemp("finished")
    once = copy_project(executed[0], folder / "once")
    assert call(once, "build").exit_code == 0
    twice = copy_project(executed[0], folder / "elsewhere" / "and-twice")
    record = twice / "book" / "_executed" / "status.json"
    record.write_text(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "1999-12-31T23:59:58", record.read_text()))
    page = (twice / "index.md").read_text()
    for text in ("# Tiny\n\nOther words.\n", page):
        write(twice / "index.md", text)
        assert call(twice, "build").exit_code == 0
    return once / "_build" / "html", twice / "_build" / "html"


def test_a_book_has_the_same_bytes_wherever_and_however_it_is_built(books):
    once, twice = map(snapshot, books)
    assert once.keys() == twice.keys()
    assert {name for name in once if once[name] != twice[name]} == STATUS


def test_times_are_all_in_which_status_pages_differ(books):
    for name in STATUS:
        once, twice = ((book / name).read_text() for book in books)
        assert "1999-12-31 23:59:58" in twice
        assert timeless(once) == timeless(twice)


def timeless(page: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "", page)


@needs_chromium
def test_the_pages_keep_their_policy_from_a_disk_and_from_a_server(books, tmp_path):
    book = books[0]
    names = ["index.html", "book/_executed/alpha.html", "search.html?q=alpha"]
    with served(book) as address:
        places = [f"{place}/{name}" for place in (book.as_uri(), address) for name in names]
        assert violations(places, tmp_path) == []


@needs_chromium
def test_what_is_smuggled_into_an_article_does_not_run(books, tmp_path):
    book = shutil.copytree(books[0], tmp_path / "book")
    page = book / "index.html"
    page.write_text(page.read_text().replace("</article>", f"{SMUGGLED}</article>", 1))
    finish(book)
    said = violations([page.as_uri()], tmp_path)
    assert [line for line in said if "inline script" in line]
    assert [line for line in said if "inline event handler" in line]
