"""Targets as constraints of the compiled chain: intervals in the scale in which they are met, and tolerances."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.constraints import Key, counts_follow_up, logrank_key
from haicbook.survival.conventions import GRIDS, AssumedConventions
from haicbook.survival.intervals import Interval, Limits
from haicbook.survival.targets import ArmTargets, Targets

Floats = NDArray[np.float64]

# A chain is warm when a number is missed by this share of its standard error on average, cold when by this share of
# half its rounding interval.
WARM, COLD = 0.3, 0.5
# limits and p follow from a hazard ratio and the number of events, but for a part of its standard error
_TIED = 1 / 3
# half the interval of a count: a cold chain does not exchange an event for another number
_COUNT = 0.05
# two floating-point candidates of one printed limit
_NOISE = 1e-10  # ten times what the verifying code forgives
Z95 = 1.959963984540054
# follow-up goes on after the latest time printed, at least by this factor
_LATER = 1.1


class _Row(NamedTuple):
    kind: int
    group: int
    time: float
    low: float
    high: float
    error: float
    key: Key
    z: float = Z95


def scale_of(targets: Targets) -> float:
    """A typical survival time, in months: what medians, rates or follow-up say of all arms."""
    if targets.pooled_median is not None and targets.pooled_median.reached:
        return targets.pooled_median.middle
    times = [time for arm in targets.arms.values() if (time := _arm_scale(arm)) is not None]
    if times:
        return float(np.exp(np.mean(np.log(times))))
    return targets.follow_up_end / 2


def _arm_scale(arm: ArmTargets) -> float | None:
    if arm.median is not None and arm.median.reached:
        return arm.median.middle
    for mark in sorted(arm.landmarks, key=lambda mark: -mark.time):
        if 0 < mark.interval.middle < 1:
            # no further than four times the mark: a flat curve does not say where its median is
            return min(mark.time * math.log(2) / -math.log(mark.interval.middle), 4 * mark.time)
    return None


def encode(targets: Targets, conventions: AssumedConventions) -> tuple[Any, tuple[Key, ...]]:
    """Targets as :class:`haicbook.survival.engine.state.Constraints`, and for each the printed number it is.

    Parameters
    ----------
    targets
        One or two arms.
    conventions
        How the numbers were made.
    """
    from haicbook.survival.engine import state

    targets = targets.under("truncate") if conventions.rounding == "truncate" else targets
    if conventions.interval == "normal":
        targets = _unclipped(targets)
    scale = scale_of(targets)
    rows: list[_Row] = []
    for group, (name, arm) in enumerate(targets.arms.items()):
        rows += _arm_rows(group, name, arm, scale, conventions, counts_follow_up(targets))
        if earliest_rows(targets).any():
            rows.append(_Row(state.EARLY_ROWS, group, 0.0, 0.0, 0.0, 1.0, ("early", name)))
    rows += _pooled_rows(targets, scale, conventions)
    rows += _contrast_rows(targets)
    rows.sort(key=lambda row: (row.group, row.kind > state.NUMBER_AT_RISK, row.time, row.kind))
    table = np.array([row[:6] for row in rows], dtype=float).reshape(-1, 6)
    kinds, groups, times = table.T[:3]
    low, high, tolerance = _bounds(table, conventions)
    transforms = {"plain": state.PLAIN, "log": state.LOG, "log-log": state.LOG_LOG, "normal": state.NORMAL}
    transform = transforms[conventions.interval]
    earliest, latest = _ends_of_follow_up(targets, scale)
    encoded = state.Constraints(
        kind=kinds.astype(np.int64),
        start=np.searchsorted(groups, np.arange(5)).astype(np.int64),
        time=np.ascontiguousarray(times),
        low=low,
        high=high,
        tolerance=tolerance,
        z=np.array([row.z for row in rows], dtype=float),
        median_interval=transform,
        rate_interval=state.PLAIN if transform == state.NORMAL else transform,
        ties={"efron": state.EFRON, "breslow": state.BRESLOW, "exact": state.EXACT}[conventions.ties],
        rates=state.LIFE_TABLE if conventions.table_width else state.PRODUCT_LIMIT,
        midpoint=0 if conventions.interval == "normal" else 1,
        end=np.array([latest, earliest, latest]),
        step=GRIDS[conventions.time_grid],
        width=conventions.table_width,
        earliest=earliest_rows(targets),
    )
    return encoded, tuple(row.key for row in rows)


def _bounds(table: Floats, conventions: AssumedConventions) -> tuple[Floats, Floats, Floats]:
    """Ends of the printed intervals (J,), and how far off each may be, warm and cold (2, J)."""
    from haicbook.survival.engine import state

    kinds, low, high, error = table.T[[0, 3, 4, 5]]
    finite = np.isfinite(low) & np.isfinite(high)
    with np.errstate(invalid="ignore"):
        half = np.where(finite, (high - low) / 2, error / 10)
    half = np.where(half > 0, half, _COUNT)
    # rates are quotients of whole numbers, which lie on the ends of their intervals: 39 of 48 is 81.2% or 81.3%
    closed = kinds == state.RATE
    shrink = np.where(finite & (high > low), _NOISE, 0.0)
    least = low + shrink * np.where(closed, -0.05, 1)
    most = high - shrink * np.where(closed & (conventions.rounding == "round"), -0.05, 1)
    return least, most, np.array([np.maximum(WARM * error, COLD * half), COLD * half])


def earliest_rows(targets: Targets) -> Floats:
    """(2,) months before which nobody has an event, and nobody leaves."""
    shortest = targets.follow_up_min.low if targets.follow_up_min and counts_follow_up(targets) else 0.0
    bounds = (targets.earliest_event, targets.earliest_censoring)
    return np.array([max(shortest, bound.months if bound else 0.0) for bound in bounds])


def _unclipped(targets: Targets) -> Targets:
    """Medians' lower limits that are printed as 0 as what they stand for in SPSS: anything up to it."""

    def opened(limits: Limits | None) -> Limits | None:
        if limits is None or not limits.clipped:
            return limits
        return replace(limits, lower=replace(limits.lower, low=-math.inf))

    arms = {name: replace(arm, median_ci=opened(arm.median_ci)) for name, arm in targets.arms.items()}
    return replace(targets, arms=arms, pooled_median_ci=opened(targets.pooled_median_ci))


def _z_of(limits: Limits) -> float:
    return Z95 if limits.level == 95 else limits.z


def _width(limits: Limits) -> float:
    """Of an interval in standard errors, as one writes it down: 3.92 at 95 %."""
    return 2 * round(limits.z, 2)


def _ends_of_follow_up(targets: Targets, scale: float) -> tuple[float, float]:
    """Between which times follow-up ends: as printed; else late enough for the events printed or implied."""
    latest = targets.follow_up_end
    if targets.follow_up_is_printed:
        return latest, latest
    seen = min(_events(targets) / targets.n, 0.95)
    needed = max(_LATER * targets.latest, -_LATER * scale * float(np.log2(1 - seen)))
    # whoever enrolled first can have been followed for as long as others enrolled
    return min(max(needed, targets.calendar.enrolled), latest), latest


def _events(targets: Targets) -> float:
    """Events printed, or implied by the standard error of the log hazard ratio: 4 / SE^2 (Schoenfeld, 1983)."""
    printed = [arm.events for arm in targets.arms.values()]
    if targets.events_total is not None:
        return targets.events_total
    if all(events is not None for events in printed):
        return sum(filter(None, printed))
    ci = targets.hr.ci if targets.hr is not None else None
    if ci is None or not all(0 < end < np.inf for end in (ci.lower.low, ci.upper.high)):
        return 0.0
    return float((4 * round(ci.z, 2) / np.log(ci.upper.middle / ci.lower.middle)) ** 2)


def _limit_rows(
    kinds: tuple[int, int], group: int, time: float, limits: Limits | None, errors: tuple[float, float], key: Key
) -> list[_Row]:
    """Constraints of a printed interval's limits; limits that cannot be read are none."""
    if limits is None:
        return []
    return [
        _Row(kind, group, time, end.low, end.high, error, key, _z_of(limits))
        for kind, end, error in zip(kinds, (limits.lower, limits.upper), errors, strict=True)
        if not math.isnan(end.low)
    ]


def _median_rows(
    group: int, name: str, n: int, median: Interval | None, limits: Limits | None, scale: float
) -> list[_Row]:
    from haicbook.survival.engine import state

    if median is None:
        return []
    middle = median.middle if median.reached else scale
    error = 1.44 * middle / math.sqrt(n)  # of an exponential distribution's median
    if limits is not None and limits.lower.low == -math.inf and limits.upper.reached:
        error = max((limits.upper.middle - middle) / limits.z, 0.01 * middle)
    elif limits is not None and all(math.isfinite(end) for end in limits):
        error = max((limits.upper.middle - limits.lower.middle) / _width(limits), 0.01 * middle)
    if median.bound:  # that survival is above one half then, or below
        half = (0.0, 0.5 - _NOISE) if median.high < math.inf else (0.5 + _NOISE, 1.0)
        return [_Row(state.RATE, group, middle, *half, 0.5 / math.sqrt(n), ("median", name))]
    rows = [_Row(state.MEDIAN, group, 0.0, median.low, median.high, error, ("median", name))]
    kinds = (state.MEDIAN_LOW, state.MEDIAN_HIGH)
    return rows + _limit_rows(kinds, group, 0.0, limits, (1.2 * error, 1.5 * error), ("median_ci", name))


def _arm_rows(
    group: int, name: str, arm: ArmTargets, scale: float, conventions: AssumedConventions, followed: bool
) -> list[_Row]:
    from haicbook.survival.engine import state

    rows = []
    for mark in arm.landmarks:
        rate = min(max(mark.interval.middle, 0.5 / arm.n), 1 - 0.5 / arm.n)
        error = math.sqrt(rate * (1 - rate) / arm.n)
        key = (name, f"{mark.time:g}")
        interval = mark.interval
        rows.append(_Row(state.RATE, group, mark.time, interval.low, interval.high, error, ("rate", *key)))
        kinds = (state.RATE_LOW, state.RATE_HIGH)
        rows += _limit_rows(kinds, group, mark.time, mark.ci, (error, error), ("rate_ci", *key))
    rows += _median_rows(group, name, arm.n, arm.median, arm.median_ci, scale)
    if arm.events is not None:
        rows.append(_Row(state.EVENTS, group, 0.0, arm.events, arm.events, 2.0, ("events", name)))
    for count in (mark for mark in arm.at_risk if mark.time > 0):  # everybody is, at first
        error = max(math.sqrt(count.patients * (1 - count.patients / arm.n)), 1.0)
        where = ("at_risk", name, f"{count.time:g}")
        rows.append(_Row(state.NUMBER_AT_RISK, group, count.time, count.patients, count.patients, error, where))
    if arm.flat_from is not None:
        rows.append(_Row(state.LATE_EVENTS, group, arm.flat_from, 0.0, 0.0, 1.0, ("flat", name)))
    if arm.follow_up_median is not None and followed:
        rows.append(_follow_up_row(group, name, arm.n, arm.follow_up_median, conventions))
    return rows


def _follow_up_row(group: int, name: str, n: int, median: Interval, conventions: AssumedConventions) -> _Row:
    from haicbook.survival.engine import state

    kind = state.FOLLOW_UP_REVERSE if conventions.follow_up == "reverse_km" else state.FOLLOW_UP_OBSERVED
    error = median.middle / math.sqrt(n)
    return _Row(kind, group, 0.0, median.low, median.high, error, ("follow_up", name))


def _pooled_rows(targets: Targets, scale: float, conventions: AssumedConventions) -> list[_Row]:
    from haicbook.survival.engine import state

    group, name = 0 if len(targets.arms) == 1 else state.POOLED, "pooled"
    rows = _median_rows(group, name, targets.n, targets.pooled_median, targets.pooled_median_ci, scale)
    if targets.events_total is not None:
        rows.append(_Row(state.EVENTS, group, 0.0, targets.events_total, targets.events_total, 2.0, ("events", name)))
    if targets.follow_up_median is not None and counts_follow_up(targets):
        rows.append(_follow_up_row(group, name, targets.n, targets.follow_up_median, conventions))
    return rows


def _contrast_rows(targets: Targets) -> list[_Row]:
    """Of the first arm against the second, whichever way the paper prints it."""
    from scipy.special import ndtri

    from haicbook.survival.engine import state

    rows, group = [], state.CONTRAST
    if targets.hr is not None:
        ratio = targets.hr
        turned = ratio.arm != next(iter(targets.arms))
        error = 4 / math.sqrt(targets.n)
        if ratio.ci is not None and all(end > 0 and math.isfinite(end) for end in ratio.ci):
            error = math.log(ratio.ci.upper.middle / ratio.ci.lower.middle) / _width(ratio.ci)
        low, high = _logs(ratio.estimate, turned)
        rows.append(_Row(state.LOG_HR, group, 0.0, low, high, error, ("hr",)))
        error *= _TIED
        if ratio.ci is not None:
            ends = (ratio.ci.upper, ratio.ci.lower) if turned else (ratio.ci.lower, ratio.ci.upper)
            for kind, end in zip((state.LOG_HR_LOW, state.LOG_HR_HIGH), ends, strict=True):
                if not math.isnan(end.low) and end.low != math.inf:
                    rows.append(_Row(kind, group, 0.0, *_logs(end, turned), error, ("hr_ci",), _z_of(ratio.ci)))
    for test in targets.logrank_tests:
        p = targets.two_sided(test.p)
        least = -float(ndtri(min(p.high, 1.0) / 2))
        most = -float(ndtri(p.low / 2)) if p.low > 0 else math.inf
        if most == math.inf:
            most = 40.0
        # what happens up to a time is tied to the ratio of the whole less closely
        error = _TIED if test.time == math.inf else 1.0
        rows.append(_Row(state.LOGRANK_Z, group, test.time, max(least, 0.0), most, error, logrank_key(test)))
    return rows


def _logs(figure: Interval, turned: bool) -> tuple[float, float]:
    low = math.log(figure.low) if figure.low > 0 else -40.0
    high = math.log(figure.high)
    return (-high, -low) if turned else (low, high)
