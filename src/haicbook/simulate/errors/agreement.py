"""Errors of agreement: places and rows that contradict or repeat one another, and statements of the text."""

from __future__ import annotations

import math
from dataclasses import replace

from haicbook.simulate.errors.injection import Desk, Injected, injects, misprinted, spans
from haicbook.study import as_printed

_TWO_LEVELS = ("sex", "cirrhosis", "afp", "tumor_number", "vascular_invasion", "extrahepatic_metastasis", "child_pugh")
# with performance status and BCLC stage
_ROWS = len(_TWO_LEVELS) + 2
# rows may crowd: two in eight within two patients of a count
_CROWDED = 1 / 20
# fewer patients than this with, or without, a condition are met by chance too often
_RARE = 10
# a coincidence that more than so many tables in a hundred have is none
_SURPRISING, _EXPECTED = 0.02, 0.15


@injects("repeated")
def repeated(desk: Desk) -> Injected | None:
    """A misprint in the discussion's median; a warning is due when it is off by one unit of the last digit."""
    for value in desk.shuffled(desk.values(kind="claim", section="discussion", statistic="median", state="exact")):
        wrong = misprinted(value.printed, desk.rng)
        draft = desk.draft.reprinted(value, wrong)
        (low, high), _ = spans(as_printed(value))
        outside = not low <= float(wrong) <= high
        return Injected(draft, (value.id,), outside, f"{value.cell} → {wrong}")
    return None


@injects("most_common")
def most_common(desk: Desk) -> Injected | None:
    """Another event called the most common one; detectable where the table has more of the first."""
    for value in desk.shuffled(desk.values(kind="claim", row="most_common_event", statistic="n")):
        table = desk.values(kind="adverse_events", arm=value.arm, grade="any", statistic="n")
        others = table[(table.row != "any_ae") & (table.row != value.term)]
        other = others.iloc[int(desk.rng.integers(len(others)))]
        draft = desk.draft.changed(value.file, value.line, "term", other.row)
        draft = draft.reprinted(value, other.cell)
        stem = value.id.rsplit("/", 1)[0]
        return Injected(draft, (f"{stem}/n",), float(other.value) < float(value.value), f"{value.term} → {other.row}")
    return None


@injects("significance")
def significance(desk: Desk) -> Injected | None:
    """Another number of significant differences in the text than in the table."""
    for value in desk.shuffled(desk.values(kind="claim", term="significant_ae", statistic="n")):
        wrong = str(int(value.value) + int(desk.rng.integers(1, 4)))
        draft = desk.draft.reprinted(value, wrong)
        return Injected(draft, (value.id,), True, f"{value.printed} → {wrong}")
    return None


@injects("repeated_rows")
def repeated_rows(desk: Desk) -> Injected | None:
    """One or two baseline covariates copied into other rows; detectable where chance makes less than 0.15 such pairs,
    and as many of them in less than 1 of 50 tables (Poisson).

    One arm's count is met once in n + 1, or in 20 where rows crowd; the other arm's as often as a binomial count meets
    its mean. Conditions that fewer than ten patients have, or have not, are undetectable.
    """
    if len(desk.paper.spec.arms) < 2:
        return None
    counts = desk.values(kind="baseline", statistic="n", row=list(_TWO_LEVELS))
    population = str(desk.rng.choice(counts.population.unique()))
    rows, copies = desk.rng.permutation(_TWO_LEVELS), int(desk.rng.integers(1, 3))
    draft, ids, expected, common = desk.draft, list[str](), list[float](), True
    for one, other in zip(rows[:copies], rows[copies : 2 * copies], strict=True):
        chance = 1.0
        for place, arm in enumerate(desk.paper.spec.arms):
            of_arm = counts[(counts.population == population) & (counts.arm == arm)]
            source, target = (list(of_arm[of_arm.row == row].itertuples()) for row in (one, other))
            for a, b in zip(source, target, strict=True):
                draft = draft.reprinted(b, a.cell)
                ids.append(b.id)
            n, share = desk.size(source[0]), source[0].value / desk.size(source[0])
            common = common and _RARE <= source[0].value <= n - _RARE
            spread = max(math.sqrt(2 * math.pi * n * share * (1 - share)), 1.0)
            chance *= max(1 / (n + 1), _CROWDED) if place == 0 else 1 / spread
        expected.append(math.comb(_ROWS, 2) * chance)
    most = max(expected)
    by_chance = 1 - math.exp(-most) * (1 if copies == 1 else 1 + most)
    words = ", ".join(f"{one} copied to {other}" for one, other in zip(rows[:copies], rows[copies:], strict=False))
    return Injected(
        draft,
        tuple(ids),
        common and by_chance < _SURPRISING and most < _EXPECTED,
        f"{words}, {population}",
    )


@injects("one_event_twice")
def one_event_twice(desk: Desk) -> Injected | None:
    """Vomiting in a second row, as vomit, with other counts."""
    value = next(desk.shuffled(desk.values(kind="adverse_events", row="vomiting", statistic="n")))
    file = value.file.partition("/")[2]
    rows = desk.draft.tables[file]
    copy = next(row for row in rows if row["id"] == "vomiting") | {"id": "vomit", "label": "Vomit"}
    size = desk.size(value)
    wrong = (int(value.value) + int(desk.rng.integers(1, 4))) % (size + 1)
    if wrong == int(value.value):
        return None
    copy |= {value.column: f"{wrong} ({100 * wrong / size:.1f}%)"}
    draft = replace(desk.draft, tables=desk.draft.tables | {file: [*rows, copy]})
    return Injected(draft, (value.id, value.id.replace("/vomiting/", "/vomit/")), True, f"{value.cell}, {wrong}")
