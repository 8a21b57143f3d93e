"""Patients from a digitised curve: near the true ones, and nothing but what curve and table say."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import patients

from haicbook.survival import TargetError, estimators
from haicbook.survival.guyot import from_curve

COLUMNS = 6.0
# what whole patients cannot meet is said; one test looks at the words
pytestmark = pytest.mark.filterwarnings("ignore:.* printed")


def read(time, event, *, digits=0.002):
    """What a careful hand reads: the curve at its corners and its end, and the table beneath it."""
    corners = np.append(np.unique(time[event]), time.max())
    heights = estimators.survival_at(estimators.km(time, event), corners)[0]
    columns = np.arange(0, time.max(), COLUMNS)
    if digits:
        heights = np.clip(np.round(heights / digits) * digits, 0, 1)
    return corners, heights, columns, estimators.at_risk(time, event, columns)[0]


def trial_arm(rng):
    """An arm as trials have them: deaths at any time, follow-up ended for most by the end of the trial."""
    n = int(rng.integers(40, 190))
    death, follow_up = rng.exponential(rng.uniform(10, 25), n), rng.uniform(12, 36, n)
    return np.ceil(np.minimum(death, follow_up) * 30.4375) / 30.4375, death <= follow_up


@pytest.mark.parametrize("with_events", [False, True])
def test_reconstructed_patients_have_the_curve_and_the_hazard_ratio(with_events):
    rng = np.random.default_rng(5)
    apart, contrast = [], []
    for _ in range(40):
        arms = [trial_arm(rng) for _ in range(2)]
        again = [from_curve(*read(*arm), int(arm[1].sum()) if with_events else None) for arm in arms]
        group = np.repeat([1, 0], [len(arm[0]) for arm in arms])
        log_hr = [
            estimators.cox(np.concatenate([t for t, _ in both]), np.concatenate([e for _, e in both]), group)[0][0]
            for both in (arms, again)
        ]
        contrast.append(abs(log_hr[0] - log_hr[1]))
        for (time, event), (t, e) in zip(arms, again, strict=True):
            grid = np.linspace(0, np.quantile(time, 0.9), 101)[1:]
            curves = [estimators.survival_at(estimators.km(*rows), grid)[0] for rows in ((time, event), (t, e))]
            apart.append(np.abs(curves[0] - curves[1]).mean())
    assert np.median(contrast) <= 0.008
    assert np.median(apart) <= 0.006


def test_without_censoring_all_patients_come_back():
    rng = np.random.default_rng(2)
    time, event = np.round(rng.exponential(9, 60), 2) + 0.01, np.ones(60, bool)
    again, died = from_curve(*read(time, event, digits=0))
    np.testing.assert_allclose(again, np.sort(time))
    assert died.all()


def test_the_last_stretch_has_the_printed_deaths():
    time, event = np.arange(1.0, 41.0), np.arange(40) % 3 != 0
    corners, heights, _, _ = read(time, event)
    for deaths in (20, 24, int(event.sum())):
        _, died = from_curve(corners, heights, [0], [40], deaths)
        assert abs(died.sum() - deaths) <= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 80), st.booleans())
def test_what_holds_of_any_reconstruction(seed, n, with_events):
    rng = np.random.default_rng(seed)
    time, event = patients(rng, n, grid=rng.choice([0.0, 0.5, 1.0]) or None)
    curve = read(time, event, digits=0.01)
    again, died = from_curve(*curve, int(event.sum()) if with_events else None)
    assert len(again) == len(died) == n
    assert (np.diff(again) >= 0).all()
    assert (again >= 0).all()
    assert again.max() <= time.max() + 1e-9
    assert set(again[died]) <= set(curve[0])


def test_a_reading_out_of_order_or_rising_is_mended():
    straight, _ = from_curve([2.0, 4, 6], [0.8, 0.6, 0.4], [0], [10])
    for crooked in (([6.0, 2, 4], [0.4, 0.8, 0.6]), ([2.0, 4, 5, 6], [0.8, 0.6, 0.61, 0.4])):
        time, _ = from_curve(*crooked, [0], [10])
        np.testing.assert_allclose(time, straight)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 80), st.integers(0, 2))
def test_every_number_at_risk_is_met_or_named(seed, n, beyond):
    rng = np.random.default_rng(seed)
    time, event = patients(rng, n)
    corners, heights, columns, at_risk = read(time, event, digits=0.01)
    # a column at the last reading, and some beyond it
    columns = np.append(columns, time.max() + COLUMNS * np.arange(beyond + 1))
    at_risk = np.append(at_risk, [(time >= column).sum() for column in columns[len(at_risk) :]])
    found = from_curve(corners, heights, columns, at_risk)
    missed = {column for column, _, _ in found.fit.at_risk_missed}
    for column, number in zip(columns, at_risk, strict=True):
        assert ((found.time >= column).sum() != number) == (column in missed)
    assert len(found.fit.missed) == len(missed)


def test_the_last_number_at_risk_is_used():
    curve = ([2.0, 5, 9, 12], [0.9, 0.8, 0.7, 0.7])
    for last in (12, 15):
        time, _ = from_curve(*curve, [0, 6, last], [50, 38, 11])
        assert [(time >= column).sum() for column in (0, 6, last)] == [50, 38, 11]


@pytest.mark.parametrize(("events", "said"), [(5, True), (39, True), (12, False), (None, False)])
def test_events_that_cannot_be_reached_are_said_with_the_nearest(events, said):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        fit = from_curve([2.0, 5, 9], [0.9, 0.8, 0.7], [0, 6, 9], [50, 38, 20], events).fit
    assert [str(warning.message) for warning in warned] == list(fit.missed)
    words = f"{events} events are printed; the nearest that curve and table allow is {fit.events}"
    assert fit.missed == ((words,) if said else ())
    assert fit.mean <= fit.largest < 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2], [0.9], [0], [10]), "one reading each"),
        (([], [], [0], [10]), "one reading each"),
        (([1.0, -2], [0.9, 0.8], [0], [10]), "negative"),
        (([1.0, 2], [90, 80], [0], [10]), "outside 0 to 1"),
        (([0.0], [1.0], [0], [10]), "needs a length"),
        (([1.0, 2], [0.9, 0.8], [6], [10]), "begin at 6 months"),
        (([1.0, 2], [0.9, 0.8], [0, 1, 1], [10, 9, 8]), "do not ascend"),
        (([1.0, 2], [0.9, 0.8], [0, 1], [10, 12]), "rise"),
        (([1.0, 2], [0.9, 0.8], [0], [9.5]), "must be whole"),
        (([1.0, 2], [0.9, 0.8], [0, 1], [10]), "as many of each"),
        (([1.0, 2], [0.9, 0.8], [0], [10], 12), "12 events among 10 patients"),
    ],
)
def test_readings_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(TargetError, match=message):
        from_curve(*arguments)
