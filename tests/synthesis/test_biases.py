"""Biases of time, tried on arms for which the answer is known."""

import math

import numpy as np
import pytest
from ensembles import ensemble, exponential

from haicbook.synthesis import biases
from haicbook.synthesis.by_response import response_bias
from haicbook.synthesis.two_arms import log_ratio, pair, reconstructed_effect

RNG = np.random.default_rng(20251121)
# two arms with the same hazard, one of which was entered only by those who lived three months
ALL = RNG.exponential(8, (30, 2000))
IMMORTAL = ensemble(
    late=(np.minimum(np.where(ALL[:, :1000] > 3, ALL[:, :1000], 3 + ALL[:, 1000:]), 30), np.ones((30, 1000), bool)),
    early=exponential(RNG, 30, 1000, 8, 30),
)


def test_a_landmark_takes_immortal_time_away():
    """Counted from the start, the arm that was entered by living seems better; from the landmark it is not."""
    found = biases.scan(IMMORTAL, "landmark", (0, 3), arm="late")
    hr = found.frame().hr
    assert hr[0] < 0.8
    assert hr[1] == pytest.approx(1, abs=0.06)


def test_entry_is_the_comparator_made_to_live_as_long():
    """A hazard that falls with time: the second line seems better only because its patients came late."""
    rng = np.random.default_rng(8)

    def weibull(size):
        return 8 * rng.weibull(0.6, size)

    whole = weibull((30, 6000))
    late = np.sort(np.where(whole > 4, whole - 4, np.inf), axis=1)[:, :1000]
    late = np.take_along_axis(late, np.argsort(rng.random(late.shape), axis=1), axis=1)
    first = weibull((30, 1000))
    both = ensemble(second_line=(whole_to(late), late < 60), first_line=(whole_to(first), first < 60))
    found = biases.scan(both, "entry", (0, 2, 4), arm="second_line")
    hr = found.frame().hr
    assert hr[0] < hr[1] < hr[2]


def whole_to(time):
    return np.minimum(time, 60.0)


def test_leads_and_the_missing_go_where_they_should():
    both = ensemble(new=exponential(RNG, 20, 200, 14, 30), old=exponential(RNG, 20, 200, 9, 30))
    longer = biases.scan(both, "lead", (0, 1, 2, 4), arm="old").frame().hr
    assert (np.diff(longer) > 0).all()
    missed = biases.scan(both, "missed", (0, 0.1, 0.2), arm="new").frame().hr
    assert (np.diff(missed) > 0).all()
    other = biases.scan(both, "missed", (0, 0.1, 0.2), arm="old").frame().hr
    assert (np.diff(other) < 0).all()
    excluded = biases.scan(both, "excluded", (0, 0.1, 0.2), arm="old", window=12).frame().hr
    assert (np.diff(excluded) > 0).all()


def test_at_size_zero_nothing_has_changed():
    both = ensemble(new=exponential(RNG, 10, 80, 14, 30), old=exponential(RNG, 10, 80, 9, 30))
    plain, error = log_ratio(pair(both.members["new"], both.members["old"]))
    for assumption in biases.ASSUMPTIONS:
        found = biases.scan(both, assumption, (0,), arm="old")
        np.testing.assert_allclose(found.log_hr[0], plain, atol=1e-9)
        np.testing.assert_allclose(found.error[0], error, atol=1e-9)


def test_the_tipping_points_lie_where_the_lines_cross():
    both = ensemble(new=exponential(RNG, 20, 150, 14, 30), old=exponential(RNG, 20, 150, 9, 30))
    found = biases.scan(both, "missed", np.arange(0, 0.41, 0.02), arm="new", window=2)
    at = biases.scan(both, "missed", (found.to_one,), arm="new", window=2)
    # shares are rounded to whole patients
    assert at.frame().hr[0] == pytest.approx(1, abs=0.03)
    assert 0 < found.to_alpha < found.to_one
    assert "It reaches 1 at" in found.statement
    assert "belonged to HAIC" in found.said({"new": "HAIC"})


def test_a_difference_that_is_not_significant_needs_nothing():
    both = ensemble(new=exponential(RNG, 20, 30, 9.5, 30), old=exponential(RNG, 20, 30, 9, 30))
    found = biases.scan(both, "lead", (0, 1), arm="old")
    assert found.to_alpha == 0
    assert "its median p is 0.05 or more from the start" in found.statement


def test_nobody_left_gives_a_sentence():
    both = ensemble(new=([5, 7], [1, 1]), old=([4, 8], [1, 1]))
    found = biases.scan(both, "landmark", (20, 30), arm="old")
    assert found.statement == "No hazard ratio can be computed under this assumption."
    assert math.isnan(found.to_one)
    assert found.frame().hr.isna().all()


def test_response_that_means_nothing():
    both = ensemble(new=exponential(RNG, 60, 400, 8, 30), old=exponential(RNG, 60, 400, 9, 30))
    found = response_bias(both, "new", 0.4, 2, np.random.default_rng(1))
    assert np.median(found.from_start) < 0.85
    assert np.median(found.from_assessment) == pytest.approx(1, abs=0.05)
    assert "called responders by lot" in found.statement
    nobody = response_bias(both, "new", 0.4, 40, np.random.default_rng(1))
    assert nobody.statement == "Too few events in new to compare responders with others."


def test_what_is_not_allowed_is_said_at_once():
    both = ensemble(new=([5, 7], [1, 1]), old=([4, 8], [1, 1]))
    with pytest.raises(ValueError, match=r"assumption is 'luck'.*arm is 'third'.*values are \[2.0, 1.0\].*alpha is 5"):
        biases.scan(both, "luck", (2, 1), arm="third", alpha=5)
    with pytest.raises(ValueError, match="one arm here"):
        biases.scan(ensemble(all=([5, 7], [1, 1])), "lead", (0,), arm="all")
    with pytest.raises(ValueError, match="arm is 'third'"):
        response_bias(both, "third", 0.4, 2, np.random.default_rng(1))


def test_the_unadjusted_ratio_of_an_ensemble():
    both = ensemble(new=exponential(RNG, 20, 150, 14, 30), old=exponential(RNG, 20, 150, 9, 30))
    log_hr, error = log_ratio(pair(both.members["new"], both.members["old"]))
    found = reconstructed_effect(both)
    assert found.estimate == pytest.approx(log_hr.mean())
    assert found.total == pytest.approx(math.sqrt((error**2).mean() + log_hr.var(ddof=1)))


def test_the_size_at_which_p_rises_is_between_the_sizes_tried():
    both = ensemble(new=exponential(RNG, 20, 150, 14, 30), old=exponential(RNG, 20, 150, 9, 30))
    coarse = biases.scan(both, "lead", (0, 2, 4, 6), arm="old")
    fine = biases.scan(both, "lead", np.arange(0, 6.01, 0.05), arm="old")
    frame = fine.frame()
    assert frame.p[frame.value < fine.to_alpha].max() <= 0.05
    assert frame.p[frame.value >= fine.to_alpha].iloc[0] >= 0.05
    assert abs(coarse.to_alpha - fine.to_alpha) < 2
    assert abs(coarse.to_one - fine.to_one) < 0.3
