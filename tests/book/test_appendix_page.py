"""The appendix: its rows say what the data say, and its table can be searched, filtered, sorted and paged."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import pytest

from haicbook import study
from haicbook.book.appendix import COLUMNS, rows_of

SCRIPT = Path(__file__).parents[2] / "book" / "_static" / "values.js"
PAPERS = [study.load(name) for name in study.studies()]
CHROMIUM = shutil.which("chromium")


@cache
def every_row() -> dict[str, dict[str, str]]:
    return {row[-1]: dict(zip(COLUMNS, row, strict=True)) for paper in PAPERS for row in rows_of(paper)}


def test_every_row_shows_the_figure_as_printed_and_the_number_that_it_says() -> None:
    for paper in PAPERS:
        for value in paper.values.itertuples(index=False):
            row = every_row()[value.id]
            assert (row["Study"], row["Source"], row["Printed"]) == (paper.study, value.source, value.printed)
            assert row["Row as printed"] == value.label
            assert row["State"] == value.state.replace("_", " ")
            if row["Value"]:
                assert float(row["Value"]) == value.value
            else:
                assert value.statistic == "date" or value.state in ("not_reached", "unreadable", "words")


def test_the_interval_is_the_one_that_the_parser_gives() -> None:
    for paper in PAPERS:
        for value in paper.values.itertuples(index=False):
            shown = every_row()[value.id]["Rounding interval"]
            if " to " in shown and not shown.startswith("up to"):
                low, high = (float(end) for end in shown.split(" to "))
                assert (low, high) == (pytest.approx(value.low, rel=1e-9), pytest.approx(value.high, rel=1e-9))
            elif shown == "not rounded":
                assert value.low == value.high == value.value
            else:
                assert value.state != "exact" or value.statistic == "date"


def test_a_misprint_and_what_is_not_reached_have_no_number() -> None:
    states = {row["State"] for row in every_row().values()}
    assert {"exact", "below", "above", "not reached", "unreadable", "words"} == states
    misprints = [row for row in every_row().values() if row["State"] == "unreadable"]
    assert all(row["Value"] == row["Rounding interval"] == "" and row["Printed"] for row in misprints)


# --- in a browser -----------------------------------------------------------------------------------------------------

MADE_UP = [
    # study, printed, used in, id
    ["a2020", "0.5", "target: OS", "a2020/p/half"],
    ["a2020", "0.13", "", "a2020/p/thirteen"],
    ["a2020", "0.049", "target: OS; audit: repeat", "a2020/p/small"],
    ["b2021", "<0.001", "", "b2021/p/below"],
    ["b2021", "1,234", "audit: repeat", "b2021/n/thousand"],
    ["b2021", "not reached", "", "b2021/m/unreached"],
    ["b2021", "", "", "b2021/m/empty"],
    *(["c2022", f"{number}", "", f"c2022/n/{number}"] for number in range(100, 220)),
]
# what a test's script may use; it returns what is to be checked
TOOLS = """
const $ = (what) => [...document.querySelectorAll(what)];
const shown = () => $("tbody tr").map((row) => row.id);
const status = () => $("[role=status]")[0].textContent;
const type = (text) => { $("input")[0].value = text; $("input")[0].dispatchEvent(new Event("input")); };
const pick = (label, text) => {
  const box = $(`select[aria-label="${label}"]`)[0];
  box.value = text;
  box.dispatchEvent(new Event("change"));
};
const press = (text) => $("button").find((button) => button.textContent === text).click();
const sorts = () => $("th").map((cell) => cell.getAttribute("aria-sort"));
const marked = () => $("tr.haic-marked").map((row) => row.id);
const pause = () => new Promise((done) => setTimeout(done, 300));
"""


def in_browser(
    folder: Path,
    script: str,
    hash_: str = "",
    columns: Sequence[str] = ("Study", "Printed", "Used in", "Id"),
    filters: Sequence[str] = ("Study", "Used in"),
    rows: Sequence[Sequence[str]] = tuple(MADE_UP),
    options: Mapping[str, object] = MappingProxyType({"numbers": ["Printed"]}),
) -> Any:
    """What `script`, run in a page with a table of made-up rows, returns."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    data = {"numbers": [], **options, "columns": columns, "filters": filters, "rows": rows}
    page = folder / "page.html"
    page.write_text(
        f"""<!DOCTYPE html><meta charset="utf-8"><div id="haic-values"></div>
<script>window.haicValues = {json.dumps(data)}; window.wrong = []; window.onerror = (said) => wrong.push(said);</script>
<script src="{SCRIPT.as_uri()}"></script>
<script>{TOOLS}
(async () => {{ {script} }})().then((made) => {{
  const out = document.createElement("pre");
  out.id = "out";
  out.textContent = encodeURIComponent(JSON.stringify({{ made, wrong }}));
  document.body.append(out);
}});</script>""",
        encoding="utf-8",
    )
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--window-size=900,700"]
    command += ["--dump-dom", page.as_uri() + hash_]
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    answer = json.loads(unquote(dom.split('<pre id="out">')[1].split("</pre>")[0]))
    assert answer["wrong"] == []
    return answer["made"]


def test_search_filter_and_clear(tmp_path: Path) -> None:
    searched, both, used, cleared = in_browser(
        tmp_path,
        """
        type("A2020 13"); const searched = shown();
        type(""); pick("Filter by study", "b2021"); pick("Filter by used in", "audit: repeat"); const both = shown();
        pick("Filter by study", ""); const used = shown();
        press("Clear");
        return [searched, both, used, status()];
        """,
    )
    assert searched == ["a2020/p/thirteen"]
    assert both == ["b2021/n/thousand"]
    assert used == ["a2020/p/small", "b2021/n/thousand"]
    assert cleared == f"{len(MADE_UP)} of {len(MADE_UP)} values, page 1 of 3"


def test_printed_figures_are_sorted_by_size_and_what_has_none_comes_last(tmp_path: Path) -> None:
    up, up_marks, down, down_marks = in_browser(
        tmp_path,
        """
        const figures = (of) => {
          pick("Filter by study", of);
          return $("tbody tr").map((row) => row.cells[1].textContent);
        };
        press("Printed");
        const up = [figures("a2020"), figures("b2021")], upMarks = sorts();
        press("Printed");
        return [up, upMarks, [figures("a2020"), figures("b2021")], sorts()];
        """,
    )
    assert up == [["0.049", "0.13", "0.5"], ["<0.001", "1,234", "not reached", ""]]
    assert up_marks == ["none", "ascending", "none", "none"]
    assert down == [["0.5", "0.13", "0.049"], ["1,234", "<0.001", "not reached", ""]]
    assert down_marks == ["none", "descending", "none", "none"]


def test_pages_turn_and_stop_at_both_ends(tmp_path: Path) -> None:
    first, last, ends = in_browser(
        tmp_path,
        """
        const ends = [];
        const note = () => ends.push($("button").filter((b) => b.disabled).map((b) => b.textContent).join());
        const first = shown(); note();
        press("Next"); note(); press("Next"); note();
        const last = shown(); press("Next");
        return [first, [last, shown(), status()], ends];
        """,
    )
    ids = [row[-1] for row in MADE_UP]
    assert first == ids[:50]
    assert last == [ids[100:], ids[100:], f"{len(ids)} of {len(ids)} values, page 3 of 3"]
    assert ends == ["Previous", "", "Next"]


def test_a_link_opens_the_page_of_its_row_and_marks_it_in_sight(tmp_path: Path) -> None:
    marks, place, height = in_browser(
        tmp_path,
        "await pause(); const row = $('tr.haic-marked')[0].getBoundingClientRect();"
        "return [marked(), (row.top + row.bottom) / 2, innerHeight];",
        "#c2022/n/190",
    )
    assert marks == ["c2022/n/190"]
    assert 0 < place < height


def test_a_link_shows_its_row_also_when_a_filter_hides_it(tmp_path: Path) -> None:
    before, after, boxes = in_browser(
        tmp_path,
        """
        pick("Filter by study", "b2021"); type("thousand"); const before = shown();
        location.hash = "#c2022/n/219"; await pause();
        return [before, marked(), [$("input")[0].value, ...$("select").map((box) => box.value)]];
        """,
    )
    assert before == ["b2021/n/thousand"]
    assert after == ["c2022/n/219"]
    assert boxes == ["", "", ""]


@pytest.mark.parametrize("hash_", ["#%", "#no/such/value", "#every-printed-value"])
def test_an_address_of_no_value_shows_the_table_from_its_beginning(tmp_path: Path, hash_: str) -> None:
    assert in_browser(tmp_path, "await pause(); return [shown()[0], marked()];", hash_) == [MADE_UP[0][-1], []]


def test_everything_to_work_with_has_a_name_and_takes_the_keyboard(tmp_path: Path) -> None:
    names, reachable, region = in_browser(
        tmp_path,
        """
        const all = $("input, select, button");
        return [all.map((one) => one.getAttribute("aria-label") || one.textContent),
          all.filter((one) => !one.disabled).every((one) => { one.focus(); return document.activeElement === one; }),
          $("[role=region]").map((one) => one.tabIndex)];
        """,
    )
    assert all(names)
    assert len(names) == 1 + 2 + 1 + 4 + 2
    assert reachable
    assert region == [0]
