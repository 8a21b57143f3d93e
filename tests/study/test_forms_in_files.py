"""Printed forms in a study's files: decimal commas by table, two figures of two arms, levels and sides as data."""

from __future__ import annotations

import csv
import math
import shutil
from pathlib import Path

import pytest

from haicbook.endpoints import targets_from_study
from haicbook.response import response_rates
from haicbook.safety import adverse_events
from haicbook.study import inspect

PAPERS = Path(__file__).parents[1] / "papers"
COLUMNS = (
    "id,section,source,endpoint,criterion,population,arm,reference,term,level,grade,model,time,statistic,unit,printed"
)


def claims(folder: Path, **cells: str) -> tuple[list[tuple[str, str, float]], list[str]]:
    """Values of a claim added to the made-up study, and problems."""
    data = Path(shutil.copytree(PAPERS, folder / "data"))
    given = {"id": "added", "section": "results", "source": "Results", "population": "after_psm"} | cells
    with (data / "demo2020/claims.csv").open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, COLUMNS.split(","), lineterminator="\n").writerow(given)
    paper, problems = inspect("demo2020", data)
    assert paper is not None
    values = paper.values[paper.values.row == "added"]
    return [(row.arm, row.statistic, row.value) for row in values.itertuples()], [str(problem) for problem in problems]


@pytest.mark.parametrize("versus", ["v", "vs", "vs.", "versus", "V"])
def test_two_figures_are_of_the_arm_and_of_its_reference(tmp_path: Path, versus: str) -> None:
    about = {"arm": "drug", "reference": "none", "term": "stay", "statistic": "median", "unit": "days"}
    found, problems = claims(tmp_path, printed=f"12.5 {versus} 9.5", **about)
    assert problems == []
    assert found == [("drug", "median", 12.5), ("none", "median", 9.5)]


def test_two_shares_of_two_arms(tmp_path: Path) -> None:
    about = {"arm": "none", "reference": "drug", "term": "pain", "statistic": "n_pct", "unit": "patients"}
    found, problems = claims(tmp_path, printed="7 (14%) v 9 (18%)", **about)
    assert problems == []
    assert found == [("none", "n", 7), ("none", "pct", 14), ("drug", "n", 9), ("drug", "pct", 18)]


@pytest.mark.parametrize(("cell", "share"), [("<5 (<10%)", 0), ("23.6 (48.0)", 0.48)])
def test_a_count_that_is_none_counts_nobody(tmp_path: Path, cell: str, share: float) -> None:
    data = Path(shutil.copytree(PAPERS, tmp_path / "data"))
    for name, old in (("2_response", "20 (40.0%)"), ("4_adverse_events", "15 (30.0%)")):
        path = data / f"demo2020/tables/{name}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, cell, 1), encoding="utf-8")
    paper, problems = inspect("demo2020", data)
    assert problems == []
    assert paper is not None
    counts = {rate.counts for rate in response_rates(paper) if (rate.category, rate.arm) == ("pr", "drug")}
    assert counts == ({(24,)} if share else set())
    events = adverse_events(paper).set_index(["event", "arm", "grade"])
    nausea = events.loc[("nausea", "drug", "any")]
    assert math.isnan(nausea.n)
    assert nausea.share == pytest.approx(share, nan_ok=True) or not share


def test_a_table_with_decimal_commas(tmp_path: Path) -> None:
    data = Path(shutil.copytree(PAPERS, tmp_path / "data"))
    path = data / "demo2020/tables/1_baseline.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [[cell.replace(".", ",") for cell in row] for row in csv.reader(file)]
    rows[1][4] = "1,234 ± 9,8"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    paper, problems = inspect("demo2020", data)
    sound, _ = inspect("demo2020", PAPERS)
    assert problems == []
    assert paper is not None
    assert sound is not None
    same = [row.id for row in sound.values.itertuples() if not row.id.endswith("age/before_psm/drug/mean")]
    assert paper.by_id.value[same].equals(sound.by_id.value[same])
    assert paper.by_id.value["demo2020/table1/age/before_psm/drug/mean"] == 1.234


def test_a_level_and_sides_are_columns_of_the_values(tmp_path: Path) -> None:
    data = Path(shutil.copytree(PAPERS, tmp_path / "data"))
    path = data / "demo2020/tables/3_cox.csv"
    text = path.read_text(encoding="utf-8")
    text = text.replace("0.600 (0.380–0.947),0.028", "0.600 (99% CI 0.329–1.094),0.014 (one-sided)")
    path.write_text(text, encoding="utf-8")
    paper, problems = inspect("demo2020", data)
    assert problems == []
    assert paper is not None
    rows = paper.values[(paper.values.row == "treatment") & (paper.values.kind == "cox")].set_index("statistic")
    assert rows.confidence[["ci_low", "ci_high"]].tolist() == [99, 99]
    assert rows.sides.to_dict() == {"hr": "", "ci_low": "", "ci_high": "", "p": "one"}


def test_levels_and_sides_of_a_study_become_targets(tmp_path: Path) -> None:
    data = Path(shutil.copytree(PAPERS, tmp_path / "data"))
    changes = {
        "tables/3_cox.csv": ("0.600 (0.380–0.947)", "0.600 (99% CI 0.329–1.094)"),
        "claims.csv": ("p,,0.026", "p,,0.013 (one-sided)"),
    }
    for name, (old, new) in changes.items():
        path = data / "demo2020" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    paper, problems = inspect("demo2020", data)
    assert problems == []
    assert paper is not None
    targets = targets_from_study(paper, "os", "after_psm")
    assert targets.hr is not None
    assert targets.hr.ci is not None
    assert targets.hr.ci.level == 99
    assert targets.logrank_p is not None
    assert targets.two_sided(targets.logrank_p).contains(0.026)
