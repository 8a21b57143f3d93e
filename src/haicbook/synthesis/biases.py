"""How large a bias of time would have to be: assumptions about the clock and the missing, tried on an ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haicbook.stats import immortal_time
from haicbook.survival import Ensemble
from haicbook.survival.ensemble import Member
from haicbook.synthesis.two_arms import Pair, arms_of, log_ratio, pair

Floats = NDArray[np.float64]
Assumption = Literal["entry", "landmark", "lead", "missed", "excluded"]
ASSUMPTIONS: dict[Assumption, str] = {
    "entry": "{other} compared only from month {value} of its own time, by those who lived so long",
    "landmark": "both arms counted from month {value}, by those who lived so long",
    "lead": "{value} months added to every time of {arm}",
    "missed": "{value} of all who belonged to {arm} missing from it, with the event within {window:g} months",
    "excluded": "{value} of all who belonged to {arm} left out after {window:g} months without the event",
}
_SHARES = ("missed", "excluded")
_WANTED = 2


@dataclass(frozen=True, eq=False)
class Scan:
    """The hazard ratio of an ensemble under one assumption, over a range of its size.

    Attributes
    ----------
    assumption
        One of `ASSUMPTIONS`.
    arm, other
        The arm that it concerns, and the other one.
    experimental
        The arm whose ratio against the other is given: the experimental one, whichever the assumption concerns.
    values
        (V,) sizes: months, or shares for `missed` and `excluded`.
    window
        Months within which the missing had their events, or for which the excluded lived without.
    log_hr, error
        (V, B) log hazard ratios and their standard errors; NaN where a member has no ratio.
    alpha
        The level that `to_alpha` is about.
    to_one, to_alpha
        Smallest size, interpolated, at which the median log ratio of the members is 0, and at which the median p has
        risen to alpha: the first size where it is there from the start, NaN where no size in the range does it.
    """

    assumption: Assumption
    arm: str
    other: str
    experimental: str
    values: Floats
    window: float
    log_hr: Floats
    error: Floats
    alpha: float
    to_one: float
    to_alpha: float

    @property
    def p(self) -> Floats:
        """(V, B) two-sided Wald p."""
        return _p(self.log_hr, self.error)

    def frame(self) -> pd.DataFrame:
        """One row for each size: `value`; `hr`, `low`, `high` (median and range over members); `p` (median);
        `upper` and `lower`, the median limits of the members' own 95 % intervals.
        """
        reach = 1.959964 * self.error
        rows = {
            "value": self.values,
            "hr": np.exp(_over_members(self.log_hr, 50)),
            "low": np.exp(_over_members(self.log_hr, 0)),
            "high": np.exp(_over_members(self.log_hr, 100)),
            "p": _over_members(self.p, 50),
            "lower": np.exp(_over_members(self.log_hr - reach, 50)),
            "upper": np.exp(_over_members(self.log_hr + reach, 50)),
        }
        return pd.DataFrame(rows)

    @property
    def statement(self) -> str:
        """What the range of sizes does, in two sentences, with the arms' keys."""
        return self.said({})

    def said(self, labels: Mapping[str, str]) -> str:
        """The statement with other names for the arms: key to name."""
        frame = self.frame()
        known = frame[frame.hr.notna()]
        if known.empty:
            return "No hazard ratio can be computed under this assumption."
        first, last = known.iloc[0], known.iloc[-1]
        words = ASSUMPTIONS[self.assumption].format(
            arm=labels.get(self.arm, self.arm),
            other=labels.get(self.other, self.other),
            value=self._size(last.value),
            window=self.window,
        )
        level = f"{self.alpha:g}"
        p_rises = self._tipping(f"its median p rises to {level}", f"its median p is {level} or more", self.to_alpha)
        return (
            f"With {words}, the reconstructed hazard ratio goes from {first.hr:.2f} (at {self._size(first.value)}) to "
            f"{last.hr:.2f}. {self._tipping('It reaches 1', 'It is 1', self.to_one)}; {p_rises}."
        )

    def _size(self, value: float) -> str:
        return f"{100 * value:.0f} %" if self.assumption in _SHARES else f"{value:.1f}"

    def _tipping(self, reaches: str, already: str, value: float) -> str:
        if math.isnan(value):
            return f"{reaches} nowhere in that range"
        unit = "" if self.assumption in _SHARES else " months"
        return f"{already} from the start" if value == self.values[0] else f"{reaches} at {self._size(value)}{unit}"


def scan(
    ensemble: Ensemble,
    assumption: Assumption,
    values: Sequence[float],
    *,
    arm: str,
    window: float = 3.0,
    alpha: float = 0.05,
) -> Scan:
    """The hazard ratio, experimental arm against comparator, as an assumed bias grows.

    Parameters
    ----------
    ensemble
        A reconstruction with two arms.
    assumption
        `entry`: the patients of `arm` start their clock `value` months into their disease's treatment, which they had
        to live through; the other arm is made to live as long (:func:`haicbook.stats.immortal_time.landmark` on it
        alone).
        `landmark`: both arms from month `value` on. `lead`: `value` months are added to the times of `arm`. `missed`: a
        share `value` of `arm` is not there, because they had the event within `window` months. `excluded`: a share
        `value` was left out because of what they had after `window` months without the event.
    values
        Sizes, ascending, months or shares; begin with 0 to see the ratio as it is.
    arm
        The arm that the assumption concerns; for `landmark` either.
    window
        Months, for `missed` and `excluded`.
    alpha
        For the size at which the median p crosses it.

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        When the assumption, the arm or a size is none that is allowed, or there is one arm only.

    References
    ----------
    Suissa S. Am J Epidemiol 2008;167:492-499. Hernán MA, Sauer BC, Hernández-Díaz S, Platt R, Shrier I. J Clin
    Epidemiol 2016;79:70-75.
    """
    first, second = arms_of(ensemble)
    sizes = np.asarray(values, dtype=float)
    _require(assumption, arm, (first, second), sizes, alpha)
    other = second if arm == first else first
    fitted = []
    for size in sizes:
        rows = _under(ensemble, assumption, float(size), arm, other, window)
        fitted.append(_fit(pair(rows[first], rows[second])))
    log_hr, error = (np.array(part) for part in zip(*fitted, strict=True))
    return Scan(
        assumption=assumption,
        arm=arm,
        other=other,
        experimental=first,
        values=sizes,
        window=window,
        log_hr=log_hr,
        error=error,
        alpha=alpha,
        to_one=_crossing(sizes, _over_members(log_hr, 50)),
        to_alpha=_rise(sizes, _over_members(_p(log_hr, error), 50) - alpha),
    )


def _require(assumption: str, arm: str, arms: tuple[str, str], sizes: Floats, alpha: float) -> None:
    problems = []
    if assumption not in ASSUMPTIONS:
        problems.append(f"assumption is {assumption!r}, allowed is {', '.join(ASSUMPTIONS)}")
    if arm not in arms:
        problems.append(f"arm is {arm!r}, allowed is {' or '.join(arms)}")
    if sizes.ndim != 1 or not len(sizes) or (np.diff(sizes) <= 0).any():
        problems.append(f"values are {sizes.tolist()}, allowed is one number or more, each above the one before")
    if not 0 < alpha < 1:
        problems.append(f"alpha is {alpha}, allowed is a number between 0 and 1")
    if problems:
        raise ValueError("; ".join(problems))


def _under(
    ensemble: Ensemble, assumption: Assumption, size: float, arm: str, other: str, window: float
) -> dict[str, Member]:
    """Both arms as they would be under the assumption."""
    rows = {name: ensemble.members[name] for name in (arm, other)}
    if assumption == "entry":
        changed = {other: immortal_time.landmark(*rows[other], size)} if size > 0 else {}
    elif assumption == "landmark":
        changed = {name: immortal_time.landmark(*rows[name], size) for name in rows} if size > 0 else {}
    elif assumption == "lead":
        changed = {arm: immortal_time.lead(*rows[arm], size)}
    elif assumption == "missed":
        changed = {arm: immortal_time.with_missed(*rows[arm], size, window)}
    else:
        changed = {arm: immortal_time.with_excluded(*rows[arm], size, window)}
    return rows | {name: Member(clocked.time, clocked.event) for name, clocked in changed.items()}


def _fit(both: Pair) -> tuple[Floats, Floats]:
    """Log ratio and its error (B,), NaN where an arm has too few events for them to mean anything."""
    log_hr, error = log_ratio(both)
    events = [both.event[:, mine].sum(axis=1) for mine in (both.first, ~both.first)]
    known = np.isfinite(log_hr) & np.isfinite(error) & (events[0] >= _WANTED) & (events[1] >= _WANTED)
    return np.where(known, log_hr, np.nan), np.where(known, error, np.nan)


def _p(log_hr: Floats, error: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(2 * ndtr(-np.abs(log_hr) / error), dtype=float)


def _over_members(values: Floats, percent: float) -> Floats:
    """Percentile of each row; NaN where fewer than half the members have a value."""
    enough = np.isfinite(values).mean(axis=1) >= 0.5
    found = np.full(len(values), np.nan)
    if enough.any():
        found[enough] = np.nanpercentile(values[enough], percent, axis=1)
    return found


def _rise(sizes: Floats, heights: Floats) -> float:
    """First size at which the heights are 0 or above; NaN where they never are."""
    known = np.isfinite(heights)
    if known.any() and heights[known][0] >= 0:
        return float(sizes[known][0])
    return _crossing(sizes, heights)


def _crossing(sizes: Floats, heights: Floats) -> float:
    """First size at which a line through the heights is 0; NaN where it never is."""
    known = np.isfinite(heights)
    sizes, heights = sizes[known], heights[known]
    if not len(heights):
        return math.nan
    if heights[0] == 0:
        return float(sizes[0])
    changed = np.flatnonzero(np.sign(heights) != np.sign(heights[0]))
    if not len(changed):
        return math.nan
    at = int(changed[0])
    share = heights[at - 1] / (heights[at - 1] - heights[at])
    return float(sizes[at - 1] + share * (sizes[at] - sizes[at - 1]))
