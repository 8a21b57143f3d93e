"""Within-study effects of the five papers: oriented one way, empty places empty, and what pooling them gives."""

import math
from functools import cache

import pandas as pd
import pytest

from haicbook import study
from haicbook.stats import meta
from haicbook.synthesis import effects

PAPERS = [study.load(name) for name in study.studies()]
COMPARATIVE = [paper for paper in PAPERS if paper.spec.comparator is not None]


@cache
def every_effect():
    return effects.within_study_effects(PAPERS)


def cell(name, endpoint, analysis):
    found = every_effect().query("study == @name and endpoint == @endpoint and analysis == @analysis")
    assert len(found) == 1
    return found.iloc[0]


def test_every_place_is_there_printed_or_empty():
    found = every_effect()
    assert len(found) == 2 * (len(effects.ANALYSES) * len(COMPARATIVE) + len(PAPERS) - len(COMPARATIVE))
    empty = found[found.state == "empty"]
    assert empty.hr.isna().all()
    assert (empty.why != "").all()
    assert (found[found.state == "printed"].why == "").all()
    assert found[found.state == "printed"].value_id.str.len().gt(0).all()


def test_a_ratio_printed_the_other_way_round_is_turned():
    found = cell("lin2023", "os", "adjusted")
    assert found.inverted
    assert (found.hr, found.low, found.high) == pytest.approx((1 / 2.009, 1 / 3.029, 1 / 1.332))
    assert found.printed == "2.009 (1.332–3.029)"


@pytest.mark.parametrize(
    ("name", "endpoint", "analysis", "hr", "low", "high"),
    [
        ("cao2024", "os", "matched", 0.61, 0.44, 0.84),
        ("cao2024", "os", "matched_adjusted", 0.64, 0.47, 0.88),
        ("lee2024", "os", "adjusted", 0.404, 0.197, 0.829),
        ("lee2024", "pfs", "crude", 0.513, 0.292, 0.901),
        ("liu_hepa", "pfs", "matched_adjusted", 0.580, 0.372, 0.906),
    ],
)
def test_figures_stand_as_printed(name, endpoint, analysis, hr, low, high):
    found = cell(name, endpoint, analysis)
    assert (found.hr, found.low, found.high) == (hr, low, high)
    assert found.error == pytest.approx(math.log(high / low) / (2 * 1.959964), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "endpoint", "analysis", "why"),
    [
        ("lee2024", "os", "crude", "lost in the text we have"),
        ("lee2024", "os", "matched", "the study did not match"),
        ("cao2024", "pfs", "matched", "not reported"),
        ("lin2023", "os", "matched", "in the supplement only"),
        ("lin2023", "os", "matched_adjusted", "in the supplement only"),
        ("liu_hepa", "os", "crude", "not printed"),
        ("shen2025", "os", "", "one arm: no comparison"),
    ],
)
def test_an_empty_place_says_why(name, endpoint, analysis, why):
    assert cell(name, endpoint, analysis).why == why


def test_one_figure_of_each_study():
    found = effects.chosen(every_effect(), "os").set_index("study").analysis.to_dict()
    assert found == {
        "cao2024": "matched_adjusted",
        "lee2024": "adjusted",
        "lin2023": "adjusted",
        "liu_hepa": "matched_adjusted",
    }
    assert effects.chosen(every_effect(), "os", ["crude"]).study.tolist() == ["lin2023"]
    with pytest.raises(ValueError, match="found best"):
        effects.chosen(every_effect(), "os", ["best"])


def test_pooling_is_that_of_the_chosen():
    one_each, whole, without = effects.pool(every_effect(), "os")
    assert isinstance(whole, meta.Pooled)
    columns = one_each.log_hr.tolist(), one_each.error.tolist(), one_each.label.tolist()
    assert whole == meta.random_effects(*columns, rounding=one_each.rounding.tolist())
    assert [item.label for item in without] == one_each.label.tolist()


def test_the_summaries_to_two_decimals():
    """By R's metafor with test="adhoc", and with "knha" for the limits without the floor."""
    _, _, without = effects.pool(every_effect(), "os")
    ratio = next(item.result for item in without if item.label == "Lin 2023").ratio()
    assert (round(ratio["low"], 2), round(ratio["high"], 2)) == (0.34, 1.02)
    _, _, without = effects.pool(every_effect(), "pfs")
    ratio = next(item.result for item in without if item.label == "Liu").ratio()
    assert (round(ratio["unmodified_low"], 2), round(ratio["unmodified_high"], 2)) == (0.35, 0.58)


def test_a_ratio_carries_the_rounding_of_its_print():
    found = cell("cao2024", "os", "matched")
    assert found.rounding == pytest.approx(math.log(0.615 / 0.605) / 2)
    turned = cell("lin2023", "os", "adjusted")
    assert turned.rounding == pytest.approx(math.log(2.0095 / 2.0085) / 2)


def test_pooling_one_study_or_none_gives_a_message():
    _, alone, without = effects.pool(every_effect(), "os", prefer=["crude"])
    assert isinstance(alone, meta.Message)
    assert isinstance(without[0].result, meta.Message)
    _, nothing, _ = effects.pool(effects.within_study_effects([]), "os")
    assert nothing.statement.startswith("Nothing to combine: no study")


def test_a_limit_that_cannot_be_read_leaves_the_ratio_out_of_the_pool():
    broken = every_effect().copy()
    broken.loc[broken.study == "cao2024", ["high", "error"]] = math.nan
    assert "cao2024" not in effects.chosen(broken, "os").study.tolist()
    assert pd.isna(broken[broken.study == "cao2024"].error).all()


def test_a_ratio_with_a_misprinted_limit_is_shown_and_not_used(monkeypatch):
    misprinted = effects.cox_models(PAPERS[0], "os").assign(ci_high=math.nan)
    monkeypatch.setattr(effects, "cox_models", lambda paper, endpoint: misprinted)
    found = effects.within_study_effects(PAPERS[:1], ("os",)).set_index("analysis")
    assert found.state["matched"] == "unreadable"
    assert found.hr["matched"] == 0.61
    assert math.isnan(found.error["matched"])
    assert effects.chosen(found.reset_index(), "os").empty
