"""Printed numbers beside what the members of an ensemble give, by the conventions under which they are met."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haicbook.printed import parse_number
from haicbook.survival import estimators
from haicbook.survival.constraints import Key, constraints_of, counts_follow_up, logrank_key
from haicbook.survival.estimators.kaplan_meier import normal_quantile
from haicbook.survival.intervals import DAYS_IN_MONTH, Interval, Limits
from haicbook.survival.targets import Landmark, LogrankUntil, Targets

if TYPE_CHECKING:
    from haicbook.survival.ensemble import Ensemble, Member

Floats = NDArray[np.float64]

COLUMNS = ("quantity", "arm", "printed", "reconstructed", "range", "role", "met", "value_id")
TARGET, LEFT_OUT, NO_TARGET = "target", "left out", "not a target"
# how a conventions's words stand beside a number
INTERVAL_WORDS = {"log": "log", "log-log": "log-log", "plain": "plain", "normal": "estimate ± 1.96 SE"}
TIES_WORDS = {"efron": "Efron", "breslow": "Breslow", "exact": "exact"}
FOLLOW_UP_WORDS = {"reverse_km": "reverse Kaplan–Meier", "observed": "observed time"}
RATES_WORDS = {"product_limit": "", "life_table": " (life table)", "life_table_6": " (six-month life table)"}
# times are kept in months; units in one month, to print them as the paper does
_UNITS = {"months": 1.0, "days": DAYS_IN_MONTH, "weeks": DAYS_IN_MONTH / 7, "years": 1 / 12}
_P_DECIMALS = 3


@dataclass(frozen=True)
class ComparisonLine:
    """One quantity, as printed and in every member.

    Attributes
    ----------
    quantity, arm
        In words, with the convention where there is one; the arm is empty for all patients together.
    printed
        The figure's characters; empty where the paper prints none.
    values
        (B,) months, fractions, counts or ratios; NaN where not reached.
    target
        The numbers that the figure stands for, under the conventions; None where nothing has to be met.
    role
        `target`, `left out` or `not a target`.
    key
        Which printed number it is, as :class:`haicbook.survival.constraints.Constraint` has it; empty where it is none.
    side
        `lower` or `upper` of a confidence limit.
    value_id
        Where it stands in `data/`.
    percent
        Whether it is printed in per cent.
    decimals
        Places to show; those of the printed figure where None.
    """

    quantity: str
    arm: str
    printed: str
    values: Floats
    target: Interval | None = None
    role: str = NO_TARGET
    key: Key = ()
    side: str = ""
    value_id: str = ""
    percent: bool = False
    decimals: int | None = None

    @property
    def inside(self) -> NDArray[np.bool_]:
        """(B,) whether each member would be printed as the figure is; all False where there is no target."""
        if self.target is None:
            return np.zeros(len(self.values), dtype=bool)
        return np.array([self.target.contains(float(value)) for value in self.values])

    @property
    def met(self) -> bool | None:
        """Whether all members meet the figure; None where there is no target."""
        return None if self.target is None else bool(self.inside.all())


def compare(ensemble: Ensemble) -> pd.DataFrame:
    """What is printed beside what the members give: a row for each of `lines_of`, as text for readers.

    Returns
    -------
    pandas.DataFrame
        `quantity` (words, with the convention), `arm`, `printed`, `reconstructed` (median of the members) and `range`
        (least to greatest) in the printed unit and decimals, `role` (`target`, `left out` or `not a target`), `met`
        (whether all members lie in the rounding interval; empty where the number is no target), `value_id`.
    """
    return pd.DataFrame([_row(line) for line in lines_of(ensemble)], columns=list(COLUMNS))


def lines_of(ensemble: Ensemble) -> tuple[ComparisonLine, ...]:
    """All printed numbers, each with what every member gives by the conventions of the ensemble's conventions."""
    return tuple(_Lines(ensemble).all())


class _Lines:
    """The lines of one ensemble; what is printed and what is kept are read as its conventions says."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.ensemble, self.conventions = ensemble, ensemble.conventions
        self.targets, self.kept = self._read(ensemble.targets), self._read(ensemble.kept)
        self.keys = {constraint.key for constraint in constraints_of(self.kept)}
        self.rule: estimators.MedianRule = "start" if self.conventions.interval == "normal" else "middle"

    def _read(self, targets: Targets) -> Targets:
        return targets.under("truncate") if self.conventions.rounding == "truncate" else targets

    def all(self) -> Iterator[ComparisonLine]:
        for arm in self.targets.arms:
            yield from self._arm(arm)
        yield from self._medians("pooled", "", self.targets.pooled_median, self.targets.pooled_median_ci)
        if self.targets.events_total is not None:
            yield self._events("pooled", "", self.targets.events_total, self.targets.events_total_id)
        yield from self._follow_up("pooled", "", self.targets.follow_up_median)
        yield from self._longest()
        yield from self._contrast()

    def _line(
        self, key: Key, quantity: str, arm: str, figure: Interval, values: Floats, *, replaced: bool = False
    ) -> ComparisonLine:
        """A printed number; one that cannot be read is no target, one met as printed elsewhere is left out."""
        readable = not math.isnan(figure.low)
        role = NO_TARGET if not readable else TARGET if key in self.keys and not replaced else LEFT_OUT
        target = figure if readable else None
        return ComparisonLine(quantity, arm, figure.printed, values, target, role, key, value_id=figure.value_id)

    def _limits(
        self,
        key: Key,
        quantity: str,
        arm: str,
        printed: Limits | None,
        found: tuple[Floats, Floats],
        *,
        replaced: bool = False,
    ) -> Iterator[ComparisonLine]:
        if printed is None:
            return
        ends = (printed.lower, printed.upper)
        decimals = max(parse_number(end.printed).decimals for end in ends)
        for side, end, values in zip(("lower", "upper"), ends, found, strict=True):
            words = f"{quantity}, {side} {printed.level:g}% limit"
            line = self._line(key, words, arm, end, values, replaced=replaced)
            yield replace(line, side=side, decimals=decimals)

    def _rows(self, whose: str) -> Member:
        return self.ensemble.pooled() if whose == "pooled" else self.ensemble.members[whose]

    # --- one arm ------------------------------------------------------------------------------------------------------

    def _arm(self, arm: str) -> Iterator[ComparisonLine]:
        wanted, kept = self.targets.arms[arm], self.kept.arms[arm]
        kept_marks = {mark.time: mark for mark in kept.landmarks}
        for mark in sorted(wanted.landmarks, key=lambda mark: mark.time):
            instead = kept_marks.get(mark.time)
            replaced = instead is not None and instead.interval != mark.interval
            yield from self._landmark(arm, mark, replaced=replaced)
            if replaced and instead is not None:  # met as the paper prints it elsewhere
                yield from self._landmark(arm, instead)
        replaced = kept.median is not None and kept.median != wanted.median
        yield from self._medians(arm, arm, wanted.median, wanted.median_ci, replaced=replaced)
        if replaced:
            yield from self._medians(arm, arm, kept.median, None)
        yield self._events(arm, arm, wanted.events, wanted.events_id)
        for count in wanted.at_risk:
            figure = Interval(count.patients, count.patients, str(count.patients), count.value_id)
            values = self.ensemble.at_risk(arm, [count.time])[:, 0].astype(float)
            yield self._line(
                ("at_risk", arm, f"{count.time:g}"), f"at risk at {count.time:g} months", arm, figure, values
            )
        yield from self._follow_up(arm, arm, wanted.follow_up_median)

    def _landmark(self, arm: str, mark: Landmark, *, replaced: bool = False) -> Iterator[ComparisonLine]:
        words, key = f"{mark.time:g}-month rate, %", (arm, f"{mark.time:g}")
        rate, lower, upper = self._rates(arm, mark.time, mark.ci)
        quantity = f"{words}{RATES_WORDS[self.conventions.rates]}"
        line = self._line(("rate", *key), quantity, arm, _printed_as(mark), rate, replaced=replaced)
        yield replace(line, percent=True)
        kind = "plain" if self.conventions.interval == "normal" else self.conventions.interval
        found, words = (lower, upper), f"{words} ({kind})"
        for line in self._limits(("rate_ci", *key), words, arm, mark.ci, found, replaced=replaced):
            yield replace(line, percent=True)

    def _rates(self, arm: str, time: float, printed: Limits | None) -> tuple[Floats, Floats, Floats]:
        """Survival (B,) at a time and its limits."""
        rows = self._rows(arm)
        if width := self.conventions.table_width:
            table = estimators.life_table(*rows, width * np.arange(math.ceil(time / width - 1e-9) + 1))
            rate, spread = table.survival[:, -1], table.greenwood[:, -1]
        else:
            curve = estimators.km(*rows)
            row = (curve.time <= time).sum(axis=1) - 1
            pick = (np.arange(len(row)), np.maximum(row, 0))
            rate = np.where(row < 0, 1.0, curve.survival[pick])
            spread = np.where(row < 0, 0.0, curve.greenwood[pick])
        # the words of a conventions are the estimators'
        kind: estimators.Transform = "plain" if self.conventions.interval == "normal" else self.conventions.interval  # type: ignore[assignment]
        limits = estimators.confidence_limits(rate, spread, kind, _level(printed))
        lower, upper = (np.where(rate >= 1, 1.0, limit) for limit in limits)
        return rate, lower, upper

    def _medians(
        self, whose: str, arm: str, printed: Interval | None, limits: Limits | None, *, replaced: bool = False
    ) -> Iterator[ComparisonLine]:
        if printed is None:
            return
        curve = estimators.km(*self._rows(whose))
        words, medians = _timed("median", printed), estimators.median_of(curve, self.rule)
        yield self._line(("median", whose), words, arm, printed, medians, replaced=replaced)
        # the words of a conventions are the estimators'
        kind: estimators.MedianInterval = self.conventions.interval  # type: ignore[assignment]
        found = estimators.median_limits(curve, kind, _level(limits))
        if kind == "normal" and limits is not None and limits.clipped:
            found = (np.maximum(found[0], 0.0), found[1])
        words = f"{words} ({INTERVAL_WORDS[kind]})"
        yield from self._limits(("median_ci", whose), words, arm, limits, found, replaced=replaced)

    def _events(self, whose: str, arm: str, printed: int | None, value_id: str) -> ComparisonLine:
        deaths = self._rows(whose).event.sum(axis=1).astype(float)
        if printed is None:
            return ComparisonLine("events", arm, "", deaths)
        return self._line(("events", whose), "events", arm, Interval(printed, printed, str(printed), value_id), deaths)

    # --- follow-up ----------------------------------------------------------------------------------------------------

    def _follow_up(self, whose: str, arm: str, printed: Interval | None) -> Iterator[ComparisonLine]:
        if printed is None or not counts_follow_up(self.targets):
            return
        rows = self._rows(whose)
        if self.conventions.follow_up == "reverse_km":
            values = estimators.median(rows.time, ~rows.event)
        else:
            values = np.median(rows.time, axis=1)
        words = f"{_timed('median follow-up', printed)} ({FOLLOW_UP_WORDS[self.conventions.follow_up]})"
        yield self._line(("follow_up", whose), words, arm, printed, values)

    def _longest(self) -> Iterator[ComparisonLine]:
        printed = self.targets.follow_up_max
        if printed is None:
            return
        # a time to progression ends before its patient's follow-up does
        bound = printed if self.targets.reaches(printed) else replace(printed, low=-math.inf)
        words = f"longest time, {_unit(printed)}" + ("" if math.isfinite(bound.low) else ", at most")
        values = self._rows("pooled").time.max(axis=1)
        yield ComparisonLine(
            words, "", printed.printed, values, bound, TARGET, ("follow_up_max",), value_id=printed.value_id
        )

    # --- the contrast -------------------------------------------------------------------------------------------------

    def _contrast(self) -> Iterator[ComparisonLine]:
        printed = self.targets.hr
        if printed is not None:
            # the words of a conventions are the estimators'
            log_hr, error = estimators.cox(*self.ensemble.contrast(), self.conventions.ties)  # type: ignore[arg-type]
            words = f"hazard ratio (Cox, {TIES_WORDS[self.conventions.ties]})"
            arms = f"{printed.arm} against {printed.reference}"
            yield self._line(("hr",), words, arms, printed.estimate, np.exp(log_hr))
            error = error * normal_quantile(_level(printed.ci))
            found = (np.exp(log_hr - error), np.exp(log_hr + error))
            yield from self._limits(("hr_ci",), words, arms, printed.ci, found)
        for test in self.targets.logrank_tests:
            yield self._logrank(test)

    def _logrank(self, test: LogrankUntil) -> ComparisonLine:
        p, one_sided = test.p, self.targets.logrank_sides == "one"
        words = "log-rank p, one-sided" if one_sided else "log-rank p"
        if test.time < math.inf:
            words += f", up to {test.time:g} months"
        # of the side to which the effect is, as the paper has it
        values = self.ensemble.logrank_p(test.time) / (2 if one_sided else 1)
        if one_sided and p.middle > 0.5:
            values = 1 - values
        line = self._line(logrank_key(test), words, "", p, values)
        return replace(line, decimals=max(_P_DECIMALS, parse_number(p.printed).decimals))


def _level(limits: Limits | None) -> float:
    return 0.95 if limits is None else limits.level / 100


def _printed_as(mark: Landmark) -> Interval:
    """The rate's interval with the landmark's characters and place."""
    figure = mark.interval
    return Interval(figure.low, figure.high, mark.printed, mark.value_id or figure.value_id, figure.rounding)


def _unit(figure: Interval) -> str:
    """The unit that a time is printed in."""
    value = parse_number(figure.printed).value
    if not (math.isfinite(figure.middle) and math.isfinite(value) and figure.middle > 0):
        return "months"
    ratio = value / figure.middle
    return min(_UNITS, key=lambda unit: abs(math.log(ratio / _UNITS[unit])))


def _timed(what: str, figure: Interval) -> str:
    return f"{what}, {_unit(figure)}"


def _row(line: ComparisonLine) -> tuple[object, ...]:
    values = np.where(np.isnan(line.values), np.inf, line.values)
    target, decimals = line.target, line.decimals
    if target is not None and math.isfinite(target.low) and math.isfinite(target.high):
        # what lies in the rounding interval prints as the figure does, halves included
        values = np.where(line.inside, target.middle, values)
    decimals = parse_number(line.printed).decimals if decimals is None else decimals
    unit = next((unit for unit in _UNITS if f", {unit}" in line.quantity), "months")
    values = values * (100 if line.percent else _UNITS[unit])
    figures = (np.median(values), values.min(), values.max())
    if target is not None and line.key[:1] == ("logrank_p",) and not math.isfinite(target.low):
        # `<0.001` says nothing of the digits
        middle, low, high = (f"{value:.1g}" if value < 0.1 else f"{value:.2f}" for value in figures)
    else:
        middle, low, high = (_figure(float(value), decimals) for value in figures)
    spread = low if low == high else f"{low}–{high}"
    met: object = "" if line.met is None else line.met
    return (line.quantity, line.arm, line.printed, middle, spread, line.role, met, line.value_id)


def _figure(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "not reached"
