"""Tests of a row against SciPy, and which of them a paper uses."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from haicbook.audit import audit
from haicbook.audit.rules.p_values import least_expected, linear_trend_p, mann_whitney_p, p_of_tests, t_test
from haicbook.printed import parse_number

with (Path(__file__).parents[2] / "oracle" / "mid_p.csv").open(encoding="utf-8") as stream:
    ORACLE = list(csv.DictReader(stream))
T1, T3, T4 = "tables/1_before.csv", "tables/3_response.csv", "tables/4_events.csv"
METHODS = dict.fromkeys(
    ("survival", "regression", "categorical", "continuous", "proportion_ci", "median_ci", "software", "alpha")
)
columns = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=6)


def patients(table):
    """Scores of the patients of both arms."""
    counts = np.asarray(table)
    return [np.repeat(np.arange(len(counts)), counts[:, arm]) for arm in (0, 1)]


@settings(deadline=None)
@given(columns)
def test_ranks_are_those_of_scipy(table):
    one, other = patients(table)
    if len(one) and len(other) and len(set(one) | set(other)) > 1:
        expected = stats.mannwhitneyu(one, other, method="asymptotic", use_continuity=False).pvalue
        assert mann_whitney_p(np.asarray(table)) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(columns)
def test_a_trend_is_a_correlation(table):
    one, other = patients(table)
    if len(one) and len(other) and len(set(one) | set(other)) > 1:
        scores, arms = np.concatenate([one, other]), np.repeat([0, 1], [len(one), len(other)])
        r = np.corrcoef(scores, arms)[0, 1]
        assert linear_trend_p(np.asarray(table)) == pytest.approx(stats.chi2.sf((len(arms) - 1) * r**2, 1), abs=1e-9)


def test_what_does_not_vary_has_no_test():
    assert "linear trend" not in p_of_tests(((5, 4), (0, 0)))
    assert "Mann–Whitney" not in p_of_tests(((5, 4), (3, 6)))
    assert {"linear trend", "Mann–Whitney"} <= set(p_of_tests(((5, 4), (3, 6), (2, 2))))


def test_the_least_expected_count():
    assert least_expected(((45, 28), (15, 12))) == pytest.approx(27 * 40 / 100)


def found(paper, rule):
    return [finding for finding in audit(paper) if finding.rule == rule]


def test_a_corrected_p_among_uncorrected_ones_is_noted(paper_with):
    # sex before matching: Pearson 0.581, Yates 0.748
    (finding,) = found(paper_with((T1, "0.581", "0.748"), (T3, "0.243", "0.382")), "p_method")
    assert (finding.severity, finding.count) == ("info", 2)
    assert "Yates gives the printed p = 0.748; Pearson gives 0.581" in finding.sentence


def test_a_small_count_calls_for_a_test_that_is_not_named(paper_with):
    paper = paper_with(methods=METHODS | {"categorical": "chi-square test"})
    (finding,) = found(paper, "p_method")
    assert finding.severity == "info"
    assert "Fisher gives the printed p" in finding.sentence


# disease control, 24 against 20 of 30: likelihood ratio 0.241, Pearson 0.243
LIKELIHOOD = (T3, "0.243", "0.241")


def test_a_p_value_of_no_named_test_among_those_of_named_ones_is_a_warning(paper_with):
    methods = METHODS | {"categorical": "chi-square or Fisher's exact test"}
    (finding,) = found(paper_with(LIKELIHOOD, methods=methods), "p_method")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert "likelihood ratio gives the printed p = 0.241; Pearson gives 0.243" in finding.sentence


@pytest.mark.parametrize("categorical", [None, "chi-square, likelihood-ratio or Fisher's exact test"])
def test_a_p_value_of_another_test_is_a_note_where_no_test_is_named_or_this_one_is(paper_with, categorical):
    (finding,) = found(paper_with(LIKELIHOOD, methods=METHODS | {"categorical": categorical}), "p_method")
    assert finding.severity == "info"


def test_one_test_throughout_is_a_habit_whatever_its_name(paper_with):
    every = (
        *((T1, "0.581", "0.582"), ("tables/2_after.csv", "1.000", "0.921"), (T3, "0.612", "0.290")),
        *((T3, "0.114", "0.112"), LIKELIHOOD, (T4, "0.121", "0.120"), (T4, "0.045", "0.042"), (T4, "0.255", "0.121")),
        ("claims.csv", "p,,0.114", "p,,0.112"),
    )
    methods = METHODS | {"categorical": "Fisher's exact test"}
    assert "warning" not in {finding.severity for finding in found(paper_with(*every, methods=methods), "p_method")}


def test_significance_that_rests_on_the_test_is_a_warning(paper_with):
    # fever, 12 of 30 against 5 of 30: Pearson 0.0449, Yates 0.0856
    (finding,) = found(paper_with((T4, "0.045", "0.086")), "p_method")
    assert finding.severity == "warning"
    assert "Significance at 0.05 rests on the test" in finding.sentence


def test_a_slipped_p_value_names_its_row(paper_with):
    paper = paper_with((T3, "0.243", "0.114"))
    (finding,) = found(paper, "p_value")
    assert finding.repair == "It is the p-value that the counts of Objective response rate give."


def test_rows_of_small_counts_do_not_tell_the_usual_test(paper_with):
    # four rare events whose p-values are Fisher's alone, beside fever: 0.045 is Pearson's, 0.086 Yates'
    rash = "rash,Rash,,,5 (16.7%),1 (3.3%),6 (20.0%),2 (6.7%),0,2 (6.7%),0.255\n"
    rare = [
        f"rare_{new},Rare {new},,,{new} ({100 * new / 30:.1f}%),0,{new} ({100 * new / 30:.1f}%),0,0,0,"
        f"{stats.fisher_exact([[new, 0], [30 - new, 30]]).pvalue:.3f}\n"
        for new in (1, 2, 3, 4)
    ]
    few = (T4, rash, rash + "".join(rare))
    assert found(paper_with(few), "p_method") == []
    (finding,) = found(paper_with(few, (T4, "0.045", "0.086")), "p_method")
    assert finding.severity == "warning"
    assert "Yates gives the printed p = 0.086; Pearson gives 0.045" in finding.sentence


# --- two means --------------------------------------------------------------------------------------------------------


def claims(new, old, p):
    row = "age,results,Results,,,after_psm,{arm},{reference},age,,,,,{read_as},years,{printed}\n"
    return (
        row.format(arm="new", reference="", read_as="mean_sd", printed=new)
        + row.format(arm="old", reference="", read_as="mean_sd", printed=old)
        + row.format(arm="new", reference="old", read_as="p", printed=p)
    )


def judged(paper_with, new, old, p, **methods):
    paper = paper_with(claims=claims(new, old, p), methods=METHODS | methods)
    return [finding for finding in audit(paper) if finding.rule == "p_mean"]


@settings(deadline=None)
@given(
    st.floats(20, 80), st.floats(2, 15), st.integers(5, 200), st.floats(20, 80), st.floats(2, 15), st.integers(5, 200)
)
def test_the_exact_p_lies_within_the_interval(mean, sd, n, other_mean, other_sd, other_n):
    one = parse_number(f"{mean:.1f}"), parse_number(f"{sd:.1f}"), n
    other = parse_number(f"{other_mean:.1f}"), parse_number(f"{other_sd:.1f}"), other_n
    for welch in (False, True):
        low, high = t_test(one, other, welch=welch)
        exact = stats.ttest_ind_from_stats(mean, sd, n, other_mean, other_sd, other_n, equal_var=not welch).pvalue
        middle = stats.ttest_ind_from_stats(
            one[0].value, one[1].value, n, other[0].value, other[1].value, other_n, equal_var=not welch
        ).pvalue
        assert low - 1e-9 <= exact <= high + 1e-9
        assert low - 1e-9 <= middle <= high + 1e-9


# 55.0 ± 10.0 against 60.0 ± 10.0 with 30 patients each: p = 0.0577
@pytest.mark.parametrize(
    ("p", "severity"), [("0.058", None), ("0.057", None), ("0.06", None), ("0.300", "warning"), ("0.003", "error")]
)
def test_a_p_value_of_two_means(paper_with, p, severity):
    found = judged(paper_with, "55.0 ± 10.0", "60.0 ± 10.0", p)
    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_a_significant_difference_that_is_hidden(paper_with):
    (finding,) = judged(paper_with, "50.0 ± 10.0", "60.0 ± 10.0", "0.210")
    assert finding.severity == "error"
    assert "Printed as not significant at 0.05, it is" in finding.sentence


@pytest.mark.parametrize(("p", "severity"), [("0.120", "info"), ("0.900", "warning")])
def test_a_rank_test_may_give_a_p_value_nearby(paper_with, p, severity):
    found = judged(paper_with, "55.0 ± 10.0", "60.0 ± 10.0", p, continuous="t-test or Mann–Whitney test")
    assert [finding.severity for finding in found] == [severity]


# --- mid-P, sizes exchanged, another place ----------------------------------------------------------------------------


@pytest.mark.parametrize("row", ORACLE, ids=lambda row: row["table"])
def test_mid_p_is_that_of_r(row):
    arms = [[int(count) for count in arm.split()] for arm in row["table"].split(";")]
    p = p_of_tests(tuple(zip(*arms, strict=True)))
    assert p["mid-P Fisher"] == pytest.approx(float(row["mid_p"]), rel=1e-6)


def test_mid_p_is_tried(paper_with):
    # disease control, 24 of 30 against 20 of 30: Fisher 0.382, less half of the table's own chance, 0.119
    assert found(paper_with((T3, "0.243", "0.322")), "p_value") == []


def test_a_p_value_of_another_places_counts(audits):
    (finding,) = [f for f in audits["liu_hepa"] if f.rule == "p_value" and "Vomit" in f.sentence and f.repair]
    p = stats.chi2_contingency([[7, 41], [14, 34]], correction=False).pvalue
    assert f"{p:.3f}" == "0.084"
    assert finding.repair == "It is Pearson's p-value of the counts in Table 6, 7/48 against 14/48."


@pytest.mark.parametrize(("one", "other", "printed"), [(33, 24, "0.114"), (25, 21, "0.445")])
def test_the_sizes_of_the_arms_may_be_exchanged(audits, one, other, printed):
    p = stats.chi2_contingency([[one, 74 - one], [other, 75 - other]], correction=False).pvalue
    assert f"{p:.3f}" == printed
    said = f"With the sizes of the arms exchanged, {one}/74 against {other}/75, Pearson gives {printed}."
    assert said in [finding.repair for finding in audits["lin2023"]]
