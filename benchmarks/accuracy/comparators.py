"""What else could be made of the same printed numbers: smooth curves, and Guyot's algorithm on the true curve."""

from __future__ import annotations

import math

import numpy as np
from benchmarks.accuracy.simulations import Curve, Floats, Trial

from haicbook.survival import Targets, estimators
from haicbook.survival.guyot import from_curve

# how a careful hand reads a printed curve: at its corners, to these months and this fraction
READ_TIME, READ_SURVIVAL = 0.05, 0.002
COLUMNS = 6.0  # months between the numbers at risk


def exponential(targets: Targets) -> dict[str, Curve]:
    """A constant hazard by arm, from the median; where it is not reached, from the other arm's and the hazard ratio."""
    rates = {}
    for arm, wanted in targets.arms.items():
        if wanted.median is not None and wanted.median.reached:
            rates[arm] = math.log(2) / wanted.median.middle
    hr = targets.hr.estimate.middle if targets.hr else 1.0
    if "a" not in rates:
        rates["a"] = hr * rates["b"]
    if "b" not in rates:
        rates["b"] = rates["a"] / hr
    return {arm: lambda t, rate=rate: np.exp(-rate * np.asarray(t)) for arm, rate in rates.items()}


def weibull(targets: Targets) -> dict[str, Curve]:
    """A Weibull curve by arm through the median and the rates, by least squares; exponential with one point only."""
    curves = exponential(targets)
    for arm, wanted in targets.arms.items():
        points = [(mark.time, mark.interval.middle) for mark in wanted.landmarks if 0 < mark.interval.middle < 1]
        if wanted.median is not None and wanted.median.reached:
            points.append((wanted.median.middle, 0.5))
        if len({time for time, _ in points}) < 2:
            continue
        x, y = np.log([time for time, _ in points]), np.log(-np.log([height for _, height in points]))
        shape = max(float(np.polyfit(x, y, 1)[0]), 0.05)
        level = float((y - shape * x).mean())
        curves[arm] = lambda t, shape=shape, level=level: np.exp(-np.exp(level) * np.asarray(t) ** shape)
    return curves


def guyot(trial: Trial, *, with_events: bool) -> Trial:
    """The patients that a digitised curve and the numbers at risk give."""
    time, event = {}, {}
    for arm, months in trial.time.items():
        died = trial.event[arm]
        corners = np.append(np.unique(months[died]), months.max())
        heights = estimators.survival_at(estimators.km(months, died), corners)[0]
        columns = np.arange(0, months.max(), COLUMNS)
        time[arm], event[arm] = from_curve(
            np.round(corners / READ_TIME) * READ_TIME,
            np.clip(np.round(heights / READ_SURVIVAL) * READ_SURVIVAL, 0, 1),
            columns,
            estimators.at_risk(months, died, columns)[0],
            int(died.sum()) if with_events else None,
        )
    return Trial(time, event)


def area(curve: Curve, horizon: float) -> float:
    """Restricted mean of a curve to a horizon."""
    grid: Floats = np.linspace(0, horizon, 4001)
    middle = (grid[1:] + grid[:-1]) / 2
    return float(np.mean(curve(middle)) * horizon)


def log_hr(trial: Trial) -> float:
    """Log hazard ratio of arm a against arm b, Efron's ties."""
    time = np.concatenate([trial.time["a"], trial.time["b"]])
    event = np.concatenate([trial.event["a"], trial.event["b"]])
    group = np.repeat([1, 0], [len(trial.time["a"]), len(trial.time["b"])])
    return float(estimators.cox(time, event, group)[0][0])
