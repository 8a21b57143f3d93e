"""Printed forms in the audit: levels of confidence, one-sided p-values, percentages over the known, misprints."""

import math
from statistics import NormalDist

import pytest

from haicbook.audit import audit, cells
from haicbook.audit.rules.hazard_ratios.ratios import ratios, se_span, z_span
from haicbook.audit.rules.p_values import flips, two_sided
from haicbook.printed import parse_number

T1, T2 = "tables/1_before.csv", "tables/2_after.csv"
CLAIM = "{id},results,Results,os,,after_psm,new,{reference},{term},,,univariable,,{read_as},,{printed}\n"


def claim(name, printed, read_as, reference="old", term="treatment"):
    return CLAIM.format(id=name, printed=printed, read_as=read_as, reference=reference, term=term)


def sentences(paper, *rules):
    return [finding.sentence for finding in audit(paper) if finding.rule in rules]


def printed_ratio(log_hr, error, level):
    z = NormalDist().inv_cdf((1 + level / 100) / 2)
    hr, low, high = (math.exp(log_hr + side * z * error) for side in (0, -1, 1))
    return f"{hr:.3f} ({level:g}% CI {low:.3f}–{high:.3f})"


@pytest.mark.parametrize("level", [80, 90, 95, 96, 97.5, 98.3, 99])
def test_the_standard_error_of_an_interval_is_that_of_its_level(paper_with, level):
    paper = paper_with(claims=claim("ratio", printed_ratio(-0.41, 0.2, level), "hr_ci"))
    (ratio,) = ratios(cells(paper))
    for (least, most), true in ((se_span(ratio), 0.2), (z_span(ratio), 2.05)):
        assert least <= true <= most
        assert most - least < 0.05 * true


@pytest.mark.parametrize("level", [80, 97.5])
def test_a_p_value_is_compared_at_the_level_of_its_interval(paper_with, level):
    text, p = printed_ratio(-0.41, 0.2, level), two_sided(2.05)
    right = claim("ratio", text, "hr_ci") + claim("ratio", f"{p:.3f}", "p")
    assert sentences(paper_with(claims=right), "ratio_p", "ratio_interval") == []
    as_if_95 = right.replace(f"{level:g}% CI ", "")
    assert sentences(paper_with(claims=as_if_95), "ratio_p")


def test_the_level_may_stand_in_the_codebook(paper_with):
    cox = {
        "file": "tables/3_response.csv",
        "number": "3",
        "source": "Table 3",
        "title": "synthetic",
        "kind": "cox",
        "population": "after_psm",
        "endpoint": "os",
        "confidence": "90",
        "columns": {"new": {"statistic": "hr_ci"}, "old": {"statistic": "n"}, "p": {"statistic": "p", "sides": "one"}},
    }
    table = "id,label,level,grade,new,old,p\ntreatment,New,,,0.664 (0.478–0.922),,0.020\n"
    files = paper_with.files
    paper = paper_with(("tables/3_response.csv", files["tables/3_response.csv"], table), tables=[cox])
    values = paper.values[paper.values.kind == "cox"].set_index("statistic")
    assert values.confidence[["ci_low", "ci_high"]].tolist() == [90, 90]
    assert values.sides["p"] == "one"


@pytest.mark.parametrize(("words", "wrong"), [(" (one-sided)", False), ("", True)])
def test_a_one_sided_p_is_half_of_the_two_sided_one(paper_with, words, wrong):
    p = f"{two_sided(2.05) / 2:.4f}"
    paper = paper_with(claims=claim("ratio", "0.664 (0.448–0.982)", "hr_ci") + claim("ratio", p + words, "p"))
    assert bool(sentences(paper, "ratio_p")) == wrong


@pytest.mark.parametrize("figure", ["−0.004", "-.04", "1.2"])
def test_what_is_no_probability_is_never_significant(figure):
    assert flips(parse_number(figure), [0.3, 0.4]) == ""


@pytest.mark.parametrize(("limits", "severity"), [("0.0–45.4", "info"), ("0.0–38.1", "warning")])
def test_a_normal_limit_below_0_is_a_clipped_one(paper_with, limits, severity):
    paper = paper_with(("claims.csv", "20.1 (15.0–not reached)", f"20.1 ({limits})"))
    assert [finding.severity for finding in audit(paper) if finding.rule == "median_interval"] == [severity]


def known_rows(missing_level="missing", percent="77.3"):
    # of 30 patients 8 are missing: percentages of 22
    return (T2, "22 (73.3%)", f"17 ({percent}%)"), (
        T2,
        "sex,Female,female,,8 (26.7%),7 (23.3%),",
        f"sex,Female,female,,5 (22.7%),5 (16.7%),\nsex,Other,{missing_level},,8 (26.7%),2 (6.7%),",
    )


@pytest.mark.parametrize("level", ["missing", "unknown", "not_available", "na"])
def test_percentages_of_the_known_are_right(paper_with, level):
    assert sentences(paper_with(*known_rows(level)), "percentage", "levels", "attainable") == []


@pytest.mark.parametrize("change", [{"missing_level": "other"}, {"percent": "72.3"}])
def test_other_percentages_beside_the_missing_are_wrong(paper_with, change):
    assert sentences(paper_with(*known_rows(**change)), "percentage")


def test_percentages_of_the_known_without_counts(paper_with):
    rows = [(file, old, new.replace("17 (", "(").replace("5 (22", "(22")) for file, old, new in known_rows()]
    assert sentences(paper_with(*rows), "percentage", "levels", "attainable") == []


def test_the_test_may_leave_out_the_missing(paper_with):
    # Pearson's of 17, 5 against 23, 5
    rows = (*known_rows(), (T2, "sex,Sex,,,,,0.766", "sex,Sex,,,,,0.669"))
    assert sentences(paper_with(*rows), "p_value") == []
    assert sentences(paper_with(*rows[:-1]), "p_value")


@pytest.mark.parametrize(("count", "whole"), [("23.6", "24"), ("21.5", "22")])
def test_part_of_a_patient_is_an_error(paper_with, count, whole):
    percent = f"{100 * int(whole) / 30:.1f}"
    (sentence,) = sentences(paper_with((T2, "22 (73.3%)", f"{count} ({percent}%)")), "percentage")
    assert sentence == (
        f"Table 2, Sex, Male (New, after matching): {count} is not a number of patients; {percent}% of 30 is {whole}."
    )
