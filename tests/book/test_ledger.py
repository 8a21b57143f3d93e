"""The ledger: every finding is in it, its numbers are those of the audit, and its addresses filter."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from haicbook import study
from haicbook.audit import RULES, Finding, audit, every, ranked
from haicbook.book import ledger
from haicbook.book.ledger import COLUMNS, matrix, rows_of
from haicbook.show.findings import MARKS
from haicbook.synthesis.arms import study_label

PAPERS = [study.load(name) for name in study.studies()]


@cache
def every_finding() -> dict[str, list[Finding]]:
    return {paper.study: ranked(paper, audit(paper)) for paper in PAPERS}


@cache
def every_row() -> list[dict[str, str]]:
    rows = (row for paper in PAPERS for row in rows_of(paper, every_finding()[paper.study]))
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def test_every_finding_is_a_row_with_an_address_of_its_own() -> None:
    assert [row["Finding"] for row in every_row()] == [f.sentence for found in every_finding().values() for f in found]
    assert len({row["Id"] for row in every_row()}) == len(every_row())


def test_the_page_begins_with_the_gravest_of_all_papers_each_leading_to_its_kind() -> None:
    lines = ledger.gravest(PAPERS, every_finding()).splitlines()[3:-1]
    assert len(lines) == 10
    led = [dict(part.split("=") for part in re.search(r'href="#([^"]+)"', line)[1].split("&")) for line in lines]
    rows = [[row for row in every_row() if wanted.items() <= row.items()] for wanted in led]
    assert all(rows)
    assert {found[0]["Severity"] for found in rows} == {"error"}
    assert len({wanted["Study"] for wanted in led}) >= 4


def test_values_are_those_of_the_appendix() -> None:
    known = {value for paper in PAPERS for value in paper.values.id}
    assert {value for row in every_row() for value in row["Values"].split()} <= known


def test_the_matrix_counts_every_finding_and_each_count_leads_to_as_many_rows() -> None:
    soup = BeautifulSoup(matrix(every_finding()), "html.parser")
    links = soup.find_all("a")
    assert sum(int(re.match(r"\d+", link.text)[0]) for link in links) == len(every_row())
    for link in links:
        wanted = dict(part.split("=") for part in link["href"].lstrip("#").split("&"))
        assert len([row for row in every_row() if wanted.items() <= row.items()]) == int(re.match(r"\d+", link.text)[0])
        assert link["aria-label"].split()[0] == re.match(r"\d+", link.text)[0]
    assert len(soup.find_all("th", scope="row")) == len({row["Rule"] for row in every_row()})
    assert [cell.text for cell in soup.find_all("th", scope="col")] == ["Rule", *map(study_label, PAPERS)]
    last = [cell.text for cell in soup.find("tfoot").find_all("td")]
    assert [sum(map(int, re.findall(r"\d+", text))) for text in last[1:]] == [
        len(found) for found in every_finding().values()
    ]


def test_the_page_lists_every_rule_and_the_calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "executed_dir", lambda: tmp_path)
    page = ledger.write_ledger()
    assert page is not None
    text = page.read_text(encoding="utf-8")
    for rule in RULES:
        assert f"`{rule.key}`" in text
    with ledger.calibration_file().open(encoding="utf-8", newline="") as stream:
        checks = sum(int(row["checks"]) for row in csv.DictReader(stream))
    assert f"{checks:,} comparisons" in text
    heard = {finding.rule for found in every_finding().values() for finding in every(found)}
    silent = {rule.title for rule in RULES if rule.key not in heard}
    assert f"{len(silent)} of the {len(RULES)} rules found nothing" in text
    assert all(f"* {title}\n" in text for title in silent)
    data = (tmp_path / "site" / "audit" / "ledger.js").read_text(encoding="utf-8")
    assert data.startswith("window.haicValues = {")
    assert page.read_bytes() == ledger.write_ledger().read_bytes()  # type: ignore[union-attr]


def test_without_a_calibration_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "executed_dir", lambda: tmp_path)
    monkeypatch.setattr(ledger, "root", lambda: tmp_path)
    page = ledger.write_ledger()
    assert page is not None
    assert "The calibration's table is not there" in page.read_text(encoding="utf-8")


def test_the_calibration_is_shown_rule_by_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "benchmarks" / "results"
    folder.mkdir(parents=True)
    (folder / "audit_calibration.csv").write_text(
        "rule,checks,errors,warnings,injected,undetectable,detectable,found,found_by_any,why,papers,seed\n"
        "grades,12000,0,3,2100,100,2000,1999,2000,,7,5\n"
        "same_rates,0,0,0,0,0,0,0,0,notes only,7,5\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(ledger, "root", lambda: tmp_path)
    text = ledger._calibration()
    assert "run on 7 synthetic papers" in text
    assert "seed 5" in text
    assert "Of 12,000 comparisons that could have come out wrong, none ended as an\nerror and 3 as a warning" in text
    # one that was missed is not rounded away
    assert "found 1,999 (over 99.9%)" in text
    titles = {rule.key: rule.title for rule in RULES}
    assert f"|{titles['grades']}|12,000|0|3|2,100|100|2,000|1,999|over 99.9%|" in text
    assert f"|{titles['same_rates']}|–|–|–|–|–|–|–|–|" in text
    assert f"* {titles['same_rates']}: notes only." in text


def test_a_project_without_studies_has_no_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "studies", list)
    assert ledger.write_ledger() is None


def test_the_example_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    from haicbook import simulate
    from haicbook.simulate.calibration import inject

    rng = np.random.default_rng(3)
    draft = simulate.synthetic_paper(rng, study="my_paper", design="unmatched")
    injected = inject("response", draft, draft.paper(), rng)
    assert injected is not None
    injected.draft.write(tmp_path / "papers")
    monkeypatch.chdir(tmp_path)
    exec(ledger._EXAMPLE, {})
    assert "error" in capsys.readouterr().out


def test_marks_are_those_of_the_chapters() -> None:
    assert {row["Severity"] for row in every_row()} <= set(MARKS.values())


# --- in a browser -----------------------------------------------------------------------------------------------------


def in_browser(folder: Path, script: str, hash_: str = "") -> Any:
    """What a script returns in a page with a small ledger, by the harness of the appendix."""
    import test_appendix_page as appendix

    made_up = [
        ["a2020", "error", "Levels sum to 41.", "levels", "a2020/p/half a2020/p/other", "a2020-levels-1"],
        ["a2020", "note", "Cut off.", "percentage", " ".join(f"a2020/v/{k}" for k in range(15)), "a2020-percentage-1"],
        ["b2021", "error", "Levels sum to 39.", "levels", "", "b2021-levels-1"],
    ]
    options = {"noun": "findings", "marks": "Severity", "links": {"Values": "values.html#"}, "wide": ["Finding"]}
    columns = ["Study", "Severity", "Finding", "Rule", "Values", "Id"]
    return appendix.in_browser(folder, script, hash_, columns, ["Study", "Severity", "Rule"], made_up, options)


def test_an_address_filters_and_says_how_many(tmp_path: Path) -> None:
    shown, status, boxes = in_browser(
        tmp_path,
        "return [shown(), status(), $('select').map((box) => box.value)];",
        "#Study=a2020&Rule=levels",
    )
    assert shown == ["a2020-levels-1"]
    assert status == "1 of 3 findings, page 1 of 1"
    assert boxes == ["a2020", "", "levels"]


def test_a_link_within_the_page_changes_the_filter(tmp_path: Path) -> None:
    before, after = in_browser(
        tmp_path,
        "const before = shown(); location.hash = '#Severity=note'; await pause(); return [before, shown()];",
        "#Rule=levels",
    )
    assert before == ["a2020-levels-1", "b2021-levels-1"]
    assert after == ["a2020-percentage-1"]


def test_values_are_links_and_many_are_counted(tmp_path: Path) -> None:
    links, more, marks = in_browser(
        tmp_path,
        """
        const cells = $("tbody tr").map((row) => row.cells[4]);
        return [[...cells[0].querySelectorAll("a")].map((a) => a.getAttribute("href")), cells[1].textContent,
          $("tbody tr").map((row) => row.cells[1].className)];
        """,
    )
    assert links == ["values.html#a2020/p/half", "values.html#a2020/p/other"]
    assert more.endswith("12 and 3 more")
    assert marks == ["haic-mark-error", "haic-mark-note", "haic-mark-error"]


def test_an_address_with_an_unknown_name_shows_everything(tmp_path: Path) -> None:
    assert len(in_browser(tmp_path, "return shown();", "#colour=red")) == 3
