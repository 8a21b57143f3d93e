"""The re-run on the page: its rows, its figures, and its words say what the result holds."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

from haicbook import matching, show, study
from haicbook.show import rerun_text

mpl.use("agg")
PAPER = study.load("lin2023")
SETTING = matching.RerunSetting(0.03, "score")
WATCHED = ("pvtt", "present")


@pytest.fixture(scope="module")
def runs():
    return tuple(
        matching.rerun(PAPER, setting, 100, np.random.default_rng(1)) for setting in (SETTING, SETTING.keeping_pairs())
    )


@pytest.fixture(scope="module")
def grid():
    return matching.sensitivity(PAPER, SETTING, WATCHED, 30, np.random.default_rng(2))


def test_the_table_begins_with_the_row_farthest_off(runs):
    table = show.rerun_table(PAPER, *runs, most=5)
    assert len(table) == 5
    first = table.iloc[0]
    assert first["Row"] == "Portal vein tumour thrombosis: Present (HAIC+L)"
    assert first["Before"] == "29 (39.2%)"
    assert first["After, printed"] == "29 (60.4%)"
    assert first["p"] == "≤ 0.01"
    assert "p, 48 pairs" in table


def test_of_two_mirrored_levels_one_is_shown_and_moments_are_named(runs):
    table = show.rerun_table(PAPER, *runs, most=99)
    rows = list(table["Row"])
    assert not any("Absent" in row for row in rows)
    assert {"Age, mean (HAIC+L)", "Age, SD (HAIC+L)"} <= set(rows)
    assert len(rows) == len(set(rows))


def test_figures_have_a_row_for_each_level_and_each_setting(runs, grid):
    _, axes = show.margins_figure(PAPER, runs[0])
    # three levels of etiology, one row of each binary covariate, no means
    assert len(axes[0].get_yticklabels()) == 3 + 7
    _, axes = show.sensitivity_figure(grid, "PVTT")
    assert [words.get_text() for words in axes[0].get_yticklabels()] == list(grid.label)


def test_words_are_those_of_the_result(runs, grid):
    run, kept = runs
    words = show.rerun_words(run, kept, matching.summarise_rerun(run))
    assert words["rerun_cohorts"] == "100"
    assert words["rerun_printed"] == "48"
    assert words["rerun_p"] == "none of 100 simulated matchings was as extreme (p ≤ 0.01 under these assumptions)"
    assert words["rerun_rows"] == "Portal vein tumour thrombosis"
    told, pvtt = show.margins_words(PAPER, run), "Portal vein tumour thrombosis: Present"
    assert told.startswith("3 of 20 printed shares are beyond chance: ")
    assert told.endswith(f"{pvtt} (HAIC+L+P), {pvtt} (HAIC+L)")
    over = show.grid_words(grid, matching.summarise_sensitivity(grid), kept, WATCHED)
    assert over["watched_before"] == "57"
    assert over["watched_after"] == "56"
    assert over["grid_settings"] == str(len(grid))
    assert over["watched_printed"] == "58%"


@pytest.mark.parametrize(("cohorts", "bound"), [(1, "0.5"), (100, "0.01"), (140, "0.008"), (2000, "0.0005")])
def test_a_bound_is_rounded_up(cohorts, bound):
    assert rerun_text._bound(cohorts) == bound
    assert float(bound) >= 1 / (cohorts + 1)


def test_both_arms_of_liu_discarded_the_same_patients():
    liu = study.load("liu_hepa")
    discarded = matching.discarded(liu, [("afp", "gt400"), ("extrahepatic_metastasis", "yes")])
    figures = discarded[["lost_with", "lost", "kept_with", "kept"]].to_numpy().tolist()
    assert figures == [[16, 26, 7, 48], [22, 45, 3, 48], [2, 26, 33, 48], [18, 45, 39, 48]]
    table = show.discarded_table(liu, discarded)
    assert table.iloc[0].tolist() == ["AFP (ng/mL): >400", "Hepa-HAIC", "16 of 26 (62%)", "7 of 48 (15%)"]
    printed, pearson = matching.p_before(liu, "afp")
    # 23 of 74 against 25 of 93: R, chisq.test(..., correct = FALSE)
    assert printed == "0.83"
    assert pearson == pytest.approx(0.5512, abs=1e-3)


def test_a_run_without_pairs_is_said_in_words():
    nobody = matching.rerun(PAPER, replace(SETTING, caliper=1e-12), 5, np.random.default_rng(3))
    words = show.rerun_words(nobody, nobody, matching.summarise_rerun(nobody))
    assert words["rerun_pairs"] == "0 (0 to 0)"
    assert words["rerun_p"] == "not available"
    assert words["rerun_rows"] == "none"
    assert len(show.rerun_table(PAPER, nobody, nobody))


def test_repeated_rows_are_named():
    assert show.repeated_words([("One", "Other")]).endswith("the same counts in both arms: One and Other.")
    assert "No two rows" in show.repeated_words([])


def test_what_is_left_of_lost_margins_leads_to_its_values():
    paper = study.load("cao2024")
    known = matching.known_margins(paper)
    table = show.known_margins_table(paper, known).set_index("Matched on")
    cell = table.loc["Vascular invasion", "After matching, SE"]
    assert cell == "yes 152 (83.5%)"
    assert cell.value_id == "cao2024/results/vascular_invasion/yes/after_psm/se/n"
    assert table.loc["Number of tumours"].tolist() == ["–"] * 4
    assert show.known_words(paper, known) == {"known_before": "2 of 6", "known_names": "Age and Sex"}
