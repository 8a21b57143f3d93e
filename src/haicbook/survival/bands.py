"""What a figure of an ensemble shows: its line, two bands, and the printed numbers with whether each is met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haicbook.survival import estimators
from haicbook.survival.diagnostics import FEW
from haicbook.survival.ensemble import Ensemble
from haicbook.survival.intervals import Interval, Limits
from haicbook.survival.targets import ArmTargets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# months between two counts of patients at risk, of which the least is taken that gives no more than nine
_STEPS = (1, 2, 3, 6, 12, 24, 60)
_MOST_TIMES = 9
_POINTS = 361
# curves drawn for the sampling band, all members together
_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class ArmBands:
    """One arm over time, as fractions; every array is (G,).

    Attributes
    ----------
    line
        The typical member's curve; NaN after its last patient.
    low, high
        Limits of the middle share of the members' curves: what the print leaves open.
    sampling_low, sampling_high
        The same of members whose patients are drawn again with replacement: chance added.
    at_risk
        (3, T) patients at risk just before each of the times, as R counts them: least, median and most of the members.
    thin
        Where fewer than ten of the typical member are at risk.
    """

    line: Floats
    low: Floats
    high: Floats
    sampling_low: Floats
    sampling_high: Floats
    at_risk: Ints
    thin: Bools


@dataclass(frozen=True)
class Mark:
    """One printed estimate of an arm, where a figure shows it.

    Attributes
    ----------
    arm, kind
        Whose; `rate` (at `time`, in months, with survival `value`) or `median` (at `value` months).
    time, value
        Where it lies; the value is the middle of its rounding interval, infinite for a median not reached.
    met
        Whether every member meets it; False for a number that was left out.
    limits
        The printed confidence limits, NaN where one cannot be read; None without an interval.
    limits_met
        Whether every member meets them.
    """

    arm: str
    kind: Literal["rate", "median"]
    time: float
    value: float
    met: bool
    limits: tuple[float, float] | None
    limits_met: bool


@dataclass(frozen=True, eq=False)
class Bands:
    """What is drawn of an ensemble.

    Attributes
    ----------
    horizon
        Months shown.
    grid
        (G,) months, up to the end of follow-up.
    times
        (T,) months at which patients at risk are counted.
    level
        Share of the curves inside the bands.
    members, asked
        Data sets that there are, and that were asked for.
    arms
        By arm.
    marks
        The printed rates and medians.
    """

    horizon: float
    grid: Floats
    times: Floats
    level: float
    members: int
    asked: int
    arms: dict[str, ArmBands]
    marks: tuple[Mark, ...]


def bands(ensemble: Ensemble, horizon: float, rng: np.random.Generator, level: float = 0.95) -> Bands:
    """The line, the ensemble band and the sampling band of every arm, and the printed marks.

    Parameters
    ----------
    ensemble
        A reconstruction.
    horizon
        Months shown; bands end with follow-up where that is earlier.
    rng
        For the resampling.
    level
        Share of the curves inside a band, 0.95 by default.

    Raises
    ------
    ValueError
        When the horizon is not positive or the level not between 0 and 1.
    """
    if not horizon > 0:
        raise ValueError(f"horizon is {horizon}; it must be a number of months above 0")
    grid = np.linspace(0, min(horizon, ensemble.targets.follow_up_end), _POINTS)
    times = times_at_risk(horizon)
    typical = ensemble.typical()
    arms = {}
    for arm, rows in ensemble.members.items():
        curves = ensemble.curve(arm, grid)
        line = np.where(grid > rows.time[typical].max(), np.nan, curves[typical])
        at_risk = np.quantile(ensemble.at_risk(arm, times), [0, 0.5, 1], axis=0, method="inverted_cdf")
        chance = sampling_band(ensemble, arm, grid, rng, level)
        thin = ensemble.at_risk(arm, grid)[typical] < FEW
        arms[arm] = ArmBands(line, *limits(curves, level), *chance, at_risk.astype(np.int64), thin)
    asked = max(ensemble.asked, len(ensemble))
    return Bands(horizon, grid, times, level, len(ensemble), asked, arms, tuple(_marks(ensemble)))


def times_at_risk(horizon: float) -> Floats:
    """Times (T,) in months, evenly spread from 0 to the horizon, at most ten or so."""
    step = next((step for step in _STEPS if horizon / step <= _MOST_TIMES), _STEPS[-1])
    return np.arange(0, horizon + 1e-9, step)


def limits(curves: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Pointwise limits (G,) of curves (B, G), between which one more curve falls with this probability.

    Order statistics of B + 1 (Weibull 1939; type 6 of Hyndman and Fan, Am Stat 50 (1996) 361-365). With fewer than 39
    curves, the limits of 95 % are the least and the greatest.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must be a number between 0 and 1, such as 0.95")
    low, high = np.quantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
    return low, high


def sampling_band(
    ensemble: Ensemble, arm: str, grid: ArrayLike, rng: np.random.Generator, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Pointwise limits (G,) of an arm's curve when chance is added to what the print leaves open.

    Every member's patients are drawn again with replacement (Efron, J Am Stat Assoc 76 (1981) 312-319), all members
    equally often and about a thousand times together. As in any bootstrap, before the first event and after the last
    the band has no width.

    Parameters
    ----------
    ensemble, arm
        A reconstruction and one of its arms.
    grid
        (G,) months.
    rng
        For the draws.
    level
        Share of the curves inside the band.
    """
    rows = ensemble.members[arm]
    again = -(-_DRAWS // len(rows.time))
    time, event = (np.repeat(values, again, axis=0) for values in rows)
    chosen = rng.integers(0, time.shape[1], time.shape)
    drawn = (np.take_along_axis(values, chosen, axis=1) for values in (time, event))
    return limits(estimators.survival_at(estimators.km(*drawn), grid), level)


def _marks(ensemble: Ensemble) -> Iterator[Mark]:
    for arm, wanted in ensemble.targets.arms.items():
        kept = ensemble.kept.arms[arm]
        for mark in wanted.landmarks:
            same = [other for other in kept.landmarks if (other.time, other.interval) == (mark.time, mark.interval)]
            interval_met = any(other.ci == mark.ci for other in same)
            yield Mark(
                arm, "rate", mark.time, mark.interval.middle, bool(same), _ends(mark.ci), bool(mark.ci) and interval_met
            )
        if wanted.median is not None:
            yield _median_mark(arm, wanted, wanted.median, kept)


def _median_mark(arm: str, wanted: ArmTargets, median: Interval, kept: ArmTargets) -> Mark:
    met = kept.median == median
    value = median.middle if median.reached else float("inf")
    limits_met = wanted.median_ci is not None and kept.median_ci == wanted.median_ci
    return Mark(arm, "median", value, value, met, _ends(wanted.median_ci), limits_met)


def _ends(printed: Limits | None) -> tuple[float, float] | None:
    return None if printed is None else (printed.lower.middle, printed.upper.middle)
