"""Appraisal sheets, to fill in and filled in: reporting after STROBE, risk of bias, certainty; one page each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from haicbook.markup import escape
from haicbook.study import Paper
from haicbook.study.beside import DOMAINS
from haicbook.synthesis.arms import study_label
from haicbook.synthesis.conclusions import NOT_GRADED, conclude, questions
from haicbook.synthesis.judgements import appraisal, judged, risk_of_bias
from haicbook.synthesis.message import INFORMATION_SIZE
from haicbook.synthesis.reporting import ITEMS, reporting
from haicbook.teaching.facts import Facts
from haicbook.teaching.layout import HANDOUT, table
from haicbook.words import CERTAINTY

# the item of STROBE that each of the book's checks is part of; registration is asked for elsewhere
STROBE = {
    "Deaths in each arm": "15",
    "Progressions in each arm": "15",
    "Numbers at risk beneath the curves": "15",
    "Median overall survival with interval": "16",
    "Median progression-free survival with interval": "16",
    "Survival rates with intervals": "16",
    "Progression-free rates with intervals": "16",
    "Unadjusted hazard ratio, overall survival": "16",
    "Adjusted hazard ratio, overall survival": "16",
    "Hazard ratio, progression-free survival": "16",
    "Follow-up in each arm, and its method": "14",
    "Date of the last follow-up": "5",
    "Baseline before and after matching": "14",
    "Matching: algorithm, caliper, its scale, score": "6, 12",
    "Response in four categories, in each arm": "15",
    "Adverse events by grade, in each arm": "15",
    "Treatment after progression": "7",
    "Registration": "–",
}
_STATES = {"yes": "yes", "part": "in part", "no": "no", "lost": "lost in our text", "na": "does not apply"}
_GRADE = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
_SIDE = '<div class="haic-sheet"></div>\n'


_BLANK = """\
# Appraisal sheets

To fill in, one to a printed page. Filled in with this book's judgements: {filled}. Fill in your own first.

The first sheet lists what this book needs of a paper; its numbers are the items of STROBE to which each belongs. It is
not the whole of STROBE.

{handout}
## Reporting

{reporting}

{side}
## Risk of bias

{robins}

{side}
## A single arm

{jbi}

{side}
## Certainty

GRADE starts high with ROBINS-I, and lower where there is no comparison. One level down for serious, two for very
serious.

{grade}
"""


def sheets(facts: Facts, studies: Sequence[str]) -> dict[str, str]:
    """Name of a page → its MyST Markdown: the sheets to fill in, and those of each study."""
    return {"sheets": blank_sheets(studies)} | {f"sheet_{study}": _filled(facts.of(study)) for study in studies}


def blank_sheets(studies: Sequence[str]) -> str:
    """The sheets to fill in, with links to those that are, of some studies."""
    items = appraisal()
    return _BLANK.format(
        filled="; ".join(f"{{doc}}`sheet_{study}`" for study in studies),
        handout=HANDOUT,
        side=_SIDE,
        reporting=_to_fill_in(
            "Reporting",
            ("STROBE", "Does the paper print …", "Yes, in part, no", "Where"),
            ((STROBE[i], i) for i in ITEMS),
        ),
        robins=_to_fill_in(
            "Risk of bias (ROBINS-I)",
            ("Domain", "Low, moderate, serious, critical", "Because"),
            ((words,) for words in (*DOMAINS.values(), "Overall: the worst of them")),
        ),
        jbi=_to_fill_in(
            "Single arm (JBI, case series)",
            ("Item", "Question", "Yes, no, unclear", "Because"),
            zip(items["item"].astype(str), items.question, strict=True),
        ),
        grade=_to_fill_in(
            "Certainty (GRADE)",
            ("Domain", "Levels down", "Because"),
            ((words.capitalize(),) for words in (*_GRADE, "certainty")),
        ),
    )


def _to_fill_in(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose last columns are empty."""
    filled = ([*map(escape, row), *[""] * (len(heads) - len(row))] for row in rows)
    return table(heads, filled, f"{caption}, to fill in", f"tab-sheets-{caption.split()[0].lower()}")


def _filled(facts: Facts) -> str:
    paper = facts.paper
    rows = ((STROBE[row.item], escape(row.item), _STATES[row.state]) for row in reporting([paper]).itertuples())
    reported = table(
        ("STROBE", "Does the paper print …", "Answer"), rows, "Reporting", f"tab-sheet-{paper.study}-reporting"
    )
    return f"""\
# Appraisal: {escape(study_label(paper))}

The sheets of {{doc}}`sheets`, filled in with the judgements on which {{doc}}`{paper.study}` and {{doc}}`conclusions`
rest. Whoever judges otherwise changes a row of `data/`, and the book follows.

{HANDOUT}
## Reporting

{reported}

{_SIDE}
{_bias(paper)}

{_SIDE}
{_certainty(facts)}
"""


def _bias(paper: Paper) -> str:
    """The judgements of ROBINS-I; of a single arm, those of the checklist for case series."""
    name = f"tab-sheet-{paper.study}-bias"
    if paper.spec.comparator is None:
        items = appraisal()
        answers = [
            (str(row.item), escape(row.question), row.answer, escape(row.reason))
            for row in items[items.study == paper.study].itertuples()
        ]
        heads = ("Item", "Question", "Answer", "Because")
        return f"## A single arm\n\n{table(heads, answers, 'JBI, case series', name)}"
    found = risk_of_bias()
    own = found[(found.study == paper.study) & found.outcome.isin(["", "os"])]
    domains = [
        (DOMAINS[row.domain], row.judgement.replace("_", " "), escape(row.reason), escape(row.source))
        for row in own.itertuples()
    ]
    overall = ("**Overall**", judged(found, "os").overall[paper.study], "The worst of them.", "")
    heads = ("Domain", "Judgement", "Because", "Where")
    caption = "Risk of bias for overall survival (ROBINS-I)"
    return f"## Risk of bias\n\n{table(heads, [*domains, overall], caption, name)}"


def _certainty(facts: Facts) -> str:
    paper, asked = facts.paper, questions()
    (found,) = conclude(
        [paper],
        {paper.study: facts.results},
        asked[asked.study == paper.study],
        judged(risk_of_bias(), "os"),
        appraisal(),
        INFORMATION_SIZE,
    )
    rows = [(step.domain.capitalize(), str(step.down), escape(step.reason)) for step in found.steps]
    if found.certainty == NOT_GRADED:
        rows = [("–", "–", escape(step.reason)) for step in found.steps]
    rows.append(("**Certainty**", f"{CERTAINTY[found.certainty]} {found.certainty}".strip(), escape(found.change)))
    heads = ("Domain", "Levels down", "Because; what would change it")
    return "## Certainty\n\n" + table(heads, rows, "Certainty (GRADE)", f"tab-sheet-{paper.study}-certainty")
