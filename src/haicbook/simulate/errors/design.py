"""Errors of the plan: dates, doses, schedules, the two-stage design."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from haicbook.simulate.draft import CLAIMS
from haicbook.simulate.errors.injection import Desk, Injected, injects, misprinted
from haicbook.simulate.statements import METHODS, OPTIMAL, RESULTS, claim


@injects("dates")
def dates(desk: Desk) -> Injected | None:
    """A misprint in the year of a date, in every place; detectable where enrolment then begins after it ends."""
    found = desk.values(kind="claim", statistic="date", term=["date_start", "date_end"])
    value = next(desk.shuffled(found))
    text = desk.misprint(value, 1)
    draft, ids = desk.everywhere(found[found.term == value.term], text)
    return Injected(draft, tuple(ids), _out_of_order(desk, value, text), f"{value.cell} → {text}")


def _out_of_order(desk: Desk, value: Any, text: str) -> bool:
    from haicbook.printed import parse_date

    all_dates = desk.values(kind="claim", statistic="date")
    order = ("date_start", "date_end", "date_last_follow_up")
    known = {v.term: parse_date(v.cell).value for v in all_dates.itertuples()} | {value.term: parse_date(text).value}
    days = [known[term] for term in order]
    return days != sorted(days)


@injects("doses")
def doses(desk: Desk) -> Injected | None:
    """A misprint in the dose that is printed in grams in one place and in milligrams in another."""
    value = next(desk.shuffled(desk.values(kind="claim", term="dose_fluorouracil", statistic="value")))
    wrong = misprinted(value.printed, desk.rng)
    draft = desk.draft.reprinted(value, wrong)
    return Injected(draft, (value.id,), float(wrong) != float(value.value), f"{value.cell} → {wrong}")


@injects("schedules")
def schedules(desk: Desk) -> Injected | None:
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
    return Injected(draft, (stem,), True, f"3–5, {number}")


@injects("two_stage")
def two_stage(desk: Desk) -> Injected | None:
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
    return Injected(draft, ids, (r1, n1, r, n) not in known, f"{name} {stages[name]} → {changed[name]}")
