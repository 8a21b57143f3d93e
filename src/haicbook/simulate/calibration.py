"""How often the audit cries wolf, and what it misses: error-free made-up papers, and the same with planted errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from haicbook.audit import RULES, Finding, cells
from haicbook.simulate import (
    plants_counts,
    plants_limits,
    plants_moments,
    plants_ratios,
    plants_survival,
    plants_tests,
    plants_text,
)
from haicbook.simulate.checks import checks_of
from haicbook.simulate.draft import Draft
from haicbook.simulate.made_up import made_up
from haicbook.simulate.patients import World
from haicbook.simulate.planting import PLANTERS, Desk, Planted
from haicbook.simulate.specs import Design
from haicbook.study import Paper

# these fill PLANTERS when they are imported
PLANTER_MODULES = (
    plants_counts,
    plants_limits,
    plants_moments,
    plants_ratios,
    plants_survival,
    plants_tests,
    plants_text,
)
# a fourth of the papers have so few patients that curves can be listed
_FEW = (8, 19)
_KINDS: tuple[tuple[Design, bool], ...] = (
    ("propensity_matched", False),
    ("unmatched", False),
    ("single_arm", False),
    ("single_arm", True),
)
# rules that never end as an error or a warning: nothing they say can be a false alarm, and nothing planted is theirs
NOTES = {
    "ratio_coding": "notes only, as which group is the reference is the authors' choice",
    "ratio_digits": "notes only, as zeros filled up after rounding are a habit",
    "same_rates": "notes only, as two endpoints may share their rates by coincidence",
}
COLUMNS = ("rule", "checks", "errors", "warnings", "planted", "undetectable", "detectable", "found", "found_by_any")


@dataclass(frozen=True, eq=False)
class Calibration:
    """The result.

    Attributes
    ----------
    papers, seed
        How many error-free papers, from which seed.
    rules
        One row for each rule: `checks` that could err on the error-free papers, those that ended as `errors` and as
        `warnings`; errors `planted`, `undetectable` and `detectable` ones, and how many of the detectable ones were
        `found` by the rule, and `found_by_any` rule, as an error or a warning. `why` says why nothing was planted.
    alarms
        Sentences of the errors and warnings on error-free papers.
    misses
        What was planted, detectable, and not found.
    """

    papers: int
    seed: int
    rules: pd.DataFrame
    alarms: list[str]
    misses: list[str]

    @property
    def totals(self) -> dict[str, int]:
        """Sums over the rules."""
        return {name: int(self.rules[name].sum()) for name in COLUMNS[1:]}


def calibrate(papers: int, seed: int, *, each: int = 0) -> Calibration:
    """Audit error-free made-up papers, then the same papers with one planted error at a time.

    Parameters
    ----------
    papers
        How many error-free papers.
    seed
        Of the random numbers: paper k is drawn from the k-th child of this seed, and each error in it from a child of
        that paper and rule, whatever came before.
    each
        Errors of each kind are planted, one in a paper, until so many were detectable or the papers run out.

    Returns
    -------
    Calibration
    """
    tally: Counter[tuple[str, str]] = Counter()
    alarms, misses = list[str](), list[str]()
    wanted = dict.fromkeys(PLANTERS, each)
    for number, draft in enumerate(drafts(papers, seed)):
        paper = draft.paper()
        found = grave(paper)
        _count_alarms(number, paper, found, tally, alarms)
        known = {_key(finding) for finding in found}
        for rule in PLANTERS:
            if wanted[rule] > 0:
                # of its own, so that a planter that is added or changed leaves the others as they are
                planted = plant(rule, draft, paper, np.random.default_rng([seed, number, *rule.encode()]))
                if planted is not None:
                    wanted[rule] -= planted.detectable
                    _count_planted(number, planted, known, tally, misses)
    names = list(dict.fromkeys([*(rule.key for rule in RULES), *PLANTERS]))
    rows = [[name, *(tally[name, column] for column in COLUMNS[1:]), NOTES.get(name, "")] for name in names]
    return Calibration(papers, seed, pd.DataFrame(rows, columns=[*COLUMNS, "why"]), alarms, misses)


def drafts(papers: int, seed: int) -> Iterator[Draft]:
    """Error-free papers of all designs in turn."""
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(papers)):
        rng = np.random.default_rng(child)
        design, few = _KINDS[number % len(_KINDS)]
        world = World.drawn(rng, patients=int(rng.integers(*_FEW)), single=True) if few else None
        yield made_up(rng, study=f"made_up_{number}", design=design, world=world)


def plant(rule: str, draft: Draft, paper: Paper, rng: np.random.Generator) -> Planted | None:
    """Plant the error that a rule should find; None where the paper has no place for it.

    Raises
    ------
    KeyError
        When no error is known that the rule should find; names those there are.
    """
    if rule not in PLANTERS:
        raise KeyError(f"no planter for {rule!r}; there are {', '.join(PLANTERS)}")
    return PLANTERS[rule](Desk(draft, paper, rng))


def _count_alarms(
    number: int, paper: Paper, found: list[Finding], tally: Counter[tuple[str, str]], alarms: list[str]
) -> None:
    for rule, checks in checks_of(paper, cells(paper)).items():
        tally[rule, "checks"] += checks
    for finding in found:
        tally[finding.rule, f"{finding.severity}s"] += 1
        alarms.append(f"paper {number}, {finding.rule}, {finding.severity}: {finding.sentence}")


def grave(paper: Paper) -> list[Finding]:
    """Errors and warnings of all rules; without suggestions of repair, which the calibration does not need."""
    read = cells(paper)
    return [finding for rule in RULES for finding in rule.check(paper, read) if finding.severity != "info"]


def _key(finding: Finding) -> tuple[object, ...]:
    """What tells a finding from those of the paper without the planted error."""
    return finding.rule, finding.value_ids, finding.printed


def _count_planted(
    number: int,
    planted: Planted,
    known: set[tuple[object, ...]],
    tally: Counter[tuple[str, str]],
    misses: list[str],
) -> None:
    rule = planted.rule
    tally[rule, "planted"] += 1
    if not planted.detectable:
        tally[rule, "undetectable"] += 1
        return
    tally[rule, "detectable"] += 1
    new = [
        finding
        for finding in grave(planted.draft.paper())
        if _key(finding) not in known and set(planted.value_ids) & set(finding.value_ids)
    ]
    by_rule = any(finding.rule == rule for finding in new)
    tally[rule, "found"] += by_rule
    tally[rule, "found_by_any"] += bool(new)
    if not by_rule:
        others = ", ".join(sorted({finding.rule for finding in new})) or "none"
        misses.append(f"paper {number}, {rule}: {planted.words} (found by {others})")
