"""Both files of a run are put in place, or neither."""

from __future__ import annotations

import pytest
from tiny import snapshot

import haicbook.book.run as run_module
from haicbook.book.execute import Executed
from haicbook.book.notebooks import read_sources
from haicbook.book.run import Job, moved_since, publish, take_fingerprint
from haicbook.results import write_text


@pytest.fixture
def job(project) -> Job:
    return Job(read_sources(["alpha"])["alpha"])


@pytest.fixture
def full_disk(monkeypatch):
    """No notebook can be written any more."""

    def refuse(path, text):
        if path.suffix == ".ipynb":
            raise OSError("no space left")
        write_text(path, text)

    monkeypatch.setattr(run_module, "write_text", refuse)


def test_when_the_notebook_cannot_be_written_the_results_go_back(job, full_disk):
    before = snapshot(job.folder)
    with pytest.raises(OSError, match="no space left"):
        publish(job, Executed("{}", "{}", 1, 1.0))
    assert snapshot(job.folder) == before


def test_when_there_were_no_results_none_are_left(job, full_disk):
    changed = Job(job.source, {"factor": 3})
    with pytest.raises(OSError, match="no space left"):
        publish(changed, Executed("{}", "{}", 1, 1.0))
    assert snapshot(changed.folder) == {}


def test_a_disk_that_refuses_is_a_failure_of_that_notebook(job, haicbook, monkeypatch):
    def refuse(job, executed):
        raise OSError("no space left")

    monkeypatch.setattr(run_module, "publish", refuse)
    before = snapshot(job.folder)
    result = haicbook("run", "alpha", "--force")
    assert result.exit_code == 1
    assert "its output could not be written: no space left" in result.output
    assert snapshot(job.folder) == before


def test_killed_between_the_two_files_the_pair_is_stale(job):
    fingerprint = take_fingerprint(job.source, {})
    assert moved_since(job, fingerprint) == []
    write_text(job.results, job.results.read_text() + "\n")
    assert moved_since(job, fingerprint) == ["output"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"metadata": {"haicbook": {}}}'])
def test_an_output_that_is_not_ours_is_stale(job, text):
    write_text(job.notebook, text)
    assert moved_since(job, take_fingerprint(job.source, {}))
