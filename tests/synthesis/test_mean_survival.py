"""Restricted means at common horizons: R's errors, direct integration, and two sources of uncertainty kept apart."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ensembles import ensemble, exponential

from haicbook.synthesis import mean_survival
from haicbook.synthesis.spread import spread

ORACLE_DIR = Path(__file__).parents[1] / "oracle"
ORACLE = pd.read_csv(ORACLE_DIR / "synthesis.csv")
DATA = dict(tuple(pd.read_csv(ORACLE_DIR / "synthesis_data.csv").groupby("set")))


@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=lambda row: f"set{row.set:g}")
def test_mean_and_error_are_rs(row):
    data = DATA[row.set]
    mine = data[data.group == 1]
    found = mean_survival.restricted_means({"one": ensemble(arm=(mine.time, mine.event))}, (12,)).iloc[0]
    if not found.supported:
        assert mine.time.max() < 12
        return
    assert found.estimate == pytest.approx(row.rmean, abs=1e-9)
    assert found.sampling == pytest.approx(row.rmean_se, abs=1e-9)


def test_without_censoring_it_is_the_mean_of_cut_off_times():
    rng = np.random.default_rng(1)
    time = rng.exponential(10, (1, 200))
    found = mean_survival.restricted_means({"one": ensemble(arm=(time, np.ones(time.shape, bool)))}, (12,)).iloc[0]
    cut = np.minimum(time[0], 12)
    assert found.estimate == pytest.approx(cut.mean())
    assert found.sampling == pytest.approx(cut.std() / math.sqrt(200), rel=1e-9)


def test_sampling_and_reconstruction_are_kept_apart():
    rng = np.random.default_rng(2)
    one = exponential(rng, 1, 100, 12, 30)
    same = tuple(np.repeat(part, 20, axis=0) for part in one)
    found = mean_survival.restricted_means({"same": ensemble(arm=same)}, (12,)).iloc[0]
    assert found.reconstruction == pytest.approx(0, abs=1e-12)
    assert found.total == pytest.approx(found.sampling)
    found = mean_survival.restricted_means({"apart": ensemble(arm=exponential(rng, 20, 100, 12, 30))}, (12,)).iloc[0]
    assert found.reconstruction > 0.1
    assert found.total == pytest.approx(math.hypot(found.sampling, found.reconstruction))
    assert found.high - found.estimate == pytest.approx(1.959964 * found.total, rel=1e-6)


def test_the_difference_is_taken_within_members():
    rng = np.random.default_rng(3)
    both = ensemble(new=exponential(rng, 15, 60, 14, 30), old=exponential(rng, 15, 60, 9, 30))
    means = mean_survival.restricted_means({"demo": both}, (12,)).set_index("arm")
    gap = mean_survival.restricted_differences({"demo": both}, (12,)).iloc[0]
    assert gap.arm == "new - old"
    assert gap.estimate == pytest.approx(means.estimate["new"] - means.estimate["old"])
    assert gap.sampling == pytest.approx(math.hypot(means.sampling["new"], means.sampling["old"]))


def test_the_interval_of_a_difference_covers():
    """500 pairs of samples of two exponential arms: the share of intervals that hold the true difference."""
    rng = np.random.default_rng(4)
    true = 14 * (1 - math.exp(-12 / 14)) - 9 * (1 - math.exp(-12 / 9))
    held = 0
    for _ in range(500):
        both = ensemble(new=exponential(rng, 1, 60, 14, 30), old=exponential(rng, 1, 60, 9, 30))
        gap = mean_survival.restricted_differences({"demo": both}, (12,)).iloc[0]
        held += gap.low <= true <= gap.high
    # 95 % less four Monte Carlo errors of 1 %
    assert 0.91 <= held / 500 <= 0.99


def test_a_horizon_beyond_follow_up_is_not_filled_in():
    both = ensemble(new=([5, 10, 15], [1, 0, 0]), old=([4, 9, 25], [1, 1, 0]))
    found = mean_survival.restricted_means({"demo": both}, (12, 20)).set_index(["arm", "horizon"])
    assert found.supported.to_dict() == {("new", 12): True, ("new", 20): False, ("old", 12): True, ("old", 20): True}
    assert found.why["new", 20] == "only 0 % of its reconstructions are followed to 20 months"
    assert math.isnan(found.estimate["new", 20])
    assert not mean_survival.restricted_differences({"demo": both}, (20,)).supported[0]


def test_a_curve_that_has_fallen_to_zero_is_known_for_good():
    found = mean_survival.restricted_means({"demo": ensemble(arm=([5, 10, 15], [1, 1, 1]))}, (20,)).iloc[0]
    assert found.supported
    assert found.estimate == pytest.approx(10)


def test_one_arm_has_nothing_to_compare():
    found = mean_survival.restricted_differences({"demo": ensemble(all=([5, 7], [1, 0]))}, (6,)).iloc[0]
    assert found.why == "one arm: nothing to compare"
    assert "no horizon" in mean_survival.restricted_means({"demo": ensemble(all=([5, 7], [1, 0]))}, (0,)).why[0]


def test_the_law_of_total_variance():
    found = spread(np.array([1.0, 3.0, math.nan]), np.array([4.0, 6.0, 1.0]), 0.95)
    assert (found.estimate, found.sampling**2, found.reconstruction**2) == pytest.approx((2, 5, 2))
    assert found.members == 2
    assert spread(np.array([math.nan]), np.array([1.0]), 0.95) is None
    with pytest.raises(ValueError, match="confidence is 95"):
        spread(np.array([1.0]), np.array([1.0]), 95)


def test_the_reconstruction_alone_has_limits_of_the_same_level():
    both = spread(np.array([1.0, 3.0]), np.array([4.0, 4.0]), 0.95)
    half = 1.959964 * both.reconstruction
    assert both.left_open == pytest.approx((2.0 - half, 2.0 + half))
    assert both.low < both.left_open[0] < both.left_open[1] < both.high
    alike = spread(np.array([1.0, 1.0]), np.array([0.0, 0.0]), 0.95)
    assert alike.left_open == (1.0, 1.0)


def test_differences_are_recorded_by_study_and_place_of_the_horizon():
    columns = ["label", "horizon", "estimate", "low", "high"]
    frame = pd.DataFrame([("Cao", 12.0, 1.0, 0.5, 1.5), ("Cao", 24.0, 2.0, 0.0, 4.0)], columns=columns)
    expected = {"cao2024.h1": 1.0, "cao2024.h1.width": 1.0, "cao2024.h2": 2.0, "cao2024.h2.width": 4.0}
    assert mean_survival.difference_values(frame, {"cao2024": "Cao", "shen2025": "Shen"}) == expected
