"""A log-rank p that goes with no data set of the printed ratio, interval and events is known without a search."""

import numpy as np

from haicbook import study
from haicbook.endpoints import targets_from_study
from haicbook.survival import ArmTargets, HazardRatio, Interval, Limits, Targets, estimators
from haicbook.survival.contrast import least_p


def test_a_p_below_what_ratio_and_interval_allow_without_ties_is_known_to_be():
    targets = targets_from_study(study.load("lin2023"), "os", "before_psm")
    least = least_p(targets)
    assert targets.logrank_p.high < least < 0.003
    rng = np.random.default_rng(1)
    time, group = rng.exponential(np.repeat([10.0, 6.0], 60), (200, 120)), np.repeat([False, True], 60)
    seen = np.ones(time.shape, bool)
    log_hr, error = estimators.cox(time, seen, group)[:2]
    p = estimators.logrank(time, seen, group).p
    for beta, se, found in zip(log_hr, error, p, strict=True):
        ends = [np.exp(beta + side * 1.959963984540054 * se) for side in (-1, 1)]
        near = [Interval(value * 0.999, value * 1.001) for value in (*ends, np.exp(beta))]
        arms = {name: ArmTargets(60, events=60, median=Interval(6.0, 7.0)) for name in "ab"}
        ratio = HazardRatio("a", "b", near[2], Limits(near[0], near[1]))
        assert found >= 0.98 * least_p(Targets("drawn", "os", arms, hr=ratio))
