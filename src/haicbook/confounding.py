"""What an unmeasured confounder would do to a printed hazard ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
    bias = (effect * prevalence_treated + 1 - prevalence_treated) / (
        effect * prevalence_control + 1 - prevalence_control
    )
    return hr / bias


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
        `hr_adjusted`, `low_adjusted`, `high_adjusted`, `e_value`, `e_value_limit`.

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
    return adjusted | {"e_value": found.estimate, "e_value_limit": found.limit}
