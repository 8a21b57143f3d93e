"""Kaplan-Meier curves of many data sets: estimates, confidence limits, medians, numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from haicbook.survival.estimators.batches import (
    Bools,
    Floats,
    Ints,
    as_batch,
    as_grid,
    at_rows,
    chunks,
    in_order,
    rows_until,
)

Transform = Literal["log", "log-log", "plain"]
MedianInterval = Literal["log", "log-log", "plain", "normal"]
MedianRule = Literal["middle", "start"]

TRANSFORMS: tuple[Transform, ...] = ("log", "log-log", "plain")
MEDIAN_INTERVALS: tuple[MedianInterval, ...] = (*TRANSFORMS, "normal")
# R's survfit takes a survival this close to one half as one half: sqrt of the machine precision
_HALF = float(np.sqrt(np.finfo(float).eps))
# SPSS takes the density at the median from the step function between these distances above and below one half
_AROUND_HALF = 0.05
_NOISE = 1e-9


@dataclass(frozen=True)
class KaplanMeier:
    """Product-limit curves of B data sets.

    Attributes
    ----------
    time
        (B, n) months, ascending.
    event
        (B, n) in the order of `time`.
    survival
        (B, n) the estimate just after each row; at tied times it holds at the last row of the tie.
    greenwood
        (B, n) Greenwood's sum of d / (r (r - d)): the variance of the log survival. Infinite where survival is 0.
    """

    time: Floats
    event: Bools
    survival: Floats
    greenwood: Floats


def km(time: ArrayLike, event: ArrayLike) -> KaplanMeier:
    """Kaplan-Meier estimate with Greenwood's variance.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    ValueError
        When the shapes differ, or a time is negative or not finite.

    Notes
    -----
    Rows are taken one at a time. At tied times the factors telescope to 1 - d / r and the variance terms to
    d / (r (r - d)), so that the last row of a tie is the estimate of Kaplan and Meier (1958) and Greenwood (1926).
    """
    times, events = as_batch(time, event)
    data_sets, n = times.shape
    at_risk = np.arange(n, 0, -1, dtype=float)
    with np.errstate(divide="ignore"):
        term = 1 / (at_risk * (at_risk - 1))
    factor = (at_risk - 1) / at_risk
    curve = KaplanMeier(*(np.empty((data_sets, n), kind) for kind in (float, bool, float, float)))
    for part in chunks(data_sets, n):
        curve.time[part], curve.event[part], _ = in_order(times[part], events[part])
        died = curve.event[part]
        np.cumprod(np.where(died, factor, 1.0), axis=1, out=curve.survival[part])
        np.cumsum(np.where(died, term, 0.0), axis=1, out=curve.greenwood[part])
    return curve


def survival_at(curve: KaplanMeier, times: ArrayLike) -> Floats:
    """Survival (B, G) at times (G,) in months; the last value is carried on after the last row."""
    return at_rows(curve.survival, rows_until(curve.time, as_grid(times), inclusive=True), 1.0)


def at_risk(time: ArrayLike, event: ArrayLike, times: ArrayLike) -> Ints:
    """Patients at risk (B, T) just before each of the times (T,), as R's survfit counts them."""
    months, _ = as_batch(time, event)
    rows = rows_until(np.sort(months, axis=1), as_grid(times), inclusive=False)
    return np.asarray(months.shape[1] - rows, dtype=np.int64)


def _crossing(curve: KaplanMeier, height: Floats, rule: MedianRule = "middle") -> Floats:
    """(B,) where step functions fall to one half; of a step that lies on one half exactly, its middle (R) or start."""
    time, last_of_tie = curve.time, np.ones(curve.time.shape, bool)
    last_of_tie[:, :-1] = time[:, 1:] > time[:, :-1]
    low = last_of_tie & (height < 0.5 + _HALF)
    first = np.argmax(low, axis=1)
    rows = np.arange(len(time))
    reached = low[rows, first]
    start, level = time[rows, first], height[rows, first]
    crossing = np.where(reached, start, np.nan)
    flat = np.flatnonzero(reached & (np.abs(level - 0.5) < _HALF)) if rule == "middle" else ()
    if len(flat):
        below = low[flat] & (height[flat] < level[flat, None])
        following = np.argmax(below, axis=1)
        ends = below[np.arange(len(flat)), following]
        crossing[flat[ends]] = (start[flat] + time[flat, following])[ends] / 2
    return crossing


def median(time: ArrayLike, event: ArrayLike, rule: MedianRule = "middle") -> Floats:
    """Median survival (B,) in months; NaN where the curve does not fall to one half.

    Where a step lies on one half exactly: `middle` of that step, as R's survfit has it, or its `start`, as SPSS and
    lifelines have it.
    """
    return median_of(km(time, event), rule)


def median_of(curve: KaplanMeier, rule: MedianRule = "middle") -> Floats:
    """Median survival (B,) of curves; see :func:`median`."""
    if rule not in ("middle", "start"):
        raise ValueError(f"rule is {rule!r}; it must be middle or start")
    return _crossing(curve, curve.survival, rule)


def confidence_limits(
    survival: Floats, greenwood: Floats, transform: Transform = "log", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Pointwise confidence limits of a survival probability.

    Parameters
    ----------
    survival, greenwood
        Arrays of the same shape: the estimate, and the variance of its logarithm (Greenwood's sum).
    transform
        `log` (R's default), `log-log` (lifelines', many SAS versions') or `plain`.
    level
        Coverage, 0.95 by default.

    Returns
    -------
    lower, upper
        Between 0 and 1; NaN where survival is 0 (its variance is not defined) and, for `log-log`, where it is 1.

    Raises
    ------
    ValueError
        When the transform is none of the three, or the level is not between 0 and 1.

    Notes
    -----
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), section 1.4.
    """
    if transform not in TRANSFORMS:
        raise ValueError(f"transform is {transform!r}; it must be one of {', '.join(TRANSFORMS)}")
    z = normal_quantile(level)
    lower, upper = np.empty(survival.shape), np.empty(survival.shape)
    for part in chunks(len(survival), max(1, survival.size // len(survival))):
        lower[part], upper[part] = _limits(survival[part], greenwood[part], transform, z)
    return lower, upper


def _limits(survival: Floats, greenwood: Floats, transform: Transform, z: float) -> tuple[Floats, Floats]:
    dead = survival <= 0
    survival = np.where(dead, np.nan, survival)
    error = z * np.sqrt(np.where(dead, np.nan, greenwood))
    if transform == "plain":
        lower, upper = survival * (1 - error), survival * (1 + error)
    elif transform == "log":
        spread = np.exp(error)
        lower, upper = survival / spread, survival * spread
    else:
        log_survival = np.log(np.where(survival >= 1, np.nan, survival))
        spread = error / log_survival  # negative, as the logarithm of a probability is
        lower, upper = np.exp(log_survival * np.exp(-spread)), np.exp(log_survival * np.exp(spread))
    return np.clip(lower, 0, 1), np.clip(upper, 0, 1)


def normal_quantile(level: float) -> float:
    """The standard normal's two-sided quantile: 1.96 for 0.95.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must be a number between 0 and 1, such as 0.95")
    return float(ndtri(0.5 + level / 2))


def limits_at(
    curve: KaplanMeier, times: ArrayLike, transform: Transform = "log", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence limits (B, G) of the survival at times (G,) in months; see :func:`confidence_limits`.

    Before the first row both limits are 1, whatever the transform.
    """
    rows = rows_until(curve.time, as_grid(times), inclusive=True)
    limits = confidence_limits(
        at_rows(curve.survival, rows, 1.0), at_rows(curve.greenwood, rows, 0.0), transform, level
    )
    lower, upper = (np.where(rows == 0, 1.0, limit) for limit in limits)
    return lower, upper


def median_limits(curve: KaplanMeier, interval: MedianInterval = "log", level: float = 0.95) -> tuple[Floats, Floats]:
    """Confidence limits (B,) of the median in months; NaN where a limit is not reached.

    Parameters
    ----------
    curve
        The curves.
    interval
        `log` (R's default), `log-log` (lifelines) or `plain`: where the limits of the curve cross one half (Brookmeyer
        and Crowley, Biometrics 38 (1982) 29-41). `normal`: the median ± 1.96 standard errors, as SPSS prints them; see
        :func:`median_error`.
    level
        Coverage, 0.95 by default.
    """
    if interval == "normal":
        middle, error = median_of(curve, "start"), median_error(curve) * normal_quantile(level)
        return middle - error, middle + error
    lower, upper = confidence_limits(curve.survival, curve.greenwood, interval, level)
    missing = np.isnan(lower)
    # a limit that is not defined crosses nothing
    return _crossing(curve, np.where(missing, 1.0, lower)), _crossing(curve, np.where(missing, 1.0, upper))


def median_error(curve: KaplanMeier) -> Floats:
    """Standard error (B,) of the median in months, as SPSS has it; NaN where it is not defined.

    Greenwood's standard error of the survival at the median, divided by the density there: the fall of the curve
    between the last time at which it is at least 0.55 and the first at which it is at most 0.45, per month.

    References
    ----------
    IBM SPSS Statistics Algorithms, KM: standard error of a percentile. Collett, Modelling Survival Data in Medical
    Research (2015), section 2.4.
    """
    time, survival = curve.time, curve.survival
    data_sets, n = time.shape
    steps = curve.event.copy()  # the last event of each tie: the survival just after a time of death
    steps[:, :-1] &= (time[:, 1:] > time[:, :-1]) | ~curve.event[:, 1:]
    rows = np.arange(data_sets)
    high = steps & (survival >= 0.5 + _AROUND_HALF - _NOISE)
    above = n - 1 - np.argmax(high[:, ::-1], axis=1)
    any_above = high[rows, above]
    above_time = np.where(any_above, time[rows, above], 0.0)
    above_height = np.where(any_above, survival[rows, above], 1.0)
    low = steps & (survival <= 0.5 - _AROUND_HALF + _NOISE)
    below = np.argmax(low, axis=1)
    half = steps & (survival < 0.5 + _HALF)
    at_median = np.argmax(half, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = (above_height - survival[rows, below]) / (time[rows, below] - above_time)
        error = survival[rows, at_median] * np.sqrt(curve.greenwood[rows, at_median]) / density
    defined = low[rows, below] & half[rows, at_median] & np.isfinite(error)
    return np.where(defined, error, np.nan)
