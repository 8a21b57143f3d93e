"""A letter about findings: innocent explanations before questions, and no allegation."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from haicbook.audit import ranked
from haicbook.audit.audited import audited
from haicbook.cli import main
from haicbook.study import load, studies
from haicbook.teaching.letters import letter

BLAME = re.compile(r"fraud|fabricat|falsif|misconduct|manipulat|invented|dishonest|suspicious", re.IGNORECASE)


@pytest.mark.parametrize("study", studies())
@pytest.mark.parametrize("to", ["editor", "authors"])
def test_explanations_come_first_and_nobody_is_accused(study: str, to: str) -> None:
    paper = load(study)
    found = ranked(paper, audited(paper))
    text = letter(paper, found, to, "markdown")  # type: ignore[arg-type]
    assert text.startswith("Dear Editor," if to == "editor" else "Dear authors,")
    assert text.index("simple explanations") < text.index("1. ")
    items = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
    assert len(items) == len(found)
    for item in items:
        assert item.index("What may explain it") < item.index("Our question")
    assert BLAME.findall(text) == []


def test_both_forms_say_the_same() -> None:
    paper = load("lee2024")
    found = ranked(paper, audited(paper))[:2]
    page = BeautifulSoup(letter(paper, found, "authors", "html"), "html.parser")
    assert len(page.select("ol > li")) == 2
    words = [re.sub(r"[\W\d]+", "", text) for text in (page.body or page).get_text(" ").split(found[0].sentence)]
    plain = letter(paper, found, "authors", "markdown")
    assert words[0].removeprefix("Letter") == re.sub(r"[\W\d]+", "", plain.split("1. ")[0])


def test_without_a_finding_the_letter_says_so() -> None:
    assert "Nothing that we looked for was off" in letter(load("lee2024"), [], "authors", "markdown")


def test_the_command_takes_only_what_was_asked_for() -> None:
    errors = CliRunner().invoke(main, ["letter", "lee2024"]).output
    all_of_them = CliRunner().invoke(main, ["letter", "lee2024", "--severity", "error", "--severity", "warning"]).output
    assert errors.count("Our question") < all_of_them.count("Our question")
    refused = CliRunner().invoke(main, ["letter", "nobody"])
    assert refused.exit_code == 2
    assert "cao2024" in refused.output
