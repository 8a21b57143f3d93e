"""Shares of a hundred: from a table made by hand, and from what the benchmarks keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from haicbook.audit import RULES
from haicbook.synthesis import trust

HEAD = "rule,checks,errors,warnings,injected,undetectable,detectable,found,found_by_any,why,papers,seed\n"


@pytest.fixture
def scores(tmp_path: Path):
    rows = ["repeated,100,1,1,50,30,20,15,16,,40,1\n", "p_value,100,0,2,50,0,50,45,50,,40,1\n"]
    rows += ["balance,0,0,0,0,0,0,0,0,notes only,40,1\n"]
    path = tmp_path / "scores.csv"
    path.write_text(HEAD + "".join(rows))
    return trust.calibration_scores(path)


def test_shares_are_those_of_the_table(scores) -> None:
    assert trust.found_errors(scores).percent == 60
    assert trust.found_visible(scores).percent == pytest.approx(100 * 60 / 70)
    assert trust.false_alarms(scores).percent == 10


def test_alarms_are_the_more_often_false_the_fewer_errors_there_are(scores) -> None:
    # 0.6 found and 0.1 false in each paper with one error
    assert trust.real_alarms(scores, 1.0).percent == pytest.approx(100 * 0.6 / 0.7)
    assert trust.real_alarms(scores, 0.1).percent == pytest.approx(100 * 0.06 / 0.16)


def test_topics_are_the_rules_own_and_lose_nothing() -> None:
    scores = trust.calibration_scores()
    topics = trust.by_topic(scores)
    assert set(topics.topic) <= {rule.topic for rule in RULES}
    assert topics.rules.sum() == len(scores)
    assert topics.injected.sum() == scores.injected.sum()


def test_every_rule_of_the_calibration_is_one_of_the_audit() -> None:
    assert trust.calibration_scores().topic.notna().all()


def test_a_band_is_held_as_often_as_the_scores_say() -> None:
    found = trust.measured(trust.calibration_scores(), 1.0)
    assert found.held.percent == pytest.approx(trust.curves().covered.iloc[-1])
    assert [share.total for share in found.listed.values()] == [44, 44]
