"""The real thing: every chapter executed with its defaults, and the built pages."""

from __future__ import annotations

import copy
import json
import math
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from browser import needs_chromium, printed_pages, seen
from bs4 import BeautifulSoup

from chapters import ACROSS, CHAPTERS, default, outcomes, silently
from haicbook import study
from haicbook.book.alone import alone
from haicbook.book.appendix import COLUMNS, write_appendix
from haicbook.book.build import Built, build_pages
from haicbook.book.home import write_cards
from haicbook.book.ledger import write_ledger
from haicbook.book.notebooks import names, read_sources
from haicbook.book.pdf import print_book
from haicbook.book.status import write_page
from haicbook.book.survives import write_survives
from haicbook.paths import build_dir, executed_dir, root
from haicbook.synthesis.judgements import appraisal, risk_of_bias
from haicbook.teaching.pages import write_teaching

# what a reader came for, then how it was arrived at; a trial's design comes before what became of it
SECTIONS = [
    "The paper at a glance",
    "Baseline characteristics",
    "Tumour response",
    "Survival",
    "Adverse events",
    "Does it add up?",
    "Balance",
    "Cox models",
    "Assumptions",
]


# --- shape ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_has_the_nine_sections_in_order(name: str) -> None:
    text = read_sources([name])[name].text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    trial = [*SECTIONS[:2], "The design as planned and as run", *(name for name in SECTIONS[2:] if name != "Balance")]
    assert headings == (trial if name == "shen2025" else SECTIONS)


@pytest.mark.parametrize("name", [*ACROSS[:-1], "reconstruction"])
def test_a_chapter_across_the_papers_begins_with_what_to_take_from_it(name: str) -> None:
    _, box, rest = read_sources([name])[name].text.partition("\n:::{div} haic-card\n")
    told = rest.partition("\n:::\n")[0].splitlines()
    assert box
    assert 3 <= len(told) <= 4
    assert sum("{glue:text}" in line for line in told) >= 2


@pytest.mark.parametrize("name", [*CHAPTERS, *ACROSS])
def test_sources_are_short_and_cells_are_thin(name: str) -> None:
    source = read_sources([name])[name]
    cells = [cell for cell in source.node.cells if cell.cell_type == "code"]
    lines = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in cells]
    assert len(source.text.splitlines()) <= 260
    assert (20 if name in CHAPTERS else 8) <= len(cells) <= 30
    assert statistics.median(lines) <= 5
    assert max(lines) <= 16


@pytest.mark.parametrize("name", [*CHAPTERS, *ACROSS])
def test_executed_figures_are_described_and_code_is_folded(name: str) -> None:
    assert default(name)
    cells = json.loads((executed_dir() / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            assert {"hide-input", "remove-cell"} & set(cell["metadata"]["tags"])
            if any("image/svg+xml" in output.get("data", {}) for output in cell["outputs"]):
                settings = cell["metadata"]["mystnb"]
                assert settings["figure"]["caption"]
                assert settings["figure"]["name"].startswith(f"fig-{name}-")
                assert len(settings["image"]["alt"]) > 20
                assert "dark-light" in settings["image"]["classes"]


# --- pages ------------------------------------------------------------------------------------------------------------


@cache
def built() -> Built:
    """The book, built once, also when that fails."""
    write_page([outcome.job.source.name for outcome in outcomes()], [])
    write_cards()
    write_appendix()
    write_ledger()
    write_teaching()
    write_survives()
    with alone(silently):
        return build_pages(strict=True)


@cache
def pages() -> dict[Path, BeautifulSoup]:
    assert all(outcome.well for outcome in outcomes()), outcomes()
    assert built().code == 0, "\n".join([*built().warnings, *built().last])
    html = build_dir() / "html"
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in html.rglob("*.html")
        if "_static" not in path.parts
    }


def chapter_pages() -> Iterator[tuple[Path, BeautifulSoup]]:
    there = pages()  # building them writes the status page
    made = {path.stem for path in executed_dir().glob("*.*") if path.suffix in (".ipynb", ".md")}
    for path, page in there.items():
        if path.parent == build_dir() / "html" and path.stem in made:
            yield path, page


def test_the_book_has_a_page_for_every_chapter() -> None:
    there = {path.stem for path, _ in chapter_pages()}
    assert {*CHAPTERS, *ACROSS, "status"} <= there


def searchable(name: str) -> dict[str, list]:
    """Columns, filters and rows of the appendix or of the ledger."""
    pages()
    text = (build_dir() / "html" / name).read_text(encoding="utf-8")
    return dict(json.loads(text.removeprefix("window.haicValues = ").removesuffix(";\n")))


def appendix_rows() -> list[list[str]]:
    data = searchable("values/values.js")
    assert data["columns"] == list(COLUMNS)
    return list(data["rows"])


def finds_something(query: str) -> bool:
    """Whether an address into the ledger, `Study=…&Rule=…`, filters by its columns and leaves a row."""
    data = searchable("audit/ledger.js")
    asked = dict(parse_qsl(query, strict_parsing=True))
    places = {name: data["columns"].index(name) for name in asked}
    found = any(all(row[places[name]] == value for name, value in asked.items()) for row in data["rows"])
    return found and asked.keys() <= set(data["filters"])


def test_the_appendix_has_every_printed_value_once() -> None:
    ids = [row[-1] for row in appendix_rows()]
    expected = [value_id for name in study.studies() for value_id in study.load(name).values.id]
    assert ids == expected
    assert len(set(ids)) == len(ids)
    used = {row[COLUMNS.index("Used in")].split(":")[0] for row in appendix_rows()}
    assert {"target", "audit"} <= used


@pytest.mark.parametrize("name", CHAPTERS)
def test_printed_figures_in_a_chapter_lead_to_their_rows(name: str) -> None:
    page = next(page for path, page in chapter_pages() if path.stem == name)
    links = page.select("article a.haic-value")
    assert len(links) > 20
    printed = {row[-1]: row[COLUMNS.index("Printed")] for row in appendix_rows()}
    for link in links:
        value_id = link["href"].removeprefix("values.html#")
        assert value_id.startswith(f"{name}/")
        assert value_id in printed


def shown_by_chromium(address: str, profile: Path) -> str:
    """What a page's scripts made of it."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=4000", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


@needs_chromium
def test_the_appendix_opens_at_the_row_of_its_address(tmp_path: Path) -> None:
    page = build_dir() / "html" / "values.html"
    wanted = appendix_rows()[-1][-1]
    row = BeautifulSoup(shown_by_chromium(f"{page.as_uri()}#{wanted}", tmp_path), "html.parser").find("tr", id=wanted)
    assert row is not None
    assert "haic-marked" in row["class"]


@needs_chromium
def test_a_browser_meets_no_error_on_any_page_and_none_is_wider_than_a_telephone(tmp_path: Path) -> None:
    addresses = [path.as_uri() for path in pages() if path.parent == build_dir() / "html"]
    found = seen(addresses, tmp_path, width=360)
    assert found.console == []
    assert found.wider == dict.fromkeys(addresses, 0)


@needs_chromium
def test_a_chapter_fits_fourteen_pages_of_paper(tmp_path: Path) -> None:
    pages()
    printed = {path.stem: printed_pages(path) for path in print_book(build_dir() / "html", study.studies(), tmp_path)}
    assert all(3 < count <= 14 for count in printed.values()), printed


@needs_chromium
def test_an_old_address_leads_to_the_page_and_its_row(tmp_path: Path) -> None:
    wanted = appendix_rows()[-1][-1]
    page = build_dir() / "html" / "book" / "_executed" / "values.html"
    row = BeautifulSoup(shown_by_chromium(f"{page.as_uri()}#{wanted}", tmp_path), "html.parser").find("tr", id=wanted)
    assert row is not None


def test_no_address_shows_the_folders_of_the_sources() -> None:
    for path, page in chapter_pages():
        addresses = [tag[key] for key in ("href", "src") for tag in page.find_all(attrs={key: True})]
        assert [address for address in addresses if "_executed" in address] == [], path.name


def test_no_link_is_broken() -> None:
    anchors = {path: {tag.get("id") for tag in page.find_all(id=True)} for path, page in pages().items()}
    anchors[build_dir() / "html" / "values.html"] |= {row[-1] for row in appendix_rows()}
    broken = []
    for path, page in pages().items():
        for link in page.find_all("a", href=True):
            target = urlsplit(link["href"])
            if target.scheme or link["href"].startswith(("javascript:", "mailto:")):
                continue
            file = (path.parent / unquote(target.path)).resolve() if target.path else path
            known = file.exists() and (not target.fragment or file not in anchors or target.fragment in anchors[file])
            if file.name == "audit.html" and "=" in target.fragment:
                known = finds_something(target.fragment)
            if not known:
                broken.append(f"{path.name}: {link['href']}")
    assert broken == []


FETCHING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Requests(HTMLParser):
    """What a browser would fetch for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("rel") in ("canonical", "author", "search", "next", "prev", "index"):
            return
        address = values.get(FETCHING.get(tag, ""))
        if address and re.match(r"(https?:)?//", address):
            self.found.append(address)


def test_reading_a_page_asks_the_network_for_nothing() -> None:
    asked = {}
    for path in pages():
        requests = Requests()
        text = path.read_text(encoding="utf-8")
        requests.feed(text)
        asked[path.name] = [*requests.found, *re.findall(r"url\(\s*['\"]?(https?:[^)]+)\)", text)]
    assert {name: found for name, found in asked.items() if found} == {}
    styles = (build_dir() / "html" / "_static").rglob("*.css")
    assert [
        path.name for path in styles if re.search(r"@import[^;]*https?:|url\(\s*['\"]?https?:", path.read_text("utf-8"))
    ] == []


def test_every_figure_has_alt_text_and_a_numbered_caption() -> None:
    figures = 0
    for path, page in chapter_pages():
        for image in page.select("article img"):
            assert len(image.get("alt", "")) > 20, (path.name, image)
        for figure in page.select("article figure"):
            figures += 1
            assert figure.select_one("figcaption .caption-number"), path.name
    assert figures >= 5 * 5


def test_every_table_is_numbered_and_says_where_it_comes_from() -> None:
    for path, page in chapter_pages():
        # a page of the journal club may be without
        if path.stem not in (*CHAPTERS, *ACROSS, "audit"):
            continue
        tables = page.select("article table.haic-table")
        assert tables, path.name
        for table in tables:
            # the ledger's matrix is a way into its findings, written as HTML, with a caption and without a number
            number = "caption" if "haic-matrix" in table["class"] else "caption .caption-number"
            assert table.select_one(number), path.name


def test_no_page_shows_a_traceback_or_a_missing_number() -> None:
    for path, page in pages().items():
        article = copy.copy(page.select_one("article"))
        assert article is None or "Traceback" not in article.get_text(" "), path.name
        for code in article.select("div.cell_input") if article else ():
            code.extract()
        # "None of …" is a sentence; a Python None is not, but the API reference speaks of it
        documented = article.select("dl.py, table.autosummary") if article and path.stem.startswith("api_") else ()
        for description in documented:
            description.extract()
        alts = [image["alt"] for image in article.select("img[alt]")] if article else []
        text = " ".join([article.get_text(" "), *alts]) if article else ""
        shown = re.findall(r".{0,40}\b(?:nan|NaN|None(?! of)|inf|np\.float64)\b.{0,20}", text)
        assert shown == [], path.name


# keys of the data, outside code, addresses and the status of the build, which names notebooks as the command does
_KEYS = re.compile(
    r"(?<![\w/.-])(?:hlp|hl|hepa_haic|post_ab|first_line|liu_hepa|[gl][te]\d+|(?:before|after)_psm|recist11)(?![\w/])"
)


def test_no_chapter_shows_a_key_of_the_data() -> None:
    for path, page in chapter_pages():
        if path.stem in ("status", "audit", "values"):
            continue
        article = copy.copy(page.select_one("article"))
        for code in article.select("div.cell_input, code, pre, script"):
            code.extract()
        words = [article.get_text(" "), *(image["alt"] for image in article.select("img[alt]"))]
        assert [found for text in words for found in re.findall(f".{{0,40}}{_KEYS.pattern}.{{0,20}}", text)] == [], path


def test_every_survival_figure_is_labelled_as_reconstructed() -> None:
    for path, page in chapter_pages():
        for figure in page.select("article figure"):
            if "Kaplan" in str(figure) or "survival curve" in figure.img["alt"]:
                assert "econstructed" in figure.figcaption.get_text(), path.name


def test_the_executed_notebooks_hold_no_failed_cell_and_no_path_of_this_machine() -> None:
    for name in names():
        text = (executed_dir() / f"{name}.ipynb").read_text(encoding="utf-8")
        assert '"output_type": "error"' not in text
        assert str(root()) not in text


def test_numbers_shown_are_finite() -> None:
    for name in CHAPTERS:
        values = default(name).values
        assert all(not isinstance(v.value, float) or math.isfinite(v.value) for v in values.values())


# --- the journal club -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_session_is_short_before_its_folds_and_its_answers_are_filled(name: str) -> None:
    for kind in ("session", "facilitator"):
        page = next(page for path, page in chapter_pages() if path.stem == f"{kind}_{name}")
        article = copy.copy(page.select_one("article"))
        folds = article.select("details")
        assert len(folds) >= 8 if kind == "session" else not folds
        for part in [*folds, *article.select(".headerlink")]:
            part.extract()
        assert 300 < len(article.get_text(" ").split()) <= 1200, kind
        assert article.select("table.haic-table a.reference"), "what to show on the screen"
        assert not re.search(r"\{\{|…", str(page.select_one("article"))), kind


@pytest.mark.parametrize("name", [*CHAPTERS, "book"])
def test_a_deck_has_a_slide_for_each_step_with_notes_and_figures_that_are_there(name: str) -> None:
    pages()
    place = build_dir() / "html" / "slides" / f"{name}.html"
    deck = BeautifulSoup(place.read_text(encoding="utf-8"), "html.parser")
    slides = deck.select(".slides > section")
    assert 12 <= len(slides) <= 15
    for slide in slides:
        assert slide.select_one("h1, h2").get_text()
        assert len(slide.select_one("aside.notes").get_text()) > 20, slide.h2
        assert "{" not in slide.get_text()
    sources = [tag.get("src") or tag.get("href") for tag in deck.select("img, script, link")]
    assert len(deck.select("img[alt]")) >= 3
    assert [source for source in sources if not (place.parent / source.split("?")[0]).resolve().is_file()] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_sheet_is_filled_in_with_the_judgements_of_the_data(name: str) -> None:
    page = next(page for path, page in chapter_pages() if path.stem == f"sheet_{name}").get_text(" ")
    bias, items = risk_of_bias(), appraisal()
    reasons = [*bias[(bias.study == name) & (bias.outcome != "pfs")].reason, *items[items.study == name].reason]
    assert len(reasons) >= 7
    # as the book typesets them
    assert [reason for reason in reasons if reason.replace("'", "’") not in page] == []
