"""Restricted mean survival time of many data sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from haicbook.survival.estimators.batches import Floats
from haicbook.survival.estimators.kaplan_meier import KaplanMeier, km


def rmst(time: ArrayLike, event: ArrayLike, horizon: float) -> Floats:
    """Restricted mean survival time (B,): the area under the curve from 0 to `horizon`, in months.

    Where the last patient is censored before the horizon, the last value is carried on.

    Raises
    ------
    ValueError
        When the horizon is not positive and finite.
    """
    return np.asarray(_areas(km(time, event), horizon).sum(axis=1), dtype=float)


def rmst_variance(time: ArrayLike, event: ArrayLike, horizon: float) -> tuple[Floats, Floats]:
    """Restricted mean survival time (B,) and its variance (B,), in months and months squared.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    horizon
        Months to which the mean is taken.

    Notes
    -----
    The variance is Greenwood's: over the times of death, the squared area still to come times d / (r (r - d)), as in
    R's survfit and survRM2. After a death that leaves nobody at risk no area is to come, and it adds nothing.

    References
    ----------
    Klein and Moeschberger, Survival Analysis (2003), section 4.5.
    """
    curve = km(time, event)
    areas = _areas(curve, horizon)
    to_come = np.cumsum(areas[:, :0:-1], axis=1)[:, ::-1]  # from each row to the horizon
    n = curve.time.shape[1]
    left = np.arange(n - 1, -1, -1, dtype=float)
    with np.errstate(divide="ignore"):
        term = np.where(left > 0, 1 / (left * (left + 1)), 0.0)
    variance = (to_come**2 * np.where(curve.event, term, 0.0)).sum(axis=1)
    return np.asarray(areas.sum(axis=1), dtype=float), np.asarray(variance, dtype=float)


def _areas(curve: KaplanMeier, horizon: float) -> Floats:
    """(B, n + 1) areas between the rows, from 0 to the horizon."""
    if not (np.isfinite(horizon) and horizon > 0):
        raise ValueError(f"the horizon is {horizon}; it must be a positive number of months")
    data_sets, n = curve.time.shape
    edges = np.empty((data_sets, n + 2))
    edges[:, 0], edges[:, -1] = 0.0, horizon
    np.minimum(curve.time, horizon, out=edges[:, 1:-1])
    areas = np.diff(edges, axis=1)
    areas[:, 1:] *= curve.survival
    return areas
