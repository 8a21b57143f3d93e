"""What the data of a two-stage trial say of the response rate, without a prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haicbook.stats.proportions import Proportion, exact_interval, wald_interval, wilson_interval
from haicbook.stats.single_arm.simon import SimonDesign

_ROOT = 1e-13


@dataclass(frozen=True)
class StagedEstimate:
    """A response rate estimated from a trial that might have stopped early.

    Attributes
    ----------
    design, responders, stage
        What was run: responders in all, and the stage after which the trial ended.
    raw
        Responders over patients; after two stages it is biased, because only trials that began well got there.
    unbiased
        The uniformly minimum variance unbiased estimate.
    low, high
        Exact limits in the order of the stages.
    confidence
        Their level.
    p
        Chance of a result as good or better under the null rate, in the same order.
    p0
        The null rate.
    """

    design: SimonDesign
    responders: int
    stage: int
    raw: float
    unbiased: float
    low: float
    high: float
    confidence: float
    p: float
    p0: float

    @property
    def statement(self) -> str:
        """The estimate in a sentence."""
        return (
            f"{self.responders} responders after stage {self.stage}: unbiased estimate {100 * self.unbiased:.1f} %, "
            f"exact {100 * self.confidence:g} % interval {100 * self.low:.1f} to {100 * self.high:.1f} %; under a rate "
            f"of {100 * self.p0:g} % a result this good has a probability of {self.p:.3f}."
        )


def estimate(design: SimonDesign, responders: int, stage: int, p0: float, confidence: float = 0.95) -> StagedEstimate:
    """Estimate, exact limits and p of the response rate after a two-stage trial.

    Outcomes are ordered by stage, then by responders, which for these designs is the order of the unbiased estimate
    too. For a trial that ended after its first stage this gives the limits of Clopper and Pearson.

    Parameters
    ----------
    design
        The two stages.
    responders
        In all patients treated.
    stage
        1 or 2: where the trial ended.
    p0
        Null rate, from 0 to 1.
    confidence
        Level in (0, 1).

    Raises
    ------
    ValueError
        With all that cannot be: a stage other than 1 or 2, a number of responders that the design does not end with
        there, a rate or level out of range.

    References
    ----------
    Jung SH, Kim KM. Stat Med 2004;23:881-896 (the unbiased estimate). Koyama T, Chen H. Stat Med 2008;27:3145-3154.
    """
    _require(design, responders, stage, p0, confidence)
    tail = (1 - confidence) / 2
    patients = design.n1 if stage == 1 else design.n
    low, high = 0.0, 1.0
    if responders > 0:
        low = _rate_where(lambda rate: _as_good(design, responders, stage, rate) - tail)
    if responders < patients:
        high = _rate_where(lambda rate: _better(design, responders, stage, rate) - (1 - tail))
    return StagedEstimate(
        design=design,
        responders=responders,
        stage=stage,
        raw=responders / patients,
        unbiased=_unbiased(design, responders, stage),
        low=low,
        high=high,
        confidence=confidence,
        p=_as_good(design, responders, stage, p0),
        p0=p0,
    )


def _require(design: SimonDesign, responders: int, stage: int, p0: float, confidence: float) -> None:
    problems = []
    ends = {1: (0, design.r1), 2: (design.r1 + 1, design.n)}
    if stage not in ends:
        problems.append(f"stage is {stage}, allowed is 1 or 2")
    elif not ends[stage][0] <= responders <= ends[stage][1]:
        least, most = ends[stage]
        problems.append(f"responders is {responders}, but this design ends after stage {stage} with {least} to {most}")
    if not 0 <= p0 <= 1:
        problems.append(f"p0 is {p0}, allowed is 0 to 1")
    if not 0 < confidence < 1:
        problems.append(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    if problems:
        raise ValueError("; ".join(problems))


def _as_good(design: SimonDesign, responders: int, stage: int, rate: float) -> float:
    """Chance of this outcome or one that comes after it in the order of the stages."""
    from scipy.stats import binom

    if stage == 1:
        return float(binom.sf(responders - 1, design.n1, rate))
    first = np.arange(design.r1 + 1, design.n1 + 1)
    rest = binom.sf(responders - 1 - first, design.n - design.n1, rate)
    return float(binom.pmf(first, design.n1, rate) @ rest)


def _better(design: SimonDesign, responders: int, stage: int, rate: float) -> float:
    """Chance of an outcome that comes after this one."""
    return _as_good(design, responders + 1, stage, rate)


def _rate_where(excess: Callable[[float], float]) -> float:
    """The rate at which a function that falls or rises with it crosses 0."""
    from scipy.optimize import brentq

    return float(brentq(excess, 0.0, 1.0, xtol=_ROOT, rtol=1e-13))


def _unbiased(design: SimonDesign, responders: int, stage: int) -> float:
    from scipy.special import comb

    if stage == 1:
        return responders / design.n1
    n2 = design.n - design.n1
    first = np.arange(max(design.r1 + 1, responders - n2), min(responders, design.n1) + 1)
    rest = comb(n2, responders - first)
    return float((comb(design.n1 - 1, first - 1) @ rest) / (comb(design.n1, first) @ rest))


def conditional_power(design: SimonDesign, responders: int, rate: ArrayLike) -> NDArray[np.float64]:
    """Probability to end above r after both stages, given the first and a true rate, had the trial gone on.

    Parameters
    ----------
    design
        The two stages.
    responders
        Among the first `design.n1` patients.
    rate
        True response rate, from 0 to 1; any shape.

    Raises
    ------
    ValueError
        When that many patients cannot have responded, or a rate is not a share.
    """
    from scipy.stats import binom

    rates = np.asarray(rate, dtype=float)
    if not 0 <= responders <= design.n1:
        raise ValueError(f"found {responders} responders; allowed is 0 to n1 = {design.n1}")
    if not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(f"found response rate {rates}; allowed is 0 to 1")
    return np.asarray(binom.sf(design.r - responders, design.n - design.n1, rates), dtype=float)


def intervals(responders: int, n: int, confidence: float) -> dict[str, tuple[float, float]]:
    """Limits of a response rate by four methods: `exact` (Clopper-Pearson), `wilson`, `wald`, `jeffreys`.

    Raises
    ------
    ValueError
        When the count is no count of n, or the level is not between 0 and 1.

    References
    ----------
    Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-133.
    """
    from scipy.special import betaincinv

    proportion, tail = Proportion(responders, n), (1 - confidence) / 2
    limits = {
        "exact": exact_interval(proportion, confidence),
        "wilson": wilson_interval(proportion, confidence),
        "wald": wald_interval(proportion, confidence),
    }
    a, b = responders + 0.5, n - responders + 0.5
    low = 0.0 if responders == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if responders == n else float(betaincinv(a, b, 1 - tail))
    return limits | {"jeffreys": (low, high)}
