"""The five studies as they stand in data/: sound, in step with themselves, and with the book's bibliography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haicbook import study
from haicbook.paths import data_dir, root
from haicbook.printed import parse_number

STUDIES = ["cao2024", "lin2023", "liu_hepa", "lee2024", "shen2025"]


def test_these_are_the_studies_in_the_order_of_the_book() -> None:
    assert study.studies() == STUDIES
    contents = (root() / "_toc.yml").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"_executed/(\w+)", contents) if name in STUDIES] == STUDIES


def test_studies_without_a_question_follow_by_name(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.yml").touch()
    assert study.studies(tmp_path) == ["a", "b", "c"]
    (tmp_path / "questions.csv").write_text("key,study\nx,c\ny,\nz,c\n", encoding="utf-8")
    assert study.studies(tmp_path) == ["c", "a", "b"]


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_no_problem(name: str) -> None:
    assert study.inspect(name)[1] == []


@pytest.mark.parametrize("name", STUDIES)
def test_group_sizes_are_those_that_the_text_prints(name: str) -> None:
    paper = study.load(name)
    printed = paper.select(kind="claim", term=["enrolled", "n_matched"], statistic="n")
    printed = printed[printed.arm.isin(list(paper.spec.arms))]
    assert len(printed) > 0
    for claim in printed.itertuples(index=False):
        assert claim.value == paper.spec.populations[claim.population].n[claim.arm], claim.id


@pytest.mark.parametrize("name", STUDIES)
def test_matching_covariates_are_rows_of_the_baseline_table_where_there_is_one(name: str) -> None:
    paper = study.load(name)
    tables = paper.tables("baseline")
    if paper.spec.matching is None or not tables:
        assert paper.spec.matching is None or paper.lost("Table 1")
        return
    assert set(paper.spec.matching.covariates) <= {row for table in tables for row in table.variables}


@pytest.mark.parametrize("name", STUDIES)
def test_the_caliper_of_study_yml_is_the_printed_one(name: str) -> None:
    paper = study.load(name)
    printed = set(paper.select(term="caliper", statistic="value").value)
    stated = paper.spec.matching.caliper if paper.spec.matching else None
    assert printed == ({parse_number(stated).value} if stated else set())


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_in_the_bibliography(name: str) -> None:
    paper = study.load(name)
    entries = (root() / "book" / "references.bib").read_text(encoding="utf-8")
    entry = re.search(rf"@\w+{{{paper.spec.citation},\n(.*?)\n}}", entries, re.DOTALL)
    assert entry
    assert (paper.spec.doi or "no doi") in entry.group(1) or paper.spec.doi is None


@pytest.mark.parametrize("name", STUDIES)
def test_how_a_study_was_read_is_recorded(name: str) -> None:
    assert (data_dir() / name / "README.md").stat().st_size > 500


def test_only_printed_misprints_are_unreadable() -> None:
    unreadable = [
        value_id for name in STUDIES for value_id in study.load(name).values.query("state == 'unreadable'").id
    ]
    assert unreadable == ["lin2023/table3/pvtt/before_psm/univariable/ci_high"]
