"""Errors injected in synthetic papers: each changes the paper where it says; what can be found is judged apart."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

import numpy as np
import pytest

from haicbook import simulate
from haicbook.audit import RULES
from haicbook.printed import parse_number
from haicbook.simulate import calibration
from haicbook.simulate.calibration import drafts, inject
from haicbook.simulate.errors import MODULES, injection
from haicbook.simulate.errors.injection import INJECTORS, Injected, apart, spans
from haicbook.simulate.errors.survival import _middle, _product_limits
from haicbook.study import Paper

SEED, PAPERS = 12, 8


@cache
def papers() -> tuple[tuple[simulate.Draft, Paper], ...]:
    return tuple((draft, draft.paper()) for draft in drafts(PAPERS, SEED))


def injected(rule: str) -> Iterator[tuple[Paper, Injected]]:
    """The error of one kind in every paper that has a place for it."""
    for number, (draft, paper) in enumerate(papers()):
        found = inject(rule, draft, paper, np.random.default_rng([SEED, number]))
        if found is not None:
            yield paper, found


def printed(paper: Paper) -> dict[str, tuple[str, str]]:
    """What stands in the cell of each value, and what it is said of."""
    return {value.id: (value.cell, value.term) for value in paper.values.itertuples()}


@pytest.mark.parametrize("rule", INJECTORS)
def test_an_injected_error_changes_the_paper_at_the_place_it_names(rule: str) -> None:
    tried = 0
    for paper, error in islice(injected(rule), 2):
        tried += 1
        wrong = error.draft.paper()
        known, now = (printed(one) for one in (paper, wrong))
        assert error.words
        assert error.value_ids
        assert set(error.value_ids) <= set(now)
        changed = {key for key in known.keys() | now.keys() if known.get(key) != now.get(key)}
        # a design's numbers, and the method that a median's limits are said to have, stand in study.yml
        other_plan = wrong.spec != paper.spec and rule in ("two_stage", "median_symmetry")
        assert changed & set(error.value_ids) or other_plan, error.words
    assert tried


@pytest.mark.parametrize("rule", INJECTORS)
def test_the_paper_it_was_injected_in_stays_as_it_was(rule: str) -> None:
    draft, paper = papers()[1]
    before = {file: [dict(row) for row in rows] for file, rows in draft.tables.items()}
    inject(rule, draft, paper, np.random.default_rng(SEED))
    assert draft.tables == before


def test_injectors_do_not_ask_the_audit() -> None:
    """What is detectable is judged by other code than the rules'."""
    for module in (*MODULES, injection):
        tree = ast.parse(inspect.getsource(module))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [name for name in imported if name.startswith("haicbook.audit")], module.__name__


def test_every_kind_but_the_always_visible_ones_has_undetectable_errors_too() -> None:
    """An injector that only ever gives what it knows to be found would flatter the audit."""
    shown = {
        rule: {error.detectable for _, error in injected(rule)} for rule in ("interval", "within_range", "ratio_p")
    }
    assert shown == {"interval": {False, True}, "within_range": {False, True}, "ratio_p": {False, True}}


def test_a_percentage_one_unit_off_is_not_held_against_the_audit() -> None:
    found = 0
    for draft, paper in papers():
        for seed in range(20):
            error = inject("percentage", draft, paper, np.random.default_rng(seed))
            assert error is not None
            # words of another form are None here, which fails the test
            text, wrong = re.fullmatch(r".*\(([\d.]+)%\) → ([\d.]+)%", error.words).groups()  # type: ignore[union-attr]
            units = abs(float(text) - float(wrong)) / parse_number(text).unit
            if units < 1.5:
                found += 1
                assert not error.detectable, error.words
            if units > 2.5:
                assert error.detectable, error.words
    assert found


def test_symmetric_medians_are_detectable_only_where_chance_hardly_makes_them() -> None:
    for _, error in injected("median_symmetry"):
        widths = []
        for value in error.draft.paper().by_id.loc[list(error.value_ids)].itertuples():
            middle, low, high = (float(figure) for figure in injection.figures(value.cell))
            assert abs(low + high - 2 * middle) < 1e-9
            widths.append((middle - low) * 10**value.decimals)
        assert error.detectable == (np.prod([min(1, 4 / width) for width in widths]) < 1 / 200)


def test_the_seed_of_an_error_does_not_depend_on_other_injectors(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ("grades", "ratio_p")
    monkeypatch.setattr(calibration, "RULES", [rule for rule in RULES if rule.key in few])
    tables = []
    for kept in (("percentage", *few), few):
        monkeypatch.setattr(calibration, "INJECTORS", {name: INJECTORS[name] for name in kept})
        tables.append(calibration.calibrate(2, 3, each=1).rules.set_index("rule").loc[list(few)])
    assert tables[0].equals(tables[1])


# --- what the injectors compute for themselves ------------------------------------------------------------------------


def test_what_is_printed_so_by_rounding_and_by_cutting_off() -> None:
    rounded, cut = spans(parse_number("28.8"))
    assert rounded == pytest.approx((28.75, 28.85))
    assert cut == pytest.approx((28.8, 28.9))
    assert apart((1.0, 2.0), (2.1, 3.0))
    assert not apart((1.0, 2.0), (2.0, 3.0))


def test_the_middle_of_limits_on_a_scale() -> None:
    def three(*figures: str) -> tuple[tuple[float, float], ...]:
        return tuple(spans(parse_number(figure))[0] for figure in figures)

    # exp(log 0.5 ± 0.3) and 0.5 ± 0.15
    assert _middle("log", three("50.0", "37.0", "67.5"))
    assert not _middle("plain", three("50.0", "37.0", "67.5"))
    assert _middle("plain", three("50.0", "35.0", "65.0"))
    assert not _middle("log", three("50.0", "35.0", "65.0"))


def test_every_height_of_a_curve_of_three_patients() -> None:
    # any of them may die or be censored at 3, 2 and 1 at risk
    assert _product_limits(3) == pytest.approx([0.0, 1 / 3, 1 / 2, 2 / 3, 1.0])
