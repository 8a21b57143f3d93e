"""Tables for the page: what is printed stays as printed, and nothing breaks the Markdown."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from haicbook import matching, show, study
from haicbook.show.tables import Linked

PAPER = study.load("demo2020", Path(__file__).parents[1] / "papers")


def lines(frame: pd.DataFrame, **options: object) -> list[str]:
    return str(show.table(frame, "A caption", "tab-name", **options).data).splitlines()


def test_a_table_has_its_caption_name_source_and_notes() -> None:
    made = lines(pd.DataFrame({"a": ["1"], "b": ["2"]}), source="Table 3", notes=["A note."])
    assert made[:3] == [":::{table} A caption. Source: Table 3.", ":name: tab-name", ":class: haic-table"]
    assert "|a|b|" in made
    assert made[-1] == "A note."


def test_printed_signs_do_not_break_the_page() -> None:
    made = lines(pd.DataFrame({"cell": ["<0.001", "a|b", "14.9~52.3", "$5", ""]}))
    assert made[6:11] == ["|\\<0.001|", "|a\\|b|", "|14.9\\~52.3|", "|\\$5|", "| |"]


def test_a_printed_figure_leads_to_its_value() -> None:
    made = lines(pd.DataFrame({"cell": [Linked("28.8", "x/y/median"), Linked("none", "")]}))
    assert made[6] == '|<a class="haic-value" href="values.html#x/y/median">28.8</a>|'
    assert made[7] == "|none|"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (show.number(-0.125, 2), "−0.12"),
        (show.number(math.nan), "–"),
        (show.percent(0.1234), "12.3"),
        (show.interval(-1.0, 2.0, 1), "−1.0 to 2.0"),
        (show.p_value(0.0004), "<0.001"),
        (show.p_value(0.04), "0.040"),
    ],
)
def test_numbers_as_the_page_shows_them(shown: str, expected: str) -> None:
    assert shown == expected


def test_the_baseline_table_keeps_cells_and_puts_levels_beneath_their_variable() -> None:
    frame = show.baseline(PAPER)
    assert list(frame.columns)[:2] == ["Characteristic", "D, before (n = 60)"]
    assert frame.Characteristic.tolist() == ["**Age, years**", "**Sex**", "&emsp;Male", "&emsp;Female"]
    assert frame.iloc[2, 1] == "50 (83.3%)"
    assert frame.iloc[2, 1].value_id == "demo2020/table1/sex/male/before_psm/drug/n"


def test_what_is_lost_is_said() -> None:
    text = str(show.lost(PAPER.lost()).data)
    assert "Figure 1: printed in the paper, lost in the text we have. The survival curves" in text


def test_balance_counts_and_summary_agree() -> None:
    found = matching.balances(PAPER, 0.95)
    words, values = show.balance_counts(found), matching.summarise(found)
    assert words["balance_after"] == f"{values['after_matching.within']} of {values['after_matching.judged']}"
    assert values["after_matching.largest"] < values["before_matching.largest"]


def test_glance_names_every_arm_and_what_is_reconstructed() -> None:
    frame = show.glance(PAPER).set_index("")
    assert frame.loc["Arm D", "The paper"] == "Drug. The drug"
    assert frame.loc["Matching", "The paper"].startswith(
        "nearest neighbour, ratio 1:1, caliper 0.2, caliper scale not stated"
    )
    assert "overall survival" in frame.loc["Reconstructed here", "The paper"]


def test_a_message_names_arms_as_the_paper_does() -> None:
    paper = study.load("liu_hepa")
    assert show.with_arms_named(paper, "levels sum to 95 of 93 in arm haic") == "levels sum to 95 of 93 in arm HAIC"


def test_the_only_arm_of_a_trial_needs_no_name() -> None:
    paper = study.load("shen2025")
    assert show.with_arms_named(paper, "the rate, 23.2%, arm all (results)") == "the rate, 23.2% (results)"
    assert show.with_arms_named(paper, "the median of arm all, 8.87") == "the median, 8.87"
    frame = show.glance(paper).set_index("")["The paper"]
    assert frame["Patients"] == "All patients: 25; High-risk patients: 12"
    assert frame["Treatment"].startswith("HAIC + camrelizumab + sorafenib. ")
    assert frame["Time to response"] == "definition not stated"


def test_characteristics_of_the_text_stand_experimental_arm_first_and_name_a_median() -> None:
    frame = show.baseline_in_text(study.load("cao2024")).set_index("Characteristic")
    assert list(frame.columns) == ["SI, before", "SE, before", "p, before", "SI, after", "SE, after", "p, after"]
    assert frame.loc["Age", ["SI, before", "SI, after"]].tolist() == ["50.22 ± 11.2", "median 52.0"]
