"""Actuarial life tables of many data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from haicbook.survival.estimators.batches import Floats, Ints, as_batch, as_grid


@dataclass(frozen=True)
class LifeTable:
    """Actuarial survival of B data sets over K intervals of time.

    Attributes
    ----------
    edges
        (K + 1,) months: interval k is from edge k up to, and without, edge k + 1.
    entering, censored, deaths
        (B, K) patients who enter each interval, are censored in it, die in it.
    survival
        (B, K) at the end of each interval.
    greenwood
        (B, K) the variance of its logarithm. Infinite where survival is 0.
    """

    edges: Floats
    entering: Ints
    censored: Ints
    deaths: Ints
    survival: Floats
    greenwood: Floats


def life_table(time: ArrayLike, event: ArrayLike, edges: ArrayLike) -> LifeTable:
    """Life table: those censored in an interval count as exposed for half of it.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    edges
        (K + 1,) months, ascending, from 0; whole months in most programs.

    Returns
    -------
    LifeTable

    Raises
    ------
    ValueError
        When the edges do not ascend from 0, or times and events are not as they must be.

    References
    ----------
    Cutler and Ederer, J Chronic Dis 8 (1958) 699-712; SAS PROC LIFETEST, METHOD=LIFE.
    """
    times, events = as_batch(time, event)
    borders = as_grid(edges)
    if borders.size < 2 or borders[0] != 0 or (np.diff(borders) <= 0).any():
        raise ValueError("edges must ascend from 0, such as 0, 1, 2 months")
    data_sets, n = times.shape
    intervals = borders.size - 1
    place = np.searchsorted(borders, times, side="right") - 1
    cells = place + (intervals + 1) * np.arange(data_sets)[:, None]

    def counted(chosen: np.ndarray) -> Ints:
        counts = np.bincount(cells[chosen], minlength=data_sets * (intervals + 1))
        return counts.reshape(data_sets, intervals + 1)[:, :intervals].astype(np.int64)

    deaths, censored = counted(events), counted(~events)
    gone = np.cumsum(deaths + censored, axis=1)
    entering = n - gone + deaths + censored
    exposed = entering - censored / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(deaths > 0, deaths / exposed, 0.0)
        green = np.where(deaths > 0, share / (exposed - deaths), 0.0)
    survival = np.cumprod(1 - share, axis=1)
    return LifeTable(borders, entering, censored, deaths, survival, np.cumsum(green, axis=1))
