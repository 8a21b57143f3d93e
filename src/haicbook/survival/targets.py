"""What a reconstruction must meet: printed numbers of one endpoint, each with its rounding interval and its place.

:func:`haicbook.survival.targets_from_study` reads them from a loaded paper; they can be written by hand as well::

    Targets("a fictitious trial", "os", {
        "a": ArmTargets(n=90, events=55, median=Interval.read("14.2"),
                        landmarks=(Landmark.read(6, "81.1%"), Landmark.read(12, "56.3%"))),
        "b": ArmTargets(n=88, median=Interval.read("8.7")),
    })
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from haicbook.printed import Printed, overlap, parse_number

# Where neither a maximum nor dates are printed, follow-up is taken to end at so many times the latest survival time
# that the paper prints (a median, a limit of one, a rate), and at least at twice the median follow-up.
FOLLOW_UP_MULTIPLE = 1.5
MEDIAN_FOLLOW_UP_MULTIPLE = 2.0


class TargetError(ValueError):
    """Targets that no data set can meet; the message names all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Interval:
    """The numbers that a printed figure stands for.

    Attributes
    ----------
    low, high
        Ends of the rounding interval, both included: months for times, a fraction for rates.
    printed
        The figure's characters.
    value_id
        Where it stands in `data/`; empty for figures written by hand.
    """

    low: float
    high: float
    printed: str = ""
    value_id: str = ""

    @classmethod
    def read(cls, figure: str, *, percent: bool = False, value_id: str = "") -> Interval:
        """The rounding interval of a printed figure.

        Parameters
        ----------
        figure
            As printed, a string so that its decimals count: `28.8`, `<0.001`, `56.3%` (with `percent`).
        percent
            Divide by 100, so that the interval is one of fractions.
        value_id
            Kept for traceability.

        Raises
        ------
        TargetError
            When the figure has no value (not reached, or a misprint).
        """
        printed = parse_number(figure)
        if math.isnan(printed.value):
            raise TargetError([f"{figure!r} is no number ({printed.state.replace('_', ' ')})"])
        unit = 100 if percent else 1
        return cls(printed.low / unit, printed.high / unit, figure, value_id)

    @classmethod
    def without_value(cls, figure: str, value_id: str) -> Interval:
        """What stands for a limit that is not reached: infinity; for a misprint: NaN."""
        value = math.inf if parse_number(figure).state == "not_reached" else math.nan
        return cls(value, value, figure, value_id)

    @property
    def middle(self) -> float:
        """The number printed (the finite end, where only one is finite; infinity where it is not reached)."""
        if math.isinf(self.low):
            return self.high
        return self.low if math.isinf(self.high) else (self.low + self.high) / 2

    def contains(self, value: float) -> bool:
        """Whether the value would be printed as this figure, by rounding."""
        if math.isnan(value):
            return False
        return overlap(Printed(self.printed, self.middle, self.low, self.high, 0), value, value)


@dataclass(frozen=True)
class Limits:
    """A printed confidence interval. Unpacks as `low, high = limits`, numbers; infinite where not reached.

    Attributes
    ----------
    lower, upper
        The limits as intervals; see :meth:`Interval.without_value` for those that are not reached.
    """

    lower: Interval
    upper: Interval

    @classmethod
    def read(cls, low: str, high: str, *, percent: bool = False) -> Limits:
        """Limits from their printed figures; `NR`, `NA` or `not reached` is not reached."""
        ends = [
            Interval.read(figure, percent=percent)
            if parse_number(figure).state not in ("not_reached", "unreadable")
            else Interval.without_value(figure, "")
            for figure in (low, high)
        ]
        return cls(ends[0], ends[1])

    @property
    def printed(self) -> str:
        """Both limits' characters, as `19.3–not reached`."""
        return f"{self.lower.printed}–{self.upper.printed}"

    def __iter__(self) -> Iterator[float]:
        return iter((self.lower.middle, self.upper.middle))


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
        limits = Limits.read(*ci, percent=True) if ci else None
        return cls(time, Interval.read(rate, percent=True, value_id=value_id), limits, value_id, rate)


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
        Median survival, months.
    median_ci
        Its confidence interval: shown beside the reconstruction, not met by it.
    landmarks
        Survival rates at times.
    follow_up_median
        Median follow-up, months: shown, not met.
    events_id
        Where the number of events stands.
    """

    n: int
    events: int | None = None
    median: Interval | None = None
    median_ci: Limits | None = None
    landmarks: tuple[Landmark, ...] = ()
    follow_up_median: Interval | None = None
    events_id: str = ""

    @property
    def latest(self) -> float:
        """The latest time, in months, at which this arm's curve is pinned; 0 where nothing is printed."""
        times = [landmark.time for landmark in self.landmarks]
        return max([*times, self.median.high if self.median else 0.0], default=0.0)


@dataclass(frozen=True)
class HazardRatio:
    """A printed hazard ratio of one arm against another: shown, not met.

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
        Its confidence interval: shown, not met.
    hr, logrank_p
        Printed contrasts: shown, not met.
    follow_up_median
        Median follow-up of all arms together, where printed (months): shown, not met.
    follow_up_max
        Longest follow-up, where printed (months).
    follow_up_window
        From the first enrolment to the last follow-up, where dates are printed (months).
    follow_up_floor
        The latest time (months) that the paper prints of these patients for any endpoint; follow-up lasts longer.
    conflicts
        Figures that the paper prints differently elsewhere.
    events_total_id
        Where the total number of events stands.

    Raises
    ------
    TargetError
        On construction, when no data set can meet them: an arm without patients or without a printed median or rate,
        events above patients, a rate that rises, a median at odds with a rate, follow-up that ends before a target.
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
    follow_up_max: float | None = None
    follow_up_window: float | None = None
    follow_up_floor: float = 0.0
    conflicts: tuple[Conflict, ...] = field(default=())
    events_total_id: str = ""

    def __post_init__(self) -> None:
        problems = [problem for name, arm in self.arms.items() for problem in _arm_problems(name, arm)]
        problems += _total_problems(self)
        if problems:
            raise TargetError(problems)

    @property
    def n(self) -> int:
        """Patients in all arms."""
        return sum(arm.n for arm in self.arms.values())

    @property
    def follow_up_end(self) -> float:
        """Months at which the reconstruction ends follow-up; :attr:`follow_up_basis` says where this comes from.

        The printed maximum; else the time between the printed dates; else 1.5 times the latest survival time printed,
        and at least twice the median follow-up (the median of follow-up times spread evenly up to the end). An
        assumption in the last case. It is never earlier than a target.
        """
        return self._follow_up()[0]

    @property
    def follow_up_basis(self) -> str:
        """Where the end of follow-up comes from, in words."""
        return self._follow_up()[1]

    def _follow_up(self) -> tuple[float, str]:
        if self.follow_up_max is not None:
            return self.follow_up_max, "the longest follow-up printed"
        latest = max([*(arm.latest for arm in self.arms.values()), self._pooled_end])
        if self.follow_up_window is not None and self.follow_up_window > latest:
            return self.follow_up_window, "from the first enrolment to the last follow-up, by the printed dates"
        from_times = FOLLOW_UP_MULTIPLE * max(latest, self.follow_up_floor)
        printed = [self.follow_up_median, *(arm.follow_up_median for arm in self.arms.values())]
        medians = [median.middle for median in printed if median]
        from_median = MEDIAN_FOLLOW_UP_MULTIPLE * max(medians, default=0.0)
        if from_median > from_times:
            return from_median, f"assumed: {MEDIAN_FOLLOW_UP_MULTIPLE:g} times the printed median follow-up"
        return from_times, f"assumed: {FOLLOW_UP_MULTIPLE:g} times the latest survival time printed"

    @property
    def _pooled_end(self) -> float:
        return self.pooled_median.high if self.pooled_median else 0.0


def _arm_problems(name: str, arm: ArmTargets) -> list[str]:
    problems = []
    if arm.n < 1:
        problems.append(f"arm {name} has {arm.n} patients; at least one is needed")
    if arm.events is not None and not 0 <= arm.events <= arm.n:
        problems.append(f"arm {name} has {arm.events} events among {arm.n} patients; 0 to {arm.n} are possible")
    if arm.median is None and not arm.landmarks:
        problems.append(f"arm {name} has no printed median and no printed rate; one of them is needed")
    for landmark in arm.landmarks:
        rate = f"the {landmark.time:g}-month rate of arm {name}, {landmark.printed or landmark.interval}"
        if not (math.isfinite(landmark.time) and landmark.time > 0):
            problems.append(f"{rate}, stands at {landmark.time:g} months; a time above 0 is needed")
        if landmark.interval.high < 0 or landmark.interval.low > 1:
            problems.append(f"{rate}, is outside 0 to 100 per cent")
    if arm.median is not None and not (0 < arm.median.low <= arm.median.high < math.inf):
        problems.append(f"the median of arm {name}, {arm.median.printed or arm.median}, is not a time above 0")
    return problems + _order_problems(name, arm)


def _order_problems(name: str, arm: ArmTargets) -> list[str]:
    """Rates that rise, and a median on the wrong side of a rate."""
    problems = []
    landmarks = sorted(arm.landmarks, key=lambda landmark: landmark.time)
    for earlier, later in pairwise(landmarks):
        if earlier.time == later.time:
            problems.append(f"arm {name} has two rates at {later.time:g} months, {earlier.printed} and {later.printed}")
        elif later.interval.low > earlier.interval.high:
            problems.append(
                f"the rate of arm {name} rises from {earlier.printed} at {earlier.time:g} months "
                f"to {later.printed} at {later.time:g} months"
            )
    for landmark in landmarks if arm.median is not None else ():
        assert arm.median is not None
        rate = f"its {landmark.time:g}-month rate of {landmark.printed}"
        if landmark.time < arm.median.low and landmark.interval.high <= 0.5:
            problems.append(
                f"the median of arm {name}, {arm.median.printed} months, is later than {rate}, not above half"
            )
        if landmark.time >= arm.median.high and landmark.interval.low > 0.5:
            problems.append(
                f"the median of arm {name}, {arm.median.printed} months, is earlier than {rate}, above half"
            )
    return problems


def _total_problems(targets: Targets) -> list[str]:
    if not targets.arms:
        return ["there is no arm; at least one is needed"]
    problems = []
    printed = [arm.events for arm in targets.arms.values()]
    known = sum(events for events in printed if events is not None)
    unknown = sum(arm.n for arm in targets.arms.values() if arm.events is None)
    total = targets.events_total
    if total is not None and not known <= total <= known + unknown:
        problems.append(
            f"{total} events are printed in total; {known} to {known + unknown} are possible among {targets.n} patients"
            f" with {known} events printed by arm"
        )
    if targets.pooled_median is not None and len(targets.arms) < 2:
        problems.append("a median of all arms together needs two arms")
    if targets.hr is not None and not {targets.hr.arm, targets.hr.reference} <= set(targets.arms):
        problems.append(
            f"the hazard ratio compares {targets.hr.arm} with {targets.hr.reference}; the arms are "
            + ", ".join(targets.arms)
        )
    if targets.logrank_p is not None and len(targets.arms) < 2:
        problems.append("a log-rank p needs two arms")
    return problems + _follow_up_problems(targets)


def _follow_up_problems(targets: Targets) -> list[str]:
    end = targets.follow_up_max
    if end is None:
        return []
    late = [
        f"follow-up ends at {end:g} months, before the {landmark.time:g}-month rate of arm {name}"
        for name, arm in targets.arms.items()
        for landmark in arm.landmarks
        if landmark.time >= end
    ]
    return late + [
        f"follow-up ends at {end:g} months, before the median of arm {name}, {arm.median.printed} months"
        for name, arm in targets.arms.items()
        if arm.median is not None and arm.median.high >= end
    ]
