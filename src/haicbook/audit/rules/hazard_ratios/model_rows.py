"""Rows of a Cox model against its other rows, its deaths, its selection, and the same row adjusted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import partial
from statistics import median

from haicbook.audit import registry
from haicbook.audit.cells import Cell, place, whose
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.hazard_ratios.events import (
    DEATHS,
    Model,
    arm_events,
    groups_of,
    models,
    too_narrow,
    total_events,
)
from haicbook.audit.rules.hazard_ratios.ratios import PrintedRatio, se_span, span
from haicbook.audit.rules.p_values import printed_p
from haicbook.audit.rules.wholes import IMPLICATIONS
from haicbook.study import Paper
from haicbook.words import abbreviation, label

rule = partial(registry.rule, topic="hazard_ratios", inspect_sr=registry.STATISTICS)

# rows whose smaller group has at least this share of the patients tell the model's events to within a few per cent
_EVEN = 0.2
_OTHER_ROWS = 3
# events beyond those that the other rows imply, and as a factor: no row of 2,900 in 160 error-free papers has both
_MORE_EVENTS, _MORE_TIMES = 12.0, 1.15
# standard errors of a difference: one in 1,000, and what is worth a note
_FAR, _NOTED = 3.0, 1.4
# an adjusted standard error beyond so many times that of the row alone: none of 1,200 in 160 error-free papers is
_WIDER = 1.7
# with fewer events for each covariate a model is hardly determined, and its standard errors are anything
_EVENTS_EACH = 5
# what a program keeps in a stepwise model unless told otherwise
_ENTERS, _STAYS = 0.05, 0.10


@rule(
    "ratio_outlier",
    "The rows of one analysis imply similar numbers of events",
    broken="One row of an analysis implies far more events than the others",
    source="Schoenfeld 1983",
    tolerance="12 events and 15% above the median of the other rows, for the even split, which needs fewest",
)
def outlier(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A row of a univariable analysis that needs clearly more events than its other rows imply: a warning.

    A row needs at least 4 / SE² events, exactly; a row of two groups with shares p and 1 - p of the patients implies
    about 1 / (SE² p (1 - p)). Where the events are printed the rule on precision compares with them.
    """
    for model in models(paper, found):
        if model.key[3] == "multivariable" or total_events(found, model.rows[0]) is not None:
            continue
        implied = _implied(paper, found, model)
        for row in (row for row in model.rows if row in implied and not too_narrow(paper, found, row)):
            others = [events for other, events in implied.items() if other is not row]
            needed = 4 / se_span(row)[1] ** 2
            if len(others) < _OTHER_ROWS:
                continue
            usual = median(others)
            if needed > max(_MORE_TIMES * usual, usual + _MORE_EVENTS):
                yield _outlying(paper, row, needed, usual, len(others))


def _implied(paper: Paper, found: list[Cell], model: Model) -> dict[PrintedRatio, float]:
    """The events that each row of two fairly even groups implies."""
    implied = {}
    for row in model.rows:
        groups = groups_of(paper, found, row)
        splits = {tuple(sorted(split)) for split in groups.splits} if groups else set()
        if len(splits) == 1 and min(sizes := splits.pop()) >= _EVEN * sum(sizes):
            implied[row] = sum(sizes) ** 2 / (row.printed_se**2 * math.prod(sizes))
    return implied


def _outlying(paper: Paper, row: PrintedRatio, needed: float, usual: float, others: int) -> Discrepancy:
    sentence = (
        f"{place(paper, row.cell)}: the interval {row.text} needs at least {needed:.0f} events; {others} other rows of "
        f"the analysis imply about {usual:.0f}. A limit may be misprinted, or the row is of other patients."
    )
    by_hand = f"{row.events_words}; the other rows' median is {usual:.0f}"
    return Discrepancy("warning", row.ids, row.text, f"about {usual:.0f} events", sentence, by_hand)


# --- deaths -----------------------------------------------------------------------------------------------------------


@rule(
    "ratio_deaths",
    "The deaths in the arms fit their hazard ratio",
    broken="The deaths in the arms do not fit the hazard ratio",
    source="Under proportional hazards and equal follow-up, the hazard ratio lies between the ratio of log survival "
    "and the odds ratio of dying",
    tolerance="Beyond 1.4 standard errors of the log odds a note, beyond 3 a warning",
)
def deaths(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The treatment's ratio against the deaths of its arms.

    With one follow-up for all, the ratio of the cumulative hazards at its end is the hazard ratio, and censoring on the
    way makes it less; with censoring at a constant rate the odds of dying differ by the hazard ratio, with less of it
    by more. So the ratio lies between the two, as far as chance allows. Outside, follow-up differed between the arms,
    or hazards are not proportional.
    """
    for model in models(paper, found):
        treatment = model.treatment
        if model.key[0] != "os" or model.key[3] == "multivariable" or treatment is None:
            continue
        pair = treatment.cell.about.arm, treatment.cell.about.reference
        sizes = paper.spec.populations[model.key[2]].n
        dead = [arm_events(found, treatment, arm) or 0 for arm in pair]
        alive = [sizes.get(arm, 0) - count for arm, count in zip(pair, dead, strict=True)]
        if min(*dead, *alive) > 0:
            yield from _unequal(paper, treatment, dead, alive, _death_ids(found, model.key[2], pair))


def _death_ids(found: list[Cell], population: str, arms: tuple[str, str]) -> tuple[str, ...]:
    counted = [cell for cell in found if cell.quantity in DEATHS and cell.about.population == population]
    return tuple(cell.ids["n"] for cell in counted if cell.about.arm in arms and "n" in cell.ids)


def _unequal(
    paper: Paper, ratio: PrintedRatio, dead: list[int], alive: list[int], ids: tuple[str, ...]
) -> Iterator[Discrepancy]:
    odds = math.log(dead[0] * alive[1] / (dead[1] * alive[0]))
    hazards = [-math.log(a / (a + d)) for d, a in zip(dead, alive, strict=True)]
    cumulative = math.log(hazards[0] / hazards[1])
    error = math.sqrt(sum(1 / count for count in (*dead, *alive)))
    low, high = (math.log(max(end, 1e-9)) for end in span(ratio.hr, ratio.filled))
    # both lie on one line: from the one to the other, whichever is larger
    least, most = sorted((odds, cumulative))
    far = max(low - most, least - high, 0.0) / error
    if far <= _NOTED:
        return
    severity: Severity = "warning" if far > _FAR else "info"
    counts = " against ".join(f"{d} of {d + a}" for d, a in zip(dead, alive, strict=True))
    sentence = (
        f"{place(paper, ratio.cell)}: {ratio.text}, although {counts} died. With equal follow-up and proportional "
        f"hazards, such deaths correspond to a ratio of about {math.exp(least):.2f} to {math.exp(most):.2f}: either "
        "follow-up differed between the arms, or the hazards are not proportional."
    )
    by_hand = (
        f"({dead[0]}/{alive[0]})/({dead[1]}/{alive[1]}) = {math.exp(odds):.2f}; "
        f"{far:.1f} standard errors ({error:.2f}) from ln {ratio.hr.figure}"
    )
    yield Discrepancy(
        severity, (*ratio.ids, *ids), f"{ratio.text}; {counts}", f"{math.exp(most):.2f}", sentence, by_hand
    )


# --- the same row, adjusted -------------------------------------------------------------------------------------------


@rule(
    "ratio_inflation",
    "Adjustment widens an interval only a little",
    broken="Adjustment widened a confidence interval unusually",
    source="Variance inflation: SE² grows by 1/(1 - R²), R² of the covariate on the others in the model",
    tolerance="A factor of 1.7, with at least 5 events for each covariate; not covariates that another one implies",
)
def inflation(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A covariate's standard error alone and adjusted: a warning where it grows by more than 1.7 times.

    Its variance would share two thirds with the other covariates'. Rather one of the two rows is of something else. A
    covariate that follows from others in the model (stage from metastasis) is left out, as that may be so.
    """
    for alone, adjusted in _both(paper, found):
        factor = se_span(adjusted)[0] / max(se_span(alone)[1], 1e-9)
        if factor > _WIDER:
            shared = 1 - (alone.printed_se / adjusted.printed_se) ** 2
            sentence = (
                f"{place(paper, alone.cell)}: {alone.text} alone and {adjusted.text} adjusted; the standard error "
                f"grows from {alone.printed_se:.3f} to {adjusted.printed_se:.3f}, as if the covariate shared "
                f"{shared:.0%} of its variance with the others in the model. One of the two rows may be of another "
                "covariate."
            )
            by_hand = f"1 - ({alone.printed_se:.3f}/{adjusted.printed_se:.3f})² = {shared:.2f}"
            ids = (*alone.ids, *adjusted.ids)
            text = f"{alone.text}; {adjusted.text}"
            yield Discrepancy("warning", ids, text, f"{factor:.1f} times as wide", sentence, by_hand)


def _both(paper: Paper, found: list[Cell]) -> Iterator[tuple[PrintedRatio, PrintedRatio]]:
    """Each row of a multivariable model with the same row alone, where there are events enough for so many rows."""
    by_key = {model.key: model for model in models(paper, found)}
    for model in by_key.values():
        alone = by_key.get((*model.key[:3], "univariable"))
        if model.key[3] != "multivariable" or alone is None:
            continue
        events = max((4 / row.printed_se**2 for row in alone.rows if groups_of(paper, found, row)), default=0)
        if events < _EVENTS_EACH * len(model.rows):
            continue
        names = {row.cell.quantity for row in model.rows}
        follows = {name for one in IMPLICATIONS for name in (one.part[0], one.whole[0]) if one.whole[0] in names}
        for one, adjusted in itertools.product(alone.rows, model.rows):
            same = one.cell.quantity == adjusted.cell.quantity and one.cell.about.level == adjusted.cell.about.level
            if same and one.cell.quantity not in follows:
                yield one, adjusted


# --- selection --------------------------------------------------------------------------------------------------------


@rule(
    "ratio_stepwise",
    "A stepwise model keeps only significant covariates",
    broken="A stepwise model keeps covariates that are not significant",
    source="The usual limits are 0.05 for entry and 0.10 for removal",
    tolerance="A note up to 0.10, the usual limit for removal; a warning above",
)
def stepwise(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Covariates with large p-values in a model that the methods call stepwise.

    It may rather hold all that were significant alone, or have been chosen by an information criterion.
    """
    if "stepwise" not in (paper.spec.methods.regression or "").lower():
        return
    kept = [
        (row, p)
        for model in models(paper, found)
        for row in model.rows
        for p in row.ps
        if model.key[3] == "multivariable" and not row.of_treatment and p.numbers["p"].low >= _ENTERS
    ]
    if kept:
        beyond = any(p.numbers["p"].low >= _STAYS for _, p in kept)
        severity: Severity = "warning" if beyond else "info"
        said = ", ".join(
            f"{abbreviation(row.cell.about.endpoint)} {label(row.cell.quantity)} ({printed_p(p.numbers['p'])})"
            for row, p in kept
        )
        figures = ", ".join(p.numbers["p"].figure for _, p in kept)
        sentence = (
            f"{kept[0][0].cell.about.source}{whose(paper, kept[0][0].cell)}: the methods call the multivariable model "
            f"stepwise, but it keeps {said}. It may contain every covariate that was significant alone, or what an "
            "information criterion chose."
        )
        ids = tuple(p.ids["p"] for _, p in kept)
        limit = _STAYS if beyond else _ENTERS
        yield Discrepancy(severity, ids, figures, "", sentence, f"{figures}: above {limit:g}", count=len(kept))
