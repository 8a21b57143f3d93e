"""Processes that run notebooks: forked from one that has imported, or started where that cannot be; the same output."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import call, snapshot, write

from haicbook.book import workers
from haicbook.book.notebooks import read_source
from haicbook.book.workers import Forked, Workers, wanted_modules

needs_fork = pytest.mark.skipif(not workers._CAN_FORK, reason="processes with libraries cannot be forked here")
PROJECT = Path(__file__).parents[2]


def outputs(project) -> dict[str, bytes]:
    return {name: text for name, text in snapshot(project / "book/_executed").items() if name != "status.json"}


@pytest.fixture
def runs(monkeypatch):
    """How processes were begun, and whether the nursery forked each."""
    begun = []
    begin = Workers.begin

    def noted(self, log):
        worker = begin(self, log)
        begun.append(isinstance(worker.process, Forked))
        return worker

    monkeypatch.setattr(Workers, "begin", noted)
    return begun


@needs_fork
def test_a_forked_run_and_a_started_one_give_the_same_bytes(executed, project, runs, monkeypatch):
    assert call(project, "run", "--force").exit_code == 0
    monkeypatch.setattr(workers, "_CAN_FORK", False)
    forked = outputs(project)
    assert call(project, "run", "--force").exit_code == 0
    assert runs == [True] * 3 + [False] * 3
    assert outputs(project) == forked == outputs(executed[0])


@needs_fork
def test_a_nursery_that_ends_is_done_without(project, runs, monkeypatch):
    monkeypatch.setattr(workers, "_begin_nursery", lambda modules: _dead())
    assert call(project, "run", "alpha", "--force").exit_code == 0
    assert runs == [False]


def _dead():
    ours, theirs = workers.socket.socketpair()
    theirs.close()
    return subprocess.Popen([sys.executable, "-c", ""]), ours


@needs_fork
def test_a_notebook_sees_no_name_that_another_left_and_has_its_imports(project):
    for name in ("alpha", "beta"):
        path = project / f"notebooks/{name}.md"
        code = (
            "import sys, haicbook.results as shared; results.record('seen', hasattr(shared, 'left')); shared.left = 1"
        )
        early = "results.record('early', 'papermill' in sys.modules)"
        write(path, path.read_text().replace('results.record("doubled"', f'{code}; {early}\nresults.record("doubled"'))
    assert call(project, "run", "--jobs", "1").exit_code == 0
    for name in ("alpha", "beta"):
        saved = json.loads((project / f"book/_executed/{name}.json").read_text())["values"]
        assert saved["seen"]["value"] is False
        assert saved["early"]["value"] is True


@needs_fork
def test_what_cannot_be_imported_is_said_by_the_notebook(project, runs):
    path = project / "notebooks/alpha.md"
    write(path, path.read_text().replace("from pathlib", "from haicbook.nowhere import nothing\nfrom pathlib"))
    result = call(project, "run", "alpha")
    assert result.exit_code == 1
    assert "No module named 'haicbook.nowhere'" in result.output
    assert runs == [True]


def test_the_chapters_bring_their_libraries_and_a_small_notebook_only_what_it_names(project):
    assert wanted_modules([read_source(project / "notebooks/alpha.md")]) == [
        *("haicbook.paths", "haicbook.paths.data_dir", "haicbook.results", "haicbook.results.Results")
    ]


def test_what_the_chapters_import_reads_nothing_of_the_project(tmp_path, monkeypatch):
    """Else a notebook's list of what it read would lack it."""
    monkeypatch.setenv("HAICBOOK_ROOT", str(PROJECT))
    chapters = [read_source(path) for path in sorted((PROJECT / "notebooks").glob("*.md"))]
    modules = wanted_modules(chapters)
    assert {"haicbook.chapter", "haicbook.show.across", "lifelines"} <= set(modules)
    log = tmp_path / "reads"
    watched = (
        f"import sys; from haicbook.book.reads import watch; watch({str(log)!r}); "
        f"from haicbook.book.nursery import load; load({modules}); "
        "print('matplotlib_inline.backend_inline' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", watched], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert [name for name in log.read_text().splitlines() if not name.startswith("src/")] == []


def test_a_process_that_does_not_end_when_asked_is_ended(monkeypatch):
    monkeypatch.setattr(workers, "POLITE_SECONDS", 0.2)
    deaf = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert process.stdout.readline()
    workers.end([process, *([Forked(process.pid)] if workers._CAN_FORK else [])])
    assert process.wait(timeout=30) == -signal.SIGKILL
    process.stdout.close()


@needs_fork
def test_what_has_ended_can_be_asked_to_end():
    process = subprocess.Popen([sys.executable, "-c", ""])
    forked = Forked(process.pid)
    assert forked.wait() == 0
    process.wait()
    forked.terminate()
    forked.kill()
    forked.close()
