"""Parts and wholes: categories of response, grades, levels, arms, matched patients, conditions within conditions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import (
    Cell,
    added,
    all_counts,
    by,
    counts_of,
    denominator,
    group_size,
    grouped,
    is_missing,
    place,
    variable,
    what,
    whose,
)
from haicbook.audit.finding import Discrepancy, distinct
from haicbook.printed import Printed, overlap
from haicbook.study import Paper
from haicbook.words import abbreviation, label

CATEGORIES = ("cr", "pr", "sd", "pd", "ne", "na")
SUMS = {"orr": ("cr", "pr"), "dcr": ("cr", "pr", "sd")}
ANY_EVENT = "any_ae"
# what is counted once for a study, not once for each patient in an arm
_NOT_ADDITIVE = ("screened", "centres", "response_readers", "n_matched", "groups")
# grades of one event that lie within others
_WITHIN = {"g34": ("g3plus", "any"), "g5": ("g3plus", "any"), "g3plus": ("any",), "gt3": ("any",), "g12": ("any",)}
# how far one condition may favour another (odds ratio), and how rare an overlap is no chance then
_RELATED, _UNLIKELY = 4.0, 0.001
# levels that leave no third
COMPLEMENTS = (("male", "female"), ("yes", "no"), ("present", "absent"), ("single", "multiple"))

rule = partial(registry.rule, topic="counts", inspect_sr=registry.PARTICIPANTS)


# --- response ---------------------------------------------------------------------------------------------------------


@rule(
    "response",
    "Response categories add up to the response rates and to all patients",
    broken="The response categories do not add up",
    source="RECIST 1.1 and mRECIST: ORR is CR + PR, DCR is CR + PR + SD",
    tolerance="No tolerance for counts; rounding or cutting off for percentages",
)
def response(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """CR + PR = ORR, CR + PR + SD = DCR, and all categories sum to the group's n.

    Compared within one table, or within one section of the text: by counts where all are printed, else by percentages,
    whose sum is open by the rounding of each.
    """
    named = [cell for cell in found if cell.quantity in (*CATEGORIES, *SUMS) and cell.about.arm and _is_share(cell)]
    same = by("file", "section", "population", "arm", "criterion", "level", "grade")
    for group in grouped(named, same).values():
        by_category = {cell.quantity: cell for cell in reversed(group)}
        for whole, parts in SUMS.items():
            if {whole, *parts} <= set(by_category):
                yield from _unequal(paper, by_category[whole], [by_category[part] for part in parts])
        if {"cr", "pr", "sd", "pd"} <= set(by_category):
            yield from _not_everyone(paper, [by_category[part] for part in CATEGORIES if part in by_category])


def _is_share(cell: Cell) -> bool:
    return cell.number("n") is not None or cell.number("pct") is not None


def _unequal(paper: Paper, whole: Cell, parts: list[Cell]) -> Iterator[Discrepancy]:
    counts, total, percent = all_counts(parts), whole.count(), whole.number("pct")
    if counts is not None and total is not None:
        if sum(counts) == total:
            return
        statistic, given, printed = "n", str(sum(counts)), str(total)
        said = f"{given} patients"
    else:
        sums = _summed([part.number("pct") for part in parts])
        if percent is None or sums is None or overlap(percent, *sums):
            return
        statistic, printed = "pct", f"{percent.figure.rstrip('%')}%"
        said = given = " to ".join(f"{end:.{percent.decimals + 1}f}%" for end in sums)
    figures = [cell.numbers[statistic].figure.rstrip("%") for cell in (*parts, whole)]
    sentence = (
        f"{whole.about.source}{whose(paper, whole)}: {_names(parts)} is {said}; {abbreviation(whole.quantity)} is "
        f"printed as {printed}."
    )
    ids = tuple(cell.ids[statistic] for cell in (whole, *parts))
    yield Discrepancy(
        "error", ids, whole.text, given, sentence, f"{' + '.join(figures[:-1])} = {given}, not {figures[-1]}"
    )


def _names(parts: list[Cell]) -> str:
    return " + ".join(abbreviation(part.quantity) for part in parts)


def _summed(percentages: list[Printed | None]) -> tuple[float, float] | None:
    """The range that the sum of rounded percentages leaves open; None when one of them is not printed."""
    known = [percent for percent in percentages if percent is not None]
    if len(known) < len(percentages):
        return None
    # a percentage that was cut off, not rounded, may stand for up to one unit more
    return sum(percent.low for percent in known), sum(percent.value + percent.unit for percent in known)


def _not_everyone(paper: Paper, parts: list[Cell]) -> Iterator[Discrepancy]:
    head = f"{parts[0].about.source}{whose(paper, parts[0])}: {_names(parts)} is"
    yield from _not_the_group(paper, parts, all_counts(parts), head)


def _not_the_group(paper: Paper, parts: list[Cell], counts: list[int] | None, head: str) -> Iterator[Discrepancy]:
    """Counts that do not add up to the group: too many are an error, too few a warning."""
    size = group_size(paper, parts[0])
    if counts is None or size is None or sum(counts) == size:
        return
    sums, ids = added(counts), tuple(part.ids["n"] for part in parts)
    sentence = f"{head} {sum(counts)} patients; the group has {size}."
    yield Discrepancy(
        "error" if sum(counts) > size else "warning", ids, sums, str(size), sentence, f"{sums}, not {size}"
    )


# --- events, grades and levels ----------------------------------------------------------------------------------------


@rule(
    "any_event",
    "No single event is more frequent than all events together",
    broken="One adverse event is more frequent than all events together",
)
def any_event(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Patients with any event cannot be fewer than those with one particular event of the same grade.

    Grades 1-2 are left out: by worst grade, who has one event of grade 1-2 and another of grade 3-4 counts as grade 3-4
    in any event.
    """
    same = by("arm", "population", "grade")
    counted = [cell for cell in found if cell.count() is not None and cell.about.grade != "g12"]
    single = [cell for cell in counted if cell.about.kind == "adverse_events" and cell.quantity != ANY_EVENT]
    largest = {key: max(group, key=lambda cell: cell.n) for key, group in grouped(single, same).items()}
    for whole in counted:
        part = largest.get(same(whole))
        if whole.quantity == ANY_EVENT and part is not None and part.n > whole.n:
            yield _exceeds(paper, part, whole)


def _exceeds(paper: Paper, part: Cell, whole: Cell) -> Discrepancy:
    """A part that is printed for more patients than its whole."""
    ids, at_least = (part.ids["n"], whole.ids["n"]), f"at least {part.n}"
    sentence = f"{place(paper, whole)}: {whole.n} patients, but {what(part)} is printed for {part.n}."
    return Discrepancy("error", ids, whole.text, at_least, sentence, f"{part.n} > {whole.n}")


@rule(
    "grades", "The grades of an event add up to its total", broken="The grades of an event do not add up to its total"
)
def grades(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Grades of one adverse event make up any grade (1–2 with 3–4 and 5, or with 3 and above), and none exceeds it."""
    events = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    for group in grouped(events, lambda cell: (*variable(cell), cell.about.level)).values():
        by_grade = {cell.about.grade: cell for cell in group}
        whole = by_grade.get("any")
        if whole is None:
            continue
        severe = ["g3plus"] if "g3plus" in by_grade else ["g34", "g5"]
        parts = [by_grade[grade] for grade in ("g12", *severe) if grade in by_grade]
        if {"g12", severe[0]} <= set(by_grade) and sum(cell.n for cell in parts) != whole.n:
            yield _unequal_grades(paper, whole, parts)
        else:
            yield from (_exceeds(paper, cell, whole) for cell in group if cell.n > whole.n)


def _unequal_grades(paper: Paper, whole: Cell, parts: list[Cell]) -> Discrepancy:
    counts = [cell.n for cell in parts]
    sums, ids = added(counts), tuple(cell.ids["n"] for cell in (whole, *parts))
    sentence = f"{place(paper, whole)}: the grades give {sums}; the paper prints {whole.n}."
    return Discrepancy("error", ids, whole.text, str(sum(counts)), sentence, f"{sums}, not {whole.n}")


@rule(
    "levels",
    "The categories of a characteristic add up to the group",
    broken="The categories of a characteristic do not add up to the group",
    tolerance="No tolerance for counts; rounding or cutting off of each level for percentages",
)
def levels(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The levels of a baseline covariate sum to the group's n: above it is an error, below it a warning.

    Where levels are printed in percent only, the percentages sum to 100 within their rounding.
    """
    declared = {(f"{paper.study}/{table.file}", name) for table in paper.tables("baseline") for name in table.variables}
    of_levels = [
        cell
        for cell in found
        if cell.about.kind == "baseline" and cell.about.level and (cell.about.file, cell.about.row) in declared
    ]
    for group in grouped(of_levels, variable).values():
        head = f"{group[0].about.source}, {label(group[0].about.row)}{whose(paper, group[0])}: the levels sum to"
        counts = all_counts(group)
        if len(group) > 1 and counts is not None:
            yield from _not_the_group(paper, group, counts, head)
        elif len(group) > 1:
            yield from _not_100(group, head)


def _not_100(group: list[Cell], head: str) -> Iterator[Discrepancy]:
    known = [percent for cell in group if (percent := cell.number("pct")) is not None]
    low, high = _summed(list(known)) or (math.nan, math.nan)
    rest = [cell for cell in group if not is_missing(cell)]
    of_rest = _summed([cell.number("pct") for cell in rest]) or (math.nan, math.nan)
    if len(known) < len(group) or low <= 100 <= high or (len(rest) < len(group) and of_rest[0] <= 100 <= of_rest[1]):
        return
    total = f"{sum(percent.value for percent in known):.{known[0].decimals}f}%"
    sums, ids = f"{' + '.join(p.figure.rstrip('%') for p in known)} = {total}", tuple(cell.ids["pct"] for cell in group)
    yield Discrepancy("error" if low > 100 else "warning", ids, sums, "100%", f"{head} {total}.", sums)


# --- matching and arms ------------------------------------------------------------------------------------------------


@rule(
    "matched",
    "Matching only removes patients",
    broken="More patients have a characteristic after matching than before",
    source="Definition of matching without replacement",
)
def matched(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Matching only takes patients away: no count exceeds the same count before, nor falls by more than were taken."""
    counted = [cell for cell in found if cell.about.arm and cell.count() is not None]
    by_population = grouped(counted, by("population"))
    same = by("quantity", "level", "arm", "grade", "endpoint", "criterion")
    # the size of a group is no count within it
    sizes = ("enrolled", *_NOT_ADDITIVE)
    before = {same(cell): cell for cell in reversed(by_population.get("before_psm", [])) if cell.quantity not in sizes}
    for cell in by_population.get("after_psm", []):
        if same(cell) in before:
            yield from _taken(paper, before[same(cell)], cell)


def _taken(paper: Paper, before: Cell, after: Cell) -> Iterator[Discrepancy]:
    was, remains = before.n, after.n
    size, size_after = group_size(paper, before), group_size(paper, after)
    left = math.inf if size is None or size_after is None else size - size_after
    if remains <= was <= remains + left:
        return
    said, recomputed, sums = f"{remains} patients, of {was} before matching", f"at most {was}", f"{remains} > {was}"
    if remains <= was:
        said += f", although matching left out only {left} of the arm"
        recomputed, sums = f"at least {was - left}", f"{was} - {remains} = {was - remains} > {left}"
    ids = (after.ids["n"], before.ids["n"])
    yield Discrepancy("error", ids, after.text, recomputed, f"{place(paper, after)}: {said}.", sums)


@rule(
    "arms",
    "The arms add up to all patients",
    broken="The arms do not add up to all patients",
    tolerance="No tolerance for counts; one unit of the last digit beyond rounding for percentages",
    inspect_sr=registry.RESULTS,
)
def arms(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A count of all patients is the sum of the arms' counts; a percentage of all lies between those of the arms."""
    of_arms = {arm for population in paper.spec.populations.values() for arm in population.n}
    if len(of_arms) < 2:
        return
    same = by("quantity", "level", "population", "endpoint", "criterion", "grade")
    for cells in grouped([cell for cell in found if _of_patients(cell)], same).values():
        by_arm = grouped(cells, by("arm"))
        needed = set(paper.spec.populations[cells[0].about.population].n)
        if needed <= set(by_arm):
            of_each = [by_arm[arm] for arm in sorted(needed)]
            # one whole printed in several places is one comparison
            for whole in {whole.text: whole for whole in reversed(by_arm.get("", []))}.values():
                yield from _against_arms(paper, whole, of_each)


def _of_patients(cell: Cell) -> bool:
    single = not cell.about.reference and math.isnan(cell.about.time) and cell.quantity not in _NOT_ADDITIVE
    return _is_share(cell) and single and bool(cell.about.population)


def _against_arms(paper: Paper, whole: Cell, of_arms: list[list[Cell]]) -> Iterator[Discrepancy]:
    parts = [next((cell for cell in cells if cell.count() is not None), cells[0]) for cells in of_arms]
    counts, total = all_counts(parts), whole.count()
    if counts is not None and total is not None:
        # one printed count for each arm, in every way to take one
        choices = itertools.product(*({cell.n for cell in cells if cell.count() is not None} for cells in of_arms))
        if total in map(sum, choices):
            return
        sums, ids = added(counts), tuple(cell.ids["n"] for cell in (whole, *parts))
        said = f"{total} patients; the arms have {sums}"
    else:
        percent, sizes = whole.number("pct"), [group_size(paper, part) for part in parts]
        options, size = [counts_of(paper, part) for part in parts], sum(size or 0 for size in sizes)
        if percent is None or None in sizes or not all(options):
            return
        low, high = (100 * sum(map(pick, options)) / size for pick in (min, max))
        # one unit of the last digit is a habit of rounding
        if overlap(percent, low - percent.unit, high + percent.unit):
            return
        given = f"{low:.{percent.decimals + 1}f}%"
        sums, said = (
            f"({' + '.join(part.text for part in parts)}) of {size} = {given}",
            f"{percent.figure.rstrip('%')}%; the arms together give {given}",
        )
        ids = (whole.ids["pct"], *(part.ids.get("n", part.ids.get("pct", "")) for part in parts))
    yield Discrepancy("error", ids, whole.text, sums, f"{place(paper, whole)}: {said}.", sums)


# --- conditions within conditions -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Implication:
    """Patients with `part` are among those with `whole`; both are (row, levels), any level where there are none.

    Attributes
    ----------
    part, whole
        Row id and the levels that count, as the codebook spells them.
    because
        Why, for the reader.
    """

    part: tuple[str, tuple[str, ...]]
    whole: tuple[str, tuple[str, ...]]
    because: str


_YES = ("yes", "present", "portal_vein")
_BCLC = "such a tumour is stage C"
_ONE_OF = "it is one of the two"
IMPLICATIONS: tuple[Implication, ...] = (
    Implication(("pvtt", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("vascular_invasion", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("extrahepatic_metastasis", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("pvtt", ("vp4",)), ("high_risk", ()), "main portal vein thrombosis is high risk"),
    Implication(("alt_increased", ()), ("alt_ast_increased", ()), _ONE_OF),
    Implication(("ast_increased", ()), ("alt_ast_increased", ()), _ONE_OF),
    Implication(("nausea", ()), ("nausea_vomiting", ()), _ONE_OF),
    Implication(("vomiting", ()), ("nausea_vomiting", ()), _ONE_OF),
    Implication(("cr", ()), ("orr", ()), "complete responses are responses"),
    Implication(("orr", ()), ("dcr", ()), "responses are controlled disease"),
    Implication(("n_matched", ()), ("enrolled", ()), "who is matched was enrolled"),
    Implication(("enrolled", ()), ("screened", ()), "who is enrolled was screened"),
)


@rule(
    "nested",
    "A condition is not more frequent than one that it implies",
    broken="A condition is more frequent than one that it implies",
    source="The definitions in haicbook.audit.rules.wholes.IMPLICATIONS; Reig M et al. J Hepatol "
    "2022;76:681-693 (BCLC)",
    tolerance="No tolerance; a percentage counts as every number of patients that it allows",
)
def nested(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """No count of a part exceeds the count of its whole, in whatever places the two are printed.

    The parts are those of `IMPLICATIONS`, and a grade within any grade across places. A percentage without a count
    stands for the fewest patients that it allows as a part, for the most as a whole. Where a figure is printed
    differently in several places (the rule on repeats says so), the most lenient printing counts.
    """
    patients = [cell for cell in found if _is_counted(paper, cell)]
    for group in grouped(patients, by("arm", "population", "criterion", "grade")).values():
        rows = grouped(group, by("quantity"))
        for one in IMPLICATIONS:
            yield from _within(paper, _named(rows, *one.part), _named(rows, *one.whole), one.because)
    for group in grouped(patients, by("arm", "population", "criterion", "quantity", "level")).values():
        for grade, wider in _WITHIN.items():
            parts = [cell for cell in group if cell.about.grade == grade]
            wholes = [cell for cell in group if cell.about.grade in wider]
            # within one table the rule on grades compares them, and the one on repeats the other places
            if not _tables(parts) & _tables(wholes):
                yield from _within(paper, parts, wholes, "a grade lies within any grade")


def _is_counted(paper: Paper, cell: Cell) -> bool:
    known = cell.count() is not None or (cell.number("pct") is not None and denominator(paper, cell) is not None)
    return known and not cell.about.reference and math.isnan(cell.about.time) and bool(cell.about.population)


def _named(rows: dict[str, list[Cell]], row: str, levels: tuple[str, ...]) -> list[Cell]:
    return [cell for cell in rows.get(row, []) if not levels or cell.about.level in levels]


def _tables(cells: list[Cell]) -> set[str]:
    return {cell.about.file for cell in cells if cell.about.kind != "claim"}


def _within(paper: Paper, parts: list[Cell], wholes: list[Cell], because: str) -> Iterator[Discrepancy]:
    if not parts or not wholes:
        return
    part = min(parts, key=lambda cell: min(counts_of(paper, cell), default=0))
    whole = max(wholes, key=lambda cell: max(counts_of(paper, cell), default=math.inf))
    fewest, most = min(counts_of(paper, part), default=0), max(counts_of(paper, whole), default=math.inf)
    if fewest <= most:
        return
    elsewhere = "" if part.about.source == whole.about.source else f" in {whole.about.source}"
    at_least = "" if part.count() is not None else f", at least {fewest} patients"
    sentence = (
        f"{place(paper, part)}: {part.text}{at_least}, but {what(whole)} is printed for {whole.text}{elsewhere}; "
        f"{because}."
    )
    printed = f"{part.text} / {whole.text}"
    yield Discrepancy("error", _n_or_pct(part, whole), printed, f"at most {most}", sentence, f"{fewest} > {most:.0f}")


def _n_or_pct(*cells: Cell) -> tuple[str, ...]:
    return tuple(cell.ids["n" if cell.count() is not None else "pct"] for cell in cells)


@rule(
    "joint",
    "Two characteristics overlap no more than chance allows",
    broken="Two characteristics overlap far more than expected by chance",
    source="Fréchet: at least A + B - W patients have both; Fisher's noncentral hypergeometric distribution",
    tolerance="Odds ratio of 4 between the two; 1 in 1,000",
)
def joint(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Two conditions that imply a third one, and too few patients with the third for the two to overlap by chance.

    Of W patients with the third condition, A with the one and B with the other, at least A + B - W have both. A warning
    where so many are unlikely (below 1 in 1,000 over all arms) even if the one condition made the odds of the other
    four times as high. The arms of a population are one finding.
    """
    levelled = [cell for cell in found if cell.about.kind == "baseline" and cell.count() is not None and cell.about.arm]
    for in_table in grouped(levelled, by("file", "population")).values():
        arms = grouped(in_table, by("arm")).values()
        for one, other in itertools.combinations(IMPLICATIONS, 2):
            forced = [case for cells in arms if (case := _forced(paper, cells, one, other))]
            if math.prod(case.chance for case in forced) < _UNLIKELY:
                yield _too_joint(paper, forced)


@dataclass(frozen=True)
class _Overlap:
    """One arm's two conditions and the third that both imply; how many must have both, and how likely so many are."""

    cells: tuple[Cell, Cell, Cell]
    least: int
    expected: float
    chance: float


def _forced(paper: Paper, cells: list[Cell], one: Implication, other: Implication) -> _Overlap | None:
    from scipy.stats import nchypergeom_fisher

    rows = grouped(cells, by("quantity"))
    if one.whole != other.whole or one.part[0] == other.part[0]:
        return None
    chosen = [next(iter(_named(rows, *named)), None) for named in (one.part, other.part, one.whole)]
    first, second, whole = chosen
    n = group_size(paper, cells[0])
    if first is None or second is None or whole is None or not n or max(first.n, second.n) > whole.n:
        return None
    least = first.n + second.n - whole.n
    if least <= 0 or min(first.n, second.n) == 0 or max(first.n, second.n) == n:
        return None
    chance = float(nchypergeom_fisher(n, first.n, second.n, _RELATED).sf(least - 1))
    return _Overlap((first, second, whole), least, first.n * second.n / n, chance)


def _too_joint(paper: Paper, forced: list[_Overlap]) -> Discrepancy:
    one, other, whole = forced[0].cells
    arms = "; ".join(
        f"at least {case.least} must have both{whose(paper, case.cells[0])}, where chance would make "
        f"{case.expected:.1f}"
        for case in forced
    )
    sentence = (
        f"{one.about.source}: {what(one)} and {what(other)} both imply {what(whole)}, which so few patients have that "
        f"{arms}. {label(whole.quantity)} may follow another definition, or one of the rows may be mislabelled."
    )
    by_hand = "; ".join(
        f"{added((case.cells[0].n, case.cells[1].n))}, less {case.cells[2].n} is {case.least}" for case in forced
    )
    ids = tuple(cell.ids["n"] for case in forced for cell in case.cells)
    text = "; ".join(", ".join(cell.text for cell in case.cells) for case in forced)
    return Discrepancy("warning", ids, text, arms, sentence, by_hand)


# --- complements ------------------------------------------------------------------------------------------------------


@rule(
    "complements",
    "A category in the text and its opposite in the table add up to the group",
    broken="Text and table together do not add up to the group",
    tolerance="No tolerance for counts; rounding or cutting off for percentages",
)
def complements(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Two levels that leave no third make up the group, also where text and table print one of them each.

    Within one table the rule on levels says so. A percentage without a count stands for every count that it allows.
    """
    levelled = [cell for cell in found if cell.about.level and not cell.about.reference and math.isnan(cell.about.time)]
    faults = (
        fault
        for group in grouped(levelled, by("quantity", "arm", "population", "criterion", "grade")).values()
        for pair in COMPLEMENTS
        for one, other in itertools.product(group, repeat=2)
        if (one.about.level, other.about.level) == pair
        for fault in _not_complements(paper, one, other)
    )
    yield from distinct(((fault.printed, fault.recomputed), fault) for fault in faults)


def _not_complements(paper: Paper, one: Cell, other: Cell) -> Iterator[Discrepancy]:
    size = denominator(paper, one)
    in_one_table = one.about.file == other.about.file and one.about.kind != "claim"
    if in_one_table or not size or size != denominator(paper, other):
        return
    first, second = counts_of(paper, one), counts_of(paper, other)
    sums = {a + b for a in first for b in second}
    if not sums or size in sums:
        return
    sentence = (
        f"{place(paper, one)}: with {other.about.level.replace('_', ' ')} it adds up to {min(sums)} of {size} patients "
        f"({one.text} in {one.about.source} and {other.text} in {other.about.source})."
    )
    printed, by_hand = f"{one.text} + {other.text}", f"{added((min(first), min(second)))}, not {size}"
    yield Discrepancy("error", _n_or_pct(one, other), printed, f"{size} patients", sentence, by_hand)
