"""The smallest repair: one change to one cell, or two cells that change places, that makes everything around it agree.

A suggestion, never applied. Every single edit of the cells behind a finding is tried; one is kept when the finding
vanishes, and no other rule that touches the cell finds anything new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from haicbook.audit.cells import Cell
from haicbook.audit.copies import copied
from haicbook.audit.edits import Edit, EditKind, of_one_cell, of_two_cells
from haicbook.audit.finding import Finding
from haicbook.audit.registry import Rule
from haicbook.audit.rules import counts, moments, proportion_intervals, repeats, tests, wholes
from haicbook.audit.rules.survival.rates import attainable_rates, which_attainable
from haicbook.printed import agreement
from haicbook.study import Paper

# the rules that look at one row: they are run on it alone
_OF_ROW: tuple[Rule, ...] = (
    counts.attainable,
    counts.percentage,
    proportion_intervals.interval,
    wholes.levels,
    wholes.grades,
    repeats.repeated,
    moments.frequencies,
    tests.p_value,
)
# the rules that look across rows: they are run on all cells, for the edits that are left
_ACROSS: tuple[Rule, ...] = (
    wholes.response,
    wholes.any_event,
    wholes.matched,
    wholes.arms,
    wholes.nested,
    wholes.complements,
)
# what a repair reconciles, by the rule that found it at odds
_AGREES = {
    "percentage": "count and percentage",
    "attainable": "percentage and group",
    "interval": "estimate and limits",
    "levels": "levels and group",
    "grades": "grades and total",
    "repeated": "the places",
    "frequencies": "mean and frequency table",
    "p_value": "counts and p-value",
    "response": "categories and rates",
    "matched": "the counts before and after matching",
    "arms": "arms and total",
    "nested": "the two conditions",
    "complements": "text and table",
}
_MOST_CELLS = 10
_SHOWN = 3

Key = tuple[str, frozenset[str]]
# how a repaired percentage stands to its count, the best first; the rest is no repair
_READINGS: dict[str, int] = {"rounded": 0, "cut off": 1, "one unit": 2}


@dataclass(eq=False)
class _Bench:
    """A paper's cells, with what the rules find in each row as printed."""

    paper: Paper
    cells: list[Cell]
    habits: set[str]
    by_id: dict[str, Cell] = field(default_factory=dict)
    rows: dict[str, list[Cell]] = field(default_factory=dict)
    p: dict[str, tests.Judged] = field(default_factory=dict)
    usual: str = ""
    across: set[Key] = field(default_factory=set)
    tried: dict[int, list[tuple[Edit, int]]] = field(default_factory=dict)
    before: dict[str, set[Key]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for cell in self.cells:
            self.rows.setdefault(_quantity(cell), []).append(cell)
            self.by_id.update(dict.fromkeys(cell.ids.values(), cell))
        judged = tests.judged_rows(self.paper, tuple(self.cells))
        self.p = {row.cell.ids["p"]: row for row in judged}
        self.usual = tests.most_frequent([row for row in judged if row.given_by])
        self.across = self.found(_ACROSS, self.cells)

    def found(self, rules: Iterable[Rule], cells: list[Cell]) -> set[Key]:
        """Errors and warnings of some rules on some cells."""
        return {
            (rule.key, frozenset(fault.value_ids))
            for rule in rules
            for fault in rule.check(self.paper, cells)
            if fault.severity != "info"
        }

    def edits(self, cell: Cell) -> list[tuple[Edit, int]]:
        """Edits of a cell whose percentages and p-values read as the paper's others do, and how they read."""
        if id(cell) not in self.tried:
            every = (*of_one_cell(self.paper, cell), *of_two_cells(cell, self.rows[_quantity(cell)]))
            readings = [(edit, _reading(self, edit)) for edit in every]
            self.tried[id(cell)] = [
                (edit, reading) for edit, reading in readings if reading is not None and _usual_p(self, edit)
            ]
        return self.tried[id(cell)]

    def found_in_row(self, quantity: str) -> set[Key]:
        """What the rules on one row find in it as printed."""
        if quantity not in self.before:
            self.before[quantity] = self.found(_OF_ROW, self.rows[quantity])
        return self.before[quantity]


def _quantity(cell: Cell) -> str:
    """What the rules on one row compare: a row or term, or the figures of one endpoint."""
    return f"endpoint {cell.about.endpoint}" if cell.of_endpoint else cell.quantity


def _key(finding: Finding) -> Key:
    return finding.rule, frozenset(finding.value_ids)


@dataclass(frozen=True, eq=False)
class Repair:
    """An edit that will do, the rules that then agree, and how well a repaired percentage reads (0 is best)."""

    edit: Edit
    agreeing: frozenset[str]
    reading: int

    @property
    def words(self) -> str:
        """`52.7 instead of 62.7 (one digit changed)`."""
        return f"{self.edit.repaired} instead of {self.edit.printed} ({self.edit.change})"

    @property
    def rank(self) -> tuple[int, int, int]:
        """The more rules agree, the better it reads and the simpler the change, the earlier."""
        return -len(self.agreeing), self.reading, list(EditKind).index(self.edit.change)


def with_repairs(paper: Paper, cells: list[Cell], findings: list[Finding]) -> list[Finding]:
    """The findings, with the smallest repair where a single edit will do and the rule has suggested none.

    Where none will do: which cell the figure was copied from, or which of the rates printed for one curve it can have.

    Parameters
    ----------
    paper, cells
        The study and its cells.
    findings
        What the rules found.
    """
    open_ones = [f for f in findings if f.severity != "info" and f.rule in _AGREES and not f.repair]
    if not open_ones:
        return findings
    bench = _Bench(paper, cells, {counts.reading(paper, cell) for cell in cells})
    words = {
        id(finding): _words(repairs(bench, finding))
        or copied(paper, cells, finding)
        or which_attainable(paper, cells, finding.value_ids)
        for finding in open_ones
    }
    return [replace(finding, repair=words.get(id(finding)) or finding.repair) for finding in findings]


def _words(found: list[Repair]) -> str:
    """The repair as a sentence; how many there are where several are as good; empty where there is none."""
    if not found:
        return ""
    first = min(found, key=lambda repair: repair.rank)
    alike = [repair for repair in found if repair.rank[:2] == first.rank[:2]]
    # another count with its percentage is two changes: named only where nothing smaller will do
    whole = first.edit.change == EditKind.WHOLE_CELL
    best = sorted((r for r in alike if (r.edit.change == EditKind.WHOLE_CELL) == whole), key=lambda repair: repair.rank)
    reconciled = ", and ".join(dict.fromkeys(_AGREES[rule] for rule in sorted(first.agreeing)))
    if len(best) == 1:
        return f"{best[0].words} would reconcile {reconciled}."
    said = "; or ".join(repair.words for repair in best[:_SHOWN])
    return f"One of {len(best)} single changes would reconcile {reconciled}, such as {said}."


def repairs(bench: _Bench, finding: Finding) -> list[Repair]:
    """Every single edit that makes a finding vanish, leaves none at the edited cells, and makes no new one appear."""
    involved = list({id(cell): cell for value in finding.value_ids if (cell := bench.by_id.get(value))}.values())
    if not involved or len(involved) > _MOST_CELLS:
        return []
    kept: dict[tuple[str, str], Repair] = {}
    for cell in involved:
        before = bench.found_in_row(_quantity(cell))
        # a count changed with its percentage always agrees with it: only a sum or a second rule makes that a repair
        sums = {key for key, _ in before} - {"percentage", "attainable", "p_value", "repeated"}
        across = finding.rule in {rule.key for rule in _ACROSS}
        for edit, reading in bench.edits(cell):
            if edit.change != EditKind.WHOLE_CELL or sums or across:
                gone = _mended(bench, finding, edit, _quantity(cell))
                if finding.rule in gone:
                    kept.setdefault((edit.printed, edit.repaired), Repair(edit, gone, reading))
    return list(kept.values())


def _mended(bench: _Bench, finding: Finding, edit: Edit, quantity: str) -> frozenset[str]:
    """The rules that agree after an edit; none where it leaves the finding, or makes a new one."""
    row, before = bench.rows[quantity], bench.found_in_row(quantity)
    after = _left(bench, finding, edit, _OF_ROW, row, before)
    across = None if after is None else _left(bench, finding, edit, _ACROSS, bench.cells, bench.across)
    if after is None or across is None or _unattainable(bench, edit):
        return frozenset()
    return frozenset(key for key, _ in (before - after) | (bench.across - across)) & set(_AGREES)


def _unattainable(bench: _Bench, edit: Edit) -> bool:
    """Whether a rate is edited into one that no order of deaths and censorings gives, or only one cut off."""
    if not any("rate" in cell.numbers for cell in edit.before):
        return False
    before, after = (
        {frozenset(fault.value_ids) for fault in attainable_rates.check(bench.paper, cells)}
        for cells in (bench.cells, edit.applied(bench.cells))
    )
    return bool(after - before)


def _left(
    bench: _Bench, finding: Finding, edit: Edit, rules: tuple[Rule, ...], cells: list[Cell], before: set[Key]
) -> set[Key] | None:
    """What rules still find after an edit; None as soon as it is new, the finding itself, or at the edited cells."""
    edited, ids = edit.applied(cells), {value for cell in edit.before for value in cell.ids.values()}
    after: set[Key] = set()
    # most edits leave the finding as it is, so that its own rule is asked first; tests of counts cost most
    for rule in sorted(rules, key=lambda rule: (rule is tests.p_value, rule.key != finding.rule)):
        after |= bench.found((rule,), edited)
        if after - before or _key(finding) in after or any(ids & values for _, values in after):
            return None
    return after


def _reading(bench: _Bench, edit: Edit) -> int | None:
    """How the edited cells' percentages read; None where they do not, or slip as the paper's others never do."""
    readings = [counts.reading(bench.paper, cell) for cell in edit.after]
    if any(reading not in _READINGS or (reading != "rounded" and reading not in bench.habits) for reading in readings):
        return None
    return max(_READINGS[reading] for reading in readings)


def _usual_p(bench: _Bench, edit: Edit) -> bool:
    """Whether an edited p-value is, rounded, the one of the test that the paper uses most: others fit by chance."""
    for old, new in zip(edit.before, edit.after, strict=True):
        row = bench.p.get(old.ids.get("p", ""))
        if row is not None:
            values = [found[bench.usual] for found in row.p if bench.usual in found]
            if not any(agreement(new.numbers["p"], value) == "rounded" for value in values):
                return False
    return True
