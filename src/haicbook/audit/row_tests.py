"""Tests of a table row of counts, each as a p-value, computed once for each table."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from haicbook.stats.proportions import p_values

Table = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=4096)
def p_of_tests(table: Table) -> dict[str, float]:
    """p of Pearson, Yates, Fisher, likelihood ratio and linear trend, and of Mann-Whitney for ordered categories.

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
    if len(table) > 2:
        ranks = mann_whitney_p(counts)
        if not math.isnan(ranks):
            found["Mann–Whitney"] = ranks
    return found


def linear_trend_p(counts: np.ndarray) -> float:
    """Mantel's linear-by-linear association with scores 1, 2, 3, … and N - 1; NaN without variation.

    With two categories it is Pearson's chi-square times (N - 1) / N.
    """
    return _two_sided(_correlation(counts, np.arange(len(counts), dtype=float)))


def mann_whitney_p(counts: np.ndarray) -> float:
    """Mann-Whitney test of ordered categories: normal approximation, corrected for ties, not for continuity.

    References
    ----------
    Hollander M, Wolfe DA. Nonparametric Statistical Methods. 2nd ed. 1999, section 4.1.
    """
    totals = counts.sum(axis=1)
    return _two_sided(_correlation(counts, np.cumsum(totals) - (totals - 1) / 2))


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


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def least_expected(table: Table) -> float:
    """Smallest expected count: below 5, Fisher's or Yates' test is the usual choice."""
    counts = np.asarray(table, dtype=float)
    return float(np.outer(counts.sum(axis=1), counts.sum(axis=0)).min() / counts.sum())
