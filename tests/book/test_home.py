"""The home page's cards: one for each study that was executed, with what its own card says."""

from __future__ import annotations

from pathlib import Path

import pytest

from haicbook.book import home
from haicbook.results import Results
from haicbook.synthesis.conclusions import questions


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(home, "executed_dir", lambda: tmp_path)
    return tmp_path


def save(folder: Path, *studies: str) -> None:
    for study in studies:
        Results(study, {}).save(folder / f"{study}.json")


def test_each_executed_study_has_a_card_and_the_last_is_what_no_paper_asks(executed: Path) -> None:
    save(executed, "lee2024", "cao2024")
    text = home.cards()
    assert text.count("{div} haic-small-card\n") == 3
    places = [text.index(f"[](_executed/{name})") for name in ("cao2024", "lee2024", "conclusions")]
    assert places == sorted(places)
    assert "did not differ significantly" in text
    assert "⊕⊖⊖⊖ very low" in text
    (unasked,) = questions().question[questions().study == ""]
    assert unasked in text


def test_the_page_is_left_alone_where_nothing_changed(executed: Path) -> None:
    save(executed, "lee2024")
    path = home.write_cards()
    assert path is not None
    written = path.stat().st_mtime_ns
    home.write_cards()
    assert path.stat().st_mtime_ns == written
    save(executed, "shen2025")
    home.write_cards()
    assert "shen2025" in path.read_text()


def test_a_book_without_questions_has_no_cards(executed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "data_dir", lambda: executed)
    (executed / home.NAME).write_text("of another time")
    assert home.write_cards() is None
    assert not (executed / home.NAME).exists()
