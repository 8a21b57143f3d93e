"""Proportions as papers print them: intervals, differences between arms, and the tests of a table row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Table = Sequence[Sequence[int]] | np.ndarray

# R's fisher.test counts a table as no likelier than the observed one up to this relative error; so do we.
_FISHER_TIE = 1e-7
# The two halves of the enumeration behind an exact test may have this many tables each (about 50 MB).
_FISHER_HALF = 2_000_000


@dataclass(frozen=True)
class Proportion:
    """`count` patients of `n`.

    Raises
    ------
    ValueError
        When there is no patient, or the count is below 0 or above n.
    """

    count: int
    n: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.count <= self.n:
            raise ValueError(
                f"found {self.count} of {self.n}; a count must lie between 0 and its n, and n be at least 1"
            )

    @property
    def value(self) -> float:
        """count / n, from 0 to 1."""
        return self.count / self.n


@dataclass(frozen=True)
class Difference:
    """A difference of two proportions, first minus second, with its limits; all from -1 to 1."""

    estimate: float
    low: float
    high: float
    confidence: float


def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile: 1.96 for 0.95.

    Raises
    ------
    ValueError
        When the confidence level is not between 0 and 1.
    """
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ValueError(f"found confidence {confidence}; allowed is a number between 0 and 1, such as 0.95")
    return float(ndtri((1 + confidence) / 2))


# --- one proportion ---------------------------------------------------------------------------------------------------


def exact_interval(p: Proportion, confidence: float) -> tuple[float, float]:
    """Clopper-Pearson limits of a proportion, from 0 to 1, by statsmodels.

    Parameters
    ----------
    p
        Count out of group size.
    confidence
        Level in (0, 1).

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
    """
    return _limits(p, confidence, "beta")


def wilson_interval(p: Proportion, confidence: float) -> tuple[float, float]:
    """Wilson score limits of a proportion without continuity correction, from 0 to 1, by statsmodels.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-212.
    """
    return _limits(p, confidence, "wilson")


@lru_cache(maxsize=4096)
def _limits(p: Proportion, confidence: float, method: str) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    normal_quantile(confidence)
    low, high = proportion_confint(p.count, p.n, alpha=1 - confidence, method=method)
    # at 0 and at n one limit is exact; the formulas leave rounding noise there
    return 0.0 if p.count == 0 else float(low), 1.0 if p.count == p.n else float(high)


def wald_interval(p: Proportion, confidence: float) -> tuple[float, float]:
    """Normal-approximation limits, estimate ± z standard errors, not cut off at 0 and 1.

    Here to recognise printed intervals; with few patients it covers too rarely.

    References
    ----------
    Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-133.
    """
    half = normal_quantile(confidence) * math.sqrt(p.value * (1 - p.value) / p.n)
    return p.value - half, p.value + half


# --- two proportions --------------------------------------------------------------------------------------------------


def risk_difference(treated: Proportion, control: Proportion, confidence: float) -> Difference:
    """Difference of two independent proportions with Newcombe's hybrid score limits (his method 10), by statsmodels.

    Parameters
    ----------
    treated, control
        Counts out of group sizes.
    confidence
        Level in (0, 1).

    Returns
    -------
    Difference
        treated minus control, as proportions.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:873-890.
    """
    low, high = _newcombe(treated, control, confidence)
    return Difference(treated.value - control.value, low, high, confidence)


@lru_cache(maxsize=4096)
def _newcombe(treated: Proportion, control: Proportion, confidence: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import confint_proportions_2indep

    normal_quantile(confidence)
    counts = treated.count, treated.n, control.count, control.n
    low, high = confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=1 - confidence)
    return float(low), float(high)


# --- tests of a table row ---------------------------------------------------------------------------------------------


def pearson_p(table: Table) -> float:
    """Pearson's chi-square test without continuity correction.

    Parameters
    ----------
    table
        Counts, one row for each category and one column for each arm; categories without patients are left out.

    Returns
    -------
    float
        Two-sided p; NaN when fewer than two categories or arms have patients.

    Raises
    ------
    ValueError
        When the table is not a rectangle of whole numbers from 0 up, at least 2 x 2.
    """
    return _chi_square_p(table, correction=False)


def yates_p(table: Table) -> float:
    """Chi-square test with Yates' continuity correction; NaN unless two categories in two arms have patients.

    Parameters and errors are those of :func:`pearson_p`.

    References
    ----------
    Yates F. J R Stat Soc Suppl 1934;1:217-235.
    """
    counts = _with_patients(table)
    return _chi_square_p(table, correction=True) if counts.shape == (2, 2) else math.nan


def likelihood_ratio_p(table: Table) -> float:
    """Likelihood ratio (G) test without correction; parameters, NaN and errors are those of :func:`pearson_p`."""
    return _chi_square_p(table, correction=False, statistic="log-likelihood")


def _chi_square_p(table: Table, *, correction: bool, statistic: str = "pearson") -> float:
    from scipy.stats import chi2_contingency

    counts = _with_patients(table)
    if min(counts.shape) < 2:
        return math.nan
    return float(chi2_contingency(counts, correction=correction, lambda_=statistic).pvalue)


def fisher_p(table: Table) -> float:
    """Fisher's exact test, two-sided; with more than two categories its extension by Freeman and Halton.

    The p-value is the share of all tables with the same margins that are no likelier than the printed one. All of them
    are counted, in two halves that meet: each half of the categories is enumerated on its own, and the halves are
    joined through sorted cumulative sums.

    Parameters
    ----------
    table
        Counts, one row for each category, two columns for the arms.

    Returns
    -------
    float
        p; 1 when only one category has patients, as in R and SPSS. NaN for other than two arms, and when there are too
        many tables to count (about 10^12).

    Raises
    ------
    ValueError
        When the table is not a rectangle of whole numbers from 0 up, at least 2 x 2.

    References
    ----------
    Freeman GH, Halton JH. Biometrika 1951;38:141-149.
    """
    counts = _checked(table)
    totals, first = counts.sum(axis=1), int(counts[:, 0].sum())
    # the largest categories dealt out in turn, so that neither half is much larger than the other
    by_size = np.sort(totals)[::-1]
    halves = by_size[0::2], by_size[1::2]
    if counts.shape[1] != 2 or any(math.prod(int(total) + 1 for total in half) > _FISHER_HALF for half in halves):
        return math.nan
    logs = {int(total): _log_binomials(int(total)) for total in {*totals, counts.sum()}}
    everything = logs[int(counts.sum())][first]
    observed = sum(float(logs[total][count]) for total, count in zip(totals, counts[:, 0], strict=True))
    one, other = (_half_tables(half, logs) for half in halves)
    shares = (
        _no_likelier(left, other[first - taken], observed + math.log1p(_FISHER_TIE), everything)
        for taken, left in one.items()
        if first - taken in other
    )
    return min(1.0, sum(shares))


def _log_binomials(total: int) -> np.ndarray:
    from scipy.special import gammaln

    k = np.arange(total + 1)
    return np.asarray(gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1))


def _half_tables(totals: np.ndarray, logs: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Log weights of every way to fill the first column over some categories, by the sum of that column; sorted."""
    sums, weights = np.zeros(1, dtype=int), np.zeros(1)
    for total in totals:
        sums = np.add.outer(sums, np.arange(total + 1)).ravel()
        weights = np.add.outer(weights, logs[int(total)]).ravel()
    return {int(value): np.sort(weights[sums == value]) for value in np.unique(sums)}


def _no_likelier(left: np.ndarray, right: np.ndarray, limit: float, everything: float) -> float:
    """Share of all tables' weight in pairs of half tables whose log weights sum to at most `limit`."""
    largest = right[-1]
    below = np.concatenate([[0.0], np.cumsum(np.exp(right - largest))])
    return float(np.exp(left + largest - everything) @ below[np.searchsorted(right, limit - left, side="right")])


def _with_patients(table: Table) -> np.ndarray:
    counts = _checked(table)
    return counts[np.ix_(counts.sum(axis=1) > 0, counts.sum(axis=0) > 0)]


def _checked(table: Table) -> np.ndarray:
    counts: np.ndarray = np.asarray(table)
    if counts.ndim != 2 or min(counts.shape) < 2:
        raise ValueError(f"found a table of shape {counts.shape}; expected at least two categories and two arms")
    whole: np.ndarray = counts.astype(int)
    if (whole != counts).any() or (whole < 0).any():
        raise ValueError(f"found {counts.tolist()}; a table holds whole numbers from 0 up")
    return whole


METHODS: dict[str, Callable[[Table], float]] = {
    "Pearson": pearson_p,
    "Yates": yates_p,
    "Fisher": fisher_p,
    "likelihood ratio": likelihood_ratio_p,
}


def p_values(table: Table) -> dict[str, float]:
    """p of every test that applies to the table, by the test's name; a test that does not apply is left out."""
    found = {name: method(table) for name, method in METHODS.items()}
    return {name: p for name, p in found.items() if not math.isnan(p)}
