"""Counts against their percentages and their group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Literal

from haicbook.audit import registry
from haicbook.audit.cells import (
    Cell,
    by,
    counts_of,
    denominator,
    group_size,
    grouped,
    is_missing,
    place,
    possible_counts,
    variable,
    what,
)
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.printed import Printed, agreement, format_like, overlap, parse_number
from haicbook.study import Paper

rule = partial(registry.rule, topic="counts", inspect_sr=registry.PARTICIPANTS)

Reading = Literal["rounded", "cut off", "filled up", "one unit", "wrong"]
_HABITS: dict[Reading, str] = {
    "cut off": "cut off after the last printed digit, not rounded",
    "filled up": "rounded to fewer digits and padded with zeros",
    "one unit": "one unit of the last digit away from the count",
}
# a misprint behind the first decimal of a percentage misleads nobody
_SLIGHT = 0.1
# up to this share of a group may be missing for one row
_MISSING = 0.2


# --- a count and its percentage ---------------------------------------------------------------------------------------


@rule(
    "percentage",
    "A percentage matches its count and group",
    broken="A count and its percentage do not match",
    tolerance="Rounding or cutting off; below 0.1 percentage points a warning, one unit of the last digit a note",
)
def percentage(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A printed percentage must be its count over the group, rounded or cut off.

    The group is the printed denominator, else the arm's n. A contradiction is an error; a warning where the percentage
    is less than 0.1 away, or where a claim prints neither an arm nor a denominator, may have another group in mind, and
    no other place has the same count of the same patients. Percentages that are cut off, filled up with zeros (81.10
    for 81.08), or one unit of their last digit away (as when levels are made to sum to 100) are one note each.
    Percentages over the known, beside a level of the missing, are right. A count that is no whole number is an error.
    """
    known = of_the_known(paper, found)
    by_reading = grouped([cell for cell in found if cell not in known], lambda cell: reading(paper, cell))
    wrong = by_reading.get("wrong", [])
    yield from (_part_of_a_patient(paper, cell) for cell in found if _is_no_count(cell))
    yield from (_wrong_percentage(paper, cell, wrong, found) for cell in wrong)
    yield from (_habit(paper, by_reading[habit], words) for habit, words in _HABITS.items() if habit in by_reading)


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


def _is_no_count(cell: Cell) -> bool:
    printed = cell.numbers.get("n")
    return printed is not None and printed.state == "unreadable"


def _part_of_a_patient(paper: Paper, cell: Cell) -> Discrepancy:
    """A count that is a misprint: the percentage says which whole numbers it may have been."""
    figure, percent, size = cell.numbers["n"].figure, cell.number("pct"), denominator(paper, cell)
    whole = possible_counts(percent, size) if percent is not None and size else []
    fits = f"; {cell.numbers['pct'].figure.rstrip('%')}% of {size} is {' or '.join(map(str, whole))}" if whole else ""
    sentence = f"{place(paper, cell)}: {figure} is not a number of patients{fits}."
    by_hand = f"{figure} is not a whole number{fits}"
    ids = tuple(cell.ids[name] for name in ("n", "pct") if name in cell.ids)
    return Discrepancy("error", ids, cell.text, " or ".join(map(str, whole)), sentence, by_hand)


def of_the_known(paper: Paper, found: list[Cell]) -> dict[Cell, int]:
    """Cells whose percentages are of the patients known for their row, and how many these are.

    So it is where a level of the row counts the missing, and all others have percentages of the rest of the group that
    they do not have of the whole.
    """
    known: dict[Cell, int] = {}
    levelled = [cell for cell in found if cell.about.level and cell.about.arm and cell.number("pct") is not None]
    for cells in grouped(levelled, variable).values():
        size, missing = group_size(paper, cells[0]), [cell for cell in cells if is_missing(cell)]
        others = [cell for cell in cells if cell not in missing and cell.number("denominator") is None]
        unknown = sum(max(counts_of(paper, cell), default=0) for cell in missing)
        if not size or not others or not 0 < unknown < size:
            continue
        if _all_of(size - unknown, others) and not _all_of(size, others):
            known |= dict.fromkeys(others, size - unknown)
            known |= {cell: size - unknown for cell in missing if _all_of(size - unknown, [cell])}
    return known


def _all_of(size: int, cells: list[Cell]) -> bool:
    """Whether all cells' percentages are of a group of this size."""
    of_counts = [(100 * cell.n / size, cell.numbers["pct"]) for cell in cells if cell.count() is not None]
    if any(agreement(percent, recomputed) == "differs" for recomputed, percent in of_counts):
        return False
    return all(possible_counts(cell.numbers["pct"], size) for cell in cells if cell.count() is None)


def _without_zeros(percent: Printed) -> Printed:
    """The figure without the zeros after its decimals."""
    figure = percent.figure.rstrip("%").strip()
    return parse_number(figure.rstrip("0") if "." in figure else figure)


def _wrong_percentage(paper: Paper, cell: Cell, wrong: list[Cell], found: list[Cell]) -> Discrepancy:
    count, percent, size = cell.n, cell.numbers["pct"], denominator(paper, cell) or 1
    recomputed = 100 * count / size
    slight = overlap(percent, recomputed - _SLIGHT, recomputed + _SLIGHT)
    right, printed = format_like(recomputed, percent), percent.figure.rstrip("%").strip()
    fits = "" if cell.number("denominator") is not None or slight else _groups_that_fit(count, percent, size)
    severity: Severity = "warning" if slight or _assumed(cell, found) else "error"
    sentence = f"{place(paper, cell)}: {count} of {size} is {right}%; the paper prints {printed}%{fits}."
    by_hand = f"{count}/{size} = {recomputed:.{percent.decimals + 2}f}%, not {printed}%"
    ids, repair = (cell.ids["n"], cell.ids["pct"]), _swapped(paper, cell, wrong)
    return Discrepancy(severity, ids, cell.text, f"{right}%", sentence, by_hand, repair)


def _assumed(cell: Cell, found: list[Cell]) -> bool:
    """Whether a claim may mean another group: no arm, no denominator, and its count printed nowhere else."""
    about = cell.about
    if about.kind != "claim" or about.arm or cell.number("denominator") is not None:
        return False
    same = by("quantity", "level", "population", "grade")
    return sum(other.n for other in found if same(other) == same(cell) and other.about.kind != "claim") != cell.count()


def _groups_that_fit(count: int, percent: Printed, size: int) -> str:
    """`, which fits a group of 169 to 170`: smaller groups, with some patients missing, that give the percentage."""
    if not count or percent.value <= 0:
        return ""
    smaller = range(max(count, math.ceil(size * (1 - _MISSING))), size)
    fitting = [other for other in smaller if agreement(percent, 100 * count / other) != "differs"]
    if not fitting:
        return ""
    low, high = fitting[0], fitting[-1]
    return f", which fits a group of {low}" + (f" to {high}" if high > low else "")


def _swapped(paper: Paper, cell: Cell, wrong: list[Cell]) -> str:
    """The other level of the same covariate whose percentage fits here, and the other way round."""

    def fits(one: Cell, other: Cell) -> bool:
        return agreement(other.numbers["pct"], 100 * one.n / (denominator(paper, one) or 1)) != "differs"

    for other in wrong:
        if other is not cell and variable(other) == variable(cell) and fits(cell, other) and fits(other, cell):
            return f"The percentages of {what(cell)} and {what(other)} fit when they are swapped."
    return ""


def _habit(paper: Paper, found: list[Cell], words: str) -> Discrepancy:
    first = found[0]
    percent, size = first.numbers["pct"], denominator(paper, first) or 1
    exact = f"{100 * first.n / size:.{percent.decimals + 2}f}%"
    printed = f"{percent.figure.rstrip('%').strip()}%"
    several = f"{len(found)} percentages are" if len(found) > 1 else "One percentage is"
    sentence = (
        f"{several} {words}; for instance {place(paper, first)}: {first.n} of {size} is {exact}, printed as {printed}."
    )
    ids, by_hand = tuple(cell.ids["pct"] for cell in found), f"{first.n}/{size} = {exact}, printed {printed}"
    return Discrepancy("info", ids, first.text, exact, sentence, by_hand, count=len(found))


@rule(
    "attainable",
    "A percentage without a count fits a whole number of patients",
    broken="No whole number of patients gives the printed percentage",
    source="Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM)",
    tolerance="Rounding or cutting off",
    inspect_sr=registry.WHOLE_NUMBERS,
)
def attainable(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A percentage printed without its count must be that of some whole number of the group's patients (GRIM).

    References
    ----------
    Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369.
    """
    known = of_the_known(paper, found)
    for cell in found:
        percent, size = cell.number("pct"), known.get(cell, denominator(paper, cell))
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
        yield Discrepancy("warning", ids, cell.text, around, sentence, sums)
