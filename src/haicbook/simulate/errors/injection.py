"""Errors injected on purpose: one figure or a few changed in a draft, with whether any convention could excuse it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from haicbook.printed import Printed
from haicbook.simulate.draft import Draft
from haicbook.study import Paper, as_printed

Span = tuple[float, float]
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, eq=False)
class Injected:
    """A draft with an error.

    Attributes
    ----------
    draft
        With the error in it.
    value_ids
        The values that were changed.
    detectable
        Whether the printed figures lie outside what every permitted convention allows; judged here, before the audit
        sees it, and by other code than the audit's.
    words
        What was changed, `41 → 14`.
    """

    draft: Draft
    value_ids: tuple[str, ...]
    detectable: bool
    words: str


@dataclass(frozen=True, eq=False)
class Desk:
    """What an injector works on: the draft, the paper that it is read as, and a source of randomness."""

    draft: Draft
    paper: Paper
    rng: np.random.Generator

    def values(self, **attributes: object) -> pd.DataFrame:
        """Values whose attributes are those given."""
        return self.paper.select(**attributes)

    def shuffled(self, frame: pd.DataFrame) -> Iterator[Any]:
        """Rows of a frame in random order."""
        for place in self.rng.permutation(len(frame)):
            yield frame.iloc[int(place)]

    def size(self, value: Any) -> int:
        """Patients of a value's group: its arm's, or all."""
        n = self.paper.spec.populations[value.population].n
        return n[value.arm] if value.arm else sum(n.values())

    def n_pct(self, draft: Draft, value: Any, count: int) -> Draft:
        """The draft with another count in a cell, and the percentage that belongs to it."""
        decimals = next((int(row.decimals) for row in self.same_cell(value) if row.statistic == "pct"), 1)
        return draft.reprinted(value, f"{count} ({100 * count / self.size(value):.{decimals}f}%)")

    def misprint(self, value: Any, which: int = 0) -> str:
        """A value's cell with its first, second, … figure misprinted."""
        return with_figure(value.cell, which, misprinted(figures(value.cell)[which], self.rng))

    def everywhere(self, values: pd.DataFrame, text: str) -> tuple[Draft, list[str]]:
        """The draft with one text in all the cells of some values, and their ids."""
        draft = self.draft
        for value in values.itertuples():
            draft = draft.reprinted(value, text)
        return draft, list(values.id)

    def same_cell(self, value: Any) -> list[Any]:
        """All values of a value's cell."""
        values = self.paper.values
        same = values[(values.file == value.file) & (values.line == value.line) & (values.column == value.column)]
        return list(same.itertuples(index=False))


Injector = Callable[[Desk], Injected | None]
INJECTORS: dict[str, Injector] = {}


def injects(rule: str) -> Callable[[Injector], Injector]:
    """Register a function that injects the error that a rule should find; None where a draft has no place for it."""

    def register(function: Injector) -> Injector:
        INJECTORS[rule] = function
        return function

    return register


# --- misprints --------------------------------------------------------------------------------------------------------


def misprinted(figure: str, rng: np.random.Generator) -> str:
    """A figure with one digit changed or two neighbours swapped, as fingers do; never the same figure."""
    digits = [place for place, character in enumerate(figure) if character.isdigit()]
    characters = list(figure)
    pairs = [(a, b) for a, b in itertools.pairwise(digits) if figure[a] != figure[b]]
    if pairs and rng.random() < 0.4:
        a, b = pairs[int(rng.integers(len(pairs)))]
        characters[a], characters[b] = characters[b], characters[a]
        return "".join(characters)
    place = digits[int(rng.integers(len(digits)))]
    others = [digit for digit in "0123456789" if digit != figure[place]]
    # a figure of several digits does not begin with 0
    if place == digits[0] and len(digits) > 1 and figure[place + 1 : place + 2].isdigit():
        others = [digit for digit in others if digit != "0"]
    characters[place] = others[int(rng.integers(len(others)))]
    return "".join(characters)


def with_figure(cell: str, which: int, figure: str) -> str:
    """A cell with another figure in the place of its first, second, … one."""
    found = list(_FIGURE.finditer(cell))[which]
    return cell[: found.start()] + figure + cell[found.end() :]


def figures(cell: str) -> list[str]:
    """The figures of a cell, in order."""
    return [found.group() for found in _FIGURE.finditer(cell)]


def limit_id(value: Any, which: int) -> str:
    """The id of the lower (1) or upper (2) limit of a value."""
    return f"{value.id.rsplit('/', 1)[0]}/{('ci_low', 'ci_high')[which - 1]}"


# --- conventions ------------------------------------------------------------------------------------------------------


def spans(printed: Printed) -> tuple[Span, Span]:
    """Every number printed so, if papers round and if they cut off."""
    half = printed.unit / 2
    return (printed.value - half, printed.value + half), (printed.value, printed.value + printed.unit)


def by_convention(*printed: Printed) -> Iterator[tuple[Span, ...]]:
    """The intervals behind several figures, all rounded, then all cut off."""
    each = [spans(one) for one in printed]
    for convention in range(2):
        yield tuple(one[convention] for one in each)


def apart(one: Span, other: Span) -> bool:
    """Whether two intervals share no number."""
    return one[1] < other[0] - 1e-12 or other[1] < one[0] - 1e-12


def printed_of(rows: Iterable[Any]) -> dict[str, Printed]:
    """The numbers of a cell by statistic."""
    return {row.statistic: as_printed(row) for row in rows}
