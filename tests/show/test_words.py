"""Words computed for the prose: numbers agree with their nouns, and a figure is told from what it draws."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from haicbook import regression, response, safety, show, study
from haicbook.show.survival_figure import curves_alt


@pytest.mark.parametrize(("count", "words"), [(0, "no notes"), (1, "one note"), (2, "two notes"), (20, "20 notes")])
def test_a_number_of_findings_agrees_with_its_noun(count: int, words: str) -> None:
    found = [SimpleNamespace(severity="info")] * count
    assert show.finding_counts(found)["notes"] == words


def test_what_a_figure_of_responses_does_not_show_is_not_told() -> None:
    cao, liu = study.load("cao2024"), study.load("liu_hepa")
    rates = response.response_rates(cao)
    assert show.response_words(cao, rates) == "Objective response 58 % (SI), 37 % (SE)"
    rates = response.response_rates(liu)
    told = "Objective response 75 % (Hepa-HAIC), 38 % (HAIC); disease control 94 % (Hepa-HAIC), 81 % (HAIC)"
    assert show.response_words(liu, rates) == told


def test_a_difference_of_unknown_counts_has_no_decimals() -> None:
    for name, gap in (("cao2024", "21"), ("liu_hepa", "37.5")):
        paper = study.load(name)
        rates = response.response_rates(paper)
        assert show.response_gaps(response.differences(paper, rates, 0.95), rates)["orr_gap"] == gap


def test_a_figure_of_side_effects_leads_with_its_largest_difference_or_its_commonest_severe_event() -> None:
    told = []
    for name in ("cao2024", "shen2025"):
        paper = study.load(name)
        events = safety.adverse_events(paper)
        gaps = safety.differences(paper, events, safety.widest_grade(events), 0.95)
        told += [show.adverse_words(paper, events, gaps), show.adverse_drawn(events)]
    assert told == [
        "Largest difference: Anemia, 41 % (SI) against 14 % (SE)",
        "Adverse events",
        "Commonest of grade ≥ 3: Lymphocyte count decreased, 52 %",
        "The 24 commonest adverse events",
    ]


def test_a_forest_leads_with_the_treatment_as_the_paper_prints_it() -> None:
    lin, lee = study.load("lin2023"), study.load("lee2024")
    told = show.cox_words(lin, regression.cox_models(lin, "os"))
    assert told == "HAIC+L against HAIC+L+P: 1.837 (1.226–2.753) univariable, 2.009 (1.332–3.029) multivariable"
    assert show.cox_words(lee, regression.cox_models(lee, "os")).startswith("post-ate-beva against first-line: 0.404")
    shen = study.load("shen2025")
    assert show.cox_words(shen, regression.cox_models(shen, "os")) == ""


def test_a_caption_has_its_message_first_and_no_markup_of_the_data() -> None:
    assert show.led("A *b*", "C") == "**A \\*b\\*.** C"
    assert show.led("", "C") == "C"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ([1, 0.7, 0.2], ", HAIC+L+P above HAIC+L throughout"),
        ([1, 0.9, 0.2], ", the lines cross"),
        ([1, 0.9, 0.6], ", HAIC+L above HAIC+L+P throughout"),
    ],
)
def test_curves_that_cross_are_said_to_cross(other: list[float], told: str) -> None:
    paper = study.load("lin2023")
    lines = zip(("hlp", "hl"), ([1, 0.8, 0.5], other), strict=True)
    arms = {name: SimpleNamespace(line=np.array(line)) for name, line in lines}
    bands = SimpleNamespace(horizon=24.0, grid=np.array([0.0, 12.0, 24.0]), arms=arms)
    assert curves_alt(paper, bands, "Overall survival").startswith(
        f"Overall survival, reconstructed, with bands{told}: at 12 months 80 % of HAIC+L+P and "
    )


def test_where_nobody_is_followed_no_share_is_told() -> None:
    paper = study.load("lin2023")
    lines = zip(("hlp", "hl"), ([1, 0.8, 0.5], [1, 0.7, np.nan]), strict=True)
    arms = {name: SimpleNamespace(line=np.array(line)) for name, line in lines}
    bands = SimpleNamespace(horizon=24.0, grid=np.array([0.0, 12.0, 24.0]), arms=arms)
    told = curves_alt(paper, bands, "Progression-free survival")
    assert told.endswith("at 24 months 50 % of HAIC+L+P free of the event, nobody of HAIC+L still followed")
    assert ", HAIC+L+P above HAIC+L throughout: " in told
