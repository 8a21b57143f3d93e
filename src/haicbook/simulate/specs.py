"""`study.yml` of a synthetic study."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from haicbook.simulate import paper_tables
from haicbook.simulate.cohort import COVARIATES, DAYS_IN_MONTH, MATCHED_ON, World
from haicbook.simulate.typesetting import PrintingConventions

Design = Literal["propensity_matched", "unmatched", "single_arm"]
DESIGNS: tuple[Design, ...] = ("propensity_matched", "unmatched", "single_arm")
START = datetime.date(2016, 1, 1)
ARMS: dict[str, dict[str, Any]] = {
    "new": {"label": "New combination", "short": "New", "role": "experimental", "regimen": "A synthetic combination"},
    "old": {
        "label": "Standard treatment",
        "short": "Standard",
        "role": "comparator",
        "regimen": "A synthetic standard",
    },
    "all": {"label": "New combination", "short": "New", "role": "single", "regimen": "A synthetic combination"},
}
BASELINE, RESPONSE, EVENTS = "tables/1_baseline.csv", "tables/2_response.csv", "tables/5_adverse_events.csv"
COX = {"os": "tables/3_cox_os.csv", "pfs": "tables/4_cox_pfs.csv"}
_CATEGORICAL = {
    "pearson": "chi-square test",
    "pearson_or_fisher": "chi-square or Fisher's exact test",
    "yates": "chi-square test with continuity correction",
    "fisher": "Fisher's exact test",
}


def spec_of(
    study: str,
    design: Design,
    world: World,
    conventions: PrintingConventions,
    sizes: dict[str, dict[str, int]],
    main: str,
) -> dict[str, Any]:
    """What `study.yml` says: the design, its arms and populations, the methods and what the tables hold."""
    arms = tuple(sizes[main])
    names = {"before_psm": "Before matching", "after_psm": "After matching", "all": "All patients"}
    return {
        "study": study,
        "citation": study,
        "title": "A fully synthetic study",
        "short_title": "A synthetic study",
        "authors": "Nobody",
        "year": None,
        "journal": None,
        "doi": None,
        "licence": "Synthetic data without rights",
        "registration": None,
        "question": "Does the synthetic combination help?",
        "design": design,
        "design_label": "A fully synthetic study",
        "line_of_therapy": None,
        "setting": _setting(world),
        "arms": {arm: dict(ARMS[arm]) for arm in arms},
        "populations": {name: {"label": names[name], "n": dict(n)} for name, n in sizes.items()},
        "main_population": main,
        "matching": _matching() if design == "propensity_matched" else None,
        "endpoints": {
            "os": _endpoint("Overall survival", "death", primary=True),
            "pfs": _endpoint("Progression-free survival", "progression or death"),
        },
        "response_criterion": "mRECIST",
        "safety_criterion": "CTCAE 5.0",
        "follow_up": {"method": "observed time", "note": None},
        "methods": _methods(conventions, arms),
        "tables": _table_specs(tuple(sizes), main, arms),
        "unavailable": [],
    }


def _endpoint(label: str, event: str, *, primary: bool = False) -> dict[str, Any]:
    return {"label": label, "primary": primary, "time_zero": "start of treatment", "event": event}


def printed_dates(world: World) -> dict[str, str]:
    """First and last day of enrolment, and of follow-up, as printed."""
    months = {"enrolment_start": 0.0, "enrolment_end": world.enrolment, "last_follow_up": world.enrolment + world.extra}
    # the last day of follow-up is counted whole
    dates = {key: START + datetime.timedelta(days=int(value * DAYS_IN_MONTH) + 1) for key, value in months.items()}
    dates["enrolment_start"] = START
    return {key: f"{date:%B} {date.day}, {date.year}" for key, date in dates.items()}


def _setting(world: World) -> dict[str, Any]:
    return {"country": "Nowhere", "institution": "A synthetic hospital", "centres": 1} | printed_dates(world)


def _matching() -> dict[str, Any]:
    return {
        "method": "nearest neighbour on the propensity score",
        "ratio": "1:1",
        "caliper": "0.2",
        "caliper_scale": "standard deviations of the logit",
        "replacement": False,
        "score_model": "logistic",
        "software": None,
        "covariates": [item.slug for item in MATCHED_ON],
    }


def _methods(conventions: PrintingConventions, arms: tuple[str, ...]) -> dict[str, Any]:
    two = len(arms) > 1
    return {
        "survival": "Kaplan–Meier, log-rank test" if two else "Kaplan–Meier",
        "regression": "Cox; variables with p < 0.05 alone entered "
        + ("a stepwise multivariable model" if conventions.stepwise else "the multivariable model"),
        "categorical": _CATEGORICAL[conventions.categorical] if two else None,
        "continuous": ("Welch's t-test" if conventions.welch else "Student's t-test") if two else None,
        "proportion_ci": conventions.proportion_ci,
        "median_ci": conventions.median_method,
        "software": conventions.software,
        "alpha": "0.05",
    }


def _table_specs(populations: tuple[str, ...], main: str, arms: tuple[str, ...]) -> list[dict[str, Any]]:
    two = len(arms) > 1
    suffixes = {"before_psm": "_before", "after_psm": "_after", "all": ""}
    columns: dict[str, Any] = {}
    for population in populations:
        suffix = suffixes[population]
        columns |= {f"{arm}{suffix}": {"arm": arm, "population": population, "statistic": "n_pct"} for arm in arms}
        columns |= {f"p{suffix}": {"population": population, "statistic": "p"}} if two else {}
    measured = [item for item in COVARIATES if item.kind == "continuous"]
    first = {
        "kind": "baseline",
        "columns": columns,
        "rows": {
            item.slug: {"statistic": "median_iqr" if item.skewed else "mean_sd", "unit": item.unit} for item in measured
        },
        "variables": {
            item.slug: {"type": item.kind} | ({"unit": item.unit} if item.unit else {}) for item in COVARIATES
        },
    }
    of_arms: dict[str, Any] = {arm: {"arm": arm, "statistic": "n_pct"} for arm in arms}
    events: dict[str, Any] = {
        f"{arm}_{grade}": {"arm": arm, "grade": grade, "statistic": "n_pct"}
        for grade in paper_tables.GRADE_LIMITS
        for arm in arms
    }
    tested: dict[str, Any] = (
        {f"p_{grade}": {"grade": grade, "statistic": "p"} for grade in ("any", "g34")} if two else {}
    )
    p: dict[str, Any] = {"p": {"statistic": "p"}} if two else {}
    shown = [
        (BASELINE, "Baseline characteristics", first),
        (RESPONSE, "Tumour response", {"kind": "response", "population": main, "columns": of_arms | p}),
        (COX["os"], "Cox models of overall survival", _cox_spec("os", main, arms)),
        (COX["pfs"], "Cox models of progression-free survival", _cox_spec("pfs", main, arms)),
        (EVENTS, "Adverse events", {"kind": "adverse_events", "population": main, "columns": events | tested}),
    ]
    return [
        {"file": file, "number": str(number), "source": f"Table {number}", "title": title} | further
        for number, (file, title, further) in enumerate(shown, start=1)
    ]


def _cox_spec(endpoint: str, main: str, arms: tuple[str, ...]) -> dict[str, Any]:
    columns = {
        f"{model}_{statistic}": {"statistic": read_as, "model": model}
        for model in ("univariable", "multivariable")
        for statistic, read_as in (("hr", "hr_ci"), ("p", "p"))
    }
    rows = {"treatment": {"arm": arms[0], "reference": arms[1]}} if len(arms) > 1 else {}
    return {"kind": "cox", "population": main, "endpoint": endpoint, "columns": columns, "rows": rows}
