"""Words computed for the prose: numbers agree with their nouns, and a figure is told from what it draws."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from haicbook import response, show, study
from haicbook.show.survival_figure import curves_alt


@pytest.mark.parametrize(("count", "words"), [(0, "no notes"), (1, "one note"), (2, "two notes"), (20, "20 notes")])
def test_a_number_of_findings_agrees_with_its_noun(count: int, words: str) -> None:
    found = [SimpleNamespace(severity="info")] * count
    assert show.finding_counts(found)["notes"] == words


def test_what_a_figure_of_responses_does_not_show_is_not_told() -> None:
    cao, liu = study.load("cao2024"), study.load("liu_hepa")
    rates = response.response_rates(cao)
    assert show.response_kinds(rates) == "Objective response rate"
    assert "DCR" not in show.response_alt(cao, rates)
    rates = response.response_rates(liu)
    assert show.response_kinds(rates) == "Objective response rate and disease control rate"
    assert "ORR Hepa-HAIC 75 %" in show.response_alt(liu, rates)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ([1, 0.7, 0.2], "HAIC+L+P is never below"),
        ([1, 0.9, 0.2], "the curves cross"),
        ([1, 0.9, 0.6], "HAIC+L is never below"),
    ],
)
def test_curves_that_cross_are_said_to_cross(other: list[float], told: str) -> None:
    paper = study.load("lin2023")
    lines = zip(("hlp", "hl"), ([1, 0.8, 0.5], other), strict=True)
    arms = {name: SimpleNamespace(line=np.array(line)) for name, line in lines}
    bands = SimpleNamespace(horizon=24.0, grid=np.array([0.0, 12.0, 24.0]), arms=arms)
    assert curves_alt(paper, bands, "Overall survival").endswith(told)
