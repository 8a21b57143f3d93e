"""GRIM and GRIMMER against every way to fill a small sample, and against honest data of any size."""

import itertools
import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.audit.rules.integers import least_squares, moments, most_squares, possible, root_is_printed_as, totals


def printed(square: Fraction, decimals: int, rounding: str) -> str:
    """A square root with some decimals, exactly rounded or cut off."""
    scale = 10**decimals
    root = math.isqrt(math.floor(square * scale**2 * 100))  # one digit more, floored
    unit = Decimal(1).scaleb(-decimals)
    return str((Decimal(root) / (10 * scale)).quantize(unit, rounding))


def figure(value: Fraction, decimals: int, rounding: str) -> str:
    quotient = Decimal(value.numerator) / Decimal(value.denominator)
    return str(quotient.quantize(Decimal(1).scaleb(-decimals), rounding))


def samples(n, low, high):
    """Every multiset of n whole numbers of a range, as (sum, sum of squares)."""
    return {
        (sum(values), sum(value**2 for value in values))
        for values in itertools.combinations_with_replacement(range(low, high + 1), n)
    }


def variance(total, squares, n):
    return (squares - Fraction(total * total, n)) / (n - 1)


@pytest.mark.parametrize("n", [2, 3, 5, 7])
@pytest.mark.parametrize(("mean_decimals", "sd_decimals"), [(1, 1), (2, 2), (2, 1)])
def test_within_a_range_it_is_every_sample_and_nothing_else(n, mean_decimals, sd_decimals):
    low, high = 0, 4
    found = samples(n, low, high)

    means = sorted({figure(Fraction(total, n), mean_decimals, ROUND_HALF_UP) for total, _ in found})
    unit = 10**-sd_decimals
    sds = [f"{k * unit:.{sd_decimals}f}" for k in range(0, math.ceil(3.2 / unit), 1 if sd_decimals == 1 else 7)]
    answers = {(mean, sd): possible(mean, sd, n, low, high) for mean in means for sd in sds}
    spreads = {mean: {variance(t, q, n) for t, q in found if _is_mean(t, n, mean)} for mean in means}
    assert answers == {
        (mean, sd): any(root_is_printed_as(spread, sd) for spread in spreads[mean]) for mean in means for sd in sds
    }
    assert set(answers.values()) == {True, False}


def _is_mean(total, n, mean):
    """Rounded or cut off, by fractions."""
    unit_mean = Fraction(1, 10 ** len(mean.partition(".")[2]))
    low, high = Fraction(mean) - unit_mean / 2, Fraction(mean) + unit_mean
    return low <= Fraction(total, n) < high


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_without_a_range_every_sum_of_squares_is_met(n):
    # wide enough that no sample with a variance below 3 is left out
    reach = 5
    found = {(t, q) for t, q in samples(n, -reach, reach) if 0 <= t < n and variance(t, q, n) <= 3}
    for total in range(n):
        squares = {q for t, q in found if t == total}
        for q in range(3 * n):
            exact = variance(total, q, n)
            if 0 <= exact <= Fraction(5, 2):
                mean, sd = figure(Fraction(total, n), 6, ROUND_HALF_UP), printed(exact, 6, ROUND_HALF_UP)
                assert possible(mean, sd, n) == (q in squares), (total, q)


def test_the_parity_of_the_squares_counts():
    # 10 numbers with the sum 20: the squares sum to an even number, so that 51 is not among them
    assert possible("2.00", printed(variance(20, 50, 10), 2, ROUND_HALF_UP), 10)
    assert not possible("2.00", printed(variance(20, 51, 10), 2, ROUND_HALF_UP), 10)


def test_a_range_leaves_fewer():
    assert possible("3.00", "2.05", 20)
    assert possible("3.00", "2.05", 20, 1, 5)
    assert not possible("3.00", "2.06", 20, 1, 5)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=150),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([ROUND_HALF_UP, ROUND_DOWN]),
)
def test_honest_data_are_never_impossible(values, mean_decimals, sd_decimals, rounding):
    frequencies = {value: values.count(value) for value in set(values)}
    mean, spread = moments(frequencies)
    shown = figure(mean, mean_decimals, rounding), printed(spread, sd_decimals, rounding)
    assert sum(values) in totals(shown[0], len(values))
    assert possible(*shown, len(values))
    assert possible(*shown, len(values), 1, 12)


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_sums_of_squares_are_bounded(values):
    n, total = len(values), sum(values)
    squares = sum(value**2 for value in values)
    assert least_squares(total, n) <= squares <= (most_squares(total, n, 0, 6) or 0)


def test_bounds_of_squares_are_met():
    for n in (1, 3, 4):
        for total in range(n * 3 + 1):
            squares = {q for t, q in samples(n, 0, 3) if t == total}
            assert (least_squares(total, n), most_squares(total, n, 0, 3)) == (min(squares), max(squares))
    assert most_squares(20, 3, 0, 3) is None
    assert most_squares(6, 3, 2, 2) == 12


def test_grim_knows_the_textbook_case():
    # 5.19 is no mean of 28 whole numbers (Brown and Heathers 2017)
    assert totals("5.19", 28) == []
    assert totals("5.18", 28) == [145]
