"""Adverse events of all arms under one vocabulary, each with the threshold of severity that its paper uses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from haicbook import safety
from haicbook.stats import contrasts
from haicbook.study import Paper
from haicbook.study.beside import read_beside
from haicbook.synthesis.arms import arm_label

UNMAPPED = "unmapped"
ANY_EVENT = "any_ae"
LEVELS = ("any", "severe")
COLUMNS = [
    *("term", "soc", "fit", "study", "arm", "label", "level", "grade"),
    *("event", "n", "size", "share", "cell", "state", "value_id"),
]
_CAUSES = {"no_table": "no table of adverse events", "no_row": "no row for this event", "no_grade": "not at this grade"}


def vocabulary(root: Path | None = None) -> pd.DataFrame:
    """The mapping of the papers' adverse events to CTCAE 5.0 terms, as `ctcae.csv` has it.

    Returns
    -------
    pandas.DataFrame
        `event` (the row id of the papers' tables), `term`, `soc` (system organ class), `fit` (`exact`; `near`: the term
        covers it; `combined`: two terms in one printed row; `none`: CTCAE has no such term), `note`.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.

    References
    ----------
    National Cancer Institute. Common Terminology Criteria for Adverse Events, version 5.0. 2017.
    """
    return read_beside("ctcae.csv", root)


def harms(papers: list[Paper], mapped: pd.DataFrame) -> pd.DataFrame:
    """Every term in every arm, at any grade and at the paper's own severe grades.

    Parameters
    ----------
    mapped
        From :func:`vocabulary`. An event that it does not have keeps its printed name, with the fit `unmapped`.

    Returns
    -------
    pandas.DataFrame
        One row for each term, arm and level (`any`, `severe`): `grade` (which grades `severe` means in this paper),
        `n`, `size`, `share` (NaN where not printed), `cell` (as printed, or what was added up), `value_id`, `state`:
        `printed`; `added` (grades 1-2 and 3-4 added up); `share` (a percentage without its count); `several` (the paper
        prints the term twice with different figures; the larger is in `share`); `no_table`, `no_row`, `no_grade`.
        Terms by system organ class, commonest first.
    """
    found = _stack([_of_paper(paper, mapped) for paper in papers])
    terms = found.drop_duplicates("term")[["term", "soc", "fit"]]
    keyed = dict(list(found.groupby(["term", "arm", "study", "level"], sort=False)))
    rows = []
    for term, soc, fit in terms.itertuples(index=False):
        for paper in papers:
            for arm in paper.spec.arms:
                for level in LEVELS:
                    group = keyed.get((term, arm, paper.study, level))
                    who = (term, soc, fit, paper.study, arm, arm_label(paper, arm), level)
                    rows.append((*who, *(_missing(paper, found, term) if group is None else _cell(group))))
    return _by_class(pd.DataFrame(rows, columns=COLUMNS))


def _of_paper(paper: Paper, mapped: pd.DataFrame) -> pd.DataFrame:
    """The paper's printed cells, with level and term; any grade added up where only its parts are printed."""
    events = _stack([safety.adverse_events(paper), _any_event_in_text(paper)])
    columns = [*events.columns, "level", "state", "term", "soc", "fit", "study"]
    if events.empty:
        return pd.DataFrame(columns=columns)
    _, severe = safety.severity_grades(events)
    events["level"] = events.grade.map({"any": "any", severe: "severe"})
    events["state"] = ["printed" if pd.notna(n) else "share" for n in events.n]
    events = _stack([events, _added(events, severe)])
    events = events[events.level.notna()].merge(mapped[["event", "term", "soc", "fit"]], on="event", how="left")
    events["fit"] = events.fit.fillna(UNMAPPED)
    events["soc"] = events.soc.fillna("Not mapped")
    events["term"] = events.term.fillna(events.label)
    return events.assign(study=paper.study)[columns]


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same columns, one below the other; empty ones, whose columns have no type, are left out."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _any_event_in_text(paper: Paper) -> pd.DataFrame:
    """Patients with any event, where the running text has them and the table does not."""
    table = safety.adverse_events(paper)
    values = paper.select(term=ANY_EVENT, section="results", statistic="n", grade=["any", *safety.SEVERE])
    values = values[values.arm != ""]
    rows = []
    for value in values.itertuples(index=False):
        same = (table.event == ANY_EVENT) & (table.grade == value.grade) & (table.arm == value.arm)
        if not same.any():
            size = paper.spec.populations[value.population].n[value.arm]
            what = [ANY_EVENT, "Any adverse event", value.arm, value.population, value.grade]
            rows.append([*what, value.value, size, value.value / size, value.cell, value.id, value.source])
    return pd.DataFrame(rows, columns=safety.COLUMNS).drop_duplicates(["arm", "grade"])


def _added(events: pd.DataFrame, severe: str) -> pd.DataFrame:
    """Any grade as grades 1-2 plus severe ones, for the events of which it is not printed."""
    rows = []
    for (_, _), group in events.groupby(["event", "arm"], sort=False):
        by_grade = group.drop_duplicates("grade").set_index("grade")
        if "any" in by_grade.index or not {"g12", severe} <= set(by_grade.index):
            continue
        parts = by_grade.loc[["g12", severe]]
        if parts.n.notna().all():
            total, size = float(parts.n.sum()), parts["size"].iloc[0]
            cell = " + ".join(f"{n:.0f}" for n in parts.n)
            first = group.iloc[0].to_dict() | {"grade": "any", "level": "any", "state": "added"}
            rows.append(
                first | {"n": total, "share": total / size, "printed": cell, "value_id": parts.value_id.iloc[0]}
            )
    return pd.DataFrame(rows, columns=events.columns)


def _cell(group: pd.DataFrame) -> tuple[object, ...]:
    """One cell; where a paper has two rows of one term, both prints and the larger share."""
    rows = group.drop_duplicates("event")
    largest = rows.loc[rows.share.idxmax()] if rows.share.notna().any() else rows.iloc[0]
    several = len(rows) > 1 and len(set(rows.share)) > 1
    cell = " and ".join(rows.printed) if several else largest.printed
    state = "several" if several else largest.state
    first = (largest.grade, ", ".join(rows.event), largest.n, largest["size"], largest.share)
    return (*first, cell, state, largest.value_id)


def _missing(paper: Paper, found: pd.DataFrame, term: str) -> tuple[object, ...]:
    own = found[found.study == paper.study]
    state = "no_table" if own.empty else "no_grade" if term in set(own.term) else "no_row"
    return "", "", float("nan"), float("nan"), float("nan"), "", state, ""


def _by_class(frame: pd.DataFrame) -> pd.DataFrame:
    """Any event first, then the classes in alphabetical order, within a class the commonest term first."""
    most = frame[frame.level == "any"].groupby("term").share.max()
    order = frame.assign(
        first=(frame.soc != "Any event").astype(int), most=-frame.term.map(most).fillna(-1.0), where=range(len(frame))
    )
    return order.sort_values(["first", "soc", "most", "term", "where"], kind="stable")[COLUMNS].reset_index(drop=True)


def thresholds(found: pd.DataFrame, papers: list[Paper]) -> dict[str, str]:
    """Study to the grade that its paper calls severe (a grade of the codebook); empty where it prints none."""
    severe = found[(found.level == "severe") & (found.grade != "")]
    return {paper.study: str(next(iter(severe[severe.study == paper.study].grade), "")) for paper in papers}


def why_missing(state: str) -> str:
    """What a state without a figure means, in words."""
    return _CAUSES[state]


def paired(paper: Paper, level: str, mapped: pd.DataFrame) -> pd.DataFrame:
    """Counts of both arms for every event that the paper prints at a level, as `contrasts.compare` takes them.

    Parameters
    ----------
    level
        `any` or `severe`.

    Returns
    -------
    pandas.DataFrame
        `event`, `label`, `term`, `grade`, `n_treated`, `size_treated`, `n_control`, `size_control`, `state`. Empty
        for a single arm or a paper without a table. Events that are not printed of both arms are left out.
    """
    columns = ["event", "label", "term", "grade", "n_treated", "size_treated", "n_control", "size_control", "state"]
    treated, control = paper.spec.experimental, paper.spec.comparator
    events = _of_paper(paper, mapped)
    rows = []
    for event, group in events[events.level == level].groupby("event", sort=False):
        by_arm = group.drop_duplicates("arm").set_index("arm")
        if control is None or not {treated, control} <= set(by_arm.index):
            continue
        one, other = by_arm.loc[treated], by_arm.loc[control]
        rows.append((event, one.label, one.term, one.grade, one.n, one["size"], other.n, other["size"], one.state))
    return pd.DataFrame(rows, columns=columns)


def harm_contrasts(
    papers: list[Paper], level: str, mapped: pd.DataFrame, confidence: float, rate: float
) -> pd.DataFrame:
    """Differences of adverse events within each study, false discoveries controlled within study and level.

    Parameters
    ----------
    level
        `any` or `severe`.
    mapped
        From :func:`vocabulary`.
    confidence
        Level of the intervals.
    rate
        False-discovery rate.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`haicbook.stats.contrasts.compare`, and `study`, `level`, `words` (the event as printed).
        Largest difference first; empty where no study has two arms with counts.
    """
    frames = []
    for paper in papers:
        pairs = paired(paper, level, mapped)
        if len(pairs):
            found = contrasts.compare(pairs, confidence, rate, harmful=True)
            frames.append(found.assign(study=paper.study, level=level, words=found.label))
    if not frames:
        columns = [
            "label",
            "grade",
            "n_treated",
            "size_treated",
            "n_control",
            "size_control",
            *contrasts.COLUMNS,
            "q",
            "discovery",
            "disagree",
        ]
        return pd.DataFrame(columns=["study", "level", "words", "event", *columns])
    found = pd.concat(frames, ignore_index=True)
    order = found.difference.abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def common_terms(found: pd.DataFrame, studies: int) -> list[str]:
    """Terms with a figure in at least so many studies, in the order of the frame."""
    printed = found[found.share.notna()].groupby("term").study.nunique()
    return [term for term in dict.fromkeys(found.term) if printed.get(term, 0) >= studies]


def exceeded(found: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    """Arms with fewer patients with any severe event than with a single one: label, term, both shares."""
    severe = found[(found.level == "severe") & found.share.notna()]
    whole = severe[severe.soc == "Any event"].set_index("label").share
    pairs = []
    for label, group in severe[severe.soc != "Any event"].groupby("label", sort=False):
        most = group.loc[group.share.idxmax()]
        if label in whole.index and most.share > whole[label]:
            pairs.append((str(label), str(most.term), float(whole[label]), float(most.share)))
    return pairs
