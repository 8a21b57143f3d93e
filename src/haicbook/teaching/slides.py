"""A deck of slides for a paper, with notes for whoever presents; reveal.js shows it without a network."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from haicbook.results import SavedResults
from haicbook.show.findings import in_brief
from haicbook.study import load
from haicbook.synthesis.arms import study_label
from haicbook.synthesis.judgements import judged, risk_of_bias
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


def deck(study: str, session: Session) -> str:
    """The deck of a study as a page of HTML that stands in `slides/` of the book.

    Parameters
    ----------
    study
        Its key.
    session
        Its session, read as plain HTML.
    """
    facts = Facts(study, plain=True)
    drawn = pictures(study)
    slides = [*_opening(facts, session), *_shown(study, drawn), *_judged(facts, session), *_closing(facts, session)]
    title = html.escape(study_label(facts.paper))
    return _PAGE.format(title=title, slides="\n".join(slides))


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
        return f"“{name.replace('_', ' ')}”" if "_" in name else study_label(load(name))

    return _ROLE.sub(named, text)


def _opening(facts: Facts, session: Session) -> list[str]:
    message, spec = facts.message, facts.paper.spec
    signs = f"{CERTAINTY[message.certainty]} {message.certainty}".strip()
    card = (
        f"<p>{html.escape(message.bottom_line)}</p>\n<p>{html.escape(_sentence(message.claim.words))}</p>\n"
        f"<p>Certainty: {signs}</p>"
    )
    sizes = spec.populations[spec.main_population].n
    arms = "".join(f"<tr><td>{html.escape(arm.label)}</td><td>{sizes[key]}</td></tr>" for key, arm in spec.arms.items())
    design = (
        f"<p>{html.escape(spec.design_label)}</p>\n<table><tr><th>Arm</th><th>Patients</th></tr>{arms}</table>\n"
        f"<p>The clock: {html.escape(_clock(facts))}</p>"
    )
    pico = "".join(
        f"<li><strong>{html.escape(key.capitalize())}:</strong> {text}</li>" for key, text in session.pico.items()
    )
    return [
        _slide(
            f"{study_label(facts.paper)}: {session.title}",
            card,
            f"Cover this slide when you vote first. {session.scenario}",
            "h1",
        ),
        _slide(
            "The patient",
            f"<p>{session.scenario}</p>\n<p><strong>{session.vote}</strong></p>",
            "Vote now, before anybody has seen a figure.",
        ),
        _slide("The question", f"<ul>{pico}</ul>", session.questions[0].answer),
        _slide("Design and clock", design, session.questions[1].answer),
    ]


def _clock(facts: Facts) -> str:
    endpoint = facts.paper.spec.endpoints["os"]
    return f"overall survival counts from {endpoint.time_zero or 'a day that the paper does not name'}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


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
        image = f'<img src="figures/{picture.name}.svg" alt="{html.escape(picture.alt)}">'
        slides.append(_slide(title, image, f"{say} {html.escape(picture.alt)}."))
    return slides


def _judged(facts: Facts, session: Session) -> list[str]:
    paper = facts.paper
    found = in_brief(facts.findings)
    listed = "".join(f"<li>{html.escape(words)}</li>" for _, words in found[:4]) or "<li>Nothing was found.</li>"
    slides = [
        _slide(
            "Months of life", _months(facts), "A patient understands months. The range comes from the reconstruction."
        ),
        _slide(
            "Does it add up?", f"<ul>{listed}</ul>", "Innocent explanations first: typing, rounding, an older data cut."
        ),
        _slide(
            "Find the error",
            f'<p>{session.error.ask}</p>\n<p class="fragment answer">{session.error.answer}</p>',
            "Five minutes on paper, in pairs. Then the answer.",
        ),
    ]
    if paper.spec.comparator is not None:
        row = judged(risk_of_bias(), "os").loc[paper.study]
        lights = "".join(
            f"<tr><td>{domain.capitalize()}</td><td>{level.replace('_', ' ')}</td></tr>"
            for domain, level in row.items()
        )
        notes = session.questions[2].answer
        slides.append(
            _slide("Bias (ROBINS-I)", f"<table><tr><th>Domain</th><th>Judgement</th></tr>{lights}</table>", notes)
        )
    return slides


def _months(facts: Facts) -> str:
    """Mean survival over the chapter's horizon, by arm."""
    results: SavedResults = facts.results(facts.study)
    horizon = results.parameters["horizon"]
    rows = "".join(
        f"<tr><td>{html.escape(arm.short)}</td><td>{results.value(f'os.{key}.rmst'):.1f}</td></tr>"
        for key, arm in facts.paper.spec.arms.items()
    )
    table = f"<table><tr><th>Arm</th><th>Months lived of {horizon:g}</th></tr>{rows}</table>"
    if "os.rmst_difference" not in results.values:
        return f'{table}\n<p class="small">Reconstructed.</p>'
    low, high = results.value("os.rmst_difference.low"), results.value("os.rmst_difference.high")
    told = f"Difference {results.value('os.rmst_difference'):.1f} months"
    return (
        f'{table}\n<p>{told}</p>\n<p class="small">Reconstructed; {low:.1f} to {high:.1f} over the reconstructions.</p>'
    )


def _closing(facts: Facts, session: Session) -> list[str]:
    asked = session.questions[-3:]
    questions = "".join(f"<li>{_spoken(question.ask)}</li>" for question in asked)
    notes = " ".join(f"{n}. {question.answer}" for n, question in enumerate(asked, 1))
    wrong = "".join(f"<li>{item.said}</li>" for item in session.wrong)
    met = " ".join(f"{item.said} {item.meet}" for item in session.wrong)
    reasons = _listed(facts.message.reasons)
    return [
        _slide("True or false?", f"<ul>{wrong}</ul>", met),
        _slide("Three questions", f"<ol>{questions}</ol>", notes),
        _slide(
            "Verdict",
            f'<p>{session.vote} Vote again.</p>\n<p class="fragment">{session.verdict}</p>\n{reasons}',
            "The change of the vote is the result of the session.",
        ),
    ]


def _listed(reasons: Iterable[str]) -> str:
    return f'<ul class="small">{"".join(f"<li>{html.escape(reason)}</li>" for reason in reasons)}</ul>'
