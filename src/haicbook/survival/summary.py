"""What a reconstruction says, as named values for a notebook's results."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from haicbook.survival.ensemble import Ensemble

QUANTILES = (0.0, 0.5, 1.0)


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of one part of a notebook: one seed and name give the same numbers, whatever ran before."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def spread(values: np.ndarray) -> tuple[float, float, float]:
    """Smallest, median and largest over the members, NaN left out; all NaN when every member's value is."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return (np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(finite, QUANTILES)
    return float(low), float(middle), float(high)


def _left_early(ensemble: Ensemble, arm: str) -> float:
    rows, medians = ensemble.members[arm], ensemble.medians(arm)
    median = np.where(np.isfinite(medians), medians, np.inf)[:, None]
    return float((~rows.event & (rows.time < median)).sum(axis=1).mean())


def summarise(ensemble: Ensemble, horizon: float) -> dict[str, float | int | str]:
    """Named values of one ensemble.

    Parameters
    ----------
    ensemble
        A reconstruction.
    horizon
        Months up to which mean survival is taken.

    Returns
    -------
    dict
        For each arm `<arm>.deaths`, `<arm>.median`, `<arm>.rmst` (medians over the members; months),
        `<arm>.left_early` (mean number of patients who leave follow-up before the arm's median) and `<arm>.band`
        (the mean width, over time, of the range of curves); with two arms also `rmst_difference` and its `.low` and
        `.high`; `members`, `digest`, `targets_met`, `targets_dropped`.
    """
    values: dict[str, float | int | str] = {"members": len(ensemble), "digest": ensemble.digest()}
    grid = np.linspace(0, horizon, 241)
    means = {}
    for arm in ensemble.targets.arms:
        curves = ensemble.curve(arm, grid)
        means[arm] = ensemble.rmst(arm, horizon)
        values |= {
            f"{arm}.deaths": spread(ensemble.deaths(arm).astype(float))[1],
            f"{arm}.median": spread(ensemble.medians(arm))[1],
            f"{arm}.rmst": spread(means[arm])[1],
            f"{arm}.rmst.low": spread(means[arm])[0],
            f"{arm}.rmst.high": spread(means[arm])[2],
            f"{arm}.left_early": _left_early(ensemble, arm),
            f"{arm}.band": float((curves.max(axis=0) - curves.min(axis=0)).mean()),
        }
    if len(means) == 2:
        first, second = means.values()
        low, middle, high = spread(first - second)
        values |= {"rmst_difference": middle, "rmst_difference.low": low, "rmst_difference.high": high}
    values["targets_dropped"] = len(ensemble.dropped)
    return values
