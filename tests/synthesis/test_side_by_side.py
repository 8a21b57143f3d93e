"""Designs, patients, response and harm of all arms, against the papers' own figures counted by hand."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from haicbook import study, synthesis

PAPERS = [study.load(name) for name in study.studies()]
DEMO = [study.load("demo2020", Path(__file__).parents[1] / "papers")]
BY_NAME = {paper.study: paper for paper in PAPERS}


def test_studies_are_called_by_their_key() -> None:
    assert [synthesis.study_label(paper) for paper in PAPERS] == [
        "Cao 2024",
        "Lin 2023",
        "Liu",
        "Lee 2024",
        "Shen 2025",
    ]


def test_one_centre_is_shared_and_enrolment_overlaps_there() -> None:
    shared = synthesis.shared_centres(PAPERS, synthesis.institutions())
    assert len(shared) == 1
    row = shared.iloc[0]
    assert (row["first"], row["second"]) == ("Cao 2024", "Shen 2025")
    # January 4, 2021 to June 1, 2022 is 513 days
    assert row.months == pytest.approx(513 / 365.25 * 12)


def test_studies_without_a_common_centre_share_nothing() -> None:
    assert synthesis.shared_centres(PAPERS[1:4], synthesis.institutions()).empty


def test_declarations_that_our_text_lacks_are_not_said_to_be_missing_from_the_paper() -> None:
    told = synthesis.disclosures(PAPERS).set_index("Study")
    assert set(told.loc["Lin 2023"]) == {"not in our text"}
    assert told.loc["Cao 2024", "Conflicts of interest"] == "none declared"


def test_a_facet_that_is_not_stated_counts_as_different() -> None:
    rows = [(paper.study, "a", "same") for paper in PAPERS[:2]] + [
        (paper.study, "b", "not stated") for paper in PAPERS[:2]
    ]
    judged = pd.DataFrame(rows, columns=["study", "facet", "class"])
    pair = synthesis.distances(PAPERS[:2], judged).iloc[0]
    assert (pair.differ, pair.compared, pair.facets) == (1, 2, "b")


def test_distances_are_of_every_pair() -> None:
    pairs = synthesis.distances(PAPERS, synthesis.facets(PAPERS))
    assert len(pairs) == 10
    lee = pairs[(pairs["first"] == "lee2024") | (pairs["second"] == "lee2024")]
    assert (lee.differ == lee.compared).all()


def test_levels_are_added_up_and_say_so() -> None:
    shares = synthesis.patients(PAPERS, synthesis.mapping())
    shen = shares[(shares.study == "shen2025") & (shares.characteristic == "thrombus")].iloc[0]
    assert (shen.share, shen.cell) == (18 / 25, "18 of 25, added up")
    lin = shares[(shares.arm == "hlp") & (shares.characteristic == "metastasis")].iloc[0]
    assert lin.share == 28 / 75
    assert (shares[shares.study == "lee2024"].state == "lost_in_text").all()


def test_doses_are_those_of_the_arm() -> None:
    infusions = synthesis.infusions(PAPERS).set_index("arm")
    assert infusions.loc["hepa_haic", "oxaliplatin"] == "60 mg/m²"
    assert infusions.loc["haic", "oxaliplatin"] == "85 mg/m²"
    assert infusions.loc["post_ab", "oxaliplatin"] == ""
    assert infusions.loc["post_ab", "cisplatin"] == "60 mg/m²"
    # on each of three days of a session
    assert infusions.loc["post_ab", "fluorouracil"] == "500 mg/m² × 3 days"
    assert infusions.loc["haic", "fluorouracil"] == "2.4 g/m²"
    assert infusions.loc["all", "interval"] == "21 days"


def test_response_says_what_is_missing() -> None:
    rates = synthesis.responses(PAPERS, 0.95)
    missing = rates[rates.state == "missing"]
    assert {(row.arm, row.category) for row in missing.itertuples()} == {
        ("si", "dcr"),
        ("se", "dcr"),
    }
    assert missing.estimate.isna().all()
    # 12 of 34 responded, all 12 partially
    complete = rates[(rates.arm == "post_ab") & (rates.category == "cr")].iloc[0]
    assert (complete.state, complete.counts, complete.estimate) == ("derived", "0", 0)
    si = rates[(rates.arm == "si") & (rates.category == "orr")].iloc[0]
    assert si.counts == "105 to 106"


def test_response_contrasts_are_experimental_against_comparator() -> None:
    found = synthesis.response_contrasts(PAPERS, 0.95)
    liu = found[(found.event == "liu_hepa") & (found.category == "orr")].iloc[0]
    assert liu.difference == pytest.approx((36 - 18) / 48)
    assert liu.ratio == pytest.approx(2.0)
    assert synthesis.response_contrasts([BY_NAME["shen2025"]], 0.95).empty


def test_response_and_survival_point_the_same_way() -> None:
    both = synthesis.beside_survival(PAPERS, "os", 0.95)
    assert synthesis.same_direction(both) == (4, 4)
    turned = both.assign(response=-both.response)
    assert synthesis.same_direction(turned) == (0, 4)


def test_grades_are_added_up_where_only_parts_are_printed() -> None:
    found = synthesis.harms(PAPERS, synthesis.vocabulary())
    cell = found[(found.arm == "hepa_haic") & (found.term == "Fever") & (found.level == "any")].iloc[0]
    assert (cell.n, cell.state, cell["cell"]) == (46, "added", "43 + 3")
    assert cell.share == 46 / 48


def test_a_term_that_is_printed_twice_keeps_both() -> None:
    found = synthesis.harms(PAPERS, synthesis.vocabulary())
    cell = found[(found.arm == "haic") & (found.term == "Vomiting") & (found.level == "any")].iloc[0]
    assert (cell.state, cell["cell"]) == ("several", "19 + 3 and 14 + 0")
    assert cell.share == 22 / 48


def test_each_paper_keeps_its_threshold_and_a_missing_cell_is_no_zero() -> None:
    found = synthesis.harms(PAPERS, synthesis.vocabulary())
    assert synthesis.thresholds(found, PAPERS) == {
        "cao2024": "g34",
        "lee2024": "",
        "lin2023": "gt3",
        "liu_hepa": "g34",
        "shen2025": "g3plus",
    }
    assert (found[found.study == "lee2024"].state == "no_table").all()
    assert found[found.state.isin(["no_table", "no_row", "no_grade"])].share.isna().all()
    # a percentage whose count the text lost, and an event without any figure
    shen = found[(found.study == "shen2025") & (found.level == "severe")].set_index("term")
    assert (shen.loc["White blood cell decreased", "state"], shen.loc["White blood cell decreased", "share"]) == (
        "share",
        0.16,
    )
    assert "Hematuria" not in set(found.term)


def test_an_event_that_the_mapping_lacks_keeps_its_name() -> None:
    mapped = synthesis.vocabulary()
    found = synthesis.harms(PAPERS, mapped[mapped.event != "fever"])
    assert set(found[found.term == "Fever"].fit) == {"unmapped"}


def test_only_a_paper_without_a_table_gives_an_empty_frame() -> None:
    assert synthesis.harms([BY_NAME["lee2024"]], synthesis.vocabulary()).empty
    assert synthesis.harm_contrasts([BY_NAME["lee2024"]], "any", synthesis.vocabulary(), 0.95, 0.05).empty


def test_discoveries_are_held_within_each_study() -> None:
    found = synthesis.harm_contrasts(PAPERS, "severe", synthesis.vocabulary(), 0.95, 0.05)
    assert set(found.study) == {"cao2024", "lin2023", "liu_hepa"}
    for _, group in found.groupby("study"):
        happened = (group.n_treated + group.n_control > 0) & group.p.notna()
        assert group[~happened].q.isna().all()
        ranked = group[happened].sort_values("p").reset_index(drop=True)
        expected = [
            min(p * len(ranked) / (rank + 1) for rank, p in enumerate(ranked.p) if rank >= place)
            for place in range(len(ranked))
        ]
        assert ranked.q.tolist() == pytest.approx(expected)


def test_a_paper_may_not_have_fewer_patients_with_any_severe_event_than_with_one() -> None:
    exceeded = synthesis.exceeded(synthesis.harms(PAPERS, synthesis.vocabulary()))
    assert [(label, term) for label, term, _, _ in exceeded] == [
        ("Liu: Hepa-HAIC", "ALT or AST increased"),
        ("Liu: HAIC", "Blood bilirubin increased"),
    ]


def test_another_paper_goes_through_without_a_row_in_any_file() -> None:
    shares = synthesis.patients(DEMO, synthesis.mapping())
    assert set(shares.state) == {"not_mapped"}
    found = synthesis.harms(DEMO, synthesis.vocabulary())
    assert set(found[found.level == "any"].state) == {"printed"}
    assert len(synthesis.designs(DEMO)) > 10
    assert synthesis.distances(DEMO, synthesis.facets(DEMO)).empty
    assert math.isnan(synthesis.windows(DEMO).followed.iloc[0])
    assert set(synthesis.reporting(DEMO).state) <= {"yes", "part", "no", "lost", "na"}


def test_a_median_in_years_stands_beside_others_in_months(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(Path(__file__).parents[1] / "papers" / "demo2020", tmp_path / "demo2020"))
    claims = folder / "claims.csv"
    printed = claims.read_text().replace("months,14.2 (10.9–not reached)", "years,1.18 (0.91–not reached)")
    claims.write_text(printed)
    drug = synthesis.medians([study.load("demo2020", tmp_path)], "os").set_index("arm").loc["drug"]
    assert (drug.estimate, drug.low) == (pytest.approx(12 * 1.18), pytest.approx(12 * 0.91))
    assert drug.high == math.inf
