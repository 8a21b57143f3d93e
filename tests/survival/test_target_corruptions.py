"""Damaged files of targets: none hangs, none breaks the reader, each is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target_corruptions import CHANGES, DOCUMENTS, PLACES, TRIAL, table

from haicbook.paths import root
from haicbook.survival import TargetError, read_targets

CHANGED = [(kind, *change) for kind, of_kind in CHANGES.items() for change in of_kind]
WHOLE = [(kind, *document) for kind, of_kind in DOCUMENTS.items() for document in of_kind]
PLACED = [(kind, *place) for kind, of_kind in PLACES.items() for place in of_kind]


def told(path: Path) -> str:
    with pytest.raises(TargetError) as refused:
        read_targets(path)
    assert all(problem.startswith("trial.yml:") for problem in refused.value.problems)
    return "\n".join(refused.value.problems)


def test_the_sound_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "trial.yml").write_text(TRIAL)
    assert read_targets(tmp_path / "trial.yml").n == 178


@pytest.mark.parametrize(("kind", "old", "new", "said"), CHANGED)
def test_each_change_is_named(kind: str, old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in TRIAL
    (tmp_path / "trial.yml").write_text(TRIAL.replace(old, new, 1))
    assert said in told(tmp_path / "trial.yml")


@pytest.mark.parametrize(("kind", "text", "said"), WHOLE)
def test_each_document_is_named(kind: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "trial.yml").write_text(text)
    assert said in told(tmp_path / "trial.yml")


@pytest.mark.parametrize(("kind", "make", "said"), PLACED)
def test_each_place_is_named(kind: str, make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    make(tmp_path / "trial.yml")
    assert said in told(tmp_path / "trial.yml")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TRIAL)), st.integers(0, 4), st.text(max_size=4))
def test_whatever_is_written_is_read_or_told(at: int, cut: int, new: str) -> None:
    text = TRIAL[:at] + new + TRIAL[at + cut :]
    with suppress(TargetError):
        assert read_targets(text).n > 0


def test_contributing_has_the_table_of_these_cases() -> None:
    assert len(CHANGED) + len(WHOLE) + len(PLACED) >= 74
    there = (root() / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert table() in there, "python tests/survival/target_corruptions.py"
