"""Rows that repeat other rows, and what the text says in words: the most common events, significant differences.

`claims.csv` holds such a statement as a claim of its own: an id `most_common_` with the event, which is its term, and
figures as printed with it (`most_common_liver_dysfunction_ast_increased` where the text names the event as one of a
wider category); a term that begins with `significant_`, whose number is how many rows of a table the text says differ
(`no`), with what it excepts as its level (`other_than_hypertension`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, group_size, grouped, whose
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.p_values import ALPHA
from haicbook.audit.rules.wholes import ANY_EVENT, nested
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

rule = partial(registry.rule, topic="agreement", inspect_sr=registry.RESULTS)

# chance of so many coincidences: below it a warning; expected number of them among a table's rows: below it a note
_SURPRISING, _NOTED = 0.02, 0.15
# endings of words that leave the event the same: vomit, vomiting; anaemia, anaemias
_ENDINGS = ("ing", "s", "ed", "ting", "ning")
_WORD = 4
_NEAR = 2
_RARE, _CROWDED = 10, 1 / 40


@dataclass(frozen=True, eq=False)
class _CountedRow:
    """The counts of one row of a table, arm by arm and level by level."""

    cells: tuple[Cell, ...]
    counts: tuple[int, ...]
    arms: int

    @property
    def name(self) -> str:
        about = self.cells[0].about
        return ", ".join(part for part in (label(about.row), _grade(self.cells[0])) if part)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(cell.ids["n"] for cell in self.cells)


@rule(
    "repeated_rows",
    "Different rows have different counts",
    broken="Two different rows have the same counts",
    source="Chance of a coincidence among the pairs of rows of the table",
    tolerance="A note where chance makes fewer than 0.15 such pairs; a warning where so many have a probability below "
    "0.02; an error where the rows contradict each other",
)
def repeated_rows(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Two rows of one table (and grade) with the same counts in every arm and level, when chance hardly explains it.

    The chance that a pair agrees: one row's count in an arm is any number of patients, so that the other's equals it
    once in n + 1, or as often as the table's rows crowd around that count; in a further arm, whose counts are near
    those of the first, as often as a binomial count meets its own mean. Times the pairs of rows in the table, that is
    the number of coincidences to expect. Pairs with less than 0.15 are reported; as a warning where chance makes that
    many pairs as there are in less than 2 % of such tables; as an error where the two rows contradict each other in
    every arm (one condition implies the other and is counted more often), so that one holds the other's counts. Rows in
    which nobody, or everybody, of an arm is counted are left out.
    """
    for rows in _tables(found):
        pairs = [(a, b) for a, b in itertools.combinations(rows, 2) if _comparable(a, b)]
        alike = [(a, b) for a, b in pairs if a.counts == b.counts and _coincidence(paper, a, rows) < 1]
        for one, other in alike:
            expected = len(pairs) * _coincidence(paper, one, rows)
            if expected < _NOTED:
                against = _contradictions(paper, found, one, other)
                yield _repeated(paper, one, other, expected, _at_least(len(alike), expected), against)


def _contradictions(paper: Paper, found: list[Cell], one: _CountedRow, other: _CountedRow) -> str:
    """`27 > 21; 29 > 19`: the counts of the two rows that cannot stand together, where no arm is without them."""
    ids = {*one.ids, *other.ids}
    against = [finding.recomputation for finding in nested.check(paper, found) if set(finding.value_ids) <= ids]
    return "; ".join(against) if len(against) >= one.arms else ""


def _at_least(times: int, expected: float) -> float:
    """Poisson chance of so many coincidences or more."""
    return 1 - sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(times))


def _tables(found: list[Cell]) -> list[list[_CountedRow]]:
    kinds = ("baseline", "adverse_events")
    cells = [cell for cell in found if cell.about.kind in kinds and cell.count() is not None and cell.about.arm]
    return [
        [_row_of(group) for group in grouped(of_table, by("row")).values()]
        for of_table in grouped(cells, by("file", "population", "grade")).values()
    ]


def _row_of(group: list[Cell]) -> _CountedRow:
    in_order = sorted(group, key=by("arm"))
    return _CountedRow(tuple(in_order), tuple(cell.n for cell in in_order), len({cell.about.arm for cell in group}))


def _comparable(one: _CountedRow, other: _CountedRow) -> bool:
    same_shape = len(one.counts) == len(other.counts) and one.arms == other.arms > 1
    return same_shape and one.cells[0].about.row != other.cells[0].about.row


def _coincidence(paper: Paper, row: _CountedRow, rows: list[_CountedRow]) -> float:
    """Chance that another row has the same counts; 1 where all or none of an arm's patients are counted."""
    chance = 1.0
    for place, cells in enumerate(grouped(row.cells, by("arm")).values()):
        size, counts = group_size(paper, cells[0]) or 1, [cell.n for cell in cells]
        if max(counts) == size or max(counts) == 0:
            return 1.0
        # with every level printed the last follows from the others
        free = counts[:-1] if sum(counts) == size and len(counts) > 1 else counts
        for count in free:
            share = count / size
            spread = math.sqrt(2 * math.pi * size * share * (1 - share)) if 0 < share < 1 else 1.0
            chance *= max(1 / (size + 1), _density(row, rows, size)) if place == 0 else min(1.0, 1 / spread)
    return chance


def _density(row: _CountedRow, rows: list[_CountedRow], size: int) -> float:
    """Share of the table's rows, beyond the pair, that have one particular count near this row's first.

    At most one in 40 where at least ten patients have it and ten have not: only rare events crowd more.
    """
    first = row.counts[0]
    near = sum(abs(other.counts[0] - first) <= _NEAR for other in rows) - 2
    share = max(0, near) / max(1, len(rows) - 2) / (2 * _NEAR + 1)
    return min(share, _CROWDED) if _RARE <= first <= size - _RARE else share


def _repeated(
    paper: Paper, one: _CountedRow, other: _CountedRow, expected: float, chance: float, against: str
) -> Discrepancy:
    of_arms = grouped(one.cells, by("arm")).values()
    counts = " and ".join(", ".join(str(cell.n) for cell in cells) for cells in of_arms)
    severity: Severity = "error" if against else "warning" if chance < _SURPRISING else "info"
    copied = " The two rows contradict each other, so one of them must hold the other's counts." if against else ""
    sentence = (
        f"{one.cells[0].about.source}: the rows {one.name} and {other.name} have the same counts in every arm "
        f"({counts}). In a table of this size, {expected:.2g} such pairs are expected by chance.{copied}"
    )
    by_hand = "; ".join(part for part in (f"{one.name}: {counts}", f"{other.name}: {counts}", against) if part)
    return Discrepancy(severity, (*one.ids, *other.ids), counts, "", sentence, by_hand)


# --- one event, two rows ----------------------------------------------------------------------------------------------


@rule("one_event_twice", "An adverse event is listed in one row", broken="One adverse event is listed in two rows")
def one_event_twice(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """One event under two spellings in one table, with different counts."""
    cells = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    for of_table in grouped(cells, by("file", "population")).values():
        rows = grouped(of_table, by("row"))
        for one, other in itertools.combinations(rows, 2):
            if _same_event(str(one), str(other)):
                yield from _differing(paper, rows[one], rows[other])


def _same_event(one: str, other: str) -> bool:
    """Whether two row ids are one word with two endings: vomit and vomiting."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _WORD and long.startswith(short) and long.removeprefix(short) in _ENDINGS


def _differing(paper: Paper, one: list[Cell], other: list[Cell]) -> Iterator[Discrepancy]:
    same = by("arm", "grade")
    pairs = [(a, b) for a, b in itertools.product(one, other) if same(a) == same(b) and a.n != b.n]
    if not pairs:
        return
    said = "; ".join(f"{paper.spec.arms[a.about.arm].short} {_grade(a)}: {a.text} and {b.text}" for a, b in pairs)
    names = f"{label(one[0].about.row)} and {label(other[0].about.row)}"
    sentence = f"{one[0].about.source}: {names} are one event in two rows with different counts: {said}."
    ids, (first, second) = tuple(cell.ids["n"] for pair in pairs for cell in pair), pairs[0]
    yield Discrepancy("error", ids, first.text, second.text, sentence, "; ".join(f"{a.n} ≠ {b.n}" for a, b in pairs))


def _grade(cell: Cell) -> str:
    return GRADES.get(cell.about.grade, str(cell.about.grade))


# --- what the text says in words --------------------------------------------------------------------------------------


@rule(
    "most_common",
    "The events called most common are the most common in the table",
    broken="The events called most common are not the most common in the table",
    tolerance="Ties count as most common; a warning where a category that the text names may be, all "
    "its events together",
)
def most_common(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The events that the text calls most common have the largest counts of the table, in each arm; ties are fine.

    Where the text speaks of a wider category (liver dysfunction, of which it names AST and ALT), a patient may have any
    of its events: as many as all of them together at most. A warning where that is as many as the table's largest.
    """
    claims = [cell for cell in found if cell.about.kind == "claim" and cell.about.row.startswith(MOST_COMMON)]
    table = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    of_group = by("arm", "population", "grade")
    by_group = grouped((cell for cell in table if cell.quantity != ANY_EVENT), of_group)
    for named in grouped(claims, by("section", "arm", "population", "grade")).values():
        events = {cell.quantity for cell in named}
        counts = {cell.quantity: cell for cell in by_group.get(of_group(named[0]), [])}
        inside = [cell for event, cell in counts.items() if event in events]
        if inside:
            least = min(inside, key=lambda cell: cell.n)
            above = [cell for event, cell in counts.items() if event not in events and cell.n > least.n]
            if above:
                yield _not_most_common(paper, named, inside, sorted(above, key=lambda cell: -cell.n))


def _not_most_common(paper: Paper, named: list[Cell], inside: list[Cell], above: list[Cell]) -> Discrepancy:
    least = min(inside, key=lambda cell: cell.n)
    names = ", ".join(dict.fromkeys(label(cell.quantity) for cell in named))
    larger = ", ".join(f"{cell.text} for {label(cell.quantity)}" for cell in above)
    together = sum(cell.n for cell in inside)
    pooled = any(cell.about.row != f"{MOST_COMMON}_{cell.quantity}" for cell in named) and together >= above[0].n
    ids = (*(value for cell in named for value in cell.ids.values()), *(cell.ids["n"] for cell in (least, *above)))
    sentence = (
        f"{named[0].about.source}: {names} called most common{whose(paper, least)}, {_grade(least)}; but "
        f"{least.about.source} has {least.text} for {label(least.quantity)}, fewer than {larger}."
    )
    if pooled:
        sentence += f" The text names a wider category, whose events together may concern up to {together} patients."
    by_hand = ", ".join(f"{label(cell.quantity)} {cell.n}" for cell in (*above, least))
    return Discrepancy("warning" if pooled else "error", ids, names, larger, sentence, by_hand)


@rule(
    "significance",
    "Where the text denies a significant difference, the tables show none",
    broken="The text denies a significant difference that a table shows",
    tolerance="A printed 0.050 may be either",
)
def significance(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A statement how many differences are significant, against the p-values printed in the tables of its kind.

    Also a claim `p > 0.05` for all other characteristics is such a statement. A printed 0.050 may be either.
    """
    same = by("population", "grade")
    for cell in found:
        kind, stated = SIGNIFICANT.get(cell.quantity), cell.count()
        if kind is None or stated is None or cell.about.kind != "claim":
            continue
        excepted = cell.about.level.removeprefix(_EXCEPT)
        tested = [
            row for row in found if row.about.kind == kind and same(row) == same(cell) and row.quantity != excepted
        ]
        rows = [row for row in tested if _may_be_below(row.numbers.get("p"))]
        certain = [row for row in rows if is_below(row.numbers["p"])]
        rows = certain if stated < len(certain) else rows
        if not len(certain) <= stated <= len(rows):
            yield _significant(cell, rows, excepted if cell.about.level else "")


def _may_be_below(p: Printed | None) -> bool:
    return p is not None and p.state in ("exact", "below") and p.value >= 0 and p.low < ALPHA


def is_below(p: Printed) -> bool:
    """Whether a printed p-value is below 0.05, not perhaps rounded up to it or somewhere below a larger bound."""
    return p.value < ALPHA or (p.state == "below" and p.value <= ALPHA)


def _significant(cell: Cell, rows: list[Cell], excepted: str) -> Discrepancy:
    names = ", ".join(f"{label(row.quantity)} (p {row.numbers['p'].figure})" for row in rows) or "none"
    but = f" other than {label(excepted)}" if excepted else ""
    grade = f", {_grade(cell)}" if cell.about.grade else ""
    ids = (cell.ids["n"], *(row.ids["p"] for row in rows))
    sentence = f"{cell.about.source}: {cell.text} significant difference{but}{grade}; but the tables have {names}."
    by_hand = ", ".join(f"{row.numbers['p'].figure} < {ALPHA}" for row in rows) or "no p below 0.05"
    return Discrepancy("error", ids, cell.text, f"{len(rows)}: {names}", sentence, by_hand)
