"""A courteous letter about what does not add up: innocent explanations first, then questions, no allegation."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Literal

from haicbook.audit import RULES, Finding, Rule
from haicbook.audit.registry import Topic
from haicbook.markup import escape
from haicbook.study import Paper

Addressee = Literal["editor", "authors"]
# by topic: what most often explains such a difference, and what only the authors can answer
_INNOCENT: dict[Topic, tuple[str, str]] = {
    "counts": (
        "a slip of typing, a row moved by one line, or a percentage of the patients with known values",
        "Could you tell us the count and the denominator in your data?",
    ),
    "tests": (
        "another test than the one named, a one-sided p-value, or counts that were updated after the test",
        "Which test was used, on which counts?",
    ),
    "moments": (
        "rounding in two steps, a few patients without a value, or figures of a subset",
        "Could you tell us the number of patients with a value, and mean and standard deviation to one digit more?",
    ),
    "hazard_ratios": (
        "a misprinted limit, groups coded in another way, or a model of all patients where the matched ones are named",
        "How many patients and events were in this model, and how was the covariate coded?",
    ),
    "survival": (
        "another convention of the program, a later data cut, or limits read off in another way",
        "Which program and option gave these figures, and how many were at risk?",
    ),
    "agreement": (
        "an earlier data cut that stayed in one part of the text",
        "Which of the figures is the one of the final data?",
    ),
    "design": (
        "an amendment of the protocol, or a slip of the pen",
        "Which of the two describes what was done?",
    ),
}
_WORDING = (
    "a sentence that rests on another comparison or time than the one printed",
    "On which result does the sentence rest?",
)
# rules that hold a sentence against figures
_WORDED = ("compared", "most_common", "significance", "all_of")
_COUNTS = {0: "no", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}


def letter(paper: Paper, findings: Sequence[Finding], to: Addressee, form: str) -> str:
    """The letter.

    Parameters
    ----------
    paper
        The study.
    findings
        What it is about, what matters most first.
    to
        Whom it is for.
    form
        `markdown` or `html`.
    """
    rules = {rule.key: rule for rule in RULES}
    before, after = _opening(paper, findings, to, rules), _closing(to)
    items = [_item(finding, rules[finding.rule]) for finding in findings]
    return _html(before, items, after) if form == "html" else _markdown(before, items, after)


def _opening(paper: Paper, findings: Sequence[Finding], to: Addressee, rules: dict[str, Rule]) -> list[str]:
    spec = paper.spec
    where = ", ".join(str(part) for part in (spec.journal, spec.year) if part)
    cited = f"“{spec.title}” by {spec.authors}" + (f" ({where})" if where else "")
    cited += f", doi {spec.doi}" if spec.doi else ""
    reader = "Dear Editor," if to == "editor" else "Dear authors,"
    whose = "the paper" if to == "editor" else "your paper"
    if not findings:
        return [reader, f"We recomputed what can be recomputed of {cited}. Nothing that we looked for was off."]
    number = len(findings)
    things = f"{_COUNTS.get(number, str(number))} place{'s' if number > 1 else ''}"
    explained = "; ".join(dict.fromkeys(_innocent(rules[finding.rule])[0] for finding in findings))
    read = (
        f"Our journal club read {cited} with interest and recomputed what can be recomputed from the printed figures. "
        f"In {things} of {whose} we could not reproduce a figure, or two statements differ."
    )
    simple = (
        f"Most such differences have simple explanations: {explained}. We may also have copied a figure wrongly. "
        "Each point below says what we read, what we computed, and what would settle it."
    )
    return [reader, read, simple]


def _innocent(rule: Rule) -> tuple[str, str]:
    return _WORDING if rule.key in _WORDED else _INNOCENT[rule.topic]


def _item(finding: Finding, rule: Rule) -> list[tuple[str, str]]:
    """An entry: what was read and computed, what may explain it, and a question; each with a title."""
    innocent, question = _innocent(rule)
    explained = finding.repair or f"{innocent[0].upper()}{innocent[1:]}."
    parts = [("", finding.sentence)]
    parts += [("What may explain it", explained)]
    parts += [("By hand", finding.recomputation)] if finding.recomputation else []
    parts += [("From the same slip, it seems", other.sentence) for other in finding.consequences]
    return [*parts, ("Our question", question)]


def _closing(to: Addressee) -> list[str]:
    asked = "We would be grateful if you passed these questions on to the authors." if to == "editor" else ""
    return [
        " ".join(
            part
            for part in (
                "None of this says how a difference arose, nor whether it touches the conclusion: only the data can.",
                asked,
                "An answer will be printed beside the finding, in the authors' words and over their names.",
            )
            if part
        ),
        "With kind regards,",
    ]


def _markdown(before: list[str], items: list[list[tuple[str, str]]], after: list[str]) -> str:
    listed = [
        f"{n}. " + "\n\n   ".join(f"*{title}:* {escape(text)}" if title else str(escape(text)) for title, text in item)
        for n, item in enumerate(items, 1)
    ]
    return "\n\n".join([*map(escape, before), *listed, *map(escape, after)]) + "\n"


def _html(before: list[str], items: list[list[tuple[str, str]]], after: list[str]) -> str:
    def paragraph(text: str, title: str = "") -> str:
        return f"<p>{f'<i>{title}:</i> ' if title else ''}{html.escape(text)}</p>"

    listed = "\n".join(f"<li>{''.join(paragraph(text, title) for title, text in item)}</li>" for item in items)
    parts = [*map(paragraph, before), f"<ol>\n{listed}\n</ol>" if items else "", *map(paragraph, after)]
    body = "\n".join(filter(None, parts))
    return f'<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Letter</title>\n{body}\n</html>\n'
