"""Intervals of proportions against statsmodels and R, and the rule on both sides."""

import pytest
from statsmodels.stats.proportion import proportion_confint

from haicbook.audit import audit
from haicbook.audit.rules.proportion_intervals import METHODS, agresti_coull, corrected_wilson, jeffreys
from haicbook.stats.proportions import Proportion

_STUDY_METHODS = dict.fromkeys(
    ("survival", "regression", "categorical", "continuous", "proportion_ci", "median_ci", "software", "alpha")
)


@pytest.mark.parametrize("count", [1, 7, 11, 24])
def test_limits_are_those_of_statsmodels(count):
    p = Proportion(count, 25)
    # statsmodels cuts its limits off at 0 and 1
    ours = tuple(min(max(limit, 0.0), 1.0) for limit in agresti_coull(p, 0.95))
    assert ours == pytest.approx(proportion_confint(count, 25, method="agresti_coull"))
    assert jeffreys(p, 0.95) == pytest.approx(proportion_confint(count, 25, method="jeffreys"))


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # R 4.2: prop.test(count, n)$conf.int
    [(11, 25, 0.2502, 0.6473), (0, 20, 0.0, 0.2005), (3, 40, 0.0196, 0.2148)],
)
def test_corrected_limits_are_those_of_r(count, n, low, high):
    assert corrected_wilson(Proportion(count, n), 0.95) == pytest.approx((low, high), abs=6e-5)


def judged(paper_with, printed, method=None):
    claims = f"orr_ci,results,Results,,,after_psm,new,,orr,,,,,pct_ci,percent,{printed}\n"
    paper = paper_with(claims=claims, methods=_STUDY_METHODS | {"proportion_ci": method})
    return [finding for finding in audit(paper) if finding.rule == "proportion_interval"]


def limits(name):
    low, high = (100 * x for x in METHODS[name](Proportion(15, 30), 0.95))
    return f"50.0% ({low:.1f}–{high:.1f})"


@pytest.mark.parametrize("name", METHODS)
def test_the_method_that_is_named_is_no_finding(paper_with, name):
    if name != "Wilson with continuity correction":
        assert judged(paper_with, limits(name), name) == []


def test_another_method_than_the_one_named(paper_with):
    (finding,) = judged(paper_with, limits("Wald"), "Clopper–Pearson")
    assert finding.severity == "warning"
    assert "the limits of Wald; Clopper–Pearson, which the methods name, gives 31.3 to 68.7" in finding.sentence


def test_a_method_where_none_is_named(paper_with):
    (finding,) = judged(paper_with, limits("Wald"))
    assert finding.severity == "info"
    assert judged(paper_with, limits("Clopper–Pearson")) == []


def test_limits_of_no_method(paper_with):
    (finding,) = judged(paper_with, "50.0% (30.1–71.9)")
    assert finding.severity == "warning"
    assert "no method gives 30.1 to 71.9 for 15 of 30" in finding.sentence
