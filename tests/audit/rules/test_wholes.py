"""Wholes and parts that stand in different places: arms, grades, implications, complements, matching."""

import pytest

from haicbook.audit import audit

T2 = "tables/2_after.csv"


def claim(term, printed, *, population="after_psm", arm="new", level="", grade="", read_as="n", section="discussion"):
    source = section.capitalize()
    return f"{term},{section},{source},,,{population},{arm},,{term},{level},{grade},,,{read_as},patients,{printed}\n"


def found(paper, rule):
    return [(finding.severity, finding.sentence) for finding in audit(paper) if finding.rule == rule]


@pytest.mark.parametrize(("printed", "wrong"), [("73", False), ("74", True)])
def test_the_arms_make_up_the_whole(paper_with, printed, wrong):
    paper = paper_with(claims=claim("sex", printed, population="before_psm", arm="", level="male"))
    expected = [("error", "Discussion, Sex, male (before matching): 74 patients; the arms have 45 + 28 = 73.")]
    assert found(paper, "arms") == (expected if wrong else [])


# 45 + 28 of 100; one unit of the last digit may be a habit of rounding
@pytest.mark.parametrize(("printed", "wrong"), [("73%", False), ("73.0%", False), ("72.9%", False), ("72.0%", True)])
def test_a_percentage_of_all_is_that_of_the_arms(paper_with, printed, wrong):
    paper = paper_with(claims=claim("sex", printed, population="before_psm", arm="", level="male", read_as="pct"))
    assert bool(found(paper, "arms")) == wrong


@pytest.mark.parametrize(("present", "wrong"), [("6", False), ("7", True)])
def test_a_thrombus_makes_stage_c(paper_with, present, wrong):
    claims = claim("pvtt", present, level="present") + claim("bclc", "6", level="c")
    said = (
        "Discussion, Portal vein tumour thrombosis, present (New, after matching): 7, but BCLC stage, c is printed "
        "for 6; such a tumour is stage C."
    )
    assert found(paper_with(claims=claims), "nested") == ([("error", said)] if wrong else [])


def test_a_percentage_stands_for_the_fewest_patients(paper_with):
    # 23% of 30 patients is 7, and so is 23.3%
    claims = claim("pvtt", "23%", level="present", read_as="pct") + claim("bclc", "6", level="c")
    assert found(paper_with(claims=claims), "nested")
    claims = claim("pvtt", "20%", level="present", read_as="pct") + claim("bclc", "6", level="c")
    assert found(paper_with(claims=claims), "nested") == []


def test_a_severe_grade_of_the_text_within_any_grade_of_the_table(paper_with):
    # rash of any grade: 6 patients
    assert found(paper_with(claims=claim("rash", "7", grade="g3plus")), "nested")
    assert found(paper_with(claims=claim("rash", "6", grade="g3plus")), "nested") == []


def test_a_grade_that_differs_between_places_is_left_to_the_rule_on_repeats(paper_with):
    # the table has 1 patient with rash of grade 3-4, which lies within its 6 of any grade
    paper = paper_with(claims=claim("rash", "7", grade="g34"))
    assert found(paper, "nested") == []
    assert found(paper, "repeated")


@pytest.mark.parametrize(("printed", "wrong"), [("26.7%", False), ("26.6%", False), ("33.3%", True)])
def test_who_is_not_male_is_female(paper_with, printed, wrong):
    # after matching 22 of 30 are male
    paper = paper_with(claims=claim("sex", printed, level="female", read_as="pct", section="methods"))
    assert bool(found(paper, "complements")) == wrong


def test_matching_takes_no_more_than_it_leaves_out(paper_with):
    # 48 of 60 before; matching leaves out 30, so that 18 at least remain
    ((_, sentence),) = found(paper_with((T2, "24 (80.0%),23", "17 (56.7%),23")), "matched")
    assert sentence.endswith("17 patients, of 48 before matching, although matching left out only 30 of the arm.")
    assert found(paper_with((T2, "24 (80.0%),23", "18 (60.0%),23")), "matched") == []


def test_levels_in_percent_only_sum_to_100(paper_with):
    without_counts = [(T2, "22 (73.3%)", "(73.3%)"), (T2, "8 (26.7%)", "(26.7%)")]
    assert found(paper_with(*without_counts), "levels") == []
    wrong = [(T2, "22 (73.3%)", "(73.3%)"), (T2, "8 (26.7%)", "(28.7%)")]
    assert found(paper_with(*wrong), "levels") == [
        ("error", "Table 2, Sex (New, after matching): the levels sum to 102.0%.")
    ]
