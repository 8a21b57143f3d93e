"""The journal club's pages as a whole: what is written, what is left alone, what is told of wrong texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from haicbook.study import DataError
from haicbook.teaching import pages as written
from haicbook.teaching import sessions
from haicbook.teaching.facts import Facts
from haicbook.teaching.pages import pages, write_teaching


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with texts to teach from and no session."""
    for module in (written, sessions):
        monkeypatch.setattr(module, "root", lambda: tmp_path)
    for name in ("sessions", "methods"):
        (tmp_path / "teaching" / name).mkdir(parents=True)
    return tmp_path


def test_a_book_that_does_not_teach_has_no_such_pages(project: Path) -> None:
    (project / "teaching" / "sessions").rmdir()
    assert write_teaching() == []


def test_a_text_becomes_a_page_of_its_name(project: Path) -> None:
    (project / "teaching" / "pencil.md").write_text("# Pencil\n\n{{lee2024:size post_ab}} patients\n")
    (project / "teaching" / "methods" / "matching.md").write_text("# Matching\n")
    found = pages(Facts())
    assert found["pencil"] == "# Pencil\n\n34 patients\n"
    assert found["method_matching"] == "# Matching\n"


def test_all_that_is_wrong_is_told_at_once_with_its_file(project: Path) -> None:
    (project / "teaching" / "pencil.md").write_text("{{lee2024:size nobody}}\n")
    (project / "teaching" / "methods" / "matching.md").write_text("{{lee2024:sizes post_ab}}\n")
    (project / "teaching" / "sessions" / "lee2024.yml").write_text("titel: x\n")
    with pytest.raises(DataError) as error:
        pages(Facts())
    files = {problem.file for problem in error.value.problems}
    assert files == {f"teaching/{name}" for name in ("pencil.md", "methods/matching.md", "sessions/lee2024.yml")}
