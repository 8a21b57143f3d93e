"""Pages on paper: printed by a browser, with folds open and light colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import needs_chromium, printed_pages
from tiny import call, write

from haicbook.book import pdf
from haicbook.book.pdf import in_one, print_book, print_page, reading_order
from haicbook.book.refusals import WrongUsageError
from haicbook.paths import root

PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8" /><link rel="stylesheet" href="haicbook.css" /></head>
<body><nav>frame</nav><article class="bd-article"><section id="{name}"><h1>{name}</h1>{text}</section></article>
{after}</body></html>
"""


@pytest.fixture
def html(tmp_path: Path) -> Path:
    links = '<a href="#one">up</a> <a href="two.html#two">on</a> <a href="api_stats.html">code</a>'
    texts = {"index": "", "one": links, "api_stats": "", "two": '<a href="one.html">back</a>'}
    following = dict(zip(texts, [*list(texts)[1:], ""], strict=True))
    for name, text in texts.items():
        after = f'<a class="right-next"\n href="{following[name]}.html">next</a>' if following[name] else ""
        write(tmp_path / "html" / f"{name}.html", PAGE.format(name=name, text=text, after=after))
    return tmp_path / "html"


def test_the_book_is_in_the_order_of_its_reading_without_what_is_for_a_screen(html: Path) -> None:
    assert reading_order(html) == ["index", "one", "two"]


def test_pages_in_one_lead_to_each_other_and_out_only_to_what_is_left_out(html: Path) -> None:
    whole = in_one(html, ["index", "one", "two"])
    assert whole.count("<nav>frame</nav>") == 1
    assert '<div id="one--" class="haic-new-page">' in whole
    assert '<section id="one--one">' in whole
    for link in ('"#one--one"', '"#two--two"', '"#one--"', '"api_stats.html"'):
        assert f"href={link}" in whole


def test_what_cannot_be_printed_is_named_before_anything_is(html: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match=r"tow: .*; near it: two") as wrong:
        list(print_book(html, ["one", "tow", "xyz"], tmp_path / "pdf"))
    assert len(wrong.value.problems) == 2
    assert not (tmp_path / "pdf").exists()
    with pytest.raises(WrongUsageError, match="haicbook build"):
        list(print_book(tmp_path / "none", [], tmp_path / "pdf"))


def test_without_a_browser_the_command_says_what_to_install(
    html: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    write(tmp_path / "_config.yml", "")
    (tmp_path / "_build").mkdir()
    html.rename(tmp_path / "_build" / "html")
    ended = call(tmp_path, "pdf", "one")
    assert ended.exit_code == 2
    assert "apt install chromium" in ended.stderr
    assert not (tmp_path / "_build" / "pdf" / "one.pdf").exists()


@needs_chromium
def test_a_fold_is_open_on_paper_and_each_page_of_the_book_begins_a_new_one(html: Path, tmp_path: Path) -> None:
    write(html / "haicbook.css", (root() / "book" / "_static" / "haicbook.css").read_text(encoding="utf-8"))
    tall = "<details><summary>more</summary><div style='height: 600mm'>long</div></details>"
    write(html / "one.html", PAGE.format(name="one", text=tall, after='<a class="right-next" href="two.html">'))
    one, two, whole = (tmp_path / f"{name}.pdf" for name in ("one", "two", pdf.BOOK))
    print_page(html / "one.html", one)
    print_page(html / "two.html", two)
    assert (printed_pages(one), printed_pages(two)) == (3, 1)
    write(html / ".in-one.html", in_one(html, ["index", "two", "one"]))
    print_page(html / ".in-one.html", whole)
    assert printed_pages(whole) == 5
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".pdf.")]
