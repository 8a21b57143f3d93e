"""Patients from a digitised Kaplan-Meier curve and the numbers at risk beneath it.

Guyot P, Ades AE, Ouwens MJ, Welton NJ. Enhanced secondary analysis of survival data: reconstructing the data from
published Kaplan-Meier survival curves. BMC Med Res Methodol 2012;12:9.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haicbook.limits import MOST_PATIENTS, MOST_ROWS
from haicbook.survival import estimators
from haicbook.survival.intervals import TargetError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Exponents of the time through an interval at which its censorings are tried: mostly early, even, mostly late.
_SKEWS = (1.0, 0.5, 0.7, 1.4, 2.0)
# rounds in which the censorings of an interval are brought to the number at risk at its end
_ROUNDS = 60


@dataclass(frozen=True)
class _Stretch:
    """What a stretch of the curve gives: deaths at each of its readings, the state at its end, and the misfit."""

    deaths: Ints
    at_risk: int
    survival: float
    misfit: float


@dataclass(frozen=True)
class CurveFit:
    """How near reconstructed patients come to the curve and the numbers beside it.

    Attributes
    ----------
    largest, mean
        Distance of their curve from the readings, as a fraction of survival.
    at_risk_missed
        Columns of the table that are not met: months, the printed number, and theirs.
    events_printed, events
        Deaths in all, where printed, and theirs.
    """

    largest: float
    mean: float
    at_risk_missed: tuple[tuple[float, int, int], ...]
    events_printed: int | None
    events: int

    @property
    def missed(self) -> tuple[str, ...]:
        """What is printed and not met, in words; empty where all is."""
        columns = [
            f"{printed} are printed as at risk at {time:g} months; the nearest that the curve allows is {found}"
            for time, printed, found in self.at_risk_missed
        ]
        if self.events_printed not in (None, self.events):
            words = f"{self.events_printed} events are printed; the nearest that curve and table allow is {self.events}"
            columns.append(words)
        return tuple(columns)


@dataclass(frozen=True)
class CurvePatients:
    """One arm's patients. Unpacks as `time, event = patients`.

    Attributes
    ----------
    time, event
        (n,) months in ascending order, and whether a death; n is the first number at risk.
    fit
        How near they come to what was read and printed.
    """

    time: Floats
    event: Bools
    fit: CurveFit

    def __iter__(self) -> Iterator[Floats | Bools]:
        return iter((self.time, self.event))


def from_curve(
    times: ArrayLike,
    survival: ArrayLike,
    at_risk_times: ArrayLike,
    at_risk: ArrayLike,
    events: int | None = None,
) -> CurvePatients:
    """Reconstruct one arm's patients from its curve.

    Parameters
    ----------
    times, survival
        (K,) readings of the curve: months, and survival as a fraction just after each; best taken where it falls. In
        any order; a reading that rises above an earlier one is lowered to it.
    at_risk_times, at_risk
        (R,) the table beneath the curve: months from 0 on, and patients at risk just before each. Where it goes on
        after the last reading, the curve is flat from there.
    events
        Deaths in all, where printed.

    Returns
    -------
    CurvePatients
        Unpacks as `time, event`; its `fit` says what is not met, with the nearest that is possible.

    Warns
    -----
    UserWarning
        When a number of the table, or the events, cannot be had with this curve; with the nearest that can.

    Raises
    ------
    TargetError
        When readings or table cannot be used; all reasons at once.

    Notes
    -----
    Between two columns of the table there are as many censorings as make the number at risk at the end of the interval
    right, given the deaths that the curve's falls mean for those at risk. Guyot spreads them evenly; here they may also
    come mostly early or mostly late, where whole numbers of deaths then meet the curve's heights more nearly. After the
    last column they are spread evenly, and are as many as give the printed deaths, or else as many for each month as
    before. Who is left at the last reading, or in the last column, is censored there.
    """
    table_times, table = _table(at_risk_times, at_risk)
    moments, heights = _readings(times, survival)
    if events is not None and not 0 <= events <= table[0]:
        raise TargetError([f"there are {events} events among {table[0]} patients; 0 to {table[0]} are possible"])
    latest = max(moments[-1], table_times[-1])
    rows: list[tuple[float, bool]] = []
    number, height, lost = int(table[0]), 1.0, 0
    for place, start in enumerate(table_times):
        last = place == len(table_times) - 1
        end = latest if last else table_times[place + 1]
        here = (moments >= start) & (moments <= end if last else moments < end)
        known = None if last else int(table[place + 1])
        stretch = _Interval(start, end, moments[here], heights[here], number, height)
        if known is not None:
            censored = stretch.censored_for(known)
            lost += len(censored)
        elif events is not None:
            censored = stretch.censored_with(events - sum(died for _, died in rows))
        else:
            months_before = float(start)
            rate = lost / months_before if months_before > 0 else 0.0
            censored = stretch.spread(min(round(rate * (end - start)), number))
        given = stretch.walk(censored)
        rows += [(float(t), True) for t, d in zip(stretch.moments, given.deaths, strict=True) for _ in range(d)]
        rows += [(float(t), False) for t in censored[: number - int(given.deaths.sum()) - given.at_risk]]
        number, height = given.at_risk, given.survival
    rows += [(float(latest), False)] * number
    rows.sort(key=lambda row: (row[0], not row[1]))
    time, event = np.array([time for time, _ in rows]), np.array([died for _, died in rows])
    fit = _fit(time, event, (moments, heights), (table_times, table), events)
    if fit.missed:
        warnings.warn("; ".join(fit.missed), stacklevel=2)
    return CurvePatients(time, event, fit)


def _fit(
    time: Floats, event: Bools, curve: tuple[Floats, Floats], table: tuple[Floats, Ints], events: int | None
) -> CurveFit:
    away = np.abs(estimators.survival_at(estimators.km(time, event), curve[0])[0] - curve[1])
    found = estimators.at_risk(time, event, table[0])[0]
    missed = [
        (float(at), int(printed), int(number))
        for at, printed, number in zip(*table, found, strict=True)
        if printed != number
    ]
    return CurveFit(float(away.max()), float(away.mean()), tuple(missed), events, int(event.sum()))


@dataclass(frozen=True)
class _Interval:
    """From one column of the table to the next: the readings in it, and the state at its start."""

    start: float
    end: float
    moments: Floats
    heights: Floats
    number: int
    height: float

    def spread(self, count: int, skew: float = 1.0) -> Floats:
        """So many times of censoring: evenly spread, or mostly late (skew below 1) or early (above 1)."""
        return self.start + (self.end - self.start) * ((np.arange(count) + 0.5) / max(count, 1)) ** skew

    def walk(self, censored: Floats) -> _Stretch:
        """Deaths at each reading that bring the estimate nearest to the curve, one reading after the other."""
        deaths = np.zeros(len(self.moments), dtype=np.int64)
        number, height, gone, misfit = self.number, self.height, 0, 0.0
        before = np.searchsorted(censored, self.moments, side="left")
        for place, (wanted, until) in enumerate(zip(self.heights, before, strict=True)):
            leaving = min(int(until) - gone, number)
            number, gone = number - leaving, gone + leaving
            if number == 0:
                break
            died = min(max(round(number * (1 - wanted / height)) if height > 0 else 0, 0), number)
            height *= (number - died) / number
            number -= died
            deaths[place] = died
            misfit += (height - wanted) ** 2
        return _Stretch(deaths, number - min(len(censored) - gone, number), height, misfit)

    def censored_for(self, known: int) -> Floats:
        """Censorings that leave a known number at risk at the end; of those, the ones that meet the curve best."""
        choices = [self._censored_for(known, skew) for skew in _SKEWS]
        ends = [self.walk(censored) for censored in choices]
        best = min(range(len(choices)), key=lambda i: (abs(ends[i].at_risk - known), ends[i].misfit))
        return choices[best]

    def _censored_for(self, known: int, skew: float) -> Floats:
        ratio = self.heights[-1] / self.height if len(self.heights) and self.height > 0 else 1.0
        count = max(round(self.number * ratio - known), 0)
        best, nearest = count, None
        for _ in range(_ROUNDS):
            off = self.walk(self.spread(count, skew)).at_risk - known
            if nearest is None or abs(off) < nearest:
                best, nearest = count, abs(off)
            moved = min(max(count + off, 0), self.number)
            if off == 0 or moved == count:
                break
            count = moved
        return self.spread(best, skew)

    def censored_with(self, deaths: int) -> Floats:
        """Censorings with which the deaths come nearest to a known number; of equally good numbers the middle one."""
        off = np.array([abs(int(self.walk(self.spread(c)).deaths.sum()) - deaths) for c in range(self.number + 1)])
        good = np.flatnonzero(off == off.min())
        return self.spread(int(good[len(good) // 2]))


def _numbers(values: ArrayLike, what: str) -> Floats:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise TargetError([f"{what} are no numbers: {error}"]) from None
    if numbers.size > MOST_ROWS:
        raise TargetError([f"there are {numbers.size} {what}; {MOST_ROWS} are the most that is read"])
    return numbers


def _readings(times: ArrayLike, survival: ArrayLike) -> tuple[Floats, Floats]:
    moments, heights = _numbers(times, "times of readings"), _numbers(survival, "heights of readings")
    problems = []
    if moments.ndim != 1 or moments.shape != heights.shape or not moments.size:
        raise TargetError(
            [f"times have shape {moments.shape} and survival {heights.shape}; one reading each is needed"]
        )
    if not (np.isfinite(moments).all() and (moments >= 0).all()):
        problems.append("a reading's time is negative or no number; months from 0 on are needed")
    if not (np.isfinite(heights).all() and (heights >= 0).all() and (heights <= 1).all()):
        problems.append("a reading's survival is outside 0 to 1; fractions are needed (0.56 for 56%)")
    elif not problems and moments.max() <= 0:
        problems.append("all readings are at time 0; the curve needs a length")
    if problems:
        raise TargetError(problems)
    order = np.lexsort((-heights, moments))
    return moments[order], np.minimum.accumulate(heights[order])


def _table(at_risk_times: ArrayLike, at_risk: ArrayLike) -> tuple[Floats, Ints]:
    times, numbers = _numbers(at_risk_times, "times of the table"), _numbers(at_risk, "numbers at risk")
    if times.ndim != 1 or times.shape != numbers.shape or not times.size:
        raise TargetError(
            [f"the table has {times.shape} times and {numbers.shape} numbers; as many of each are needed"]
        )
    problems = []
    if not np.isfinite(times).all():
        problems.append("a time of the numbers at risk is no number")
    if times[0] != 0:
        problems.append(f"the numbers at risk begin at {times[0]:g} months; the number at 0 is needed")
    if (np.diff(times) <= 0).any():
        problems.append("the times of the numbers at risk do not ascend")
    if (np.diff(numbers) > 0).any():
        problems.append("the numbers at risk rise")
    if (numbers < 0).any() or (numbers != np.round(numbers)).any() or numbers[0] < 1:
        problems.append("the numbers at risk must be whole, and at least one patient at 0")
    elif numbers[0] > MOST_PATIENTS:
        problems.append(f"{numbers[0]:.0f} patients are at risk at 0; {MOST_PATIENTS} are the most that is read")
    if problems:
        raise TargetError(problems)
    return times, numbers.astype(np.int64)
