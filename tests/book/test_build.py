"""`haicbook build` on a tiny project: the pages, the status page, and what happens when something is wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import webbrowser
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from tiny import call, copy_project, snapshot, write

from haicbook.book.build import Built, _read_record, last_lines, say_finished, warnings_in
from haicbook.book.digests import digest_of_folder
from haicbook.book.source import commit
from haicbook.book.status import page

REAL_DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def built(executed, tmp_path_factory):
    """The tiny book built once: the project, and what the build said."""
    project = copy_project(executed[0], tmp_path_factory.mktemp("built") / "project")
    return project, call(project, "build")


@pytest.fixture
def pages(monkeypatch):
    """Jupyter Book replaced by something that only notes whether it was called, and how."""
    calls = []

    def build_pages(*, strict, whole):
        calls.append(strict)
        from haicbook.paths import build_dir

        return Built(build_dir() / "html" / "index.html", 0, (), ())

    monkeypatch.setattr("haicbook.book.commands.build_pages", build_pages)
    return calls


class TestPages:
    def test_the_book_is_where_it_says(self, built):
        project, result = built
        assert result.exit_code == 0
        assert result.output.rstrip().endswith("_build/html/index.html")
        assert "Alpha" in (project / "_build/html/book/_executed/alpha.html").read_text()

    def test_it_runs_only_what_is_stale(self, built):
        assert "up to date: alpha, beta, across" in built[1].output

    def test_the_status_page_says_when_with_what_and_on_which_data(self, built):
        project, _ = built
        text = (project / "_build/html/book/_executed/status.html").read_text()
        assert digest_of_folder(project / "data") in text
        assert version("pandas") in text
        assert version("jupyter-book") in text
        assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text)) == 3

    def test_a_second_build_leaves_the_status_page_alone(self, built, pages):
        before = (built[0] / "book/_executed/status.md").stat().st_mtime_ns
        assert call(built[0], "build").exit_code == 0
        assert (built[0] / "book/_executed/status.md").stat().st_mtime_ns == before

    def test_nothing_is_built_when_nothing_changed(self, built, monkeypatch):
        monkeypatch.setattr("haicbook.book.build.call_jupyter_book", None)
        result = call(built[0], "build")
        assert result.exit_code == 0
        assert result.output.startswith("up to date: alpha, beta, across\nThe book: ")

    def test_a_book_that_shows_an_earlier_run_is_not_up_to_date(self, built, monkeypatch):
        monkeypatch.setenv("HAICBOOK_ROOT", str(built[0]))
        assert say_finished(strict=False)
        record = _read_record()
        monkeypatch.setattr("haicbook.book.build._read_record", lambda: replace(record, whole=False))
        assert not say_finished(strict=False)

    def test_titles_and_pages_change_everywhere_and_damage_is_put_right(self, built, tmp_path):
        project = copy_project(built[0], tmp_path / "project")
        html = project / "_build/html"
        write(project / "_toc.yml", (project / "_toc.yml").read_text().replace("  - file: book/_executed/beta\n", ""))
        write(project / "index.md", "# Very small\n\nA book.\n")
        assert call(project, "build").exit_code == 0
        assert not (html / "book/_executed/beta.html").exists()
        assert "Very small" in (html / "book/_executed/across.html").read_text()
        assert "beta.html" not in (html / "book/_executed/across.html").read_text()
        before = snapshot(html)
        (html / "search.html").unlink()
        (html / "_static/pygments.css").write_text("damaged")
        (html / "book/_executed/across.html").write_text("edited")
        assert call(project, "build").exit_code == 0
        assert snapshot(html) == before
        assert not (project / "_build/.pages").exists()

    def test_strict_makes_a_warning_an_error_every_time(self, built, tmp_path):
        project = tmp_path / "project"
        shutil.copytree(built[0], project)
        write(project / "index.md", "# Tiny\n\nSee {doc}`nowhere`.\n")
        loose = call(project, "build")
        assert loose.exit_code == 0
        assert "unknown document: 'nowhere'" in loose.output
        for _ in range(2):
            strict = call(project, "build", "--strict")
            assert strict.exit_code == 1
            assert "Jupyter Book failed" in strict.output
            assert "unknown document: 'nowhere'" in strict.output

    def test_a_sound_book_passes_strictly(self, built):
        result = call(built[0], "build", "--strict")
        assert result.exit_code == 0, result.output

    def test_a_broken_configuration_fails_with_the_last_lines(self, project, haicbook):
        write(project / "_toc.yml", "format: jb-book\nroot: nowhere\n")
        result = haicbook("build")
        assert result.exit_code == 1
        assert "nowhere" in result.output


class TestRefusals:
    def test_bad_cells_are_one_message_before_anything_runs(self, project, haicbook, pages):
        shutil.copytree(REAL_DATA / "lin2023", project / "data/lin2023")
        table = project / "data/lin2023/tables/2_response.csv"
        write(table, re.sub(r"\d+ \(", "many (", table.read_text(), count=1))
        write(project / "data/alpha/count.txt", "11")
        result = haicbook("build")
        assert result.exit_code == 1
        assert pages == []
        assert "running" not in result.output
        heading, *problems = result.output.splitlines()
        assert heading == "The book was not built, because of these cells of data/:"
        assert problems
        assert all(re.match(r"  lin2023/tables/2_response.csv:\d+:.*found .*expected ", line) for line in problems)

    def test_a_full_disk_is_a_sentence_with_the_file(self, project):
        before = snapshot(project / "book")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
        code = f"{limit}; from haicbook.cli import main; main()"
        command = [sys.executable, "-c", code, "build", "--force"]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert ended.returncode == 1
        assert re.fullmatch(
            r"Stopped: File too large: \S+source.ipynb. What there was is left as it was.\n", ended.stderr
        )
        assert snapshot(project / "book") == before

    def test_jupyter_books_full_disk_is_one_too(self, project, haicbook, monkeypatch):
        refused = "print('Traceback'); raise SystemExit(\"OSError: [Errno 28] No space left on device: 'x/page.html'\")"
        monkeypatch.setattr("haicbook.book.build._CALL", refused)
        result = haicbook("build")
        assert result.exit_code == 1
        assert "Stopped: No space left on device: x/page.html. What there was is left as it was." in result.output
        assert "Traceback" not in result.output
        assert not (project / "_build/.pages").exists()

    def test_an_interruption_is_a_sentence(self, haicbook, monkeypatch):
        def interrupted(*, strict, whole):
            raise KeyboardInterrupt

        monkeypatch.setattr("haicbook.book.commands.build_pages", interrupted)
        result = haicbook("build")
        assert result.exit_code == 1
        assert result.output.endswith("Interrupted. What there was is left as it was.\n")


class TestOutcome:
    def test_what_failed_is_shown_as_it_was_and_said(self, project, haicbook, pages):
        write(project / "data/alpha/count.txt", "eleven")
        result = haicbook("build")
        assert result.exit_code == 3
        assert pages == [False]
        assert "The book shows an earlier run of alpha, across." in result.output
        rows = [line.split("|")[1:-1] for line in (project / "book/_executed/status.md").read_text().splitlines()]
        fresh = {row[0]: row[-1] for row in rows if row and row[0] in ("alpha", "beta", "across")}
        assert fresh == {"alpha": "no: shows an earlier run", "beta": "yes", "across": "no: shows an earlier run"}

    def test_without_an_earlier_output_there_is_no_book(self, project, haicbook, pages):
        write(project / "data/alpha/count.txt", "eleven")
        (project / "book/_executed/alpha.ipynb").unlink()
        result = haicbook("build")
        assert result.exit_code == 1
        assert pages == []
        assert "there is no output yet of alpha." in result.output
        assert not (project / "book/_executed/status.md").exists()

    def test_the_pages_failing_fails_the_build(self, haicbook, monkeypatch, project):
        broken = Built(project / "index.html", 2, ("a.md: WARNING: odd",), ("the last line",))
        monkeypatch.setattr("haicbook.book.commands.build_pages", lambda strict, whole: broken)
        result = haicbook("build")
        assert result.exit_code == 1
        for said in ("exit code 2", "the last line", "a.md: WARNING: odd"):
            assert said in result.output

    def test_open_opens_the_first_page(self, project, haicbook, pages, monkeypatch):
        opened = []
        monkeypatch.setattr(webbrowser, "open", opened.append)
        haicbook("build", "--open")
        assert opened == [(project / "_build/html/index.html").as_uri()]

    def test_force_runs_all(self, haicbook, pages, monkeypatch):
        asked = []

        def run(chosen, overrides, *, jobs, force, console):
            asked.append((chosen, overrides, jobs, force))
            return []

        monkeypatch.setattr("haicbook.book.commands.run", run)
        haicbook("build", "--force", "--jobs", "1", "--strict")
        assert asked == [((), {}, 1, True)]
        assert pages == [True]


class TestStatusPage:
    def test_what_was_never_recorded_is_not_known(self):
        text = page(["alpha"], [], {}, "abc", "")
        assert "|alpha|not known|–|–|yes|" in text
        assert "not known: built outside of a git checkout" in text
        assert "|pandas|not known|" in text

    def test_versions_that_differ_are_all_named(self):
        record = {name: {"versions": {"pandas": number}} for name, number in (("alpha", "2.2"), ("beta", "2.3"))}
        assert "|pandas|2.2, 2.3|" in page(["alpha", "beta"], [], record, "abc", "0123")

    def test_a_record_that_cannot_be_read_is_no_obstacle(self, project, haicbook, pages):
        write(project / "book/_executed/status.json", "{")
        assert haicbook("build").exit_code == 0
        assert "|alpha|not known|" in (project / "book/_executed/status.md").read_text()


class TestCommit:
    @pytest.fixture
    def checkout(self, tmp_path):
        if not shutil.which("git"):
            pytest.skip("git is not installed")
        write(tmp_path / "a.txt", "1")
        author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        for arguments in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "one"]):
            subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
        return tmp_path

    def test_a_checkout_has_one(self, checkout):
        assert re.fullmatch(r"[0-9a-f]{40}", commit(checkout))

    def test_uncommitted_changes_are_said(self, checkout):
        write(checkout / "b.txt", "1")
        assert re.fullmatch(r"[0-9a-f]{40}, with uncommitted changes", commit(checkout))

    def test_a_folder_of_another_project_has_none(self, checkout):
        (checkout / "inner").mkdir()
        assert commit(checkout / "inner") == ""

    def test_no_checkout_has_none(self, tmp_path, monkeypatch):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert commit(tmp_path) == ""

    def test_without_git_there_is_none(self, checkout, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert commit(checkout) == ""


def test_warnings_are_found_once_each():
    lines = ["reading", "a.md:1: WARNING: odd", "a.md:1: WARNING: odd", "b.md: ERROR: bad", "0 errors"]
    assert warnings_in(lines) == ("a.md:1: WARNING: odd", "b.md: ERROR: bad")


def test_the_last_lines_are_those_that_tell_something():
    box = ["=" * 79, "Building your book, returns a non-zero exit code (1). Look above for the cause.", "=" * 79]
    cause = "The above exception was the direct cause of the following exception:"
    assert last_lines(["a", "b", "c", *box], 2) == ("b", "c")
    assert last_lines(["a", "KeyError: b", cause, "Traceback", *box], 2) == ("a", "KeyError: b")
    assert last_lines([]) == ()


def test_the_book_is_not_touched_by_building(built):
    """Only the status page is added beside what was executed."""
    names = set(snapshot(built[0] / "book/_executed"))
    assert "status.md" in names
    assert {name.rpartition(".")[2] for name in names} == {"ipynb", "json", "md"}
