"""Matching against pymatchit-causal and statsmodels, cohorts against the printed margins, and the whole re-run."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.matching.cohorts import draw
from haicbook.matching.covariates import printed_covariates
from haicbook.matching.nearest import distances, logit_scores, match
from haicbook.matching.rerun import rerun

PAIRS = pd.read_csv(Path(__file__).parents[1] / "oracle" / "pairs.csv")

BEFORE = """
age,Age,,55.3±9.5,56.0±10.5
sex,Sex,,,
sex,Male,male,66,60
sex,Female,female,9,14
etiology,Etiology,,,
etiology,None,none,6,9
etiology,HBV,hbv,61,65
etiology,HCV,hcv,8,0
etiology,Other,other,0,0
ascites,Ascites,,23,32
afp,AFP,,,
afp,low,low,30,50
afp,high,high,40,20
"""
AFTER = """
age,Age,,55.1±10.0,54.5±10.4
sex,Sex,,,
sex,Female,female,7,6
sex,Male,male,41,42
ascites,Ascites,,14,15
"""
SIZES = {"before_psm": (75, 74), "after_psm": (48, 48)}
VARIABLES = {"age": "continuous", "sex": "binary", "etiology": "nominal", "ascites": "binary", "afp": "binary"}
MATCH_ON = ["age", "sex", "etiology", "ascites"]
WIDE = math.inf


@pytest.fixture
def paper(paper_of):
    tables = {"before_psm": BEFORE, "after_psm": AFTER}
    return paper_of(SIZES, tables, VARIABLES, {"age": "mean_sd"}, MATCH_ON)


@pytest.fixture
def cohorts(paper):
    """Twenty cohorts on the covariates that add up."""
    covariates = tuple(c for c in printed_covariates(paper, "before_psm") if c.name in MATCH_ON)
    return draw(covariates, ("new", "old"), 20, np.random.default_rng(1))


# --- cohorts ----------------------------------------------------------------------------------------------------------


def test_every_cohort_has_exactly_the_printed_margins(cohorts):
    assert cohorts.treated.sum() == 75
    for covariate, column in zip(cohorts.covariates, cohorts.columns, strict=True):
        for arm, members in (("new", cohorts.treated), ("old", ~cohorts.treated)):
            summary = covariate.arms[arm]
            if covariate.type == "continuous":
                np.testing.assert_allclose(column[:, members].mean(axis=1), summary.moments["mean"], rtol=1e-12)
                np.testing.assert_allclose(column[:, members].std(axis=1, ddof=1), summary.moments["sd"], rtol=1e-12)
            else:
                for level, count in enumerate(summary.counts):
                    assert ((column[:, members] == level).sum(axis=1) == count).all()


def test_cohorts_differ_and_the_seed_decides(cohorts, paper):
    again = draw(cohorts.covariates, ("new", "old"), 20, np.random.default_rng(1))
    other = draw(cohorts.covariates, ("new", "old"), 20, np.random.default_rng(2))
    for first, same, different in zip(cohorts.columns, again.columns, other.columns, strict=True):
        assert (first == same).all()
        assert (first != different).any()
        assert (first[0] != first[1]).any()


def test_the_model_matrix_has_a_term_for_each_level_but_the_first_with_patients(cohorts):
    # intercept, age, sex, three levels of etiology that occur, ascites
    assert cohorts.design().shape == (20, 149, 1 + 1 + 1 + 2 + 1)


# --- propensity score -------------------------------------------------------------------------------------------------


def test_scores_are_those_of_statsmodels(paper):
    from statsmodels.api import Logit

    # without etiology, one level of which separates the arms
    kept = tuple(c for c in printed_covariates(paper, "before_psm") if c.name in ("age", "sex", "ascites"))
    drawn = draw(kept, ("new", "old"), 5, np.random.default_rng(3))
    found = logit_scores(drawn.design(), drawn.treated)
    for design, logits in zip(drawn.design(), found, strict=True):
        expected = Logit(drawn.treated.astype(float), design).fit(disp=0, tol=1e-12)
        np.testing.assert_allclose(logits, expected.fittedvalues, atol=1e-8)


def test_a_level_of_one_arm_only_sends_its_scores_to_one(cohorts):
    logits = logit_scores(cohorts.design(), cohorts.treated)
    etiology = cohorts.columns[[c.name for c in cohorts.covariates].index("etiology")]
    assert np.isfinite(logits).all()
    assert (logits[etiology == 2] > 10).all()
    assert (np.abs(logits[etiology != 2]) < 5).all()


# --- matching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "scale", "caliper", "pairs"),
    [("none", "score", WIDE, 185), ("sd_score", "sd_score", 0.2, 113), ("sd_logit", "sd_logit", 0.2, 117)],
)
def test_lalonde_is_matched_as_pymatchit_matches_it(column, scale, caliper, pairs):
    treated = (PAIRS.treat == 1).to_numpy()
    positions, units = distances(PAIRS.logit.to_numpy()[None], scale)
    partners = match(positions, treated, caliper * units)[0]
    expected = PAIRS.loc[treated, column].to_numpy()

    def scores_of_pairs(found: np.ndarray) -> np.ndarray:
        """Patients with equal scores are interchangeable, so pairs are compared by their scores."""
        matched = found >= 0
        return np.array(sorted(zip(positions[0][treated][matched], positions[0][found[matched]], strict=True)))

    assert (partners >= 0).sum() == pairs
    np.testing.assert_array_equal(scores_of_pairs(partners), scores_of_pairs(expected))


def by_hand(positions: np.ndarray, treated: np.ndarray, caliper: float) -> list[int]:
    """One cohort, one patient after the other."""
    free = list(np.flatnonzero(~treated))
    partner = {}
    for patient in sorted(np.flatnonzero(treated), key=lambda i: -positions[i]):
        nearest = min(free, key=lambda i: abs(positions[i] - positions[patient]), default=None)
        if nearest is not None and abs(positions[nearest] - positions[patient]) <= caliper:
            free.remove(nearest)
            partner[patient] = nearest
    return [partner.get(patient, -1) for patient in np.flatnonzero(treated)]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.01, 0.1, 0.5, WIDE]))
def test_many_cohorts_at_once_are_matched_as_one_by_one(seed, of_treated, of_controls, caliper):
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.repeat([True, False], [of_treated, of_controls]))
    positions = rng.normal(size=(6, len(treated)))
    found = match(positions, treated, np.full(6, caliper))
    assert found.tolist() == [by_hand(row, treated, caliper) for row in positions]


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(0.001, 1), st.floats(0.001, 1))
def test_pairs_are_disjoint_and_within_the_caliper(seed, one, other):
    rng = np.random.default_rng(seed)
    treated = np.repeat([True, False], [30, 40])
    positions = rng.normal(size=(1, 70))
    for caliper in (one, other):
        partners = match(positions, treated, np.array([caliper]))[0]
        taken = partners[partners >= 0]
        assert len(set(taken)) == len(taken)
        assert not treated[taken].any()
        assert (np.abs(positions[0][treated][partners >= 0] - positions[0][taken]) <= caliper).all()


def test_the_fewer_pairs_the_tighter_the_caliper(cohorts):
    positions, units = distances(logit_scores(cohorts.design(), cohorts.treated), "score")
    calipers = [WIDE, 0.2, 0.03, 0.003, 0.0003]
    pairs = [(match(positions, cohorts.treated, caliper * units) >= 0).sum(axis=1) for caliper in calipers]
    for wider, tighter in itertools.pairwise(pairs):
        assert (tighter <= wider).all()
        assert tighter.sum() < wider.sum()
    assert (pairs[0] == 74).all()


# --- the re-run -------------------------------------------------------------------------------------------------------


def test_a_rerun_lays_what_came_out_beside_the_print(paper):
    found = rerun(paper, 0.1, "score", 60, np.random.default_rng(4))
    assert found.pairs.shape == (60,)
    assert found.printed_pairs == 48
    assert found.covariates == tuple(MATCH_ON)
    assert found.matched.shape == (60, len(found.margins))
    by_place = found.margins.set_index(["covariate", "level", "arm"])
    assert by_place.printed["sex", "male", "new"] == 41
    assert by_place.printed["sex", "female", "old"] == 6
    assert by_place.printed_share["sex", "male", "new"] == pytest.approx(41 / 48)
    assert by_place.printed["ascites", "other", "old"] == 33
    assert by_place.printed["age", "", "old"] == 54.5
    assert math.isnan(by_place.printed["etiology", "hbv", "new"])


def test_matched_counts_sum_to_the_pairs_and_stay_within_the_cohort(paper):
    found = rerun(paper, 0.1, "score", 300, np.random.default_rng(4))
    for (_, _), group in found.margins[found.margins.statistic == "n"].groupby(["covariate", "arm"]):
        np.testing.assert_array_equal(found.matched[:, group.index].sum(axis=1), found.pairs)
    hcv = found.margins.index[(found.margins.level == "hcv") & (found.margins.arm == "old")]
    assert (found.matched[:, hcv] == 0).all()
    assert (found.margins.low <= found.margins["median"]).all()
    assert (found.margins["median"] <= found.margins.high).all()


def test_without_a_caliper_the_smaller_arm_keeps_all_its_patients(paper):
    found = rerun(paper, WIDE, "score", 10, np.random.default_rng(5))
    assert (found.pairs == 74).all()
    old = found.margins[(found.margins.arm == "old") & (found.margins.covariate == "sex")]
    assert old["median"].tolist() == [60, 14]


def test_a_rerun_depends_on_its_seed_only(paper):
    one, same, other = (rerun(paper, 0.05, "sd_logit", 20, np.random.default_rng(seed)) for seed in (6, 6, 7))
    np.testing.assert_array_equal(one.matched, same.matched)
    assert (one.matched != other.matched).any()


def test_a_caliper_that_nobody_meets_leaves_no_pairs_and_no_figure(paper):
    found = rerun(paper, 1e-12, "score", 3, np.random.default_rng(8))
    assert (found.pairs == 0).all()
    of_counts = found.margins.statistic == "n"
    assert (found.matched[:, of_counts] == 0).all()
    assert np.isnan(found.matched[:, ~of_counts]).all()
    assert found.margins[["median_share", "low_share", "high_share"]].isna().all(axis=None)


def test_a_covariate_that_does_not_add_up_is_left_out_and_named(paper_of):
    tables = {"before_psm": BEFORE, "after_psm": AFTER}
    paper = paper_of(SIZES, tables, VARIABLES, {"age": "mean_sd"}, [*MATCH_ON, "afp"])
    found = rerun(paper, 0.1, "score", 5, np.random.default_rng(9))
    assert "afp" not in found.covariates
    note = "AFP is left out: levels sum to 70 of 75 in arm new; levels sum to 70 of 74 in arm old."
    assert found.notes == (note,)


def test_a_study_without_its_first_table_names_what_is_lost(paper_of):
    lost = {"what": "Table 1, baseline before matching", "why": "lost_in_text", "detail": "Its rows are missing."}
    paper = paper_of(SIZES, {"after_psm": AFTER}, VARIABLES, {"age": "mean_sd"}, ["age"], unavailable=[lost])
    with pytest.raises(ValueError, match=r"without its margins before matching\. Table 1, baseline before matching"):
        rerun(paper, 0.1, "score", 5, np.random.default_rng(1))


def test_a_matching_covariate_that_no_table_prints_is_named(paper_of):
    paper = paper_of(SIZES, {"before_psm": BEFORE}, VARIABLES, {"age": "mean_sd"}, ["age", "ecog", "bclc"])
    with pytest.raises(ValueError, match=r"matched on ecog, bclc, which no table before matching prints"):
        rerun(paper, 0.1, "score", 5, np.random.default_rng(1))


def test_an_unmatched_study_is_refused(paper_of):
    paper = paper_of(SIZES, {"before_psm": BEFORE}, VARIABLES, {"age": "mean_sd"})
    with pytest.raises(ValueError, match="was not matched"):
        rerun(paper, 0.1, "score", 5, np.random.default_rng(1))


def test_all_settings_out_of_range_are_said_at_once(paper):
    with pytest.raises(ValueError, match=r"caliper is 0.*caliper_scale is 'sd'.*replicates is 0"):
        rerun(paper, 0, "sd", 0, np.random.default_rng(1))
