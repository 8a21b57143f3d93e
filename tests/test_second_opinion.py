"""lifelines beside the engine on one data set: they agree, and where they do not it shows."""

import numpy as np
import pytest
from ensembles import ensemble, exponential

from haicbook import show, study
from haicbook.second_opinion import Comparison, SecondOpinion, Twice, second_opinion
from haicbook.survival import Ensemble


def two_arms(seed: int, *, rounded: int = 6) -> Ensemble:
    rng = np.random.default_rng(seed)
    arms = {name: exponential(rng, 3, n, mean, 20.0) for name, n, mean in (("a", 45, 16.0), ("b", 38, 9.0))}
    return ensemble(**{name: (np.round(time, rounded), event) for name, (time, event) in arms.items()})


@pytest.mark.parametrize("rounded", [6, 0], ids=["no ties", "whole months"])
def test_lifelines_and_the_engine_agree(rounded: int) -> None:
    opinion = second_opinion(two_arms(3, rounded=rounded))
    assert opinion.curves < 1e-12
    assert opinion.comparison is not None
    assert opinion.comparison.hazard_ratio.lifelines == pytest.approx(opinion.comparison.hazard_ratio.engine, rel=1e-3)
    assert opinion.comparison.logrank_p.lifelines == pytest.approx(opinion.comparison.logrank_p.engine)
    # two tests of one question, on which they come to about the same
    assert opinion.comparison.proportional_p.lifelines == pytest.approx(
        opinion.comparison.proportional_p.engine, abs=0.05
    )


def test_it_is_asked_about_the_line_of_the_figure() -> None:
    sets = two_arms(4)
    assert second_opinion(sets) == second_opinion(sets, sets.typical())
    assert second_opinion(sets) != second_opinion(sets, (sets.typical() + 1) % 3)


def test_an_engine_that_draws_another_curve_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Ensemble.curve
    monkeypatch.setattr(Ensemble, "curve", lambda self, arm, grid: right(self, arm, grid) - 0.03 * (arm == "b"))
    assert second_opinion(two_arms(5)).curves == pytest.approx(0.03)


def test_one_arm_has_a_curve_and_nothing_to_compare() -> None:
    rng = np.random.default_rng(6)
    opinion = second_opinion(ensemble(a=exponential(rng, 2, 30, 10.0, 15.0)))
    assert opinion.comparison is None
    assert opinion.curves < 1e-12


def test_an_arm_without_events_has_no_ratio() -> None:
    nobody = np.full((2, 20), 12.0), np.zeros((2, 20), bool)
    opinion = second_opinion(ensemble(a=exponential(np.random.default_rng(7), 2, 30, 10.0, 12.0), b=nobody))
    assert opinion.comparison is not None
    assert np.isnan(opinion.comparison.hazard_ratio.lifelines)
    assert np.isnan(opinion.comparison.proportional_p.lifelines)


def test_the_page_says_where_the_two_agree_and_where_they_do_not() -> None:
    paper = study.load("cao2024")
    comparison = Comparison("si", "se", Twice(0.6058, 0.6061), Twice(0.0022, 0.0022), Twice(0.499, 0.472))
    words = show.opinion_words(paper, SecondOpinion(2e-15, comparison))
    assert "the same Kaplan–Meier curve" in words
    for figures in (
        "0.61 for",
        "(this book: 0.61;",
        "0.002 (0.002)",
        "0.499 (scaled",
        "0.472)",
    ):
        assert figures in words
    assert "not evidence about the patients: the printed figures do not fix" in words
    assert "hazard ratio" not in show.opinion_words(paper, SecondOpinion(0.031, None))
    assert "another Kaplan–Meier curve (up to 0.0310 apart)" in show.opinion_words(paper, SecondOpinion(0.031, None))
