"""A session on one paper: a page for those who come, a page for whoever runs it, both from one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML

from haicbook.paths import root
from haicbook.study import DataError, Problem, load
from haicbook.synthesis.arms import study_label
from haicbook.teaching.facts import Facts, fill
from haicbook.teaching.layout import HANDOUT, folded, listed, table
from haicbook.texts import read_text, yaml_flaws

# the plan of 45 minutes
STEPS = {
    "scenario": ("The scenario, first vote", 5),
    "paper": ("The paper", 10),
    "validity": ("Validity", 10),
    "error": ("Find the error", 5),
    "bias": ("Bias", 5),
    "change": ("What would change your mind?", 5),
    "verdict": ("Second vote, verdict", 5),
}
# items of CASP's checklist for cohort studies (2018), in our words
CASP = {
    1: "a focused question",
    2: "how patients were recruited",
    3: "how exposure was measured",
    4: "how the outcome was measured",
    5: "confounding",
    6: "follow-up",
    7: "the results",
    8: "their precision",
    9: "belief in the results",
    10: "other patients",
    11: "other evidence",
    12: "what follows for practice",
}


# paragraphs
_BETWEEN = "\n\n"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reading(_Part):
    """What to read before, and how long it takes."""

    minutes: int = Field(ge=1, le=15)
    what: str


class Step(_Part):
    """What to do, and what to show on the screen."""

    do: str
    show: str


class Question(_Part):
    """A question with its answer; `item` is that of CASP, of a single arm that of JBI's checklist for case series."""

    item: int = Field(ge=1, le=12)
    ask: str
    answer: str


class Exchange(_Part):
    """A problem and its answer."""

    ask: str
    answer: str


class Wrong(_Part):
    """A likely wrong answer, and how to meet it."""

    said: str
    meet: str


class Session(_Part):
    """What is particular to a paper's session; texts are MyST Markdown with named values."""

    title: str
    scenario: str
    pico: dict[str, str]
    objectives: list[str] = Field(min_length=3, max_length=3)
    read: list[Reading] = Field(min_length=1)
    vote: str
    choices: list[str] = Field(min_length=2)
    steps: dict[str, Step]
    error: Exchange
    questions: list[Question] = Field(min_length=6, max_length=8)
    wrong: list[Wrong] = Field(min_length=3)
    verdict: str


def sessions_dir() -> Path:
    """Where the sessions' files are."""
    return root() / "teaching" / "sessions"


def read_session(facts: Facts, *, plain: bool = False) -> Session:
    """A session as its file has it, every named value in place; with `plain`, as HTML and not as Markdown.

    Raises
    ------
    DataError
        With all that is wrong with the file, and every name that stands for nothing.
    """
    path = sessions_dir() / f"{facts.study}.yml"
    name = f"teaching/sessions/{path.name}"
    text, flaws = read_text(path)
    if flaws := flaws or yaml_flaws(text):
        raise DataError(Problem(name, flaw.line, "", flaw.found, flaw.expected) for flaw in flaws)
    problems: list[Problem] = []

    def filled(part: Any, key: str) -> Any:
        if isinstance(part, dict):
            return {own: filled(item, f"{key}.{own}".strip(".")) for own, item in part.items()}
        if isinstance(part, list):
            return [filled(item, f"{key}.{place}") for place, item in enumerate(part)]
        return fill(part, facts, name, key, problems, plain=plain) if isinstance(part, str) else part

    try:
        session = Session.model_validate(filled(YAML(typ="safe").load(text), ""))
    except ValidationError as error:
        problems += [
            Problem(name, 0, ".".join(map(str, one["loc"])), repr(one["input"])[:60], one["msg"])
            for one in error.errors()
        ]
        raise DataError(problems) from None
    if set(session.steps) != set(STEPS):
        problems.append(Problem(name, 0, "steps", ", ".join(session.steps), ", ".join(STEPS)))
    if problems:
        raise DataError(problems)
    return session


# --- pages ------------------------------------------------------------------------------------------------------------


def learner_page(study: str, session: Session) -> str:
    """The page of those who come: answers are folded."""
    return f"""\
# {session.title}

{HANDOUT}
Journal club on {{doc}}`{study}`, 45 minutes. Answers are folded. Whoever runs it reads
{{doc}}`facilitator_{study}`; there are <a href="slides/{study}.html">slides</a>.

## The patient

{session.scenario}

{_pico(session)}

## Afterwards you can

{listed(session.objectives)}

## Before you come, {sum(item.minutes for item in session.read)} minutes

{listed(f"{item.what} ({item.minutes} min)" for item in session.read)}

{_vote(session)}

## The plan

{_plan(study, session)}

## Find the error

{session.error.ask}

{folded("Answer", session.error.answer)}

## Questions

{_questions(study, session)}

## Verdict

Vote again before you unfold it: {_choices(session)}

{folded("Verdict", session.verdict)}
"""


def _questions(study: str, session: Session) -> str:
    return "\n\n".join(
        f"**{n}.** {question.ask} *({_checklist(study, question)})*\n\n{folded('Answer', question.answer)}"
        for n, question in enumerate(session.questions, 1)
    )


def facilitator_page(study: str, session: Session) -> str:
    """The page of whoever runs the session: answers in the open, and how wrong ones are met."""
    answers = (f"**{n}. {question.ask}** {question.answer}" for n, question in enumerate(session.questions, 1))
    wrong = (f"{item.said}\n: {item.meet}" for item in session.wrong)
    return f"""\
# For the facilitator: {study_label(load(study))}

{HANDOUT}
Twenty minutes of preparation: read the card of {{doc}}`{study}`, then this page. Those who come have
{{doc}}`session_{study}`. Print both pages; a folded answer stays folded on paper.

<a href="slides/{study}.html">Slides</a>, <a href="slides/{study}.html?showNotes=true">slides with notes</a> for your
own screen, and <a href="slides/{study}.html?view=print">slides to print</a>.

## Before the session

* Send the link of the page above {_minutes(session)} minutes of reading ahead.
* Open the chapter, this page and the slides in three tabs.
* Write the choices of the vote on the board: {_choices(session)}
* Name two trainees: one presents the paper, one the curves.

## The plan

{_plan(study, session, "facilitator")}

## Find the error

{session.error.ask}

**Answer.** {session.error.answer}

## Answers

{_BETWEEN.join(answers)}

## Likely wrong answers, and how to meet them

{_BETWEEN.join(wrong)}

## Verdict

{session.verdict}

Running late? Leave out the last question of “Validity”, never the second vote.
"""


def _minutes(session: Session) -> int:
    return sum(item.minutes for item in session.read)


def _checklist(study: str, question: Question) -> str:
    if load(study).spec.comparator is None:
        return f"JBI {question.item}"
    return f"CASP {question.item}: {CASP[question.item]}"


def _pico(session: Session) -> str:
    return "\n\n".join(f"{name.capitalize()}\n: {text}" for name, text in session.pico.items())


def _vote(session: Session) -> str:
    return f"**Vote, and remember it.** {session.vote} {_choices(session)}"


def _choices(session: Session) -> str:
    return "; ".join(f"({letter}) {text}" for letter, text in zip("abcdef", session.choices, strict=False)) + "."


def _plan(study: str, session: Session, whose: str = "session") -> str:
    rows, begin = [], 0
    for key, (title, minutes) in STEPS.items():
        step = session.steps[key]
        rows.append((f"{begin}–{begin + minutes}", title, step.do, step.show))
        begin += minutes
    heads = ("Minutes", "Step", "What to do", "On the screen")
    return table(heads, rows, f"The plan of {begin} minutes", f"tab-{whose}-{study}")
