"""Words of the glossary: the first use of each in a chapter leads to what it means."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

from haicbook.book.glossary_links import pattern, terms
from haicbook.paths import root

GLOSSARY = """\
# Glossary

```{glossary}
At risk
  Still followed, *without* the event.

OS, PFS
  Overall survival.
  Progression-free survival.

Kaplan–Meier curve
  A curve.
```
"""
CHAPTER = """\
# At risk of a title

At risk are few; `OS` is code and [OS](https://example.org) a link. Patients at risk again.

| OS |
| -- |
| OS |

* In a list, OS comes first. Of *PFS*, Kaplan–Meier curves.

Non-OS, OSX and PFS–OS are other words.
"""


@pytest.fixture
def page(tmp_path: Path) -> BeautifulSoup:
    texts = {"book/glossary.md": GLOSSARY, "book/_executed/a.md": CHAPTER, "book/other.md": "# Other\n\nOS\n"}
    texts["index.md"] = "# Home\n\n```{toctree}\nbook/glossary\nbook/_executed/a\nbook/other\n```\n"
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "conf.py").touch()
    extensions = ["myst_parser", "haicbook.book.addresses", "haicbook.book.glossary_links"]
    app = SphinxTestApp("html", srcdir=tmp_path, confoverrides={"extensions": extensions, "html_theme": "basic"})
    try:
        app.build()
        assert app.warning.getvalue() == ""
        assert "haic-term" not in (Path(app.outdir) / "other.html").read_text()
        return BeautifulSoup((Path(app.outdir) / "a.html").read_text(), "html.parser")
    finally:
        app.cleanup()


def test_the_first_use_of_each_word_leads_to_its_entry_with_its_meaning(page: BeautifulSoup) -> None:
    links = page.select("a.haic-term")
    assert [link.text for link in links] == ["At risk", "OS", "PFS", "Kaplan–Meier curves"]
    assert [link["href"] for link in links] == [
        "glossary.html#term-At-risk",
        "glossary.html#term-OS-PFS",
        "glossary.html#term-OS-PFS",
        "glossary.html#term-KaplanMeier-curve",
    ]
    assert links[0]["title"] == "Still followed, without the event."
    assert not page.select("h1 a.haic-term, code a, td a")


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("Caliper", "a caliper of 0.2", True),
        ("Caliper", "two Calipers", True),
        ("TACE", "DEB-TACE", False),
        ("TACE", "tace", False),
        ("OS", "those", False),
    ],
)
def test_a_word_is_met_as_a_sentence_has_it(word: str, text: str, found: bool) -> None:
    assert bool(pattern(word).search(text)) == found


def test_the_books_own_glossary_is_read_to_its_last_entry() -> None:
    text = (root() / "book" / "glossary.md").read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#", "`"))]
    assert {f"{term.anchor}" for term in terms(text)} >= {"term-AFP", "term-Tipping-point"}
    assert len({term.anchor for term in terms(text)}) == len(entries)
