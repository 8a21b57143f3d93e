"""Simon's two-stage design: its exact operating characteristics, and the search for the best one."""

from __future__ import annotations

from collections.abc import Iterator
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
class BestDesigns:
    """`optimal` has the smallest expected n under the null rate, `minimax` the smallest n (then expected n)."""

    optimal: Evaluation
    minimax: Evaluation


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


def search(alpha: float, beta: float, p0: float, p1: float, n_max: int) -> BestDesigns:
    """Simon's optimal and minimax designs, by going through every design of up to `n_max` patients.

    Parameters
    ----------
    alpha, beta
        Largest type I error, and largest type II error (1 - power).
    p0, p1
        Response rate that is of no interest, and the one that is; p0 < p1.
    n_max
        Most patients in both stages.

    Raises
    ------
    ValueError
        With all that is out of range, or when no design of that size keeps both errors.

    References
    ----------
    Simon R. Control Clin Trials 1989;10:1-10.
    """
    _require_searchable(alpha, beta, p0, p1, n_max)
    found = [design for n in range(2, n_max + 1) for design in _admissible(n, alpha, beta, p0, p1)]
    if not found:
        raise ValueError(f"no design of up to {n_max} patients has type I error {alpha} and type II error {beta}")
    # expected n, then the design, so that ties fall the same way each time
    by_expected = min(found, key=lambda item: (item[0], item[1].n, item[1].n1))
    by_size = min(found, key=lambda item: (item[1].n, item[0], item[1].n1))
    return BestDesigns(evaluate(by_expected[1], p0, p1), evaluate(by_size[1], p0, p1))


def _require_searchable(alpha: float, beta: float, p0: float, p1: float, n_max: int) -> None:
    problems = [
        f"{name} is {value}, allowed is a number between 0 and 1"
        for name, value in {"alpha": alpha, "beta": beta, "p0": p0, "p1": p1}.items()
        if not 0 < value < 1
    ]
    if not p0 < p1:
        problems.append(f"p0 is {p0}, allowed is less than p1 = {p1}")
    if n_max < 2:
        problems.append(f"n_max is {n_max}, allowed is 2 and more")
    if problems:
        raise ValueError("; ".join(problems))


def _admissible(n: int, alpha: float, beta: float, p0: float, p1: float) -> Iterator[tuple[float, SimonDesign]]:
    """(expected n under p0, design) of total size n, for every first stage the best r that keeps both errors."""
    from scipy.special import bdtr

    for n1 in range(1, n):
        under_null, under_alternative = (_rejection(n1, n, rate) for rate in (p0, p1))
        first = np.arange(n1)
        # rejection falls with r, so the smallest r that keeps alpha has the most power
        smallest = np.maximum((under_null > alpha).sum(axis=1), first)
        feasible = (smallest < n) & (under_alternative[first, np.minimum(smallest, n - 1)] >= 1 - beta)
        for r1 in np.flatnonzero(feasible):
            expected = n1 + (1 - float(bdtr(r1, n1, p0))) * (n - n1)
            yield expected, SimonDesign(int(r1), n1, int(smallest[r1]), n)


def _rejection(n1: int, n: int, rate: float) -> np.ndarray:
    """Probability of rejection by r1 (rows, 0 to n1 - 1) and r (columns, 0 to n - 1)."""
    first, second = _binomial(n1, rate), _binomial(n - n1, rate)
    tail = np.cumsum(second[::-1])[::-1]
    responders, r = np.arange(1, n1 + 1)[:, None], np.arange(n)[None, :]
    needed = r + 1 - responders
    reached = np.where(needed > n - n1, 0.0, tail[np.clip(needed, 0, n - n1)])
    return np.cumsum((first[1:, None] * reached)[::-1], axis=0)[::-1]


def _binomial(n: int, rate: float) -> np.ndarray:
    from scipy.special import gammaln

    k = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + k * np.log(rate) + (n - k) * np.log1p(-rate)))


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
