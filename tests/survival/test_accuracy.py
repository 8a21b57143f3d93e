"""The accuracy benchmark: its split is the kept one, its printed numbers are true, its scores are what they say."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are no part of the package

from benchmarks.accuracy import comparators, printing, scoring, simulations, split

from haicbook.survival import Ensemble, Member, estimators, violations
from haicbook.survival.conventions import AssumedConventions


def test_the_kept_split_is_the_one_that_the_script_makes():
    pd.testing.assert_frame_equal(split.make(), split.load())
    kept = split.load()
    assert set(kept.use) == {"tuning", "reporting"}
    assert (kept.use == "reporting").sum() >= 200
    real = kept[~kept.kind.isin(simulations.FAMILIES)]
    assert not real[["kind", "use"]].drop_duplicates().kind.duplicated().any()  # draws of one source share patients


@pytest.mark.parametrize("family", simulations.FAMILIES)
def test_a_simulated_trial_follows_its_curve(family):
    """Many trials of one seed's curve are not to be had; the Kaplan-Meier curve of one large trial is."""
    rng = np.random.default_rng(4)
    curve = simulations._curve(simulations._hazards(family, 12.0, rng)["a"])
    times = simulations._inverse(curve, rng.uniform(size=20_000))
    grid = np.linspace(1, 30, 30)
    alive = (times[:, None] > grid).mean(axis=0)
    np.testing.assert_allclose(alive, curve(grid), atol=0.015)


@pytest.mark.parametrize("number", range(0, 300, 25))
def test_what_is_printed_is_true_of_the_patients(number):
    """By the reconstruction's own check, which shares no code with the estimators that print."""
    row = split.load().iloc[number]
    trial = split.trial(row.kind, int(row.seed))
    program = "SPSS" if row.program == "lifelines" else row.program
    targets = printing.printed(trial, "c", program)
    interval, _, ties, _ = printing.CONVENTIONS[program]
    rows = {arm: (trial.time[arm], trial.event[arm]) for arm in trial.time}
    assert violations(rows, targets, AssumedConventions(interval=interval, ties=ties)) == []


def test_levels_print_more_and_more():
    trial = split.trial("weibull", 11)
    a, b, c = (printing.printed(trial, level, "R") for level in printing.LEVELS)
    assert a.arms["a"].events is None
    assert b.arms["a"].events == trial.event["a"].sum()
    assert not b.arms["a"].landmarks
    assert c.arms["a"].landmarks


def test_a_perfect_reconstruction_has_no_error_and_is_covered():
    trial = split.trial("weibull", 11)
    asked = scoring.question("x", "weibull", "b", trial, "R")
    members = {
        arm: Member(np.tile(trial.time[arm], (40, 1)), np.tile(trial.event[arm], (40, 1))) for arm in asked.targets.arms
    }
    score = scoring._against_sample(asked, Ensemble(asked.targets, "uniform", members, asked.targets))
    assert (score["e"], score["d"], score["width"]) == pytest.approx((0, 0, 0))
    assert (score["covered"], score["d_covered"]) == (1, 1)
    at_risk = [estimators.at_risk(trial.time[arm], trial.event[arm], [asked.tau])[0, 0] for arm in ("a", "b")]
    shares = [count / len(trial.time[arm]) for count, arm in zip(at_risk, ("a", "b"), strict=True)]
    assert min(shares) == pytest.approx(0.1, abs=0.05)


def test_comparators_pass_through_their_points():
    trial = split.trial("weibull", 11)
    targets = printing.printed(trial, "c", "R")
    for arm, curve in comparators.exponential(targets).items():
        assert curve(np.array(targets.arms[arm].median.middle)) == pytest.approx(0.5)
    flat = comparators.area(lambda t: np.exp(-0.1 * np.asarray(t)), 12.0)
    assert flat == pytest.approx((1 - np.exp(-1.2)) / 0.1, rel=1e-6)
