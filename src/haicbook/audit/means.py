"""p-values that compare two printed means: Student's and Welch's test as intervals over rounding."""

from __future__ import annotations

import itertools
import math
from statistics import NormalDist

from haicbook.audit.cells import Cell, group_size, grouped, place
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.registry import STATISTICS, Rule
from haicbook.audit.tests import ALPHA, judged_rows
from haicbook.printed import Printed, overlap
from haicbook.study import Paper

Span = tuple[float, float]
# ranks and means of normal samples correlate with √(3/π) = 0.977, so that z of a rank test lies within this of z of a
# t-test in all but 1 of 5,000 samples: 3.7 √(2 (1 - 0.977))
_RANKS = 0.8


def p_values_of_means(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Student's and Welch's t-test from the printed means and standard deviations against the printed p-value.

    All four figures range over their rounding. Where the methods also name a rank test, which the print does not allow
    to recompute, a p-value near the t-test's is a note. An error where significance at 0.05 changes, else a warning.
    """
    treated, control = paper.spec.experimental, paper.spec.comparator
    if treated is None or control is None:
        return []
    counted = {_comparison(row.cell) for row in judged_rows(paper, tuple(found)) if row.given_by}
    means = grouped([cell for cell in found if cell.number("mean") is not None and cell.number("sd") is not None], _row)
    findings: dict[tuple[str, str, str], Finding] = {}
    for cell in found:
        printed = cell.numbers.get("p")
        if printed is None or printed.state not in ("exact", "below", "above") or _comparison(cell) in counted:
            continue
        by_arm = {mean.about.arm: mean for mean in reversed(means.get(_row(cell), []))}
        if {treated, control} <= set(by_arm) and not (cell.about.endpoint or cell.about.model):
            finding = _judge(paper, cell, printed, (by_arm[treated], by_arm[control]))
            if finding is not None:
                findings.setdefault((cell.quantity, cell.about.population, printed.figure), finding)
    return list(findings.values())


def _comparison(cell: Cell) -> tuple[str, ...]:
    """What a p-value compares, and its figure: table and text may both print it."""
    return cell.quantity, cell.about.level, cell.about.population, cell.numbers["p"].figure


def _row(cell: Cell) -> tuple[str, ...]:
    about = cell.about
    return about.file, about.section, cell.quantity, about.level, about.population


def _judge(paper: Paper, cell: Cell, printed: Printed, arms: tuple[Cell, Cell]) -> Finding | None:
    sizes = [group_size(paper, arm) for arm in arms]
    if None in sizes or min(size or 0 for size in sizes) < 2:
        return None
    groups = [(arm.numbers["mean"], arm.numbers["sd"], size or 0) for arm, size in zip(arms, sizes, strict=True)]
    spans = {"Student": t_test(groups[0], groups[1], welch=False), "Welch": t_test(groups[0], groups[1], welch=True)}
    if any(overlap(printed, *span) or _cut(printed, span) for span in spans.values()):
        return None
    severity, words = _severity(paper, printed, spans)
    recomputed = ", ".join(f"{name} {_words(span)}" for name, span in spans.items())
    operator = "" if printed.figure.strip()[:1] in "<>" else "= "
    of_arms = " and ".join(f"{arm.text} (n = {size})" for arm, size in zip(arms, sizes, strict=True))
    ids = (cell.ids["p"], *(arm.ids[name] for arm in arms for name in ("mean", "sd")))
    sentence = f"{place(paper, cell)}: printed p {operator}{printed.figure}; {of_arms} give {recomputed}.{words}"
    by_hand = f"{of_arms}: {recomputed}, not {printed.figure}"
    return Finding("p_mean", severity, paper.study, ids, cell.text, recomputed, sentence, recomputation=by_hand)


Group = tuple[Printed, Printed, int]


def t_test(one: Group, other: Group, *, welch: bool) -> Span:
    """Least and largest two-sided p of a t-test, over the rounding of both means and standard deviations.

    Parameters
    ----------
    one, other
        Mean, standard deviation (as printed), and number of patients.
    welch
        Unequal variances, with Satterthwaite's degrees of freedom; else Student's pooled variance.
    """
    distance = _distance(one[0], other[0])
    found = []
    for sds in itertools.product(*((sd.low, sd.high) for _, sd, _ in (one, other))):
        variances = [max(sd, 1e-9) ** 2 for sd in sds]
        error, freedom = _standard_error(variances, (one[2], other[2]), welch=welch)
        found += [_t_p(gap / error, freedom) for gap in distance]
    return min(found), max(found)


def _distance(one: Printed, other: Printed) -> Span:
    apart = max(0.0, one.low - other.high, other.low - one.high)
    return apart, max(one.high - other.low, other.high - one.low)


def _standard_error(variances: list[float], sizes: tuple[int, int], *, welch: bool) -> tuple[float, float]:
    if welch:
        parts = [variance / size for variance, size in zip(variances, sizes, strict=True)]
        freedom = sum(parts) ** 2 / sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True))
        return math.sqrt(sum(parts)), freedom
    freedom = sum(sizes) - 2
    within = sum((size - 1) * variance for size, variance in zip(sizes, variances, strict=True)) / freedom
    return math.sqrt(within * sum(1 / size for size in sizes)), freedom


def _t_p(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))


def _cut(printed: Printed, span: Span) -> bool:
    """Whether the p-value may be cut off."""
    return printed.state == "exact" and span[0] < printed.value + printed.unit and span[1] >= printed.value


def _severity(paper: Paper, printed: Printed, spans: dict[str, Span]) -> tuple[Severity, str]:
    said = (paper.spec.methods.continuous or "").lower()
    if ("mann" in said or "wilcoxon" in said) and _near(printed, spans):
        return "info", " A rank test, which the methods name too, may give it."
    low, high = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
    significant = printed.high < ALPHA or (printed.state == "below" and printed.high <= ALPHA)
    if significant and low >= ALPHA:
        return "error", " Printed as significant at 0.05, it is not."
    if printed.low >= ALPHA and high < ALPHA:
        return "error", " Printed as not significant at 0.05, it is."
    return "warning", " Neither gives the printed figure."


def _near(printed: Printed, spans: dict[str, Span]) -> bool:
    low, high = _z(printed.high), math.inf if printed.state == "below" else _z(max(printed.low, 1e-15))
    own = [_z(span[1]) for span in spans.values()], [_z(max(span[0], 1e-15)) for span in spans.values()]
    return low - max(own[1]) <= _RANKS and min(own[0]) - high <= _RANKS


def _z(p: float) -> float:
    return 0.0 if p >= 1 else -NormalDist().inv_cdf(p / 2)


def _words(span: Span) -> str:
    low, high = ("<0.001" if p < 0.0005 else f"{p:.3f}" for p in span)
    return low if low == high else f"{low} to {high}"


RULES: tuple[Rule, ...] = (
    Rule(
        "p_mean",
        "The p-value of two means is that of a t-test",
        p_values_of_means,
        "Student 1908; Welch BL. Biometrika 1947;34:28-35",
        "Rounding of means, standard deviations and p; 0.8 in z where the methods also name a rank test",
        "tests",
        STATISTICS,
    ),
)
