"""Propensity scores: of patients in rows, penalised where the arms separate; and of many cohorts at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

Fit = Literal["maximum likelihood", "Firth"]

_ITERATIONS, _TOLERANCE = 500, 1e-9
# a step that would raise the likelihood by less than this is a step near the maximum
_NEAR = 1e-8
# of a step in any coefficient, in SDs of its term (logistf's default)
_LONGEST = 5.0
# a direction that separates moves some patient's linear predictor by at least this much of the largest allowed step
_SEPARATES = 1e-6


@dataclass(frozen=True, eq=False)
class Scores:
    """Propensity scores.

    Attributes
    ----------
    probability
        Fitted probability of treatment, by patient.
    logit
        Its log odds.
    coefficients
        Of the model, by term; empty for scores that were given.
    fit
        `maximum likelihood`, `Firth`, or `given`.
    messages
        What there is to know about the fit, in sentences.
    """

    probability: pd.Series = field(repr=False)
    logit: pd.Series = field(repr=False)
    coefficients: pd.Series
    fit: str
    messages: tuple[str, ...]


def design_matrix(frame: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """Model matrix without intercept: numbers as they are, an indicator for each level but the first of the others.

    Shape (patients, terms), float. Levels are in their own order, or sorted.
    """
    columns = {}
    for name in covariates:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            columns[name] = column.astype(float)
            continue
        levels = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else sorted(column.unique())
        present = [level for level in levels if (column == level).any()]
        columns |= {f"{name}: {level}": (column == level).astype(float) for level in present[1:]}
    return pd.DataFrame(columns, index=frame.index)


def propensity_scores(frame: pd.DataFrame, treated: np.ndarray, covariates: list[str]) -> Scores:
    """Logistic regression of the arm on the covariates.

    By maximum likelihood (statsmodels). Where some combination of the covariates tells the arms apart, wholly or for
    some patients, that has no finite maximum: the model is then fitted with Firth's penalty, and a message says which
    terms separate. Terms that follow from others are left out, as R does.

    Parameters
    ----------
    frame
        Patients in rows, without missing values in the covariates.
    treated
        True in the treated arm, shape (patients,).
    covariates
        Columns; numbers, truth values, or categories.

    Returns
    -------
    Scores

    References
    ----------
    Separation: Albert A, Anderson JA. Biometrika 1984;71:1-10; found by linear programming as in Konis K, thesis,
    Oxford 2007. Penalty: Firth D. Biometrika 1993;80:27-38; Heinze G, Schemper M. Stat Med 2002;21:2409-2419.
    """
    design, redundant = _independent(design_matrix(frame, covariates))
    messages = [f"Left out, since they follow from the other terms: {', '.join(redundant)}."] if redundant else []
    matrix = np.column_stack([np.ones(len(design)), _scaled(design)])
    guilty = _separating(matrix, treated, list(design.columns))
    fit: Fit = "Firth" if guilty else "maximum likelihood"
    if guilty:
        messages.append(
            f"{', '.join(guilty)} separate{'s' if len(guilty) == 1 else ''} treated from control patients: the "
            "likelihood has no maximum, and the model is fitted with Firth's penalty instead."
        )
    coefficients = firth(matrix, treated) if guilty else _likeliest(matrix, treated)
    logit = pd.Series(matrix @ coefficients, index=frame.index, name="logit")
    named = _unscaled(coefficients, design)
    return Scores((1 / (1 + np.exp(-logit))).rename("score"), logit, named, fit, tuple(messages))


def given_scores(scores: pd.Series) -> Scores:
    """Scores that were estimated elsewhere, between 0 and 1."""
    with np.errstate(divide="ignore"):
        logit = pd.Series(np.log(scores) - np.log1p(-scores), index=scores.index, name="logit")
    return Scores(scores.rename("score"), logit, pd.Series(dtype=float), "given", ())


# --- the matrix -------------------------------------------------------------------------------------------------------


def _scaled(design: pd.DataFrame) -> np.ndarray:
    """Columns with mean 0 and SD 1: no fitted value changes, and incomes beside indicators stay solvable."""
    values = design.to_numpy()
    scaled: np.ndarray = (values - values.mean(axis=0)) / values.std(axis=0)
    return scaled


def _unscaled(coefficients: np.ndarray, design: pd.DataFrame) -> pd.Series:
    slopes = coefficients[1:] / design.to_numpy().std(axis=0)
    intercept = coefficients[0] - slopes @ design.to_numpy().mean(axis=0)
    return pd.Series([intercept, *slopes], index=["intercept", *design.columns])


def _independent(design: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The terms that do not follow from the intercept and earlier ones, and the names of those that do."""
    kept, basis = [], np.ones((len(design), 1)) / np.sqrt(len(design))
    for name in design.columns:
        column = design[name].to_numpy()
        rest = column - basis @ (basis.T @ column)
        # twice, for the sake of rounding
        rest = rest - basis @ (basis.T @ rest)
        length, size = np.linalg.norm(rest), np.linalg.norm(column)
        if length > 1e-8 * max(float(size), 1e-300):
            kept.append(name)
            basis = np.column_stack([basis, rest / length])
    return design[kept], [name for name in design.columns if name not in kept]


def _separating(matrix: np.ndarray, treated: np.ndarray, names: list[str]) -> list[str]:
    """The terms of a direction in which no patient is on the wrong side and some are not on the border; or none."""
    from scipy.optimize import linprog

    sided = np.where(treated, 1.0, -1.0)[:, None] * matrix
    found = linprog(-sided.sum(axis=0), A_ub=-sided, b_ub=np.zeros(len(sided)), bounds=(-1, 1), method="highs")
    if found.status != 0 or -found.fun <= _SEPARATES * len(sided):
        return []
    return [name for name, weight in zip(names, found.x[1:], strict=True) if abs(weight) > _SEPARATES] or names


# --- the fits ---------------------------------------------------------------------------------------------------------


def _likeliest(matrix: np.ndarray, treated: np.ndarray) -> np.ndarray:
    from statsmodels.discrete.discrete_model import Logit

    coefficients: np.ndarray = Logit(treated.astype(float), matrix).fit(disp=0, tol=1e-12, maxiter=_ITERATIONS).params
    return coefficients


def firth(matrix: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Logistic regression with Firth's penalty, half the log determinant of the information: always finite.

    Parameters
    ----------
    matrix
        Model matrix with intercept, shape (patients, terms), of full rank.
    treated
        Shape (patients,).

    Raises
    ------
    RuntimeError
        When Newton's method does not settle.

    References
    ----------
    Firth D. Biometrika 1993;80:27-38; Heinze G, Schemper M. Stat Med 2002;21:2409-2419.
    """
    coefficients = np.zeros(matrix.shape[1])
    for _ in range(_ITERATIONS):
        score, information = _penalised_score(matrix, treated, coefficients)
        step = np.linalg.solve(information, score)
        step = step / max(1.0, np.abs(step).max() / _LONGEST)
        gain, objective = float(score @ step), _penalised(matrix, treated, coefficients)
        if np.abs(step).max() < _TOLERANCE:
            return coefficients
        # the information is not quite the slope of this score: near the maximum whole steps can swing about it, by
        # less than the likelihood can tell, so there they are halved
        size = 0.5 if gain < _NEAR else 1.0
        while gain >= _NEAR and size > _TOLERANCE:
            if _penalised(matrix, treated, coefficients + size * step) >= objective + size * gain / 9:
                break
            size /= 2
        coefficients = coefficients + size * step
    raise RuntimeError(f"the penalised logistic regression did not settle in {_ITERATIONS} steps")


def _penalised_score(
    matrix: np.ndarray, treated: np.ndarray, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Firth's score, shape (terms,), and the information, shape (terms, terms)."""
    fitted = 1 / (1 + np.exp(-matrix @ coefficients))
    weighted = matrix * (fitted * (1 - fitted))[:, None]
    information = matrix.T @ weighted
    leverage = np.einsum("ij,ji->i", weighted, np.linalg.solve(information, matrix.T))
    return matrix.T @ (treated - fitted + leverage * (0.5 - fitted)), information


def _penalised(matrix: np.ndarray, treated: np.ndarray, coefficients: np.ndarray) -> float:
    linear = matrix @ coefficients
    fitted = 1 / (1 + np.exp(-linear))
    information = matrix.T @ (matrix * (fitted * (1 - fitted))[:, None])
    likelihood = -np.logaddexp(0, np.where(treated, -linear, linear)).sum()
    return float(likelihood + np.linalg.slogdet(information)[1] / 2)


# --- many cohorts at once ---------------------------------------------------------------------------------------------


ScoreModel = Literal["logistic", "probit", "discriminant", "codes"]
SCORE_MODELS: tuple[ScoreModel, ...] = ("logistic", "probit", "discriminant", "codes")

_STEPS = 25
# rise of twice the log-likelihood that the last step is still good for; the next would be good for its square
_RISE = 1e-7
# keeps a term solvable whose coefficient runs off to infinity (a level that only one arm has); moves no maximum
_JITTER = 1e-9
# probits beyond this have a density of zero in double precision
_FAR = 8.0


def logit_scores(design: np.ndarray, treated: np.ndarray, model: ScoreModel = "logistic") -> np.ndarray:
    """Logits of the propensity scores: a regression of the arm on the covariates.

    `logistic` (and `codes`, which is logistic on another model matrix) by maximum likelihood. Where a level has
    patients in one arm only the maximum lies at infinity; the fit then stops, as R's and SPSS's do, when the
    likelihood no longer rises, at scores near 0 or 1. `probit` by maximum likelihood. `discriminant`: Fisher's linear
    discriminant with the arms' sizes as prior odds.

    Parameters
    ----------
    design
        Model matrix with its intercept, shape (cohorts, patients, terms).
    treated
        Shape (patients,), True in the experimental arm.
    model
        One of `SCORE_MODELS`.

    Returns
    -------
    numpy.ndarray
        Log odds of the fitted probabilities, shape (cohorts, patients).

    Raises
    ------
    ValueError
        When there is no such model.
    """
    if model not in SCORE_MODELS:
        raise ValueError(f"found score model {model!r}; allowed are {', '.join(SCORE_MODELS)}")
    if model == "probit":
        return _logits_of_probits(_probit(design, treated))
    if model == "discriminant":
        return _discriminant(design[..., 1:], treated)
    from haicbook.matching.engine.loops import logistic

    return logistic(np.ascontiguousarray(design), treated.astype(float), _STEPS, _RISE, _JITTER)


def _probit(design: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Linear predictors of probit regressions by Fisher scoring, all cohorts as one array program."""
    from scipy.special import log_ndtr

    signs = np.where(treated, 1.0, -1.0)
    transposed = design.transpose(0, 2, 1)
    linear = np.zeros(design.shape[:2])
    coefficients = np.zeros((len(design), design.shape[2], 1))
    for _ in range(_STEPS):
        # density over the probability of a patient's own arm, by logarithms, since both vanish far out
        log_density = -(linear**2 + np.log(2 * np.pi)) / 2
        own = np.exp(log_density - log_ndtr(signs * linear))
        other = np.exp(log_density - log_ndtr(-signs * linear))
        step = np.linalg.solve(
            transposed @ (design * (own * other)[..., None]) + _JITTER * np.eye(design.shape[2]),
            transposed @ (signs * own)[..., None],
        )
        coefficients = coefficients + step
        linear = np.clip((design @ coefficients)[..., 0], -_FAR, _FAR)
        if np.abs(design @ step).max() <= 1e-9:
            break
    return linear


def _logits_of_probits(linear: np.ndarray) -> np.ndarray:
    from scipy.special import log_ndtr

    logits: np.ndarray = log_ndtr(linear) - log_ndtr(-linear)
    return logits


def _discriminant(terms: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Posterior log odds of two normal groups with one covariance, all cohorts as one array program."""
    means = [terms[:, arm].mean(axis=1, keepdims=True) for arm in (treated, ~treated)]
    within = np.concatenate([terms[:, treated] - means[0], terms[:, ~treated] - means[1]], axis=1)
    covariance = within.transpose(0, 2, 1) @ within / max(1, len(treated) - 2)
    slopes = np.linalg.solve(covariance + _JITTER * np.eye(terms.shape[2]), (means[0] - means[1]).transpose(0, 2, 1))
    centre = (means[0] + means[1]) / 2
    logits: np.ndarray = ((terms - centre) @ slopes)[..., 0] + np.log(treated.sum() / (~treated).sum())
    return logits
