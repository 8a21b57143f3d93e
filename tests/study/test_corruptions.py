"""Damaged copies of data/: none hangs, none breaks the reader, each is named with its place or found by the audit."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haicbook.audit import audit
from haicbook.paths import root
from haicbook.study import Problem, load, paper
from haicbook.study.check import check, check_beside

sys.path.insert(0, str(Path(__file__).parent))
from corruptions import CASES, STUDY, Case, table

PAPERS = Path(__file__).parents[1] / "papers"
SOUND = load(STUDY, PAPERS)


def copy_to(folder: Path) -> Path:
    return Path(shutil.copytree(PAPERS, folder / "data"))


def problems(data: Path) -> list[Problem]:
    checked = check([], data)
    return [*check_beside(checked, data), *(problem for item in checked for problem in item.problems)]


def test_the_sound_folder_has_no_problem() -> None:
    assert problems(PAPERS) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.kind}")
def test_each_is_named_with_its_place(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = copy_to(tmp_path)
    if not case.file.endswith(".yml"):  # sound, and costly to read
        monkeypatch.setattr(paper, "read_study_yaml", lambda *_: (SOUND.spec, []))
    case.damage(data)
    told = [str(problem) for problem in problems(data)]
    if case.audited:
        assert told == []
        found = {finding.sentence for finding in audit(load(STUDY, data))}
        new = found - {finding.sentence for finding in audit(SOUND)}
        assert any(case.said in sentence for sentence in new), new
    else:
        place = "" if STUDY in case.said else case.file
        assert any(line.startswith(place) and case.said in line for line in told), told


def test_contributing_has_the_table_of_these_cases() -> None:
    assert len(CASES) >= 129
    assert table() in (root() / "CONTRIBUTING.md").read_text(encoding="utf-8"), "python tests/study/corruptions.py"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("fuzzed"))


FILES = sorted(str(path.relative_to(PAPERS)) for path in PAPERS.rglob("*.*") if path.suffix in (".csv", ".yml"))
BYTES = st.one_of(
    st.binary(max_size=4), st.sampled_from([b"\n", b",", b'"', b"&a ", b"*a", b"!!x ", b"- ", b": ", b"9" * 99])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*FILES, *[f"{STUDY}/study.yml"] * 6]), st.integers(0, 10_000), st.integers(0, 3), BYTES)
def test_whatever_bytes_are_changed_is_read_or_named(fuzzed: Path, file: str, at: int, cut: int, new: bytes) -> None:
    path = fuzzed / file
    sound = path.read_bytes()
    at %= len(sound)
    try:
        path.write_bytes(sound[:at] + new + sound[at + cut :])
        assert all(problem.found and problem.expected for problem in problems(fuzzed))
    finally:
        path.write_bytes(sound)
