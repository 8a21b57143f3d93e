"""Answers that are kept in the build folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from haicbook.survival import store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "build_dir", lambda: tmp_path)
    return tmp_path / "answers"


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> tuple[int, str]:
        self.made += 1
        return self.made, "answer"


def test_the_same_question_is_answered_once(folder: Path) -> None:
    make = Maker()
    answers = [store.kept("answers", ("a", 1), tuple, make) for _ in range(3)]
    assert answers == [(1, "answer")] * 3
    assert store.kept("answers", ("a", 2), tuple, make) == (2, "answer")
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05K\x07."], ids=["empty", "spoilt", "another kind"])
def test_a_spoilt_answer_is_made_again(folder: Path, content: bytes) -> None:
    make = Maker()
    store.kept("answers", "question", tuple, make)
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert store.kept("answers", "question", tuple, make) == (2, "answer")
    assert store.kept("answers", "question", tuple, make) == (2, "answer")


def test_other_code_gives_no_old_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    store.kept("answers", "question", tuple, make)
    monkeypatch.setattr(store, "engine_digest", lambda: "other code")
    assert store.kept("answers", "question", tuple, make) == (2, "answer")


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(store, "build_dir", lambda: tmp_path / "file")
    make = Maker()
    assert store.kept("answers", "question", tuple, make) == (1, "answer")
    assert store.kept("answers", "question", tuple, make) == (2, "answer")
