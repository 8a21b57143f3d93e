"""How many patients a matched or weighted comparison is worth, and where the others went."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from haicbook.study import Paper

BEFORE, AFTER = "before_psm", "after_psm"
SIZE_COLUMNS = ["arm", "label", "before", "matched", "unmatched", "discarded", "share"]
SIZE_COLUMNS += ["effective_before", "effective", "stated"]


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum of weights)² / sum of squared weights; 0 without any weight.

    Parameters
    ----------
    weights
        0 or above, shape (patients,); all equal to one another they count the patients that have one.

    References
    ----------
    Kish L. Survey Sampling. Wiley 1965.
    """
    total = float(np.sum(weights))
    return total**2 / float(np.sum(np.square(weights))) if total > 0 else 0.0


def size_of_comparison(treated: float, control: float) -> float:
    """Patients in two equal arms that compare means as precisely as these two: 4 n1 n0 / (n1 + n0)."""
    return 4 * treated * control / (treated + control) if treated + control > 0 else 0.0


def sizes(paper: Paper) -> pd.DataFrame:
    """Patients of each arm before and after a paper's matching.

    Returns
    -------
    pandas.DataFrame
        `arm` (empty for both together) and `label`; `before`; `matched` and `unmatched`; `discarded`, those set aside
        before matching, which no paper here reports (missing); `share` of the arm that was matched; `effective_before`
        and `effective`, sample sizes: an arm's patients, and for both arms :func:`size_of_comparison`. After matching
        with replacement they are missing, since the weights would be needed; where a paper does not say whether it
        replaced they are those without, and `stated` is False. No rows when the study was not matched.
    """
    populations, matching = paper.spec.populations, paper.spec.matching
    if matching is None or not {BEFORE, AFTER} <= set(populations):
        return pd.DataFrame(columns=SIZE_COLUMNS)
    rows: list[list[Any]] = []
    for arm, words in paper.spec.arms.items():
        before, matched = populations[BEFORE].n[arm], populations[AFTER].n[arm]
        effective = math.nan if matching.replacement else float(matched)
        rows.append(
            [arm, words.short, before, matched, before - matched, math.nan, matched / before, before, effective]
        )
    sums = [sum(row[place] for row in rows) for place in (2, 3, 4)]
    compared = [size_of_comparison(*(row[place] for row in rows)) for place in (7, 8)]
    rows.append(["", "Both", *sums, math.nan, sums[1] / sums[0], *compared])
    return pd.DataFrame([[*row, matching.replacement is not None] for row in rows], columns=SIZE_COLUMNS)
