"""Targets by hand: what is read, and what no data set can meet."""

import dataclasses
import math

import pytest
from simulated import landmarks, one_arm, trial

from haicbook.survival import ArmTargets, Calendar, HazardRatio, Interval, Landmark, Limits, TargetError, Targets


def test_figures_are_rounding_intervals():
    assert (Interval.read("28.8").low, Interval.read("28.8").high) == pytest.approx((28.75, 28.85))
    rate = Landmark.read(6, "92.2%", ("88.0", "95.1"))
    assert (rate.interval.low, rate.interval.high) == pytest.approx((0.9215, 0.9225))
    assert tuple(rate.ci) == pytest.approx((0.88, 0.951))
    assert rate.printed == "92.2%"


def test_interval_ends_are_included():
    interval = Interval.read("56.2", percent=True)
    assert interval.contains(9 / 16)
    assert not interval.contains(0.563)
    assert not interval.contains(math.nan)
    assert Interval.read("<0.001").contains(1e-5)


def test_limits_that_are_not_reached_are_infinite():
    limits = Limits.read("19.3", "not reached")
    low, high = limits
    assert (low, high) == (pytest.approx(19.3), math.inf)
    assert limits.printed == "19.3–not reached"


@pytest.mark.parametrize("figure", ["not reached", "1.1.674", "months"])
def test_a_figure_without_a_number_is_no_target(figure):
    with pytest.raises(TargetError, match=figure):
        Interval.read(figure)


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ({"n": 0, "median": Interval.read("9.0")}, "arm all has 0 patients"),
        ({"n": 20, "events": 21, "median": Interval.read("9.0")}, "21 events among 20 patients"),
        ({"n": 20}, "no printed median and no printed rate"),
        ({"n": 20, "landmarks": landmarks((6, "50.0%"), (12, "60.0%"))}, "rises from 50.0% at 6 months to 60.0% at 12"),
        ({"n": 20, "landmarks": landmarks((6, "50.0%"), (6, "40.0%"))}, "two rates at 6 months"),
        ({"n": 20, "landmarks": landmarks((0, "50.0%"))}, "a time above 0"),
        ({"n": 20, "landmarks": landmarks((6, "120%"))}, "outside 0 to 100"),
        ({"n": 20, "median": Interval.read("0.0")}, "is not a time above 0"),
        (
            {"n": 20, "median": Interval.read("9.0"), "landmarks": landmarks((6, "42.0%"))},
            "the median of arm all, 9.0 months, is later than its 6-month rate of 42.0%",
        ),
        (
            {"n": 20, "median": Interval.read("9.0"), "landmarks": landmarks((12, "62.0%"))},
            "the median of arm all, 9.0 months, is earlier than its 12-month rate of 62.0%",
        ),
    ],
)
def test_an_impossible_arm_is_refused_by_name(printed, message):
    with pytest.raises(TargetError, match=message):
        one_arm(**printed)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": {}}, "no arm"),
        ({"events_total": 54}, "54 events.*55 to 143 are possible"),
        ({"events_total": 144}, "144 events.*55 to 143 are possible"),
        ({"hr": HazardRatio("a", "c", Interval.read("0.62"))}, "compares a with c; the arms are a, b"),
        ({"follow_up_max": Interval.read("12")}, "ends at 12 months, before the 12-month rate of arm a"),
        ({"follow_up_max": Interval.read("13")}, "ends at 13 months, before the median of arm a, 14.2"),
    ],
)
def test_impossible_targets_of_all_arms_are_refused(changes, message):
    with pytest.raises(TargetError, match=message):
        trial(**changes)


@pytest.mark.parametrize("changes", [{"pooled_median": Interval.read("9.0")}, {"logrank_p": Interval.read("0.04")}])
def test_one_arm_has_nothing_to_compare(changes):
    arms = {"all": ArmTargets(20, median=Interval.read("9.0"))}
    with pytest.raises(TargetError, match="needs two arms"):
        Targets("fictitious", "os", arms, **changes)


def test_all_problems_are_told_at_once():
    arms = {"a": ArmTargets(20, events=30, median=Interval.read("9.0")), "b": ArmTargets(20)}
    with pytest.raises(TargetError) as refused:
        Targets("fictitious", "os", arms)
    assert len(refused.value.problems) == 2


def test_the_end_of_follow_up_and_where_it_comes_from():
    assert trial(follow_up_max=Interval.read("40.2")).follow_up_end == pytest.approx(40.2)
    assert "printed" in trial(follow_up_max=Interval.read("40.2")).follow_up_basis
    dates = Calendar("2017-05", "2019-10", "2020-10-31")
    assert trial(calendar=dates).follow_up_end == dates.months
    assert "dates" in trial(calendar=dates).follow_up_basis
    assert trial().follow_up_end == pytest.approx(4.5 * 14.25)
    assert trial(follow_up_floor=28.0).follow_up_end == pytest.approx(4.5 * 28)
    assert trial(follow_up_median=Interval.read("20.0")).follow_up_end == pytest.approx(40)
    assert trial(follow_up_median=Interval.read("15.0")).follow_up_end == pytest.approx(2.5 * 14.25)
    assert trial().follow_up_basis.startswith("assumed")


def test_targets_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        trial().study = "other"
