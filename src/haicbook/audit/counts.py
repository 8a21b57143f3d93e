"""Counts: against their percentages, their group, their parts, and the same counts before matching."""

from __future__ import annotations

import math
from collections.abc import Hashable

from haicbook.audit.cells import Cell, denominator, group_size, grouped, place, what, whose
from haicbook.audit.finding import Finding
from haicbook.printed import Printed, agreement, format_like, overlap, parse_number
from haicbook.study import Paper
from haicbook.words import label

ANY_EVENT = "any_ae"
# a misprint behind the first decimal of a percentage misleads nobody
_SLIGHT = 0.1


# --- a count and its percentage ---------------------------------------------------------------------------------------


def percentages(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A printed percentage must be its count over the group, rounded or cut off.

    The group is the printed denominator, else the arm's n. A contradiction is an error; a warning where the percentage
    is less than 0.1 away, or where a claim prints no denominator and may have another group in mind. Percentages that
    are cut off, filled up with zeros (81.10 for 81.08), or one unit of their last digit away (as when levels are made
    to sum to 100) are grouped into one note each.
    """
    wrong, cut, filled, off = [], [], [], []
    for cell in found:
        count, percent, size = cell.count(), cell.number("pct"), denominator(paper, cell)
        if count is None or percent is None or not size:
            continue
        recomputed = 100 * count / size
        match agreement(percent, recomputed):
            case "truncated":
                cut.append(cell)
            case "differs" if agreement(_without_zeros(percent), recomputed) == "rounded":
                filled.append(cell)
            case "differs" if overlap(percent, recomputed - percent.unit, recomputed + percent.unit):
                off.append(cell)
            case "differs":
                wrong.append(cell)
    notes = [
        *_habit(paper, cut, "cut off after the last printed digit, not rounded"),
        *_habit(paper, filled, "rounded to fewer digits and filled up with zeros"),
        *_habit(paper, off, "one unit of the last digit away from the count"),
    ]
    return [_wrong_percentage(paper, cell, wrong) for cell in wrong] + notes


def _without_zeros(percent: Printed) -> Printed:
    """The figure without the zeros after its decimals."""
    figure = percent.figure.rstrip("%").strip()
    return parse_number(figure.rstrip("0") if "." in figure else figure)


def _wrong_percentage(paper: Paper, cell: Cell, wrong: list[Cell]) -> Finding:
    count, percent, size = cell.count() or 0, cell.numbers["pct"], denominator(paper, cell) or 1
    recomputed = 100 * count / size
    assumed = cell.about.kind == "claim" and cell.number("denominator") is None
    slight = overlap(percent, recomputed - _SLIGHT, recomputed + _SLIGHT)
    right = format_like(recomputed, percent)
    return Finding(
        "percentage",
        "warning" if assumed or slight else "error",
        paper.study,
        (cell.ids["n"], cell.ids["pct"]),
        cell.text,
        f"{right}%",
        f"{place(paper, cell)}: {count} of {size} is {right}%; the paper prints {percent.figure.rstrip('%')}%.",
        _swapped(paper, cell, wrong),
    )


def _swapped(paper: Paper, cell: Cell, wrong: list[Cell]) -> str:
    """The other level of the same covariate whose percentage fits here, and the other way round."""

    def fits(one: Cell, other: Cell) -> bool:
        count, size = one.count() or 0, denominator(paper, one) or 1
        return agreement(other.numbers["pct"], 100 * count / size) != "differs"

    for other in wrong:
        if other is not cell and _variable(other) == _variable(cell) and fits(cell, other) and fits(other, cell):
            return f"The percentages of {what(cell)} and {what(other)} fit when they change places."
    return ""


def _habit(paper: Paper, found: list[Cell], words: str) -> list[Finding]:
    if not found:
        return []
    first = found[0]
    percent, size = first.numbers["pct"], denominator(paper, first) or 1
    exact = 100 * (first.count() or 0) / size
    several = f"{len(found)} percentages are" if len(found) > 1 else "One percentage is"
    sentence = (
        f"{several} {words}; for instance {place(paper, first)}: {first.count()} of {size} is "
        f"{exact:.{percent.decimals + 2}f}%, printed as {percent.figure.rstrip('%')}%."
    )
    ids = tuple(cell.ids["pct"] for cell in found)
    return [Finding("percentage", "info", paper.study, ids, first.text, f"{exact:.{percent.decimals + 2}f}%", sentence)]


def attainable(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A percentage printed without its count must be that of some whole number of the group's patients (GRIM).

    References
    ----------
    Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369.
    """
    findings = []
    for cell in found:
        percent, size = cell.number("pct"), denominator(paper, cell)
        counted = cell.count() is not None or cell.about.reference
        if percent is None or counted or not cell.about.arm or not size or possible_counts(percent, size):
            continue
        nearest = round(percent.value * size / 100)
        around = " and ".join(
            f"{count} of {size} is {format_like(100 * count / size, percent)}%"
            for count in sorted({nearest, min(size, nearest + 1), max(0, nearest - 1)})
        )
        sentence = f"{place(paper, cell)}: no number of {size} patients is {percent.figure.rstrip('%')}%; {around}."
        findings.append(Finding("attainable", "warning", paper.study, (cell.ids["pct"],), cell.text, around, sentence))
    return findings


def possible_counts(percent: Printed, size: int) -> list[int]:
    """Every number of patients that is printed as this percentage of `size`, by rounding or cutting off."""
    middle = percent.value * size / 100
    slack = math.ceil(percent.unit * size / 100) + 1
    near = range(max(0, math.floor(middle) - slack), min(size, math.ceil(middle) + slack) + 1)
    return [count for count in near if agreement(percent, 100 * count / size) != "differs"]


# --- parts and wholes -------------------------------------------------------------------------------------------------


def _variable(cell: Cell) -> tuple[Hashable, ...]:
    about = cell.about
    return about.file, about.row, about.arm, about.population


def levels(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The levels of a baseline covariate sum to the group's n: above it is an error, below it a warning."""
    declared = {(f"{paper.study}/{table.file}", name) for table in paper.tables("baseline") for name in table.variables}
    of_levels = [
        cell
        for cell in found
        if cell.about.kind == "baseline" and cell.about.level and (cell.about.file, cell.about.row) in declared
    ]
    findings = []
    for group in grouped(of_levels, _variable).values():
        counts, size = [cell.count() for cell in group], group_size(paper, group[0])
        known = [count for count in counts if count is not None]
        if len(group) < 2 or len(known) < len(counts) or size is None or sum(known) == size:
            continue
        total, first = sum(known), group[0]
        head = f"{first.about.source}, {label(first.about.row)}{whose(paper, first)}"
        findings.append(
            Finding(
                "levels",
                "error" if total > size else "warning",
                paper.study,
                tuple(cell.ids["n"] for cell in group),
                f"{' + '.join(map(str, known))} = {total}",
                str(size),
                f"{head}: the levels sum to {total} patients; the group has {size}.",
            )
        )
    return findings


def grades(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Grades of one adverse event make up any grade (1–2 with 3–4 and 5, or with 3 and above), and none exceeds it."""
    events = [cell for cell in found if cell.about.kind == "adverse_events" and cell.count() is not None]
    findings = []
    for group in grouped(events, lambda cell: (*_variable(cell), cell.about.level)).values():
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
            findings += [_exceeds(paper, "grades", cell, whole) for cell in above]
    return findings


def _unequal_grades(paper: Paper, whole: Cell, parts: list[Cell]) -> Finding:
    counts = [cell.count() or 0 for cell in parts]
    total = sum(counts)
    return Finding(
        "grades",
        "error",
        paper.study,
        (whole.ids["n"], *(cell.ids["n"] for cell in parts)),
        whole.text,
        str(total),
        f"{place(paper, whole)}: the grades give {' + '.join(map(str, counts))} = {total}; "
        f"the paper prints {whole.count()}.",
    )


def _exceeds(paper: Paper, rule: str, part: Cell, whole: Cell) -> Finding:
    return Finding(
        rule,
        "error",
        paper.study,
        (part.ids["n"], whole.ids["n"]),
        whole.text,
        f"at least {part.count()}",
        f"{place(paper, whole)}: {whole.count()} patients, but {what(part)} is printed for {part.count()}.",
    )


def any_event(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Patients with any event cannot be fewer than those with one particular event of the same grade."""
    counted = [cell for cell in found if cell.count() is not None]
    single = [cell for cell in counted if cell.about.kind == "adverse_events" and cell.quantity != ANY_EVENT]
    largest = {
        key: max(group, key=lambda cell: cell.count() or 0) for key, group in grouped(single, _arm_and_grade).items()
    }
    findings = []
    for whole in counted:
        part = largest.get(_arm_and_grade(whole))
        if whole.quantity == ANY_EVENT and part is not None and (part.count() or 0) > (whole.count() or 0):
            findings.append(_exceeds(paper, "any_event", part, whole))
    return findings


def _arm_and_grade(cell: Cell) -> Hashable:
    return cell.about.arm, cell.about.population, cell.about.grade


def matched(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Matching only takes patients away: no count after it exceeds the same count before."""
    baseline = [cell for cell in found if cell.about.kind == "baseline" and cell.count() is not None]
    by_population = grouped(baseline, lambda cell: cell.about.population)

    def same(cell: Cell) -> Hashable:
        return cell.about.row, cell.about.level, cell.about.arm

    before = {same(cell): cell for cell in by_population.get("before_psm", [])}
    return [
        Finding(
            "matched",
            "error",
            paper.study,
            (cell.ids["n"], before[same(cell)].ids["n"]),
            cell.text,
            f"at most {before[same(cell)].count()}",
            f"{place(paper, cell)}: {cell.count()} patients, of {before[same(cell)].count()} before matching.",
        )
        for cell in by_population.get("after_psm", [])
        if same(cell) in before and (cell.count() or 0) > (before[same(cell)].count() or 0)
    ]
