"""What a paper would print of a two-arm data set, at three levels of detail, by the conventions of four programs.

Level a: patients, medians with intervals, hazard ratio with interval, log-rank p. Level b: and deaths by arm. Level c:
and survival rates at 6, 12 and 24 months with intervals, as far as the arm is followed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from benchmarks.accuracy.simulations import Trial

from haicbook.survival import Targets, estimators, read_targets

LEVELS = ("a", "b", "c")
MONTHS = (6, 12, 24)
Z = 1.959963984540054
# interval of medians, interval of rates, treatment of ties, median of a step on one half
CONVENTIONS = {
    "R": ("log", "log", "efron", "middle"),
    "SPSS": ("normal", "plain", "breslow", "start"),
    "lifelines": ("log-log", "log-log", "efron", "start"),
    "SAS": ("log-log", "log-log", "breslow", "middle"),
}


def printed(trial: Trial, level: str, program: str, name: str = "benchmark") -> Targets | None:
    """Targets with everything that the level prints; None where neither median is reached or there is no contrast."""
    document = printed_document(trial, level, program)
    if document is None:
        return None
    return read_targets(as_yaml(document | {"name": name}))


def printed_document(trial: Trial, level: str, program: str) -> dict[str, Any] | None:
    """The printed figures in the form of hand-written targets."""
    median_interval, rate_interval, ties, rule = CONVENTIONS[program]
    arms: dict[str, Any] = {}
    medians: dict[str, Any] = {}
    landmarks: dict[str, Any] = {}
    for arm, time in trial.time.items():
        curve = estimators.km(time, trial.event[arm])
        low, high = estimators.median_limits(curve, median_interval)
        middle = estimators.median_of(curve, rule)
        arms[arm] = {"n": f"{len(time)}"} | ({"events": f"{trial.event[arm].sum()}"} if level >= "b" else {})
        medians[arm] = {"estimate": month(middle[0]), "ci": [month(low[0]), month(high[0])]}
        if level == "c":
            landmarks[arm] = _rates(time, curve, rate_interval)
    contrast = _contrast(trial, ties)
    if contrast is None or all(entry["estimate"] == "NR" for entry in medians.values()):
        return None
    return {"arms": arms, "median": medians, **({"landmarks": landmarks} if landmarks else {}), **contrast}


def _rates(time: np.ndarray, curve: estimators.KaplanMeier, interval: str) -> dict[str, Any]:
    rates = {}
    for months in MONTHS:
        survival = estimators.survival_at(curve, months)[0, 0]
        if time.max() < months or not 0 < survival < 1:
            continue
        low, high = (limit[0, 0] for limit in estimators.limits_at(curve, months, interval))
        rates[f"{months}"] = {"rate": f"{100 * survival:.1f}", "ci": [f"{100 * low:.1f}", f"{100 * high:.1f}"]}
    return rates


def _contrast(trial: Trial, ties: str) -> dict[str, Any] | None:
    time = np.concatenate([trial.time["a"], trial.time["b"]])
    event = np.concatenate([trial.event["a"], trial.event["b"]])
    group = np.repeat([1, 0], [len(trial.time["a"]), len(trial.time["b"])])
    log_hr, se = (value[0] for value in estimators.cox(time, event, group, ties))
    p = estimators.logrank(time, event, group).p[0]
    if not (math.isfinite(log_hr) and math.isfinite(se) and math.isfinite(p)):
        return None
    low, middle, high = (f"{math.exp(log_hr + side * Z * se):.2f}" for side in (-1, 0, 1))
    return {
        "hazard_ratio": {"arm": "a", "reference": "b", "estimate": middle, "ci": [low, high]},
        "logrank_p": "<0.001" if p < 0.001 else f"{p:.3f}",
    }


def month(value: float) -> str:
    """A time to one decimal, or `NR`."""
    return f"{value:.1f}" if math.isfinite(value) else "NR"


def as_yaml(document: Any) -> str:
    """A document as YAML in one line, every figure in quotes."""
    if isinstance(document, dict):
        return "{" + ", ".join(f'"{key}": {as_yaml(value)}' for key, value in document.items()) + "}"
    if isinstance(document, list):
        return "[" + ", ".join(map(as_yaml, document)) + "]"
    return f'"{document}"'
