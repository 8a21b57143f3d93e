"""The unmeasured confounder, study by study: E-values and tipping points of the printed hazard ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from haicbook.stats import confounding

PREVALENCES = np.linspace(0.0, 1.0, 41)


def e_values(effects: pd.DataFrame, analyses: dict[str, str]) -> dict[tuple[str, str], tuple[Any, confounding.EValue]]:
    """E-values of one effect for each study, keyed by the study's name and the analysis in words.

    Parameters
    ----------
    effects
        From :func:`haicbook.synthesis.chosen`.

    References
    ----------
    VanderWeele TJ, Ding P. Ann Intern Med 2017;167:268-274.
    """
    return {
        (row.label, analyses[row.analysis]): (row, confounding.e_value(row.hr, row.low, row.high))
        for row in effects.itertuples(index=False)
    }


def tipping_grids(effects: pd.DataFrame, effect: float) -> dict[str, confounding.TippingGrid]:
    """Tipping points of one effect for each study over the prevalence of a confounder in each arm.

    Parameters
    ----------
    effects
        From :func:`haicbook.synthesis.chosen`.
    effect
        Hazard ratio of the confounder, 1 or more.
    """
    return {
        row.label: confounding.tipping_grid(row.hr, row.low, row.high, PREVALENCES, effect)
        for row in effects.itertuples(index=False)
    }
