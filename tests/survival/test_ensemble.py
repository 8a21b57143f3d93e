"""What an ensemble tells, against lifelines member by member."""

import lifelines
import numpy as np
import pytest
from lifelines.statistics import logrank_test
from simulated import landmarks, one_arm, trial

from haicbook.survival import LABEL, ArmTargets, HazardRatio, Interval, Limits, Targets, reconstruct

GRID = np.array([0.0, 3, 6, 9, 12, 15, 20])


@pytest.fixture(scope="module")
def ensemble():
    targets = trial(
        hr=HazardRatio("a", "b", Interval.read("0.60"), None, "univariable"),
        pooled_median=Interval.read("11.4"),
        events_total=110,
    )
    return reconstruct(targets, 6, np.random.default_rng(4))


def test_curves_counts_and_contrasts_are_those_of_each_member(ensemble):
    for number in range(len(ensemble)):
        frame = ensemble.to_frame(number)
        for arm in "ab":
            rows = frame[frame.arm == arm]
            fit = lifelines.KaplanMeierFitter().fit(rows.time, rows.event)
            np.testing.assert_allclose(ensemble.curve(arm, GRID)[number], fit.predict(GRID), atol=1e-9)
            assert ensemble.at_risk(arm, GRID)[number].tolist() == [(rows.time >= time).sum() for time in GRID]
            assert ensemble.deaths(arm)[number] == rows.event.sum()
            assert ensemble.medians(arm)[number] == pytest.approx(fit.median_survival_time_, abs=0.05)
            expected = lifelines.utils.restricted_mean_survival_time(fit, 12)
            assert ensemble.rmst(arm, 12)[number] == pytest.approx(expected, abs=1e-6)
        a, b = (frame[frame.arm == arm] for arm in "ab")
        p = logrank_test(a.time, b.time, a.event, b.event).p_value
        assert ensemble.logrank_p()[number] == pytest.approx(p)
        cox = lifelines.CoxPHFitter().fit(frame.assign(arm=frame.arm == "a"), "time", "event")
        assert ensemble.hazard_ratio()[number] == pytest.approx(cox.hazard_ratios_["arm"], rel=1e-4)


def test_the_hazard_ratio_can_be_turned_round(ensemble):
    np.testing.assert_allclose(ensemble.hazard_ratio("b", "a"), 1 / ensemble.hazard_ratio(), rtol=1e-9)


def test_it_is_compared_as_the_paper_prints_it():
    targets = trial(hr=HazardRatio("b", "a", Interval.read("1.61")))
    turned = reconstruct(targets, 2, np.random.default_rng(4))
    np.testing.assert_allclose(turned.hazard_ratio(), turned.hazard_ratio("b", "a"))


def steepest(time, event):
    """The largest fall of one arm within three steps of five days while ten or more are at risk, patient by patient."""
    worst, starts = 0.0, np.arange(0, time.max() + 1, 1 / 6)
    for start in starts:
        at_risk, falls = sum(time >= start), 1.0
        for moment in np.unique(time[event & (time > start) & (time <= start + 0.5 + 1e-9)]):
            falls *= 1 - sum(event & (time == moment)) / sum(time >= moment)
        worst = max(worst, 1 - falls) if at_risk >= 10 else worst
    return worst


def test_the_typical_member_is_near_the_middle_in_level_and_as_steep_as_most(ensemble):
    grid = np.linspace(0, ensemble.targets.follow_up_end, 200)
    distance = sum(
        np.abs(curves - np.median(curves, axis=0)).mean(axis=1)
        for curves in (ensemble.curve(arm, grid) for arm in "ab")
    )
    steep = np.array(
        [max(steepest(rows.time[b], rows.event[b]) for rows in ensemble.members.values()) for b in range(len(ensemble))]
    )
    shape = np.abs(steep - np.median(steep))
    both = distance / np.median(distance) + shape / np.median(shape)
    assert ensemble.typical() == both.argmin()


def test_the_comparison_says_what_is_a_target_and_whether_it_is_met(ensemble):
    table = ensemble.compare()
    assert list(table.columns) == ["quantity", "arm", "printed", "reconstructed", "range", "role", "met", "value_id"]
    targets = table[table.role == "target"]
    assert (targets.met == True).all()  # noqa: E712  (a column of objects)
    assert (targets.reconstructed == targets.printed.str.rstrip("%")).all()
    assert set(zip(targets.quantity, targets.arm, strict=True)) == {
        ("6-month rate, %", "a"),
        ("12-month rate, %", "a"),
        ("median, months", "a"),
        ("events", "a"),
        ("6-month rate, %", "b"),
        ("median, months", "b"),
        ("median, months", ""),
        ("events", ""),
        ("12-month rate, % (log), lower 95% limit", "a"),
        ("12-month rate, % (log), upper 95% limit", "a"),
        ("hazard ratio (Cox, Efron)", "a against b"),
    }
    hazard_ratios = ensemble.hazard_ratio()
    found = table.set_index(["quantity", "arm"]).loc[("hazard ratio (Cox, Efron)", "a against b")]
    assert found.reconstructed == f"{np.median(hazard_ratios):.2f}" == found.printed == "0.60"
    others = table[table.role == "not a target"].set_index(["quantity", "arm"])
    assert (others.met == "").all()
    deaths = ensemble.deaths("b")
    assert others.loc[("events", "b"), "printed"] == ""
    assert others.loc[("events", "b"), "reconstructed"] == f"{np.median(deaths):.0f}"
    assert set(deaths) == {55}


def test_a_limit_that_is_not_reached_is_compared_in_words():
    targets = one_arm(n=40, median=Interval.read("9.0"), median_ci=Limits.read("6.0", "NR"))
    row = reconstruct(targets, 3, np.random.default_rng(1), "early").compare().set_index("quantity")
    assert row.loc["median, months (log), upper 95% limit", "reconstructed"] == "not reached"


@pytest.mark.parametrize(
    ("endpoint", "value_id", "expected"),
    [("os", "", 1), ("os", "a/follow_up", 1), ("pfs", "", 1), ("pfs", "a/follow_up", 0)],
)
def test_follow_up_of_a_studys_patients_is_compared_for_survival_only(endpoint, value_id, expected):
    arm = ArmTargets(40, median=Interval.read("9.0"), follow_up_median=Interval.read("10.0", value_id=value_id))
    ensemble = reconstruct(Targets("fictitious", endpoint, {"all": arm}), 2, np.random.default_rng(1))
    assert ensemble.compare().quantity.str.startswith("median follow-up").sum() == expected


def test_members_are_labelled_synthetic(ensemble):
    frame = ensemble.to_frame(0)
    assert list(frame.columns) == ["arm", "time", "event"]
    assert len(frame) == 178
    assert frame.attrs["label"] == LABEL
    assert LABEL in repr(ensemble)


def test_what_is_not_there_is_named(ensemble):
    with pytest.raises(KeyError, match="no arm 'c'; arms are a, b"):
        ensemble.curve("c", GRID)
    with pytest.raises(IndexError, match="no member 6; members are 0 to 5"):
        ensemble.to_frame(6)
    single = reconstruct(one_arm(n=20, landmarks=landmarks((6, "60.0%"))), 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="one arm"):
        single.hazard_ratio()


def test_the_digest_sees_one_changed_patient(ensemble):
    before = ensemble.digest()
    ensemble.members["a"].event[0, 0] ^= True
    changed = ensemble.digest()
    ensemble.members["a"].event[0, 0] ^= True
    assert before != changed
    assert ensemble.digest() == before
