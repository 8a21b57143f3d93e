"""Counts against their percentages and their group."""

from __future__ import annotations

import math
from typing import Literal

from haicbook.audit.cells import Cell, denominator, place, variable, what
from haicbook.audit.finding import Finding
from haicbook.audit.registry import PARTICIPANTS, WHOLE_NUMBERS, Rule
from haicbook.printed import Printed, agreement, format_like, overlap, parse_number
from haicbook.study import Paper

Reading = Literal["rounded", "cut off", "filled up", "one unit", "wrong"]
# a misprint behind the first decimal of a percentage misleads nobody
_SLIGHT = 0.1
# up to this share of a group may be missing for one row
_MISSING = 0.2


# --- a count and its percentage ---------------------------------------------------------------------------------------


def percentages(paper: Paper, found: list[Cell]) -> list[Finding]:
    """A printed percentage must be its count over the group, rounded or cut off.

    The group is the printed denominator, else the arm's n. A contradiction is an error; a warning where the percentage
    is less than 0.1 away, or where a claim prints neither an arm nor a denominator, may have another group in mind, and
    no other place has the same count of the same patients. Percentages that
    are cut off, filled up with zeros (81.10 for 81.08), or one unit of their last digit away (as when levels are made
    to sum to 100) are grouped into one note each.
    """
    by_reading: dict[Reading, list[Cell]] = {name: [] for name in ("wrong", "cut off", "filled up", "one unit")}
    for cell in found:
        read = reading(paper, cell)
        if read != "rounded":
            by_reading[read].append(cell)
    wrong, cut, filled, off = by_reading.values()
    notes = [
        *_habit(paper, cut, "cut off after the last printed digit, not rounded"),
        *_habit(paper, filled, "rounded to fewer digits and filled up with zeros"),
        *_habit(paper, off, "one unit of the last digit away from the count"),
    ]
    return [_wrong_percentage(paper, cell, wrong, found) for cell in wrong] + notes


def reading(paper: Paper, cell: Cell) -> Reading:
    """How a cell's percentage follows from its count and group; `rounded` too where one of them is not printed."""
    count, percent, size = cell.count(), cell.number("pct"), denominator(paper, cell)
    if count is None or percent is None or not size:
        return "rounded"
    recomputed = 100 * count / size
    match agreement(percent, recomputed):
        case "rounded":
            return "rounded"
        case "truncated":
            return "cut off"
    if agreement(_without_zeros(percent), recomputed) == "rounded":
        return "filled up"
    return "one unit" if overlap(percent, recomputed - percent.unit, recomputed + percent.unit) else "wrong"


def _without_zeros(percent: Printed) -> Printed:
    """The figure without the zeros after its decimals."""
    figure = percent.figure.rstrip("%").strip()
    return parse_number(figure.rstrip("0") if "." in figure else figure)


def _wrong_percentage(paper: Paper, cell: Cell, wrong: list[Cell], found: list[Cell]) -> Finding:
    count, percent, size = cell.count() or 0, cell.numbers["pct"], denominator(paper, cell) or 1
    recomputed = 100 * count / size
    slight = overlap(percent, recomputed - _SLIGHT, recomputed + _SLIGHT)
    right, printed = format_like(recomputed, percent), percent.figure.rstrip("%").strip()
    fits = "" if cell.number("denominator") is not None or slight else _groups_that_fit(count, percent, size)
    return Finding(
        "percentage",
        "warning" if slight or _assumed(cell, found) else "error",
        paper.study,
        (cell.ids["n"], cell.ids["pct"]),
        cell.text,
        f"{right}%",
        f"{place(paper, cell)}: {count} of {size} is {right}%; the paper prints {printed}%{fits}.",
        _swapped(paper, cell, wrong),
        f"{count}/{size} = {recomputed:.{percent.decimals + 2}f}%, not {printed}%",
    )


def _assumed(cell: Cell, found: list[Cell]) -> bool:
    """Whether a claim may mean another group: no arm, no denominator, and its count printed nowhere else."""
    about = cell.about
    if about.kind != "claim" or about.arm or cell.number("denominator") is not None:
        return False
    same = [
        other
        for other in found
        if other is not cell
        and (other.quantity, other.about.level, other.about.population, other.about.grade)
        == (cell.quantity, about.level, about.population, about.grade)
        and other.about.kind != "claim"
    ]
    return sum(other.count() or 0 for other in same) != cell.count()


def _groups_that_fit(count: int, percent: Printed, size: int) -> str:
    """`, which fits 169 to 170 patients`: smaller groups, with some patients missing, that give the percentage."""
    if not count or percent.value <= 0:
        return ""
    smaller = range(max(count, math.ceil(size * (1 - _MISSING))), size)
    fitting = [other for other in smaller if agreement(percent, 100 * count / other) != "differs"]
    if not fitting:
        return ""
    low, high = fitting[0], fitting[-1]
    return f", which fits {low} patients" if low == high else f", which fits {low} to {high} patients"


def _swapped(paper: Paper, cell: Cell, wrong: list[Cell]) -> str:
    """The other level of the same covariate whose percentage fits here, and the other way round."""

    def fits(one: Cell, other: Cell) -> bool:
        count, size = one.count() or 0, denominator(paper, one) or 1
        return agreement(other.numbers["pct"], 100 * count / size) != "differs"

    for other in wrong:
        if other is not cell and variable(other) == variable(cell) and fits(cell, other) and fits(other, cell):
            return f"The percentages of {what(cell)} and {what(other)} fit when they change places."
    return ""


def _habit(paper: Paper, found: list[Cell], words: str) -> list[Finding]:
    if not found:
        return []
    first = found[0]
    percent, size = first.numbers["pct"], denominator(paper, first) or 1
    exact = f"{100 * (first.count() or 0) / size:.{percent.decimals + 2}f}%"
    printed = f"{percent.figure.rstrip('%').strip()}%"
    several = f"{len(found)} percentages are" if len(found) > 1 else "One percentage is"
    sentence = (
        f"{several} {words}; for instance {place(paper, first)}: {first.count()} of {size} is {exact}, "
        f"printed as {printed}."
    )
    return [
        Finding(
            "percentage",
            "info",
            paper.study,
            tuple(cell.ids["pct"] for cell in found),
            first.text,
            exact,
            sentence,
            recomputation=f"{first.count()}/{size} = {exact}, printed {printed}",
            count=len(found),
        )
    ]


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
        ids, sums = (cell.ids["pct"],), around.replace(" of ", "/").replace(" is ", " = ")
        findings.append(
            Finding("attainable", "warning", paper.study, ids, cell.text, around, sentence, recomputation=sums)
        )
    return findings


def possible_counts(percent: Printed, size: int) -> list[int]:
    """Every number of patients that is printed as this percentage of `size`, by rounding or cutting off."""
    middle = percent.value * size / 100
    slack = math.ceil(percent.unit * size / 100) + 1
    near = range(max(0, math.floor(middle) - slack), min(size, math.ceil(middle) + slack) + 1)
    return [count for count in near if agreement(percent, 100 * count / size) != "differs"]


RULES: tuple[Rule, ...] = (
    Rule(
        "percentage",
        "A percentage is its count over its group",
        percentages,
        "Definition",
        "Rounding or cutting off; below 0.1 percentage points a warning, one unit of the last digit a note",
        "counts",
        PARTICIPANTS,
    ),
    Rule(
        "attainable",
        "A percentage without a count is that of a whole number of patients",
        attainable,
        "Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM)",
        "Rounding or cutting off",
        "counts",
        WHOLE_NUMBERS,
    ),
)
