"""The home page's cards: one for each study, with its verdict, from what its chapter has recorded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from haicbook.markup import escape
from haicbook.paths import data_dir, executed_dir
from haicbook.results import load_results, write_text
from haicbook.study import Paper, load, studies
from haicbook.synthesis.conclusions import questions
from haicbook.synthesis.message import study_message
from haicbook.words import CERTAINTY

NAME = "cards.inc"


def write_cards() -> Path | None:
    """Write `book/_executed/cards.inc`, which the home page includes; left alone where nothing would change.

    Studies whose chapter has no results have no card; without `data/questions.csv` there is none at all.
    """
    path = executed_dir() / NAME
    if not (data_dir() / "questions.csv").exists():
        path.unlink(missing_ok=True)
        return None
    text = cards()
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)
    return path


def cards() -> str:
    """The cards as MyST Markdown, in the order of the questions; studies of which nothing is asked come last."""
    asked = questions()
    order = dict.fromkeys([*asked.study, *studies()])
    there = [study for study in order if study and (executed_dir() / f"{study}.json").exists()]
    shown = [_card(load(study)) for study in there]
    open_questions = [escape(question) for question in asked.question[asked.study == ""]]
    if open_questions:
        shown.append(_unasked(open_questions))
    return "::::::{div} haic-small-cards\n" + "\n".join(shown) + "\n::::::\n"


def _card(paper: Paper) -> str:
    message = study_message(paper, load_results(executed_dir() / f"{paper.study}.json"))
    claim = f"{message.claim.words[0].upper()}{message.claim.words[1:]}"
    return f"""\
:::::{{div}} haic-small-card
[](_executed/{paper.study})

{escape(message.bottom_line)}

::::{{div}} haic-small-facts
{escape(claim)}\\
{_certainty(message.certainty)}\\
{escape(paper.spec.design_label)}
::::
:::::"""


def _unasked(asked: Sequence[str]) -> str:
    """What no paper asks, and where all questions stand side by side."""
    return f"""\
:::::{{div}} haic-small-card
[](_executed/conclusions)

{" ".join(asked)} None of these papers compares that.

::::{{div}} haic-small-facts
Each question with its answer, how certain that is, and what would change it
::::
:::::"""


def _certainty(level: str) -> str:
    return f"Certainty: {CERTAINTY[level]} {level}" if CERTAINTY[level] else f"Certainty: {level}"
