"""Rows that repeat rows: coincidence or not, and one event in two rows."""

import pytest

from haicbook.audit import audit

T2, T4 = "tables/2_after.csv", "tables/4_events.csv"
RASH = "rash,Rash,,,5 (16.7%),1 (3.3%),6 (20.0%),2 (6.7%),0,2 (6.7%),0.255\n"


def found(paper, rule):
    return [(finding.severity, finding.sentence) for finding in audit(paper) if finding.rule == rule]


def with_rows(paper_with, *rows):
    return paper_with((T4, RASH, RASH + "".join(rows)))


def row(slug, new, old):
    cells = ",".join(f"{count} ({100 * count / 30:.1f}%)" if count else "0" for count in (*new, *old))
    return f"{slug},{slug},,,{cells},\n"


COUGH = row("cough", (20, 2, 22), (17, 1, 18)), row("pruritus", (20, 1, 21), (17, 4, 21))
EDEMA = row("edema", (26, 2, 28), (23, 2, 25)), row("hiccups", (26, 4, 30), (23, 3, 26))


def test_two_rows_with_the_same_counts(paper_with):
    ((severity, sentence),) = found(with_rows(paper_with, *COUGH), "repeated_rows")
    assert severity == "info"
    assert "Cough, grade 1–2 and Pruritus, grade 1–2 have the same counts in every arm (20 and 17)" in sentence


def test_several_such_pairs_are_a_warning(paper_with):
    severities = [severity for severity, _ in found(with_rows(paper_with, *COUGH, *EDEMA), "repeated_rows")]
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
    assert [level for level, _ in result] == ([severity] if severity else [])
    assert severity != "error" or "one holds the other's counts" in result[0][1]


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
    ((severity, sentence),) = found(paper, "one_event_twice")
    assert severity == "error"
    assert "Vomit and Vomiting are one event in two rows with different counts: New any grade: 8" in sentence
    assert found(with_rows(paper_with, vomit, row("vomiting", (7, 1, 8), (2, 0, 2))), "one_event_twice") == []
    assert found(with_rows(paper_with, vomit, row("nausea", (9, 1, 10), (2, 0, 2))), "one_event_twice") == []
