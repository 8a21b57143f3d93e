"""A hazard ratio's interval: symmetric on the log scale."""

from __future__ import annotations

import math

from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.ratio_repair import repair_words
from haicbook.audit.ratios import (
    Ratio,
    asymmetry,
    distance,
    ratios,
    se_span,
    span,
    z_of_p,
    z_span,
)
from haicbook.study import Paper


def symmetry(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The estimate lies in the middle of its limits on the log scale: HR squared is their product.

    So it does for Wald intervals, which SPSS, SAS and R print. Intervals by profile likelihood are off by about
    (z^2 / 6) SE^2 at most (third-order expansion of the log-likelihood of a binary covariate), so that a distance of
    more than SE^2 is an error, less than that a warning, unless a single edit gives back both symmetry and the printed
    p-value, which the figures as printed do not: an error. Rounding and cutting off of all figures are allowed for.
    """
    return [finding for ratio in ratios(paper, found) for finding in _asymmetric(paper, ratio)]


def _asymmetric(paper: Paper, ratio: Ratio) -> list[Finding]:
    if not ratio.readable:
        return _unreadable(paper, ratio)
    off = asymmetry(ratio)
    if off == 0:
        return []
    middle = math.sqrt(ratio.low.value * ratio.high.value)
    bound = se_span(ratio)[1] ** 2
    repair = repair_words(ratio)
    # a p-value that goes with the middle of the limits, not with the estimate, settles it
    p_differs = any(distance(z_span(ratio), z_of_p(cell.numbers["p"])) > 0 for cell in ratio.ps)
    severity: Severity = "error" if off > bound or (p_differs and repair) else "warning"
    implied = f"{middle:.{ratio.hr.decimals}f}"
    sentence = (
        f"{place(paper, ratio.cell)}: {ratio.text} is not symmetric on the log scale; the middle of the limits is "
        f"{implied}, the paper prints {ratio.hr.figure}."
    )
    recomputation = f"√({ratio.low.figure} × {ratio.high.figure}) = {middle:.{ratio.hr.decimals + 1}f}"
    return [
        Finding(
            "ratio_interval",
            severity,
            paper.study,
            ratio.ids,
            ratio.text,
            implied,
            sentence,
            repair,
            recomputation=recomputation,
        )
    ]


def _unreadable(paper: Paper, ratio: Ratio) -> list[Finding]:
    """A limit that is a misprint: the other two figures say what it must be."""
    broken = [part for part in ("low", "high") if getattr(ratio, part).state == "unreadable"]
    if len(broken) != 1 or ratio.hr.state != "exact":
        return []
    other = ratio.low if broken == ["high"] else ratio.high
    if other.state != "exact" or other.value <= 0:
        return []
    (estimate, limit), misprint = (span(ratio.hr), span(other)), getattr(ratio, broken[0]).figure
    decimals = other.decimals
    least, most = estimate[0] ** 2 / limit[1], estimate[1] ** 2 / limit[0]
    implied = f"{least:.{decimals}f} to {most:.{decimals}f}"
    sentence = (
        f"{place(paper, ratio.cell)}: {misprint} is no number; the ratio and its other limit put it at {implied}."
    )
    recomputation = f"{ratio.hr.figure}² / {other.figure} = {ratio.hr.value**2 / other.value:.{decimals}f}"
    return [
        Finding(
            "ratio_interval",
            "error",
            paper.study,
            ratio.ids,
            ratio.text,
            implied,
            sentence,
            repair_words(ratio),
            recomputation=recomputation,
        )
    ]
