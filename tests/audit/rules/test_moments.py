"""Means and standard deviations: whole numbers, ranges, frequency tables, arms together."""

import pytest

from haicbook.audit import audit

T2 = "tables/2_after.csv"


def claim(row, printed, *, read_as="mean_sd", arm="new", unit="courses", population="after_psm"):
    return f"{row},results,Results,,,{population},{arm},,{row},,,,,{read_as},{unit},{printed}\n"


def found(paper, rule):
    return [(finding.severity, finding.sentence) for finding in audit(paper) if finding.rule == rule]


# 30 patients: 3.03 is 91/30, 3.05 is no mean; a sum of squares of 335 gives 1.43, of 337 gives 1.45, and none 1.44
@pytest.mark.parametrize(
    ("printed", "wrong"),
    [
        ("3.03 ± 1.42", False),
        ("3.05 ± 1.42", "no 30 whole numbers have the mean 3.05"),
        ("3.03 ± 0.13", "no 30 whole numbers with the mean 3.03 have the standard deviation 0.13"),
    ],
)
def test_courses_are_whole_numbers(paper_with, printed, wrong):
    result = found(paper_with(claims=claim("haic_courses", printed)), "whole_numbers")
    assert [severity for severity, _ in result] == (["warning"] if wrong else [])
    assert not wrong or wrong in result[0][1]


def test_ages_need_not_be_whole_numbers(paper_with):
    assert found(paper_with(claims=claim("age", "50.05 ± 10.00", unit="years")), "whole_numbers") == []


@pytest.mark.parametrize(
    ("printed", "ends", "severity"),
    [
        ("4.0 ± 1.9", "allowed", None),
        ("4.0 ± 2.2", "allowed", "warning"),
        ("6.3 ± 0.5", "allowed", "warning"),
        ("4.0 ± 2.2", "planned", "info"),
    ],
)
def test_a_range_that_the_methods_give(paper_with, printed, ends, severity):
    claims = claim("haic_courses", printed) + claim(f"haic_courses_{ends}", "2–6", read_as="range", arm="")
    assert [level for level, _ in found(paper_with(claims=claims), "within_range")] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("printed", "span", "unit", "severity"),
    [
        # 30 patients, 15 with 2 and 15 with 6: sd 2.03; 13, 4 with 4, 13: 1.89; 14, 2 with 4, 14: 1.97
        ("4.00 ± 1.97", "two to six", "courses", "warning"),
        ("4.00 ± 1.89", "two to six", "courses", None),
        # near an end most may well have just that number: 28 with 2, 2 with 6
        ("2.27 ± 1.01", "two to six", "courses", None),
        # with one number between the ends there is no hollow: 14 with 2, 2 with 3, 14 with 4
        ("3.00 ± 0.98", "two to four", "courses", None),
        # centimetres are no whole numbers
        ("4.00 ± 1.97", "two to six", "cm", None),
    ],
)
@pytest.mark.parametrize("by_id", [False, True])
def test_nearly_all_at_the_two_ends(paper_with, printed, span, unit, severity, by_id):
    row = "size" if unit == "cm" else "haic_courses"
    allowed = claim(f"{row}_allowed", span, read_as="range", arm="", unit=unit)
    if by_id:  # the claim's id says that the range is allowed, its term is that of the mean
        allowed = allowed.replace(f",,{row}_allowed,", f",,{row},")
    result = found(paper_with(claims=claim(row, printed, unit=unit) + allowed), "within_range")
    assert [level for level, _ in result] == ([severity] if severity else [])
    assert not severity or "at least 28 of 30 patients must have had exactly 2 or exactly 6" in result[0][1]


def test_a_plan_that_nearly_all_left_at_its_ends_is_nothing(paper_with):
    claims = claim("haic_courses", "4.00 ± 1.97") + claim("haic_courses_planned", "2–6", read_as="range", arm="")
    assert found(paper_with(claims=claims), "within_range") == []


def test_one_mean_printed_twice_with_other_spaces_is_one(paper_with):
    again = claim("haic_courses", "4.0±2.2").replace(",results,Results,", ",discussion,Discussion,")
    claims = claim("haic_courses", "4.0 ± 2.2") + again + claim("haic_courses_allowed", "2–6", read_as="range", arm="")
    ((_, sentence),) = found(paper_with(claims=claims), "within_range")
    assert "at odds with" not in sentence


@pytest.mark.parametrize(("sd", "wrong"), [("4.0", False), ("12.0", True), ("1.0", True)])
def test_a_range_of_the_same_patients(paper_with, sd, wrong):
    claims = claim("age", f"50.0 ± {sd}", unit="years") + claim(
        "age_range", "51 (40–60)", read_as="median_range", unit="years"
    ).replace(",new,,age_range,", ",new,,age,")
    result = found(paper_with(claims=claims), "within_range")
    assert [severity for severity, _ in result] == (["error"] if wrong else [])


@pytest.mark.parametrize(
    ("heading", "severity"),
    # 10 with 2, 15 with 3, 5 with 4: mean 85/30 = 2.833, variance (255 - 85²/30)/29 = 0.489, standard deviation 0.699
    [
        ("2.83 ± 0.70", None),
        ("2.83 ± 0.69", None),
        ("2.8 ± 0.7", None),
        ("2.84 ± 0.70", "warning"),
        ("2.93 ± 0.70", "error"),
        ("2.83 ± 0.60", "error"),
    ],
)
def test_a_frequency_table_gives_the_mean(paper_with, heading, severity):
    rows = f"""haic_courses,Courses,,,{heading},,
haic_courses,2,2,,10 (33.3%),,
haic_courses,3,3,,15 (50.0%),,
haic_courses,4,4,,5 (16.7%),,
"""
    after = {
        "file": T2,
        "number": "2",
        "source": "Table 2",
        "title": "synthetic",
        "kind": "baseline",
        "population": "after_psm",
        "columns": {
            "new": {"arm": "new", "statistic": "n_pct"},
            "old": {"arm": "old", "statistic": "n_pct"},
            "p": {"statistic": "p"},
        },
        "rows": {"haic_courses": {"statistic": "mean_sd"}},
        "variables": {"sex": {"type": "binary"}, "etiology": {"type": "nominal"}, "haic_courses": {"type": "ordinal"}},
    }
    paper = paper_with(
        (T2, "HCV,hcv,,3 (10.0%),4 (13.3%),\n", f"HCV,hcv,,3 (10.0%),4 (13.3%),\n{rows}"), tables=[after]
    )
    assert [level for level, _ in found(paper, "frequencies")] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("whole", "wrong"),
    # 60 with 4.00 ± 1.00 and 40 with 5.00 ± 1.00: mean 4.40, standard deviation 1.12
    [("4.40 ± 1.12", False), ("4.4 ± 1.1", False), ("4.60 ± 1.12", True), ("4.40 ± 1.30", True), ("4.40 ± 1.00", True)],
)
def test_all_patients_are_the_arms_together(paper_with, whole, wrong):
    claims = "".join(
        claim("tumor_size", printed, arm=arm, unit="cm", population="before_psm")
        for arm, printed in (("new", "4.00 ± 1.00"), ("old", "5.00 ± 1.00"), ("", whole))
    )
    assert bool(found(paper_with(claims=claims), "pooled")) == wrong


@pytest.mark.parametrize(("figure", "wrong"), [("30.1", False), ("3.1", True), ("310.0", True)])
def test_a_figure_out_of_scale(paper_with, figure, wrong):
    columns = {
        name: {"arm": arm, "population": population, "statistic": "median"}
        for name, arm, population in (
            ("a", "new", "before_psm"),
            ("b", "old", "before_psm"),
            ("c", "new", "after_psm"),
            ("d", "old", "after_psm"),
        )
    }
    table = {
        "file": T2,
        "number": "2",
        "source": "Table 2",
        "title": "synthetic",
        "kind": "baseline",
        "columns": columns,
    }
    rows = f"id,label,level,grade,a,b,c,d\nggt,GGT,,,35.0,41.2,28.0,{figure}\n"
    original = next(content for file, content in paper_with.files.items() if file == T2)
    paper = paper_with((T2, original, rows), tables=[table])
    assert bool(found(paper, "out_of_scale")) == wrong
