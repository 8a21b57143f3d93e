"""What the running text of a made-up paper claims: sizes, medians, rates, tests, follow-up, in several places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from haicbook.simulate.conventions import Z95, Conventions, p_text, wald_p
from haicbook.simulate.models import normal_limits
from haicbook.simulate.patients import Patients
from haicbook.simulate.tables import Group, Rows, responders
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


def claims(group: Group, population: str, arms: tuple[str, ...], conventions: Conventions) -> Rows:
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
    place: Place, endpoint: str, population: str, arm: str, patients: Patients, conventions: Conventions
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


def median(patients: Patients, endpoint: str, conventions: Conventions) -> tuple[float, float, float]:
    """Median and its limits in months, by the paper's program; NaN for what is not reached."""
    time, event = patients.time[endpoint], patients.event[endpoint]
    curve = estimators.km(time, event)
    middle = float(estimators.median(time, event)[0])
    if conventions.limits == "normal":
        return (middle, *normal_limits(curve, middle))
    low, high = estimators.median_limits(curve, conventions.limits)
    return middle, float(low[0]), float(high[0])


def _rates(population: str, arm: str, patients: Patients, conventions: Conventions) -> Rows:
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
    patients: Patients, endpoint: str, month: float, conventions: Conventions
) -> tuple[float, float, float] | None:
    """Survival at a time and its limits, as fractions; None where too few are at risk for a paper to print it."""
    time, event = patients.time[endpoint], patients.event[endpoint]
    if int(estimators.at_risk(time, event, [month])[0, 0]) < _LEAST_AT_RISK:
        return None
    curve = estimators.km(time, event)
    low, high = (float(limit[0, 0]) for limit in estimators.limits_at(curve, month, conventions.rate_scale))
    return float(estimators.survival_at(curve, month)[0, 0]), low, high


def _rate_tests(population: str, of_arms: dict[str, Patients], conventions: Conventions) -> Rows:
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
    place: Place, endpoint: str, patients: Patients, population: str, arms: tuple[str, ...]
) -> dict[str, str]:
    test = estimators.logrank(patients.time[endpoint], patients.event[endpoint], patients.treated)
    own = {"endpoint": endpoint, "reference": arms[1], "statistic": "p"}
    return claim(place, f"{endpoint}_comparison", population, arms[0], printed=p_text(float(test.p[0])), **own)


def _response(population: str, arm: str, patients: Patients, conventions: Conventions) -> Rows:
    rows = []
    for category in ("orr", "dcr"):
        count = responders(patients, category)
        own = {"term": category, "arm": arm}
        percent = f"{conventions.percent(count, patients.n)}%"
        rows.append(claim(ABSTRACT, category, population, statistic="pct", unit="percent", printed=percent, **own))
        both = f"{count}/{patients.n} ({percent})"
        rows.append(claim(RESULTS, category, population, statistic="n_pct", printed=both, **own))
    return rows


def _size(place: Place, population: str, arm: str, patients: Patients) -> dict[str, str]:
    own = {"term": "enrolled", "statistic": "n", "unit": "patients"}
    return claim(place, "enrolled", population, arm, printed=str(patients.n), **own)


def _counts(population: str, arm: str, patients: Patients) -> Rows:
    found = {"deaths": ("os", patients.event["os"]), "progressions": ("pfs", patients.progressed)}
    return [
        claim(RESULTS, name, population, arm, endpoint=endpoint, term=name, statistic="n", unit="patients")
        | {"printed": str(int(seen.sum()))}
        for name, (endpoint, seen) in found.items()
    ]


def _men(population: str, arm: str, patients: Patients, conventions: Conventions) -> dict[str, str]:
    count = int((patients.covariates["sex"] == 0).sum())
    own = {"term": "sex", "level": "male", "statistic": "n_pct"}
    return claim(RESULTS, "sex", population, arm, printed=conventions.n_pct(count, patients.n), **own)


def _follow_up(population: str, arm: str, patients: Patients, conventions: Conventions) -> dict[str, str]:
    """Observed time from the start of treatment, median and range."""
    time = patients.time["os"]
    middle, low, high = (conventions.months(float(v)) for v in (np.median(time), time.min(), time.max()))
    own = {"term": "follow_up", "statistic": "median_range", "unit": "months"}
    return claim(RESULTS, "follow_up", population, arm, printed=f"{middle} ({low}–{high})", **own)
