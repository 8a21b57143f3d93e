"""Printed confidence intervals of proportions: which method gives them, and which was claimed.

---
Single figures: an estimate lies between its limits, and within the scale of its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, counts_of, denominator, grouped, place
from haicbook.audit.finding import Discrepancy, Severity, distinct
from haicbook.printed import Printed, agreement
from haicbook.stats.proportions import Proportion, exact_interval, normal_quantile, wald_interval, wilson_interval
from haicbook.study import Paper

rule = partial(registry.rule, topic="tests", inspect_sr=registry.STATISTICS)

Limits = tuple[float, float]


def agresti_coull(p: Proportion, confidence: float) -> Limits:
    """Agresti-Coull limits: Wald's, with z² / 2 successes and failures added.

    References
    ----------
    Agresti A, Coull BA. Am Stat 1998;52:119-126.
    """
    z = normal_quantile(confidence)
    n = p.n + z * z
    centre = (p.count + z * z / 2) / n
    half = z * math.sqrt(centre * (1 - centre) / n)
    return centre - half, centre + half


def jeffreys(p: Proportion, confidence: float) -> Limits:
    """Jeffreys limits: quantiles of a beta distribution with half a success and failure added; 0 and 1 at the ends.

    References
    ----------
    Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-133.
    """
    from scipy.special import betaincinv

    tail, a, b = (1 - confidence) / 2, p.count + 0.5, p.n - p.count + 0.5
    low = 0.0 if p.count == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if p.count == p.n else float(betaincinv(a, b, 1 - tail))
    return low, high


def corrected_wilson(p: Proportion, confidence: float) -> Limits:
    """Wilson's limits with continuity correction, as R's `prop.test` gives them.

    References
    ----------
    Newcombe RG. Stat Med 1998;17:857-872, method 4.
    """
    z, n, share = normal_quantile(confidence), p.n, p.value
    spread = z * z - 1 / n + 4 * share * (n * (1 - share))
    low = (2 * n * share + z * z - 1 - z * math.sqrt(spread - 2 + 4 * share)) / (2 * (n + z * z))
    high = (2 * n * share + z * z + 1 + z * math.sqrt(spread + 2 - 4 * share)) / (2 * (n + z * z))
    return 0.0 if p.count == 0 else max(low, 0.0), 1.0 if p.count == n else min(high, 1.0)


METHODS: dict[str, Callable[[Proportion, float], Limits]] = {
    "Clopper–Pearson": exact_interval,
    "Wilson": wilson_interval,
    "Wald": wald_interval,
    "Agresti–Coull": agresti_coull,
    "Jeffreys": jeffreys,
    "Wilson with continuity correction": corrected_wilson,
}
_NAMES = {
    "clopper": "Clopper–Pearson",
    "exact": "Clopper–Pearson",
    "wilson": "Wilson",
    "wald": "Wald",
    "normal": "Wald",
    "agresti": "Agresti–Coull",
    "jeffreys": "Jeffreys",
}


@rule(
    "proportion_interval",
    "The interval of a proportion comes from the method named",
    broken="The confidence interval does not come from the method named",
    source="Clopper and Pearson 1934; Wilson 1927; Wald; Agresti and Coull 1998; Jeffreys (Brown et al. 2001)",
    tolerance="Rounding or cutting off of both limits",
)
def proportion_interval(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Which method gives a printed 95 % interval of a proportion; a warning where it is not the one the paper names.

    The count is the printed one, else every count that the percentage allows. A note where no method is named; a
    warning where none of the methods gives the interval.
    """
    yield from distinct(((fault.printed, fault.recomputed), fault) for fault in _by_other_methods(paper, found))


def _by_other_methods(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    claimed = _claimed(paper)
    for cell in found:
        size, low, high = denominator(paper, cell), cell.number("ci_low"), cell.number("ci_high")
        if cell.number("pct") is None or low is None or high is None or not size or not _is_share(cell):
            continue
        options = [Proportion(count, size) for count in counts_of(paper, cell)]
        fitting = [name for name in METHODS if any(_gives(METHODS[name], p, low, high) for p in options)]
        if options and claimed not in fitting and (claimed or fitting != ["Clopper–Pearson"]):
            yield _other_method(paper, cell, options[0], fitting, claimed)


def _is_share(cell: Cell) -> bool:
    """Whether a percentage is of patients, not of a curve or a contrast."""
    return not (cell.about.endpoint or cell.about.reference)


def _claimed(paper: Paper) -> str:
    said = (paper.spec.methods.proportion_ci or "").lower()
    return next((name for word, name in _NAMES.items() if word in said), "")


def _gives(method: Callable[[Proportion, float], Limits], p: Proportion, low: Printed, high: Printed) -> bool:
    limits = (min(max(100 * x, 0.0), 100.0) for x in method(p, low.confidence / 100))
    return all(agreement(printed, limit) != "differs" for printed, limit in zip((low, high), limits, strict=True))


def _other_method(paper: Paper, cell: Cell, p: Proportion, fitting: list[str], claimed: str) -> Discrepancy:
    low, high = cell.numbers["ci_low"], cell.numbers["ci_high"]
    printed = f"{low.figure.rstrip('%')} to {high.figure.rstrip('%')}"
    decimals = max(low.decimals, high.decimals)
    by_method = {name: _limits(method(p, low.confidence / 100), decimals) for name, method in METHODS.items()}
    severity: Severity = "warning" if claimed or not fitting else "info"
    if fitting and claimed:
        said = (
            f"the paper prints {printed}, the limits of {' or '.join(fitting)}; {claimed}, which the methods "
            "name, gives "
        )
        said += by_method[claimed]
    elif fitting:
        said = f"{printed} are the limits of {' or '.join(fitting)}; the methods name none"
    else:
        nearest = min(METHODS, key=lambda name: _away(METHODS[name](p, low.confidence / 100), low, high))
        named = f"{claimed}, which the methods name, gives {by_method[claimed]}; " if claimed else ""
        said = (
            f"no method gives {printed} for {p.count} of {p.n}; {named}the nearest is {nearest}, {by_method[nearest]}"
        )
    recomputed = ", ".join(f"{name} {limits}" for name, limits in by_method.items())
    ids = (cell.ids["pct"], cell.ids["ci_low"], cell.ids["ci_high"])
    by_hand = f"{p.count}/{p.n}: {recomputed}; printed {printed}"
    sentence = f"{place(paper, cell)}: {said}."
    return Discrepancy(severity, ids, cell.text, recomputed, sentence, by_hand)


def _limits(limits: Limits, decimals: int) -> str:
    low, high = (f"{100 * x:.{decimals}f}" for x in limits)
    return f"{low} to {high}"


def _away(limits: Limits, low: Printed, high: Printed) -> float:
    return abs(100 * limits[0] - low.value) + abs(100 * limits[1] - high.value)


_ESTIMATES = ("median", "mean", "rate", "pct", "hr")
_SCALED = ("mean", "median", "q1", "q3")
_COLUMNS, _TOGETHER, _APART = 4, 3.0, 4.0
_LIMITS = {
    ("ci_low", "ci_high"): "confidence limits",
    ("q1", "q3"): "quartiles",
    ("min", "max"): "range",
}


@rule(
    "interval",
    "An estimate lies within its limits",
    broken="An estimate lies outside its own confidence interval",
    tolerance="Rounding of both",
)
def interval(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Confidence limits, quartiles and ranges enclose the estimate that they are printed with.

    Only limits that can be read are compared: one that is not reached encloses everything.
    """
    for cell in found:
        yield from _outside_limits(paper, cell)


def _outside_limits(paper: Paper, cell: Cell) -> Iterator[Discrepancy]:
    estimate = next((name for name in _ESTIMATES if cell.number(name) is not None), None)
    if estimate is None:
        return
    value = cell.numbers[estimate]
    for names, words in _LIMITS.items():
        low, high = (cell.number(name) for name in names)
        bound = ""
        if low is not None and value.high < low.low:
            bound = f"at least {low.figure}"
        elif high is not None and value.low > high.high:
            bound = f"at most {high.figure}"
        if bound:
            printed = [name for name in names if name in cell.ids]
            ids = (cell.ids[estimate], *(cell.ids[name] for name in printed))
            limits = " to ".join(cell.numbers[name].figure for name in printed)
            sentence = f"{place(paper, cell)}: {value.figure} does not lie within its {words}, {limits}."
            outside = f"{value.figure} outside [{limits.replace(' to ', ', ')}]"
            yield Discrepancy("error", ids, cell.text, bound, sentence, outside)


@rule(
    "out_of_scale",
    "The figures in a row are of the same order of magnitude",
    broken="One figure in a row is of another order of magnitude",
    source="Comparison of the columns of one row",
    tolerance="A factor of 4 from all the others, which agree within a factor of 3; at least four columns",
    topic="moments",
    inspect_sr=registry.RESULTS,
)
def out_of_scale(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A mean, median or quartile that is four times away from all its row's others, which agree within a factor of 3.

    The columns of a baseline table are samples of one kind of patients, after matching even of the same ones: a figure
    out of scale has a digit too few or too many.
    """
    baseline = [cell for cell in found if cell.about.kind == "baseline"]
    for row in grouped(baseline, by("file", "line")).values():
        for name in _SCALED:
            printed = [(cell, number) for cell in row if (number := cell.number(name)) is not None and number.value > 0]
            for cell, number in printed:
                others = [other.value for _, other in printed if other is not number]
                if len(others) >= _COLUMNS - 1 and _apart(number.value, others):
                    yield _out_of_scale(paper, cell, name, others)


def _apart(value: float, others: list[float]) -> bool:
    together = max(others) < _TOGETHER * min(others)
    return together and (value * _APART < min(others) or value > _APART * max(others))


def _out_of_scale(paper: Paper, cell: Cell, name: str, others: list[float]) -> Discrepancy:
    figure, span = cell.numbers[name].figure, f"{min(others):g} to {max(others):g}"
    sentence = f"{place(paper, cell)}: {figure} is out of scale; the other columns have {span}."
    by_hand = f"{figure} against {', '.join(f'{other:g}' for other in others)}"
    return Discrepancy("warning", (cell.ids[name],), cell.text, span, sentence, by_hand)
