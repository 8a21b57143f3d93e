"""p-values beside differences, and how many patients a comparison is worth."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from haicbook import matching
from haicbook.matching import Levels, Moments, Quartiles
from haicbook.matching.balance.p_value_fallacy import row_p
from haicbook.stats import proportions
from haicbook.study.schema import Matching

BEFORE = """
age,Age (years),,60.0 ± 10.0,58.0 ± 10.0
child,Child-Pugh,,,
child,A,a,71 (96.0),83 (89.2)
child,B,b,3 (4.0),10 (10.8)
afp,AFP,,,
afp,Low,low,51 (68.9),68 (73.1)
afp,High,high,23 (31.1),25 (26.9)
ggt,GGT,,,25 (15~52)
"""
AFTER = """
age,Age (years),,60.0 ± 10.0,60.0 ± 10.0
child,Child-Pugh,,,
child,A,a,45 (93.8),41 (85.4)
child,B,b,3 (6.2),7 (14.6)
afp,AFP,,,
afp,Low,low,24 (50.0),24 (50.0)
afp,High,high,24 (50.0),24 (50.0)
"""
VARIABLES = {"age": "continuous", "child": "binary", "afp": "binary", "ggt": "continuous"}
STATISTICS = {"age": "mean_sd", "ggt": "median_iqr"}
SIZES = {"before_psm": (74, 93), "after_psm": (48, 48)}


@pytest.fixture
def paper(paper_of):
    return paper_of(SIZES, {"before_psm": BEFORE, "after_psm": AFTER}, VARIABLES, STATISTICS, match_on=["age", "child"])


# --- one row ----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=5))
def test_the_test_of_counts_is_pearsons(table):
    one, other = zip(*table, strict=True)
    if min(sum(one), sum(other)) == 0:
        return
    expected = proportions.pearson_p([list(row) for row in table])
    assert row_p(Levels.of(*one), Levels.of(*other)) == pytest.approx(expected, nan_ok=True)


@settings(deadline=None)
@given(st.floats(-20, 20), st.floats(0.5, 20), st.floats(0.5, 20), st.integers(3, 200), st.integers(3, 200))
def test_the_test_of_means_is_students(gap, sd1, sd0, n1, n0):
    expected = stats.ttest_ind_from_stats(gap, sd1, n1, 0, sd0, n0).pvalue
    assert row_p(Moments(gap, sd1, n1), Moments(0, sd0, n0)) == pytest.approx(expected)


def test_quartiles_are_tested_by_their_approximate_moments():
    one, other = Quartiles(10, 20, 30, 40), Quartiles(15, 25, 35, 50)
    means = [matching.Moments(*found, n) for found, n in ((_wan(one), 40), (_wan(other), 50))]
    assert row_p(one, other) == row_p(*means)


def _wan(quartiles):
    from haicbook.matching.balance.summaries import mean_and_sd_from_quartiles

    return mean_and_sd_from_quartiles(quartiles.q1, quartiles.median, quartiles.q3, quartiles.n)


def test_rows_without_spread_have_no_p():
    assert math.isnan(row_p(Levels.of(5, 0), Levels.of(7, 0)))
    assert math.isnan(row_p(Moments(3, 0, 10), Moments(3, 0, 10)))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(2, 8))
def test_fewer_patients_with_the_same_shares_have_a_larger_p_and_the_same_difference(a, b, c, d, factor):
    small = Levels.of(a, b), Levels.of(c, d)
    large = tuple(dataclasses.replace(one, n=factor * one.n) for one in small)
    compute = matching.definitions(*small)[0].compute
    assert compute(*small) == compute(*large)
    assert row_p(*small) >= row_p(*large)


@settings(deadline=None)
@given(st.floats(0.001, 1), st.integers(5, 500), st.integers(5, 500))
def test_the_difference_that_goes_with_a_p_gives_it_back(p, n1, n0):
    smd = matching.smd_of_p(p, n1, n0)
    assert matching.p_of_smd(np.array([smd]), n1, n0)[0] == pytest.approx(p)


# --- a whole paper ----------------------------------------------------------------------------------------------------


def test_a_difference_and_its_p_can_rise_together(paper):
    rows = matching.p_and_smd(paper).set_index("covariate")
    assert list(rows.index) == ["age", "child", "afp"]
    assert rows.misleading.to_dict() == {"age": False, "child": True, "afp": False}
    child = rows.loc["child"]
    assert child.smd_after > child.smd_before
    assert child.p_after == pytest.approx(proportions.pearson_p([[45, 41], [3, 7]]))
    assert child.p_after_at_full_size < child.p_after < child.p_before_at_half_size * 2
    assert rows.p_after["age"] == 1


def test_what_p_does_not_notice_grows_as_patients_leave(paper):
    found = matching.unnoticed(paper)
    assert found["before_psm"] == pytest.approx(1.959964 * math.sqrt(1 / 74 + 1 / 93), rel=1e-6)
    assert found["after_psm"] > found["before_psm"]
    values = matching.summarise_p(matching.p_and_smd(paper), found)
    assert values["misleading"] == 1
    assert values["unnoticed.after_psm"] == found["after_psm"]


def test_curves_fall_with_the_difference_and_rise_as_patients_leave(paper):
    curves = matching.p_curves(paper, matching.p_and_smd(paper))
    before, after, half = curves.values()
    assert [name.split("(")[1] for name in curves] == [
        "74 and 93 patients)",
        "48 and 48 patients)",
        "24 and 24 patients)",
    ]
    for curve in curves.values():
        assert (np.diff(curve.p) < 0).all()
    assert (before.p[1:] < after.p[1:]).all()
    assert (after.p[1:] < half.p[1:]).all()


def test_without_both_tables_there_is_nothing_to_compare(paper_of):
    paper = paper_of(SIZES, {"before_psm": BEFORE}, VARIABLES, STATISTICS)
    rows = matching.p_and_smd(paper)
    assert rows.empty
    assert matching.p_curves(paper, rows) == {}


def test_a_lone_p_value_is_named_with_the_difference_it_goes_with():
    from haicbook import study

    paper = study.load("lee2024")
    found = matching.only_p(paper, matching.balances_in_text(paper, 0.95)).set_index("label")
    assert "Age" not in found.index
    assert found.loc["Sex", ["printed", "bound"]].tolist() == ["0.113", "about"]
    assert found.smd["Sex"] == pytest.approx(-stats.norm.ppf(0.113 / 2) * math.sqrt(1 / 34 + 1 / 66))
    later = study.load("cao2024")
    found = matching.only_p(later, matching.balances_in_text(later, 0.95))
    assert set(found.bound[found.printed.str.contains(">")]) == {"below"}
    assert "HAIC courses" not in set(found.label)


def test_a_study_of_one_arm_has_no_such_p():
    from haicbook import study

    paper = study.load("shen2025")
    assert matching.only_p(paper, {}).empty
    assert matching.unnoticed(paper) == {}
    assert matching.sizes(paper).empty


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_sizes_add_up(paper):
    found = matching.sizes(paper).set_index("arm")
    assert found.loc["new", ["before", "matched", "unmatched"]].tolist() == [74, 48, 26]
    assert found.loc["", ["before", "matched", "unmatched"]].tolist() == [167, 96, 71]
    assert found.effective.tolist() == [48, 48, 96]
    assert found.effective_before[""] == pytest.approx(4 * 74 * 93 / 167)
    assert not found.stated.any()
    assert found.discarded.isna().all()


@pytest.mark.parametrize(("replacement", "stated", "known"), [(True, True, False), (False, True, True)])
def test_with_replacement_an_effective_size_needs_the_weights(paper, replacement, stated, known):
    settings_ = paper.spec.matching.model_copy(update={"replacement": replacement})
    assert isinstance(settings_, Matching)
    other = dataclasses.replace(paper, spec=paper.spec.model_copy(update={"matching": settings_}))
    found = matching.sizes(other)
    assert found.effective.notna().all() == known
    assert found.stated.all() == stated


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=30))
def test_an_effective_sample_size_lies_between_one_and_all(weights):
    found = matching.effective_sample_size(np.array(weights))
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    assert matching.effective_sample_size(np.full(len(weights), 0.3)) == pytest.approx(len(weights))


def test_two_equal_arms_are_worth_their_patients():
    assert matching.size_of_comparison(48, 48) == 96
    assert matching.size_of_comparison(0, 0) == 0
    assert matching.size_of_comparison(10, 1000) < 40
