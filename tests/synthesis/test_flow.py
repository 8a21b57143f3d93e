"""How patients came to be compared, and from when they count: printed figures only."""

from __future__ import annotations

import math

import pytest

from haicbook import study, synthesis
from haicbook.show import across as draw
from haicbook.synthesis import STAGES

PAPERS = {name: study.load(name) for name in study.studies()}
CLOCKS = {
    "sequence": synthesis.sequence_clock(PAPERS["cao2024"]),
    "late": synthesis.late_clock(PAPERS["lee2024"]),
}


def test_stages_are_the_printed_counts_and_what_is_not_printed_is_left_out() -> None:
    counts = synthesis.flow(list(PAPERS.values())).set_index("study")[list(STAGES)]
    assert counts.loc["cao2024"].tolist() == [3923, 575, 364]
    assert counts.loc["lin2023"].tolist() == [289, 149, 96]
    assert counts.loc["liu_hepa"].tolist()[1:] == [167, 96]
    assert math.isnan(counts.loc["liu_hepa", "Evaluated"])
    assert counts.loc[["lee2024", "shen2025"], "Matched"].isna().all()


def test_the_picture_of_the_flow_says_what_its_numbers_are() -> None:
    flow = synthesis.flow(list(PAPERS.values()))
    _, ax = draw.patient_flow(flow, STAGES)
    drawn = {text.get_text() for text in ax.texts}
    assert {"3,923", "15 %", "not printed", "no matching"} <= drawn
    assert draw.flow_words(flow, STAGES) == "Left of the patients evaluated: Cao 2024 364 of 3,923, Lin 2023 96 of 289"
    assert "Liu 167 included, 96 matched" in draw.flow_alt(flow, STAGES)


@pytest.mark.parametrize("name", CLOCKS)
def test_nobody_is_counted_before_the_last_treatment_of_their_arm(name: str) -> None:
    for lane in CLOCKS[name]:
        begins = max(stretch.start for stretch in lane.stretches)
        assert lane.unseen is None or lane.unseen[1] == begins
        assert (lane.unseen is None) == (len(lane.stretches) == 1)


def test_the_clock_says_who_had_to_live_how_long() -> None:
    assert draw.clock_words(CLOCKS["sequence"]).startswith("SE: whoever died before systemic therapy (up to 18 weeks)")
    assert "how long that took is not printed" in draw.clock_words(CLOCKS["late"])
    for lanes in CLOCKS.values():
        _, ax = draw.treatment_clock(lanes)
        drawn = {text.get_text().strip() for text in ax.texts}
        assert drawn == {"the clock starts", *(stretch.words for lane in lanes for stretch in lane.stretches)}
        assert draw.clock_words(lanes) in draw.clock_alt(lanes)
