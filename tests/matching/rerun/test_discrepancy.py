"""How surprising a printed table is: calibrated ranks, rows and drivers that are found, honest papers let go."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.matching import Exchangeable, Margins, RerunSetting, Unknown, counted, measured, rerun
from haicbook.matching.rerun.discrepancy import discrepancy
from haicbook.matching.rerun.honest_papers import calibrate, honest_paper

GROUPS = ["a", "a", "b", "b", "c", "c"]


def correlated(members: int, rng: np.random.Generator) -> np.ndarray:
    """Six margins, three of them nearly copies, one skewed, one with few values; the units differ widely."""
    values = rng.standard_normal((members, 6))
    values[:, 1] = values[:, 0] + 0.1 * values[:, 1]
    values[:, 3] = np.exp(values[:, 3])
    values[:, 4] = np.round(values[:, 4])
    return values * [1, 100, 0.01, 1, 1, 1000]


def test_the_rank_is_calibrated_whatever_the_distribution():
    rng = np.random.default_rng(1)
    found = [discrepancy(sample[1:], sample[0], GROUPS) for sample in (correlated(100, rng) for _ in range(1500))]
    for p in (
        [each.p for each in found],
        [each.p_distance for each in found],
        [each.rows.p_adjusted.min() for each in found],
    ):
        for level in (0.05, 0.2, 0.5):
            assert np.mean(np.array(p) <= level) == pytest.approx(
                level, abs=3.5 * math.sqrt(level * (1 - level) / 1500)
            )
        assert np.mean(p) == pytest.approx(0.5, abs=0.03)


def test_rows_are_ranked_as_by_hand():
    ensemble = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 6.0], [4.0, 6.0]])
    found = discrepancy(ensemble, np.array([3.5, 9.0]), ["a", "b"])
    everyone = np.vstack([[3.5, 9.0], ensemble])
    z = (everyone - everyone.mean(axis=0)) / everyone.std(axis=0)
    np.testing.assert_allclose(found.rows.z, z[0])
    # of five, two are at least 3.5 and four at most; one is at least 9
    np.testing.assert_allclose(found.rows.p, [0.8, 0.4])
    np.testing.assert_allclose(found.rows.p_adjusted, [(np.abs(z).max(axis=1) >= abs(z[0, 0])).mean(), 0.2])
    assert found.members == 4


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6))
def test_units_and_order_are_of_no_matter(seed):
    rng = np.random.default_rng(seed)
    sample = correlated(60, rng)
    found = discrepancy(sample[1:], sample[0], GROUPS)
    scaled = sample * rng.uniform(0.1, 10, 6) + rng.normal(size=6)
    shuffled = rng.permutation(scaled[1:], axis=0)
    again = discrepancy(shuffled, scaled[0], GROUPS)
    assert again.distance == pytest.approx(found.distance, rel=1e-6)
    assert again.p == found.p
    np.testing.assert_allclose(again.rows.p_adjusted, found.rows.p_adjusted)
    assert 1 / 60 <= found.p <= 1


def test_a_print_far_out_is_beyond_all_and_its_row_drives_it():
    sample = correlated(500, np.random.default_rng(2))
    printed = sample[0].copy()
    usual = discrepancy(sample[1:], printed, GROUPS)
    printed[2] += 0.3
    found = discrepancy(sample[1:], printed, GROUPS)
    assert usual.p > 0.05
    assert found.p == 1 / 500
    assert found.rows.p_adjusted.idxmin() == 2
    assert found.drivers.group[0] == "b"
    assert found.drivers.p_without[0] > 0.05
    assert (found.drivers.p_without[1:] < 0.05).all()


def test_what_is_not_printed_and_members_without_pairs_are_left_out():
    sample = correlated(200, np.random.default_rng(3))
    printed = sample[0].copy()
    printed[5] = math.nan
    ensemble = sample[1:].copy()
    ensemble[:20, 0] = math.nan
    found = discrepancy(ensemble, printed, GROUPS)
    same = discrepancy(ensemble[20:, :5], printed[:5], GROUPS[:5])
    assert found.members == 179
    assert found.p == same.p
    assert math.isnan(found.rows.p[5])


def test_a_margin_that_never_moves_is_no_evidence_unless_the_print_moves():
    sample = correlated(300, np.random.default_rng(4))
    still = np.column_stack([sample, np.full(300, 2.0)])
    same = discrepancy(still[1:], still[0], [*GROUPS, "d"])
    assert same.p == discrepancy(sample[1:], sample[0], GROUPS).p
    assert discrepancy(still[1:], np.append(sample[0], 3.0), [*GROUPS, "d"]).p == 1 / 300


@pytest.mark.parametrize("printed", [np.full(6, math.nan), np.zeros(6)])
def test_nothing_to_compare_gives_no_p(printed):
    ensemble = np.full((5, 6), math.nan)
    found = discrepancy(ensemble, printed, GROUPS)
    assert math.isnan(found.p)
    assert found.drivers.empty


# --- honest papers ----------------------------------------------------------------------------------------------------

ARMS = ("new", "old")
TEMPLATE = Margins(
    "made up",
    ARMS,
    (
        measured("age", ARMS, (45, 55), (60.0, 57.0), (9.0, 11.0)),
        counted("sex", ARMS, {"male": (35, 45), "female": (10, 10)}),
        counted("stage", ARMS, {"a": (10, 20), "b": (20, 25), "c": (15, 10)}, "ordinal"),
        counted("afp", ARMS, {"low": (25, 40), "high": (20, 15)}),
        counted("number", ARMS, {"one": (15, 12), "many": (30, 43)}),
    ),
)
RIGHT = RerunSetting(0.2, "sd_logit", dependence=Exchangeable(0.3), shape="normal")
PAPERS = 300


@pytest.mark.parametrize(
    ("truth", "assumed", "low"),
    [
        (RIGHT, RIGHT, 0.03),
        (replace(RIGHT, dependence=Unknown(), shape="unknown"), RerunSetting(0.2), 0.03),
        # with the dependence left open the test is no bolder when the papers share one, only more careful
        (RIGHT, RerunSetting(0.2), 0.0),
        (replace(RIGHT, dependence=Exchangeable(0.0), shape="skewed"), RerunSetting(0.2), 0.0),
    ],
    ids=["right", "unknown", "unknown for 0.3", "unknown for independent and skewed"],
)
def test_honest_papers_are_rejected_as_often_as_they_should_be(truth, assumed, low):
    found = calibrate(TEMPLATE, truth, assumed, PAPERS, 119, np.random.default_rng(11))
    assert len(found.p) == PAPERS
    assert low <= found.rejected() <= 0.07
    assert (found.smallest_row <= 0.05).mean() <= 0.07
    assert (found.p_pairs <= 0.05).mean() <= 0.07


def test_a_dishonest_row_is_found_and_named():
    rng = np.random.default_rng(12)
    found = []
    for _ in range(10):
        honest = honest_paper(TEMPLATE, RIGHT, rng)
        afp = honest.after["afp"]
        few = {arm: replace(summary, counts=np.array([summary.n - 1.0, 1.0])) for arm, summary in afp.arms.items()}
        forged = replace(honest, after={**honest.after, "afp": replace(afp, arms=few)})
        found.append(rerun(forged, RerunSetting(0.2), 200, rng))
    assert sum(each.discrepancy.p <= 0.05 for each in found) >= 9
    assert sum(each.margins.covariate[each.margins.z.abs().idxmax()] == "afp" for each in found) >= 9


def test_an_honest_paper_prints_what_its_patients_gave():
    paper = honest_paper(TEMPLATE, RIGHT, np.random.default_rng(13))
    for covariate in paper.before:
        for arm, n in zip(ARMS, (45, 55), strict=True):
            assert covariate.arms[arm].n == n
            if covariate.type != "continuous":
                assert covariate.arms[arm].counts.sum() == n
                assert (paper.after[covariate.name].arms[arm].counts <= covariate.arms[arm].counts).all()
                assert paper.after[covariate.name].arms[arm].counts.sum() == paper.pairs
    assert 0 < paper.pairs <= 45
