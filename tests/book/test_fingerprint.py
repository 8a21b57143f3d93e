"""Whatever a run depends on moves its fingerprint, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import make_project, write

from haicbook.book import fingerprint
from haicbook.book.fingerprint import digest_of_folder, take_fingerprint
from haicbook.book.notebooks import read_sources


@pytest.fixture
def fresh(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HAICBOOK_ROOT", str(make_project(tmp_path / "tiny")))
    return tmp_path / "tiny"


def parts(name: str, changed: dict | None = None) -> dict[str, str]:
    return dict(take_fingerprint(read_sources([name])[name], changed or {}).parts)


def moved(name: str, before: dict[str, str], changed: dict | None = None) -> set[str]:
    after = parts(name, changed)
    return {part for part in {*before, *after} if before.get(part) != after.get(part)}


@pytest.mark.parametrize(
    ("path", "of_alpha", "of_across"),
    [
        ("notebooks/alpha.md", {"notebook"}, set()),
        ("data/alpha/count.txt", {"data"}, {"data"}),
        ("data/alpha/new.csv", {"data"}, {"data"}),
        ("data/beta/count.txt", set(), {"data"}),
        ("requirements.lock", {"lock"}, {"lock"}),
        ("book/_executed/beta.json", set(), {"results"}),
        ("data/alpha/.hidden", set(), set()),
        ("index.md", set(), set()),
    ],
)
def test_each_file_moves_what_depends_on_it(fresh, path, of_alpha, of_across):
    before = parts("alpha"), parts("across")
    file = fresh / path
    write(file, (file.read_text() if file.exists() else "") + "\n")
    assert moved("alpha", before[0]) == of_alpha
    assert moved("across", before[1]) == of_across


def test_a_changed_parameter_moves_it(fresh):
    assert moved("alpha", parts("alpha"), {"factor": 3}) == {"parameters"}


def test_the_package_moves_it(fresh, tmp_path, monkeypatch):
    before = parts("alpha")
    write(tmp_path / "package" / "__init__.py", "")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "package")
    assert moved("alpha", before) == {"package"}


def test_a_renamed_file_is_another_folder(tmp_path):
    write(tmp_path / "a.txt", "1")
    before = digest_of_folder(tmp_path)
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    assert digest_of_folder(tmp_path) != before


def test_compiled_python_does_not_count(tmp_path):
    write(tmp_path / "a.py", "1")
    before = digest_of_folder(tmp_path)
    write(tmp_path / "__pycache__" / "a.pyc", "1")
    assert digest_of_folder(tmp_path) == before


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert digest_of_folder(tmp_path / "none") == digest_of_folder(tmp_path)


def test_what_moved_is_named(fresh):
    source = read_sources(["alpha"])["alpha"]
    taken = take_fingerprint(source, {})
    kept = taken.metadata("{}")
    assert taken.moved(kept) == []
    kept["parts"]["data"] = "other"
    del kept["parts"]["lock"]
    assert taken.moved(kept) == ["data", "lock"]
    assert taken.moved({}) == ["data", "lock", "notebook", "package", "parameters"]
