"""The check that every member passes before it is returned must see each kind of miss."""

import dataclasses

import numpy as np
import pytest
from simulated import landmarks, trial, with_deaths

from haicbook.survival import ArmTargets, Interval, Targets, reconstruct, violations
from haicbook.survival.verify import verified


@pytest.fixture(scope="module")
def targets():
    return trial(events_total=110, pooled_median=Interval.read("11.4"), follow_up_max=Interval.read("40"))


@pytest.fixture(scope="module")
def ensemble(targets):
    return reconstruct(targets, 1, np.random.default_rng(5))


@pytest.fixture
def member(ensemble):
    """Rows that a test may change."""
    return {arm: (rows.time[0].copy(), rows.event[0].copy()) for arm, rows in ensemble.members.items()}


def test_a_member_that_meets_its_targets_has_no_violations(targets, member):
    assert violations(member, targets) == []


def test_a_missing_patient_is_seen(targets, member):
    time, event = member["b"]
    member["b"] = time[:-1], event[:-1]
    assert any("arm b has 87 patients; 88 are printed" in miss for miss in violations(member, targets))


def test_an_event_too_many_is_seen(targets, member):
    event = member["a"][1]
    event[np.flatnonzero(~event)[-1]] = True
    missed = violations(member, targets)
    assert any("arm a has 56 events; 55 are printed" in miss for miss in missed)
    assert any("111 events in total; 110 are printed" in miss for miss in missed)


def test_a_death_moved_past_a_rate_is_seen(targets, member):
    time, event = member["a"]
    time[np.flatnonzero(event & (time < 6))[-1]] = 6.5
    assert any("the 6-month rate of arm a" in miss for miss in violations(member, targets))


def test_a_moved_median_is_seen(targets, member):
    time, event = member["b"]
    inside = event & (time > 8.65) & (time < 8.75)
    time[inside] = 8.9
    missed = violations(member, targets)
    assert any("the median of arm b is" in miss and "8.7 is printed" in miss for miss in missed)


def test_a_moved_pooled_median_is_seen(targets, member):
    looser = dataclasses.replace(targets, pooled_median=Interval.read("12.9"))
    assert any("the median of all arms" in miss for miss in violations(member, looser))


def test_follow_up_beyond_the_end_is_seen(targets, member):
    member["a"][0][-1] = 41.0
    assert any("the longest follow-up is 41.0; 40 is printed" in miss for miss in violations(member, targets))


def test_a_patient_without_follow_up_is_seen(targets, member):
    member["a"][0][0] = 0.0
    assert any("without follow-up" in miss for miss in violations(member, targets))


def test_other_arms_are_seen(targets, member):
    del member["b"]
    assert violations(member, targets) == ["arms are a; a, b are needed"]


def test_a_rate_with_nobody_at_risk_is_seen():
    targets = Targets("fictitious", "os", {"all": ArmTargets(4, landmarks=landmarks((6, "75.0%")))})
    missed = violations({"all": ([1.0, 2, 3, 4], [True, False, False, False])}, targets)
    assert missed == ["nobody of arm all is at risk at 6 months, where a rate is printed"]


@pytest.mark.parametrize(
    ("deaths", "median"), [([1.0, 2, 9, 10], "5.5"), ([1.0, 5.46, 5.54, 10], "5.5"), ([1.0, 2, 3], "2.0")]
)
def test_the_median_is_read_as_r_does(deaths, median):
    members = {"all": (deaths, [True] * len(deaths))}
    targets = Targets("fictitious", "os", {"all": ArmTargets(len(deaths), median=Interval.read(median))})
    assert violations(members, targets) == []
    other = Targets("fictitious", "os", {"all": ArmTargets(len(deaths), median=Interval.read("4.0"))})
    assert violations(members, other) == [f"the median of arm all is {float(median)}; 4.0 is printed"]


@pytest.fixture(scope="module")
def five():
    return reconstruct(with_deaths(0), 5, np.random.default_rng(1))


def test_one_tampered_member_among_many_is_found(five):
    targets = with_deaths(0)
    assert verified(five.members, targets, five.conventions) == [True] * 5
    tampered = five.members["b"].event.copy()
    tampered[3, 0] ^= True
    members = five.members | {"b": five.members["b"]._replace(event=tampered)}
    assert verified(members, targets, five.conventions) == [True, True, True, False, True]


def test_a_moved_contrast_is_seen(five):
    targets, rows = with_deaths(0), five.members
    swapped = {"a": (rows["a"].time[0] * 0.5, rows["a"].event[0]), "b": (rows["b"].time[0], rows["b"].event[0])}
    missed = violations(swapped, targets)
    assert any("the hazard ratio is" in miss and "0.92 is printed" in miss for miss in missed)
    assert any("the log-rank p is" in miss and "0.750 is printed" in miss for miss in missed)


def test_an_event_on_a_printed_plateau_is_seen():
    marks = landmarks((6, "50.0%"), (12, "50.0%"))
    time = [1.0, 2.0, 13.0, 14.0]
    targets = Targets("fictitious", "os", {"all": ArmTargets(4, landmarks=marks)})
    assert violations({"all": (time, [True, True, False, False])}, targets) == []
    (missed,) = violations({"all": (time, [True, True, True, False])}, targets)
    assert "an event after 12 months" in missed
    counted = Targets("fictitious", "os", {"all": ArmTargets(4, events=3, landmarks=marks)})
    assert violations({"all": (time, [True, True, True, False])}, counted) == []
