"""What was planned: dates in order, doses in one unit, intervals of treatment, and the two-stage design."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache, partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, grouped, place, unit_words, whose
from haicbook.audit.finding import Discrepancy, Severity, distinct
from haicbook.printed import parse_number
from haicbook.stats.single_arm import BestDesigns, Evaluation, SimonDesign, evaluate, planned, search
from haicbook.study import Paper
from haicbook.words import label

rule = partial(registry.rule, topic="design", inspect_sr=registry.CONDUCT)

# from first to last
_ORDER = {
    "date_start": 0,
    "date_enrolment_start": 0,
    "date_end": 1,
    "date_enrolment_end": 1,
    "date_last_follow_up": 2,
}
# milligrams, and per square metre or kilogram of body
_GRAMS = {"mg": 1.0, "g": 1000.0}
# adults' body surface, m², and body weight, kg
_BODY = {"m2": (1.3, 2.6), "kg": (30.0, 150.0)}


@rule(
    "dates",
    "Dates are in order",
    broken="Dates are out of order",
    tolerance="As precise as printed: a month is any of its days",
    inspect_sr="",
)
def dates(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Enrolment begins before it ends, and ends before the last follow-up."""
    dated = [cell for cell in found if cell.number("date") and cell.quantity in _ORDER]
    yield from distinct(
        ((one.text, other.text), _out_of_order(paper, one, other))
        for one, other in itertools.permutations(dated, 2)
        if _ORDER[one.quantity] < _ORDER[other.quantity] and one.numbers["date"].low > other.numbers["date"].high
    )


def _out_of_order(paper: Paper, one: Cell, other: Cell) -> Discrepancy:
    sentence = f"{place(paper, one)}: {one.text} is after {place(paper, other)}: {other.text}."
    ids = (one.ids["date"], other.ids["date"])
    return Discrepancy("error", ids, one.text, other.text, sentence, f"{one.text} > {other.text}")


@rule(
    "doses",
    "A drug has the same dose throughout",
    broken="Two different doses are printed for one drug",
    tolerance="A fixed dose and one by body size agree for bodies of 1.3 to 2.6 m² or 30 to 150 kg",
    topic="agreement",
)
def doses(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """One drug's dose in two units: equal where both are of one kind; else a body that an adult has lies between them.

    Doses printed in one unit are left to the rule on repeats.
    """
    dosed = [cell for cell in found if cell.quantity.startswith("dose_") and _dose(cell) is not None]
    for group in grouped(dosed, by("quantity", "arm", "level")).values():
        distinct = {(cell.text, cell.about.unit): cell for cell in reversed(group)}
        for one, other in itertools.combinations(reversed(distinct.values()), 2):
            if one.about.unit != other.about.unit:
                yield from _compare_doses(paper, one, other)


def _dose(cell: Cell) -> tuple[float, str] | None:
    """Milligrams, and what they are for: empty for a fixed dose, `m2`, `kg`."""
    printed, (mass, _, per) = cell.number("value"), str(cell.about.unit).partition("/")
    return None if printed is None or mass not in _GRAMS else (printed.value * _GRAMS[mass], per)


def _compare_doses(paper: Paper, one: Cell, other: Cell) -> Iterator[Discrepancy]:
    first, second = _dose(one), _dose(other)
    if first is None or second is None:
        return
    (mass, per), (other_mass, other_per) = first, second
    if per == other_per:
        if mass == other_mass:
            return
        said, by_hand = "are not the same", f"{mass:g} mg ≠ {other_mass:g} mg"
        severity: Severity = "error"
    else:
        fixed, relative, body = (mass, other_mass, other_per) if not per else (other_mass, mass, per)
        low, high = _BODY.get(body, (0.0, float("inf")))
        if (per and other_per) or low <= fixed / relative <= high:
            return
        needed = f"{fixed / relative:.1f} {body.replace('m2', 'm²')}"
        severity, by_hand = "warning", f"{fixed:g} mg / {relative:g} mg/{body.replace('m2', 'm²')} = {needed}"
        said = f"agree only for a body {'weight' if body == 'kg' else 'surface'} of {needed}"
    texts = (
        f"{one.text} {unit_words(one)} in {one.about.source} and {other.text} {unit_words(other)} in "
        f"{other.about.source}"
    )
    sentence = f"{label(one.quantity)}{whose(paper, one)}: {texts} {said}."
    ids = (one.ids["value"], other.ids["value"])
    yield Discrepancy(severity, ids, one.text, other.text, sentence, by_hand)


@rule(
    "schedules",
    "A range and a single figure for one schedule agree",
    broken="Two descriptions of one schedule disagree",
    tolerance="A number within the range is a warning, outside it an error",
    topic="agreement",
)
def schedules(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A quantity printed as a range in one place and as one number in another: the number is outside, or is an end."""
    same = by("quantity", "arm", "population", "unit", "level")
    ranges = [c for c in found if c.about.read_as == "range" and None not in (c.number("min"), c.number("max"))]
    yield from distinct(
        ((one.quantity, one.text, other.text), _range_and_number(paper, one, other))
        for one in ranges
        for other in found
        if other.number("value") is not None and same(other) == same(one)
    )


def _range_and_number(paper: Paper, one: Cell, other: Cell) -> Discrepancy:
    low, high, value = (one.numbers["min"].value, one.numbers["max"].value, other.numbers["value"].value)
    severity: Severity = "warning" if low <= value <= high else "error"
    unit = f" {one.about.unit}" if one.about.unit else ""
    sentence = (
        f"{label(one.quantity)}{whose(paper, one)}: {one.text}{unit} in {one.about.source}, {other.text}{unit} in "
        f"{other.about.source}."
    )
    ids = (one.ids["min"], one.ids["max"], other.ids["value"])
    return Discrepancy(severity, ids, one.text, other.text, sentence, f"{one.text} ≠ {other.text}")


# --- Simon's two stages -----------------------------------------------------------------------------------------------


@rule(
    "two_stage",
    "The two-stage design has the properties claimed",
    broken="The trial's design does not have the properties claimed",
    source="Simon R. Control Clin Trials 1989;10:1-10, by exact enumeration",
)
def two_stage(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The printed two-stage design keeps its error rates, by exact enumeration, and is the optimal one if so called."""
    stages = paper.spec.two_stage
    if stages is None:
        return
    null, alternative, alpha, power = (
        parse_number(figure).value / 100
        for figure in (stages.null_rate, stages.alternative_rate, stages.alpha, stages.power)
    )
    design = planned(paper)
    own = evaluate(design, null, alternative)
    ids = tuple(
        cell.ids[name]
        for cell in found
        for name in ("n", "value")
        if cell.quantity.startswith("design_") and name in cell.ids
    )
    printed = _said(design)
    broken = [
        f"{words} {value:.4f}, {limit}"
        for words, value, limit, kept in (
            ("type I error", own.null.rejection, f"planned at most {alpha:g}", own.null.rejection <= alpha),
            ("power", own.alternative.rejection, f"planned at least {power:g}", own.alternative.rejection >= power),
        )
        if not kept
    ]
    if broken:
        said = "; ".join(broken)
        sentence = f"Methods: the design {printed} ({_in_words(design)}) has {said}."
        yield Discrepancy("error", ids, printed, said, sentence, said)
    name = stages.name.lower()
    kind = next((kind for kind in ("optimal", "minimax") if kind in name), "")
    if kind:
        yield from _best(paper, kind, own, _search(alpha, 1 - power, null, alternative, design.n), ids)


@lru_cache(maxsize=16)
def _search(alpha: float, beta: float, null: float, alternative: float, n: int) -> BestDesigns | None:
    """The best designs of somewhat more patients than the printed one has."""
    try:
        return search(alpha, round(beta, 10), null, alternative, n + 10)
    except ValueError:
        return None


def _best(
    paper: Paper, kind: str, own: Evaluation, best: BestDesigns | None, ids: tuple[str, ...]
) -> Iterator[Discrepancy]:
    if best is None or (right := getattr(best, kind)).design == own.design:
        return
    printed, recomputed = _said(own.design), _said(right.design)
    figures = (
        f"type I error {own.null.rejection:.4f} against {right.null.rejection:.4f}, power "
        f"{own.alternative.rejection:.4f} against {right.alternative.rejection:.4f}, expected n "
        f"{own.null.expected_n:.1f} against {right.null.expected_n:.1f}"
    )
    sentence = f"Methods: {printed} is not Simon's {kind} design, which is {recomputed} ({figures})."
    yield Discrepancy("warning", ids, printed, recomputed, sentence, figures)


def _in_words(design: SimonDesign) -> str:
    return f"more than {design.r1} responses in {design.n1}, then more than {design.r} in {design.n}"


def _said(design: SimonDesign) -> str:
    return f"{design.r1}/{design.n1}, {design.r}/{design.n}"
