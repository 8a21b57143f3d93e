"""Results that rest on few patients, or on which of several tests is looked at: notes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, grouped, place
from haicbook.audit.finding import Discrepancy
from haicbook.audit.rules.agreement import is_below
from haicbook.audit.rules.p_values import ALPHA, comparable, printed_p
from haicbook.study import Paper
from haicbook.words import abbreviation

# of the median follow-up: beyond it a rate rests on few
_LATE = 2

rule = partial(registry.rule, topic="survival", inspect_sr=registry.RESULTS)


@rule(
    "late_rate",
    "Rates are of times that many patients were followed to",
    broken="Survival rates are of times long after the median follow-up",
    source="At most half of the patients are followed for longer than the median",
    tolerance="Twice the median follow-up, the shorter one where two are printed",
)
def late_rate(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A survival rate at more than twice the median follow-up of its arm, or of all patients: one note."""
    followed = [c for c in found if c.quantity == "follow_up" and c.number("median") and c.about.unit in ("months", "")]
    late = []
    for rate in (cell for cell in found if cell.number("rate") is not None and not math.isnan(cell.about.time)):
        same = [cell for cell in followed if cell.about.population == rate.about.population]
        own = [cell for cell in same if cell.about.arm == rate.about.arm] or [c for c in same if not c.about.arm]
        least = min(own, key=lambda cell: cell.numbers["median"].value, default=None)
        if least is not None and rate.about.time > _LATE * least.numbers["median"].high:
            late.append((rate, least))
    if late:
        rate, median = late[0]
        many = f"{len(late)} rates are" if len(late) > 1 else "One rate is"
        figure = median.numbers["median"].figure
        sentence = (
            f"{many} of more than twice the median follow-up; for instance {place(paper, rate)}: {rate.text}, after a "
            f"median of {figure} months ({median.about.source}). At most half of the patients were followed for longer "
            "than that, so that the rates rest on few."
        )
        ids = dict.fromkeys(value for pair in late for value in (pair[0].ids["rate"], pair[1].ids["median"]))
        by_hand = f"{rate.about.time:g} > {_LATE} × {figure}"
        yield Discrepancy("info", tuple(ids), rate.text, "", sentence, by_hand, count=len(late))


@rule(
    "second_test",
    "An endpoint is significant by its first test, or not",
    broken="Only a further test of an endpoint is significant",
    source="Bland JM, Altman DG. BMJ 1995;310:170 (several tests of one hypothesis)",
    tolerance="No p-value of the whole curves below 0.05",
)
def second_test(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The curves of two arms do not differ significantly, their rates at some time do: a note."""
    tested = [
        c for c in found if c.of_endpoint and "p" in c.numbers and c.about.reference and comparable(c.numbers["p"])
    ]
    for cells in grouped(tested, by("endpoint", "criterion", "population")).values():
        whole = [cell for cell in cells if math.isnan(cell.about.time)]
        later = [cell for cell in cells if not math.isnan(cell.about.time) and is_below(cell.numbers["p"])]
        if whole and later and all(cell.numbers["p"].low >= ALPHA for cell in whole):
            first, second = whole[0], later[0]
            sentence = (
                f"{abbreviation(first.about.endpoint)} has {printed_p(first.numbers['p'])} over all of the follow-up "
                f"({first.about.source}) and {printed_p(second.numbers['p'])} at {second.about.time:g} months "
                f"({second.about.source}). Of several tests of one endpoint some are significant by chance more "
                "easily than one; the first is its test."
            )
            ids = (first.ids["p"], second.ids["p"])
            yield Discrepancy("info", ids, f"{first.text}; {second.text}", "", sentence)
