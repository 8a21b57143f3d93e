"""The comparison with a second audit: its figures are those of its file, and its file is true of the present rules."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from haicbook import study
from haicbook.audit import audit, every
from haicbook.book import ledger, recall

with recall.recall_file().open(encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))


@pytest.mark.parametrize("name", study.studies())
def test_what_is_called_found_is_found_with_that_severity(name: str) -> None:
    ours = {(finding.rule, finding.severity) for finding in every(audit(study.load(name)))}
    for row in ROWS:
        if row["paper"] == name and row["severity"] != "missed":
            assert (row["rule"], row["severity"].replace("note", "info")) in ours, row["blind"]


@pytest.mark.parametrize(("severity", "found", "of"), [("error", 43, 44), ("warning", 38, 44)])
def test_as_many_are_found_as_the_page_says(severity: str, found: int, of: int) -> None:
    """97 % of errors and 80 % of warnings were asked for."""
    theirs = [row for row in ROWS if row["blind_severity"] == severity]
    assert (sum(row["severity"] in ("error", "warning") for row in theirs), len(theirs)) == (found, of)


def test_every_row_is_whole() -> None:
    for row in ROWS:
        assert row["blind_severity"] in ("error", "warning")
        assert row["severity"] in ("error", "warning", "note", "missed")
        assert row["holds"] in ("yes", "no")
        assert (row["severity"] == "missed") == (not row["rule"])
        # what is less than the second auditor's has a reason
        assert row["reason"] or row["severity"] == "error" or row["severity"] == row["blind_severity"]


def test_the_figures_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "benchmarks" / "results"
    folder.mkdir(parents=True)
    (folder / "audit_recall.csv").write_text(
        "paper,blind_severity,blind,rule,severity,holds,reason\n"
        "a,error,One,grades,error,yes,\n"
        "a,error,Two,grades,warning,no,Because\n"
        "a,error,Three,,missed,yes,Lost\n"
        "a,warning,Four,grades,error,yes,\n"
        "a,warning,Five,levels,note,no,Habit\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(recall, "root", lambda: tmp_path)
    text = " ".join(recall.recall_text().split())
    assert "found 3 errors and 2 warnings" in text
    assert (
        "Of those errors, 2 (67%) are errors or warnings here, 1 of them errors, and of those warnings 1 (50%)" in text
    )
    assert "Of both, 1 is noted here only, and 1 is missing." in text
    assert "each of the 3 that" in text
    assert "2 of them do not hold" in text
    assert "1 of 2 errors and 1 of 1 warnings are found" in text
    assert "* a, error: Three. Missing here. Lost." in text
    assert "One" not in text


def test_the_ledger_has_it_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "executed_dir", lambda: tmp_path)
    page = ledger.write_ledger()
    assert page is not None
    assert recall.recall_text() in page.read_text(encoding="utf-8")
    monkeypatch.setattr(recall, "root", lambda: tmp_path)
    assert recall.recall_text() == ""
