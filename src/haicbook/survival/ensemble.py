"""Reconstructed data sets that all meet the same printed numbers, and what they give."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from haicbook.printed import parse_number
from haicbook.survival import estimators
from haicbook.survival.goals import Reading
from haicbook.survival.targets import Interval, Landmark, Limits, Targets

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LABEL = "Reconstructed from a paper's printed summaries: synthetic rows, not patients"
COMPARE_COLUMNS = ("quantity", "arm", "printed", "reconstructed", "range", "role", "met", "value_id")
_TYPICAL_POINTS = 200
_P_DECIMALS = 3
_MICRO = 1e6  # times enter the digest to the millionth of a month


class Member(NamedTuple):
    """Rows of an arm: times in months and whether the event was seen; (n,) for one data set, (B, n) for an ensemble."""

    time: Floats
    event: Bools


def stacked(arms: Sequence[str], members: Sequence[Sequence[tuple[Floats, Bools]]]) -> dict[str, Member]:
    """Members' rows as arrays (B, n) for each arm."""
    return {
        arm: Member(np.stack([rows[index][0] for rows in members]), np.stack([rows[index][1] for rows in members]))
        for index, arm in enumerate(arms)
    }


class _Line(NamedTuple):
    """One quantity, as printed and in every member."""

    quantity: str
    arm: str
    printed: str
    values: Floats
    target: Interval | None
    value_id: str = ""
    percent: bool = False
    kept: bool = True
    decimals: int | None = None


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Reconstructed patient-level data: B members, each of which meets the printed targets.

    Attributes
    ----------
    targets
        All that is printed.
    censoring
        The pattern assumed: `early`, `uniform` or `late`.
    members
        For each arm, times (B, n) in months and events (B, n).
    kept
        The targets that every member was verified to meet.
    dropped
        What was left out of `targets`, and why, in words; empty where everything is met.
    reading
        The conventions under which the targets are met.
    tried
        The readings that were tried, in words, and whether a data set was found under each.
    asked
        Members asked for; more than there are where no more were found.
    """

    targets: Targets
    censoring: str
    members: dict[str, Member]
    kept: Targets
    dropped: tuple[str, ...] = ()
    reading: Reading = Reading()  # noqa: RUF009
    tried: tuple[tuple[str, bool], ...] = ()
    asked: int = 0

    label = LABEL

    def __len__(self) -> int:
        return len(next(iter(self.members.values())).time)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{arm} n = {member.time.shape[1]}" for arm, member in self.members.items())
        return (
            f"<Ensemble of {len(self)} for {self.targets.study} {self.targets.endpoint} ({sizes}), "
            f"{self.censoring} censoring, {len(self.dropped)} targets left out. {LABEL}>"
        )

    def _arm(self, arm: str) -> Member:
        if arm not in self.members:
            raise KeyError(f"no arm {arm!r}; arms are {', '.join(self.members)}")
        return self.members[arm]

    def curve(self, arm: str, grid: ArrayLike) -> Floats:
        """Kaplan-Meier survival (B, G) of an arm at times (G,) in months."""
        return estimators.survival_at(estimators.km(*self._arm(arm)), grid)

    def at_risk(self, arm: str, times: ArrayLike) -> Ints:
        """Patients at risk (B, T) of an arm just before each time (T,), as R counts them."""
        return estimators.at_risk(*self._arm(arm), times)

    def deaths(self, arm: str) -> Ints:
        """Events (B,) of an arm."""
        return np.asarray(self._arm(arm).event.sum(axis=1), dtype=np.int64)

    def medians(self, arm: str) -> Floats:
        """Median survival (B,) of an arm in months, R's convention; NaN where not reached."""
        return estimators.median(*self._arm(arm))

    def rmst(self, arm: str, horizon: float) -> Floats:
        """Restricted mean survival time (B,) of an arm to a horizon, both in months."""
        return estimators.rmst(*self._arm(arm), horizon)

    def _pooled(self) -> Member:
        rows = list(self.members.values())
        return Member(np.concatenate([r.time for r in rows], axis=1), np.concatenate([r.event for r in rows], axis=1))

    def _contrast(self, arm: str | None, reference: str | None) -> tuple[Floats, Bools, Bools]:
        """Times and events of two arms side by side, and which columns belong to the first."""
        if len(self.members) < 2:
            raise ValueError(f"{self.targets.study} has one arm here; a comparison needs two")
        printed = self.targets.hr
        default = (printed.arm, printed.reference) if printed else tuple(self.members)[:2]
        first, second = self._arm(arm or default[0]), self._arm(reference or default[1])
        in_first = np.r_[np.ones(first.time.shape[1], bool), np.zeros(second.time.shape[1], bool)]
        time = np.concatenate([first.time, second.time], axis=1)
        return time, np.concatenate([first.event, second.event], axis=1), in_first

    def hazard_ratio(self, arm: str | None = None, reference: str | None = None) -> Floats:
        """Unadjusted hazard ratio (B,) by Cox regression (Efron): `arm` against `reference`.

        By default as the paper prints its hazard ratio, else the first arm (the experimental one) against the second.
        """
        return np.exp(estimators.cox(*self._contrast(arm, reference))[0])

    def logrank_p(self) -> Floats:
        """Two-sided log-rank p (B,) between the arms."""
        return estimators.logrank(*self._contrast(None, None)).p

    def typical(self) -> int:
        """Index of the member whose curves lie closest (mean absolute difference) to the pointwise median curves."""
        grid = np.linspace(0, self.targets.follow_up_end, _TYPICAL_POINTS)
        distance = np.zeros(len(self))
        for arm in self.members:
            curves = self.curve(arm, grid)
            distance += np.abs(curves - np.median(curves, axis=0)).mean(axis=1)
        return int(np.argmin(distance))

    def to_frame(self, member: int) -> pd.DataFrame:
        """One member as rows `arm`, `time` (months), `event`; synthetic, as `attrs["label"]` says.

        Raises
        ------
        IndexError
            When there is no such member.
        """
        if not 0 <= member < len(self):
            raise IndexError(f"no member {member}; members are 0 to {len(self) - 1}")
        frames = [
            pd.DataFrame({"arm": arm, "time": rows.time[member], "event": rows.event[member]})
            for arm, rows in self.members.items()
        ]
        frame = pd.concat(frames, ignore_index=True)
        frame.attrs["label"] = LABEL
        return frame

    def digest(self) -> str:
        """SHA-256 of all members, times rounded to a millionth of a month: the same data, the same digest."""
        state = hashlib.sha256()
        for arm, rows in self.members.items():
            state.update(f"{arm} {rows.time.shape}".encode())
            state.update(np.round(rows.time * _MICRO).astype("<i8").tobytes())
            state.update(rows.event.astype("u1").tobytes())
        return state.hexdigest()

    def compare(self) -> pd.DataFrame:
        """What is printed beside what the members give.

        Returns
        -------
        pandas.DataFrame
            `quantity` (words), `arm`, `printed`, `reconstructed` (median of the members) and `range` (least to
            greatest) in the printed unit and decimals, `role` (`target`, `left out` or `not a target`), `met` (whether
            all members lie in the rounding interval; empty where the number is no target), `value_id`.
        """
        lines = [line for arm in self.targets.arms for line in self._arm_lines(arm)]
        lines += [*self._pooled_lines(), *self._contrast_lines()]
        return pd.DataFrame([_row(line) for line in lines], columns=list(COMPARE_COLUMNS))

    def _arm_lines(self, arm: str) -> Iterator[_Line]:
        wanted, kept = self.targets.arms[arm], self.kept.arms[arm]
        curve = estimators.km(*self._arm(arm))
        # a figure that is met in another's place stands beside the one it replaces
        marks = {*wanted.landmarks, *kept.landmarks}
        for mark in sorted(marks, key=lambda mark: (mark.time, mark not in wanted.landmarks)):
            yield from _landmark_lines(arm, mark, curve, mark in kept.landmarks)
        if wanted.median is not None:
            yield from _median_lines(arm, wanted.median, wanted.median_ci, curve, kept.median == wanted.median)
        if kept.median is not None and kept.median != wanted.median:
            yield from _median_lines(arm, kept.median, None, curve, True)
        deaths = self.deaths(arm).astype(float)
        exact = None if wanted.events is None else Interval(wanted.events, wanted.events, str(wanted.events))
        printed = exact.printed if exact else ""
        yield _Line("events", arm, printed, deaths, exact, wanted.events_id, kept=kept.events is not None)
        if self.targets.endpoint == "os":  # time to progression is not how long a patient was followed
            yield from _follow_up_lines(arm, wanted.follow_up_median, self._arm(arm))

    def _pooled_lines(self) -> Iterator[_Line]:
        targets = self.targets
        if targets.pooled_median is not None:
            curve = estimators.km(*self._pooled())
            met = self.kept.pooled_median is not None
            yield from _median_lines("", targets.pooled_median, targets.pooled_median_ci, curve, met)
        if targets.events_total is not None:
            total = targets.events_total
            deaths = sum((self.deaths(arm) for arm in self.members), np.zeros(len(self), dtype=np.int64)).astype(float)
            exact = Interval(total, total, str(total))
            kept = self.kept.events_total is not None
            yield _Line("events", "", str(total), deaths, exact, targets.events_total_id, kept=kept)
        if targets.endpoint == "os":
            yield from _follow_up_lines("", targets.follow_up_median, self._pooled())

    def _contrast_lines(self) -> Iterator[_Line]:
        printed = self.targets.hr
        if printed is not None:
            log_hr, se = estimators.cox(*self._contrast(None, None))
            words, arms = "hazard ratio (Cox, Efron)", f"{printed.arm} against {printed.reference}"
            yield _Line(words, arms, printed.estimate.printed, np.exp(log_hr), None, printed.estimate.value_id)
            lower, upper = np.exp(log_hr - 1.959964 * se), np.exp(log_hr + 1.959964 * se)
            yield from _limit_lines(words, arms, printed.ci, (lower, upper))
        if self.targets.logrank_p is not None:
            p = self.targets.logrank_p
            decimals = max(_P_DECIMALS, parse_number(p.printed).decimals)
            yield _Line("log-rank p", "", p.printed, self.logrank_p(), None, p.value_id, decimals=decimals)


def _landmark_lines(arm: str, mark: Landmark, curve: estimators.KaplanMeier, kept: bool) -> Iterator[_Line]:
    words = f"{mark.time:g}-month rate, %"
    rate = estimators.survival_at(curve, [mark.time])[:, 0]
    yield _Line(words, arm, mark.printed, rate, mark.interval, mark.value_id, percent=True, kept=kept)
    if mark.ci is not None:
        lower, upper = estimators.limits_at(curve, [mark.time])
        yield from _limit_lines(f"{words} (log)", arm, mark.ci, (lower[:, 0], upper[:, 0]), percent=True)


def _median_lines(
    arm: str, printed: Interval, limits: Limits | None, curve: estimators.KaplanMeier, kept: bool
) -> Iterator[_Line]:
    medians = estimators.median(curve.time, curve.event)
    yield _Line("median, months", arm, printed.printed, medians, printed, printed.value_id, kept=kept)
    yield from _limit_lines("median, months (log)", arm, limits, estimators.median_limits(curve))


def _follow_up_lines(arm: str, printed: Interval | None, rows: Member) -> Iterator[_Line]:
    """Median follow-up by both readings, because papers seldom say which they print."""
    if printed is None:
        return
    readings = {
        "observed time": np.median(rows.time, axis=1),
        "reverse Kaplan–Meier": estimators.median(rows.time, ~rows.event),
    }
    for reading, values in readings.items():
        words = f"median follow-up, months, read as {reading}"
        yield _Line(words, arm, printed.printed, values, None, printed.value_id)


def _limit_lines(
    words: str, arm: str, printed: Limits | None, values: tuple[Floats, Floats], percent: bool = False
) -> Iterator[_Line]:
    """Confidence limits, with the convention of the members' ones in the words."""
    if printed is None:
        return
    decimals = max(parse_number(limit.printed).decimals for limit in (printed.lower, printed.upper))
    for side, limit, found in zip(("lower", "upper"), (printed.lower, printed.upper), values, strict=True):
        quantity = f"{words}, {side} 95% limit"
        yield _Line(quantity, arm, limit.printed, found, None, limit.value_id, percent, decimals=decimals)


def _row(line: _Line) -> tuple[object, ...]:
    values, target = np.where(np.isnan(line.values), np.inf, line.values), line.target
    met: bool | str = ""
    if target is not None:
        inside = np.array([target.contains(float(value)) for value in line.values])
        met = bool(inside.all())
        values = np.where(inside, target.middle, values)  # they print as the figure does, halves included
    values = values * (100 if line.percent else 1)
    role = "not a target" if target is None else "target" if line.kept else "left out"
    decimals = parse_number(line.printed).decimals if line.decimals is None else line.decimals
    middle, low, high = (_figure(float(value), decimals) for value in (np.median(values), values.min(), values.max()))
    spread = low if low == high else f"{low}–{high}"
    return (line.quantity, line.arm, line.printed, middle, spread, role, met, line.value_id)


def _figure(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "not reached"
