"""Figures and tables of the chapters across the papers: they draw what they get, and say what is missing."""

from __future__ import annotations

import math
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from haicbook import study, synthesis
from haicbook.show import across as draw
from haicbook.stats import meta

mpl.use("agg")
PAPERS = [study.load(name) for name in study.studies()]
LABELS = {paper.study: synthesis.study_label(paper) for paper in PAPERS}


def texts(ax) -> list[str]:  # type: ignore[no-untyped-def]
    return [item.get_text() for item in ax.texts]


def test_a_lost_cell_is_hatched_and_says_so() -> None:
    shares = synthesis.patients(PAPERS, synthesis.mapping())
    _, ax = draw.patients_heat(shares)
    assert texts(ax).count("lost") == int((shares.state == "lost_in_text").sum())
    assert texts(ax).count("n. r.") == int((shares.state == "not_reported").sum())
    assert ax.collections[0].get_array().mask.sum() == shares.share.isna().sum()
    assert ax.patch.get_hatch()


def test_missing_events_stay_empty_and_signs_are_kept() -> None:
    found = synthesis.harms(PAPERS, synthesis.vocabulary())
    _, ax = draw.harms_heat(found[found.term == "Vomiting"], "any")
    assert "56‡" in texts(ax)
    assert "" in texts(ax)


def test_every_light_has_its_sign() -> None:
    judged = synthesis.judged(synthesis.risk_of_bias(), "os")
    _, ax = draw.traffic_lights(judged, synthesis.DOMAINS, LABELS)
    assert len(texts(ax)) == judged.size
    assert texts(ax).count("×") == int((judged == "critical").to_numpy().sum())


def test_empty_places_of_the_forest_say_why() -> None:
    effects = synthesis.within_study_effects(PAPERS)
    one_each, summary, _ = synthesis.pool(effects, "os")
    os = effects[effects.endpoint == "os"]
    _, ax = draw.effects_forest(os, synthesis.ANALYSES, summary, synthesis.weights_of(one_each, summary))
    assert "the study did not match" in texts(ax)
    assert "one arm: no comparison" in texts(ax)
    shares = [int(found[1]) for text in texts(ax) if (found := re.search(r", (\d+) %$", text))]
    assert len(shares) == len(one_each)
    assert sum(shares) == pytest.approx(100, abs=2)


def test_the_forest_is_told_from_what_it_draws() -> None:
    effects = synthesis.within_study_effects(PAPERS)
    _, summary, _ = synthesis.pool(effects, "pfs")
    told = draw.effects_alt(effects[effects.endpoint == "pfs"], summary)
    assert "no ratio for Cao 2024 and Shen 2025" in told
    assert f"Summary {summary.ratio()['estimate']:.2f}" in told
    assert f"with a prior {summary.ratio()['with_prior_low']:.2f}" in told
    alone = draw.effects_alt(effects[effects.endpoint == "pfs"], meta.Message("Only one study."))
    assert "Summary" not in alone


def test_a_summary_that_cannot_be_is_a_message() -> None:
    message = meta.Message("Only one study.")
    effects = synthesis.within_study_effects(PAPERS)
    _, ax = draw.effects_forest(effects[effects.endpoint == "os"], synthesis.ANALYSES, message, {})
    assert "Summary (random effects)" not in [label.get_text() for label in ax.get_yticklabels()]
    table = draw.summary_table({"OS": message}, {"OS": ()})
    assert table.iloc[0]["Summary HR"] == "Only one study."
    assert draw.summary_words("os", message)["os_summary"] == "Only one study."
    assert synthesis.weights_of(effects, message) == {}


def test_no_table_shows_an_infinity_or_a_nan() -> None:
    tables = [
        draw.contrasts_table(synthesis.response_contrasts(PAPERS, 0.95), LABELS, 0.95),
        draw.harms_table(synthesis.harm_contrasts(PAPERS, "any", synthesis.vocabulary(), 0.95, 0.05), LABELS),
        draw.responses_table(synthesis.responses(PAPERS, 0.95), 0.95),
        draw.terms_table(synthesis.harms(PAPERS, synthesis.vocabulary())),
        draw.effects_table(synthesis.within_study_effects(PAPERS), synthesis.ANALYSES),
        draw.infusion_table(synthesis.infusions(PAPERS), synthesis.DRUGS),
    ]
    for table in tables:
        cells = " ".join(map(str, table.to_numpy().ravel()))
        assert not re.search(r"\b(nan|inf|None)\b|−0\.0\b", cells)


def test_periods_and_horizons_that_are_not_supported_are_named() -> None:
    columns = ["label", "start", "end", "hr", "low", "high", "open_low", "open_high", "supported", "why"]
    rows = [
        ("A", 0.0, 6.0, 0.5, 0.3, 0.8, 0.4, 0.6, True, ""),
        ("A", 6.0, math.inf, *[math.nan] * 5, False, "2 events"),
    ]
    periods = pd.DataFrame(rows, columns=columns)
    _, ax = draw.period_ratios(periods)
    assert "too few events" in texts(ax)
    assert draw.not_shown(periods) == ["A, after 6 months: 2 events."]
    unknown = "cannot be estimated"
    words = {"period_first": "0.50 (0.30 to 0.80)", "period_second": unknown, "period_third": unknown}
    assert draw.period_words(periods, "A") == words
    assert draw.period_words(periods, "B")["period_first"] == unknown


def test_without_a_supported_mean_there_is_a_sentence() -> None:
    columns = ["label", "horizon", "estimate", "low", "high", "sampling", "reconstruction", "supported", "why"]
    rows = [("A", 12.0, *[math.nan] * 5, False, "not followed")]
    words = draw.mean_words(pd.DataFrame(rows, columns=columns))
    assert words["rmst_larger"].startswith("No study")


def test_benchmarks_are_lines_with_names() -> None:
    cited = synthesis.benchmarks("os")
    _, ax = draw.medians_beside(synthesis.medians(PAPERS, "os"), cited[cited.setting == "first line"], "Months")
    assert "CARES-310, 22.1" in texts(ax)


def test_the_grid_leaves_out_what_does_not_apply() -> None:
    found = synthesis.reporting(PAPERS)
    _, ax = draw.reporting_grid(found)
    assert len(texts(ax)) == int((found.state != "na").sum())


def test_words_of_the_shifts() -> None:
    class Scan:
        to_one, to_alpha = 3.06, 0.0

        def frame(self) -> pd.DataFrame:
            return pd.DataFrame({"hr": [0.72, np.nan, 1.1]})

    words = draw.shift_words("lead", Scan())
    assert words == {
        "lead_start": "0.72",
        "lead_end": "1.10",
        "lead_to_one": "3.1 months",
        "lead_to_alpha": "the start",
    }


def test_the_same_data_sets_are_said_to_be_so() -> None:
    same = synthesis.Rebuilt("os", {}, {}, {"a": True})
    other = synthesis.Rebuilt("os", {}, {}, {"a": False})
    assert draw.same_words(same) == "They are the data sets of the chapters."
    assert "Only 1 of 2" in draw.same_words(same, other)
    assert "another number" in draw.same_words(synthesis.Rebuilt("os", {}, {}, {}))


# --- what one would say on the telephone ------------------------------------------------------------------------------


def test_a_heat_map_is_told_by_its_commonest_and_rarest_row_and_its_gaps() -> None:
    shares = synthesis.patients(PAPERS, synthesis.mapping())
    alt = draw.heat_alt(shares, "name", "characteristics of patients")
    assert f"{shares.name.nunique()} characteristics of patients in {shares.label.nunique()} arms" in alt
    assert f"{shares.share.isna().sum()} of {len(shares)} cells are hatched" in alt
    assert "rarest Child–Pugh B, " in alt
    assert draw.heat_alt(shares[shares.share.isna()], "name", "rows").endswith("all without a figure")
    alike = pd.DataFrame({"name": "Rash", "label": ["A", "B"], "share": 0.0})
    assert "rarest Rash, 0 %." in draw.heat_alt(alike, "name", "rows")


def test_pairs_that_are_equally_near_are_all_named() -> None:
    names = {"first_label": ["A", "A", "B"], "second_label": ["B", "C", "C"], "facets": ["stage", "country", "both"]}
    pairs = pd.DataFrame({**names, "differ": [1, 1, 2], "compared": 2})
    words = draw.distance_words(pairs)
    assert words["nearest"] == "The most alike still differ in 1 of 2: A and B (stage); A and C (country)."
    assert words["apart_studies"].startswith("No paper")


def test_enrolment_and_reporting_are_told_paper_by_paper() -> None:
    windows = synthesis.windows(PAPERS)
    shared = synthesis.shared_centres(PAPERS, synthesis.institutions())
    alt = draw.enrolment_alt(windows, shared)
    assert "Liu 2018 to 2022, followed to 2022" in alt
    assert alt.count("(starred)") == len({*shared["first"], *shared["second"]})
    found = synthesis.reporting(PAPERS)
    assert f"{found.item.nunique()} items in 5 papers" in draw.reporting_alt(found)
    for label, rows in found.groupby("label"):
        assert f"{label} {(rows.state == 'yes').sum()} printed" in draw.reporting_alt(found)


def test_arrows_are_told_by_where_they_lead() -> None:
    frame = pd.DataFrame(
        [("a", "A: new", "experimental", 50.0, 10.0), ("a", "A: old", "comparator", 40.0, 12.0)],
        columns=["study", "label", "role", "response", "median"],
    )
    assert "Median OS, 2 arms, arrows A down and to the right" in draw.beside_alt({"Median OS": frame})
    assert "arrows none" in draw.beside_alt({"Median OS": frame.head(1)})


def test_curves_are_told_by_one_half_and_one_year() -> None:
    falling = pd.DataFrame({"time": [0.0, 10.0, 20.0], "survival": [1.0, 0.5, 0.2], "label": "A: new"})
    level = pd.DataFrame({"time": [0.0, 20.0], "survival": [1.0, 0.8], "label": "A: old"})
    arms = pd.concat([falling.assign(study="a", arm="x"), level.assign(study="a", arm="y")])
    alt = draw.all_arms_alt(arms)
    assert "A: new one half at 10 months, 50 % at 10; A: old above one half throughout, 100 % at 0" in alt


def test_the_trials_figures_are_told_by_the_designs_rates() -> None:
    rates = np.array([0.2, 0.4, 0.6])
    curves = pd.DataFrame({"design": "as printed", "rate": rates, "chance": [0.0, 0.05, 0.83]})
    assert "at true rates of 40 and 60 %: as printed 5 and 83 %" in draw.operating_alt(curves, 0.4, 0.6)
    readings = pd.DataFrame({"method": ["one", "other"], "low": [0.25, 0.41], "high": [0.63, 0.55]})
    assert draw.readings_alt(readings, 0.4, 0.6).endswith("1 of 2 hold 40 %, 1 hold 60 %")
    chances = pd.DataFrame({"rate": rates, "prior": 1.0, "posterior": [0.1, 4.0, 0.3], "chance": [0.0, 0.1, 0.9]})
    alt = draw.belief_alt(chances, 0.4, 0.6)
    assert "flat before the data and highest at 40 % after" in alt
    assert "10 % at a true rate of 40 % and 90 % at 60 %" in alt
