"""Intervals, differences and tests of proportions against R, published tables, enumeration, and their invariants."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.stats.proportions import (
    METHODS,
    Proportion,
    exact_interval,
    fisher_p,
    likelihood_ratio_p,
    p_values,
    pearson_p,
    risk_difference,
    wald_interval,
    wilson_interval,
    yates_p,
)

ORACLE = Path(__file__).parents[1] / "oracle"
INTERVALS = pd.read_csv(ORACLE / "proportions_intervals.csv")
TESTS = pd.read_csv(ORACLE / "proportions_tests.csv")


def as_table(text: str) -> np.ndarray:
    """`3 45;0 48`, one arm after the other, as rows of categories and columns of arms."""
    return np.array([[int(count) for count in arm.split()] for arm in text.split(";")]).T


@st.composite
def proportions(draw: st.DrawFn) -> Proportion:
    n = draw(st.integers(1, 600))
    return Proportion(draw(st.integers(0, n)), n)


tables = st.integers(2, 4).flatmap(
    lambda rows: st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=rows, max_size=rows)
)
levels = st.floats(0.5, 0.999)


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_an_impossible_proportion_is_refused(count, n):
    with pytest.raises(ValueError, match=f"found {count} of {n}"):
        Proportion(count, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, math.nan])
@pytest.mark.parametrize("interval", [exact_interval, wilson_interval, wald_interval])
def test_a_confidence_level_is_a_share(interval, confidence):
    with pytest.raises(ValueError, match="allowed is a number between 0 and 1"):
        interval(Proportion(11, 25), confidence)


@pytest.mark.parametrize("row", list(INTERVALS.itertuples(index=False)), ids=str)
def test_intervals_are_those_of_r(row):
    p = Proportion(row.count, row.n)
    assert exact_interval(p, row.confidence) == pytest.approx((row.exact_low, row.exact_high), abs=1e-10)
    assert wilson_interval(p, row.confidence) == pytest.approx((row.wilson_low, row.wilson_high), abs=1e-10)


def test_limits_by_statsmodels_are_those_of_the_formulas_in_300_tables():
    from scipy.special import betaincinv, ndtri

    def wilson(count, n, confidence):
        z = ndtri((1 + confidence) / 2)
        half = z * math.sqrt(count * (n - count) / n + z * z / 4)
        return (count + z * z / 2 - half) / (n + z * z), (count + z * z / 2 + half) / (n + z * z)

    rng = np.random.default_rng(300)
    sizes = rng.integers(1, 500, (300, 2))
    shares = rng.choice([0, 0.02, 0.2, 0.5, 0.9, 1], (300, 2))
    levels = rng.choice([0.8, 0.95, 0.99], 300)
    for (n, m), (x, y), level in zip(sizes.tolist(), np.rint(sizes * shares).astype(int).tolist(), levels, strict=True):
        treated, control, tail = Proportion(x, n), Proportion(y, m), (1 - level) / 2
        exact = (betaincinv(x, n - x + 1, tail) if x else 0, betaincinv(x + 1, n - x, 1 - tail) if x < n else 1)
        (low, high), (low_c, high_c) = wilson(x, n, level), wilson(y, m, level)
        gap = x / n - y / m
        newcombe = gap - math.hypot(x / n - low, high_c - y / m), gap + math.hypot(high - x / n, y / m - low_c)
        found = risk_difference(treated, control, level)
        assert exact_interval(treated, level) == pytest.approx(exact, abs=1e-14)
        assert wilson_interval(treated, level) == pytest.approx((low, high), abs=1e-14)
        assert (found.low, found.high) == pytest.approx(newcombe, abs=1e-14)


def test_wald_limits_by_hand():
    # 0.44 -+ 1.959964 * sqrt(0.44 * 0.56 / 25)
    assert wald_interval(Proportion(11, 25), 0.95) == pytest.approx((0.2454199, 0.6345801), abs=1e-7)


@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [  # Newcombe, Stat Med 1998;17:873-890, Table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_differences_are_those_that_newcombe_published(treated, control, low, high):
    found = risk_difference(Proportion(*treated), Proportion(*control), 0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@settings(deadline=None)
@given(proportions(), proportions(), levels)
def test_differences_are_those_of_statsmodels(treated, control, confidence):
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = risk_difference(treated, control, confidence)
    expected = confint_proportions_2indep(
        treated.count, treated.n, control.count, control.n, method="newcomb", compare="diff", alpha=1 - confidence
    )
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(proportions(), levels, levels)
def test_intervals_hold_their_estimate_and_widen_with_confidence(p, one, other):
    narrow, wide = sorted((one, other))
    for interval in (exact_interval, wilson_interval, wald_interval):
        (low, high), (lower, higher) = interval(p, narrow), interval(p, wide)
        assert lower <= low <= p.value <= high <= higher


@settings(deadline=None)
@given(proportions(), levels)
def test_the_interval_of_the_complement_is_mirrored(p, confidence):
    for interval in (exact_interval, wilson_interval, wald_interval):
        low, high = interval(Proportion(p.n - p.count, p.n), confidence)
        assert interval(p, confidence) == pytest.approx((1 - high, 1 - low), abs=1e-10)


@settings(deadline=None)
@given(proportions(), proportions(), levels)
def test_a_difference_changes_sign_when_the_arms_are_swapped(treated, control, confidence):
    found, swapped = (risk_difference(*pair, confidence) for pair in ((treated, control), (control, treated)))
    assert found.low <= found.estimate <= found.high
    assert (found.low, found.high) == pytest.approx((-swapped.high, -swapped.low), abs=1e-12)


@pytest.mark.parametrize("row", list(TESTS.itertuples(index=False)), ids=lambda row: row.table)
def test_p_values_are_those_of_r(row):
    table = as_table(row.table)
    assert pearson_p(table) == pytest.approx(row.pearson, rel=1e-8)
    assert yates_p(table) == pytest.approx(row.yates, rel=1e-8, nan_ok=True)
    assert likelihood_ratio_p(table) == pytest.approx(row.likelihood_ratio, rel=1e-8)
    assert fisher_p(table) == pytest.approx(row.fisher, rel=1e-8)


@settings(deadline=None)
@given(tables.filter(lambda table: sum(a + b for a, b in table) <= 40))
def test_fisher_counts_every_table_with_the_same_margins(table):
    totals = [a + b for a, b in table]
    first = sum(a for a, _ in table)

    def weight(column):
        return math.prod(math.comb(total, count) for total, count in zip(totals, column, strict=True))

    columns = [c for c in itertools.product(*(range(t + 1) for t in totals)) if sum(c) == first]
    observed = weight([a for a, _ in table])
    no_likelier = sum(weight(c) for c in columns if weight(c) <= observed)
    assert fisher_p(table) == pytest.approx(no_likelier / math.comb(sum(totals), first), rel=1e-9)


@settings(deadline=None)
@given(tables, st.randoms())
def test_p_values_do_not_depend_on_the_order_of_categories_or_arms(table, random):
    shuffled = [row[::-1] for row in table]
    random.shuffle(shuffled)
    assert p_values(shuffled) == pytest.approx(p_values(table), rel=1e-7)


@settings(deadline=None)
@given(tables)
def test_p_values_are_probabilities(table):
    assert all(0 <= p <= 1 for p in p_values(table).values())


def test_a_test_that_does_not_apply_is_left_out():
    assert p_values([[0, 0], [48, 48]]) == {"Fisher": 1.0}
    assert set(p_values([[3, 1], [2, 4], [1, 1]])) == set(METHODS) - {"Yates"}
    assert set(p_values([[3, 1, 2], [2, 4, 5]])) == {"Pearson", "likelihood ratio"}


def test_fisher_gives_up_where_there_are_too_many_tables():
    assert math.isnan(fisher_p([[60, 60]] * 8))


@pytest.mark.parametrize("table", [[[1, 2]], [[1], [2]], [[1, -2], [3, 4]], [[1.5, 2], [3, 4]], [1, 2]])
def test_what_is_no_table_of_counts_is_refused(table):
    with pytest.raises(ValueError, match="found"):
        pearson_p(table)
