"""Tumour response: the categories make up the rates, and the patients."""

from __future__ import annotations

from haicbook.audit.cells import Cell, group_size, grouped, whose
from haicbook.audit.finding import Finding
from haicbook.audit.registry import PARTICIPANTS, Rule
from haicbook.printed import overlap
from haicbook.study import Paper
from haicbook.words import abbreviation

CATEGORIES = ("cr", "pr", "sd", "pd", "ne", "na")
SUMS = {"orr": ("cr", "pr"), "dcr": ("cr", "pr", "sd")}


def response_sums(paper: Paper, found: list[Cell]) -> list[Finding]:
    """CR + PR = ORR, CR + PR + SD = DCR, and all categories sum to the group's n.

    Compared within one table, or within one section of the text: by counts where all are printed, else by percentages,
    whose sum is open by the rounding of each.
    """
    named = [cell for cell in found if cell.quantity in (*CATEGORIES, *SUMS) and cell.about.arm and _is_rate(cell)]
    findings = []
    for group in grouped(named, _same_patients).values():
        by_category = {cell.quantity: cell for cell in reversed(group)}
        for whole, parts in SUMS.items():
            if whole in by_category and set(parts) <= set(by_category):
                findings += _unequal(paper, by_category[whole], [by_category[part] for part in parts])
        if {"cr", "pr", "sd", "pd"} <= set(by_category):
            findings += _not_everyone(paper, [by_category[part] for part in CATEGORIES if part in by_category])
    return findings


def _is_rate(cell: Cell) -> bool:
    return cell.number("n") is not None or cell.number("pct") is not None


def _same_patients(cell: Cell) -> tuple[str, ...]:
    about = cell.about
    return about.file, about.section, about.population, about.arm, about.criterion, about.level, about.grade


def _unequal(paper: Paper, whole: Cell, parts: list[Cell]) -> list[Finding]:
    names = " + ".join(abbreviation(part.quantity) for part in parts)
    head = f"{whole.about.source}{whose(paper, whole)}"
    counts = [part.count() for part in parts]
    total = whole.count()
    if total is not None and None not in counts:
        if sum(count or 0 for count in counts) == total:
            return []
        recomputed, statistic = str(sum(count or 0 for count in counts)), "n"
        said = f"{names} is {recomputed} patients; {abbreviation(whole.quantity)} is printed as {total}."
    else:
        low, high = _summed_percentages(parts)
        percent = whole.number("pct")
        if percent is None or low is None or high is None or overlap(percent, low, high):
            return []
        recomputed, statistic = f"{low:.{percent.decimals + 1}f}% to {high:.{percent.decimals + 1}f}%", "pct"
        said = f"{names} is {recomputed}; {abbreviation(whole.quantity)} is printed as {percent.figure.rstrip('%')}%."
    ids = tuple(cell.ids[statistic] for cell in (whole, *parts))
    added = " + ".join(part.numbers[statistic].figure.rstrip("%") for part in parts)
    sums = f"{added} = {recomputed}, not {whole.numbers[statistic].figure.rstrip('%')}"
    return [
        Finding("response", "error", paper.study, ids, whole.text, recomputed, f"{head}: {said}", recomputation=sums)
    ]


def _summed_percentages(parts: list[Cell]) -> tuple[float | None, float | None]:
    """The range that the sum of rounded percentages leaves open; None when one of them is not printed."""
    percentages = [part.number("pct") for part in parts]
    known = [percent for percent in percentages if percent is not None]
    if len(known) < len(percentages):
        return None, None
    # a percentage that was cut off, not rounded, may stand for up to one unit more
    return sum(percent.low for percent in known), sum(percent.value + percent.unit for percent in known)


def _not_everyone(paper: Paper, parts: list[Cell]) -> list[Finding]:
    counts, size = [part.count() for part in parts], group_size(paper, parts[0])
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or size is None or sum(known) == size:
        return []
    total = sum(known)
    names = " + ".join(abbreviation(part.quantity) for part in parts)
    sums = f"{' + '.join(map(str, known))} = {total}"
    return [
        Finding(
            "response",
            "error" if total > size else "warning",
            paper.study,
            tuple(part.ids["n"] for part in parts),
            sums,
            str(size),
            f"{parts[0].about.source}{whose(paper, parts[0])}: {names} is {total} patients; the group has {size}.",
            recomputation=f"{sums}, not {size}",
        )
    ]


RULES: tuple[Rule, ...] = (
    Rule(
        "response",
        "Response categories make up the rates, and the patients",
        response_sums,
        "RECIST 1.1 and mRECIST: ORR is CR + PR, DCR is CR + PR + SD",
        "No tolerance for counts; rounding or cutting off for percentages",
        "counts",
        PARTICIPANTS,
    ),
)
