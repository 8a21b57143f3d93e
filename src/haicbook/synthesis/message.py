"""One study's message: what it claims, how certain that is, and what follows from it; computed, never typed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from haicbook.results import Recorded
from haicbook.study import Paper
from haicbook.study.schema import Endpoint
from haicbook.synthesis.arms import medians, response_rates
from haicbook.synthesis.conclusions import NOT_GRADED, Conclusion, GradeStep, conclude, log_rank, questions
from haicbook.synthesis.effects import ANALYSES, chosen, within_study_effects
from haicbook.synthesis.judgements import appraisal, judged, risk_of_bias

# GRADE's rule of thumb for the information size, in events or patients
INFORMATION_SIZE = 300
# p of a printed matched table below which it does not look like one of the simulated
_SURPRISING = 0.05
_NO_RESPONSE = "objective response: no figure is entered"
# judgements of ROBINS-I that leave room for another explanation, from the worst, and what each domain is about
_WORST = ("critical", "serious")
_ABOUT = {
    "confounding": "who was given which treatment",
    "selection": "who was left out",
    "classification": "how patients came to be in a group",
    "deviations": "what else was given",
    "missing": "data that are missing",
    "measurement": "who judged the outcome",
    "reporting": "which results were printed",
}


@dataclass(frozen=True)
class Stated:
    """Words that rest on one printed value.

    Attributes
    ----------
    words
        With their figures as printed.
    value_id
        The printed value that they lead to; empty where there is none.
    """

    words: str
    value_id: str = ""


@dataclass(frozen=True)
class StudyMessage:
    """What a reader with one minute should take from a study.

    Attributes
    ----------
    question
        What the study asked.
    who
        The arms by name, each with its patients.
    claim
        The claim in one number with its interval.
    primary
        The result of each primary endpoint; what there is of overall survival where the paper names none.
    named
        Whether the paper names a primary endpoint.
    missed
        Whether the log-rank test of a primary endpoint is not significant; its result then comes before the claim.
    certainty
        GRADE's level, or `not graded`.
    reasons
        What lowers it.
    bottom_line
        What was found, and what else may explain it.
    matching
        That the matched table is not what the matching described would give; empty where it may be, or was not run.
    """

    question: str
    who: tuple[str, ...]
    claim: Stated
    primary: tuple[Stated, ...]
    named: bool
    missed: bool
    certainty: str
    reasons: tuple[str, ...]
    bottom_line: str
    matching: str


def study_message(paper: Paper, results: Recorded) -> StudyMessage:
    """The message of a study, from its printed values, what its chapter has recorded, and the judgements in `data/`.

    Without a question in `data/questions.csv` or a judgement of its risk of bias, its certainty is not graded.
    """
    table = judged(risk_of_bias(), "os")
    concluded = _concluded(paper, results, table)
    spec = paper.spec
    sizes = spec.populations[spec.main_population].n
    named: list[Endpoint] = [key for key, endpoint in spec.endpoints.items() if endpoint.primary]
    return StudyMessage(
        question=spec.question,
        who=tuple(f"{arm.label} ({sizes[key]} patients)" for key, arm in spec.arms.items()),
        claim=_claim(paper, concluded),
        primary=tuple(_result(paper, key) for key in named or ["os"]) if spec.comparator else (_bar(paper),),
        named=bool(named) or spec.two_stage is not None,
        missed=any(_missed(paper, key) for key in named),
        certainty=concluded.certainty,
        reasons=_reasons(concluded),
        bottom_line=_bottom_line(paper, table),
        matching=_matching(results),
    )


def _concluded(paper: Paper, results: Recorded, table: pd.DataFrame) -> Conclusion:
    """The answer to the study's question, graded where somebody has judged what that takes."""
    asked, items = questions(), appraisal()
    asked = asked[asked.study == paper.study]
    if not asked.empty and paper.study in {*table.index, *items.study}:
        return conclude([paper], {paper.study: results}, asked, table, items, INFORMATION_SIZE)[0]
    step = GradeStep("risk of bias", 0, "nobody has judged the risk of bias of this study yet")
    unread = "no estimate with an interval is entered"
    return Conclusion("", paper.spec.question, paper.study, unread, "–", "–", (step,), NOT_GRADED, "")


def _missed(paper: Paper, endpoint: Endpoint) -> bool:
    p = log_rank(paper, endpoint)
    return p is not None and p.value >= float(paper.spec.methods.alpha or 0.05)


def _reasons(concluded: Conclusion) -> tuple[str, ...]:
    if concluded.certainty == NOT_GRADED:
        return tuple(step.reason for step in concluded.steps)
    return tuple(f"{step.domain}: {step.reason}" for step in concluded.steps if step.down)


def _effect(paper: Paper) -> pd.Series | None:
    """The hazard ratio of death that takes account of most; None where no interval can be read."""
    found = chosen(within_study_effects([paper], ["os"]), "os")
    return None if found.empty else found.iloc[0]


def _claim(paper: Paper, concluded: Conclusion) -> Stated:
    if paper.spec.comparator is None:
        rates = response_rates([paper], "orr", 0.95)
        if rates.empty:
            return Stated(_NO_RESPONSE)
        rate = rates.iloc[0]
        words = f"objective response {rate.estimate:.0f} % (exact 95 % CI {rate.low:.0f} to {rate.high:.0f}"
        return Stated(f"{words}{_printed_interval(paper, rate.estimate)})", rate.value_id)
    effect = _effect(paper)
    if effect is None:
        return Stated(concluded.shows.split(";")[0])
    inverted = f"; printed inverted, as {effect.printed}" if effect.inverted else ""
    words = f"hazard ratio of death {effect.hr:.2f} (95 % CI {effect.low:.2f} to {effect.high:.2f}), "
    return Stated(f"{words}{ANALYSES[effect.analysis]}{inverted}", effect.value_id)


def _printed_interval(paper: Paper, estimate: float) -> str:
    """The interval that the paper prints with a response rate, which need not be the exact one; empty without one."""
    values = paper.select(term="orr")
    for place in values[(values.statistic == "pct") & (values.value == estimate)].id:
        ends = [f"{place.removesuffix('pct')}{end}" for end in ("ci_low", "ci_high")]
        if all(end in paper.by_id.index for end in ends):
            return f"; printed {' to '.join(paper.by_id.printed[end] for end in ends)}"
    return ""


def _result(paper: Paper, endpoint: Endpoint) -> Stated:
    """Medians and log-rank p of an endpoint, as printed."""
    found = medians([paper], endpoint).set_index("arm")
    if found.empty:
        return Stated(f"{paper.spec.endpoints[endpoint].label}: no median is entered")
    arms = [arm for arm in paper.spec.arms if arm in found.index]
    parts = [f"{paper.spec.arms[arm].short} {found.printed[arm]}" for arm in arms]
    p = log_rank(paper, endpoint)
    words = f"{paper.spec.endpoints[endpoint].label}, median months: {', '.join(parts)}"
    if p is None:
        return Stated(words, str(found.value_id.iloc[0]))
    return Stated(f"{words}; log-rank p {p.printed}", str(p.id))


def _bar(paper: Paper) -> Stated:
    """The response rate of a trial with one arm against the criterion of its first stage."""
    rates = response_rates([paper], "orr", 0.95)
    if rates.empty:
        return Stated(_NO_RESPONSE)
    rate, stages, responders = rates.iloc[0], paper.spec.two_stage, _responders(paper)
    found = f"Objective response: {responders} of {_patients(paper)}"
    if stages is None:
        return Stated(found, rate.value_id)
    most, end = stages.limit(_patients(paper))
    return Stated(f"{found}; the design asked for more than {most} {end}", rate.value_id)


def _responders(paper: Paper) -> int:
    rate = response_rates([paper], "orr", 0.95).iloc[0]
    return round(float(rate.estimate) / 100 * _patients(paper))


def _patients(paper: Paper) -> int:
    return sum(paper.spec.populations[paper.spec.main_population].n.values())


def _bottom_line(paper: Paper, table: pd.DataFrame) -> str:
    spec = paper.spec
    if spec.comparator is None or spec.experimental is None:
        return f"{_single_arm(paper)} There is no comparator, so no effect of treatment is shown."
    one, other = (_inside(spec.arms[arm].label) for arm in (spec.experimental, spec.comparator))
    effect = _effect(paper)
    apart = effect is not None and not effect.low <= 1 <= effect.high
    longer = "longer" if effect is not None and effect.hr < 1 else "shorter"
    if _missed(paper, "os"):
        after = f"; by the printed hazard ratio it was {longer} with the former" if apart else ""
        if effect is not None and "adjusted" in effect.analysis:
            after = after.replace("by the printed hazard ratio", "after adjustment")
        found = f"Overall survival did not differ significantly between {one} and {other}{after}."
    elif apart:
        found = f"Overall survival was {longer} with {one} than with {other}."
    else:
        found = f"Whether overall survival is longer with {one} than with {other} is open."
    if paper.study not in table.index:
        return found
    return f"{found} {_other_explanations(table.loc[paper.study])}"


def _single_arm(paper: Paper) -> str:
    if response_rates([paper], "orr", 0.95).empty:
        return "How many patients responded is not entered."
    responders, stages = _responders(paper), paper.spec.two_stage
    if stages is None:
        return f"{responders} of {_patients(paper)} patients responded."
    most, end = stages.limit(_patients(paper))
    enough = "enough" if responders > most else "too few"
    return f"{responders} of {_patients(paper)} patients responded, {enough} {end} by the trial's own design."


def _matching(results: Recorded) -> str:
    """Only where every setting says so, and no single covariate is what says it."""
    names = ("grid.settings", "grid.surprising", "grid.largest_p", "kept.p_without")
    if not all(f"rerun.{name}" in results.values for name in names):
        return ""
    settings, surprising, largest, without = (results.value(f"rerun.{name}") for name in names)
    if surprising < settings or without is None or without >= _SURPRISING:
        return ""
    return (
        "The matching described would hardly give the matched table: p at most "
        f"{max(largest, 0.001):.3f} under each of the {settings} settings tried"
    )


def _inside(name: str) -> str:
    """A name within a sentence: with a small initial, unless its first word is a name or an abbreviation."""
    return name[:1].lower() + name[1:] if name.split()[0][1:].islower() else name


def _other_explanations(judgements: pd.Series) -> str:
    """What else may explain a difference: the domains of ROBINS-I that are judged worst."""
    level = next((level for level in _WORST if (judgements.drop("overall") == level).any()), "")
    about = [words for domain, words in _ABOUT.items() if level and judgements[domain] == level]
    if not about:
        return "Nobody was randomised."
    several = f"{', '.join(about[:-1])} and {about[-1]}" if len(about) > 1 else about[0]
    return f"Nobody was randomised: {several} may explain it."
