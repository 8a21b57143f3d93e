"""What hazard ratios' intervals say of the events behind them: one by one, side by side, and of two endpoints."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from statistics import median

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, grouped, place, whose
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.hazard_ratios.ratios import TREATMENT, PrintedRatio, ratios, se_span
from haicbook.audit.rules.p_values import Span
from haicbook.study import Paper
from haicbook.words import abbreviation, label

rule = partial(registry.rule, topic="hazard_ratios", inspect_sr=registry.STATISTICS)

DEATHS, EVENTS, PROGRESSIONS = ("deaths", "events"), ("events",), "progressions"
# levels that compare amounts name a direction of a continuous covariate, not a group of patients
_AMOUNTS = {"larger", "smaller", "higher", "lower", "older", "younger", "longer", "shorter", "more", "fewer"}
_PER_UNIT = re.compile(r"\bper\b|continuous|\blog\b|each", re.IGNORECASE)
# levels of which there are two by nature, so that a row without a named contrast is one of groups too
_PAIRS = ({"yes", "no"}, {"present", "absent"}, {"male", "female"}, {"positive", "negative"}, {"single", "multiple"})
_GROUPS = re.compile(r"(\S[^,;(]*?)\s*(?:\bvs\.?|/)\s*([^,;)]*\S)", re.IGNORECASE)

# How far the share of an arm among the patients at risk may move from its share at the start, as a factor of its odds,
# before the treatment's own interval stops telling the number of events.
_DRIFT = 1.5
# two endpoints' standard errors this close (median over the rows) are of as many events
_SAME_SE = 0.015
_ENOUGH_ROWS = 5
_MOST_ROWS = 0.8
# of patients who died: with more, progressions and deaths are nearly the same patients
_MOST_DEATHS = 0.8
_SHORTER = 0.85
# 4/SE² is nearly the number of events, at least this share of it, where two groups are of nearly one size
_HALVES = 0.9


@dataclass(frozen=True)
class InformationBound:
    """The most information on a log hazard ratio that the patients and events behind it can hold.

    Attributes
    ----------
    least_se
        No standard error can be below it.
    words
        Where it comes from: `59 deaths, at most 10 of them in the smaller group`.
    formula
        Its computation.
    n
        Patients of the population.
    with_one_more
        The least with one patient more in the smaller group; infinite where no groups are known.
    """

    least_se: float
    words: str
    formula: str
    n: int
    with_one_more: float = math.inf


@dataclass(frozen=True)
class Groups:
    """The two groups that a ratio compares, as far as the paper tells them.

    Attributes
    ----------
    n
        Patients of the population.
    splits
        Every possible pair of group sizes; empty where only the number of patients is known.
    """

    n: int
    splits: tuple[tuple[int, int], ...] = ()


@rule(
    "ratio_precision",
    "An interval is no narrower than its patients and events allow",
    broken="A confidence interval is too narrow for so few patients or events",
    source="Schoenfeld 1983; the bound SE² ≥ 1/e1 + 1/e2 is exact",
    tolerance="Rounding or cutting off of the limits; patients and events split as favourably as possible; a warning "
    "where one more patient in the smaller group would be enough",
)
def precision(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The standard error against the smallest one possible with so many patients and events, split so.

    For a covariate that is 0 or 1, each event adds p (1 - p) to the Cox model's information, p being the share of the
    one group in its risk set, weighted by the hazard. At the estimate the p add up to that group's events e1 (the
    score equation), and p (1 - p) is concave, so that the information is at most e1 e2 / (e1 + e2): SE is at least
    sqrt(1/e1 + 1/e2), at least 2 / sqrt(D) with D events, and events are at most the patients. The bounds are exact,
    also with tied times (Breslow or Efron) and in multivariable models, where other covariates only take information
    away. A standard error below is an error; a warning where one patient more in the smaller group would do, as a
    corrected value or a missing one may be. Only covariates are judged that the paper shows to be in two groups.

    References
    ----------
    Schoenfeld DA. Biometrics 1983;39:499-503 (the information of a two-group comparison).
    """
    for ratio in ratios(found):
        bound = _bound(paper, found, ratio) if ratio.readable else None
        if bound is not None and se_span(ratio)[1] < bound.least_se:
            yield _impossible(paper, found, ratio, bound)


def too_narrow(paper: Paper, found: list[Cell], ratio: PrintedRatio) -> bool:
    """Whether the ratio's interval is narrower than its patients and events allow."""
    bound = _bound(paper, found, ratio)
    return bound is not None and se_span(ratio)[1] < bound.least_se


def _impossible(paper: Paper, found: list[Cell], ratio: PrintedRatio, bound: InformationBound) -> Discrepancy:
    se, width = se_span(ratio)[1], ratio.printed_se
    sentence = (
        f"{place(paper, ratio.cell)}: the interval {ratio.text} has a standard error of {width:.3f}; with "
        f"{bound.words} it cannot be below {bound.least_se:.3f}, whatever the follow-up and the other covariates."
        f"{_explanation(paper, found, ratio, bound, se)}"
    )
    severity: Severity = "warning" if se >= bound.with_one_more else "error"
    recomputation = f"SE = {ratio.se_words[: -len(f'{width:.4f}')]}{width:.3f} < {bound.formula}"
    return Discrepancy(severity, ratio.ids, ratio.text, f"SE at least {bound.least_se:.3f}", sentence, recomputation)


def _explanation(paper: Paper, found: list[Cell], ratio: PrintedRatio, bound: InformationBound, se: float) -> str:
    """What would make the interval possible: another cut-off, more patients of the paper, or a coding as -1 and 1."""
    events, halves = total_events(found, ratio), 4 / ratio.printed_se**2
    if events is not None and _HALVES * events <= halves <= events:
        return (
            f" Two groups of equal size would give it (4/SE² is {halves:.0f}, with {events} events): another cut-off, "
            "or another covariate, is the simplest explanation."
        )
    for name, population in paper.spec.populations.items():
        larger = None if name == ratio.cell.about.population else _bound(paper, found, ratio, name)
        if larger is not None and larger.n > bound.n and se >= larger.least_se:
            return f" It would be possible in the {larger.n} patients {population.label.lower()}."
    if 2 * se >= bound.least_se:
        return (
            " Groups coded as -1 and 1 (deviation contrast) would explain it: half the standard error, and the square "
            "root of the ratio between the groups."
        )
    return ""


# --- the most information ---------------------------------------------------------------------------------------------


def _bound(paper: Paper, found: list[Cell], ratio: PrintedRatio, population: str = "") -> InformationBound | None:
    """The bound of a ratio in its own population, or in another one of which only the patients are known."""
    own = ratio.cell.about.population
    sizes = paper.spec.populations.get(population or own)
    if sizes is None:
        return None
    n, events = sum(sizes.n.values()), None if population else total_events(found, ratio)
    event = "deaths" if ratio.cell.about.endpoint == "os" else "events"
    pair = ratio.cell.about.arm, ratio.cell.about.reference
    if ratio.of_treatment and not population:
        known = [arm_events(found, ratio, arm) for arm in pair]
        if None not in known:
            return _exact_bound(known[0] or 0, known[1] or 0, event, n)
    groups = groups_of(paper, found, ratio, population or own)
    return None if groups is None else _best(groups, events, event)


def groups_of(paper: Paper, found: list[Cell], ratio: PrintedRatio, population: str = "") -> Groups | None:
    """The groups that a ratio compares: the arms, or those of a covariate; None where it may not be of two groups."""
    population = population or ratio.cell.about.population
    sizes = paper.spec.populations[population].n
    n = sum(sizes.values())
    pair = ratio.cell.about.arm, ratio.cell.about.reference
    if ratio.of_treatment:
        return Groups(n, ((sizes[pair[0]], sizes[pair[1]]),)) if set(pair) <= set(sizes) else None
    splits = _splits(tuple(found), ratio.cell, population, n)
    return Groups(n, tuple(splits)) if splits or _is_binary(ratio.cell) else None


def most_information(one: int, other: int, events: int) -> float:
    """e1 e2 / (e1 + e2) at the most even split of events over two groups of patients."""
    e1, e2 = _even(one, other, events)
    return e1 * e2 / (e1 + e2) if e1 + e2 else 0.0


def _exact_bound(one: int, other: int, event: str, n: int) -> InformationBound | None:
    if not (one and other):
        return None
    least = math.sqrt(1 / one + 1 / other)
    return InformationBound(
        least, f"{one} and {other} {event} in the two arms", f"√(1/{one} + 1/{other}) = {least:.3f}", n
    )


def _best(groups: Groups, events: int | None, event: str) -> InformationBound | None:
    """The split of patients, and of events over it, with most information."""
    n = groups.n
    if not groups.splits:
        total = n if events is None else events
        least = 2 / math.sqrt(max(total, 1))
        return InformationBound(
            least, f"{total} patients" if events is None else f"{total} {event}", f"2/√{total} = {least:.3f}", n
        )
    total = n if events is None else events
    shares = [(_even(one, other, total), min(one, other)) for one, other in groups.splits]
    bounds = [(math.sqrt(1 / e1 + 1 / e2), smaller, e1, e2) for (e1, e2), smaller in shares if e1 and e2]
    if not bounds:
        return None
    least, smaller, e1, e2 = min(bounds)
    of_events = f" and {events} {event}" if events is not None else ""
    words = f"{smaller} of {n} patients in the smaller group{of_events}"
    # where one more leaves nobody in the other group, there is none to compare with
    information = most_information(smaller + 1, n - smaller - 1, total)
    more = math.sqrt(1 / information) if information else math.inf
    return InformationBound(least, words, f"√(1/{e1} + 1/{e2}) = {least:.3f}", n, more)


def _even(one: int, other: int, events: int) -> tuple[int, int]:
    """The most even split of events over two groups."""
    smaller = min(one, other, events // 2)
    return smaller, min(events - smaller, max(one, other))


def total_events(found: list[Cell], ratio: PrintedRatio) -> int | None:
    """Events of the ratio's endpoint in its population, as printed in total or as the sum of the arms."""
    total = arm_events(found, ratio, "")
    if total is not None:
        return total
    arms = [arm_events(found, ratio, arm) for arm in _arms(found, ratio)]
    return sum(arm for arm in arms if arm is not None) if arms and None not in arms else None


def _arms(found: list[Cell], ratio: PrintedRatio) -> set[str]:
    """The arms that are compared in the ratio's population, or its only one, whose events are all events."""
    own = [cell for cell in found if cell.about.population == ratio.cell.about.population]
    compared = {
        arm for cell in own if cell.quantity == TREATMENT for arm in (cell.about.arm, cell.about.reference) if arm
    }
    arms = {cell.about.arm for cell in own} - {""}
    return compared or (arms if len(arms) == 1 else set())


def arm_events(found: list[Cell], ratio: PrintedRatio, arm: str) -> int | None:
    """Events of an arm; of all arms together where it is empty."""
    endpoint, criterion, population, _, _ = ratio.key
    terms = DEATHS if endpoint == "os" else EVENTS
    for cell in found:
        row = cell.about
        same = (row.endpoint in (endpoint, "") if endpoint == "os" else row.endpoint == endpoint) and not row.level
        if cell.quantity in terms and same and (row.criterion, row.population, row.arm) == (criterion, population, arm):
            count = cell.count()
            if count is not None:
                return count
    return None


# --- groups of a covariate --------------------------------------------------------------------------------------------


def _is_binary(cell: Cell) -> bool:
    """Whether the paper shows two groups: a contrast of two levels, or one named level."""
    row = cell.about
    if row.kind == "cox":
        return bool(_GROUPS.search(row.label)) and not _PER_UNIT.search(row.label)
    return bool(row.level) and row.level not in _AMOUNTS and not row.level.startswith("per")


def _splits(found: tuple[Cell, ...], cell: Cell, population: str, n: int) -> list[tuple[int, int]]:
    """Every split into two groups that the baseline table allows, one of them where the contrast names a level."""
    levels = _levels(found).get((cell.quantity, population), {})
    if not _is_binary(cell) and not (set(levels) in _PAIRS and not _PER_UNIT.search(cell.about.label)):
        return []
    counts = [count for _, count in levels.values()]
    if len(levels) < 2:  # one of two levels is printed
        return [(count, n - count) for count in counts]
    named = _named(cell, {key: words for key, (words, _) in levels.items()})
    if named:
        inside = sum(levels[key][1] for key in named)
        return [(inside, sum(counts) - inside)]
    chosen = (c for size in range(1, len(counts) // 2 + 1) for c in itertools.combinations(counts, size))
    return [(sum(part), sum(counts) - sum(part)) for part in chosen]


def _named(cell: Cell, levels: dict[str, str]) -> list[str]:
    """The levels that the ratio's own level, or its label's contrast (`no/yes`), names."""
    if cell.about.level in levels:
        return [cell.about.level]
    contrast = _GROUPS.search(cell.about.label)
    sides = {side.strip(" ()").lower() for side in contrast.groups()} if contrast else set()
    named = [key for key, words in levels.items() if words.strip().lower() in sides]
    return named[:1]


@lru_cache(maxsize=8)
def _levels(found: tuple[Cell, ...]) -> dict[tuple[str, str], dict[str, tuple[str, int]]]:
    """(covariate, population): level -> its label and its patients in all arms, where every arm prints them."""
    counted = [cell for cell in found if cell.count() is not None and _is_level(cell)]
    levels: dict[tuple[str, str], dict[str, tuple[str, int]]] = {}
    for key, cells in grouped(counted, by("quantity", "population")).items():
        by_level = {level: _first_of_arms(group) for level, group in grouped(cells, by("level")).items()}
        label_of = {cell.about.level: str(cell.about.label) for cell in reversed(cells)}
        most = max(len(arms.keys() - {""}) for arms in by_level.values())
        levels[key] = {
            level: (label_of[level], sum(cell.n for arm, cell in arms.items() if arm or len(arms) == 1))
            for level, arms in by_level.items()
            if len(arms.keys() - {""}) == most or "" in arms
        }
    return levels


def _is_level(cell: Cell) -> bool:
    row = cell.about
    return bool(row.level) and math.isnan(row.time) and not row.grade and not row.endpoint


def _first_of_arms(cells: list[Cell]) -> dict[str, Cell]:
    """The first cell of every arm."""
    return {cell.about.arm: cell for cell in reversed(cells)}


# --- the events of a model --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Model:
    """The ratios of one endpoint and population, univariable or multivariable.

    Attributes
    ----------
    key
        Endpoint, criterion, population and kind of model.
    rows
        The ratios whose three figures can be read.
    """

    key: tuple[str, str, str, str]
    rows: tuple[PrintedRatio, ...]

    @property
    def treatment(self) -> PrintedRatio | None:
        """The contrast of the arms, where the model has one."""
        return next((row for row in self.rows if row.of_treatment), None)


def models(paper: Paper, found: list[Cell]) -> list[Model]:
    """The models of a paper, in the order of their first ratio."""
    by_model: dict[tuple[str, str, str, str], list[PrintedRatio]] = defaultdict(list)
    for ratio in ratios(found):
        endpoint, criterion, population, _, model = ratio.key
        if ratio.readable and population in paper.spec.populations:
            by_model[endpoint, criterion, population, model].append(ratio)
    return [Model(key, tuple(rows)) for key, rows in by_model.items()]


def fewest_events(ratio: PrintedRatio, groups: Groups) -> int:
    """The least number of events that an interval this narrow needs: information at most e1 e2 / (e1 + e2)."""
    needed = 1 / se_span(ratio)[1] ** 2
    least = max(1, math.floor(4 * needed))
    most = groups.n if groups.splits else least
    for events in range(least, most + 1):
        if max((most_information(one, other, events) for one, other in groups.splits), default=math.inf) >= needed:
            return events
    return most


def implied_events(ratio: PrintedRatio, sizes: Span) -> Span:
    """Events that a treatment's interval implies, when the arms' shares of the patients at risk drift no further.

    1 / (SE^2 p (1 - p)) with p / (1 - p) = HR (n1 / n0) times a drift: from 1/1.5 to 1.5, and on to 1.5 / HR on the
    side of the arm that lives longer, whose share of the patients at risk rises.
    """
    least, most = se_span(ratio)
    hr = ratio.hr.value
    drifts = min(1.0, 1 / hr) / _DRIFT, max(1.0, 1 / hr) * _DRIFT
    odds = [hr * sizes[0] / sizes[1] * drift for drift in drifts]
    shares = [o / (1 + o) ** 2 for o in odds]
    largest = 0.25 if odds[0] < 1 < odds[1] else max(shares)
    return 1 / (most**2 * largest), 1 / (least**2 * min(shares))


@rule(
    "ratio_events",
    "Hazard ratios of one analysis rest on the same number of events",
    broken="Models of the same patients imply different numbers of events",
    source="Schoenfeld 1983",
    tolerance="Arms' shares of the patients at risk may drift by a factor of 1.5 in their odds, and as the ratio "
    "implies",
)
def same_patients(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The rows of one univariable analysis must rest on the same patients' events.

    A covariate's interval needs at least 4 / SE^2 events (more with an uneven split), by a bound that is exact; the
    treatment's interval tells how many there are, as long as the arms' shares of the patients at risk drift by no more
    than a factor of 1.5 in their odds, beyond what the ratio itself does to them. Where rows need more events than the
    treatment's interval can stand for, they come from other, more patients: a warning. So is a treatment's interval
    too wide for the events that are printed.
    """
    for model in models(paper, found):
        implied = _implied(paper, model)
        if model.key[3] == "multivariable" or model.treatment is None or implied is None:
            continue
        printed = total_events(found, model.treatment)
        if printed is not None and printed > math.ceil(implied[1]):
            yield _fewer_events(paper, model.treatment, printed, implied)
        elif printed is None:
            beyond = [(row, events) for row, events in _needed(paper, found, model) if events > implied[1]]
            if beyond:
                yield _more_patients(paper, model.treatment, sorted(beyond, key=lambda pair: -pair[1]), implied)


def _implied(paper: Paper, model: Model) -> Span | None:
    """The events that the treatment's interval implies, where the sizes of its arms are known."""
    treatment, sizes = model.treatment, paper.spec.populations[model.key[2]].n
    if treatment is None or not {treatment.cell.about.arm, treatment.cell.about.reference} <= set(sizes):
        return None
    return implied_events(treatment, (sizes[treatment.cell.about.arm], sizes[treatment.cell.about.reference]))


def _needed(paper: Paper, found: list[Cell], model: Model) -> Iterator[tuple[PrintedRatio, int]]:
    """How many events each covariate's row needs, where its groups are known and its interval is possible at all."""
    for row in model.rows:
        groups = groups_of(paper, found, row)
        if groups is not None and row is not model.treatment and not too_narrow(paper, found, row):
            yield row, fewest_events(row, groups)


def _fewer_events(paper: Paper, treatment: PrintedRatio, printed: int, implied: Span) -> Discrepancy:
    """The interval is too wide for the printed events."""
    low, high = math.floor(implied[0]), math.ceil(implied[1])
    sentence = (
        f"{place(paper, treatment.cell)}: the interval {treatment.text} implies about {low} to {high} events; "
        f"{printed} are printed. The ratio does not seem to be of all patients."
    )
    text, events = f"{treatment.text}; {printed}", f"{low} to {high} events"
    return Discrepancy("warning", treatment.ids, text, events, sentence, treatment.events_words)


def _more_patients(
    paper: Paper, treatment: PrintedRatio, beyond: list[tuple[PrintedRatio, int]], implied: Span
) -> Discrepancy:
    said = "; ".join(f"{label(row.cell.quantity)}, {row.text}: at least {events}" for row, events in beyond)
    endpoint = abbreviation(treatment.cell.about.endpoint)
    low, high = math.floor(implied[0]), math.ceil(implied[1])
    sentence = (
        f"{treatment.cell.about.source}, {endpoint}{whose(paper, treatment.cell)}: the interval of the treatment, "
        f"{treatment.text}, implies about {low} to {high} events, but those of other covariates need more ({said}). "
        f"The rows do not seem to be of the same patients.{_larger(paper, treatment, beyond[0][1])}"
    )
    own = f"with SE = {treatment.se_words} it is {4 / treatment.printed_se**2:.0f}"
    recomputation = f"{beyond[0][0].events_words}; {own}"
    ids = (*treatment.ids, *(value_id for one, _ in beyond for value_id in one.ids))
    text = "; ".join([treatment.text, *(one.text for one, _ in beyond)])
    recomputed = f"{low} to {high} events against at least {beyond[0][1]}"
    return Discrepancy("warning", ids, text, recomputed, sentence, recomputation)


def _larger(paper: Paper, treatment: PrintedRatio, events: int) -> str:
    """A larger population of the paper that has patients enough, where its own may not have."""
    sizes = {name: sum(population.n.values()) for name, population in paper.spec.populations.items()}
    own = sizes[treatment.cell.about.population]
    for name, n in sizes.items():
        if n > own and n >= events:
            return f" The {n} patients {paper.spec.populations[name].label.lower()} would be enough."
    return ""


@rule(
    "ratio_endpoints",
    "Two endpoints do not share the same standard errors",
    broken="Two endpoints have the same standard errors",
    source="Schoenfeld 1983",
    tolerance="Four of five rows, at least five, within 1.5%; at most 80% of patients died",
)
def two_endpoints(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Overall and progression-free survival do not have as many events when patients live on after a progression.

    A standard error goes with the root of the number of events. Where those of the same covariates agree for both
    endpoints (four of five rows within 1.5 %, at least five rows), although the medians of progression-free survival
    are clearly the shorter ones (by 15 %) and at most 80 % of patients have died (as printed, or as the treatment's
    interval implies), the models have the same number of events: a warning.
    """
    by_key = {model.key: model for model in models(paper, found)}
    for (endpoint, criterion, population, kind), model in by_key.items():
        other = by_key.get(("pfs", criterion, population, kind))
        if endpoint != "os" or other is None or kind == "multivariable":
            continue
        yield from _same_errors(paper, found, model, other)


def _same_errors(paper: Paper, found: list[Cell], os: Model, pfs: Model) -> Iterator[Discrepancy]:
    pairs = [(a, b) for a in os.rows for b in pfs.rows if a.cell.quantity == b.cell.quantity and _fine(a) and _fine(b)]
    if len(pairs) < _ENOUGH_ROWS:
        return
    logs = [math.log(b.printed_se / a.printed_se) for a, b in pairs]
    close = sum(abs(value) <= _SAME_SE for value in logs)
    population = os.key[2]
    n, printed = sum(paper.spec.populations[population].n.values()), total_events(found, os.rows[0])
    # deaths as printed, else the most that the treatment's interval implies
    deaths = printed if printed is not None else (_implied(paper, os) or (0, n))[1]
    if close < _MOST_ROWS * len(pairs) or deaths > _MOST_DEATHS * n or not _shorter(found, population):
        return
    known = f" ({printed} deaths of {n} patients are printed)" if printed is not None else ""
    one, other = pairs[0]
    sentence = (
        f"{os.rows[0].cell.about.source} and {pfs.rows[0].cell.about.source}{whose(paper, os.rows[0].cell)}: the "
        f"standard errors of OS and PFS agree ({close} of {len(pairs)} rows within 1.5%), so the two models have "
        f"about the same number of events{known}. Then every patient who progressed would have died; the deaths may "
        "have been used as the events of both."
    )
    by_hand = f"{label(one.cell.quantity)}: {one.se_words} and {other.se_words}"
    ids = tuple(value_id for a, b in pairs for value_id in (*a.ids, *b.ids))
    quotient = f"{math.exp(-2 * median(logs)):.2f} events of PFS for each death"
    yield Discrepancy("warning", ids, f"{one.text}; {other.text}", quotient, sentence, by_hand)


def _fine(ratio: PrintedRatio) -> bool:
    """Whether the printed digits fix the standard error to within 2 per cent."""
    least, most = se_span(ratio, cut=False)
    return most - least <= 0.02 * least


def _shorter(found: list[Cell], population: str) -> bool:
    """Whether the medians of progression-free survival are clearly below those of overall survival, in every arm."""
    medians: dict[tuple[str, str], float] = {}
    for cell in found:
        printed, row = cell.number("median"), cell.about
        if printed is not None and cell.of_endpoint and row.population == population and row.unit in ("months", ""):
            medians.setdefault((row.endpoint, row.arm), printed.value)
    both = [arm for endpoint, arm in medians if endpoint == "os" and ("pfs", arm) in medians]
    return bool(both) and all(medians["pfs", arm] <= _SHORTER * medians["os", arm] for arm in both)


@rule(
    "progressions",
    "The model of progression-free survival needs no more events than are reported",
    broken="The model needs more events than are reported",
    source="Schoenfeld 1983",
    tolerance="Deaths without progression may be the rest: a note up to the number of progressions, a warning above",
)
def progressions(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Progressions, and deaths, against the events that a Cox model of progression-free survival needs.

    Deaths without progression are events too, so that more events than printed progressions are a note; a warning where
    such deaths would outnumber the progressions, or where the progressions are only those of best response; an error
    beyond progressions and deaths together.
    """
    for model in models(paper, found):
        endpoint, _, population, kind = model.key
        treatment, counted = model.treatment, _count(found, PROGRESSIONS, population)
        if endpoint not in ("pfs", "liver_pfs") or kind == "multivariable" or treatment is None or counted is None:
            continue
        groups = groups_of(paper, found, treatment)
        if groups is not None and (needed := fewest_events(treatment, groups)) > counted:
            yield _too_few(paper, found, treatment, needed, counted)


def _too_few(paper: Paper, found: list[Cell], ratio: PrintedRatio, needed: int, counted: int) -> Discrepancy:
    population = ratio.cell.about.population
    deaths, same = _count(found, "deaths", population), _same_as_response(found, population)
    known = f"; {deaths} deaths are printed" if deaths is not None else ""
    severity: Severity = "warning" if needed - counted > counted or same else "info"
    said = f"At least {needed - counted} must be deaths without progression{known}."
    if deaths is not None and needed > counted + deaths:
        severity, said = "error", f"Even with all {deaths} deaths there cannot be so many."
    if same:
        said += " The progressions by arm are those of best response, so later ones may be missing from the count."
    sentence = (
        f"Progressions{whose(paper, ratio.cell)}: {counted} are printed, but the interval of the treatment's hazard "
        f"ratio for PFS, {ratio.text} ({ratio.cell.about.source}), needs at least {needed} events. {said}"
    )
    ids = tuple(cell.ids["n"] for cell in found if cell.quantity == PROGRESSIONS and "n" in cell.ids) + ratio.ids
    text = f"{counted}; {ratio.text}"
    return Discrepancy(severity, ids, text, f"at least {needed} events", sentence, ratio.events_words)


def _count(found: list[Cell], term: str, population: str, arm: str = "") -> int | None:
    """The first printed count of an arm; of all arms, where `arm` is empty, as printed or as the sum of the arms."""
    same = [cell for cell in found if cell.quantity == term and cell.about.population == population]
    counts = {arm: cell.n for arm, cell in _first_of_arms([c for c in same if c.count() is not None]).items()}
    if arm in counts:
        return counts[arm]
    arms = [count for key, count in counts.items() if key]
    return sum(arms) if not arm and len(arms) > 1 else None


def _same_as_response(found: list[Cell], population: str) -> bool:
    """Whether the progressions of each arm are the counts of progressive disease as best response."""
    arms = {cell.about.arm for cell in found if cell.quantity == PROGRESSIONS and cell.about.population == population}
    return bool(arms - {""}) and all(
        _count(found, PROGRESSIONS, population, arm) == _count(found, "pd", population, arm) for arm in arms - {""}
    )
