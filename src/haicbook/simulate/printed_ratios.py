"""Hazard ratios as a planter sees them: the rows of Cox tables, and what stands behind a ratio, its limits and p."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from haicbook.printed import Printed
from haicbook.simulate.conventions import Z95, fixed
from haicbook.simulate.draft import Draft
from haicbook.simulate.planting import Desk, Span, by_convention, printed_of


@dataclass(frozen=True, eq=False)
class Row:
    """A printed ratio: its values, and what stands in its cell."""

    value: Any
    numbers: dict[str, Printed]

    @property
    def three(self) -> tuple[Printed, Printed, Printed]:
        """The ratio and its limits."""
        return self.numbers["hr"], self.numbers["ci_low"], self.numbers["ci_high"]

    @property
    def se(self) -> float:
        """Standard error of the logarithm, by the limits."""
        return math.log(self.numbers["ci_high"].value / self.numbers["ci_low"].value) / (2 * Z95)

    @property
    def ids(self) -> tuple[str, ...]:
        """Value ids of the ratio and its limits."""
        stem = self.value.id.rsplit("/", 1)[0]
        return tuple(f"{stem}/{name}" for name in ("hr", "ci_low", "ci_high"))


def rows(desk: Desk, **attributes: object) -> Iterator[Row]:
    """Ratios of the Cox tables in random order."""
    for value in desk.shuffled(desk.values(kind="cox", statistic="hr", **attributes)):
        yield Row(value, printed_of(desk.same_cell(value)))


def rewritten(desk: Desk, draft: Draft, row: Row, hr: float, low: float, high: float) -> Draft:
    """The draft with another ratio and interval in a row's cell, in the same decimals."""
    decimals = row.numbers["hr"].decimals
    text = f"{fixed(hr, decimals)} ({fixed(low, decimals)}–{fixed(high, decimals)})"
    return draft.changed(row.value.file, row.value.line, row.value.column, text)


def p_beside(desk: Desk, row: Row) -> Any | None:
    """The p-value of the row's model."""
    found = desk.values(kind="cox", file=row.value.file, line=row.value.line, model=row.value.model, statistic="p")
    return None if found.empty else found.iloc[0]


def log_span(span: Span) -> Span:
    """An interval's logarithm."""
    return math.log(max(span[0], 1e-9)), math.log(max(span[1], 1e-9))


def wald_z(*three: Printed) -> Span:
    """|z| behind a ratio and its limits, by rounding or cutting off all of them."""
    found = []
    for hr, low, high in (tuple(map(log_span, each)) for each in by_convention(*three)):
        widths = [(b - a) / (2 * Z95) for a in low for b in high]
        found += [abs(e) / max(w, 1e-9) for e in hr for w in (min(widths), max(widths))]
        if hr[0] < 0 < hr[1]:
            found.append(0.0)
    return min(found), max(found)


def z_of(p: Printed) -> Span:
    """|z| behind a printed p-value."""
    low, high = (0.0, p.value) if p.state == "below" else (max(p.value - p.unit / 2, 0.0), min(p.value + p.unit, 1.0))
    inverse = NormalDist().inv_cdf
    return -inverse(high / 2) if high > 0 else 8.0, -inverse(low / 2) if low > 0 else math.inf
