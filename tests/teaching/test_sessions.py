"""Session files: what is refused, and the two pages that one file becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from haicbook.study import DataError
from haicbook.teaching import sessions
from haicbook.teaching.facts import Facts
from haicbook.teaching.sessions import STEPS, Session, facilitator_page, learner_page, read_session

QUESTION = {"item": 5, "ask": "Why so?", "answer": "Because of {{short post_ab}}."}
WHOLE = {
    "title": "A session",
    "scenario": "A patient.",
    "pico": {"patients": "Some", "intervention": "{{arm post_ab}}", "comparator": "None", "outcome": "Survival"},
    "objectives": ["ask", "count", "decide"],
    "read": [{"minutes": 4, "what": "the card"}],
    "vote": "Would you?",
    "choices": ["yes", "no"],
    "steps": {step: {"do": f"Do {step}.", "show": "this page"} for step in STEPS},
    "error": {"ask": "Add up.", "answer": "It does not."},
    "questions": [QUESTION] * 6,
    "wrong": [{"said": "It works.", "meet": "Ask whom."}] * 3,
    "verdict": "Open.",
}


def write(folder: Path, content: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    from ruamel.yaml import YAML

    with (folder / "lee2024.yml").open("w") as stream:
        YAML(typ="safe", pure=True).dump(content, stream)
    monkeypatch.setattr(sessions, "sessions_dir", lambda: folder)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    write(tmp_path, WHOLE, monkeypatch)
    return read_session(Facts("lee2024"))


def test_the_plan_has_45_minutes() -> None:
    assert sum(minutes for _, minutes in STEPS.values()) == 45


def test_answers_are_folded_for_those_who_come_and_open_for_whoever_runs_it(session: Session) -> None:
    learner, facilitator = learner_page("lee2024", session), facilitator_page("lee2024", session)
    assert learner.count(":::{dropdown} Answer") == 7
    assert "Ask whom." not in learner
    assert ":::{dropdown}" not in facilitator
    assert "Because of post-ate-beva." in facilitator
    assert "|0–5|The scenario, first vote|Do scenario.|this page|" in learner
    assert "|40–45|Second vote, verdict|Do verdict.|this page|" in facilitator


def test_questions_name_the_checklist_that_fits_the_design(session: Session) -> None:
    assert "CASP 5: confounding" in learner_page("lee2024", session)
    assert "JBI 5" in learner_page("shen2025", session)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"titel": "x"}, "titel"),
        ({"objectives": ["one"]}, "objectives"),
        ({"questions": [QUESTION] * 5}, "questions"),
        ({"questions": [QUESTION] * 5 + [QUESTION | {"item": 13}]}, "questions.5.item"),
        ({"steps": {"paper": {"do": "x", "show": "y"}}}, "steps"),
        ({"vote": "{{short nobody}}"}, "{{short nobody}}"),
        ({"read": [{"minutes": 40, "what": "all"}]}, "read.0.minutes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict, told: str
) -> None:
    write(tmp_path, WHOLE | change, monkeypatch)
    with pytest.raises(DataError, match=r"teaching/sessions/lee2024\.yml") as error:
        read_session(Facts("lee2024"))
    assert told in str(error.value)


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lee2024.yml").write_text("title: 'x\n")
    monkeypatch.setattr(sessions, "sessions_dir", lambda: tmp_path)
    with pytest.raises(DataError, match="malformed YAML"):
        read_session(Facts("lee2024"))
