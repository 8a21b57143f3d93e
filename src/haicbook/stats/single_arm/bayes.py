"""A single arm seen with a prior: how likely the rate is to be worth it, and what a second stage would have brought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from haicbook.stats.single_arm.simon import SimonDesign

Prior = tuple[float, float]


@dataclass(frozen=True)
class Posterior:
    """The Beta distribution of a response rate after the data.

    Attributes
    ----------
    prior
        Shapes (a, b) of the prior: as if a responders among a + b patients had been seen before.
    responders, n
        The data.
    a, b
        Shapes of the posterior.
    mean, low, high
        Its mean and equal-tailed limits.
    confidence
        Their level.
    p0, p1
        Rate of no interest, and rate worth pursuing.
    above_null, above_alternative
        Probability that the rate lies above each.
    """

    prior: Prior
    responders: int
    n: int
    a: float
    b: float
    mean: float
    low: float
    high: float
    confidence: float
    p0: float
    p1: float
    above_null: float
    above_alternative: float

    def density(self, rates: ArrayLike) -> NDArray[np.float64]:
        """Posterior density at rates from 0 to 1."""
        from scipy.stats import beta

        return np.asarray(beta.pdf(np.asarray(rates, dtype=float), self.a, self.b), dtype=float)

    @property
    def statement(self) -> str:
        """The posterior in a sentence."""
        return (
            f"With a Beta({self.prior[0]:g}, {self.prior[1]:g}) prior, {self.responders} responders of {self.n} put "
            f"the rate at {100 * self.mean:.1f} % ({100 * self.confidence:g} % limits {100 * self.low:.1f} to "
            f"{100 * self.high:.1f} %); it lies above {100 * self.p0:g} % with probability {self.above_null:.2f} and "
            f"above {100 * self.p1:g} % with probability {self.above_alternative:.3f}."
        )


def posterior(responders: int, n: int, prior: Prior, p0: float, p1: float, confidence: float = 0.95) -> Posterior:
    """Beta-binomial posterior of a response rate.

    Parameters
    ----------
    responders, n
        The data; n = 0 gives the prior back.
    prior
        Shapes (a, b) of the Beta prior, both above 0: (1, 1) is flat, (0.5, 0.5) Jeffreys'.
    p0, p1
        Rate of no interest, and rate worth pursuing, from 0 to 1.
    confidence
        Level of the equal-tailed limits, in (0, 1).

    Raises
    ------
    ValueError
        With all that is out of range.

    References
    ----------
    Spiegelhalter DJ, Abrams KR, Myles JP. Bayesian Approaches to Clinical Trials and Health-Care Evaluation. 2004.
    """
    from scipy.special import betainc, betaincinv

    problems = _prior_problems(prior) + [
        f"{name} is {value}, allowed is 0 to 1" for name, value in {"p0": p0, "p1": p1}.items() if not 0 <= value <= 1
    ]
    if not 0 <= responders <= n:
        problems.append(f"responders is {responders} of {n}, allowed is 0 to n")
    if not 0 < confidence < 1:
        problems.append(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    if problems:
        raise ValueError("; ".join(problems))
    a, b, tail = prior[0] + responders, prior[1] + n - responders, (1 - confidence) / 2
    return Posterior(
        prior=prior,
        responders=responders,
        n=n,
        a=a,
        b=b,
        mean=a / (a + b),
        low=float(betaincinv(a, b, tail)),
        high=float(betaincinv(a, b, 1 - tail)),
        confidence=confidence,
        p0=p0,
        p1=p1,
        # the upper tail directly: 1 - betainc would lose the digits of a small one
        above_null=float(betainc(b, a, 1 - p0)),
        above_alternative=float(betainc(b, a, 1 - p1)),
    )


def predictive(design: SimonDesign, responders: int, prior: Prior) -> float:
    """Probability to end above r after both stages, given the first, had the trial gone on.

    The conditional power, averaged over the posterior of the rate after the first stage.

    Parameters
    ----------
    design
        The two stages.
    responders
        Among the first `design.n1` patients.
    prior
        Shapes (a, b) of the Beta prior of the rate, both above 0.

    Raises
    ------
    ValueError
        With all that is out of range.

    References
    ----------
    Spiegelhalter DJ, Freedman LS, Blackburn PR. Control Clin Trials 1986;7:8-17.
    """
    from scipy.stats import betabinom

    problems = _prior_problems(prior)
    if not 0 <= responders <= design.n1:
        problems.append(f"responders is {responders}, allowed is 0 to n1 = {design.n1}")
    if problems:
        raise ValueError("; ".join(problems))
    a, b = prior[0] + responders, prior[1] + design.n1 - responders
    # every number of responders of the second stage that takes the total above r
    enough = np.arange(max(design.r + 1 - responders, 0), design.n - design.n1 + 1)
    return float(betabinom.pmf(enough, design.n - design.n1, a, b).sum())


def _prior_problems(prior: Prior) -> list[str]:
    if len(prior) == 2 and all(shape > 0 for shape in prior):
        return []
    return [f"prior is {prior}, allowed are two numbers above 0, such as (1, 1)"]
