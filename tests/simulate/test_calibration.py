"""The audit on synthetic papers: silent without errors, and it finds what was injected."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from haicbook import simulate, study
from haicbook.audit import RULES, Rule, cells
from haicbook.audit.finding import Discrepancy
from haicbook.book.ledger import calibration_file
from haicbook.simulate import calibration
from haicbook.simulate.calibration import (
    CHECKS,
    COLUMNS,
    NOTES,
    AuditCalibration,
    calibrate,
    checks_of,
    drafts,
    grave,
    inject,
)
from haicbook.simulate.errors.injection import INJECTORS, figures, misprinted, with_figure

PAPERS, SEED, EACH = 12, 5, 1


@pytest.fixture(scope="module")
def small() -> AuditCalibration:
    return calibrate(PAPERS, SEED, each=EACH)


def test_papers_without_errors_have_hardly_a_finding(small: AuditCalibration) -> None:
    totals = small.totals
    assert totals["checks"] >= 2000
    assert totals["errors"] <= totals["checks"] / 1000, small.alarms
    assert totals["warnings"] <= totals["checks"] / 100, small.alarms


def test_injected_errors_that_can_be_detected_are_found(small: AuditCalibration) -> None:
    totals = small.totals
    assert totals["detectable"] > 40
    assert totals["injected"] == totals["detectable"] + totals["undetectable"]
    assert totals["found"] >= 0.95 * totals["detectable"], small.misses


def test_a_rule_that_cries_wolf_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def wolf(paper: study.Paper, found: object) -> list[Discrepancy]:
        return [Discrepancy(severity, (), "", "", "Wolf!") for severity in ("error", "warning", "info")]

    monkeypatch.setattr(calibration, "RULES", (Rule("grades", "", "", wolf, "", "", "counts"),))
    monkeypatch.setattr(calibration, "INJECTORS", {"grades": INJECTORS["grades"]})
    result = calibrate(3, SEED, each=1)
    row = result.rules.set_index("rule").loc["grades"]
    assert (row.errors, row.warnings) == (3, 3)
    assert [alarm.split(": ")[-1] for alarm in result.alarms] == ["Wolf!"] * 6
    # what it says of every paper is no discovery
    assert (row.detectable, row.found) == (1, 0)


def test_a_deaf_audit_misses_everything_that_was_injected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "RULES", ())
    monkeypatch.setattr(calibration, "INJECTORS", {name: INJECTORS[name] for name in ("grades", "levels", "ratio_p")})
    result = calibrate(3, SEED, each=1)
    assert result.totals["errors"] == result.totals["found"] == result.totals["found_by_any"] == 0
    assert len(result.misses) == result.totals["detectable"] > 0


def test_an_error_is_found_only_because_it_was_injected() -> None:
    """The findings that count as found are not there before."""
    for draft in drafts(2, SEED):
        paper, rng = draft.paper(), np.random.default_rng(SEED)
        before = {(finding.rule, finding.value_ids) for finding in grave(paper)}
        injected = inject("grades", draft, paper, rng)
        assert injected is not None
        after = {(finding.rule, finding.value_ids) for finding in grave(injected.draft.paper())}
        assert any(rule == "grades" and set(injected.value_ids) & set(ids) for rule, ids in after - before)


def test_the_same_seed_gives_the_same_table_and_the_same_errors() -> None:
    one, same = (calibrate(2, 9) for _ in range(2))
    assert one.rules.equals(same.rules)
    assert one.alarms == same.alarms
    injected = []
    for _ in range(2):
        draft = next(drafts(1, 9))
        injected.append(inject("ratio_p", draft, draft.paper(), np.random.default_rng(9)))
    assert injected[0] is not None
    assert injected[1] is not None
    assert injected[0].words == injected[1].words
    assert injected[0].draft.tables == injected[1].draft.tables


def test_more_papers_leave_the_first_ones_as_they_are() -> None:
    few, more = ([draft.tables for draft in drafts(count, 2)] for count in (2, 3))
    assert few == more[:2]


def test_every_rule_has_an_injector_and_a_count_or_makes_notes_only() -> None:
    keys = {rule.key for rule in RULES}
    assert set(INJECTORS) <= keys
    assert keys - set(INJECTORS) == set(NOTES)
    assert set(CHECKS) == keys - set(NOTES)


def test_checks_are_counted_from_the_print() -> None:
    paper = simulate.synthetic_paper(np.random.default_rng(2), design="single_arm").paper()
    counted = checks_of(paper, cells(paper))
    assert counted["grades"] == len(set(paper.select(kind="adverse_events").row))
    assert counted["response"] == 3
    assert counted["ratio_interval"] == len(paper.select(kind="cox", statistic="hr"))
    assert counted["log_rank"] == counted["matched"] == 0


def test_an_unknown_rule_names_those_there_are() -> None:
    draft, rng = next(drafts(1, 1)), np.random.default_rng(1)
    with pytest.raises(KeyError, match=r"no injector for 'spelling'; there are .*percentage"):
        inject("spelling", draft, draft.paper(), rng)


def test_misprints_are_of_the_same_length_and_never_the_same_figure() -> None:
    rng = np.random.default_rng(0)
    for figure in ("0", "7", "28.8", "0.035", "1,234", "100.0") * 50:
        wrong = misprinted(figure, rng)
        assert wrong != figure
        assert len(wrong) == len(figure)
        float(wrong.replace(",", ""))


def test_a_figure_in_a_cell_is_replaced_in_its_place() -> None:
    assert with_figure("21 (11.5%)", 1, "15.1") == "21 (15.1%)"
    assert with_figure("0.560 (0.330–0.950)", 2, "0.590") == "0.560 (0.330–0.590)"
    assert figures("111/182 (60.9%)") == ["111", "182", "60.9"]


# a log-rank test up to the time excuses nearly every p between two rates: of 188 injected errors it left ten
RARE = {"rate_test": 10}


def test_the_table_of_the_book_meets_what_is_promised() -> None:
    with calibration_file().open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert set(COLUMNS) <= set(rows[0])
    total = {name: sum(int(row[name]) for row in rows) for name in COLUMNS[1:]}
    assert total["checks"] >= 3000
    assert total["errors"] <= total["checks"] / 1000
    assert total["warnings"] <= total["checks"] / 100
    assert {row["rule"] for row in rows} == {rule.key for rule in RULES}
    for row in rows:
        assert bool(row["why"]) == (row["rule"] in NOTES)
        if not row["why"]:
            assert int(row["checks"]) > 0, row["rule"]
            assert int(row["detectable"]) >= RARE.get(row["rule"], 20), row["rule"]
            assert int(row["found"]) >= 0.95 * int(row["detectable"]), row["rule"]
