"""Standardised differences: the formulas, their many definitions by name, and which of them gives a printed figure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from haicbook.matching.balance.summaries import (
    Levels,
    Moments,
    Quartiles,
    Summary,
    luo_mean,
    mean_and_sd_from_quartiles,
)
from haicbook.printed import Printed, overlap, parse_number
from haicbook.stats.proportions import normal_quantile


def binary_smd(treated: float, control: float) -> float:
    """Standardised difference of a binary covariate.

    Parameters
    ----------
    treated, control
        Shares, from 0 to 1.

    Returns
    -------
    float
        (p1 - p0) / sqrt((p1 q1 + p0 q0) / 2), dimensionless; 0 when both are 0 or both are 1, infinite when only
        one of them is.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return standardised(treated - control, pooled_sd(treated * (1 - treated), control * (1 - control)))


def mean_smd(treated: tuple[float, float], control: tuple[float, float]) -> float:
    """Standardised difference of means, (mean1 - mean0) / sqrt((s1² + s0²) / 2), dimensionless.

    Parameters
    ----------
    treated, control
        Mean and SD, in the covariate's unit.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return standardised(treated[0] - control[0], pooled_sd(treated[1] ** 2, control[1] ** 2))


def pooled_sd(treated: float, control: float) -> float:
    """Root of the mean of two variances, whatever the sizes of the arms."""
    return math.sqrt((treated + control) / 2)


def standardised(difference: float, spread: float) -> float:
    """A difference in units of a spread; without any spread 0 for no difference and infinite for one."""
    if spread > 0:
        return difference / spread
    return difference if difference == 0 or math.isnan(difference) else math.copysign(math.inf, difference)


def categorical_smd(treated: np.ndarray, control: np.ndarray) -> float:
    """Standardised difference of a covariate with several levels: the Mahalanobis distance of the two sets of shares.

    Parameters
    ----------
    treated, control
        Share of each level, shape (levels,), each summing to 1. Levels that neither arm has are left out. With two
        levels it is the size of :func:`binary_smd`.

    Returns
    -------
    float
        Dimensionless, 0 or above; infinite when the arms share no level.

    References
    ----------
    Yang D, Dalton JE. SAS Global Forum 2012; paper 335.
    """
    present = (treated > 0) | (control > 0)
    treated, control = treated[present], control[present]
    if np.isnan(treated).any() or np.isnan(control).any():
        return math.nan
    if not (treated * control).any():
        return math.inf
    # one level follows from the others
    difference = (treated - control)[1:]
    covariance = (_multinomial(treated[1:]) + _multinomial(control[1:])) / 2
    return math.sqrt(max(0.0, float(difference @ np.linalg.solve(covariance, difference)))) if len(difference) else 0.0


def _multinomial(shares: np.ndarray) -> np.ndarray:
    covariance: np.ndarray = np.diag(shares) - np.outer(shares, shares)
    return covariance


def smd_interval(smd: float, treated_n: int, control_n: int, confidence: float) -> tuple[float, float]:
    """Large-sample confidence limits of a standardised difference.

    The variance is (n1 + n0) / (n1 n0) + d² / (2 (n1 + n0)), for two independent samples. Pairs that were matched are
    alike, and the limits then rather too wide.

    References
    ----------
    Hedges LV, Olkin I. Statistical Methods for Meta-Analysis. Academic Press 1985; used so by Austin 2009.
    """
    total = treated_n + control_n
    half = normal_quantile(confidence) * math.sqrt(total / (treated_n * control_n) + smd**2 / (2 * total))
    return smd - half, smd + half


def distance_interval(
    distance: float, terms: int, treated_n: int, control_n: int, confidence: float
) -> tuple[float, float]:
    """Large-sample confidence limits of a Mahalanobis distance of shares, which has no sign and is biased upwards.

    n1 n0 / (n1 + n0) times the squared distance has a chi-square distribution with `terms` degrees of freedom, and the
    same multiple of the squared true distance as its noncentrality; the limits invert that.

    Parameters
    ----------
    distance
        0 or above.
    terms
        Levels that have patients, less one; at least 1.
    treated_n, control_n
        Patients.
    confidence
        Level, in (0, 1).

    Returns
    -------
    tuple of float
        0 for a limit that no true distance reaches. Since an observed distance is never 0 even between equal arms, a
        small one can lie above both limits.

    References
    ----------
    Reiser B. Commun Stat Simul Comput 2001;30:37-45.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtr, chndtr

    scale = treated_n * control_n / (treated_n + control_n)
    observed, tail = scale * distance**2, (1 - confidence) / 2
    normal_quantile(confidence)

    def limit(probability: float) -> float:
        """Distance at which an observation this small or smaller has this probability."""
        if observed <= 0 or chdtr(terms, observed) <= probability:
            return 0.0
        top = observed + 10
        while chndtr(observed, terms, top) > probability:
            top *= 2
        found = brentq(lambda noncentral: chndtr(observed, terms, noncentral) - probability, 0, top, xtol=1e-12)
        return math.sqrt(found / scale)

    return limit(1 - tail), limit(tail)


# --- the definitions by name ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """One way to standardise a difference.

    Attributes
    ----------
    name, formula, source
        In words, as a formula, and where it comes from or which program uses it.
    compute
        From treated and control the difference, treated minus control; the size where there is no sign.
    signed
        Whether it has a sign.
    usual
        Whether the thresholds 0.1 and 0.25 are meant for it.
    """

    name: str
    formula: str
    source: str
    compute: Callable[[Summary, Summary], float] = field(repr=False)
    signed: bool = True
    usual: bool = True


@dataclass(frozen=True)
class _Divisor:
    name: str
    formula: str
    source: str
    of: Callable[[Moments, Moments], float]
    usual: bool = True


@dataclass(frozen=True)
class _View:
    """How a summary becomes a mean and an SD."""

    name: str
    source: str
    moments: Callable[[Summary], Moments]
    usual: bool = True


def _weighted_sd(one: Moments, other: Moments) -> float:
    freedom = one.n + other.n - 2
    return math.sqrt(((one.n - 1) * one.sd**2 + (other.n - 1) * other.sd**2) / freedom) if freedom > 0 else math.nan


def _total_sd(one: Moments, other: Moments) -> float:
    size = one.n + other.n
    between = one.n * other.n / size * (one.mean - other.mean) ** 2
    return math.sqrt(((one.n - 1) * one.sd**2 + (other.n - 1) * other.sd**2 + between) / (size - 1))


def _hedges_sd(one: Moments, other: Moments) -> float:
    return _weighted_sd(one, other) / (1 - 3 / (4 * (one.n + other.n - 2) - 1))


_DIVISORS = (
    _Divisor(
        "pooled SD", "√((s₁² + s₀²) / 2)", "Austin 2009; tableone, stddiff", lambda a, b: pooled_sd(a.sd**2, b.sd**2)
    ),
    _Divisor("SD of the treated", "s₁", "MatchIt and cobalt, for the effect on the treated", lambda a, _: a.sd),
    _Divisor("SD of the controls", "s₀", "Glass's delta", lambda _, b: b.sd),
    _Divisor("SD pooled by size", "√(((n₁ − 1)s₁² + (n₀ − 1)s₀²) / (n₁ + n₀ − 2))", "Cohen's d", _weighted_sd),
    _Divisor(
        "SD pooled by size, corrected for small n",
        "(s of Cohen's d / (1 − 3 / (4(n₁ + n₀) − 9)))",
        "Hedges' g",
        _hedges_sd,
    ),
    _Divisor("SD of all patients", "s of both arms together", "the covariate's SD in the whole table", _total_sd),
    _Divisor(
        "no SD: the raw difference", "1", "cobalt's default for binary covariates", lambda _, __: 1.0, usual=False
    ),
)


def _shares(level: int, sample: bool) -> Callable[[Summary], Moments]:
    def moments(summary: Summary) -> Moments:
        assert isinstance(summary, Levels)
        share, size = summary.shares[level], summary.n
        variance = share * (1 - share) * (size / (size - 1) if sample and size > 1 else 1)
        return Moments(share, math.sqrt(max(0.0, variance)), size)

    return moments


def _codes(summary: Summary) -> Moments:
    assert isinstance(summary, Levels)
    shares, codes = np.array(summary.shares), np.arange(1, len(summary.shares) + 1)
    mean = float(shares @ codes)
    variance = float(shares @ (codes - mean) ** 2) * (summary.n / (summary.n - 1) if summary.n > 1 else 1)
    return Moments(mean, math.sqrt(variance), summary.n)


def _printed_moments(summary: Summary) -> Moments:
    assert isinstance(summary, Moments)
    return summary


def _wan(summary: Summary) -> Moments:
    assert isinstance(summary, Quartiles)
    return Moments(*mean_and_sd_from_quartiles(summary.q1, summary.median, summary.q3, summary.n), summary.n)


def _luo(summary: Summary) -> Moments:
    assert isinstance(summary, Quartiles)
    return Moments(luo_mean(summary.q1, summary.median, summary.q3, summary.n), _wan(summary).sd, summary.n)


def _plain(summary: Summary) -> Moments:
    assert isinstance(summary, Quartiles)
    return Moments(summary.median, (summary.q3 - summary.q1) / 1.35, summary.n)


def _logarithms(summary: Summary) -> Moments:
    assert isinstance(summary, Quartiles)
    if not summary.q1 > 0:
        return Moments(math.nan, math.nan, summary.n)
    return _wan(Quartiles(math.log(summary.q1), math.log(summary.median), math.log(summary.q3), summary.n))


def _views(levels: int, ordered: bool, names: tuple[str, ...]) -> list[_View]:
    if levels == 2:
        return [
            _View("share", "variance p(1 − p)", _shares(0, sample=False)),
            _View("share, n − 1", "variance p(1 − p)n / (n − 1), as of a column of 0 and 1", _shares(0, sample=True)),
        ]
    each = [
        _View(f"share of {name}", "each level an indicator", _shares(level, sample=False), usual=False)
        for level, name in enumerate(names)
    ]
    note = "levels coded 1, 2, 3, …" + ("" if ordered else ", although they have no order")
    return [_View("codes", note, _codes, usual=ordered), *each]


_MOMENT_VIEWS = [_View("means", "", _printed_moments)]
_QUARTILE_VIEWS = [
    _View("mean and SD by Wan 2014", "Wan 2014", _wan),
    _View("mean by Luo 2018, SD by Wan 2014", "Luo 2018", _luo),
    _View("median and (q₃ − q₁) / 1.35", "Cochrane Handbook", _plain),
    _View("logarithms, by Wan 2014", "for skewed covariates", _logarithms),
]


def definitions(
    treated: Summary, control: Summary, before: tuple[Summary, Summary] | None = None, *, ordered: bool = False
) -> list[Definition]:
    """All definitions that apply to a covariate, the one this book uses first.

    Parameters
    ----------
    treated, control
        What is printed; of the same kind, with the same levels.
    before
        Treated and control before matching, where the SD may have been taken from them, as R's MatchIt and cobalt do.
    ordered
        Whether the levels have an order.

    Raises
    ------
    ValueError
        When the summaries are not of one kind.
    """
    summaries = [treated, control, *(before or ())]
    if len({(type(summary), len(getattr(summary, "shares", ()))) for summary in summaries}) != 1:
        raise ValueError("the summaries differ in kind or in levels; allowed are Levels, Moments or Quartiles alike")
    if isinstance(treated, Levels):
        levels = len(treated.shares)
        names = treated.names or tuple(f"level {number}" for number in range(1, levels + 1))
        views = _views(levels, ordered, names)
        special = _of_two_levels() if levels == 2 else _of_levels()
    else:
        views, special = (_MOMENT_VIEWS if isinstance(treated, Moments) else _QUARTILE_VIEWS), []
    standard = [_definition(view, spread, None) for view in views for spread in _DIVISORS]
    earlier = [_definition(view, spread, before) for view in views for spread in _DIVISORS[:-1]] if before else []
    several = isinstance(treated, Levels) and len(treated.shares) > 2
    return [*special, *standard, *earlier] if several else [*standard, *special, *earlier]


def _definition(view: _View, spread: _Divisor, before: tuple[Summary, Summary] | None) -> Definition:
    def compute(treated: Summary, control: Summary) -> float:
        one, other = view.moments(treated), view.moments(control)
        reference = (view.moments(before[0]), view.moments(before[1])) if before else (one, other)
        return standardised(one.mean - other.mean, spread.of(*reference))

    name = f"{view.name}; {spread.name}" + (" before matching" if before else "")
    source = "; ".join(text for text in (spread.source, view.source) if text)
    formula = f"(x₁ − x₀) / {spread.formula}" if spread.formula != "1" else "x₁ − x₀"
    return Definition(name, formula, source, compute, usual=view.usual and spread.usual)


def _of_two_levels() -> list[Definition]:
    def first(summary: Summary) -> float:
        assert isinstance(summary, Levels)
        return summary.shares[0]

    def arcsine(treated: Summary, control: Summary) -> float:
        return 2 * (math.asin(math.sqrt(first(treated))) - math.asin(math.sqrt(first(control))))

    def log_odds(treated: Summary, control: Summary) -> float:
        one, other = first(treated), first(control)
        if {one, other} & {0.0, 1.0}:
            return 0.0 if one == other else math.copysign(math.inf, one - other)
        return math.log(one * (1 - other) / (other * (1 - one))) * math.sqrt(3) / math.pi

    return [
        Definition("arcsine difference", "2 arcsin √p₁ − 2 arcsin √p₀", "Cohen's h", arcsine, usual=False),
        Definition("log odds ratio × √3 / π", "ln(OR) × √3 / π", "Chinn 2000", log_odds, usual=False),
    ]


def _of_levels() -> list[Definition]:
    def arrays(*summaries: Summary) -> list[np.ndarray]:
        return [np.array(summary.shares) for summary in summaries if isinstance(summary, Levels)]

    def mahalanobis(treated: Summary, control: Summary) -> float:
        return categorical_smd(*arrays(treated, control))

    def by_level(treated: Summary, control: Summary) -> list[float]:
        one, other = arrays(treated, control)
        return [abs(standardised(p - q, pooled_sd(p * (1 - p), q * (1 - q)))) for p, q in zip(one, other, strict=True)]

    return [
        Definition(
            "Mahalanobis distance of the shares",
            "√((p₁ − p₀)ᵀ S⁻¹ (p₁ − p₀)), S the mean of the two multinomial covariances",
            "Yang and Dalton 2012; tableone, stddiff",
            mahalanobis,
            signed=False,
        ),
        Definition(
            "largest over the levels; pooled SD",
            "max |p₁ − p₀| / √((p₁q₁ + p₀q₀) / 2)",
            "each level an indicator, as in MatchIt and cobalt; the largest reported",
            lambda a, b: max(by_level(a, b)),
            signed=False,
        ),
        Definition(
            "mean over the levels; pooled SD",
            "mean |p₁ − p₀| / √((p₁q₁ + p₀q₀) / 2)",
            "each level an indicator; the mean reported",
            lambda a, b: float(np.mean(by_level(a, b))),
            signed=False,
            usual=False,
        ),
    ]


# --- which one a paper used -------------------------------------------------------------------------------------------


FINDER_COLUMNS = ["definition", "formula", "source", "smd", "low", "high", "reading", "direction"]


def attainable(definition: Definition, treated: Summary, control: Summary) -> tuple[float, float]:
    """Smallest and largest value of a definition, given how the page rounds what goes into it.

    A difference of means over a spread rises or falls in each of its figures when the others are held, so that its
    extremes lie at ends of the rounding intervals. Quartiles are in mean and SD alike; for them the ends are the
    extremes but for a term of the order of the rounding squared.
    """
    found = [definition.compute(a, b) for a in treated.corners() for b in control.corners()]
    known = [smd for smd in found if not math.isnan(smd)]
    return min(known, default=math.nan), max(known, default=math.nan)


def which_definition(
    printed: str,
    treated: Summary,
    control: Summary,
    before: tuple[Summary, Summary] | None = None,
    *,
    ordered: bool = False,
) -> pd.DataFrame:
    """Which definitions of a standardised difference give the one that a paper prints.

    Parameters
    ----------
    printed
        As printed: `0.084`, `-0.08`, or `8.4%`, which is 0.084.
    treated, control
        What is printed of each arm: :class:`Levels`, :class:`Moments` or :class:`Quartiles`.
    before, ordered
        As in :func:`definitions`.

    Returns
    -------
    pandas.DataFrame
        One row for each definition, those that reproduce the figure first: `definition`, `formula`, `source`; `smd`,
        and `low` to `high`, which it can be given the rounding of what goes into it; `reading`: `rounded` or
        `truncated` when it gives the printed figure so, else `differs`; `direction`: `treated - control`,
        `control - treated`, or `size only`. Several definitions may give one figure; that does not say which was used.

    Raises
    ------
    ValueError
        When the figure is no number, or the summaries are not of one kind.

    Examples
    --------
    >>> from haicbook.matching import Levels
    >>> found = which_definition("0.11", Levels.of(23, 52), Levels.of(19, 55))
    >>> bool((found.reading == "rounded").any())
    True
    """
    figure = parse_number(printed.strip().removesuffix("%").strip().replace("−", "-"))
    if figure.state != "exact":
        raise ValueError(
            f"found {printed!r} where a standardised difference should be; allowed is a number or a per cent"
        )
    scale = 100.0 if printed.strip().endswith("%") else 1.0
    rows = []
    for found in definitions(treated, control, before, ordered=ordered):
        low, high = attainable(found, treated, control)
        smd, reading = found.compute(treated, control), _reading(figure, scale, low, high, found.signed)
        rows.append([found.name, found.formula, found.source, smd, low, high, *reading])
    frame = pd.DataFrame(rows, columns=FINDER_COLUMNS)
    best_first = frame.reading.map({"rounded": 0, "truncated": 1, "differs": 2}).sort_values(kind="stable")
    return frame.loc[best_first.index].reset_index(drop=True)


def _reading(figure: Printed, scale: float, low: float, high: float, signed: bool) -> tuple[str, str]:
    """How the printed figure can come from [low, high], and in which direction."""
    directions = (
        {"treated - control": (low, high), "control - treated": (-high, -low)} if signed else {"size only": (low, high)}
    )
    for reading, (least, most) in (("rounded", (figure.low, figure.high)), ("truncated", _cut(figure))):
        allowed = Printed(figure.figure, figure.value, least, most, figure.decimals)
        for direction, limits in directions.items():
            if overlap(allowed, scale * limits[0], scale * limits[1]):
                return reading, direction
    return "differs", ""


def _cut(figure: Printed) -> tuple[float, float]:
    ends = (figure.value, figure.value + math.copysign(figure.unit * (1 - 1e-9), figure.value))
    return min(ends), max(ends)
