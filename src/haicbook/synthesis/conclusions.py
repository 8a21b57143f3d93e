"""For each clinical question: what the papers show, and how certain that is by GRADE's rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from haicbook.results import Recorded
from haicbook.study import Paper
from haicbook.study.beside import ANSWERS, FORMS, read_beside
from haicbook.synthesis.arms import medians, response_rates, study_label
from haicbook.synthesis.effects import ANALYSES, chosen, within_study_effects

LEVELS = ("very low", "low", "moderate", "high")
NOT_GRADED = "not graded"
# steps down from high when ROBINS-I has judged: Schünemann and others, GRADE guidelines 18
_BIAS_STEPS = {"low": 0, "moderate": 1, "serious": 2, "critical": 3, "no_information": 2}
_RECONSTRUCTED = "(reconstructed)"


@dataclass(frozen=True)
class GradeStep:
    """How far one of GRADE's domains lowers the certainty, and why.

    Attributes
    ----------
    domain
        In GRADE's words.
    down
        Steps, from 0 to 3.
    reason
        In words.
    """

    domain: str
    down: int
    reason: str


@dataclass(frozen=True)
class Conclusion:
    """One clinical question.

    Attributes
    ----------
    key, question, study
        What is asked, and the study that answers; the study is empty where none does.
    shows
        What the paper shows, in figures.
    patients, events
        In words, with where the events come from.
    steps
        What lowers the certainty.
    certainty
        One of `LEVELS`, `no evidence`, or `NOT_GRADED` where there is no comparator.
    change
        What would change it.
    """

    key: str
    question: str
    study: str
    shows: str
    patients: str
    events: str
    steps: tuple[GradeStep, ...]
    certainty: str
    change: str


def questions(root: Path | None = None) -> pd.DataFrame:
    """The clinical questions, as `questions.csv` has them.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.
    """
    return read_beside("questions.csv", root)


def conclude(
    papers: list[Paper],
    saved: Mapping[str, Recorded],
    asked: pd.DataFrame,
    judged: pd.DataFrame,
    items: pd.DataFrame,
    information_size: int,
) -> list[Conclusion]:
    """What the papers show for each question, and how certain it is.

    Parameters
    ----------
    papers, saved
        The studies, and the results of their chapters.
    asked
        From :func:`questions`.
    judged, items
        From :func:`haicbook.synthesis.judged` and :func:`haicbook.synthesis.appraisal`.
    information_size
        Events (patients, for a response) below which an estimate counts as imprecise; 300 is GRADE's rule of thumb.

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. J Clin Epidemiol 2011;64:1283-1293 (imprecision). Schünemann HJ, Cuello C, Akl
    EA, et al. J Clin Epidemiol 2019;111:105-114 (starting high with ROBINS-I).
    """
    by_study = {paper.study: paper for paper in papers}
    found = []
    for row in asked.itertuples(index=False):
        paper = by_study.get(row.study)
        if paper is None:
            none = "None of the papers compares this." if not row.study else "The study is not among the data."
            found.append(Conclusion(row.key, row.question, row.study, none, "–", "–", (), "no evidence", row.change))
            continue
        found.append(_conclusion(paper, saved[paper.study], row, judged, items, information_size))
    return found


def _conclusion(
    paper: Paper, saved: Recorded, row: object, judged: pd.DataFrame, items: pd.DataFrame, information_size: int
) -> Conclusion:
    asked = {name: str(getattr(row, name)) for name in FORMS["questions.csv"].columns}
    sizes = paper.spec.populations[paper.spec.main_population].n
    bias_step = _bias(paper, asked["start"], judged, items)
    if asked["outcome"] == "os":
        shows, crosses = _survival(paper, saved)
        count, where = _deaths(paper, saved)
        events = f"{count:.0f} deaths {where}" if math.isfinite(count) else "deaths not known"
    else:
        shows, crosses = _responses(paper)
        count, events, where = float(sum(sizes.values())), "–", ""
    steps: tuple[GradeStep, ...] = (
        bias_step,
        GradeStep("inconsistency", 0, "one study; cannot be judged"),
        GradeStep("indirectness", int(asked["indirectness"]), asked["indirectness_reason"]),
        _imprecision(count, crosses, information_size, asked["outcome"], where),
        GradeStep("publication bias", int(asked["publication"]), asked["publication_reason"]),
    )
    level = LEVELS.index(asked["start"]) - sum(step.down for step in steps)
    certainty = LEVELS[max(0, level)]
    if paper.spec.comparator is None:
        steps = (GradeStep("all", 0, "without a comparator there is no effect to grade; appraised instead"),)
        certainty = NOT_GRADED
    who = (asked["key"], asked["question"], study_label(paper))
    patients = " and ".join(str(size) for size in sizes.values())
    return Conclusion(*who, shows, patients, events, steps, certainty, asked["change"])


def _bias(paper: Paper, start: str, judged: pd.DataFrame, items: pd.DataFrame) -> GradeStep:
    if paper.study in judged.index:
        overall = str(judged.overall[paper.study])
        words = overall.replace("_", " ")
        down = min(_BIAS_STEPS[overall], LEVELS.index(start))
        return GradeStep("risk of bias", down, f"{words} (ROBINS-I)")
    own = items[items.study == paper.study]
    if own.empty:
        return GradeStep("risk of bias", 1, "not judged")
    counts = ", ".join(f"{int((own.answer == answer).sum())} {answer}" for answer in ANSWERS[:3])
    down = int((own.answer == "no").any())
    return GradeStep("risk of bias", down, f"appraisal of a case series: {counts}")


def _imprecision(count: float, crosses: bool, information_size: int, outcome: str, where: str) -> GradeStep:
    unit = "deaths" if outcome == "os" else "patients"
    about = "about " if where == _RECONSTRUCTED else ""
    known = f"{about}{count:.0f} {unit} {where}".rstrip() if math.isfinite(count) else f"{unit} not known"
    few = not count >= information_size
    reasons = [f"{known}, fewer than {information_size}" if math.isfinite(count) else known] if few else []
    within = "the interval includes 1" if outcome == "os" else "the interval includes the rate of no interest"
    reasons += [within] if crosses else []
    return GradeStep("imprecision", int(few) + int(crosses), "; ".join(reasons) or known)


def _survival(paper: Paper, saved: Recorded) -> tuple[str, bool]:
    """The printed medians, log-rank p and ratio, and the reconstructed difference of mean survival; whether the
    ratio's interval holds 1."""
    effect = chosen(within_study_effects([paper], ["os"]), "os")
    months = medians([paper], "os").set_index("arm").estimate
    parts = [f"Median {' against '.join(f'{months[arm]:.1f}' for arm in paper.spec.arms if arm in months)} months"]
    if (p := log_rank(paper, "os")) is not None:
        missed = ", not significant" if p.value >= float(paper.spec.methods.alpha or 0.05) else ""
        parts.append(f"log-rank p {p.printed}{missed}")
    crosses = True
    if len(effect):
        one = effect.iloc[0]
        crosses = bool(one.low <= 1 <= one.high)
        parts.append(f"HR {one.hr:.2f} ({one.low:.2f} to {one.high:.2f}), {ANALYSES[one.analysis]}")
    return "; ".join([*parts, *_mean_gap(saved)]), crosses


def _mean_gap(saved: Recorded) -> list[str]:
    """The difference of means with its interval, in its own direction; none where the interval is not known, since
    then too few reconstructions are followed to the horizon."""
    names = [f"os.rmst_difference{end}" for end in ("", ".ci_low", ".ci_high")]
    found = [saved.value(name) for name in names if name in saved.values]
    if len(found) < 3 or None in found:
        return []
    longer, horizon = found[0] >= 0, saved.parameters["horizon"]
    gap, *limits = (value if longer else -value for value in found)
    low, high = (f"{limit:.1f}".replace("-", "−") for limit in sorted(limits))
    direction = "longer" if longer else "shorter"
    return [f"mean survival within {horizon:g} months {gap:.1f} months {direction} ({low} to {high}; reconstructed)"]


def log_rank(paper: Paper, endpoint: str) -> pd.Series | None:
    """The value of the printed p between the arms' whole curves in the main population; None without one."""
    whole = paper.select(kind="claim", endpoint=endpoint, statistic="p", term="", population=paper.spec.main_population)
    whole = whole[whole.time.isna() & (whole.reference != "") & (whole.section == "results")]
    return whole.iloc[0] if len(whole) else None


def _responses(paper: Paper) -> tuple[str, bool]:
    rates = response_rates([paper], "orr", 0.95)
    row = rates.iloc[0]
    stages = paper.spec.two_stage
    null = float(stages.null_rate) if stages is not None else math.nan
    shows = f"{row.estimate:.0f} % responded ({row.low:.0f} to {row.high:.0f})"
    if stages is not None:
        patients = sum(paper.spec.populations[paper.spec.main_population].n.values())
        responders, (most, end) = round(row.estimate / 100 * patients), stages.limit(patients)
        enough = "enough" if responders > most else "too few"
        shows = f"{responders} of {patients} responded ({row.estimate:.0f} %, {row.low:.0f} to {row.high:.0f})"
        shows += f", {enough} {end} by its design"
    return shows, bool(row.low <= null <= row.high)


def _deaths(paper: Paper, saved: Recorded) -> tuple[float, str]:
    """Deaths in the analysis: printed, else the reconstruction's."""
    values = paper.select(term="deaths", statistic="n")
    values = values[values.section.isin(["results", "abstract"])]
    total = values[values.arm == ""]
    if len(total):
        return float(total.value.iloc[0]), "(printed)"
    each = values[values.arm != ""].drop_duplicates("arm")
    if set(paper.spec.arms) <= set(each.arm):
        return float(each.value.sum()), "(printed)"
    names = [f"os.{arm}.deaths" for arm in paper.spec.arms]
    if all(name in saved.values for name in names):
        return float(sum(saved.value(name) for name in names)), _RECONSTRUCTED
    return math.nan, ""
