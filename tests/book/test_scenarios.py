"""Scenarios: what a file may say, what is kept and what of it is stale, and in what words it is told what survives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haicbook.book import scenarios, survives
from haicbook.book.notebooks import Source
from haicbook.book.refusals import SourceError, WrongUsageError
from haicbook.book.scenarios import (
    DEFAULT,
    Scenario,
    compared,
    found,
    question,
    read_scenarios,
    stored,
    tasks,
)
from haicbook.book.survives import Tried, summary, tried, verdict, write_survives
from haicbook.evaluate import compute, evaluate
from haicbook.headlines import conclusions


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return compared()


def test_the_book_has_what_a_critic_would_ask_for(sources) -> None:
    found = read_scenarios(sources)
    assert len(found) >= 10
    assert [item.name for item in found if not item.purpose.endswith(".") or item.purpose.count(". ")] == []
    assert {study for item in found for study in item.assumed} == {*sources}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("purpose: Why.\nassume: {calliper: 0.1}", "changes nothing in any study"),
        ("purpose: Why.\nassume: {horizon: 300}", "expected 3 to 60"),
        ("purpose: Why.\nnotebooks: {cao: {horizon: 12.0}}", "did you mean cao2024?"),
        ("purpose: Why.\nnotebooks: {cao2024: {calliper: 0.1}}", "no such parameter"),
        ("purpose: Why.\nassumes: {horizon: 12.0}", "expected purpose, and assume or notebooks"),
        ("assume: {horizon: 12.0}", "expected purpose"),
        ("purpose: [", "malformed YAML"),
    ],
)
def test_a_file_that_says_something_else_is_told_so(text: str, said: str, sources, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(scenarios, "folder", lambda: tmp_path)
    (tmp_path / "wrong.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        read_scenarios(sources)
    assert said in str(refused.value)
    assert all(problem.startswith("scenarios/wrong.yml: ") for problem in refused.value.problems)


def test_a_scenario_for_all_leaves_out_studies_without_its_parameters(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(scenarios, "folder", lambda: tmp_path)
    (tmp_path / "close.yml").write_text("purpose: Why.\nassume: {rho: 0.5}", encoding="utf-8")
    (scenario,) = read_scenarios(sources)
    assert scenario.assumed == {"lin2023": {"rho": 0.5}, "liu_hepa": {"rho": 0.5}}
    assert [(task.source.name, task.scenario) for task in tasks([sources["liu_hepa"]], [scenario])] == [
        ("liu_hepa", DEFAULT),
        ("liu_hepa", "close"),
    ]


def test_what_is_kept_is_what_is_computed(sources) -> None:
    """One of them anew: its purpose is that of `python -m haicbook.ship`'s test."""
    (scenario,) = (item for item in read_scenarios(sources) if item.name == "confounder_strong")
    kept = found(sources["lee2024"], scenario.assumed["lee2024"], stored())
    assert kept is not None, "haicbook scenarios"
    assert evaluate(sources["lee2024"], scenario.assumed["lee2024"]) == kept.values


def test_results_of_other_cells_or_assumptions_are_none_and_of_other_code_are_known(sources, monkeypatch) -> None:
    source = sources["lee2024"]
    answers = {question(source, {"horizon": 12.0}): {"code": "earlier", "values": {"os.rmst_difference": 1.0}}}
    assert found(source, {"horizon": 11.0}, answers) is None
    assert found(replace(source, node=sources["cao2024"].node), {"horizon": 12.0}, answers) is None
    kept = found(source, {"horizon": 12.0}, answers)
    assert kept is not None
    assert not kept.current
    monkeypatch.setattr(scenarios, "code", lambda: "earlier")
    assert found(source, {"horizon": 12.0}, answers).current  # type: ignore[union-attr]


def test_another_study_is_refused() -> None:
    with pytest.raises(WrongUsageError, match="no such study with two arms"):
        compute(["shen2025"], jobs=1, force=False, said=print)


def difference(value: float, low: float, high: float):
    values = {"os.rmst_difference": value, "os.rmst_difference.low": low, "os.rmst_difference.high": high}
    (item,) = conclusions("cao2024", values, {"horizon": 24.0})
    return item


def test_it_is_said_under_what_a_conclusion_breaks() -> None:
    whole = Tried("cao2024", difference(3.0, 1.0, 5.0), {"late": difference(2.0, 0.5, 4.0)}, frozenset())
    under = {"late": difference(2.0, 0.5, 4.0), "early": difference(1.0, -1.0, 4.0)}
    broken = Tried("cao2024", difference(3.0, 1.0, 5.0), under, frozenset())
    assert "It stays so under all 1 scenarios" in verdict(whole)
    assert verdict(broken).endswith(
        "It stays so under 1 of 2 scenarios; it does not under early (1.0 (−1.0 to 4.0) months)."
    )
    assert summary([whole, broken]) == "1 of 2 conclusions survive all scenarios that were tried; 1 do not."


def test_it_is_said_what_confounder_it_takes() -> None:
    values = {"hr_adjusted": 0.64, "low_adjusted": 0.38, "high_adjusted": 0.95}
    (item,) = conclusions("cao2024", {f"confounding.{name}": value for name, value in values.items()}, {})
    assert "are both 1.2 (E-value)" in Tried("cao2024", item, {}, frozenset(), 1.24).takes
    assert Tried("cao2024", difference(3.0, 1.0, 5.0), {}, frozenset(), 1.24).takes == ""


def test_a_simulated_p_is_held_against_chance() -> None:
    (item,) = conclusions("liu_hepa", {"rerun.pairs_p": 0.04}, {})
    (other,) = conclusions("liu_hepa", {"rerun.pairs_p": 0.06}, {})
    assert (item.verdict, other.verdict) == ("beyond", "chance")


def test_the_page_has_every_comparative_study_and_every_scenario(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(survives, "executed_dir", lambda: tmp_path)
    text = write_survives().read_text(encoding="utf-8")  # type: ignore[union-attr]
    assert [name for name in sources if not (tmp_path / f"survives_{name}.svg").exists()] == []
    assert [item.name for item in read_scenarios(sources) if item.purpose not in text.replace("\\", "")] == []
    assert len(tried()) >= 4 * len(sources)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    write_survives()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_what_was_not_tried_is_said(sources, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(survives, "executed_dir", lambda: tmp_path)
    answers, lost = stored(), {"confounder_strong": ["lee2024"]}
    (scenario,) = (item for item in read_scenarios(sources) if item.name == "confounder_strong")
    left = {
        key: one for key, one in answers.items() if key != question(sources["lee2024"], scenario.assumed["lee2024"])
    }
    monkeypatch.setattr(survives, "stored", lambda: left)
    assert survives.untried([scenario]) == lost
    text = write_survives().read_text(encoding="utf-8")  # type: ignore[union-attr]
    assert "confounder strong (Lee 2024" in text.partition("Not tried yet")[2].replace("\\", "")


def test_a_project_without_scenarios_has_no_page(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(survives, "folder", lambda: tmp_path / "none")
    assert write_survives() is None


def test_of_no_scenario_nothing_is_concluded(sources) -> None:
    assert tasks([], [Scenario("any", "Why.", {})]) == []
