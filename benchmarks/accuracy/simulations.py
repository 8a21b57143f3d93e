"""Simulated two-arm trials whose generating curves are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]

FAMILIES = ("weibull", "two_weibulls", "lognormal", "cure", "delayed", "crossing")
GRIDS = {"days": 1 / 30.4375, "half_months": 0.5, "months": 1.0}


@dataclass(frozen=True)
class Trial:
    """Times in months and events by arm, and the curves that made them.

    Attributes
    ----------
    time, event
        By arm: (n,).
    truth
        By arm: survival at times, of times as they are recorded; None for real patients.
    """

    time: dict[str, Floats]
    event: dict[str, NDArray[np.bool_]]
    truth: dict[str, Curve] | None = None


def simulate(family: str, rng: np.random.Generator) -> Trial:
    """Draw a trial: arms of 25 to 190, administrative and random censoring, times rounded up to days or months."""
    median = rng.uniform(6, 24)
    hazards = _hazards(family, median, rng)
    grid = GRIDS[str(rng.choice(list(GRIDS), p=[0.6, 0.2, 0.2]))]
    accrual, end = rng.uniform(6, 30), rng.uniform(1.2, 3.0) * median
    loss = rng.choice([0.0, rng.uniform(0.002, 0.03)])
    smaller = int(rng.integers(25, 191))
    sizes = {"a": smaller, "b": int(np.clip(smaller * rng.choice([1.0, 1.0, rng.uniform(0.6, 2.0)]), 25, 190))}
    time, event, truth = {}, {}, {}
    for arm, n in sizes.items():
        curve = _curve(hazards[arm])
        death = _inverse(curve, rng.uniform(size=n))
        last = end + accrual * rng.uniform(size=n)
        follow_up = np.minimum(last, rng.exponential(1 / loss, n)) if loss else last
        time[arm] = np.maximum(np.ceil(np.minimum(death, follow_up) / grid - 1e-9), 1) * grid
        event[arm] = death <= follow_up
        truth[arm] = _recorded(curve, grid)
    return Trial(time, event, truth)


def _hazards(family: str, median: float, rng: np.random.Generator) -> dict[str, Curve]:
    """Cumulative hazards by arm; b is the reference."""
    ratio = float(np.exp(rng.normal(-0.35, 0.35)))
    shape = rng.uniform(0.7, 1.5)
    scale = median / np.log(2) ** (1 / shape)

    def reference(t: Floats) -> Floats:
        return (t / scale) ** shape

    if family == "weibull":
        return {"a": lambda t: ratio * reference(t), "b": reference}
    if family == "two_weibulls":
        other, longer = rng.uniform(0.7, 1.6), median * rng.uniform(0.8, 2.0)
        stretched = longer / np.log(2) ** (1 / other)
        return {"a": lambda t: (t / stretched) ** other, "b": reference}
    if family == "lognormal":
        return _lognormal(median, rng)
    if family == "cure":
        cured = {"a": rng.uniform(0.1, 0.45), "b": rng.uniform(0.0, 0.3)}
        return {
            arm: lambda t, share=share, r=r: -np.log(share + (1 - share) * np.exp(-r * reference(1.3 * t)))
            for (arm, share), r in zip(cured.items(), (ratio**0.5, 1.0), strict=True)
        }
    if family == "delayed":
        change, late = rng.uniform(0.2, 0.7) * median, rng.uniform(0.3, 0.7)
        return {
            "a": lambda t: reference(np.minimum(t, change)) + late * (reference(t) - reference(np.minimum(t, change))),
            "b": reference,
        }
    change, early, late = rng.uniform(0.3, 1.0) * median, rng.uniform(1.2, 2.0), rng.uniform(0.3, 0.7)
    return {
        "a": lambda t: (
            early * reference(np.minimum(t, change)) + late * (reference(t) - reference(np.minimum(t, change)))
        ),
        "b": reference,
    }


def _lognormal(median: float, rng: np.random.Generator) -> dict[str, Curve]:
    from scipy.special import log_ndtr

    sigma, longer = rng.uniform(0.6, 1.3), median * rng.uniform(1.0, 1.8)
    return {
        arm: lambda t, m=m: -log_ndtr(-np.log(np.maximum(t, 1e-9) / m) / sigma)
        for arm, m in (("a", longer), ("b", median))
    }


def _curve(cumulative: Curve) -> Curve:
    return lambda t: np.exp(-cumulative(np.asarray(t, dtype=float)))


def _recorded(curve: Curve, grid: float) -> Curve:
    """The curve of times that are rounded up: it falls at the points of the grid only."""
    return lambda t: np.where(np.asarray(t) < grid, 1.0, curve(np.floor(np.asarray(t) / grid + 1e-9) * grid))


def _inverse(curve: Curve, uniform: Floats) -> Floats:
    """Times at which a curve falls to the given heights; beyond 2,000 months where it never does."""
    times = np.concatenate([[0.0], np.geomspace(1e-3, 2000, 6000)])
    heights = np.minimum.accumulate(curve(times))
    found = np.interp(-uniform, -heights, times)
    return np.where(uniform < heights[-1], 1e6, np.maximum(found, 1e-3))
