"""Printed forms as targets: read back from YAML and code, met by rows that print them, and by what is reconstructed."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import patients, trial

from haicbook.survival import (
    ArmTargets,
    HazardRatio,
    Interval,
    Landmark,
    Limits,
    TargetError,
    Targets,
    estimators,
    read_targets,
    reconstruct,
    violations,
)
from haicbook.survival.constraints import constraints_of
from haicbook.survival.conventions import AssumedConventions, of_arms
from haicbook.survival.feasibility import find_feasible

LEVELS = ("80", "90", "96", "96.02", "97.5", "99")
SIX = 'arms: {a: {n: "90"}, b: {n: "88"}}\nmedian: {a: {estimate: "14.2"}, b: {estimate: "8.7"}}\n'
figures = st.decimals("0.05", "0.95", places=2)


def told(text):
    with pytest.raises(TargetError) as refused:
        read_targets(text)
    return str(refused.value)


# --- read -------------------------------------------------------------------------------------------------------------


@given(figures, st.sampled_from(["{}", "{:.3f}"]), st.booleans(), st.booleans())
def test_a_ratio_and_a_p_in_any_form(value, form, comma, bare):
    text = form.format(value)
    text = text.removeprefix("0") if bare and not comma else text
    text = text.replace(".", ",") if comma else text
    targets = read_targets(
        SIX.replace("14.2", "14").replace("8.7", "9")
        + f'hazard_ratio: {{arm: a, reference: b, estimate: "{text}"}}\nlogrank_p: "<{text}"'
    )
    assert targets.hr.estimate.low < float(value) < targets.hr.estimate.high
    assert targets.logrank_p.high == pytest.approx(float(value))


@given(st.decimals("1.1", "60", places=1), st.sampled_from(["~{}", "∼ {}", "≈{}"]))
def test_about_a_median(value, form):
    median = (
        read_targets(f'arms: {{a: {{n: "90"}}}}\nmedian: {{a: {{estimate: "{form.format(value)}"}}}}').arms["a"].median
    )
    assert (median.low, median.high) == pytest.approx((float(value) - 0.1, float(value) + 0.1))


@pytest.mark.parametrize("word", ["NE", "NC", "N/A", "not evaluable", "not yet reached", "Not calculable"])
def test_the_papers_word_for_what_is_not_reached(word):
    targets = read_targets(SIX.replace('"8.7"', f'"8.7", ci: ["6.1", "{word}"]'))
    assert not targets.arms["b"].median_ci.upper.reached
    assert targets.arms["b"].median_ci.printed == f"6.1–{word}"


@pytest.mark.parametrize("rate", [".56", "0.6", "0.811"])
def test_a_rate_that_may_be_a_fraction_is_asked_about_in_code_too(rate):
    meant = f"{100 * float(rate):g} ({rate}% where"
    assert meant in told(SIX + f'landmarks: {{a: {{"12": {{rate: "{rate}"}}}}}}')
    with pytest.raises(TargetError, match="as if a fraction"):
        Landmark.read(12, rate)
    assert Landmark.read(12, f"{rate}%").interval.high < 0.01


def test_decimal_commas_beside_points_are_refused_by_name():
    assert ':2:median.a.estimate: found "14,2" beside "8.7", expected figures with decimal points' in told(
        SIX.replace("14.2", "14,2")
    )
    assert read_targets(SIX.replace(".", ",")).arms["a"].median.low == 14.15


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_of_each_interval_is_read(level):
    text = f"""
    arms: {{a: {{n: "90"}}, b: {{n: "88"}}}}
    median: {{a: {{estimate: "14.2", ci: ["10.9", "18.0"], level: "{level}"}}, b: {{estimate: "8.7"}}}}
    landmarks: {{b: {{6: {{rate: "66.0", ci: ["55.0", "75.0"], level: {level}}}}}}}
    hazard_ratio: {{arm: a, reference: b, estimate: "0.62", ci: ["0.43", "0.89"], level: "{level}"}}
    """
    targets = read_targets(text)
    intervals = [targets.arms["a"].median_ci, targets.arms["b"].landmarks[0].ci, targets.hr.ci]
    assert [limits.level for limits in intervals] == [float(level)] * 3
    assert f"the {level}% interval of the hazard ratio, 0.43–0.89" in [one.words for one in constraints_of(targets)]


@pytest.mark.parametrize(("level", "found"), [('"9602"', "`9602`"), ('"high"', "`high`"), ("[95]", "a list")])
def test_a_level_that_is_none_is_named(level, found):
    said = told(SIX + f'hazard_ratio: {{arm: a, reference: b, estimate: "0.6", ci: ["0.4", "0.9"], level: {level}}}')
    assert f":3:hazard_ratio.level: found {found}, expected a level of confidence in per cent" in said


@given(st.decimals("0.001", "0.999", places=3))
def test_the_two_sided_p_of_a_one_sided_one(p):
    targets = read_targets(SIX + f'logrank_p: {{value: "{p}", sided: one}}')
    both = targets.two_sided(targets.logrank_p)
    assert both.contains(2 * min(float(p), 1 - float(p)))
    assert 0 <= both.low < both.high <= 1
    plain = read_targets(SIX + f'logrank_p: "{p}"')
    assert plain.two_sided(plain.logrank_p).contains(float(p))


def test_what_is_new_is_not_said_where_it_is_not_used():
    # random numbers and kept answers go by the repr
    plain = repr(trial(hr=HazardRatio("a", "b", Interval.read("0.62"), Limits.read("0.43", "0.89"))))
    assert not [word for word in ("level", "sides") if word in plain]
    assert "level=90" in repr(Limits.read("0.43", "0.89", level=90))
    assert "logrank_sides='one'" in repr(trial(logrank_sides="one"))


def test_the_range_of_follow_up_is_of_all_patients():
    targets = read_targets(SIX + 'follow_up: {range: ["1.9", "41.0"]}')
    assert targets.follow_up_end == 41.0
    ensemble = reconstruct(targets, replicates=3, rng=np.random.default_rng(5))
    assert (ensemble.dropped, len(ensemble)) == ((), 3)
    times = ensemble.pooled().time
    assert np.all((times.min(axis=1) >= 1.85) & (times.min(axis=1) <= 1.95))
    assert np.all((times.max(axis=1) >= 40.95) & (times.max(axis=1) <= 41.05))


# --- met by rows that print them --------------------------------------------------------------------------------------


def printed(rows, level, interval="log"):
    """What a paper prints of two arms whose intervals are all of a level, in per cent."""
    arms = {}
    for arm, (time, event) in rows.items():
        curve = estimators.km(time, event)
        median = float(estimators.median_of(curve, "start" if interval == "normal" else "middle")[0])
        low, high = (f"{end[0]:.2f}" for end in estimators.median_limits(curve, interval, level / 100))
        kind = "plain" if interval == "normal" else interval
        ends = tuple(f"{100 * end[0, 0]:.2f}" for end in estimators.limits_at(curve, 6, kind, level / 100))
        rate = f"{100 * estimators.survival_at(curve, 6)[0, 0]:.2f}%"
        mark = replace(Landmark.read(6, rate), ci=Limits.read(*ends, percent=True, level=level))
        limits = Limits.read(low, "NR" if high == "nan" else high, level=level)
        arms[arm] = ArmTargets(len(time), None, Interval.read(f"{median:.2f}"), limits, (mark,))
    time, event = (np.concatenate([rows[arm][i] for arm in rows])[None] for i in (0, 1))
    in_a = np.arange(time.shape[1]) < arms["a"].n
    beta, error = (float(value[0]) for value in estimators.cox(time, event, in_a)[:2])
    z = NormalDist().inv_cdf(0.5 + level / 200)
    ends = (f"{np.exp(beta + side * z * error):.3f}" for side in (-1, 1))
    ratio = HazardRatio("a", "b", Interval.read(f"{np.exp(beta):.3f}"), Limits.read(*ends, level=level))
    p = float(estimators.logrank(time, event, in_a).p[0])
    return Targets("simulated", "os", arms, hr=ratio, logrank_p=Interval.read(f"{p / 2:.4f}"), logrank_sides="one")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    return {arm: patients(rng, 60, scale=scale) for arm, scale in (("a", 20), ("b", 12))}


def at_95(targets):
    arms = {
        name: replace(
            arm,
            median_ci=replace(arm.median_ci, level=95.0),
            landmarks=tuple(replace(mark, ci=replace(mark.ci, level=95.0)) for mark in arm.landmarks),
        )
        for name, arm in targets.arms.items()
    }
    return replace(targets, arms=arms, hr=replace(targets.hr, ci=replace(targets.hr.ci, level=95.0)))


@pytest.mark.parametrize("level", [80.0, 96.02, 99.0])
def test_rows_meet_the_intervals_that_they_print_at_its_level_only(rows, level):
    targets = printed(rows, level)
    assert violations(rows, targets) == []
    missed = violations(rows, at_95(targets))
    assert {"the hazard ratio", "the 6-month"} <= {
        next((words for words in ("the hazard ratio", "the 6-month") if f"limit of {words}" in miss), "")
        for miss in missed
    }
    assert any("the log-rank p is" in miss for miss in violations(rows, replace(targets, logrank_sides="two")))


def test_a_reconstruction_meets_levels_and_a_one_sided_p(rows):
    targets = printed(rows, 90.0)
    arms = {name: replace(arm, median_ci=None) for name, arm in targets.arms.items()}
    ensemble = reconstruct(replace(targets, arms=arms), 2, np.random.default_rng(1))
    assert ensemble.dropped == ()
    compared = ensemble.compare()
    assert compared.met[compared.role == "target"].all()
    assert {"log-rank p, one-sided"} < set(compared.quantity)
    assert compared.quantity.str.contains("lower 90% limit").sum() == 3


# --- a normal limit below 0 -------------------------------------------------------------------------------------------


def few_deaths():
    """An arm whose median has a normal interval that begins below 0."""
    time = np.array([2.0, 3, 5, 9, 14, 30, 31, 40, 41, 42])
    event = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], bool)
    return time, event


def test_a_lower_limit_printed_as_0_is_a_negative_one():
    time, event = few_deaths()
    low, high = (float(end[0]) for end in estimators.median_limits(estimators.km(time, event), "normal"))
    median = float(estimators.median(time, event, "start")[0])
    assert low < 0
    arm = ArmTargets(len(time), None, Interval.read(f"{median:.1f}"), Limits.read("0.0", f"{high:.1f}"))
    targets = Targets("fictitious", "os", {"all": arm})
    spss = AssumedConventions(interval="normal")
    assert of_arms(targets)[0].interval == "normal"
    assert violations({"all": (time, event)}, targets, spss) == []
    unclipped = replace(arm, median_ci=Limits.read(f"{low:.1f}", f"{high:.1f}"))
    assert violations({"all": (time, event)}, replace(targets, arms={"all": unclipped}), spss) == []
    assert violations({"all": (time, event)}, targets) != []


def test_a_clipped_limit_kills_nobody_at_once():
    arm = ArmTargets(30, None, Interval.read("15.1"), Limits.read("0.0", "31.7"))
    ensemble = reconstruct(Targets("fictitious", "os", {"all": arm}), 2, np.random.default_rng(3))
    assert (ensemble.conventions.interval, ensemble.dropped) == ("normal", ())
    rows = ensemble.members["all"]
    assert (rows.event & (rows.time < 0.1)).mean() < 0.05


# --- an arm that is known through the other ---------------------------------------------------------------------------

RATIO = HazardRatio("a", "b", Interval.read("0.60"), Limits.read("0.42", "0.86"))


@pytest.mark.parametrize(
    "tie", [{"hr": RATIO}, {"logrank_p": Interval.read("0.004")}, {"pooled_median": Interval.read("11.4")}]
)
def test_one_arm_follows_from_the_other(tie):
    arms = {"a": ArmTargets(90, None, Interval.read("14.2")), "b": ArmTargets(88)}
    feasible = find_feasible(Targets("fictitious", "os", arms, **tie))
    assert feasible.dropped == ()


def test_follow_up_printed_under_progression_is_met():
    targets = trial(endpoint="pfs", follow_up_median=Interval.read("20.4"))
    assert ("follow_up", "pooled") in [one.key for one in constraints_of(targets)]
    of_patients = replace(targets, follow_up_median=Interval.read("20.4", value_id="a_study/results/follow_up"))
    assert ("follow_up", "pooled") not in [one.key for one in constraints_of(of_patients)]


@pytest.mark.parametrize("unit", ["months", "days", "weeks", "years"])
@given(
    st.integers(1, 9),
    st.sampled_from([("year", 12), ("years", 12), ("month", 1), ("Months", 1), ("weeks", 7 / 30.4375)]),
)
def test_a_time_may_carry_its_unit(unit, many, carried):
    word, months = carried
    time = f"{many} {word}"
    text = f'unit: {unit}\narms: {{a: {{n: "90"}}}}\nmedian: {{a: {{estimate: "{time}"}}}}\n'
    arm = read_targets(f'{text}landmarks: {{a: {{"{2 * many} {word}": {{rate: "31"}}}}}}').arms["a"]
    assert arm.median.middle == pytest.approx(many * months)
    assert arm.landmarks[0].time == pytest.approx(2 * many * months)


def test_a_unit_that_is_none_is_named():
    assert "found the time `3 fortnights`, expected a time" in told(
        SIX + 'landmarks: {a: {3 fortnights: {rate: "60"}}}'
    )
    assert 'found "14.2 moons" (not a number)' in told(SIX.replace('"14.2"', '"14.2 moons"'))


@pytest.mark.parametrize(("figure", "n"), [(">18.5", 90), ("<9", 90), ("> 12", 14), ("<9.0", 14)])
def test_a_bound_of_a_median_is_met(figure, n):
    text = (
        f'arms: {{a: {{n: "{n}"}}}}\nmedian: {{a: {{estimate: "{figure}"}}}}\nlandmarks: {{a: {{6: {{rate: "64.3"}}}}}}'
    )
    targets = read_targets(text)
    ensemble = reconstruct(targets, 3, np.random.default_rng(2))
    assert ensemble.dropped == ()
    bound, medians = float(figure.strip("<> ")), ensemble.medians("a")
    assert all(targets.arms["a"].median.contains(median) for median in medians)
    assert (medians < bound).all() if "<" in figure else not (medians <= bound).any()


def test_a_bound_at_odds_with_a_rate_is_named():
    text = 'arms: {a: {n: "90"}}\nmedian: {a: {estimate: ">36"}}\nlandmarks: {a: {24: {rate: "31.0"}}}'
    assert "the median of arm a, >36 months, is later than its 24-month rate of 31.0, not above half" in told(text)
