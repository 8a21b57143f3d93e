"""What a reader takes along from a chapter: files beside its page, and how to cite it."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

from haicbook.book import take_along
from haicbook.book.edition import edition

CITATION = "title: A book of A & B\nversion: 1.0\nauthors: [{name: The people}]\nlicense: [MIT, CC-BY-4.0]\n"
TABLE = """:::{table} **The message.** A method.
:name: tab-a_b-effects

| Arm | Effect |
| --- | ---: |
| <a class="haic-value" href="x">One</a> | −1.5 |
| =SUM(A1) | – |
:::
"""
ROWS = '<ul class="haic-downloads"><a download="a-os.csv" href="data:text/csv;base64,YSxiCg==">CSV</a></ul>'
SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
PNG = "iVBORw0KGgo="


def _cell(data: dict[str, str], **metadata: object) -> dict[str, object]:
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"cell_type": "code", "source": "1", "execution_count": 1, "outputs": [output], "metadata": metadata}


def _notebook() -> str:
    figure = {"figure": {"name": "fig-a_b-curve", "caption": "A curve"}}
    cells = [
        {"cell_type": "markdown", "source": f"# Chapter 1: 10 % & more\n\n{TABLE}", "metadata": {}},
        _cell({"image/svg+xml": SVG, "image/png": PNG}, mystnb=figure),
        _cell({"text/html": ROWS}),
    ]
    return json.dumps(
        {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 4}
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("book")
    texts = {"book/a.ipynb": _notebook(), "book/b.md": "# Prose\n", "CITATION.cff": CITATION, "data/a.csv": "1\n"}
    texts |= {"index.md": "# Home\n\n```{toctree}\n:numbered:\nbook/a\nbook/b\n```\n", "conf.py": ""}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    ours = ("addresses", "page_feet", "site_files", "take_along")
    settings = {
        "extensions": ["myst_nb", *(f"haicbook.book.{name}" for name in ours)],
        "myst_enable_extensions": ["colon_fence"],
        "nb_execution_mode": "off",
        # its own: myst-nb writes into what Sphinx shares among all projects of a process
        "source_suffix": {".rst": "restructuredtext"},
        "numfig": True,
        "html_theme": "sphinx_book_theme",
        "copyright": "2026",
        "html_baseurl": "https://example.org/book",
        "haicbook_repository": "https://example.org/source/",
    }
    app = SphinxTestApp("html", srcdir=tmp_path, confoverrides=settings)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(take_along, "printed_values", lambda page: b"values")
            app.build()
        assert app.warning.getvalue() == ""
        return Path(app.outdir)
    finally:
        app.cleanup()


def test_every_table_and_figure_of_a_notebook_is_a_file_beside_its_page_and_in_the_archive(built: Path) -> None:
    folder = built / "take" / "a"
    names = {
        "tab-a_b-effects.csv",
        "fig-a_b-curve.svg",
        "fig-a_b-curve.png",
        "a-printed-values.zip",
        "a.bib",
        "a.ris",
    }
    assert {path.name for path in folder.iterdir()} == {*names, "a.zip"}
    rows = list(csv.reader(io.StringIO((folder / "tab-a_b-effects.csv").read_text(encoding="utf-8-sig"))))
    assert rows == [["Arm", "Effect"], ["One", "-1.5"], ["'=SUM(A1)", "–"]]
    assert (folder / "fig-a_b-curve.svg").read_text() == SVG
    assert (folder / "fig-a_b-curve.png").read_bytes().startswith(b"\x89PNG")
    with zipfile.ZipFile(folder / "a.zip") as archive:
        assert set(archive.namelist()) == {f"a/{name}" for name in (*names, "a.ipynb", "a-os.csv", "README.txt")}
        assert "Table 1.1: tab-a_b-effects.csv\nThe message. A method." in archive.read("a/README.txt").decode()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert not (built / "take" / "b").exists()


def test_the_page_links_each_of_them_by_an_address_that_works_from_a_folder(built: Path) -> None:
    page = BeautifulSoup((built / "a.html").read_text(), "html.parser")
    links = {str(link["href"]) for link in page.select(".haic-take-along a[download]")}
    assert links == {"_sources/a.ipynb", *(f"take/a/{path.name}" for path in (built / "take" / "a").iterdir())}
    assert all((built / link).is_file() for link in links)
    assert page.select_one('.bd-toc a[href="#take-along"], nav a[href="#take-along"]')
    assert not BeautifulSoup((built / "b.html").read_text(), "html.parser").select(".haic-take-along")


def test_a_chapter_is_cited_with_the_version_and_the_data_that_it_rests_on(built: Path) -> None:
    bib, ris = ((built / "take" / "a" / f"a.{kind}").read_bytes().decode() for kind in ("bib", "ris"))
    assert bib.startswith(
        "@incollection{haicbook_a,\n  author = {{The people}},\n  title = {{Chapter 1: 10 \\% \\& more}},\n"
    )
    assert "  url = {https://example.org/book/a.html},\n}\n" in bib
    lines = ris.split("\r\n")
    assert lines[:3] == ["TY  - CHAP", "AU  - The people,", "TI  - Chapter 1: 10 % & more"]
    assert lines[-2:] == ["ER  - ", ""]
    digest = next(line for line in lines if line.startswith("N1")).rsplit(" ", 1)[-1]
    assert digest in bib
    assert digest in BeautifulSoup((built / "b.html").read_text(), "html.parser").select_one(".haic-edition").text


def test_a_report_names_the_page_and_without_a_repository_there_is_none(built: Path) -> None:
    page = BeautifulSoup((built / "b.html").read_text(), "html.parser")
    assert page.select_one("a.haic-report")["href"].startswith(
        "https://example.org/source/issues/new?title=b%3A%20&body=Page%3A%20b.html%0A"
    )
    config = type("Config", (), {"html_baseurl": "", "haicbook_repository": "", "copyright": "2026"})
    hidden = edition(built.parents[1], config)  # type: ignore[arg-type]
    assert hidden.report("b") == ""
    assert "url" not in hidden.bibtex("b", "B")


def test_the_site_has_a_page_for_wrong_addresses_and_a_list_of_the_right_ones(built: Path) -> None:
    lost = BeautifulSoup((built / "404.html").read_text(), "html.parser")
    assert lost.select_one('article a[href="index.html"]')
    assert lost.select_one(".haic-edition")
    listed = re.findall(r"<loc>(.*?)</loc>", (built / "sitemap.xml").read_text())
    assert listed == [f"https://example.org/book/{name}.html" for name in ("a", "b", "index")]
