"""Findings of the audit for a chapter: the few that matter first as a list, the others folded into a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.audit.registry import REGISTERED
from haicbook.markup import escape
from haicbook.show.tables import Linked, linked, table
from haicbook.show.value_links import finding_link

if TYPE_CHECKING:
    from IPython.display import Markdown

    from haicbook.audit.finding import Finding

MARKS = {"error": "error", "warning": "warning", "info": "note"}
FIRST = 3
# a longer quotation of printed figures is cut; the ledger has it whole
_LONGEST = 110
_BRIEF = 60


def findings(found: Sequence[Finding], most: int | None = None) -> pd.DataFrame:
    """One row for each finding: severity, the sentence, printed, recomputed by hand.

    Parameters
    ----------
    found
        In the order to be shown.
    most
        Only so many; all by default.
    """
    rows = [
        (
            MARKS[item.severity],
            " ".join(filter(None, (item.sentence, item.repair, *_follow(item)))),
            Linked(shortened(item.printed), item.value_ids[0] if item.value_ids else ""),
            shortened(item.recomputation or item.recomputed),
        )
        for item in found[:most]
    ]
    return pd.DataFrame(rows, columns=["", "What does not add up", "Printed", "By hand"])


def ranked_findings(found: Sequence[Finding], caption: str, name: str, most: int = FIRST) -> Markdown:
    """The findings that matter first as a list, the others as a numbered table that is folded away.

    Parameters
    ----------
    found
        Ranked, as `haicbook.audit.ranked` gives them.
    caption, name
        Of the table, as for :func:`haicbook.show.table`.
    most
        How many are not folded.

    Returns
    -------
    IPython.display.Markdown
        For a cell whose metadata says `mystnb: {markdown_format: myst}`.
    """
    from IPython.display import Markdown

    if not found:
        return Markdown("Nothing was found that does not add up.\n")
    first = "\n".join(f"{place}. {_entry(item)}" for place, item in enumerate(found[:most], start=1))
    return Markdown(f"{first}\n\n{_folded(found[most:], caption, name)}")


def _entry(item: Finding) -> str:
    lines = [f"**{MARKS[item.severity].capitalize()}.** {escape(item.sentence)}"]
    if item.recomputation:
        lines.append(f"By hand: {escape(shortened(item.recomputation))}.")
    if item.repair:
        lines.append(f"Perhaps: {escape(item.repair)}")
    lines += map(escape, _follow(item))
    first = item.value_ids[0] if item.value_ids else ""
    printed = linked(shortened(item.printed), first)
    ledger = f'<a href="{finding_link(item)}">in the ledger</a>'
    lines.append(f"Printed: {printed} ({ledger}).")
    # a line of its own for each, within the list's entry
    return "\n   <br>".join(lines)


def _follow(item: Finding) -> list[str]:
    """What else does not add up because of the same slip."""
    return [f"From the same slip: {other.sentence}" for other in item.consequences]


def _folded(rest: Sequence[Finding], caption: str, name: str) -> str:
    if not rest:
        return ""
    counts = [(sum(item.severity == key for item in rest), word) for key, word in MARKS.items()]
    title = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
    inside = table(findings(rest), caption, name, align="llll").data
    return f"::::{{dropdown}} The other {len(rest)}: {title}\n{inside}\n::::\n"


def in_brief(found: Sequence[Finding], most: int = FIRST) -> list[tuple[Finding, str]]:
    """The first finding of each of the first few rules, each with a line in a clinician's words.

    Parameters
    ----------
    found
        Ranked, as :func:`ranked_findings` takes them.
    most
        How many lines.
    """
    alike: dict[tuple[str, str], list[Finding]] = {}
    for item in found:
        alike.setdefault((item.rule, item.severity), []).append(item)
    return [(items[0], _in_a_line(items)) for items in list(alike.values())[:most]]


def _in_a_line(alike: Sequence[Finding]) -> str:
    first, others = alike[0], len(alike) - 1
    where = first.sentence.split(": ")[0].removesuffix(" differs from place to place")
    more = f", and {others} more like it" if others else ""
    return f"{REGISTERED[first.rule].broken}: {where}, {shortened(first.printed, _BRIEF)}{more}"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """A text cut at a space, with an ellipsis, where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    return text[:longest].rsplit(" ", 1)[0].rstrip(";,") + " …"
