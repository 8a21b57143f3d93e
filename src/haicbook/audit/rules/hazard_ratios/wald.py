"""A hazard ratio's interval is symmetric on the log scale, and in step with the p-values printed with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, place
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.hazard_ratios.ratios import (
    PrintedRatio,
    asymmetry,
    distance,
    format_p,
    interval_flips,
    p_words,
    ratios,
    repair_words,
    se_span,
    span,
    z_of_p,
    z_span,
)
from haicbook.audit.rules.p_values import printed_p, two_sided
from haicbook.printed import Printed
from haicbook.study import Paper

# Two tests of one hypothesis differ by this much in z in about 1 of 100 analyses without errors (log-rank or likelihood
# ratio against Wald, 40 to 400 patients); by more than the second in practically none.
TEST_DISTANCE = 0.3
FAR = 1.0
# A paper whose rows are reproduced by the Wald test this often prints Wald p-values
_PRACTICE = 0.95
_ENOUGH_ROWS = 5
# an estimate this far from the middle, in standard errors, leaves z the same to two decimals
_UNNOTICED = 0.005
_TWO_SIDES = " One is significant at 0.05, the other is not."

rule = partial(registry.rule, topic="hazard_ratios", inspect_sr=registry.STATISTICS)


@rule(
    "ratio_interval",
    "A hazard ratio lies in the middle of its interval (log scale)",
    broken="A hazard ratio is not in the middle of its confidence interval",
    source="Wald 1943; definition of the interval in SPSS, SAS and R",
    tolerance="Rounding or cutting off of all three figures; within 1/200 of a standard error a note; an error "
    "only beyond what a profile likelihood could explain (SE²)",
)
def symmetry(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The estimate lies in the middle of its limits on the log scale: HR squared is their product.

    So it does for Wald intervals, which SPSS, SAS and R print. Intervals by profile likelihood are off by about
    (z^2 / 6) SE^2 at most (third-order expansion of the log-likelihood of a binary covariate), so that a distance of
    more than SE^2 is an error, less than that a warning, unless a single edit gives back both symmetry and the printed
    p-value, which the figures as printed do not: an error. A distance that leaves z the same to two decimals, which no
    reader of the result could notice, is a note. Rounding and cutting off of all figures are allowed for. A figure that
    is no number is a warning where it is one once stray characters are left out, else an error.
    """
    for ratio in ratios(found):
        yield from _asymmetric(paper, ratio)


def _asymmetric(paper: Paper, ratio: PrintedRatio) -> Iterator[Discrepancy]:
    if not ratio.readable:
        yield from _unreadable(paper, ratio)
        return
    off = asymmetry(ratio)
    if off == 0:
        return
    middle = math.sqrt(ratio.low.value * ratio.high.value)
    bound = se_span(ratio)[1] ** 2
    repair = repair_words(ratio)
    # a p-value that goes with the middle of the limits, not with the estimate, settles it
    p_differs = any(distance(z_span(ratio), z_of_p(cell.numbers["p"])) > 0 for cell in ratio.ps)
    severity: Severity = "error" if off > bound or (p_differs and repair) else "warning"
    if not p_differs and off < _UNNOTICED * se_span(ratio)[0]:
        severity = "info"
    implied = f"{middle:.{ratio.hr.decimals}f}"
    sentence = (
        f"{place(paper, ratio.cell)}: {ratio.text} is not symmetric on the log scale; the middle of the limits is "
        f"{implied}, the paper prints {ratio.hr.figure}."
    )
    recomputation = f"√({ratio.low.figure} × {ratio.high.figure}) = {middle:.{ratio.hr.decimals + 1}f}"
    yield Discrepancy(severity, ratio.ids, ratio.text, implied, sentence, recomputation, repair)


def _unreadable(paper: Paper, ratio: PrintedRatio) -> Iterator[Discrepancy]:
    """A limit that is a misprint: the other two figures say what it must be."""
    broken = [part for part in ("low", "high") if getattr(ratio, part).state == "unreadable"]
    if len(broken) != 1 or ratio.hr.state != "exact":
        return
    other = ratio.low if broken == ["high"] else ratio.high
    if other.state != "exact" or other.value <= 0:
        return
    (estimate, limit), misprint = (span(ratio.hr), span(other)), getattr(ratio, broken[0]).figure
    decimals = other.decimals
    least, most = estimate[0] ** 2 / limit[1], estimate[1] ** 2 / limit[0]
    implied = f"{least:.{decimals}f} to {most:.{decimals}f}"
    sentence = f"{place(paper, ratio.cell)}: {misprint} is not a number; the ratio and its other limit imply {implied}."
    recomputation = f"{ratio.hr.figure}² / {other.figure} = {ratio.hr.value**2 / other.value:.{decimals}f}"
    repair = repair_words(ratio)
    # characters too many that can be left out leave no doubt about the figure, only about the proof-reading
    severity: Severity = "warning" if repair else "error"
    yield Discrepancy(severity, ratio.ids, ratio.text, implied, sentence, recomputation, repair)


@rule(
    "ratio_p",
    "The p-value of a hazard ratio matches its interval",
    broken="A hazard ratio, its interval and its p-value do not match",
    source="Altman and Bland 2011",
    tolerance="Rounding of all figures; 0.3 in z for a likelihood-ratio or log-rank p where a paper's "
    "other p are not Wald's",
)
def p_values(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The p-value printed with a hazard ratio against the Wald test of its interval.

    |z| = |ln HR| / SE with SE = ln(high / low) / 3.92, over the rounding of all three figures. A p that differs is an
    error where interval and p lie on two sides of significance, or more than 1 apart in z. Else it is a warning where
    the paper's other rows of the kind (univariable or multivariable) show that it prints Wald p-values (19 of 20, at
    least five); where they do not, one within 0.3 of the Wald z may be that of a likelihood-ratio or log-rank test:
    these are one note. An interval that is not symmetric is left to :func:`symmetry`.

    References
    ----------
    Altman DG, Bland JM. BMJ 2011;343:d2090 and d2304.
    """
    judged = [
        _Judged(ratio, cell, distance(z_span(ratio), z_of_p(cell.numbers["p"])))
        for ratio in ratios(found)
        if ratio.readable and asymmetry(ratio) == 0
        for cell in ratio.ps
    ]
    others = []
    for row in judged:
        company = [
            other.off == 0
            for other in judged
            if other is not row and other.ratio.cell.about.model == row.ratio.cell.about.model
        ]
        wald = len(company) >= _ENOUGH_ROWS and sum(company) >= _PRACTICE * len(company)
        if row.off > 0 and not wald and row.off <= TEST_DISTANCE and not row.flips:
            others.append(row)
        elif row.off > 0:
            yield _other_p(paper, row, wald=wald)
    yield from _other_tests(paper, others, len(judged))


@dataclass(frozen=True, eq=False)
class _Judged:
    """A ratio, one p-value printed with it, and how far the two lie apart in z."""

    ratio: PrintedRatio
    cell: Cell
    off: float

    @property
    def p(self) -> Printed:
        return self.cell.numbers["p"]

    @property
    def flips(self) -> bool:
        return interval_flips(z_span(self.ratio), self.p)

    @property
    def text(self) -> str:
        return f"{self.ratio.text}, {printed_p(self.p)}"

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.ratio.ids, *(cell.ids["p"] for cell in self.ratio.p_cells))


def _other_p(paper: Paper, row: _Judged, *, wald: bool) -> Discrepancy:
    ratio, p = row.ratio, p_words(z_span(row.ratio))
    said = (_TWO_SIDES if row.flips else "") + (
        " The paper's other rows are reproduced by the Wald test." if wald else ""
    )
    sentence = f"{place(paper, ratio.cell)}: {ratio.text} gives p {p}; the paper prints {printed_p(row.p)}.{said}"
    grave = row.off > FAR or (row.flips and (wald or row.off > TEST_DISTANCE))
    severity: Severity = "error" if grave else "warning"
    return Discrepancy(severity, row.ids, row.text, f"p {p}", sentence, _wald_words(ratio), repair_words(ratio))


def _other_tests(paper: Paper, rows: list[_Judged], judged: int) -> Iterator[Discrepancy]:
    """One note on all p-values that another test may have given."""
    if not rows:
        return
    said = "; ".join(
        f"{place(paper, row.ratio.cell)}: {printed_p(row.p)}, from the interval {p_words(z_span(row.ratio))}"
        for row in rows
    )
    several = f"{len(rows)} of {judged} p-values of hazard ratios differ" if len(rows) > 1 else "One p-value differs"
    sentence = (
        f"{several} slightly from the Wald test of the interval, as those of a likelihood-ratio or log-rank test "
        f"would: {said}."
    )
    ids = tuple(dict.fromkeys(value_id for row in rows for value_id in row.ids))
    text, recomputed = "; ".join(row.text for row in rows), "; ".join(f"p {p_words(z_span(r.ratio))}" for r in rows)
    yield Discrepancy("info", ids, text, recomputed, sentence, _wald_words(rows[0].ratio), count=len(rows))


def _wald_words(ratio: PrintedRatio) -> str:
    """The test, from the printed figures alone."""
    z = math.log(ratio.hr.value) / ratio.printed_se
    return f"SE = {ratio.se_words}; z = ln({ratio.hr.figure})/SE = {z:.2f}; p = {format_p(two_sided(z))}"


# --- the log-rank test against the ratio ------------------------------------------------------------------------------


@rule(
    "log_rank",
    "The log-rank p-value is close to that of the hazard ratio",
    broken="The log-rank p-value is far from that of the hazard ratio",
    source="Cox 1972 (the log-rank test is the score test)",
    tolerance="0.3 in z, beyond the rounding of all figures",
)
def log_rank(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The p-value between two curves against the unadjusted hazard ratio of the arms.

    The log-rank test is the score test of the Cox model: its z is the Wald z to within 0.3 in 99 of 100 analyses
    without errors. A warning beyond; an error where they also lie on two sides of 0.05, or 1 apart.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220.
    """
    between, same = [cell for cell in found if _of_curves(cell)], by("endpoint", "criterion", "population")
    for ratio in ratios(found):
        if not (ratio.readable and ratio.of_treatment and ratio.cell.about.model in ("univariable", "")):
            continue
        curves = [cell for cell in between if same(cell) == same(ratio.cell)]
        for cell in replace(ratio, p_cells=tuple(curves)).ps:
            off = distance(z_span(ratio), z_of_p(cell.numbers["p"]))
            if off > TEST_DISTANCE:
                yield _far_apart(paper, ratio, cell, off)


def _of_curves(cell: Cell) -> bool:
    row = cell.about
    whole = bool(row.endpoint) and not row.term and not row.model and math.isnan(row.time) and not row.level
    return whole and row.kind != "cox" and set(cell.numbers) == {"p"} and bool(row.reference)


def _far_apart(paper: Paper, ratio: PrintedRatio, cell: Cell, off: float) -> Discrepancy:
    printed, z = cell.numbers["p"], z_span(ratio)
    flip = interval_flips(z, printed)
    sentence = (
        f"{place(paper, cell)}: {printed_p(printed)} between the curves; the hazard ratio {ratio.text} "
        f"({ratio.cell.about.source}) gives p {p_words(z)}.{_TWO_SIDES if flip else ''} The two tests should be closer."
    )
    ids = (cell.ids["p"], *ratio.ids)
    severity: Severity = "error" if flip or off > FAR else "warning"
    text = f"{printed_p(printed)}; {ratio.text}"
    return Discrepancy(severity, ids, text, f"p {p_words(z)}", sentence, _wald_words(ratio))
