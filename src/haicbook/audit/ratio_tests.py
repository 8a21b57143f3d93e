"""The p-values printed with hazard ratios and curves: in step with the ratios' intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.ratio_repair import repair_words
from haicbook.audit.ratios import (
    Ratio,
    Span,
    asymmetry,
    distance,
    format_p,
    p_words,
    ratios,
    two_sided,
    z_of_p,
    z_span,
)
from haicbook.printed import Printed
from haicbook.study import Paper

ALPHA = 0.05
# Two tests of one hypothesis differ by this much in z in about 1 of 100 analyses without errors (log-rank or likelihood
# ratio against Wald, 40 to 400 patients); by more than the second in practically none.
TEST_DISTANCE = 0.3
FAR = 1.0
# A paper whose rows are reproduced by the Wald test this often prints Wald p-values
_PRACTICE = 0.95
_ENOUGH_ROWS = 5


def p_values(paper: Paper, found: list[Cell]) -> list[Finding]:
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
        for ratio in ratios(paper, found)
        if ratio.readable and asymmetry(ratio) == 0
        for cell in ratio.ps
    ]
    findings, others = [], []
    for row in judged:
        company = [
            other.off == 0 for other in judged if other is not row and other.ratio.about[4] == row.ratio.about[4]
        ]
        wald = len(company) >= _ENOUGH_ROWS and sum(company) >= _PRACTICE * len(company)
        if row.off > 0 and not wald and row.off <= TEST_DISTANCE and not row.significance_flips:
            others.append(row)
        elif row.off > 0:
            findings.append(_other_p(paper, row, wald=wald))
    return findings + _other_tests(paper, others, len(judged))


@dataclass(frozen=True, eq=False)
class _Judged:
    """A ratio, one p-value printed with it, and how far the two lie apart in z."""

    ratio: Ratio
    cell: Cell
    off: float

    @property
    def p(self) -> Printed:
        return self.cell.numbers["p"]

    @property
    def significance_flips(self) -> bool:
        return flips(z_span(self.ratio), self.p)

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.ratio.ids, *(cell.ids["p"] for cell in self.ratio.p_cells))


def _other_p(paper: Paper, row: _Judged, *, wald: bool) -> Finding:
    ratio, z = row.ratio, z_span(row.ratio)
    said = " One says significant at 0.05, the other not." if row.significance_flips else ""
    said += " The paper's other rows are reproduced by the Wald test." if wald else ""
    sentence = (
        f"{place(paper, ratio.cell)}: {ratio.text} gives p {p_words(z)}; the paper prints {printed_p(row.p)}.{said}"
    )
    severity: Severity = (
        "error" if row.off > FAR or (row.significance_flips and (wald or row.off > TEST_DISTANCE)) else "warning"
    )
    return Finding(
        "ratio_p",
        severity,
        paper.study,
        row.ids,
        f"{ratio.text}, {printed_p(row.p)}",
        f"p {p_words(z)}",
        sentence,
        repair_words(ratio),
        recomputation=_wald_words(ratio),
    )


def _other_tests(paper: Paper, rows: list[_Judged], judged: int) -> list[Finding]:
    """One note on all p-values that another test may have given."""
    if not rows:
        return []
    said = "; ".join(
        f"{place(paper, row.ratio.cell)}: {printed_p(row.p)}, by the interval {p_words(z_span(row.ratio))}"
        for row in rows
    )
    several = f"{len(rows)} of {judged} p-values of hazard ratios are" if len(rows) > 1 else "One p-value is"
    sentence = (
        f"{several} not the Wald test's of their intervals but near it, as those of a likelihood-ratio or log-rank "
        f"test would be: {said}."
    )
    ids = tuple(dict.fromkeys(value_id for row in rows for value_id in row.ids))
    text = "; ".join(f"{row.ratio.text}, {printed_p(row.p)}" for row in rows)
    recomputed = "; ".join(f"p {p_words(z_span(row.ratio))}" for row in rows)
    words = _wald_words(rows[0].ratio)
    return [
        Finding("ratio_p", "info", paper.study, ids, text, recomputed, sentence, recomputation=words, count=len(rows))
    ]


def flips(z: Span, printed: Printed) -> bool:
    """Whether interval and p lie on two sides of significance whatever the rounding."""
    inside, outside = two_sided(z[0]) < ALPHA, two_sided(z[1]) >= ALPHA
    significant = printed.high < ALPHA or (printed.state == "below" and printed.high <= ALPHA)
    return (inside and printed.low >= ALPHA) or (outside and significant)


def _wald_words(ratio: Ratio) -> str:
    """The test, from the printed figures alone."""
    width = ratio.printed_se
    z = math.log(ratio.hr.value) / width
    return (
        f"SE = ln({ratio.high.figure}/{ratio.low.figure})/3.92 = {width:.4f}; "
        f"z = ln({ratio.hr.figure})/SE = {z:.2f}; p = {format_p(two_sided(z))}"
    )


def printed_p(printed: Printed) -> str:
    """`p = 0.043` or `p <0.001`."""
    figure = printed.figure.strip()
    return f"p {figure}" if figure[:1] in "<>≤≥=" else f"p = {figure}"


# --- the log-rank test against the ratio ------------------------------------------------------------------------------


def log_rank(paper: Paper, found: list[Cell]) -> list[Finding]:
    """The p-value between two curves against the unadjusted hazard ratio of the arms.

    The log-rank test is the score test of the Cox model: its z is the Wald z to within 0.3 in 99 of 100 analyses
    without errors. A warning beyond; an error where they also lie on two sides of 0.05, or 1 apart.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220.
    """
    between = [cell for cell in found if _of_curves(cell)]
    findings = []
    for ratio in ratios(paper, found):
        if not (ratio.readable and ratio.of_treatment and ratio.cell.about.model in ("univariable", "")):
            continue
        curves = [cell for cell in between if _endpoint(cell) == ratio.about[:3]]
        for cell in replace(ratio, p_cells=tuple(curves)).ps:
            off = distance(z_span(ratio), z_of_p(cell.numbers["p"]))
            if off > TEST_DISTANCE:
                findings.append(_far_apart(paper, ratio, cell, off))
    return findings


def _endpoint(cell: Cell) -> tuple[str, str, str]:
    """Endpoint, criterion and population."""
    return cell.about.endpoint, cell.about.criterion, cell.about.population


def _of_curves(cell: Cell) -> bool:
    row = cell.about
    whole = bool(row.endpoint) and not row.term and not row.model and math.isnan(row.time) and not row.level
    return whole and row.kind != "cox" and "p" in cell.numbers and set(cell.numbers) == {"p"} and bool(row.reference)


def _far_apart(paper: Paper, ratio: Ratio, cell: Cell, off: float) -> Finding:
    printed, z = cell.numbers["p"], z_span(ratio)
    flip = flips(z, printed)
    sentence = (
        f"{place(paper, cell)}: {printed_p(printed)} between the curves; the hazard ratio {ratio.text} "
        f"({ratio.cell.about.source}) gives p {p_words(z)}."
        + (" One says significant at 0.05, the other not." if flip else "")
        + " The two tests should be closer."
    )
    ids = (cell.ids["p"], *ratio.ids)
    severity: Severity = "error" if flip or off > FAR else "warning"
    text = f"{printed_p(printed)}; {ratio.text}"
    return Finding(
        "log_rank",
        severity,
        paper.study,
        ids,
        text,
        f"p {p_words(z)}",
        sentence,
        recomputation=_wald_words(ratio),
    )
