"""Standardised differences against R, against patients written out, and their invariants; whole tables in and out."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.matching.balance.assessment import COLUMNS, VERDICTS, balance, verdict
from haicbook.matching.balance.differences import binary_smd, categorical_smd, distance_interval, mean_smd, smd_interval
from haicbook.matching.balance.summaries import mean_and_sd_from_quartiles

ORACLE = Path(__file__).parents[2] / "oracle"
R = pd.read_csv(ORACLE / "balance.csv")
QUARTILES = pd.read_csv(ORACLE / "balance_quartiles.csv")
DISTANCES = pd.read_csv(ORACLE / "matching_distances.csv")

open_shares = st.floats(0.001, 0.999)
counts = st.lists(st.tuples(st.integers(1, 90), st.integers(1, 90)), min_size=2, max_size=6)
moments = st.tuples(st.floats(-100, 100), st.floats(0.1, 50))
sizes = st.integers(2, 500)

BEFORE = """
age,Age (years),,55.3 ± 9.5,56.0 ± 10.5
afp,AFP,,25.3 (14.9~52.3),28.5 (15.1~55.0)
sex,Sex,,,
sex,Male,male,66 (88.0%),60 (81.1%)
sex,Female,female,9 (12.0%),14 (18.9%)
etiology,Etiology,,,
etiology,None,none,6 (8.0%),8 (10.8%)
etiology,HBV,hbv,61 (81.3%),60 (81.1%)
etiology,HCV,hcv,8 (10.7%),6 (8.1%)
ascites,Ascites,,23 (30.7%),22 (29.7%)
"""
VARIABLES = {"age": "continuous", "afp": "continuous", "sex": "binary", "etiology": "nominal", "ascites": "binary"}
STATISTICS = {"age": "mean_sd", "afp": "median_iqr"}


def shares(arm: str) -> np.ndarray:
    found = np.array([float(count) for count in arm.split()])
    return found / found.sum()


# --- definitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", list(R[R.what == "categorical"].itertuples(index=False)), ids=lambda row: row.input)
def test_categorical_differences_are_those_of_r(row):
    treated, control = (shares(arm) for arm in row.input.split(";"))
    assert categorical_smd(treated, control) == pytest.approx(row.smd, rel=1e-9)


@pytest.mark.parametrize("row", list(R[R.what == "mean"].itertuples(index=False)), ids=lambda row: row.input)
def test_differences_of_means_and_their_limits_are_those_of_r(row):
    mean1, sd1, n1, mean0, sd0, n0 = (float(figure) for figure in row.input.split())
    smd = mean_smd((mean1, sd1), (mean0, sd0))
    assert smd == pytest.approx(row.smd, rel=1e-9)
    assert smd_interval(smd, int(n1), int(n0), 0.95) == pytest.approx((row.low, row.high), rel=1e-9)


@pytest.mark.parametrize("row", list(QUARTILES.itertuples(index=False)), ids=lambda row: f"n={row.n}")
def test_the_expected_quartiles_of_normal_data_give_back_mean_and_sd(row):
    mean, sd = mean_and_sd_from_quartiles(50 + 8 * row.q1, 50, 50 - 8 * row.q1, row.n)
    assert mean == pytest.approx(50)
    assert sd == pytest.approx(8, rel=0.005)  # the accuracy that the approximation claims


@settings(deadline=None)
@given(open_shares, open_shares)
def test_two_levels_by_mahalanobis_are_a_binary_covariate(p1, p0):
    distance = categorical_smd(np.array([p1, 1 - p1]), np.array([p0, 1 - p0]))
    assert distance == pytest.approx(abs(binary_smd(p1, p0)), abs=1e-7)


@settings(deadline=None)
@given(open_shares, open_shares, moments, moments)
def test_swapping_the_arms_changes_the_sign(p1, p0, one, other):
    assert binary_smd(p1, p0) == pytest.approx(-binary_smd(p0, p1))
    assert mean_smd(one, other) == pytest.approx(-mean_smd(other, one))


@settings(deadline=None)
@given(counts, st.randoms())
def test_a_mahalanobis_distance_knows_neither_the_order_of_arms_nor_of_levels(table, random):
    def distance(rows):
        treated, control = np.array(rows, dtype=float).T
        return categorical_smd(treated / treated.sum(), control / control.sum())

    shuffled = [row[::-1] for row in table]
    random.shuffle(shuffled)
    assert distance(shuffled) == pytest.approx(distance(table), abs=1e-6)
    assert distance(table) >= 0


@settings(deadline=None)
@given(moments, moments, st.floats(0.01, 100), st.floats(-50, 50))
def test_the_unit_of_a_covariate_does_not_matter(one, other, factor, shift):
    moved = [(mean * factor + shift, sd * factor) for mean, sd in (one, other)]
    assert mean_smd(*moved) == pytest.approx(mean_smd(one, other), rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(st.floats(-3, 3), sizes, sizes, st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_an_interval_holds_its_estimate_and_widens_with_confidence(smd, n1, n0, one, other):
    narrow, wide = sorted((one, other))
    (low, high), (lower, higher) = smd_interval(smd, n1, n0, narrow), smd_interval(smd, n1, n0, wide)
    assert lower <= low < smd < high <= higher


@settings(deadline=None)
@given(st.floats(-3, 3), sizes, sizes)
def test_more_patients_narrow_the_interval(smd, n1, n0):
    low, high = smd_interval(smd, n1, n0, 0.95)
    closer_low, closer_high = smd_interval(smd, 2 * n1, 2 * n0, 0.95)
    assert closer_high - closer_low < high - low


def test_arms_without_spread():
    assert binary_smd(1, 1) == 0
    assert binary_smd(1, 0) == math.inf
    assert mean_smd((3, 0), (5, 0)) == -math.inf
    assert categorical_smd(np.array([0.5, 0.5, 0]), np.array([0, 0, 1.0])) == math.inf
    assert categorical_smd(np.array([0, 1.0, 0]), np.array([0, 1.0, 0])) == 0


def test_quartiles_that_do_not_enclose_the_median_are_refused():
    with pytest.raises(ValueError, match=r"median 159\.4 with quartiles 176\.8 and 336\.4"):
        mean_and_sd_from_quartiles(176.8, 159.4, 336.4, 74)


# --- a whole table ----------------------------------------------------------------------------------------------------


def test_a_table_becomes_one_row_for_each_covariate(paper_of):
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    found = balance(paper, "before_psm").set_index("covariate")
    assert list(found.index) == ["age", "afp", "sex", "etiology", "ascites"]
    assert found.smd["age"] == pytest.approx(-0.069912663721449)
    assert found.variance_ratio["age"] == pytest.approx((9.5 / 10.5) ** 2)
    assert found.variance_ratio.drop("age").isna().all()
    assert found.smd["sex"] == pytest.approx(binary_smd(66 / 75, 60 / 74))
    assert found.smd["ascites"] == pytest.approx(binary_smd(23 / 75, 22 / 74))
    assert found.smd["etiology"] == pytest.approx(categorical_smd(shares("6 61 8"), shares("8 60 6")))
    one, other = mean_and_sd_from_quartiles(14.9, 25.3, 52.3, 75), mean_and_sd_from_quartiles(15.1, 28.5, 55.0, 74)
    assert found.smd["afp"] == pytest.approx(mean_smd(one, other))
    assert (found.note.drop("afp") == "").all()
    assert "too uneven for normal data (Shi 2023)" in found.note["afp"]
    assert found.within_0_1["age"]
    assert not found.within_0_1["sex"]
    assert found.verdict.to_dict() == {
        "age": "within 0.1",
        "afp": "within 0.1",
        "sex": "0.1 to 0.25",
        "etiology": "0.1 to 0.25",
        "ascites": "within 0.1",
    }


def test_the_smds_other_definitions_and_rounding_stand_beside_it(paper_of):
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    found = balance(paper, "before_psm").set_index("covariate")
    # means 55.3 and 56.0 of one decimal: a difference from 0.6 to 0.8
    assert found.low["age"] == pytest.approx(-0.8 / math.sqrt((9.45**2 + 10.45**2) / 2))
    assert found.high["age"] == pytest.approx(-0.6 / math.sqrt((9.55**2 + 10.55**2) / 2))
    assert (found.low["sex"], found.high["sex"]) == (found.smd["sex"], found.smd["sex"])
    assert found.least["age"] == pytest.approx(0.7 / 10.5)
    assert found.most["age"] == pytest.approx(0.7 / 9.5)
    assert ((found.low <= found.smd) & (found.smd <= found.high)).all()


def test_a_difference_that_rounding_leaves_open_is_noted(paper_of):
    table = "age,Age,,50 ± 10,51 ± 10"
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": table}, {"age": "continuous"}, {"age": "mean_sd"})
    found = balance(paper, "before_psm").iloc[0]
    assert found.note == "the rounding leaves open whether it is within 0.1"


@pytest.mark.parametrize(
    ("smd", "band"),
    [(0.0999, 0), (-0.0999, 0), (0.1, 1), (-0.25, 1), (0.2501, 2), (math.inf, 2), (math.nan, 3)],
)
def test_the_bands_of_a_verdict(smd, band):
    assert verdict(smd) == VERDICTS[band]


@pytest.mark.parametrize("row", list(DISTANCES.itertuples(index=False)), ids=lambda row: str(row.distance))
def test_limits_of_a_distance_are_those_of_r(row):
    found = distance_interval(row.distance, row.terms, row.n1, row.n0, row.confidence)
    assert found == pytest.approx((row.low, row.high), abs=1e-7)


def test_limits_of_a_distance_hold_the_true_one_as_often_as_they_say():
    rng = np.random.default_rng(11)
    one, other, n = np.array([0.2, 0.3, 0.5]), np.array([0.35, 0.3, 0.35]), 400
    true = categorical_smd(one, other)
    drawn = zip(rng.multinomial(n, one, 500) / n, rng.multinomial(n, other, 500) / n, strict=True)
    limits = [distance_interval(categorical_smd(*pair), 2, n, n, 0.9) for pair in drawn]
    assert 0.86 <= np.mean([low <= true <= high for low, high in limits]) <= 0.94


def test_every_definition_is_named_and_every_value_is_one_of_the_papers(paper_of):
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    found = balance(paper, "before_psm").set_index("covariate")
    for covariate, words in {
        "age": "means",
        "afp": "Wan 2014",
        "sex": "share of Male",
        "etiology": "shares of 3 levels: Mahalanobis",
        "ascites": "share of Ascites",
    }.items():
        assert words in found.definition[covariate]
        assert set(found.value_ids[covariate]) <= set(paper.values.id)
        assert all(f"/{covariate}/" in value_id for value_id in found.value_ids[covariate])


def test_limits_of_an_unsigned_difference_start_at_zero(paper_of):
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    found = balance(paper, "before_psm").set_index("covariate")
    assert found.ci_low["etiology"] == 0
    assert found.ci_low["age"] < 0
    assert ((found.ci_low <= found.smd) & (found.smd <= found.ci_high)).all()
    wider = balance(paper, "before_psm", confidence=0.99).set_index("covariate")
    assert (wider.ci_high > found.ci_high).all()


def test_the_sign_refers_to_one_level_in_all_tables(paper_of):
    before = "vein,Vein,,,\nvein,Yes,yes,30,20\nvein,No,no,20,30"
    after = "vein,Vein,,,\nvein,No,no,10,15\nvein,Yes,yes,15,10"
    sizes = {"before_psm": (50, 50), "after_psm": (25, 25)}
    paper = paper_of(sizes, {"before_psm": before, "after_psm": after}, {"vein": "binary"})
    assert balance(paper, "before_psm").smd[0] == pytest.approx(balance(paper, "after_psm").smd[0])
    assert balance(paper, "after_psm").smd[0] > 0


def test_counts_go_before_percentages(paper_of):
    table = "vein,Vein,,,\nvein,Yes,yes,27 (63.5),61 (65.6)\nvein,No,no,47 (36.5),32 (34.4)"
    paper = paper_of({"before_psm": (74, 93)}, {"before_psm": table}, {"vein": "binary"})
    assert balance(paper, "before_psm").smd[0] == pytest.approx(binary_smd(27 / 74, 61 / 93))


def test_a_lone_percentage_stands_in_for_its_count(paper_of):
    table = "vein,Vein,,,\nvein,Yes,yes,(36.5%),61 (65.6)\nvein,No,no,47 (63.5),32 (34.4)"
    paper = paper_of({"before_psm": (74, 93)}, {"before_psm": table}, {"vein": "binary"})
    assert balance(paper, "before_psm").smd[0] == pytest.approx(binary_smd(0.365, 61 / 93))


def test_levels_that_do_not_sum_to_n_are_used_and_noted(paper_of):
    table = "etiology,Hepatitis,,,\netiology,No,no,6,8\netiology,HBV,hbv,64,83\netiology,HCV,hcv,4,4"
    paper = paper_of({"before_psm": (74, 93)}, {"before_psm": table}, {"etiology": "nominal"})
    found = balance(paper, "before_psm").iloc[0]
    assert found.note == "levels sum to 95 of 93 in arm old"
    assert found.smd == pytest.approx(categorical_smd(shares("6 64 4"), shares("8 83 4")))


def test_what_cannot_be_computed_is_shown_as_missing(paper_of):
    table = "ggt,GGT,,198.2 (116.2~338.1),159.4 (176.8~336.4)\nage,Age,,,56.0 ± 10.5"
    variables = {"ggt": "continuous", "age": "continuous"}
    statistics = {"ggt": "median_iqr", "age": "mean_sd"}
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": table}, variables, statistics)
    found = balance(paper, "before_psm").set_index("covariate")
    assert found[["smd", "ci_low", "ci_high", "within_0_1"]].isna().all(axis=None)
    assert "159.4" in found.note["ggt"]
    assert "neither mean and SD" in found.note["age"]


def test_a_population_without_a_table_has_no_rows(paper_of):
    sizes = {"before_psm": (75, 74), "after_psm": (48, 48)}
    paper = paper_of(sizes, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    found = balance(paper, "after_psm")
    assert list(found.columns) == COLUMNS
    assert found.empty


def test_an_unknown_population_is_refused(paper_of):
    paper = paper_of({"before_psm": (75, 74)}, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    with pytest.raises(KeyError, match="it has before_psm"):
        balance(paper, "after")
