"""Tumour response of all arms: rates with exact intervals, what is missing, and response beside survival."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from haicbook import response
from haicbook.stats import contrasts
from haicbook.study import Paper
from haicbook.synthesis.arms import arm_label, medians, response_rates

CATEGORIES = ("orr", "cr", "dcr")
COLUMNS = [
    *("study", "arm", "label", "role", "category", "estimate", "low", "high"),
    *("counts", "size", "printed", "method", "state", "value_id"),
]
_CRITERIA = ("", "mrecist")


def responses(papers: list[Paper], confidence: float) -> pd.DataFrame:
    """Objective response, complete response and disease control of every arm.

    Parameters
    ----------
    confidence
        Level of the Clopper-Pearson interval.

    Returns
    -------
    pandas.DataFrame
        One row for each arm and category: `estimate`, `low`, `high` (shares; NaN where not printed), `counts` (every
        number of responders that the print allows, in words), `size`, `printed`, `method` (of the interval in the
        paper, empty where it prints none or does not say), `state` (`printed`, `derived` from the other categories, or
        `missing`), `value_id`. By mRECIST where a paper prints two criteria.
    """
    rows = []
    for paper in papers:
        found = {
            (rate.category, rate.arm): rate for rate in response.response_rates(paper) if rate.criterion in _CRITERIA
        }
        for category in CATEGORIES:
            for arm, spec in paper.spec.arms.items():
                who = (paper.study, arm, arm_label(paper, arm), spec.role, category)
                rate = found.get((category, arm))
                method = paper.spec.methods.proportion_ci or ""
                if rate is None and (rate := _complete(found, category, arm)) is not None:
                    figures = (rate.estimate, *rate.interval(confidence), str(rate.counts[0]), rate.size, "", method)
                    rows.append((*who, *figures, "derived", ""))
                    continue
                if rate is None:
                    size = paper.spec.populations[paper.spec.main_population].n[arm]
                    rows.append((*who, math.nan, math.nan, math.nan, "", size, "", method, "missing", ""))
                    continue
                counts = str(rate.counts[0]) if len(rate.counts) == 1 else f"{rate.counts[0]} to {rate.counts[-1]}"
                figures = (rate.estimate, *rate.interval(confidence), counts, rate.size, rate.printed, method)
                rows.append((*who, *figures, "printed", rate.value_id))
    return pd.DataFrame(rows, columns=COLUMNS)


def _complete(found: dict[tuple[str, str], response.Rate], category: str, arm: str) -> response.Rate | None:
    """Complete responses that are not printed, as objective less partial ones, where both are printed as counts."""
    parts = [found.get((name, arm)) for name in ("orr", "pr")]
    if category != "cr" or any(part is None or len(part.counts) > 1 for part in parts):
        return None
    whole, partial = (part for part in parts if part is not None)
    return replace(whole, category="cr", counts=(whole.counts[0] - partial.counts[0],), printed="", value_id="")


def response_pairs(papers: list[Paper], category: str) -> pd.DataFrame:
    """Counts of both arms of each study, as `contrasts.compare` takes them; the middle of the counts that are possible.

    Returns
    -------
    pandas.DataFrame
        `event` (the study), `n_treated`, `size_treated`, `n_control`, `size_control`, `possible` (how many pairs of
        counts the print allows). Studies without both counts are left out.
    """
    rows = []
    for paper in papers:
        treated, control = paper.spec.experimental, paper.spec.comparator
        pair = {
            rate.arm: rate
            for rate in response.response_rates(paper)
            if rate.category == category and rate.criterion in _CRITERIA
        }
        if control is None or not {treated, control} <= set(pair):
            continue
        one, other = pair[str(treated)], pair[control]
        middle = [rate.counts[len(rate.counts) // 2] for rate in (one, other)]
        possible = len(one.counts) * len(other.counts)
        rows.append((paper.study, middle[0], one.size, middle[1], other.size, possible))
    columns = ["event", "n_treated", "size_treated", "n_control", "size_control", "possible"]
    return pd.DataFrame(rows, columns=columns)


def response_contrasts(papers: list[Paper], confidence: float) -> pd.DataFrame:
    """Risk difference, ratio and number needed to treat of every response rate that both arms of a study print.

    Parameters
    ----------
    confidence
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`haicbook.stats.contrasts.compare` (`event` is the study) and `category`.
    """
    frames = []
    for category in CATEGORIES:
        pairs = response_pairs(papers, category)
        if len(pairs):
            frames.append(contrasts.compare(pairs, confidence, harmful=False).assign(category=category))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["event", "category"])


def beside_survival(papers: list[Paper], endpoint: str, confidence: float) -> pd.DataFrame:
    """Response rate and median survival of every arm that has both.

    Returns
    -------
    pandas.DataFrame
        `study`, `arm`, `label`, `role`, `response` (per cent), `median` (months), both as printed in the main
        population.
    """
    rates = response_rates(papers, "orr", confidence)[["study", "arm", "label", "role", "estimate"]]
    months = medians(papers, endpoint)[["study", "arm", "estimate"]].rename(columns={"estimate": "median"})
    both = rates.rename(columns={"estimate": "response"}).merge(months, on=["study", "arm"])
    return both[both["median"].notna()].reset_index(drop=True)


def same_direction(both: pd.DataFrame) -> tuple[int, int]:
    """In how many studies with two arms the arm with more responses has the longer median, of how many."""
    agreeing = compared = 0
    for _, group in both.groupby("study", sort=False):
        if len(group) == 2:
            compared += 1
            (one, other) = (row for row in group.itertuples(index=False))
            agreeing += (one.response - other.response) * (one.median - other.median) > 0
    return agreeing, compared
