"""Assumptions about the clock: what each does to the rows, and what a Cox model then says, against R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.stats import immortal_time
from haicbook.survival import estimators

ORACLE_DIR = Path(__file__).parents[1] / "oracle"
ORACLE = pd.read_csv(ORACLE_DIR / "synthesis.csv")
DATA = dict(tuple(pd.read_csv(ORACLE_DIR / "synthesis_data.csv").groupby("set")))
DELAY = 3.0  # as in synthesis.R

rows = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0, 40), min_size=n, max_size=n), st.lists(st.booleans(), min_size=n, max_size=n)
    )
)


@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=lambda row: f"set{row.set:g}")
def test_a_landmark_on_the_comparator_alone_is_a_cox_model_with_delayed_entry(row):
    """Group 1 enters after three months on the time since the first treatment, the others at its start."""
    data = DATA[row.set]
    late, early = data[data.group == 1], data[data.group == 0]
    clocked = immortal_time.landmark(early.time, early.event, DELAY)
    time = np.concatenate([late.time.to_numpy()[None], clocked.time], axis=1)
    event = np.concatenate([late.event.to_numpy(bool)[None], clocked.event], axis=1)
    log_hr, se = estimators.cox(time, event, np.arange(len(data)) < len(late))
    assert log_hr[0] == pytest.approx(row.entry_coef, abs=1e-5)
    assert se[0] == pytest.approx(row.entry_se, abs=1e-5)


@settings(deadline=None)
@given(rows, st.floats(0, 20))
def test_who_is_left_out_moves_no_estimate(data, at):
    time, event = (np.array(part) for part in data)
    clocked = immortal_time.landmark(time, event, at)
    stays = np.round(time - at, 9) > 0
    if not stays.any():
        assert not clocked.kept.any()
        return
    grid = np.linspace(0, 30, 13)
    whole = estimators.survival_at(estimators.km(clocked.time, clocked.event), grid)
    subset = estimators.survival_at(estimators.km(time[stays] - at, event[stays]), grid)
    np.testing.assert_allclose(whole, subset, atol=1e-12)
    assert (estimators.at_risk(clocked.time, clocked.event, [1e-9]) <= stays.sum()).all()


@settings(deadline=None)
@given(rows, st.floats(0, 20))
def test_two_landmarks_are_one_at_their_sum(data, at):
    once = immortal_time.landmark(*data, 2 * at)
    twice = immortal_time.landmark(*immortal_time.landmark(*data, at)[:2], at)
    np.testing.assert_allclose(once.time, twice.time, atol=1e-9)


def test_a_lead_makes_every_time_longer():
    clocked = immortal_time.lead([[3, 5], [1, 0]], [[1, 0], [1, 1]], 2.5)
    assert clocked.time.tolist() == [[5.5, 7.5], [3.5, 2.5]]
    assert clocked.event.tolist() == [[True, False], [True, True]]
    assert clocked.kept.all()


@pytest.mark.parametrize(("n", "share", "added"), [(34, 0.0, 0), (34, 0.15, 6), (30, 0.5, 30), (30, 0.25, 10)])
def test_the_missing_are_that_share_of_all(n, share, added):
    clocked = immortal_time.with_missed(np.full((4, n), 20.0), np.zeros((4, n), bool), share, 3)
    assert clocked.time.shape == (4, n + added)
    new = clocked.time[:, n:]
    assert clocked.event[:, n:].all()
    assert not clocked.event[:, :n].any()
    if added:
        assert (new > 0).all()
        assert (new < 3).all()
        assert new.mean() == pytest.approx(1.5)
        assert added / (n + added) == pytest.approx(share, abs=0.5 / (n + added) + 1e-9)


def test_the_excluded_lived_so_long():
    clocked = immortal_time.with_excluded(np.full((2, 30), 4.0), np.ones((2, 30), bool), 0.25, 9)
    assert clocked.time[:, 30:].tolist() == [[9.0] * 10] * 2
    assert not clocked.event[:, 30:].any()


def test_responders_by_lot_lived_to_see_the_scan():
    rng = np.random.default_rng(1)
    time = rng.exponential(6, (200, 50))
    chosen = immortal_time.meaningless_responders(time, 0.4, 2, rng)
    assert (chosen.sum(axis=1) == 20).all()
    assert (time[chosen] > 2).all()
    few = immortal_time.meaningless_responders(time, 1, 2, rng)
    assert (few == (time > 2)).all()


def test_the_lot_is_fair_among_those_who_lived():
    rng = np.random.default_rng(2)
    time = np.broadcast_to(np.arange(1.0, 11.0), (20000, 10))
    chosen = immortal_time.meaningless_responders(time, 0.4, 2.5, rng).mean(axis=0)
    assert chosen[:2].tolist() == [0, 0]
    # four of eight; four Monte Carlo errors
    assert np.abs(chosen[2:] - 0.5).max() < 4 * 0.5 / np.sqrt(20000)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: immortal_time.landmark([1.0], [1], -1), "a landmark at -1"),
        (lambda: immortal_time.lead([1.0], [1], np.inf), "a lead of inf"),
        (lambda: immortal_time.with_missed([1.0], [1], 1.0, 0), r"share is 1.0.*window is 0"),
        (
            lambda: immortal_time.meaningless_responders([1.0], 2, -1, np.random.default_rng(1)),
            r"share is 2.*assessed is -1",
        ),
        (lambda: immortal_time.landmark([1.0, 2.0], [1], 1), "must be the same"),
        (lambda: immortal_time.landmark([-1.0], [1], 1), "not negative"),
    ],
)
def test_what_is_out_of_range_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()
