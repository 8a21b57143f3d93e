"""Means and standard deviations: possible for whole numbers, within a range, from a frequency table, pooled."""

from __future__ import annotations

import math
from fractions import Fraction

from haicbook.audit.cells import Cell, group_size, grouped, place, variable
from haicbook.audit.finding import Finding
from haicbook.audit.integers import bounds, moments, possible, root_is_printed_as, totals
from haicbook.audit.ranges import is_whole, within_range
from haicbook.audit.registry import RESULTS, WHOLE_NUMBERS, Rule
from haicbook.printed import Printed
from haicbook.study import Paper


def whole_numbers(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Mean and standard deviation of whole numbers (courses, tumours) must be those of some whole numbers."""
    findings: dict[tuple[str, int], Finding] = {}
    for cell in found:
        size, mean, sd = group_size(paper, cell), cell.number("mean"), cell.number("sd")
        if not is_whole(cell) or mean is None or size is None or size < 2:
            continue
        sums = totals(mean.figure, size)
        if sums and (sd is None or possible(mean.figure, sd.figure, size)):
            continue
        findings.setdefault((cell.text, size), _impossible(paper, cell, size, sums))
    return list(findings.values())


def _impossible(paper: Paper, cell: Cell, size: int, sums: list[int]) -> Finding:
    mean = cell.numbers["mean"]
    if not sums:
        nearest = round(mean.value * size)
        recomputed = f"{nearest / size:.{mean.decimals + 2}f}"
        said, by_hand = f"no {size} whole numbers have the mean {mean.figure}", f"{nearest}/{size} = {recomputed}"
    else:
        sd, total = cell.numbers["sd"], sums[0]
        low, high = (math.sqrt(x) for x in _variances(total, sd, size))
        recomputed = f"{low:.{sd.decimals + 2}f} or {high:.{sd.decimals + 2}f}"
        said = f"no {size} whole numbers with the mean {mean.figure} have the standard deviation {sd.figure}"
        by_hand = f"sum {total}: nearest standard deviations {recomputed}"
    ids = tuple(cell.ids[name] for name in ("mean", "sd") if name in cell.ids)
    sentence = f"{place(paper, cell)}: {said}."
    return Finding("whole_numbers", "warning", paper.study, ids, cell.text, recomputed, sentence, recomputation=by_hand)


def _variances(total: int, sd: Printed, size: int) -> tuple[float, float]:
    """The variances of whole numbers with this sum next below and next above the printed one."""
    middle = Fraction(total * total, size)
    near = math.floor(Fraction(sd.value) ** 2 * (size - 1) + middle)
    below = near - (near - total) % 2
    return max(float((below - middle) / (size - 1)), 0.0), float((below + 2 - middle) / (size - 1))


# --- a frequency table ------------------------------------------------------------------------------------------------


def frequencies(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Mean and standard deviation are those of the frequency table printed below them.

    Where the levels of a row are whole numbers with counts. One unit of the last digit away is a warning, more an
    error.
    """
    findings = []
    for group in grouped([cell for cell in found if cell.about.kind == "baseline"], variable).values():
        heading = next((cell for cell in group if not cell.about.level and cell.number("mean") is not None), None)
        levels = [cell for cell in group if cell.about.level.isdigit()]
        counts = {int(cell.about.level): cell.count() for cell in levels}
        if heading is None or len(levels) < 2 or None in counts.values() or not sum(c or 0 for c in counts.values()):
            continue
        mean, variance = moments({value: count or 0 for value, count in counts.items()})
        for name in ("mean", "sd"):
            printed = heading.number(name)
            if printed is not None and not _agrees(printed, name, mean, variance):
                findings.append(_not_the_table(paper, heading, levels, name, mean, variance))
    return findings


def _agrees(printed: Printed, name: str, mean: Fraction, variance: Fraction) -> bool:
    low, high = bounds(printed.figure)
    return low <= mean < high if name == "mean" else root_is_printed_as(variance, printed.figure)


def _not_the_table(
    paper: Paper, heading: Cell, levels: list[Cell], name: str, mean: Fraction, variance: Fraction
) -> Finding:
    printed = heading.numbers[name]
    value = float(mean) if name == "mean" else math.sqrt(variance)
    words = "mean" if name == "mean" else "standard deviation"
    recomputed = f"{value:.{printed.decimals}f}"
    near = abs(value - printed.value) <= 1.5 * printed.unit
    total = " + ".join(f"{cell.count()}·{cell.about.level}" for cell in levels)
    patients = sum(cell.count() or 0 for cell in levels)
    return Finding(
        "frequencies",
        "warning" if near else "error",
        paper.study,
        (heading.ids[name], *(cell.ids["n"] for cell in levels)),
        printed.figure,
        recomputed,
        f"{place(paper, heading)}: the counts below give the {words} {recomputed}; printed is {printed.figure}.",
        recomputation=f"({total})/{patients} = {float(mean):.3f}, variance {float(variance):.3f}",
    )


# --- pooled -----------------------------------------------------------------------------------------------------------


def pooled(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Mean and standard deviation of all patients are those of the arms together, within the rounding of all."""
    with_mean = [cell for cell in found if cell.number("mean") is not None and not cell.about.reference]
    findings = []
    for group in grouped(with_mean, lambda cell: (cell.quantity, cell.about.level, cell.about.population)).values():
        population = paper.spec.populations.get(group[0].about.population)
        by_arm = {cell.about.arm: cell for cell in reversed(group)}
        if population is None or "" not in by_arm or len(population.n) < 2 or not set(population.n) <= set(by_arm):
            continue
        arms = [(by_arm[arm], size) for arm, size in population.n.items()]
        findings += _against_arms(paper, by_arm[""], arms)
    return findings


def _against_arms(paper: Paper, whole: Cell, arms: list[tuple[Cell, int]]) -> list[Finding]:
    n = sum(size for _, size in arms)
    means = [bounds(cell.numbers["mean"].figure) for cell, _ in arms]
    low, high = (sum(size * mean[end] for mean, (_, size) in zip(means, arms, strict=True)) / n for end in (0, 1))
    printed = whole.numbers["mean"]
    own = bounds(printed.figure)
    if own[1] <= low or own[0] > high:
        return [_not_pooled(paper, whole, arms, "mean", float(low), float(high))]
    sds = [cell.number("sd") for cell, _ in arms]
    if whole.number("sd") is None or None in sds:
        return []
    limits = _pooled_sd(arms)
    own_low, own_high = (float(x) for x in bounds(whole.numbers["sd"].figure))
    if own_high <= limits[0] or own_low > limits[1]:
        return [_not_pooled(paper, whole, arms, "sd", *limits)]
    return []


def _pooled_sd(arms: list[tuple[Cell, int]]) -> tuple[float, float]:
    """Least and largest standard deviation of all, within the rounding of the arms' means and standard deviations."""
    n = sum(size for _, size in arms)
    found = []
    for end in (0, 1):
        within = sum((size - 1) * float(bounds(cell.numbers["sd"].figure)[end]) ** 2 for cell, size in arms)
        between = _between(arms, n, widest=bool(end))
        found.append(math.sqrt((within + between) / (n - 1)))
    return found[0], found[1]


def _between(arms: list[tuple[Cell, int]], n: int, *, widest: bool) -> float:
    """Sum of squares between arms, with the means as far apart, or as near, as their rounding allows."""
    order = sorted(arms, key=lambda item: item[0].numbers["mean"].value)
    limits = [tuple(float(x) for x in bounds(cell.numbers["mean"].figure)) for cell, _ in order]
    middle = sum(size * cell.numbers["mean"].value for cell, size in order) / n
    if widest:
        means = [low if low + high < 2 * middle else high for low, high in limits]
    else:
        means = [min(max(middle, low), high) for low, high in limits]
    centre = sum(size * mean for mean, (_, size) in zip(means, order, strict=True)) / n
    return sum(size * (mean - centre) ** 2 for mean, (_, size) in zip(means, order, strict=True))


def _not_pooled(paper: Paper, whole: Cell, arms: list[tuple[Cell, int]], name: str, low: float, high: float) -> Finding:
    printed = whole.numbers[name]
    recomputed = f"{low:.{printed.decimals + 1}f} to {high:.{printed.decimals + 1}f}"
    words = "mean" if name == "mean" else "standard deviation"
    of_arms = " and ".join(f"{cell.text} of {size}" for cell, size in arms)
    ids = (whole.ids[name], *(cell.ids[name] for cell, _ in arms))
    sentence = f"{place(paper, whole)}: {of_arms} give the {words} {recomputed} of all; printed is {printed.figure}."
    return Finding(
        "pooled", "error", paper.study, ids, whole.text, recomputed, sentence, recomputation=f"{of_arms}: {recomputed}"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "whole_numbers",
        "Mean and standard deviation of whole numbers are possible",
        whole_numbers,
        "Brown and Heathers 2017 (GRIM); Anaya 2016, Allard 2018 (GRIMMER), in exact fractions",
        "Rounding or cutting off of both figures; n is the group's",
        "moments",
        WHOLE_NUMBERS,
    ),
    Rule(
        "within_range",
        "Mean and standard deviation are possible within the range",
        within_range,
        "Bhatia R, Davis C. Am Math Mon 2000;107:353-357",
        "Rounding or cutting off of both figures; a range only planned makes a note, nine in ten at its ends a warning",
        "moments",
        WHOLE_NUMBERS,
    ),
    Rule(
        "frequencies",
        "Mean and standard deviation are those of the frequency table",
        frequencies,
        "Definition",
        "Rounding or cutting off; one unit of the last digit is a warning",
        "moments",
        WHOLE_NUMBERS,
    ),
    Rule(
        "pooled",
        "Mean and standard deviation of all are those of the arms together",
        pooled,
        "Definition",
        "Rounding or cutting off of all figures",
        "moments",
        RESULTS,
    ),
)
