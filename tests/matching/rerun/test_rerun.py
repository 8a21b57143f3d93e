"""Propensity scores against statsmodels, matched margins by hand, the re-run on made-up and on real papers."""

import itertools
import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from haicbook import study
from haicbook.matching import (
    INDEPENDENT,
    Exchangeable,
    Margins,
    RerunSetting,
    Unknown,
    counted,
    known_margins,
    measured,
    repeated_counts,
    rerun,
    sensitivity,
    summarise_rerun,
    summarise_sensitivity,
)
from haicbook.matching.balance.baseline import printed_covariates
from haicbook.matching.engine.pairs import distances
from haicbook.matching.engine.scores import logit_scores
from haicbook.matching.rerun import cohorts as drawing
from haicbook.matching.rerun.cohorts import draw, match_cohorts, matched_margins, places
from haicbook.matching.rerun.sensitivity import variations

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
ARMS = ("new", "old")
PLAIN = RerunSetting(0.1, "score", dependence=INDEPENDENT, shape="normal")


@pytest.fixture
def paper(paper_of):
    tables = {"before_psm": BEFORE, "after_psm": AFTER}
    return paper_of(SIZES, tables, VARIABLES, {"age": "mean_sd"}, MATCH_ON)


@pytest.fixture
def cohorts(paper):
    """Twenty cohorts on the covariates that add up."""
    covariates = tuple(c for c in printed_covariates(paper, "before_psm") if c.name in MATCH_ON)
    return draw(covariates, ARMS, 20, np.random.default_rng(1))


# --- propensity score -------------------------------------------------------------------------------------------------


@pytest.fixture
def unseparated(paper):
    """Five cohorts without etiology, one level of which separates the arms."""
    kept = tuple(c for c in printed_covariates(paper, "before_psm") if c.name in ("age", "sex", "ascites"))
    return draw(kept, ARMS, 5, np.random.default_rng(3), Unknown())


@pytest.mark.parametrize("model", ["logistic", "probit"])
def test_scores_are_those_of_statsmodels(unseparated, model):
    from statsmodels.api import Logit, Probit

    found = logit_scores(unseparated.design(), unseparated.treated, model)
    for design, logits in zip(unseparated.design(), found, strict=True):
        fitted = {"logistic": Logit, "probit": Probit}[model](unseparated.treated.astype(float), design)
        expected = fitted.fit(disp=0, tol=1e-12, maxiter=100).predict()
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, atol=1e-7)


def test_the_discriminant_is_that_of_two_normal_groups(unseparated):
    from scipy.stats import multivariate_normal

    design, treated = unseparated.design(), unseparated.treated
    found = logit_scores(design, treated, "discriminant")
    for terms, logits in zip(design[..., 1:], found, strict=True):
        groups = terms[treated], terms[~treated]
        within = sum(np.cov(group.T) * (len(group) - 1) for group in groups) / (len(terms) - 2)
        log_density = [multivariate_normal(group.mean(axis=0), within).logpdf(terms) for group in groups]
        expected = log_density[0] - log_density[1] + math.log(len(groups[0]) / len(groups[1]))
        np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_codes_number_the_levels(cohorts):
    # intercept, age, sex, etiology in one term, ascites
    assert cohorts.design("codes").shape == (20, 149, 5)
    assert set(np.unique(cohorts.design("codes")[..., 3])) == {0, 1, 2}
    # intercept, age, sex, three levels of etiology that occur, ascites
    assert cohorts.design().shape == (20, 149, 1 + 1 + 1 + 2 + 1)


def test_a_level_of_one_arm_only_sends_its_scores_to_one(cohorts):
    logits = logit_scores(cohorts.design(), cohorts.treated)
    etiology = cohorts.columns[[c.name for c in cohorts.covariates].index("etiology")]
    assert np.isfinite(logits).all()
    assert (logits[etiology == 2] > 10).all()
    assert (np.abs(logits[etiology != 2]) < 5).all()


def test_the_compiled_fit_is_the_plain_one(cohorts):
    from haicbook.matching.engine.loops import logistic

    arguments = (cohorts.design(), cohorts.treated.astype(float), 25, 1e-7, 1e-9)
    plain = getattr(logistic, "py_func", logistic)
    np.testing.assert_allclose(logistic(*arguments), plain(*arguments), rtol=1e-6, atol=1e-8)


def test_a_cohort_is_fitted_as_if_alone(cohorts):
    design = cohorts.design()
    together = logit_scores(design, cohorts.treated)
    alone = np.concatenate([logit_scores(one[None], cohorts.treated) for one in design])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.filterwarnings("error")
def test_arms_that_covariates_tell_apart_completely_leave_no_pairs():
    before = (counted("drug", ARMS, {"old": (0, 12), "new": (10, 0)}),)
    found = rerun(Margins("a table", ARMS, before), PLAIN, 5, np.random.default_rng(1))
    assert (found.pairs == 0).all()
    positions, _ = distances(np.array([[-2000.0, 0.0, 2000.0]]), "score")
    np.testing.assert_allclose(positions, [[0, 0.5, 1]], atol=1e-12)


def test_an_unknown_model_or_scale_is_refused(cohorts):
    with pytest.raises(ValueError, match="score model 'forest'; allowed are logistic, probit, discriminant, codes"):
        logit_scores(cohorts.design(), cohorts.treated, "forest")
    with pytest.raises(ValueError, match="caliper scale 'sd'; allowed are score, sd_score, sd_logit"):
        distances(np.zeros((1, 3)), "sd")


# --- matched margins --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", [PLAIN, replace(PLAIN, replacement=True), replace(PLAIN, ratio=2, caliper=WIDE)])
def test_matched_margins_are_those_of_the_pairs(cohorts, setting):
    logits = logit_scores(cohorts.design(), cohorts.treated)
    partners = match_cohorts(logits, cohorts.treated, setting, None, np.random.default_rng(1))
    sizes, margins = matched_margins(cohorts, partners)
    members = np.flatnonzero(cohorts.treated)
    for cohort in range(20):
        pairs = partners[cohort]
        matched = {"new": members[pairs[:, 0] >= 0], "old": pairs[pairs >= 0]}
        assert sizes[cohort].tolist() == [len(matched["new"]), len(matched["old"])]
        for found, (covariate, arm, level, statistic) in zip(
            margins[cohort], places(cohorts.covariates, ARMS), strict=True
        ):
            values = cohorts.columns[cohorts.covariates.index(covariate)][cohort, matched[arm]]
            expected = {"n": (values == level).sum, "mean": values.mean, "sd": lambda v=values: v.std(ddof=1)}[
                statistic
            ]()
            assert found == pytest.approx(expected)


def test_the_fewer_pairs_the_tighter_the_caliper(cohorts):
    logits = logit_scores(cohorts.design(), cohorts.treated)

    def pairs(caliper):
        setting = replace(PLAIN, caliper=caliper)
        return (match_cohorts(logits, cohorts.treated, setting, None, np.random.default_rng(1)) >= 0).sum(axis=(1, 2))

    found = [pairs(caliper) for caliper in [WIDE, 0.2, 0.03, 0.003, 0.0003]]
    for wider, tighter in itertools.pairwise(found):
        assert (tighter <= wider).all()
        assert tighter.sum() < wider.sum()
    assert (found[0] == 74).all()


# --- the re-run -------------------------------------------------------------------------------------------------------


def test_a_rerun_lays_what_came_out_beside_the_print(paper):
    found = rerun(paper, PLAIN, 60, np.random.default_rng(4))
    assert found.pairs.shape == (60,)
    assert found.printed_pairs == 48
    assert found.covariates == tuple(MATCH_ON)
    assert found.matched.shape == (60, len(found.margins))
    by_place = found.margins.set_index(["covariate", "level", "arm", "statistic"])
    assert by_place.printed["sex", "male", "new", "n"] == 41
    assert by_place.printed["sex", "female", "old", "n"] == 6
    assert by_place.printed_share["sex", "male", "new", "n"] == pytest.approx(41 / 48)
    assert by_place.printed["ascites", "other", "old", "n"] == 33
    assert by_place.printed["age", "", "old", "mean"] == 54.5
    assert by_place.printed["age", "", "old", "sd"] == 10.4
    assert by_place.before["age", "", "old", "mean"] == 56.0
    assert math.isnan(by_place.printed["etiology", "hbv", "new", "n"])


def test_matched_counts_sum_to_the_pairs_and_stay_within_the_cohort(paper):
    found = rerun(paper, PLAIN, 300, np.random.default_rng(4))
    for (_, _), group in found.margins[found.margins.statistic == "n"].groupby(["covariate", "arm"]):
        np.testing.assert_array_equal(found.matched[:, group.index].sum(axis=1), found.pairs)
    hcv = found.margins.index[(found.margins.level == "hcv") & (found.margins.arm == "old")]
    assert (found.matched[:, hcv] == 0).all()
    assert (found.margins.low <= found.margins["median"]).all()
    assert (found.margins["median"] <= found.margins.high).all()


def test_without_a_caliper_the_smaller_arm_keeps_all_its_patients(paper):
    found = rerun(paper, replace(PLAIN, caliper=WIDE), 10, np.random.default_rng(5))
    assert (found.pairs == 74).all()
    old = found.margins[(found.margins.arm == "old") & (found.margins.covariate == "sex")]
    assert old["median"].tolist() == [60, 14]


def test_a_rerun_depends_on_its_seed_only(paper):
    one, same, other = (rerun(paper, RerunSetting(0.05), 20, np.random.default_rng(seed)) for seed in (6, 6, 7))
    np.testing.assert_array_equal(one.matched, same.matched)
    assert (one.matched != other.matched).any()


def test_a_caliper_that_nobody_meets_leaves_no_pairs_and_no_figure(paper):
    found = rerun(paper, replace(PLAIN, caliper=1e-12), 3, np.random.default_rng(8))
    assert (found.pairs == 0).all()
    of_counts = found.margins.statistic == "n"
    assert (found.matched[:, of_counts] == 0).all()
    assert np.isnan(found.matched[:, ~of_counts]).all()
    assert found.margins[["median_share", "low_share", "high_share"]].isna().all(axis=None)


def test_no_pairs_at_all_is_a_result_and_no_p_value(paper):
    found = rerun(paper, replace(PLAIN, caliper=1e-12), 5, np.random.default_rng(8))
    assert found.discrepancy.members == 0
    assert math.isnan(found.discrepancy.p)
    assert found.p_pairs == pytest.approx(2 / 6)
    assert summarise_rerun(found)["pairs"] == 0


def test_a_covariate_that_does_not_add_up_needs_an_assumption(paper_of):
    tables = {"before_psm": BEFORE, "after_psm": AFTER}
    paper = paper_of(SIZES, tables, VARIABLES, {"age": "mean_sd"}, [*MATCH_ON, "afp"])
    message = (
        r"made_up cannot be matched again as it stands: AFP: levels sum to 70 of 75 in arm new; .*allowed is low, high"
    )
    with pytest.raises(ValueError, match=message):
        rerun(paper, PLAIN, 5, np.random.default_rng(9))
    out = rerun(paper, replace(PLAIN, repair={"afp": "left_out"}), 5, np.random.default_rng(9))
    assert "afp" not in out.covariates
    note = "AFP is left out: levels sum to 70 of 75 in arm new; levels sum to 70 of 74 in arm old."
    assert out.notes == (note,)
    repaired = rerun(paper, replace(PLAIN, repair={"afp": "low"}), 5, np.random.default_rng(9))
    assert repaired.covariates[-1] == "afp"
    assert "35 for 30 and 54 for 50" in repaired.notes[0]


def test_a_median_with_quartiles_is_left_out_and_named(paper_of):
    table = "age,Age,,55 (50~60),56 (51~61)\nsex,Sex,,,\nsex,Male,male,66,60\nsex,Female,female,9,14"
    paper = paper_of(SIZES, {"before_psm": table}, VARIABLES, {"age": "median_iqr"}, ["age", "sex"])
    found = rerun(paper, PLAIN, 5, np.random.default_rng(9))
    assert found.covariates == ("sex",)
    assert found.notes == ("Age is left out: mean and SD are not printed for both arms.",)
    same = rerun(paper, replace(PLAIN, repair={"age": "left_out"}), 5, np.random.default_rng(9))
    assert same.notes == found.notes


def test_nothing_left_to_match_on_is_an_error(paper):
    everything = replace(PLAIN, repair=dict.fromkeys(MATCH_ON, "left_out"))
    with pytest.raises(ValueError, match="made_up has no matching covariate left: Age is left out"):
        rerun(paper, everything, 5, np.random.default_rng(9))


def test_a_study_without_its_first_table_names_what_is_lost(paper_of):
    lost = {"what": "Table 1, baseline before matching", "why": "lost_in_text", "detail": "Its rows are missing."}
    paper = paper_of(SIZES, {"after_psm": AFTER}, VARIABLES, {"age": "mean_sd"}, ["age"], unavailable=[lost])
    with pytest.raises(ValueError, match=r"without its margins before matching\. Table 1, baseline before matching"):
        rerun(paper, PLAIN, 5, np.random.default_rng(1))


def test_a_matching_covariate_that_no_table_prints_is_named(paper_of):
    paper = paper_of(SIZES, {"before_psm": BEFORE}, VARIABLES, {"age": "mean_sd"}, ["age", "ecog", "bclc"])
    with pytest.raises(ValueError, match=r"matched on ecog, bclc, which no table before matching prints"):
        rerun(paper, PLAIN, 5, np.random.default_rng(1))


def test_an_unmatched_study_is_refused(paper_of):
    paper = paper_of(SIZES, {"before_psm": BEFORE}, VARIABLES, {"age": "mean_sd"})
    with pytest.raises(ValueError, match="was not matched"):
        rerun(paper, PLAIN, 5, np.random.default_rng(1))


def test_an_arm_without_patients_and_arms_of_two_sizes_are_refused():
    def run(*counts):
        before = tuple(counted(f"x{i}", ARMS, {"no": pair, "yes": pair}) for i, pair in enumerate(counts))
        return rerun(Margins("a table", ARMS, before), PLAIN, 5, np.random.default_rng(1))

    with pytest.raises(ValueError, match="a table cannot be matched again: arm old has nobody to match"):
        run((5, 0))
    with pytest.raises(
        ValueError, match="arm new has not one number of patients: x0 of 10, x1 of 12; arm old has nobody"
    ):
        run((5, 0), (6, 0))


def test_all_settings_out_of_range_are_said_at_once(paper):
    wrong = RerunSetting(0, "sd", order="first", ratio=0, score_model="forest", shape="flat")
    message = (
        r"caliper is 0.*ratio is 0.*scale is 'sd'.*order is 'first'.*model is 'forest'.*shape is 'flat'.*cohorts is 0"
    )
    with pytest.raises(ValueError, match=message):
        rerun(paper, wrong, 0, np.random.default_rng(1))
    with pytest.raises(ValueError, match="caliper is nan"):
        rerun(paper, RerunSetting(math.nan), 1, np.random.default_rng(1))


def test_the_printed_number_of_pairs_can_be_kept(paper):
    found = rerun(paper, PLAIN.keeping_pairs(), 200, np.random.default_rng(2))
    assert np.median(found.pairs) == 48
    assert (np.abs(found.pairs - 48) <= 2).all()
    unprinted = Margins("a table", ARMS, (counted("sex", ARMS, {"male": (30, 40), "female": (20, 25)}),))
    with pytest.raises(ValueError, match="no number of pairs is printed; a caliper of None needs one"):
        rerun(unprinted, PLAIN.keeping_pairs(), 5, np.random.default_rng(1))


def test_margins_of_any_other_study_can_be_run():
    before = (
        counted("stage", ARMS, {"a": (10, 30), "b": (20, 30), "c": (20, 20)}, "ordinal"),
        measured("age", ARMS, (50, 80), (61.0, 58.0), (8.0, 9.0)),
    )
    found = rerun(Margins("a table", ARMS, before), RerunSetting(0.2), 50, np.random.default_rng(1))
    assert (found.pairs <= 50).all()
    assert math.isnan(found.p_pairs)
    assert math.isnan(found.discrepancy.p)
    assert found.margins.printed.isna().all()


@pytest.mark.parametrize("order", ["smallest", "closest", "random", "data"])
def test_every_order_gives_pairs_and_the_same_bytes_again(paper, order):
    one, same = (rerun(paper, replace(PLAIN, order=order), 30, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.matched, same.matched)
    assert (one.pairs > 0).all()


def test_results_do_not_depend_on_how_many_cohorts_are_held_at_a_time(paper, monkeypatch):
    setting = replace(PLAIN, dependence=Exchangeable(0.3))
    at_once = rerun(paper, setting, 40, np.random.default_rng(4))
    monkeypatch.setattr(drawing, "_ENTRIES", 5000)
    in_blocks = rerun(paper, setting, 40, np.random.default_rng(4))
    np.testing.assert_allclose(at_once.matched, in_blocks.matched, rtol=1e-12)


def test_memory_stays_flat(paper):
    def peak(cohorts):
        tracemalloc.start()
        rerun(paper, PLAIN, cohorts, np.random.default_rng(5))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    few, many = peak(500), peak(1500)
    assert many - few < 4e6
    assert many < 60e6


# --- the grid ---------------------------------------------------------------------------------------------------------


def test_the_grid_has_every_assumption_and_the_base_once(paper):
    grid = sensitivity(paper, PLAIN, ("ascites", ""), 20, np.random.default_rng(6))
    assert set(grid.topic) == {
        *("As set", "Dependence", "Caliper", "Scale", "Order", "Replacement", "Score", "Shape", "48 pairs"),
    }
    assert not grid[["topic", "label"]].duplicated().any()
    assert (grid.topic == "As set").sum() == 1
    assert (grid.pairs_low <= grid.pairs).all()
    assert (grid.watched_low <= grid.watched).all()
    assert (grid.watched_printed == 29 / 96).all()
    tightest = grid[(grid.topic == "Caliper") & (grid.label == "0.01")].pairs.item()
    assert tightest < grid[grid.topic == "As set"].pairs.item() < grid[grid.label == "none"].pairs.item()


def test_the_grid_is_that_of_single_runs(paper):
    grid = sensitivity(paper, PLAIN, ("sex", "female"), 40, np.random.default_rng(7))
    seed = int(np.random.default_rng(7).integers(2**63))
    alone = rerun(paper, replace(PLAIN, dependence=Exchangeable(0.4)), 40, np.random.default_rng(seed))
    row = grid[(grid.topic == "Dependence") & (grid.label == "correlation 0.4")].iloc[0]
    assert row.pairs == np.median(alone.pairs)
    assert row.p == alone.discrepancy.p


def test_contradictory_margins_widen_the_grid():
    paper = study.load("liu_hepa")
    base = RerunSetting(0.2, repair={"etiology": "left_out"})
    grid = sensitivity(paper, base, ("afp", "gt400"), 4, np.random.default_rng(8))
    assert list(grid[grid.topic == "Margins"].label) == [
        "Etiology, No: 6 for 8",
        "Etiology, HBV: 80 for 82",
        "Etiology, HCV: 2 for 4",
        "Vascular invasion by its percentages",
        "Vascular invasion left out",
    ]


def test_a_level_that_no_table_has_cannot_be_watched(paper):
    with pytest.raises(ValueError, match="no level high of sex to watch; there are sex male, sex female"):
        sensitivity(paper, PLAIN, ("sex", "high"), 5, np.random.default_rng(1))


def test_variations_differ_from_the_base_in_one_thing():
    before = (counted("sex", ARMS, {"male": (30, 40), "female": (20, 25)}),)
    base = RerunSetting(0.2)
    for variation in variations(Margins("a table", ARMS, before, pairs=40), base)[1:]:
        changed = [name for name, value in vars(variation.setting).items() if value != getattr(base, name)]
        assert set(changed) <= ({"caliper", "dependence"} if variation.topic == "40 pairs" else set(changed[:1]))
        assert changed


# --- the papers -------------------------------------------------------------------------------------------------------


def test_liu_hepa_keeps_far_more_patients_with_high_afp_than_it_prints():
    base = RerunSetting(0.2, repair={"etiology": "left_out"})
    grid = sensitivity(study.load("liu_hepa"), base, ("afp", "gt400"), 60, np.random.default_rng(9))
    assert (grid.watched_low > 1.5 * grid.watched_printed).all()
    assert (grid.p <= 0.05).all()
    found = summarise_sensitivity(grid)
    assert found["settings"] == found["surprising"] == len(grid)
    assert found["watched_printed"] == 10 / 96


def test_lin2023_departs_in_the_row_that_repeats_another():
    found = rerun(study.load("lin2023"), RerunSetting(0.03, "score").keeping_pairs(), 400, np.random.default_rng(10))
    assert found.discrepancy.drivers.group[0] == "pvtt"
    assert found.discrepancy.p < 0.01
    assert found.discrepancy.drivers.p_without[0] > 0.05
    assert repeated_counts(found) == [("BCLC stage", "Portal vein tumour thrombosis")]


def test_cao2024_is_not_run_again_and_what_is_left_is_shown():
    paper = study.load("cao2024")
    with pytest.raises(ValueError, match=r"^cao2024 "):
        rerun(paper, RerunSetting(0.03, "score"), 10, np.random.default_rng(1))
    known = known_margins(paper)
    assert set(known.covariate) == set(paper.spec.matching.covariates)
    before = known[known.population == "Before matching"]
    assert set(before.covariate) == {"age", "sex"}
    assert known[known.covariate == "tumor_number"].cell.tolist() == [""]
    assert "152 (83.5%)" in set(known.cell)
