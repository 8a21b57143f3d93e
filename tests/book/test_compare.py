"""`haicbook compare`: two runs beside each other, in every form; what cannot be compared is said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from haicbook.book.compare import as_text, compare, find_run
from haicbook.book.refusals import WrongUsageError
from haicbook.cli import main
from haicbook.results import Results


def saved(folder: Path, name: str, study: str, caliper: float, pairs: tuple[float, float, float]) -> str:
    results = Results(study, {"caliper": caliper, "horizon": 24.0})
    for end, value in zip(("", ".low", ".high"), pairs, strict=True):
        results.record(f"rerun.pairs{end}", value)
    results.record("os.rmst_difference", 1.0, "months")
    results.record("os.rmst_difference.low", -1.0 if caliper < 0.2 else 0.5, "months")
    results.record("os.rmst_difference.high", 2.0, "months")
    return str(results.save(folder / f"{name}.json"))


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return (
        saved(tmp_path, "wide", "liu_hepa", 0.2, (54.0, 48.0, 60.0)),
        saved(tmp_path, "narrow", "liu_hepa", 0.1, (50.0, 44.0, 56.0)),
    )


def test_the_terminal_is_told_the_assumption_and_what_flipped_first(two) -> None:
    output = CliRunner().invoke(main, ["compare", *two]).output
    lines = [line.strip() for line in output.splitlines()]
    assert lines[1] == "caliper: 0.2 → 0.1"
    assert lines[2].startswith("Mean overall survival to 24 months, difference")
    assert "no difference is now within the interval" in lines[3]
    assert lines[5] == "54 (48 to 60)  →  50 (44 to 56)"


def test_programs_are_given_the_figures(two) -> None:
    compared = compare(*map(find_run, two))
    content = json.loads(as_text(compared, "json"))
    assert content["assumptions"] == {"caliper": [0.2, 0.1]}
    assert [(item["key"], item["new"]) for item in content["results"]] == [
        ("os.rmst_difference", [1.0, -1.0, 2.0]),
        ("rerun.pairs", [50.0, 44.0, 56.0]),
    ]
    rows = list(csv.DictReader(io.StringIO(as_text(compared, "csv"))))
    assert [row["after"] for row in rows] == ["1.0 (−1.0 to 2.0) months", "50 (44 to 56)"]


def test_the_page_has_a_table_and_a_figure_and_the_same_bytes_twice(two) -> None:
    compared = compare(*map(find_run, two))
    page = as_text(compared, "html")
    html = BeautifulSoup(page, "html.parser")
    assert len(html.find_all("tr")) == 3
    assert html.svg is not None
    assert not html.find_all("script")
    assert as_text(compared, "html") == page


def test_data_in_names_do_not_become_markup(tmp_path) -> None:
    (tmp_path / "<b>").mkdir()
    run = saved(tmp_path / "<b>", "one", "liu_hepa", 0.2, (54.0, 48.0, 60.0))
    other = saved(tmp_path / "<b>", "two", "liu_hepa", 0.1, (54.0, 48.0, 60.0))
    assert BeautifulSoup(as_text(compare(find_run(run), find_run(other)), "html"), "html.parser").b is None


def test_runs_of_two_notebooks_are_refused(two, tmp_path) -> None:
    other = saved(tmp_path, "other", "lin2023", 0.1, (50.0, 44.0, 56.0))
    result = CliRunner().invoke(main, ["compare", two[0], other])
    assert result.exit_code == 2
    assert "of liu_hepa" in result.output
    assert "of lin2023" in result.output


def test_a_run_that_is_not_there_is_told_with_what_it_may_have_meant(project) -> None:
    with pytest.raises(WrongUsageError, match=r"did you mean alpha\?"):
        find_run("alphe")
