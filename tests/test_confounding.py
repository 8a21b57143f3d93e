"""Unmeasured confounding against published examples, against mixtures worked out in full, and their invariants."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.confounding import adjusted_hr, e_value, risk_ratio_scale

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
