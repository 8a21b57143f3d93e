"""Unmeasured confounding against published examples, against mixtures worked out in full, and their invariants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.stats.confounding import adjusted_hr, bias_factor, e_value, risk_ratio_scale, tipping_effect, tipping_grid

ratios = st.floats(0.05, 20)
shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "estimate", "limit"),
    [
        # VanderWeele & Ding, Ann Intern Med 2017;167:268-274: breastfeeding and death from respiratory infection
        (3.9, 1.8, 8.7, 7.26, 3.0),
        # Hammond & Horn's smoking data, as in the test suite of the R package episensr
        (10.73, 8.02, 14.36, 20.947, 15.523),
    ],
)
def test_published_e_values(ratio, low, high, estimate, limit):
    found = e_value(ratio, low, high, common=False)
    assert found.estimate == pytest.approx(estimate, abs=0.005)
    assert found.limit == pytest.approx(limit, abs=0.005)


@settings(deadline=None)
@given(ratios, st.booleans())
def test_a_confounder_as_strong_as_the_e_value_just_explains_the_ratio_away(hr, common):
    strength = e_value(hr, common=common).estimate
    bounding_factor = strength**2 / (2 * strength - 1)
    risk_ratio = risk_ratio_scale(hr, common=common)
    assert bounding_factor == pytest.approx(max(risk_ratio, 1 / risk_ratio), rel=1e-9)


@settings(deadline=None)
@given(ratios, st.booleans())
def test_turning_the_arms_round_leaves_the_e_value(hr, common):
    assert e_value(hr, common=common).estimate == pytest.approx(e_value(1 / hr, common=common).estimate, rel=1e-9)


def test_the_scale_for_common_outcomes_by_hand():
    # HR 0.56: (1 - 0.5^0.748331) / (1 - 0.5^1.336306) = 0.404708 / 0.603966
    assert risk_ratio_scale(0.56, common=True) == pytest.approx(0.67008, abs=1e-5)
    assert risk_ratio_scale(0.56, common=False) == 0.56


def test_the_limit_nearer_to_one_counts():
    assert e_value(0.56, 0.33, 0.95).limit == e_value(0.95).estimate
    assert e_value(1.8, 1.1, 3.0).limit == e_value(1.1).estimate


@pytest.mark.parametrize(("hr", "low", "high"), [(0.8, 0.5, 1.2), (1.2, 0.9, 1.6), (0.8, 0.5, 1.0)])
def test_an_interval_that_holds_one_needs_no_confounder(hr, low, high):
    assert e_value(hr, low, high).limit == 1


def test_an_unreadable_limit_has_no_e_value():
    assert math.isnan(e_value(0.56, 0.33, math.nan).limit)
    assert e_value(0.56, math.nan, 0.95).limit == e_value(0.95).estimate


@pytest.mark.parametrize(("hr", "low", "high"), [(0.5, 0.6, 0.9), (0.5, 0.2, 0.4), (0.0, 0.0, 1.0), (-1, -2, 3)])
def test_impossible_ratios_are_refused(hr, low, high):
    with pytest.raises(ValueError, match="found"):
        e_value(hr, low, high)


@settings(deadline=None)
@given(ratios, ratios, shares, shares)
def test_the_adjustment_undoes_the_confounding_of_rare_events(hr, effect, in_treated, in_control):
    """Crude hazards of two arms in which a share of patients has its hazard multiplied, at the start of follow-up."""
    crude = hr * (in_treated * effect + 1 - in_treated) / (in_control * effect + 1 - in_control)
    assert adjusted_hr(crude, effect, in_treated, in_control) == pytest.approx(hr, rel=1e-9)


def test_the_adjustment_is_close_for_deaths_under_heavy_censoring():
    """The hazard ratio of marginal survival curves, worked out from the mixture at 5 % cumulative hazard."""

    def cumulative(share: float, rate: float, time: float) -> float:
        return -math.log(share * math.exp(-2.0 * rate * time) + (1 - share) * math.exp(-rate * time))

    crude = cumulative(0.2, 0.6, 0.05) / cumulative(0.5, 1.0, 0.05)
    assert adjusted_hr(crude, 2.0, 0.2, 0.5) == pytest.approx(0.6, abs=0.003)


@settings(deadline=None)
@given(ratios, ratios, shares)
def test_an_equally_common_confounder_changes_nothing(hr, effect, share):
    assert adjusted_hr(hr, effect, share, share) == pytest.approx(hr)
    assert adjusted_hr(hr, 1.0, share, 1 - share) == pytest.approx(hr)


def test_a_harmful_confounder_rarer_in_the_treated_explains_part_of_a_benefit():
    assert adjusted_hr(0.6, 2.0, 0.2, 0.5) == pytest.approx(0.6 * 1.5 / 1.2)


def test_everything_out_of_range_is_said_at_once():
    with pytest.raises(ValueError, match=r"hr is 0.*effect is -1.*prevalence_treated is 20"):
        adjusted_hr(0, -1, 20, 0.5)


# --- E-values worked out from VanderWeele and Ding's formulas --------------------------------------------------------


@pytest.mark.parametrize(
    ("hr", "low", "high"), [(0.64, 0.47, 0.88), (0.404, 0.197, 0.829), (1.8, 1.1, 3.0), (0.56, 0.332, 0.946)]
)
def test_e_values_of_common_outcomes_by_the_formulas(hr, low, high):
    def by_formula(ratio):
        risk_ratio = (1 - 0.5 ** (ratio**0.5)) / (1 - 0.5 ** ((1 / ratio) ** 0.5))
        risk_ratio = 1 / risk_ratio if risk_ratio < 1 else risk_ratio
        return risk_ratio + (risk_ratio * (risk_ratio - 1)) ** 0.5

    found = e_value(hr, low, high)
    assert found.estimate == pytest.approx(by_formula(hr), rel=1e-12)
    assert found.limit == pytest.approx(by_formula(high if hr < 1 else low), rel=1e-12)


# --- the contour ------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(ratios, shares, shares)
def test_a_confounder_of_the_tipping_effect_moves_the_ratio_to_one(ratio, in_treated, in_control):
    needed = float(tipping_effect(ratio, in_treated, in_control))
    assert needed >= 1
    if math.isfinite(needed) and needed < 1e6:
        assert adjusted_hr(ratio, needed, in_treated, in_control) == pytest.approx(1, rel=1e-6)


@settings(deadline=None)
@given(ratios, shares, shares)
def test_where_no_effect_is_needed_enough_none_is_found_by_trying(ratio, in_treated, in_control):
    if math.isinf(float(tipping_effect(ratio, in_treated, in_control))):
        tried = ratio / bias_factor(np.geomspace(1, 1e9, 400), in_treated, in_control)
        assert ((tried < 1 + 1e-9).all() if ratio < 1 else (tried > 1 - 1e-9).all()) or abs(ratio - 1) < 1e-9


def test_the_grid_is_every_pair_adjusted():
    prevalences = np.linspace(0, 1, 11)
    grid = tipping_grid(0.61, 0.44, 0.84, prevalences, 2.5)
    for row, in_control in enumerate(prevalences):
        for column, in_treated in enumerate(prevalences):
            hr, high = (adjusted_hr(value, 2.5, in_treated, in_control) for value in (0.61, 0.84))
            assert grid.hr_adjusted[row, column] == pytest.approx(hr)
            assert grid.region[row, column] == (2 if hr >= 1 else 1 if high >= 1 else 0)
    assert (grid.needed_limit <= grid.needed).all()


@settings(deadline=None)
@given(ratios, st.floats(1.01, 3), st.floats(0.2, 8))
def test_regions_and_needed_effects_say_the_same(hr, width, effect):
    grid = tipping_grid(hr, hr / width, hr * width, np.linspace(0, 1, 9), max(effect, 1.0))
    clear = np.abs(grid.hr_adjusted - 1) > 1e-9
    if abs(hr - 1) > 1e-9:
        np.testing.assert_array_equal((grid.region == 2)[clear], (grid.needed <= grid.effect)[clear])


def test_an_interval_that_holds_one_and_one_that_cannot_be_read():
    held = tipping_grid(1.2, 0.8, 1.9, [0, 0.5, 1], 2)
    assert (held.needed_limit == 1).all()
    assert (held.region >= 1).all()
    assert held.statement.endswith("its interval holds 1 already.")
    unread = tipping_grid(0.5, math.nan, math.nan, [0, 0.5, 1], 2)
    assert np.isnan(unread.needed_limit).all()
    assert unread.statement.endswith("its nearer confidence limit is not known.")


def test_the_statement_of_the_grid():
    words = tipping_grid(0.61, 0.44, 0.84, np.linspace(0, 1, 21), 2.0).statement
    # 0.61 x (1 + 1) / (1 + p1) = 1 needs p0 - p1 of 0.61 to 0.65 on a grid of 0.05
    assert "ratio 0.61 to 1 from an imbalance of 65 percentage points on" in words
    assert "at no imbalance" in tipping_grid(0.3, 0.2, 0.4, [0, 0.5, 1], 2.0).statement


def test_everything_wrong_with_a_contour_is_said():
    with pytest.raises(ValueError, match=r"ratio is 0.*prevalence_treated holds 20.*prevalence_control holds -1"):
        tipping_effect(0, [0.1, 20], -1)
    with pytest.raises(ValueError, match="must enclose the ratio"):
        tipping_grid(0.5, 0.6, 0.9, [0, 1], 2)
    with pytest.raises(ValueError, match="effect is 0"):
        tipping_grid(0.5, 0.4, 0.9, [0, 1], 0)
