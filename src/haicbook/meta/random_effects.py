"""Random-effects summaries of a few studies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from haicbook.meta.heterogeneity import between_study_variance, q, q_profile, typical_variance
from haicbook.meta.result import (
    ESTIMATORS,
    INTERVALS,
    PREDICTIONS,
    Estimator,
    Interval,
    LeftOut,
    Message,
    Pooled,
    Prediction,
)

Floats = NDArray[np.float64]


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
    quantile = _normal_quantile(confidence)
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
    interval: Interval = "hartung-knapp",
    tau2: Estimator = "reml",
    prediction: Prediction = "k-2",
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
        `hartung-knapp`: variance from the weighted residuals, t with k - 1 degrees of freedom. `hartung-knapp-floored`:
        the same, never narrower in its variance than `normal`. `normal`: the classical one.
    tau2
        Restricted maximum likelihood, DerSimonian and Laird's moments (by statsmodels), or Paule and Mandel's.
    prediction
        Degrees of freedom of the prediction interval: `k-2` (Higgins) or `k-1`. With `normal`, the normal quantile
        takes their place under `k-1`.

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
    Stat Med 2001;20:3875-3889. Higgins JPT, Thompson SG, Spiegelhalter DJ. J R Stat Soc A 2009;172:137-159.
    Higgins JPT, Thompson SG. Stat Med 2002;21:1539-1558 (I2).
    """
    names = [str(number) for number in range(1, len(effects) + 1)] if labels is None else [str(name) for name in labels]
    y, s = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    _require(y, s, names, confidence, interval, tau2, prediction)
    known = np.isfinite(y) & np.isfinite(s)
    left_out = tuple(name for name, is_known in zip(names, known, strict=True) if not is_known)
    y, v = y[known], s[known] ** 2
    entered = tuple(name for name, is_known in zip(names, known, strict=True) if is_known)
    if len(y) < 2:
        return Message(_too_few(entered, left_out))
    variance = between_study_variance(y, v, tau2)
    low, high = q_profile(y, v, confidence)
    statistic, typical = q(y, v, 0.0), typical_variance(v)
    weights = 1 / (v + variance)
    mean = float(weights @ y / weights.sum())
    error, t_df = _error(y, weights, mean, interval)
    half = _quantile(confidence, t_df) * error
    classical = _quantile(confidence, None) / math.sqrt(weights.sum())
    reach = _reach(error, variance, len(y), confidence, t_df, prediction)
    return Pooled(
        labels=entered,
        effects=tuple(map(float, y)),
        errors=tuple(map(float, np.sqrt(v))),
        weights=tuple(map(float, weights / weights.sum())),
        estimate=mean,
        standard_error=error,
        low=mean - half,
        high=mean + half,
        p=_p(mean, error, t_df),
        classical_low=mean - classical,
        classical_high=mean + classical,
        prediction_low=mean - reach,
        prediction_high=mean + reach,
        tau2=variance,
        tau2_low=low,
        tau2_high=high,
        i2=variance / (variance + typical),
        i2_low=low / (low + typical),
        i2_high=1.0 if math.isinf(high) else high / (high + typical),
        q=statistic,
        q_df=len(y) - 1,
        q_p=_chi2_tail(statistic, len(y) - 1),
        confidence=confidence,
        interval=interval,
        estimator=tau2,
        left_out=left_out,
    )


def leave_one_out(
    effects: Sequence[float],
    errors: Sequence[float],
    labels: Sequence[str] | None = None,
    *,
    confidence: float = 0.95,
    interval: Interval = "hartung-knapp",
    tau2: Estimator = "reml",
    prediction: Prediction = "k-2",
) -> tuple[LeftOut, ...]:
    """:func:`random_effects` without each study in turn; studies without a figure are not left out once more."""
    names = [str(number) for number in range(1, len(effects) + 1)] if labels is None else [str(name) for name in labels]
    known = [
        place
        for place, pair in enumerate(zip(effects, errors, strict=True))
        if all(math.isfinite(value) for value in pair)
    ]

    def without(place: int) -> Pooled | Message:
        rest = [other for other in known if other != place]
        return random_effects(
            [effects[other] for other in rest],
            [errors[other] for other in rest],
            [names[other] for other in rest],
            confidence=confidence,
            interval=interval,
            tau2=tau2,
            prediction=prediction,
        )

    return tuple(LeftOut(names[place], without(place)) for place in known)


def _require(
    y: Floats, s: Floats, names: list[str], confidence: float, interval: str, tau2: str, prediction: str
) -> None:
    problems = []
    if not y.ndim == s.ndim == 1 or not len(y) == len(s) == len(names):
        problems.append(f"found {y.shape} effects, {s.shape} errors and {len(names)} labels; one of each is needed")
    problems += [f"a standard error is {error}, allowed is a number above 0" for error in s.ravel() if error <= 0]
    if not 0 < confidence < 1:
        problems.append(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    for name, value, allowed in (
        ("interval", interval, INTERVALS),
        ("tau2", tau2, ESTIMATORS),
        ("prediction", prediction, PREDICTIONS),
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


def _error(y: Floats, weights: Floats, mean: float, interval: Interval) -> tuple[float, int | None]:
    """Standard error of the mean, and the degrees of freedom of its t; None for a normal quantile."""
    classical = 1 / math.sqrt(weights.sum())
    if interval == "normal":
        return classical, None
    factor = float(weights @ (y - mean) ** 2) / (len(y) - 1)
    return classical * math.sqrt(max(factor, 1.0) if interval == "hartung-knapp-floored" else factor), len(y) - 1


def _reach(error: float, variance: float, k: int, confidence: float, t_df: int | None, prediction: Prediction) -> float:
    df = k - 2 if prediction == "k-2" else t_df
    return math.nan if df == 0 else _quantile(confidence, df) * math.sqrt(variance + error**2)


def _quantile(confidence: float, df: int | None) -> float:
    from scipy.special import stdtrit

    return _normal_quantile(confidence) if df is None else float(stdtrit(df, 0.5 + confidence / 2))


def _normal_quantile(confidence: float) -> float:
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    return float(ndtri(0.5 + confidence / 2))


def _p(mean: float, error: float, df: int | None) -> float:
    from scipy.special import ndtr, stdtr

    if error == 0:
        return 1.0 if mean == 0 else 0.0
    statistic = -abs(mean) / error
    return 2 * float(ndtr(statistic) if df is None else stdtr(df, statistic))


def _chi2_tail(statistic: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))
