"""Survival statistics of many data sets at once: arrays of B data sets in, arrays of B results out.

Every function takes `time` (B, n) in months and `event` (B, n) (True: the event was seen, False: censored), one row for
each data set; a single data set may be given as (n,) and counts as B = 1. At a tie, events come before censorings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Transform = Literal["log", "log-log", "plain"]
Ties = Literal["efron", "breslow"]

TRANSFORMS: tuple[Transform, ...] = ("log", "log-log", "plain")
# R's survfit takes a survival this close to one half as one half: sqrt of the machine precision
_HALF = float(np.sqrt(np.finfo(float).eps))
_NEWTON_STEPS = 40
_NEWTON_STOP = 1e-10
# beyond this log hazard ratio the likelihood has no maximum: all events of one group come after the other group's
_DIVERGED = 15.0
_NOISE = 1e-12


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


def _as_batch(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    times = np.atleast_2d(np.asarray(time, dtype=float))
    events = np.atleast_2d(np.asarray(event, dtype=bool))
    if times.shape != events.shape:
        raise ValueError(f"time has shape {times.shape} and event {events.shape}; they must be the same")
    if times.size == 0:
        raise ValueError(f"time has shape {times.shape}; at least one data set of one patient is needed")
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times must be finite and not negative (months)")
    return times, events


def _order(time: Floats, event: Bools) -> Ints:
    """Row order by time, events before censorings at the same time."""
    return np.lexsort((~event, time), axis=-1).astype(np.int64)


def _per_patient(values: ArrayLike, shape: tuple[int, ...], order: Ints) -> Floats:
    """A covariate given once or for each data set, in row order."""
    try:
        covariate = np.broadcast_to(np.asarray(values, dtype=float), shape)
    except ValueError:
        raise ValueError(f"the covariate has shape {np.shape(values)}; (n,) or {shape} is needed") from None
    return np.take_along_axis(covariate, order, axis=1)


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
    times, events = _as_batch(time, event)
    order = _order(times, events)
    times, events = np.take_along_axis(times, order, axis=1), np.take_along_axis(events, order, axis=1)
    at_risk = np.arange(times.shape[1], 0, -1, dtype=float)
    factors: Floats = np.where(events, (at_risk - 1) / at_risk, 1.0)
    survival = np.cumprod(factors, axis=1, dtype=np.float64)
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(np.where(events, 1 / (at_risk * (at_risk - 1)), 0.0), axis=1)
    return KaplanMeier(times, events, survival, greenwood)


def _rows_until(sorted_time: Floats, grid: Floats, *, inclusive: bool) -> Ints:
    """(B, G): how many rows have a time before each grid point (or at it, if inclusive).

    One stable sort of times and grid together: exact at ties, and no loop over data sets.
    """
    data_sets, n = sorted_time.shape
    points = np.broadcast_to(grid, (data_sets, grid.size))
    parts = (sorted_time, points) if inclusive else (points, sorted_time)
    is_point = np.r_[np.zeros(n, bool), np.ones(grid.size, bool)] if inclusive else np.arange(n + grid.size) < grid.size
    order = np.argsort(np.concatenate(parts, axis=1), axis=1, kind="stable")
    sorted_is_point = is_point[order]
    place = np.nonzero(sorted_is_point)[1].reshape(data_sets, grid.size)
    counts = np.empty((data_sets, grid.size), dtype=np.int64)
    counts[:, np.argsort(grid, kind="stable")] = place - np.arange(grid.size)
    return counts


def _grid(times: ArrayLike) -> Floats:
    return np.atleast_1d(np.asarray(times, dtype=float))


def _at(values: Floats, rows: Ints, before_first: float) -> Floats:
    padded = np.concatenate([np.full((values.shape[0], 1), before_first), values], axis=1)
    return np.take_along_axis(padded, rows, axis=1)


def survival_at(curve: KaplanMeier, times: ArrayLike) -> Floats:
    """Survival (B, G) at times (G,) in months; the last value is carried on after the last row."""
    return _at(curve.survival, _rows_until(curve.time, _grid(times), inclusive=True), 1.0)


def at_risk(time: ArrayLike, event: ArrayLike, times: ArrayLike) -> Ints:
    """Patients at risk (B, T) just before each of the times (T,), as R's survfit counts them."""
    months, _ = _as_batch(time, event)
    rows = _rows_until(np.sort(months, axis=1), _grid(times), inclusive=False)
    return np.asarray(months.shape[1] - rows, dtype=np.int64)


def _crossing(curve: KaplanMeier, height: Floats) -> Floats:
    """(B,) where step functions fall to one half, by R's rule: halfway along a step that lies on one half exactly."""
    time, last_of_tie = curve.time, np.ones(curve.time.shape, bool)
    last_of_tie[:, :-1] = time[:, 1:] > time[:, :-1]
    low = last_of_tie & (height < 0.5 + _HALF)
    first = np.argmax(low, axis=1)
    rows = np.arange(len(time))
    reached = low[rows, first]
    start, level = time[rows, first], height[rows, first]
    below = low & (height < level[:, None])
    following = np.argmax(below, axis=1)
    flat = (np.abs(level - 0.5) < _HALF) & below[rows, following]
    crossing = np.where(flat, (start + time[rows, following]) / 2, start)
    return np.where(reached, crossing, np.nan)


def median(time: ArrayLike, event: ArrayLike) -> Floats:
    """Median survival (B,) in months; NaN where the curve does not fall to one half.

    Where a step lies on one half exactly, the middle of that step, as R's survfit has it; other programs take its
    start.
    """
    curve = km(time, event)
    return _crossing(curve, curve.survival)


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
    from scipy.special import ndtri

    if transform not in TRANSFORMS:
        raise ValueError(f"transform is {transform!r}; it must be one of {', '.join(TRANSFORMS)}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must be a number between 0 and 1, such as 0.95")
    z = float(ndtri(0.5 + level / 2))
    survival = np.where(survival <= 0, np.nan, survival)
    error = z * np.sqrt(np.where(np.isnan(survival), np.nan, greenwood))
    if transform == "plain":
        lower, upper = survival * (1 - error), survival * (1 + error)
    elif transform == "log":
        lower, upper = survival * np.exp(-error), survival * np.exp(error)
    else:
        log_survival = np.log(np.where(survival >= 1, np.nan, survival))
        spread = error / log_survival  # negative, as the logarithm of a probability is
        lower, upper = np.exp(log_survival * np.exp(-spread)), np.exp(log_survival * np.exp(spread))
    return np.clip(lower, 0, 1), np.clip(upper, 0, 1)


def limits_at(
    curve: KaplanMeier, times: ArrayLike, transform: Transform = "log", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence limits (B, G) of the survival at times (G,) in months; see :func:`confidence_limits`.

    Before the first row both limits are 1, whatever the transform.
    """
    rows = _rows_until(curve.time, _grid(times), inclusive=True)
    limits = confidence_limits(_at(curve.survival, rows, 1.0), _at(curve.greenwood, rows, 0.0), transform, level)
    lower, upper = (np.where(rows == 0, 1.0, limit) for limit in limits)
    return lower, upper


def median_limits(curve: KaplanMeier, transform: Transform = "log", level: float = 0.95) -> tuple[Floats, Floats]:
    """Confidence limits (B,) of the median in months: where the limits of the curve cross one half.

    NaN where a limit is not reached. Brookmeyer and Crowley, Biometrics 38 (1982) 29-41, with the transform named.
    """
    lower, upper = confidence_limits(curve.survival, curve.greenwood, transform, level)
    missing = np.isnan(lower)
    # a limit that is not defined crosses nothing
    return _crossing(curve, np.where(missing, 1.0, lower)), _crossing(curve, np.where(missing, 1.0, upper))


def rmst(time: ArrayLike, event: ArrayLike, horizon: float) -> Floats:
    """Restricted mean survival time (B,): the area under the curve from 0 to `horizon`, in months.

    Where the last patient is censored before the horizon, the last value is carried on.

    Raises
    ------
    ValueError
        When the horizon is not positive and finite.
    """
    if not (np.isfinite(horizon) and horizon > 0):
        raise ValueError(f"the horizon is {horizon}; it must be a positive number of months")
    curve = km(time, event)
    edges = np.minimum(curve.time, horizon)
    ends = np.concatenate([edges, np.full((len(edges), 1), float(horizon))], axis=1)
    widths = np.diff(ends, axis=1, prepend=0.0)
    heights = np.concatenate([np.ones((len(edges), 1)), curve.survival], axis=1)
    return np.asarray((heights * widths).sum(axis=1), dtype=float)


@dataclass(frozen=True)
class LogRank:
    """Log-rank tests of B data sets.

    Attributes
    ----------
    chi2, p
        (B,) the statistic with one degree of freedom, and its two-sided p.
    z
        (B,) its signed root: negative where the group has fewer events than expected.
    observed, expected
        (B,) events in the group.
    """

    chi2: Floats
    p: Floats
    z: Floats
    observed: Floats
    expected: Floats


@dataclass(frozen=True)
class _Ties:
    """For each row (B, n): where its tie starts and ends, its events, and its place among them."""

    first: Ints
    last: Ints
    events: Floats
    place: Floats
    starts: Bools

    @classmethod
    def of(cls, time: Floats, event: Bools) -> _Ties:
        index = np.broadcast_to(np.arange(time.shape[1]), time.shape)
        starts = np.ones(time.shape, bool)
        starts[:, 1:] = time[:, 1:] > time[:, :-1]
        first = np.maximum.accumulate(np.where(starts, index, 0), axis=1)
        ends = np.ones(time.shape, bool)
        ends[:, :-1] = starts[:, 1:]
        reverse = np.where(ends, index, time.shape[1] - 1)[:, ::-1]
        last = np.minimum.accumulate(reverse, axis=1)[:, ::-1]
        ties = cls(first.astype(np.int64), last.astype(np.int64), np.empty(0), np.empty(0), starts)
        events = ties.sum(event.astype(float))
        return cls(ties.first, ties.last, events, (index - first).astype(float), starts)

    def sum(self, values: Floats) -> Floats:
        """Sum of values (B, n) over each row's tie."""
        running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        until, before = (np.take_along_axis(running, ends, axis=1) for ends in (self.last + 1, self.first))
        return np.asarray(until - before, dtype=float)

    def at_risk(self, values: Floats) -> Floats:
        """Sum of values (B, n) over the patients at risk at each row's time."""
        remaining = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
        return np.take_along_axis(remaining, self.first, axis=1)


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Two-sample log-rank test (Mantel 1966, hypergeometric variance), as R's survdiff.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen, both groups together.
    group
        (n,) or (B, n): True in the group whose events are counted.

    Returns
    -------
    LogRank
        NaN where the variance is 0 (no time at which both groups are at risk and an event happens).
    """
    from scipy.special import erfc

    times, events = _as_batch(time, event)
    order = _order(times, events)
    member = _per_patient(group, times.shape, order)
    times, events = np.take_along_axis(times, order, axis=1), np.take_along_axis(events, order, axis=1)
    ties = _Ties.of(times, events)
    all_at_risk, of_group = ties.at_risk(np.ones_like(times)), ties.at_risk(member)
    share = of_group / all_at_risk
    deaths = np.where(ties.starts, ties.events, 0.0)
    expected = (deaths * share).sum(axis=1)
    correction = (all_at_risk - deaths) / np.maximum(all_at_risk - 1, 1)
    variance = (deaths * share * (1 - share) * correction).sum(axis=1)
    observed = (member * events).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (observed - expected) / np.sqrt(variance), np.nan)
    return LogRank(z**2, np.asarray(erfc(np.abs(z) / np.sqrt(2))), z, observed, expected)


def cox(time: ArrayLike, event: ArrayLike, covariate: ArrayLike, ties: Ties = "efron") -> tuple[Floats, Floats]:
    """Cox regression on one covariate, by Newton's method on B data sets together.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    covariate
        (n,) or (B, n): for a treatment contrast, 1 in the experimental arm and 0 in the reference.
    ties
        `efron` (R's default, lifelines') or `breslow` (SPSS's, SAS's).

    Returns
    -------
    log_hr, se
        (B,) each: the coefficient and its standard error from the observed information. Where the likelihood has no
        maximum, an infinite coefficient with an infinite standard error; where the data say nothing (no event with
        a choice among different covariates), NaN.

    Raises
    ------
    ValueError
        When `ties` is neither, or shapes differ.

    Notes
    -----
    Cox, J R Stat Soc B 34 (1972) 187-220; Efron, JASA 72 (1977) 557-565; Breslow, Biometrics 30 (1974) 89-99.
    """
    if ties not in ("efron", "breslow"):
        raise ValueError(f"ties is {ties!r}; it must be efron or breslow")
    times, events = _as_batch(time, event)
    order = _order(times, events)
    x = _per_patient(covariate, times.shape, order)
    times, events = np.take_along_axis(times, order, axis=1), np.take_along_axis(events, order, axis=1)
    blocks = _Ties.of(times, events)
    thinning = blocks.place / np.maximum(blocks.events, 1) if ties == "efron" else np.zeros_like(times)
    x = x - x.mean(axis=1, keepdims=True)  # keeps the exponentials small; the coefficient is unchanged
    beta = np.zeros(len(times))
    information = np.zeros(len(times))
    for _ in range(_NEWTON_STEPS):
        score, information = _score_and_information(beta, x, events, blocks, thinning)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(information > 0, score / information, 0.0)
        step = np.where(np.abs(beta) > _DIVERGED, 0.0, np.clip(step, -2, 2))
        beta = beta + step
        if np.abs(step).max() < _NEWTON_STOP:
            break
    with np.errstate(divide="ignore"):
        se = 1 / np.sqrt(_score_and_information(beta, x, events, blocks, thinning)[1])
    silent = (beta == 0) & ~np.isfinite(se)
    diverged = np.abs(beta) > _DIVERGED
    beta = np.where(silent, np.nan, np.where(diverged, np.copysign(np.inf, beta), beta))
    return beta, np.where(silent, np.nan, np.where(diverged, np.inf, se))


def _score_and_information(
    beta: Floats, x: Floats, events: Bools, blocks: _Ties, thinning: Floats
) -> tuple[Floats, Floats]:
    """First and minus the second derivative (B,) of the partial log-likelihood."""
    weight = np.exp(beta[:, None] * x)
    moments = []
    for power in (weight, weight * x, weight * x**2):
        moments.append(blocks.at_risk(power) - thinning * blocks.sum(power * events))
    mean = moments[1] / moments[0]
    spread = moments[2] / moments[0] - mean**2
    information = (spread * events).sum(axis=1)
    # below this it is the rounding noise of risk sets that hold one covariate value
    return ((x - mean) * events).sum(axis=1), np.where(information > _NOISE, information, 0.0)
