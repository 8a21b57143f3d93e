"""Pairs of treated patients and controls: greedy nearest neighbour for many cohorts at once, optimal for one."""

from __future__ import annotations

from typing import Literal

import numpy as np

Order = Literal["largest", "smallest", "closest", "random", "data"]
ORDERS: tuple[Order, ...] = ("largest", "smallest", "closest", "random", "data")


def greedy(
    positions: np.ndarray,
    treated: np.ndarray,
    caliper: np.ndarray | float = np.inf,
    *,
    order: Order = "largest",
    ratio: int = 1,
    replace: bool = False,
    rng: np.random.Generator | None = None,
    strata: np.ndarray | None = None,
    bounded: np.ndarray | None = None,
    widths: np.ndarray | None = None,
) -> np.ndarray:
    """Greedy nearest-neighbour matching of many cohorts, k controls to a treated patient.

    Parameters
    ----------
    positions
        Propensity scores or their logits, shape (cohorts, patients). They are compared as they are: round them first
        where patients with equal covariates shall tie whatever the last digit of a sum (:func:`tied`).
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
    strata
        Labels, int, shape (cohorts, patients) or (patients,): only patients with equal ones are paired.
    bounded, widths
        Covariates with calipers of their own, shape (cohorts, patients, J) or (patients, J), and the calipers, (J,).

    Returns
    -------
    numpy.ndarray
        Indices of the matched controls among all patients, -1 where there is none, shape (cohorts, treated patients,
        ratio); treated patients in the order of the data.

    References
    ----------
    Rosenbaum PR, Rubin DB. Am Stat 1985;39:33-38. Ho DE, Imai K, King G, Stuart EA. J Stat Softw 2011;42(8).
    """
    from haicbook.matching import kernels

    count, patients = positions.shape
    members, others = np.flatnonzero(treated), np.flatnonzero(~treated)
    partners = np.full((count, len(members), ratio), -1)
    bounds = np.zeros((patients, 0)) if bounded is None else bounded
    labels = np.zeros(patients, dtype=np.int64) if strata is None else strata
    kernels.greedy(
        np.ascontiguousarray(positions, dtype=float),
        members,
        others[np.argsort(positions[:, others], axis=1, kind="stable")],
        _queues(positions[:, members], order, rng),
        np.array(np.broadcast_to(caliper, count), dtype=float),
        order == "closest",
        replace,
        np.array(np.broadcast_to(labels, (count, patients)), dtype=np.int64),
        np.array(np.broadcast_to(bounds, (count, *bounds.shape[-2:])), dtype=float),
        np.zeros(0) if widths is None else np.asarray(widths, dtype=float),
        partners,
    )
    return partners


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
