"""Balance of two arms from what a baseline table prints: standardised differences, each with its definition."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from haicbook.matching.covariates import Covariate, Summary, printed_covariates
from haicbook.proportions import normal_quantile
from haicbook.study import Paper
from haicbook.words import label

ACCEPTABLE = 0.1
COLUMNS = [
    *("covariate", "label", "type", "definition", "smd", "ci_low", "ci_high"),
    *("variance_ratio", "within_0_1", "value_ids", "note"),
]


@dataclass(frozen=True)
class _Difference:
    """A standardised difference, how it was defined, and what there is to say about it."""

    smd: float
    definition: str
    signed: bool = True
    variance_ratio: float = math.nan
    note: str = ""


# --- definitions ------------------------------------------------------------------------------------------------------


def binary_smd(treated: float, control: float) -> float:
    """Standardised difference of a binary covariate.

    Parameters
    ----------
    treated, control
        Shares, from 0 to 1.

    Returns
    -------
    float
        (p1 - p0) / sqrt((p1 q1 + p0 q0) / 2), dimensionless; 0 when both are 0 or both are 1, infinite when only
        one of them is.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return _standardised(treated - control, treated * (1 - treated), control * (1 - control))


def mean_smd(treated: tuple[float, float], control: tuple[float, float]) -> float:
    """Standardised difference of means, (mean1 - mean0) / sqrt((s1² + s0²) / 2), dimensionless.

    Parameters
    ----------
    treated, control
        Mean and SD, in the covariate's unit.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107.
    """
    return _standardised(treated[0] - control[0], treated[1] ** 2, control[1] ** 2)


def _standardised(difference: float, variance_treated: float, variance_control: float) -> float:
    spread = math.sqrt((variance_treated + variance_control) / 2)
    if spread > 0:
        return difference / spread
    return difference if difference == 0 or math.isnan(difference) else math.copysign(math.inf, difference)


def categorical_smd(treated: np.ndarray, control: np.ndarray) -> float:
    """Standardised difference of a covariate with several levels: the Mahalanobis distance of the two sets of shares.

    Parameters
    ----------
    treated, control
        Share of each level, shape (levels,), each summing to 1. Levels that neither arm has are left out. With two
        levels it is the size of :func:`binary_smd`.

    Returns
    -------
    float
        Dimensionless, 0 or above; infinite when the arms share no level.

    References
    ----------
    Yang D, Dalton JE. SAS Global Forum 2012; paper 335.
    """
    present = (treated > 0) | (control > 0)
    treated, control = treated[present], control[present]
    if np.isnan(treated).any() or np.isnan(control).any():
        return math.nan
    if not (treated * control).any():
        return math.inf
    # one level follows from the others
    difference = (treated - control)[1:]
    covariance = (_multinomial(treated[1:]) + _multinomial(control[1:])) / 2
    return math.sqrt(max(0.0, float(difference @ np.linalg.solve(covariance, difference)))) if len(difference) else 0.0


def _multinomial(shares: np.ndarray) -> np.ndarray:
    covariance: np.ndarray = np.diag(shares) - np.outer(shares, shares)
    return covariance


def mean_and_sd_from_quartiles(q1: float, median: float, q3: float, n: int) -> tuple[float, float]:
    """Mean and SD approximated from a median with its quartiles, for roughly normal data.

    Parameters
    ----------
    q1, median, q3
        As printed, in the covariate's unit.
    n
        Patients.

    Raises
    ------
    ValueError
        When the quartiles do not enclose the median.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135 (scenario C3).
    """
    from scipy.special import ndtri

    if not q1 <= median <= q3:
        raise ValueError(f"found median {median:g} with quartiles {q1:g} and {q3:g}; quartiles enclose the median")
    return (q1 + median + q3) / 3, float((q3 - q1) / (2 * ndtri((0.75 * n - 0.125) / (n + 0.25))))


def smd_interval(smd: float, treated_n: int, control_n: int, confidence: float) -> tuple[float, float]:
    """Large-sample confidence limits of a standardised difference.

    The variance is (n1 + n0) / (n1 n0) + d² / (2 (n1 + n0)).

    References
    ----------
    Hedges LV, Olkin I. Statistical Methods for Meta-Analysis. Academic Press 1985; used so by Austin 2009.
    """
    total = treated_n + control_n
    half = normal_quantile(confidence) * math.sqrt(total / (treated_n * control_n) + smd**2 / (2 * total))
    return smd - half, smd + half


# --- a whole table ----------------------------------------------------------------------------------------------------


def balance(paper: Paper, population: str, confidence: float = 0.95) -> pd.DataFrame:
    """Standardised differences of every covariate that a population's baseline tables print, experimental - comparator.

    Parameters
    ----------
    paper
        The study.
    population
        One of its populations, such as `before_psm`.
    confidence
        Level of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row for each covariate, in printed order: `covariate` and `label`; `type`; `definition` of the difference in
        words; `smd` (signed, except for covariates with several levels; NaN where the print does not allow one);
        `ci_low`, `ci_high` (large-sample; cut off at 0 for unsigned ones, which have no bias correction);
        `variance_ratio` (where SDs are printed, else NaN); `within_0_1`, whether the difference is below 0.1 in size
        (missing where it is NaN); `value_ids`, the printed values used; `note`. No rows, same columns, where no table
        is printed for the population or the study has one arm.

    Raises
    ------
    KeyError
        When the study has no such population.
    ValueError
        When the confidence level is not between 0 and 1.
    """
    normal_quantile(confidence)
    treated, control = paper.spec.experimental, paper.spec.comparator
    covariates = printed_covariates(paper, population)
    if treated is None or control is None:
        covariates = []
    rows = [_row(c, c.arms[str(treated)], c.arms[str(control)], confidence) for c in covariates]
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {"smd": float, "ci_low": float, "ci_high": float, "variance_ratio": float, "within_0_1": "boolean"}
    )


def _row(covariate: Covariate, treated: Summary, control: Summary, confidence: float) -> list[object]:
    found = _difference(covariate, treated, control)
    low, high = math.nan, math.nan
    if math.isfinite(found.smd):
        low, high = smd_interval(found.smd, treated.n, control.n, confidence)
        low = low if found.signed else max(0.0, low)
    within = pd.NA if math.isnan(found.smd) else abs(found.smd) < ACCEPTABLE
    notes = [*covariate.misfits, *([found.note] if found.note else [])]
    return [
        *(covariate.name, label(covariate.name), covariate.type, found.definition, found.smd, low, high),
        *(found.variance_ratio, within, covariate.value_ids, "; ".join(notes)),
    ]


def _difference(covariate: Covariate, treated: Summary, control: Summary) -> _Difference:
    if covariate.type == "continuous":
        return _of_continuous(treated, control)
    if not covariate.levels or np.isnan([treated.shares, control.shares]).any():
        return _Difference(math.nan, "none", note="not every level is printed for both arms")
    if len(covariate.levels) <= 2:
        words = covariate.level_labels[0] if covariate.levels[0] else label(covariate.name)
        smd = binary_smd(float(treated.shares[0]), float(control.shares[0]))
        return _Difference(smd, f"share of {words}: (p₁ − p₀) / √((p₁q₁ + p₀q₀) / 2)")
    return _Difference(
        categorical_smd(treated.shares, control.shares),
        f"shares of {len(covariate.levels)} levels: Mahalanobis distance (Yang and Dalton 2012), without sign",
        signed=False,
    )


def _of_continuous(treated: Summary, control: Summary) -> _Difference:
    formula = "(mean₁ − mean₀) / √((s₁² + s₀²) / 2)"
    printed = [summary.moments for summary in (treated, control)]
    if all({"mean", "sd"} <= set(moments) for moments in printed):
        one, other = ((moments["mean"], moments["sd"]) for moments in printed)
        ratio = (one[1] / other[1]) ** 2 if other[1] > 0 else math.nan
        return _Difference(mean_smd(one, other), f"means: {formula}", variance_ratio=ratio)
    if all({"median", "q1", "q3"} <= set(moments) for moments in printed):
        words = f"medians and quartiles, turned into means and SDs (Wan 2014): {formula}"
        try:
            pair = [
                mean_and_sd_from_quartiles(
                    summary.moments["q1"], summary.moments["median"], summary.moments["q3"], summary.n
                )
                for summary in (treated, control)
            ]
        except ValueError as error:
            return _Difference(math.nan, words, note=str(error))
        return _Difference(mean_smd(*pair), words)
    return _Difference(math.nan, "none", note="neither mean and SD nor median and quartiles for both arms")
