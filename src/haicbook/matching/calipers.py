"""The scale on which pairs are close, and calipers on it."""

from __future__ import annotations

from typing import Literal

import numpy as np

CaliperScale = Literal["score", "sd_score", "sd_logit"]
CALIPER_SCALES: tuple[CaliperScale, ...] = ("score", "sd_score", "sd_logit")

# beyond these logits a score is 0 or 1 in double precision, and the exponential overflows
_FAR = 700.0


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
