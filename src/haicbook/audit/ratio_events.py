"""What a hazard ratio's interval says of the events behind it: an interval cannot be narrower than they allow."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Finding
from haicbook.audit.ratios import TREATMENT, Ratio, ratios, se_span
from haicbook.study import Paper

DEATHS, EVENTS, PROGRESSIONS = ("deaths", "events"), ("events",), "progressions"
# levels that compare amounts name a direction of a continuous covariate, not a group of patients
_AMOUNTS = {"larger", "smaller", "higher", "lower", "older", "younger", "longer", "shorter", "more", "fewer"}
_PER_UNIT = re.compile(r"\bper\b|continuous|\blog\b|each", re.IGNORECASE)
# levels of which there are two by nature, so that a row without a named contrast is one of groups too
_PAIRS = ({"yes", "no"}, {"present", "absent"}, {"male", "female"}, {"positive", "negative"}, {"single", "multiple"})
_GROUPS = re.compile(r"(\S[^,;(]*?)\s*(?:\bvs\.?|/)\s*([^,;)]*\S)", re.IGNORECASE)


@dataclass(frozen=True)
class Room:
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
    """

    least_se: float
    words: str
    formula: str
    n: int


@dataclass(frozen=True)
class Groups:
    """The two groups that a ratio compares, as far as the print tells them.

    Attributes
    ----------
    n
        Patients of the population.
    splits
        Every possible pair of group sizes; empty where only the number of patients is known.
    """

    n: int
    splits: tuple[tuple[int, int], ...] = ()


def precision(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The standard error against the smallest one possible with so many patients and events, split so.

    For a covariate that is 0 or 1, each event adds p (1 - p) to the Cox model's information, p being the share of the
    one group in its risk set, weighted by the hazard. At the estimate the p add up to that group's events e1 (the
    score equation), and p (1 - p) is concave, so that the information is at most e1 e2 / (e1 + e2): SE is at least
    sqrt(1/e1 + 1/e2), at least 2 / sqrt(D) with D events, and events are at most the patients. The bounds are exact,
    also with tied times (Breslow or Efron) and in multivariable models, where other covariates only take information
    away. A standard error below is an error. Only covariates are judged that the paper shows to be in two groups.

    References
    ----------
    Schoenfeld DA. Biometrics 1983;39:499-503 (the information of a two-group comparison).
    """
    return [
        _impossible(paper, found, ratio, room)
        for ratio in ratios(paper, found)
        if ratio.readable
        for room in [_room(paper, found, ratio)]
        if room is not None and se_span(ratio)[1] < room.least_se
    ]


def too_narrow(paper: Paper, found: list[Cell], ratio: Ratio) -> bool:
    """Whether the ratio's interval is narrower than its patients and events allow."""
    room = _room(paper, found, ratio)
    return room is not None and se_span(ratio)[1] < room.least_se


def _impossible(paper: Paper, found: list[Cell], ratio: Ratio, room: Room) -> Finding:
    se = se_span(ratio)[1]
    width = math.log(ratio.high.value / ratio.low.value) / 3.92
    sentence = (
        f"{place(paper, ratio.cell)}: the interval {ratio.text} has a standard error of {width:.3f}; with {room.words} "
        f"it cannot be below {room.least_se:.3f}, whatever the follow-up and the other covariates."
        f"{_explanation(paper, found, ratio, room, se)}"
    )
    recomputation = f"SE = ln({ratio.high.figure}/{ratio.low.figure})/3.92 = {width:.3f} < {room.formula}"
    return Finding(
        "ratio_precision",
        "error",
        paper.study,
        ratio.ids,
        ratio.text,
        f"SE at least {room.least_se:.3f}",
        sentence,
        recomputation=recomputation,
    )


def _explanation(paper: Paper, found: list[Cell], ratio: Ratio, room: Room, se: float) -> str:
    """What would make the interval possible: a larger population of the paper, or a covariate coded as -1 and 1."""
    for name, population in paper.spec.populations.items():
        larger = None if name == ratio.about[2] else _room(paper, found, ratio, name)
        if larger is not None and larger.n > room.n and se >= larger.least_se:
            return f" It would be possible in the {larger.n} patients {population.label.lower()}."
    if 2 * se >= room.least_se:
        return (
            " Twice that would be possible: groups coded as -1 and 1 (deviation contrast) give the square root of the "
            "ratio between them, and half its standard error."
        )
    return ""


# --- the most information ---------------------------------------------------------------------------------------------


def _room(paper: Paper, found: list[Cell], ratio: Ratio, population: str = "") -> Room | None:
    """The room of a ratio in its own population, or in another one of which only the patients are known."""
    own = ratio.about[2]
    sizes = paper.spec.populations.get(population or own)
    if sizes is None:
        return None
    n, events = sum(sizes.n.values()), None if population else total_events(found, ratio)
    event = "deaths" if ratio.about[0] == "os" else "events"
    pair = ratio.cell.about.arm, ratio.cell.about.reference
    if ratio.of_treatment and not population:
        known = [arm_events(found, ratio, arm) for arm in pair]
        if None not in known:
            return _exact_room(known[0] or 0, known[1] or 0, event, n)
    groups = groups_of(paper, found, ratio, population or own)
    return None if groups is None else _best(groups, events, event)


def groups_of(paper: Paper, found: list[Cell], ratio: Ratio, population: str = "") -> Groups | None:
    """The groups that a ratio compares: the arms, or those of a covariate; None where it may not be of two groups."""
    population = population or ratio.about[2]
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


def _exact_room(one: int, other: int, event: str, n: int) -> Room | None:
    if not (one and other):
        return None
    least = math.sqrt(1 / one + 1 / other)
    return Room(least, f"{one} and {other} {event} in the two arms", f"√(1/{one} + 1/{other}) = {least:.3f}", n)


def _best(groups: Groups, events: int | None, event: str) -> Room | None:
    """The split of patients, and of events over it, with most information."""
    n = groups.n
    if not groups.splits:
        total = n if events is None else events
        least = 2 / math.sqrt(max(total, 1))
        return Room(
            least, f"{total} patients" if events is None else f"{total} {event}", f"2/√{total} = {least:.3f}", n
        )
    shares = [(_even(one, other, n if events is None else events), min(one, other)) for one, other in groups.splits]
    rooms = [(math.sqrt(1 / e1 + 1 / e2), smaller, e1, e2) for (e1, e2), smaller in shares if e1 and e2]
    if not rooms:
        return None
    least, smaller, e1, e2 = min(rooms)
    of_events = f" and {events} {event}" if events is not None else ""
    words = f"{smaller} of {n} patients in the smaller group{of_events}"
    return Room(least, words, f"√(1/{e1} + 1/{e2}) = {least:.3f}", n)


def _even(one: int, other: int, events: int) -> tuple[int, int]:
    """The most even split of events over two groups."""
    smaller = min(one, other, events // 2)
    return smaller, min(events - smaller, max(one, other))


def total_events(found: list[Cell], ratio: Ratio) -> int | None:
    """Events of the ratio's endpoint in its population, as printed in total or as the sum of the arms."""
    total = arm_events(found, ratio, "")
    if total is not None:
        return total
    names = dict.fromkeys(_arms(found, ratio)) or _only_arm(found, ratio)
    arms = [arm_events(found, ratio, arm) for arm in names]
    return sum(arm for arm in arms if arm is not None) if arms and None not in arms else None


def _arms(found: list[Cell], ratio: Ratio) -> list[str]:
    pair = [cell.about for cell in found if cell.quantity == TREATMENT and cell.about.population == ratio.about[2]]
    return [arm for row in pair for arm in (row.arm, row.reference) if arm]


def _only_arm(found: list[Cell], ratio: Ratio) -> dict[str, None]:
    """The arm of a population that has one only: its events are all events."""
    arms = {cell.about.arm: None for cell in found if cell.about.arm and cell.about.population == ratio.about[2]}
    return arms if len(arms) == 1 else {}


def arm_events(found: list[Cell], ratio: Ratio, arm: str) -> int | None:
    """Events of an arm; of all arms together where it is empty."""
    endpoint, criterion, population, _, _ = ratio.about
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
    """Whether the print shows two groups: a contrast of two levels, or one named level."""
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
    by_level: dict[tuple[str, str], dict[str, dict[str, tuple[str, int]]]] = {}
    for cell in found:
        row, count = cell.about, cell.count()
        if count is None or not row.level or not math.isnan(row.time) or row.grade or row.endpoint:
            continue
        arms = by_level.setdefault((cell.quantity, row.population), {}).setdefault(row.level, {})
        arms.setdefault(row.arm, (row.label, count))
    return {
        key: {
            level: (
                next(iter(arms.values()))[0],
                sum(count for arm, (_, count) in arms.items() if arm or len(arms) == 1),
            )
            for level, arms in levels.items()
            if len([arm for arm in arms if arm]) == most or "" in arms
        }
        for key, levels in by_level.items()
        for most in [max(len([arm for arm in arms if arm]) for arms in levels.values())]
    }
