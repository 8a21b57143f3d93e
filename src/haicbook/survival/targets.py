"""What a reconstruction must meet: printed numbers of one endpoint, each with its rounding interval and its place.

:func:`haicbook.endpoints.targets_from_study` reads them from a loaded paper, :func:`haicbook.survival.read_targets`
from YAML; they can be written in Python as well::

    Targets("a fictitious trial", "os", {
        "a": ArmTargets(n=90, events=55, median=Interval.read("14.2"),
                        landmarks=(Landmark.read(6, "81.1%"), Landmark.read(12, "56.3%"))),
        "b": ArmTargets(n=88, median=Interval.read("8.7")),
    })
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from haicbook.survival.follow_up import Bound, Calendar
from haicbook.survival.impossible import faults_of
from haicbook.survival.intervals import (
    UNSAID,
    Conventions,
    FollowUpMethod,
    Interval,
    Limits,
    Rounding,
    Sides,
    TargetError,
    as_if_a_fraction,
    said,
)

__all__ = [
    "ArmTargets",
    "Bound",
    "Calendar",
    "Conflict",
    "Conventions",
    "HazardRatio",
    "Interval",
    "Landmark",
    "Limits",
    "LogrankUntil",
    "NumberAtRisk",
    "Sides",
    "TargetError",
    "Targets",
]

# Where neither a maximum nor dates are printed, follow-up is taken to end at so many times the latest survival time
# that the paper prints (a median, a limit of one, a rate), and at least at twice the median follow-up.
FOLLOW_UP_MULTIPLE = 4.5
_WHERE_FOLLOW_UP_IS_PRINTED = 2.5
MEDIAN_FOLLOW_UP_MULTIPLE = 2.0
# endpoints whose events are looked for at scans
PROGRESSION = ("pfs", "liver_pfs", "ttr", "dor")


@dataclass(frozen=True)
class Landmark:
    """A printed survival rate at a time.

    Attributes
    ----------
    time
        Months.
    interval
        The rate's rounding interval, as fractions.
    ci
        Its printed confidence interval, as fractions, or None.
    value_id, printed
        Where it stands and the figure's characters.
    """

    time: float
    interval: Interval
    ci: Limits | None = None
    value_id: str = ""
    printed: str = ""

    @classmethod
    def read(cls, time: float, rate: str, ci: tuple[str, str] | None = None, *, value_id: str = "") -> Landmark:
        """A landmark from printed percentages: `Landmark.read(6, "92.2%", ("88.0", "95.1"))`."""
        if expected := as_if_a_fraction(rate):
            raise TargetError([f"the {time:g}-month rate is {rate!r}, as if a fraction; {expected} is needed"])
        limits = Limits.read(*ci, percent=True) if ci else None
        return cls(time, Interval.read(rate, percent=True, value_id=value_id), limits, value_id, rate)

    def under(self, rounding: Rounding) -> Landmark:
        """The landmark under a reading; see :meth:`Interval.under`."""
        return replace(self, interval=self.interval.under(rounding), ci=self.ci and self.ci.under(rounding))


class NumberAtRisk(NamedTuple):
    """A printed number of patients at risk: followed, without an event, up to a time in months."""

    time: float
    patients: int
    value_id: str = ""


class LogrankUntil(NamedTuple):
    """The p of a log-rank test of what happens up to a time, in months: everybody is censored there."""

    time: float
    p: Interval


@dataclass(frozen=True)
class ArmTargets:
    """What is printed for one arm.

    Attributes
    ----------
    n
        Patients.
    events
        Events, where printed for this arm.
    median
        Median survival, months; infinite where it is printed as not reached.
    median_ci
        Its confidence interval.
    landmarks
        Survival rates at times.
    follow_up_median
        Median follow-up, months.
    events_id
        Where the number of events stands.
    at_risk
        Printed numbers at risk, in order of time.
    """

    n: int
    events: int | None = None
    median: Interval | None = None
    median_ci: Limits | None = None
    landmarks: tuple[Landmark, ...] = ()
    follow_up_median: Interval | None = None
    events_id: str = ""
    at_risk: tuple[NumberAtRisk, ...] = field(default=(), metadata=UNSAID)

    __repr__ = said

    @property
    def latest(self) -> float:
        """The latest time, in months, at which this arm's curve is pinned; 0 where nothing is printed."""
        times = [landmark.time for landmark in self.landmarks]
        times += [mark.time for mark in self.at_risk if mark.patients]
        reached = [_end_of(self.median)] if self.median and self.median.reached else []
        return max([*times, *reached], default=0.0)

    @property
    def flat_from(self) -> float | None:
        """From where on, in months, the curve is flat, where the last two rates are printed as one figure above 0.

        No event is drawn after it. None where rates differ or where the number of events is printed.
        """
        if self.events is not None or len(self.landmarks) < 2:
            return None
        earlier, later = sorted(self.landmarks, key=lambda mark: mark.time)[-2:]
        same = earlier.interval.printed == later.interval.printed and later.interval.high > later.interval.low > 0
        return later.time if same else None

    def under(self, rounding: Rounding) -> ArmTargets:
        """The arm's figures under a reading; see :meth:`Interval.under`."""
        return replace(
            self,
            median=self.median and self.median.under(rounding),
            median_ci=self.median_ci and self.median_ci.under(rounding),
            landmarks=tuple(landmark.under(rounding) for landmark in self.landmarks),
            follow_up_median=self.follow_up_median and self.follow_up_median.under(rounding),
        )


@dataclass(frozen=True)
class HazardRatio:
    """A printed hazard ratio of one arm against another.

    Attributes
    ----------
    arm, reference
        Whose hazard against whose.
    estimate
        The ratio.
    ci
        Its confidence interval.
    model
        `univariable`, or empty for a contrast that the paper prints without a model.
    """

    arm: str
    reference: str
    estimate: Interval
    ci: Limits | None = None
    model: str = ""

    def under(self, rounding: Rounding) -> HazardRatio:
        """The ratio under a reading; see :meth:`Interval.under`."""
        return replace(self, estimate=self.estimate.under(rounding), ci=self.ci and self.ci.under(rounding))


@dataclass(frozen=True)
class Conflict:
    """Two places of a paper that print different figures for one quantity.

    Attributes
    ----------
    quantity, arm
        What, and whose.
    used, other
        The figure that the reconstruction meets, and the one that it leaves.
    used_section, other_section
        Where they stand.
    """

    quantity: str
    arm: str
    used: Interval
    other: Interval
    used_section: str
    other_section: str


@dataclass(frozen=True)
class Targets:
    """Printed numbers of one endpoint in one population.

    Attributes
    ----------
    study, endpoint
        What they are of.
    arms
        One entry for each arm; of two, the experimental one first.
    population, criterion
        Which patients; which criterion of progression, where there are two.
    events_total
        Events of all arms together, where printed.
    pooled_median
        Median survival of all arms together, where printed.
    pooled_median_ci
        Its confidence interval.
    hr, logrank_p
        Printed contrasts.
    follow_up_median
        Median follow-up of all arms together, where printed (months).
    follow_up_max
        Longest follow-up of these patients, where printed (months); without a lower end where it is printed of more
        patients than these, who may all leave earlier.
    follow_up_method
        What the median follow-up is of: `reverse_km`, `observed` times, or `unknown`.
    conventions
        By which the numbers were made.
    follow_up_min
        Shortest follow-up of these patients, where printed (months); without an upper end where it is printed of more
        patients than these, who may all be followed longer.
    calendar
        The printed dates, between which every row's time lies.
    earliest_event, earliest_censoring
        Before which nobody can have an event, or leave.
    scan_interval
        Months between two scans, where the paper says so.
    follow_up_floor
        The latest time (months) that the paper prints of these patients for any endpoint; follow-up lasts longer.
    conflicts
        Figures that the paper prints differently elsewhere.
    events_total_id
        Where the total number of events stands.
    logrank_sides
        Of the test that the log-rank p is of. All tests here are two-sided; see :meth:`two_sided`.
    logrank_until
        Log-rank tests up to a time, of as many sides.

    Raises
    ------
    TargetError
        On construction, when no data set can meet them; see :func:`haicbook.survival.impossible.faults_of`.
    """

    study: str
    endpoint: str
    arms: dict[str, ArmTargets]
    population: str = ""
    criterion: str = ""
    events_total: int | None = None
    pooled_median: Interval | None = None
    pooled_median_ci: Limits | None = None
    hr: HazardRatio | None = None
    logrank_p: Interval | None = None
    follow_up_median: Interval | None = None
    follow_up_max: Interval | None = None
    follow_up_min: Interval | None = None
    calendar: Calendar = Calendar()  # noqa: RUF009
    earliest_event: Bound | None = None
    earliest_censoring: Bound | None = None
    scan_interval: float | None = None
    follow_up_floor: float = 0.0
    conflicts: tuple[Conflict, ...] = field(default=())
    events_total_id: str = ""
    follow_up_method: FollowUpMethod = "unknown"
    conventions: Conventions = field(default=Conventions())
    logrank_sides: Sides = field(default="two", metadata=UNSAID)
    logrank_until: tuple[LogrankUntil, ...] = field(default=(), metadata=UNSAID)

    __repr__ = said

    def __post_init__(self) -> None:
        faults = faults_of(self)
        if faults:
            raise TargetError(faults)

    def under(self, rounding: Rounding) -> Targets:
        """All figures read as rounded, or as cut off; see :meth:`Interval.under`."""
        return replace(
            self,
            arms={name: arm.under(rounding) for name, arm in self.arms.items()},
            pooled_median=self.pooled_median and self.pooled_median.under(rounding),
            pooled_median_ci=self.pooled_median_ci and self.pooled_median_ci.under(rounding),
            hr=self.hr and self.hr.under(rounding),
            logrank_p=self.logrank_p and self.logrank_p.under(rounding),
            logrank_until=tuple(test._replace(p=test.p.under(rounding)) for test in self.logrank_until),
            follow_up_median=self.follow_up_median and self.follow_up_median.under(rounding),
            follow_up_max=self.follow_up_max and self.follow_up_max.under(rounding),
            follow_up_min=self.follow_up_min and self.follow_up_min.under(rounding),
        )

    @property
    def logrank_tests(self) -> tuple[LogrankUntil, ...]:
        """Printed log-rank tests, first that of the whole follow-up (its time is infinite), then those up to a time."""
        whole = () if self.logrank_p is None else (LogrankUntil(math.inf, self.logrank_p),)
        return (*whole, *self.logrank_until)

    def two_sided(self, p: Interval) -> Interval:
        """A log-rank p as a two-sided test has it; twice a one-sided one, or twice what that lacks to 1."""
        if self.logrank_sides == "two":
            return p
        ends = [2 * min(end, 1 - end) for end in (p.low, p.high)]
        half_inside = p.low <= 0.5 <= p.high
        return replace(p, low=max(min(ends), 0.0), high=1.0 if half_inside else max(ends))

    @property
    def n(self) -> int:
        """Patients in all arms."""
        return sum(arm.n for arm in self.arms.values())

    @property
    def follow_up_end(self) -> float:
        """Months at which the reconstruction ends follow-up; :attr:`follow_up_basis` says where this comes from.

        The printed maximum; else the time between the printed dates; else four and a half times the latest survival
        time printed; where a median follow-up is printed, which says that it is not so long, 2.5 times, and at
        least twice that median (the median of follow-up times spread evenly up to the end). Both are assumptions:
        members' follow-up ends at various times before them. It is never earlier than a target.
        """
        return self._follow_up()[0]

    @property
    def follow_up_is_printed(self) -> bool:
        """Whether the end of follow-up is printed, or follows from printed dates."""
        return not self.follow_up_basis.startswith("assumed")

    @property
    def latest(self) -> float:
        """The latest survival time printed (months), be it of a rate, a median or its limit."""
        ends = [arm.median_ci.upper for arm in self.arms.values() if arm.median_ci is not None]
        limits = [end.high for end in ends if math.isfinite(end.high)]
        tests = (test.time for test in self.logrank_until)
        arms = (arm.latest for arm in self.arms.values())
        return max([*arms, *limits, *tests, self._pooled_end, self.follow_up_floor])

    @property
    def follow_up_basis(self) -> str:
        """Where the end of follow-up comes from, in words."""
        return self._follow_up()[1]

    def _follow_up(self) -> tuple[float, str]:
        if self.follow_up_max is not None:
            return min(self.follow_up_max.middle, self.calendar.months), "the longest follow-up printed"
        if self.calendar.last == "cutoff" and math.isfinite(self.calendar.months):
            return self.calendar.months, self.calendar.words
        printed = [self.follow_up_median, *(arm.follow_up_median for arm in self.arms.values())]
        medians = [median.middle for median in printed if median]
        multiple = _WHERE_FOLLOW_UP_IS_PRINTED if medians else FOLLOW_UP_MULTIPLE
        end, words = multiple * self.latest, f"{multiple:g} times the latest survival time printed"
        from_median = MEDIAN_FOLLOW_UP_MULTIPLE * max(medians, default=0.0)
        if from_median > end:
            end, words = from_median, f"{MEDIAN_FOLLOW_UP_MULTIPLE:g} times the printed median follow-up"
        if self.calendar.months < end:
            end, words = self.calendar.months, f"as late as can be, {self.calendar.words}"
        return end, f"assumed: {words}"

    def reaches(self, end: Interval | None) -> bool:
        """Whether some patient is followed just so long: it is printed of these patients, not of more."""
        return self.of_patients and end is not None and math.isfinite(end.low) and math.isfinite(end.high)

    @property
    def of_patients(self) -> bool:
        """Whether a printed follow-up binds the times of this endpoint.

        A study prints that of its patients, to whichever endpoint, and a time to progression ends sooner; what is
        given with an endpoint's own targets is of it.
        """
        medians = (self.follow_up_median, *(arm.follow_up_median for arm in self.arms.values()))
        printed = (*medians, self.follow_up_min, self.follow_up_max)
        of_a_study = any(figure.value_id for figure in printed if figure is not None)
        return not (of_a_study and self.endpoint in PROGRESSION)

    @property
    def _pooled_end(self) -> float:
        return _end_of(self.pooled_median) if self.pooled_median and self.pooled_median.reached else 0.0


def _end_of(median: Interval) -> float:
    return median.middle if median.bound else median.high
