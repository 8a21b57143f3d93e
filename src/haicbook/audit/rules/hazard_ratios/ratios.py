"""Hazard ratios as printed: estimate, interval and p-value together, what each says of the others, and repairs.

All arithmetic is that of intervals: a printed 0.56 is every number from 0.555 to 0.565 (up to 0.57 where authors cut
off), and a rule speaks only when no number behind the printed figures would do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

from haicbook.audit.cells import Cell, by
from haicbook.audit.edits import EditKind, digits
from haicbook.audit.rules.p_values import Span, comparable, flips, two_sided
from haicbook.printed import Printed, parse_number

# half the width of an interval in standard errors, at the usual level
Z95 = NormalDist().inv_cdf(0.975)
# a z beyond this has a p below any printed digit
_LARGEST_Z = 8.0
TREATMENT = "treatment"
_of_model = by("endpoint", "criterion", "population", "quantity", "model")


@dataclass(frozen=True, eq=False)
class PrintedRatio:
    """One printed hazard ratio, in however many places.

    Attributes
    ----------
    cells
        Where it stands; the first one names it.
    hr, low, high
        The figures as printed; a limit may be unreadable or not reached.
    p_cells
        The p-values printed for it.
    filled
        Digits that are zeros in all three figures: `0.560 (0.330-0.950)` is rounded to two.
    """

    cells: tuple[Cell, ...]
    hr: Printed
    low: Printed
    high: Printed
    p_cells: tuple[Cell, ...] = ()
    filled: int = 0

    @property
    def cell(self) -> Cell:
        """The place that names it."""
        return self.cells[0]

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Endpoint, criterion, population, covariate and model."""
        key: tuple[str, str, str, str, str] = _of_model(self.cell)
        return key

    @property
    def of_treatment(self) -> bool:
        """Whether it compares two arms."""
        return self.cell.quantity == TREATMENT and bool(self.cell.about.arm and self.cell.about.reference)

    @property
    def readable(self) -> bool:
        """Whether all three figures are positive numbers in ascending order."""
        figures = (self.low, self.hr, self.high)
        return all(figure.state == "exact" and figure.value > 0 for figure in figures) and (
            self.low.value <= self.hr.value <= self.high.value and self.low.value < self.high.value
        )

    @property
    def text(self) -> str:
        """The three figures as printed."""
        return f"{self.hr.figure} ({self.low.figure}–{self.high.figure})"

    @property
    def ids(self) -> tuple[str, ...]:
        """Value ids of the estimate and its limits, in every place."""
        names = ("hr", "ci_low", "ci_high")
        return tuple(cell.ids[name] for cell in self.cells for name in names if name in cell.ids)

    @property
    def z(self) -> float:
        """Half the width of the interval in standard errors, by its level."""
        return z_of_level(self.low)

    @property
    def printed_se(self) -> float:
        """The standard error of the log ratio by the printed limits."""
        return math.log(self.high.value / self.low.value) / width(self.low)

    @property
    def se_words(self) -> str:
        """The standard error from the printed limits alone: `ln(0.950/0.330)/3.92 = 0.2697`; 3.92 is of 95 %."""
        return f"ln({self.high.figure}/{self.low.figure})/{width(self.low):g} = {self.printed_se:.4f}"

    @property
    def events_words(self) -> str:
        """How many events the limits stand for where groups are even: `4/SE² with SE = … is 55`."""
        return f"4/SE² with SE = {self.se_words} is {4 / self.printed_se**2:.0f}"

    @property
    def ps(self) -> tuple[Cell, ...]:
        """One cell for each different p-value that can be compared."""
        once: dict[str, Cell] = {}
        for cell in self.p_cells:
            if comparable(cell.numbers["p"]):
                once.setdefault(cell.numbers["p"].figure.strip().lstrip("=").strip(), cell)
        return tuple(once.values())

    def spans(self, *, cut: bool = True) -> tuple[Span, Span, Span]:
        """Estimate and limits as intervals, authors who cut off included unless `cut` is False."""
        hr, low, high = (span(figure, self.filled, cut=cut) for figure in (self.hr, self.low, self.high))
        return hr, low, high


@lru_cache(maxsize=64)
def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence / 100) / 2)


def z_of_level(limit: Printed) -> float:
    """Half the width of a limit's interval in standard errors: 1.96 at 95 %."""
    return _quantile(limit.confidence)


def width(limit: Printed) -> float:
    """The width in standard errors as one writes it down: 3.92 at 95 %."""
    return 2 * round(z_of_level(limit), 2)


def span(printed: Printed, filled: int = 0, *, cut: bool = True) -> Span:
    """Every number that is printed so, by rounding, and by cutting off if `cut`.

    `filled` digits at the end are zeros that were added.
    """
    unit = printed.unit * 10**filled
    return max(printed.value - unit / 2, 0.0), printed.value + (unit if cut else unit / 2)


def ratios(found: Iterable[Cell]) -> tuple[PrintedRatio, ...]:
    """The hazard ratios of a paper that have an interval; one that table and text both print is one."""
    return _ratios(tuple(found))


@lru_cache(maxsize=8)
def _ratios(found: tuple[Cell, ...]) -> tuple[PrintedRatio, ...]:
    p_values: dict[object, list[Cell]] = defaultdict(list)
    for cell in found:
        if "p" in cell.numbers:
            p_values[_place(cell)].append(cell)
    once: dict[object, PrintedRatio] = {}
    for cell in found:
        if "hr" not in cell.numbers or not {"ci_low", "ci_high"} <= set(cell.numbers):
            continue
        hr, low, high = (cell.numbers[name] for name in ("hr", "ci_low", "ci_high"))
        level = cell.about.level if cell.about.kind == "cox" else ""
        key = (*_of_model(cell), level, cell.about.arm, hr.figure, low.figure, high.figure)
        ps = tuple(p_values[_place(cell)])
        if key in once:
            known = once[key]
            once[key] = replace(known, cells=(*known.cells, cell), p_cells=(*known.p_cells, *ps))
        else:
            once[key] = PrintedRatio((cell,), hr, low, high, ps, _filled(hr, low, high))
    return tuple(once.values())


def _place(cell: Cell) -> tuple[object, ...]:
    """What a ratio and its p-value have in common: a table's line and model, or what a section says of a level."""
    row = cell.about
    if row.kind == "claim":
        return (row.file, row.section, *_of_model(cell), row.level, row.arm)
    return row.file, row.line, row.model, row.endpoint


def _filled(*figures: Printed) -> int:
    """How many zeros all figures end in, behind at least one digit of their own."""
    if len({figure.decimals for figure in figures}) != 1:
        return 0
    decimals = figures[0].decimals
    zeros = [len(f) - len(f.rstrip("0")) for f in (figure.figure.strip() for figure in figures)]
    return max(0, min(*zeros, decimals - 1)) if decimals > 2 else 0


# --- arithmetic -------------------------------------------------------------------------------------------------------


def se_span(ratio: PrintedRatio, *, cut: bool = True) -> Span:
    """The standard errors of the log hazard ratio that the interval allows: (ln high - ln low) / 3.92 at 95 %."""
    _, low, high = ratio.spans(cut=cut)
    return max(_log(high[0]) - _log(low[1]), 0.0) / (2 * ratio.z), (_log(high[1]) - _log(low[0])) / (2 * ratio.z)


def asymmetry(ratio: PrintedRatio) -> float:
    """Least distance on the log scale from the estimate to the middle of its limits; 0 where rounding explains it."""
    hr, low, high = ratio.spans()
    middle = (_log(low[0]) + _log(high[0])) / 2, (_log(low[1]) + _log(high[1])) / 2
    return max(0.0, _log(hr[0]) - middle[1], middle[0] - _log(hr[1]))


def z_span(ratio: PrintedRatio, *, cut: bool = True) -> Span:
    """The least and the largest Wald |z| that the three figures allow.

    With a = ln low and b = ln high, |z| = 1.96 |a + b| / (b - a): a quotient of linear functions, so that it is
    extreme at a corner of the polygon that rounding leaves: the box of the two limits, cut by the estimate, which lies
    in their middle. Where the estimate does not (see :func:`asymmetry`), z is that of the estimate and the width.
    """
    hr, low, high = ratio.spans(cut=cut)
    a, b, e = ((_log(x[0]), _log(x[1])) for x in (low, high, hr))
    corners = _polygon(a, b, (2 * e[0], 2 * e[1]))
    if not corners:
        least, most = se_span(ratio, cut=cut)
        z = [abs(x) / max(se, 1e-9) for x in e for se in (least, most)]
        return (0.0 if e[0] < 0 < e[1] else min(z)), max(z)
    z = [ratio.z * (x + y) / max(y - x, 1e-9) for x, y in corners]
    return (0.0 if min(z) < 0 < max(z) else min(map(abs, z))), max(map(abs, z))


def _polygon(a: Span, b: Span, total: Span) -> list[tuple[float, float]]:
    """Corners of the points (x, y) of the box a x b with x + y within `total`."""
    corners = [(x, y) for x in a for y in b if total[0] <= x + y <= total[1]]
    for s in total:
        corners += [(x, s - x) for x in a if b[0] <= s - x <= b[1]]
        corners += [(s - y, y) for y in b if a[0] <= s - y <= a[1]]
    return corners


def z_of_p(printed: Printed) -> Span:
    """The |z| that a printed p-value stands for, authors who cut off included."""
    if printed.state == "below":
        return _z(printed.high), math.inf
    if printed.state == "above":
        return 0.0, _z(printed.low)
    unit = 2 * printed.unit if printed.sides == "one" else printed.unit  # it was doubled
    low, high = printed.value - unit / 2, printed.value + unit
    return _z(high), math.inf if low <= 0 else _z(low)


def _z(p: float) -> float:
    if p >= 1:
        return 0.0
    return _LARGEST_Z if p <= two_sided(_LARGEST_Z) else NormalDist().inv_cdf(1 - p / 2)


def interval_flips(z: Span, printed: Printed) -> bool:
    """Whether an interval of z and a printed p-value lie on two sides of significance whatever the rounding."""
    return bool(flips(printed, map(two_sided, z)))


def distance(one: Span, other: Span) -> float:
    """How far two intervals lie apart; 0 where they overlap."""
    return max(0.0, one[0] - other[1], other[0] - one[1])


def p_words(z: Span) -> str:
    """The p-values of an interval of z: `0.0316` or `0.029 to 0.034`."""
    low, high = (format_p(two_sided(value)) for value in (z[1], z[0]))
    return low if low == high else f"{low} to {high}"


def format_p(p: float) -> str:
    """Three decimals, more where the first digits are zeros."""
    if p < 0.0001:
        return "<0.0001"
    return f"{p:.3f}" if p >= 0.01 else f"{p:.4f}"


def _log(value: float) -> float:
    return math.log(max(value, 1e-12))


def figures_of(ratio: PrintedRatio, **changed: str) -> PrintedRatio:
    """The ratio with some of its figures (`hr`, `low`, `high`) read differently."""
    read = {
        name: replace(parse_number(figure), confidence=getattr(ratio, name).confidence)
        for name, figure in changed.items()
    }
    # mypy takes any keyword for any field, `filled` too
    return replace(ratio, **read, filled=0)  # type: ignore[arg-type]


# --- repairs ----------------------------------------------------------------------------------------------------------

_WORDS = {"hr": "the ratio", "low": "the lower limit", "high": "the upper limit"}
# stray characters in an unreadable figure: at most so many in a row
_STRAY = 2


@dataclass(frozen=True)
class FigureRepair:
    """One figure read differently.

    Attributes
    ----------
    part
        `hr`, `low` or `high`.
    printed, repaired
        The figure's characters before and after.
    change
        What was changed.
    """

    part: str
    printed: str
    repaired: str
    change: EditKind

    @property
    def words(self) -> str:
        """`1.641 instead of 1.614 as the ratio (two digits transposed)`."""
        return f"{self.repaired} instead of {self.printed} as {_WORDS[self.part]} ({self.change})"


def repairs(ratio: PrintedRatio) -> list[FigureRepair]:
    """Every single edit of one figure after which the interval is symmetric and agrees with the printed p-values.

    Two digits that change places, one digit, and stray characters of an unreadable figure are tried.
    """
    found: dict[tuple[str, str], FigureRepair] = {}
    for part in _WORDS:
        figure = getattr(ratio, part)
        printed = figure.figure.strip()
        for repaired, change in digits(printed) if figure.state == "exact" else _stray(printed):
            if (part, repaired) not in found and _agrees(figures_of(ratio, **{part: repaired})):
                found[part, repaired] = FigureRepair(part, printed, repaired, change)
    return list(found.values())


def repair_words(ratio: PrintedRatio) -> str:
    """The repairs as a sentence: the one, or how many there are; empty where no single edit will do."""
    found = repairs(ratio)
    checked = "the interval is symmetric" + (" and the p-value reproduced" if ratio.p_cells else "")
    if not found:
        return ""
    if len(found) == 1:
        return f"With {found[0].words}, {checked}."
    first = "; or ".join(repair.words for repair in found[:3])
    return f"Any of {len(found)} single changes would do, such as {first}: {checked} then."


def _stray(figure: str) -> Iterator[tuple[str, EditKind]]:
    for length in range(1, _STRAY + 1):
        for start in range(len(figure) - length + 1):
            yield figure[:start] + figure[start + length :], EditKind.STRAY


def _agrees(ratio: PrintedRatio) -> bool:
    if not ratio.readable or asymmetry(ratio) > 0:
        return False
    z = z_span(ratio, cut=False)
    known = [cell.numbers["p"] for cell in ratio.p_cells if comparable(cell.numbers["p"])]
    return all(parse_number(p.figure).state == p.state and distance(z, z_of_p(p)) == 0 for p in known)
