"""Two sources of uncertainty kept apart: the patients a study happened to have, and what its paper leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """One quantity over an ensemble.

    Attributes
    ----------
    estimate
        Mean over the members.
    sampling
        Standard deviation from the sampling of patients: root of the mean of the members' own variances.
    reconstruction
        Standard deviation between members: all of them meet the printed figures.
    total
        Root of the sum of both squares.
    low, high
        estimate ± normal quantile × total.
    members
        How many had a finite value and variance.
    """

    estimate: float
    sampling: float
    reconstruction: float
    total: float
    low: float
    high: float
    members: int

    @property
    def left_open(self) -> tuple[float, float]:
        """The limits that the reconstruction alone would have, at the same level."""
        half = (self.high - self.estimate) * (self.reconstruction / self.total if self.total else 0.0)
        return self.estimate - half, self.estimate + half


def spread(values: Floats, variances: Floats, confidence: float) -> Spread | None:
    """Split the variance of a quantity by the law of total variance: mean of variances plus variance of means.

    Parameters
    ----------
    values, variances
        (B,) a quantity in every member, and its sampling variance there; members where either is not finite are left
        out.
    confidence
        Level of the limits, in (0, 1).

    Returns
    -------
    Spread or None
        None when no member has a finite value.

    Raises
    ------
    ValueError
        When the level is not between 0 and 1.
    """
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, allowed is a number between 0 and 1, such as 0.95")
    finite = np.isfinite(values) & np.isfinite(variances)
    if not finite.any():
        return None
    within = float(variances[finite].mean())
    between = float(values[finite].var(ddof=1)) if finite.sum() > 1 else 0.0
    total, middle = float(np.sqrt(within + between)), float(values[finite].mean())
    half = float(ndtri(0.5 + confidence / 2)) * total
    return Spread(middle, within**0.5, between**0.5, total, middle - half, middle + half, int(finite.sum()))
