"""A request for matching, in words; all that is wrong with one is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from haicbook.matching.calipers import CALIPER_SCALES, CaliperScale
from haicbook.matching.pairs import ORDERS, Order

Method = Literal["nearest", "optimal"]
Discard = Literal["none", "treated", "control", "both"]
_UNITS = {"score": "", "sd_score": " SD of the score", "sd_logit": " SD of the logit"}


@dataclass(frozen=True, eq=False)
class Request:
    """What :func:`haicbook.matching.match` was asked for; the fields are its parameters."""

    treatment: str
    covariates: tuple[str, ...]
    method: Method
    order: Order | None
    ratio: int
    replace: bool
    caliper: float | None
    caliper_scale: CaliperScale
    exact: tuple[str, ...]
    covariate_calipers: Mapping[str, float]
    discard: Discard
    scores: pd.Series | np.ndarray | None
    rng: np.random.Generator | None

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
