"""One slip is one finding, with what follows from it; two slips are two."""

import pytest

from haicbook.audit import audit, every, summarise
from haicbook.study import load

T1 = "tables/1_before.csv"

# study: rule and words of a slip's finding, rules of its consequences
SLIPS = {
    "cao2024": [("repeated", "Abdominal pain, any grade (SE", ["repeated", "most_common"])],
    "lin2023": [
        ("repeated_rows", "BCLC stage and Portal vein tumour thrombosis", ["nested", "nested"]),
        ("ratio_precision", "Table 3, OS, Cirrhosis", ["ratio_precision"]),
        # 44.54 + 55.46 = 100
        ("percentage", "33 of 74 is 44.59%", ["percentage"]),
        # one cell, twice printed as 7 (14.51%)
        ("percentage", "HAIC courses, 4", ["percentage"]),
    ],
    "liu_hepa": [
        ("repeated", "Disease control rate, p", ["p_value", "p_value"]),
        ("repeated", "Fever, grade 1–2", ["attainable"]),
        ("repeated", "Vomit, grade 1–2", ["p_value"]),
        ("levels", "Etiology (HAIC", ["p_value"]),
        # the text and the title, of the same patients without earlier treatment
        ("all_of", "Previous treatment, yes is said of all patients with BCLC stage C", ["all_of"]),
        # 36.5 + 63.5 = 100
        ("percentage", "27 of 74 is 36.5%", ["percentage"]),
        ("ratio_precision", "Table 4, OS, AFP", ["ratio_precision"]),
        # the interval of the second is that of another row
        ("ratio_precision", "Table 4, OS, Previous treatment", ["ratio_precision", "ratio_twice"]),
        ("ratio_precision", "Table 4, OS, Child–Pugh", ["ratio_inflation"]),
        # the row that is there twice has the counts of a third
        ("one_event_twice", "Vomiting and Vomit", ["repeated_rows"]),
    ],
    "lee2024": [],
    "shen2025": [
        # none of its intervals is read off a curve
        ("median_interval", "OS (all patients)", ["median_symmetry"]),
        ("repeated", "TTR, mRECIST, confidence limits", ["interval"]),
        ("grades", "Hand–foot syndrome, any grade", ["percentage"]),
        ("two_stage", "power 0.8331", ["two_stage"]),
        ("rate_attainable", "PFS, RECIST 1.1", ["rate_attainable", "rate_attainable"]),
    ],
}


@pytest.mark.parametrize("study", SLIPS)
def test_the_slips_of_the_five_papers(study):
    found = [finding for finding in audit(load(study)) if finding.consequences]
    said = [(finding.rule, [other.rule for other in finding.consequences]) for finding in found]
    assert sorted(said) == sorted((rule, rules) for rule, _, rules in SLIPS[study])
    for rule, words, _ in SLIPS[study]:
        assert any(finding.rule == rule and words in finding.sentence for finding in found), words


def test_a_slip_is_counted_once(paper_with):
    # two percentages that changed places
    swapped = paper_with((T1, "45 (75.0%)", "45 (25.0%)"), (T1, "15 (25.0%)", "15 (75.0%)"))
    (finding,) = audit(swapped)
    assert [other.rule for other in finding.consequences] == ["percentage"]
    assert summarise([finding])["errors"] == 1
    assert len(every([finding])) == 2


def test_two_slips_are_two(paper_with):
    found = audit(paper_with((T1, "45 (75.0%)", "45 (57.0%)"), (T1, "28 (70.0%)", "28 (60.0%)")))
    assert [(finding.rule, finding.consequences) for finding in found] == [("percentage", ()), ("percentage", ())]


def test_notes_stay_by_themselves(audits):
    for findings in audits.values():
        assert all(other.severity != "info" for finding in findings for other in finding.consequences)
