"""The page of a changed run: its assumptions and what they changed on top, one file, links that lead to the book."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import Result
from tiny import call, copy_project, write

HEADING = "A run with changed assumptions: factor = 3 (default 2)"


@pytest.fixture(scope="module")
def paged(executed, tmp_path_factory) -> tuple[Path, Result, Path]:
    """A run with a changed parameter and its page: the project, what was said, the page."""
    project = copy_project(executed[0], tmp_path_factory.mktemp("paged") / "project")
    result = call(project, "run", "alpha", "-p", "factor=3", "--page")
    assert result.exit_code == 0, result.output
    (page,) = (project / "_build" / "runs").glob("alpha-*/alpha.html")
    return project, result, page


def test_its_title_and_its_top_say_what_was_assumed_and_what_changed(paged) -> None:
    _, result, page = paged
    html = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    assert "(factor = 3)" in html.h1.get_text()
    assert "(factor = 3)" in html.title.get_text()
    assert HEADING in html.get_text()
    assert "None of the headline results differ" in html.get_text()
    assert page.relative_to(page.parents[3]).as_posix() in result.output


def test_all_that_it_loads_is_there_and_links_to_pages_lead_to_the_book(paged) -> None:
    _, _, page = paged
    html = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    loaded = [tag[key] for key in ("src", "href") for tag in html.find_all(["script", "link", "img"]) if tag.get(key)]
    files = [address.partition("?")[0] for address in loaded if not re.match(r"data:|#|.*\.html", address)]
    assert files
    assert [file for file in files if not (page.parent / file).is_file()] == []
    links = {tag["href"] for tag in html.find_all("a") if ".html" in tag.get("href", "")}
    assert {link for link in links if not link.startswith(("../../html/", "index.html"))} == set()


def test_it_is_made_again_only_when_what_it_is_made_of_has_changed(paged, tmp_path) -> None:
    project = copy_project(paged[0], tmp_path / "project")
    (page,) = (project / "_build" / "runs").glob("alpha-*/alpha.html")
    made = page.stat().st_mtime_ns
    call(project, "run", "alpha", "-p", "factor=3", "--page")
    assert page.stat().st_mtime_ns == made
    write(project / "data" / "alpha" / "count.txt", "12")
    call(project, "run", "alpha", "-p", "factor=3", "--page")
    assert page.stat().st_mtime_ns > made


def test_a_page_of_the_defaults_is_refused(executed, tmp_path) -> None:
    result = call(copy_project(executed[0], tmp_path / "project"), "run", "alpha", "--open")
    assert result.exit_code == 2
    assert "found no changed parameter" in result.output
