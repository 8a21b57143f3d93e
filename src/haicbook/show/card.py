"""The card on top of a chapter: its message on one screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from haicbook.markup import escape
from haicbook.show.findings import FIRST, in_brief
from haicbook.show.glance import reconstructed
from haicbook.show.tables import linked
from haicbook.show.value_links import finding_link
from haicbook.words import CERTAINTY

if TYPE_CHECKING:
    from IPython.display import Markdown

    from haicbook.audit.finding import Finding
    from haicbook.study import Paper
    from haicbook.synthesis.message import Stated, StudyMessage


def card(paper: Paper, message: StudyMessage, found: Sequence[Finding]) -> Markdown:
    """The message of a study, in the order in which a reader on a telephone should meet it.

    Parameters
    ----------
    paper
        The study.
    message
        From :func:`haicbook.synthesis.message.study_message`.
    found
        Its findings, ranked; the first few are named.

    Returns
    -------
    IPython.display.Markdown
        For `{glue:md}` with the format `myst`.
    """
    from IPython.display import Markdown

    primary = "Primary endpoint" + ("s" if len(message.primary) > 1 else "")
    primary = primary if message.named else "Survival (no primary endpoint is named)"
    result = {primary: _lines(map(_stated, message.primary))}
    signs = CERTAINTY[message.certainty]
    reasons = _lines(escape(_as_a_sentence(reason)) for reason in message.reasons)
    parts = {
        **(result if message.missed else {}),
        "Claim": _stated(message.claim),
        "Certainty": f"{signs} **{message.certainty}**\n\n{reasons}",
        **({} if message.missed else result),
        "Compared" if paper.spec.comparator else "Treated": " \\\nagainst \\\n".join(map(escape, message.who)),
        "What does not add up": _lines(_against(paper, message, found)),
        "Reconstructed here": escape(_as_a_sentence(reconstructed(paper))),
    }
    facts = "\n".join(
        _box(f"**{title}**\n\n{text}", 4, f"haic-fact-{n}") for n, (title, text) in enumerate(parts.items())
    )
    question = _box(escape(message.question), 4, "haic-question")
    bottom_line = _box(escape(message.bottom_line), 4, "haic-bottom-line")
    return Markdown(_box(f"{question}\n{bottom_line}\n{_box(facts, 5, 'haic-facts')}", 6, "haic-card"))


def _box(text: str, colons: int, name: str) -> str:
    return f"{':' * colons}{{div}} {name}\n{text}\n{':' * colons}"


def _lines(entries: Iterable[str]) -> str:
    return "\n".join(f"* {entry}" for entry in entries)


def _stated(stated: Stated) -> str:
    return linked(_as_a_sentence(stated.words), stated.value_id)


def _as_a_sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _against(paper: Paper, message: StudyMessage, found: Sequence[Finding]) -> list[str]:
    """The few things that matter most, the matching first where it cannot have given what is printed."""
    entries = [f'{escape(words)} (<a href="{finding_link(item)}">in the ledger</a>)' for item, words in in_brief(found)]
    if message.matching:
        entries.insert(0, f"{escape(message.matching)} ({{numref}}`tab-{paper.study}-rerun`)")
    return entries[:FIRST] or ["Nothing was found."]
