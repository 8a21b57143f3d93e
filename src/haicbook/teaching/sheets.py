"""Appraisal sheets, to fill in and filled in: reporting after STROBE, risk of bias, certainty; one page each."""

from __future__ import annotations

from collections.abc import Sequence

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


def sheets(facts: Facts, studies: Sequence[str]) -> dict[str, str]:
    """Name of a page → its MyST Markdown: the sheets to fill in, and those of each study."""
    return {"sheets": blank_sheets(studies)} | {f"sheet_{study}": _filled(facts.of(study)) for study in studies}


def blank_sheets(studies: Sequence[str]) -> str:
    """The sheets to fill in, with links to those that are, of some studies."""
    filled = "; ".join(f"{{doc}}`sheet_{study}`" for study in studies)
    reported = table(
        ("STROBE", "Does the paper print …", "Yes, in part, no", "Where"),
        ((STROBE[item], escape(item), "", "") for item in ITEMS),
        "Reporting, to fill in",
        "tab-sheets-reporting",
    )
    biased = table(
        ("Domain", "Low, moderate, serious, critical", "Because"),
        ((words, "", "") for words in (*DOMAINS.values(), "**Overall**: the worst of them")),
        "Risk of bias (ROBINS-I), to fill in",
        "tab-sheets-robins",
    )
    items = table(
        ("Item", "Question", "Yes, no, unclear", "Because"),
        ((str(row.item), escape(row.question), "", "") for row in appraisal().itertuples()),
        "A single arm (JBI, case series), to fill in",
        "tab-sheets-jbi",
    )
    graded = table(
        ("Domain", "Levels down", "Because"),
        ((words.capitalize(), "", "") for words in (*_GRADE, "**Certainty**")),
        "Certainty (GRADE), to fill in",
        "tab-sheets-grade",
    )
    return f"""\
# Appraisal sheets

To fill in, one to a printed page. Filled in with this book's judgements: {filled}. Fill in your own first.

The first sheet lists what this book needs of a paper; its numbers are the items of STROBE to which each belongs. It is
not the whole of STROBE.

{HANDOUT}
## Reporting

{reported}

{_SIDE}
## Risk of bias

{biased}

{_SIDE}
## A single arm

{items}

{_SIDE}
## Certainty

GRADE starts high with ROBINS-I, and lower where there is no comparison. One level down for serious, two for very
serious.

{graded}
"""


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
