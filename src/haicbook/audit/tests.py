"""The p-value of every row with counts in two arms: which test gives it, and whether significance stands."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from haicbook.audit.cells import Cell, denominator, grouped, place, what
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.registry import STATISTICS, Rule
from haicbook.audit.row_tests import Table, p_of_tests
from haicbook.printed import Printed, agreement
from haicbook.study import Paper

ALPHA = 0.05
# a percentage without a count allows a few counts in each arm; more combinations than this say nothing
_COMBINATIONS = 100
USUAL = ("Pearson", "Yates", "Fisher")


@dataclass(frozen=True)
class _Compared:
    """The tables of counts that a printed p-value may stand for, and the values behind them."""

    tables: tuple[Table, ...]
    value_ids: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A printed p-value beside those of its counts.

    Attributes
    ----------
    cell, printed
        Where it stands and what it says.
    tables
        The tables of counts that it may stand for: several where counts are known from percentages only.
    p
        For each table, p by the test's name.
    value_ids
        The p-value and the counts.
    of_values
        Whether the row prints a mean or median: its counts are a frequency table, and its p-value may be a t-test's.
    """

    cell: Cell
    printed: Printed
    tables: tuple[Table, ...]
    p: tuple[dict[str, float], ...]
    value_ids: tuple[str, ...]
    of_values: bool = False

    @property
    def given_by(self) -> tuple[str, ...]:
        """The tests that give the printed figure, by rounding or cutting off."""
        return self.given_by_figure(self.printed)

    def given_by_figure(self, printed: Printed) -> tuple[str, ...]:
        """The tests of these counts that give some printed figure."""
        fitting = (name for found in self.p for name, p in found.items() if agreement(printed, p) != "differs")
        return tuple(dict.fromkeys(fitting))

    @property
    def recomputed(self) -> str:
        """`Pearson 0.146, Yates 0.199, …`."""
        names = self.p[0]
        return ", ".join(f"{test} {p_range(found[test] for found in self.p if test in found)}" for test in names)

    @property
    def counts(self) -> str:
        """`33/75 against 24/74`, or the columns of a larger table."""
        table = self.tables[0]
        sizes = [sum(column) for column in zip(*table, strict=True)]
        if len(table) == 2:
            return f"{table[0][0]}/{sizes[0]} against {table[0][1]}/{sizes[1]}"
        return " against ".join("(" + ", ".join(map(str, column)) + ")" for column in zip(*table, strict=True))


def p_values_of_rows(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Pearson, Yates, Fisher, likelihood ratio and trend tests of each row's counts against the printed p-value.

    A row with levels is tested as a whole where the p-value stands on its heading, else as patients with and without;
    one whose heading has a mean or median is left to the rule on means. Counts that only a percentage gives are all
    tried. No finding when some test gives the printed figure, by rounding or by cutting off. Otherwise an error when
    all tests lie on the other side of 0.05 than the print, else a warning. The tests take the arms as independent, also
    after matching, as papers do; a test for pairs needs the pairs.
    """
    once: dict[tuple[str, ...], Finding] = {}
    judged = judged_rows(paper, tuple(found))
    for row in judged:
        if row.given_by or row.of_values:
            continue
        finding = _not_reproduced(paper, row, _elsewhere(row, judged))
        # abstract, text and table may repeat one comparison
        key = (what(row.cell), row.cell.about.population, row.cell.about.criterion, row.printed.figure, row.recomputed)
        ids = (*once[key].value_ids, *finding.value_ids) if key in once else finding.value_ids
        once[key] = replace(once.get(key, finding), value_ids=tuple(dict.fromkeys(ids)))
    return list(once.values())


@lru_cache(maxsize=4)
def judged_rows(paper: Paper, found: tuple[Cell, ...]) -> tuple[Judged, ...]:
    """Every printed p-value that compares counts of two arms, beside the tests of those counts."""
    treated, control = paper.spec.experimental, paper.spec.comparator
    if treated is None or control is None:
        return ()
    by_row = grouped([cell for cell in found if _counted(cell) and cell.about.arm in (treated, control)], _row)
    measured = {_row(cell) for cell in found if cell.number("mean") is not None or cell.number("median") is not None}
    judged = []
    for cell in found:
        printed = cell.numbers.get("p")
        if printed is None or printed.state not in ("exact", "below", "above") or not _of_counts(cell):
            continue
        compared = _counts_of(paper, cell, by_row, (treated, control))
        if compared is not None:
            p = tuple(tests for table in compared.tables if (tests := p_of_tests(table)))
            if p:
                ids = (cell.ids["p"], *compared.value_ids)
                judged.append(Judged(cell, printed, compared.tables, p, ids, _row(cell) in measured))
    return tuple(judged)


def _elsewhere(row: Judged, judged: tuple[Judged, ...]) -> str:
    """Whether the printed figure is what another row of the same table gives: it may have slipped."""
    # a figure of one digit fits many rows by chance
    if row.printed.state != "exact" or len(row.printed.figure.strip().lstrip("0.")) < 3:
        return ""
    usual = most_frequent([other for other in judged if other.given_by])
    for other in judged:
        same_table = other.cell.about.file == row.cell.about.file and other.cell.about.kind != "claim"
        if other is not row and same_table and usual in other.given_by_figure(row.printed):
            return f"It is the p-value that the counts of {what(other.cell)} give."
    return ""


def _of_counts(p: Cell) -> bool:
    """Whether a p-value may compare counts: not one of a Cox model, of curves, or of rates at a time."""
    return not (p.about.model or p.about.endpoint) and math.isnan(p.about.time)


def _counted(cell: Cell) -> bool:
    """Whether it says how many patients; a rate at a time comes from curves, not from counts."""
    return math.isnan(cell.about.time) and (cell.number("n") is not None or cell.number("pct") is not None)


def _row(cell: Cell) -> tuple[str, ...]:
    """What a p-value and the counts that it compares have in common."""
    about = cell.about
    return about.file, about.section, cell.quantity, about.population, about.criterion, about.grade


def _counts_of(paper: Paper, p: Cell, by_row: dict[object, list[Cell]], arms: tuple[str, str]) -> _Compared | None:
    row = by_row.get(_row(p), [])
    own = [cell for cell in row if cell.about.level == p.about.level]
    if own:
        return _with_and_without(paper, own, arms)
    return _by_level([cell for cell in row if cell.about.level], arms) if not p.about.level else None


def _with_and_without(paper: Paper, row: list[Cell], arms: tuple[str, str]) -> _Compared | None:
    """2 x 2 tables of patients with and without, for every count that the print allows."""
    options, ids = [], []
    for arm in arms:
        of_arm = [cell for cell in row if cell.about.arm == arm]
        chosen = next((cell for cell in of_arm if cell.count() is not None), of_arm[0] if of_arm else None)
        size = denominator(paper, chosen) if chosen else None
        if chosen is None or not size:
            return None
        count = chosen.count()
        counts = [count] if count is not None else possible_counts(chosen.numbers["pct"], size)
        options.append([(count, size - count) for count in counts if count <= size])
        ids.append(chosen.ids["n" if count is not None else "pct"])
    pairs = list(itertools.product(*options))
    if not 0 < len(pairs) <= _COMBINATIONS:
        return None
    return _Compared(tuple(((a, c), (b, d)) for (a, b), (c, d) in pairs), tuple(ids))


def _by_level(row: list[Cell], arms: tuple[str, str]) -> _Compared | None:
    """One table of levels by arms, where every level is printed for both."""
    by_arm = {arm: {cell.about.level: cell for cell in row if cell.about.arm == arm} for arm in arms}
    names = list(by_arm[arms[0]])
    if len(names) < 2 or set(names) != set(by_arm[arms[1]]):
        return None
    cells = [[by_arm[arm][name] for arm in arms] for name in names]
    if any(cell.count() is None for pair in cells for cell in pair):
        return None
    table = tuple(tuple(cell.count() or 0 for cell in pair) for pair in cells)
    return _Compared((table,), tuple(cell.ids["n"] for pair in cells for cell in pair))


def _not_reproduced(paper: Paper, row: Judged, elsewhere: str) -> Finding:
    severity, words = severity_of(row.printed, [p for found in row.p for p in found.values()])
    operator = "" if row.printed.figure.strip()[:1] in "<>" else "= "
    said = f"printed p {operator}{row.printed.figure}; the counts give {row.recomputed}.{words}"
    return Finding(
        "p_value",
        severity,
        paper.study,
        row.value_ids,
        row.cell.text,
        row.recomputed,
        f"{place(paper, row.cell)}: {said}",
        elsewhere,
        f"{row.counts}: {row.recomputed}, not {row.printed.figure}",
    )


def severity_of(printed: Printed, values: list[float]) -> tuple[Severity, str]:
    """Whether the printed figure and all recomputed ones lie on two sides of 0.05."""
    significant = printed.high < ALPHA or (printed.state == "below" and printed.high <= ALPHA)
    if significant and min(values) >= ALPHA:
        return "error", " Printed as significant at 0.05, it is not by any of these tests."
    if printed.low >= ALPHA and max(values) < ALPHA:
        return "error", " Printed as not significant at 0.05, it is by all of these tests."
    return "warning", " None of these tests gives the printed figure."


def p_range(values: Iterable[float]) -> str:
    """`0.031`, or `0.028 to 0.035` where the print allows several counts."""
    texts = sorted({"<0.001" if p < 0.0005 else f"{p:.3f}" for p in values})
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"


def most_frequent(judged: list[Judged]) -> str:
    """The usual test that gives most of the figures; the earlier one of two that give as many."""
    exact = [row for row in judged if row.printed.state == "exact"]
    hits = Counter(name for row in exact for name in row.given_by if name in USUAL)
    return max(USUAL, key=lambda name: hits[name])


RULES: tuple[Rule, ...] = (
    Rule(
        "p_value",
        "The p-value of a row is that of a test of its counts",
        p_values_of_rows,
        "Pearson 1900; Yates 1934; Fisher 1934; Freeman and Halton 1951; Mantel 1963; Mann and Whitney 1947",
        "Any of the tests gives the printed figure, by rounding or cutting off; an error where significance changes",
        "tests",
        STATISTICS,
    ),
)
