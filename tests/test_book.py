"""The real thing: every chapter executed with its defaults and with each parameter changed, and the built pages."""

from __future__ import annotations

import copy
import json
import math
import re
import statistics
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from browser import needs_chromium, violations
from bs4 import BeautifulSoup
from rich.console import Console

from haicbook import study
from haicbook.book.alone import alone
from haicbook.book.appendix import COLUMNS, write_appendix
from haicbook.book.build import build_pages
from haicbook.book.ledger import write_ledger
from haicbook.book.notebooks import names, read_sources
from haicbook.book.run import Outcome, run
from haicbook.book.status import write_page
from haicbook.paths import build_dir, executed_dir, root
from haicbook.results import SavedResults, load_results

CHAPTERS = ["cao2024", "lin2023", "liu_hepa", "lee2024", "shen2025"]
ACROSS = ["across", "response_safety", "effects_bias", "trial", "conclusions"]
# numbers of overall survival that no data set was found to have together with the others: a median follow-up of all
# patients that is below that of each arm
LEFT_OUT = {"cao2024": 1}
SECTIONS = [
    "The paper at a glance",
    "Baseline characteristics",
    ("Balance", "The design as planned and as run"),
    "Tumour response",
    "Survival",
    "Cox models",
    "Adverse events",
    "Does it add up?",
    "Assumptions",
]


def silently(sentence: str) -> None:
    """Whoever waits for another run says nothing in a test."""


@cache
def outcomes() -> tuple[Outcome, ...]:
    with alone(silently):
        return tuple(run((), {}, console=Console(quiet=True)))


def default(name: str) -> SavedResults:
    assert all(outcome.well for outcome in outcomes()), outcomes()
    return load_results(executed_dir() / f"{name}.json")


@cache
def changed(parameter: str, value: str, studies: tuple[str, ...]) -> dict[str, SavedResults]:
    with alone(silently):
        found = run(studies, {parameter: value}, console=Console(quiet=True))
    assert all(outcome.well for outcome in found), found
    folders = {outcome.job.source.name: outcome.job.folder for outcome in found if outcome.job.changed}
    return {name: load_results(folder / f"{name}.json") for name, folder in folders.items()}


# --- shape ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_chapter_has_the_nine_sections_in_order(name: str) -> None:
    text = read_sources([name])[name].text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(headings) == len(SECTIONS)
    for heading, expected in zip(headings, SECTIONS, strict=True):
        assert heading in ((expected,) if isinstance(expected, str) else expected)


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


# --- parameters -------------------------------------------------------------------------------------------------------

Direction = Callable[[SavedResults, SavedResults], bool]


def smaller(*ids: str) -> Direction:
    return lambda before, after: all(after.value(name) < before.value(name) for name in ids)


def larger(*ids: str) -> Direction:
    return lambda before, after: all(after.value(name) > before.value(name) for name in ids)


def differs(*ids: str) -> Direction:
    return lambda before, after: all(after.value(name) != before.value(name) for name in ids)


def narrower(before: SavedResults, after: SavedResults) -> bool:
    pairs = [
        name.removesuffix(".low") for name in before.values if re.fullmatch(r"response\.orr\.\w+(\.\w+)?\.low", name)
    ]
    assert pairs
    return all(_width(after, pair) < _width(before, pair) for pair in pairs)


def _width(results: SavedResults, name: str) -> float:
    return float(results.value(f"{name}.high") - results.value(f"{name}.low"))


def shorter_means(before: SavedResults, after: SavedResults) -> bool:
    means = [name for name in before.values if name.endswith(".rmst")]
    assert means
    return all(after.value(name) < before.value(name) for name in means)


def fewer_members_within_their_range(before: SavedResults, after: SavedResults) -> bool:
    """The first members are the same, so the range over fewer of them lies within the range over all."""
    bands = [name for name in before.values if name.endswith(".band")]
    assert bands
    members = after.value("os.members") < before.value("os.members")
    return members and all(after.value(name) <= before.value(name) for name in bands)


def fewer_leave_early(before: SavedResults, after: SavedResults) -> bool:
    """With patients leaving late, fewer leave before half of an arm have had the event."""
    counts = [
        (before.value(name), after.value(name)) for name in before.values if re.fullmatch(r"pfs\.\w+\.left_early", name)
    ]
    assert counts
    return all(late < uniform for uniform, late in counts)


ALL = tuple(CHAPTERS)
TWO_ARMS = ("cao2024", "lin2023", "liu_hepa", "lee2024")
CHANGES: list[tuple[str, str, tuple[str, ...], Direction]] = [
    ("seed", "4711", ALL, differs("os.digest", "pfs.digest")),
    ("confidence", "0.8", ALL, narrower),
    ("horizon", "9.0", ALL, shorter_means),
    ("replicates", "20", ALL, fewer_members_within_their_range),
    ("censoring", "late", ALL, fewer_leave_early),
    ("confounder_effect", "4.0", TWO_ARMS, larger("confounding.hr_adjusted")),
    ("confounder_gap", "0.4", TWO_ARMS, larger("confounding.hr_adjusted")),
    ("caliper", "0.01", ("lin2023", "liu_hepa"), smaller("rerun.pairs")),
    ("caliper_scale", "sd_logit", ("lin2023",), smaller("rerun.pairs")),
    ("caliper_scale", "score", ("liu_hepa",), larger("rerun.pairs")),
    ("cohorts", "20", ("lin2023", "liu_hepa"), smaller("rerun.cohorts")),
    ("rho", "0.8", ("lin2023", "liu_hepa"), smaller("rerun.pairs")),
    ("spread", "0.0", ("lin2023", "liu_hepa"), differs("rerun.distance")),
    ("etiology", "hbv", ("liu_hepa",), larger("rerun.rows")),
    ("null_rate", "0.3", ("shen2025",), smaller("design.type_one")),
    ("alternative_rate", "0.7", ("shen2025",), larger("design.power")),
    ("seed", "4713", ("reconstruction",), differs("digest")),
    ("replicates", "23", ("reconstruction",), smaller("members")),
    ("horizon", "12.0", ("reconstruction",), larger("last.a", "last.b")),
    ("confidence", "0.81", ("across",), smaller("rmst.cao2024.h1.width", "rmst.liu_hepa.h1.width")),
    ("first_horizon", "9.0", ("across",), smaller("rmst.cao2024.h1")),
    ("second_horizon", "20.0", ("across",), larger("rmst.cao2024.h2")),
    ("third_horizon", "30.0", ("across",), larger("rmst.cao2024.h3")),
    ("first_period", "4.0", ("across",), differs("period.cao2024.from_0")),
    ("second_period", "18.0", ("across",), differs("period.cao2024.from_6")),
    ("replicates", "21", ("across",), differs("rmst.cao2024.h1")),
    ("confidence", "0.82", ("response_safety",), smaller("orr.cao2024.si.width", "differences.any.widest")),
    ("discovery_rate", "0.3", ("response_safety",), larger("differences.any.discoveries")),
    ("shown_differences", "5", ("response_safety",), smaller("differences.shown")),
    ("seed", "4712", ("effects_bias",), differs("response_bias.cao_2024_si")),
    ("confidence", "0.83", ("effects_bias",), smaller("summary.os.width", "summary.pfs.width")),
    ("confounder_effect", "4.5", ("effects_bias",), larger("tipping.cao2024.share")),
    ("entry_months", "1.0", ("effects_bias",), differs("entry.end")),
    ("landmark_months", "1.0", ("effects_bias",), differs("landmark.end")),
    ("lead_months", "1.0", ("effects_bias",), smaller("lead.end")),
    ("missed_share", "0.1", ("effects_bias",), smaller("missed.end")),
    ("missed_window", "5.0", ("effects_bias",), differs("missed.end")),
    ("scan_month", "4.0", ("effects_bias",), smaller("response_bias.lin_2023_haic_l")),
    ("replicates", "22", ("effects_bias",), differs("landmark.end")),
    ("alpha", "0.1", ("trial",), smaller("best.optimal.n")),
    ("beta", "0.2", ("trial",), smaller("best.optimal.n")),
    ("p0", "0.3", ("trial",), smaller("printed.type_one")),
    ("p1", "0.7", ("trial",), larger("printed.power")),
    ("n_max", "40", ("trial",), smaller("admissible.designs")),
    ("prior_a", "10.0", ("trial",), larger("posterior.mean")),
    ("prior_b", "10.0", ("trial",), smaller("posterior.mean")),
    ("confidence", "0.84", ("trial",), smaller("posterior.width", "interval.wilson.width")),
    ("information_size", "50", ("conclusions",), smaller("steps.together", "steps.pd1")),
]


@pytest.mark.parametrize(
    ("parameter", "value", "studies", "moved"), CHANGES, ids=[f"{c[0]}-{c[2][0]}" for c in CHANGES]
)
def test_a_changed_parameter_moves_a_named_value(
    parameter: str, value: str, studies: tuple[str, ...], moved: Direction
) -> None:
    before = {name: default(name) for name in studies}
    after = changed(parameter, value, studies)
    assert {name for name in studies if not moved(before[name], after[name])} == set()


def test_every_parameter_of_every_notebook_is_in_that_list() -> None:
    declared = {(item.name, name) for name, source in read_sources(names()).items() for item in source.parameters}
    tried = {(parameter, study) for parameter, _, studies, _ in CHANGES for study in studies}
    assert tried == declared


def test_a_changed_run_leaves_the_book_alone() -> None:
    before = {name: default(name).parameters for name in ALL}
    changed("confidence", "0.8", ALL)
    assert {name: load_results(executed_dir() / f"{name}.json").parameters for name in ALL} == before


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_printed_number_is_met_or_named(name: str) -> None:
    """No chapter drops a target silently: what is not met is counted, and the page says which."""
    results = default(name)
    # a median may not be reached, and where few are at risk at the horizon there is no interval of mean survival
    may_lack = ("median", "rmst_difference.ci_")
    assert all(
        item.state == "present" or any(word in key for word in may_lack)
        for key, item in results.values.items()
        if key.startswith("os.")
    )
    counts = {key: int(results.value(key)) for key in results.values if key.endswith("targets_dropped")}
    assert counts["os.targets_dropped"] == LEFT_OUT.get(name, 0)
    text = (executed_dir() / f"{name}.ipynb").read_text(encoding="utf-8")
    named = re.findall(r"no data set of \d+ patients|Data sets that have it together", text)
    assert len(named) == sum(counts.values())


# --- pages ------------------------------------------------------------------------------------------------------------


@cache
def pages() -> dict[Path, BeautifulSoup]:
    assert all(outcome.well for outcome in outcomes()), outcomes()
    write_page([outcome.job.source.name for outcome in outcomes()], [])
    write_appendix()
    write_ledger()
    with alone(silently):
        built = build_pages(strict=True)
    assert built.code == 0, "\n".join([*built.warnings, *built.last])
    html = build_dir() / "html"
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in html.rglob("*.html")
        if "_static" not in path.parts
    }


def chapter_pages() -> Iterator[tuple[Path, BeautifulSoup]]:
    built = pages()
    made = {path.stem for path in executed_dir().glob("*.*") if path.suffix in (".ipynb", ".md")}
    for path, page in built.items():
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
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@needs_chromium
def test_the_appendix_opens_at_the_row_of_its_address(tmp_path: Path) -> None:
    page = build_dir() / "html" / "values.html"
    wanted = appendix_rows()[-1][-1]
    row = BeautifulSoup(shown_by_chromium(f"{page.as_uri()}#{wanted}", tmp_path), "html.parser").find("tr", id=wanted)
    assert row is not None
    assert "haic-marked" in row["class"]


@needs_chromium
def test_pages_keep_their_policy(tmp_path: Path) -> None:
    pages()
    found = [
        build_dir() / "html" / f"{name}.html" for name in ("index", "cao2024", "audit", "values", "reconstruction")
    ]
    assert violations([page.as_uri() for page in found], tmp_path) == []


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
        if path.stem in ("status", "values"):
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
        text = article.get_text(" ") if article else ""
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
