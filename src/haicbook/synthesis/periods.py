"""Does one hazard ratio say it all: by period of follow-up, and a test of proportional hazards, over an ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from haicbook.survival import Ensemble, estimators
from haicbook.synthesis.spread import spread
from haicbook.synthesis.two_arms import Pair, arms_of, log_ratio, pair

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
TimeScale = Literal["km", "log", "identity"]
TIME_SCALES: tuple[TimeScale, ...] = ("km", "log", "identity")
EDGES = (0.0, 6.0, 12.0, math.inf)
COLUMNS = [
    "start",
    "end",
    "hr",
    "low",
    "high",
    "open_low",
    "open_high",
    "sampling",
    "reconstruction",
    "total",
    "events_first",
    "events_second",
    "supported",
    "why",
]
# a period counts as supported when so many of the members have the events for it
_ENOUGH = 0.9


def period_ratios(
    ensemble: Ensemble, edges: Sequence[float] = EDGES, least_events: int = 5, confidence: float = 0.95
) -> pd.DataFrame:
    """Hazard ratio of each period of follow-up, experimental arm against comparator.

    In each period, those still at risk at its start; events after its end are not counted.

    Parameters
    ----------
    ensemble
        A reconstruction with two arms.
    edges
        Months, ascending; the last may be infinite.
    least_events
        Events that each arm must have in a period, in nine of ten members, for its ratio to be shown.
    confidence
        Level of the limits.

    Returns
    -------
    pandas.DataFrame
        One row for each period: `start`, `end`, `hr`, `low`, `high`; `open_low`, `open_high` (limits of the
        reconstruction alone); `sampling`, `reconstruction`, `total` (standard
        deviations of the log ratio); `events_first`, `events_second` (median over members); `supported`, and `why` not,
        in which case the figures are NaN.

    Raises
    ------
    ValueError
        When the edges do not ascend from 0 or later, or there is one arm only.
    """
    if len(edges) < 2 or edges[0] < 0 or any(not a < b for a, b in pairwise(edges)):
        raise ValueError(f"found edges {list(edges)}; allowed are two or more months, each above the one before")
    both = pair(*(ensemble.members[arm] for arm in arms_of(ensemble)))
    rows = []
    for start, end in pairwise(edges):
        # who has left before the period is censored at 0, where no event is
        at_risk = both.time > start
        time = np.where(at_risk, np.minimum(both.time, end) - start, 0.0)
        event = both.event & at_risk & (both.time <= end)
        counts = [event[:, mine].sum(axis=1) for mine in (both.first, ~both.first)]
        rows.append([start, end, *_period(both._replace(time=time, event=event), counts, least_events, confidence)])
    return pd.DataFrame(rows, columns=COLUMNS)


def _period(both: Pair, counts: list[NDArray[np.int64]], least: int, confidence: float) -> list[object]:
    events = [float(np.median(count)) for count in counts]
    enough = float(((counts[0] >= least) & (counts[1] >= least)).mean())
    if enough < _ENOUGH:
        share = f"only {100 * enough:.0f} %" if round(100 * enough) else "none"
        words = (
            f"{events[0]:.0f} and {events[1]:.0f} events (medians); "
            f"{share} of the reconstructions have {least} in each arm"
        )
        return [*[math.nan] * 8, *events, False, words]
    log_hr, error = log_ratio(both)
    found = spread(log_hr, error**2, confidence)
    if found is None:
        return [*[math.nan] * 8, *events, False, "no member has a hazard ratio"]
    ratios = [math.exp(value) for value in (found.estimate, found.low, found.high, *found.left_open)]
    return [*ratios, found.sampling, found.reconstruction, found.total, *events, True, ""]


@dataclass(frozen=True, eq=False)
class ProportionalHazards:
    """The score test for a hazard ratio that changes with time, in every member.

    Attributes
    ----------
    chi2, p
        (B,) the statistic with one degree of freedom, and its p; NaN where a member has too few events.
    slope
        (B,) first step of the log ratio's change per unit of the time scale: above 0 where the ratio rises.
    scale
        `km` (one minus the Kaplan-Meier estimate of both arms), `log` or `identity` of time.
    share
        Of the members with p below 0.05.
    """

    chi2: Floats
    p: Floats
    slope: Floats
    scale: TimeScale
    share: float

    @property
    def p_range(self) -> tuple[float, float, float] | None:
        """Least, median and largest p over the members that have one; None where none has."""
        finite = self.p[np.isfinite(self.p)]
        return (float(finite.min()), float(np.median(finite)), float(finite.max())) if len(finite) else None

    @property
    def direction(self) -> str:
        """Whether, in most members, the ratio `rises` or `falls` with time."""
        return "rises" if np.nanmedian(self.slope) > 0 else "falls"

    @property
    def statement(self) -> str:
        """The test in a sentence."""
        if self.p_range is None:
            return "Too few events to test whether the hazard ratio changes with time."
        least, median, most = self.p_range
        return (
            f"Median p of the test of proportional hazards {median:.2f} ({least:.3f} to "
            f"{most:.2f} over {np.isfinite(self.p).sum()} reconstructions); below 0.05 in {100 * self.share:.0f} % of "
            f"them. If anything, the hazard ratio {self.direction} with time."
        )


def proportional_hazards(ensemble: Ensemble, scale: TimeScale = "km") -> ProportionalHazards:
    """Test of proportional hazards in every member of a reconstruction; see :func:`score_test`.

    Its shape between the printed points is the reconstruction's choice: a small p says that the printed points
    themselves disagree with one ratio, a large one says little.
    """
    both = pair(*(ensemble.members[arm] for arm in arms_of(ensemble)))
    chi2, p, slope = score_test(both.time, both.event, both.first, scale)
    finite = p[np.isfinite(p)]
    share = float((finite < 0.05).mean()) if len(finite) else math.nan
    return ProportionalHazards(chi2, p, slope, scale, share)


def proportional_values(checks: Mapping[str, ProportionalHazards], labels: Mapping[str, str]) -> dict[str, float]:
    """Share of the members with p below 0.05, as a notebook records it; `labels` are study to label."""
    return {f"{study}.share": checks[label].share for study, label in labels.items() if label in checks}


def period_values(periods: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, float]:
    """Each hazard ratio of a period, as a notebook records it: `cao2024.from_6`.

    Parameters
    ----------
    periods
        Rows of :func:`period_ratios` with a column `label`.
    labels
        Study to its label.
    """
    study = {label: key for key, label in labels.items()}
    return {f"{study[row.label]}.from_{row.start:.0f}": row.hr for row in periods.itertuples(index=False)}


def score_test(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, scale: TimeScale = "km"
) -> tuple[Floats, Floats, Floats]:
    """Score test of adding group x g(time) to a Cox model (Efron) of two groups, as R's cox.zph.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    group
        (n,) True in the group whose ratio it is.
    scale
        g: `km`, 1 minus the Kaplan-Meier estimate just before the event; `log`; `identity`.

    Returns
    -------
    chi2, p, slope
        (B,) each; NaN where there are fewer than two different event times, or no ratio.

    Raises
    ------
    ValueError
        When the scale is none of the three.

    References
    ----------
    Grambsch PM, Therneau TM. Biometrika 1994;81:515-526.
    """
    from scipy.special import erfc

    if scale not in TIME_SCALES:
        raise ValueError(f"scale is {scale!r}; it must be one of {', '.join(TIME_SCALES)}")
    beta, _ = estimators.cox(time, event, np.asarray(group, dtype=float))
    times, events = np.atleast_2d(np.asarray(time, dtype=float)), np.atleast_2d(np.asarray(event, dtype=bool))
    order = np.lexsort((~events, times), axis=-1)
    x = np.take_along_axis(np.broadcast_to(np.asarray(group, dtype=float), times.shape), order, axis=1)
    times, events = np.take_along_axis(times, order, axis=1), np.take_along_axis(events, order, axis=1)
    mean, spread_of_x = _at_events(times, events, x, np.where(np.isfinite(beta), beta, 0.0))
    g = _scaled(times, events, scale)
    weight = spread_of_x * events
    with np.errstate(invalid="ignore"):
        centre = (weight * g).sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
        score = ((x - mean) * events * (g - centre)).sum(axis=1)
        information = (weight * (g - centre) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.isfinite(beta) & (information > 1e-12)
        chi2 = np.where(known, score**2 / information, np.nan)
        slope = np.where(known, score / information, np.nan)
    return chi2, np.asarray(erfc(np.sqrt(chi2 / 2))), slope


def _scaled(times: Floats, events: Bools, scale: TimeScale) -> Floats:
    """g(time) at every row (B, n), rows in order; 0 where it counts for nothing."""
    if scale == "identity":
        return times
    if scale == "log":
        # an event at time 0 has no logarithm: there is no test then, and the sums below become NaN
        with np.errstate(divide="ignore"):
            return np.log(np.where(events, times, 1.0))
    curve = estimators.km(times, events)
    before = np.concatenate([np.ones((len(times), 1)), curve.survival[:, :-1]], axis=1)
    first, _ = _ties(times)
    return 1 - np.take_along_axis(before, first, axis=1)


def _ties(times: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last row (B, n) of each row's tie."""
    index = np.broadcast_to(np.arange(times.shape[1]), times.shape)
    starts = np.ones(times.shape, bool)
    starts[:, 1:] = times[:, 1:] > times[:, :-1]
    ends = np.ones(times.shape, bool)
    ends[:, :-1] = starts[:, 1:]
    first = np.maximum.accumulate(np.where(starts, index, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, index, times.shape[1] - 1)[:, ::-1], axis=1)[:, ::-1]
    return first.astype(np.int64), last.astype(np.int64)


def _at_events(times: Floats, events: Bools, x: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Mean and variance (B, n) of the group indicator in Efron's risk set of each row's event."""
    first, last = _ties(times)
    weight = np.exp(beta[:, None] * x)

    def at_risk(values: Floats) -> Floats:
        return np.take_along_axis(np.cumsum(values[:, ::-1], axis=1)[:, ::-1], first, axis=1)

    def of_tie(values: Floats) -> Floats:
        running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        until, before = (np.take_along_axis(running, ends, axis=1) for ends in (last + 1, first))
        return np.asarray(until - before)

    # events come first in a tie, so that a row's place in it is its place among the events
    place = np.arange(times.shape[1]) - first
    thinning = place / np.maximum(of_tie(events.astype(float)), 1)
    total, of_group = (at_risk(part) - thinning * of_tie(part * events) for part in (weight, weight * x))
    mean = of_group / total
    return mean, mean * (1 - mean)
