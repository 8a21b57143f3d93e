"""Printed numbers: notations, rounding intervals, and the algebra of comparing them."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haicbook.printed import (
    EXAMPLES,
    CellError,
    agreement,
    format_like,
    normalise,
    overlap,
    parse_cell,
    parse_date,
    parse_number,
)

DASHES = "-‐‑‒–—―−~∼～"
decimals = st.integers(0, 4)
numbers = st.decimals(0, 9999, places=3, allow_nan=False)


def figures(cell: str, layout: str) -> dict[str, float]:
    return {statistic: printed.value for statistic, printed in parse_cell(cell, layout)}


@pytest.mark.parametrize("layout", EXAMPLES)
def test_every_example_of_the_error_message_can_be_read(layout: str) -> None:
    assert parse_cell(EXAMPLES[layout], layout)


@given(st.tuples(numbers, numbers, numbers), st.sampled_from(DASHES), st.sampled_from(["({})", "[{}]", "( {} )"]))
def test_every_dash_separates_an_interval(values: tuple[Decimal, ...], dash: str, brackets: str) -> None:
    estimate, low, high = values
    cell = f"{estimate} {brackets.format(f'{low}{dash}{high}')}"
    assert figures(cell, "median_iqr") == {"median": float(estimate), "q1": float(low), "q3": float(high)}


@given(numbers, numbers, st.sampled_from([" ± ", "±", " +/- ", " \\pm ", "\\pm", "$\\pm$"]))
def test_every_plus_minus_separates_mean_and_sd(mean: Decimal, sd: Decimal, sign: str) -> None:
    assert figures(f"{mean}{sign}{sd}", "mean_sd") == {"mean": float(mean), "sd": float(sd)}


@given(
    st.integers(0, 999),
    st.decimals(0, 100, places=1, allow_nan=False),
    st.sampled_from(
        ["{} ({}%)", "{}({}%)", "{} ({})", "{} [{}%]", "${}({}\\%)$", "<b>{} ({}%)</b>", "{}\u00a0（{}%）"]
    ),
)
def test_every_count_with_its_percentage(count: int, percent: Decimal, form: str) -> None:
    assert figures(form.format(count, percent), "n_pct") == {"n": count, "pct": float(percent)}


@given(st.integers(1000, 10**9))
def test_thousands_separators(count: int) -> None:
    assert figures(f"{count:,}", "n") == {"n": count}


@given(st.sampled_from(["<", "< ", "＜", "$<$", "\\lt "]), st.decimals("0.001", "0.999", places=3))
def test_below(sign: str, p: Decimal) -> None:
    [(_, printed)] = parse_cell(f"{sign}{p}", "p")
    assert (printed.state, printed.value, printed.high, printed.low) == ("below", float(p), float(p), -math.inf)


@pytest.mark.parametrize("cell", ["0", "$\\overline{0}$", "\\mathbf{0}", "$\\boldsymbol{0}$", "\\theta"])
def test_typeset_zeros(cell: str) -> None:
    assert figures(cell, "n_pct") == {"n": 0}


@pytest.mark.parametrize("words", ["not reached", "NR", "N.R.", "NA", "NE", "Not reached"])
def test_limits_not_reached(words: str) -> None:
    parts = dict(parse_cell(f"28.8 (19.3–{words})", "median_ci"))
    assert parts["ci_high"].state == "not_reached"
    assert parts["ci_low"].value == 19.3


def test_a_misprint_is_kept_and_marked() -> None:
    parts = dict(parse_cell("1.115 (0.743–1.1.674)", "hr_ci"))
    assert (parts["hr"].value, parts["ci_low"].value) == (1.115, 0.743)
    assert (parts["ci_high"].state, parts["ci_high"].figure) == ("unreadable", "1.1.674")


@pytest.mark.parametrize(
    ("cell", "layout", "expected"),
    [
        ("(16.0%)", "n_pct", {"pct": 16.0}),
        ("19 (76.%)", "n_pct", {"n": 19, "pct": 76.0}),
        ("165/182 [90.6%]", "n_pct", {"n": 165, "denominator": 182, "pct": 90.6}),
        ("seven [28.0%]", "n_pct", {"n": 7, "pct": 28.0}),
        ("−0.5 (−1.2 to −0.1)", "hr_ci", {"hr": -0.5, "ci_low": -1.2, "ci_high": -0.1}),
        ("0·56 (0·33–0·95)", "hr_ci", {"hr": 0.56, "ci_low": 0.33, "ci_high": 0.95}),
        ("9.0 (95% CI: 6.5~11.4)", "median_ci", {"median": 9.0, "ci_low": 6.5, "ci_high": 11.4}),
        ("12.4 (9.0, 17.3)", "median_ci", {"median": 12.4, "ci_low": 9.0, "ci_high": 17.3}),
        ("4–6", "range", {"min": 4, "max": 6}),
        ("two to six", "range", {"min": 2, "max": 6}),
        ("Thirtyfour", "n", {"n": 34}),
        ("ninety-nine", "n", {"n": 99}),
        ("twenty (8.0%)", "n_pct", {"n": 20, "pct": 8.0}),
        ("", "n_pct", {}),
    ],
)
def test_printed_forms(cell: str, layout: str, expected: dict[str, float]) -> None:
    assert figures(cell, layout) == expected


@pytest.mark.parametrize(
    ("cell", "layout", "expected"),
    [
        ("0.114²", "p", {"p": (0.114, "²")}),
        ("28.8¹", "median", {"median": (28.8, "¹")}),
        ("33²", "n", {"n": (33, "²")}),
        ("33² (44.0%)", "n_pct", {"n": (33, "²"), "pct": (44.0, "")}),
        ("33 (44.0%)*†", "n_pct", {"n": (33, ""), "pct": (44.0, "*†")}),
        ("33a (44.0)b", "n_pct", {"n": (33, "a"), "pct": (44.0, "b")}),
        ("33a,b", "n", {"n": (33, "a,b")}),
        ("<0.001 *", "p", {"p": (0.001, "*")}),
        ("28.8<sup>2</sup>", "median", {"median": (28.8, "2")}),
        ("$28.8^{a}$", "median", {"median": (28.8, "a")}),
        ("28.8^2", "median", {"median": (28.8, "2")}),
        ("0.560§ (0.330–0.950)", "hr_ci", {"hr": (0.56, "§"), "ci_low": (0.33, ""), "ci_high": (0.95, "")}),
        ("55.3 ± 9.5‡", "mean_sd", {"mean": (55.3, ""), "sd": (9.5, "‡")}),
    ],
)
def test_a_footnote_mark_is_kept_beside_its_figure(cell: str, layout: str, expected: dict[str, object]) -> None:
    parts = parse_cell(cell, layout)
    assert {statistic: (printed.value, printed.marks) for statistic, printed in parts} == expected


@given(numbers, st.sampled_from("¹²³⁴⁵*†‡§ab"))
def test_a_mark_never_changes_the_figure(value: Decimal, mark: str) -> None:
    plain, marked = parse_number(f"{value}"), parse_number(f"{value}{mark}")
    assert (marked.value, marked.low, marked.high, marked.figure) == (plain.value, plain.low, plain.high, plain.figure)
    assert (plain.marks, marked.marks) == ("", mark)


@pytest.mark.parametrize("digits", ["٣٣", "३३", "㉝", "③③", "₃₃", "⒊⒊", "³³"])
def test_other_digits_than_0_to_9_are_not_read(digits: str) -> None:
    assert parse_number(digits, count=True).state == "unreadable"
    assert parse_number(f"{digits}.5").state == "unreadable"


@pytest.mark.parametrize("digits", ["３３", "𝟑𝟑"])
def test_digits_of_another_typeface_are_read(digits: str) -> None:
    assert figures(f"{digits} (44.0%)", "n_pct") == {"n": 33, "pct": 44.0}


@pytest.mark.parametrize(
    ("figure", "state"),
    [("9" * 15, "exact"), ("9" * 16, "unreadable"), ("9" * 400, "unreadable"), ("5,58,0", "unreadable")],
)
def test_a_figure_has_as_many_digits_as_a_number_holds(figure: str, state: str) -> None:
    assert parse_number(figure).state == state


@pytest.mark.parametrize(
    ("cell", "layout"),
    [
        ("0,58 (0.45–0.75)", "hr_ci"),
        ("1,234 (0.9–1.5)", "hr_ci"),
        ("14,2 (10.9–18.0)", "median_ci"),
        ("0,58 (0,45,0,75)", "hr_ci"),
        ("48 (range 34–67)", "median_iqr"),
        ("0.62 (9602% CI 0.43–0.89)", "hr_ci"),
        ("10³", "value"),
        ("1.2×10³", "value"),
        ("24h", "value"),
        ("9" * 400, "n"),
        ("1 " * 4000, "n_pct"),
    ],
)
def test_what_could_mean_two_things_is_refused(cell: str, layout: str) -> None:
    with pytest.raises(CellError, match=layout):
        parse_cell(cell, layout)


@pytest.mark.parametrize(
    ("cell", "layout"),
    [("1-Feb", "range"), ("abc", "p"), ("20 (51.0%", "n_pct"), ("12,4,5", "hr"), ("1.2.3", "hr"), ("5 ± ", "mean_sd")],
)
def test_a_cell_of_another_shape_is_refused_with_an_example(cell: str, layout: str) -> None:
    with pytest.raises(CellError, match="expected") as error:
        parse_cell(cell, layout)
    assert EXAMPLES[layout] in str(error.value)


@given(st.text(max_size=40))
@example("\\\r0")
@example("e$\u0301")
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(max_size=12), st.sampled_from(sorted(EXAMPLES)))
def test_no_text_breaks_the_parser(cell: str, layout: str) -> None:
    try:
        parts = parse_cell(cell, layout)
    except CellError:
        return
    assert all(math.isfinite(p.value) or p.state in ("not_reached", "unreadable") for _, p in parts)


@pytest.mark.parametrize(
    ("figure", "days"),
    [("January 1, 2018", 0), ("May 2018", 30), ("2021-01-04", 0), ("July 2024", 30), ("4 January 2021", 0)],
)
def test_dates_stand_for_as_many_days_as_they_leave_open(figure: str, days: int) -> None:
    date = parse_date(figure)
    assert date.high - date.low == days


@pytest.mark.parametrize("figure", ["February 30, 2020", "Smarch 2018", "13/13/13", "2018"])
def test_what_is_no_date(figure: str) -> None:
    assert parse_date(figure).state == "unreadable"


# --- forms that papers print -----------------------------------------------------------------------------------------

p_texts = st.decimals("0.001", "0.999", places=3)
three = st.tuples(*[st.decimals("0.001", "99", places=3)] * 3)
not_reached = st.sampled_from(
    ["NE", "NC", "N/A", "NYR", "not evaluable", "not yet reached", "Not calculable", "could not be estimated"]
)


def in_commas(text: str) -> str:
    return text.replace(".", ",")


@given(st.sampled_from(["", "<", "<= ", "≥", ">"]), p_texts)
def test_a_zero_before_the_point_may_be_left_out(sign: str, p: Decimal) -> None:
    [(_, bare)], [(_, full)] = parse_cell(f"{sign}{p}".replace("0.", "."), "p"), parse_cell(f"{sign}{p}", "p")
    assert (bare.value, bare.low, bare.high, bare.state) == (full.value, full.low, full.high, full.state)


@given(three, st.sampled_from(["{} ({}–{})", "{} [{} to {}]", "{} ({}; {})"]), st.sampled_from(["hr_ci", "median_ci"]))
def test_decimal_commas_are_decimal_points(values: tuple[Decimal, ...], form: str, layout: str) -> None:
    points = form.format(*values)
    expected = figures(points, layout)
    assert {name: printed.value for name, printed in parse_cell(in_commas(points), layout, "decimal")} == expected
    assert layout == "median_ci" or figures(in_commas(points), layout) == expected


@given(st.decimals("0.1", "999", places=1))
def test_a_comma_before_one_digit_is_a_decimal_one_in_any_figure(value: Decimal) -> None:
    assert parse_number(in_commas(f"{value}")).value == float(value)


def test_a_comma_before_three_digits_is_what_the_table_says() -> None:
    readings = [parse_cell("1,234", "value", comma)[0][1].value for comma in (None, "thousands", "decimal")]
    assert readings == [1234, 1234, 1.234]


@pytest.mark.parametrize(("cell", "layout", "comma"), [("1,234", "n", "decimal"), ("1,600", "hr", "thousands")])
def test_a_comma_against_the_table_is_refused(cell: str, layout: str, comma: str) -> None:
    with pytest.raises(CellError, match="comma"):
        parse_cell(cell, layout, comma)  # type: ignore[arg-type]


@given(numbers.filter(bool), st.sampled_from(["~", "∼", "～", "≈", "\\sim ", "$\\sim$"]))
def test_a_tilde_before_a_figure_is_about(value: Decimal, tilde: str) -> None:
    [(_, printed)] = parse_cell(f"{tilde}{value}", "median")
    assert printed.value == float(value)
    assert printed.high - printed.low == pytest.approx(2 * printed.unit)
    low_and_high = dict(parse_cell(f"{value} ({tilde}{value}–{tilde}{value})", "median_ci"))
    assert {part.value for part in low_and_high.values()} == {float(value)}


@given(
    st.integers(0, 999), st.decimals(0, 100, places=1), st.sampled_from(["{1}% ({0})", "{1} % [{0}]", "{1}%({0}/999)"])
)
def test_a_percentage_may_stand_first(count: int, percent: Decimal, form: str) -> None:
    found = figures(form.format(count, percent), "n_pct")
    assert (found["n"], found["pct"]) == (count, float(percent))


@given(numbers, numbers, st.sampled_from(["{} (SD {})", "{} (SD: {})", "{} (±{})", "{} [standard deviation {}]"]))
def test_a_spread_may_be_named(mean: Decimal, sd: Decimal, form: str) -> None:
    assert figures(form.format(mean, sd), "mean_sd") == {"mean": float(mean), "sd": float(sd)}


@given(numbers, numbers, numbers, st.sampled_from(["IQR ", "IQR: ", "interquartile range, ", "Q1–Q3 "]))
def test_quartiles_may_be_named(median: Decimal, low: Decimal, high: Decimal, name: str) -> None:
    found = figures(f"{median} ({name}{low}–{high})", "median_iqr")
    assert found == {"median": float(median), "q1": float(low), "q3": float(high)}


@given(not_reached, numbers)
def test_what_is_not_reached_keeps_the_papers_word(words: str, low: Decimal) -> None:
    assert [(p.state, p.figure) for _, p in parse_cell(words, "median")] == [("not_reached", words)]
    upper = dict(parse_cell(f"{low} ({low}, {words})", "median_ci"))["ci_high"]
    assert (upper.state, upper.figure) == ("not_reached", words)


@given(st.decimals("0.1", "999.9", places=1).filter(lambda value: value % 1), st.decimals(0, 100, places=1))
def test_part_of_a_patient_is_kept_and_marked(count: Decimal, percent: Decimal) -> None:
    parts = dict(parse_cell(f"{count} ({percent})", "n_pct"))
    assert (parts["n"].state, parts["n"].figure) == ("unreadable", f"{count}")
    assert parts["pct"].value == float(percent)


@given(
    st.sampled_from(["80", "90", "96", "96.02", "97.5", "99"]), three, st.sampled_from(["% CI ", "% CI: ", "%-CI, "])
)
def test_the_level_of_an_interval_is_data(level: str, values: tuple[Decimal, ...], form: str) -> None:
    parts = dict(parse_cell(f"{values[0]} ({level}{form}{values[1]}–{values[2]})", "hr_ci"))
    assert {parts[name].confidence for name in ("ci_low", "ci_high")} == {float(level)}
    assert [printed.value for printed in parts.values()] == list(map(float, values))


@given(p_texts, st.sampled_from([" (one-sided)", ", one-sided", " [1-sided]", " (one-tailed)"]))
def test_a_p_value_may_be_one_sided(p: Decimal, words: str) -> None:
    [(_, printed)] = parse_cell(f"{p}{words}", "p")
    assert (printed.value, printed.sides) == (float(p), "one")


@given(numbers, st.sampled_from([(">", "above"), ("<", "below"), ("≥", "above"), ("< ", "below")]))
def test_bounds_of_any_figure(value: Decimal, bound: tuple[str, str]) -> None:
    for cell, layout in ((f"{bound[0]}{value}", "median"), (f"{bound[0]}{value} %", "rate")):
        [(_, printed)] = parse_cell(cell, layout)
        assert (printed.state, printed.value) == (bound[1], float(value))


# --- rounding ---------------------------------------------------------------------------------------------------------


@given(st.decimals(-9999, 9999, places=6, allow_nan=False), decimals)
def test_what_was_rounded_agrees(value: Decimal, places: int) -> None:
    figure = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert agreement(parse_number(f"{figure:f}"), float(value)) == "rounded"


@given(st.decimals("0.01", 9999, places=6, allow_nan=False), decimals)
def test_what_was_cut_off_agrees_as_rounded_or_truncated(value: Decimal, places: int) -> None:
    figure = value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
    assert agreement(parse_number(f"{figure:f}"), float(value)) in ("rounded", "truncated")


@given(st.decimals(0, 9999, places=6, allow_nan=False), decimals, st.decimals("1.01", 100, places=2))
def test_more_than_a_unit_away_differs(value: Decimal, places: int, units: Decimal) -> None:
    printed = parse_number(f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}")
    assert agreement(printed, printed.value + float(units) * printed.unit) == "differs"
    assert agreement(printed, printed.value - float(units) * printed.unit) == "differs"


@given(st.decimals(-999, 999, places=2, allow_nan=False))
def test_the_interval_is_as_wide_as_its_last_digit(value: Decimal) -> None:
    printed = parse_number(f"{value:f}")
    assert printed.high - printed.low == pytest.approx(printed.unit)
    assert printed.low <= printed.value <= printed.high
    assert overlap(printed, printed.value, printed.value)
    assert not overlap(printed, printed.high + printed.unit, math.inf)


@given(st.integers(0, 10**6))
def test_a_count_is_exact(count: int) -> None:
    printed = parse_number(str(count), count=True)
    assert printed.low == printed.high == count
    assert agreement(printed, count) == "rounded"
    assert agreement(printed, count + 1) == "differs"


def test_agreement_with_bounds() -> None:
    assert agreement(parse_number("<0.001"), 0.0004) == "rounded"
    assert agreement(parse_number("<0.001"), 0.004) == "differs"
    assert agreement(parse_number(">0.05"), 0.4) == "rounded"


@pytest.mark.parametrize("figure", ["not reached", "1.1.674"])
def test_what_has_no_value_cannot_be_compared(figure: str) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        agreement(parse_number(figure), 1.0)


def test_a_recomputed_number_is_shown_with_the_decimals_of_the_print() -> None:
    assert format_like(0.03456, parse_number("0.035")) == "0.035"
