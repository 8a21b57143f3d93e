"""Propensity score matching of patients in rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from haicbook.matching import pairs as pairing
from haicbook.matching.calipers import CaliperScale, distances
from haicbook.matching.matched import Matched
from haicbook.matching.pairs import Order
from haicbook.matching.requests import Discard, Method, Request
from haicbook.matching.scores import Scores, given_scores, propensity_scores


def match(
    frame: pd.DataFrame,
    treatment: str,
    covariates: Sequence[str],
    *,
    method: Method = "nearest",
    order: Order | None = None,
    ratio: int = 1,
    replace: bool = False,
    caliper: float | None = None,
    caliper_scale: CaliperScale = "sd_logit",
    exact: Sequence[str] = (),
    covariate_calipers: Mapping[str, float] | None = None,
    discard: Discard = "none",
    scores: pd.Series | np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> Matched:
    """Match treated patients with controls on the propensity score.

    Parameters
    ----------
    frame
        Patients in rows, with a unique index.
    treatment
        Column of 0 and 1, or of truth values.
    covariates
        Columns of the score's logistic regression: numbers as they are, anything else as categories.
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
    request = Request(
        treatment=treatment,
        covariates=tuple(covariates),
        method=method,
        order=order,
        ratio=ratio,
        replace=replace,
        caliper=caliper,
        caliper_scale=caliper_scale,
        exact=(exact,) if isinstance(exact, str) else tuple(exact),
        covariate_calipers=dict(covariate_calipers or {}),
        discard=discard,
        scores=scores,
        rng=rng,
    )
    request.require(frame)
    treated = frame[treatment].to_numpy() == 1
    fitted = _scores(frame, treated, request)
    discarded = _outside(fitted.probability.to_numpy(), treated, discard)
    positions, units = distances(fitted.logit.to_numpy()[None], caliper_scale)
    positions, limit = pairing.tied(positions[0]), math.inf if caliper is None else caliper * float(units[0])
    kept = np.flatnonzero(~discarded)
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
        messages=(*fitted.messages, *_messages(partners, treated[kept], ratio)),
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
    strata = frame.groupby(exact, observed=True).ngroup().to_numpy() if exact else None
    bounded = frame[list(widths)].to_numpy(dtype=float) if widths else None
    limits = np.array(list(widths.values()), dtype=float) if widths else None
    if request.method == "optimal":
        return pairing.optimal(
            positions, treated, limit, ratio=request.ratio, strata=strata, bounded=bounded, widths=limits
        )
    partners = pairing.greedy(
        positions[None],
        treated,
        limit,
        order=request.order or "largest",
        ratio=request.ratio,
        replace=request.replace,
        rng=request.rng,
        strata=strata,
        bounded=bounded,
        widths=limits,
    )
    chosen: np.ndarray = partners[0]
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
