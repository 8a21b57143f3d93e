"""The message of each study, on the real five papers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from haicbook import study
from haicbook.results import Results
from haicbook.simulate import synthetic_paper
from haicbook.synthesis.message import StudyMessage, study_message

MATCHED = {"rerun.grid.settings": 30, "rerun.grid.surprising": 30, "rerun.grid.largest_p": 0.008}


def recorded(name: str, **values: float) -> Results:
    found = Results(name, {"horizon": 24.0})
    for key, value in values.items():
        found.record(key, value)
    return found


@cache
def of(name: str) -> StudyMessage:
    return study_message(study.load(name), recorded(name))


@pytest.mark.parametrize("name", study.studies())
def test_every_printed_figure_of_a_message_leads_to_its_cell(name: str) -> None:
    printed = study.load(name).by_id
    message = of(name)
    for stated in (message.claim, *message.primary):
        assert stated.value_id in printed.index
    assert len(message.who) == len(study.load(name).spec.arms)


def test_the_claim_is_the_ratio_with_most_accounted_for_and_the_experimental_arm_first() -> None:
    # lin2023 prints 2.009 (1.332-3.029), comparator against experimental
    claim = of("lin2023").claim
    assert "0.50 (95 % CI 0.33 to 0.75)" in claim.words
    assert claim.value_id == "lin2023/table3/treatment/before_psm/hl/multivariable/hr"


def test_a_primary_endpoint_that_misses_significance_is_the_bottom_line() -> None:
    assert "did not differ significantly" in of("lee2024").bottom_line
    assert "after adjustment it was longer with the former" in of("lee2024").bottom_line
    assert "longer with" in of("liu_hepa").bottom_line


def test_a_trial_with_one_arm_is_held_against_its_own_bar() -> None:
    message = of("shen2025")
    assert message.certainty == "not graded"
    assert "11 of 25" in message.primary[0].words
    assert "no effect" in message.bottom_line


@pytest.mark.parametrize(("without", "said"), [(0.001, True), (0.19, False)])
def test_the_matching_is_named_unless_a_single_row_may_explain_it(without: float, said: bool) -> None:
    results = recorded("liu_hepa", **MATCHED, **{"rerun.kept.p_without": without})
    assert bool(study_message(study.load("liu_hepa"), results).matching) is said


def test_a_setting_under_which_the_table_is_usual_silences_it() -> None:
    values = {**MATCHED, "rerun.grid.surprising": 29, "rerun.kept.p_without": 0.001}
    assert study_message(study.load("liu_hepa"), recorded("liu_hepa", **values)).matching == ""


@pytest.mark.parametrize("name", ["cao2024", "shen2025"])
def test_a_study_that_nobody_asked_about_or_judged_is_not_graded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haicbook.synthesis.message.questions", lambda: pd.DataFrame({"study": []}))
    ungraded = study_message(study.load(name), recorded(name))
    assert ungraded.certainty == "not graded"
    assert len(ungraded.reasons) == 1
    assert ungraded.claim.value_id


def test_a_trial_that_went_on_is_told_by_its_whole_design() -> None:
    paper = synthetic_paper(np.random.default_rng(3), design="single_arm").paper()
    stages = paper.spec.two_stage
    assert stages is not None
    patients = sum(paper.spec.populations[paper.spec.main_population].n.values())
    assert patients > stages.stage1_n
    message = study_message(paper, recorded(paper.study))
    assert f"more than {stages.total_reject_at_most} " in message.primary[0].words
    assert f" of {patients} patients responded" in message.bottom_line
