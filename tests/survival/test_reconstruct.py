"""The engine: what is returned meets what is printed, and what cannot be met is said."""

import sys
from dataclasses import replace

import lifelines
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import landmarks, one_arm, patients, printed_arm, trial, with_deaths

from haicbook.survival import (
    CENSORING,
    ArmTargets,
    Conflict,
    Conventions,
    Interval,
    Landmark,
    TargetError,
    Targets,
    reconstruct,
    violations,
)
from haicbook.survival.chains import Sample, SearchBudget
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.feasibility import THOROUGH, Feasible
from haicbook.survival.reconstruct import ReconstructionError


def fresh(seed=0):
    return np.random.default_rng(seed)


def member(ensemble, number):
    return {arm: (rows.time[number], rows.event[number]) for arm, rows in ensemble.members.items()}


def simulated(seed):
    rng = fresh(seed)
    grid = [None, 1 / 30.4375, 0.1, 0.5][seed % 4]
    arms = {}
    for arm in ("a", "b"):
        rows = patients(rng, int(rng.integers(8, 190)), grid)
        arms[arm] = printed_arm(*rows, events=bool(rng.random() < 0.5))
    return Targets("simulated", "os", arms)


def all_verified(ensemble):
    missed = [violations(member(ensemble, b), ensemble.kept, ensemble.conventions) for b in range(len(ensemble))]
    return missed == [[]] * len(ensemble) != []


@pytest.mark.parametrize("seed", range(18))
def test_what_a_true_data_set_prints_is_met(seed):
    targets = simulated(seed)
    ensemble = reconstruct(targets, 3, fresh(1), list(CENSORING)[seed % 3])
    assert ensemble.dropped == ()
    assert ensemble.kept == targets
    assert len(ensemble) <= ensemble.asked == 3
    assert all_verified(ensemble)


@pytest.mark.parametrize("seed", range(8))
def test_as_many_members_as_asked_where_deaths_medians_and_contrast_are_printed(seed):
    targets = with_deaths(seed)
    ensemble = reconstruct(targets, 6, fresh(1))
    assert ensemble.dropped == ()
    assert ensemble.kept == targets
    assert len(ensemble) == 6
    assert all_verified(ensemble)


@pytest.mark.parametrize(("n", "median"), [(12, "7.8"), (10, "5.5"), (10, "9.8")])
def test_a_median_in_the_middle_of_a_step_on_one_half_is_met(n, median):
    # R prints the middle of the step, wherever on it a rate of 50.0% stands
    targets = one_arm(n=n, median=Interval.read(median), landmarks=landmarks((6, "50.0%")))
    ensemble = reconstruct(targets, 3, fresh(1))
    assert ensemble.dropped == ()
    assert all(Interval.read(median).contains(found) for found in ensemble.medians("all"))


@settings(max_examples=12, deadline=None)
@given(st.integers(4, 120), st.floats(2, 30), st.sampled_from(list(CENSORING)), st.integers(0, 2**32))
def test_members_have_their_patients_and_times(n, median, pattern, seed):
    targets = one_arm(n=n, median=Interval.read(f"{median:.1f}"))
    ensemble = reconstruct(targets, 2, fresh(seed), pattern)
    rows = ensemble.members["all"]
    assert rows.time.shape == rows.event.shape == (2, n)
    assert (rows.time > 0).all()
    assert (rows.time <= targets.follow_up_end).all()
    assert (np.diff(rows.time, axis=1) >= 0).all()
    assert all(targets.arms["all"].median.contains(found) for found in ensemble.medians("all"))


def test_totals_and_pooled_medians_of_a_true_data_set_are_met():
    for seed in range(6):
        rng = fresh(seed)
        scale = rng.uniform(8, 20)
        rows = {arm: patients(rng, int(rng.integers(30, 120)), scale=scale) for arm in ("a", "b")}
        time, event = (np.concatenate([rows[arm][i] for arm in rows]) for i in (0, 1))
        pooled = lifelines.KaplanMeierFitter().fit(time, event).median_survival_time_
        arms = {arm: printed_arm(*rows[arm], events=False) for arm in rows}
        targets = Targets(
            "simulated",
            "os",
            arms,
            events_total=int(event.sum()),
            pooled_median=Interval.read(f"{pooled:.1f}") if np.isfinite(pooled) else None,
        )
        ensemble = reconstruct(targets, 3, fresh(1))
        assert ensemble.dropped == (), seed
        assert all(sum(ensemble.deaths(arm)[b] for arm in arms) == event.sum() for b in range(len(ensemble)))
        assert all_verified(ensemble)


def test_lifelines_reads_the_printed_figures_off_a_member():
    ensemble = reconstruct(trial(), 5, fresh(2))
    for number in range(5):
        frame = ensemble.to_frame(number)
        for arm, wanted in trial().arms.items():
            rows = frame[frame.arm == arm]
            fit = lifelines.KaplanMeierFitter().fit(rows.time, rows.event)
            assert len(rows) == wanted.n
            assert wanted.median.contains(fit.median_survival_time_)
            for mark in wanted.landmarks:
                assert f"{100 * fit.predict(mark.time):.1f}%" == mark.printed


def test_the_same_seed_gives_the_same_members_and_more_replicates_extend_them():
    few, many = reconstruct(trial(), 3, fresh(7)), reconstruct(trial(), 6, fresh(7))
    again, other = reconstruct(trial(), 6, fresh(7)), reconstruct(trial(), 6, fresh(8))
    assert many.digest() == again.digest()
    assert many.digest() != other.digest()
    for arm in trial().arms:
        np.testing.assert_array_equal(few.members[arm].time, many.members[arm].time[:3])
        np.testing.assert_array_equal(few.members[arm].event, many.members[arm].event[:3])


def test_members_differ():
    times = reconstruct(trial(), 8, fresh(1)).members["a"].time
    assert len(np.unique(times.round(9), axis=0)) == 8


def test_the_censoring_pattern_orders_who_is_still_followed():
    targets = one_arm(
        n=182, median=Interval.read("16.1"), landmarks=landmarks((6, "80.8%"), (12, "62.3%"), (24, "42.1%"))
    )
    # members of a chain are alike: 60 chains of 2 tell the patterns apart
    stay = {
        pattern: reconstruct(targets, 120, fresh(3), pattern).at_risk("all", [12.0]).mean() for pattern in CENSORING
    }
    assert list(CENSORING) == ["early", "uniform", "late", "cohort"]
    assert stay["early"] + 5 < stay["uniform"] < stay["late"] - 5


def test_a_rate_that_needs_censoring_gets_it():
    # 14 deaths of 182 are 92.3 per cent, 15 are 91.8
    ensemble = reconstruct(one_arm(n=182, landmarks=landmarks((6, "92.2%"))), 20, fresh(1))
    rows = ensemble.members["all"]
    assert ((~rows.event & (rows.time < 6)).sum(axis=1) > 0).all()


def test_no_event_is_added_beyond_those_printed():
    targets = one_arm(n=60, events=30, median=Interval.read("10.0"))
    assert (reconstruct(targets, 10, fresh(1)).deaths("all") == 30).all()


def test_a_printed_plateau_stays_one():
    targets = one_arm(n=60, landmarks=landmarks((6, "60.0%"), (12, "41.7%"), (18, "41.7%")))
    rows = reconstruct(targets, 10, fresh(1)).members["all"]
    assert not (rows.event & (rows.time > 12)).any()


def test_a_curve_that_still_falls_may_fall_on_and_printed_events_are_met_on_a_plateau():
    falling = one_arm(n=60, landmarks=landmarks((6, "60.0%"), (12, "41.7%"), (18, "35.0%")))
    rows = reconstruct(falling, 10, fresh(1)).members["all"]
    assert (rows.event & (rows.time > 18)).any()
    more = one_arm(n=60, events=45, landmarks=landmarks((6, "60.0%"), (12, "41.7%"), (18, "41.7%")))
    assert (reconstruct(more, 10, fresh(1)).deaths("all") == 45).all()


def test_follow_up_ends_where_it_is_said_to_end():
    ensemble = reconstruct(trial(follow_up_max=Interval.read("20.0")), 10, fresh(1))
    assert len(ensemble) == 10
    longest = np.max([rows.time.max(axis=1) for rows in ensemble.members.values()], axis=0)
    assert longest == pytest.approx(20)


@pytest.mark.parametrize(
    ("replicates", "censoring", "message"),
    [
        (0, "uniform", "replicates is 0; at least 1"),
        (-1, "uniform", "replicates is -1"),
        (1, "random", "'random'; it must be one of early, uniform, late, cohort"),
    ],
)
def test_a_request_without_sense_is_refused(replicates, censoring, message):
    with pytest.raises(TargetError, match=message):
        reconstruct(trial(), replicates, fresh(), censoring)


# --- what cannot be met -----------------------------------------------------------------------------------------------


SIX_MONTHS = one_arm(n=25, median=Interval.read("4.33"), landmarks=landmarks((6, "34.7%"), (12, "24.0%")))


def test_rates_that_no_kaplan_meier_curve_has_are_met_as_those_of_a_life_table():
    ensemble = reconstruct(SIX_MONTHS, 4, fresh(1))
    assert (ensemble.dropped, ensemble.conventions.rates) == ((), "life_table_6")
    assert ensemble.compare().query("role == 'target'").met.all()


def test_a_rate_out_of_reach_of_a_small_arm_is_left_out_with_a_proof():
    targets = replace(SIX_MONTHS, conventions=Conventions(rates="product_limit"))
    ensemble = reconstruct(targets, 4, fresh(1))
    (words,) = ensemble.dropped
    assert words.startswith("left out: the 6-month rate, 34.7%, arm all: no data set of 25 patients can have it")
    assert "together with the 12-month rate, 24.0%" in words
    assert "a proof" in words
    assert [mark.time for mark in ensemble.kept.arms["all"].landmarks] == [12]
    for number in range(4):
        assert violations(member(ensemble, number), ensemble.kept) == []
        assert len(violations(member(ensemble, number), targets)) == 1
    row = ensemble.compare().set_index("quantity").loc["6-month rate, %"]
    assert (row.role, row.met) == ("left out", False)


def test_a_figure_printed_differently_elsewhere_is_met_instead():
    marks = landmarks((6, "38.8%"), (12, "23.2%"), (24, "15.5%"))
    other = Interval.read("23.3%", percent=True, value_id="table/12")
    conflict = Conflict("12-month rate, %", "all", marks[1].interval, other, "results", "table")
    arms = {"all": ArmTargets(25, median=Interval.read("4.87"), landmarks=marks)}
    ensemble = reconstruct(Targets("fictitious", "pfs", arms, conflicts=(conflict,)), 3, fresh(1))
    (words,) = ensemble.dropped
    assert "23.2%" in words
    assert words.endswith("met instead: 23.3% (table)")
    rates = ensemble.compare().query("quantity == '12-month rate, %'")
    assert list(zip(rates.printed, rates.role, rates.met, strict=True)) == [
        ("23.2%", "left out", False),
        ("23.3%", "target", True),
    ]


@pytest.mark.usefixtures("hasty")
def test_without_a_proof_the_words_say_that_it_was_a_search():
    # one death among 100 takes at least a whole per cent
    targets = one_arm(n=100, landmarks=landmarks((6, "97.0%"), (12, "96.6%")))
    ensemble = reconstruct(targets, 2, fresh(1))
    (words,) = ensemble.dropped
    (mark,) = ensemble.kept.arms["all"].landmarks
    assert ("12-month rate of arm all, 96.6%" if mark.time == 6 else "6-month rate of arm all, 97.0%") in words
    assert "a search, not a proof" in words


def test_one_figure_that_no_arm_can_have_leaves_nothing():
    with pytest.raises(
        TargetError, match=r"arm all: no data set of 3 patients can have the 6-month rate, 97.5% .*proof"
    ):
        reconstruct(one_arm(n=3, landmarks=(Landmark.read(6, "97.5%"),)), 1, fresh())


def test_a_search_in_vain_ends_soon_and_says_how_long_it_was(monkeypatch):
    nothing, budgets = Sample([], [], 3, {}), []

    def in_vain(targets, conventions, censoring, budget, *args, **options):
        budgets.append(budget)
        return nothing

    feasible = Feasible(trial(), AssumedConventions(), (), (), SearchBudget())
    monkeypatch.setattr(sys.modules["haicbook.survival.reconstruct"], "sample", in_vain)
    with pytest.raises(ReconstructionError, match="of 40 chains"):
        reconstruct(trial(), 1000, fresh(), feasible=feasible)
    assert budgets == [feasible.budget, THOROUGH]  # what is asked for is worth harder work before it is given up
    budgets.clear()
    with pytest.raises(ReconstructionError):
        reconstruct(trial(), 1000, fresh(), budget=SearchBudget(tries=7), feasible=feasible)
    assert set(budgets) == {SearchBudget(tries=7)}
