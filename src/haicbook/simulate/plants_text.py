"""Errors of the text and of the plan: intervals of proportions, tests named, statements, dates, doses, designs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from haicbook.printed import agreement, parse_number
from haicbook.simulate.draft import CLAIMS
from haicbook.simulate.planting import Desk, Planted, figures, misprinted, planter, with_figure
from haicbook.simulate.protocol import OPTIMAL
from haicbook.simulate.text import METHODS, RESULTS, claim
from haicbook.stats import proportions

_ALPHA = 0.05


@planter("proportion_interval")
def proportion_interval(desk: Desk) -> Planted | None:
    """A misprint in a limit of a response rate; detectable where the method that the paper names does not give it."""
    for value in desk.shuffled(desk.values(kind="claim", row="orr_interval", statistic="pct")):
        which = int(desk.rng.integers(1, 3))
        text = with_figure(value.cell, which, misprinted(figures(value.cell)[which], desk.rng))
        if any(float(figure) > 100 for figure in figures(text)):
            continue
        counted = desk.values(kind="claim", row="orr", arm=value.arm, statistic="n").iloc[0]
        share = proportions.Proportion(int(counted.value), desk.size(value))
        named = desk.paper.spec.methods.proportion_ci
        method = proportions.wilson_interval if named == "Wilson" else proportions.exact_interval
        limit = 100 * method(share, 0.95)[which - 1]
        shown = agreement(parse_number(figures(text)[which]), limit) == "differs"
        draft = desk.draft.changed(value.file, value.line, value.column, text)
        changed = value.id.rsplit("/", 1)[0] + ("/ci_low", "/ci_high")[which - 1]
        return Planted("proportion_interval", draft, (changed,), shown, f"{value.cell} → {text}")
    return None


@planter("p_method")
def p_method(desk: Desk) -> Planted | None:
    """A row whose significance rests on the test: Pearson's elsewhere, Yates' here, on two sides of 0.05.

    The counts of an adverse event are changed so; expected counts are at least 5. Papers are taken whose other rows
    are Pearson's (and Fisher's where counts are small).
    """
    if desk.paper.spec.methods.categorical not in ("chi-square test", "chi-square or Fisher's exact test"):
        return None
    sizes = desk.paper.spec.populations[desk.paper.spec.main_population].n
    (one, n1), (other, n2) = sizes.items()
    for value in desk.shuffled(desk.values(kind="adverse_events", statistic="p", grade="any")):
        counts = desk.values(kind="adverse_events", row=value.row, grade="any", statistic="n")
        by_arm = {v.arm: v for v in counts.itertuples()}
        b = int(by_arm[other].value)
        for a in range(n1 + 1):
            table = [[a, b], [n1 - a, n2 - b]]
            expected = min(a + b, n1 + n2 - a - b) * min(n1, n2) / (n1 + n2)
            if (
                expected >= 5
                and proportions.pearson_p(table) < _ALPHA - 0.001
                and proportions.yates_p(table) > _ALPHA + 0.001
            ):
                draft = desk.n_pct(desk.draft, by_arm[one], a)
                p = f"{proportions.yates_p(table):.3f}"
                draft = draft.changed(value.file, value.line, value.column, p)
                return Planted("p_method", draft, (value.id,), True, f"{a}/{n1} and {b}/{n2}, p {p} by Yates")
    return None


@planter("most_common")
def most_common(desk: Desk) -> Planted | None:
    """Another event called the most common one; detectable where the table has more of the first."""
    for value in desk.shuffled(desk.values(kind="claim", row="most_common_event", statistic="n")):
        table = desk.values(kind="adverse_events", arm=value.arm, grade="any", statistic="n")
        others = table[(table.row != "any_ae") & (table.row != value.term)]
        other = others.iloc[int(desk.rng.integers(len(others)))]
        draft = desk.draft.changed(value.file, value.line, "term", other.row)
        draft = draft.changed(value.file, value.line, value.column, other.cell)
        stem = value.id.rsplit("/", 1)[0]
        return Planted(
            "most_common", draft, (f"{stem}/n",), float(other.value) < float(value.value), f"{value.term} → {other.row}"
        )
    return None


@planter("significance")
def significance(desk: Desk) -> Planted | None:
    """Another number of significant differences in the text than in the table."""
    for value in desk.shuffled(desk.values(kind="claim", term="significant_ae", statistic="n")):
        wrong = str(int(value.value) + int(desk.rng.integers(1, 4)))
        draft = desk.draft.changed(value.file, value.line, value.column, wrong)
        return Planted("significance", draft, (value.id,), True, f"{value.printed} → {wrong}")
    return None


_TWO_LEVELS = ("sex", "cirrhosis", "afp", "tumor_number", "vascular_invasion", "extrahepatic_metastasis", "child_pugh")
# with performance status and BCLC stage
_ROWS = len(_TWO_LEVELS) + 2
# rows may crowd: two in eight within two patients of a count
_CROWDED = 1 / 20
# fewer patients than this with, or without, a condition are met by chance too often
_RARE = 10
# a coincidence that more than so many tables in a hundred have is none
_SURPRISING, _EXPECTED = 0.02, 0.15


@planter("repeated_rows")
def repeated_rows(desk: Desk) -> Planted | None:
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
                draft = draft.changed(b.file, b.line, b.column, a.cell)
                ids.append(b.id)
            n, share = desk.size(source[0]), source[0].value / desk.size(source[0])
            common = common and _RARE <= source[0].value <= n - _RARE
            spread = max(math.sqrt(2 * math.pi * n * share * (1 - share)), 1.0)
            chance *= max(1 / (n + 1), _CROWDED) if place == 0 else 1 / spread
        expected.append(math.comb(_ROWS, 2) * chance)
    most = max(expected)
    by_chance = 1 - math.exp(-most) * (1 if copies == 1 else 1 + most)
    words = ", ".join(f"{one} copied to {other}" for one, other in zip(rows[:copies], rows[copies:], strict=False))
    return Planted(
        "repeated_rows",
        draft,
        tuple(ids),
        common and by_chance < _SURPRISING and most < _EXPECTED,
        f"{words}, {population}",
    )


@planter("one_event_twice")
def one_event_twice(desk: Desk) -> Planted | None:
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
    return Planted(
        "one_event_twice", draft, (value.id, value.id.replace("/vomiting/", "/vomit/")), True, f"{value.cell}, {wrong}"
    )


@planter("dates")
def dates(desk: Desk) -> Planted | None:
    """A misprint in the year of a date, in every place; detectable where enrolment then begins after it ends."""
    found = desk.values(kind="claim", statistic="date", term=["date_start", "date_end"])
    value = next(desk.shuffled(found))
    text = with_figure(value.cell, 1, misprinted(figures(value.cell)[1], desk.rng))
    draft, ids = desk.draft, list[str]()
    for other in found[found.term == value.term].itertuples():
        draft = draft.changed(other.file, other.line, other.column, text)
        ids.append(other.id)
    return Planted("dates", draft, tuple(ids), _out_of_order(desk, value, text), f"{value.cell} → {text}")


def _out_of_order(desk: Desk, value: Any, text: str) -> bool:
    from haicbook.printed import parse_date

    all_dates = desk.values(kind="claim", statistic="date")
    order = ("date_start", "date_end", "date_last_follow_up")
    known = {v.term: parse_date(v.cell).value for v in all_dates.itertuples()} | {value.term: parse_date(text).value}
    days = [known[term] for term in order]
    return days != sorted(days)


@planter("doses")
def doses(desk: Desk) -> Planted | None:
    """A misprint in the dose that is printed in grams in one place and in milligrams in another."""
    value = next(desk.shuffled(desk.values(kind="claim", term="dose_fluorouracil", statistic="value")))
    wrong = misprinted(value.printed, desk.rng)
    draft = desk.draft.changed(value.file, value.line, value.column, wrong)
    return Planted("doses", draft, (value.id,), float(wrong) != float(value.value), f"{value.cell} → {wrong}")


@planter("schedules")
def schedules(desk: Desk) -> Planted | None:
    """Weeks between courses as a range in one place and as another number in another."""
    population = desk.paper.spec.main_population
    own = {"term": "interval_haic", "unit": "weeks"}
    number = str(int(desk.rng.integers(6, 13)))
    added = [
        claim(METHODS, "interval_haic", population, "", statistic="range", printed="3–5", **own),
        claim(RESULTS, "interval_haic", population, "", statistic="value", printed=number, **own),
    ]
    draft = replace(desk.draft, tables=desk.draft.tables | {CLAIMS: [*desk.draft.tables[CLAIMS], *added]})
    stem = f"{desk.paper.study}/results/interval_haic/{population}/value"
    return Planted("schedules", draft, (stem,), True, f"3–5, {number}")


@planter("two_stage")
def two_stage(desk: Desk) -> Planted | None:
    """A misprint in a number of the two-stage design; detectable as it is none of Simon's optimal ones then."""
    stages = desk.draft.spec.get("two_stage")
    if not stages:
        return None
    names = ("stage1_reject_at_most", "stage1_n", "total_reject_at_most", "total_n")
    name = names[int(desk.rng.integers(len(names)))]
    changed = stages | {name: stages[name] + int(desk.rng.choice([-2, -1, 1, 2]))}
    r1, n1, r, n = (changed[key] for key in names)
    if not 0 <= r1 < n1 < n or not r1 < r < n:
        return None
    known = [
        design[3:]
        for design in OPTIMAL
        if f"{design[0]:.1f}" == stages["null_rate"] and str(design[2]) == stages["power"]
    ]
    draft = replace(desk.draft, spec=desk.draft.spec | {"two_stage": changed})
    ids = tuple(desk.values(kind="claim", row=["design_stage1_responders", "design_stage1_n"]).id)
    return Planted("two_stage", draft, ids, (r1, n1, r, n) not in known, f"{name} {stages[name]} → {changed[name]}")
