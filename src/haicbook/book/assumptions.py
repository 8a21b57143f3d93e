"""The assumptions that a reader may change, each declared once: type, unit, what is allowed, words, what it moves.

A notebook's parameters cell says the same to the plain tools and is checked against it. It may narrow a range, has a
default of its own, because papers differ, and may add a remark, `; not stated in the paper`, behind the words.
`haicbook params`, the page's table of assumptions, completion and the words of a changed run read what comes from here.
A parameter that is not declared is what its cell says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from haicbook.book.parameters import Choices, Parameter, Range, Scalar


@dataclass(frozen=True)
class Moved:
    """A kind of results that a parameter can move.

    Attributes
    ----------
    words
        What they are called.
    keys
        A regular expression of their keys.
    made_by
        A regular expression of the code that makes them: a notebook without it has none.
    """

    words: str
    keys: str
    made_by: str


CURVES = Moved(
    "the reconstructed curves",
    r"(os|pfs|liver)\w*\.(digest|members|targets_dropped|\w+\.(median|deaths|left_early|band))"
    r"|digest|members|last\..*|period\..*|proportional\..*|(entry|landmark|lead|missed)\..*|response_bias\..*",
    r"page\.reconstruct\(|endpoints\.|replicates",
)
MEANS = Moved("mean survival", r"(os|pfs|liver)\w*\.(.*\.)?rmst.*|rmst\..*", r"mean_survival\(|restricted_|horizon")
RESPONSE = Moved("intervals of response rates", r"(response|orr|dcr|cr)\..*", r"response_table\(|response_rates\(")
HARMS = Moved("differences of adverse events", r"(safety|differences|harms)\..*", r"adverse_\w+\(|discover")
BALANCE = Moved("intervals of standardised differences", r"balance\..*", r"matching\.balances")
RERUN = Moved("the matching re-run", r"rerun\..*", r"page\.rerun\(")
CONFOUNDER = Moved("the unmeasured confounder", r"(confounding|tipping)\..*", r"confounder")
POOLED = Moved("the pooled view", r"summary\..*", r'"summary"')
DESIGN = Moved(
    "the single-arm design",
    r"(design|printed|best|admissible)\..*|predictive|conditional_power\..*",
    r"single_arm|design",
)
POSTERIOR = Moved("posterior and intervals of the trial", r"(posterior|interval|decision)\..*", r"posterior")
CERTAINTY = Moved("the certainty of the evidence", r"(certainty|steps|reporting)\..*", r"information_size")
TRUST = Moved("how many findings are real", r"share\..*", r"errors_per_paper")
KINDS = (TRUST, CURVES, MEANS, RESPONSE, HARMS, BALANCE, RERUN, CONFOUNDER, POOLED, DESIGN, POSTERIOR, CERTAINTY)


@dataclass(frozen=True)
class Assumption:
    """A parameter and the kinds of results that it moves."""

    parameter: Parameter
    moves: tuple[Moved, ...]


def _declared(
    name: str, default: Scalar, allowed: Range | Choices, words: str, *moves: Moved, unit: str = ""
) -> tuple[str, Assumption]:
    return name, Assumption(Parameter(name, type(default).__name__, default, allowed, words, unit), moves)


# fmt: off
DECLARED: dict[str, Assumption] = dict((
    _declared("seed", 1, Range(0, 4294967295), "seed of every random draw", CURVES, MEANS, RERUN),
    _declared("confidence", 0.95, Range(0.5, 0.999), "level of the recomputed intervals",
              MEANS, RESPONSE, HARMS, BALANCE, POOLED, POSTERIOR),
    _declared("horizon", 24.0, Range(3.0, 60.0), "months shown, and over which mean survival is taken",
              CURVES, MEANS, unit="months"),
    _declared("replicates", 100, Range(2, 2000), "reconstructed data sets for each endpoint",
              CURVES, MEANS, unit="data sets"),
    _declared("censoring", "uniform", Choices(("early", "uniform", "late", "cohort")),
              "when patients leave follow-up between the printed points", CURVES, MEANS),
    _declared("reading", "rounded", Choices(("rounded", "truncated", "abstract", "undated")),
              "printed figures as rounded, as cut off, the abstract's first, or without the dates of follow-up",
              CURVES, MEANS),
    _declared("confounder_effect", 2.0, Range(1.0, 10.0), "hazard ratio of an unmeasured confounder with death",
              CONFOUNDER),
    _declared("confounder_gap", 0.2, Range(0.0, 0.5),
              "how much commoner that confounder is in the comparator arm, around a half: 0.2 is 60 % against 40 %",
              CONFOUNDER),
    _declared("caliper", 0.2, Range(0.005, 2.0), "largest difference between matched patients, on the scale below",
              RERUN),
    _declared("caliper_scale", "sd_logit", Choices(("score", "sd_logit")), "scale of the caliper", RERUN),
    _declared("etiology", "left_out", Choices(("left_out", "none", "hbv", "hcv")),
              "level whose count in the HAIC arm is taken as too large by two", RERUN),
    _declared("rho", 0.0, Range(0.0, 0.9), "mean correlation between covariates in the matching re-run", RERUN),
    _declared("spread", 0.3, Range(0.0, 1.0), "standard deviation of these correlations from cohort to cohort",
              RERUN),
    _declared("cohorts", 2000, Range(2, 10000), "cohorts drawn for the matching re-run", RERUN, unit="cohorts"),
    _declared("null_rate", 0.4, Range(0.05, 0.4), "response rate not worth pursuing, for the design's error rates",
              DESIGN),
    _declared("alternative_rate", 0.6, Range(0.6, 0.95), "response rate worth pursuing, for the design's error rates",
              DESIGN),
    _declared("first_horizon", 12.0, Range(3.0, 60.0, "second_horizon"), "first horizon of restricted mean survival",
              MEANS, unit="months"),
    _declared("second_horizon", 18.0, Range(3.0, 60.0, "third_horizon"), "second horizon", MEANS, unit="months"),
    _declared("third_horizon", 24.0, Range(3.0, 60.0), "third horizon", MEANS, unit="months"),
    _declared("first_period", 6.0, Range(1.0, 30.0, "second_period"), "end of the first period of the hazard ratio",
              CURVES, unit="months"),
    _declared("second_period", 12.0, Range(2.0, 60.0), "end of the second period", CURVES, unit="months"),
    _declared("entry_months", 8.0, Range(0.5, 12.0), "lee2024, largest lead of second-line patients into their disease",
              CURVES, unit="months"),
    _declared("landmark_months", 6.0, Range(0.5, 12.0), "cao2024, latest month from which both arms are counted",
              CURVES, unit="months"),
    _declared("lead_months", 4.0, Range(0.5, 12.0),
              "cao2024, most months by which sequential progression-free survival was counted late",
              CURVES, unit="months"),
    _declared("missed_share", 0.3, Range(0.05, 0.6), "liu_hepa, largest share of the experimental arm that is missing",
              CURVES),
    _declared("missed_window", 2.0, Range(0.5, 6.0), "liu_hepa, months within which the missing died",
              CURVES, unit="months"),
    _declared("scan_month", 2.0, Range(0.5, 6.0), "month of the scan that tells responders from others",
              CURVES, unit="months"),
    _declared("discovery_rate", 0.05, Range(0.001, 0.5), "false-discovery rate among the adverse events of a study",
              HARMS),
    _declared("shown_differences", 20, Range(1, 60), "differences of adverse events in the figure", HARMS),
    _declared("alpha", 0.05, Range(0.001, 0.3), "largest type I error of the designs", DESIGN),
    _declared("beta", 0.1, Range(0.01, 0.5), "largest type II error of the designs, 1 - power", DESIGN),
    _declared("p0", 0.4, Range(0.05, 0.9, "p1"), "response rate of no interest", DESIGN, POSTERIOR),
    _declared("p1", 0.6, Range(0.1, 0.95), "response rate worth pursuing", DESIGN, POSTERIOR),
    _declared("n_max", 100, Range(10, 150), "most patients that the search considers", DESIGN, unit="patients"),
    _declared("prior_a", 1.0, Range(0.1, 50.0), "first shape of the Beta prior, as if so many had responded",
              DESIGN, POSTERIOR),
    _declared("prior_b", 1.0, Range(0.1, 50.0), "second shape of the Beta prior, as if so many had not",
              DESIGN, POSTERIOR),
    _declared("errors_per_paper", 1.0, Range(0.05, 20.0),
              "errors that a paper is assumed to have, as the fewer, the more alarms are false", TRUST),
    _declared("information_size", 300, Range(10, 2000),
              "events (patients, for a response) below which an estimate is imprecise", CERTAINTY),
))
# fmt: on


def as_declared(read: Iterable[Parameter], code: str) -> tuple[tuple[Parameter, ...], list[str]]:
    """A notebook's parameters with what is declared of them, and in what they differ from it.

    Parameters
    ----------
    read
        As its cell has them.
    code
        The notebook's text.

    Returns
    -------
    tuple
        The parameters, with unit and what they move in this notebook; a sentence for each difference.
    """
    parameters, problems = [], []
    for found in read:
        if (declared := DECLARED.get(found.name)) is None:
            parameters.append(found)
            continue
        moves = tuple(kind.words for kind in declared.moves if re.search(kind.made_by, code))
        parameters.append(replace(found, unit=declared.parameter.unit, moves=moves))
        problems += [f"{found.name}: {difference}" for difference in _differences(found, declared.parameter)]
    return tuple(parameters), problems


def movers(key: str) -> set[str]:
    """The declared parameters that may move a result; all of them when it is of no kind."""
    kinds = {kind for kind in KINDS if re.fullmatch(kind.keys, key)}
    return {name for name, declared in DECLARED.items() if not kinds or kinds & {*declared.moves}}


def _differences(found: Parameter, declared: Parameter) -> list[str]:
    differences = []
    if found.type != declared.type:
        differences.append(f"found the type {found.type}, expected {declared.type}")
    elif not _within(found.allowed, declared.allowed):
        differences.append(f"found {found.allowed} as what is allowed, expected {declared.allowed} or a part of it")
    if found.help != declared.help and not found.help.startswith(f"{declared.help}; "):
        differences.append(f"found the words {found.help!r}, expected {declared.help!r}, a remark only behind `; `")
    return differences


def _within(found: Range | Choices, declared: Range | Choices) -> bool:
    if isinstance(found, Range) and isinstance(declared, Range):
        return declared.low <= found.low and found.high <= declared.high and found.below == declared.below
    return isinstance(found, Choices) and isinstance(declared, Choices) and {*found.values} <= {*declared.values}
