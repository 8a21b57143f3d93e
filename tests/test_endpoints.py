"""Targets read from a study, and the five papers' endpoints reconstructed."""

import math
import shutil
from pathlib import Path

import lifelines
import numpy as np
import pytest

from haicbook import study
from haicbook.endpoints import reconstruct, targets_from_study
from haicbook.survival import CENSORING, TargetError, violations

PAPERS = Path(__file__).parent / "papers"
ENDPOINTS = [
    ("cao2024", "os", "after_psm", ""),
    ("cao2024", "pfs", "after_psm", ""),
    ("lin2023", "os", "before_psm", ""),
    ("lin2023", "pfs", "before_psm", ""),
    ("liu_hepa", "os", "after_psm", ""),
    ("liu_hepa", "pfs", "after_psm", ""),
    ("lee2024", "os", "all", ""),
    ("lee2024", "pfs", "all", ""),
    ("shen2025", "os", "all", ""),
    ("shen2025", "pfs", "all", "mrecist"),
    ("shen2025", "pfs", "all", "recist11"),
    ("shen2025", "liver_pfs", "all", "mrecist"),
    ("shen2025", "liver_pfs", "all", "recist11"),
]
# Rates that 25 patients cannot have together, found by listing all curves.
PROVED = {("shen2025", "pfs", "all", "mrecist"): "the 12-month rate, 23.2%"}
# Numbers that no search has found together with the others of their endpoint; nothing else may be left out.
NOT_FOUND = {
    ("cao2024", "os", "after_psm", ""): ("left out: the median follow-up of all arms, 10 months",),
    # see haicbook.survival.contrast: only many deaths on one day would bring the p down
    ("lin2023", "os", "before_psm", ""): ("left out: the log-rank p, 0.002",),
}
CHEAPEST = ("liu_hepa", "os", "after_psm", "")


@pytest.fixture
def demo(tmp_path):
    """The fictitious study, with further claims."""

    def load(*claims):
        folder = tmp_path / "demo2020"
        shutil.copytree(PAPERS / "demo2020", folder, dirs_exist_ok=True)
        with (folder / "claims.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{claim}\n" for claim in claims)
        return study.load("demo2020", tmp_path)

    return load


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=":".join)
def test_a_print_that_is_cut_off_allows_what_lies_above_each_figure(endpoint):
    paper = study.load(endpoint[0])
    rounded, cut_off = (targets_from_study(paper, *endpoint[1:], reading) for reading in ("rounded", "truncated"))
    for arm, other in zip(rounded.arms.values(), cut_off.arms.values(), strict=True):
        if arm.median is not None and math.isfinite(arm.median.low):
            assert other.median.low == pytest.approx(arm.median.middle)
            assert other.median.high - other.median.low == pytest.approx(arm.median.high - arm.median.low)
    assert cut_off.conventions.rounding == "truncate"


def test_the_abstract_s_figures_may_count_first():
    paper = study.load("cao2024")
    (results, abstract) = (
        targets_from_study(paper, "pfs", "after_psm", reading=reading).arms["si"].median.printed
        for reading in ("rounded", "abstract")
    )
    assert (results, abstract) == ("9.8", "9.6")


def test_a_print_without_its_dates_has_no_calendar():
    dated, undated = (
        targets_from_study(study.load("cao2024"), "os", "after_psm", reading=reading)
        for reading in ("rounded", "undated")
    )
    assert dated.calendar.enrolment_start
    assert not undated.calendar.enrolment_start
    assert dated.arms == undated.arms


def test_figures_come_with_their_ids_and_characters(demo):
    targets = targets_from_study(demo(), "os", "after_psm")
    assert list(targets.arms) == ["drug", "none"]
    drug, none = targets.arms.values()
    assert (drug.n, none.n) == (50, 50)
    assert (drug.median.printed, drug.median.value_id) == ("14.2", "demo2020/results/os_median/after_psm/drug/median")
    assert (drug.median.low, drug.median.high) == pytest.approx((14.15, 14.25))
    assert tuple(none.median_ci) == pytest.approx((7.1, 10.4))
    assert tuple(drug.median_ci) == (pytest.approx(10.9), math.inf)
    assert drug.median_ci.upper.value_id.endswith("drug/ci_high")
    (mark,) = drug.landmarks
    assert (mark.time, mark.printed) == (12, "56.3")
    assert (mark.interval.low, mark.interval.high) == pytest.approx((0.5625, 0.5635))
    assert targets.logrank_p.printed == "0.026"
    assert (targets.hr.arm, targets.hr.reference, targets.hr.estimate.printed) == ("drug", "none", "0.600")
    assert tuple(targets.hr.ci) == pytest.approx((0.380, 0.947))
    assert targets.conflicts == ()


def test_the_results_count_before_the_discussion_and_the_disagreement_is_kept(demo):
    paper = demo("os_median,discussion,Discussion,os,,after_psm,drug,,,,,,,median,months,13.9")
    targets = targets_from_study(paper, "os", "after_psm")
    assert targets.arms["drug"].median.printed == "14.2"
    (conflict,) = targets.conflicts
    assert (conflict.quantity, conflict.arm) == ("median, months", "drug")
    assert (conflict.used.printed, conflict.used_section) == ("14.2", "results")
    assert (conflict.other.printed, conflict.other_section) == ("13.9", "discussion")


def test_a_figure_with_fewer_decimals_is_no_disagreement(demo):
    paper = demo("os_median,discussion,Discussion,os,,after_psm,drug,,,,,,,median,months,14")
    assert targets_from_study(paper, "os", "after_psm").conflicts == ()


def test_events_years_totals_and_follow_up(demo):
    paper = demo(
        'deaths,results,"Results, Survival",os,,after_psm,drug,,deaths,,,,,n,patients,21',
        'deaths,results,"Results, Survival",os,,after_psm,,,deaths,,,,,n,patients,50',
        'os_median,results,"Results, Survival",os,,after_psm,,,,,,,,median,years,1.0',
        'follow_up,results,"Results, Survival",,,after_psm,,,follow_up,,,,,median_range,months,18.0 (1.0–41.5)',
    )
    targets = targets_from_study(paper, "os", "after_psm")
    assert (targets.arms["drug"].events, targets.arms["none"].events, targets.events_total) == (21, None, 50)
    assert targets.arms["drug"].events_id == "demo2020/results/deaths/after_psm/drug/n"
    assert (targets.pooled_median.low, targets.pooled_median.high) == pytest.approx((11.4, 12.6))
    assert (targets.follow_up_max.printed, targets.follow_up_max.low) == ("41.5", pytest.approx(41.45))
    assert targets.follow_up_max.value_id.startswith("demo2020/results/follow_up/after_psm/")
    assert targets.follow_up_median.printed == "18.0"


def test_the_follow_up_of_all_bounds_that_of_the_matched(demo):
    range_of_all = (
        'follow_up,results,"Results, Survival",,,before_psm,,,follow_up,,,,,median_range,months,18.0 (1.0–41.5)'
    )
    targets = targets_from_study(demo(range_of_all), "os", "after_psm")
    assert (targets.follow_up_max.low, targets.follow_up_max.high) == (-math.inf, pytest.approx(41.55))
    assert (targets.follow_up_min.low, targets.follow_up_min.high) == (pytest.approx(0.95), math.inf)


def test_a_range_that_study_yml_says_is_of_the_matched_is_reached():
    targets = targets_from_study(study.load("liu_hepa"), "os", "after_psm")
    assert (targets.follow_up_max.low, targets.follow_up_max.high) == pytest.approx((46.75, 46.85))
    assert (targets.follow_up_min.low, targets.follow_up_min.high) == pytest.approx((1.85, 1.95))


def test_a_misprint_and_a_figure_that_is_not_reached_are_no_targets(demo):
    paper = demo(
        'os_rate,results,"Results, Survival",os,,after_psm,drug,,,,,,24,rate,percent,not reached',
        'os_rate,results,"Results, Survival",os,,after_psm,drug,,,,,,36,rate_ci,percent,1.1.6 (10.0–20.0)',
    )
    assert [mark.time for mark in targets_from_study(paper, "os", "after_psm").arms["drug"].landmarks] == [12]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("os", "matched"), "no population 'matched'; it has before_psm, after_psm"),
        (("pfs", "after_psm"), "'pfs' of demo2020 cannot be reconstructed; os can"),
        (("os", "after_psm", "mrecist"), "criterion is 'mrecist'; for os, demo2020 has ''"),
        (("os", "before_psm"), "arm drug has no printed median and no printed rate"),
    ],
)
def test_what_the_study_does_not_print_is_named(demo, asked, message):
    with pytest.raises(TargetError, match=message):
        targets_from_study(demo(), *asked)


def test_durations_of_response_are_not_those_of_the_population():
    with pytest.raises(TargetError, match="'dor' of shen2025 cannot be reconstructed"):
        targets_from_study(study.load("shen2025"), "dor", "all", "mrecist")


@pytest.fixture(scope="module", params=ENDPOINTS, ids=lambda asked: "-".join(filter(None, asked)))
def asked(request):
    return request.param


@pytest.fixture(scope="module")
def paper(asked):
    return study.load(asked[0])


@pytest.fixture(scope="module")
def targets(asked, paper):
    return targets_from_study(paper, *asked[1:])


def figures(targets):
    """Every figure that the targets hold."""
    for arm in targets.arms.values():
        yield from (arm.median, *(mark.interval for mark in arm.landmarks))
    yield targets.pooled_median
    for conflict in targets.conflicts:
        yield conflict.other


def test_every_printed_rate_and_median_is_a_target_or_a_conflict(asked, paper, targets):
    _, endpoint, population, criterion = asked
    printed = paper.select(
        statistic=["median", "rate"], endpoint=endpoint, population=population, criterion=criterion, state="exact"
    )
    assert len(printed) >= 3
    held = {}
    for figure in filter(None, figures(targets)):
        row = paper.by_id.loc[figure.value_id]
        held.setdefault((row.arm, f"{row.time:g}"), []).append(figure)
    for row in printed.itertuples():
        scale = 100 if row.statistic == "rate" else 1
        same = held[row.arm, f"{row.time:g}"]
        assert any(figure.low < row.high / scale and row.low / scale < figure.high for figure in same), row.id


def test_ids_lead_to_the_printed_characters(paper, targets):
    for figure in figures(targets):
        if figure is not None:
            assert paper.by_id.loc[figure.value_id, "printed"] == figure.printed


def missed(ensemble):
    """What members miss of the targets that are kept."""
    for number in range(len(ensemble)):
        rows = {arm: (member.time[number], member.event[number]) for arm, member in ensemble.members.items()}
        yield from violations(rows, ensemble.kept, ensemble.conventions)


def test_the_printed_figures_are_met(asked, paper, targets):
    ensemble = reconstruct(targets, 4, np.random.default_rng(11))
    assert 1 <= len(ensemble) <= ensemble.asked == 4
    assert list(missed(ensemble)) == []
    table = ensemble.compare()
    assert table[table.role == "target"].met.all()
    assert not table[table.role == "left out"].met.any()
    assert (table[table.printed != ""].value_id.isin(paper.by_id.index)).all()
    # once more with another program, which gives a median at the start of a step on one half
    fit = lifelines.KaplanMeierFitter()
    frame = ensemble.to_frame(0)
    for arm, wanted in ensemble.kept.arms.items():
        rows = frame[frame.arm == arm]
        fit.fit(rows.time, rows.event)
        assert len(rows) == wanted.n
        if ensemble.conventions.rates == "product_limit":
            assert all(mark.interval.contains(fit.predict(mark.time)) for mark in wanted.landmarks)
        assert fit.median_survival_time_ <= wanted.median.high


def test_only_what_is_named_here_is_left_out_and_proofs_are_called_proofs(asked, targets):
    dropped = reconstruct(targets, 4, np.random.default_rng(11)).dropped
    searched = [words for words in dropped if words.endswith("a search, not a proof)")]
    proved = [words for words in dropped if words not in searched]
    assert all(words.startswith(NOT_FOUND.get(asked, ())) for words in searched)
    assert len(proved) == (asked in PROVED)
    assert all(words.startswith(PROVED[asked]) and "listed: a proof" in words for words in proved)


@pytest.mark.parametrize("censoring", CENSORING)
def test_the_printed_figures_are_met_whenever_patients_leave(censoring):
    targets = targets_from_study(study.load(CHEAPEST[0]), *CHEAPEST[1:])
    ensemble = reconstruct(targets, 4, np.random.default_rng(11), censoring)
    assert ensemble.dropped == ()
    assert len(ensemble) == 4
    assert list(missed(ensemble)) == []


def test_what_the_papers_print_twice_and_differently():
    def conflicts(*asked):
        found = targets_from_study(study.load(asked[0]), *asked[1:]).conflicts
        return {
            (conflict.arm, conflict.used.printed, conflict.other.printed, conflict.other_section) for conflict in found
        }

    assert conflicts("cao2024", "os", "after_psm") == {("si", "28.8", "25.4", "discussion")}
    assert conflicts("cao2024", "pfs", "after_psm") == {
        ("si", "9.8", "9.6", "abstract"),
        ("si", "9.8", "9.6", "discussion"),
        ("se", "7.2", "7.0", "abstract"),
    }
    assert conflicts("liu_hepa", "os", "after_psm") == {("haic", "9.5", "9.0", "discussion")}
    assert conflicts("shen2025", "pfs", "all", "mrecist") == {("all", "23.2", "23.3", "table")}


def test_printed_deaths():
    assert targets_from_study(study.load("liu_hepa"), "os", "after_psm").events_total == 59
    assert targets_from_study(study.load("lee2024"), "os", "all").events_total == 47
    lin = targets_from_study(study.load("lin2023"), "os", "before_psm")
    assert {arm: wanted.events for arm, wanted in lin.arms.items()} == {"hlp": 48, "hl": 49}
    # progressions are printed for this endpoint, and are fewer than its events, which deaths are too
    assert targets_from_study(study.load("lin2023"), "pfs", "before_psm").arms["hlp"].events is None
