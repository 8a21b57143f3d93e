"""What cannot be met together is left out by name, as few numbers as it takes; the rest is met."""

from dataclasses import replace

import pytest
from simulated import landmarks, one_arm, trial

from haicbook.survival import Conventions, HazardRatio, Interval, Limits
from haicbook.survival import feasibility as module
from haicbook.survival.chains import Sample
from haicbook.survival.constraints import constraints_of
from haicbook.survival.feasibility import find_feasible


def keys(targets):
    return {constraint.key for constraint in constraints_of(targets)}


def left_out(targets):
    """Which numbers, and the words about them."""
    feasible = find_feasible(targets)
    return keys(targets) - keys(feasible.kept), feasible.dropped


def test_what_can_be_met_is_kept_whole():
    feasible = find_feasible(trial())
    assert feasible.kept == trial()
    assert feasible.dropped == ()
    assert feasible.conventions.interval == "log"
    assert feasible.tried[0] == ("intervals log, Kaplan-Meier rates, figures rounded", True)


@pytest.mark.usefixtures("hasty")
def test_a_hazard_ratio_and_a_p_that_exclude_each_other_cost_one_of_them():
    # 143 events at most: a ratio of 0.62 has a p near 0.005
    gone, words = left_out(trial(hr=HazardRatio("a", "b", Interval.read("0.62")), logrank_p=Interval.read("0.70")))
    assert gone in ({("hr",)}, {("logrank_p",)})
    assert len(words) == 1


@pytest.mark.usefixtures("hasty")
def test_an_interval_too_narrow_for_the_patients_goes():
    # a standard error of 0.05 takes 1,600 events
    ratio = HazardRatio("a", "b", Interval.read("0.62"), Limits.read("0.56", "0.68"))
    assert left_out(trial(hr=ratio))[0] == {("hr_ci",)}


@pytest.mark.usefixtures("hasty")
def test_rates_that_the_events_exclude_cost_as_few_numbers_as_it_takes():
    gone, _ = left_out(one_arm(n=60, events=1, landmarks=landmarks((6, "70.0%"), (12, "60.0%"))))
    assert gone == {("events", "all")}


@pytest.mark.usefixtures("hasty")
def test_a_pooled_median_that_the_arms_exclude_goes():
    # before 6 months both arms lie above 60 per cent, and so do all patients together
    gone, _ = left_out(trial(pooled_median=Interval.read("3.0")))
    assert gone == {("median", "pooled")}


def test_the_same_targets_get_the_same_answer():
    assert find_feasible(trial()) == find_feasible(trial())


@pytest.mark.parametrize("said", ["half_months", "months"])
def test_a_convention_that_is_given_is_kept_to(said):
    targets = trial(hr=HazardRatio("a", "b", Interval.read("0.62")), conventions=Conventions(time_grid=said))
    medians = {"a": "14.0", "b": "9.0"}
    arms = {name: replace(arm, median=Interval.read(medians[name])) for name, arm in targets.arms.items()}
    assert find_feasible(replace(targets, arms=arms)).conventions.time_grid == said


def test_a_follow_up_that_leaves_no_room_for_the_contrast_is_read_the_other_way(monkeypatch):
    def few(targets, conventions, *args, **options):
        alone = targets.hr is None and targets.logrank_p is None
        often = alone or conventions.follow_up == "observed"
        return Sample([()] * 4, [0] * 4, 0 if often else 30, {})

    monkeypatch.setattr(module, "sample", few)
    ratio = HazardRatio("a", "b", Interval.read("0.62"))
    feasible = find_feasible(trial(hr=ratio, follow_up_median=Interval.read("15.0")))
    assert feasible.conventions.follow_up == "observed"
    assert any("median follow-up read as observed" in words for words, _ in feasible.tried)
    said = find_feasible(trial(hr=ratio, follow_up_median=Interval.read("15.0"), follow_up_method="reverse_km"))
    assert said.conventions.follow_up == "reverse_km"


@pytest.mark.parametrize(
    ("without_follow_up", "without_ratio", "goes"),
    [(8, 0, "follow_up"), (30, 20, "follow_up"), (36, 10, "hr")],
    ids=["often enough", "hardly oftener", "much oftener"],
)
def test_a_ratio_goes_instead_of_a_follow_up_only_if_data_sets_are_else_seldom_found(
    monkeypatch, without_follow_up, without_ratio, goes
):
    """Failed attempts beside four that succeed, by what is left out."""

    def few(targets, conventions, *args, **options):
        if targets.hr is None:
            failures = without_ratio if targets.logrank_p is not None else 0
        elif targets.follow_up_median is None:
            failures = without_follow_up
        else:
            return Sample([], [], 30, {("follow_up", "pooled"): 9.0, ("hr",): 9.0})
        return Sample([()] * 4, [0] * 4, failures, {})

    monkeypatch.setattr(module, "sample", few)
    ratio = HazardRatio("a", "b", Interval.read("0.62"))
    targets = trial(hr=ratio, logrank_p=Interval.read("0.009"), follow_up_median=Interval.read("15.0"))
    assert {key[0] for key in keys(targets) - keys(find_feasible(targets).kept)} == {goes}
