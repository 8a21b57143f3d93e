"""How often the audit cries wolf, and what it misses: synthetic papers without errors, and with injected ones."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from haicbook.audit import RULES, Finding, cells
from haicbook.audit.cells import Cell, by, grouped
from haicbook.simulate.cohort import World
from haicbook.simulate.draft import Draft
from haicbook.simulate.errors.injection import INJECTORS, Desk, Injected
from haicbook.simulate.specs import Design
from haicbook.simulate.synthetic import synthetic_paper
from haicbook.study import Paper

# a fourth of the papers have so few patients that curves can be listed
_FEW = (8, 19)
_KINDS: tuple[tuple[Design, bool], ...] = (
    ("propensity_matched", False),
    ("unmatched", False),
    ("single_arm", False),
    ("single_arm", True),
)
# rules that never end as an error or a warning: nothing they say can be a false alarm, and nothing injected is theirs
NOTES = {
    "ratio_coding": "notes only, as which group is the reference is the authors' choice",
    "ratio_digits": "notes only, as zeros filled up after rounding are a habit",
    "same_rates": "notes only, as two endpoints may share their rates by coincidence",
    "listed": "notes only, as a figure may show what the text leaves out",
    "balance": "notes only, as p-values for balance are a habit",
    "excluded": "notes only, as whom a study takes is its authors' choice",
    "called": "notes only, as the figures tell what is meant",
    "odd": "notes only, as it is a reader's judgement",
    "loose_bound": "notes only, as the bound is true",
    "late_rate": "notes only, as a rate may be printed at any time",
    "second_test": "notes only, as what to test is the authors' choice",
}
COLUMNS = ("rule", "checks", "errors", "warnings", "injected", "undetectable", "detectable", "found", "found_by_any")


@dataclass(frozen=True, eq=False)
class AuditCalibration:
    """The result.

    Attributes
    ----------
    papers, seed
        How many error-free papers, from which seed.
    rules
        One row for each rule: `checks` that could err on the error-free papers, those that ended as `errors` and as
        `warnings`; errors `injected`, `undetectable` and `detectable` ones, and how many of the detectable ones were
        `found` by the rule, and `found_by_any` rule, as an error or a warning. `why` says why nothing was injected.
    alarms
        Sentences of the errors and warnings on error-free papers.
    misses
        What was injected, detectable, and not found.
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


def calibrate(papers: int, seed: int, *, each: int = 0) -> AuditCalibration:
    """Audit error-free synthetic papers, then the same papers with one injected error at a time.

    Parameters
    ----------
    papers
        How many error-free papers.
    seed
        Of the random numbers: paper k is drawn from the k-th child of this seed, and each error in it from a child of
        that paper and rule, whatever came before.
    each
        Errors of each kind are injected, one in a paper, until so many were detectable or the papers run out.

    Returns
    -------
    AuditCalibration
    """
    tally: Counter[tuple[str, str]] = Counter()
    alarms, misses = list[str](), list[str]()
    wanted = dict.fromkeys(INJECTORS, each)
    for number, draft in enumerate(drafts(papers, seed)):
        paper = draft.paper()
        found = grave(paper)
        _count_alarms(number, paper, found, tally, alarms)
        known = {_key(finding) for finding in found}
        for rule in INJECTORS:
            if wanted[rule] > 0:
                # of its own, so that an injector that is added or changed leaves the others as they are
                injected = inject(rule, draft, paper, np.random.default_rng([seed, number, *rule.encode()]))
                if injected is not None:
                    wanted[rule] -= injected.detectable
                    _count_injected(number, rule, injected, known, tally, misses)
    names = list(dict.fromkeys([*(rule.key for rule in RULES), *INJECTORS]))
    rows = [[name, *(tally[name, column] for column in COLUMNS[1:]), NOTES.get(name, "")] for name in names]
    return AuditCalibration(papers, seed, pd.DataFrame(rows, columns=[*COLUMNS, "why"]), alarms, misses)


def drafts(papers: int, seed: int) -> Iterator[Draft]:
    """Error-free papers of all designs in turn."""
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(papers)):
        rng = np.random.default_rng(child)
        design, few = _KINDS[number % len(_KINDS)]
        world = World.drawn(rng, patients=int(rng.integers(*_FEW)), single=True) if few else None
        yield synthetic_paper(rng, study=f"synthetic_{number}", design=design, world=world)


def inject(rule: str, draft: Draft, paper: Paper, rng: np.random.Generator) -> Injected | None:
    """Inject the error that a rule should find; None where the paper has no place for it.

    Raises
    ------
    KeyError
        When no error is known that the rule should find; names those there are.
    """
    if rule not in INJECTORS:
        raise KeyError(f"no injector for {rule!r}; there are {', '.join(INJECTORS)}")
    return INJECTORS[rule](Desk(draft, paper, rng))


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
    return [finding for rule in RULES for finding in rule.findings(paper, read) if finding.severity != "info"]


def _key(finding: Finding) -> tuple[object, ...]:
    """What tells a finding from those of the paper without the injected error."""
    return finding.rule, finding.value_ids, finding.printed


def _count_injected(
    number: int,
    rule: str,
    injected: Injected,
    known: set[tuple[object, ...]],
    tally: Counter[tuple[str, str]],
    misses: list[str],
) -> None:
    tally[rule, "injected"] += 1
    if not injected.detectable:
        tally[rule, "undetectable"] += 1
        return
    tally[rule, "detectable"] += 1
    new = [
        finding
        for finding in grave(injected.draft.paper())
        if _key(finding) not in known and set(injected.value_ids) & set(finding.value_ids)
    ]
    by_rule = any(finding.rule == rule for finding in new)
    tally[rule, "found"] += by_rule
    tally[rule, "found_by_any"] += bool(new)
    if not by_rule:
        others = ", ".join(sorted({finding.rule for finding in new})) or "none"
        misses.append(f"paper {number}, {rule}: {injected.words} (found by {others})")


# --- how many comparisons a rule makes --------------------------------------------------------------------------------
#
# Counted from the print alone, by what the rule's title says, so that they do not depend on how the rule works.


CheckCounter = Callable[[Paper, list[Cell]], int]


def _where(found: Iterable[Cell], *kinds: str) -> list[Cell]:
    return [cell for cell in found if not kinds or cell.about.kind in kinds]


def _counted(found: list[Cell], *kinds: str) -> list[Cell]:
    return [cell for cell in _where(found, *kinds) if cell.count() is not None]


def _groups(cells: Iterable[Cell], key: Callable[[Cell], Hashable], least: int = 2) -> int:
    return sum(len(group) >= least for group in grouped(cells, key).values())


def _ratios(found: list[Cell], model: str = "") -> list[Cell]:
    return [cell for cell in found if "hr" in cell.numbers and (not model or cell.about.model == model)]


def _treatment(found: list[Cell]) -> list[Cell]:
    return [cell for cell in _ratios(found, "univariable") if cell.quantity == "treatment"]


def _curve_p(found: list[Cell], *, at_time: bool) -> list[Cell]:
    return [
        cell
        for cell in found
        if "p" in cell.numbers and cell.of_endpoint and cell.about.reference and math.isnan(cell.about.time) != at_time
    ]


_curve = by("endpoint", "criterion", "population", "arm")


def _rates(found: list[Cell]) -> list[Cell]:
    return [cell for cell in found if cell.number("rate") is not None]


def _medians(found: list[Cell]) -> list[Cell]:
    return [cell for cell in found if cell.number("median") is not None and cell.of_endpoint]


def _once(cells: Iterable[Cell]) -> int:
    return len({(_curve(cell), str(cell.about.time)) for cell in cells})


def _rates_with_medians(paper: Paper, found: list[Cell]) -> int:
    known = {_curve(cell) for cell in _medians(found)}
    return sum(_curve(cell) in known for cell in _rates(found))


def _p_of_counts(paper: Paper, found: list[Cell]) -> int:
    rows = {(c.about.file, c.about.row, c.about.population, c.about.grade) for c in _counted(found)}
    return sum(
        "p" in cell.numbers
        and cell.about.kind in ("baseline", "response", "adverse_events")
        and (cell.about.file, cell.about.row, cell.about.population, cell.about.grade) in rows
        for cell in found
    )


def _pairs_of_rows(paper: Paper, found: list[Cell]) -> int:
    models = grouped(_ratios(found), by("file", "model"))
    return sum(math.comb(len(cells), 2) for cells in models.values())


def _both_models(paper: Paper, found: list[Cell]) -> int:
    return _groups(_ratios(found), by("file", "quantity", "level"))


def _matched(paper: Paper, found: list[Cell]) -> int:
    counts = _counted(found, "baseline")
    return _groups(counts, by("row", "level", "arm"))


def _means(found: list[Cell]) -> list[Cell]:
    return [cell for cell in found if cell.number("mean") is not None]


def _courses(found: list[Cell]) -> list[Cell]:
    return [cell for cell in _means(found) if cell.quantity == "haic_courses"]


def _p_of_means(paper: Paper, found: list[Cell]) -> int:
    rows = {(cell.about.row, cell.about.population) for cell in _means(found)}
    return sum(
        "p" in cell.numbers and cell.about.kind == "baseline" and (cell.about.row, cell.about.population) in rows
        for cell in found
    )


def _baseline_pairs(paper: Paper, found: list[Cell]) -> int:
    counts = [cell for cell in _counted(found, "baseline") if cell.about.level]
    tables = grouped(counts, by("population")).values()
    return sum(math.comb(len({cell.about.row for cell in cells}), 2) for cells in tables)


def _claims(found: list[Cell], start: str) -> int:
    return sum(cell.about.kind == "claim" and cell.about.row.startswith(start) for cell in found)


def _repeated(paper: Paper, found: list[Cell]) -> int:
    def same(cell: Cell) -> Hashable:
        about = cell.about
        quantity = "" if cell.of_endpoint else cell.quantity
        names = ("p",) if set(cell.numbers) == {"p"} else ()
        return quantity, about.level, *_curve(cell), about.grade, about.model, str(about.time), names

    return sum(len(group) - 1 for group in grouped([cell for cell in found if cell.numbers], same).values())


def _endpoint_pairs(paper: Paper, found: list[Cell]) -> int:
    def key(cell: Cell) -> Hashable:
        return cell.about.criterion, cell.about.population, cell.about.arm, str(cell.about.time)

    return _groups([c for c in [*_rates(found), *_medians(found)] if c.about.section in ("results", "table")], key)


def _two_tables(paper: Paper, found: list[Cell]) -> int:
    return int(len({cell.about.endpoint for cell in _ratios(found, "univariable")}) > 1)


def _over_arms(paper: Paper, found: list[Cell], cells: list[Cell]) -> int:
    whole = [cell for cell in cells if not cell.about.arm]
    return len(whole) if len(paper.spec.arms) > 1 else 0


CHECKS: dict[str, CheckCounter] = {
    "percentage": lambda paper, found: sum(cell.number("pct") is not None for cell in _counted(found)),
    "attainable": lambda paper, found: sum(
        cell.number("pct") is not None and cell.count() is None and bool(cell.about.arm) for cell in found
    ),
    "levels": lambda paper, found: _groups(
        [cell for cell in _counted(found, "baseline") if cell.about.level],
        by("row", "arm", "population"),
    ),
    "grades": lambda paper, found: _groups(_counted(found, "adverse_events"), by("row", "arm")),
    "any_event": lambda paper, found: sum(
        cell.quantity == "any_ae" and cell.about.grade != "g12" for cell in _counted(found, "adverse_events")
    ),
    "response": lambda paper, found: (
        3 * len({(c.about.arm, c.about.criterion) for c in _counted(found, "response") if c.quantity == "orr"})
    ),
    "matched": _matched,
    "arms": lambda paper, found: _over_arms(paper, found, _counted(found, "claim")),
    "complements": lambda paper, found: sum(c.about.kind == "claim" and bool(c.about.level) for c in _counted(found)),
    "nested": lambda paper, found: sum(
        c.quantity in ("vascular_invasion", "extrahepatic_metastasis", "pvtt") and c.about.level == "present"
        for c in _counted(found, "baseline")
    ),
    "repeated": _repeated,
    "p_value": _p_of_counts,
    "p_method": _p_of_counts,
    "p_mean": _p_of_means,
    "proportion_interval": lambda paper, found: sum("pct" in c.numbers and "ci_low" in c.numbers for c in found),
    "whole_numbers": lambda paper, found: len(_courses(found)),
    "within_range": lambda paper, found: len(_courses(found)),
    "frequencies": lambda paper, found: 2 * sum(cell.about.kind == "baseline" for cell in _courses(found)),
    "pooled": lambda paper, found: 2 * _over_arms(paper, found, [c for c in _means(found) if c.about.kind == "claim"]),
    "out_of_scale": lambda paper, found: (
        sum(bool({"mean", "median"} & set(c.numbers)) and c.about.kind == "baseline" for c in found)
        * (len(paper.spec.populations) > 1)
    ),
    "repeated_rows": lambda paper, found: _baseline_pairs(paper, found) if len(paper.spec.arms) > 1 else 0,
    "one_event_twice": lambda paper, found: len({c.about.row for c in _counted(found, "adverse_events")}),
    "most_common": lambda paper, found: _claims(found, "most_common"),
    "joint": lambda paper, found: len({c.about.population for c in _counted(found, "baseline")}),
    "named": lambda paper, found: _claims(found, "named_") // 2,
    "cited": lambda paper, found: _claims(found, "cites_"),
    "all_of": lambda paper, found: _claims(found, "all_of_") * len(paper.spec.populations),
    "compared": lambda paper, found: _claims(found, "compared_"),
    "cycles": lambda paper, found: _claims(found, "follows_"),
    "significance": lambda paper, found: _claims(found, "significant_"),
    "dates": lambda paper, found: sum("date" in cell.numbers for cell in found),
    "doses": lambda paper, found: _groups([c for c in found if c.quantity.startswith("dose_")], by("quantity")),
    "schedules": lambda paper, found: sum(c.about.kind == "claim" and c.about.read_as == "range" for c in found),
    "two_stage": lambda paper, found: 2 * int(paper.spec.two_stage is not None),
    "interval": lambda paper, found: sum(
        bool({"ci_low", "q1", "min"} & set(cell.numbers)) and len(cell.numbers) > 2 for cell in found
    ),
    "ratio_interval": lambda paper, found: len(_ratios(found)),
    "ratio_p": lambda paper, found: len(_ratios(found)),
    "log_rank": lambda paper, found: (
        len({c.about.endpoint for c in _curve_p(found, at_time=False)}) * bool(_treatment(found))
    ),
    "ratio_precision": lambda paper, found: len(_ratios(found)),
    "ratio_events": lambda paper, found: len(_treatment(found)),
    "ratio_endpoints": _two_tables,
    "ratio_outlier": lambda paper, found: sum(c.about.endpoint == "pfs" for c in _ratios(found, "univariable")),
    "ratio_deaths": lambda paper, found: sum(cell.about.endpoint == "os" for cell in _treatment(found)),
    "ratio_inflation": _both_models,
    "ratio_stepwise": lambda paper, found: (
        len(_ratios(found, "multivariable")) * ("stepwise" in (paper.spec.methods.regression or ""))
    ),
    "progressions": lambda paper, found: int(any(c.about.endpoint == "pfs" for c in _treatment(found))),
    "ratio_twice": _pairs_of_rows,
    "ratio_direction": lambda paper, found: len(_treatment(found)),
    "ratio_adjustment": _both_models,
    "landmark": _rates_with_medians,
    "monotone": lambda paper, found: sum(math.comb(len(group), 2) for group in grouped(_rates(found), _curve).values()),
    "endpoint_order": _endpoint_pairs,
    "pooled_median": lambda paper, found: _over_arms(
        paper, found, [c for c in found if c.number("median") is not None and c.about.section == "results"]
    ),
    "follow_up": lambda paper, found: sum(cell.quantity == "follow_up" for cell in found),
    "calendar": lambda paper, found: sum(
        cell.about.unit == "months" and cell.number("median") is not None for cell in found
    ),
    "rate_attainable": lambda paper, found: len({_curve(cell) for cell in _rates(found)}),
    "rate_interval": lambda paper, found: sum("ci_low" in cell.numbers for cell in _rates(found)),
    "rate_test": lambda paper, found: len(_curve_p(found, at_time=True)),
    "median_symmetry": lambda paper, found: int(any("ci_low" in cell.numbers for cell in _medians(found))),
    "median_interval": lambda paper, found: sum(
        _curve(rate) == _curve(median)
        for rate, median in itertools.product(_rates(found), _medians(found))
        if "ci_low" in median.numbers
    ),
}


def checks_of(paper: Paper, found: list[Cell]) -> dict[str, int]:
    """How many comparisons each rule makes; a rule that is not counted here has none, but its findings count."""
    return {rule: int(count(paper, found)) for rule, count in CHECKS.items()}
