"""One event in two arms: difference, ratio, patients needed for one more event, and many events at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from haicbook.stats.proportions import Difference, Proportion, fisher_p, normal_quantile, risk_difference

Floats = NDArray[np.float64]
Direction = Literal["benefit", "harm", "neither"]
COLUMNS = ("difference", "low", "high", "ratio", "ratio_low", "ratio_high", "number_needed", "p")
_ABBREVIATION = {"benefit": "NNTB", "harm": "NNTH", "neither": "NNT"}
_STEPS = 200
_WIDEST = 1e6
# no study of this size can tell one patient in more than so many from none
_MOST_PATIENTS = 1000


@dataclass(frozen=True)
class RiskRatio:
    """A ratio of two risks or odds with its limits; NaN where neither arm has the event, infinite where one has not."""

    estimate: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class NumberNeeded:
    """Patients treated for one more patient with the event, by Altman's convention.

    Attributes
    ----------
    estimate
        1 / the size of the risk difference; infinite when there is none.
    direction
        `benefit` or `harm`; `neither` when there is no difference.
    low, high
        Limits. Where the difference's interval holds 0 (`crosses`), `low` is the limit in the direction of the estimate
        and `high` the one in the opposite direction: the interval runs from `low` up to infinity and down to `high`.
    crosses
        Whether the interval of the difference holds 0.
    """

    estimate: float
    direction: Direction
    low: float
    high: float
    crosses: bool

    @property
    def text(self) -> str:
        """`NNTH 11 (7 to 26)`, or `NNTH 11 (NNTH 4.9 to ∞ to NNTB 40)` where the difference may be none."""
        name = _ABBREVIATION[self.direction]
        if self.direction == "neither":
            return f"{name} ∞ (NNTH {_patients(self.low)} to ∞ to NNTB {_patients(self.high)})"
        if not self.crosses:
            return f"{name} {_patients(self.estimate)} ({_patients(self.low)} to {_patients(self.high)})"
        opposite = "NNTB" if self.direction == "harm" else "NNTH"
        return (
            f"{name} {_patients(self.estimate)} "
            f"({name} {_patients(self.low)} to ∞ to {opposite} {_patients(self.high)})"
        )


def _patients(number: float) -> str:
    if math.isinf(number):
        return "∞"
    if number > _MOST_PATIENTS:
        return f"above {_MOST_PATIENTS:,}"
    return f"{number:.1f}" if number < 10 else f"{number:.0f}"


@dataclass(frozen=True)
class Contrast:
    """One event in two arms, treated against control.

    Attributes
    ----------
    treated, control
        Patients with the event, of all.
    difference
        Risk difference with Newcombe's limits.
    ratio
        Risk ratio with Koopman's score limits.
    number_needed
        For one more (or one fewer) patient with the event.
    p
        Fisher's exact test.
    harmful
        Whether the event is bad for the patient: fixes which direction is a benefit.
    """

    treated: Proportion
    control: Proportion
    difference: Difference
    ratio: RiskRatio
    number_needed: NumberNeeded
    p: float
    harmful: bool

    @property
    def statement(self) -> str:
        """The contrast in a sentence."""
        found, level = self.difference, f"{100 * self.difference.confidence:g} %"
        return (
            f"{self.treated.count} of {self.treated.n} against {self.control.count} of {self.control.n}: difference "
            f"{100 * found.estimate:.1f} percentage points ({level} interval {100 * found.low:.1f} to "
            f"{100 * found.high:.1f}), {self.number_needed.text}."
        )


def contrast(treated: Proportion, control: Proportion, confidence: float = 0.95, *, harmful: bool) -> Contrast:
    """All that is usually said of one event in two arms.

    Parameters
    ----------
    treated, control
        Counts out of group sizes.
    confidence
        Level of every interval, in (0, 1).
    harmful
        True for an adverse event, False for a response.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:873-890. Koopman PAR. Biometrics 1984;40:513-517. Altman DG. BMJ 1998;317:1309-1312.
    """
    difference = risk_difference(treated, control, confidence)
    table = [[treated.count, control.count], [treated.n - treated.count, control.n - control.count]]
    return Contrast(
        treated=treated,
        control=control,
        difference=difference,
        ratio=risk_ratio(treated, control, confidence),
        number_needed=number_needed(difference, harmful=harmful),
        p=fisher_p(table),
        harmful=harmful,
    )


def number_needed(difference: Difference, *, harmful: bool) -> NumberNeeded:
    """The number needed to treat for one more event, from a risk difference and its limits.

    Limits are the reciprocals of the difference's. Where these have different signs the interval is not from one number
    to another but through infinity (no difference at all), and it is written so.

    References
    ----------
    Altman DG. BMJ 1998;317:1309-1312.
    """
    above: Direction = "harm" if harmful else "benefit"
    below: Direction = "benefit" if harmful else "harm"
    estimate, low, high = (_reciprocal(value) for value in (difference.estimate, difference.low, difference.high))
    crosses = difference.low <= 0 <= difference.high
    if difference.estimate == 0:
        # the side of harm first
        harm, benefit = (high, low) if harmful else (low, high)
        return NumberNeeded(math.inf, "neither", harm, benefit, crosses=True)
    if difference.estimate > 0:
        limits = (high, low)
        return NumberNeeded(estimate, above, *limits, crosses)
    return NumberNeeded(estimate, below, low, high, crosses)


def _reciprocal(value: float) -> float:
    return math.inf if value == 0 else 1 / abs(value)


def risk_ratio(treated: Proportion, control: Proportion, confidence: float = 0.95) -> RiskRatio:
    """RiskRatio of two risks with Koopman's asymptotic score limits, which need no correction where a count is 0.

    They are computed here because statsmodels' search for them (`confint_proportions_2indep`, method `score`) ends at
    one number for both limits where every control has the event, and below 0 where no treated patient has; elsewhere
    the two agree.

    Returns
    -------
    RiskRatio
        The estimate is NaN when nobody has the event, and then the limits are 0 and infinity; with events in the
        treated arm only, estimate and upper limit are infinite; with none in it, estimate and lower limit are 0.

    References
    ----------
    Koopman PAR. Biometrics 1984;40:513-517.
    """
    z = normal_quantile(confidence)
    if treated.count == control.count == 0:
        return RiskRatio(math.nan, 0.0, math.inf, confidence)
    estimate = treated.value / control.value if control.count else math.inf
    low = 0.0 if treated.count == 0 else _limit(treated, control, estimate, z, upper=False)
    high = math.inf if control.count == 0 else _limit(treated, control, estimate, z, upper=True)
    return RiskRatio(estimate, low, high, confidence)


def _limit(treated: Proportion, control: Proportion, estimate: float, z: float, *, upper: bool) -> float:
    """Where the score statistic, which falls as the ratio grows, is z away from 0: by halving on the log scale."""
    direction = 1 if upper else -1
    start = min(max(estimate, 1 / _WIDEST), _WIDEST)
    near, far = math.log(start), math.log(_WIDEST if upper else 1 / _WIDEST)
    for _ in range(_STEPS):
        middle = (near + far) / 2
        beyond = direction * _score(treated, control, math.exp(middle)) < -z
        near, far = (near, middle) if beyond else (middle, far)
    return math.exp((near + far) / 2)


def _score(treated: Proportion, control: Proportion, ratio: float) -> float:
    """Standardised difference from a risk ratio, with both risks at their most likely values under it."""
    x, n = treated.count + control.count, treated.n + control.n
    linear = ratio * (treated.n + control.count) + treated.count + control.n
    # the root of a quadratic; written so that nothing cancels
    risk = 2 * x / (linear + math.sqrt(max(linear**2 - 4 * ratio * n * x, 0.0)))
    of_treated = min(ratio * risk, 1.0)
    variance = of_treated * (1 - of_treated) / treated.n + ratio**2 * risk * (1 - risk) / control.n
    gap = treated.value - ratio * control.value
    if variance <= 0:
        return 0.0 if gap == 0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def false_discovery(p: ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p-values (q): the share of false ones to expect among those as small.

    NaN stay NaN and do not count as tests.

    References
    ----------
    Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300.
    """
    values = np.asarray(p, dtype=float)
    known = np.isfinite(values)
    adjusted = np.full(values.shape, np.nan)
    if known.any():
        from statsmodels.stats.multitest import multipletests

        adjusted[known] = multipletests(values[known], method="fdr_bh")[1]
    return adjusted


def compare(
    counts: pd.DataFrame, confidence: float = 0.95, rate: float = 0.05, *, harmful: bool = True
) -> pd.DataFrame:
    """Many events in two arms, with false-discovery control over all of them.

    Parameters
    ----------
    counts
        Columns `n_treated`, `size_treated`, `n_control`, `size_control`, and any others, which are kept. A row that
        lacks a figure keeps its place, with NaN. A row in which nobody, or everybody, has the event in both arms can
        show no difference: it has no q and does not count among the tests.
    confidence
        Level of every interval; they are not adjusted for their number.
    rate
        Share of false discoveries allowed.
    harmful
        Whether the events are bad for the patient.

    Returns
    -------
    pandas.DataFrame
        The rows with `difference`, `low`, `high` (proportions), `ratio`, `ratio_low`, `ratio_high`, `number_needed`
        (text), `p` (Fisher), `q`, `discovery` (q at most `rate`), `disagree` (the interval excludes no difference and
        Fisher's test at the same level does not, or the other way round).

    Raises
    ------
    ValueError
        When a column is missing, or the rate is not between 0 and 1.
    """
    needed = ["n_treated", "size_treated", "n_control", "size_control"]
    problems = [f"there is no column {name}" for name in needed if name not in counts]
    if not 0 < rate < 1:
        problems.append(f"rate is {rate}, allowed is a number between 0 and 1, such as 0.05")
    if problems:
        raise ValueError("; ".join(problems))
    rows = [_compared(row, confidence, harmful) for row in counts[needed].itertuples(index=False)]
    found = pd.DataFrame(rows, columns=list(COLUMNS), index=counts.index)
    events, patients = counts.n_treated + counts.n_control, counts.size_treated + counts.size_control
    p = found.p.astype(float)
    found["q"] = false_discovery(p.where((events > 0) & (events < patients)))
    found["discovery"] = found.q <= rate
    excludes = (found.low > 0) | (found.high < 0)
    found["disagree"] = p.notna() & (excludes != (p <= 1 - confidence))
    return counts.join(found)


def _compared(row: tuple[float, float, float, float], confidence: float, harmful: bool) -> list[object]:
    if any(pd.isna(figure) for figure in row):
        return [*[math.nan] * 6, "", math.nan]
    found = contrast(
        Proportion(int(row[0]), int(row[1])), Proportion(int(row[2]), int(row[3])), confidence, harmful=harmful
    )
    gap, ratio = found.difference, found.ratio
    return [
        *(gap.estimate, gap.low, gap.high, ratio.estimate, ratio.low, ratio.high),
        *(found.number_needed.text, found.p),
    ]
