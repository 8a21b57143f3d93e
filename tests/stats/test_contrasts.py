"""Two arms, one event: against statsmodels, against published examples, and the shape of Altman's intervals."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.stats.contrasts import compare, contrast, false_discovery, number_needed, risk_ratio
from haicbook.stats.proportions import Difference, Proportion

arms = st.integers(1, 80).flatmap(lambda n: st.builds(Proportion, st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("x", "n", "y", "m"),
    [(7, 34, 1, 34), (29, 34, 39, 66), (3, 50, 2, 60), (119, 182, 92, 182), (1, 12, 5, 9), (40, 41, 20, 40)],
)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_limits_of_the_ratio_are_those_of_statsmodels(x, n, y, m, confidence):
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        x, n, y, m, compare="ratio", method="score", correction=False, alpha=1 - confidence
    )
    found = risk_ratio(Proportion(x, n), Proportion(y, m), confidence)
    assert found.estimate == pytest.approx((x / n) / (y / m))
    assert found.low == pytest.approx(low, rel=1e-6)
    assert found.high == pytest.approx(high, rel=1e-6)


@settings(deadline=None)
@given(arms, arms)
def test_the_score_test_at_the_limits_is_at_its_level(treated, control):
    """At a limit, the most likely risks by direct search give a statistic of 1.96."""
    found = risk_ratio(treated, control)
    for limit in (found.low, found.high):
        if not 1e-4 < limit < 1e4:
            continue
        risk = np.linspace(1e-9, min(1, 1 / limit) - 1e-9, 200001)
        logs = (
            treated.count * np.log(limit * risk)
            + (treated.n - treated.count) * np.log1p(-limit * risk)
            + control.count * np.log(risk)
            + (control.n - control.count) * np.log1p(-risk)
        )
        best = risk[np.argmax(logs)]
        variance = limit * best * (1 - limit * best) / treated.n + limit**2 * best * (1 - best) / control.n
        statistic = (treated.value - limit * control.value) / math.sqrt(variance)
        assert abs(statistic) == pytest.approx(1.959964, rel=0.01)


@settings(deadline=None)
@given(arms, arms)
def test_turning_the_arms_round_turns_the_ratio_over(treated, control):
    here, there = risk_ratio(treated, control), risk_ratio(control, treated)
    if here.low > 0 and not math.isinf(here.high):
        assert 1 / there.high == pytest.approx(here.low, rel=1e-6)
        assert 1 / there.low == pytest.approx(here.high, rel=1e-6)


def test_koopmans_limits_hold_where_statsmodels_fails():
    """Why they are not taken from there: with events in all controls its two limits are one number."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    found = risk_ratio(Proportion(5, 20), Proportion(25, 25))
    assert found.low < found.estimate < found.high
    low, high = confint_proportions_2indep(5, 20, 25, 25, method="score", compare="ratio", correction=False)
    assert high - low < 1e-6


def test_ratios_of_arms_without_events():
    none, some = Proportion(0, 20), Proportion(5, 20)
    empty = risk_ratio(none, none)
    assert math.isnan(empty.estimate)
    assert (empty.low, empty.high) == (0, math.inf)
    without = risk_ratio(none, some)
    assert (without.estimate, without.low) == (0, 0)
    assert 0 < without.high < 1
    only = risk_ratio(some, none)
    assert math.isinf(only.estimate)
    assert math.isinf(only.high)
    assert only.low == pytest.approx(1 / without.high, rel=1e-6)


def test_altmans_example_of_a_difference_that_may_be_none():
    """Altman 1998: 10 % fewer events (95 % interval -5 % to 25 %) is NNTB 10, from NNTB 4 to infinity to NNTH 20."""
    found = number_needed(Difference(-0.10, -0.25, 0.05, 0.95), harmful=True)
    assert found.text == "NNTB 10 (NNTB 4.0 to ∞ to NNTH 20)"
    assert found.crosses


def test_numbers_needed_in_both_directions():
    more = Difference(0.1, 0.05, 0.25, 0.95)
    assert number_needed(more, harmful=True).text == "NNTH 10 (4.0 to 20)"
    assert number_needed(more, harmful=False).text == "NNTB 10 (4.0 to 20)"
    fewer = Difference(-0.1, -0.25, -0.05, 0.95)
    assert number_needed(fewer, harmful=True).text == "NNTB 10 (4.0 to 20)"
    assert number_needed(fewer, harmful=False).text == "NNTH 10 (4.0 to 20)"


def test_no_difference_at_all():
    assert number_needed(Difference(0.0, -0.1, 0.05, 0.95), harmful=True).text == "NNT ∞ (NNTH 20 to ∞ to NNTB 10)"
    assert number_needed(Difference(0.0, -0.1, 0.05, 0.95), harmful=False).text == "NNT ∞ (NNTH 10 to ∞ to NNTB 20)"


@settings(deadline=None)
@given(arms, arms, st.booleans())
def test_a_number_needed_and_its_difference_say_the_same(treated, control, harmful):
    found = contrast(treated, control, harmful=harmful)
    gap, number = found.difference, found.number_needed
    assert number.crosses == (gap.low <= 0 <= gap.high)
    if gap.estimate == 0:
        return
    assert number.estimate == pytest.approx(1 / abs(gap.estimate))
    assert number.low <= number.estimate + 1e-9
    assert (number.direction == "harm") == ((gap.estimate > 0) == harmful)
    if not number.crosses:
        assert number.estimate <= number.high + 1e-9


def test_the_statement_has_the_figures():
    found = contrast(Proportion(119, 182), Proportion(92, 182), harmful=True)
    assert found.statement.startswith("119 of 182 against 92 of 182: difference 14.8 percentage points (95 % interval")
    # R: fisher.test(matrix(c(119, 63, 92, 90), 2))
    assert found.p == pytest.approx(0.005684165, abs=1e-8)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_false_discovery_by_its_definition(p):
    p = np.array(p)
    order = np.argsort(p, kind="stable")
    by_hand = np.empty(len(p))
    smallest = 1.0
    for rank in range(len(p), 0, -1):
        smallest = min(smallest, p[order[rank - 1]] * len(p) / rank)
        by_hand[order[rank - 1]] = smallest
    np.testing.assert_allclose(false_discovery(p), by_hand, atol=1e-12)


def test_what_was_not_tested_does_not_count():
    found = false_discovery([0.01, math.nan, 0.04])
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])
    assert math.isnan(found[1])
    assert np.isnan(false_discovery([math.nan])).all()
    assert len(false_discovery([])) == 0


def test_many_events_at_once():
    counts = pd.DataFrame(
        {
            "event": ["fever", "nausea", "rash", "lost"],
            "n_treated": [40, 10, 0, math.nan],
            "size_treated": [50, 50, 50, 50],
            "n_control": [10, 9, 0, 3],
            "size_control": [50, 50, 50, 50],
        }
    )
    found = compare(counts)
    assert found.event.tolist() == counts.event.tolist()
    assert found.discovery.tolist() == [True, False, False, False]
    # nobody has the third event: two tests, not three
    assert found.q[0] == pytest.approx(found.p[0] * 2)
    assert math.isnan(found.q[2])
    assert found.number_needed[3] == ""
    assert math.isnan(found.difference[3])
    assert found.p[2] == 1
    assert compare(counts.iloc[:0]).empty


def test_numbers_needed_have_no_false_precision():
    found = number_needed(Difference(0.00018, -0.05, 0.0004, 0.95), harmful=True)
    assert found.text == "NNTH above 1,000 (NNTH above 1,000 to ∞ to NNTB 20)"
    assert number_needed(Difference(0.001, 0.0005, 0.0015, 0.95), harmful=True).text == (
        "NNTH 1000 (667 to above 1,000)"
    )


def test_where_the_test_and_the_interval_disagree():
    counts = {
        "n_treated": [5, 40, 4],
        "size_treated": [60, 50, 50],
        "n_control": [0, 10, 3],
        "size_control": [60, 50, 50],
    }
    found = compare(pd.DataFrame(counts))
    # 5 of 60 against none: Newcombe from 0.6 points up, Fisher's p 0.057
    assert found.low[0] > 0
    assert found.p[0] > 0.05
    assert found.disagree.tolist() == [True, False, False]


def test_what_is_missing_is_said_at_once():
    with pytest.raises(ValueError, match=r"no column n_control; there is no column size_control; rate is 5"):
        compare(pd.DataFrame({"n_treated": [1], "size_treated": [2]}), rate=5)
