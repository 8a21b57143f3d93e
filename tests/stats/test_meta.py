"""Random-effects summaries against R's metafor, by direct numerical work, and their invariants."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.stats import meta

ORACLE = pd.read_csv(Path(__file__).parents[1] / "oracle" / "meta.csv")
TESTS = {"z": "normal", "knha": "hartung-knapp", "adhoc": "modified-hartung-knapp"}

studies = st.integers(2, 8).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-2, 2), min_size=k, max_size=k), st.lists(st.floats(0.05, 1), min_size=k, max_size=k)
    )
)


def pooled(row):
    effects, errors = ([float(figure) for figure in cell.split()] for cell in (row.y, row.s))
    return meta.random_effects(
        effects, errors, confidence=row.level / 100, interval=TESTS[row.test], tau2=row.method.lower()
    )


@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=lambda row: "-".join(map(str, row[:4])))
def test_every_figure_is_metafors(row):
    found = pooled(row)
    expected = {
        "estimate": row.estimate,
        "standard_error": row.se,
        "low": row.low,
        "high": row.high,
        "p": row.p,
        "tau2": row.tau2,
        "i2": row.i2,
        "q": row.q,
        "q_p": row.q_p,
        "tau2_low": row.tau2_low,
        "tau2_high": row.tau2_high,
        "i2_low": row.i2_low,
        "i2_high": row.i2_high,
    }
    # metafor stops its root searches at about the fourth root of the machine precision
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-5, abs=2e-6), name


CLASSICAL = ORACLE[(ORACLE.test == "z") & ORACLE.riley_low.notna()]


@pytest.mark.parametrize("row", list(CLASSICAL.itertuples(index=False)), ids=lambda row: "-".join(map(str, row[:4])))
def test_the_prediction_interval_is_metafors_with_the_classical_error(row):
    for test in TESTS:
        found = pooled(row._replace(test=test))
        assert found.prediction_low == pytest.approx(row.riley_low, rel=1e-5, abs=2e-6)
        assert found.prediction_high == pytest.approx(row.riley_high, rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("name", ["four_similar", "two", "three_apart", "bcg"])
def test_the_prediction_with_a_prior_is_that_of_a_plain_grid_of_mean_and_deviation(name):
    row = next(ORACLE[ORACLE.name == name].itertuples(index=False))
    y, s = (np.array([float(figure) for figure in cell.split()]) for cell in (row.y, row.s))
    found = meta.random_effects(y, s)
    mean, deviation = np.meshgrid(np.linspace(-4, 4, 801), np.linspace(0.0005, 2.9995, 600), indexing="ij")
    log_density = -0.5 * (deviation / 0.5) ** 2
    for effect, error in zip(y, s, strict=True):
        variance = error**2 + deviation**2
        log_density -= 0.5 * (np.log(variance) + (effect - mean) ** 2 / variance)
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    for limit, share in ((found.with_prior_low, 0.025), (found.with_prior_high, 0.975)):
        below = np.array(
            [math.erf(z / math.sqrt(2)) for z in ((limit - mean) / deviation).ravel()[density.ravel() > 1e-9]]
        )
        kept = density.ravel()[density.ravel() > 1e-9]
        assert (kept @ (1 + below) / 2) / kept.sum() == pytest.approx(share, abs=5e-4)


def test_the_prior_widens_what_few_studies_that_agree_leave_narrow():
    few = meta.random_effects([-0.5, -0.5, -0.5], [0.2, 0.2, 0.2], interval="normal")
    assert few.with_prior_high > few.high
    sharp = meta.predicted_with_prior(np.full(3, -0.5), np.full(3, 0.04), 0.95, scale=1e-6)
    assert sharp == pytest.approx((few.low, few.high), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(studies)
def test_no_between_study_variance_is_likelier_than_remls(data):
    y, s = (np.array(part) for part in data)
    found = meta.random_effects(y, s)

    def likelihood(tau2):
        w = 1 / (s**2 + tau2)
        mean = (w * y).sum() / w.sum()
        return np.log(w).sum() - np.log(w.sum()) - (w * (y - mean) ** 2).sum()

    others = [likelihood(tau2) for tau2 in np.r_[0, np.geomspace(1e-6, 50, 300)]]
    assert likelihood(found.tau2) >= max(others) - 1e-9


@settings(deadline=None, max_examples=60)
@given(studies, st.floats(-3, 3))
def test_a_shift_moves_the_mean_and_nothing_else(data, shift):
    y, s = (np.array(part) for part in data)
    here, there = meta.random_effects(y, s), meta.random_effects(y + shift, s)
    assert there.estimate == pytest.approx(here.estimate + shift, abs=1e-7)
    assert there.low == pytest.approx(here.low + shift, abs=1e-6)
    assert there.tau2 == pytest.approx(here.tau2, abs=1e-7)
    assert there.q == pytest.approx(here.q, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(studies)
def test_turning_the_arms_round_turns_the_summary_round(data):
    y, s = (np.array(part) for part in data)
    here, there = meta.random_effects(y, s), meta.random_effects(-y, s)
    assert there.estimate == pytest.approx(-here.estimate, abs=1e-8)
    assert there.prediction_low == pytest.approx(-here.prediction_high, abs=1e-7, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(studies)
def test_limits_enclose_what_they_are_limits_of(data):
    found = meta.random_effects(*data)
    assert found.low <= found.estimate <= found.high
    assert 0 <= found.tau2_low <= found.tau2_high
    assert 0 <= found.i2_low <= found.i2_high <= 1
    assert sum(found.weights) == pytest.approx(1)
    classical = meta.random_effects(*data, interval="normal")
    assert found.high - found.low >= classical.high - classical.low
    assert found.high - found.low >= found.unmodified_high - found.unmodified_low
    assert found.with_prior_low < classical.estimate < found.with_prior_high
    if not math.isnan(found.prediction_low):
        assert found.prediction_low <= classical.low
        assert found.prediction_high >= classical.high


def test_leaving_one_out_is_the_summary_of_the_rest():
    y, s, names = [-0.4, -0.7, math.nan, 0.2, 0.1], [0.2, 0.3, 0.1, 0.25, 0.3], ["a", "b", "c", "d", "e"]
    found = meta.leave_one_out(y, s, names, interval="normal", rounding=[0.01, 0.02, 0.03, 0.04, 0.05])
    assert [item.label for item in found] == ["a", "b", "d", "e"]
    rest = [-0.4, 0.2, 0.1], [0.2, 0.25, 0.3], ["a", "d", "e"]
    assert found[1].result == meta.random_effects(*rest, interval="normal", rounding=[0.01, 0.04, 0.05])


@pytest.mark.parametrize(
    ("y", "s", "names", "words"),
    [
        ([], [], [], "no study"),
        ([-0.4], [0.2], ["cao2024"], "one study only \\(cao2024\\)"),
        ([-0.4, math.nan], [0.2, math.nan], ["cao2024", "lee2024"], "one study only \\(cao2024\\).*: lee2024"),
    ],
)
def test_too_few_studies_give_a_message(y, s, names, words):
    found = meta.random_effects(y, s, names)
    assert isinstance(found, meta.Message)
    assert re.search(words, found.statement)


def test_leaving_one_of_two_out_gives_messages():
    results = [item.result for item in meta.leave_one_out([-0.4, 0.1], [0.2, 0.3], ["a", "b"])]
    assert all(isinstance(result, meta.Message) for result in results)
    assert meta.leave_one_out([], [], []) == ()


def test_a_study_without_figures_is_named():
    found = meta.random_effects([-0.4, math.nan, -0.6], [0.2, math.nan, 0.3], ["a", "b", "c"])
    assert found.left_out == ("b",)
    assert found.labels == ("a", "c")
    assert "Left out, for want of a figure: b." in found.statement
    assert "no interval for the next one" in found.statement


def test_the_statement_has_the_ratios():
    found = meta.random_effects([-0.446, -0.698, -0.545, -0.906], [0.16, 0.21, 0.268, 0.366])
    assert "mean ratio is 0.56" in found.statement
    assert found.ratio()["estimate"] == pytest.approx(math.exp(found.estimate))


def test_the_error_behind_a_printed_interval():
    low, high = math.exp(-0.5 - 1.959964 * 0.2), math.exp(-0.5 + 1.959964 * 0.2)
    assert meta.standard_error(low, high) == pytest.approx(0.2, abs=1e-6)
    assert meta.standard_error(0.9, 0.9) == 0
    assert math.isnan(meta.standard_error(math.nan, 0.9))
    assert math.isnan(meta.standard_error(0.5, math.inf))
    assert math.isnan(meta.standard_error(0.0, 2.0))
    with pytest.raises(ValueError, match="the lower one comes first"):
        meta.standard_error(0.9, 0.5)


def test_everything_out_of_range_is_said_at_once():
    with pytest.raises(ValueError, match=r"error is -1.*confidence is 95.*interval is 'wald'.*tau2 is 'ml'"):
        meta.random_effects([0.1, 0.2], [-1, 0.1], confidence=95, interval="wald", tau2="ml")
    with pytest.raises(ValueError, match="one of each is needed"):
        meta.random_effects([0.1, 0.2], [0.1], ["a", "b"])


def test_studies_that_agree_by_luck_do_not_make_the_interval_narrow():
    data = [-0.50, -0.51, -0.49, -0.52, -0.50], [0.2, 0.3, 0.25, 0.4, 0.1]
    alike, plain = meta.random_effects(*data), meta.random_effects(*data, interval="hartung-knapp")
    assert (alike.unmodified_low, alike.unmodified_high) == (plain.low, plain.high)
    assert alike.unmodified_high - alike.unmodified_low < alike.high - alike.low
    assert "Without the floor under its variance the interval would be narrower (0.60 to 0.61)" in alike.statement
    apart = meta.random_effects([0.5, -0.8, 0.1], [0.10, 0.12, 0.30])
    assert "narrower" not in apart.statement


@given(st.integers(1, 3), st.floats(0.3, 0.9), st.integers(2, 6))
def test_estimates_that_are_equal_as_printed_have_an_interval_with_width(decimals, hr, k):
    hr = round(hr, decimals)
    half = [0.5 * 10**-decimals / hr] * k
    found = meta.random_effects([math.log(hr)] * k, [0.2] * k, interval="hartung-knapp", rounding=half)
    assert found.low < math.log(hr) < found.high
    assert found.p > 0
    # what k figures, each anywhere in its rounding interval, give on average
    factor = found.standard_error**2 * k / (0.2**2 + half[0] ** 2 / 3)
    assert factor == pytest.approx(half[0] ** 2 / 3 / (0.2**2 + half[0] ** 2 / 3))


def test_effects_that_are_the_same_have_no_heterogeneity():
    found = meta.random_effects([-0.5, -0.5], [0.2, 0.3])
    assert (found.tau2, found.q, found.i2) == (0, 0, 0)
    assert found.estimate == pytest.approx(-0.5)
    assert found.low < found.estimate < found.high
    assert "would be narrower" in found.statement
