"""What a study would have to print for a reconstruction to be unnecessary, and which of the papers print it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from haicbook.response import response_rates
from haicbook.safety import adverse_events
from haicbook.study import Paper
from haicbook.synthesis.arms import medians, study_label
from haicbook.synthesis.effects import within_study_effects

# printed for every arm; in part; by none; in the paper and lost in our text; no such thing in this study
STATES = ("yes", "part", "no", "lost", "na")
Check = Callable[[Paper], str]


def reporting(papers: list[Paper]) -> pd.DataFrame:
    """Every item and study: whether the paper prints it, worked out from its stored figures and what is unavailable.

    Returns
    -------
    pandas.DataFrame
        `item`, `study`, `label`, `state` (`STATES`). Items in the order of their use to a reconstruction.
    """
    rows = [(item, paper.study, study_label(paper), check(paper)) for item, check in ITEMS.items() for paper in papers]
    return pd.DataFrame(rows, columns=["item", "study", "label", "state"])


def wanted(found: pd.DataFrame) -> pd.DataFrame:
    """What a next study must report: items by how few of the papers print them in full.

    Returns
    -------
    pandas.DataFrame
        `item`, `printed`, `applicable` (numbers of papers), rarest first.
    """
    rows = [
        (item, int((group.state == "yes").sum()), int((group.state != "na").sum()))
        for item, group in found.groupby("item", sort=False)
    ]
    frame = pd.DataFrame(rows, columns=["item", "printed", "applicable"])
    return frame.sort_values("printed", kind="stable", ignore_index=True)


def _missing(paper: Paper, *words: str) -> str:
    """`lost` when what is missing stood in the paper, else `no`."""
    entries = [item for item in paper.spec.unavailable if any(word in item.what.lower() for word in words)]
    return "lost" if any(item.why == "lost_in_text" for item in entries) else "no"


def _arms(paper: Paper) -> set[str]:
    return set(paper.spec.arms)


def _counted(term: str, *words: str) -> Check:
    def check(paper: Paper) -> str:
        values = paper.select(term=term, statistic="n")
        if _arms(paper) <= set(values.arm):
            return "yes"
        return "part" if len(values) else _missing(paper, *words)

    return check


def _median(endpoint: str) -> Check:
    def check(paper: Paper) -> str:
        found = medians([paper], endpoint)
        if found.empty:
            return _missing(paper, "median")
        return "yes" if found.low.notna().all() and len(found) == len(paper.spec.arms) else "part"

    return check


def _rates(endpoint: str) -> Check:
    def check(paper: Paper) -> str:
        values = paper.select(endpoint=endpoint, population=paper.spec.main_population)
        rates = values[values.statistic == "rate"]
        if not _arms(paper) <= set(rates.arm):
            return "part" if len(rates) else _missing(paper, "survival rates")
        limited = values[(values.statistic == "ci_low") & values.time.notna()]
        return "yes" if _arms(paper) <= set(limited.arm) else "part"

    return check


def _ratio(endpoint: str, analyses: tuple[str, ...]) -> Check:
    def check(paper: Paper) -> str:
        if paper.spec.comparator is None:
            return "na"
        effects = within_study_effects([paper], [endpoint])
        mine = effects[effects.analysis.isin(analyses)]
        if (mine.state == "printed").any():
            return "yes"
        return "lost" if (mine.why == "lost in the text we have").any() else "no"

    return check


def _at_risk(paper: Paper) -> str:
    return _missing(paper, "kaplan", "figures 2", "figure 2")


def _follow_up(paper: Paper) -> str:
    found = paper.select(term="follow_up", statistic="median")
    if found.empty:
        return _missing(paper, "follow-up")
    return "yes" if paper.spec.follow_up.method and _arms(paper) <= set(found.arm) else "part"


def _end(paper: Paper) -> str:
    return "yes" if paper.spec.setting.last_follow_up else _missing(paper, "end of follow-up")


def _baseline(paper: Paper) -> str:
    tables = paper.tables("baseline")
    populations = {
        population
        for table in tables
        for population in (table.population, *(column.population for column in table.columns.values()))
        if population
    }
    needed = {"before_psm", "after_psm"} if paper.spec.matching is not None else {paper.spec.main_population}
    if needed <= populations:
        return "yes"
    return "part" if populations else _missing(paper, "table 1", "baseline")


def _matching(paper: Paper) -> str:
    matching = paper.spec.matching
    if matching is None:
        return "na"
    stated = [matching.method, matching.caliper, matching.caliper_scale, matching.score_model, matching.replacement]
    known = sum(item is not None for item in stated)
    return "yes" if known == len(stated) else "part" if known else "no"


def _response(paper: Paper) -> str:
    counted = {(rate.category, rate.arm) for rate in response_rates(paper) if len(rate.counts) == 1}
    needed = {(category, arm) for category in ("cr", "pr", "sd", "pd") for arm in paper.spec.arms}
    if needed <= counted:
        return "yes"
    return "part" if counted else _missing(paper, "response", "table 2")


def _harm(paper: Paper) -> str:
    events = adverse_events(paper)
    if events.empty:
        return _missing(paper, "adverse events")
    severe = events[events.grade.isin(["g34", "g3plus"])]
    return "yes" if _arms(paper) <= set(severe.arm) else "part"


def _afterwards(paper: Paper) -> str:
    return _missing(paper, "treatment after")


def _registered(paper: Paper) -> str:
    return "yes" if paper.spec.registration else "no"


ITEMS: dict[str, Check] = {
    "Deaths in each arm": _counted("deaths", "deaths"),
    "Progressions in each arm": _counted("progressions", "progressions", "progression events"),
    "Numbers at risk beneath the curves": _at_risk,
    "Median overall survival with interval": _median("os"),
    "Median progression-free survival with interval": _median("pfs"),
    "Survival rates with intervals": _rates("os"),
    "Progression-free rates with intervals": _rates("pfs"),
    "Unadjusted hazard ratio, overall survival": _ratio("os", ("crude", "matched")),
    "Adjusted hazard ratio, overall survival": _ratio("os", ("adjusted", "matched_adjusted")),
    "Hazard ratio, progression-free survival": _ratio("pfs", ("crude", "matched", "adjusted", "matched_adjusted")),
    "Follow-up in each arm, and its method": _follow_up,
    "Date of the last follow-up": _end,
    "Baseline before and after matching": _baseline,
    "Matching: algorithm, caliper, its scale, score": _matching,
    "Response in four categories, in each arm": _response,
    "Adverse events by grade, in each arm": _harm,
    "Treatment after progression": _afterwards,
    "Registration": _registered,
}
