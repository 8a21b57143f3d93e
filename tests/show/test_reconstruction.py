"""The methods chapter says how often the bands held the truth, as the scores have it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from haicbook import show
from haicbook.accuracy import COLUMNS
from haicbook.show.survival_tables import _conflict_words, _merged
from haicbook.survival import ArmTargets, Interval, Targets, reconstruct
from haicbook.survival.targets import Conflict


def scores(*covered: float) -> pd.DataFrame:
    rows = [(level, "covered", 200, value, value, value) for level, value in zip("abc", covered, strict=False)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_a_band_that_holds_the_truth_too_seldom_is_called_too_narrow() -> None:
    words = show.coverage_words(scores(0.864, 0.884, 0.953))
    assert words["coverage"].startswith("in 86.4 % at level a (200 trials), 88.4 % at level b")
    assert words["coverage_verdict"].startswith("At levels a and b it is too narrow")


def test_a_band_that_holds_the_truth_as_often_as_it_should_is_said_to() -> None:
    assert (
        show.coverage_words(scores(0.94, 0.95, 0.96))["coverage_verdict"]
        == "That is at least the 93 % that we aimed at."
    )


def test_without_scores_nothing_is_claimed() -> None:
    words = show.coverage_words(scores())
    assert "not measured" in words["coverage"]
    assert words["coverage_verdict"] == ""


def test_the_difference_of_means_has_a_verdict_of_its_own() -> None:
    both = pd.concat([scores(0.94), scores(0.917).assign(measure="d_covered")])
    words = show.coverage_words(both)
    assert words["coverage_verdict"].startswith("That is at least")
    assert words["difference"] == "in 91.7 % at level a (200 trials)"
    assert words["difference_verdict"].startswith("At level a it is too narrow")


@pytest.mark.parametrize(
    ("printed", "said"),
    [({"follow_up_max": Interval.read("40.2")}, "ends at 40.2 months ("), ({}, "months or earlier, at")],
)
def test_an_end_of_follow_up_that_is_assumed_is_said_to_vary(printed: dict[str, Interval], said: str) -> None:
    targets = Targets("fictitious", "os", {"all": ArmTargets(40, median=Interval.read("10.0"))}, **printed)
    ensemble = reconstruct(targets, 2, np.random.default_rng(1))
    assert said in show.departures(None, ensemble)[-1]


@pytest.mark.parametrize(("endpoint", "said"), [("os", True), ("pfs", False)])
def test_a_reading_of_follow_up_is_told_where_it_binds(endpoint: str, said: bool) -> None:
    arm = ArmTargets(40, median=Interval.read("10.0"), follow_up_median=Interval.read("14", value_id="a/b"))
    ensemble = reconstruct(Targets("fictitious", endpoint, {"all": arm}), 2, np.random.default_rng(1))
    assert ("median follow-up as" in show.reading_words(ensemble)) is said


def test_places_that_print_the_same_other_figure_share_a_sentence() -> None:
    used, other, third = (Interval.read(figure) for figure in ("9.8", "9.6", "9.5"))
    conflicts = [
        Conflict("median", "si", used, figure, "results", section)
        for figure, section in ((other, "abstract"), (third, "figure"), (other, "discussion"))
    ]
    assert [one.other_section for one in _merged(conflicts)] == ["abstract and the discussion", "figure"]


@pytest.mark.parametrize("met", ["23.3", "23.2"])
def test_what_the_curves_meet_is_what_the_table_says(met: str) -> None:
    """The sentence below a table follows its rows, whichever of two printed figures was taken for the target."""
    figures = {"23.2": Interval.read("23.2", value_id="text"), "23.3": Interval.read("23.3", value_id="table")}
    conflict = Conflict("PFS at 12 months", "all", figures["23.2"], figures["23.3"], "results", "table")
    rows = pd.DataFrame({"value_id": ["text", "table"], "role": "target", "met": [met == "23.2", met == "23.3"]})
    paper = SimpleNamespace(spec=SimpleNamespace(arms={"all": SimpleNamespace(short="all")}))
    words = _conflict_words(paper, SimpleNamespace(compare=lambda: rows), conflict)
    assert f"the curves meet the {met} of the" in words
    assert "23.2 in the results and 23.3 in the table" in words
