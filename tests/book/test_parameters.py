"""The parameters cell and what may be put in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haicbook.book.parameters import (
    Choices,
    Parameter,
    Range,
    check_overrides,
    parse_assignments,
    read_parameters,
    with_defaults,
)
from haicbook.book.refusals import SourceError, WrongUsageError

CELL = """# what the reader may change
seed: int = 20241121  # 0 to 4294967295: seed of every random draw
horizon: float = 24.0  # 3 to 120: months shown, and integrated
censoring: str = "uniform"  # uniform | early | late: when patients leave: a guess
bonferroni: bool = False  # False | True: correct for several tests
shift: int = -1  # -2 to 2: months earlier or later
"""


@pytest.fixture(scope="module")
def parameters() -> tuple[Parameter, ...]:
    return read_parameters(CELL, "here")


def test_each_line_is_read(parameters):
    assert parameters == (
        Parameter("seed", "int", 20241121, Range(0, 4294967295), "seed of every random draw"),
        Parameter("horizon", "float", 24.0, Range(3.0, 120.0), "months shown, and integrated"),
        Parameter("censoring", "str", "uniform", Choices(("uniform", "early", "late")), "when patients leave: a guess"),
        Parameter("bonferroni", "bool", False, Choices((False, True)), "correct for several tests"),
        Parameter("shift", "int", -1, Range(-2, 2), "months earlier or later"),
    )


def test_what_is_allowed_is_shown_as_written(parameters):
    assert [str(parameter.allowed) for parameter in parameters] == [
        "0 to 4294967295",
        "3 to 120",
        "uniform | early | late",
        "false | true",
        "-2 to 2",
    ]


def test_typed_values_get_their_types(parameters):
    typed = {"seed": "7", "horizon": "60", "censoring": "late", "bonferroni": "True", "shift": "-2"}
    values = check_overrides(parameters, typed)
    assert values == {"seed": 7, "horizon": 60.0, "censoring": "late", "bonferroni": True, "shift": -2}
    assert type(values["horizon"]) is float
    assert type(values["bonferroni"]) is bool


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed", "-1"),
        ("seed", "4294967296"),
        ("seed", "1.5"),
        ("seed", "1_0"),
        ("seed", "many"),
        ("seed", ""),
        ("horizon", "2.999"),
        ("horizon", "nan"),
        ("horizon", "inf"),
        ("horizon", "1_0"),
        ("horizon", "1e999"),
        ("horizon", "１２"),
        ("seed", "٣"),
        ("censoring", "Uniform"),
        ("censoring", ""),
        ("bonferroni", "1"),
        ("shift", "3"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(parameters, name, text):
    allowed = {parameter.name: str(parameter.allowed) for parameter in parameters}[name]
    with pytest.raises(WrongUsageError) as caught:
        check_overrides(parameters, {name: text})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: found {text!r}")
    assert problem.endswith(allowed)


def test_a_value_of_thousands_of_digits_is_not_repeated(parameters):
    with pytest.raises(WrongUsageError) as caught:
        check_overrides(parameters, {"seed": "9" * 5000})
    assert caught.value.problems == [f"seed: found '{'9' * 60}…', expected a whole number (int), 0 to 4294967295"]


ORDERED = """low: float = 0.4  # 0.1 to 0.9, below high: rate of no interest
high: float = 0.6  # 0.1 to 0.9: rate worth pursuing
"""


def test_a_value_must_be_below_the_one_that_its_comment_names():
    ordered = read_parameters(ORDERED, "here")
    assert str(ordered[0].allowed) == "0.1 to 0.9, below high"
    assert check_overrides(ordered, {"low": "0.7", "high": "0.8"}) == {"low": 0.7, "high": 0.8}
    for typed, said in [
        ({"low": "0.7", "high": "0.5"}, "low: found 0.7, expected less than high, which is 0.5"),
        ({"low": "0.6"}, "low: found 0.6, expected less than high, which is 0.6 (its default)"),
        ({"high": "0.3"}, "low: found 0.4 (its default), expected less than high, which is 0.3"),
    ]:
        with pytest.raises(WrongUsageError) as caught:
            check_overrides(ordered, typed)
        assert caught.value.problems == [said]


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_two_values_are_taken_if_and_only_if_they_are_in_order(low, high):
    ordered = read_parameters(ORDERED, "here")
    try:
        assert check_overrides(ordered, {"low": repr(low), "high": repr(high)}) == {"low": low, "high": high}
        taken = True
    except WrongUsageError:
        taken = False
    assert taken == (low < high)


def test_an_order_is_not_judged_by_a_value_that_is_wrong_itself():
    with pytest.raises(WrongUsageError) as caught:
        check_overrides(read_parameters(ORDERED, "here"), {"low": "0.7", "high": "much"})
    assert caught.value.problems == ["high: found 'much', expected a number (float), 0.1 to 0.9"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (ORDERED.replace("below high", "below hihg"), "low: below hihg, which is no range of this cell"),
        (ORDERED.replace("= 0.6", "= 0.2"), "low: found 0.4 (its default), expected less than high, which is 0.2"),
    ],
)
def test_an_order_that_the_cell_itself_does_not_keep_is_an_error(cell, said):
    with pytest.raises(SourceError) as caught:
        read_parameters(cell, "here")
    assert said in str(caught.value)


def test_the_limits_themselves_are_allowed(parameters):
    assert check_overrides(parameters, {"seed": "0", "horizon": "120"}) == {"seed": 0, "horizon": 120.0}


def test_all_problems_come_at_once(parameters):
    with pytest.raises(WrongUsageError) as caught:
        check_overrides(parameters, {"sed": "1", "horizon": "long", "shift": "9"})
    unknown, wrong_type, out_of_range = caught.value.problems
    assert "did you mean seed?" in unknown
    assert "there are seed, horizon, censoring, bonferroni, shift" in unknown
    assert wrong_type == "horizon: found 'long', expected a number (float), 3 to 120"
    assert out_of_range == "shift: found '9', expected -2 to 2"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seed = 1  # 0 to 9: seed", "name: type = default"),
        ("seed: int  # 0 to 9: seed", "name: type = default"),
        ("seed: list = 1  # 0 to 9: seed", "the type list"),
        ("seed: int = 1.0  # 0 to 9: seed", "a whole number (int)"),
        ("seed: int = True  # 0 to 9: seed", "a whole number (int)"),
        ("span: float = 1  # 0 to 9: span", "a number (float)"),
        ("seed: int = 2 * x  # 0 to 9: seed", "a value as such"),
        ("seed: int = 10  # 0 to 9: seed", "expected 0 to 9"),
        ("seed: int = 1", "LOW to HIGH: help"),
        ("seed: int = 1  # the seed", "LOW to HIGH: help"),
        ("seed: int = 1  # 0 to 9:", "LOW to HIGH: help"),
        ("seed: int = 1  # 9 to 0: seed", "'9 to 0'"),
        ("seed: int = 1  # 0.5 to 9: seed", "'0.5 to 9'"),
        ('mode: str = "a"  # a: the only one', "'a'"),
        ('mode: str = "a"  # a | a: twice the same', "'a | a'"),
        ('mode: str = "c"  # a | b: neither', "expected a | b"),
        ("import os", "name: type = default"),
    ],
)
def test_a_line_that_declares_nothing_is_an_error(line, said):
    with pytest.raises(SourceError) as caught:
        read_parameters(f"good: int = 1  # 0 to 9: good\n{line}", "notebooks/x.md, parameters cell")
    (problem,) = caught.value.problems
    assert problem.startswith("notebooks/x.md, parameters cell, line 2: ")
    assert said in problem


def test_a_name_declared_twice_is_an_error():
    with pytest.raises(SourceError, match="line 2: a is declared twice"):
        read_parameters("a: int = 1  # 0 to 9: a\na: int = 2  # 0 to 9: a", "x")


def test_python_that_does_not_parse_names_its_line():
    with pytest.raises(SourceError, match="x, line 2"):
        read_parameters("a: int = 1  # 0 to 9: a\nb: = 2", "x")


def test_defaults_are_replaced_and_nothing_else(parameters):
    changed = with_defaults(CELL, {"censoring": "late", "shift": 2, "bonferroni": True})
    assert changed == CELL.replace('"uniform"', "'late'").replace("= -1 ", "= 2 ").replace("= False ", "= True ")
    assert [parameter.default for parameter in read_parameters(changed, "x")] == [20241121, 24.0, "late", True, 2]


def test_defaults_are_replaced_after_letters_of_several_bytes():
    line = 'label: str = "größer"  # größer | kleiner: Richtung'
    assert with_defaults(line, {"label": "kleiner"}) == "label: str = 'kleiner'  # größer | kleiner: Richtung"


def test_assignments_are_split_at_the_first_equals_sign():
    assert parse_assignments(["a=1", " b = x=y "]) == {"a": "1", "b": "x=y"}


def test_malformed_assignments_come_at_once():
    with pytest.raises(WrongUsageError) as caught:
        parse_assignments(["a", "=1", "b=1", "b=2"])
    assert caught.value.problems == [
        "-p a: expected NAME=VALUE",
        "-p =1: expected NAME=VALUE",
        "-p b: given twice, as 1 and as 2",
    ]
