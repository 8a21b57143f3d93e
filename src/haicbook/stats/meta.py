"""Random-effects meta-analysis of a few studies: heterogeneity first, and a prediction for the next study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from haicbook.stats.proportions import normal_quantile

Floats = NDArray[np.float64]
Interval = Literal["modified-hartung-knapp", "hartung-knapp", "normal"]
Estimator = Literal["reml", "dl", "pm"]

INTERVALS: tuple[Interval, ...] = ("modified-hartung-knapp", "hartung-knapp", "normal")
ESTIMATORS: tuple[Estimator, ...] = ("reml", "dl", "pm")
_IN_WORDS = {
    "modified-hartung-knapp": "modified Hartung–Knapp, its variance never below the classical one",
    "hartung-knapp": "Hartung–Knapp",
    "normal": "normal approximation",
}
# points of the grid on which REML's maxima are looked for, and how exactly they are found
_GRID = 400
_ROOT = 1e-14
# scale of the half-normal prior on the between-study standard deviation, and the nodes that integrate over it
PRIOR_SCALE = 0.5
_NODES = 200
# an unmodified interval shorter than this share of the modified one is worth a sentence
_NARROWER = 0.95


@dataclass(frozen=True)
class Message:
    """Why there is no result, in words for the page."""

    statement: str


@dataclass(frozen=True)
class Pooled:
    """A random-effects summary, on the scale of its effects (the logarithm, for ratios).

    Attributes
    ----------
    labels, effects, errors
        The studies that entered: names, effects and their standard errors.
    weights
        Share of each study in the summary; they sum to 1.
    estimate, standard_error, low, high, p
        The mean of the true effects, its standard error and interval, and the two-sided p of a mean of zero.
    unmodified_low, unmodified_high
        The Hartung-Knapp interval without a floor under its variance, whatever `interval` is.
    prediction_low, prediction_high
        Interval for the true effect of one more study of the same kind, from the classical standard error and k - 2
        degrees of freedom; NaN where there are too few studies for it.
    with_prior_low, with_prior_high
        The same from a half-normal prior of scale `PRIOR_SCALE` on the between-study standard deviation and a flat one
        on the mean: with few studies the data say little of that deviation.
    tau2, tau2_low, tau2_high
        Between-study variance with its Q-profile interval.
    i2, i2_low, i2_high
        Share of the variance that lies between studies, from 0 to 1; its limits are those of `tau2`, transformed.
    q, q_df, q_p
        Cochran's test of homogeneity.
    confidence, interval, estimator
        The level, the method of the interval, and that of `tau2`.
    left_out
        Studies that came without an effect or standard error.
    """

    labels: tuple[str, ...]
    effects: tuple[float, ...]
    errors: tuple[float, ...]
    weights: tuple[float, ...]
    estimate: float
    standard_error: float
    low: float
    high: float
    p: float
    unmodified_low: float
    unmodified_high: float
    prediction_low: float
    prediction_high: float
    with_prior_low: float
    with_prior_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    q: float
    q_df: int
    q_p: float
    confidence: float
    interval: Interval
    estimator: Estimator
    left_out: tuple[str, ...]

    def ratio(self) -> dict[str, float]:
        """The estimate and every limit as ratios, by name."""
        limits = (
            f"{kind}{end}" for kind in ("", "unmodified_", "prediction_", "with_prior_") for end in ("low", "high")
        )
        return {name: math.exp(getattr(self, name)) for name in ("estimate", *limits)}

    @property
    def statement(self) -> str:
        """The summary in a sentence, as ratios, with what it leaves open."""
        found, level = self.ratio(), f"{100 * self.confidence:g} %"
        words = (
            f"Over {len(self.labels)} studies the mean ratio is {found['estimate']:.2f} ({level} interval "
            f"{found['low']:.2f} to {found['high']:.2f}, {_IN_WORDS[self.interval]}); "
        )
        if math.isnan(self.prediction_low):
            words += "with so few studies there is no interval for the next one"
        else:
            words += (
                "one more study of the same kind would be expected between "
                f"{found['prediction_low']:.2f} and {found['prediction_high']:.2f}"
            )
        high = "without limit" if math.isinf(self.tau2_high) else f"{self.tau2_high:.2f}"
        words += f". Between-study variance {self.tau2:.3f} ({level} interval {self.tau2_low:.2f} to {high})."
        if self.unmodified_high - self.unmodified_low < _NARROWER * (self.high - self.low):
            words += (
                " Without the floor under its variance the interval would be narrower "
                f"({found['unmodified_low']:.2f} to {found['unmodified_high']:.2f}), since the studies happen to agree."
            )
        return words + (f" Left out, for want of a figure: {', '.join(self.left_out)}." if self.left_out else "")


@dataclass(frozen=True)
class LeftOut:
    """The summary without one study."""

    label: str
    result: Pooled | Message


def standard_error(low: float, high: float, confidence: float = 0.95) -> float:
    """Standard error of a log ratio from its printed confidence limits, taken as symmetric about the log.

    NaN when a limit is NaN, infinite or not above 0.

    Raises
    ------
    ValueError
        When the limits are the wrong way round, or the level is not between 0 and 1.

    References
    ----------
    Parmar MKB, Torri V, Stewart L. Stat Med 1998;17:2815-2834.
    """
    quantile = normal_quantile(confidence)
    if low > high:
        raise ValueError(f"found limits {low} and {high}; the lower one comes first")
    if not (low > 0 and high < math.inf):
        return math.nan
    return (math.log(high) - math.log(low)) / (2 * quantile)


def random_effects(
    effects: Sequence[float],
    errors: Sequence[float],
    labels: Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "modified-hartung-knapp",
    tau2: Estimator = "reml",
    rounding: Sequence[float] | None = None,
) -> Pooled | Message:
    """Random-effects meta-analysis.

    Parameters
    ----------
    effects, errors
        (k,) effects on an additive scale (log hazard ratios) and their standard errors. A study whose effect or error
        is NaN is left out and named in the result.
    labels
        (k,) names; numbers from 1 when None.
    confidence
        Level of all intervals, in (0, 1).
    interval
        `hartung-knapp`: variance from the weighted residuals, t with k - 1 degrees of freedom. Studies that happen to
        agree then give an interval without width; `modified-hartung-knapp` never takes a variance below that of
        `normal`, the classical one.
    tau2
        Restricted maximum likelihood, DerSimonian and Laird's moments (by statsmodels), or Paule and Mandel's.
    rounding
        (k,) half the width of the interval in which each printed effect lies; 0 when None. The error of rounding is
        taken as uniform: its variance is added to the sampling variance, and to what the residuals show.

    Returns
    -------
    Pooled or Message
        A message when fewer than two studies have a figure.

    Raises
    ------
    ValueError
        With all that is out of range: lengths that differ, a standard error that is not above 0, an unknown method.

    References
    ----------
    Viechtbauer W. J Educ Behav Stat 2005;30:261-293 (REML) and Stat Med 2007;26:37-52 (Q-profile). Hartung J, Knapp G.
    Stat Med 2001;20:3875-3889. Knapp G, Hartung J. Stat Med 2003;22:2693-2710 (modified). Higgins JPT, Thompson SG,
    Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159. Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (I2).
    """
    names = _names(effects, labels)
    y, s = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    half = np.zeros(y.shape) if rounding is None else np.asarray(rounding, dtype=float)
    _require(y, s, half, names, confidence, interval, tau2)
    known = np.isfinite(y) & np.isfinite(s)
    entered = tuple(name for name, is_known in zip(names, known, strict=True) if is_known)
    left_out = tuple(name for name, is_known in zip(names, known, strict=True) if not is_known)
    y, rounded = y[known], half[known] ** 2 / 3
    v = s[known] ** 2 + rounded
    if len(y) < 2:
        return Message(_too_few(entered, left_out))
    variance = between_study_variance(y, v, tau2)
    weights = 1 / (v + variance)
    return Pooled(
        labels=entered,
        effects=tuple(map(float, y)),
        errors=tuple(map(float, np.sqrt(v))),
        weights=tuple(map(float, weights / weights.sum())),
        **_mean_effect(y, weights, rounded, confidence, interval),
        **_predictions(y, v, variance, confidence),
        **_heterogeneity(y, v, variance, confidence),
        confidence=confidence,
        interval=interval,
        estimator=tau2,
        left_out=left_out,
    )


def _names(effects: Sequence[float], labels: Sequence[str] | None) -> list[str]:
    return [str(name) for name in (range(1, len(effects) + 1) if labels is None else labels)]


def _mean_effect(y: Floats, weights: Floats, rounded: Floats, confidence: float, interval: Interval) -> dict[str, Any]:
    """The fields of :class:`Pooled` about the mean of the true effects."""
    mean = float(weights @ y / weights.sum())
    error, df = _error(y, weights, rounded, mean, interval)
    half = _quantile(confidence, df) * error
    unmodified, t_df = _error(y, weights, rounded, mean, "hartung-knapp")
    reach = _quantile(confidence, t_df) * unmodified
    return {
        "estimate": mean,
        "standard_error": error,
        "low": mean - half,
        "high": mean + half,
        "p": _p(mean, error, df),
        "unmodified_low": mean - reach,
        "unmodified_high": mean + reach,
    }


def _predictions(y: Floats, v: Floats, variance: float, confidence: float) -> dict[str, Any]:
    """The fields of :class:`Pooled` about the next study."""
    weights = 1 / (v + variance)
    mean, reach = float(weights @ y / weights.sum()), math.nan
    if len(y) > 2:
        reach = _quantile(confidence, len(y) - 2) * math.sqrt(variance + 1 / float(weights.sum()))
    low, high = predicted_with_prior(y, v, confidence)
    return {
        "prediction_low": mean - reach,
        "prediction_high": mean + reach,
        "with_prior_low": low,
        "with_prior_high": high,
    }


def _heterogeneity(y: Floats, v: Floats, variance: float, confidence: float) -> dict[str, Any]:
    """The fields of :class:`Pooled` about what differs between studies."""
    from scipy.special import chdtrc

    low, high = q_profile(y, v, confidence)
    statistic, typical = q(y, v, 0.0), typical_variance(v)
    return {
        "tau2": variance,
        "tau2_low": low,
        "tau2_high": high,
        "i2": variance / (variance + typical),
        "i2_low": low / (low + typical),
        "i2_high": 1.0 if math.isinf(high) else high / (high + typical),
        "q": statistic,
        "q_df": len(y) - 1,
        "q_p": float(chdtrc(len(y) - 1, statistic)),
    }


def leave_one_out(
    effects: Sequence[float], errors: Sequence[float], labels: Sequence[str] | None = None, **options: Any
) -> tuple[LeftOut, ...]:
    """:func:`random_effects` without each study in turn, with its options.

    Studies without a figure are not left out once more.
    """
    half = options.pop("rounding", None) or [0.0] * len(effects)
    studies = [
        study
        for study in zip(effects, errors, half, _names(effects, labels), strict=True)
        if math.isfinite(study[0]) and math.isfinite(study[1])
    ]

    def without(place: int) -> Pooled | Message:
        others = [*studies[:place], *studies[place + 1 :]]
        y, s, rounding, names = zip(*others, strict=True) if others else ((), (), (), ())
        return random_effects(y, s, names, rounding=rounding, **options)

    return tuple(LeftOut(study[3], without(place)) for place, study in enumerate(studies))


def _require(y: Floats, s: Floats, half: Floats, names: list[str], confidence: float, interval: str, tau2: str) -> None:
    problems = []
    if not y.ndim == s.ndim == half.ndim == 1 or not len(y) == len(s) == len(half) == len(names):
        problems.append(f"found {y.shape} effects, {s.shape} errors and {len(names)} labels; one of each is needed")
    problems += [f"a standard error is {error}, allowed is a number above 0" for error in s.ravel() if error <= 0]
    if not 0 < confidence < 1:
        problems.append(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    for name, value, allowed in (
        ("interval", interval, INTERVALS),
        ("tau2", tau2, ESTIMATORS),
    ):
        if value not in allowed:
            problems.append(f"{name} is {value!r}, allowed is {', '.join(allowed)}")
    if problems:
        raise ValueError("; ".join(problems))


def _too_few(entered: tuple[str, ...], left_out: tuple[str, ...]) -> str:
    one = f"one study only ({entered[0]})" if entered else "no study"
    missing = f"; without a figure: {', '.join(left_out)}" if left_out else ""
    return f"Nothing to combine: {one} has an effect with a standard error, and a summary needs two{missing}."


# --- the mean and its intervals ---------------------------------------------------------------------------------------


def _error(y: Floats, weights: Floats, rounded: Floats, mean: float, interval: Interval) -> tuple[float, int | None]:
    """Standard error of the mean, and the degrees of freedom of its t; None for a normal quantile."""
    classical = 1 / math.sqrt(weights.sum())
    if interval == "normal":
        return classical, None
    # what rounding has on average taken from the residuals, or added to them, is not known: its variance is added
    hidden = float(weights * (1 - weights / weights.sum()) @ rounded)
    factor = (float(weights @ (y - mean) ** 2) + hidden) / (len(y) - 1)
    floor = 1.0 if interval == "modified-hartung-knapp" else 0.0
    return classical * math.sqrt(max(factor, floor)), len(y) - 1


def predicted_with_prior(y: Floats, v: Floats, confidence: float, scale: float = PRIOR_SCALE) -> tuple[float, float]:
    """Prediction interval for the next study's effect, with a half-normal prior on the between-study deviation.

    Parameters
    ----------
    y, v
        (k,) effects and their sampling variances, two or more.
    confidence
        Level of the interval, equal-tailed.
    scale
        Of the half-normal prior; the mean has a flat one.

    References
    ----------
    Röver C, Bender R, Dias S, et al. Res Synth Methods 2021;12:448-474 (the prior). Röver C. J Stat Softw
    2020;93(6):1-51 (the posterior, up to the integral, in closed form).
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    # nine scales hold all of the prior but one part in 10 to the 18
    nodes, lengths = np.polynomial.legendre.leggauss(_NODES)
    deviation = 4.5 * scale * (nodes + 1)
    weights = 1 / (v + deviation[:, None] ** 2)
    total = weights.sum(axis=1)
    mean = weights @ y / total
    residual = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    log_density = (np.log(weights).sum(axis=1) - np.log(total) - residual - (deviation / scale) ** 2) / 2
    share = lengths * np.exp(log_density - log_density.max())
    share /= share.sum()
    spread = np.sqrt(deviation**2 + 1 / total)
    ends = float((mean - 40 * spread).min()), float((mean + 40 * spread).max())

    def quantile(wanted: float) -> float:
        return float(brentq(lambda at: float(share @ ndtr((at - mean) / spread)) - wanted, *ends, xtol=1e-12))

    return quantile(0.5 - confidence / 2), quantile(0.5 + confidence / 2)


def _quantile(confidence: float, df: int | None) -> float:
    from scipy.special import stdtrit

    return normal_quantile(confidence) if df is None else float(stdtrit(df, 0.5 + confidence / 2))


def _p(mean: float, error: float, df: int | None) -> float:
    from scipy.special import ndtr, stdtr

    if error == 0:
        return 1.0 if mean == 0 else 0.0
    statistic = -abs(mean) / error
    return 2 * float(ndtr(statistic) if df is None else stdtr(df, statistic))


# --- between-study variance -------------------------------------------------------------------------------------------


def between_study_variance(y: Floats, v: Floats, estimator: Estimator) -> float:
    """Between-study variance of effects y (k,) with sampling variances v (k,), 0 or above.

    References
    ----------
    Viechtbauer W. J Educ Behav Stat 2005;30:261-293. DerSimonian R, Laird N. Control Clin Trials 1986;7:177-188. Paule
    RC, Mandel J. J Res Natl Bur Stand 1982;87:377-385.
    """
    if estimator == "reml":
        return _reml(y, v)
    if estimator == "pm":
        # statsmodels has this one too, but its Newton steps fall to 0 when the last one overshoots by a rounding error
        return _where_q_is(y, v, len(y) - 1)
    from statsmodels.stats.meta_analysis import combine_effects

    # statsmodels does not cut the estimate off at 0, and then takes roots of negative variances
    with np.errstate(invalid="ignore", divide="ignore"):
        return max(0.0, float(combine_effects(y, v, method_re="dl").tau2))


def _reml(y: Floats, v: Floats) -> float:
    """The between-study variance that maximises the restricted likelihood.

    The likelihood of a few studies can have more than one maximum: the score's sign changes on a grid find them all,
    and the highest counts.
    """
    from scipy.optimize import brentq

    # beyond the squared range of the effects plus the largest variance the likelihood only falls
    top = float(np.ptp(y) ** 2 + v.max())
    grid = np.r_[0.0, np.geomspace(top * 1e-8, top * 4, _GRID)]
    score = np.array([_score(value, y, v) for value in grid])
    crossings = np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0))
    maxima = [0.0, *(brentq(_score, grid[at], grid[at + 1], args=(y, v), xtol=_ROOT, rtol=1e-13) for at in crossings)]
    return float(max(maxima, key=lambda value: _restricted(value, y, v)))


def _score(variance: float, y: Floats, v: Floats) -> float:
    """Twice the derivative of the restricted log-likelihood."""
    w = 1 / (v + variance)
    residual = w * (y - w @ y / w.sum())
    return float(residual @ residual - w.sum() + (w @ w) / w.sum())


def _restricted(variance: float, y: Floats, v: Floats) -> float:
    """Twice the restricted log-likelihood, but for a constant."""
    w = 1 / (v + variance)
    return float(np.log(w).sum() - np.log(w.sum()) - q(y, v, variance))


def q(y: Floats, v: Floats, variance: float) -> float:
    """Weighted sum of squares about the weighted mean, with weights 1 / (v + variance): Cochran's Q at variance 0."""
    w = 1 / (v + variance)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def q_profile(y: Floats, v: Floats, confidence: float) -> tuple[float, float]:
    """Limits of the between-study variance: where Q meets the quantiles of its distribution.

    References
    ----------
    Viechtbauer W. Stat Med 2007;26:37-52.
    """
    from scipy.special import chdtri

    tail = (1 - confidence) / 2
    low, high = (_where_q_is(y, v, float(chdtri(len(y) - 1, upper))) for upper in (tail, 1 - tail))
    return low, high


def _where_q_is(y: Floats, v: Floats, wanted: float) -> float:
    """The between-study variance at which Q, which falls with it, has this value; 0 where it starts below."""
    from scipy.optimize import brentq

    if q(y, v, 0.0) <= wanted:
        return 0.0
    # Q is at most the sum of squares over the variance, so it has met the value by here
    top = float(((y - y.mean()) ** 2).sum() / wanted)
    return float(brentq(lambda variance: q(y, v, variance) - wanted, 0.0, top, xtol=_ROOT, rtol=1e-13))


def typical_variance(v: Floats) -> float:
    """The sampling variance of a typical study, for I2.

    References
    ----------
    Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558.
    """
    w = 1 / v
    return float((len(v) - 1) * w.sum() / (w.sum() ** 2 - w @ w))
