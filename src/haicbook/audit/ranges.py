"""Means and standard deviations within a range that the paper states."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from haicbook.audit.cells import Cell, group_size, place
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.integers import bounds
from haicbook.study import Paper

# quantities that are whole numbers in each patient, by row or by unit
WHOLE = ("haic_courses", "tumor_number", "treatments", "cycles", "sessions", "courses")
_RANGES = {"_allowed": "allowed", "_planned": "planned"}
_SEVERITIES: dict[str, Severity] = {"printed": "error", "allowed": "warning", "planned": "info"}
# whole numbers of which so many stand at the two ends of their range, none in between, are implausible
_AT_ENDS = Fraction(9, 10)


def is_whole(cell: Cell) -> bool:
    """Whether the quantity is a whole number in each patient."""
    return cell.quantity in WHOLE or cell.about.unit in WHOLE


def within_range(paper: Paper, found: list[Cell]) -> list[Finding]:
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
    outside: dict[tuple[str, str], list[Finding]] = {}
    seen = set()
    for cell in found:
        if cell.number("mean") is None or cell.number("sd") is None:
            continue
        for other in found:
            words = _range_of(cell, other)
            # one mean may be printed with spaces here and without there
            key = (cell.about.arm, cell.about.population, cell.text.replace(" ", ""), other.text)
            if words and key not in seen and (finding := _outside_range(paper, cell, other, words)):
                seen.add(key)
                outside.setdefault((words, other.text), []).append(finding)
    return [_together(findings) for findings in outside.values()]


def _together(findings: list[Finding]) -> Finding:
    """One finding for one range, whichever groups do not fit into it."""
    first, ids = findings[0], tuple(dict.fromkeys(value for finding in findings for value in finding.value_ids))
    if len(findings) == 1:
        return first
    said = f"{first.sentence} The same range is at odds with {len(findings) - 1} more of the printed means."
    return replace(first, sentence=said, value_ids=ids, count=len(findings))


def _range_of(cell: Cell, other: Cell) -> str:
    """`printed`, `allowed` or `planned`, where the other cell is a range of this one's values; else empty."""
    if other.number("min") is None or other.number("max") is None:
        return ""
    if other.about.arm not in ("", cell.about.arm):
        return ""
    # the claim's id may say it, or its term
    said = next((word for end, word in _RANGES.items() if other.about.row == cell.quantity + end), "")
    if said and other.about.kind == "claim":
        return said
    if other.quantity == cell.quantity and not other.about.level:
        same = (other.about.population, other.about.arm) == (cell.about.population, cell.about.arm)
        return "printed" if same and other.about.read_as == "median_range" else ""
    return next((word for end, word in _RANGES.items() if other.quantity == cell.quantity + end), "")


def _outside_range(paper: Paper, cell: Cell, other: Cell, words: str) -> Finding | None:
    size = group_size(paper, cell)
    (mean_low, mean_high), (sd_low, sd_high) = (bounds(cell.numbers[name].figure) for name in ("mean", "sd"))
    a, b = Fraction(other.numbers["min"].value), Fraction(other.numbers["max"].value)
    if size is None or size < 2 or b <= a:
        return None
    best = min(max((a + b) / 2, mean_low), mean_high)
    largest = (best - a) * (b - best) * Fraction(size, size - 1)
    mean, sd, limits = cell.numbers["mean"], cell.numbers["sd"], f"{other.text} {words}"
    if mean_high <= a or mean_low > b:
        said = f"the mean {mean.figure} lies outside {limits}"
        recomputed = by_hand = f"{mean.figure} outside [{float(a):g}, {float(b):g}]"
    elif max(sd_low, Fraction(0)) ** 2 > largest:
        recomputed = f"at most {math.sqrt(largest):.{sd.decimals}f}"
        said = f"with {limits}, the standard deviation is {recomputed}; printed is {sd.figure}"
        by_hand = (
            f"√(({mean.figure} - {float(a):g})({float(b):g} - {mean.figure})) = {math.sqrt(largest):.2f} < {sd.figure}"
        )
    elif words == "printed" and sd_high**2 < (b - a) ** 2 / (2 * (size - 1)):
        least = float(b - a) / math.sqrt(2 * (size - 1))
        recomputed = f"at least {least:.{sd.decimals}f}"
        said = f"with {limits}, the standard deviation is {recomputed}; printed is {sd.figure}"
        by_hand = f"({float(b):g} - {float(a):g})/√(2·{size - 1}) = {least:.2f} > {sd.figure}"
    else:
        return _hollow(paper, cell, other, words, size)
    ids = (cell.ids["mean"], cell.ids["sd"], other.ids["min"], other.ids["max"])
    severity = _SEVERITIES[words]
    sentence = f"{place(paper, cell)}: {said} ({other.about.source})."
    return Finding("within_range", severity, paper.study, ids, cell.text, recomputed, sentence, recomputation=by_hand)


def _hollow(paper: Paper, cell: Cell, other: Cell, words: str, size: int) -> Finding | None:
    """Whole numbers that must nearly all stand at the two ends of their range."""
    a, b = Fraction(other.numbers["min"].value), Fraction(other.numbers["max"].value)
    mean, sd = cell.numbers["mean"], cell.numbers["sd"]
    whole = is_whole(cell) and a.denominator == b.denominator == 1
    if words == "planned" or not whole or b - a < 3 or abs(Fraction(mean.value) - (a + b) / 2) > (b - a) / 4:
        return None
    (mean_low, mean_high), (sd_low, _) = (bounds(cell.numbers[name].figure) for name in ("mean", "sd"))
    best = min(max((a + b) / 2, mean_low), mean_high)
    room = (best - a) * (b - best) - max(sd_low, Fraction(0)) ** 2 * Fraction(size - 1, size)
    between = math.floor(size * room / (b - a - 1))
    if Fraction(size - between, size) < _AT_ENDS:
        return None
    recomputed = f"at least {size - between} of {size} at {int(a)} or {int(b)}"
    sentence = (
        f"{place(paper, cell)}: with {other.text} {words}, at least {size - between} of {size} patients must have had "
        f"exactly {int(a)} or exactly {int(b)}, for the standard deviation, {sd.figure}, is nearly the largest "
        f"possible ({other.about.source})."
    )
    share = f"{float(room):.3f}/{int(b - a - 1)} = {float(room / (b - a - 1)):.1%} in between"
    by_hand = (
        f"({mean.figure} - {int(a)})({int(b)} - {mean.figure}) - {sd.figure}²·{size - 1}/{size} is at most "
        f"{float(room):.3f} with rounding; {share}"
    )
    ids = (cell.ids["mean"], cell.ids["sd"], other.ids["min"], other.ids["max"])
    return Finding("within_range", "warning", paper.study, ids, cell.text, recomputed, sentence, recomputation=by_hand)
