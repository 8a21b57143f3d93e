"""Printed cells as the audit reads them: their numbers together, their group's size, their place in words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from haicbook.printed import Printed
from haicbook.study import Paper, as_printed
from haicbook.words import GRADES, abbreviation, label


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a table, or one claim of the text.

    Attributes
    ----------
    about
        What it is about: a row of `Paper.values`, of which the attributes other than the number are used.
    numbers
        Its numbers by statistic, unreadable ones included.
    ids
        Their value ids by statistic.
    """

    about: Any
    numbers: dict[str, Printed]
    ids: dict[str, str]

    @property
    def quantity(self) -> str:
        """The row or term: what is counted or estimated."""
        return str(self.about.term or self.about.row)

    @property
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


def cells(paper: Paper) -> list[Cell]:
    """All cells of a study, tables before text, in the paper's order."""
    values: dict[tuple[str, int, str], list[Any]] = defaultdict(list)
    for row in paper.values.itertuples(index=False):
        values[row.file, row.line, row.column].append(row)
    return [
        Cell(
            rows[0],
            {str(row.statistic): as_printed(row) for row in rows},
            {str(row.statistic): str(row.id) for row in rows},
        )
        for rows in values.values()
    ]


def grouped(found: Iterable[Cell], key: Callable[[Cell], Hashable]) -> dict[Hashable, list[Cell]]:
    """Cells by some attribute, in order."""
    groups: dict[Hashable, list[Cell]] = defaultdict(list)
    for cell in found:
        groups[key(cell)].append(cell)
    return dict(groups)


def variable(cell: Cell) -> tuple[str, ...]:
    """What the levels of one covariate, and the grades of one event, have in common: file, row, arm and population."""
    about = cell.about
    return about.file, about.row, about.arm, about.population


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
