"""What a link to a page shows elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

LONG = "The message of the page, which <b> is said in its first paragraph, and goes on for a while: " + "word " * 60
PAGES = {
    "index": f"# Home & more\n\nShort.\n\n{LONG}\n\n```{{toctree}}\ncard\nempty\n```\n",
    "card": "# A chapter\n\nA first paragraph that is long enough to be a message, and is not it.\n\n"
    ":::{div} haic-bottom-line\nWhat *follows* from the study, in one sentence.\n:::\n",
    "empty": "# Nothing\n\nShort.\n",
}


@pytest.fixture
def heads(tmp_path: Path) -> dict[str, dict[str, str]]:
    for name, text in PAGES.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    (tmp_path / "conf.py").touch()
    settings = {
        "extensions": ["myst_parser", "sphinx_design", "haicbook.book.page_heads"],
        "html_theme": "basic",
        "html_title": "a book",
        "myst_enable_extensions": ["colon_fence"],
    }
    app = SphinxTestApp("html", srcdir=tmp_path, confoverrides=settings)
    try:
        app.build()
        found = {}
        for name in PAGES:
            page = BeautifulSoup((Path(app.outdir) / f"{name}.html").read_text(), "html.parser")
            tags = [tag for tag in page("meta") if tag.get("content")]
            found[name] = {str(tag.get("name") or tag.get("property")): str(tag["content"]) for tag in tags}
        return found
    finally:
        app.cleanup()


def test_a_page_is_described_by_its_message(heads: dict[str, dict[str, str]]) -> None:
    home = heads["index"]
    assert home["og:title"] == "Home & more"
    assert home["og:site_name"] == "a book"
    assert home["description"] == home["og:description"]
    assert home["description"].startswith("The message of the page, which <b> is said")
    assert home["description"].endswith("word …")
    assert len(home["description"]) <= 202
    assert heads["card"]["description"] == "What follows from the study, in one sentence."
    assert "description" not in heads["empty"]
