"""Means and standard deviations: possible for whole numbers, within a range, from a frequency table, pooled."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Literal

from haicbook.audit import registry
from haicbook.audit.cells import Cell, all_counts, by, group_size, grouped, place, variable
from haicbook.audit.finding import Discrepancy, Severity, distinct
from haicbook.audit.rules.integers import bounds, moments, possible, root_is_printed_as, totals
from haicbook.audit.rules.p_values import Span
from haicbook.printed import Printed
from haicbook.study import Paper

# quantities that are whole numbers in each patient, by row or by unit
WHOLE = ("haic_courses", "tumor_number", "treatments", "cycles", "sessions", "courses")
# whose range it is: one printed of the same patients, one that the methods allow or plan, by the end of its row
RangeKind = Literal["printed", "allowed", "planned"]
_SEVERITIES: dict[RangeKind, Severity] = {"printed": "error", "allowed": "warning", "planned": "info"}
_STATED: tuple[RangeKind, ...] = ("allowed", "planned")
# whole numbers of which so many stand at the two ends of their range, none in between, are implausible
_AT_ENDS = Fraction(9, 10)
_WORDS = {"mean": "mean", "sd": "standard deviation"}

rule = partial(registry.rule, topic="moments", inspect_sr=registry.WHOLE_NUMBERS)


@rule(
    "whole_numbers",
    "Mean and standard deviation are possible for whole numbers",
    broken="No set of whole numbers has the printed mean and standard deviation",
    source="Brown and Heathers 2017 (GRIM); Anaya 2016, Allard 2018 (GRIMMER), in exact fractions",
    tolerance="Rounding or cutting off of both figures; n is the group's",
)
def whole_numbers(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Mean and standard deviation of whole numbers (courses, tumours) must be those of some whole numbers."""
    yield from distinct(((fault.printed, fault.recomputation), fault) for fault in _impossible_moments(paper, found))


def _impossible_moments(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    for cell in found:
        size, mean, sd = group_size(paper, cell), cell.number("mean"), cell.number("sd")
        if is_whole(cell) and mean is not None and size is not None and size > 1:
            sums = totals(mean.figure, size)
            if not sums or (sd is not None and not possible(mean.figure, sd.figure, size)):
                yield _impossible(paper, cell, size, sums)


def _impossible(paper: Paper, cell: Cell, size: int, sums: list[int]) -> Discrepancy:
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
    return Discrepancy("warning", ids, cell.text, recomputed, sentence, by_hand)


def _variances(total: int, sd: Printed, size: int) -> tuple[float, float]:
    """The variances of whole numbers with this sum next below and next above the printed one."""
    middle = Fraction(total * total, size)
    near = math.floor(Fraction(sd.value) ** 2 * (size - 1) + middle)
    below = near - (near - total) % 2
    return max(float((below - middle) / (size - 1)), 0.0), float((below + 2 - middle) / (size - 1))


# --- a frequency table ------------------------------------------------------------------------------------------------


@rule(
    "frequencies",
    "Mean and standard deviation match the frequency table",
    broken="Mean and standard deviation do not match the printed counts",
    tolerance="Rounding or cutting off; one unit of the last digit is a warning",
)
def frequencies(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Mean and standard deviation match the frequency table printed below them.

    Where the levels of a row are whole numbers with counts. One unit of the last digit away is a warning, more an
    error.
    """
    for group in grouped([cell for cell in found if cell.about.kind == "baseline"], variable).values():
        heading = next((cell for cell in group if not cell.about.level and cell.number("mean") is not None), None)
        levels = [cell for cell in group if cell.about.level.isdigit()]
        counts = all_counts(levels)
        if heading is None or len(levels) < 2 or counts is None or not sum(counts):
            continue
        mean, variance = moments({int(cell.about.level): cell.n for cell in levels})
        for name in ("mean", "sd"):
            printed = heading.number(name)
            if printed is not None and not _agrees(printed, name, mean, variance):
                yield _not_the_table(paper, heading, levels, name, mean, variance)


def _agrees(printed: Printed, name: str, mean: Fraction, variance: Fraction) -> bool:
    low, high = bounds(printed.figure)
    return low <= mean < high if name == "mean" else root_is_printed_as(variance, printed.figure)


def _not_the_table(
    paper: Paper, heading: Cell, levels: list[Cell], name: str, mean: Fraction, variance: Fraction
) -> Discrepancy:
    printed = heading.numbers[name]
    value = float(mean) if name == "mean" else math.sqrt(variance)
    recomputed = f"{value:.{printed.decimals}f}"
    severity: Severity = "warning" if abs(value - printed.value) <= 1.5 * printed.unit else "error"
    total, patients = " + ".join(f"{cell.n}·{cell.about.level}" for cell in levels), sum(cell.n for cell in levels)
    ids = (heading.ids[name], *(cell.ids["n"] for cell in levels))
    sentence = (
        f"{place(paper, heading)}: the counts below give the {_WORDS[name]} {recomputed}; the paper prints "
        f"{printed.figure}."
    )
    by_hand = f"({total})/{patients} = {float(mean):.3f}, variance {float(variance):.3f}"
    return Discrepancy(severity, ids, printed.figure, recomputed, sentence, by_hand)


# --- pooled -----------------------------------------------------------------------------------------------------------


@rule(
    "pooled",
    "Mean and standard deviation of all patients match those of the arms",
    broken="Mean or standard deviation of all patients does not match the arms",
    tolerance="Rounding or cutting off of all figures",
    inspect_sr=registry.RESULTS,
)
def pooled(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Mean and standard deviation of all patients are those of the arms together, within the rounding of all."""
    with_mean = [cell for cell in found if cell.number("mean") is not None and not cell.about.reference]
    for group in grouped(with_mean, by("quantity", "level", "population")).values():
        population = paper.spec.populations.get(group[0].about.population)
        by_arm = {cell.about.arm: cell for cell in reversed(group)}
        if population is not None and len(population.n) > 1 and {"", *population.n} <= set(by_arm):
            arms = [(by_arm[arm], size) for arm, size in population.n.items()]
            yield from _against_arms(paper, by_arm[""], arms)


def _against_arms(paper: Paper, whole: Cell, arms: list[tuple[Cell, int]]) -> Iterator[Discrepancy]:
    n = sum(size for _, size in arms)
    means = [bounds(cell.numbers["mean"].figure) for cell, _ in arms]
    low, high = (sum(size * mean[end] for mean, (_, size) in zip(means, arms, strict=True)) / n for end in (0, 1))
    own = bounds(whole.numbers["mean"].figure)
    if own[1] <= low or own[0] > high:
        yield _not_pooled(paper, whole, arms, "mean", (float(low), float(high)))
    elif None not in [cell.number("sd") for cell in (whole, *(cell for cell, _ in arms))]:
        limits = _pooled_sd(arms)
        own_low, own_high = (float(x) for x in bounds(whole.numbers["sd"].figure))
        if own_high <= limits[0] or own_low > limits[1]:
            yield _not_pooled(paper, whole, arms, "sd", limits)


def _pooled_sd(arms: list[tuple[Cell, int]]) -> Span:
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


def _not_pooled(paper: Paper, whole: Cell, arms: list[tuple[Cell, int]], name: str, span: Span) -> Discrepancy:
    printed = whole.numbers[name]
    recomputed = " to ".join(f"{end:.{printed.decimals + 1}f}" for end in span)
    of_arms = " and ".join(f"{cell.text} of {size}" for cell, size in arms)
    ids = (whole.ids[name], *(cell.ids[name] for cell, _ in arms))
    sentence = (
        f"{place(paper, whole)}: {of_arms} give the {_WORDS[name]} {recomputed} for all; the paper prints "
        f"{printed.figure}."
    )
    return Discrepancy("error", ids, whole.text, recomputed, sentence, f"{of_arms}: {recomputed}")


def is_whole(cell: Cell) -> bool:
    """Whether the quantity is a whole number in each patient."""
    return cell.quantity in WHOLE or cell.about.unit in WHOLE


@rule(
    "within_range",
    "Mean and standard deviation are possible within the printed range",
    broken="The standard deviation is impossible within the printed range",
    source="Bhatia R, Davis C. Am Math Mon 2000;107:353-357",
    tolerance="Rounding or cutting off of both figures; a planned range makes a note; nine in ten patients at "
    "its ends, a warning",
)
def within_range(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A mean lies within the range of its values, and the standard deviation is not larger than that range allows.

    With all values between a and b, the variance is at most n / (n - 1) (mean - a)(b - mean); with both ends met, it is
    at least (b - a)² / (2 (n - 1)). A range of the same patients makes an error, one that the methods allow for every
    patient a warning, and one that was planned a note, for patients may have left the plan.

    A whole number strictly between the ends makes (x - a)(b - x) at least b - a - 1, while its mean over the patients
    is (mean - a)(b - mean) - (n - 1) sd² / n. So mean and standard deviation bound how many can lie in between: a
    warning where nine in ten or more must stand at the two ends, over at least two whole numbers in between, although
    the mean lies in the middle half of the range (near an end, most patients may well have just that number).

    References
    ----------
    Bhatia R, Davis C. Am Math Mon 2000;107:353-357.
    """
    outside: dict[tuple[RangeKind, str], list[Discrepancy]] = defaultdict(list)
    seen = set()
    measured = [cell for cell in found if cell.number("mean") is not None and cell.number("sd") is not None]
    ranges = [cell for cell in found if cell.number("min") is not None and cell.number("max") is not None]
    for cell, other in itertools.product(measured, ranges):
        kind = _range_of(cell, other)
        # one mean may be printed with spaces here and without there
        key = (cell.about.arm, cell.about.population, cell.text.replace(" ", ""), other.text)
        if kind and key not in seen and (fault := _outside_range(paper, cell, other, kind)):
            seen.add(key)
            outside[kind, other.text].append(fault)
    yield from map(_together, outside.values())


def _together(faults: list[Discrepancy]) -> Discrepancy:
    """One finding for one range, whichever groups do not fit into it."""
    first, ids = faults[0], tuple(dict.fromkeys(value for fault in faults for value in fault.value_ids))
    if len(faults) == 1:
        return first
    said = f"{first.sentence} The same range does not fit {len(faults) - 1} more of the printed means."
    return replace(first, sentence=said, value_ids=ids, count=len(faults))


def _range_of(cell: Cell, other: Cell) -> RangeKind | None:
    """Of which kind the other cell's range of this one's values is; None where it is a range of something else."""
    if other.about.arm not in ("", cell.about.arm):
        return None
    for kind in _STATED:
        stated = f"{cell.quantity}_{kind}"
        # the claim's id may say it, or its term
        if (other.about.kind == "claim" and other.about.row == stated) or other.quantity == stated:
            return kind
    same = by("quantity", "population", "arm")
    of_row = same(other) == same(cell) and not other.about.level and other.about.read_as == "median_range"
    return "printed" if of_row else None


def _outside_range(paper: Paper, cell: Cell, other: Cell, kind: RangeKind) -> Discrepancy | None:
    size = group_size(paper, cell)
    (mean_low, mean_high), (sd_low, sd_high) = (bounds(cell.numbers[name].figure) for name in ("mean", "sd"))
    a, b = Fraction(other.numbers["min"].value), Fraction(other.numbers["max"].value)
    if size is None or size < 2 or b <= a:
        return None
    best = min(max((a + b) / 2, mean_low), mean_high)
    largest = (best - a) * (b - best) * Fraction(size, size - 1)
    mean, sd, limits = cell.numbers["mean"], cell.numbers["sd"], f"{other.text} {kind}"
    if mean_high <= a or mean_low > b:
        said = f"the mean {mean.figure} lies outside {limits}"
        recomputed = by_hand = f"{mean.figure} outside [{float(a):g}, {float(b):g}]"
    elif max(sd_low, Fraction(0)) ** 2 > largest:
        recomputed = f"at most {math.sqrt(largest):.{sd.decimals}f}"
        said = f"with {limits}, the standard deviation is {recomputed}; the paper prints {sd.figure}"
        by_hand = (
            f"√(({mean.figure} - {float(a):g})({float(b):g} - {mean.figure})) = {math.sqrt(largest):.2f} < {sd.figure}"
        )
    elif kind == "printed" and sd_high**2 < (b - a) ** 2 / (2 * (size - 1)):
        least = float(b - a) / math.sqrt(2 * (size - 1))
        recomputed = f"at least {least:.{sd.decimals}f}"
        said = f"with {limits}, the standard deviation is {recomputed}; the paper prints {sd.figure}"
        by_hand = f"({float(b):g} - {float(a):g})/√(2·{size - 1}) = {least:.2f} > {sd.figure}"
    else:
        return _hollow(paper, cell, other, kind, size)
    sentence = f"{place(paper, cell)}: {said} ({other.about.source})."
    return Discrepancy(_SEVERITIES[kind], _both_ids(cell, other), cell.text, recomputed, sentence, by_hand)


def _both_ids(cell: Cell, other: Cell) -> tuple[str, ...]:
    return cell.ids["mean"], cell.ids["sd"], other.ids["min"], other.ids["max"]


def _hollow(paper: Paper, cell: Cell, other: Cell, kind: RangeKind, size: int) -> Discrepancy | None:
    """Whole numbers that must nearly all stand at the two ends of their range."""
    a, b = Fraction(other.numbers["min"].value), Fraction(other.numbers["max"].value)
    mean, sd = cell.numbers["mean"], cell.numbers["sd"]
    whole = is_whole(cell) and a.denominator == b.denominator == 1
    if kind == "planned" or not whole or b - a < 3 or abs(Fraction(mean.value) - (a + b) / 2) > (b - a) / 4:
        return None
    (mean_low, mean_high), (sd_low, _) = (bounds(cell.numbers[name].figure) for name in ("mean", "sd"))
    best = min(max((a + b) / 2, mean_low), mean_high)
    room = (best - a) * (b - best) - max(sd_low, Fraction(0)) ** 2 * Fraction(size - 1, size)
    between = math.floor(size * room / (b - a - 1))
    if Fraction(size - between, size) < _AT_ENDS:
        return None
    recomputed = f"at least {size - between} of {size} at {int(a)} or {int(b)}"
    sentence = (
        f"{place(paper, cell)}: with {other.text} {kind}, at least {size - between} of {size} patients must have had "
        f"exactly {int(a)} or exactly {int(b)}, because the standard deviation, {sd.figure}, is nearly the largest "
        f"possible ({other.about.source})."
    )
    share = f"{float(room):.3f}/{int(b - a - 1)} = {float(room / (b - a - 1)):.1%} in between"
    by_hand = (
        f"({mean.figure} - {int(a)})({int(b)} - {mean.figure}) - {sd.figure}²·{size - 1}/{size} is at most "
        f"{float(room):.3f} with rounding; {share}"
    )
    return Discrepancy("warning", _both_ids(cell, other), cell.text, recomputed, sentence, by_hand)
