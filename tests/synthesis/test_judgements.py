"""Overall judgements and certainty follow the judgements by the tools' own rules."""

from __future__ import annotations

import pandas as pd
import pytest

from haicbook import study, synthesis
from haicbook.results import SavedResults
from haicbook.show import across as draw
from haicbook.synthesis.conclusions import LEVELS
from haicbook.synthesis.judgements import overall

PAPERS = [study.load(name) for name in study.studies()]


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        (["low"] * 7, "low"),
        (["low"] * 6 + ["moderate"], "moderate"),
        (["low", "serious", "moderate"], "serious"),
        (["serious", "critical"], "critical"),
        (["serious", "no_information"], "serious"),
        (["low", "no_information"], "no_information"),
        (["no_information"] * 7, "no_information"),
    ],
)
def test_the_worst_domain_decides(domains: list[str], expected: str) -> None:
    assert overall(domains) == expected


def test_a_judgement_of_one_outcome_goes_before_one_of_all() -> None:
    rows = [
        ("cao2024", "measurement", "", "moderate", "r", "s"),
        ("cao2024", "measurement", "pfs", "critical", "r", "s"),
        ("cao2024", "confounding", "", "low", "r", "s"),
    ]
    frame = pd.DataFrame(rows, columns=["study", "domain", "outcome", "judgement", "reason", "source"])
    assert synthesis.judged(frame, "os").measurement["cao2024"] == "moderate"
    assert synthesis.judged(frame, "pfs").measurement["cao2024"] == "critical"
    assert synthesis.judged(frame, "os").missing["cao2024"] == "no_information"


def test_a_trial_without_a_comparator_is_not_judged_with_robins() -> None:
    reasons = synthesis.unjudged(PAPERS, synthesis.risk_of_bias())
    assert list(reasons) == ["shen2025"]
    assert "one arm" in reasons["shen2025"]


# --- certainty --------------------------------------------------------------------------------------------------------


def saved(**values: float) -> SavedResults:
    item = {"unit": "", "source": [], "note": "", "state": "present"}
    content = {name.replace("__", "."): {"value": value, **item} for name, value in values.items()}
    return SavedResults.model_validate(
        {"kind": "haicbook-results", "schema": 1, "study": "x", "parameters": {"horizon": 30.0}, "values": content}
    )


GAP = {"os__rmst_difference": 4.0, "os__rmst_difference__ci_low": -0.5, "os__rmst_difference__ci_high": 8.4}
SAVED = {paper.study: saved(os__si__deaths=60.0, os__se__deaths=80.0, **GAP) for paper in PAPERS}


def conclude(judgements: pd.DataFrame, size: int = 300) -> dict[str, synthesis.Conclusion]:
    judged = synthesis.judged(judgements, "os")
    found = synthesis.conclude(PAPERS, SAVED, synthesis.questions(), judged, synthesis.appraisal(), size)
    return {item.key: item for item in found}


def test_certainty_starts_high_and_goes_down_by_the_steps() -> None:
    for item in conclude(synthesis.risk_of_bias()).values():
        if item.steps:
            expected = max(0, LEVELS.index("high") - sum(step.down for step in item.steps))
            assert item.certainty == ("not graded" if item.key == "intra_arterial" else LEVELS[expected])


def test_what_the_papers_show_has_its_intervals_and_its_log_rank_test() -> None:
    found = conclude(synthesis.risk_of_bias())
    assert "log-rank p 0.073, not significant; HR 0.40 (0.20 to 0.83), adjusted, unmatched" in found["second"].shows
    assert "4.0 months longer (−0.5 to 8.4; reconstructed)" in found["together"].shows


def test_a_mean_without_an_interval_is_not_told() -> None:
    short = {paper.study: saved(os__rmst_difference=4.0) for paper in PAPERS}
    judged = synthesis.judged(synthesis.risk_of_bias(), "os")
    items = synthesis.conclude(PAPERS, short, synthesis.questions(), judged, synthesis.appraisal(), 300)
    assert not any("mean survival" in item.shows for item in items)


def test_halves_of_people_are_no_people() -> None:
    half = {paper.study: saved(os__si__deaths=60.5, os__se__deaths=87.0) for paper in PAPERS}
    judged = synthesis.judged(synthesis.risk_of_bias(), "os")
    items = synthesis.conclude(PAPERS, half, synthesis.questions(), judged, synthesis.appraisal(), 300)
    assert items[0].events == "148 deaths (reconstructed)"


def test_a_better_judgement_raises_the_certainty() -> None:
    judgements = synthesis.risk_of_bias()
    lenient = judgements.assign(judgement="low")
    before, after = conclude(judgements)["together"], conclude(lenient)["together"]
    assert (before.certainty, after.certainty) == ("very low", "moderate")
    assert "low (ROBINS-I)" in [step.reason for step in after.steps]


def test_more_information_is_needed_or_less() -> None:
    strict, loose = (conclude(synthesis.risk_of_bias(), size)["together"] for size in (300, 50))
    assert sum(step.down for step in strict.steps) == sum(step.down for step in loose.steps) + 1


def test_deaths_are_the_printed_ones_where_there_are() -> None:
    found = conclude(synthesis.risk_of_bias())
    assert found["pd1"].events == "97 deaths (printed)"
    assert found["beads"].events == "59 deaths (printed)"
    assert found["together"].events == "140 deaths (reconstructed)"


def test_a_question_that_no_paper_asks_says_so() -> None:
    item = conclude(synthesis.risk_of_bias())["systemic"]
    assert (item.certainty, item.steps) == ("no evidence", ())
    assert item.shows == "None of the papers compares this."


def test_a_study_that_is_not_there_is_no_error() -> None:
    judged = synthesis.judged(synthesis.risk_of_bias(), "os")
    found = synthesis.conclude(PAPERS[:1], SAVED, synthesis.questions(), judged, synthesis.appraisal(), 300)
    assert [item.certainty == "no evidence" for item in found] == [False, True, True, True, True, True]


# --- reporting --------------------------------------------------------------------------------------------------------


def test_what_a_paper_prints_is_worked_out_from_its_figures() -> None:
    found = synthesis.reporting(PAPERS).pivot_table(index="item", columns="study", values="state", aggfunc="first")
    assert found.loc["Deaths in each arm"].to_dict() == {
        "cao2024": "no",
        "lee2024": "part",
        "lin2023": "yes",
        "liu_hepa": "part",
        "shen2025": "no",
    }
    assert found.loc["Baseline before and after matching", "cao2024"] == "lost"
    assert found.loc["Registration", "shen2025"] == "yes"
    assert found.loc["Adjusted hazard ratio, overall survival", "shen2025"] == "na"
    assert found.loc["Median overall survival with interval", "liu_hepa"] == "part"
    assert found.loc["Adverse events by grade, in each arm", "lee2024"] == "no"


def test_the_rarest_item_is_wanted_first() -> None:
    wanted = synthesis.wanted(synthesis.reporting(PAPERS))
    assert wanted.printed.is_monotonic_increasing
    assert (wanted.printed <= wanted.applicable).all()


def test_the_grid_of_certainty_has_a_square_for_every_step_and_its_words_count_them() -> None:
    items = list(conclude(synthesis.risk_of_bias()).values())
    _, ax = draw.certainty_grid(items)
    graded = [step.down for item in items for step in item.steps if len(item.steps) > 1]
    drawn = [text.get_text() for text in ax.texts]
    assert sorted(drawn) == sorted(
        [*(f"−{down}" if down else "0" for down in graded), *(item.certainty for item in items if item.study)]
    )
    assert len(graded) == 20
    bias = sum(step.down for item in items for step in item.steps if step.domain == "risk of bias")
    assert f"risk of bias ({bias})" in draw.certainty_words(items)
    assert "Shen 2025 not graded" in draw.certainty_alt(items)
