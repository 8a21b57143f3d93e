"""The trial with one arm: its design against the best ones, and its responders in every reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from haicbook import response
from haicbook.stats import single_arm
from haicbook.study import Paper

_CRITERIA = ("", "mrecist")
RATES = np.linspace(0.0, 1.0, 201)


@dataclass(frozen=True)
class TwoStage:
    """A two-stage trial: as printed, and the best designs for the aims that were set.

    Attributes
    ----------
    paper
        The study.
    responders, n
        Its responders by the design's criterion, and the patients treated.
    printed
        The printed design at the null and alternative rate.
    best
        Optimal and minimax design for the aims; None where there is none.
    admissible
        From the minimax to the optimal one; empty where there is none.
    message
        Why there is no best design, in words; empty where there is one.
    """

    paper: Paper
    responders: int
    n: int
    printed: single_arm.Evaluation
    best: single_arm.BestDesigns | None
    admissible: tuple[single_arm.Admissible, ...]
    message: str


def two_stage(papers: list[Paper], alpha: float, beta: float, p0: float, p1: float, n_max: int) -> TwoStage | None:
    """The study that a two-stage design stopped after its first stage; None where there is none.

    Parameters
    ----------
    alpha, beta
        Largest type I and type II error.
    p0, p1
        Rate of no interest and rate worth pursuing. Aims that no design can meet give a message, not an error.
    n_max
        Most patients that the search considers.
    """
    paper = next((paper for paper in papers if _stopped(paper)), None)
    if paper is None:
        return None
    rate = next(r for r in response.response_rates(paper) if r.category == "orr" and r.criterion in _CRITERIA)
    printed = single_arm.evaluate(single_arm.planned(paper), p0, p1)
    try:
        best, admissible = (
            single_arm.search(alpha, beta, p0, p1, n_max),
            single_arm.admissible(alpha, beta, p0, p1, n_max),
        )
        message = ""
    except ValueError as error:
        best, admissible, message = None, (), f"No design for these aims: {error}."
    return TwoStage(paper, rate.counts[0], rate.size, printed, best, admissible, message)


def _stopped(paper: Paper) -> bool:
    stages = paper.spec.two_stage
    return stages is not None and sum(paper.spec.populations[paper.spec.main_population].n.values()) <= stages.stage1_n


def operating(found: TwoStage) -> pd.DataFrame:
    """Chance to call for more, at every true rate, of the printed and the best designs: `design`, `rate`, `chance`."""
    designs = {"as printed": found.printed.design}
    if found.best is not None:
        designs |= {"optimal": found.best.optimal.design, "minimax": found.best.minimax.design}
    frames = [
        pd.DataFrame(
            {
                "design": name,
                "rate": RATES,
                "chance": [single_arm.characteristics(design, float(rate)).rejection for rate in RATES],
            }
        )
        for name, design in designs.items()
    ]
    return pd.concat(frames, ignore_index=True)


def readings(found: TwoStage, p0: float, confidence: float) -> pd.DataFrame:
    """Every interval of the response rate: `method`, `estimate`, `low`, `high` (shares), the printed one first.

    The one that knows of the two stages is that of the trial as it ended, by the printed boundaries.
    """
    rate = next(r for r in response.response_rates(found.paper) if r.category == "orr" and r.criterion in _CRITERIA)
    printed = response.printed_interval(found.paper, rate)
    rows = []
    if printed is not None:
        limits = _printed_limits(found.paper, printed)
        rows.append(("as printed", found.responders / found.n, *limits))
    names = {"exact": "Clopper–Pearson (exact)", "wilson": "Wilson", "wald": "Wald", "jeffreys": "Jeffreys"}
    for key, (low, high) in single_arm.intervals(found.responders, found.n, confidence).items():
        rows.append((names[key], found.responders / found.n, low, high))
    design = found.printed.design
    if found.n == design.n1 and found.responders <= design.r1:
        staged = single_arm.estimate(design, found.responders, 1, p0, confidence)
        rows.append(("by stages (Koyama–Chen)", staged.unbiased, staged.low, staged.high))
    return pd.DataFrame(rows, columns=["method", "estimate", "low", "high"])


def _printed_limits(paper: Paper, printed: response.PrintedInterval) -> tuple[float, float]:
    row = paper.by_id.loc[printed.value_id]
    same = paper.values[(paper.values.file == row.file) & (paper.values.line == row.line)].set_index("statistic").value
    return float(same["ci_low"]) / 100, float(same["ci_high"]) / 100


def chances(found: TwoStage, prior: tuple[float, float]) -> pd.DataFrame:
    """Conditional power at every true rate, had the trial gone on: `rate`, `chance`, and the prior's own `density`."""
    from scipy.stats import beta

    power = single_arm.conditional_power(found.printed.design, found.responders, RATES)
    after = (prior[0] + found.responders, prior[1] + found.n - found.responders)
    inner = np.clip(RATES, 1e-6, 1 - 1e-6)
    return pd.DataFrame(
        {"rate": RATES, "chance": power, "prior": beta.pdf(inner, *prior), "posterior": beta.pdf(inner, *after)}
    )


def decision_by_best(found: TwoStage) -> str:
    """What the optimal design would have made of the share that responded; the message where there is none.

    Where its first stage has another number of patients, it is asked about the same share.
    """
    if found.best is None:
        return found.message
    design = found.best.optimal.design
    if design.n1 == found.n:
        decided = single_arm.decision(design, found.responders)
        return f"By the optimal design, {decided.statement}"
    likely = found.responders * design.n1 / found.n
    verdict = "goes on" if likely > design.r1 else "stops"
    return (
        f"The optimal design asks for {design.r1 + 1} of {design.n1}; the share seen here ({found.responders} of "
        f"{found.n}) would be {likely:.1f} of {design.n1}, and with that it {verdict}."
    )


def best_values(found: TwoStage) -> dict[str, float]:
    """Sizes and errors of the optimal and the minimax design, as named values; empty where there is none."""
    if found.best is None:
        return {}
    values: dict[str, float] = {}
    for name, item in (("optimal", found.best.optimal), ("minimax", found.best.minimax)):
        values |= {
            f"{name}.n1": item.design.n1,
            f"{name}.n": item.design.n,
            f"{name}.power": item.alternative.rejection,
        }
    return values


def nearest_method(intervals: pd.DataFrame) -> str:
    """The method whose limits lie nearest to the printed ones; `none is printed` where there are none."""
    printed = intervals[intervals.method == "as printed"]
    if printed.empty:
        return "none is printed"
    others = intervals[intervals.method != "as printed"]
    gap = (others.low - printed.low.iloc[0]).abs() + (others.high - printed.high.iloc[0]).abs()
    return str(others.method[gap.idxmin()])
