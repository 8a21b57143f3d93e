"""What the text says in words, on both sides."""

import pytest

from haicbook.audit import audit

T3, T4 = "tables/3_response.csv", "tables/4_events.csv"


def statement(row, term, printed, *, grade="any", read_as="n_pct", level=""):
    return f"{row},results,Results,,,after_psm,new,,{term},{level},{grade},,,{read_as},patients,{printed}\n"


def found(paper, rule):
    return [finding for finding in audit(paper) if finding.rule == rule]


def test_the_most_common_event_is_that_of_the_table(paper_with):
    right = paper_with(claims=statement("most_common_fever", "fever", "12 (40.0%)"))
    assert found(right, "most_common") == []
    (finding,) = found(paper_with(claims=statement("most_common_rash", "rash", "6 (20.0%)")), "most_common")
    assert finding.severity == "error"
    assert finding.sentence == (
        "Results: Rash said to be most common (New, after matching), any grade; in Table 4 Rash has 6 (20.0%), below "
        "Fever 12 (40.0%)."
    )


def test_a_tie_is_most_common(paper_with):
    tied = (T4, "5 (16.7%),1 (3.3%),6 (20.0%)", "9 (30.0%),3 (10.0%),12 (40.0%)"), (T4, "0.255", "0.002")
    assert found(paper_with(*tied, claims=statement("most_common_rash", "rash", "12 (40.0%)")), "most_common") == []


def test_several_are_the_first_ones_in_any_order(paper_with):
    both = statement("most_common_rash", "rash", "6 (20.0%)") + statement("most_common_fever", "fever", "12 (40.0%)")
    assert found(paper_with(claims=both), "most_common") == []


@pytest.mark.parametrize(
    ("level", "wrong"),
    # fever differs, p = 0.045
    [("", True), ("other_than_fever", False), ("other_than_rash", True)],
)
def test_no_significant_difference(paper_with, level, wrong):
    claims = statement("significant_ae", "significant_ae", "no", read_as="n", level=level)
    assert bool(found(paper_with(claims=claims), "significance")) == wrong


def test_no_other_number_of_significant_differences(paper_with):
    claims = statement("significant_response", "significant_response", "no", read_as="n", grade="")
    assert found(paper_with(claims=claims), "significance") == []
    (finding,) = found(paper_with((T3, "0.114", "0.031"), claims=claims), "significance")
    assert "Objective response rate (p 0.031)" in finding.sentence


@pytest.mark.parametrize(
    ("p", "stated", "wrong"),
    [
        ("0.050", "no", False),
        ("0.050", "1", False),
        ("0.050", "2", True),
        ("0.051", "1", True),
        ("<0.05", "no", True),
        ("<0.05", "1", False),
        ("<0.10", "no", False),
    ],
)
def test_a_p_value_on_the_border_may_be_either(paper_with, p, stated, wrong):
    claims = statement("significant_response", "significant_response", stated, read_as="n", grade="")
    assert bool(found(paper_with((T3, "0.114", p), claims=claims), "significance")) == wrong
