"""One row for each arm of each study: who they were, how long they lived, how many responded."""

from __future__ import annotations

import math
import re

import pandas as pd

from haicbook import response
from haicbook.results import SavedResults
from haicbook.study import Paper
from haicbook.study.values import IN_MONTHS

RATE_COLUMNS = ["study", "arm", "label", "role", "estimate", "low", "high", "printed", "value_id"]
_AUTHOR = re.compile(r"[a-z]+")
_SECTIONS = {"results": 0, "table": 1, "abstract": 2}


def medians(papers: list[Paper], endpoint: str) -> pd.DataFrame:
    """Printed median times of every arm, in months, with the printed confidence limits.

    The main population of each study, results before abstract; the primary criterion (mRECIST) where there are two.
    Limits are NaN where none is printed, infinite where printed as not reached.
    """
    rows = [row for paper in papers for arm in paper.spec.arms if (row := _median(paper, arm, endpoint)) is not None]
    return pd.DataFrame(rows, columns=RATE_COLUMNS)


def _median(paper: Paper, arm: str, endpoint: str) -> list[object] | None:
    values = paper.select(endpoint=endpoint, arm=arm, population=paper.spec.main_population, criterion=["", "mrecist"])
    found = values[values.statistic == "median"]
    if found.empty:
        return None
    order = found.assign(rank=found.section.map(_SECTIONS).fillna(3)).sort_values(["rank", "line"], kind="stable")
    median = order.iloc[0]
    cell = values[(values.file == median.file) & (values.line == median.line) & (values.column == median.column)]
    limits, scale = cell.set_index("statistic"), IN_MONTHS[median.unit]
    return [
        *(paper.study, arm, arm_label(paper, arm), paper.spec.arms[arm].role, scale * median.value),
        *(scale * _limit(limits, "ci_low"), scale * _limit(limits, "ci_high"), median.cell, median.id),
    ]


def _limit(limits: pd.DataFrame, name: str) -> float:
    if name not in limits.index:
        return math.nan
    limit = limits.loc[name]
    return math.inf if limit.state == "not_reached" else float(limit.value)


def response_rates(papers: list[Paper], category: str, confidence: float) -> pd.DataFrame:
    """Response rate of every arm in per cent, with its exact interval.

    Parameters
    ----------
    papers
        The studies.
    category
        `orr` or `dcr`; by mRECIST where a study prints two criteria.
    confidence
        Level of the Clopper-Pearson interval.
    """
    rows = []
    for paper in papers:
        for rate in response.response_rates(paper):
            if rate.category == category and rate.criterion in ("", "mrecist"):
                low, high = (100 * limit for limit in rate.interval(confidence))
                role = paper.spec.arms[rate.arm].role
                label = arm_label(paper, rate.arm)
                rows.append(
                    [paper.study, rate.arm, label, role, 100 * rate.estimate, low, high, rate.printed, rate.value_id]
                )
    return pd.DataFrame(rows, columns=RATE_COLUMNS)


def mean_survival(papers: list[Paper], results: dict[str, SavedResults], endpoint: str) -> pd.DataFrame:
    """Reconstructed restricted mean survival of every arm, as the chapters recorded it.

    Returns
    -------
    pandas.DataFrame
        `label`, `horizon` (months), `mean`, `low`, `high` (months; median and range over the reconstructed sets).
    """
    rows = []
    for paper in papers:
        saved = results[paper.study]
        for arm in paper.spec.arms:
            name = f"{endpoint}.{arm}.rmst"
            if name in saved.values:
                values = [saved.value(f"{name}{part}") for part in ("", ".low", ".high")]
                rows.append([arm_label(paper, arm), saved.parameters["horizon"], *values])
    return pd.DataFrame(rows, columns=["label", "horizon", "mean", "low", "high"])


def study_label(paper: Paper) -> str:
    """First author and year, `Cao 2024`; `Liu` where the text has no year."""
    # the key, since the papers' own lists of authors begin now with a family name and now with a given one
    author = (_AUTHOR.match(paper.study) or [paper.study])[0].capitalize()
    return f"{author} {paper.spec.year}" if paper.spec.year else author


def arm_label(paper: Paper, arm: str) -> str:
    """The study and the arm: `Cao 2024: SI`."""
    return f"{study_label(paper)}: {paper.spec.arms[arm].short}"
