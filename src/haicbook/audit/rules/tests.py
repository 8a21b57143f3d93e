"""The p-value of every row of a table: which test of the printed counts or means gives it, and which one was named."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from statistics import NormalDist

from haicbook.audit import registry
from haicbook.audit.cells import (
    Cell,
    all_counts,
    by,
    counts_of,
    denominator,
    group_size,
    grouped,
    is_missing,
    place,
    what,
)
from haicbook.audit.finding import Discrepancy, Severity, distinct
from haicbook.audit.rules.p_values import (
    Span,
    Table,
    comparable,
    flips,
    least_expected,
    p_of_tests,
    p_range,
    printed_p,
    t_test,
)
from haicbook.printed import Printed, agreement, overlap
from haicbook.study import Paper

# a percentage without a count allows a few counts in each arm; more combinations than this say nothing
_COMBINATIONS = 100
USUAL = ("Pearson", "Yates", "Fisher")
# below this expected count a chi-square test gives way to an exact or corrected one
_FEW = 5
# digits of a p-value that tell its counts from others
_TELLING = 3
# ranks and means of normal samples correlate with √(3/π) = 0.977, so that z of a rank test lies within this of z of a
# t-test in all but 1 of 5,000 samples: 3.7 √(2 (1 - 0.977))
_RANKS = 0.8

rule = partial(registry.rule, topic="tests", inspect_sr=registry.STATISTICS)
# what a p-value and the counts, or the means, that it compares have in common
_row = by("file", "section", "quantity", "population", "criterion", "grade")
_mean_row = by("file", "section", "quantity", "level", "population")


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

    @cached_property
    def given_by(self) -> tuple[str, ...]:
        """The tests that give the printed figure, by rounding or cutting off."""
        return self.given_by_figure(self.printed)

    def given_by_figure(self, printed: Printed) -> tuple[str, ...]:
        """The tests of these counts that give some printed figure."""
        fitting = (name for found in self.p for name, p in found.items() if agreement(printed, p) != "differs")
        return tuple(dict.fromkeys(fitting))

    def by_test(self, name: str) -> list[float]:
        """p of one test, for each table that it applies to."""
        return [found[name] for found in self.p if name in found]

    @property
    def recomputed(self) -> str:
        """`Pearson 0.146, Yates 0.199, …`."""
        return ", ".join(f"{test} {p_range(self.by_test(test))}" for test in self.p[0])

    @property
    def counts(self) -> str:
        """`33/75 against 24/74`, or the columns of a larger table."""
        table = self.tables[0]
        sizes = [sum(column) for column in zip(*table, strict=True)]
        if len(table) == 2:
            return f"{table[0][0]}/{sizes[0]} against {table[0][1]}/{sizes[1]}"
        return " against ".join("(" + ", ".join(map(str, column)) + ")" for column in zip(*table, strict=True))


@rule(
    "p_value",
    "The p-value of a row follows from its counts",
    broken="No test of the printed counts gives the printed p-value",
    source="Pearson 1900; Yates 1934; Fisher 1934; Freeman and Halton 1951; Lancaster 1961; Mantel 1963; "
    "Mann and Whitney 1947",
    tolerance="Any of the tests gives the printed figure, by rounding or cutting off; an error where significance "
    "changes",
)
def p_value(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Pearson, Yates, Fisher (mid-P too), likelihood ratio and trend tests of each row's counts against the printed p.

    A row with levels is tested as a whole where the p-value stands on its heading, else as patients with and without;
    one whose heading has a mean or median is left to the rule on means. Counts that only a percentage gives are all
    tried. No finding when some test gives the printed figure, by rounding or by cutting off. Otherwise an error when
    all tests lie on the other side of 0.05 than the printed one, else a warning. The tests take the arms as
    independent, also after matching, as papers do; a test for pairs needs the pairs. A figure that the test most used
    here gives for another place's counts, another row's, or for the arms' sizes exchanged, is said to be that.
    """
    once: dict[tuple[str, ...], Discrepancy] = {}
    judged = judged_rows(paper, tuple(found))
    for row in judged:
        if row.given_by or row.of_values:
            continue
        fault = _not_reproduced(paper, row, _elsewhere(row, judged))
        # abstract, text and table may repeat one comparison
        key = (what(row.cell), row.cell.about.population, row.cell.about.criterion, row.printed.figure, row.recomputed)
        known = once.setdefault(key, fault)
        once[key] = replace(known, value_ids=tuple(dict.fromkeys((*known.value_ids, *fault.value_ids))))
    yield from once.values()


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
        compared = _counts_of(paper, cell, by_row, (treated, control)) if _of_counts(cell) else None
        if compared is not None:
            p = tuple(tests for table in compared.tables if (tests := p_of_tests(table)))
            if p:
                ids = (cell.ids["p"], *compared.value_ids)
                judged.append(Judged(cell, cell.numbers["p"], compared.tables, p, ids, _row(cell) in measured))
    return tuple(judged)


def _elsewhere(row: Judged, judged: tuple[Judged, ...]) -> str:
    """Which counts give the printed figure: another place's, another row's, or those with the arms' sizes exchanged."""
    usual = most_frequent([other for other in judged if other.given_by])
    digits = len(row.printed.figure.strip().lstrip("0."))
    if row.printed.state != "exact":
        return ""
    for other in judged:
        fits = other is not row and usual in other.given_by_figure(row.printed)
        if fits and _comparison_of(other) == _comparison_of(row) and other.tables != row.tables:
            return f"It is {usual}'s p-value of the counts in {other.cell.about.source}, {other.counts}."
        same_table = other.cell.about.file == row.cell.about.file and other.cell.about.kind != "claim"
        # a figure of one or two digits fits many rows by chance
        if fits and same_table and digits >= _TELLING:
            return f"It is the p-value that the counts of {what(other.cell)} give."
    return _exchanged(row, usual) if digits >= _TELLING else ""


def _comparison_of(row: Judged) -> tuple[str, ...]:
    about = row.cell.about
    return row.cell.quantity, about.level, about.population, about.criterion, about.grade


def _exchanged(row: Judged, usual: str) -> str:
    """Whether the usual test gives the printed figure once each arm's count is taken of the other arm's patients."""
    for (one, other), (rest, rest_of_other) in (table for table in row.tables if len(table) == 2):
        n, n_of_other = one + rest, other + rest_of_other
        if n == n_of_other or one > n_of_other or other > n:
            continue
        table = (one, other), (n_of_other - one, n - other)
        if agreement(row.printed, p_of_tests(table).get(usual, math.nan)) == "rounded":
            counts = f"{one}/{n_of_other} against {other}/{n}"
            return f"With the sizes of the arms exchanged, {counts}, {usual} gives {row.printed.figure.strip()}."
    return ""


def _of_counts(cell: Cell) -> bool:
    """Whether its p-value may compare counts: not one of a Cox model, of curves, or of rates at a time."""
    about = cell.about
    of_curves = about.model or about.endpoint or not math.isnan(about.time)
    return "p" in cell.numbers and comparable(cell.numbers["p"]) and not of_curves


def _counted(cell: Cell) -> bool:
    """Whether it says how many patients; a rate at a time comes from curves, not from counts."""
    return math.isnan(cell.about.time) and (cell.number("n") is not None or cell.number("pct") is not None)


def _counts_of(paper: Paper, p: Cell, by_row: dict[object, list[Cell]], arms: tuple[str, str]) -> _Compared | None:
    row = by_row.get(_row(p), [])
    own = [cell for cell in row if cell.about.level == p.about.level]
    if own:
        return _with_and_without(paper, own, arms)
    return _by_level([cell for cell in row if cell.about.level], arms) if not p.about.level else None


def _with_and_without(paper: Paper, row: list[Cell], arms: tuple[str, str]) -> _Compared | None:
    """2 x 2 tables of patients with and without, for every count that the paper allows."""
    options, ids = [], []
    for arm in arms:
        of_arm = [cell for cell in row if cell.about.arm == arm]
        chosen = next((cell for cell in of_arm if cell.count() is not None), of_arm[0] if of_arm else None)
        size = denominator(paper, chosen) if chosen else None
        if chosen is None or not size:
            return None
        options.append([(count, size - count) for count in counts_of(paper, chosen) if count <= size])
        ids.append(chosen.ids["n" if chosen.count() is not None else "pct"])
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
    if all_counts(itertools.chain(*cells)) is None:
        return None
    table = tuple(tuple(cell.n for cell in pair) for pair in cells)
    # those of whom it is not known are a level of some tests, and left out of others
    known = tuple(counts for counts, pair in zip(table, cells, strict=True) if not is_missing(pair[0]))
    tables = (known, table) if 1 < len(known) < len(table) else (table,)
    return _Compared(tables, tuple(cell.ids["n"] for pair in cells for cell in pair))


_SAID = {
    "claimed": " Printed as significant at 0.05, it is not by any of these tests.",
    "hidden": " Printed as not significant at 0.05, it is by all of these tests.",
    "": " None of these tests gives the printed figure.",
}


def _not_reproduced(paper: Paper, row: Judged, elsewhere: str) -> Discrepancy:
    flip, given = flips(row.printed, (p for found in row.p for p in found.values())), row.recomputed
    sentence = f"{place(paper, row.cell)}: printed {printed_p(row.printed)}; the counts give {given}.{_SAID[flip]}"
    by_hand = f"{row.counts}: {given}, not {row.printed.figure}"
    return Discrepancy(
        "error" if flip else "warning", row.value_ids, row.cell.text, given, sentence, by_hand, elsewhere
    )


def most_frequent(judged: list[Judged]) -> str:
    """The usual test that gives most of the figures; the earlier one of two that give as many."""
    exact = [row for row in judged if row.printed.state == "exact"]
    hits = Counter(name for row in exact for name in row.given_by if name in USUAL)
    return max(USUAL, key=lambda name: hits[name])


# --- the test that is named -------------------------------------------------------------------------------------------


@rule(
    "p_method",
    "The p-values come from the tests that the methods name",
    broken="The p-values do not come from the test that the methods name",
    source="Cochran WG. Biometrics 1954;10:417-451 (expected counts below 5)",
    tolerance="A warning where significance at 0.05 rests on the test, and where the named tests give others of the "
    "paper's p-values but not this one",
)
def p_method(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Which test gives the p-values, where it is not one the paper names, or not the one that gives most of them.

    A warning where significance at 0.05 rests on the choice, and where none of the tests that the methods name gives a
    figure: either the methods are incomplete, or it is another test's by chance. Else one note for each habit; one test
    that gives all of the paper's figures is a habit too. Fisher's or Yates' test needs no more than a note where an
    expected count is below 5, and such rows do not tell which test is the usual one.
    """
    judged = [row for row in judged_rows(paper, tuple(found)) if row.given_by and not row.of_values]
    large = [row for row in judged if not _few(row)]
    telling, of = (large, " with expected counts of at least 5") if large else (judged, "")
    named, usual = _named(paper), most_frequent(telling)
    unnamed = [row for row in judged if not (named or set(USUAL)) & set(row.given_by)]
    corrected = [row for row in judged if row not in unnamed and _corrected(row, usual)]
    flipped = [row for row in (*unnamed, *corrected) if not _called_for(row) and _flips(row, usual)]
    for row in flipped:
        example = _example(paper, row, usual)
        yield _other_test([row], "warning", f"{example}. Significance at 0.05 rests on the test.")
    another = [] if not named or _one_gives_all(judged) else [row for row in unnamed if not _called_for(row)]
    most = (
        f"the test that gives most of them ({usual}, {sum(usual in row.given_by for row in telling)} of "
        f"{len(telling)}{of})"
    )
    by_method = "a test that the methods name"
    small = [row for row in unnamed if row not in another]
    habits: list[tuple[list[Judged], Severity, str]] = [
        (another, "warning", by_method),
        (small, "info", by_method),
        (corrected, "info", most),
    ]
    for rows, severity, said in habits:
        rest = [row for row in rows if row not in flipped]
        if rest:
            several = f"{len(rest)} p-values do" if len(rest) > 1 else "One p-value does"
            example = _example(paper, rest[0], usual)
            yield _other_test(rest, severity, f"{several} not come from {said}; for instance {example}.")


def _named(paper: Paper) -> set[str]:
    """The tests of counts that the methods name, ranks among them where groups are compared by ranks; empty if none."""
    methods = paper.spec.methods
    said, of_ranks = (methods.categorical or "").lower(), f"{methods.categorical} {methods.continuous}".lower()
    tests = {
        "fisher": {"Fisher"},
        "chi": {"Pearson", "Yates"},
        "χ": {"Pearson", "Yates"},
        "mid-p": {"mid-P Fisher"},
        "likelihood": {"likelihood ratio"},
        "trend": {"linear trend"},
        "linear": {"linear trend"},
    }
    named = set[str]().union(*(those for word, those in tests.items() if word in said))
    return named | ({"Mann–Whitney"} if named and re.search("mann|wilcoxon|rank", of_ranks) else set())


def _one_gives_all(judged: list[Judged]) -> bool:
    """Whether one test gives all the figures: the paper's habit, whatever its methods say."""
    return bool(set.intersection(*(set(row.given_by) for row in judged))) if judged else False


def _corrected(row: Judged, usual: str) -> bool:
    """Whether only a corrected or exact test gives the figure, the usual one would not, and no count calls for it."""
    plain = usual in row.p[0] and usual not in row.given_by and usual == "Pearson"
    return plain and not _called_for(row)


def _called_for(row: Judged) -> bool:
    """Whether a corrected or exact test gives the figure, and an expected count is so small that it is the choice."""
    return _few(row) and bool({"Yates", "Fisher"} & set(row.given_by))


def _few(row: Judged) -> bool:
    """Whether a chi-square test would be off: an expected count below 5."""
    return min(least_expected(table) for table in row.tables) < _FEW


def _flips(row: Judged, usual: str) -> bool:
    """Whether the usual test lies on the other side of 0.05 than the printed figure."""
    values = row.by_test(usual)
    return bool(values) and flips(row.printed, values) != ""


def _example(paper: Paper, row: Judged, usual: str) -> str:
    """One row whose p-value another test gives than the usual one."""
    *others, last = row.given_by
    listed = f"{', '.join(others)} or {last}" if others else last
    said = f"{place(paper, row.cell)}: {listed} gives the printed {printed_p(row.printed)}"
    return said + (f"; {usual} gives {p_range(row.by_test(usual))}" if usual in row.p[0] else "")


def _other_test(rows: list[Judged], severity: Severity, sentence: str) -> Discrepancy:
    first, ids = rows[0], tuple(dict.fromkeys(row.cell.ids["p"] for row in rows))
    by_hand = f"{first.counts}: {first.recomputed}"
    return Discrepancy(severity, ids, first.cell.text, first.recomputed, sentence, by_hand, count=len(rows))


# --- two means --------------------------------------------------------------------------------------------------------


@rule(
    "p_mean",
    "The p-value of two means follows from a t-test",
    broken="No t-test of the printed means gives the printed p-value",
    source="Student 1908; Welch BL. Biometrika 1947;34:28-35",
    tolerance="Rounding of means, standard deviations and p; 0.8 in z where the methods also name a rank test",
)
def p_mean(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Student's and Welch's t-test from the printed means and standard deviations against the printed p-value.

    All four figures range over their rounding. Where the methods also name a rank test, which the paper does not allow
    to recompute, a p-value near the t-test's is a note; so is one that a test of the counts printed below the means
    gives. An error where significance at 0.05 changes, else a warning.
    """
    yield from distinct(
        ((cell.quantity, cell.about.population, cell.numbers["p"].figure), fault)
        for cell, arms, of_counts in _p_of_means(paper, found)
        for fault in _judge_means(paper, cell, arms, of_counts)
    )


def _p_of_means(paper: Paper, found: list[Cell]) -> Iterator[tuple[Cell, list[Cell], tuple[str, ...]]]:
    """p-values with the means that they compare, and the tests of counts that give them."""
    treated, control = paper.spec.experimental, paper.spec.comparator
    if treated is None or control is None:
        return
    of_counts = {_comparison(row.cell): row.given_by for row in judged_rows(paper, tuple(found))}
    measured = [cell for cell in found if cell.number("mean") is not None and cell.number("sd") is not None]
    means = grouped(measured, _mean_row)
    for cell in found:
        printed = cell.numbers.get("p")
        if printed is None or not comparable(printed):
            continue
        by_arm = {mean.about.arm: mean for mean in reversed(means.get(_mean_row(cell), []))}
        if {treated, control} <= set(by_arm) and not (cell.about.endpoint or cell.about.model):
            yield cell, [by_arm[treated], by_arm[control]], of_counts.get(_comparison(cell), ())


def _comparison(cell: Cell) -> tuple[str, ...]:
    """What a p-value compares, and its figure: table and text may both print it."""
    return cell.quantity, cell.about.level, cell.about.population, cell.numbers["p"].figure


def _judge_means(paper: Paper, cell: Cell, arms: list[Cell], of_counts: tuple[str, ...]) -> Iterator[Discrepancy]:
    printed, sizes = cell.numbers["p"], [group_size(paper, arm) or 0 for arm in arms]
    if min(sizes) < 2:
        return
    one, other = ((arm.numbers["mean"], arm.numbers["sd"], size) for arm, size in zip(arms, sizes, strict=True))
    spans = {"Student": t_test(one, other, welch=False), "Welch": t_test(one, other, welch=True)}
    if any(overlap(printed, *span) or _cut_off(printed, span) for span in spans.values()):
        return
    severity, words = _mean_severity(paper, printed, list(spans.values()))
    if of_counts:
        severity, words = "info", f" It is the p-value of the counts printed below ({' or '.join(of_counts)})."
    recomputed = ", ".join(f"{name} {p_range(span)}" for name, span in spans.items())
    of_arms = " and ".join(f"{arm.text} (n = {size})" for arm, size in zip(arms, sizes, strict=True))
    ids = (cell.ids["p"], *(arm.ids[name] for arm in arms for name in ("mean", "sd")))
    sentence = f"{place(paper, cell)}: printed {printed_p(printed)}; {of_arms} give {recomputed}.{words}"
    yield Discrepancy(severity, ids, cell.text, recomputed, sentence, f"{of_arms}: {recomputed}, not {printed.figure}")


def _cut_off(printed: Printed, span: Span) -> bool:
    """Whether the p-value may be cut off."""
    return printed.state == "exact" and span[0] < printed.value + printed.unit and span[1] >= printed.value


def _mean_severity(paper: Paper, printed: Printed, spans: list[Span]) -> tuple[Severity, str]:
    said = (paper.spec.methods.continuous or "").lower()
    if ("mann" in said or "wilcoxon" in said) and _near_by_ranks(printed, spans):
        return "info", " A rank test, which the methods also name, may give it."
    match flips(printed, itertools.chain(*spans)):
        case "claimed":
            return "error", " Printed as significant at 0.05, it is not."
        case "hidden":
            return "error", " Printed as not significant at 0.05, it is."
        case _:
            return "warning", " Neither gives the printed figure."


def _near_by_ranks(printed: Printed, spans: list[Span]) -> bool:
    low, high = _z(printed.high), math.inf if printed.state == "below" else _z(max(printed.low, 1e-15))
    least, most = min(_z(span[1]) for span in spans), max(_z(max(span[0], 1e-15)) for span in spans)
    return low - most <= _RANKS and least - high <= _RANKS


def _z(p: float) -> float:
    return 0.0 if p >= 1 else -NormalDist().inv_cdf(p / 2)
