"""Student's and Welch's test from printed means: against SciPy, and on both sides of the rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from haicbook.audit import audit
from haicbook.audit.means import t_test
from haicbook.printed import parse_number

METHODS = dict.fromkeys(
    ("survival", "regression", "categorical", "continuous", "proportion_ci", "median_ci", "software", "alpha")
)


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
