"""The smallest repair: found where one change mends everything around it, silent where it does not."""

import pytest

from haicbook.audit import audit, cells, every
from haicbook.audit.edits import EditKind, digits, of_one_cell, of_two_cells, reread

T1, T2, T3, T4, TEXT = (
    "tables/1_before.csv",
    "tables/2_after.csv",
    "tables/3_response.csv",
    "tables/4_events.csv",
    "claims.csv",
)


def repairs(paper):
    return {finding.rule: finding.repair for finding in every(audit(paper)) if finding.severity != "info"}


def test_every_edit_of_a_figure_is_one_digit_or_two_neighbours():
    found = dict(digits("12.0"))
    assert found["21.0"] == EditKind.SWAPPED_DIGITS
    assert found["13.0"] == EditKind.ONE_DIGIT
    # two neighbours that are one digit apart from the original are told as a swap
    assert found["2.0"] == EditKind.LEADING
    assert len(found) == 1 + 1 + 26
    assert "02.0" not in found
    assert EditKind.LEADING not in dict(digits("10.5")).values()


def test_a_cell_is_read_again_as_it_was(paper_with):
    cell = next(cell for cell in cells(paper_with()) if cell.text == "45 (75.0%)")
    again = reread(cell, "46 (75.0%)")
    assert again.count() == 46
    assert again.ids == cell.ids
    assert reread(cell, "46") is None


def test_edits_change_one_cell_or_two(paper_with):
    paper = paper_with()
    found = cells(paper)
    cell = next(cell for cell in found if cell.text == "45 (75.0%)")
    for edit in of_one_cell(paper, cell):
        assert len(edit.before) == 1
        assert edit.printed != edit.repaired
    swaps = {edit.repaired for edit in of_two_cells(cell, found)}
    assert "28 (70.0%) and 45 (75.0%)" in swaps
    assert "45 (25.0%) and 15 (75.0%)" in swaps


@pytest.mark.parametrize(
    ("change", "rule", "repair", "reconciled"),
    [
        (
            (T1, "28 (70.0%)", "28 (60.0%)"),
            "percentage",
            "28 (70.0%) instead of 28 (60.0%) (one digit changed)",
            "count and percentage",
        ),
        (
            (T1, "45 (75.0%)", "45 (57.0%)"),
            "percentage",
            "45 (75.0%) instead of 45 (57.0%) (two digits transposed)",
            "count and percentage",
        ),
        (
            (T4, "9 (30.0%),3 (10.0%)", "8 (30.0%),3 (10.0%)"),
            "grades",
            "9 (30.0%) instead of 8 (30.0%) (one digit changed)",
            "grades and total, and count and percentage",
        ),
        (
            (T1, "32 (80.0%)", "34 (85.0%)"),
            "levels",
            "32 (80.0%) instead of 34 (85.0%) (count and percentage changed together)",
            "levels and group, and the counts before and after matching",
        ),
        ((T3, "0.243", "0.343"), "p_value", "0.243 instead of 0.343 (one digit changed)", "counts and p-value"),
        (
            (TEXT, "12.0 (9.1–16.2)", "21.0 (9.1–16.2)"),
            "interval",
            "12.0 (9.1–16.2) instead of 21.0 (9.1–16.2) (two digits transposed)",
            "estimate and limits, and the places",
        ),
    ],
)
def test_one_change_reconciles(paper_with, change, rule, repair, reconciled):
    assert repairs(paper_with(change))[rule] == f"{repair} would reconcile {reconciled}."


def test_two_cells_are_swapped(paper_with):
    # the grades of fever in the new arm
    swapped = paper_with((T4, "12 (40.0%),4 (13.3%),1 (3.3%),5 (16.7%)", "5 (16.7%),4 (13.3%),1 (3.3%),12 (40.0%)"))
    said = "12 (40.0%) instead of 12 (40.0%) and 5 (16.7%) (two cells swapped) would reconcile grades and total."
    assert repairs(swapped)["grades"] == f"5 (16.7%) and {said}"


def test_nothing_is_repaired_where_no_single_change_will_do(paper_with):
    assert repairs(paper_with((T1, "45 (75.0%)", "45 (12.3%)")))["percentage"] == ""


def test_a_repair_is_a_suggestion_only(paper_with):
    paper = paper_with((T1, "28 (70.0%)", "28 (60.0%)"))
    before = paper.values.copy()
    audit(paper)
    assert paper.values.equals(before)


def test_several_repairs_are_counted(paper_with):
    said = repairs(paper_with((TEXT, "70.0% (53.6–86.4)", "90.0% (53.6–86.4)")))["interval"]
    assert said.startswith("One of ")
    assert "single changes would reconcile estimate and limits" in said
