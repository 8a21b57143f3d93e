"""Rates long after the median follow-up, tests after the first one, and bounds far from their share: notes."""

import pytest

from haicbook.audit import audit
from haicbook.study.values import CLAIM_COLUMNS


def row(name, statistic, printed, **more):
    known = {"section": "results", "source": "Results", "population": "after_psm"}
    own = {"id": name, "statistic": statistic, "printed": printed}
    return ",".join((dict.fromkeys(CLAIM_COLUMNS, "") | known | own | more).values()) + "\n"


def found(paper, rule):
    return [finding for finding in audit(paper) if finding.rule == rule]


@pytest.mark.parametrize(
    ("arm", "months", "noted"),
    # the paper prints survival of the new arm at 12 months
    [("", "5.8", True), ("new", "5.8", True), ("", "6.0", False), ("old", "2.0", False)],
)
def test_a_rate_at_more_than_twice_the_median_follow_up_is_a_note(paper_with, arm, months, noted):
    claims = row("follow_up", "median", months, term="follow_up", arm=arm, unit="months")
    findings = found(paper_with(claims=claims), "late_rate")
    assert [finding.severity for finding in findings] == ["info"] * noted
    assert all(f"after a median of {months} months" in finding.sentence for finding in findings)


def test_an_arm_has_its_own_follow_up(paper_with):
    whole, own = (
        row("follow_up", "median", months, term="follow_up", arm=arm, unit="months")
        for arm, months in (("", "2.0"), ("new", "9.0"))
    )
    assert found(paper_with(claims=whole + own), "late_rate") == []


@pytest.mark.parametrize(
    ("first", "later", "noted"),
    [("0.073", "0.043", True), ("0.043", "0.012", False), ("0.073", "0.210", False), ("<0.001", "0.012", False)],
)
def test_a_further_test_that_alone_is_significant_is_a_note(paper_with, first, later, noted):
    of_pfs = {"endpoint": "pfs", "arm": "new", "reference": "old"}
    claims = row("pfs_comparison", "p", first, **of_pfs) + row("pfs_rate", "p", later, time="12", **of_pfs)
    findings = found(paper_with(claims=claims), "second_test")
    assert [finding.severity for finding in findings] == ["info"] * noted
    assert all("PFS has p = 0.073 over all" in finding.sentence for finding in findings)


@pytest.mark.parametrize(("bound", "noted"), [(">60%", True), (">90%", False), ("<97%", False)])
def test_a_bound_that_says_little_of_a_share_is_a_note(paper_with, bound, noted):
    of_drug = {"term": "earlier_drug", "arm": "new"}
    claims = row("drug_bound", "pct", bound, section="abstract", source="Abstract", **of_drug)
    claims += row("drug", "n_pct", "28 (93.3%)", **of_drug)
    findings = found(paper_with(claims=claims), "loose_bound")
    assert [finding.severity for finding in findings] == ["info"] * noted
