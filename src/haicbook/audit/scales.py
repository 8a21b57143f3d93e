"""The scales on which intervals of a survival probability are made, and the standard errors behind them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from haicbook.audit.ratios import Z95, Span

_TINY = 1e-9


@dataclass(frozen=True)
class Scale:
    """A transformation g of a survival probability.

    Attributes
    ----------
    name
        As software calls it.
    of
        g(S).
    slope
        The size of dg/d(log S): a standard error of log S times it is one of g.
    """

    name: str
    of: Callable[[float], float]
    slope: Callable[[float], float]


SCALES = (
    Scale("plain", lambda s: s, lambda s: s),
    Scale("log", math.log, lambda s: 1.0),
    Scale("log-log", lambda s: math.log(-math.log(s)), lambda s: 1 / -math.log(s)),
    Scale("logit", lambda s: math.log(s / (1 - s)), lambda s: 1 / (1 - s)),
    Scale("arcsine", lambda s: math.asin(math.sqrt(s)), lambda s: math.sqrt(s / (1 - s)) / 2),
)


def inside(value: float) -> float:
    """A probability kept off 0 and 1, where the scales end."""
    return min(max(value, _TINY), 1 - _TINY)


def image(scale: Scale, span: Span) -> Span:
    """An interval on a scale, in ascending order."""
    ends = [scale.of(inside(end)) for end in span]
    return min(ends), max(ends)


def fits(scale: Scale, rate: Span, limits: tuple[Span, Span]) -> bool:
    """Whether the rate can be the middle of its limits on a scale."""
    centre = image(scale, rate)
    low, high = image(scale, limits[0]), image(scale, limits[1])
    return (low[0] + high[0]) / 2 <= centre[1] and centre[0] <= (low[1] + high[1]) / 2


def error_of_log(scale: Scale, rate: Span, limits: tuple[Span, Span]) -> Span:
    """Standard errors of log S that limits made on a scale allow."""
    low, high = image(scale, limits[0]), image(scale, limits[1])
    widths = [abs(a - b) / (2 * Z95) for a in low for b in high]
    slopes = [scale.slope(inside(end)) for end in rate]
    return min(widths) / max(slopes), max(widths) / min(slopes)


def least_error_of_log(survival: float, n: int) -> float:
    """Greenwood's standard error of log S is at least sqrt((1 - S) / (n S)), that without censoring.

    Of n patients at most n S are at risk where survival is S, so that each term d / (r (r - d)) of Greenwood's sum is
    at least (1/S after - 1/S before) / n; the terms add up to (1/S - 1) / n.
    """
    survival = inside(survival)
    return math.sqrt((1 - survival) / (n * survival))
