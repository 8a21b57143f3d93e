"""Whatever a run depends on makes it stale, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import make_project, write

from haicbook.book import fingerprint
from haicbook.book.digests import digest_of_folder, files_in
from haicbook.book.fingerprint import is_sealed, seal, take_fingerprint
from haicbook.book.notebooks import read_sources
from haicbook.book.reads import state
from haicbook.book.run import Job, moved_since


@pytest.fixture
def fresh(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HAICBOOK_ROOT", str(make_project(tmp_path / "tiny")))
    return tmp_path / "tiny"


def stale() -> dict[str, list[str]]:
    """Notebook → why it would run, for those that would."""
    jobs = [Job(source) for source in read_sources(["alpha", "beta", "across"]).values()]
    moved = {job.source.name: moved_since(job, take_fingerprint(job.source, {})) for job in jobs}
    return {name: reasons for name, reasons in moved.items() if reasons}


def parts(name: str, changed: dict | None = None) -> dict[str, str]:
    return dict(take_fingerprint(read_sources([name])[name], changed or {}).parts)


def moved(name: str, before: dict[str, str], changed: dict | None = None) -> set[str]:
    after = parts(name, changed)
    return {part for part in {*before, *after} if before.get(part) != after.get(part)}


@pytest.mark.parametrize(
    ("path", "reruns"),
    [
        ("notebooks/alpha.md", {"alpha": ["notebook"]}),
        ("data/alpha/count.txt", {"alpha": ["data"]}),
        ("data/beta/count.txt", {"beta": ["data"]}),
        ("requirements.lock", {name: ["lock"] for name in ("alpha", "beta", "across")}),
        # results that are edited are made anew, and so is what reads them
        ("book/_executed/beta.json", {"beta": ["output"], "across": ["results"]}),
        ("book/_executed/beta.ipynb", {"beta": ["output"]}),
        *((f"data/alpha/{name}", {}) for name in ("README.md", "count.txt~", ".#count.txt", "#count.txt#")),
        *((f"data/alpha/{name}", {}) for name in ("count.txt.bak", ".count.txt.swp", "count.swp", "unread.csv")),
        *((name, {}) for name in ("data/README.md", "data/unread.csv", "index.md", "_toc.yml", "README.md")),
        ("benchmarks/results/unread.csv", {}),
    ],
)
def test_what_reads_a_file_runs_again_and_nothing_else(project, path, reruns):
    file = project / path
    write(file, (file.read_text() if file.exists() else "") + "\n")
    assert stale() == reruns


def test_a_file_that_went_is_missed(project):
    (project / "data/alpha/count.txt").unlink()
    assert stale() == {"alpha": ["data"]}


def test_a_changed_parameter_moves_it(fresh):
    assert moved("alpha", parts("alpha"), {"factor": 3}) == {"parameters"}


def test_the_package_moves_it(fresh, tmp_path, monkeypatch):
    before = parts("alpha")
    write(tmp_path / "package" / "a.py", "1")
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "package")
    assert moved("alpha", before) == {"package"}


def test_another_version_of_a_library_or_of_python_moves_it(fresh, monkeypatch):
    before = parts("alpha")
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    assert moved("alpha", before) == {"versions"}
    monkeypatch.undo()
    monkeypatch.setattr("haicbook.book.environment.version", lambda package: "0")
    monkeypatch.setenv("HAICBOOK_ROOT", str(fresh))
    assert "versions" in moved("alpha", before)


class TestFolder:
    def test_a_renamed_file_is_another_folder(self, tmp_path):
        write(tmp_path / "a.txt", "1")
        before = digest_of_folder(tmp_path)
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        assert digest_of_folder(tmp_path) != before

    @pytest.mark.parametrize("name", ["__pycache__/a.pyc", ".git/x", "a.py~", "a.py.bak", "b/.a.swp", "#a#"])
    def test_litter_does_not_count(self, tmp_path, name):
        write(tmp_path / "a.py", "1")
        before = digest_of_folder(tmp_path)
        write(tmp_path / name, "1")
        assert digest_of_folder(tmp_path) == before

    def test_one_that_is_not_there_is_empty(self, tmp_path):
        assert digest_of_folder(tmp_path / "none") == digest_of_folder(tmp_path)

    def test_a_folder_can_be_left_out(self, tmp_path):
        write(tmp_path / "a/x", "1")
        write(tmp_path / "b/x", "1")
        assert list(files_in(tmp_path, without=tmp_path / "a")) == [tmp_path / "b/x"]


def test_the_list_of_a_folder_is_an_input_without_its_prose_and_litter(fresh):
    before = state("data/alpha/")
    write(fresh / "data/alpha/README.md", "")
    write(fresh / "data/alpha/count.txt~", "")
    assert state("data/alpha/") == before
    write(fresh / "data/alpha/new.csv", "")
    assert state("data/alpha/") != before


def test_what_moved_is_named(fresh):
    taken = take_fingerprint(read_sources(["alpha"])["alpha"], {})
    kept = taken.metadata("{}", {"data/alpha/count.txt": state("data/alpha/count.txt")})
    assert taken.moved(kept) == []
    kept["parts"]["package"] = "other"
    del kept["parts"]["lock"]
    kept["reads"] |= {"benchmarks/results/a.csv": "other", "book/_executed/beta.json": "other"}
    assert taken.moved(kept) == ["benchmarks", "lock", "package", "results"]
    assert taken.moved({}) == ["lock", "notebook", "package", "parameters", "versions"]


def test_a_seal_breaks_with_any_change():
    sealed = seal('{"a": 1, "seal": ""}')
    digest = sealed[-66:-2]
    assert len(digest) == 64
    assert is_sealed(sealed, digest)
    assert not is_sealed(sealed.replace('"a"', '"b"'), digest)
    assert not is_sealed(sealed.replace(": ", ":"), digest)
    assert not is_sealed(sealed, "0" * 64)
