"""`haicbook run` on a tiny project: what it makes, when, and what it leaves alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny import call, copy_project, make_project, snapshot, write

from haicbook.book import run
from haicbook.book.progress import Earlier
from haicbook.results import load_results

BOOK = ["across.ipynb", "across.json", "alpha.ipynb", "alpha.json", "beta.ipynb", "beta.json", "status.json"]


def outputs(project: Path) -> dict[str, bytes]:
    """What the book shows; the record of times left out."""
    return {name: content for name, content in snapshot(project / "book" / "_executed").items() if "status" not in name}


def running(output: str) -> list[str]:
    """The notebooks that a run executed."""
    return [line.partition(":")[0] for line in output.splitlines() if ": running (" in line]


@pytest.fixture(scope="module")
def changed(executed, tmp_path_factory):
    """A run with one changed parameter: what it said, its folder, the book before and after."""
    project = copy_project(executed[0], tmp_path_factory.mktemp("changed") / "project")
    before = snapshot(project / "book")
    result = call(project, "run", "alpha", "-p", "factor=3")
    (folder,) = (project / "_build" / "runs").iterdir()
    return result, folder, before, snapshot(project / "book")


@pytest.fixture(scope="module")
def failed(executed, tmp_path_factory):
    """A run in which one of two stale studies fails: the project, its outputs before, what it said."""
    project = copy_project(executed[0], tmp_path_factory.mktemp("failed") / "project")
    write(project / "data/alpha/count.txt", "eleven")
    write(project / "data/beta/count.txt", "21")
    before = outputs(project)
    return project, before, call(project, "run")


class TestFirstRun:
    def test_it_makes_notebooks_and_results(self, executed):
        project, result = executed
        assert result.exit_code == 0
        assert sorted(snapshot(project / "book" / "_executed")) == BOOK

    def test_cross_study_notebooks_run_after_the_studies_and_read_them(self, executed):
        project, result = executed
        assert running(result.output)[-1] == "across"
        assert load_results(project / "book/_executed/across.json").value("doubled") == [20, 40]

    def test_it_says_what_ran_and_why(self, executed):
        assert "alpha: running (no output yet)" in executed[1].output
        assert "alpha: executed, 3 of 3 cells" in executed[1].output

    def test_nothing_of_this_run_or_this_machine_is_in_a_notebook(self, executed):
        text = (executed[0] / "book/_executed/alpha.ipynb").read_text()
        assert "<object object at 0x…> ." in text
        assert "<cell>:4: UserWarning: a warning" in text
        for trace in ("papermill", "iopub", str(executed[0]), "start_time", "scratch"):
            assert trace not in text

    def test_the_scratch_folders_are_gone(self, executed):
        assert list((executed[0] / "_build/scratch").iterdir()) == []

    def test_times_and_versions_stand_apart_from_the_notebooks(self, executed):
        record = json.loads((executed[0] / "book/_executed/status.json").read_text())["notebooks"]
        assert sorted(record) == ["across", "alpha", "beta"]
        assert record["alpha"]["cells"] == 3
        assert record["alpha"]["seconds"] > 0
        assert record["alpha"]["versions"]["pandas"]


class TestStaleness:
    def test_a_second_run_does_nothing(self, project, haicbook):
        before = snapshot(project)
        result = haicbook("run")
        assert result.exit_code == 0
        assert result.output == "up to date: alpha, beta, across\n"
        assert snapshot(project) == before

    def test_data_make_their_study_stale_and_what_reads_all(self, project, haicbook):
        write(project / "data/alpha/count.txt", "11")
        result = haicbook("run")
        assert running(result.output) == ["alpha", "across"]
        assert "alpha: running (data changed)" in result.output
        assert "across: running (results changed)" in result.output
        assert load_results(project / "book/_executed/across.json").value("doubled") == [22, 40]

    def test_a_cross_study_notebook_brings_what_it_reads_up_to_date(self, project, haicbook):
        write(project / "data/beta/count.txt", "3")
        result = haicbook("run", "across")
        assert running(result.output) == ["beta", "across"]
        assert load_results(project / "book/_executed/across.json").value("doubled") == [6, 20]

    def test_results_that_were_edited_are_made_again(self, project, haicbook):
        path = project / "book/_executed/alpha.json"
        before = path.read_bytes()
        path.write_bytes(before.replace(b'"value": 20', b'"value": 21'))
        assert path.read_bytes() != before
        result = haicbook("run", "alpha")
        assert running(result.output) == ["alpha"]
        assert path.read_bytes() == before

    def test_forced_runs_give_the_same_bytes_wherever_the_project_lies(self, project, haicbook, tmp_path):
        before = outputs(project)
        result = haicbook("run", "--force", "--jobs", "1")
        assert sorted(running(result.output)) == ["across", "alpha", "beta"]
        assert "(forced)" in result.output
        assert outputs(project) == before


class TestChangedParameters:
    def test_the_run_goes_to_a_folder_of_its_own(self, changed):
        result, folder, _, _ = changed
        assert result.exit_code == 0
        assert folder.name.startswith("alpha-")
        assert sorted(snapshot(folder)) == ["alpha.ipynb", "alpha.json"]
        assert load_results(folder / "alpha.json").parameters == {"factor": 3, "share": 0.5}

    def test_the_book_stays_as_it_is(self, changed):
        _, _, before, after = changed
        assert after == before

    def test_it_says_where_the_run_is_and_what_changed(self, changed):
        result, folder, _, _ = changed
        assert "alpha with factor = 3 (default 2)" in result.output
        assert "factor: what the count is multiplied by" in result.output
        assert f"{folder.name}/alpha.json" in result.output
        assert "1 other result differs:\n      doubled  20  →  30" in result.output

    def test_the_page_shows_the_parameters_once_with_their_values(self, changed):
        notebook = json.loads((changed[1] / "alpha.ipynb").read_text())
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert "".join(cells[0]["source"]).splitlines() == [
            "factor: int = 3  # 1 to 9: what the count is multiplied by",
            "share: float = 0.5  # 0 to 1: used by nothing",
        ]
        assert [cell["execution_count"] for cell in cells] == [1, 2, 3]
        assert notebook["metadata"]["haicbook"]["changed"] == {"factor": 3}

    def test_the_same_change_again_runs_nothing_and_still_reports(self, changed):
        project = changed[1].parents[2]
        result = call(project, "run", "alpha", "-p", "factor=3")
        assert running(result.output) == []
        assert "1 other result differs" in result.output

    def test_a_parameter_that_changes_nothing_says_so(self, haicbook):
        assert "none of the 2 results differ" in haicbook("run", "alpha", "-p", "share=0.25").output

    def test_a_value_that_is_the_default_is_the_books_run(self, haicbook, project):
        result = haicbook("run", "alpha", "-p", "factor=2")
        assert result.output == "up to date: alpha\n"
        assert not (project / "_build/runs").exists()

    def test_a_comparison_with_older_results_says_that_they_are(self, haicbook, project):
        write(project / "data/alpha/count.txt", "12")
        result = haicbook("run", "alpha", "-p", "factor=3")
        assert result.output.split()[-1] == "date"
        assert "results are older" in result.output

    def test_without_results_of_the_defaults_there_is_nothing_to_compare_with(self, haicbook, project):
        (project / "book/_executed/alpha.json").unlink()
        result = haicbook("run", "alpha", "-p", "factor=3")
        assert result.exit_code == 0
        assert "no results with the defaults to compare with; haicbook run alpha makes them" in result.output


class TestRefusals:
    @pytest.fixture
    def refused(self, project, haicbook):
        before = snapshot(project)

        def check(*arguments: str) -> str:
            result = haicbook("run", *arguments)
            assert result.exit_code == 2
            assert snapshot(project) == before
            return result.output

        return check

    def test_every_wrong_parameter_is_listed_before_anything_runs(self, refused):
        output = refused("alpha", "-p", "factr=3", "-p", "factor=ten", "-p", "share=1.5", "--force")
        assert output.splitlines() == [
            "Nothing was run:",
            "  factr: no such parameter (did you mean factor?); there are factor, share",
            "  factor: found 'ten', expected a whole number (int), 1 to 9",
            "  share: found '1.5', expected 0 to 1",
        ]

    def test_a_parameter_that_only_some_have_is_refused_with_those_that_do(self, refused):
        output = refused("alpha", "beta", "-p", "share=0.1")
        assert "share: not a parameter of beta; those that have it: haicbook run alpha -p share=0.1" in output

    def test_each_notebook_that_refuses_a_value_is_named(self, refused):
        output = refused("alpha", "beta", "-p", "factor=10")
        assert "  alpha: factor: found '10', expected 1 to 9\n  beta: factor: found '10', expected 1 to 9" in output

    def test_an_unknown_notebook_is_refused_with_those_there_are(self, refused):
        assert "alhpa: no such notebook (did you mean alpha?); there are alpha, beta, across" in refused("alhpa")

    def test_malformed_assignments_and_jobs_are_usage_errors(self, refused):
        assert "-p factor: expected NAME=VALUE" in refused("alpha", "-p", "factor")
        assert "--jobs" in refused("--jobs", "0")

    def test_a_malformed_source_stops_the_run_and_names_its_line(self, project, haicbook):
        path = project / "notebooks/alpha.md"
        write(path, path.read_text().replace("# 1 to 9: ", "# "))
        result = haicbook("run")
        assert result.exit_code == 1
        assert "notebooks/alpha.md, parameters cell, line 1: factor: " in result.output

    def test_a_source_without_parameters_is_malformed(self, project, haicbook):
        path = project / "notebooks/alpha.md"
        write(path, path.read_text().replace("[parameters]", "[other]"))
        assert "notebooks/alpha.md: found 0 cells tagged `parameters`, expected one" in haicbook("run").output


class TestFailure:
    def test_the_exit_code_says_that_the_result_is_partial(self, failed):
        assert failed[2].exit_code == 3

    def test_the_previous_output_stays_and_the_others_finish(self, failed):
        project, before, result = failed
        after = outputs(project)
        assert {name for name in before if before[name] != after[name]} == {"beta.ipynb", "beta.json"}
        assert load_results(project / "book/_executed/beta.json").value("count") == 21
        assert "the output of an earlier run is kept" in result.output

    def test_the_cell_and_the_error_are_named(self, failed):
        output = failed[2].output
        assert "alpha failed: cell 2 of 3, notebooks/alpha.md:22: from pathlib import Path" in output
        assert "    ValueError: invalid literal for int() with base 10: 'eleven'" in output

    def test_the_partial_notebook_is_kept(self, failed):
        partial = failed[0] / "_build/failed/alpha.ipynb"
        assert "ValueError" in partial.read_text()
        assert "as far as it came: " in failed[2].output

    def test_what_reads_the_failed_one_is_not_run(self, failed):
        assert "across was not run: it reads the results of alpha" in failed[2].output

    def test_alone_it_is_a_failure(self, failed):
        assert call(failed[0], "run", "alpha").exit_code == 1

    def test_mended_it_runs_and_the_partial_notebook_goes(self, failed):
        write(failed[0] / "data/alpha/count.txt", "11")
        assert call(failed[0], "run").exit_code == 0
        assert list((failed[0] / "_build/failed").iterdir()) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os._exit(1)", "alpha failed: cell 2 of 3"),
        ("import os; os.kill(os.getppid(), 9)", "the process that ran the notebook ended early"),
        ("raise SystemExit", "no usable results: it wrote no alpha.json"),
        ("results.record('count', 1)", "ResultsError: count is recorded already"),
        ("results.parameters['factor'] = 5", "does not give this run's parameters: look at factor"),
        ("results.study = 'beta'", "it wrote no alpha.json"),
    ],
    ids=["kernel dies", "worker dies", "no results", "error", "other parameters", "other study"],
)
def test_whatever_goes_wrong_the_output_stays(project, haicbook, code, said):
    path = project / "notebooks/alpha.md"
    write(path, path.read_text().replace('results.record("doubled"', f'{code}\nresults.record("doubled"'))
    before = outputs(project)
    result = haicbook("run", "alpha")
    assert result.exit_code == 1
    assert said in result.output
    assert outputs(project) == before


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
def test_an_interruption_leaves_the_output_and_ends_the_kernel(project):
    path = project / "notebooks/alpha.md"
    wait = "Path(data_dir() / 'alpha' / 'pid').write_text(str(__import__('os').getpid())); __import__('time').sleep(99)"
    write(path, path.read_text().replace('results.record("doubled"', f'{wait}\nresults.record("doubled"'))
    before = outputs(project)
    command = [sys.executable, "-c", "from haicbook.cli import main; main()", "run", "alpha"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    pid = project / "data/alpha/pid"
    until(lambda: pid.exists() and pid.read_text())
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert said.decode().endswith("Interrupted. What there was is left as it was.\n")
    assert b"Traceback" not in said
    until(lambda: not alive(int(pid.read_text())))
    assert outputs(project) == before
    assert list((project / "_build/scratch").iterdir()) == []


def until(condition) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_project_without_notebooks_says_so(tmp_path):
    result = call(tmp_path, "run")
    assert result.exit_code == 2
    assert "no notebooks there" in result.output


def test_the_project_is_found_from_a_folder_inside_it(tmp_path, monkeypatch):
    from haicbook.paths import root

    project = make_project(tmp_path / "tiny")
    monkeypatch.delenv("HAICBOOK_ROOT", raising=False)
    monkeypatch.chdir(project / "data" / "alpha")
    assert root() == project.resolve()


def test_the_longest_begin_first_and_before_them_those_that_never_ran(project):
    jobs = run.plan(["alpha", "beta"], {})
    alpha, beta = jobs
    took = {"alpha": Earlier(2.0, True), "beta": Earlier(3.0, True)}
    assert run.longest_first(jobs, took) == [beta, alpha]
    assert run.longest_first(jobs, {"beta": took["beta"]}) == [alpha, beta]
    by_length = sorted(jobs, key=lambda job: len(job.source.text), reverse=True)
    assert run.longest_first(jobs[::-1], {}) == run.longest_first(jobs, {}) == by_length
