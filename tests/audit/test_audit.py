"""Each rule on both sides: a paper that adds up has no finding, every injected error is found and called by name."""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haicbook.audit import RULES, TOPICS, audit, cells, every, registry, to_frame
from haicbook.audit.cells import possible_counts
from haicbook.audit.finding import SEVERITIES, Finding, by_severity
from haicbook.audit.registry import REGISTERED
from haicbook.printed import parse_number
from haicbook.stats.proportions import fisher_p, pearson_p, yates_p

T1, T2, T3, T4 = (f"tables/{name}.csv" for name in ("1_before", "2_after", "3_response", "4_events"))
TEXT = "claims.csv"

# what is changed; the rule that must find it, how grave it is and what it must say; which other rules must follow
INJECTED = {
    "a percentage that is not the count's": (
        [(T1, "45 (75.0%)", "45 (57.0%)")],
        ("percentage", "error", "Table 1, Sex, Male (New, before matching): 45 of 60 is 75.0%; the paper prints 57.0%"),
        set(),
    ),
    "a percentage of the text, whose count is that of the table": (
        [(TEXT, "27 (27.0%)", "27 (37.0%)")],
        ("percentage", "error", "Results, Sex, female (before matching): 27 of 100 is 27.0%; the paper prints 37.0%"),
        set(),
    ),
    "a percentage of a printed denominator": (
        [(TEXT, "15/30 (50.0%)", "15/29 (50.0%)")],
        ("percentage", "error", "15 of 29 is 51.7%"),
        {"p_value"},
    ),
    "a percentage that is cut off": (
        [(T2, "8 (26.7%)", "8 (26.6%)")],
        ("percentage", "info", "cut off after the last printed digit, not rounded; for instance Table 2, Sex, Female"),
        set(),
    ),
    "a percentage one unit away": (
        [(T2, "22 (73.3%)", "22 (73.4%)")],
        ("percentage", "info", "One percentage is one unit of the last digit away from the count"),
        set(),
    ),
    "a percentage filled up with zeros": (
        [(T2, "22 (73.3%)", "22 (73.30%)")],
        ("percentage", "info", "rounded to fewer digits and padded with zeros"),
        set(),
    ),
    "a percentage wrong behind its first decimal": (
        [(T2, "22 (73.3%)", "22 (73.37%)")],
        ("percentage", "warning", "22 of 30 is 73.33%; the paper prints 73.37%"),
        set(),
    ),
    "a percentage of no number of patients": (
        [(TEXT, "pct,percent,50%", "pct,percent,52%")],
        ("attainable", "warning", "no number of 30 patients is 52%"),
        {"repeated"},
    ),
    "a median below its confidence limits": (
        [(TEXT, "12.0 (9.1–16.2)", "12.0 (13.1–16.2)")],
        (
            "interval",
            "error",
            "Results, OS (Old, after matching): 12.0 does not lie within its confidence limits",
        ),
        set(),
    ),
    "a rate above its confidence limits": (
        [(TEXT, "70.0% (53.6–86.4)", "70.0% (53.6–64.4)")],
        ("interval", "error", "70.0 does not lie within its confidence limits, 53.6 to 64.4"),
        set(),
    ),
    "levels above the group": (
        [(T1, "32 (80.0%)", "34 (85.0%)")],
        (
            "levels",
            "error",
            "Table 1, Etiology (Old, before matching): the levels sum to 42 patients; the group has 40",
        ),
        {"matched"},
    ),
    "levels below the group": (
        [(T1, "32 (80.0%)", "31 (77.5%)")],
        ("levels", "warning", "the levels sum to 39 patients; the group has 40"),
        set(),
    ),
    "grades that do not make up any grade": (
        [(T4, "12 (40.0%),4 (13.3%)", "13 (43.3%),4 (13.3%)")],
        ("grades", "error", "Table 4, Fever, any grade (New, after matching): the grades give 9 + 3 = 12"),
        {"p_value"},
    ),
    "a severe grade above any grade": (
        [(T4, "9 (30.0%),3 (10.0%),12 (40.0%)", ",13 (43.3%),12 (40.0%)"), (TEXT, "3 (10.0%)", "13 (43.3%)")],
        ("grades", "error", "Table 4, Fever, any grade (New, after matching): 12 patients, but Fever, grade 3–4"),
        {"any_event"},
    ),
    "any event below one event": (
        [(T4, "14 (46.7%),4 (13.3%)", "16 (53.3%),2 (6.7%)")],
        ("any_event", "error", "2 patients, but Fever, grade 3–4 is printed for 3"),
        set(),
    ),
    "more patients after matching than before": (
        [(T2, "24 (80.0%)", "20 (66.7%)"), (T2, "HCV,hcv,,3 (10.0%)", "HCV,hcv,,7 (23.3%)")],
        ("matched", "error", "Table 2, Etiology, HCV (New, after matching): 7 patients, of 6 before matching"),
        {"p_value"},
    ),
    "an ORR that is not CR + PR": (
        [(T3, "15 (50.0%)", "16 (53.3%)")],
        ("response", "error", "Table 3 (New, after matching): CR + PR is 15 patients; ORR is printed as 16"),
        {"p_value", "repeated"},
    ),
    "a DCR that is not CR + PR + SD": (
        [(T3, "24 (80.0%)", "25 (83.3%)")],
        ("response", "error", "CR + PR + SD is 24 patients; DCR is printed as 25"),
        {"p_value"},
    ),
    "an ORR in percentages": (
        [(T3, "3 (10.0%)", "(10.0%)"), (T3, "24 (80.0%)", "(90.0%)"), (T3, "12 (40.0%)", "(40.0%)")],
        ("response", "error", "CR + PR + SD is 79.85% to 80.30%; DCR is printed as 90.0%"),
        {"p_value"},
    ),
    "more responses than patients": (
        [(T3, "6 (20.0%)", "7 (23.3%)")],
        ("response", "error", "CR + PR + SD + PD is 31 patients; the group has 30"),
        set(),
    ),
    "fewer responses than patients": (
        [(T3, "6 (20.0%)", "5 (16.7%)")],
        ("response", "warning", "CR + PR + SD + PD is 29 patients; the group has 30"),
        set(),
    ),
    "a p-value that makes a difference significant": (
        [(T3, "0.243", "0.024")],
        ("p_value", "error", "Printed as significant at 0.05, it is not by any of these tests"),
        set(),
    ),
    "a p-value below 0.05 without a figure": (
        [(T3, "0.243", "<0.05")],
        ("p_value", "error", "printed p <0.05; the counts give Pearson 0.243"),
        set(),
    ),
    "a p-value that hides a significant difference": (
        [(T4, "9 (30.0%),3 (10.0%),12 (40.0%)", "12 (40.0%),3 (10.0%),15 (50.0%)"), (T4, "0.045", "0.45")],
        ("p_value", "error", "Printed as not significant at 0.05, it is by all of these tests"),
        set(),
    ),
    "a p-value that no test gives": (
        [(T3, "0.243", "0.300")],
        ("p_value", "warning", "printed p = 0.300; the counts give Pearson 0.243, Yates 0.381, Fisher 0.382"),
        set(),
    ),
    "a p-value of a percentage": (
        [
            (
                TEXT,
                "median,months,20.1\n",
                "median,months,20.1\norr,abstract,Abstract,,,after_psm,new,old,orr,,,,,p,,0.03\n",
            )
        ],
        ("p_value", "error", "Abstract, Objective response rate (New against Old, after matching): printed p = 0.03"),
        {"repeated"},
    ),
    "a median that changes between places": (
        [(TEXT, "20.1 (15.0–not reached)", "21.0 (15.0–not reached)")],
        ("repeated", "error", "OS, median (New, after matching) differs from place to place: 20.1 in Abstract; 21.0"),
        set(),
    ),
    "a rate that changes by its last digit": (
        [
            (
                TEXT,
                "70.0% (53.6–86.4)",
                "70.0% (53.6–86.4)\nrate,discussion,Discussion,os,,after_psm,new,,,,,,12,rate,,70.1%",
            )
        ],
        ("repeated", "warning", "OS, at 12 months, rate (New, after matching) differs from place to place: 70.0%"),
        set(),
    ),
    "a limit that is reached in one place only": (
        [
            (
                TEXT,
                "12.0 (9.1–16.2)",
                "12.0 (9.1–16.2)\nos_median,discussion,Discussion,os,,after_psm,old,,,,,,,median,months,NR",
            )
        ],
        ("repeated", "error", "12.0 in Abstract and Results; NR in Discussion"),
        set(),
    ),
    "a count that differs between text and table": (
        [(TEXT, "3 (10.0%)", "6 (20.0%)")],
        (
            "repeated",
            "error",
            "Fever, grade 3–4 (New, after matching) differs from place to place: 3 (10.0%) in Table 4",
        ),
        set(),
    ),
}


@pytest.fixture
def clean(paper_with):
    return paper_with()


def test_a_paper_that_adds_up_has_no_finding(clean):
    assert audit(clean) == []


@pytest.mark.parametrize(("changes", "expected", "besides"), INJECTED.values(), ids=INJECTED.keys())
def test_an_injected_error_is_found_and_nothing_else(paper_with, changes, expected, besides):
    paper = paper_with(*changes)
    found = every(audit(paper))
    rule, severity, words = expected
    assert [
        finding
        for finding in found
        if (finding.rule, finding.severity) == (rule, severity) and words in finding.sentence
    ]
    assert {finding.rule for finding in found} == {rule} | besides
    for finding in found:
        assert finding.study == "synthetic"
        assert finding.value_ids
        assert set(finding.value_ids) <= set(paper.values.id)
        assert "nan" not in finding.sentence
        assert finding.recomputation


def test_rules_are_described_for_the_reader():
    keys = [rule.key for rule in RULES]
    assert len(keys) == len(set(keys))
    for rule in RULES:
        assert rule.topic in TOPICS
        assert rule.title[0].isupper()
        assert not rule.title.endswith(".")
        assert rule.source
        assert rule.tolerance


def test_a_second_rule_with_a_key_is_refused():
    with pytest.raises(ValueError, match="second rule 'grades'"):
        registry.rule("grades", "Once more", broken="It broke", topic="counts")(lambda paper, cells: [])


def test_a_rule_names_its_findings(paper_with):
    paper = paper_with((T1, "32 (80.0%)", "34 (85.0%)"))
    (finding,) = REGISTERED["levels"].findings(paper, cells(paper))
    assert (finding.rule, finding.study, finding.inspect_sr) == ("levels", "synthetic", REGISTERED["levels"].inspect_sr)


def test_findings_are_shown_in_the_order_of_the_rules(paper_with):
    changes = (T1, "45 (75.0%)", "45 (57.0%)"), (TEXT, "12.0 (9.1–16.2)", "12.0 (13.1–16.2)")
    found = [finding.rule for finding in audit(paper_with(*changes)) if finding.severity == "error"]
    assert found == sorted(found, key=list(REGISTERED).index) == ["interval", "percentage"]


def test_grades_from_3_up_are_the_rest_of_any_grade(paper_with):
    def with_grade_3_and_above(*changes):
        paper = paper_with(*changes)
        grades = paper.values.grade.replace("g34", "g3plus")
        return replace(paper, values=paper.values.assign(grade=grades))

    assert audit(with_grade_3_and_above()) == []
    found = audit(with_grade_3_and_above((T4, "9 (30.0%),3 (10.0%)", "8 (26.7%),3 (10.0%)")))
    assert [(finding.rule, finding.severity) for finding in found] == [("grades", "error")]
    assert "the grades give 8 + 3 = 11; the paper prints 12" in found[0].sentence


def test_swapped_percentages_are_recognised(paper_with):
    found = every(audit(paper_with((T1, "45 (75.0%)", "45 (25.0%)"), (T1, "15 (25.0%)", "15 (75.0%)"))))
    assert [finding.rule for finding in found] == ["percentage", "percentage"]
    assert found[0].repair == "The percentages of Sex, Male and Sex, Female fit when they are swapped."


def test_swapped_arms_are_recognised(paper_with):
    found = audit(
        paper_with(
            (TEXT, "15/30 (50.0%)", "9/30 (30.0%)"),
            (TEXT, "old,,orr,,,,,n_pct,patients,9/30 (30.0%)", "old,,orr,,,,,n_pct,patients,15/30 (50.0%)"),
        )
    )
    assert {finding.rule for finding in found} == {"repeated"}
    assert all("agree when the arms are swapped in one of them" in finding.repair for finding in found)


def test_a_lone_difference_is_not_called_a_swap(paper_with):
    found = audit(paper_with((TEXT, "15/30 (50.0%)", "14/30 (46.7%)")))
    assert [finding.repair for finding in found if finding.rule == "repeated"] == [""]


def test_habits_of_rounding_are_one_note(paper_with):
    changes = [(T2, "8 (26.7%)", "8 (26.6%)"), (T3, "20 (66.7%)", "20 (66.6%)"), (T3, "11 (36.7%)", "11 (36.6%)")]
    found = audit(paper_with(*changes))
    assert [(finding.rule, finding.severity, len(finding.value_ids)) for finding in found] == [
        ("percentage", "info", 3)
    ]
    assert found[0].sentence.startswith("3 percentages are cut off")
    assert found[0].recomputed == "26.667%"


def test_one_comparison_printed_twice_is_one_finding(paper_with):
    found = audit(paper_with((T3, "0.114", "0.014"), (TEXT, "p,,0.114", "p,,0.014")))
    assert [(finding.rule, finding.severity) for finding in found] == [("p_value", "error")]
    places = {value_id.split("/")[1] for value_id in found[0].value_ids}
    assert places == {"table3", "results"}


@pytest.mark.parametrize("printed", ["0.084", "0.086", "0.04", "<0.05", "0.060", "0.0449"])
def test_a_p_value_of_any_of_the_tests_is_no_finding(paper_with, printed):
    # fever, 12 of 30 against 5 of 30: Pearson 0.0449, Yates 0.0856, Fisher 0.0840, likelihood ratio 0.0425
    found = [finding for finding in audit(paper_with((T4, "0.045", printed))) if finding.rule == "p_value"]
    assert bool(found) == (printed == "0.060")


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    # within the unmatched arms of 60 and 40, and not below the matched counts
    st.integers(22, 52),
    st.integers(23, 33),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([pearson_p, yates_p, fisher_p]),
    st.sampled_from([2, 3, 4]),
)
def test_an_honest_row_is_never_a_finding(paper_with, new, old, decimals, test, digits):
    p = test([[new, old], [60 - new, 40 - old]])
    figure = f"<{10.0**-digits:.{digits}f}" if p < 10.0**-digits else f"{p:.{digits}f}"

    def cells(one: int, other: int) -> str:
        return f"{one} ({100 * one / 60:.{decimals}f}%),{other} ({100 * other / 40:.{decimals}f}%)"

    changes = [
        (T1, "45 (75.0%),28 (70.0%)", cells(new, old)),
        (T1, "15 (25.0%),12 (30.0%)", cells(60 - new, 40 - old)),
        (T1, "0.581", figure),
        (TEXT, "27 (27.0%)", f"{100 - new - old} ({100 - new - old}%)"),
    ]
    # which test it is may be worth a note
    assert [finding for finding in audit(paper_with(*changes)) if finding.rule != "p_method"] == []


def test_findings_are_ordered_by_severity():
    synthetic = [
        Finding("levels", severity, "x", ("a",), "", "", severity) for severity in ("info", "error", "warning")
    ]
    assert tuple(finding.severity for finding in by_severity(synthetic)) == SEVERITIES


def test_findings_become_a_table_even_without_findings(paper_with):
    found = audit(paper_with((T3, "0.243", "0.024")))
    frame, empty = to_frame(found), to_frame([])
    assert frame.sentence.tolist() == [finding.sentence for finding in found]
    assert list(empty.columns) == list(frame.columns)
    assert empty.empty


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0, 1), st.integers(0, 2), st.booleans())
def test_the_counts_behind_a_percentage_include_the_true_one(size, share, decimals, cut):
    count = round(share * size)
    unit = 10.0**-decimals
    exact = 100 * count / size
    printed = parse_number(f"{math.floor(round(exact / unit, 9)) * unit if cut else exact:.{decimals}f}")
    found = possible_counts(printed, size)
    assert count in found
    assert found == sorted(set(found))
    assert all(abs(100 * other / size - printed.value) <= unit * 1.001 for other in found)
