"""What the running text of a synthetic paper claims: results, statements in words, and the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from haicbook.simulate.cohort import COVARIATES, EVENTS, SimulatedPatients, World
from haicbook.simulate.paper_tables import (
    GRADE_LIMITS,
    Group,
    Rows,
    mean_sd,
    normal_limits,
    responders,
    severe_p,
    worst,
)
from haicbook.simulate.specs import printed_dates
from haicbook.simulate.typesetting import Z95, PrintingConventions, fixed, p_text, wald_p
from haicbook.stats.proportions import Proportion, exact_interval, wilson_interval
from haicbook.survival import estimators
from haicbook.survival.estimators import Transform

ENDPOINTS = ("os", "pfs")
RATE_MONTHS = (6, 12, 24)
# fewer at risk than this and no paper prints a rate
_LEAST_AT_RISK = 3


@dataclass(frozen=True)
class Place:
    """Where a claim stands."""

    section: str
    source: str


ABSTRACT = Place("abstract", "Abstract")
METHODS = Place("methods", "Methods")
RESULTS = Place("results", "Results")
DISCUSSION = Place("discussion", "Discussion")


def claims(group: Group, population: str, arms: tuple[str, ...], conventions: PrintingConventions) -> Rows:
    """Every claim on one population, abstract, results and discussion."""
    of_arms = group.arms(arms)
    # all arms together stand beside the arms where there are two
    whole = {"": group.patients} if len(arms) > 1 else {}
    rows: Rows = []
    for place in (ABSTRACT, RESULTS):
        rows += [_size(place, population, arm, patients) for arm, patients in (of_arms | whole).items()]
    for place in (ABSTRACT, RESULTS, DISCUSSION):
        for endpoint in ENDPOINTS:
            shown = of_arms | (whole if place is RESULTS else {})
            rows += [_median(place, endpoint, population, arm, p, conventions) for arm, p in shown.items()]
        if place is not DISCUSSION and len(arms) > 1:
            rows += [_curves_test(place, endpoint, group.patients, population, arms) for endpoint in ENDPOINTS]
    for arm, patients in (of_arms | whole).items():
        rows += _counts(population, arm, patients)
        rows.append(_follow_up(population, arm, patients, conventions))
    for arm, patients in of_arms.items():
        rows += _response(population, arm, patients, conventions)
        rows += _rates(population, arm, patients, conventions)
        rows.append(_men(population, arm, patients, conventions))
    return [row for row in [*rows, *_rate_tests(population, of_arms, conventions)] if row["printed"]]


def claim(place: Place, name: str, population: str, arm: str, **further: str) -> dict[str, str]:
    """One line of claims.csv."""
    return {
        "id": name,
        "section": place.section,
        "source": place.source,
        "population": population,
        "arm": arm,
    } | further


def _median(
    place: Place,
    endpoint: str,
    population: str,
    arm: str,
    patients: SimulatedPatients,
    conventions: PrintingConventions,
) -> dict[str, str]:
    middle, low, high = median(patients, endpoint, conventions)
    text = conventions.months(middle)
    own = {"endpoint": endpoint, "unit": "months"}
    name, statistic = f"{endpoint}_median", "median"
    if place is RESULTS:
        # a program that has no limits to give leaves the cell empty, and the paper prints none
        known = math.isfinite(low) or math.isfinite(high)
        text += f" ({conventions.months(low)}–{conventions.months(high)})" if known else ""
        statistic = "median_ci"
    return claim(place, name, population, arm, statistic=statistic, printed=text, **own)


def median(patients: SimulatedPatients, endpoint: str, conventions: PrintingConventions) -> tuple[float, float, float]:
    """Median and its limits in months, by the paper's program; NaN for what is not reached."""
    time, event = patients.time[endpoint], patients.event[endpoint]
    curve = estimators.km(time, event)
    middle = float(estimators.median(time, event)[0])
    if conventions.limits == "normal":
        return (middle, *normal_limits(curve, middle))
    low, high = estimators.median_limits(curve, conventions.limits)
    return middle, float(low[0]), float(high[0])


def _rates(population: str, arm: str, patients: SimulatedPatients, conventions: PrintingConventions) -> Rows:
    rows: Rows = []
    for endpoint in ENDPOINTS:
        for month in RATE_MONTHS:
            found = rate(patients, endpoint, month, conventions)
            if found is not None:
                own = {"endpoint": endpoint, "time": str(month), "unit": "percent", "statistic": "rate_ci"}
                text = conventions.rate(*found)
                rows.append(claim(RESULTS, f"{endpoint}_rate", population, arm, printed=text, **own))
    return rows


def rate(
    patients: SimulatedPatients, endpoint: str, month: float, conventions: PrintingConventions
) -> tuple[float, float, float] | None:
    """Survival at a time and its limits, as fractions; None where too few are at risk for a paper to print it."""
    time, event = patients.time[endpoint], patients.event[endpoint]
    if int(estimators.at_risk(time, event, [month])[0, 0]) < _LEAST_AT_RISK:
        return None
    curve = estimators.km(time, event)
    low, high = (float(limit[0, 0]) for limit in estimators.limits_at(curve, month, conventions.rate_scale))
    return float(estimators.survival_at(curve, month)[0, 0]), low, high


def _rate_tests(population: str, of_arms: dict[str, SimulatedPatients], conventions: PrintingConventions) -> Rows:
    """The difference of two rates at a time, on the scale of their limits."""
    if len(of_arms) < 2:
        return []
    (one, a), (other, b) = of_arms.items()
    rows: Rows = []
    for endpoint in ENDPOINTS:
        for month in RATE_MONTHS[1:]:
            sides = [rate(patients, endpoint, month, conventions) for patients in (a, b)]
            p = _p_of_rates(sides[0], sides[1], conventions.rate_scale)
            own = {"endpoint": endpoint, "reference": other, "time": str(month), "statistic": "p"}
            rows.append(claim(RESULTS, f"{endpoint}_rate", population, one, printed=p_text(p), **own))
    return rows


def _p_of_rates(
    one: tuple[float, float, float] | None, other: tuple[float, float, float] | None, scale: Transform
) -> float:
    if one is None or other is None or not all(0 < low < s < high < 1 for s, low, high in (one, other)):
        return math.nan
    of = {"plain": lambda s: s, "log": math.log, "log-log": lambda s: math.log(-math.log(s))}[scale]
    errors = [abs(of(high) - of(low)) / (2 * Z95) for _, low, high in (one, other)]
    return wald_p(of(one[0]) - of(other[0]), math.hypot(*errors))


def _curves_test(
    place: Place, endpoint: str, patients: SimulatedPatients, population: str, arms: tuple[str, ...]
) -> dict[str, str]:
    test = estimators.logrank(patients.time[endpoint], patients.event[endpoint], patients.treated)
    own = {"endpoint": endpoint, "reference": arms[1], "statistic": "p"}
    return claim(place, f"{endpoint}_comparison", population, arms[0], printed=p_text(float(test.p[0])), **own)


def _response(population: str, arm: str, patients: SimulatedPatients, conventions: PrintingConventions) -> Rows:
    rows = []
    for category in ("orr", "dcr"):
        count = responders(patients, category)
        own = {"term": category, "arm": arm}
        percent = f"{conventions.percent(count, patients.n)}%"
        rows.append(claim(ABSTRACT, category, population, statistic="pct", unit="percent", printed=percent, **own))
        both = f"{count}/{patients.n} ({percent})"
        rows.append(claim(RESULTS, category, population, statistic="n_pct", printed=both, **own))
    return rows


def _size(place: Place, population: str, arm: str, patients: SimulatedPatients) -> dict[str, str]:
    own = {"term": "enrolled", "statistic": "n", "unit": "patients"}
    return claim(place, "enrolled", population, arm, printed=str(patients.n), **own)


def _counts(population: str, arm: str, patients: SimulatedPatients) -> Rows:
    found = {"deaths": ("os", patients.event["os"]), "progressions": ("pfs", patients.progressed)}
    return [
        claim(RESULTS, name, population, arm, endpoint=endpoint, term=name, statistic="n", unit="patients")
        | {"printed": str(int(seen.sum()))}
        for name, (endpoint, seen) in found.items()
    ]


def _men(population: str, arm: str, patients: SimulatedPatients, conventions: PrintingConventions) -> dict[str, str]:
    count = int((patients.covariates["sex"] == 0).sum())
    own = {"term": "sex", "level": "male", "statistic": "n_pct"}
    return claim(RESULTS, "sex", population, arm, printed=conventions.n_pct(count, patients.n), **own)


def _follow_up(
    population: str, arm: str, patients: SimulatedPatients, conventions: PrintingConventions
) -> dict[str, str]:
    """Observed time from the start of treatment, median and range."""
    time = patients.time["os"]
    middle, low, high = (conventions.months(float(v)) for v in (np.median(time), time.min(), time.max()))
    own = {"term": "follow_up", "statistic": "median_range", "unit": "months"}
    return claim(RESULTS, "follow_up", population, arm, printed=f"{middle} ({low}–{high})", **own)


# --- statements in words ----------------------------------------------------------------------------------------------


_ALPHA = 0.05
_MEASURED = ("age", "tumor_size")


def statements(
    group: Group, population: str, arms: tuple[str, ...], conventions: PrintingConventions, events: Rows
) -> Rows:
    """Claims on adverse events, response and baseline characteristics.

    Parameters
    ----------
    events
        The rows of the table of adverse events.
    """
    rows: Rows = []
    for arm, patients in group.arms(arms).items():
        counts = {event: int((patients.grades[event] > 0).sum()) for event in EVENTS}
        most = max(counts, key=lambda event: counts[event])
        row = next(row for row in events if row["id"] == most)
        own = {"term": most, "grade": "any", "statistic": "n_pct", "printed": row[f"{arm}_any"]}
        rows.append(claim(RESULTS, "most_common_event", population, arm, **own))
        rows.append(_interval(population, arm, Proportion(responders(patients, "orr"), patients.n), conventions))
    if len(arms) > 1:
        differing = sum(p < _ALPHA for p in severe_p(group, arms, conventions))
        own = {"reference": arms[1], "term": "significant_ae", "grade": "g34", "statistic": "n", "unit": "events"}
        rows.append(claim(RESULTS, "significant_ae", population, arms[0], printed=str(differing), **own))
        for item in (item for item in COVARIATES if item.slug in _MEASURED):
            text = mean_sd(item, group.patients.covariates[item.slug], conventions)
            own = {"term": item.slug, "statistic": "mean_sd", "unit": item.unit}
            rows.append(claim(RESULTS, item.slug, population, "", printed=text, **own))
    return rows


def in_words(group: Group, population: str, arms: tuple[str, ...], events: Rows, printed: dict[str, list[str]]) -> Rows:
    """Statements without a figure: when the clock starts, who is of which stage, which arm has more of what.

    Parameters
    ----------
    events
        The rows of the table of adverse events.
    printed
        By endpoint and response rate, its p-value between the arms as printed.
    """
    rows = [
        _said(place, "named_time_zero", population, "", "start_of_treatment", "start of treatment", term="time_zero")
        for place in (ABSTRACT, METHODS)
    ]
    rows.append(_said(RESULTS, "all_of_vascular_invasion_present", population, "", "c", "All", term="bclc"))
    rows += _citations(population)
    if len(arms) < 2:
        return rows
    sides = list(group.arms(arms).values())
    for endpoint in ENDPOINTS:
        medians = [float(estimators.median(p.time[endpoint], p.event[endpoint])[0]) for p in sides]
        if all(map(math.isfinite, medians)) and medians[0] != medians[1] and significant(printed[endpoint]):
            own = {"endpoint": endpoint, "reference": arms[1]}
            level = "longer" if medians[0] > medians[1] else "shorter"
            rows.append(_said(RESULTS, f"compared_{endpoint}", population, arms[0], level, level, **own))
    differing = [(row, grade) for row in events for grade in ("any", "g34") if significant([row[f"p_{grade}"]])]
    if not differing:
        own = {"term": "adverse_events", "reference": arms[1]}
        rows.append(_said(RESULTS, "compared_events", population, arms[0], "comparable", "comparable", **own))
    for row, grade in differing:
        low, _ = GRADE_LIMITS[grade]
        counts = [float((worst(p, row["id"]) >= low).mean()) for p in sides]
        own = {"term": row["id"], "grade": grade, "reference": arms[1]}
        level = "more" if counts[0] > counts[1] else "less"
        rows.append(_said(RESULTS, f"compared_{row['id']}", population, arms[0], level, f"{level} frequent", **own))
    return rows


_DISPLAYS = {
    "table_1": ("baseline", ""),
    "table_2": ("response", ""),
    "table_3": ("cox", "os"),
    "table_4": ("cox", "pfs"),
    "table_5": ("adverse_events", ""),
    "figure_1a": ("survival", "os"),
    "figure_1b": ("survival", "pfs"),
}


def _citations(population: str) -> Rows:
    """What the text cites each table and figure for, and what the figures' captions say."""
    rows: Rows = []
    for level, (kind, endpoint) in _DISPLAYS.items():
        own = {"term": kind, "endpoint": endpoint}
        words = level.replace("_", " ").capitalize()
        name = "_".join(part for part in (kind, endpoint) if part)
        rows.append(_said(RESULTS, f"cites_{name}", population, "", level, words, **own))
        if level.startswith("figure"):
            rows.append(_said(Place("figure", words), f"shows_{name}", population, "", level, words, **own))
    return rows


def significant(printed: list[str]) -> bool:
    """Whether every one of some printed p-values is below 0.05."""
    return all(text.startswith("<") or (text != "" and float(text) < _ALPHA) for text in printed)


def _said(
    place: Place, name: str, population: str, arm: str, level: str, printed: str, **further: str
) -> dict[str, str]:
    return claim(place, name, population, arm, level=level, statistic="said", printed=printed, **further)


def _interval(population: str, arm: str, responses: Proportion, conventions: PrintingConventions) -> dict[str, str]:
    method = exact_interval if conventions.proportion_ci == "Clopper–Pearson" else wilson_interval
    low, high = (fixed(100 * limit, 1) for limit in method(responses, 0.95))
    text = f"{conventions.percent(responses.count, responses.n)}% ({low}–{high})"
    own = {"term": "orr", "statistic": "pct_ci", "unit": "percent"}
    return claim(RESULTS, "orr_interval", population, arm, printed=text, **own)


# --- the plan ---------------------------------------------------------------------------------------------------------


# Simon's optimal designs of 5 % alpha: null and alternative rate, power, r1/n1, r/n
OPTIMAL: tuple[tuple[float, float, int, int, int, int, int], ...] = (
    (10, 30, 80, 1, 10, 5, 29),
    (10, 30, 90, 2, 18, 6, 35),
    (20, 40, 80, 3, 13, 12, 43),
    (20, 40, 90, 4, 19, 15, 54),
    (30, 50, 80, 5, 15, 18, 46),
    (30, 50, 90, 8, 24, 24, 63),
    (40, 60, 80, 7, 16, 23, 46),
    (40, 60, 90, 11, 25, 32, 66),
)
_DATES = {"enrolment_start": "date_start", "enrolment_end": "date_end", "last_follow_up": "date_last_follow_up"}
_DOSES = {"dose_oxaliplatin": (85, "mg/m2", 1), "dose_fluorouracil": (2400, "mg/m2", 1000)}


def two_stages(patients: int, rng: np.random.Generator) -> dict[str, Any]:
    """A two-stage design as `study.yml` has it: one of Simon's optimal ones.

    References
    ----------
    Simon R. Control Clin Trials 1989;10:1-10.
    """
    null, alternative, power, r1, n1, r, n = OPTIMAL[int(rng.integers(len(OPTIMAL)))]
    return {
        "name": "Simon's optimal two-stage design",
        "null_rate": f"{null:.1f}",
        "alternative_rate": f"{alternative:.1f}",
        "alpha": "5",
        "power": str(power),
        "stage1_n": n1,
        "stage1_reject_at_most": r1,
        "total_n": n,
        "total_reject_at_most": r,
    }


def protocol(world: World, population: str, arms: tuple[str, ...], stages: dict[str, Any] | None) -> Rows:
    """Claims of the methods, and the dates again in the abstract."""
    rows: Rows = []
    for place in (ABSTRACT, METHODS):
        dates = printed_dates(world)
        rows += [
            claim(place, name, population, "", term=term, statistic="date", printed=dates[name])
            for name, term in _DATES.items()
        ]
    for name, (dose, unit, per) in _DOSES.items():
        rows.append(_dose(METHODS, name, population, f"{dose}", unit))
        # the same dose in grams
        rows += [_dose(ABSTRACT, name, population, f"{dose / per:g}", "g/m2")] if per > 1 else []
    for drug, weeks in (("haic", 3), ("drug", 6)):
        own = {"term": f"{drug}_cycle", "statistic": "value", "unit": "weeks"}
        rows.append(claim(METHODS, f"{drug}_cycle", population, "", printed=str(weeks), **own))
    rows.append(_said(METHODS, "follows_haic_drug", population, "", "haic", "after the infusion", term="drug"))
    own = {"term": "haic_courses_allowed", "statistic": "range", "unit": "courses"}
    rows.append(claim(METHODS, "haic_courses_allowed", population, "", printed="1–6", **own))
    if stages:
        planned = {"design_stage1_responders": stages["stage1_reject_at_most"], "design_stage1_n": stages["stage1_n"]}
        rows += [
            claim(METHODS, name, population, arms[0], term=name, statistic="n", unit="patients", printed=str(number))
            for name, number in planned.items()
        ]
    return rows


def _dose(place: Place, name: str, population: str, printed: str, unit: str) -> dict[str, str]:
    return claim(place, name, population, "", term=name, statistic="value", unit=unit, printed=printed)
