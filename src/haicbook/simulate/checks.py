"""How many comparisons a rule of the audit makes in a paper that could come out wrong: the calibration's denominators.

Counted from the print alone, by what the rule's title says, so that they do not depend on how the rule works.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable

from haicbook.audit.cells import Cell, grouped
from haicbook.study import Paper

Counter = Callable[[Paper, list[Cell]], int]


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


def _curve(cell: Cell) -> Hashable:
    about = cell.about
    return about.endpoint, about.criterion, about.population, about.arm


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
    models = grouped(_ratios(found), lambda cell: (cell.about.file, cell.about.model))
    return sum(math.comb(len(cells), 2) for cells in models.values())


def _both_models(paper: Paper, found: list[Cell]) -> int:
    return _groups(_ratios(found), lambda cell: (cell.about.file, cell.quantity, cell.about.level))


def _matched(paper: Paper, found: list[Cell]) -> int:
    counts = _counted(found, "baseline")
    return _groups(counts, lambda cell: (cell.about.row, cell.about.level, cell.about.arm))


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
    tables = grouped(counts, lambda cell: cell.about.population).values()
    return sum(math.comb(len({cell.about.row for cell in cells}), 2) for cells in tables)


def _claims(found: list[Cell], start: str) -> int:
    return sum(cell.about.kind == "claim" and cell.about.row.startswith(start) for cell in found)


def _repeated(paper: Paper, found: list[Cell]) -> int:
    def same(cell: Cell) -> Hashable:
        about = cell.about
        quantity = "" if cell.of_endpoint else cell.quantity
        names = ("p",) if set(cell.numbers) == {"p"} else ()
        return quantity, about.level, *_curve_of(about), about.grade, about.model, str(about.time), names

    return sum(len(group) - 1 for group in grouped(found, same).values())


def _curve_of(about: object) -> tuple[Hashable, ...]:
    return tuple(getattr(about, name) for name in ("endpoint", "criterion", "population", "arm"))


def _endpoint_pairs(paper: Paper, found: list[Cell]) -> int:
    def key(cell: Cell) -> Hashable:
        return cell.about.criterion, cell.about.population, cell.about.arm, str(cell.about.time)

    return _groups([c for c in [*_rates(found), *_medians(found)] if c.about.section in ("results", "table")], key)


def _two_tables(paper: Paper, found: list[Cell]) -> int:
    return int(len({cell.about.endpoint for cell in _ratios(found, "univariable")}) > 1)


def _over_arms(paper: Paper, found: list[Cell], cells: list[Cell]) -> int:
    whole = [cell for cell in cells if not cell.about.arm]
    return len(whole) if len(paper.spec.arms) > 1 else 0


CHECKS: dict[str, Counter] = {
    "percentage": lambda paper, found: sum(cell.number("pct") is not None for cell in _counted(found)),
    "attainable": lambda paper, found: sum(
        cell.number("pct") is not None and cell.count() is None and bool(cell.about.arm) for cell in found
    ),
    "levels": lambda paper, found: _groups(
        [cell for cell in _counted(found, "baseline") if cell.about.level],
        lambda cell: (cell.about.row, cell.about.arm, cell.about.population),
    ),
    "grades": lambda paper, found: _groups(
        _counted(found, "adverse_events"), lambda cell: (cell.about.row, cell.about.arm)
    ),
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
    "significance": lambda paper, found: _claims(found, "significant_"),
    "dates": lambda paper, found: sum("date" in cell.numbers for cell in found),
    "doses": lambda paper, found: _groups([c for c in found if c.quantity.startswith("dose_")], lambda c: c.quantity),
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
