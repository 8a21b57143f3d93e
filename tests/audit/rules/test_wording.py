"""What the text says in words, on both sides: against other places, counts, p-values and schedules."""

import numpy as np
import pytest

from haicbook.audit import audit
from haicbook.simulate.calibration import drafts, grave, inject
from haicbook.study.values import CLAIM_COLUMNS


def said(name, level, printed, **more):
    """A row of claims.csv, a statement unless `statistic` says otherwise."""
    known = {"section": "results", "source": "Results", "population": "after_psm", "statistic": "said"}
    row = dict.fromkeys(CLAIM_COLUMNS, "") | known | {"id": name, "level": level, "printed": printed} | more
    return ",".join(row.values()) + "\n"


def found(paper, rule):
    return [finding for finding in audit(paper) if finding.rule == rule]


def start(*places):
    return "".join(
        said("named_start", level, words, term="start", section=section, source=section.title())
        for section, level, words in places
    )


def test_one_thing_said_in_two_ways(paper_with):
    claims = start(("abstract", "end", "completion"), ("methods", "start", "initiation"))
    (finding,) = found(paper_with(claims=claims), "named")
    assert finding.severity == "warning"
    assert "“completion” in Abstract; “initiation” in Methods" in finding.sentence


def test_one_thing_in_other_words(paper_with):
    claims = start(("abstract", "end", "completion"), ("methods", "end", "the end"))
    assert found(paper_with(claims=claims), "named") == []


def benefit(*places):
    return "".join(
        said("listed_benefit", level, level, term="benefit", section=section, source=section.title())
        for section, level in places
    )


def test_what_only_one_list_has_is_a_note(paper_with):
    claims = benefit(("results", "men"), ("results", "single"), ("discussion", "men"), ("discussion", "hepatitis"))
    (finding,) = found(paper_with(claims=claims), "listed")
    assert finding.severity == "info"
    assert "single only in Results; hepatitis only in Discussion" in finding.sentence


def test_lists_that_agree_and_a_list_alone(paper_with):
    assert found(paper_with(claims=benefit(("results", "men"), ("discussion", "men"))), "listed") == []
    assert found(paper_with(claims=benefit(("results", "men"))), "listed") == []


def cites(term, level, **more):
    return said(f"cites_{term}", level, level, term=term, **more)


def test_a_table_cited_for_what_another_shows(paper_with):
    # Table 3 is response, Table 4 adverse events
    claims = cites("baseline", "table_2") + cites("response", "table_4")
    (finding,) = found(paper_with(claims=claims), "cited")
    assert finding.severity == "warning"
    assert "Table 4 is cited in Results for tumour response, but shows adverse events" in finding.sentence
    assert finding.sentence.endswith("Table 3 shows tumour response.")


def test_panels_that_change_places_are_a_finding_of_their_own(paper_with):
    panels = {"a": "os", "b": "pfs"}
    shown = (
        said(f"shows_{endpoint}", f"figure_2{panel}", "B", term="survival", endpoint=endpoint, section="figure")
        for panel, endpoint in panels.items()
    )
    claims = "".join(shown) + cites("response", "table_4")
    right = (
        claims
        + cites("survival", "figure_2a", endpoint="os")
        + said("cites_both", "figure_2", "2", term="survival", endpoint="pfs")
    )
    assert len(found(paper_with(claims=right), "cited")) == 1
    tables, figures = found(paper_with(claims=claims + cites("survival", "figure_2a", endpoint="pfs")), "cited")
    assert (
        "Figure 2a is cited in Results for survival curves of PFS, but shows survival curves of OS" in figures.sentence
    )
    assert not set(tables.value_ids) & set(figures.value_ids)


def test_what_has_no_caption_is_not_judged(paper_with):
    assert found(paper_with(claims=cites("survival", "figure_9") + cites("response", "table_3")), "cited") == []


@pytest.mark.parametrize(
    ("figures", "statistic", "level", "noted"),
    [
        ("3.9 ± 1.5", "mean_sd", "median", True),
        ("3.9 ± 1.5", "mean_sd", "mean", False),
        ("3.9 (2.0–5.0)", "median_iqr", "mean", True),
        ("3.9 (2.0–5.0)", "median_iqr", "median", False),
    ],
)
def test_what_is_called_by_the_other_average_is_a_note(paper_with, figures, statistic, level, noted):
    claims = said("courses", "", figures, term="courses", statistic=statistic, arm="new")
    claims += said("called_courses", level, level, term="courses")
    assert [finding.severity for finding in found(paper_with(claims=claims), "called")] == ["info"] * noted


def test_words_that_can_hardly_be_meant_are_one_note(paper_with):
    claims = said("odd_tare", "adverse_events_are_meant", "TARE") + said("odd_trunk", "an_artery_is_meant", "trunk")
    (finding,) = found(paper_with(claims=claims), "odd")
    assert finding.severity == "info"
    assert "“TARE” in Results (adverse events are meant); “trunk” in Results (an artery is meant)" in finding.sentence


def test_all_of_the_enrolled(paper_with):
    # 6 + 4 without hepatitis and 6 + 4 with hepatitis C before matching, 3 + 3 and 3 + 4 after
    (finding,) = found(paper_with(claims=said("all_of_enrolled", "hbv", "All", term="etiology")), "all_of")
    assert finding.severity == "error"
    assert "20 of 100 in Table 1 and 13 of 60 in Table 2 are without it" in finding.sentence


def test_a_title_that_leaves_exceptions_out_is_a_warning_and_the_same_slip(paper_with):
    title = said("all_of_enrolled", "hbv", "Hepatitis B", term="etiology", section="abstract", source="Title")
    text = said("all_of_enrolled", "hbv", "All", term="etiology")
    (finding,) = found(paper_with(claims=title), "all_of")
    assert finding.severity == "warning"
    (both,) = found(paper_with(claims=title + text), "all_of")
    assert (both.severity, [other.severity for other in both.consequences]) == ("error", ["warning"])


def test_all_of_a_group_that_may_be_so(paper_with):
    # 73 men and 20 without hepatitis B are fewer than 100; 45 men and 13 without it fewer than 60
    assert found(paper_with(claims=said("all_of_sex_male", "hbv", "All", term="etiology")), "all_of") == []


def test_all_of_a_group_too_large_for_it(paper_with):
    # 80 with hepatitis B and 27 women are more than 100; 47 and 15 are more than 60
    (finding,) = found(paper_with(claims=said("all_of_etiology_hbv", "male", "All", term="sex")), "all_of")
    assert finding.recomputation == "80 + 27 > 100; 47 + 15 > 60"


def test_a_group_that_is_everyone_by_another_statement(paper_with):
    claims = said("all_of_stage_c", "hbv", "All", term="etiology")
    assert found(paper_with(claims=claims), "all_of") == []
    claims += said("all_of_enrolled", "c", "advanced", term="stage")
    (finding,) = found(paper_with(claims=claims), "all_of")
    assert finding.severity == "warning"
    assert "All who were enrolled had “advanced”, taken here to be that group" in finding.sentence


def arms(name, level, **more):
    return said(name, level, level, arm="new", reference="old", **more)


@pytest.mark.parametrize(
    ("claims", "severity", "words"),
    [
        # 6 against 2 of 30, p 0.255
        (arms("compared_rash", "more", term="rash", grade="any"), "warning", "has p = 0.255 (Table 4)"),
        (arms("compared_rash", "less", term="rash", grade="any"), "error", "6 (20.0%) against 2 (6.7%)"),
        # 12 against 5 of 30, p 0.045
        (arms("compared_fever", "more", term="fever", grade="any"), None, ""),
        # medians of 20.1 and 12.0 months, p 0.020
        (arms("compared_os", "longer", endpoint="os"), None, ""),
        (arms("compared_os", "shorter", endpoint="os"), "error", "OS is 20.1 against 12.0"),
        (arms("compared_events", "comparable", term="adverse_events"), "warning", "12 against 5 of 30, p = 0.045"),
        (arms("compared_response", "comparable", term="response"), None, ""),
    ],
)
def test_what_is_said_of_the_arms(paper_with, claims, severity, words):
    findings = found(paper_with(claims=claims), "compared")
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(words in finding.sentence for finding in findings)


def test_a_statement_that_names_several_things_is_one_finding(paper_with):
    both = (arms("compared_" + term, "less", term=term, grade="any") for term in ("rash", "fever"))
    (finding,) = found(paper_with(claims="".join(both)), "compared")
    assert "“less” is said of Rash, any grade, Fever, any grade" in finding.sentence


def test_all_the_places_of_a_comparison_are_named(paper_with):
    places = ("Abstract", "Discussion")
    claims = "".join(
        arms("compared_rash", "more", term="rash", grade="any", section=place.lower(), source=place) for place in places
    )
    (finding,) = found(paper_with(claims=claims), "compared")
    assert finding.sentence.endswith("Discussion says so too: “more”.")
    assert len({identity for identity in finding.value_ids if identity.endswith("/said")}) == len(places)


@pytest.mark.parametrize(
    ("weeks", "statistic", "fits"),
    [("3", "value", True), ("6", "value", True), ("1", "value", True), ("4", "value", False), ("4–6", "range", True)],
)
def test_a_cycle_tied_to_another(paper_with, weeks, statistic, fits):
    lengths = (("haic", "3", "value"), ("drug", weeks, statistic))
    claims = "".join(
        said(f"{name}_cycle", "", length, term=f"{name}_cycle", statistic=how, unit="weeks", section="methods")
        for name, length, how in lengths
    )
    assert found(paper_with(claims=claims), "cycles") == []
    claims += said("follows_haic_drug", "haic", "after HAIC", term="drug", section="methods")
    assert (found(paper_with(claims=claims), "cycles") == []) is fits


def test_days_and_weeks_are_one_length(paper_with):
    claims = said("follows_haic_drug", "haic", "after HAIC", term="drug") + "".join(
        said(f"{name}_cycle", "", length, term=f"{name}_cycle", statistic="value", unit=unit)
        for name, length, unit in (("haic", "21", "days"), ("drug", "3", "weeks"))
    )
    assert found(paper_with(claims=claims), "cycles") == []


def test_balance_by_p_and_exclusions_are_notes(paper_with):
    claims = said("balance_threshold", "", "<0.05", term="balance_threshold", statistic="value")
    claims += said("excluded_lost", "lost_to_follow_up", "lost to follow-up", term="excluded")
    paper = paper_with(claims=claims)
    (balance,), (excluded,) = found(paper, "balance"), found(paper, "excluded")
    assert (balance.severity, excluded.severity) == ("info", "info")
    assert "groups that differ would count as balanced" in balance.sentence
    assert "every survivor was followed to the end" in excluded.sentence


NEW = (
    *("named", "all_of", "compared", "cycles", "joint", "follow_up"),
    *("ratio_outlier", "ratio_deaths", "ratio_inflation", "ratio_stepwise"),
)


def test_what_is_injected_and_detectable_is_found():
    """A few draws of each new kind; the calibration has hundreds."""
    tried, missed = 0, []
    for number, draft in enumerate(drafts(4, 23)):
        paper = draft.paper()
        for rule in NEW:
            for seed in range(3):
                error = inject(rule, draft, paper, np.random.default_rng([number, seed]))
                if error is not None and error.detectable:
                    tried += 1
                    found = [finding for finding in grave(error.draft.paper()) if finding.rule == rule]
                    if not any(set(error.value_ids) & set(finding.value_ids) for finding in found):
                        missed.append((rule, error.words))
    assert tried >= 30
    assert len(missed) <= 0.05 * tried, missed
