"""What a meta-analysis finds, or why it finds nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Interval = Literal["hartung-knapp", "hartung-knapp-floored", "normal"]
Estimator = Literal["reml", "dl", "pm"]
Prediction = Literal["k-2", "k-1"]

INTERVALS: tuple[Interval, ...] = ("hartung-knapp", "hartung-knapp-floored", "normal")
ESTIMATORS: tuple[Estimator, ...] = ("reml", "dl", "pm")
PREDICTIONS: tuple[Prediction, ...] = ("k-2", "k-1")
_IN_WORDS = {
    "hartung-knapp": "Hartung–Knapp",
    "hartung-knapp-floored": "Hartung–Knapp, its variance not below the classical one",
    "normal": "normal approximation",
}


@dataclass(frozen=True)
class Message:
    """Why there is no result, in words for the page."""

    statement: str


@dataclass(frozen=True)
class Pooled:
    """A random-effects summary, on the scale of its effects (the logarithm, for ratios).

    Attributes
    ----------
    labels, effects, errors
        The studies that entered: names, effects and their standard errors.
    weights
        Share of each study in the summary; they sum to 1.
    estimate, standard_error, low, high, p
        The mean of the true effects, its standard error and interval, and the two-sided p of a mean of zero.
    classical_low, classical_high
        The interval by the normal approximation, whatever `interval` is.
    prediction_low, prediction_high
        Interval for the true effect of one more study of the same kind; NaN where there are too few studies for it.
    tau2, tau2_low, tau2_high
        Between-study variance with its Q-profile interval.
    i2, i2_low, i2_high
        Share of the variance that lies between studies, from 0 to 1; its limits are those of `tau2`, transformed.
    q, q_df, q_p
        Cochran's test of homogeneity.
    confidence, interval, estimator
        The level, the method of the interval, and that of `tau2`.
    left_out
        Studies that came without an effect or standard error.
    """

    labels: tuple[str, ...]
    effects: tuple[float, ...]
    errors: tuple[float, ...]
    weights: tuple[float, ...]
    estimate: float
    standard_error: float
    low: float
    high: float
    p: float
    classical_low: float
    classical_high: float
    prediction_low: float
    prediction_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    q: float
    q_df: int
    q_p: float
    confidence: float
    interval: Interval
    estimator: Estimator
    left_out: tuple[str, ...]

    def ratio(self) -> dict[str, float]:
        """`estimate`, `low`, `high`, `prediction_low`, `prediction_high` as ratios."""
        names = ("estimate", "low", "high", "prediction_low", "prediction_high")
        return {name: math.exp(getattr(self, name)) for name in names}

    @property
    def statement(self) -> str:
        """The summary in a sentence, as ratios, with what it leaves open."""
        found, level = self.ratio(), f"{100 * self.confidence:g} %"
        words = (
            f"Over {len(self.labels)} studies the mean ratio is {found['estimate']:.2f} ({level} interval "
            f"{found['low']:.2f} to {found['high']:.2f}, {_IN_WORDS[self.interval]}); "
        )
        if math.isnan(self.prediction_low):
            words += "with so few studies there is no interval for the next one"
        else:
            words += (
                "one more study of the same kind would be expected between "
                f"{found['prediction_low']:.2f} and {found['prediction_high']:.2f}"
            )
        high = "without limit" if math.isinf(self.tau2_high) else f"{self.tau2_high:.2f}"
        words += f". Between-study variance {self.tau2:.3f} ({level} interval {self.tau2_low:.2f} to {high})."
        if self.high - self.low < (1 - 1e-9) * (self.classical_high - self.classical_low):
            words += (
                " The interval is narrower than the classical one "
                f"({math.exp(self.classical_low):.2f} to {math.exp(self.classical_high):.2f}), as it can be when a few "
                "studies happen to agree; it is then no surer."
            )
        return words + (f" Left out, for want of a figure: {', '.join(self.left_out)}." if self.left_out else "")


@dataclass(frozen=True)
class LeftOut:
    """The summary without one study."""

    label: str
    result: Pooled | Message
