"""The files beside the studies: what they must hold, and what is said when they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from haicbook import study, synthesis
from haicbook.paths import data_dir
from haicbook.study import DataError

PAPERS = [study.load(name) for name in study.studies()]
READERS = {
    "ctcae.csv": synthesis.vocabulary,
    "characteristics.csv": synthesis.mapping,
    "institutions.csv": synthesis.institutions,
    "risk_of_bias.csv": synthesis.risk_of_bias,
    "appraisal.csv": synthesis.appraisal,
    "questions.csv": synthesis.questions,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of data/ with the files and the studies' folders."""
    for file in data_dir().glob("*.csv"):
        shutil.copy(file, tmp_path)
    for name in study.studies():
        (tmp_path / name).mkdir()
        shutil.copy(data_dir() / name / "study.yml", tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", READERS)
def test_every_file_is_sound_and_a_copy_reads_the_same(name: str, folder: Path) -> None:
    here = READERS[name]()
    assert len(here)
    assert READERS[name](folder).equals(here)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "risk_of_bias.csv",
            "cao2024,confounding,,serious",
            "cao2024,confounding,,grave",
            "risk_of_bias.csv:2:judgement",
        ),
        ("risk_of_bias.csv", "cao2024,confounding", "cao1924,confounding", "risk_of_bias.csv:2:study"),
        ("ctcae.csv", "fever,Fever", "fatigue,Fever", "ctcae.csv:3:event"),
        ("ctcae.csv", "fever,Fever,General disorders,exact", "fever,,General disorders,exact", "ctcae.csv:2:term"),
        ("questions.csv", ",os,high,0,", ",os,high,7,", "questions.csv:2:indirectness"),
        ("questions.csv", ",os,high,0,", ",os,,0,", "questions.csv:2:start"),
        (
            "characteristics.csv",
            "vascular_invasion,yes,vascular",
            "vascular_invasion,,vascular",
            "characteristics.csv:2:row",
        ),
        ("appraisal.csv", "included one after the other?,unclear", "included one after the other?,perhaps", "answer"),
        ("institutions.csv", "Guangzhou,treating centre", "Guangzhou,centre", "institutions.csv:2:role"),
    ],
)
def test_a_mistake_is_named_with_its_place(folder: Path, name: str, old: str, new: str, said: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        READERS[name](folder)


def test_all_mistakes_are_named_at_once(folder: Path) -> None:
    text = (folder / "risk_of_bias.csv").read_text(encoding="utf-8")
    text = text.replace("cao2024,selection,,serious", "cao2024,choice,,grave")
    (folder / "risk_of_bias.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        synthesis.risk_of_bias(folder)
    assert len(error.value.problems) == 2


def test_a_benchmark_must_be_a_number(folder: Path) -> None:
    text = (folder / "benchmarks.csv").read_text(encoding="utf-8")
    (folder / "benchmarks.csv").write_text(text.replace(",19.2", ",about 19", 1), encoding="utf-8")
    with pytest.raises(DataError, match="a number above 0"):
        synthesis.benchmarks("os", folder)


def test_every_printed_event_has_a_term() -> None:
    found = synthesis.harms(PAPERS, synthesis.vocabulary())
    assert set(found.fit) <= {"exact", "near", "combined", "none"}


def test_every_characteristic_that_is_called_printed_is_printed() -> None:
    shares = synthesis.patients(PAPERS, synthesis.mapping())
    assert "not_mapped" not in set(shares.state)
    assert (shares[shares.state == "printed"].share.notna()).all()
    assert (shares[shares.state != "printed"].share.isna()).all()


@pytest.mark.parametrize("endpoint", ["os", "pfs", "orr"])
def test_the_papers_print_the_benchmarks_as_they_stand(endpoint: str) -> None:
    found = synthesis.benchmarks(endpoint)
    assert (found.value > 0).all()
    assert found.value.is_monotonic_increasing


def test_a_figure_that_two_papers_print_alike_is_one_row() -> None:
    found = synthesis.benchmarks("os").set_index("trial")
    assert found.loc["IMbrave150", "cited_by"] == "cao2024, liu_hepa"
    assert found.loc["IMbrave150", "value"] == 19.2
