"""Rows that repeat rows, one event in two rows, and what the text says in words: on both sides."""

import pytest

from haicbook.audit import audit

T2, T3, T4 = "tables/2_after.csv", "tables/3_response.csv", "tables/4_events.csv"
RASH = "rash,Rash,,,5 (16.7%),1 (3.3%),6 (20.0%),2 (6.7%),0,2 (6.7%),0.255\n"


def found(paper, rule):
    return [finding for finding in audit(paper) if finding.rule == rule]


def with_rows(paper_with, *rows):
    return paper_with((T4, RASH, RASH + "".join(rows)))


def row(slug, new, old):
    cells = ",".join(f"{count} ({100 * count / 30:.1f}%)" if count else "0" for count in (*new, *old))
    return f"{slug},{slug},,,{cells},\n"


COUGH = row("cough", (20, 2, 22), (17, 1, 18)), row("pruritus", (20, 1, 21), (17, 4, 21))
EDEMA = row("edema", (26, 2, 28), (23, 2, 25)), row("hiccups", (26, 4, 30), (23, 3, 26))


def test_two_rows_with_the_same_counts(paper_with):
    (finding,) = found(with_rows(paper_with, *COUGH), "repeated_rows")
    assert finding.severity == "info"
    assert "Cough, grade 1–2 and Pruritus, grade 1–2 have the same counts in every arm (20 and 17)" in finding.sentence


def test_several_such_pairs_are_a_warning(paper_with):
    severities = [finding.severity for finding in found(with_rows(paper_with, *COUGH, *EDEMA), "repeated_rows")]
    assert severities == ["warning", "warning"]


def baseline(slug, levels, new, old):
    lines = [f"{slug},{slug},,,,,\n"]
    for level, n, m in zip(levels, new, old, strict=True):
        lines.append(f"{slug},{level},{level},,{n} ({100 * n / 30:.1f}%),{m} ({100 * m / 30:.1f}%),\n")
    return "".join(lines)


STAGE = baseline("bclc", ("b", "c"), (17, 13), (18, 12))


@pytest.mark.parametrize(
    ("thrombus", "severity"),
    [
        # more with a thrombus than of stage C, in both arms: the row is the stage's
        (baseline("pvtt", ("present", "absent"), (17, 13), (18, 12)), "error"),
        # as many with a thrombus as of stage C may be so
        (baseline("pvtt", ("absent", "present"), (17, 13), (18, 12)), "warning"),
        # a contradiction, but not the same counts
        (baseline("pvtt", ("present", "absent"), (16, 14), (18, 12)), None),
    ],
)
def test_a_copied_row_that_contradicts_its_original_is_an_error(paper_with, thrombus, severity):
    last = "etiology,HCV,hcv,,3 (10.0%),4 (13.3%),\n"
    result = found(paper_with((T2, last, last + STAGE + thrombus)), "repeated_rows")
    assert [finding.severity for finding in result] == ([severity] if severity else [])
    assert severity != "error" or "one of them must hold the other's counts" in result[0].sentence


@pytest.mark.parametrize(("new", "old"), [((0, 0, 0), (0, 0, 0)), ((30, 0, 30), (30, 0, 30)), ((1, 0, 1), (0, 0, 0))])
def test_nobody_or_everybody_is_no_coincidence(paper_with, new, old):
    paper = with_rows(paper_with, row("cough", new, old), row("pruritus", new, old))
    assert found(paper, "repeated_rows") == []


def test_rare_events_coincide_by_chance(paper_with):
    counts = [(1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (1, 1), (2, 2), (3, 3)]
    rare = [row(f"rare_{place}", (n, 1, n + 1), (m, 1, m + 1)) for place, (n, m) in enumerate(counts)]
    assert found(with_rows(paper_with, *rare), "repeated_rows") == []


def test_one_event_under_two_names(paper_with):
    vomit = row("vomit", (7, 1, 8), (2, 0, 2))
    paper = with_rows(paper_with, vomit, row("vomiting", (9, 1, 10), (2, 0, 2)))
    (finding,) = found(paper, "one_event_twice")
    assert finding.severity == "error"
    assert "Vomit and Vomiting are one event in two rows with different counts: New grade 1–2: 7" in finding.sentence
    assert found(with_rows(paper_with, vomit, row("vomiting", (7, 1, 8), (2, 0, 2))), "one_event_twice") == []
    assert found(with_rows(paper_with, vomit, row("nausea", (9, 1, 10), (2, 0, 2))), "one_event_twice") == []


# --- statements of the text -------------------------------------------------------------------------------------------


def statement(row, term, printed, *, grade="any", read_as="n_pct", level=""):
    return f"{row},results,Results,,,after_psm,new,,{term},{level},{grade},,,{read_as},patients,{printed}\n"


def test_the_most_common_event_is_that_of_the_table(paper_with):
    right = paper_with(claims=statement("most_common_fever", "fever", "12 (40.0%)"))
    assert found(right, "most_common") == []
    (finding,) = found(paper_with(claims=statement("most_common_rash", "rash", "6 (20.0%)")), "most_common")
    assert finding.severity == "error"
    assert finding.sentence == (
        "Results: Rash called most common (New, after matching), any grade; but Table 4 has 6 (20.0%) for Rash, fewer "
        "than 12 (40.0%) for Fever."
    )


@pytest.mark.parametrize(("itch", "severity"), [(8, "warning"), (3, "error")])
def test_a_wider_category_may_be_most_common(paper_with, itch, severity):
    # rash 6 and itch 8 may together be as many as fever's 12 of 30; with itch 3 they are fewer
    claims = "".join(
        statement(f"most_common_skin_{term}", term, f"{count} ({100 * count / 30:.1f}%)")
        for term, count in (("rash", 6), ("itch", itch))
    )
    rows = (T4, RASH, RASH + row("itch", (itch - 1, 1, itch), (0, 0, 0)))
    (finding,) = found(paper_with(rows, claims=claims), "most_common")
    assert finding.severity == severity


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
