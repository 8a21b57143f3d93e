"""Propensity score matching of patients in rows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from haicbook.matching.engine.matched import Matched
from haicbook.matching.engine.pairs import CALIPER_SCALES, ORDERS, CaliperScale, Order, distances, greedy, optimal, tied
from haicbook.matching.engine.scores import Scores, given_scores, propensity_scores

Method = Literal["nearest", "optimal"]
Discard = Literal["none", "treated", "control", "both"]
_UNITS = {"score": "", "sd_score": " SD of the score", "sd_logit": " SD of the logit"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Request:
    """What :func:`haicbook.matching.match` was asked for.

    Attributes
    ----------
    treatment, covariates
        Columns of the frame.
    method
        `nearest`: greedy nearest neighbour; `optimal`: as many pairs as are allowed at the least total distance.
    order
        Who chooses first in greedy matching: the patient with the `largest` score (the default) or the `smallest`, the
        `closest` pair, at `random` (needs `rng`), or as in the `data`.
    ratio
        Controls for each treated patient. Everyone has a first before anyone has a second.
    replace
        Whether a control can be matched more than once.
    caliper
        Largest distance within a pair, in units of `caliper_scale`; None for no caliper.
    caliper_scale
        `score`: difference of the scores; `sd_score`: of the scores, in their SDs; `sd_logit`: of the logits, in their
        SDs. SDs are over all patients of both arms. It is also the distance on which neighbours are near.
    exact
        Columns in which partners must be equal.
    covariate_calipers
        Numeric columns in which partners may differ by so much at the most, in the column's unit.
    discard
        Patients set aside first whose score lies outside the other arm's range: `none`, `treated`, `control`, `both`.
    scores
        Scores from elsewhere, one for each row; then nothing is fitted.
    rng
        Source of randomness, for the random order.
    """

    treatment: str
    covariates: tuple[str, ...]
    method: Method = "nearest"
    order: Order | None = None
    ratio: int = 1
    replace: bool = False
    caliper: float | None = None
    caliper_scale: CaliperScale = "sd_logit"
    exact: Sequence[str] = ()
    covariate_calipers: Mapping[str, float] = field(default_factory=dict)
    discard: Discard = "none"
    scores: pd.Series | np.ndarray | None = None
    rng: np.random.Generator | None = None

    @property
    def description(self) -> str:
        """The matching in a sentence."""
        distance = "the logit of the propensity score" if self.caliper_scale == "sd_logit" else "the propensity score"
        parts = [f"{self.method.capitalize()} {self.ratio}:1 matching on {distance}"]
        if self.method == "nearest":
            order = self.order or "largest"
            turn = {"random": "in random order", "data": "in the order of the data"}.get(order, f"{order} first")
            parts.append("with replacement" if self.replace else f"without replacement, {turn}")
        caliper = "no caliper" if self.caliper is None else f"caliper {self.caliper:g}{_UNITS[self.caliper_scale]}"
        parts.append(caliper)
        parts += [f"exact on {', '.join(self.exact)}"] if self.exact else []
        parts += [f"{name} within {width:g}" for name, width in self.covariate_calipers.items()]
        whom = {"treated": "treated patients", "control": "controls", "both": "patients"}.get(self.discard)
        parts += [f"{whom} outside the common support set aside"] if whom else []
        return "; ".join(parts) + "."

    def require(self, frame: pd.DataFrame) -> None:
        """Raise a ValueError that names everything wrong with the request for these patients."""
        problems = [*_of_settings(self), *_of_columns(self, frame), *_of_covariate_calipers(self, frame)]
        if self.treatment in frame.columns:
            problems += _of_treatment(self, frame)
        problems += _of_scores(self, frame)
        if problems:
            raise ValueError("; ".join(problems))


def _of_settings(request: Request) -> list[str]:
    problems = []
    choices = {
        "method": (request.method, get_args(Method)),
        "caliper_scale": (request.caliper_scale, CALIPER_SCALES),
        "discard": (request.discard, get_args(Discard)),
        "order": (request.order or "largest", ORDERS),
    }
    for name, (found, allowed) in choices.items():
        if found not in allowed:
            problems.append(f"{name} is {found!r}, allowed is {', '.join(allowed)}")
    if request.order == "random" and request.rng is None:
        problems.append("order is 'random', which needs a numpy.random.Generator as rng")
    if request.method == "optimal" and (request.order is not None or request.replace):
        problems.append("optimal matching has no order and no replacement")
    ratio = request.ratio
    if isinstance(ratio, bool) or not isinstance(ratio, int | np.integer) or ratio < 1:
        problems.append(f"ratio is {ratio!r}, allowed is a whole number from 1 up")
    if request.caliper is not None and not _positive(request.caliper):
        problems.append(f"caliper is {request.caliper!r}, allowed is a number above 0, or None for no caliper")
    return problems


def _positive(number: Any) -> bool:
    return isinstance(number, int | float | np.number) and not isinstance(number, bool) and float(number) > 0


def _of_columns(request: Request, frame: pd.DataFrame) -> list[str]:
    problems = []
    if not frame.index.is_unique:
        problems.append("the frame's index has repeated labels; allowed is one label for each patient (reset_index)")
    if not request.covariates:
        problems.append("there are no covariates; allowed is one or more")
    if request.treatment in request.covariates:
        problems.append(f"{request.treatment} is the treatment and cannot be a covariate")
    asked = dict.fromkeys([request.treatment, *request.covariates, *request.exact, *request.covariate_calipers])
    if unknown := [name for name in asked if name not in frame.columns]:
        problems.append(f"unknown: {', '.join(unknown)}; the frame has {', '.join(map(str, frame.columns))}")
    for name in asked:
        if name in unknown:
            continue
        if missing := int(frame[name].isna().sum()):
            problems.append(f"{name} is missing for {missing} patients; match complete rows, or impute first")
        elif pd.api.types.is_numeric_dtype(frame[name]) and not np.isfinite(frame[name].to_numpy(dtype=float)).all():
            problems.append(f"{name} has infinite values")
    return problems


def _of_covariate_calipers(request: Request, frame: pd.DataFrame) -> list[str]:
    problems = []
    for name, width in request.covariate_calipers.items():
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name]):
            problems.append(f"{name} has a caliper but is not numeric; ask for it as exact")
        # a width of 0 asks for equal values, which is a sensible thing to ask
        if not (_positive(width) or width == 0):
            problems.append(f"the caliper of {name} is {width!r}, allowed is a number from 0 up")
    return problems


def _of_treatment(request: Request, frame: pd.DataFrame) -> list[str]:
    name, values = request.treatment, frame[request.treatment].dropna()
    found = sorted(values.unique().tolist(), key=str)
    if not set(found) <= {0, 1}:
        some = ", ".join(repr(value) for value in found[:5]) + (", …" if len(found) > 5 else "")
        hint = f', such as frame["{name}"] == {found[-1]!r}' if len(found) == 2 else ""
        return [f"{name} has the values {some}; allowed are 0 and 1, or truth values{hint}"]
    counts = {value: int((values == value).sum()) for value in (1, 0)}
    problems = [
        f"no patient has {name} {value}: the {words} arm is empty"
        for value, words in ((1, "treated"), (0, "control"))
        if not counts[value]
    ]
    if not problems and isinstance(request.ratio, int | np.integer) and request.ratio > counts[0]:
        problems.append(f"ratio is {request.ratio}, but there are only {counts[0]} controls")
    return problems


def _of_scores(request: Request, frame: pd.DataFrame) -> list[str]:
    if request.scores is None:
        return []
    scores = np.asarray(request.scores, dtype=float)
    if scores.shape != (len(frame),):
        return [f"the scores have shape {scores.shape}; allowed is one for each of {len(frame)} patients"]
    if isinstance(request.scores, pd.Series) and not request.scores.index.equals(frame.index):
        return ["the index of the scores is not that of the frame"]
    if not ((scores >= 0) & (scores <= 1)).all():
        return [f"scores run from {np.min(scores):g} to {np.max(scores):g}; allowed is 0 to 1, none missing"]
    if request.caliper_scale == "sd_logit" and not ((scores > 0) & (scores < 1)).all():
        return ["scores of 0 or 1 have no logit; allowed on the scale sd_logit is between 0 and 1"]
    return []


def match(frame: pd.DataFrame, treatment: str, covariates: Sequence[str], **options: Any) -> Matched:
    """Match treated patients with controls on the propensity score.

    Parameters
    ----------
    frame
        Patients in rows, with a unique index.
    treatment
        Column of 0 and 1, or of truth values.
    covariates
        Columns of the score's logistic regression: numbers as they are, anything else as categories.
    options
        `method`, `order`, `ratio`, `replace`, `caliper`, `caliper_scale`, `exact`, `covariate_calipers`, `discard`,
        `scores`, `rng`: see :class:`.Request`.

    Returns
    -------
    Matched
        With no pairs, and a message, where no pair is allowed.

    Raises
    ------
    ValueError
        When columns are unknown, incomplete or not of their kind, an arm is empty, or settings are out of range; all
        that is wrong is said at once.

    Examples
    --------
    >>> frame = pd.DataFrame({"treat": [1, 1, 0, 0, 0], "age": [50, 61, 48, 60, 75]})
    >>> match(frame, "treat", ["age"]).pairs.control.tolist()
    [2, 3]
    """
    request = Request(treatment=treatment, covariates=tuple(covariates), **options)
    if isinstance(request.exact, str):
        request = dataclasses.replace(request, exact=(request.exact,))
    request.require(frame)
    treated = frame[treatment].to_numpy() == 1
    fitted = _scores(frame, treated, request)
    discarded = _outside(fitted.probability.to_numpy(), treated, request.discard)
    kept = np.flatnonzero(~discarded)
    positions, units = distances(fitted.logit.to_numpy()[None], request.caliper_scale)
    limit = math.inf if request.caliper is None else request.caliper * float(units[0])
    positions = tied(positions[0])
    partners = _partners(frame.iloc[kept], positions[kept], treated[kept], limit, request)
    pairs = _pairs(frame, kept, treated[kept], partners, positions)
    return Matched(
        data=frame,
        treatment=treatment,
        covariates=request.covariates,
        scores=fitted,
        pairs=pairs,
        weights=_weights(frame, pairs),
        discarded=pd.Series(discarded, index=frame.index, name="discarded"),
        description=request.description,
        messages=(*fitted.messages, *_messages(partners, treated[kept], request.ratio)),
    )


# --- parts of it ------------------------------------------------------------------------------------------------------


def _scores(frame: pd.DataFrame, treated: np.ndarray, request: Request) -> Scores:
    if request.scores is None:
        return propensity_scores(frame, treated, list(request.covariates))
    return given_scores(pd.Series(np.asarray(request.scores, dtype=float), index=frame.index))


def _partners(
    frame: pd.DataFrame, positions: np.ndarray, treated: np.ndarray, limit: float, request: Request
) -> np.ndarray:
    """Places of the controls of each treated patient, shape (treated patients, ratio), -1 for none."""
    if not treated.any() or treated.all():
        return np.full((int(treated.sum()), request.ratio), -1)
    exact, widths = list(request.exact), request.covariate_calipers
    bounds: dict[str, Any] = {
        "strata": frame.groupby(exact, observed=True).ngroup().to_numpy() if exact else None,
        "bounded": frame[list(widths)].to_numpy(dtype=float) if widths else None,
        "widths": np.array(list(widths.values()), dtype=float) if widths else None,
    }
    if request.method == "optimal":
        return optimal(positions, treated, limit, ratio=request.ratio, **bounds)
    rules: dict[str, Any] = {"order": request.order or "largest", "ratio": request.ratio, "replace": request.replace}
    chosen: np.ndarray = greedy(positions[None], treated, limit, rng=request.rng, **rules, **bounds)[0]
    return chosen


def _outside(scores: np.ndarray, treated: np.ndarray, discard: Discard) -> np.ndarray:
    """Patients whose score lies outside the range of the other arm's, as far as they are to be set aside."""
    outside = np.zeros(len(scores), dtype=bool)
    for arm, name in ((treated, "treated"), (~treated, "control")):
        if discard in (name, "both"):
            other = scores[~arm]
            outside |= arm & ((scores < other.min()) | (scores > other.max()))
    return outside


def _pairs(
    frame: pd.DataFrame, kept: np.ndarray, treated: np.ndarray, partners: np.ndarray, positions: np.ndarray
) -> pd.DataFrame:
    member, turn = np.nonzero(partners >= 0)
    ones, others = kept[np.flatnonzero(treated)[member]], kept[partners[member, turn]]
    return pd.DataFrame(
        {
            "set": np.unique(member, return_inverse=True)[1] + 1,
            "treated": frame.index[ones],
            "control": frame.index[others],
            "distance": np.abs(positions[ones] - positions[others]),
        }
    )


def _weights(frame: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    weights = pd.Series(0.0, index=frame.index, name="weight")
    weights[pairs.treated.unique()] = 1.0
    shares = 1 / pairs.groupby("treated").control.transform("size")
    of_controls = shares.groupby(pairs.control).sum()
    weights[of_controls.index] = of_controls
    return weights


def _messages(partners: np.ndarray, treated: np.ndarray, ratio: int) -> list[str]:
    found = (partners >= 0).sum(axis=1)
    messages = []
    if not treated.any() or treated.all():
        messages.append("No patient is left in one arm after those outside the common support were set aside.")
    if not found.any():
        return [*messages, "No pair is allowed: nobody is matched."]
    none, fewer = int((found == 0).sum()), int(((found > 0) & (found < ratio)).sum())
    if none:
        messages.append(f"{none} of {len(found)} treated patients have no partner.")
    if fewer:
        messages.append(f"{fewer} of {len(found)} treated patients have fewer than {ratio} partners.")
    return messages
