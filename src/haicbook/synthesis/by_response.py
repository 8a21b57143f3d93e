"""Responders against the others, where response means nothing: the bias of counting from the start of treatment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haicbook.stats import immortal_time
from haicbook.survival import Ensemble, estimators

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ResponseBias:
    """Responders against the others where response, drawn at random, means nothing.

    Attributes
    ----------
    arm, share, assessed
        The arm, its share of responders and the month of the assessment.
    from_start
        (B,) hazard ratio with survival counted from the start of treatment: the bias alone.
    from_assessment
        (B,) the same from the assessment, among those who lived to see it: without it.
    """

    arm: str
    share: float
    assessed: float
    from_start: Floats
    from_assessment: Floats

    @property
    def typical(self) -> float:
        """Median ratio from the start, over the data sets that have one; NaN where none has."""
        known = self.from_start[np.isfinite(self.from_start)]
        return float(np.median(known)) if len(known) else math.nan

    @property
    def statement(self) -> str:
        """The bias in a sentence, with the arm's key."""
        return self.said(self.arm)

    def said(self, arm: str) -> str:
        """The statement with another name for the arm."""
        start, later = self.from_start, self.from_assessment
        if not np.isfinite(start).any():
            return f"Too few events in {arm} to compare responders with others."
        after = f"{np.nanmedian(later):.2f}" if np.isfinite(later).any() else "not to be had"
        return (
            f"If {100 * self.share:.0f} % of {arm} were called responders by lot at month {self.assessed:g}, they "
            f"would still seem to live longer: hazard ratio {np.nanmedian(start):.2f} counted from the start, "
            f"{after} counted from the assessment (medians of {len(start)} reconstructions)."
        )


def response_bias(
    ensemble: Ensemble, arm: str, share: float, assessed: float, rng: np.random.Generator
) -> ResponseBias:
    """What responders against the others would show in an arm if response meant nothing.

    Parameters
    ----------
    ensemble
        A reconstruction.
    arm
        One of its arms.
    share
        Responders among its patients, from 0 to 1.
    assessed
        Month of the assessment.
    rng
        Source of the draw.

    Raises
    ------
    ValueError
        With what is out of range.

    References
    ----------
    Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710-719.
    """
    if arm not in ensemble.members:
        raise ValueError(f"arm is {arm!r}, allowed is {' or '.join(ensemble.members)}")
    rows = ensemble.members[arm]
    responded = immortal_time.meaningless_responders(rows.time, share, assessed, rng)
    later = immortal_time.landmark(*rows, assessed)
    return ResponseBias(arm, share, assessed, _ratio(*rows, responded), _ratio(later.time, later.event, responded))


def _ratio(time: Floats, event: NDArray[np.bool_], group: NDArray[np.bool_]) -> Floats:
    log_hr, error = estimators.cox(time, event, group)
    return np.where(np.isfinite(log_hr) & np.isfinite(error), np.exp(log_hr), np.nan)
