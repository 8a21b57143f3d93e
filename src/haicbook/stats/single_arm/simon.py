"""Simon's two-stage design: what it does at a true rate, what it decides, and the best one of all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

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


# --- the best of all designs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BestDesigns:
    """`optimal` has the smallest expected n under the null rate, `minimax` the smallest n (then expected n)."""

    optimal: Evaluation
    minimax: Evaluation


@dataclass(frozen=True)
class Admissible:
    """A design that no other one beats on a weighted sum of the largest and the expected number of patients.

    Attributes
    ----------
    evaluation
        The design at both rates.
    weight_low, weight_high
        The weights w, from 0 to 1, for which it has the least w n + (1 - w) EN, where n is the largest number of
        patients and EN the expected one under the null rate. Simon's optimal design has w = 0, his minimax w = 1.
    """

    evaluation: Evaluation
    weight_low: float
    weight_high: float


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
    front = _front(alpha, beta, p0, p1, n_max)
    # the front is sorted by n, so that ties fall to the smaller trial
    optimal = min(front, key=lambda item: item[0])
    return BestDesigns(evaluate(optimal[1], p0, p1), evaluate(front[0][1], p0, p1))


def admissible(alpha: float, beta: float, p0: float, p1: float, n_max: int) -> tuple[Admissible, ...]:
    """All admissible designs from the minimax (first) to the optimal one (last).

    They are the corners of the lower hull of expected against largest number of patients. Parameters and errors are
    those of :func:`search`.

    References
    ----------
    Jung SH, Lee T, Kim KM, George SL. Stat Med 2004;23:561-569.
    """
    front = _front(alpha, beta, p0, p1, n_max)
    corners: list[tuple[float, SimonDesign]] = [front[0]]
    while (rest := [item for item in front if item[1].n > corners[-1][1].n and item[0] < corners[-1][0]]) != []:
        last = corners[-1]
        # the corner that takes over first as the weight falls from 1; of several in line the farthest
        _, farthest = max((_switch(last, item), item[1].n) for item in rest)
        corners.append(next(item for item in rest if item[1].n == farthest))
    switches = [1.0, *(_switch(one, other) for one, other in pairwise(corners)), 0.0]
    return tuple(
        Admissible(evaluate(item[1], p0, p1), low, high)
        for item, high, low in zip(corners, switches, switches[1:], strict=False)
    )


def _switch(one: tuple[float, SimonDesign], other: tuple[float, SimonDesign]) -> float:
    """The weight at which two designs (expected n, design) are equally good."""
    saved, more = one[0] - other[0], other[1].n - one[1].n
    return saved / (saved + more)


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


def _front(alpha: float, beta: float, p0: float, p1: float, n_max: int) -> tuple[tuple[float, SimonDesign], ...]:
    """For each total size the design with the least expected n under p0, as (expected n, design), by size."""
    _require_searchable(alpha, beta, p0, p1, n_max)
    best = [_best_of_size(n, alpha, beta, p0, p1) for n in range(2, n_max + 1)]
    front = tuple(item for item in best if item is not None)
    if not front:
        raise ValueError(f"no design of up to {n_max} patients has type I error {alpha} and type II error {beta}")
    return front


@lru_cache(maxsize=1024)
def _best_of_size(n: int, alpha: float, beta: float, p0: float, p1: float) -> tuple[float, SimonDesign] | None:
    """The design of n patients that keeps both errors with the least expected n; None when none keeps them."""
    from scipy.special import bdtr

    best: tuple[float, SimonDesign] | None = None
    for n1 in range(1, n):
        under_null, under_alternative = (_rejection(n1, n, rate) for rate in (p0, p1))
        first = np.arange(n1)
        # rejection falls with r, so the smallest r that keeps alpha has the most power
        smallest = np.maximum((under_null > alpha).sum(axis=1), first)
        feasible = (smallest < n) & (under_alternative[first, np.minimum(smallest, n - 1)] >= 1 - beta)
        for r1 in np.flatnonzero(feasible):
            expected = n1 + (1 - float(bdtr(r1, n1, p0))) * (n - n1)
            if best is None or expected < best[0]:
                best = (expected, SimonDesign(int(r1), n1, int(smallest[r1]), n))
    return best


def _rejection(n1: int, n: int, rate: float) -> np.ndarray:
    """Probability of rejection by r1 (rows, 0 to n1 - 1) and r (columns, 0 to n - 1)."""
    first, second = _binomial(n1, rate), _binomial(n - n1, rate)
    tail = np.cumsum(second[::-1])[::-1]
    responders, r = np.arange(1, n1 + 1)[:, None], np.arange(n)[None, :]
    needed = r + 1 - responders
    reached = np.where(needed > n - n1, 0.0, tail[np.clip(needed, 0, n - n1)])
    return np.cumsum((first[1:, None] * reached)[::-1], axis=0)[::-1]


@lru_cache(maxsize=1024)
def _binomial(n: int, rate: float) -> np.ndarray:
    from scipy.special import gammaln

    k = np.arange(n + 1)
    ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + k * np.log(rate) + (n - k) * np.log1p(-rate)))
