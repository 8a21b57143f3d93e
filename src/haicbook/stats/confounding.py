"""What an unmeasured confounder would do to a printed hazard ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EValue:
    """How strong a confounder must be, on the risk-ratio scale, to explain a hazard ratio away.

    Attributes
    ----------
    estimate
        For the hazard ratio itself, at least 1.
    limit
        For the confidence limit nearer to 1; 1 when the interval holds 1, NaN when that limit is not known.
    """

    estimate: float
    limit: float


def adjusted_hr(hr: float, effect: float, prevalence_treated: float, prevalence_control: float) -> float:
    """Hazard ratio after external adjustment for one binary confounder that nobody measured.

    The confounder multiplies the hazard by `effect` in both arms and is independent of the measured covariates given
    the arm. The formula is exact for rare events and close otherwise, the closer the weaker the confounder and the
    heavier the censoring. Confidence limits are adjusted by the same factor.

    Parameters
    ----------
    hr
        Printed hazard ratio, treated against control; a confidence limit may be passed too.
    effect
        Hazard ratio of the confounder.
    prevalence_treated, prevalence_control
        Share of patients with the confounder in each arm, from 0 to 1.

    Returns
    -------
    float
        Adjusted hazard ratio.

    Raises
    ------
    ValueError
        With all that is out of range.

    References
    ----------
    Lin DY, Psaty BM, Kronmal RA. Biometrics 1998;54:948-963.
    """
    ratios = {"hr": hr, "effect": effect}
    shares = {"prevalence_treated": prevalence_treated, "prevalence_control": prevalence_control}
    problems = [f"{name} is {value}, allowed is a number above 0" for name, value in ratios.items() if not value > 0]
    problems += [
        f"{name} is {value}, allowed is a share from 0 to 1" for name, value in shares.items() if not 0 <= value <= 1
    ]
    if problems:
        raise ValueError("; ".join(problems))
    return hr / float(bias_factor(effect, prevalence_treated, prevalence_control))


def risk_ratio_scale(hr: float, *, common: bool) -> float:
    """A hazard ratio on the risk-ratio scale.

    With a rare outcome (below 15 % at the end of follow-up) it is the hazard ratio itself; with a common one
    (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).

    References
    ----------
    VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274, Table 2.
    """
    if not 0 < hr < math.inf:
        raise ValueError(f"found hazard ratio {hr}; allowed is a number above 0")
    return (1 - 0.5 ** math.sqrt(hr)) / (1 - 0.5 ** math.sqrt(1 / hr)) if common else hr


def e_value(hr: float, low: float = math.nan, high: float = math.nan, *, common: bool = True) -> EValue:
    """E-value of a hazard ratio and of its confidence limit nearer to 1.

    Parameters
    ----------
    hr
        Printed hazard ratio.
    low, high
        Its confidence limits; NaN where the paper prints none or they cannot be read.
    common
        Whether the outcome is common (15 % or more of the patients by the end of follow-up), as death is here.

    Raises
    ------
    ValueError
        When the ratio is not above 0, or the limits do not enclose it.

    References
    ----------
    VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274.
    """
    if low > hr or high < hr:
        raise ValueError(f"found {hr} with limits {low} and {high}; the limits must enclose the ratio")
    nearer = low if hr > 1 else high
    limit = math.nan
    if not math.isnan(nearer):
        crossed = (nearer - 1) * (hr - 1) <= 0
        limit = 1.0 if crossed else _e_value(risk_ratio_scale(nearer, common=common))
    return EValue(_e_value(risk_ratio_scale(hr, common=common)), limit)


def _e_value(risk_ratio: float) -> float:
    above = max(risk_ratio, 1 / risk_ratio)
    return above + math.sqrt(above * (above - 1))


def sensitivity(hr: float, low: float, high: float, effect: float, gap: float) -> dict[str, float]:
    """A printed hazard ratio under one assumed confounder, and its E-values.

    Parameters
    ----------
    hr, low, high
        Printed hazard ratio of the experimental arm and its limits; NaN for limits that cannot be read.
    effect
        Hazard ratio of the confounder with the event.
    gap
        How much commoner the confounder is in the comparator arm, from 0 to 1; half the patients have it overall.

    Returns
    -------
    dict
        `hr_adjusted`, `low_adjusted`, `high_adjusted`, `e_value`, `e_value_limit`; `hr_adjusted_rare` for the same gap
        when nobody of the experimental arm has the confounder, since the gap alone does not fix the ratio.

    References
    ----------
    Lin DY, Psaty BM, Kronmal RA. Biometrics 1998;54:948-963. VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274.
    """
    treated, control = 0.5 - gap / 2, 0.5 + gap / 2
    found = e_value(hr, low, high)
    adjusted = {
        f"{name}_adjusted": math.nan if math.isnan(value) else adjusted_hr(value, effect, treated, control)
        for name, value in (("hr", hr), ("low", low), ("high", high))
    }
    rare = adjusted_hr(hr, effect, 0.0, gap)
    return adjusted | {"hr_adjusted_rare": rare, "e_value": found.estimate, "e_value_limit": found.limit}


# --- two prevalences and an effect ------------------------------------------------------------------------------------


def bias_factor(effect: ArrayLike, prevalence_treated: ArrayLike, prevalence_control: ArrayLike) -> Floats:
    """What an unmeasured binary confounder multiplies a hazard ratio by; arguments broadcast.

    See :func:`adjusted_hr`, which divides by it and checks what it is given.
    """
    strength, treated, control = (
        np.asarray(part, dtype=float) for part in (effect, prevalence_treated, prevalence_control)
    )
    return np.asarray((strength * treated + 1 - treated) / (strength * control + 1 - control), dtype=float)


def tipping_effect(ratio: float, prevalence_treated: ArrayLike, prevalence_control: ArrayLike) -> Floats:
    """Hazard ratio of a harmful confounder that would move a printed ratio to exactly 1.

    Parameters
    ----------
    ratio
        Hazard ratio, or a confidence limit of it; above 0.
    prevalence_treated, prevalence_control
        Shares of patients with the confounder, from 0 to 1; they broadcast.

    Returns
    -------
    numpy.ndarray
        At least 1; infinite where no effect however large does it, as where the confounder is no commoner in the arm
        that would need it. A protective confounder of effect 1/x is the same as the absence of a harmful one of x.

    Raises
    ------
    ValueError
        With all that is out of range.

    References
    ----------
    Lin DY, Psaty BM, Kronmal RA. Biometrics 1998;54:948-963, solved for the effect.
    """
    treated, control = np.broadcast_arrays(
        np.asarray(prevalence_treated, dtype=float), np.asarray(prevalence_control, dtype=float)
    )
    problems = [] if 0 < ratio < math.inf else [f"ratio is {ratio}, allowed is a number above 0"]
    for name, shares in (("prevalence_treated", treated), ("prevalence_control", control)):
        if not ((shares >= 0) & (shares <= 1)).all():
            problems.append(f"{name} holds {shares[(shares < 0) | (shares > 1)][0]}, allowed are shares from 0 to 1")
    if problems:
        raise ValueError("; ".join(problems))
    if ratio == 1:
        return np.ones(treated.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        effect = (ratio * (1 - control) - (1 - treated)) / (treated - ratio * control)
    return np.asarray(np.where(np.isfinite(effect) & (effect >= 1), effect, np.inf), dtype=float)


@dataclass(frozen=True, eq=False)
class TippingGrid:
    """A printed hazard ratio under every pair of prevalences of an unmeasured confounder.

    Attributes
    ----------
    hr, low, high
        As printed; NaN for a limit that cannot be read.
    effect
        Hazard ratio of the confounder in `hr_adjusted` and `region`.
    prevalences
        (P,) shares from 0 to 1, the same for both arms.
    needed, needed_limit
        (P, P), rows the control arm's prevalence, columns the treated arm's: effect that moves the estimate to 1, and
        the limit nearer to 1; infinite where none does. All 1 in `needed_limit` where the interval holds 1 already,
        and NaN where that limit is not known.
    hr_adjusted
        (P, P) the ratio adjusted for a confounder of `effect`.
    region
        (P, P) 0 where the interval still excludes 1, 1 where it holds 1, 2 where the estimate has reached or passed 1.
    """

    hr: float
    low: float
    high: float
    effect: float
    prevalences: Floats
    needed: Floats
    needed_limit: Floats
    hr_adjusted: Floats
    region: NDArray[np.int64]

    @property
    def statement(self) -> str:
        """How much of an imbalance a confounder of that effect would have to have."""
        control, treated = np.meshgrid(self.prevalences, self.prevalences, indexing="ij")
        gap = np.round(np.abs(control - treated), 12)

        def least(reached: NDArray[np.bool_]) -> str:
            if not reached.any():
                return "at no imbalance"
            return f"from an imbalance of {100 * gap[reached].min():.0f} percentage points on"

        words = f"A confounder that multiplies the hazard by {self.effect:g} would move the ratio {self.hr:.2f} to 1 "
        words += least(self.region == 2)
        if np.isnan(self.needed_limit).all():
            return words + "; its nearer confidence limit is not known."
        if (self.region > 0).all():
            return words + "; its interval holds 1 already."
        return words + f", and its confidence limit {least(self.region >= 1)}."


def tipping_grid(hr: float, low: float, high: float, prevalences: ArrayLike, effect: float) -> TippingGrid:
    """The contour of an unmeasured confounder: its prevalence in each arm against the effect that it would need.

    Parameters
    ----------
    hr, low, high
        Printed hazard ratio, treated against control, and its limits; NaN for limits that cannot be read.
    prevalences
        (P,) shares from 0 to 1 to try in both arms.
    effect
        Hazard ratio of the confounder for which the ratio is adjusted, above 0.

    Raises
    ------
    ValueError
        With all that is out of range.

    References
    ----------
    Lin DY, Psaty BM, Kronmal RA. Biometrics 1998;54:948-963. Rosenbaum PR, Rubin DB. J R Stat Soc B 1983;45:212-218.
    """
    shares = np.atleast_1d(np.asarray(prevalences, dtype=float))
    if low > hr or high < hr:
        raise ValueError(f"found {hr} with limits {low} and {high}; the limits must enclose the ratio")
    if not 0 < effect < math.inf:
        raise ValueError(f"effect is {effect}, allowed is a number above 0")
    treated, control = shares[None, :], shares[:, None]
    needed = tipping_effect(hr, treated, control)
    nearer = low if hr > 1 else high
    adjusted = hr / bias_factor(effect, treated, control)
    passed = np.zeros(adjusted.shape, bool) if hr == 1 else (adjusted - 1) * (hr - 1) <= 0
    if math.isnan(nearer):
        needed_limit, held = np.full(needed.shape, np.nan), passed
    elif (nearer - 1) * (hr - 1) <= 0:
        needed_limit, held = np.ones(needed.shape), np.ones(needed.shape, bool)
    else:
        limit = nearer / bias_factor(effect, treated, control)
        needed_limit, held = tipping_effect(nearer, treated, control), (limit - 1) * (hr - 1) <= 0
    region = np.where(passed, 2, np.where(held, 1, 0))
    return TippingGrid(hr, low, high, effect, shares, needed, needed_limit, adjusted, region)
