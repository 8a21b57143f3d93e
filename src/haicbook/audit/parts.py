"""Parts and wholes: levels of a covariate, grades of an event, any event, arms, and counts before matching."""

from __future__ import annotations

import math
from collections.abc import Hashable

from haicbook.audit.cells import Cell, group_size, grouped, place, variable, what, whose
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.registry import PARTICIPANTS, RESULTS, Rule
from haicbook.printed import overlap
from haicbook.study import Paper
from haicbook.words import label

ANY_EVENT = "any_ae"
# what is counted once for a study, not once for each patient in an arm
_NOT_ADDITIVE = ("screened", "centres", "response_readers", "n_matched", "groups")


def levels(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The levels of a baseline covariate sum to the group's n: above it is an error, below it a warning.

    Where levels are printed in percent only, the percentages sum to 100 within their rounding.
    """
    declared = {(f"{paper.study}/{table.file}", name) for table in paper.tables("baseline") for name in table.variables}
    of_levels = [
        cell
        for cell in found
        if cell.about.kind == "baseline" and cell.about.level and (cell.about.file, cell.about.row) in declared
    ]
    findings = []
    for group in grouped(of_levels, variable).values():
        if len(group) < 2:
            continue
        counts = [cell.count() for cell in group]
        known = [count for count in counts if count is not None]
        findings += _counts_sum(paper, group, known) if len(known) == len(group) else _percentages_sum(paper, group)
    return findings


def _counts_sum(paper: Paper, group: list[Cell], counts: list[int]) -> list[Finding]:
    size, total, first = group_size(paper, group[0]), sum(counts), group[0]
    if size is None or total == size:
        return []
    head = f"{first.about.source}, {label(first.about.row)}{whose(paper, first)}"
    sums = f"{' + '.join(map(str, counts))} = {total}"
    severity: Severity = "error" if total > size else "warning"
    sentence = f"{head}: the levels sum to {total} patients; the group has {size}."
    ids = tuple(cell.ids["n"] for cell in group)
    return [
        Finding("levels", severity, paper.study, ids, sums, str(size), sentence, recomputation=f"{sums}, not {size}")
    ]


def _percentages_sum(paper: Paper, group: list[Cell]) -> list[Finding]:
    percentages = [cell.number("pct") for cell in group]
    known = [percent for percent in percentages if percent is not None]
    low, high = sum(p.low for p in known), sum(p.value + p.unit for p in known)
    if len(known) < len(group) or low <= 100 <= high:
        return []
    first, total = group[0], sum(percent.value for percent in known)
    sums = f"{' + '.join(percent.figure.rstrip('%') for percent in known)} = {total:.{known[0].decimals}f}%"
    head = f"{first.about.source}, {label(first.about.row)}{whose(paper, first)}"
    return [
        Finding(
            "levels",
            "error" if low > 100 else "warning",
            paper.study,
            tuple(cell.ids["pct"] for cell in group),
            sums,
            "100%",
            f"{head}: the levels sum to {total:.{known[0].decimals}f}%.",
            recomputation=sums,
        )
    ]


def grades(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Grades of one adverse event make up any grade (1–2 with 3–4 and 5, or with 3 and above), and none exceeds it."""
    events = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    findings = []
    for group in grouped(events, lambda cell: (*variable(cell), cell.about.level)).values():
        by_grade = {cell.about.grade: cell for cell in group}
        whole = by_grade.get("any")
        if whole is None:
            continue
        severe = ["g3plus"] if "g3plus" in by_grade else ["g34", "g5"]
        parts = [by_grade[grade] for grade in ("g12", *severe) if grade in by_grade]
        total = sum(cell.count() or 0 for cell in parts)
        if {"g12", severe[0]} <= set(by_grade) and total != whole.count():
            findings.append(_unequal_grades(paper, whole, parts))
        else:
            above = [cell for grade, cell in by_grade.items() if (cell.count() or 0) > (whole.count() or 0)]
            findings += [exceeds(paper, "grades", cell, whole) for cell in above]
    return findings


def _unequal_grades(paper: Paper, whole: Cell, parts: list[Cell]) -> Finding:
    counts = [cell.count() or 0 for cell in parts]
    sums = f"{' + '.join(map(str, counts))} = {sum(counts)}"
    return Finding(
        "grades",
        "error",
        paper.study,
        (whole.ids["n"], *(cell.ids["n"] for cell in parts)),
        whole.text,
        str(sum(counts)),
        f"{place(paper, whole)}: the grades give {sums}; the paper prints {whole.count()}.",
        recomputation=f"{sums}, not {whole.count()}",
    )


def exceeds(paper: Paper, rule: str, part: Cell, whole: Cell, why: str = "") -> Finding:
    """A part that is printed for more patients than its whole."""
    return Finding(
        rule,
        "error",
        paper.study,
        (part.ids["n"], whole.ids["n"]),
        whole.text,
        f"at least {part.count()}",
        f"{place(paper, whole)}: {whole.count()} patients, but {what(part)} is printed for {part.count()}{why}.",
        recomputation=f"{part.count()} > {whole.count()}",
    )


def any_event(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Patients with any event cannot be fewer than those with one particular event of the same grade.

    Grades 1-2 are left out: by worst grade, who has one event of grade 1-2 and another of grade 3-4 counts as grade 3-4
    in any event.
    """
    counted = [cell for cell in found if cell.count() is not None and cell.about.grade != "g12"]
    single = [cell for cell in counted if cell.about.kind == "adverse_events" and cell.quantity != ANY_EVENT]
    largest = {
        key: max(group, key=lambda cell: cell.count() or 0) for key, group in grouped(single, _arm_and_grade).items()
    }
    findings = []
    for whole in counted:
        part = largest.get(_arm_and_grade(whole))
        if whole.quantity == ANY_EVENT and part is not None and (part.count() or 0) > (whole.count() or 0):
            findings.append(exceeds(paper, "any_event", part, whole))
    return findings


def _arm_and_grade(cell: Cell) -> Hashable:
    return cell.about.arm, cell.about.population, cell.about.grade


def matched(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Matching only takes patients away: no count exceeds the same count before, nor falls by more than were taken."""
    counted = [cell for cell in found if cell.about.arm and cell.count() is not None]
    by_population = grouped(counted, lambda cell: cell.about.population)

    def same(cell: Cell) -> Hashable:
        about = cell.about
        return cell.quantity, about.level, about.arm, about.grade, about.endpoint, about.criterion

    before = {same(cell): cell for cell in reversed(by_population.get("before_psm", [])) if not _counts_patients(cell)}
    findings = []
    for cell in by_population.get("after_psm", []):
        if same(cell) in before:
            findings += _taken(paper, before[same(cell)], cell)
    return findings


def _counts_patients(cell: Cell) -> bool:
    """Whether it is the size of a group rather than a count within it."""
    return cell.quantity in ("enrolled", *_NOT_ADDITIVE)


def _taken(paper: Paper, before: Cell, after: Cell) -> list[Finding]:
    sizes = group_size(paper, before), group_size(paper, after)
    was, remains = before.count() or 0, after.count() or 0
    if remains > was:
        recomputed, sums = f"at most {was}", f"{remains} > {was}"
        said = f"{remains} patients, of {was} before matching"
    elif None not in sizes and was - remains > (left := (sizes[0] or 0) - (sizes[1] or 0)):
        recomputed, sums = f"at least {was - left}", f"{was} - {remains} = {was - remains} > {left}"
        said = f"{remains} patients, of {was} before matching, although matching left out only {left} of the arm"
    else:
        return []
    ids = (after.ids["n"], before.ids["n"])
    sentence = f"{place(paper, after)}: {said}."
    return [Finding("matched", "error", paper.study, ids, after.text, recomputed, sentence, recomputation=sums)]


def arms(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A count of all patients is the sum of the arms' counts; a percentage of all lies between those of the arms."""
    of_arms = {arm for population in paper.spec.populations.values() for arm in population.n}
    if len(of_arms) < 2:
        return []
    places = grouped([cell for cell in found if _of_patients(cell)], _same_count)
    findings = []
    for cells in places.values():
        by_arm = grouped(cells, lambda cell: cell.about.arm)
        needed = set(paper.spec.populations[cells[0].about.population].n)
        if not needed <= set(by_arm):
            continue
        # one whole printed in several places is one comparison
        wholes = {whole.text: whole for whole in reversed(by_arm.get("", []))}.values()
        of_each = [by_arm[arm] for arm in sorted(needed)]
        findings += [finding for whole in wholes for finding in _against_arms(paper, whole, of_each)]
    return findings


def _of_patients(cell: Cell) -> bool:
    about = cell.about
    known = cell.number("n") is not None or cell.number("pct") is not None
    single = not about.reference and math.isnan(about.time) and cell.quantity not in _NOT_ADDITIVE
    return known and single and bool(about.population)


def _same_count(cell: Cell) -> Hashable:
    about = cell.about
    return cell.quantity, about.level, about.population, about.endpoint, about.criterion, about.grade


def _against_arms(paper: Paper, whole: Cell, of_arms: list[list[Cell]]) -> list[Finding]:
    parts = [next((cell for cell in cells if cell.count() is not None), cells[0]) for cells in of_arms]
    counts, total = [part.count() for part in parts], whole.count()
    if total is not None and None not in counts:
        summed = sum(count or 0 for count in counts)
        if any(_sums(choice, total) for choice in _choices(of_arms)):
            return []
        sums, ids = f"{' + '.join(map(str, counts))} = {summed}", tuple(c.ids["n"] for c in (whole, *parts))
        said = f"{total} patients; the arms have {sums}"
        return [_not_the_arms(paper, whole, ids, sums, said)]
    percent, sizes = whole.number("pct"), [group_size(paper, part) for part in parts]
    if percent is None or None in sizes:
        return []
    options = [_counts_of(part, size or 1) for part, size in zip(parts, sizes, strict=True)]
    size = sum(size or 0 for size in sizes)
    if not all(options):
        return []
    low, high = (100 * sum(pick(option) for option in options) / size for pick in (min, max))
    # one unit of the last digit is a habit of rounding
    if overlap(percent, low - percent.unit, high + percent.unit):
        return []
    sums = f"({' + '.join(part.text for part in parts)}) of {size} = {low:.{percent.decimals + 1}f}%"
    said = f"{percent.figure.rstrip('%')}%; the arms together give {low:.{percent.decimals + 1}f}%"
    ids = (whole.ids["pct"], *(part.ids.get("n", part.ids.get("pct", "")) for part in parts))
    return [_not_the_arms(paper, whole, ids, sums, said)]


def _choices(of_arms: list[list[Cell]]) -> list[list[int]]:
    """Every way to take one printed count for each arm."""
    choices: list[list[int]] = [[]]
    for cells in of_arms:
        counts = {cell.count() for cell in cells} - {None}
        choices = [[*choice, count] for choice in choices for count in counts if count is not None]
    return choices


def _sums(counts: list[int], total: int) -> bool:
    return sum(counts) == total


def _counts_of(part: Cell, size: int) -> list[int]:
    count, percent = part.count(), part.number("pct")
    if count is not None:
        return [count]
    return possible_counts(percent, size) if percent is not None else []


def _not_the_arms(paper: Paper, whole: Cell, ids: tuple[str, ...], sums: str, said: str) -> Finding:
    sentence = f"{place(paper, whole)}: {said}."
    return Finding("arms", "error", paper.study, ids, whole.text, sums, sentence, recomputation=sums)


RULES: tuple[Rule, ...] = (
    Rule(
        "any_event",
        "Any event is not rarer than one event",
        any_event,
        "Definition",
        "No tolerance",
        "counts",
        PARTICIPANTS,
    ),
    Rule(
        "grades", "Grades of an event make up any grade", grades, "Definition", "No tolerance", "counts", PARTICIPANTS
    ),
    Rule(
        "levels",
        "Levels of a covariate make up the group",
        levels,
        "Definition",
        "No tolerance for counts; rounding or cutting off of each level for percentages",
        "counts",
        PARTICIPANTS,
    ),
    Rule(
        "matched",
        "Matching only takes patients away",
        matched,
        "Definition of matching without replacement",
        "No tolerance",
        "counts",
        PARTICIPANTS,
    ),
    Rule(
        "arms",
        "The arms make up the whole",
        arms,
        "Definition",
        "No tolerance for counts; one unit of the last digit beyond rounding for percentages",
        "counts",
        RESULTS,
    ),
)
