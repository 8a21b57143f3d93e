"""Simon's two-stage design, its exact operating characteristics, and the decision after its first stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from haicbook.study import Paper


@dataclass(frozen=True)
class SimonDesign:
    """Stop after `n1` patients with `r1` or fewer responders; else treat `n` and call for more only above `r` of them.

    Raises
    ------
    ValueError
        With all that cannot be.
    """

    r1: int
    n1: int
    r: int
    n: int

    def __post_init__(self) -> None:
        problems = []
        if not 0 <= self.r1 < self.n1:
            problems.append(f"r1 is {self.r1}, allowed is 0 to n1 - 1 = {self.n1 - 1}")
        if not self.n1 < self.n:
            problems.append(f"n1 is {self.n1}, allowed is less than n = {self.n}")
        if not self.r1 <= self.r < self.n:
            problems.append(f"r is {self.r}, allowed is r1 = {self.r1} to n - 1 = {self.n - 1}")
        if problems:
            raise ValueError("not a two-stage design: " + "; ".join(problems))


@dataclass(frozen=True)
class Characteristics:
    """What a design does at one true response rate.

    Attributes
    ----------
    rate
        The true rate.
    rejection
        Probability that more than r respond and the null hypothesis is rejected: the type I error at the null rate, the
        power at the alternative.
    early_stop
        Probability to stop after the first stage.
    expected_n
        Expected number of patients.
    """

    rate: float
    rejection: float
    early_stop: float
    expected_n: float


@dataclass(frozen=True)
class Evaluation:
    """A design at its null and at its alternative rate."""

    design: SimonDesign
    null: Characteristics
    alternative: Characteristics


@dataclass(frozen=True)
class Decision:
    """What the first stage calls for.

    Attributes
    ----------
    design
        The two stages.
    responders
        Found among the first `design.n1` patients.
    needed
        Fewest responders with which the trial goes on.
    goes_on
        Whether there were that many.
    """

    design: SimonDesign
    responders: int
    needed: int
    goes_on: bool

    @property
    def statement(self) -> str:
        """The decision in a sentence."""
        verdict = "the trial goes on" if self.goes_on else "the trial stops"
        return (
            f"{self.responders} of the first {self.design.n1} patients responded, {self.needed} were needed: {verdict}."
        )


def characteristics(design: SimonDesign, rate: float) -> Characteristics:
    """Exact operating characteristics at one response rate.

    Parameters
    ----------
    design
        The two stages.
    rate
        True response rate, from 0 to 1.

    Raises
    ------
    ValueError
        When the rate is not a share.

    References
    ----------
    Simon R. Control Clin Trials 1989;10:1-10.
    """
    from scipy.stats import binom

    if not 0 <= rate <= 1:
        raise ValueError(f"found response rate {rate}; allowed is 0 to 1")
    second = design.n - design.n1
    responders = np.arange(design.r1 + 1, design.n1 + 1)
    rejection = binom.pmf(responders, design.n1, rate) @ binom.sf(design.r - responders, second, rate)
    early = binom.cdf(design.r1, design.n1, rate)
    return Characteristics(rate, float(rejection), float(early), float(design.n1 + (1 - early) * second))


def evaluate(design: SimonDesign, p0: float, p1: float) -> Evaluation:
    """A design at the null rate `p0` and at the alternative rate `p1`; errors as in :func:`characteristics`."""
    return Evaluation(design, characteristics(design, p0), characteristics(design, p1))


def decision(design: SimonDesign, responders: int) -> Decision:
    """What a design calls for after its first stage.

    Raises
    ------
    ValueError
        When that many patients cannot have responded.
    """
    if not 0 <= responders <= design.n1:
        raise ValueError(f"found {responders} responders; allowed is 0 to n1 = {design.n1}")
    return Decision(design, responders, design.r1 + 1, responders > design.r1)


def planned(paper: Paper) -> SimonDesign:
    """The design that a paper's methods print.

    Raises
    ------
    ValueError
        When the study has none.
    """
    stages = paper.spec.two_stage
    if stages is None:
        raise ValueError(f"{paper.study} has no two-stage design")
    return SimonDesign(stages.stage1_reject_at_most, stages.stage1_n, stages.total_reject_at_most, stages.total_n)


def summarise(evaluation: Evaluation) -> dict[str, float]:
    """Named values for the results: type I error, power, chances to stop early, expected number of patients."""
    return {
        "type_one": evaluation.null.rejection,
        "power": evaluation.alternative.rejection,
        "early_stop_null": evaluation.null.early_stop,
        "early_stop_alternative": evaluation.alternative.early_stop,
        "expected_n": evaluation.null.expected_n,
    }
