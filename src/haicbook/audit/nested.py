"""Conditions within conditions: who has the one has the other, so that the one is not the commoner."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from haicbook.audit.cells import Cell, denominator, grouped, place, what
from haicbook.audit.counts import possible_counts
from haicbook.audit.finding import Finding
from haicbook.audit.registry import PARTICIPANTS, Rule
from haicbook.study import Paper

# grades of one event that lie within others
_WITHIN = {"g34": ("g3plus", "any"), "g5": ("g3plus", "any"), "g3plus": ("any",), "gt3": ("any",), "g12": ("any",)}


@dataclass(frozen=True)
class Implication:
    """Patients with `part` are among those with `whole`; both are (row, levels), any level where there are none.

    Attributes
    ----------
    part, whole
        Row id and the levels that count, as the codebook spells them.
    because
        Why, for the reader.
    """

    part: tuple[str, tuple[str, ...]]
    whole: tuple[str, tuple[str, ...]]
    because: str


_YES = ("yes", "present", "portal_vein")
_BCLC = "such a tumour is stage C"
_ONE_OF = "it is one of the two"
IMPLICATIONS: tuple[Implication, ...] = (
    Implication(("pvtt", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("vascular_invasion", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("extrahepatic_metastasis", _YES), ("bclc", ("c",)), _BCLC),
    Implication(("pvtt", ("vp4",)), ("high_risk", ()), "main portal vein thrombosis is high risk"),
    Implication(("alt_increased", ()), ("alt_ast_increased", ()), _ONE_OF),
    Implication(("ast_increased", ()), ("alt_ast_increased", ()), _ONE_OF),
    Implication(("nausea", ()), ("nausea_vomiting", ()), _ONE_OF),
    Implication(("vomiting", ()), ("nausea_vomiting", ()), _ONE_OF),
    Implication(("cr", ()), ("orr", ()), "complete responses are responses"),
    Implication(("orr", ()), ("dcr", ()), "responses are controlled disease"),
    Implication(("n_matched", ()), ("enrolled", ()), "who is matched was enrolled"),
    Implication(("enrolled", ()), ("screened", ()), "who is enrolled was screened"),
)


def nested(paper: Paper, found: list[Cell]) -> list[Finding]:
    """No count of a part exceeds the count of its whole, in whatever places the two are printed.

    The parts are those of `IMPLICATIONS`, and a grade within any grade across places. A percentage without a count
    stands for the fewest patients that it allows as a part, for the most as a whole. Where a figure is printed
    differently in several places (the rule on repeats says so), the most lenient printing counts.
    """
    patients = [cell for cell in found if _counts(paper, cell)]
    findings = []
    for group in grouped(patients, _same_patients).values():
        for rule in IMPLICATIONS:
            findings += _compare(paper, _named(group, rule.part), _named(group, rule.whole), rule.because)
    for group in grouped(patients, lambda cell: (*_same_patients(cell)[:-1], cell.quantity, cell.about.level)).values():
        for grade, wider in _WITHIN.items():
            parts = [cell for cell in group if cell.about.grade == grade]
            wholes = [cell for cell in group if cell.about.grade in wider]
            if not _in_one_table(parts, wholes):
                findings += _compare(paper, parts, wholes, "a grade lies within any grade")
    return findings


def _in_one_table(parts: list[Cell], wholes: list[Cell]) -> bool:
    """Whether some table has both: there the rule on grades compares them, and the one on repeats the other places."""
    tables = ({cell.about.file for cell in cells if cell.about.kind != "claim"} for cells in (parts, wholes))
    return bool(set.intersection(*tables))


def _counts(paper: Paper, cell: Cell) -> bool:
    about = cell.about
    known = cell.count() is not None or (cell.number("pct") is not None and denominator(paper, cell) is not None)
    return known and not about.reference and math.isnan(about.time) and bool(about.population)


def _same_patients(cell: Cell) -> tuple[Hashable, ...]:
    about = cell.about
    return about.arm, about.population, about.criterion, about.grade


def _named(group: list[Cell], name: tuple[str, tuple[str, ...]]) -> list[Cell]:
    row, levels = name
    return [cell for cell in group if cell.quantity == row and (not levels or cell.about.level in levels)]


def _compare(paper: Paper, parts: list[Cell], wholes: list[Cell], because: str) -> list[Finding]:
    if not parts or not wholes:
        return []
    part = min(parts, key=lambda cell: min(_possible(paper, cell), default=0))
    whole = max(wholes, key=lambda cell: max(_possible(paper, cell), default=math.inf))
    fewest, most = min(_possible(paper, part), default=0), max(_possible(paper, whole), default=math.inf)
    if fewest <= most:
        return []
    said = f"{what(whole)} is printed for {whole.text}" + (
        "" if part.about.source == whole.about.source else f" in {whole.about.source}"
    )
    at_least = "" if part.count() is not None else f", at least {fewest} patients"
    return [
        Finding(
            "nested",
            "error",
            paper.study,
            tuple(cell.ids["n" if cell.count() is not None else "pct"] for cell in (part, whole)),
            f"{part.text} / {whole.text}",
            f"at most {most}",
            f"{place(paper, part)}: {part.text}{at_least}, but {said}; {because}.",
            recomputation=f"{fewest} > {most:.0f}",
        )
    ]


def _possible(paper: Paper, cell: Cell) -> list[int]:
    count, percent, size = cell.count(), cell.number("pct"), denominator(paper, cell)
    if count is not None:
        return [count]
    return possible_counts(percent, size) if percent is not None and size else []


RULES: tuple[Rule, ...] = (
    Rule(
        "nested",
        "A condition is not rarer than one that implies it",
        nested,
        "The definitions in haicbook.audit.nested.IMPLICATIONS; Reig M et al. J Hepatol 2022;76:681-693 (BCLC)",
        "No tolerance; a percentage stands for every count that it allows",
        "counts",
        PARTICIPANTS,
    ),
)
