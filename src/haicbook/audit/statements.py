"""What the text says in words, against the table: the most common events, and where there is no significant difference.

`claims.csv` holds such a statement as a claim of its own: an id that begins with `most_common`, whose term is the event
and whose figures are those printed with it; a term that begins with `significant_`, whose number is how many rows of a
table the text says differ (`no`), with what it excepts as its level (`other_than_hypertension`).
"""

from __future__ import annotations

from collections.abc import Hashable

from haicbook.audit.cells import Cell, grouped, whose
from haicbook.audit.finding import Finding
from haicbook.audit.parts import ANY_EVENT
from haicbook.audit.registry import RESULTS, Rule
from haicbook.audit.tests import ALPHA
from haicbook.printed import Printed
from haicbook.study import Paper
from haicbook.words import GRADES, label

MOST_COMMON = "most_common"
SIGNIFICANT = {
    "significant_ae": "adverse_events",
    "significant_baseline": "baseline",
    "significant_response": "response",
}
_EXCEPT = "other_than_"


def most_common(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The events that the text calls most common have the largest counts of the table, in each arm; ties are fine."""
    claims = [cell for cell in found if cell.about.kind == "claim" and cell.about.row.startswith(MOST_COMMON)]
    table = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    by_group = grouped((cell for cell in table if cell.quantity != ANY_EVENT), _group)
    findings = []
    for key, named in grouped(claims, lambda cell: (cell.about.section, *_group(cell))).items():
        assert isinstance(key, tuple)
        of_arm = by_group.get(key[1:], [])
        events = {cell.quantity for cell in named}
        counts = {cell.quantity: cell for cell in of_arm}
        inside = [cell for event, cell in counts.items() if event in events]
        if not inside:
            continue
        least = min(inside, key=lambda cell: cell.count() or 0)
        above = [
            cell for event, cell in counts.items() if event not in events and (cell.count() or 0) > (least.count() or 0)
        ]
        if above:
            findings.append(_not_most_common(paper, named, least, sorted(above, key=lambda cell: -(cell.count() or 0))))
    return findings


def _group(cell: Cell) -> tuple[Hashable, ...]:
    return cell.about.arm, cell.about.population, cell.about.grade


def _not_most_common(paper: Paper, named: list[Cell], least: Cell, above: list[Cell]) -> Finding:
    names = ", ".join(dict.fromkeys(label(cell.quantity) for cell in named))
    larger = ", ".join(f"{label(cell.quantity)} {cell.text}" for cell in above)
    grade = GRADES.get(least.about.grade, least.about.grade)
    ids = (
        *(value for cell in named for value in cell.ids.values()),
        least.ids["n"],
        *(cell.ids["n"] for cell in above),
    )
    sentence = (
        f"{named[0].about.source}: {names} said to be most common{whose(paper, least)}, {grade}; in "
        f"{least.about.source} {label(least.quantity)} has {least.text}, below {larger}."
    )
    return Finding(
        "most_common",
        "error",
        paper.study,
        ids,
        names,
        larger,
        sentence,
        recomputation=", ".join(f"{label(cell.quantity)} {cell.count()}" for cell in (*above, least)),
    )


def significance(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A statement how many differences are significant, against the p-values printed in the tables of its kind.

    Also a claim `p > 0.05` for all other characteristics is such a statement. A printed 0.050 may be either.
    """
    findings = []
    for cell in found:
        kind = SIGNIFICANT.get(cell.quantity)
        stated = cell.count()
        if kind is None or stated is None or cell.about.kind != "claim":
            continue
        excepted = cell.about.level.removeprefix(_EXCEPT)
        rows = [
            other
            for other in found
            if other.about.kind == kind
            and "p" in other.numbers
            and other.about.population == cell.about.population
            and other.about.grade == cell.about.grade
            and other.quantity != excepted
            and other.numbers["p"].state in ("exact", "below")
            and other.numbers["p"].low < ALPHA
        ]
        certain = [row for row in rows if _below(row.numbers["p"])]
        rows = certain if stated < len(certain) else rows
        if not len(certain) <= stated <= len(rows):
            findings.append(_significant(paper, cell, rows, excepted if cell.about.level else ""))
    return findings


def _below(p: Printed) -> bool:
    """Whether a printed p-value is below 0.05, not perhaps rounded up to it or somewhere below a larger bound."""
    return p.value < ALPHA or (p.state == "below" and p.value <= ALPHA)


def _significant(paper: Paper, cell: Cell, rows: list[Cell], excepted: str) -> Finding:
    names = ", ".join(f"{label(row.quantity)} (p {row.numbers['p'].figure})" for row in rows) or "none"
    but = f" other than {label(excepted)}" if excepted else ""
    grade = f", {GRADES.get(cell.about.grade, cell.about.grade)}" if cell.about.grade else ""
    return Finding(
        "significance",
        "error",
        paper.study,
        (cell.ids["n"], *(row.ids["p"] for row in rows)),
        cell.text,
        f"{len(rows)}: {names}",
        f"{cell.about.source}: {cell.text} significant difference{but}{grade}; in the tables, {names}.",
        recomputation=", ".join(f"{row.numbers['p'].figure} < {ALPHA}" for row in rows) or "no p below 0.05",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "most_common",
        "The most common events of the text are those of the table",
        most_common,
        "Definition",
        "Ties count as most common",
        "agreement",
        RESULTS,
    ),
    Rule(
        "significance",
        "Where the text finds no significant difference, the tables print none",
        significance,
        "Definition",
        "A printed 0.050 may be either",
        "agreement",
        RESULTS,
    ),
)
