"""Rows that repeat other rows: the same counts under two names, or one event under two names with different counts."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from haicbook.audit.cells import Cell, group_size, grouped
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.nested import nested
from haicbook.audit.registry import RESULTS, Rule
from haicbook.study import Paper
from haicbook.words import GRADES, label

# chance of so many coincidences: below it a warning; expected number of them among a table's rows: below it a note
_SURPRISING, _NOTED = 0.02, 0.15
# endings of words that leave the event the same: vomit, vomiting; anaemia, anaemias
_ENDINGS = ("ing", "s", "ed", "ting", "ning")
_WORD = 4
_NEAR = 2
_RARE, _CROWDED = 10, 1 / 40


@dataclass(frozen=True, eq=False)
class _Row:
    """The counts of one row of a table, arm by arm and level by level."""

    cells: tuple[Cell, ...]
    counts: tuple[int, ...]
    arms: int

    @property
    def name(self) -> str:
        about = self.cells[0].about
        return ", ".join(part for part in (label(about.row), GRADES.get(about.grade, about.grade)) if part)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(cell.ids["n"] for cell in self.cells)


def repeated_rows(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Two rows of one table (and grade) with the same counts in every arm and level, when chance hardly explains it.

    The chance that a pair agrees: one row's count in an arm is any number of patients, so that the other's equals it
    once in n + 1, or as often as the table's rows crowd around that count; in a further arm, whose counts are near
    those of the first, as often as a binomial count meets its own mean. Times the pairs of rows in the table, that is
    the number of coincidences to expect. Pairs with less than 0.15 are reported; as a warning where chance makes that
    many pairs as there are in less than 2 % of such tables; as an error where the two rows contradict each other in
    every arm (one condition implies the other and is counted more often), so that one holds the other's counts. Rows in
    which nobody, or everybody, of an arm is counted are left out.
    """
    findings = []
    for rows in _tables(paper, found):
        pairs = [(a, b) for a, b in itertools.combinations(rows, 2) if _comparable(a, b)]
        alike = [(a, b) for a, b in pairs if a.counts == b.counts and _coincidence(paper, a, rows) < 1]
        for one, other in alike:
            expected = len(pairs) * _coincidence(paper, one, rows)
            if expected < _NOTED:
                against = _contradictions(paper, found, one, other)
                findings.append(_repeated(paper, one, other, expected, _at_least(len(alike), expected), against))
    return findings


def _contradictions(paper: Paper, found: list[Cell], one: _Row, other: _Row) -> str:
    """`27 > 21; 29 > 19`: the counts of the two rows that cannot stand together, where no arm is without them."""
    ids = {*one.ids, *other.ids}
    against = [finding.recomputation for finding in nested(paper, found) if set(finding.value_ids) <= ids]
    return "; ".join(against) if len(against) >= one.arms else ""


def _at_least(times: int, expected: float) -> float:
    """Poisson chance of so many coincidences or more."""
    return 1 - sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(times))


def _tables(paper: Paper, found: list[Cell]) -> list[list[_Row]]:
    kinds = ("baseline", "adverse_events")
    cells = [cell for cell in found if cell.about.kind in kinds and cell.count() is not None and cell.about.arm]
    tables = []
    for of_table in grouped(cells, lambda cell: (cell.about.file, cell.about.population, cell.about.grade)).values():
        rows = grouped(of_table, lambda cell: cell.about.row)
        tables.append([_row(paper, group) for group in rows.values()])
    return tables


def _row(paper: Paper, group: list[Cell]) -> _Row:
    in_order = sorted(group, key=lambda cell: cell.about.arm)
    return _Row(tuple(in_order), tuple(cell.count() or 0 for cell in in_order), len({c.about.arm for c in group}))


def _comparable(one: _Row, other: _Row) -> bool:
    same_shape = len(one.counts) == len(other.counts) and one.arms == other.arms > 1
    return same_shape and one.cells[0].about.row != other.cells[0].about.row


def _coincidence(paper: Paper, row: _Row, rows: list[_Row]) -> float:
    """Chance that another row has the same counts; 1 where all or none of an arm's patients are counted."""
    by_arm = [list(cells) for cells in grouped(row.cells, lambda cell: cell.about.arm).values()]
    chance = 1.0
    for place, cells in enumerate(by_arm):
        size, counts = group_size(paper, cells[0]) or 1, [cell.count() or 0 for cell in cells]
        if max(counts) == size or max(counts) == 0:
            return 1.0
        # with every level printed the last follows from the others
        free = counts[:-1] if sum(counts) == size and len(counts) > 1 else counts
        for count in free:
            share = count / size
            spread = math.sqrt(2 * math.pi * size * share * (1 - share)) if 0 < share < 1 else 1.0
            chance *= max(1 / (size + 1), _density(row, rows, size)) if place == 0 else min(1.0, 1 / spread)
    return chance


def _density(row: _Row, rows: list[_Row], size: int) -> float:
    """Share of the table's rows, beyond the pair, that have one particular count near this row's first.

    At most one in 40 where at least ten patients have it and ten have not: only rare events crowd more.
    """
    first = row.counts[0]
    near = sum(abs(other.counts[0] - first) <= _NEAR for other in rows) - 2
    share = max(0, near) / max(1, len(rows) - 2) / (2 * _NEAR + 1)
    return min(share, _CROWDED) if _RARE <= first <= size - _RARE else share


def _repeated(paper: Paper, one: _Row, other: _Row, expected: float, chance: float, against: str) -> Finding:
    of_arms = grouped(one.cells, lambda cell: cell.about.arm)
    counts = " and ".join(", ".join(str(cell.count()) for cell in cells) for cells in of_arms.values())
    source = one.cells[0].about.source
    severity: Severity = "error" if against else "warning" if chance < _SURPRISING else "info"
    copied = " The two rows contradict each other, so that one holds the other's counts." if against else ""
    return Finding(
        "repeated_rows",
        severity,
        paper.study,
        (*one.ids, *other.ids),
        counts,
        "",
        f"{source}: the rows {one.name} and {other.name} have the same counts in every arm ({counts}). In a table of "
        f"this size, chance makes {expected:.2g} such pairs.{copied}",
        recomputation="; ".join(part for part in (f"{one.name}: {counts}", f"{other.name}: {counts}", against) if part),
    )


# --- one event, two rows ----------------------------------------------------------------------------------------------


def one_event_twice(paper: Paper, found: list[Cell]) -> list[Finding]:
    """One event under two spellings in one table, with different counts."""
    cells = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    findings = []
    for of_table in grouped(cells, lambda cell: (cell.about.file, cell.about.population)).values():
        rows = grouped(of_table, lambda cell: cell.about.row)
        for one, other in itertools.combinations(rows, 2):
            if _same_event(str(one), str(other)):
                findings += _differing(paper, rows[one], rows[other])
    return findings


def _same_event(one: str, other: str) -> bool:
    """Whether two row ids are one word with two endings: vomit and vomiting."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _WORD and long.startswith(short) and long.removeprefix(short) in _ENDINGS


def _differing(paper: Paper, one: list[Cell], other: list[Cell]) -> list[Finding]:
    pairs = [
        (a, b)
        for a in one
        for b in other
        if (a.about.arm, a.about.grade) == (b.about.arm, b.about.grade) and a.count() != b.count()
    ]
    if not pairs:
        return []
    said = "; ".join(
        f"{paper.spec.arms[a.about.arm].short} {GRADES.get(a.about.grade, a.about.grade)}: {a.text} and {b.text}"
        for a, b in pairs
    )
    names = f"{label(one[0].about.row)} and {label(other[0].about.row)}"
    return [
        Finding(
            "one_event_twice",
            "error",
            paper.study,
            tuple(cell.ids["n"] for pair in pairs for cell in pair),
            pairs[0][0].text,
            pairs[0][1].text,
            f"{one[0].about.source}: {names} are one event in two rows with different counts: {said}.",
            recomputation="; ".join(f"{a.count()} ≠ {b.count()}" for a, b in pairs),
        )
    ]


RULES: tuple[Rule, ...] = (
    Rule(
        "repeated_rows",
        "Different rows have different counts",
        repeated_rows,
        "Chance of a coincidence among the pairs of rows of the table",
        "A note below 0.15 expected, a warning where so many have a chance below 0.02, an error where they contradict",
        "agreement",
        RESULTS,
    ),
    Rule(
        "one_event_twice",
        "One event has one row",
        one_event_twice,
        "Definition",
        "No tolerance",
        "agreement",
        RESULTS,
    ),
)
