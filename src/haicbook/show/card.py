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
    from haicbook.synthesis.verdict import Stated, Verdict


def card(paper: Paper, verdict: Verdict, found: Sequence[Finding]) -> Markdown:
    """The message of a study, in the order in which a reader on a telephone should meet it.

    Parameters
    ----------
    paper
        The study.
    verdict
        From :func:`haicbook.synthesis.verdict`.
    found
        Its findings, ranked; the first few are named.

    Returns
    -------
    IPython.display.Markdown
        For `{glue:md}` with the format `myst`.
    """
    from IPython.display import Markdown

    primary = "Primary endpoint" + ("s" if len(verdict.primary) > 1 else "")
    signs = CERTAINTY[verdict.certainty]
    parts = {
        "Claim": _stated(verdict.claim),
        "Certainty": f"{signs} **{verdict.certainty}**\n\n{_lines(map(escape, verdict.reasons))}",
        primary if verdict.named else "Survival (no primary endpoint is named)": _lines(map(_stated, verdict.primary)),
        "Compared" if paper.spec.comparator else "Treated": " \\\nagainst ".join(map(escape, verdict.who)),
        "What does not add up": _lines(_against(paper, verdict, found)),
        "Reconstructed here": escape(reconstructed(paper)),
    }
    facts = "\n".join(
        _box(f"**{title}**\n\n{text}", 4, f"haic-fact-{n}") for n, (title, text) in enumerate(parts.items())
    )
    question = _box(escape(verdict.question), 4, "haic-question")
    bottom_line = _box(escape(verdict.bottom_line), 4, "haic-bottom-line")
    return Markdown(_box(f"{question}\n{bottom_line}\n{_box(facts, 5, 'haic-facts')}", 6, "haic-card"))


def _box(text: str, colons: int, name: str) -> str:
    return f"{':' * colons}{{div}} {name}\n{text}\n{':' * colons}"


def _lines(entries: Iterable[str]) -> str:
    return "\n".join(f"* {entry}" for entry in entries)


def _stated(stated: Stated) -> str:
    return linked(f"{stated.words[0].upper()}{stated.words[1:]}", stated.value_id)


def _against(paper: Paper, verdict: Verdict, found: Sequence[Finding]) -> list[str]:
    """The few things that matter most, the matching first where it cannot have given what is printed."""
    entries = [f'{escape(words)} (<a href="{finding_link(item)}">in the ledger</a>)' for item, words in in_brief(found)]
    if verdict.matching:
        entries.insert(0, f"{escape(verdict.matching)} ({{numref}}`tab-{paper.study}-rerun`)")
    return entries[:FIRST] or ["Nothing was found."]
