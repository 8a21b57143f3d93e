"""A second, independent computation: lifelines on one reconstructed data set, beside what the engine says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from haicbook.survival import Ensemble


class Twice(NamedTuple):
    """One statistic of one data set, computed twice; NaN where there is none."""

    lifelines: float
    engine: float


@dataclass(frozen=True)
class Comparison:
    """Two arms of a data set.

    Attributes
    ----------
    arm, reference
        Which is set against which.
    hazard_ratio
        By Cox regression, ties by Efron's method.
    logrank_p
        Two-sided.
    proportional_p
        Of the test that the ratio does not change with Kaplan–Meier time. lifelines tests scaled Schoenfeld residuals
        under one average variance, the engine a score with each risk set's own: the two are alike and not the same.
    """

    arm: str
    reference: str
    hazard_ratio: Twice
    logrank_p: Twice
    proportional_p: Twice


@dataclass(frozen=True)
class SecondOpinion:
    """What lifelines, which shares no code with the engine, finds in a data set.

    Attributes
    ----------
    curves
        Largest difference of any arm's Kaplan–Meier curve from the engine's, at any of its times.
    comparison
        Of the two arms, as the paper prints its hazard ratio; None where there is one arm.
    """

    curves: float
    comparison: Comparison | None


def second_opinion(ensemble: Ensemble, member: int | None = None) -> SecondOpinion:
    """Fit one data set of an ensemble with lifelines, and with the engine.

    Parameters
    ----------
    ensemble
        The data sets.
    member
        Which of them; by default the typical one, which is the line of a figure.

    Raises
    ------
    IndexError
        When there is no such member.

    References
    ----------
    Davidson-Pilon C. lifelines: survival analysis in Python. J Open Source Softw 2019;4:1317.
    """
    member = ensemble.typical() if member is None else member
    rows = ensemble.to_frame(member)
    comparison = _comparison(ensemble, member) if len(ensemble.members) > 1 else None
    return SecondOpinion(_curves_apart(ensemble, member, rows), comparison)


def _curves_apart(ensemble: Ensemble, member: int, rows: pd.DataFrame) -> float:
    from lifelines import KaplanMeierFitter

    apart = []
    for arm, group in rows.groupby("arm"):
        curve = KaplanMeierFitter().fit(group.time, group.event).survival_function_.iloc[:, 0]
        apart.append(np.abs(curve.to_numpy() - ensemble.curve(str(arm), curve.index.to_numpy())[member]).max())
    return float(max(apart))


def _comparison(ensemble: Ensemble, member: int) -> Comparison:
    from lifelines.statistics import logrank_test

    from haicbook.survival import estimators
    from haicbook.synthesis.periods import score_test

    times, events, first = ensemble.contrast()
    time, event = times[member], events[member]
    ratio, proportional = _cox(time, event, first)
    other = logrank_test(time[first], time[~first], event[first], event[~first]).p_value
    arm, reference, *_ = ensemble.members
    if printed := ensemble.targets.hr:
        arm, reference = printed.arm, printed.reference
    return Comparison(
        arm,
        reference,
        hazard_ratio=Twice(ratio, float(np.exp(estimators.cox(time, event, first)[0][0]))),
        logrank_p=Twice(float(other), float(estimators.logrank(time, event, first).p[0])),
        proportional_p=Twice(proportional, float(score_test(time, event, first)[1][0])),
    )


def _cox(time: np.ndarray, event: np.ndarray, first: np.ndarray) -> tuple[float, float]:
    """The hazard ratio, and the p of proportional hazards; NaN where every event is of one arm."""
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    if not (event[first].any() and event[~first].any()):
        return float("nan"), float("nan")
    frame = pd.DataFrame({"time": time, "event": event, "first": first.astype(float)})
    model = CoxPHFitter().fit(frame, "time", "event")
    test = proportional_hazard_test(model, frame, time_transform="km")
    return float(model.hazard_ratios_.iloc[0]), float(np.squeeze(test.p_value))
