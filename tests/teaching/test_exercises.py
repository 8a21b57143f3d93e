"""Synthetic papers with errors: the key holds, the paper does not tell it, the book has what the code makes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from haicbook.audit import audit
from haicbook.cli import main
from haicbook.simulate.errors.injection import INJECTORS
from haicbook.teaching.exercises import BOOK, ERRORS, LEVELS, Exercise, book_page, files, make

PAGES = Path(__file__).parents[2] / "book" / "exercises"


@cache
def exercise(number: int) -> Exercise:
    return make(number, BOOK[number - 1])


@pytest.mark.parametrize("number", range(1, len(BOOK) + 1))
def test_the_books_exercises_are_what_the_code_makes(number: int) -> None:
    """If not, `python -m haicbook.teaching.exercises` writes them again."""
    page = (PAGES / f"exercise_{number:02d}.md").read_text(encoding="utf-8")
    assert page == book_page(exercise(number), number)


@pytest.mark.parametrize("number", [1, 5, 8])
def test_every_error_of_the_key_is_found_by_the_whole_audit(number: int) -> None:
    planted = exercise(number).planted
    assert len(planted) == ERRORS[exercise(number).level][0]
    found = audit(exercise(number).draft.paper())
    known = {(one.rule, one.value_ids) for finding in found for one in (finding, *finding.consequences)}
    assert {(one.rule.key, one.finding.value_ids) for one in planted} <= known


def test_levels_are_of_kinds_that_there_are_and_share_none() -> None:
    kinds = [kind for _, own in ERRORS.values() for kind in own]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= set(INJECTORS)
    assert set(ERRORS) == set(LEVELS)


def test_the_paper_shows_every_table_and_curves_with_numbers_at_risk_and_no_key() -> None:
    paper, key = files(exercise(1)).values()
    page = BeautifulSoup(paper, "html.parser")
    assert len(page.select("table")) == len(exercise(1).draft.spec["tables"]) == 5
    assert "At risk" in page.select_one("svg").get_text(" ")
    assert [title.get_text() for title in page.select("h3")] == ["Abstract", "Methods", "Results", "Discussion"]
    for planted in exercise(1).planted:
        assert planted.finding.sentence not in page.get_text()
        assert planted.finding.sentence in BeautifulSoup(key, "html.parser").get_text()


def test_the_command_writes_paper_and_key_apart(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["exercise", "--seed", "1", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exercise-easy-1-key.html", "exercise-easy-1.html"]
    assert (tmp_path / "exercise-easy-1.html").read_text() == files(exercise(1))["exercise-easy-1.html"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="easy, medium, hard"):
        make(1, "impossible")  # type: ignore[arg-type]
