"""Balance on the page: nothing rounds into another verdict, and nothing missing is silent."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from haicbook import matching, show, study

mpl.use("Agg")
LIN, LIU = study.load("lin2023"), study.load("liu_hepa")


@pytest.fixture(scope="module")
def balances() -> dict[str, pd.DataFrame]:
    return matching.balances(LIN, 0.95)


def test_every_covariate_has_one_row_and_the_last_counts_them(balances: dict[str, pd.DataFrame]) -> None:
    frame = show.balance_table(balances)
    covariates = list(balances["Before matching"].label)
    assert frame.Covariate.tolist() == [*covariates, "**All**"]
    words = show.balance_counts(balances)
    assert frame.iloc[-1]["After matching"] == f"**{words['balance_after']}**"
    assert not frame.isna().any(axis=None)


def test_a_difference_below_the_line_does_not_read_as_on_it(balances: dict[str, pd.DataFrame]) -> None:
    frame = show.balance_table(balances).set_index("Covariate")
    assert frame.loc["AFP", "Before matching"].startswith("0.095 (")
    assert frame.loc["AFP", "Before: verdict"] == "within 0.1"


def test_what_cannot_be_computed_is_said_with_its_reason(balances: dict[str, pd.DataFrame]) -> None:
    frame = show.balance_table(balances).set_index("Covariate")
    assert frame.loc["GGT", ["Before matching", "Before: verdict"]].tolist() == ["–", "cannot be computed"]
    notes = show.balance_notes(balances)
    assert any(note.startswith("GGT, before matching: found median 159.4") for note in notes)


def test_notes_give_variance_ratios_and_verdicts_that_hang_on_the_definition(balances: dict[str, pd.DataFrame]) -> None:
    notes = show.balance_notes(balances)
    assert "before matching Age 0.82, Tumour size 1.00, Albumin 1.22" in notes[0]
    assert "CA 19-9 after matching (0.02 to 0.35)" in notes[1]
    assert "Age" not in notes[1]


def test_sizes_are_shown_with_what_is_not_reported() -> None:
    frame = show.sizes_table(matching.sizes(LIU)).set_index("")
    assert frame.loc["Both"].tolist() == ["167", "96 (57%)", "71", "not reported", "165", "96"]
    assert "does not say whether a control could be used again" in show.sizes_notes(matching.sizes(LIU))[1]
    assert len(show.sizes_notes(matching.sizes(LIN))) == 1


def test_words_name_the_covariates_of_which_p_says_the_wrong_thing() -> None:
    rows = matching.p_and_smd(LIU)
    words = show.p_words(rows, matching.unnoticed(LIU))
    assert words["p_misleading"] == "Etiology, Child–Pugh and Extrahepatic metastasis"
    assert words["p_full"] == "none"
    assert words["p_blind_after"] == f"{matching.unnoticed(LIU)['After matching']:.2f}"


def test_a_lone_p_value_is_listed_and_none_makes_no_note() -> None:
    paper = study.load("cao2024")
    found = matching.only_p(paper, matching.balances_in_text(paper, 0.95))
    (note,) = show.only_p_notes(found)
    assert "Number of tumours, before matching: p 0.015 (about 0.21)" in note
    assert "p >0.05 (below 0.21)" in note
    assert show.only_p_notes(found.iloc[:0]) == []


def test_the_figure_of_p_values_draws_every_covariate_and_names_those_that_mislead() -> None:
    rows = matching.p_and_smd(LIU)
    fig, ax = show.p_figure(rows, matching.p_curves(LIU, rows))
    filled = [line for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() != "none"]
    np.testing.assert_allclose(filled[0].get_xdata(), rows.smd_after)
    named = {text.get_text() for text in ax.texts}
    assert set(rows[rows.misleading].label) <= named
    heights = sorted(text.xy[1] for text in ax.texts if text.get_text() in set(rows.label))
    assert np.diff(heights).min() > 0.05
    mpl.pyplot.close(fig)


def test_rows_that_were_matched_have_a_love_plot() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"treat": np.repeat([1, 0], [30, 60]), "age": rng.normal(60, 9, 90)})
    frame = frame.assign(stage=rng.choice(["a", "b", "c"], 90), afp=rng.normal(3, 1, 90) + 0.5 * frame.treat)
    found = matching.match(frame, "treat", ["age", "stage", "afp"], caliper=0.2)
    fig, ax = show.love_plot(found.balances(), threshold=0.1)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["age", "stage: a", "stage: b", "stage: c", "afp"]
    mpl.pyplot.close(fig)
