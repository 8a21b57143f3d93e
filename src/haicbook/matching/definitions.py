"""The many definitions of a standardised difference, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from haicbook.matching.quartiles import luo_mean, mean_and_sd_from_quartiles
from haicbook.matching.smd import categorical_smd, pooled_sd, standardised
from haicbook.matching.summaries import Levels, Moments, Quartiles, Summary


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
class _Spread:
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


_SPREADS = (
    _Spread(
        "pooled SD", "√((s₁² + s₀²) / 2)", "Austin 2009; tableone, stddiff", lambda a, b: pooled_sd(a.sd**2, b.sd**2)
    ),
    _Spread("SD of the treated", "s₁", "MatchIt and cobalt, for the effect on the treated", lambda a, _: a.sd),
    _Spread("SD of the controls", "s₀", "Glass's delta", lambda _, b: b.sd),
    _Spread("SD pooled by size", "√(((n₁ − 1)s₁² + (n₀ − 1)s₀²) / (n₁ + n₀ − 2))", "Cohen's d", _weighted_sd),
    _Spread(
        "SD pooled by size, corrected for small n",
        "(s of Cohen's d / (1 − 3 / (4(n₁ + n₀) − 9)))",
        "Hedges' g",
        _hedges_sd,
    ),
    _Spread("SD of all patients", "s of both arms together", "the covariate's SD in the whole table", _total_sd),
    _Spread("no SD: the raw difference", "1", "cobalt's default for binary covariates", lambda _, __: 1.0, usual=False),
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
    standard = [_definition(view, spread, None) for view in views for spread in _SPREADS]
    earlier = [_definition(view, spread, before) for view in views for spread in _SPREADS[:-1]] if before else []
    several = isinstance(treated, Levels) and len(treated.shares) > 2
    return [*special, *standard, *earlier] if several else [*standard, *special, *earlier]


def _definition(view: _View, spread: _Spread, before: tuple[Summary, Summary] | None) -> Definition:
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
