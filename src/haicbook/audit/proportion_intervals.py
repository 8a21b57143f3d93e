"""Printed confidence intervals of proportions: which method gives them, and which was claimed."""

from __future__ import annotations

import math
from collections.abc import Callable

from haicbook.audit.cells import Cell, denominator, place
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.registry import STATISTICS, Rule
from haicbook.printed import Printed, agreement
from haicbook.stats.proportions import Proportion, exact_interval, normal_quantile, wald_interval, wilson_interval
from haicbook.study import Paper

_CONFIDENCE = 0.95
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


def intervals_of_proportions(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Which method gives a printed 95 % interval of a proportion; a warning where it is not the one the paper names.

    The count is the printed one, else every count that the percentage allows. A note where no method is named; a
    warning where none of the methods gives the interval.
    """
    claimed = _claimed(paper)
    findings: dict[tuple[str, int], Finding] = {}
    for cell in found:
        size, limits = denominator(paper, cell), [cell.number(name) for name in ("ci_low", "ci_high")]
        percent, about = cell.number("pct"), cell.about
        if percent is None or None in limits or not size or about.endpoint or about.reference:
            continue
        count = cell.count()
        options = [Proportion(k, size) for k in ([count] if count is not None else possible_counts(percent, size))]
        if not options:
            continue
        low, high = (limit for limit in limits if limit is not None)
        fitting = [name for name in METHODS if any(_gives(METHODS[name], p, low, high) for p in options)]
        if claimed not in fitting and (claimed or len(fitting) != 1 or fitting[0] != "Clopper–Pearson"):
            findings.setdefault((cell.text, size), _finding(paper, cell, options[0], fitting, claimed))
    return list(findings.values())


def _claimed(paper: Paper) -> str:
    said = (paper.spec.methods.proportion_ci or "").lower()
    return next((name for word, name in _NAMES.items() if word in said), "")


def _gives(method: Callable[[Proportion, float], Limits], p: Proportion, low: Printed, high: Printed) -> bool:
    limits = (min(max(100 * x, 0.0), 100.0) for x in method(p, _CONFIDENCE))
    return all(agreement(printed, limit) != "differs" for printed, limit in zip((low, high), limits, strict=True))


def _finding(paper: Paper, cell: Cell, p: Proportion, fitting: list[str], claimed: str) -> Finding:
    low, high = cell.numbers["ci_low"], cell.numbers["ci_high"]
    printed = f"{low.figure.rstrip('%')} to {high.figure.rstrip('%')}"
    decimals = max(low.decimals, high.decimals)
    by_method = {name: _limits(method(p, _CONFIDENCE), decimals) for name, method in METHODS.items()}
    severity: Severity = "warning" if claimed or not fitting else "info"
    if fitting and claimed:
        said = f"printed is {printed}, the limits of {' or '.join(fitting)}; {claimed}, which the methods name, gives "
        said += by_method[claimed]
    elif fitting:
        said = f"{printed} are the limits of {' or '.join(fitting)}; the methods name none"
    else:
        nearest = min(METHODS, key=lambda name: _away(METHODS[name](p, _CONFIDENCE), low, high))
        named = f"{claimed}, which the methods name, gives {by_method[claimed]}; " if claimed else ""
        said = f"no method gives {printed} for {p.count} of {p.n}; {named}nearest is {nearest}, {by_method[nearest]}"
    recomputed = ", ".join(f"{name} {limits}" for name, limits in by_method.items())
    ids = (cell.ids["pct"], cell.ids["ci_low"], cell.ids["ci_high"])
    by_hand = f"{p.count}/{p.n}: {recomputed}; printed {printed}"
    sentence = f"{place(paper, cell)}: {said}."
    return Finding(
        "proportion_interval", severity, paper.study, ids, cell.text, recomputed, sentence, recomputation=by_hand
    )


def _limits(limits: Limits, decimals: int) -> str:
    low, high = (f"{100 * x:.{decimals}f}" for x in limits)
    return f"{low} to {high}"


def _away(limits: Limits, low: Printed, high: Printed) -> float:
    return abs(100 * limits[0] - low.value) + abs(100 * limits[1] - high.value)


RULES: tuple[Rule, ...] = (
    Rule(
        "proportion_interval",
        "The interval of a proportion is that of the method named",
        intervals_of_proportions,
        "Clopper and Pearson 1934; Wilson 1927; Wald; Agresti and Coull 1998; Jeffreys (Brown et al. 2001)",
        "Rounding or cutting off of both limits",
        "tests",
        STATISTICS,
    ),
)
