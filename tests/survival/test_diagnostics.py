"""What members are worth together, and which is typical in shape."""

import numpy as np
import pytest
from simulated import one_arm

from haicbook.survival import AssumedConventions, Ensemble, Interval, Member, violations
from haicbook.survival.diagnostics import effective_size, steepest

TARGETS = one_arm(n=40, median=Interval.read("10.0"))


def ensemble(times):
    return Ensemble(TARGETS, "uniform", {"all": Member(times, np.ones(times.shape, bool))}, TARGETS)


def test_members_of_chains_that_do_not_resemble_each_other_count_in_full():
    rng = np.random.default_rng(1)
    values = rng.standard_normal(400)
    assert effective_size([values], range(400)) == 400
    assert effective_size([values], np.repeat(range(200), 2)) > 300


@pytest.mark.parametrize("alike", [0.3, 0.6, 0.95])
def test_members_of_a_chain_that_are_alike_count_by_their_correlation(alike):
    rng = np.random.default_rng(2)
    chain, own = rng.standard_normal(3000), rng.standard_normal((3000, 2))
    values = (np.sqrt(alike) * chain[:, None] + np.sqrt(1 - alike) * own).ravel()
    worth = effective_size([rng.standard_normal(6000), values], np.repeat(range(3000), 2))
    assert worth == pytest.approx(6000 / (1 + alike), rel=0.05)
    assert effective_size([values], [0] * 6000) == 1


def test_the_steepest_fortnight_is_a_share_of_those_at_risk():
    even = np.linspace(0.5, 20, 40)
    cliff = np.sort(np.where(np.arange(40) >= 30, even, np.where(even > 10, 10.0, even)))
    steep = steepest(ensemble(np.stack([even, cliff])))
    at_risk = (cliff >= 10.0).sum()
    assert steep[1] == pytest.approx((cliff == 10.0).sum() / at_risk)
    assert steep[0] <= 0.2


def test_the_typical_member_is_not_torn():
    even = np.linspace(0.5, 20, 40)
    rng = np.random.default_rng(3)
    times = np.sort(even * rng.uniform(0.8, 1.25, (21, 1)) + rng.uniform(0, 0.3, (21, 40)), axis=1)
    times[7] = np.sort(np.where(np.abs(even - 10) < 1.5, 10.0, np.median(times, axis=0)))
    assert ensemble(times).typical() != 7


def test_rates_of_a_six_month_life_table_are_those_of_the_table():
    from simulated import landmarks

    targets = one_arm(n=10, landmarks=landmarks((6, "77.8%"), (12, "46.7%")))
    # 10 enter, 2 leave and 2 die: 1 - 2 / 9; 6 enter, 2 leave and 2 die: 0.4 of 5 do
    time = [1, 2, 3, 4, 7, 8, 9, 10, 13, 14]
    event = [True, True, False, False, True, True, False, False, True, False]
    assert violations({"all": (time, event)}, targets, AssumedConventions(rates="life_table_6")) == []
    assert violations({"all": (time, event)}, targets) != []
    assert violations({"all": (time, event)}, targets, AssumedConventions(rates="life_table")) != []
