"""What single steps of the compiled search promise, whatever rows they are given."""

import ast
import copy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from simulated import landmarks, one_arm, trial

from haicbook import study
from haicbook.endpoints import feasible_targets, targets_from_study
from haicbook.survival import ArmTargets, HazardRatio, Interval, Limits, estimators
from haicbook.survival.chains import Chain, SearchBudget, sample
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.encoding import Z95
from haicbook.survival.engine import annealing, event_counts, forward, state, statistics, warps
from haicbook.survival.ensemble import stacked
from haicbook.survival.intervals import z_of_level
from haicbook.survival.verify import verified


@cache
def from_python(function):
    """A function that only compiled ones call, compiled for a test: its kept machine code has no face for Python."""
    if not hasattr(function, "py_func"):
        return function
    import numba

    return numba.njit(error_model="numpy", nogil=True, _nrt=False)(function.py_func)


curve_values, contrast_values = from_python(statistics.curve_values), from_python(statistics.contrast_values)

# one arm's numbers after its rates
KINDS = (state.MEDIAN, state.MEDIAN_LOW, state.MEDIAN_HIGH, state.FOLLOW_UP_REVERSE)


def ordered(time, event):
    """By time, events first at a tie."""
    keys = list(zip(time, ~event, strict=True))
    return keys == sorted(keys)


def rows_from(seed, n, step):
    rng = np.random.default_rng(seed)
    time = np.maximum(rng.exponential(10.0, n), 0.02)
    if step:
        time = np.maximum(np.rint(time / step), 1) * step
    event = rng.random(n) < rng.uniform(0.2, 0.9)
    order = np.lexsort((~event, time))
    return time[order], event[order]


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 60),
    step=st.sampled_from([0.0, 0.5]),
    ends=st.tuples(st.floats(0, 20), st.floats(0.5, 40)).map(sorted),
    log_power=st.floats(-40, 40),
)
def test_a_warp_of_any_strength_keeps_the_order_and_what_lies_outside(seed, n, step, ends, log_power):
    time, event = rows_from(seed, n, step)
    low, high = ends
    assume(high > low)
    bent, still = time.copy(), event.copy()
    from_python(warps.warp)(state.Rows(bent, still), low, high, float(np.exp(log_power)), step)
    assert ordered(bent, still)
    assert still.sum() == event.sum()
    inside = (time > low) & (time < high)
    np.testing.assert_array_equal(bent[~inside], time[~inside])
    assert ((bent[inside] > low) & (bent[inside] < high)).all()
    # nobody is moved to the first half day
    assert (bent < warps.SOONEST).sum() <= (time < warps.SOONEST).sum()


def constraints_with(kinds, group, low, high, **changes):
    """Constraints of one group, in this order."""
    many = len(kinds)
    constraints = state.Constraints(
        kind=np.array(kinds),
        start=np.array([0 if earlier <= group else many for earlier in range(5)]),
        time=np.zeros(many),
        low=low,
        high=high,
        tolerance=np.ones((2, many)),
        z=np.full(many, Z95),
        median_interval=state.LOG,
        rate_interval=state.LOG,
        ties=state.EFRON,
        rates=state.PRODUCT_LIMIT,
        midpoint=1,
        end=np.array([100.0, 100.0, 100.0]),
        step=0.0,
        width=0.0,
        earliest=np.zeros(2),
    )
    return constraints._replace(**changes)


def constraints_of_one_arm(values, width):
    """Constraints about these values of an arm, each an interval of this width; infinite ones are not reached."""
    low, high = np.where(np.isinf(values), np.inf, [values - width, values + width])
    return constraints_with(KINDS, 0, low, high)


def memory_for(n):
    """Working memory of so many rows."""
    return np.zeros((7, n + 20))


INTERVALS = {"plain": state.PLAIN, "log": state.LOG, "log-log": state.LOG_LOG, "normal": state.NORMAL}
TIES = {"efron": state.EFRON, "breslow": state.BRESLOW, "exact": state.EXACT}
STEPS = st.sampled_from([0.0, 0.5])
LEVELS = st.sampled_from([0.8, 0.95, 0.9602])


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), STEPS, st.sampled_from(sorted(INTERVALS)), st.booleans(), LEVELS)
def test_what_the_search_reads_off_a_curve_is_what_the_estimators_give(seed, n, step, interval, in_the_middle, level):
    time, event = rows_from(seed, n, step)
    rates = (state.RATE, state.RATE_LOW, state.RATE_HIGH, state.NUMBER_AT_RISK)
    kinds = (*rates, state.MEDIAN, state.MEDIAN_LOW, state.MEDIAN_HIGH, state.EVENTS, state.FOLLOW_UP_REVERSE)
    at = float(time[n // 2])
    conventions = {
        "median_interval": INTERVALS[interval],
        "rate_interval": INTERVALS["plain" if interval == "normal" else interval],
        "time": np.where(np.isin(kinds, rates), at, 0.0),
        "midpoint": int(in_the_middle),
        "z": np.full(len(kinds), z_of_level(100 * level)),
    }
    values, none = np.zeros(len(kinds)), np.zeros(len(kinds))
    constraints = constraints_with(kinds, 0, none, none, **conventions)
    curve_values(state.Rows(time, event), constraints, 0, memory_for(n), values)

    curve = estimators.km(time, event)
    rate = float(estimators.survival_at(curve, [at])[0, 0])
    transform = "plain" if interval == "normal" else interval
    limits = [float(limit[0, 0]) for limit in estimators.limits_at(curve, [at], transform, level)]
    median = float(estimators.median_of(curve, "middle" if in_the_middle else "start")[0])
    ends = [float(limit[0]) for limit in estimators.median_limits(curve, interval, level)]
    if interval == "normal":  # their middle is the estimate, which is read by the other rule here
        half = (ends[1] - ends[0]) / 2
        ends = [median - half, median + half]
    follow_up = float(estimators.median(time, ~event)[0])
    if 0 < rate < 1:  # elsewhere programs differ
        np.testing.assert_allclose(values[:3], [rate, *limits], rtol=1e-9)
    not_reached = np.isnan([median, *ends, follow_up])
    expected = np.where(not_reached, np.inf, [median, *ends, follow_up])
    np.testing.assert_allclose(values[[4, 5, 6, 8]], expected, rtol=1e-9)
    assert values[7] == event.sum()
    assert values[3] == estimators.at_risk(time, event, [at])[0, 0]


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 60), st.integers(5, 60), STEPS, st.sampled_from(sorted(TIES)), LEVELS)
def test_what_the_search_reads_off_a_contrast_is_what_the_estimators_give(seed, first, second, step, ties, level):
    arms = (rows_from(seed, first, step), rows_from(seed + 1, second, step))
    n = max(first, second)
    time, event = np.zeros((2, n)), np.zeros((2, n), dtype=bool)
    for a, (times, events) in enumerate(arms):
        time[a, : len(times)], event[a, : len(times)] = times, events
    kinds = (state.LOG_HR, state.LOG_HR_LOW, state.LOG_HR_HIGH, state.LOGRANK_Z, state.LOGRANK_Z)
    values, none = np.zeros(5), np.zeros(5)
    z, until = z_of_level(100 * level), float(np.median(arms[0][0]))
    changes = {"ties": TIES[ties], "z": np.full(5, z), "time": np.array([0, 0, 0, until, np.inf])}
    constraints = constraints_with(kinds, state.CONTRAST, none, none, **changes)
    patients = state.Patients(time, event, np.array([first, second]))
    contrast_values(patients, constraints, np.zeros((7, first + second)), 0.0, values)

    everyone = [np.concatenate(columns) for columns in zip(*arms, strict=True)]
    treated = np.arange(first + second) < first
    log_hr, error = (float(value[0]) for value in estimators.cox(*everyone, treated, ties))
    assume(abs(log_hr) < 5)
    ends = [log_hr - z * error, log_hr + z * error]
    np.testing.assert_allclose(values[:3], [log_hr, *ends], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(values[4], np.sqrt(estimators.logrank(*everyone, treated).chi2[0]), rtol=1e-9)
    cut = (np.minimum(everyone[0], until), everyone[1] & (everyone[0] <= until))
    until_then = float(np.sqrt(estimators.logrank(*cut, treated).chi2[0]))
    # where nothing happens by then there is no test, which a search must not take for one that finds nothing
    np.testing.assert_allclose(values[3], np.inf if np.isnan(until_then) else until_then, rtol=1e-9)


def on_half(time, event):
    """Whether a curve of single rows, or that of the follow-up, stands at exactly one half somewhere."""
    risk = np.arange(len(time), 0, -1)
    curves = (np.cumprod(np.where(happened, (risk - 1) / risk, 1.0)) for happened in (event, ~event))
    return any(np.isclose(curve, 0.5, atol=1e-9).any() for curve in curves)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(5, 60), share=st.floats(0.05, 0.95))
def test_rows_until_a_rate_are_on_course_if_and_only_if_the_rest_can_still_meet_the_medians(seed, n, share):
    time, event = rows_from(seed, n, 0.0)
    constraints, values = constraints_of_one_arm(np.zeros(4), 1.0), np.zeros(4)
    curve_values(state.Rows(time, event), constraints, 0, memory_for(n), values)
    stop, width = share * time[-1], 1e-3
    until = int(np.searchsorted(time, stop, "right"))
    assume(until + 1 < n and all(abs(value - stop) > 2 * width for value in values))

    def agrees(wanted):
        rows = state.Rows(time.copy(), event.copy())
        arm = state.ArmState(0, rows, constraints_of_one_arm(wanted, width), memory_for(n), np.zeros(4))
        return from_python(forward.on_course)(arm, until, stop)

    assert agrees(values)
    if not on_half(time, event):  # else a median may be the middle between a row that is known and one that is not
        for j, value in enumerate(values):
            other = values.copy()
            other[j] = stop + 1 if value < stop else stop - 1
            assert not agrees(other)


def test_rows_that_cannot_be_drawn_forward_stay_as_they_were():
    # two steps take two deaths
    contradiction = one_arm(n=60, events=1, landmarks=landmarks((6, "70.0%"), (12, "60.0%")))
    budget = SearchBudget(tries=4, burn=2, warm=1)
    chain = Chain(contradiction, AssumedConventions(), "uniform", budget, np.random.default_rng(1))
    time, event = (rows.copy() for rows in chain.state.patients[:2])
    assert not from_python(annealing.simulate_arms)(chain.state, chain.scratch, 2_000, chain.rng)
    np.testing.assert_array_equal(chain.state.patients.time, time)
    np.testing.assert_array_equal(chain.state.patients.event, event)


@pytest.mark.parametrize("endpoint", ["os", "pfs"])
def test_what_is_found_through_both_arms_curve_is_in_order_not_heaped_and_none_of_it_thrown_away(endpoint):
    targets = targets_from_study(study.load("lee2024"), endpoint, "all")
    assert targets.pooled_median is not None
    feasible = feasible_targets(targets)
    kept, rng = feasible.kept, np.random.default_rng(1)
    found = sample(kept, feasible.conventions, "uniform", feasible.budget, 12, rng, most_chains=24)
    assert len(found.members) == 12
    assert all(ordered(time, event) for member in found.members for time, event in member)
    assert all(verified(stacked(tuple(targets.arms), found.members), kept, feasible.conventions))
    close = np.concatenate([np.diff(time) < 1 / 600 for member in found.members for time, _ in member])
    assert close.mean() < 0.05  # within a twentieth of a day: by chance 1 in 100


def test_events_are_recounted_in_steps_that_the_patients_bound_however_far_the_interval_is_off():
    ratio = HazardRatio("a", "b", Interval.read("0.62"), Limits.read("0.43", "0.89"))
    arms = {
        name: ArmTargets(n, median=Interval.read(median)) for name, n, median in (("a", 90, "14.2"), ("b", 88, "8.7"))
    }
    targets = trial(arms=arms, hr=ratio)
    chain = Chain(targets, AssumedConventions(), "uniform", SearchBudget(tries=4, burn=2), np.random.default_rng(1))
    patients, constraints, work = chain.state.patients, chain.state.constraints, chain.state.work
    ends = [list(constraints.kind).index(kind) for kind in (state.LOG_HR_LOW, state.LOG_HR_HIGH)]
    work.values[ends] = -10, 10
    clone = copy.deepcopy(chain.rng)
    from_python(event_counts.recount)(patients, constraints, work, chain.rng)
    after, draws = chain.rng.bit_generator.state, 0
    while clone.bit_generator.state != after and draws < 1000 * targets.n:
        clone.random()
        draws += 1
    assert 0 < draws < 200 * targets.n


def test_warps_that_are_corrected_by_what_they_did_come_nearer_to_the_print():
    feasible = feasible_targets(targets_from_study(study.load("lin2023"), "os", "before_psm"))
    project, nearer, farther = from_python(annealing.project), 0, 0
    for rng in np.random.default_rng(5).spawn(60):
        chain = Chain(feasible.kept, feasible.conventions, "uniform", SearchBudget(tries=50, burn=4), rng)
        rows = [saved.copy() for saved in chain.state.patients[:2]]
        missed = []
        for corrections in (0, 2):
            for present, before in zip(chain.state.patients[:2], rows, strict=True):
                present[:] = before
            missed.append(project(chain.state, chain.scratch, 3, corrections, copy.deepcopy(rng)))
        nearer += missed[1] < missed[0]
        farther += missed[1] > missed[0]
    assert nearer > 2 * farther  # a sign test of 60 pairs: p below 0.01 at 40 against 20


SOURCES = sorted(Path(annealing.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_compiled_function_is_short_annotated_and_takes_few_arguments(source):
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert len(arguments) <= 6, node.name
            assert all(argument.annotation for argument in arguments), node.name
            assert node.returns is not None, node.name
            assert node.end_lineno - node.lineno < 50, node.name
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_compiled_functions_use_of_the_package_only_their_own_folder(source):
    """Machine code that is kept is found by the sources of one folder."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("haicbook"):
            assert node.module == "haicbook.compiled" or node.module.startswith("haicbook.survival.engine."), (
                node.module
            )
