"""Numbers at risk and log-rank tests up to a time, as targets: read, refused, met, and met as lifelines counts them."""

from dataclasses import replace

import lifelines
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test
from simulated import landmarks, one_arm, patients, printed_arm, trial

from haicbook.survival import (
    ArmTargets,
    Interval,
    LogrankUntil,
    NumberAtRisk,
    TargetError,
    Targets,
    read_targets,
    reconstruct,
    violations,
)
from haicbook.survival.comparison import lines_of
from haicbook.survival.constraints import constraints_of, without
from haicbook.survival.feasibility import find_feasible

TIMES = (6, 12, 18)
ARMS = 'arms: {a: {n: "90"}, b: {n: "88"}}\nmedian: {a: {estimate: "14.2"}, b: {estimate: "8.7"}}\n'


def counted(time, times=TIMES):
    return tuple(NumberAtRisk(float(at), int((time >= at).sum())) for at in times)


def p_until(rows, until=None):
    """Of lifelines; `until` is its last day, and None the whole follow-up."""
    (time, event), (other, other_event) = rows
    cut = {} if until is None else {"t_0": until}
    return float(logrank_test(time, other, event, other_event, **cut).p_value)


def printed(rows, until=12.0):
    """All that a paper could print of two arms: rates, events, medians, numbers at risk, two log-rank p."""
    arms = {name: replace(printed_arm(*own, months=TIMES), at_risk=counted(own[0])) for name, own in rows.items()}
    tests = {
        "logrank_p": Interval.read(f"{p_until([*rows.values()]):.2f}"),
        "logrank_until": (LogrankUntil(until, Interval.read(f"{p_until([*rows.values()], until):.2f}")),),
    }
    return Targets("simulated", "os", arms, **tests)


def two_arms(seed, n=60):
    rng = np.random.default_rng(seed)
    return {"a": patients(rng, n, scale=20), "b": patients(rng, n, scale=14)}


@pytest.mark.parametrize("seed", [2, 5])
def test_members_have_the_numbers_at_risk_and_both_p_as_lifelines_has_them(seed):
    targets = printed(two_arms(seed))
    ensemble = reconstruct(targets, replicates=5, rng=np.random.default_rng(1))
    assert (ensemble.dropped, len(ensemble)) == ((), 5)
    for b in range(5):
        rows = {arm: (member.time[b], member.event[b]) for arm, member in ensemble.members.items()}
        for arm, (time, event) in rows.items():
            table = lifelines.KaplanMeierFitter().fit(time, event).event_table
            for mark in targets.arms[arm].at_risk:
                assert table.at_risk[table.index >= mark.time].iloc[0] == mark.patients
        assert targets.logrank_p.contains(p_until([*rows.values()]))
        assert targets.logrank_until[0].p.contains(p_until([*rows.values()], 12.0))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rows_meet_what_is_counted_on_them_and_no_other_number(seed):
    rows = two_arms(seed, 25)
    targets = printed(rows)
    assert violations(rows, targets) == []
    arm, mark = targets.arms["a"], targets.arms["a"].at_risk[1]
    for other in {mark.patients - 1, mark.patients + 1} & set(range(arm.at_risk[2].patients, arm.at_risk[0].patients)):
        moved = (arm.at_risk[0], mark._replace(patients=other), arm.at_risk[2])
        try:
            changed = replace(targets, arms=targets.arms | {"a": replace(arm, at_risk=moved)})
        except TargetError:
            continue
        (sentence,) = violations(rows, changed)
        assert sentence == f"arm a has {mark.patients} patients at risk at 12 months; {other} are printed"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_nothing_that_patients_have_is_called_impossible(seed, with_events):
    time, event = patients(np.random.default_rng(seed), 30)
    arm = printed_arm(time, event, events=with_events)
    if arm.median is not None or arm.landmarks:
        Targets("simulated", "os", {"all": replace(arm, at_risk=counted(time, (0, 3, 6, 9, 12, 24)))})


def test_both_are_read_from_yaml_in_its_unit_and_named():
    text = "unit: years\n" + ARMS.replace("14.2", "1.2").replace("8.7", "0.8")
    more = 'at_risk: {a: {"0": "90", "1": 51, "30 months": "9"}}\nlogrank_p: ["0.04", {value: "0.02", until: "1"}]\n'
    targets = read_targets(text + more)
    assert targets.arms["a"].at_risk == (NumberAtRisk(0, 90), NumberAtRisk(12, 51), NumberAtRisk(30, 9))
    assert [test.time for test in targets.logrank_tests] == [np.inf, 12]
    words = {constraint.key: constraint.words for constraint in constraints_of(targets)}
    assert words[("at_risk", "a", "12")] == "the number at risk of arm a at 12 months, 51"
    assert words[("logrank_p", "12")] == "the log-rank p up to 12 months, 0.02"
    assert without(targets, ("at_risk", "a", "12")).arms["a"].at_risk == (NumberAtRisk(0, 90), NumberAtRisk(30, 9))
    left = without(targets, ("logrank_p", "12"))
    assert (left.logrank_until, left.logrank_p) == ((), targets.logrank_p)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('at_risk: {a: {"6": "70", "12": "71"}}', r":3:at_risk.a.12: .*cannot go from 70 at 6 to 71 at 12 months"),
        ('at_risk: {a: {"6": "91"}}', r":3:at_risk.a.6: 91 of arm a at risk at 6 months: 0 to 90 are possible"),
        ('at_risk: {a: {"0": "89"}}', r"at_risk.a.0: 89 of .*the arm has 90 patients, who all are at risk then"),
        ('at_risk: {a: {"15": "50"}}', r"at_risk.a.15: 50 .* cannot follow the median, 14.2 months: .*at least 55.6%"),
        ('at_risk: {c: {"6": "50"}}', r"at_risk.c: found an unknown key, expected a, b"),
        ('at_risk: {a: {soon: "50"}}', r"at_risk.a.soon: found the time `soon`"),
        ('at_risk: {a: {"6": "many"}}', r'at_risk.a.6: found "many", expected a whole number'),
        ('logrank_p: {value: "0.04", until: 12}', r"logrank_p.until: found 12 without quotes"),
        ('logrank_p: ["0.04", "0.03"]', r"logrank_p: found .*two of the whole follow-up"),
        ('logrank_p: ["0.04", {value: "0.03", until: "6", sided: one}]', r"logrank_p: found tests of one side and of"),
        ('logrank_p: {value: "0.04", until: "0"}', r"a log-rank test up to 0 months; a time above 0"),
        (
            'logrank_p: {value: "0.04", until: "40"}\nfollow_up: {maximum: "30.0"}',
            r"ends at 30 months, before 40 months",
        ),
        ('at_risk: {a: {"40": "3"}}\nfollow_up: {maximum: "30.0"}', r"at_risk.a.40: follow-up ends at 30 months"),
    ],
)
def test_what_cannot_be_is_told_by_line(entry, message):
    with pytest.raises(TargetError, match=message):
        read_targets(ARMS + entry)


def test_a_rate_beside_a_number_at_risk_that_does_not_let_it_be():
    with pytest.raises(TargetError, match=r"15 of arm all at risk at 12 months cannot follow the 6-month rate, 60.0%"):
        one_arm(n=20, landmarks=landmarks((6, "60.0%")), at_risk=(NumberAtRisk(12, 15),))
    with pytest.raises(TargetError, match=r"leaves too many of the 18 events before for the 6-month rate, 80.0%"):
        one_arm(n=20, events=18, landmarks=landmarks((6, "80.0%")), at_risk=(NumberAtRisk(6, 8),))


def test_an_arm_may_be_known_by_its_numbers_at_risk_alone():
    arm = ArmTargets(40, at_risk=(NumberAtRisk(6, 25), NumberAtRisk(12, 9)))
    targets = Targets("fictitious", "os", {"a": replace(trial().arms["a"]), "b": arm})
    assert find_feasible(targets).dropped == ()


def test_each_is_a_line_of_the_table_of_what_is_printed():
    ensemble = reconstruct(printed(two_arms(2, 30)), replicates=2, rng=np.random.default_rng(1))
    lines = {(line.quantity, line.arm): line for line in lines_of(ensemble)}
    assert lines["at risk at 12 months", "a"].met
    assert lines["log-rank p, up to 12 months", ""].met
