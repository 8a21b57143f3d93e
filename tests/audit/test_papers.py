"""The five papers: what an independent reading of their texts found, by hand, and what the rules must say of it."""

from collections.abc import Iterable

import pytest

from haicbook.audit import RULES
from haicbook.simulate.calibration import NOTES
from haicbook.study import load

ERROR, WARNING, INFO = "error", "warning", "info"

# rule, severity, words of the sentence
BY_HAND = {
    "cao2024": [
        ("percentage", ERROR, "Sex, female (SE, before matching): 20 of 200 is 10.0%; the paper prints 11.8%"),
        ("percentage", ERROR, "Sex, female (SI, before matching): 38 of 375 is 10.1%; the paper prints 10.8%"),
        ("repeated", ERROR, "OS, median (SI, after matching)"),
        ("repeated", ERROR, "PFS, median (SI, after matching)"),
        ("repeated", ERROR, "PFS, median (SE, after matching)"),
        ("repeated", ERROR, "Objective response rate (SI, after matching)"),
        ("repeated", ERROR, "Abdominal pain, any grade (SE, after matching)"),
        ("repeated", ERROR, "Abdominal pain, any grade (SI, after matching)"),
        ("repeated", ERROR, "ALT increased, grade 3–4 (SE, after matching)"),
        ("p_value", ERROR, "Any adverse event, grade 3–4 (SI against SE, after matching): printed p <0.001"),
        ("p_value", WARNING, "Any adverse event, any grade (SI against SE, after matching): printed p <0.001"),
        ("most_common", ERROR, "Abdominal pain called most common (SE, after matching)"),
        # AST 42 and ALT 47 of 182 may together be more patients than thrombocytopenia's 50
        ("most_common", WARNING, "AST increased, ALT increased called most common (SI, after matching)"),
        ("within_range", INFO, "four to six planned"),
        ("repeated", ERROR, "HAIC courses (before matching) differs from place to place: two to six in Methods"),
        # (4.675 - 2)(6 - 4.675) - 1.815² · 181/182 = 0.268, and each patient with 3, 4 or 5 courses takes at least 3
        ("within_range", WARNING, "HAIC courses (SI, after matching): with two to six allowed, at least 166 of 182"),
        # their captions: Table 2 response, Table 3 adverse events, Figure 2b PFS and 2d OS after matching
        ("cited", WARNING, "Table 3 is cited in Results, Efficacy for tumour response, but shows adverse events"),
        ("cited", WARNING, "Figure 2b is cited in Results, Efficacy for survival curves of OS"),
        ("named", WARNING, "“start date of HAIC” in Methods"),
        ("listed", INFO, ": hepatitis virus only in Discussion."),
        ("excluded", INFO, "incomplete follow-up"),
    ],
    "lin2023": [
        ("interval", ERROR, "GGT (HAIC+L, before matching): 159.4 does not lie within its quartiles"),
        ("percentage", ERROR, "Ascites, Absent (HAIC+L+P, after matching)"),
        ("percentage", ERROR, "Hyperbilirubinemia, any grade (HAIC+L, before matching)"),
        ("percentage", ERROR, "Cholecystitis, any grade (HAIC+L, before matching)"),
        ("percentage", ERROR, "Fatigue, above grade 3 (HAIC+L, before matching)"),
        ("nested", ERROR, "Portal vein tumour thrombosis, Present (HAIC+L+P, after matching): 27 (56.25%)"),
        ("nested", ERROR, "Portal vein tumour thrombosis, Present (HAIC+L, after matching): 29 (60.42%)"),
        ("repeated_rows", ERROR, "BCLC stage and Portal vein tumour thrombosis have the same counts"),
        ("p_value", WARNING, "Cirrhosis (before matching)"),
        ("p_value", WARNING, "Partial response (before matching)"),
        ("p_value", WARNING, "Stable disease (before matching)"),
        ("p_value", WARNING, "Objective response rate (before matching)"),
        ("p_value", WARNING, "Proteinuria, any grade (before matching)"),
        ("percentage", WARNING, "33 of 74 is 44.59%; the paper prints 44.54%"),
        ("percentage", WARNING, "41 of 74 is 55.41%; the paper prints 55.46%"),
        ("percentage", WARNING, "HAIC courses, 4 (HAIC+L, after matching): 7 of 48 is 14.58%"),
        ("percentage", WARNING, "HAIC courses, 5 (HAIC+L+P, after matching): 7 of 48 is 14.58%"),
        ("out_of_scale", WARNING, "GGT (HAIC+L+P, after matching): 10.2 is out of scale"),
        ("p_mean", INFO, "Albumin (before matching): printed p = 0.338"),
        # Student 0.32 and 0.36; the seven counts below give 0.5856 and 0.5618
        ("p_mean", INFO, "HAIC courses (before matching): printed p = 0.586"),
        ("p_mean", INFO, "HAIC courses (after matching): printed p = 0.562"),
        # 28 + 28 in 31 of 75, 29 + 20 in 33 of 74
        (
            "joint",
            WARNING,
            "at least 25 must have both (HAIC+L+P, before matching), where chance would make 10.5; at least 16",
        ),
        # 27 of 75 against 28 of 74
        ("compared", ERROR, "Fatigue, any grade is 27 (36.00%) against 28 (37.83%)"),
        ("compared", WARNING, "Objective response rate has p = 0.146"),
        # 1 against 2 patients, three times: likelihood ratio 0.548, Pearson 0.552
        ("p_method", WARNING, "3 p-values do not come from a test that the methods name; for instance Table 5, Liver"),
        ("cycles", WARNING, "in a cycle of 4 weeks, but HAIC is repeated every 3 weeks"),
        ("called", INFO, "3.91 ± 1.47 and 3.69 ± 1.18 are called “median number”"),
        ("odd", INFO, "“TARE” in Discussion (adverse events are meant)"),
        ("excluded", INFO, "lost to follow-up"),
    ],
    "liu_hepa": [
        ("percentage", ERROR, "Vascular invasion, Yes (Hepa-HAIC, before matching): 27 of 74 is 36.5%"),
        ("percentage", ERROR, "Vascular invasion, No (Hepa-HAIC, before matching): 47 of 74 is 63.5%"),
        ("percentage", ERROR, "Vascular invasion, yes (before matching): 88 of 167 is 52.7%; the paper prints 62.7%"),
        ("percentage", ERROR, "AFP, >400 (Hepa-HAIC, after matching): 7 of 48 is 14.6%"),
        ("percentage", ERROR, "Tumour size, >5 (Hepa-HAIC, after matching): 26 of 48 is 54.2%"),
        ("levels", ERROR, "Etiology (HAIC, before matching): the levels sum to 95 patients; the group has 93"),
        ("p_value", ERROR, "Complete response (after matching): printed p <0.001"),
        ("p_value", ERROR, "Disease control rate (after matching): printed p = 0.002"),
        ("repeated", ERROR, "Disease control rate, p (after matching)"),
        ("any_event", ERROR, "Any adverse event, grade 3–4 (Hepa-HAIC, after matching): 13 patients"),
        ("any_event", ERROR, "Any adverse event, grade 3–4 (HAIC, after matching): 14 patients"),
        ("repeated", ERROR, "Fever, grade 1–2 (Hepa-HAIC, after matching)"),
        ("attainable", WARNING, "no number of 48 patients is 71.7%"),
        ("repeated", ERROR, "Vomit, grade 1–2 (Hepa-HAIC, after matching)"),
        ("nested", ERROR, "ALT increased, grade 3–4 (HAIC, after matching): 8.3%, at least 4 patients"),
        ("repeated", ERROR, "OS, median (HAIC, after matching)"),
        ("repeated", ERROR, "Dose of fluorouracil (HAIC, before matching)"),
        ("doses", WARNING, "Dose of fluorouracil (Hepa-HAIC, before matching)"),
        ("schedules", WARNING, "4–6 weeks"),
        ("one_event_twice", ERROR, "Vomiting and Vomit are one event in two rows"),
        ("repeated_rows", WARNING, "Vomiting, grade 1–2 and ALT or AST increased, grade 1–2"),
        ("significance", ERROR, "Hyperbilirubinemia (p 0.049)"),
        ("most_common", ERROR, "Thrombocytopenia, Hyperbilirubinemia called most common (Hepa-HAIC"),
        ("p_value", WARNING, "Etiology (before matching)"),
        ("p_value", WARNING, "AFP (before matching)"),
        ("p_value", WARNING, "Number of tumours (before matching)"),
        ("p_value", WARNING, "Leukopenia, grade 1–2"),
        ("p_value", WARNING, "Anemia, grade 1–2"),
        ("p_value", WARNING, "Thrombocytopenia, grade 1–2"),
        ("p_value", WARNING, "Hypertension, grade 1–2"),
        ("p_value", WARNING, "Vomit, grade 1–2"),
        # 3 + 6 before matching, 2 + 3 after; the study's README says why the enrolled are taken to be stage C
        ("all_of", WARNING, "but 9 of 167 in Table 1 and 5 of 96 in Table 2 are without it"),
        ("compared", WARNING, "ALT or AST increased, grade 3–4 (17 against 3 of 48, p <0.001)"),
        ("compared", WARNING, "Vomit, grade 1–2 has p = 0.084"),
        ("named", WARNING, "“TACE” in Table 3; “HAIC” in Results, Efficacy"),
        ("named", WARNING, "“RECIST 1.0” in Methods, Follow-Up"),
        ("loose_bound", INFO, ">60% in Abstract, Patients and Methods, 158 (94.6%)"),
        ("balance", INFO, "balanced by p <0.05"),
        ("excluded", INFO, "without a first imaging"),
        # with stable disease, 9 of 48 against 21 of 48: Fisher 0.015 less half of the table's own chance is 0.012
        (
            "p_method",
            WARNING,
            "2 p-values do not come from a test that the methods name; for instance Table 3, Partial response",
        ),
    ],
    "lee2024": [
        ("p_value", ERROR, "Objective response rate (post-ate-beva against first-line): printed p = 0.031"),
        ("repeated", WARNING, "End of enrolment differs from place to place: July 2024"),
        ("compared", WARNING, "OS has p = 0.073 (Abstract, Results), adjusted p = 0.014"),
        ("late_rate", INFO, "4 rates are of more than twice the median follow-up"),
        ("second_test", INFO, "OS has p = 0.073 over all of the follow-up (Abstract, Results) and p = 0.043 at 12"),
    ],
    "shen2025": [
        ("interval", ERROR, "1.83 does not lie within its confidence limits, 2.10 to 2.89"),
        ("repeated", ERROR, "TTR, mRECIST, confidence limits (all patients)"),
        ("percentage", ERROR, "Hand–foot syndrome, grade 1–2 (all patients): 13 of 25 is 52.0%"),
        ("grades", ERROR, "Hand–foot syndrome, any grade (all patients): the grades give 13 + 0 = 13"),
        ("grades", ERROR, "Ascites, any grade (all patients): the grades give 0 + 0 = 0"),
        ("repeated", WARNING, "PFS, at 12 months, mRECIST, rate (all patients)"),
        ("proportion_interval", WARNING, "no method gives 24.6 to 63.5 for 11 of 25"),
        ("two_stage", WARNING, "12/25, 32/66 is not Simon's optimal design, which is 11/25, 32/66"),
        ("two_stage", ERROR, "more than 32 in 66) has power 0.8331"),
        ("named", WARNING, "“after the completion” in Abstract, Methods; “after initiation” in Methods, Procedures"),
        ("named", WARNING, "“TTP” in Methods, Statistical analysis; “TTR” in Results, Efficacy"),
    ],
}
# rules of counts, tests, moments, agreement and design: an error or warning of theirs is on the list, or is wrong
TOPICS = ("counts", "tests", "moments", "agreement", "design")
# the same fact from a second side: a text that repeats the table's contradiction
BESIDES = {
    "liu_hepa": [
        ("p_value", "Results, Efficacy, Disease control rate"),
        ("repeated_rows", "Leukopenia, grade 1–2 and Thrombocytopenia, grade 1–2"),
    ]
}
REPAIRS = {
    "lin2023": {
        "60.84%": "34 (70.84%) instead of 34 (60.84%) (one digit changed)",
        # the matched value is 74.2
        "176.8 to 336.4": "159.4 (76.8~336.4) instead of 159.4 (176.8~336.4) (leading digit left out)",
    },
    "liu_hepa": {
        "62.7%": "88 (52.7%) instead of 88 (62.7%) (one digit changed)",
        "63.5%": "The percentages of Vascular invasion, Yes and Vascular invasion, No fit when they are swapped",
        "15.6%": "7 (14.6) instead of 7 (15.6) (one digit changed)",
        # the p-value of the row, 0.256, is that of 2 patients with hepatitis C
        "26 of 48 is 54.2%": "33.3 is the percentage of another cell of the row, Tumour size, ≤5: 16 (33.3).",
        "sum to 95": "2 (2.2) instead of 4 (4.3) (count and percentage changed together) would reconcile levels",
    },
    "shen2025": {
        "13 + 0 = 13": "14 (56.0%) instead of 13 (56.0%) (one digit changed) would reconcile grades",
        # (1 - 15/24.5)(1 - 3/7.5) = 23.27 %
        "23.2% in Abstract": "(1 - 15/(25 - 1/2)) = 38.8%; × (1 - 3/(9 - 3/2)) = 23.3%; × (1 - 1/(3 - 0/2)) = 15.5%); "
        "with the other rates they cannot have 23.2% at 12 months.",
    },
    "cao2024": {
        "119/182 (65.3%)": "agree when the arms are swapped in one of them",
        "29 (15.9%) in Table 3": "35/182 [19.2%] is what Results, Safety prints for AST increased, grade 3–4, too.",
    },
}


def matching(findings: Iterable, rule: str, severity: str, words: str) -> list:
    return [f for f in findings if (f.rule, f.severity) == (rule, severity) and words in f.sentence]


@pytest.mark.parametrize(("study", "expected"), [(study, row) for study, rows in BY_HAND.items() for row in rows])
def test_what_was_found_by_hand_is_found(audits, study, expected):
    assert matching(audits[study], *expected)


@pytest.mark.parametrize("study", BY_HAND)
def test_nothing_else_is_called_an_error_or_a_warning(audits, study):
    topics = {rule.key: rule.topic for rule in RULES}
    known = [(rule, words) for rule, _, words in BY_HAND[study]] + BESIDES.get(study, [])
    unknown = [
        finding.sentence
        for finding in audits[study]
        if finding.severity != INFO
        and topics[finding.rule] in TOPICS
        and not any(finding.rule == rule and words in finding.sentence for rule, words in known)
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("study", "words", "repair"),
    [(study, words, repair) for study, found in REPAIRS.items() for words, repair in found.items()],
)
def test_the_smallest_repair(audits, study, words, repair):
    assert any(words in finding.sentence and repair in finding.repair for finding in audits[study])


@pytest.mark.parametrize("study", BY_HAND)
def test_findings_point_at_printed_values(audits, study):
    values = set(load(study).values.id)
    for finding in audits[study]:
        assert finding.study == study
        assert set(finding.value_ids) <= values
        assert finding.sentence.endswith(".")
        assert finding.count >= 1
        if finding.severity != INFO:
            assert finding.recomputation
            assert finding.value_ids


def test_a_habit_is_one_finding(audits):
    habits = [finding for finding in audits["lin2023"] if finding.rule == "percentage" and finding.severity == INFO]
    assert [finding.count for finding in habits] == [len(finding.value_ids) for finding in habits]
    assert max(finding.count for finding in habits) > 40


def test_rules_without_an_error_injector_make_notes_only(audits):
    found = [finding for findings in audits.values() for finding in findings if finding.rule in NOTES]
    assert {finding.rule for finding in found} >= {"ratio_digits", "same_rates"}
    assert {finding.severity for finding in found} == {INFO}
