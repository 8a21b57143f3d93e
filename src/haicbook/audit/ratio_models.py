"""Hazard ratios of one population side by side: the events that they imply must be the same patients' events."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from haicbook.audit.cells import Cell, place, whose
from haicbook.audit.finding import Finding
from haicbook.audit.ratio_events import Groups, groups_of, most_information, too_narrow, total_events
from haicbook.audit.ratios import Ratio, Span, ratios, se_span
from haicbook.study import Paper
from haicbook.words import abbreviation, label

# How far the share of an arm among the patients at risk may move from its share at the start, as a factor of its odds,
# before the treatment's own interval stops telling the number of events.
_DRIFT = 1.5


@dataclass(frozen=True, eq=False)
class Model:
    """The ratios of one endpoint and population, univariable or multivariable.

    Attributes
    ----------
    key
        Endpoint, criterion, population and kind of model.
    rows
        The ratios whose three figures can be read.
    """

    key: tuple[str, str, str, str]
    rows: tuple[Ratio, ...]

    @property
    def treatment(self) -> Ratio | None:
        """The contrast of the arms, where the model has one."""
        return next((row for row in self.rows if row.of_treatment), None)


def models(paper: Paper, found: list[Cell]) -> list[Model]:
    """The models of a paper, in the order of their first ratio."""
    by_model: dict[tuple[str, str, str, str], list[Ratio]] = defaultdict(list)
    for ratio in ratios(paper, found):
        endpoint, criterion, population, _, model = ratio.about
        if ratio.readable and population in paper.spec.populations:
            by_model[endpoint, criterion, population, model].append(ratio)
    return [Model(key, tuple(rows)) for key, rows in by_model.items()]


def fewest_events(ratio: Ratio, groups: Groups) -> int:
    """The least number of events that an interval this narrow needs: information at most e1 e2 / (e1 + e2)."""
    needed = 1 / se_span(ratio)[1] ** 2
    least = max(1, math.floor(4 * needed))
    most = groups.n if groups.splits else least
    for events in range(least, most + 1):
        if max((most_information(one, other, events) for one, other in groups.splits), default=math.inf) >= needed:
            return events
    return most


def implied_events(ratio: Ratio, sizes: Span) -> Span:
    """Events that a treatment's interval implies, when the arms' shares of the patients at risk drift no further.

    1 / (SE^2 p (1 - p)) with p / (1 - p) = HR (n1 / n0) times a drift: from 1/1.5 to 1.5, and on to 1.5 / HR on the
    side of the arm that lives longer, whose share of the patients at risk rises.
    """
    least, most = se_span(ratio)
    hr = ratio.hr.value
    drifts = min(1.0, 1 / hr) / _DRIFT, max(1.0, 1 / hr) * _DRIFT
    odds = [hr * sizes[0] / sizes[1] * drift for drift in drifts]
    shares = [o / (1 + o) ** 2 for o in odds]
    largest = 0.25 if odds[0] < 1 < odds[1] else max(shares)
    return 1 / (most**2 * largest), 1 / (least**2 * min(shares))


def same_patients(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The rows of one univariable analysis must rest on the same patients' events.

    A covariate's interval needs at least 4 / SE^2 events (more with an uneven split), by a bound that is exact; the
    treatment's interval tells how many there are, as long as the arms' shares of the patients at risk drift by no more
    than a factor of 1.5 in their odds, beyond what the ratio itself does to them. Where rows need more events than the
    treatment's interval can stand for, they come from other, more patients: a warning. So is a treatment's interval
    too wide for the events that are printed.
    """
    findings = []
    for model in models(paper, found):
        treatment = model.treatment
        if model.key[3] == "multivariable" or treatment is None:
            continue
        sizes = paper.spec.populations[model.key[2]].n
        pair = treatment.cell.about.arm, treatment.cell.about.reference
        if not set(pair) <= set(sizes):
            continue
        implied, printed = implied_events(treatment, (sizes[pair[0]], sizes[pair[1]])), total_events(found, treatment)
        if printed is not None:
            findings += _fewer_events(paper, treatment, printed, implied)
            continue
        needed = [
            (row, fewest_events(row, groups))
            for row in model.rows
            for groups in [groups_of(paper, found, row)]
            if groups is not None and row is not treatment and not too_narrow(paper, found, row)
        ]
        beyond = sorted(((row, events) for row, events in needed if events > implied[1]), key=lambda pair: -pair[1])
        if beyond:
            findings.append(_more_patients(paper, treatment, beyond, implied))
    return findings


def _fewer_events(paper: Paper, treatment: Ratio, printed: int, implied: Span) -> list[Finding]:
    """The interval is too wide for the printed events."""
    if printed <= math.ceil(implied[1]):
        return []
    width = treatment.printed_se
    sentence = (
        f"{place(paper, treatment.cell)}: the interval {treatment.text} stands for about {math.floor(implied[0])} to "
        f"{math.ceil(implied[1])} events; {printed} are printed. The ratio does not look like one of all patients."
    )
    quotient = f"ln({treatment.high.figure}/{treatment.low.figure})/3.92"
    return [
        Finding(
            "ratio_events",
            "warning",
            paper.study,
            treatment.ids,
            f"{treatment.text}; {printed}",
            f"{math.floor(implied[0])} to {math.ceil(implied[1])} events",
            sentence,
            recomputation=f"4/SE² with SE = {quotient} = {width:.4f} is {4 / width**2:.0f}",
        )
    ]


def _more_patients(paper: Paper, treatment: Ratio, beyond: list[tuple[Ratio, int]], implied: Span) -> Finding:
    said = "; ".join(f"{label(row.cell.quantity)}, {row.text}: at least {events}" for row, events in beyond)
    endpoint = abbreviation(treatment.about[0])
    low, high = math.floor(implied[0]), math.ceil(implied[1])
    sentence = (
        f"{treatment.cell.about.source}, {endpoint}{whose(paper, treatment.cell)}: the interval of the treatment, "
        f"{treatment.text}, stands for about {low} to {high} events, but those of other covariates need more ({said}). "
        f"They do not look like ratios of the same patients.{_larger(paper, treatment, beyond[0][1])}"
    )
    row, width, own = beyond[0][0], beyond[0][0].printed_se, treatment.printed_se
    recomputation = (
        f"4/SE² with SE = ln({row.high.figure}/{row.low.figure})/3.92 = {width:.4f} is {4 / width**2:.0f}; "
        f"with SE = ln({treatment.high.figure}/{treatment.low.figure})/3.92 = {own:.4f} it is {4 / own**2:.0f}"
    )
    ids = (*treatment.ids, *(value_id for one, _ in beyond for value_id in one.ids))
    text = "; ".join([treatment.text, *(one.text for one, _ in beyond)])
    recomputed = f"{low} to {high} events against at least {beyond[0][1]}"
    return Finding("ratio_events", "warning", paper.study, ids, text, recomputed, sentence, recomputation=recomputation)


def _larger(paper: Paper, treatment: Ratio, events: int) -> str:
    """A larger population of the paper that has patients enough, where its own may not have."""
    sizes = {name: sum(population.n.values()) for name, population in paper.spec.populations.items()}
    own = sizes[treatment.about[2]]
    for name, n in sizes.items():
        if n > own and n >= events:
            return f" The {n} patients {paper.spec.populations[name].label.lower()} would be more."
    return ""
