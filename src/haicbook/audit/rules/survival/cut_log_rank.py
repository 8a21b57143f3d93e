"""A log-rank test of two curves up to a time, from the rates then: how far the order of deaths lets it range."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from haicbook.audit.rules.p_values import Span


@dataclass(frozen=True)
class ArmUntil:
    """One arm up to a time.

    Attributes
    ----------
    n
        Patients.
    rate
        Fractions alive that the printed figures allow.
    effective
        Patients without censoring who would give the rate its printed standard error; `n` where none is printed.
    """

    n: int
    rate: Span
    effective: float

    def deaths(self, n: int) -> range:
        """Deaths among n uncensored patients that leave the rate."""
        return range(math.floor(n * (1 - self.rate[1])), math.ceil(n * (1 - self.rate[0])) + 1)


def cut_log_rank(one: ArmUntil, other: ArmUntil) -> Span:
    """Least and largest |z| of a log-rank test of two arms up to a time.

    The test compares hazards all the way, not the rates: it is largest where the arm that loses more loses its patients
    first, and least the other way round. Both orders are computed, without censoring, of all patients and of the
    effective ones, who stand for the heaviest censoring that the rates' intervals allow.

    References
    ----------
    Mantel N. Cancer Chemother Rep 1966;50:163-170.
    """
    found = []
    for of_all in (True, False):
        sizes = [arm.n if of_all else max(1, min(arm.n, round(arm.effective))) for arm in (one, other)]
        counts = [arm.deaths(size) for arm, size in zip((one, other), sizes, strict=True)]
        for deaths in itertools.product(*({span[0], span[-1]} for span in counts)):
            found += [_in_order(sizes, deaths, first) for first in (0, 1)]
    within = min(found) <= 0 <= max(found)
    return (0.0 if within else min(map(abs, found))), max(map(abs, found))


def _in_order(sizes: list[int], deaths: tuple[int, ...], first: int) -> float:
    """z of the first arm's excess deaths, all deaths of the arm `first` before the other's."""
    at_risk, excess, variance = list(sizes), 0.0, 0.0
    for arm in (first, 1 - first):
        for _ in range(min(deaths[arm], at_risk[arm])):
            share = at_risk[0] / sum(at_risk)
            excess += (arm == 0) - share
            variance += share * (1 - share)
            at_risk[arm] -= 1
    return excess / math.sqrt(variance) if variance else 0.0
