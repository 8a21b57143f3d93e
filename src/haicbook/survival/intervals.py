"""Printed figures as targets: the interval that a figure stands for, printed limits, and programs' conventions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

from haicbook.printed import Comma, Printed, overlap, parse_number

Rounding = Literal["round", "truncate"]
Rates = Literal["product_limit", "life_table", "life_table_6"]
Sides = Literal["two", "one"]
FollowUpMethod = Literal["unknown", "reverse_km", "observed"]

DAYS_IN_MONTH = 30.4375
# Recomputed numbers carry floating-point noise; this is far below any printed digit.
_NOISE = 1e-11


# A field that is not in the `repr` while it has its default: random numbers and kept answers go by the targets' `repr`,
# and those of targets that do not use the field stay as they are.
UNSAID = {"unsaid": True}


def said(instance: Any) -> str:
    """The `repr` of a dataclass without its unsaid fields."""
    shown = [
        f"{part.name}={getattr(instance, part.name)!r}"
        for part in fields(instance)
        if not part.metadata.get("unsaid") or getattr(instance, part.name) != part.default
    ]
    return f"{type(instance).__qualname__}({', '.join(shown)})"


class Fault(NamedTuple):
    """One thing that no data set can have: which target (keys, as in the YAML form), and the sentence about it."""

    target: tuple[str, ...]
    words: str


class TargetError(ValueError):
    """Targets that no data set can meet; the message names all of them.

    Attributes
    ----------
    problems
        One sentence for each.
    faults
        The same with the target that each is about; empty where none is known.
    """

    def __init__(self, problems: Sequence[str | Fault], heading: str = "") -> None:
        self.problems = tuple(problem.words if isinstance(problem, Fault) else problem for problem in problems)
        self.faults = tuple(problem for problem in problems if isinstance(problem, Fault))
        listing = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{heading}:{listing}" if heading else "; ".join(self.problems))


@dataclass(frozen=True)
class Interval:
    """The numbers that a printed figure stands for.

    Attributes
    ----------
    low, high
        Ends of the rounding interval, both included: months for times, a fraction for rates. Both infinite for a
        time that is not reached.
    printed
        The figure's characters.
    value_id
        Where it stands in `data/`; empty for figures written by hand.
    rounding
        How the figure was made: rounded, or its further digits cut off (`high` is then not included).
    """

    low: float
    high: float
    printed: str = ""
    value_id: str = ""
    rounding: Rounding = "round"

    @classmethod
    def read(
        cls, figure: str, *, percent: bool = False, value_id: str = "", scale: float = 1.0, comma: Comma = "thousands"
    ) -> Interval:
        """The rounding interval of a printed figure.

        Parameters
        ----------
        figure
            As printed, a string so that its decimals count: `28.8`, `<0.001`, `56.3%` (with `percent`).
        percent
            Divide by 100, so that the interval is one of fractions.
        value_id
            Kept for traceability.
        scale
            Months in one unit of the figure.
        comma
            What the comma of `1,234` is; that of a percentage is a decimal one.

        Raises
        ------
        TargetError
            When the figure has no value (not reached, or a misprint).
        """
        printed = parse_number(figure, comma="decimal" if percent else comma)
        if math.isnan(printed.value):
            raise TargetError([f"{figure!r} is no number ({printed.state.replace('_', ' ')})"])
        unit = 100 / scale if percent else 1 / scale
        low, high = printed.low / unit, printed.high / unit
        if percent and printed.state in ("below", "above"):
            low, high = max(low, 0.0), min(high, 1.0)
        return cls(low, high, figure, value_id)

    @classmethod
    def without_value(cls, figure: str, value_id: str) -> Interval:
        """What stands for a time that is not reached: infinity; for a misprint: NaN."""
        value = math.inf if parse_number(figure).state == "not_reached" else math.nan
        return cls(value, value, figure, value_id)

    @property
    def middle(self) -> float:
        """The number printed (the finite end, where only one is finite; infinity where it is not reached)."""
        if math.isinf(self.low):
            return self.high
        if math.isinf(self.high):
            return self.low
        return self.low if self.rounding == "truncate" else (self.low + self.high) / 2

    @property
    def reached(self) -> bool:
        """False for a time that is not reached."""
        return self.low != math.inf

    @property
    def bound(self) -> bool:
        """Whether it is printed as above or below a number, such as `>36`."""
        return self.reached and not (math.isfinite(self.low) and math.isfinite(self.high))

    def under(self, rounding: Rounding) -> Interval:
        """The figure read as rounded (half a unit to either side) or as cut off (up to one unit above)."""
        if rounding == self.rounding or not (math.isfinite(self.low) and math.isfinite(self.high)):
            return replace(self, rounding=rounding)
        shift = (self.high - self.low) / 2 * (1 if rounding == "truncate" else -1)
        return replace(self, low=self.low + shift, high=self.high + shift, rounding=rounding)

    def contains(self, value: float) -> bool:
        """Whether the value would be printed as this figure; a time that is not reached is infinity or NaN."""
        if self.low == math.inf:
            return math.isnan(value) or value == math.inf
        if math.isnan(value):
            return self.high == math.inf
        if self.rounding == "truncate" and self.high > self.low:
            return self.low - _NOISE <= value < self.high - _NOISE
        return overlap(Printed(self.printed, self.middle, self.low, self.high, 0), value, value)


def as_if_a_fraction(rate: str) -> str:
    """What a rate's figure would have to be, where it may be a fraction or a rate below one per cent; else empty."""
    printed = parse_number(rate, comma="decimal")
    if not 0 < printed.value < 1 or "%" in rate:
        return ""
    figure = rate.strip()
    return f"a rate in per cent, such as {100 * printed.value:g} ({figure}% where it is indeed below one per cent)"


@lru_cache(maxsize=64)
def z_of_level(level: float) -> float:
    """The standard normal's two-sided quantile of a level in per cent."""
    return NormalDist().inv_cdf((1 + level / 100) / 2)


@dataclass(frozen=True)
class Limits:
    """A printed confidence interval. Unpacks as `low, high = limits`, numbers; infinite where not reached.

    Attributes
    ----------
    lower, upper
        The limits as intervals; see :meth:`Interval.without_value` for those that are not reached.
    level
        Of confidence, in per cent.
    """

    lower: Interval
    upper: Interval
    level: float = field(default=95.0, metadata=UNSAID)

    __repr__ = said

    @classmethod
    def read(cls, low: str, high: str, *, percent: bool = False, scale: float = 1.0, level: float = 95.0) -> Limits:
        """Limits from their printed figures; `NR`, `NA` or `not reached` is not reached."""
        ends = [
            Interval.read(figure, percent=percent, scale=scale)
            if parse_number(figure).state not in ("not_reached", "unreadable")
            else Interval.without_value(figure, "")
            for figure in (low, high)
        ]
        return cls(ends[0], ends[1], level)

    @property
    def z(self) -> float:
        """How many standard errors each limit is from the estimate, 1.96 at 95 %."""
        return z_of_level(self.level)

    @property
    def clipped(self) -> bool:
        """Whether the lower limit is printed as 0, as SPSS does for a negative one."""
        return self.lower.contains(0.0)

    @property
    def printed(self) -> str:
        """Both limits' characters, as `19.3–not reached`."""
        return f"{self.lower.printed}–{self.upper.printed}"

    def under(self, rounding: Rounding) -> Limits:
        """Both limits under a reading; see :meth:`Interval.under`."""
        return replace(self, lower=self.lower.under(rounding), upper=self.upper.under(rounding))

    def __iter__(self) -> Iterator[float]:
        return iter((self.lower.middle, self.upper.middle))


@dataclass(frozen=True)
class Conventions:
    """By which conventions the printed numbers were made; `auto` where the paper does not say.

    Attributes
    ----------
    interval
        Confidence intervals of medians and rates: `plain`, `log` (R) or `log-log` (lifelines, SAS) after Brookmeyer
        and Crowley (1982); `normal`: estimate ± 1.96 SE (SPSS, which prints a negative limit of a median as 0), for
        rates the same as `plain`.
    ties
        Of the hazard ratio: `efron` (R), `breslow` (SPSS, SAS) or `exact`.
    time_grid
        On which times were recorded: `days`, `half_months`, `months` or `continuous`.
    rounding
        `round` or `truncate`.
    rates
        By `product_limit` (Kaplan and Meier) or an actuarial table: `life_table` of monthly intervals, `life_table_6`
        of six months each.

    Raises
    ------
    TargetError
        For any other word.
    """

    interval: Literal["auto", "plain", "log", "log-log", "normal"] = "auto"
    ties: Literal["auto", "efron", "breslow", "exact"] = "auto"
    time_grid: Literal["auto", "days", "half_months", "months", "continuous"] = "auto"
    rounding: Literal["auto", "round", "truncate"] = "auto"
    rates: Literal["auto", "product_limit", "life_table", "life_table_6"] = "auto"

    def __post_init__(self) -> None:
        faults = [
            Fault(("conventions", name), f"conventions.{name} is {word!r}; it must be one of {', '.join(allowed)}")
            for name, allowed in self.allowed().items()
            if (word := getattr(self, name)) not in allowed
        ]
        if faults:
            raise TargetError(faults)

    @classmethod
    def allowed(cls) -> dict[str, tuple[str, ...]]:
        """For each convention, the words that it can be."""
        return {name: get_args(kind) for name, kind in get_type_hints(cls).items()}
