"""Dates, the range of follow-up and eligibility bind every row: read, refused where impossible, met, verified."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import one_arm, trial

from haicbook import study
from haicbook.endpoints import targets_from_study
from haicbook.survival import Bound, Calendar, Interval, TargetError, Targets, read_targets, reconstruct, violations
from haicbook.survival.chains import APART, set_apart

DATES = Calendar("2017-05", "2019-10", "2020-10-31")
BOUND = {
    "follow_up_min": Interval.read("1.6"),
    "follow_up_max": Interval.read("38.5"),
    "calendar": DATES,
    "earliest_event": Bound(1.5, "two courses", "Methods"),
    "earliest_censoring": Bound(6.0, "none was lost", "Methods"),
}
YAML = """
arms: {a: {n: "90"}}
median: {a: {estimate: "14.2"}}
follow_up: {range: ["1.9", "41.0"], enrolment: ["2017-05", "2019-10"], cutoff: "2020-10-31",
  earliest_event: "0.7", earliest_censoring: "6", scan_weeks: "6"}
"""


def test_the_latest_row_is_the_longest_that_the_dates_allow():
    assert DATES.months == pytest.approx((184 + 61 + 365 + 365 + 304) / 30.4375, abs=0.05)
    assert Calendar("2017-05", received="2019", published="2018-01").last == "received"
    assert Calendar("2017-05").months == np.inf
    late = trial(calendar=Calendar("2017-05", published="2019"))
    assert late.follow_up_end == late.calendar.months < 4.5 * 14.25
    assert late.follow_up_basis.startswith("assumed: as late as can be")
    assert trial(calendar=DATES).follow_up_is_printed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"calendar": Calendar("2019-10", "2020-10", "2018-05")}, "the cut-off, 2018-05, is before the first enrol"),
        ({"calendar": Calendar("2019-10", "2018-10")}, "the last enrolment, 2018-10, is before the first enrolment"),
        ({"calendar": Calendar("2019-10", "", "2020-06")}, "ends at 8.969 months, before the median of arm a"),
        ({"calendar": DATES, "follow_up_max": Interval.read("60.1")}, "longest follow-up, 60.1 months, is longer than"),
        ({"follow_up_min": Interval.read("16.0")}, "16.0 months, is longer than the median of arm a, 14.2"),
        ({"follow_up_min": Interval.read("6.5")}, "less than 6.45 months, after the 6-month rate of arm a"),
        ({"follow_up_min": Interval.read("9"), "follow_up_max": Interval.read("8")}, "less than 8.5 months, after"),
        ({"follow_up_min": Interval.read("20"), "follow_up_max": Interval.read("18")}, "than the longest, 18 months"),
        ({"earliest_event": Bound(7.0)}, "earliest event can be at 7 months, after the 6-month rate of arm a"),
        ({"earliest_event": Bound(-1.0)}, "which is not a time"),
        ({"earliest_censoring": Bound(70.0)}, "earliest censoring can be at 70 months, not before the end"),
    ],
)
def test_what_no_patient_can_have_is_refused_by_name(changes, message):
    with pytest.raises(TargetError, match=message):
        trial(**changes)


def test_it_is_read_from_yaml():
    targets = read_targets(YAML)
    assert (targets.follow_up_min.printed, targets.follow_up_max.printed) == ("1.9", "41.0")
    assert targets.calendar == DATES
    assert (targets.earliest_event.months, targets.earliest_censoring.months) == pytest.approx((0.7, 6))
    assert targets.scan_interval == pytest.approx(1.38, abs=0.01)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2020-10-31", "2016-10-31", "follow_up.cutoff: the cut-off, 2016-10-31, is before the first enrolment"),
        ("2020-10-31", "soon", 'follow_up.cutoff: found "soon", expected a date'),
        ('["2017-05", "2019-10"]', '"2017-05"', "follow_up.enrolment: found no list of two"),
        ('"1.9", "41.0"', '"15", "41.0"', "shortest follow-up, 15 months, is longer than the median of arm a"),
    ],
)
def test_a_mistake_in_yaml_is_named_with_its_line(old, new, message):
    with pytest.raises(TargetError, match=rf":[45]:.*{message}|{message}"):
        read_targets(YAML.replace(old, new))


def test_every_row_lies_within_and_the_ends_are_reached():
    targets = one_arm(n=60, median=Interval.read("14.2"))
    targets = Targets("fictitious", "os", targets.arms, **BOUND)
    for time, event in zip(*reconstruct(targets, 6, np.random.default_rng(3)).members["all"], strict=True):
        assert 1.55 <= time.min() <= 1.65
        assert time[~event].min() >= 6.0
        assert 38.45 <= time.max() <= 38.55


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((45.0, False), "1 rows are later than"),
        ((38.9, False), "the longest follow-up is 38.9; 38.5 is printed"),
        ((1.4, True), "1 events before 1.5 months: two courses"),
        ((5.9, False), "1 departures before 6 months: none was lost"),
        ((0.9, True), "the shortest follow-up is 0.9; 1.6 is printed"),
    ],
)
def test_the_verifying_code_knows_each_bound(row, message):
    targets = Targets("fictitious", "os", one_arm(n=5, median=Interval.read("14.2")).arms, **BOUND)
    rows = [(1.6, True), (14.2, True), (14.2, True), (38.5, False)]
    time, event = zip(*rows, (20.0, False), strict=True)
    assert violations({"all": (time, event)}, targets) == []
    time, event = zip(*rows, row, strict=True)
    assert any(message in words for words in violations({"all": (time, event)}, targets))


def test_a_time_to_progression_may_end_before_the_shortest_follow_up():
    arms = one_arm(n=4, median=Interval.read("3.0")).arms
    # what a study prints of its patients, whichever the endpoint
    least, most = (replace(Interval.read(months), value_id=f"study/{months}") for months in ("1.9", "9.0"))
    targets = Targets("fictitious", "pfs", arms, follow_up_min=least, follow_up_max=most)
    assert violations({"all": ([0.5, 3.0, 3.0, 8.0], [True, True, True, False])}, targets) == []
    assert violations({"all": ([0.5, 3.0, 3.0, 9.2], [True, True, True, False])}, targets) != []


@pytest.mark.parametrize(
    ("asked", "latest", "event", "censoring"),
    [
        (("lee2024", "os", "all"), 30.4, 0.0, 0.0),
        (("lin2023", "os", "before_psm"), 79.0, 0.0, 0.0),
        (("liu_hepa", "os", "after_psm"), 46.8, 1.85, 7.0),
        (("cao2024", "os", "after_psm"), 72.1, 0.69, 0.69),
    ],
)
def test_what_the_papers_say_of_it(asked, latest, event, censoring):
    from haicbook.survival.encoding import earliest_rows

    targets = targets_from_study(study.load(asked[0]), *asked[1:])
    assert targets.follow_up_end == pytest.approx(latest, abs=0.05)
    assert earliest_rows(targets).tolist() == pytest.approx([event, censoring])
    assert all(bound.reason and bound.source for bound in (targets.earliest_event, targets.earliest_censoring) if bound)


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=12), st.floats(0, 1e-6))
def test_times_that_are_not_one_are_set_apart(times, gap):
    arms = [np.sort(np.array(times)), np.sort(np.array(times) + gap)]
    ties = len(np.unique(np.concatenate(arms)))
    set_apart(arms)
    apart = np.diff(np.unique(np.concatenate(arms)))
    assert (apart >= 0.99 * APART).all()
    assert len(apart) == ties - 1
    assert all((np.diff(arm) >= 0).all() for arm in arms)
