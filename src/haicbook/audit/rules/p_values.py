"""Tests of a row of counts and of two means, each as a p-value, and on which side of 0.05 a printed one is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import numpy as np

from haicbook.printed import Printed
from haicbook.stats.proportions import p_values

ALPHA = 0.05
Span = tuple[float, float]
Table = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=4096)
def p_of_tests(table: Table) -> dict[str, float]:
    """p of Pearson, Yates, Fisher (also mid-P), likelihood ratio and trend, and Mann-Whitney for ordered categories.

    Parameters
    ----------
    table
        Counts, one row for each category in the order printed, one column for each of two arms.

    Returns
    -------
    dict
        p by the test's name; a test that does not apply is left out.

    References
    ----------
    Mantel N. J Am Stat Assoc 1963;58:690-700 (linear trend, SPSS's linear-by-linear association).
    """
    found = p_values(table)
    counts = np.asarray(table)
    trend = linear_trend_p(counts)
    if not math.isnan(trend):
        found["linear trend"] = trend
    if len(table) == 2:
        found["mid-P Fisher"] = mid_p(table, found["Fisher"])
    else:
        ranks = mann_whitney_p(counts)
        if not math.isnan(ranks):
            found["Mann–Whitney"] = ranks
    return found


def mid_p(table: Table, fisher: float) -> float:
    """Fisher's exact p of two categories and two arms less half the chance of the printed table, as SAS has it.

    References
    ----------
    Lancaster HO. J Am Stat Assoc 1961;56:223-234.
    """
    from scipy.stats import hypergeom

    (a, b), (c, d) = table
    return fisher - float(hypergeom.pmf(a, a + b + c + d, a + b, a + c)) / 2


def linear_trend_p(counts: np.ndarray) -> float:
    """Mantel's linear-by-linear association with scores 1, 2, 3, … and N - 1; NaN without variation.

    With two categories it is Pearson's chi-square times (N - 1) / N.
    """
    return two_sided(_correlation(counts, np.arange(len(counts), dtype=float)))


def mann_whitney_p(counts: np.ndarray) -> float:
    """Mann-Whitney test of ordered categories: normal approximation, corrected for ties, not for continuity.

    References
    ----------
    Hollander M, Wolfe DA. Nonparametric Statistical Methods. 2nd ed. 1999, section 4.1.
    """
    totals = counts.sum(axis=1)
    return two_sided(_correlation(counts, np.cumsum(totals) - (totals - 1) / 2))


def _correlation(counts: np.ndarray, scores: np.ndarray) -> float:
    """Standard normal statistic of a difference in mean score between two columns, by permutation variance."""
    totals, n = counts.sum(axis=1), counts.sum()
    of_arm = counts.sum(axis=0)
    if counts.shape[1] != 2 or of_arm.min() == 0:
        return math.nan
    mean = float(totals @ scores) / n
    squares = float(totals @ (scores - mean) ** 2)
    if squares <= 0:
        return math.nan
    difference = float(counts[:, 0] @ (scores - mean))
    return difference / math.sqrt(of_arm[0] * of_arm[1] * squares / (n * (n - 1)))


def two_sided(z: float) -> float:
    """The two-sided p-value of a z."""
    return math.erfc(abs(z) / math.sqrt(2))


def least_expected(table: Table) -> float:
    """Smallest expected count: below 5, Fisher's or Yates' test is the usual choice."""
    counts = np.asarray(table, dtype=float)
    return float(np.outer(counts.sum(axis=1), counts.sum(axis=0)).min() / counts.sum())


# --- two means --------------------------------------------------------------------------------------------------------


Group = tuple[Printed, Printed, int]


def t_test(one: Group, other: Group, *, welch: bool) -> Span:
    """Least and largest two-sided p of a t-test, over the rounding of both means and standard deviations.

    Parameters
    ----------
    one, other
        Mean, standard deviation (as printed), and number of patients.
    welch
        Unequal variances, with Satterthwaite's degrees of freedom; else Student's pooled variance.
    """
    distance = _gap(one[0], other[0])
    found = []
    for sds in itertools.product(*((sd.low, sd.high) for _, sd, _ in (one, other))):
        variances = [max(sd, 1e-9) ** 2 for sd in sds]
        error, freedom = _standard_error(variances, (one[2], other[2]), welch=welch)
        found += [_t_p(gap / error, freedom) for gap in distance]
    return min(found), max(found)


def _gap(one: Printed, other: Printed) -> Span:
    apart = max(0.0, one.low - other.high, other.low - one.high)
    return apart, max(one.high - other.low, other.high - one.low)


def _standard_error(variances: list[float], sizes: tuple[int, int], *, welch: bool) -> tuple[float, float]:
    if welch:
        parts = [variance / size for variance, size in zip(variances, sizes, strict=True)]
        freedom = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
        return math.sqrt(sum(parts)), freedom
    freedom = sum(sizes) - 2
    within = sum((size - 1) * variance for size, variance in zip(sizes, variances, strict=True)) / freedom
    return math.sqrt(within * sum(1 / size for size in sizes)), freedom


def _t_p(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))


# --- significance -----------------------------------------------------------------------------------------------------


def comparable(p: Printed) -> bool:
    """Whether a p-value is a number that a probability can be, or a bound."""
    return p.state in ("exact", "below", "above") and 0 <= p.value <= 1


def flips(printed: Printed, recomputed: Iterable[float]) -> Literal["claimed", "hidden", ""]:
    """Whether a printed p-value lies on the other side of 0.05 than all recomputed ones, whatever the rounding.

    Returns
    -------
    str
        `claimed`: printed as significant, which it is not; `hidden`: printed as not significant, which it is.
    """
    values = list(recomputed)
    significant = (printed.value >= 0 and printed.high < ALPHA) or (printed.state == "below" and printed.high <= ALPHA)
    if significant and min(values) >= ALPHA:
        return "claimed"
    return "hidden" if printed.low >= ALPHA and max(values) < ALPHA else ""


def printed_p(printed: Printed) -> str:
    """`p = 0.043`, `p <0.001` or `p = 0.005, one-sided`."""
    figure = printed.figure.strip() + (", one-sided" if printed.sides == "one" else "")
    return f"p {figure}" if figure[:1] in "<>≤≥=" else f"p = {figure}"


def p_range(values: Iterable[float]) -> str:
    """`0.031`, or `0.028 to 0.035` where the figures allow several p-values."""
    texts = sorted({"<0.001" if p < 0.0005 else f"{p:.3f}" for p in values})
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"
