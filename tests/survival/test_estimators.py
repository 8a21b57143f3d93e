"""Batched survival statistics against R survival, lifelines, and what must hold of any data set."""

import itertools
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from haicbook.survival import estimators

ORACLE = Path(__file__).parents[1] / "oracle"
EXACT = 1e-8


@pytest.fixture(scope="module")
def data():
    rows = pd.read_csv(ORACLE / "survival_data.csv")
    return {
        number: (d.time.to_numpy(), d.event.to_numpy(bool), d.group.to_numpy()) for number, d in rows.groupby("set")
    }


@pytest.fixture(scope="module")
def printed_by_r():
    return pd.read_csv(ORACLE / "survival_statistics.csv").pivot_table(
        index="set", columns="statistic", values="value", dropna=False
    )


def statistics(time, event, group):
    test = estimators.logrank(time, event, group)
    curve = estimators.km(time, event)
    found = {
        "logrank_chi2": test.chi2,
        "logrank_observed": (event & (group == 1)).sum(),
        "logrank_expected": test.expected,
        "median": estimators.median(time, event),
        "rmst": estimators.rmst(time, event, 12),
        "rmst_se": np.sqrt(estimators.rmst_variance(time, event, 12)[1]),
        "median_error_spss": estimators.median_error(curve),
    }
    for ties in estimators.TIES:
        found[f"{ties}_log_hr"], found[f"{ties}_se"] = estimators.cox(time, event, group, ties)
    for transform in estimators.TRANSFORMS:
        low, high = estimators.median_limits(curve, transform)
        found[f"median_lower_{transform}"], found[f"median_upper_{transform}"] = low, high
    return {name: np.ravel(value)[0] for name, value in found.items()}


def test_statistics_are_those_of_r(data, printed_by_r):
    ours = pd.DataFrame({number: statistics(*rows) for number, rows in data.items()}).T
    assert set(ours.columns) | {"logrank_observed"} >= set(printed_by_r.columns)
    assert len(ours) == 320
    # R stops where the likelihood has become flat
    diverged = printed_by_r[[f"{ties}_log_hr" for ties in estimators.TIES]].abs().max(axis=1) > 10
    assert 0 < diverged.sum() < 0.05 * len(ours)
    for name in ours:
        theirs = printed_by_r[name]
        if name.startswith(estimators.TIES):
            assert np.isinf(ours[name][diverged]).all()
            np.testing.assert_allclose(ours[name][~diverged], theirs[~diverged], atol=EXACT, rtol=0, err_msg=name)
        else:
            np.testing.assert_allclose(ours[name], theirs, atol=EXACT, rtol=0, equal_nan=True, err_msg=name)


def test_life_tables_are_those_of_r(data):
    for number, theirs in pd.read_csv(ORACLE / "survival_life_tables.csv").groupby("set"):
        time, event, _ = data[number]
        table = estimators.life_table(time, event, [0, *theirs.end])
        for name in ("entering", "censored", "deaths"):
            assert (getattr(table, name)[0] == theirs[name]).all()
        np.testing.assert_allclose(table.survival[0], theirs.survival, atol=EXACT, rtol=0)
        alive = table.survival[0] > 0
        se = (table.survival * np.sqrt(np.where(table.survival > 0, table.greenwood, np.nan)))[0]
        np.testing.assert_allclose(se[alive], theirs.se[alive], atol=EXACT, rtol=0)


def test_the_median_of_spss_is_its_start_and_its_interval_is_symmetric(data):
    for time, event, _ in list(data.values())[:60]:
        curve = estimators.km(time, event)
        low, high = estimators.median_limits(curve, "normal")
        start, error = estimators.median_of(curve, "start"), estimators.median_error(curve)
        np.testing.assert_allclose((low + high) / 2, np.where(np.isnan(error), np.nan, start))
        np.testing.assert_allclose(high - low, 2 * 1.959963984540054 * error)
        steps = np.flatnonzero(curve.survival[0] <= 0.5 + 1e-9)
        assert np.isnan(start[0]) if not len(steps) else start[0] == curve.time[0, steps[0]]


@pytest.mark.parametrize("transform", estimators.TRANSFORMS)
def test_curves_limits_and_numbers_at_risk_are_those_of_r(data, transform):
    curves = pd.read_csv(ORACLE / "survival_curves.csv")
    for number, theirs in curves[curves["transform"] == transform].groupby("set"):
        time, event, _ = data[number]
        curve, times = estimators.km(time, event), theirs.time.to_numpy()
        lower, upper = estimators.limits_at(curve, times, transform)
        ours = {
            "survival": estimators.survival_at(curve, times),
            "at_risk": estimators.at_risk(time, event, times),
            "lower": lower,
            "upper": upper,
        }
        for name, values in ours.items():
            np.testing.assert_allclose(values[0], theirs[name], atol=EXACT, rtol=0, err_msg=f"set {number}, {name}")


def test_r_still_prints_the_kept_figures(tmp_path):
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed")
    if subprocess.run([rscript, "-e", "library(survival)"], capture_output=True, check=False).returncode:
        pytest.skip("R has no package survival")
    made = [tmp_path / f"survival_{what}.csv" for what in ("statistics", "curves", "life_tables")]
    script, rows = ORACLE / "survival.R", ORACLE / "survival_data.csv"
    subprocess.run([rscript, str(script), str(rows), *map(str, made)], check=True, capture_output=True)
    for path in made:
        new, kept = pd.read_csv(path), pd.read_csv(ORACLE / path.name)
        stable = kept.get("value", pd.Series(0.0, kept.index)).abs().fillna(0) < 10  # diverged ones depend on the build
        pd.testing.assert_frame_equal(new[stable], kept[stable], rtol=0, atol=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_lifelines_agrees(seed):
    import lifelines
    from lifelines.statistics import logrank_test
    from lifelines.utils import median_survival_times, restricted_mean_survival_time

    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 150))
    group = np.arange(n) % 2
    time = np.ceil(rng.exponential(8 + 4 * group) * 4) / 4
    event = rng.random(n) < 0.7
    fit = lifelines.KaplanMeierFitter().fit(time, event)
    curve, grid = estimators.km(time, event), [0.5, 2, 5, 9]
    np.testing.assert_allclose(estimators.survival_at(curve, grid)[0], fit.predict(grid), atol=EXACT)
    ours, theirs = (
        estimators.logrank(time, event, group),
        logrank_test(time[group == 1], time[group == 0], event[group == 1], event[group == 0]),
    )
    np.testing.assert_allclose([ours.chi2[0], ours.p[0]], [theirs.test_statistic, theirs.p_value], atol=EXACT)
    cox = lifelines.CoxPHFitter().fit(pd.DataFrame({"t": time, "e": event, "x": group}), "t", "e")
    log_hr, se = estimators.cox(time, event, group)
    np.testing.assert_allclose([log_hr[0], se[0]], [cox.params_["x"], cox.standard_errors_["x"]], rtol=1e-5)
    limits = np.ravel(estimators.median_limits(curve, "log-log"))
    expected = median_survival_times(fit.confidence_interval_).to_numpy().ravel()
    np.testing.assert_allclose(limits, np.where(np.isinf(expected), np.nan, expected), atol=EXACT)
    counted = fit.event_table.at_risk.iloc[1:]
    assert (estimators.at_risk(time, event, counted.index)[0] == counted).all()
    np.testing.assert_allclose(estimators.rmst(time, event, 9), restricted_mean_survival_time(fit, 9), atol=1e-6)


def test_many_data_sets_at_once_are_each_by_itself():
    rng = np.random.default_rng(3)
    time, event = np.round(rng.exponential(9, (40, 31)), 1) + 0.1, rng.random((40, 31)) < 0.6
    group = np.arange(31) < 15
    together = [
        estimators.median(time, event),
        estimators.rmst(time, event, 10),
        estimators.logrank(time, event, group).z,
        *estimators.cox(time, event, group),
        estimators.survival_at(estimators.km(time, event), [3.0, 1.0])[:, 0],
        estimators.at_risk(time, event, [4.0])[:, 0],
    ]
    for row in range(40):
        t, e = time[row], event[row]
        alone = [
            estimators.median(t, e),
            estimators.rmst(t, e, 10),
            estimators.logrank(t, e, group).z,
            *estimators.cox(t, e, group),
            estimators.survival_at(estimators.km(t, e), [3.0, 1.0])[:, 0],
            estimators.at_risk(t, e, [4.0])[:, 0],
        ]
        np.testing.assert_allclose([values[row] for values in together], np.ravel(alone), rtol=1e-9)


@st.composite
def data_sets(draw):
    sizes = draw(st.tuples(st.integers(1, 4), st.integers(2, 25)))
    time = draw(arrays.arrays(float, sizes, elements=st.integers(1, 60).map(lambda quarter: quarter / 4)))
    event = draw(arrays.arrays(bool, sizes))
    return time, event


@settings(max_examples=60, deadline=None)
@given(data_sets(), st.integers(0, 2**32 - 1))
def test_what_holds_of_any_data(data, seed):
    time, event = data
    n = time.shape[1]
    curve = estimators.km(time, event)
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
    assert (np.diff(curve.survival, axis=1) <= 0).all()
    grid = np.linspace(0, 16, 33)
    at_risk = estimators.at_risk(time, event, grid)
    assert (at_risk[:, 0] == n).all()
    assert (np.diff(at_risk, axis=1) <= 0).all()
    assert (at_risk == (time[:, :, None] >= grid).sum(axis=1)).all()
    lower, upper = estimators.limits_at(curve, grid)
    at_grid = estimators.survival_at(curve, grid)
    defined = ~np.isnan(lower)
    assert (lower[defined] <= at_grid[defined] + 1e-12).all()
    assert (upper[defined] >= at_grid[defined] - 1e-12).all()
    area = estimators.rmst(time, event, 16.0)
    assert ((area >= 0) & (area <= 16)).all()
    # the order of rows says nothing
    shuffle = np.random.default_rng(seed).permutation(n)
    group = np.arange(n) % 2
    for statistic in (
        lambda t, e, g: estimators.median(t, e),
        lambda t, e, g: estimators.rmst(t, e, 10),
        lambda t, e, g: estimators.logrank(t, e, g).z,
        lambda t, e, g: estimators.cox(t, e, g)[0],
    ):
        same = statistic(time[:, shuffle], event[:, shuffle], group[shuffle])
        np.testing.assert_allclose(same, statistic(time, event, group), rtol=1e-6, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(data_sets())
def test_swapping_the_groups_turns_the_contrast_round(data):
    time, event = data
    group = np.arange(time.shape[1]) % 2
    np.testing.assert_allclose(
        estimators.logrank(time, event, group).z, -estimators.logrank(time, event, 1 - group).z, atol=1e-9
    )
    log_hr, se = estimators.cox(time, event, group)
    turned, same_se = estimators.cox(time, event, 1 - group)
    np.testing.assert_allclose(log_hr, -turned, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(se, same_se, rtol=1e-6)


@pytest.mark.parametrize("ties", estimators.TIES)
def test_two_groups_are_a_covariate_of_two_values(data, ties):
    """Groups have code of their own; the same covariate, moved and stretched, takes the general way."""
    for time, event, group in list(data.values())[1:60:3]:
        log_hr, se = estimators.cox(time, event, group, ties)
        slope, error = estimators.cox(time, event, 2.0 * group + 3, ties)
        if np.isfinite(log_hr[0]):
            np.testing.assert_allclose([log_hr, se], [2 * slope, 2 * error], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("ties", estimators.TIES)
def test_a_continuous_covariate_has_the_maximum_of_its_likelihood(ties):
    """Against the likelihoods written out; of the exact one all choices of the tied patients are listed."""
    rng = np.random.default_rng(8)
    time, event, x = np.ceil(rng.exponential(3, 14)), rng.random(14) < 0.8, rng.normal(size=14)

    def log_likelihood(beta):
        total = 0.0
        for moment in np.unique(time[event]):
            died, at_risk = event & (time == moment), time >= moment
            deaths, hazard = int(died.sum()), np.exp(beta * x)
            total += beta * x[died].sum()
            if ties == "exact":
                total -= np.log(sum(math.prod(c) for c in itertools.combinations(hazard[at_risk], deaths)))
            else:
                thin = np.arange(deaths) / deaths if ties == "efron" else np.zeros(deaths)
                total -= np.log(hazard[at_risk].sum() - thin * hazard[died].sum()).sum()
        return total

    log_hr, se = (value[0] for value in estimators.cox(time, event, x, ties))
    step = 1e-4
    below, at, above = (log_likelihood(log_hr + move) for move in (-step, 0, step))
    assert at > max(below, above)
    assert (above - below) / (2 * step) == pytest.approx(0, abs=1e-6)
    assert (2 * at - above - below) / step**2 == pytest.approx(se**-2, rel=1e-4)


def test_times_out_of_the_ordinary_are_ordered_all_the_same():
    time = np.array([[1e-300, 0.0, -0.0, 5.0, 5.0, 1e200]])
    event = np.array([[True, True, False, False, True, True]])
    curve = estimators.km(time, event)
    assert curve.time[0].tolist() == sorted(time[0])
    assert curve.event[0].tolist() == [True, False, True, True, False, True]
    np.testing.assert_allclose(
        curve.survival,
        estimators.km(np.where(time == 1e200, 9.0, np.where(time == 1e-300, 1e-3, time)), event).survival,
    )


def test_a_likelihood_without_maximum_is_infinite():
    time, event = np.array([1.0, 2, 3, 4]), np.ones(4, bool)
    log_hr, se = estimators.cox(time, event, [1, 1, 0, 0])
    assert log_hr[0] == np.inf
    assert se[0] == np.inf
    assert estimators.cox(time, event, [0, 0, 1, 1])[0][0] == -np.inf


@pytest.mark.parametrize("event", [np.zeros(4, bool), np.array([False, False, False, True])])
def test_data_without_a_contrast_say_nothing(event):
    log_hr, se = estimators.cox([1.0, 2, 3, 4], event, [1, 0, 1, 0])
    assert np.isnan(log_hr[0])
    assert np.isnan(se[0])
    assert np.isnan(estimators.logrank([1.0, 2, 3, 4], event, [1, 0, 1, 0]).p[0])


def test_a_median_that_is_not_reached_is_nan():
    assert np.isnan(estimators.median([1.0, 2, 3], [True, False, False]))[0]


def test_a_step_on_one_half_gives_its_middle():
    assert estimators.median([1.0, 2, 3, 4], [True, True, True, True])[0] == 2.5
    assert estimators.median([1.0, 2, 3, 4], [True, True, False, False])[0] == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: estimators.km([1.0, 2], [True]), "shape"),
        (lambda: estimators.km([-1.0, 2], [True, True]), "not negative"),
        (lambda: estimators.km([np.nan, 2], [True, True]), "finite"),
        (lambda: estimators.km([], []), "at least one"),
        (lambda: estimators.rmst([1.0], [True], 0), "horizon is 0"),
        (lambda: estimators.cox([1.0, 2], [True, True], [0, 1], ties="cox"), "'cox'.*efron, breslow, exact"),
        (lambda: estimators.logrank([1.0, 2], [True, True], [1, 2]), "group must be"),
        (lambda: estimators.median([1.0], [True], "end"), "'end'.*middle or start"),
        (lambda: estimators.life_table([1.0], [True], [1, 2]), "ascend from 0"),
        (lambda: estimators.cox([1.0, 2], [True, True], [0, 1, 1]), r"covariate has shape \(3,\)"),
        (lambda: estimators.limits_at(estimators.km([1.0], [True]), [1], "logit"), "'logit'.*log, log-log, plain"),
        (lambda: estimators.limits_at(estimators.km([1.0], [True]), [1], level=95), "level is 95"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
