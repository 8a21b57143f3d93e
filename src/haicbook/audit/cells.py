"""Printed cells as the audit reads them: their numbers together, their group's size, their place in words."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from haicbook.printed import Printed, agreement
from haicbook.study import Paper, as_printed
from haicbook.words import GRADES, abbreviation, label

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a table, or one claim of the text.

    Attributes
    ----------
    about
        What it is about: a row of `Paper.values`, of which the attributes other than the number are used.
    numbers
        Its numbers by statistic, unreadable ones included; none for a statement in words.
    ids
        Their value ids by statistic.
    """

    about: Any
    numbers: dict[str, Printed]
    ids: dict[str, str]

    @cached_property
    def quantity(self) -> str:
        """The row or term, which is what is counted or estimated."""
        return str(self.about.term or self.about.row)

    @cached_property
    def of_endpoint(self) -> bool:
        """Whether it is a figure of an endpoint as such (its median, a rate), not of a covariate or a count."""
        return bool(self.about.endpoint) and not self.about.term and self.about.kind != "cox"

    @property
    def text(self) -> str:
        """The cell as printed."""
        return str(self.about.cell)

    def number(self, statistic: str) -> Printed | None:
        """One of its numbers, when it can be read as such."""
        printed = self.numbers.get(statistic)
        return printed if printed is not None and printed.state == "exact" else None

    def count(self) -> int | None:
        """Its number of patients, where printed."""
        printed = self.number("n")
        return None if printed is None else int(printed.value)

    @property
    def n(self) -> int:
        """Its number of patients; 0 where none is printed."""
        return self.count() or 0


def cells(paper: Paper) -> list[Cell]:
    """All cells of a study, tables before text, in the paper's order."""
    values: dict[tuple[str, int, str], list[Any]] = defaultdict(list)
    for row in paper.values.itertuples(index=False):
        values[row.file, row.line, row.column].append(row)
    return [
        Cell(
            rows[0],
            {str(row.statistic): _two_sided(as_printed(row)) for row in rows if row.state != "words"},
            {str(row.statistic): str(row.id) for row in rows},
        )
        for rows in values.values()
    ]


def _two_sided(printed: Printed) -> Printed:
    """A one-sided p-value with the numbers of the two-sided one that it stands for; anything else as it is."""
    if printed.sides == "two" or not 0 <= printed.value <= 0.5:
        return printed
    return replace(printed, value=2 * printed.value, low=2 * printed.low, high=2 * printed.high)


def grouped(found: Iterable[Cell], key: Callable[[Cell], Key]) -> dict[Key, list[Cell]]:
    """Cells by some attribute, in order."""
    groups: dict[Key, list[Cell]] = defaultdict(list)
    for cell in found:
        groups[key(cell)].append(cell)
    return dict(groups)


def by(*names: str) -> Callable[[Cell], Any]:
    """What cells have in common: `quantity`, and attributes of what they are about."""
    return attrgetter(*(name if name == "quantity" else f"about.{name}" for name in names))


def all_counts(cells: Iterable[Cell]) -> list[int] | None:
    """The counts of cells; None unless all of them are printed."""
    counts = [cell.count() for cell in cells]
    known = [count for count in counts if count is not None]
    return known if len(known) == len(counts) else None


def added(counts: Iterable[int]) -> str:
    """`9 + 3 = 12`."""
    parts = list(counts)
    return f"{' + '.join(map(str, parts))} = {sum(parts)}"


# what the levels of one covariate, and the grades of one event, have in common
variable = by("file", "row", "arm", "population")


def group_size(paper: Paper, cell: Cell) -> int | None:
    """Patients in the cell's arm and population (all arms where it names none); None where it names no population."""
    population = paper.spec.populations.get(cell.about.population)
    if population is None:
        return None
    return population.n.get(cell.about.arm) if cell.about.arm else sum(population.n.values())


def denominator(paper: Paper, cell: Cell) -> int | None:
    """The printed denominator, else the group's size."""
    printed = cell.number("denominator")
    return int(printed.value) if printed is not None else group_size(paper, cell)


def possible_counts(percent: Printed, size: int) -> list[int]:
    """Every number of patients that is printed as this percentage of `size`, by rounding or cutting off."""
    middle = percent.value * size / 100
    slack = math.ceil(percent.unit * size / 100) + 1
    near = range(max(0, math.floor(middle) - slack), min(size, math.ceil(middle) + slack) + 1)
    return [count for count in near if agreement(percent, 100 * count / size) != "differs"]


def counts_of(paper: Paper, cell: Cell) -> list[int]:
    """Every number of patients that a cell may stand for: its count, or all that its percentage allows."""
    count, percent, size = cell.count(), cell.number("pct"), denominator(paper, cell)
    if count is not None:
        return [count]
    return possible_counts(percent, size) if percent is not None and size else []


_MISSING = re.compile(
    r"(?:un(?:known|available|determined|specified|recorded)|missing"
    r"|not[ _](?:known|available|reported|recorded|assessed|determined|tested|done|stated)|n/?a|no[ _]data)"
    r"(?:[ _](?:data|values?))?",
    re.IGNORECASE,
)


def is_missing(cell: Cell) -> bool:
    """Whether it counts the patients of whom a row's level is not known."""
    label = str(cell.about.label).strip(" .,:*") if cell.about.kind != "claim" else ""
    return bool(_MISSING.fullmatch(cell.about.level) or _MISSING.fullmatch(label))


def what(cell: Cell) -> str:
    """What the cell counts or estimates: `Etiology, HBV`, `Fever, grade 3–4`, `OS, at 12 months`."""
    about = cell.about
    level = about.label if about.kind != "claim" and about.label else about.level.replace("_", " ")
    parts = [
        abbreviation(about.endpoint) if about.endpoint else "",
        "" if cell.of_endpoint else label(cell.quantity),
        level if about.level else "",
        GRADES.get(about.grade, about.grade),
        "" if math.isnan(about.time) else f"at {about.time:g} months",
        about.model,
        label(about.criterion) if about.criterion else "",
    ]
    return ", ".join(part for part in parts if part)


def unit_words(cell: Cell) -> str:
    """The cell's unit as a reader expects it: `g/m²`."""
    return str(cell.about.unit).replace("m2", "m²")


def whose(paper: Paper, cell: Cell) -> str:
    """Arm and population as far as the study has several: ` (SE, after matching)`."""
    spec, about = paper.spec, cell.about
    shorts = [spec.arms[arm].short for arm in (about.arm, about.reference) if arm and len(spec.arms) > 1]
    several = len(spec.populations) > 1 and about.population in spec.populations
    population = spec.populations[about.population].label.lower() if several else ""
    parts = ", ".join(part for part in (" against ".join(shorts), population) if part)
    return f" ({parts})" if parts else ""


def place(paper: Paper, cell: Cell) -> str:
    """Where the cell stands and what it is about: `Table 3, Fever, grade 3–4 (SE, after matching)`."""
    return f"{cell.about.source}, {what(cell)}{whose(paper, cell)}"
