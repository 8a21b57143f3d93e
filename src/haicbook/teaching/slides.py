"""A deck of slides for a paper, with notes for whoever presents; reveal.js shows it without a network."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from haicbook.show.findings import in_brief
from haicbook.study import load, studies
from haicbook.study.beside import DOMAINS
from haicbook.synthesis.arms import study_label
from haicbook.synthesis.judgements import judged, risk_of_bias
from haicbook.synthesis.message import StudyMessage
from haicbook.teaching.facts import Facts
from haicbook.teaching.figures import Picture, pictures
from haicbook.teaching.sessions import Session
from haicbook.words import CERTAINTY

# what a slide shows of a chapter's figures: title, the end of the figure's name, what to say
_FIGURES = (
    ("Are the groups alike?", "balance", "Ask first what is not in this figure. Then count what is within 0.1."),
    ("Response", "response", "Read the difference, not the two rates. How wide is the interval?"),
    ("Overall survival, reconstructed", "os", "The band is what the printed figures leave open; dotted: with chance."),
    ("Progression-free survival, reconstructed", "pfs", "Curves step at scans. Who read them?"),
    ("Harm", "adverse", "Absolute differences. Which one would the patient feel?"),
)
_ROLE = re.compile(r"\{(doc|numref)\}`([^`]*)`")
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="stylesheet" href="../reveal/reset.css">
<link rel="stylesheet" href="../reveal/reveal.css">
<link rel="stylesheet" href="../reveal/deck.css">
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="../reveal/reveal.js"></script>
<script src="../reveal/deck.js"></script>
</body>
</html>
"""


def deck(facts: Facts, session: Session) -> str:
    """The deck of a study as a page of HTML that stands in `slides/` of the book.

    Parameters
    ----------
    facts
        What the book knows of it.
    session
        Its session, read as plain HTML.
    """
    slides = [
        *_opening(facts, session),
        *_shown(facts.study, pictures(facts.study)),
        *_judged(facts, session),
        *_closing(facts, session),
    ]
    title = html.escape(study_label(facts.paper))
    return _PAGE.format(title=title, slides="\n".join(slides))


# the book's own deck: title, chapter and figure, what to say
_ACROSS = (
    (
        "Who lived how long",
        "across",
        "fig-across-medians",
        "Arms of different studies: no comparison.",
    ),
    ("Response", "response_safety", "fig-response_safety-rates", "Criteria and readers differ from study to study."),
    (
        "Effects within the studies",
        "effects_bias",
        "fig-effects_bias-os",
        "Four questions; the mean answers none.",
    ),
    ("Risk of bias", "effects_bias", "fig-effects_bias-bias-robins", "Which domain is worst in all of them, and why?"),
    (
        "What could explain it?",
        "effects_bias",
        "fig-effects_bias-bias-tipping",
        "Shaded: enough to explain it.",
    ),
    ("Harm", "response_safety", "fig-response_safety-harms-differences", "What is on top, which way, how sure?"),
    ("The one trial", "trial", "fig-trial-operating", "At the hoped-for rate, how often does it stop by mistake?"),
)


def _slide(title: str, body: str, notes: str, level: str = "h2") -> str:
    return (
        f"<section>\n<{level}>{html.escape(title)}</{level}>\n{body}\n"
        f'<aside class="notes">{_spoken(notes)}</aside>\n</section>'
    )


def _spoken(text: str) -> str:
    """A text without roles of MyST: a chapter by its name, a figure or table as such."""

    def named(found: re.Match[str]) -> str:
        kind, target = found.groups()
        if kind == "numref":
            return "the table" if target.startswith("tab-") else "the figure"
        name = target.rpartition("/")[2]
        return study_label(load(name)) if name in studies() else f"“{name.replace('_', ' ')}”"

    return _ROLE.sub(named, text)


def book_deck(papers: Sequence[Facts]) -> str:
    """One deck for all studies: a slide with each one's message, then what stands side by side."""
    asked = "".join(f"<li>{html.escape(facts.message.question)}</li>" for facts in papers)
    slides = [
        _slide(
            "HAIC for liver cancer: what do five papers show?",
            f"<ul>{asked}</ul>",
            "Which question is nearest to a patient of yours? Then one slide a paper.",
            "h1",
        )
    ]
    for facts in papers:
        lines = (facts.message.bottom_line, _sentence(facts.message.claim.words), _certainty(facts.message))
        body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        notes = html.escape(" ".join(words for _, words in in_brief(facts.findings)))
        slides.append(_slide(study_label(facts.paper), body, f"What does not add up: {notes}"))
    for title, chapter, name, say in _ACROSS:
        slides.append(_figure(title, pictures(chapter)[name], say))
    return _PAGE.format(title="Five papers", slides="\n".join(slides))


def _opening(facts: Facts, session: Session) -> list[str]:
    """Nothing that tells the result: the first vote comes before it."""
    spec = facts.paper.spec
    sizes = spec.populations[spec.main_population].n
    arms = [(arm.label, str(sizes[key])) for key, arm in spec.arms.items()]
    design = (
        f"<p>{html.escape(spec.design_label)}</p>\n{_table(('Arm', 'Patients'), arms)}\n"
        f"<p>The clock: {html.escape(_clock(facts))}</p>"
    )
    pico = "".join(f"<li><strong>{key.capitalize()}:</strong> {text}</li>" for key, text in session.pico.items())
    title = f"{study_label(facts.paper)}: {session.title}"
    vote = f"<p>{session.scenario}</p>\n<p><strong>{session.vote}</strong></p>"
    return [
        _slide(title, f"<p>{html.escape(facts.message.question)}</p>", "Five minutes until the first vote.", "h1"),
        _slide("The patient", vote, "Vote now, before anybody has seen a figure, and write the numbers down."),
        _slide("The question", f"<ul>{pico}</ul>", session.questions[0].answer),
        _slide("Design and clock", design, session.questions[1].answer),
    ]


def _clock(facts: Facts) -> str:
    endpoint = facts.paper.spec.endpoints["os"]
    return f"overall survival counts from {endpoint.time_zero or 'a day that the paper does not name'}"


def _shown(study: str, drawn: dict[str, Picture]) -> list[str]:
    slides = []
    for title, end, say in _FIGURES:
        name = f"fig-{study}-{end}"
        if name not in drawn and end == "balance" and "fig-trial-operating" in pictures("trial"):
            title, picture = "The design", pictures("trial")["fig-trial-operating"]
            say = "At the hoped-for rate, how often does the trial stop by mistake?"
        elif name in drawn:
            picture = drawn[name]
        else:
            continue
        slides.append(_figure(title, picture, say))
    return slides


def _figure(title: str, picture: Picture, say: str) -> str:
    image = f'<img src="figures/{picture.name}.svg" alt="{html.escape(picture.alt)}">'
    return _slide(title, image, f"{say} {html.escape(picture.alt)}.")


def _judged(facts: Facts, session: Session) -> list[str]:
    paper = facts.paper
    listed = [html.escape(words) for _, words in in_brief(facts.findings)] or ["Nothing was found."]
    found = "".join(f"<li>{words}</li>" for words in listed)
    error = f'<p>{session.error.ask}</p>\n<p class="fragment answer">{session.error.answer}</p>'
    slides = [
        _slide("Months of life", _months(facts), "A patient understands months. The range is that of the curves."),
        _slide(
            "Does it add up?", f"<ul>{found}</ul>", "Innocent explanations first: typing, rounding, an older data cut."
        ),
        _slide("Find the error", error, "Five minutes on paper, in pairs. Then the answer."),
    ]
    if paper.spec.comparator is not None:
        row = judged(risk_of_bias(), "os").loc[paper.study]
        lights = [(DOMAINS.get(key, "Overall"), level.replace("_", " ")) for key, level in row.items()]
        slides.append(_slide("Bias (ROBINS-I)", _table(("Domain", "Judgement"), lights), session.questions[2].answer))
    return slides


def _months(facts: Facts) -> str:
    """Mean survival over the chapter's horizon, by arm."""
    results = facts.results
    horizon = results.parameters["horizon"]
    rows = [(arm.short, f"{results.value(f'os.{key}.rmst'):.1f}") for key, arm in facts.paper.spec.arms.items()]
    table = _table(("Arm", f"Months lived of {horizon:g}"), rows)
    if "os.rmst_difference" not in results.values:
        return f'{table}\n<p class="small">Reconstructed.</p>'
    low, high = results.value("os.rmst_difference.low"), results.value("os.rmst_difference.high")
    told = f"Difference {results.value('os.rmst_difference'):.1f} months"
    return (
        f'{table}\n<p>{told}</p>\n<p class="small">Reconstructed; {low:.1f} to {high:.1f} over the reconstructions.</p>'
    )


def _closing(facts: Facts, session: Session) -> list[str]:
    claim, asked = facts.message.claim.words, session.questions[-3:]
    questions = "".join(f"<li>{_spoken(question.ask)}</li>" for question in asked)
    notes = " ".join(f"{n}. {question.answer}" for n, question in enumerate(asked, 1))
    met = " ".join(f"{item.said} {item.meet}" for item in session.wrong)
    verdict = (
        f'<p>{session.vote} Vote again.</p>\n<div class="fragment"><p>{session.verdict}</p>\n'
        f"<p>{html.escape(_sentence(claim))} {html.escape(_certainty(facts.message))}</p></div>"
    )
    return [
        _slide("Three questions", f"<ol>{questions}</ol>", f"{notes} Likely wrong answers: {met}"),
        _slide("Verdict", verdict, "The change of the vote is the result of the session."),
    ]


def _certainty(message: StudyMessage) -> str:
    signs = f"{CERTAINTY[message.certainty]} {message.certainty}".strip()
    return f"Certainty: {'; '.join((signs, *(reason.rstrip('.') for reason in message.reasons)))}."


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first = "".join(f"<th>{html.escape(head)}</th>" for head in heads)
    others = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{first}</tr>{others}</table>"
