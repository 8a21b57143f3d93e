"""Targets written by hand as YAML: read with every problem at once, each with its line.

The form is that of :data:`KEYS`; every entry is optional but `arms`. An interval is of 95 % where no `level` stands
beside its `ci`; a time may carry its unit, and is in the document's one where it does not.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast, get_args

from haicbook.printed import parse_number
from haicbook.survival.follow_up import Bound, Calendar, days
from haicbook.survival.intervals import (
    Conventions,
    FollowUpMethod,
    Interval,
    Limits,
    Sides,
    TargetError,
    as_if_a_fraction,
)
from haicbook.survival.targets import ArmTargets, HazardRatio, Landmark, LogrankUntil, NumberAtRisk, Targets
from haicbook.survival.yaml_nodes import UNITS, NodeReader, Place, compose, document, kind_of, with_unit

POOLED = "pooled"
KEYS = (
    "name",
    "endpoint",
    "unit",
    "arms",
    "events_total",
    "median",
    "landmarks",
    "at_risk",
    "hazard_ratio",
    "logrank_p",
    "follow_up",
    "conventions",
)
FOLLOW_UP = (
    "median",
    "range",
    "minimum",
    "maximum",
    "method",
    "enrolment",
    "cutoff",
    "received",
    "published",
    "earliest_event",
    "earliest_censoring",
    "scan_weeks",
)
BOUNDED = ("exact", "below", "above")
_MOST_ARMS = 2


def read_targets(source: Path | str) -> Targets:
    """Read targets from YAML.

    Parameters
    ----------
    source
        A path, or the YAML text itself (a string with a line break or a brace is text).

    Returns
    -------
    Targets
        In months, whatever the document's unit. Figures are read as rounded, unless `conventions.rounding` is
        `truncate`.

    Raises
    ------
    TargetError
        For anything that cannot be read or that no data set can have: all problems at once, each with the line and the
        target.

    Notes
    -----
    All that can be written (rates in per cent; figures in quotes, so that their decimals count)::

        name: a trial                # default: the file's name
        endpoint: os                 # os, pfs, ...; progression is seen at scans
        unit: months                 # of all times: months, years, weeks or days
        arms: {a: {n: "90", events: "55"}, b: {n: "88"}}
        events_total: "118"
        median: {a: {estimate: "14.2", ci: ["10.9", NR], level: "95"}, pooled: {estimate: "10.8"}}
        landmarks: {a: {"6": {rate: "81.1"}, "12": {rate: "56.3", ci: ["45.9", "69.0"]}}}
        at_risk: {a: {"0": "90", "6": "70", "12": "41"}, b: {"0": "88", "6": "58", "12": "30"}}
        hazard_ratio: {arm: a, reference: b, estimate: "0.62", ci: ["0.43", "0.89"]}
        logrank_p: ["0.009", {value: "0.04", until: "12"}]   # of all follow-up; of a test up to month 12
        follow_up: {median: {a: "16.0"}, method: reverse_km, range: ["1.9", "40.2"],
                    enrolment: ["2017-05", "2019-10"], cutoff: "2020-10-31", scan_weeks: "6",
                    earliest_event: "0.7", earliest_censoring: "6"}
        conventions: {interval: log, ties: efron, rounding: round}   # what is left out is tried

    Examples
    --------
    >>> read_targets('arms: {a: {n: "90"}}\\nmedian: {a: {estimate: "14.2"}}').arms["a"].median.low
    14.15
    """
    name, text = document(source)
    root = compose(name, text)
    reader = _TargetReader(name)
    drafted = reader.targets(root)
    if drafted is None:
        raise TargetError(reader.sentences(), f"{name}: these targets cannot be used")
    try:
        targets = Targets(**drafted)
        if targets.conventions.rounding == "truncate" and not reader.problems:
            targets = targets.under("truncate")
    except TargetError as error:
        reader.add_faults(error.faults)
    if reader.problems:
        raise TargetError(reader.sentences(), f"{name}: these targets cannot be used")
    return targets


class _TargetReader(NodeReader):
    """Reads the document's parts."""

    def targets(self, root: Any) -> dict[str, Any] | None:
        """Arguments of :class:`Targets`; None where the arms cannot be read."""
        top = self.mapping(root, (), KEYS)
        if "arms" not in top:
            self.add(self.lines.get(("arms",), root.start_mark.line + 1), ("arms",), "no arms", "arms, each with n")
            return None
        unit = self.word(top["unit"], ("unit",), tuple(UNITS)) if "unit" in top else "months"
        scale = UNITS[unit or "months"]
        arms = self.arms(top["arms"])
        medians = self.medians(top, tuple(arms), scale)
        follow_up = self.follow_up(top, tuple(arms), scale)
        landmarks = self.landmarks(top, tuple(arms), scale)
        at_risk = self.at_risk(top, tuple(arms), scale)
        hr = self.hazard_ratio(top, tuple(arms))
        tests = self.logrank_tests(top, scale)
        self.note_mixed_marks()
        total = top.get("events_total")
        drafted = {
            "study": self.text(top, "name", Path(self.name).stem),
            "endpoint": self.text(top, "endpoint", ""),
            "arms": {
                arm: ArmTargets(
                    n=n,
                    events=events,
                    median=medians.get(arm, (None, None))[0],
                    median_ci=medians.get(arm, (None, None))[1],
                    landmarks=landmarks.get(arm, ()),
                    at_risk=at_risk.get(arm, ()),
                    follow_up_median=follow_up["medians"].get(arm),
                )
                for arm, (n, events) in arms.items()
                if n is not None
            },
            "events_total": None if total is None else self.count(total, ("events_total",)),
            "pooled_median": medians.get(POOLED, (None, None))[0],
            "pooled_median_ci": medians.get(POOLED, (None, None))[1],
            "hr": hr,
            **tests,
            "follow_up_median": follow_up["medians"].get(POOLED),
            **{key: value for key, value in follow_up.items() if key != "medians"},
            "conventions": self.conventions(top),
        }
        return drafted if arms and all(n is not None for n, _ in arms.values()) else None

    def arms(self, node: Any) -> dict[str, tuple[int | None, int | None]]:
        """Patients and events by arm; n is None where it cannot be read."""
        entries = self.mapping(node, ("arms",), what='arms by name, such as {a: {n: "90"}}')
        if len(entries) > _MOST_ARMS:
            self.add(self.lines[("arms",)], ("arms",), f"{len(entries)} arms", "one arm or two")
        if not entries and kind_of(node) in ("map", "null"):
            self.add(self.lines[("arms",)], ("arms",), "no arm", 'arms by name, such as {a: {n: "90"}}')
        read: dict[str, tuple[int | None, int | None]] = {}
        for arm, of_arm in entries.items():
            place: Place = ("arms", arm)
            if arm == POOLED:
                self.add(
                    self.lines[place], place, "an arm of this name", "another name: it stands for all arms together"
                )
                continue
            figures = self.mapping(of_arm, place, ("n", "events"), 'n, such as {n: "90", events: "55"}')
            if "n" not in figures and kind_of(of_arm) == "map":
                self.add(self.lines[place], place, "no n", "the number of patients, n")
            read[arm] = (
                self.count(figures["n"], (*place, "n")) if "n" in figures else None,
                self.count(figures["events"], (*place, "events")) if "events" in figures else None,
            )
        return read

    def by_arm(self, top: dict[str, Any], key: str, arms: tuple[str, ...], *, pooled: bool) -> dict[str, Any]:
        """Entries of a key by arm; arms that are not there are told."""
        if key not in top or not arms:
            return {}
        return self.mapping(top[key], (key,), (*arms, POOLED) if pooled else arms, "arms by name")

    def medians(
        self, top: dict[str, Any], arms: tuple[str, ...], scale: float
    ) -> dict[str, tuple[Interval | None, Limits | None]]:
        """Medians and their intervals by arm."""
        read = {}
        states = (*BOUNDED, "not_reached")
        for arm, node in self.by_arm(top, "median", arms, pooled=True).items():
            place: Place = ("median", arm)
            entry = self.mapping(node, place, ("estimate", "ci", "level"), 'an estimate, such as {estimate: "14.2"}')
            estimate = entry.get("estimate")
            read[arm] = (
                estimate and self.interval(estimate, (*place, "estimate"), "14.2", states=states, scale=scale),
                self.limits(entry, place, "10.9", states=("exact", "not_reached"), scale=scale),
            )
        return read

    def landmarks(self, top: dict[str, Any], arms: tuple[str, ...], scale: float) -> dict[str, tuple[Landmark, ...]]:
        """Rates at times by arm, in order of time."""
        read = {}
        for arm, node in self.by_arm(top, "landmarks", arms, pooled=False).items():
            times = self.mapping(node, ("landmarks", arm), what='rates by time, such as {"12": {rate: "56.3"}}')
            marks = [self.landmark(arm, time, entry, scale) for time, entry in times.items()]
            read[arm] = tuple(sorted((mark for mark in marks if mark), key=lambda mark: mark.time))
        return read

    def landmark(self, arm: str, time: str, node: Any, scale: float) -> Landmark | None:
        """One rate, in per cent, at a time in the document's unit."""
        place: Place = ("landmarks", arm, time)
        at = self.time(place, scale)
        if at is None:
            return None
        entry = self.mapping(node, place, ("rate", "ci", "level"), 'a rate, such as {rate: "56.3"}')
        if "rate" not in entry:
            if kind_of(node) == "map":
                self.add(self.lines[place], place, "no rate", 'a rate in per cent, such as "56.3"')
            return None
        rate = self.interval(entry["rate"], (*place, "rate"), "56.3", states=BOUNDED, percent=True)
        ci = self.limits(entry, place, "45.9", percent=True)
        if rate is None:
            return None
        if expected := as_if_a_fraction(rate.printed):
            found = f'"{rate.printed}", as if a fraction'
            self.add(entry["rate"].start_mark.line + 1, (*place, "rate"), found, expected)
        return Landmark(at, rate, ci, "", rate.printed)

    def time(self, place: Place, scale: float) -> float | None:
        """The months of a time that is the last key of a place; its line is known by its months, too."""
        *before, time = place
        figure, scale = with_unit(time, scale)
        at = parse_number(figure)
        if at.state != "exact" or not set(figure) <= set("0123456789.-"):
            self.refused = True
            self.add(self.lines[place], place, f"the time `{time}`", 'a time such as "12" or "1 year"')
            return None
        self.lines[(*before, f"{at.value * scale:g}")] = self.lines[place]
        return at.value * scale

    def at_risk(self, top: dict[str, Any], arms: tuple[str, ...], scale: float) -> dict[str, tuple[NumberAtRisk, ...]]:
        """Numbers at risk at times by arm, in order of time."""
        read = {}
        for arm, node in self.by_arm(top, "at_risk", arms, pooled=False).items():
            counts = self.mapping(node, ("at_risk", arm), what='patients by time, such as {"12": "41"}')
            marks = [
                (self.time(("at_risk", arm, time), scale), self.count(entry, ("at_risk", arm, time)))
                for time, entry in counts.items()
            ]
            known = [NumberAtRisk(at, count) for at, count in marks if at is not None and count is not None]
            read[arm] = tuple(sorted(known))
        return read

    def hazard_ratio(self, top: dict[str, Any], arms: tuple[str, ...]) -> HazardRatio | None:
        """The hazard ratio with its orientation."""
        if "hazard_ratio" not in top:
            return None
        place: Place = ("hazard_ratio",)
        allowed = ("arm", "reference", "estimate", "ci", "level")
        entry = self.mapping(top["hazard_ratio"], place, allowed, "arm, reference and estimate")
        missing = [key for key in allowed[:3] if key not in entry]
        if missing:
            if kind_of(top["hazard_ratio"]) == "map":
                self.add(self.lines[place], place, f"no {' and no '.join(missing)}", "arm, reference and estimate")
            return None
        estimate = self.interval(entry["estimate"], (*place, "estimate"), "0.62", comma="decimal")
        ci = self.limits(entry, place, "0.43", comma="decimal")
        if len(arms) < _MOST_ARMS:
            if arms:
                self.add(self.lines[place], place, "a hazard ratio with one arm", "two arms, or no hazard ratio")
            return None
        names = [self.word(entry[key], (*place, key), arms) for key in allowed[:2]]
        if names[0] is None or names[1] is None or estimate is None:
            return None
        return HazardRatio(names[0], names[1], estimate, ci)

    def logrank_tests(self, top: dict[str, Any], scale: float) -> dict[str, Any]:
        """The p of one or several log-rank tests, up to which time, and of how many sides."""
        if "logrank_p" not in top:
            return {}
        nodes = top["logrank_p"].value if kind_of(top["logrank_p"]) == "seq" else [top["logrank_p"]]
        tests = [self.logrank_test(node, scale) for node in nodes]
        whole = [p for p, until, _ in tests if until is None]
        if not self.problems and (len({sides for *_, sides in tests}) > 1 or len(whole) > 1):
            self.add(
                self.lines[("logrank_p",)],
                ("logrank_p",),
                "tests of one side and of two, or two of the whole follow-up",
                "tests of as many sides, one of the whole follow-up, the others each with `until`",
            )
        return {
            "logrank_p": whole[0] if whole else None,
            "logrank_sides": tests[0][2] if tests else "two",
            "logrank_until": tuple(
                LogrankUntil(until.middle, p) for p, until, _ in tests if p is not None and until is not None
            ),
        }

    def logrank_test(self, node: Any, scale: float) -> tuple[Interval | None, Interval | None, Sides]:
        """One log-rank test: its p, up to when, and of how many sides it is."""
        place: Place = ("logrank_p",)
        sides, until = None, None
        if kind_of(node) == "map":
            entry = self.mapping(node, place, ("value", "sided", "until"))
            sides = self.word(entry["sided"], (*place, "sided"), get_args(Sides)) if "sided" in entry else None
            until = self.interval(entry["until"], (*place, "until"), "12", scale=scale) if "until" in entry else None
            if "value" not in entry:
                self.add(self.lines[place], place, "no value", 'a p-value, such as {value: "0.009", sided: one}')
                return None, until, "two"
            node, place = entry["value"], (*place, "value")
        p = self.interval(node, place, "0.009", states=BOUNDED, comma="decimal")
        return p, until, cast(Sides, sides or "two")

    def follow_up(self, top: dict[str, Any], arms: tuple[str, ...], scale: float) -> dict[str, Any]:
        """Median follow-up by arm and pooled, its range, its dates, the method, and what eligibility says."""
        entry = self.mapping(top["follow_up"], ("follow_up",), FOLLOW_UP) if "follow_up" in top else {}
        medians: dict[str, Interval | None] = {}
        if "median" in entry and arms:
            place: Place = ("follow_up", "median")
            named = self.mapping(entry["median"], place, (*arms, POOLED), 'arms by name, such as {a: "16.0"}')
            medians = {arm: self.interval(node, (*place, arm), "16.0", scale=scale) for arm, node in named.items()}
        methods = get_args(FollowUpMethod)
        method = self.word(entry["method"], ("follow_up", "method"), methods) if "method" in entry else None
        shown = {"minimum": "1.9", "maximum": "40.2", "earliest_event": "0.7", "earliest_censoring": "6"}
        times = {
            key: self.interval(entry[key], ("follow_up", key), example, scale=scale)
            for key, example in shown.items()
            if key in entry
        }
        if "range" in entry and (ends := self.limits({"ci": entry["range"]}, ("follow_up",), "1.9", scale=scale)):
            times |= {"minimum": ends.lower, "maximum": ends.upper}
        weeks = self.interval(entry["scan_weeks"], ("follow_up", "scan_weeks"), "6") if "scan_weeks" in entry else None
        earliest = {key: figure and Bound(figure.middle) for key, figure in times.items() if key.startswith("earliest")}
        return {
            "medians": medians,
            "follow_up_max": times.get("maximum"),
            "follow_up_min": times.get("minimum"),
            "follow_up_method": method or "unknown",
            "calendar": self.calendar(entry),
            "scan_interval": weeks and weeks.middle * UNITS["weeks"],
            **earliest,
        }

    def calendar(self, entry: dict[str, Any]) -> Calendar:
        """The printed dates of enrolment and of the end of follow-up."""
        nodes: dict[str, Any] = {key: entry[key] for key in ("cutoff", "received", "published") if key in entry}
        window = entry.get("enrolment")
        if window is not None and (kind_of(window) != "seq" or len(window.value) != 2):
            expected = 'the first and the last date, such as ["2017-05", "2019-10"]'
            self.add(window.start_mark.line + 1, ("follow_up", "enrolment"), "no list of two", expected)
        elif window is not None:
            nodes |= dict(zip(("enrolment_start", "enrolment_end"), window.value, strict=True))
        dates: dict[str, str] = {}
        for key, node in nodes.items():
            place: Place = ("follow_up", key.partition("_")[0])
            date = self.figure(node, place, "2020-10-31")
            if date is not None and math.isnan(days(date)[0]):
                expected = 'a date such as "2020-10-31", "May 2018" or "2019"'
                self.add(node.start_mark.line + 1, place, f'"{date}"', expected)
            elif date is not None:
                dates[key] = date
        return Calendar(**dates)

    def conventions(self, top: dict[str, Any]) -> Conventions:
        """The conventions; `auto` where none is given."""
        if "conventions" not in top:
            return Conventions()
        allowed = Conventions.allowed()
        entry = self.mapping(top["conventions"], ("conventions",), tuple(allowed))
        words = {key: self.word(node, ("conventions", key), allowed[key]) for key, node in entry.items()}
        return Conventions(**{key: cast(Any, word) for key, word in words.items() if word is not None})
