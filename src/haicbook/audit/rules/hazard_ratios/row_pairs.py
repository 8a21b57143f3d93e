"""Hazard ratios row against row: one ratio printed twice, and ratios that point the wrong way."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from haicbook.audit import registry
from haicbook.audit.cells import Cell, group_size, grouped, place, what, whose
from haicbook.audit.finding import Discrepancy, Severity
from haicbook.audit.rules.hazard_ratios.events import groups_of
from haicbook.audit.rules.hazard_ratios.ratios import PrintedRatio, p_words, ratios, span, z_span
from haicbook.study import Paper
from haicbook.words import label

rule = partial(registry.rule, topic="hazard_ratios", inspect_sr=registry.STATISTICS)

_DECIMALS = 3
# Two ratios printed to three decimals that are one figure, with standard errors this close (as a share), are hardly two
# results: between two covariates of one table that happens about once in 5,000 times.
_CLOSE = 0.005
# the median must be longer by this much before it counts as pointing the other way
_LONGER = 1.1
_CONTRAST = re.compile(r"([^\s(;,/]+)\s*(?:vs\.?|/)\s*([^\s);,/]+)")


@rule(
    "ratio_twice",
    "Two rows do not share the same hazard ratio",
    broken="Two characteristics have the same hazard ratio",
    source="Coincidence",
    tolerance="Three decimals; the same ratio, standard errors within 0.5%; a note where the groups have equal sizes",
)
def duplicates(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Two covariates, or one covariate for two endpoints, with one hazard ratio and one interval.

    Judged where all three figures have three decimals, so that a coincidence is out of the question: the same figures
    with two p-values are an error, with one p-value (or none) a warning, as is the same ratio with limits so close that
    the standard errors differ by less than 0.5 %. Between two endpoints, whose results are near by nature, the p-values
    must be the same too, and limits that differ are a note. Two covariates that have groups of one size may have the
    same patients in them (stage C for invasion alone): the same row for both is a note.
    """
    shown = [ratio for ratio in ratios(found) if ratio.readable and _fine(ratio)]
    yield from (
        _twice(paper, one, other, of_one_size=_of_one_size(paper, found, one, other))
        for one, other in itertools.combinations(shown, 2)
        if _comparable(one, other) and _alike(one, other)
    )


def _fine(ratio: PrintedRatio) -> bool:
    figures = (ratio.hr, ratio.low, ratio.high)
    return all(figure.decimals - ratio.filled >= _DECIMALS for figure in figures)


def _comparable(one: PrintedRatio, other: PrintedRatio) -> bool:
    """Two rows of one model, or one covariate in the same model of two endpoints with one p-value."""
    (e1, c1, p1, q1, m1), (e2, c2, p2, q2, m2) = one.key, other.key
    if (c1, p1, m1) != (c2, p2, m2):
        return False
    if e1 != e2:  # the same covariate's results are near by nature
        return q1 == q2 and bool(_ps(one)) and _ps(one) == _ps(other)
    return q1 != q2 or one.cell.about.level != other.cell.about.level


def _ps(ratio: PrintedRatio) -> list[float]:
    return sorted({cell.numbers["p"].value for cell in ratio.p_cells})


def _alike(one: PrintedRatio, other: PrintedRatio) -> bool:
    errors = [math.log(ratio.high.value / ratio.low.value) for ratio in (one, other)]
    return one.hr.value == other.hr.value and abs(math.log(errors[0] / errors[1])) < _CLOSE


def _same(one: PrintedRatio, other: PrintedRatio) -> bool:
    return (one.hr.value, one.low.value, one.high.value) == (other.hr.value, other.low.value, other.high.value)


def _of_one_size(paper: Paper, found: list[Cell], one: PrintedRatio, other: PrintedRatio) -> bool:
    """Whether the baseline table has groups of one size for two covariates."""
    if one.cell.quantity == other.cell.quantity:
        return False
    sizes = [
        {tuple(sorted(split)) for split in groups.splits} if groups is not None else set()
        for groups in (groups_of(paper, found, ratio) for ratio in (one, other))
    ]
    return bool(sizes[0] & sizes[1])


def _twice(paper: Paper, one: PrintedRatio, other: PrintedRatio, *, of_one_size: bool) -> Discrepancy:
    same, two_p = _same(one, other), bool(_ps(one) and _ps(other)) and _ps(one) != _ps(other)
    perhaps = same and not two_p and of_one_size
    by_nature = not same and one.cell.about.endpoint != other.cell.about.endpoint
    severity: Severity = "info" if perhaps or by_nature else "error" if same and two_p else "warning"
    said = "the same ratio and interval" if same else "nearly the same ratio and interval"
    printed = " and ".join(dict.fromkeys(_with_p(ratio) for ratio in (one, other)))
    first, second = what(one.cell), what(other.cell)
    where = one.cell.about.source
    where = where if other.cell.about.source == where else f"{where} and {other.cell.about.source}"
    sentence = (
        f"{where}{whose(paper, one.cell)}: {first} and {second} have {said}, {printed}"
        f"{', with two p-values' if same and two_p else ''}.{_reason(one, perhaps=perhaps, by_nature=by_nature)}"
    )
    ids = (*one.ids, *other.ids, *(cell.ids["p"] for ratio in (one, other) for cell in ratio.p_cells))
    differences = [
        f"{a.figure} and {b.figure} differ by {abs(a.value - b.value):.{a.decimals}f}"
        for a, b in zip((one.hr, one.low, one.high), (other.hr, other.low, other.high), strict=True)
        if a.value != b.value
    ]
    interval_p = f"p {p_words(z_span(one))}"
    words = "; ".join([*differences, f"the interval gives {interval_p}"])
    return Discrepancy(severity, ids, printed, interval_p, sentence, words)


def _reason(one: PrintedRatio, *, perhaps: bool, by_nature: bool) -> str:
    if by_nature:
        return (
            f" The ratios are identical to {one.hr.decimals} decimals; results of two endpoints are similar by nature."
        )
    return " One looks like a copy of the other" + (
        ", unless the same patients are in both groups." if perhaps else "."
    )


def _with_p(ratio: PrintedRatio) -> str:
    ps = [cell.numbers["p"].figure for cell in ratio.p_cells]
    return f"{ratio.text}" + (f", p {ps[0]}" if ps else "")


# --- direction --------------------------------------------------------------------------------------------------------


@rule(
    "ratio_direction",
    "A hazard ratio favours the arm with the longer survival",
    broken="The hazard ratio favours the arm that did worse",
    tolerance="The interval excludes 1, and medians differ by a tenth beyond rounding",
)
def direction(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A hazard ratio below 1 goes with the longer median and the higher rates of its arm.

    An error where a significant ratio points one way, and no median and no rate that both arms have goes with it, while
    the medians (by a tenth at least) or a rate (by two standard errors) go the other way.
    """
    for ratio in ratios(found):
        if (
            ratio.readable
            and ratio.of_treatment
            and ratio.cell.about.model != "multivariable"
            and (side := _side(ratio))
        ):
            yield from _reversed(paper, found, ratio, side)


def _side(ratio: PrintedRatio) -> int:
    """-1 where the whole interval lies below 1, 1 where it lies above, else 0."""
    _, low, high = ratio.spans()
    return -1 if high[1] < 1 else 1 if low[0] > 1 else 0


def _reversed(paper: Paper, found: list[Cell], ratio: PrintedRatio, side: int) -> Iterator[Discrepancy]:
    arm, reference = ratio.cell.about.arm, ratio.cell.about.reference
    against: list[tuple[Cell, Cell]] = []
    for mine, other in _pairs(found, ratio, arm, reference):
        statistic = "median" if "median" in mine.numbers else "rate"
        a, b = span(mine.numbers[statistic]), span(other.numbers[statistic])
        longer, shorter = (b, a) if side < 0 else (a, b)
        agrees = longer[0] <= shorter[1]
        far = longer[0] > (_LONGER * shorter[1] if statistic == "median" else shorter[1] + _error(paper, mine, other))
        if agrees and not far:
            return
        if far:
            against.append((mine, other))
    if not against:
        return
    mine, other = against[0]
    more = "lower" if side < 0 else "higher"
    sentence = (
        f"{place(paper, ratio.cell)}: {ratio.text} says that the hazard is {more} than in the other arm, but "
        f"{what(mine)} is {mine.text} against {other.text}. The two groups may have been swapped."
    )
    ids = (*ratio.ids, *mine.ids.values(), *other.ids.values())
    text, hr = f"{ratio.text}; {mine.text}; {other.text}", ratio.hr
    repair = f"1/{hr.figure} = {1 / hr.value:.{hr.decimals}f} would point the same way."
    by_hand = f"ln({hr.figure}) = {math.log(hr.value):.2f}; {mine.text} against {other.text}"
    yield Discrepancy("error", ids, text, "", sentence, by_hand, repair)


def _error(paper: Paper, one: Cell, other: Cell) -> float:
    """Two standard errors, in per cent, of the difference of two rates without censoring."""
    variance = 0.0
    for cell in (one, other):
        rate, n = cell.numbers["rate"].value, group_size(paper, cell)
        variance += rate * (100 - rate) / (n or 1)
    return 2 * math.sqrt(variance)


def _pairs(found: list[Cell], ratio: PrintedRatio, arm: str, reference: str) -> list[tuple[Cell, Cell]]:
    """Medians and rates of both arms, from the same section."""
    curves = [
        cell
        for cell in found
        if cell.of_endpoint
        and (cell.about.endpoint, cell.about.criterion, cell.about.population) == ratio.key[:3]
        and not cell.about.level
        and (cell.number("median") is not None or cell.number("rate") is not None)
    ]
    pairs = []
    for cells in grouped(curves, lambda cell: (cell.about.file, cell.about.section, str(cell.about.time))).values():
        by_arm = {cell.about.arm: cell for cell in cells}
        if {arm, reference} <= set(by_arm):
            mine, other = by_arm[arm], by_arm[reference]
            if any(mine.number(name) and other.number(name) for name in ("median", "rate")):
                pairs.append((mine, other))
    return pairs


@rule(
    "ratio_adjustment",
    "Adjustment does not reverse a significant effect",
    broken="Adjustment reversed a significant effect",
    source="Hausman 1978",
    tolerance="Both intervals exclude 1",
)
def adjustment(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A ratio alone and adjusted lie on two sides of 1, both significantly: a warning.

    Adjustment moves an estimate by about as much as the squared standard errors differ (Hausman); two significant
    estimates of opposite sign are further apart than that, and a group taken for its reference is likelier.
    """
    by_row: dict[object, dict[str, PrintedRatio]] = defaultdict(dict)
    for ratio in ratios(found):
        if ratio.readable and ratio.cell.about.model:
            endpoint, criterion, population, covariate, model = ratio.key
            level = ratio.cell.about.level
            by_row[endpoint, criterion, population, covariate, level][model] = ratio
    for pair in by_row.values():
        alone, adjusted = pair.get("univariable"), pair.get("multivariable")
        if alone is None or adjusted is None or _side(alone) * _side(adjusted) >= 0:
            continue
        sentence = (
            f"{place(paper, alone.cell)}: {alone.text} alone and {adjusted.text} adjusted lie on opposite sides of 1, "
            "both significantly. In one of them the groups may have been swapped."
        )
        repair = f"1/{adjusted.hr.figure} = {1 / adjusted.hr.value:.{adjusted.hr.decimals}f}"
        ids = (*alone.ids, *adjusted.ids)
        yield Discrepancy("warning", ids, f"{alone.text}; {adjusted.text}", "", sentence, repair)


@rule(
    "ratio_coding",
    "A characteristic is compared in the same direction throughout",
    broken="A characteristic is compared in opposite directions",
)
def coding(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """One covariate's groups compared one way round for one endpoint and the other way for another: a note."""
    by_row: dict[object, dict[str, PrintedRatio]] = defaultdict(dict)
    for ratio in ratios(found):
        if ratio.cell.about.kind == "cox" and _CONTRAST.search(ratio.cell.about.label):
            endpoint, criterion, population, covariate, _ = ratio.key
            by_row[criterion, population, covariate].setdefault(endpoint, ratio)
    for rows in by_row.values():
        for one, other in itertools.combinations(rows.values(), 2):
            a, b = (_CONTRAST.search(ratio.cell.about.label) for ratio in (one, other))
            if a and b and a.groups() == b.groups()[::-1] and a.group(1) != a.group(2):
                sentence = (
                    f"{label(one.cell.quantity)} is compared as “{a.group(0)}” in {one.cell.about.source} and as "
                    f"“{b.group(0)}” in {other.cell.about.source}."
                )
                ids = (*one.ids, *other.ids)
                text = f"{one.cell.about.label}; {other.cell.about.label}"
                yield Discrepancy("info", ids, text, "", sentence)


@rule(
    "ratio_digits",
    "A hazard ratio has as many digits as are printed",
    broken="A hazard ratio is rounded, then padded with zeros",
    source="All three figures end in a zero once in 1,000 times",
    tolerance="Three decimals and more",
)
def digits(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Ratios rounded to fewer digits than printed, and filled up with zeros: a note on all of them."""
    filled = [ratio for ratio in ratios(found) if ratio.readable and ratio.filled]
    if not filled:
        return
    first = filled[0]
    decimals = first.hr.decimals
    rows = ", ".join(what(ratio.cell) for ratio in filled)
    several = f"{len(filled)} hazard ratios end" if len(filled) > 1 else "One hazard ratio ends"
    sentence = (
        f"{several} in zeros in all three figures ({rows}); for instance {place(paper, first.cell)}: {first.text}. "
        f"They seem to be rounded to {decimals - first.filled} decimals and padded to {decimals}."
    )
    ids = tuple(value_id for ratio in filled for value_id in ratio.ids)
    text = "; ".join(ratio.text for ratio in filled)
    yield Discrepancy("info", ids, text, "", sentence, count=len(filled))
