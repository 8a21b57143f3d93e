"""What a wrong start of the clock, or patients who are not there, would do to survival times: one assumption each.

Every function takes times in months as (B, n) arrays for B data sets of n patients (or (n,) for one) and assumes one
thing, named in its parameters. None of them corrects a study: they say how large a bias of one kind would have to be.

References
----------
Suissa S. Am J Epidemiol 2008;167:492-499 (immortal time). Hernán MA, Sauer BC, Hernández-Díaz S, Platt R, Shrier I. J
Clin Epidemiol 2016;79:70-75 (time zero, eligibility and assignment that do not coincide). Anderson JR, Cain KC, Gelber
RD. J Clin Oncol 1983;1:710-719 (survival by response).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# of a month: 10.3 less 3 and 7.3 are the same time, and must stay tied
_DECIMALS = 9


class Clocked(NamedTuple):
    """Times (B, n) in months and whether the event was seen (B, n), under an assumption about the clock.

    A patient who is left out stays in the arrays, censored at 0: nobody has an event there, so that such a row is in no
    risk set and moves no estimate. `kept` (B, n) says who counts.
    """

    time: Floats
    event: Bools
    kept: Bools


def _checked(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    times = np.atleast_2d(np.asarray(time, dtype=float))
    events = np.atleast_2d(np.asarray(event, dtype=bool))
    if times.shape != events.shape:
        raise ValueError(f"time has shape {times.shape} and event {events.shape}; they must be the same")
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times must be finite and not negative (months)")
    return times, events


def landmark(time: ArrayLike, event: ArrayLike, at: float) -> Clocked:
    """Only those still followed, without the event, beyond a month; their time counted from it.

    Applied to both arms, the landmark analysis: an arm into which one came only by living until some later treatment
    loses the head start that this gave it (cao2024: systemic therapy after HAIC; liu_hepa: a first scan had to be
    there). Applied to one arm, it asks that arm to have lived as long as the other one's patients had to before their
    clock started (lee2024: a first line before HAIC); with the same delay for all, the hazard ratio is that of a Cox
    model with delayed entry on the time since the first treatment.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    at
        The landmark in months, 0 or later; at 0 nothing changes but for those with a time of 0.

    Raises
    ------
    ValueError
        When the landmark is negative or not finite, or the arrays do not fit.
    """
    times, events = _checked(time, event)
    if not (np.isfinite(at) and at >= 0):
        raise ValueError(f"found a landmark at {at}; allowed is a number of months from 0 up")
    left = np.round(times - at, _DECIMALS)
    kept = left > 0
    return Clocked(np.where(kept, left, 0.0), events & kept, kept)


def lead(time: ArrayLike, event: ArrayLike, months: float) -> Clocked:
    """Every time longer by some months: the clock had been started too late in this arm.

    It asks what a comparison would show if one arm's time had run from a later treatment than the other's (cao2024
    allows progression-free survival to be counted from systemic therapy or from HAIC, which lie months apart in the
    sequential arm only). Nobody is added who would have had the event in those months, so that the corrected arm is
    flattered: the true effect of such a mistake lies between none and this one.

    Raises
    ------
    ValueError
        When the months are negative or not finite, or the arrays do not fit.
    """
    times, events = _checked(time, event)
    if not (np.isfinite(months) and months >= 0):
        raise ValueError(f"found a lead of {months}; allowed is a number of months from 0 up")
    return Clocked(np.round(times + months, _DECIMALS), events, np.ones(times.shape, bool))


def with_missed(time: ArrayLike, event: ArrayLike, share: float, window: float) -> Clocked:
    """The arm with those who belonged to it and are not in it, because they died or failed before they could enter.

    Of all who should have been counted, a share had the event evenly spread over the first months, and the study never
    saw them as members of the arm (lee2024: those whose disease progressed under a first line and who died or grew too
    ill before HAIC; cao2024: those who were to have systemic therapy after HAIC and did not live to; liu_hepa: those
    without a first scan, who were excluded). Selection by response is of this kind too, where those who do not respond
    do not get the treatment that defines the arm.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    share
        Of all who should have been in the arm, from 0 to below 1; the number added is round(n share / (1 - share)).
    window
        Months over which their events are spread, at the middles of equal parts; above 0.

    Returns
    -------
    Clocked
        (B, n + added), those added last.

    Raises
    ------
    ValueError
        With all that is out of range.
    """
    times, events = _checked(time, event)
    added = _added(times.shape[1], share, window)
    return _joined(times, events, window * (np.arange(added) + 0.5) / max(added, 1), failed=True)


def with_excluded(time: ArrayLike, event: ArrayLike, share: float, window: float) -> Clocked:
    """The arm with those who belonged to it and were left out because of what they lived to have later.

    Of all who should have been counted, a share was still without the event after some months, had a further treatment
    then, and was excluded for it (lin2023 excludes patients with other later treatments: in the arm without a PD-1
    inhibitor perhaps those who lived to have one). They come back with their time up to then, censored; what they had
    after it is nobody's guess.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    share
        Of all who should have been in the arm, from 0 to below 1; the number added is round(n share / (1 - share)).
    window
        Months that each of them lived in the arm; above 0.

    Returns
    -------
    Clocked
        (B, n + added), those added last.

    Raises
    ------
    ValueError
        With all that is out of range.
    """
    times, events = _checked(time, event)
    return _joined(times, events, np.full(_added(times.shape[1], share, window), float(window)), failed=False)


def _added(n: int, share: float, window: float) -> int:
    problems = []
    if not 0 <= share < 1:
        problems.append(f"share is {share}, allowed is 0 to below 1")
    if not (np.isfinite(window) and window > 0):
        problems.append(f"window is {window}, allowed is a number of months above 0")
    if problems:
        raise ValueError("; ".join(problems))
    return round(n * share / (1 - share))


def _joined(times: Floats, events: Bools, more: Floats, *, failed: bool) -> Clocked:
    shape = (len(times), len(more))
    time_all = np.concatenate([times, np.broadcast_to(more, shape)], axis=1)
    event_all = np.concatenate([events, np.full(shape, failed)], axis=1)
    return Clocked(time_all, event_all, np.ones(time_all.shape, bool))


def meaningless_responders(time: ArrayLike, share: float, assessed: float, rng: np.random.Generator) -> Bools:
    """Responders (B, n) drawn at random, without regard to prognosis, among those still followed at the assessment.

    Who dies before the scan can never be a responder. Survival counted from the start of treatment is then longer in
    responders although response, as drawn here, means nothing: what is seen beyond that is what response may add.

    Parameters
    ----------
    time
        (B, n) months.
    share
        Responders among all n patients, from 0 to 1; all who reach the assessment where fewer do.
    assessed
        Months from the start to the assessment, 0 or later.
    rng
        Source of the random draw.

    Raises
    ------
    ValueError
        With all that is out of range.
    """
    times = np.atleast_2d(np.asarray(time, dtype=float))
    problems = []
    if not 0 <= share <= 1:
        problems.append(f"share is {share}, allowed is 0 to 1")
    if not (np.isfinite(assessed) and assessed >= 0):
        problems.append(f"assessed is {assessed}, allowed is a number of months from 0 up")
    if problems:
        raise ValueError("; ".join(problems))
    eligible = times > assessed
    order = np.where(eligible, rng.random(times.shape), np.inf)
    rank = np.argsort(np.argsort(order, axis=1), axis=1)
    return np.asarray(eligible & (rank < round(share * times.shape[1])), dtype=bool)
