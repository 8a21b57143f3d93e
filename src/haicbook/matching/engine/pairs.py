"""Pairs of treated patients and controls, and the scale on which they are close.

Greedy nearest neighbour for many cohorts at once, optimal for one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

Order = Literal["largest", "smallest", "closest", "random", "data"]
ORDERS: tuple[Order, ...] = ("largest", "smallest", "closest", "random", "data")
CaliperScale = Literal["score", "sd_score", "sd_logit"]
CALIPER_SCALES: tuple[CaliperScale, ...] = ("score", "sd_score", "sd_logit")

# beyond these logits a score is 0 or 1 in double precision, and the exponential overflows
_FAR = 700.0
_BISECTIONS = 16


def distances(logits: np.ndarray, scale: CaliperScale) -> tuple[np.ndarray, np.ndarray]:
    """The quantity that pairs are close in, and one unit of the caliper.

    Parameters
    ----------
    logits
        Shape (cohorts, patients).
    scale
        `score`: the caliper is an absolute difference of propensity scores; `sd_score` and `sd_logit`: it counts
        standard deviations of the score or of its logit, over both arms together as R's MatchIt takes them.

    Returns
    -------
    tuple of numpy.ndarray
        Positions, shape (cohorts, patients), and units, shape (cohorts,).

    Raises
    ------
    ValueError
        When the scale is none of these.
    """
    if scale not in CALIPER_SCALES:
        raise ValueError(f"found caliper scale {scale!r}; allowed are {', '.join(CALIPER_SCALES)}")
    positions = logits if scale == "sd_logit" else 1 / (1 + np.exp(-np.clip(logits, -_FAR, _FAR)))
    units = np.ones(len(logits)) if scale == "score" else positions.std(axis=1, ddof=1)
    return positions, units


class Queued(NamedTuple):
    """B cohorts of the same patients' arms, sorted for greedy matching.

    Attributes
    ----------
    positions
        Scores or logits, shape (B, patients).
    treated
        Indices of the T treated patients, shape (T,).
    controls
        Indices of the controls by rising position, ties by index, shape (B, C).
    queues
        Who is matched when, as places in `treated`, shape (B, T).
    strata, bounded, widths
        As for :func:`greedy`; empty `widths` for none.
    """

    positions: np.ndarray
    treated: np.ndarray
    controls: np.ndarray
    queues: np.ndarray
    strata: np.ndarray
    bounded: np.ndarray
    widths: np.ndarray

    def only(self, rows: np.ndarray) -> Queued:
        """Some of the cohorts, by their places."""
        return self._replace(positions=self.positions[rows], controls=self.controls[rows], queues=self.queues[rows])


def queued(
    positions: np.ndarray,
    treated: np.ndarray,
    order: Order = "largest",
    rng: np.random.Generator | None = None,
    *,
    strata: np.ndarray | None = None,
    bounded: np.ndarray | None = None,
    widths: np.ndarray | None = None,
) -> Queued:
    """Cohorts sorted for greedy matching; parameters as for :func:`greedy`."""
    patients = positions.shape[1]
    members, others = np.flatnonzero(treated), np.flatnonzero(~treated)
    return Queued(
        np.ascontiguousarray(positions, dtype=float),
        members,
        others[np.argsort(positions[:, others], axis=1, kind="stable")],
        _queues(positions[:, members], order, rng),
        np.zeros(patients, dtype=np.int64) if strata is None else np.asarray(strata, dtype=np.int64),
        np.zeros((patients, 0)) if bounded is None else np.ascontiguousarray(bounded, dtype=float),
        np.zeros(0) if widths is None else np.asarray(widths, dtype=float),
    )


def _queues(positions: np.ndarray, order: Order, rng: np.random.Generator | None) -> np.ndarray:
    """Who is matched when, as places among the treated patients, shape (cohorts, treated patients)."""
    if order not in ORDERS:
        raise ValueError(f"found order {order!r}; allowed are {', '.join(ORDERS)}")
    if order == "random":
        if rng is None:
            raise ValueError("a random order needs a numpy.random.Generator as rng")
        return np.argsort(rng.random(positions.shape), axis=1, kind="stable")
    keys = {"largest": -positions, "smallest": positions}.get(order, np.zeros(positions.shape))
    return np.argsort(keys, axis=1, kind="stable")


def pair(
    cohorts: Queued, caliper: np.ndarray, order: Order, ratio: int, *, replace: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Greedy nearest-neighbour matching of cohorts that are sorted already.

    Returns
    -------
    tuple of numpy.ndarray
        Partners as of :func:`greedy`, and for each cohort the calipers that give the same ones, shape (cohorts, 2):
        from the first to below the second.
    """
    from haicbook.matching.engine import loops

    partners = np.full((*cohorts.queues.shape, ratio), -1)
    spans = np.tile([0.0, np.inf], (len(partners), 1))
    loops.greedy(cohorts, caliper, order == "closest", replace, partners, spans)
    return partners, spans


def greedy(
    positions: np.ndarray,
    treated: np.ndarray,
    caliper: np.ndarray | float = np.inf,
    *,
    order: Order = "largest",
    ratio: int = 1,
    replace: bool = False,
    rng: np.random.Generator | None = None,
    **bounds: np.ndarray | None,
) -> np.ndarray:
    """Greedy nearest-neighbour matching of many cohorts, k controls to a treated patient.

    Parameters
    ----------
    positions
        Propensity scores or their logits, shape (cohorts, patients). They are compared as they are: round them first
        where patients with equal covariates shall tie whatever the last digit of a sum (`tied`).
    treated
        True in the experimental arm, shape (patients,); the same in all cohorts.
    caliper
        Largest distance within a pair, in units of `positions`, one or one for each cohort; infinite for none.
    order
        Who chooses first: the treated patient with the `largest` or `smallest` position, the `closest` pair, at
        `random`, or in the order of the `data`, which also settles ties. Without meaning when `replace` is true.
    ratio
        Controls for each treated patient, at least 1. Everyone has a first before anyone has a second.
    replace
        Whether a control can serve several treated patients (the same patient only once).
    rng
        Source of randomness, needed for the random order only.
    bounds
        `strata`: labels, int, shape (patients,); only patients with equal ones are paired. `bounded`, `widths`:
        covariates with calipers of their own, shape (patients, J), and the calipers, (J,).

    Returns
    -------
    numpy.ndarray
        Indices of the matched controls among all patients, -1 where there is none, shape (cohorts, treated patients,
        ratio); treated patients in the order of the data.

    References
    ----------
    Rosenbaum PR, Rubin DB. Am Stat 1985;39:33-38. Ho DE, Imai K, King G, Stuart EA. J Stat Softw 2011;42(8).
    """
    cohorts = queued(positions, treated, order, rng, **bounds)
    calipers = np.array(np.broadcast_to(caliper, len(positions)), dtype=float)
    return pair(cohorts, calipers, order, ratio, replace=replace)[0]


def narrowest(cohorts: Queued, wanted: int, order: Order, ratio: int, *, replace: bool) -> np.ndarray:
    """Partners under the narrowest caliper that keeps a number of pairs, found by bisection in each cohort.

    A run tells which other calipers would give the same partners, so most steps need none.

    Parameters
    ----------
    cohorts
        Sorted, see :func:`queued`.
    wanted
        Pairs to keep; with fewer whatever the caliper, all that are possible.
    order, ratio, replace
        As for :func:`greedy`.

    Returns
    -------
    numpy.ndarray
        As of :func:`greedy`.
    """
    low, high = np.zeros(len(cohorts.positions)), np.ptp(cohorts.positions, axis=1)
    partners, _ = pair(cohorts, high, order, ratio, replace=replace)
    # from here up to `high` there are the same pairs, enough; from `low` to below there, the same too few
    same_from, same_below = np.full(len(low), np.inf), np.zeros(len(low))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = middle >= same_from
        tried = np.flatnonzero(~enough & (middle >= same_below))
        found, spans = pair(cohorts.only(tried), middle[tried], order, ratio, replace=replace)
        kept = (found[:, :, 0] >= 0).sum(axis=1) >= wanted
        enough[tried] = kept
        partners[tried[kept]], same_from[tried[kept]] = found[kept], spans[kept, 0]
        same_below[tried[~kept]] = spans[~kept, 1]
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return partners


def tied(positions: np.ndarray, digits: int = 10) -> np.ndarray:
    """Positions rounded, so that equal covariates give equal positions on every processor."""
    return np.round(positions, digits)


def optimal(
    positions: np.ndarray,
    treated: np.ndarray,
    caliper: float = np.inf,
    *,
    ratio: int = 1,
    strata: np.ndarray | None = None,
    bounded: np.ndarray | None = None,
    widths: np.ndarray | None = None,
) -> np.ndarray:
    """Optimal pair matching of one cohort: as many pairs as are allowed, at the least total distance.

    Parameters
    ----------
    positions
        Propensity scores or their logits, shape (patients,).
    treated, caliper, ratio, strata, bounded, widths
        As for :func:`greedy`, without an axis for cohorts.

    Returns
    -------
    numpy.ndarray
        As of :func:`greedy`, shape (treated patients, ratio).

    References
    ----------
    Rosenbaum PR. J Am Stat Assoc 1989;84:1024-1032; the assignment is scipy's (Crouse 2016).
    """
    from scipy.optimize import linear_sum_assignment

    members, others = np.flatnonzero(treated), np.flatnonzero(~treated)
    distances = np.abs(positions[members][:, None] - positions[others])
    allowed = distances <= caliper
    if strata is not None:
        allowed &= strata[members][:, None] == strata[others]
    if bounded is not None and widths is not None:
        gaps = np.abs(bounded[members][:, None] - bounded[others])
        allowed &= (gaps <= widths).all(axis=2)
    partners = np.full((len(members), ratio), -1)
    if not allowed.any():
        return partners
    # a forbidden pair costs more than all allowed ones together, so that as few as possible are chosen
    forbidden = (distances[allowed].max() + 1) * (min(len(members) * ratio, len(others)) + 1)
    costs = np.repeat(np.where(allowed, distances, forbidden), ratio, axis=0)
    for place, control in zip(*linear_sum_assignment(costs), strict=True):
        member = place // ratio
        if allowed[member, control]:
            partners[member, np.argmax(partners[member] < 0)] = others[control]
    return partners
