"""MarginDiscrepancy test: a printed matched table beside those that the matching gives on synthetic cohorts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

# below this SD a margin does not move: it is rounding
_STILL = 1e-12
DRIVER_COLUMNS = ["group", "distance_without", "share", "p_without"]


@dataclass(frozen=True, eq=False)
class MarginDiscrepancy:
    """The printed margins beside an ensemble of margins, all at once.

    Attributes
    ----------
    p
        Share of the print and the ensemble that lies at least as far out as the print does: 1 / (cohorts + 1) at the
        least. NaN when nothing can be compared. How far out a member lies is judged by its distance and by its most
        extreme row together.
    p_distance
        The same by the distance alone; `p_adjusted` of the rows has it by the most extreme row alone.
    distance
        Mahalanobis distance of the print from the centre of print and ensemble together.
    distances
        The same for each member of the ensemble, shape (cohorts,).
    rows
        For each margin compared, in the order given: `z`, the print in standard deviations from the mean; `p`, the
        two-sided rank of the print among the ensemble by itself; `p_adjusted`, the share of print and ensemble whose
        largest size of z over all rows is at least as large as this row's. NaN where nothing is printed.
    drivers
        For each group of margins (a covariate, in both arms), the most important first: `distance_without` it, the
        `share` of the squared distance that goes with it, and `p_without` it.
    members
        Members of the ensemble that could be compared.
    """

    p: float
    p_distance: float
    distance: float
    distances: np.ndarray = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    drivers: pd.DataFrame = field(repr=False)
    members: int


def discrepancy(
    ensemble: np.ndarray, printed: np.ndarray, groups: Sequence[str], free: np.ndarray | None = None
) -> MarginDiscrepancy:
    """Lay printed margins beside those of an ensemble.

    The print counts as one more member: centre and covariance are those of print and ensemble together. Each member's
    Mahalanobis distance (many rows a little off) and its largest standardised row (one row far off) are ranked among
    all, the two ranks multiplied as in Fisher's combination, and the product is ranked again. If the print came about
    as the ensemble did, its rank is uniform whatever the distribution, so p is calibrated under the assumptions the
    ensemble was drawn with. The covariance is shrunk towards its diagonal by q / (q + B) for q margins and B members,
    which keeps it invertible with few cohorts.

    Parameters
    ----------
    ensemble
        Shape (cohorts, margins). Members with a NaN (no pairs) are left out.
    printed
        Shape (margins,); NaN where nothing is printed.
    groups
        For each margin the covariate that it belongs to.
    free
        Margins that the distance is taken over, shape (margins,), True for all by default: the last level of a
        covariate follows from the others and would count twice.

    Returns
    -------
    MarginDiscrepancy

    References
    ----------
    Besag J, Clifford P. Biometrika 1989;76:633-642 (rank of the observed among simulated). Westfall PH, Young SS.
    Resampling-Based Multiple Testing. Wiley 1993 (largest statistic over rows).
    """
    shown = ~np.isnan(printed)
    known = ensemble[~np.isnan(ensemble[:, shown]).any(axis=1)]
    everyone = np.vstack([printed, known])
    rows = _rows(everyone, shown)
    used = shown & (np.ones(len(printed), dtype=bool) if free is None else free)
    if not used.any() or not len(known):
        nothing = pd.DataFrame([], columns=DRIVER_COLUMNS)
        return MarginDiscrepancy(math.nan, math.nan, math.nan, np.zeros(0), rows, nothing, len(known))
    names = np.array(groups)[used]
    z = _standardised(everyone[:, used])
    squares = _squared_distances(z)
    drivers = _drivers(z, names, float(squares[0]))
    distances = np.sqrt(squares)
    found = float(_ranks(squares)[0])
    return MarginDiscrepancy(_overall(z, squares), found, float(distances[0]), distances[1:], rows, drivers, len(known))


def _overall(z: np.ndarray, squares: np.ndarray) -> float:
    """Rank of the first member by distance and most extreme row together."""
    product = _ranks(squares) * _ranks(np.abs(z).max(axis=1, initial=0.0))
    return float(_ranks(-product)[0])


def _ranks(values: np.ndarray) -> np.ndarray:
    """For each value the share of all that are at least as large; equal up to rounding counts as equal."""
    ordered = np.sort(values)
    slack = 1e-9 * np.abs(values)
    ranks: np.ndarray = (len(values) - np.searchsorted(ordered, values - slack)) / len(values)
    return ranks


def _standardised(everyone: np.ndarray) -> np.ndarray:
    """Margins in SDs from the common mean, without those that never move; shrinking does then not depend on units."""
    centred = everyone - everyone.mean(axis=0)
    spread = centred.std(axis=0)
    return np.where(spread > _STILL, centred / np.where(spread > _STILL, spread, 1.0), 0.0)


def _squared_distances(z: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distances from the common centre, shape (members,), of standardised margins."""
    z = z[:, z.any(axis=0)]
    members, margins = z.shape
    if not margins:
        return np.zeros(members)
    weight = margins / (margins + members)
    shrunk = (1 - weight) * (z.T @ z) / members + weight * np.eye(margins)
    squares: np.ndarray = (z * np.linalg.solve(shrunk, z.T).T).sum(axis=1)
    return squares


def _rows(everyone: np.ndarray, shown: np.ndarray) -> pd.DataFrame:
    columns = {name: np.full(everyone.shape[1], math.nan) for name in ("z", "p", "p_adjusted")}
    if len(everyone) > 1 and shown.any():
        values = everyone[:, shown]
        z = _standardised(values)
        above = (values >= values[0]).mean(axis=0)
        below = (values <= values[0]).mean(axis=0)
        largest = np.sort(np.abs(z).max(axis=1))
        at_least = len(largest) - np.searchsorted(largest, np.abs(z[0]) * (1 - 1e-9))
        columns["z"][shown] = z[0]
        columns["p"][shown] = np.minimum(1.0, 2 * np.minimum(above, below))
        columns["p_adjusted"][shown] = at_least / len(largest)
    return pd.DataFrame(columns)


def _drivers(z: np.ndarray, names: np.ndarray, square: float) -> pd.DataFrame:
    rows = []
    for name in dict.fromkeys(names.tolist()):
        others = z[:, names != name]
        without = _squared_distances(others)
        share = 1 - without[0] / square if square > 0 else 0.0
        rows.append([name, math.sqrt(without[0]), share, _overall(others, without)])
    found = pd.DataFrame(rows, columns=DRIVER_COLUMNS)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)
