"""Restricted mean survival at common horizons, over an ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from haicbook.survival import Ensemble, estimators
from haicbook.synthesis.spread import spread

Floats = NDArray[np.float64]
COLUMNS = [
    "label",
    "arm",
    "horizon",
    "estimate",
    "low",
    "high",
    "open_low",
    "open_high",
    "sampling",
    "reconstruction",
    "total",
    "at_risk",
    "supported",
    "why",
]
# a mean restricted to a horizon that most reconstructions do not reach is the last step drawn on, not survival
_REACHED = 0.9


def restricted_means(
    ensembles: Mapping[str, Ensemble], horizons: Sequence[float], confidence: float = 0.95
) -> pd.DataFrame:
    """Restricted mean survival of every arm at common horizons.

    Parameters
    ----------
    ensembles
        Label (a study's name) to its reconstruction.
    horizons
        Months, each above 0.
    confidence
        Level of the limits.

    Returns
    -------
    pandas.DataFrame
        `label`, `arm`, `horizon`, `estimate`, `low`, `high`, `open_low`, `open_high` (limits of the reconstruction
        alone), `sampling`, `reconstruction`, `total` (months;
        :class:`haicbook.synthesis.spread.Spread`), `at_risk` (median over the members, at the horizon), `supported`
        and `why` not. Where the reconstructions are not followed to the horizon, the figures are NaN.

    References
    ----------
    Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152.
    """
    rows = [
        _row(label, ensemble, (arm,), horizon, confidence)
        for label, ensemble in ensembles.items()
        for arm in ensemble.members
        for horizon in horizons
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def restricted_differences(
    ensembles: Mapping[str, Ensemble], horizons: Sequence[float], confidence: float = 0.95
) -> pd.DataFrame:
    """Difference of restricted means, first (experimental) arm minus second, within each study.

    Parameters and columns are those of :func:`restricted_means`; `arm` is `first - second`. A study with one arm has
    a row that says so.
    """
    rows = [
        _row(label, ensemble, tuple(ensemble.members)[:2], horizon, confidence, difference=True)
        for label, ensemble in ensembles.items()
        for horizon in horizons
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def difference_values(differences: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, float]:
    """Each difference and the width of its interval in months, as a notebook records them: `cao2024.h1.width`.

    Parameters
    ----------
    differences
        From :func:`restricted_differences`; horizons are numbered in ascending order.
    labels
        Study to its label.
    """
    horizons = sorted(set(differences.horizon))
    study = {label: key for key, label in labels.items()}
    values: dict[str, float] = {}
    for row in differences.itertuples(index=False):
        name = f"{study[row.label]}.h{horizons.index(row.horizon) + 1}"
        values |= {name: row.estimate, f"{name}.width": row.high - row.low}
    return values


def _row(
    label: str,
    ensemble: Ensemble,
    arms: tuple[str, ...],
    horizon: float,
    confidence: float,
    *,
    difference: bool = False,
) -> list[object]:
    at_risk = min(float(np.median((ensemble.members[arm].time >= horizon).sum(axis=1))) for arm in arms)
    why = _unsupported(ensemble, arms, horizon)
    if difference and len(arms) < 2:
        why = "one arm: nothing to compare"
    found = None
    if not why:
        parts = [estimators.rmst_variance(*ensemble.members[arm], horizon) for arm in arms]
        signs = (1.0, -1.0)[: len(arms)]
        value: Floats = sum((sign * mean for sign, (mean, _) in zip(signs, parts, strict=True)), np.zeros(1))
        variance: Floats = sum((part[1] for part in parts), np.zeros(1))
        found = spread(value, variance, confidence)
    figures = [math.nan] * 8
    if found is not None:
        limits = [found.low, found.high, *found.left_open]
        figures = [found.estimate, *limits, found.sampling, found.reconstruction, found.total]
    return [label, " - ".join(arms), horizon, *figures, at_risk, found is not None, why]


def _unsupported(ensemble: Ensemble, arms: tuple[str, ...], horizon: float) -> str:
    """Why a horizon is too far; empty when it is not."""
    if not horizon > 0:
        return f"a horizon of {horizon:g} months is no horizon"
    for arm in arms:
        time, event = ensemble.members[arm]
        last = np.argmax(time, axis=1)
        died = np.take_along_axis(event, last[:, None], axis=1)[:, 0]
        # a curve that has fallen to 0 is known for good
        reached = float(((time.max(axis=1) >= horizon) | died).mean())
        if reached < _REACHED:
            whose = "its" if len(arms) == 1 else "one arm's"
            return f"only {100 * reached:.0f} % of {whose} reconstructions are followed to {horizon:g} months"
    return ""
