"""The p-value of every row with counts in two arms: which test gives it, and whether significance stands."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from haicbook.audit.cells import Cell, denominator, grouped, place, what
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding, Severity
from haicbook.printed import Printed, agreement
from haicbook.proportions import p_values
from haicbook.study import Paper

ALPHA = 0.05
# a percentage without a count allows a few counts in each arm; more combinations than this say nothing
_COMBINATIONS = 100

Counts = list[list[int]]


@dataclass(frozen=True)
class _Compared:
    """The tables of counts that a printed p-value may stand for, and the values behind them."""

    tables: tuple[Counts, ...]
    value_ids: tuple[str, ...]


def p_values_of_rows(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Pearson, Yates, Fisher and likelihood ratio tests of each row's counts against the printed p-value.

    A row with levels is tested as a whole where the p-value stands on its heading, else as patients with and without.
    Counts that only a percentage gives are all tried. No finding when some test gives the printed figure, by rounding
    or by cutting off. Otherwise an error when all tests lie on the other side of 0.05 than the print, else a warning.
    The tests take the arms as independent, also after matching, as papers do; a test for pairs needs the pairs.
    """
    treated, control = paper.spec.experimental, paper.spec.comparator
    if treated is None or control is None:
        return []
    by_row = grouped([cell for cell in found if _counted(cell) and cell.about.arm in (treated, control)], _row)
    once: dict[tuple[str, ...], Finding] = {}
    for cell in found:
        printed = cell.numbers.get("p")
        if printed is None or printed.state not in ("exact", "below", "above") or not _of_counts(cell):
            continue
        compared = _counts_of(paper, cell, by_row, (treated, control))
        judged = None if compared is None else _judge(paper, cell, printed, compared)
        if judged is not None:
            # abstract, text and table may repeat one comparison
            key = (what(cell), cell.about.population, cell.about.criterion, printed.figure, judged.recomputed)
            ids = (*once[key].value_ids, *judged.value_ids) if key in once else judged.value_ids
            once[key] = replace(once.get(key, judged), value_ids=tuple(dict.fromkeys(ids)))
    return list(once.values())


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
    return _Compared(tuple([[a, c], [b, d]] for (a, b), (c, d) in pairs), tuple(ids))


def _by_level(row: list[Cell], arms: tuple[str, str]) -> _Compared | None:
    """One table of levels by arms, where every level is printed for both."""
    by_arm = {arm: {cell.about.level: cell for cell in row if cell.about.arm == arm} for arm in arms}
    names = list(by_arm[arms[0]])
    if len(names) < 2 or set(names) != set(by_arm[arms[1]]):
        return None
    cells = [[by_arm[arm][name] for arm in arms] for name in names]
    if any(cell.count() is None for pair in cells for cell in pair):
        return None
    table = [[cell.count() or 0 for cell in pair] for pair in cells]
    return _Compared((table,), tuple(cell.ids["n"] for pair in cells for cell in pair))


def _judge(paper: Paper, cell: Cell, printed: Printed, compared: _Compared) -> Finding | None:
    found = [p_values(table) for table in compared.tables]
    values = [p for by_test in found for p in by_test.values()]
    if not values or any(agreement(printed, p) != "differs" for p in values):
        return None
    severity, words = _severity(printed, values)
    recomputed = ", ".join(f"{test} {_range(by_test[test] for by_test in found)}" for test in found[0])
    operator = "" if printed.figure.strip()[:1] in "<>" else "= "
    said = f"printed p {operator}{printed.figure}; the counts give {recomputed}.{words}"
    ids = (cell.ids["p"], *compared.value_ids)
    sentence = f"{place(paper, cell)}: {said}"
    return Finding("p_value", severity, paper.study, ids, cell.text, recomputed, sentence)


def _severity(printed: Printed, values: list[float]) -> tuple[Severity, str]:
    """Whether the printed figure and all recomputed ones lie on two sides of 0.05."""
    significant = printed.high < ALPHA or (printed.state == "below" and printed.high <= ALPHA)
    if significant and min(values) >= ALPHA:
        return "error", " Printed as significant at 0.05, it is not by any of these tests."
    if printed.low >= ALPHA and max(values) < ALPHA:
        return "error", " Printed as not significant at 0.05, it is by all of these tests."
    return "warning", " None of these tests gives the printed figure."


def _range(values: Iterable[float]) -> str:
    """`0.031`, or `0.028 to 0.035` where the print allows several counts."""
    texts = sorted({"<0.001" if p < 0.0005 else f"{p:.3f}" for p in values})
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"
