"""A study's endpoints: targets read from its printed values, and what was reconstructed of them before."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from haicbook import survival
from haicbook.cache import kept
from haicbook.printed import parse_number
from haicbook.shipped import question, shipped, shipped_feasible
from haicbook.study import Paper
from haicbook.survival.chains import SearchBudget
from haicbook.survival.feasibility import Feasible, find_feasible
from haicbook.survival.follow_up import Bound, Calendar
from haicbook.survival.intervals import DAYS_IN_MONTH
from haicbook.survival.targets import (
    ArmTargets,
    Conflict,
    HazardRatio,
    Interval,
    Landmark,
    Limits,
    Sides,
    TargetError,
    Targets,
)

# Where a paper prints a quantity in several places, the first of these counts.
PRECEDENCE = ("results", "table", "figure", "abstract", "discussion", "conclusion", "introduction", "methods")
_IN_MONTHS = {"": 1.0, "months": 1.0, "years": 12.0, "weeks": 7 / DAYS_IN_MONTH, "days": 1 / DAYS_IN_MONTH}
# Progressions alone are no events of progression-free survival: a death without progression is one too.
_EVENT_TERMS = {"os": ("deaths", "events")}
_OTHER_EVENT_TERMS = ("events",)
_UNADJUSTED = ("univariable", "")
# decimals from which a last zero in all figures of a row says that they were filled up
_LONG = 3
# Times to and of a response are those of responders, not of the population that is counted.
_ENDPOINTS = ("os", "pfs", "liver_pfs")


@dataclass
class _EndpointReader:
    """The values of one endpoint in one population, and the disagreements met while reading them."""

    values: pd.DataFrame
    precedence: tuple[str, ...] = PRECEDENCE
    conflicts: list[Conflict] = field(default_factory=list)

    def used(self, rows: pd.DataFrame, quantity: str, arm: str) -> pd.Series | None:
        """The row that counts; what other places print differently is noted."""
        rows = rows[rows.state == "exact"]
        if rows.empty:
            return None
        ranked = rows.assign(rank=[self.precedence.index(section) for section in rows.section])
        ranked = ranked.sort_values(["rank", "line"], kind="stable")
        first = ranked.iloc[0]
        for _, other in ranked.iloc[1:].iterrows():
            if max(first.low, other.low) >= min(first.high, other.high) and first.value != other.value:
                figures = (_interval(first), _interval(other))
                self.conflicts.append(Conflict(quantity, arm, *figures, first.section, other.section))
        return first

    def limits(self, estimate: pd.Series, rows: pd.DataFrame) -> Limits | None:
        """The interval printed with an estimate, or with the same figure in another place."""
        same = rows[rows.value == estimate.value]
        for _, place in pd.concat([same[same.id == estimate.id], same]).iterrows():
            values = self.values
            same_cell = (values.file == place.file) & (values.line == place.line) & (values.column == place.column)
            cell = values[same_cell].set_index("statistic")
            if {"ci_low", "ci_high"} <= set(cell.index):
                low, high = cell.loc["ci_low"], cell.loc["ci_high"]
                return Limits(_limit(low), _limit(high), float(low.confidence))
        return None


def targets_from_study(
    paper: Paper, endpoint: str, population: str, criterion: str = "", reading: str = "rounded"
) -> Targets:
    """What a paper prints of one endpoint in one population, as targets of a reconstruction.

    Parameters
    ----------
    paper
        A loaded study.
    endpoint
        `os`, `pfs` or `liver_pfs`.
    population
        A key of `spec.populations`.
    criterion
        `mrecist` or `recist11`, for an endpoint that is printed under both.
    reading
        How the print is read: `rounded`; `truncated`, each figure's further digits cut off; `abstract`, whose figures
        count before those of the results; `undated`, without the dates of enrolment and of the last follow-up.

    Returns
    -------
    Targets
        Results count before tables, then figures, the abstract and the discussion; what other places print
        differently is kept in `conflicts`. Every figure carries its value id.

    Raises
    ------
    TargetError
        When the study has no such population, endpoint or criterion, or prints no median and no rate for an arm.
    """
    _check_names(paper, endpoint, population, criterion)
    values = paper.values
    chosen = values[(values.endpoint == endpoint) & (values.population == population) & (values.criterion == criterion)]
    first = ("abstract",) if reading == "abstract" else ()
    reader = _EndpointReader(chosen[(chosen.level == "")], tuple(dict.fromkeys((*first, *PRECEDENCE))))
    sizes = paper.spec.populations[population].n
    order = sorted(sizes, key=lambda arm: (paper.spec.arms[arm].role == "comparator", list(paper.spec.arms).index(arm)))
    single = len(order) == 1
    arms = {
        arm: _arm(reader, values, population, endpoint, arm, sizes[arm], (arm, "") if single else (arm,))
        for arm in order
    }
    pooled = None if single else _median(reader, [""], "")
    total, total_id = (None, "") if single else _events(reader, values, population, endpoint, [""], "")
    logrank_p, sides = (None, "two") if single else _logrank_p(reader)
    targets = Targets(
        study=paper.study,
        endpoint=endpoint,
        arms=arms,
        population=population,
        criterion=criterion,
        events_total=total,
        pooled_median=pooled[0] if pooled else None,
        pooled_median_ci=pooled[1] if pooled else None,
        hr=_hazard_ratio(reader, order),
        logrank_p=logrank_p,
        logrank_sides=sides,
        follow_up_median=None if single else _follow_up_median(values, population, [""]),
        follow_up_max=_follow_up_end(paper, population, "max"),
        follow_up_min=_follow_up_end(paper, population, "min"),
        calendar=Calendar() if reading == "undated" else _calendar(paper),
        earliest_event=_earliest(paper, endpoint, "event"),
        earliest_censoring=_earliest(paper, endpoint, "censoring"),
        scan_interval=_scan_interval(paper),
        follow_up_floor=_latest_printed(values, population),
        conflicts=tuple(reader.conflicts),
        events_total_id=total_id,
    )
    return _cut_off(targets) if reading == "truncated" else targets


def _cut_off(targets: Targets) -> Targets:
    """Targets whose figures' further digits were cut off, not rounded."""
    return replace(targets.under("truncate"), conventions=replace(targets.conventions, rounding="truncate"))


def feasible_targets(targets: Targets) -> Feasible:
    """What :func:`haicbook.survival.feasibility.find_feasible` answers: from the package, kept in the build folder, or
    computed."""

    def make() -> Feasible:
        return shipped_feasible(targets) or find_feasible(targets)

    return kept("feasible", targets, Feasible, find_feasible.__module__, make)


def reconstruct(
    targets: Targets,
    replicates: int,
    rng: np.random.Generator,
    censoring: str = "uniform",
    budget: SearchBudget | None = None,
) -> survival.Ensemble:
    """What :func:`haicbook.survival.reconstruct` answers, with the same arguments: from the build folder, from the
    package, or computed."""
    asked = question(targets, replicates, rng, censoring, budget)

    def make() -> survival.Ensemble:
        if (found := shipped(asked)) is not None:
            return found
        feasible = feasible_targets(targets)
        return survival.reconstruct(targets, replicates, rng, censoring, budget, feasible=feasible)

    return kept("ensembles", asked, survival.Ensemble, survival.reconstruct.__module__, make)


def _check_names(paper: Paper, endpoint: str, population: str, criterion: str) -> None:
    spec = paper.spec
    problems = []
    if population not in spec.populations:
        problems.append(f"{paper.study} has no population {population!r}; it has {', '.join(spec.populations)}")
    if endpoint not in spec.endpoints or endpoint not in _ENDPOINTS:
        allowed = ", ".join(key for key in spec.endpoints if key in _ENDPOINTS)
        problems.append(f"{endpoint!r} of {paper.study} cannot be reconstructed; {allowed} can")
    else:
        criteria: list[str] = list(spec.endpoints[endpoint].criteria) or [""]
        if criterion not in criteria:
            allowed = ", ".join(repr(word) for word in criteria)
            problems.append(f"criterion is {criterion!r}; for {endpoint}, {paper.study} has {allowed}")
    if problems:
        raise TargetError(problems)


def _interval(row: pd.Series) -> Interval:
    """A printed value in months (times) or as a fraction (rates)."""
    if row.unit == "percent":
        scale = 0.01
    elif row.unit in _IN_MONTHS:
        scale = _IN_MONTHS[row.unit]
    else:
        scale = 1.0
    return Interval(float(row.low * scale), float(row.high * scale), row.printed, row.id)


def _limit(row: pd.Series) -> Interval:
    return _interval(row) if row.state == "exact" else Interval.without_value(row.printed, row.id)


def _arm(
    reader: _EndpointReader, values: pd.DataFrame, population: str, endpoint: str, arm: str, n: int, keys: Iterable[str]
) -> ArmTargets:
    keys = list(keys)
    median = _median(reader, keys, arm)
    events, events_id = _events(reader, values, population, endpoint, keys, arm)
    return ArmTargets(
        n=n,
        events=events,
        median=median[0] if median else None,
        median_ci=median[1] if median else None,
        landmarks=_landmarks(reader, keys, arm),
        follow_up_median=_follow_up_median(values, population, keys),
        events_id=events_id,
    )


def _median(reader: _EndpointReader, keys: list[str], arm: str) -> tuple[Interval, Limits | None] | None:
    values = reader.values
    rows = values[(values.statistic == "median") & values.arm.isin(keys) & (values.term == "")]
    used = reader.used(rows, "median, months", arm)
    return None if used is None else (_interval(used), reader.limits(used, rows))


def _landmarks(reader: _EndpointReader, keys: list[str], arm: str) -> tuple[Landmark, ...]:
    values = reader.values
    rates = values[(values.statistic == "rate") & values.arm.isin(keys) & (values.term == "") & values.time.notna()]
    marks = []
    for time, rows in rates.groupby("time"):
        used = reader.used(rows, f"{time:g}-month rate, %", arm)
        if used is not None:
            percent = used.copy()
            percent["unit"] = "percent"
            limits = reader.limits(used, rows)
            marks.append(Landmark(float(time), _interval(percent), limits, used.id, used.printed))
    return tuple(marks)


def _events(
    reader: _EndpointReader, values: pd.DataFrame, population: str, endpoint: str, keys: list[str], arm: str
) -> tuple[int | None, str]:
    terms = _EVENT_TERMS.get(endpoint, _OTHER_EVENT_TERMS)
    endpoints = (endpoint, "") if endpoint == "os" else (endpoint,)
    rows = values[
        values.term.isin(terms)
        & values.endpoint.isin(endpoints)
        & (values.population == population)
        & values.arm.isin(keys)
        & (values.statistic == "n")
        & (values.level == "")
    ]
    used = reader.used(rows, "events", arm)
    return (None, "") if used is None else (int(used.value), used.id)


def _hazard_ratio(reader: _EndpointReader, arms: list[str]) -> HazardRatio | None:
    """The unadjusted hazard ratio of the treatment; adjusted ones are of another quantity."""
    values = reader.values
    of_treatment = (values.term == "treatment") | (values.row == "treatment")
    compares = values.arm.isin(arms) & values.reference.isin(arms)
    rows = values[(values.statistic == "hr") & of_treatment & compares & values.model.isin(_UNADJUSTED)]
    used = reader.used(rows, "hazard ratio", "")
    if used is None:
        return None
    ratio = HazardRatio(used.arm, used.reference, _interval(used), reader.limits(used, rows), used.model)
    if ratio.ci is not None and _zero_filled(ratio.estimate, ratio.ci.lower, ratio.ci.upper):
        ratio = replace(ratio, estimate=_shorter(ratio.estimate), ci=ratio.ci and _shorter_limits(ratio.ci))
    return ratio


def _zero_filled(*figures: Interval) -> bool:
    """Whether three figures of three decimals all end in a zero, as one row in a thousand does by chance.

    They were rounded to two places, and filled up: 0.560 (0.330-0.950).
    """
    return all(parse_number(figure.printed).decimals >= _LONG and figure.printed.endswith("0") for figure in figures)


def _shorter(figure: Interval) -> Interval:
    """The interval of a figure whose last place is only filled up."""
    if not math.isfinite(figure.low):
        return figure
    half = 10 * (figure.high - figure.low) / 2
    return replace(figure, low=figure.middle - half, high=figure.middle + half)


def _shorter_limits(limits: Limits) -> Limits:
    return replace(limits, lower=_shorter(limits.lower), upper=_shorter(limits.upper))


def _logrank_p(reader: _EndpointReader) -> tuple[Interval | None, Sides]:
    """The log-rank p, and of how many sides its test is."""
    values = reader.values
    rows = values[
        (values.statistic == "p")
        & (values.term == "")
        & (values.model == "")
        & values.time.isna()
        & (values.kind != "cox")
    ]
    rows = rows[rows.state.isin(["exact", "below", "above"])]
    if rows.empty:
        return None, "two"
    ranked = rows.assign(rank=[reader.precedence.index(section) for section in rows.section])
    first = ranked.sort_values(["rank", "line"], kind="stable").iloc[0]
    return _interval(first), first.sides


# --- follow-up --------------------------------------------------------------------------------------------------------


def _follow_up(values: pd.DataFrame, statistic: str) -> pd.DataFrame:
    return values[(values.term == "follow_up") & (values.statistic == statistic) & (values.state == "exact")]


def _follow_up_median(values: pd.DataFrame, population: str, keys: list[str]) -> Interval | None:
    rows = _follow_up(values, "median")
    rows = rows[(rows.population == population) & rows.arm.isin(keys)]
    return None if rows.empty else _interval(rows.iloc[0])


def _follow_up_end(paper: Paper, population: str, statistic: str) -> Interval | None:
    """The longest (`max`) or shortest (`min`) follow-up printed for this population; else for another.

    That bounds it where it is a part: it has no lower end, or no upper end, then.
    """
    rows = _follow_up(paper.values, statistic)
    said = paper.spec.follow_up.range_of if paper.spec.follow_up else None
    own = rows[(rows.population == population) | (said == population)]
    printed = [_interval(row) for _, row in (rows if own.empty else own).iterrows()]
    if not printed:
        return None
    if statistic == "max":
        longest = max(printed, key=lambda interval: interval.middle)
        return replace(longest, low=-math.inf) if own.empty else longest
    shortest = min(printed, key=lambda interval: interval.middle)
    # 0.0 months are a day or none
    shortest = replace(shortest, low=max(0.0, shortest.low))
    return replace(shortest, high=math.inf) if own.empty else shortest


def _calendar(paper: Paper) -> Calendar:
    setting = paper.spec.setting
    return Calendar(
        enrolment_start=setting.enrolment_start or "",
        enrolment_end=setting.enrolment_end or "",
        cutoff=setting.last_follow_up or "",
        received=setting.received or "",
        published=setting.published or "",
    )


def _earliest(paper: Paper, endpoint: str, what: str) -> Bound | None:
    """The latest of the times before which this cannot happen."""
    said = paper.spec.follow_up.earliest if paper.spec.follow_up else []
    bounds = [
        Bound(parse_number(entry.months).value, entry.reason, entry.source)
        for entry in said
        if entry.what == what and endpoint in entry.endpoints
    ]
    return max(bounds, key=lambda bound: bound.months, default=None)


def _scan_interval(paper: Paper) -> float | None:
    weeks = paper.spec.follow_up.scan_weeks if paper.spec.follow_up else None
    return None if weeks is None else parse_number(weeks).value * _IN_MONTHS["weeks"]


def _latest_printed(values: pd.DataFrame, population: str) -> float:
    """The latest time that is printed of these patients for a time to event: a rate's, a median or its limit."""
    rows = values[(values.population == population) & values.endpoint.isin(_ENDPOINTS)]
    rows = rows[(rows.term == "") & (rows.state == "exact")]
    medians = rows[rows.read_as.isin(["median", "median_ci"])]
    rates = rows[(rows.statistic == "rate") & rows.time.notna()]
    times = [_interval(row).middle for _, row in medians.iterrows()]
    return max([*times, *rates.time], default=0.0)
