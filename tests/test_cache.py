"""Answers that are kept in the build folder."""

from __future__ import annotations

import math
import multiprocessing
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import trial

from haicbook import cache as store
from haicbook.survival import HazardRatio, Interval, Limits
from haicbook.survival.chains import SearchBudget
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.ensemble import Ensemble, Member
from haicbook.survival.feasibility import Feasible


@dataclass(frozen=True)
class Answer:
    """As an answer may be: a number, words, and perhaps another answer."""

    count: int
    words: tuple[str, ...] = ()
    other: Answer | None = None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "build_dir", lambda: tmp_path)
    return tmp_path / "answers"


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Answer:
        self.made += 1
        return Answer(self.made, ("an answer",))


def ask(make: Maker, question: object = "question") -> int:
    return store.kept("answers", question, Answer, store.__name__, make).count


def test_the_same_question_is_answered_once(folder: Path) -> None:
    make = Maker()
    answers = [store.kept("answers", ("a", 1), Answer, store.__name__, make) for _ in range(3)]
    assert answers == [Answer(1, ("an answer",))] * 3
    assert ask(make, ("a", 2)) == 2
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "content", [b"", b"no answer", pickle.dumps(Answer(7))], ids=["empty", "spoilt", "of an earlier version"]
)
def test_a_spoilt_answer_is_made_again(folder: Path, content: bytes) -> None:
    make = Maker()
    ask(make)
    (file,) = folder.iterdir()
    file.write_bytes(content)
    assert [ask(make), ask(make)] == [2, 2]


def test_an_answer_under_another_questions_name_is_none(folder: Path) -> None:
    make = Maker()
    ask(make, "a")
    (first,) = folder.iterdir()
    content = first.read_bytes()
    ask(make, "b")
    (second,) = set(folder.iterdir()) - {first}
    second.write_bytes(content)
    assert ask(make, "b") == 3


def test_a_kept_file_runs_no_code(folder: Path, tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    array = np.array([Hostile()], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        store.packed(array, "name")
    make = Maker()
    ask(make)
    (file,) = folder.iterdir()
    np.savez(tmp_path / "hostile.npz", array, allow_pickle=True)
    archive = (tmp_path / "hostile.npz").read_bytes()
    file.write_bytes(store._checksum(file.name, archive) + archive)
    assert ask(make) == 2
    assert not (tmp_path / "ran").exists()


def test_other_code_gives_no_old_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    ask(make)
    monkeypatch.setattr(store, "code_digest", lambda module: "other code")
    assert ask(make) == 2


@pytest.mark.parametrize("what", ["digest_of_closure", "_version"])
def test_a_module_and_the_libraries_that_compute_are_the_code(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    before = store.code_digest.__wrapped__(store.__name__)
    assert store.code_digest.__wrapped__(store.__name__) == before
    monkeypatch.setattr(store, what, lambda name: "other")
    assert store.code_digest.__wrapped__(store.__name__) != before


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(store, "build_dir", lambda: tmp_path / "file")
    make = Maker()
    assert [ask(make), ask(make)] == [1, 2]


def _write_often(path: Path) -> None:
    for _ in range(60):
        store._write(path, Answer(1, ("an answer",) * 2_000))


def test_two_that_write_at_once_leave_a_whole_answer(tmp_path: Path) -> None:
    path = tmp_path / "answers" / "name.kept"
    writers = [multiprocessing.get_context("fork").Process(target=_write_often, args=(path,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            seen.append(store._read(path, Answer))
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert {*seen, store._read(path, Answer)} == {Answer(1, ("an answer",) * 2_000)}
    assert list(path.parent.iterdir()) == [path]


# --- what the engine keeps --------------------------------------------------------------------------------------------

RATIO = HazardRatio("a", "b", Interval.read("0.62"), Limits(Interval.read("0.4"), Interval.without_value("NR", "")))
SETTLED = Feasible(
    trial(hr=RATIO),
    AssumedConventions(),
    ("left out: §1 – it’s impossible",),
    (("log", True), ("plain", False)),
    SearchBudget(),
)
TIMES = np.array([[1.0, math.inf, 0.1 + 0.2], [5e-324, -0.0, math.nan]])
ENSEMBLE = Ensemble(trial(), "late", {"a": Member(TIMES, TIMES > 1)}, trial(hr=RATIO), asked=7)
KEPT = {Feasible: store.packed(SETTLED, "name"), Ensemble: store.packed(ENSEMBLE, "name")}


def test_what_was_settled_comes_back_equal() -> None:
    assert store.unpacked(KEPT[Feasible], "name", Feasible) == SETTLED


def test_an_ensemble_comes_back_to_the_bit() -> None:
    again = store.unpacked(KEPT[Ensemble], "name", Ensemble)
    assert {name: value for name, value in vars(again).items() if name != "members"} == {
        name: value for name, value in vars(ENSEMBLE).items() if name != "members"
    }
    (rows,) = again.members.values()
    assert isinstance(rows, Member)
    assert (rows.time.tobytes(), rows.event.tobytes()) == (TIMES.tobytes(), (TIMES > 1).tobytes())
    assert (rows.time.dtype, rows.event.dtype) == (float, bool)


def test_the_same_answer_is_the_same_file() -> None:
    assert store.packed(ENSEMBLE, "name") == KEPT[Ensemble]


@given(kind=st.sampled_from([Feasible, Ensemble]), data=st.data())
def test_no_bit_can_flip_unseen(kind: type, data: st.DataObject) -> None:
    content = bytearray(KEPT[kind])
    bits = st.integers(0, 8 * len(content) - 1)
    for bit in data.draw(st.sets(bits, min_size=1, max_size=3), label="bits"):
        content[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match="name is not as it was written"):
        store.unpacked(bytes(content), "name", kind)


@given(kind=st.sampled_from([Feasible, Ensemble]), data=st.data())
def test_no_end_can_be_missing_unseen(kind: type, data: st.DataObject) -> None:
    content = KEPT[kind]
    length = data.draw(st.integers(0, len(content) - 1), label="length")
    with pytest.raises(ValueError, match=r"^name "):
        store.unpacked(content[:length], "name", kind)
