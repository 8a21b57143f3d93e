"""Hazard ratios by period and the test of proportional hazards, against R and where the answer is known."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ensembles import ensemble, exponential

from haicbook.survival import estimators
from haicbook.synthesis import periods

ORACLE_DIR = Path(__file__).parents[1] / "oracle"
ORACLE = pd.read_csv(ORACLE_DIR / "synthesis.csv")
DATA = dict(tuple(pd.read_csv(ORACLE_DIR / "synthesis_data.csv").groupby("set")))


@pytest.mark.parametrize("scale", periods.TIME_SCALES)
@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=lambda row: f"set{row.set:g}")
def test_the_test_of_proportional_hazards_is_rs(row, scale):
    data = DATA[row.set]
    chi2, p, _ = periods.score_test(data.time, data.event, data.group.to_numpy() == 1, scale)
    # R stops its Newton steps at a relative change of 1e-9 in the likelihood
    assert chi2[0] == pytest.approx(getattr(row, f"chi2_{scale}"), rel=1e-5, abs=1e-6)
    assert p[0] == pytest.approx(getattr(row, f"p_{scale}"), abs=1e-5)


@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=lambda row: f"set{row.set:g}")
def test_the_ratio_of_a_period_is_rs(row):
    data = DATA[row.set]
    arms = {name: data[data.group == code] for name, code in (("new", 1), ("old", 0))}
    found = periods.period_ratios(
        ensemble(**{name: (rows.time, rows.event) for name, rows in arms.items()}), (2, 8), least_events=1
    ).iloc[0]
    assert math.log(found.hr) == pytest.approx(row.period_coef, abs=1e-5)
    assert found.sampling == pytest.approx(row.period_se, abs=1e-5)
    assert found.reconstruction == 0


def test_many_members_give_what_each_gives():
    rng = np.random.default_rng(3)
    time, event = exponential(rng, 6, 60, 9, 20)
    group = np.arange(60) < 30
    together = periods.score_test(time, event, group)
    for at in range(6):
        alone = periods.score_test(time[at], event[at], group)
        assert [part[at] for part in together] == pytest.approx([part[0] for part in alone], abs=1e-9)


def test_one_ratio_is_found_as_one_and_a_change_as_a_change():
    rng = np.random.default_rng(5)
    same = ensemble(new=exponential(rng, 40, 300, 20, 24), old=exponential(rng, 40, 300, 10, 24))
    assert np.mean(periods.proportional_hazards(same).p < 0.05) < 0.2
    crossing = rng.weibull(2.5, (40, 300)) * 12
    changing = ensemble(new=(np.minimum(crossing, 24), crossing <= 24), old=exponential(rng, 40, 300, 10, 24))
    found = periods.proportional_hazards(changing)
    assert np.mean(found.p < 0.05) == found.share == 1
    assert (found.slope > 0).all()
    assert "hazard ratio rises with time" in found.statement


def test_the_whole_follow_up_is_one_period():
    rng = np.random.default_rng(6)
    both = ensemble(new=exponential(rng, 5, 80, 14, 24), old=exponential(rng, 5, 80, 9, 24))
    found = periods.period_ratios(both, (0, math.inf)).iloc[0]
    time = np.concatenate([both.members["new"].time, both.members["old"].time], axis=1)
    event = np.concatenate([both.members["new"].event, both.members["old"].event], axis=1)
    log_hr, se = estimators.cox(time, event, np.arange(160) < 80)
    assert math.log(found.hr) == pytest.approx(log_hr.mean())
    assert found.sampling == pytest.approx(math.sqrt((se**2).mean()))
    assert found.reconstruction == pytest.approx(log_hr.std(ddof=1))
    assert found.total == pytest.approx(math.hypot(found.sampling, found.reconstruction))


def test_a_period_without_events_says_so():
    both = ensemble(new=([5, 7, 20], [1, 1, 0]), old=([4, 8, 20], [1, 1, 0]))
    found = periods.period_ratios(both, (0, 12, math.inf), least_events=2)
    assert found.supported.tolist() == [True, False]
    assert found.why[1] == "0 and 0 events (medians); none of the reconstructions have 2 in each arm"
    assert math.isnan(found.hr[1])


def test_no_events_no_test():
    both = ensemble(new=([5, 7], [0, 0]), old=([4, 8], [0, 0]))
    assert periods.proportional_hazards(both).statement.startswith("Too few events")


def test_an_event_at_time_zero_has_no_logarithm():
    time, event, group = [0.0, 2, 3, 5, 6, 8], [1, 1, 1, 1, 1, 1], np.array([1, 0, 1, 0, 1, 0]) == 1
    assert math.isnan(periods.score_test(time, event, group, "log")[1][0])
    assert math.isfinite(periods.score_test(time, event, group, "km")[1][0])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="one arm here"):
        periods.period_ratios(ensemble(all=([5, 7], [1, 0])))
    with pytest.raises(ValueError, match="found edges"):
        periods.period_ratios(ensemble(new=([5], [1]), old=([4], [1])), (6, 6))
    with pytest.raises(ValueError, match="scale is 'rank'"):
        periods.score_test([1.0, 2.0], [1, 1], [1, 0], "rank")


def test_a_study_without_a_comparison_records_no_period():
    frame = pd.DataFrame([("Cao", 0.0, 0.6), ("Cao", 6.0, 0.8)], columns=["label", "start", "hr"])
    labels = {"cao2024": "Cao", "shen2025": "Shen"}
    assert periods.period_values(frame, labels) == {"cao2024.from_0": 0.6, "cao2024.from_6": 0.8}
    p = np.array([0.01, 0.2, math.nan])
    check = periods.ProportionalHazards(p, p, np.array([-1.0, -2.0, math.nan]), "km", 0.5)
    assert periods.proportional_values({"Cao": check}, labels) == {"cao2024.share": 0.5}
    assert check.p_range == pytest.approx((0.01, 0.105, 0.2))
    assert check.direction == "falls"
