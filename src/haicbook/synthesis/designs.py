"""Who treated whom, when and with what: the designs side by side, and how far apart they are."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pandas as pd

from haicbook.study import Paper
from haicbook.study.beside import read_beside
from haicbook.synthesis.arms import arm_label, study_label

UNSTATED = "not stated"
_LACKING = "not in our text"
DRUGS = ("oxaliplatin", "leucovorin", "fluorouracil", "cisplatin", "camrelizumab")
# facets that study.yml states; the others stand in data/facets.csv
_STATED_FACETS = ("Country", "Design")
_MONTH = 365.25 / 12


def designs(papers: list[Paper]) -> pd.DataFrame:
    """Design, setting, dates, matching and endpoints of the studies.

    Returns
    -------
    pandas.DataFrame
        One column for each study, one row for each item, all cells text; `not stated` where the text does not say.
    """
    columns = {study_label(paper): _design(paper) for paper in papers}
    return pd.DataFrame(columns).rename_axis("Item").reset_index()


def _design(paper: Paper) -> dict[str, str]:
    spec, setting, matching = paper.spec, paper.spec.setting, paper.spec.matching
    sizes = spec.populations[spec.main_population].n
    matched = "none" if matching is None else f"{matching.ratio or UNSTATED}, caliper {matching.caliper or UNSTATED}"
    primary = [endpoint.label for endpoint in spec.endpoints.values() if endpoint.primary]
    return {
        "Question": spec.short_title,
        "Design": spec.design_label,
        "Where": f"{setting.institution}, {setting.country}",
        "Centres": str(setting.centres or UNSTATED),
        "Enrolled": f"{setting.enrolment_start or '?'} to {setting.enrolment_end or '?'}",
        "Followed until": setting.last_follow_up or UNSTATED,
        "Line of therapy": spec.line_of_therapy or UNSTATED,
        "Arms (n analysed here)": "; ".join(f"{spec.arms[arm].short} ({size})" for arm, size in sizes.items()),
        "Population here": spec.populations[spec.main_population].label,
        "Matching": matched + (f", {len(matching.covariates)} covariates" if matching else ""),
        "Primary endpoint": ", ".join(primary) or _primary_elsewhere(paper),
        "Survival counts from": spec.endpoints["os"].time_zero or UNSTATED if "os" in spec.endpoints else "no survival",
        "Median follow-up, months": _follow_up(paper),
        "Response by": spec.response_criterion or UNSTATED,
        "Adverse events by": spec.safety_criterion or UNSTATED,
    }


def _primary_elsewhere(paper: Paper) -> str:
    return "Objective response" if paper.spec.two_stage is not None else UNSTATED


def _follow_up(paper: Paper) -> str:
    values = paper.select(term="follow_up", statistic="median")
    values = values[values.section.isin(["results", "abstract"])]
    parts = [
        f"{row.printed}{f' ({paper.spec.arms[row.arm].short})' if row.arm and len(paper.spec.arms) > 1 else ''}"
        for row in values.itertuples(index=False)
    ]
    method = paper.spec.follow_up.method or "method not stated"
    return f"{', '.join(parts)}; {method}" if parts else UNSTATED


def disclosures(papers: list[Paper]) -> pd.DataFrame:
    """Registration, funding, conflicts of interest and licence of each study, one row each.

    Of some papers our text lacks the declarations, so that an empty place does not say that the paper states nothing.
    """
    rows = [
        {
            "Study": study_label(paper),
            "Registration": paper.spec.registration,
            "Funding": paper.spec.setting.funding,
            "Conflicts of interest": paper.spec.setting.conflicts,
            "Licence": paper.spec.licence,
        }
        for paper in papers
    ]
    return pd.DataFrame(rows).replace({None: _LACKING, UNSTATED: _LACKING})


def infusions(papers: list[Paper]) -> pd.DataFrame:
    """What went through the catheter, as the methods print it.

    Returns
    -------
    pandas.DataFrame
        One row an arm: `study`, `arm`, `label`, `role`, then for each of `DRUGS`, `interval` and `courses` the printed
        figure with its unit, and on how many days of a course (empty where none is printed) and, as `<name>_id`, its
        value id.
    """
    return pd.DataFrame([_infusion(paper, arm) for paper in papers for arm in paper.spec.arms])


def _infusion(paper: Paper, arm: str) -> dict[str, str]:
    row = {"study": paper.study, "arm": arm, "label": arm_label(paper, arm), "role": paper.spec.arms[arm].role}
    terms: dict[str, tuple[str, ...]] = {drug: (f"dose_{drug}",) for drug in DRUGS}
    terms["interval"] = ("haic_interval", "haic_cycle", "interval_haic", "cycle_length")
    terms["courses"] = ("haic_courses",)
    for name, names in terms.items():
        row[name], row[f"{name}_id"] = _printed(paper, arm, names, "results" if name == "courses" else "methods")
        days = paper.select(term=f"days_{name}", section="methods", statistic="n", arm=["", arm])
        if row[name] and len(days):
            row[name] += f" × {days.value.iloc[0]:.0f} days"
    return row


def _printed(paper: Paper, arm: str, terms: tuple[str, ...], section: str) -> tuple[str, str]:
    found = paper.select(term=list(terms), section=section, arm=["", arm], level="")
    found = found[found.statistic.isin(["value", "min", "mean", "median"])]
    # a figure of the arm goes before one of all patients, the main population before the others
    found = found.assign(
        own=(found.arm == arm).astype(int), main=(found.population == paper.spec.main_population).astype(int)
    ).sort_values(["own", "main"], ascending=False, kind="stable")
    if found.empty or (section == "results" and found.iloc[0].own == 0):
        return "", ""
    first = found.iloc[0]
    unit = "" if section == "results" else f" {first.unit.replace('mg/m2', 'mg/m²').replace('g/m2', 'g/m²')}"
    return f"{first.cell}{unit}".strip(), str(first.id)


def windows(papers: list[Paper]) -> pd.DataFrame:
    """When each study enrolled and how long it followed.

    Returns
    -------
    pandas.DataFrame
        `study`, `label`, `start`, `end`, `followed` as years (2018.0 is January 1, 2018; NaN where not printed).
        A month without a day counts from its first to its last day; where a paper prints two ends, the later.
    """
    rows = []
    for paper in papers:
        dates = paper.select(statistic="date")
        first = dates[dates.term.isin(["date_start", "date_enrolment_start"])].low.min()
        last = dates[dates.term.isin(["date_end", "date_enrolment_end"])].high.max()
        followed = dates[dates.term == "date_last_follow_up"].high.max()
        rows.append((paper.study, study_label(paper), _year(first), _year(last), _year(followed)))
    return pd.DataFrame(rows, columns=["study", "label", "start", "end", "followed"])


def _year(days: float) -> float:
    """Days since 1970 as a year with decimals."""
    return 1970 + days / 365.25


def institutions(root: Path | None = None) -> pd.DataFrame:
    """Who treated and who wrote, as the papers' affiliations and methods name them.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.
    """
    return read_beside("institutions.csv", root)


def shared_centres(papers: list[Paper], named: pd.DataFrame) -> pd.DataFrame:
    """Pairs of studies that name the same treating centre, with the months in which both enrolled.

    Returns
    -------
    pandas.DataFrame
        `first`, `second` (labels), `institution`, `months` (of common enrolment; 0 where the windows do not meet).
        Empty when no centre is shared. That the same patients are in both is possible, not shown.
    """
    when = windows(papers).set_index("study")
    treating = named[(named.role == "treating centre") & named.study.isin(when.index)]
    rows = []
    for one, other in combinations([paper.study for paper in papers], 2):
        common = set(treating[treating.study == one].institution) & set(treating[treating.study == other].institution)
        for institution in sorted(common):
            years = min(when.end[one], when.end[other]) - max(when.start[one], when.start[other])
            months = max(0.0, 12 * years) if years == years else float("nan")
            rows.append((when.label[one], when.label[other], institution, months))
    return pd.DataFrame(rows, columns=["first", "second", "institution", "months"])


def facets(papers: list[Paper], root: Path | None = None) -> pd.DataFrame:
    """What decides whether two studies' arms may be set against each other.

    Returns
    -------
    pandas.DataFrame
        `study`, `facet`, `class` (equal classes count as the same), `words`, `source`: the file's rows, and from
        study.yml the country and the design.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.
    """
    frame = read_beside("facets.csv", root)
    stated = [
        (paper.study, facet, value, value, "study.yml")
        for paper in papers
        for facet, value in zip(
            _STATED_FACETS, (paper.spec.setting.country, paper.spec.design.replace("_", " ")), strict=True
        )
    ]
    known = frame[frame.study.isin([paper.study for paper in papers])]
    return pd.concat([known, pd.DataFrame(stated, columns=frame.columns)], ignore_index=True)


def in_sentence(name: str) -> str:
    """A name as it stands in the middle of a sentence; acronyms stay."""
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def distances(papers: list[Paper], judged: pd.DataFrame) -> pd.DataFrame:
    """Every pair of studies: the facets in which they differ.

    Parameters
    ----------
    judged
        From :func:`facets`.

    Returns
    -------
    pandas.DataFrame
        `first`, `second` (study), `first_label`, `second_label`, `differ` (number of facets), `compared` (facets known
        of both), `facets` (their names, as they stand in a sentence). A facet that a paper does not state counts as
        different: nothing shows that it is the same.
    """
    classes = judged.pivot_table(index="study", columns="facet", values="class", aggfunc="first", sort=False)
    rows = []
    for one, other in combinations(papers, 2):
        pair = classes.reindex([one.study, other.study]).dropna(axis=1)
        first, second = (pair.loc[paper.study] for paper in (one, other))
        apart = [name for name in pair if first[name] != second[name] or first[name] == UNSTATED]
        words = (study_label(one), study_label(other))
        rows.append((one.study, other.study, *words, len(apart), pair.shape[1], ", ".join(map(in_sentence, apart))))
    return pd.DataFrame(
        rows, columns=["first", "second", "first_label", "second_label", "differ", "compared", "facets"]
    )
