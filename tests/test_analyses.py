"""Response, safety and regression on a made-up paper whose every figure is known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scipy import stats

from haicbook import regression, response, safety, study

PAPER = study.load("demo2020", Path(__file__).parent / "papers")


def test_response_takes_the_printed_count_and_its_exact_interval() -> None:
    rates = response.response_rates(PAPER)
    orr = next(rate for rate in rates if rate.category == "orr" and rate.arm == "drug")
    assert (orr.counts, orr.size, orr.printed) == ((22,), 50, "22 (44.0%)")
    expected = stats.binomtest(22, 50).proportion_ci(0.9, method="exact")
    assert orr.interval(0.9) == pytest.approx((expected.low, expected.high))


def test_a_percentage_alone_leaves_every_count_that_rounds_to_it() -> None:
    values = PAPER.values.copy()
    lost_counts = values[~((values.row == "orr") & (values.statistic == "n"))]
    paper = study.Paper(PAPER.spec, lost_counts.assign(printed=lost_counts.printed.replace("44.0", "44")), {})
    paper.values.loc[paper.values.printed == "44", ["low", "high", "decimals"]] = [43.5, 44.5, 0]
    orr = next(rate for rate in response.response_rates(paper) if rate.category == "orr" and rate.arm == "drug")
    assert orr.counts == (22,)
    assert orr.interval(0.95) == (orr.interval(0.95)[0], orr.interval(0.95)[1])


def test_the_difference_is_experimental_minus_comparator() -> None:
    gaps = response.differences(PAPER, response.response_rates(PAPER), 0.95).set_index("category")
    assert gaps.loc["orr", "difference"] == pytest.approx(0.44 - 0.26)
    assert gaps.loc["orr", "low"] < 0.18 < gaps.loc["orr", "high"]


def test_adverse_events_keep_cells_and_counts_together() -> None:
    events = safety.adverse_events(PAPER)
    fever = events[(events.event == "fever") & (events.arm == "none")].set_index("grade")
    assert (fever.loc["any", "n"], fever.loc["any", "printed"], fever.loc["g34", "n"]) == (12, "12 (24.0%)", 0)
    assert fever.loc["any", "share"] == 12 / 50
    assert safety.severity_grades(events) == ("any", "g34")


def test_an_event_whose_count_is_missing_keeps_its_printed_share() -> None:
    values = PAPER.values
    lost = values[
        ~((values.row == "nausea") & (values.grade == "g34") & (values.arm == "drug") & (values.statistic == "n"))
    ]
    events = safety.adverse_events(study.Paper(PAPER.spec, lost, {}))
    nausea = events[(events.event == "nausea") & (events.grade == "g34") & (events.arm == "drug")].iloc[0]
    assert math.isnan(nausea.n)
    assert nausea.share == 0.02


def test_largest_difference_comes_first() -> None:
    gaps = safety.differences(PAPER, safety.adverse_events(PAPER), "any", 0.95)
    assert list(gaps.event) == ["fever", "nausea"]
    assert gaps.difference.iloc[0] == pytest.approx(0.4 - 0.24)


def test_cox_models_as_printed() -> None:
    models = regression.cox_models(PAPER, "os").set_index("covariate")
    assert models.loc["treatment", ["hr", "ci_low", "ci_high", "p"]].tolist() == [0.6, 0.38, 0.947, "0.028"]
    assert regression.cox_models(PAPER, "pfs").empty


def test_a_ratio_printed_the_other_way_round_is_turned() -> None:
    values = PAPER.values.copy()
    treatment = (values.kind == "cox") & (values.row == "treatment")
    values.loc[treatment, ["arm", "reference"]] = ["none", "drug"]
    effect = regression.treatment_effect(study.Paper(PAPER.spec, values, {}), "os", "univariable")
    assert effect is not None
    assert effect.inverted
    assert (effect.hr, effect.ci_low, effect.ci_high) == pytest.approx((1 / 0.6, 1 / 0.947, 1 / 0.38))
    assert not math.isnan(effect.ci_low)
    assert regression.treatment_effect(PAPER, "os", "multivariable") is None
