"""An empty study: sound but for what is still to be entered, and refused with all reasons at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haicbook.intake import NewArm, NewStudy, lay_out
from haicbook.intake.new_study import DESIGNS, Design, read_arm
from haicbook.study import UnusableError
from haicbook.study.files import read_study_yaml
from haicbook.study.paper import inspect


def asked(design: Design, label: str = "Drug A") -> NewStudy:
    """A new study of a design, with as many arms and sizes as it takes."""
    n = (120, 80) if design == "propensity_matched" else (90,)
    arms = (NewArm("drug", label, n), NewArm("old", "Standard", n))
    return NewStudy("smith2026", design, arms[:1] if design == "single_arm" else arms, ("os", "pfs"))


@pytest.mark.parametrize("design", DESIGNS)
def test_an_empty_study_lacks_nothing_but_its_figures(design: Design, tmp_path: Path) -> None:
    written = lay_out(asked(design), tmp_path)
    paper, problems = inspect("smith2026", tmp_path)
    assert all(problem.unfilled for problem in problems)
    empty = {path.relative_to(tmp_path).as_posix() for path in written if path.suffix == ".csv"}
    assert {problem.file for problem in problems} == empty
    assert paper is not None
    assert paper.spec.design == design
    assert paper.spec.tables == []
    assert [item.why for item in paper.spec.unavailable] == ["not_entered"] * 3
    assert paper.spec.populations[paper.spec.main_population].n["drug"] == (
        80 if design == "propensity_matched" else 90
    )


# what cannot stand in a text of study.yml is refused there, not here
_LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), min_size=1, max_size=40
)


@given(label=_LABELS.filter(lambda text: text.strip() == text))
def test_any_label_is_kept_as_it_is(label: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lay_out(asked("unmatched", label), Path(folder))
        spec, problems = read_study_yaml(Path(folder) / "smith2026" / "study.yml", "study.yml")
    assert problems == []
    assert spec is not None
    assert spec.arms["drug"].label == label


def test_what_cannot_be_laid_out_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    arms = (NewArm("Drug", "Drug A", (90,)),)
    with pytest.raises(UnusableError) as error:
        lay_out(NewStudy("smith 2026", "propensity_matched", arms, ("os", "qol")), tmp_path)
    found = str(error.value).splitlines()
    assert [line.split(",")[0] for line in found] == [
        "found the key 'smith 2026'",
        "found the key 'Drug'",
        "found 1 arms",
        "found 90 for arm Drug",
        "found endpoint 'qol'",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_study_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "smith2026").mkdir()
    with pytest.raises(UnusableError, match="is there already"):
        lay_out(asked("unmatched"), tmp_path)
    assert list((tmp_path / "smith2026").iterdir()) == []


def test_an_arm_is_read_as_it_is_written() -> None:
    assert read_arm("drug=Drug A = B=120/80") == NewArm("drug", "Drug A = B", (120, 80))


@pytest.mark.parametrize("text", ["drug", "drug=90", "drug=Drug A", "drug=Drug A=ninety", "drug= =90", "drug=A=90/"])
def test_an_arm_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UnusableError, match="its key, name and patients"):
        read_arm(text)
