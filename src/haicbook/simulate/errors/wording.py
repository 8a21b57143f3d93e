"""Errors of statements in words: against another place, against counts and p-values, against another schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from haicbook.simulate.draft import CLAIMS, Draft
from haicbook.simulate.errors.injection import Desk, Injected, injects
from haicbook.simulate.statements import RESULTS, claim
from haicbook.study.values import value_id


def _reworded(desk: Desk, value: Any, **changed: str) -> tuple[Draft, str]:
    """The draft with another statement in the place of one, and the id that it has then."""
    draft = desk.draft
    for column, text in changed.items():
        draft = draft.changed(value.file, value.line, column, text)
    record = value._asdict() | changed | {"place": value.section}
    record["row"] = changed.get("id", value.row)
    return draft, value_id(record, "said")


@injects("named")
def named(desk: Desk) -> Injected | None:
    """The clock starts at diagnosis in one of the two places that say when it starts."""
    places = desk.values(kind="claim", row="named_time_zero")
    value = next(places.iloc[[int(desk.rng.integers(len(places)))]].itertuples(index=False))
    draft, now = _reworded(desk, value, level="diagnosis", printed="diagnosis")
    return Injected(draft, (now,), True, f"{value.cell} → diagnosis")


@injects("cited")
def cited(desk: Desk) -> Injected | None:
    """A table or panel cited under the number of another one, which shows something else."""
    citations = desk.values(kind="claim", section="results")
    citations = citations[citations.row.str.startswith("cites_")]
    value = next(citations.iloc[[int(desk.rng.integers(len(citations)))]].itertuples(index=False))
    kind = value.level.partition("_")[0]
    others = [level for level in citations.level if level != value.level and level.startswith(kind)]
    level = str(desk.rng.choice(others))
    words = level.replace("_", " ").capitalize()
    draft, now = _reworded(desk, value, level=level, printed=words)
    return Injected(draft, (now,), True, f"{value.row}: {value.cell} → {words}")


@injects("all_of")
def all_of(desk: Desk) -> Injected | None:
    """All of stage C said to have a condition; detectable where a table has too many without it for that."""
    value = next(desk.values(kind="claim", row="all_of_vascular_invasion_present").itertuples(index=False))
    row = str(desk.rng.choice(["vascular_invasion", "extrahepatic_metastasis", "cirrhosis"]))
    draft, now = _reworded(desk, value, id="all_of_bclc_c", term=row, level="present")
    shown = False
    for population, arms in desk.paper.spec.populations.items():
        own = desk.values(kind="baseline", population=population, statistic="n")
        without = own[(own.row == row) & (own.level == "absent")].value.sum()
        shown |= bool(without + own[(own.row == "bclc") & (own.level == "c")].value.sum() > sum(arms.n.values()))
    return Injected(draft, (now,), shown, f"all of stage C have {row}")


@injects("compared")
def compared(desk: Desk) -> Injected | None:
    """An event said to be more, or less, frequent in the first arm; or all events called comparable.

    Detectable where the counts say otherwise, or the printed p-value is 0.05 or more; or where one is below.
    """
    arms = list(desk.paper.spec.arms)
    if len(arms) < 2:
        return None
    tested = desk.values(kind="adverse_events", statistic="p", grade="any")
    own = {"reference": arms[1], "statistic": "said"}
    if desk.rng.random() < 0.3:
        severe = desk.values(kind="adverse_events", statistic="p")
        own |= {"term": "adverse_events", "level": "comparable", "printed": "similar"}
        return _added(desk, arms[0], own, bool((severe.value < 0.05).any()))
    value = next(desk.shuffled(tested))
    level = str(desk.rng.choice(["more", "less"]))
    counts = desk.values(kind="adverse_events", row=value.row, grade="any", statistic="n")
    new, old = (float(counts[counts.arm == arm].value.iloc[0]) / desk.size(_of(counts, arm)) for arm in arms)
    wrong = new <= old if level == "more" else new >= old
    own |= {"term": value.row, "grade": "any", "level": level, "printed": f"{level} often"}
    return _added(desk, arms[0], own, wrong or (value.state == "exact" and value.value > 0.0505))


def _of(counts: Any, arm: str) -> Any:
    return counts[counts.arm == arm].iloc[0]


def _added(desk: Desk, arm: str, own: dict[str, str], shown: bool) -> Injected:
    population = desk.paper.spec.main_population
    row = claim(RESULTS, "compared_besides", population, arm, **own)
    draft = replace(desk.draft, tables=desk.draft.tables | {CLAIMS: [*desk.draft.tables[CLAIMS], row]})
    parts = (desk.paper.study, "results", "compared_besides", own["level"], population, arm, own.get("grade", ""))
    identity = "/".join(part for part in (*parts, "said") if part)
    return Injected(draft, (identity,), shown, f"{own['term']} {own['level']}")


@injects("cycles")
def cycles(desk: Desk) -> Injected | None:
    """Another cycle of the drug that follows each three-weekly infusion; detectable where it is no multiple."""
    value = next(desk.values(kind="claim", term="drug_cycle").itertuples(index=False))
    weeks = int(desk.rng.choice([4, 5, 7, 8, 9]))
    return Injected(
        desk.draft.reprinted(value, str(weeks)), (value.id,), weeks % 3 > 0, f"{value.cell} → {weeks} weeks"
    )
