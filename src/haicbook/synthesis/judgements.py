"""Risk of bias and certainty: what the book's makers judge, read from files that a reader can change.

The four comparative studies are judged with ROBINS-I, the trial without a comparator with the checklist for case series
of the Joanna Briggs Institute. Overall judgements and certainty are computed here by the tools' own rules, so that they
follow a changed judgement.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from haicbook.study import Paper
from haicbook.study.beside import ANSWERS, DOMAINS, JUDGEMENTS, NO_INFORMATION, read_beside


def risk_of_bias(root: Path | None = None) -> pd.DataFrame:
    """The ROBINS-I judgements as the file has them.

    Returns
    -------
    pandas.DataFrame
        `study`, `domain` (keys of `DOMAINS`), `outcome` (empty: all outcomes), `judgement`, `reason`, `source`.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.

    References
    ----------
    Sterne JA, Hernan MA, Reeves BC, et al. BMJ 2016;355:i4919.
    """
    return read_beside("risk_of_bias.csv", root)


def appraisal(root: Path | None = None) -> pd.DataFrame:
    """The appraisal of single-arm studies, item by item.

    References
    ----------
    Munn Z, Barker TH, Moola S, et al. JBI Evid Synth 2020;18:2127-2133.
    """
    return read_beside("appraisal.csv", root)


def judged(judgements: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Judgements of each study for one outcome, domains as columns, with the overall one.

    Parameters
    ----------
    judgements
        From :func:`risk_of_bias`.
    outcome
        `os` or `pfs`: a judgement of that outcome goes before one of all outcomes.

    Returns
    -------
    pandas.DataFrame
        One row a study (index), one column for each domain, and `overall`. A domain that the file leaves out is
        `no_information`.
    """
    own = judgements[judgements.outcome.isin(["", outcome])].sort_values("outcome", kind="stable")
    wide = own.drop_duplicates(["study", "domain"], keep="last").pivot_table(
        index="study", columns="domain", values="judgement", aggfunc="first", sort=False
    )
    wide = wide.reindex(columns=list(DOMAINS)).fillna(NO_INFORMATION)
    return wide.assign(overall=[overall(list(row)) for row in wide.itertuples(index=False)])


def overall(domains: list[str]) -> str:
    """The overall judgement: the worst of the domains; `no_information` when none of them is judged.

    ROBINS-I leaves room to go below the worst domain where several are serious; this rule does not use it. A study
    that would be low or moderate but has domains without information cannot be called so: it is `no_information`.

    References
    ----------
    Sterne JA, Hernan MA, Reeves BC, et al. BMJ 2016;355:i4919, Table 2.
    """
    judged_domains = [JUDGEMENTS.index(judgement) for judgement in domains if judgement != NO_INFORMATION]
    if not judged_domains:
        return NO_INFORMATION
    worst = JUDGEMENTS[max(judged_domains)]
    return NO_INFORMATION if NO_INFORMATION in domains and worst in ("low", "moderate") else worst


def unjudged(papers: list[Paper], judgements: pd.DataFrame) -> dict[str, str]:
    """Studies that ROBINS-I does not fit or that the file leaves out, each with the reason in words."""
    reasons = {}
    for paper in papers:
        if paper.spec.comparator is None:
            reasons[paper.study] = "one arm: ROBINS-I judges a comparison, and this study makes none"
        elif paper.study not in set(judgements.study):
            reasons[paper.study] = "not judged: the file has no row of it"
    return reasons


def answers(items: pd.DataFrame) -> dict[str, int]:
    """How many items of an appraisal have each answer."""
    return {answer: int((items.answer == answer).sum()) for answer in ANSWERS}
