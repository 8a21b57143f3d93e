"""Dates, doses, schedules and designs, on both sides."""

import pytest

from haicbook.audit import audit


def claim(term, printed, *, read_as="value", unit="", arm="new", section="methods", population="after_psm"):
    source = section.capitalize()
    return f"{term},{section},{source},,,{population},{arm},,{term},,,,,{read_as},{unit},{printed}\n"


def found(paper, rule):
    return [finding.severity for finding in audit(paper) if finding.rule == rule]


@pytest.mark.parametrize(
    ("start", "end", "last", "wrong"),
    [
        ("May 2018", "May 2022", "December 2022", 0),
        ("May 2018", "May 2018", "May 2018", 0),
        ("June 2022", "May 2022", "December 2022", 1),
        ("May 2018", "May 2022", "April 2022", 1),
    ],
)
def test_dates_are_in_order(paper_with, start, end, last, wrong):
    terms = {"date_start": start, "date_end": end, "date_last_follow_up": last}
    claims = "".join(claim(term, printed, read_as="date", arm="") for term, printed in terms.items())
    assert found(paper_with(claims=claims), "dates") == ["error"] * wrong


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (("2.4", "g/m2"), ("2400", "mg/m2"), None),
        (("2.4", "g/m2"), ("2500", "mg/m2"), "error"),
        (("1.7", "g"), ("1.0", "g/m2"), None),
        (("1.2", "g"), ("1.0", "g/m2"), "warning"),
        (("200", "mg"), ("3", "mg/kg"), None),
    ],
)
def test_one_drug_has_one_dose(paper_with, one, other, severity):
    claims = claim("dose_fluorouracil", one[0], unit=one[1]) + claim(
        "dose_fluorouracil", other[0], unit=other[1], section="discussion"
    )
    assert found(paper_with(claims=claims), "doses") == ([severity] if severity else [])


@pytest.mark.parametrize(("number", "severity"), [("6", "warning"), ("8", "error")])
def test_a_range_and_a_number(paper_with, number, severity):
    claims = claim("haic_interval", "4–6", read_as="range", unit="weeks")
    assert found(paper_with(claims=claims), "schedules") == []
    claims += claim("haic_interval", number, unit="weeks", section="discussion")
    assert found(paper_with(claims=claims), "schedules") == [severity]


# Simon 1989, table 1: p0 = 0.10, p1 = 0.30, errors 0.05 and 0.20: optimal 1/10, 5/29; minimax 1/15, 5/25
@pytest.mark.parametrize(
    ("name", "r1", "n1", "r", "n", "severities"),
    [
        ("optimal", 1, 10, 5, 29, []),
        ("minimax", 1, 15, 5, 25, []),
        ("two-stage", 1, 15, 5, 25, []),
        ("optimal", 1, 15, 5, 25, ["warning"]),
        ("two-stage", 1, 10, 4, 29, ["error"]),
        ("two-stage", 3, 10, 5, 29, ["error"]),
    ],
)
def test_a_two_stage_design(paper_with, name, r1, n1, r, n, severities):
    design = {
        "name": f"Simon's {name} design",
        "null_rate": "10",
        "alternative_rate": "30",
        "alpha": "5",
        "power": "80",
        "stage1_n": n1,
        "stage1_reject_at_most": r1,
        "total_n": n,
        "total_reject_at_most": r,
    }
    paper = paper_with(claims=claim("design_stage1_n", str(n1), read_as="n"), two_stage=design)
    assert found(paper, "two_stage") == severities
