"""Synthetic papers: their patients are what they claim to be, and every printed figure comes from them."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test

from haicbook import simulate
from haicbook.printed import agreement, parse_number
from haicbook.simulate.cohort import World, draw_patients, match
from haicbook.simulate.paper_tables import Group, cox, normal_limits, responders
from haicbook.simulate.statements import median
from haicbook.simulate.typesetting import PrintingConventions, fixed
from haicbook.study import load
from haicbook.survival import estimators

LARGE = World(patients=4000, hr_os=0.6, hr_progression=0.5, confounding=0.5, lost=0.02)


@pytest.fixture(scope="module")
def many() -> simulate.Patients:
    return draw_patients(LARGE, np.random.default_rng(1))


# --- patients ---------------------------------------------------------------------------------------------------------


def test_progression_free_survival_is_never_longer_than_overall_survival(many: simulate.Patients) -> None:
    assert (many.time["pfs"] <= many.time["os"] + 1e-12).all()
    died = many.event["os"] & (many.time["pfs"] == many.time["os"])
    assert many.event["pfs"][died].all()
    assert (many.time["os"] <= many.followed + 1e-12).all()
    assert not (many.progressed & ~many.event["pfs"]).any()


def test_times_are_whole_days(many: simulate.Patients) -> None:
    days = many.time["os"] * 30.4375
    assert np.allclose(days, np.round(days))
    assert many.time["os"].min() >= 1 / 30.4375 - 1e-12


def test_stage_c_holds_everyone_with_invasion_or_metastasis(many: simulate.Patients) -> None:
    for cause in ("vascular_invasion", "extrahepatic_metastasis"):
        assert (many.covariates["bclc"] >= many.covariates[cause]).all()


def test_treatment_is_confounded_and_the_true_hazard_ratio_comes_back_when_adjusted(many: simulate.Patients) -> None:
    terms = ["ecog", "child_pugh", "afp", "tumor_number", "tumor_size", "vascular_invasion", "extrahepatic_metastasis"]
    design = np.column_stack([many.treated.astype(float), *(many.covariates[name] for name in terms)])
    alone, _ = estimators.cox(many.time["os"], many.event["os"], many.treated)
    adjusted, se = cox(many.time["os"], many.event["os"], design, "efron")
    # frailty draws the ratio towards 1; confounding makes the crude one look better than the adjusted one
    assert alone[0] < adjusted[0]
    assert abs(adjusted[0] - math.log(LARGE.hr_os)) < 0.12 + 3 * se[0]


def test_covariates_depend_on_one_another_when_they_should() -> None:
    rng = np.random.default_rng(3)
    loose, tight = (draw_patients(World(patients=3000, dependence=d), rng).covariates for d in (0.0, 0.5))
    pairs = [np.corrcoef(c["age"], c["tumor_size"])[0, 1] for c in (loose, tight)]
    assert abs(pairs[0]) < 0.06
    assert abs(pairs[1] - 0.5) < 0.06


def test_matching_takes_pairs_within_the_caliper(many: simulate.Patients) -> None:
    few = many.take(np.arange(300))
    rows = match(few)
    assert len(set(rows)) == len(rows)
    assert few.treated[rows].sum() * 2 == len(rows)


# --- models against other programs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [None, 1.0])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_models_are_those_of_statsmodels(grid: float | None, ties: Literal["efron", "breslow"]) -> None:
    from statsmodels.duration.hazard_regression import PHReg

    few = draw_patients(World(patients=250), np.random.default_rng(5))
    time = few.time["pfs"] if grid is None else np.ceil(few.time["pfs"] / grid)
    design = np.column_stack([few.covariates[name] for name in ("ecog", "tumor_size", "child_pugh")])
    fitted = PHReg(time, design, status=few.event["pfs"].astype(int), ties=ties).fit(disp=0, tol=1e-12)
    log_hr, se = cox(time, few.event["pfs"], design, ties)
    assert log_hr == pytest.approx(fitted.params, abs=1e-6)
    assert se == pytest.approx(fitted.bse, abs=1e-6)


def test_breslow_ties_agree_with_the_one_covariate_model() -> None:
    few = draw_patients(World(patients=120), np.random.default_rng(6))
    time, event = np.ceil(few.time["os"]), few.event["os"]
    many_at_once = cox(time, event, few.covariates["ecog"][:, None], "breslow")
    alone = estimators.cox(time, event, few.covariates["ecog"], "breslow")
    assert many_at_once[0] == pytest.approx(alone[0], abs=1e-7)
    assert many_at_once[1] == pytest.approx(alone[1], abs=1e-7)


def test_a_model_without_a_maximum_says_so() -> None:
    time, event = np.arange(1.0, 9.0), np.ones(8, dtype=bool)
    log_hr, se = cox(time, event, np.repeat([1.0, 0.0], 4)[:, None], "efron")
    assert np.isinf(log_hr).all()
    assert np.isinf(se).all()


def test_normal_limits_by_hand() -> None:
    # ten patients who die at 1, 2, ... 10 months: S is 0.6 at 4 and 0.4 at 6, the median is at 5
    time, event = np.arange(1.0, 11.0), np.ones(10, dtype=bool)
    low, high = normal_limits(estimators.km(time, event), 5.0)
    slope, error = (0.6 - 0.4) / (6 - 4), math.sqrt(0.5 * 0.5 / 10)
    assert error / slope * 1.959964 == pytest.approx(high - 5, rel=1e-5)
    assert low + high == pytest.approx(10)


# --- printing ---------------------------------------------------------------------------------------------------------


def test_figures_are_rounded_or_cut_off() -> None:
    assert (fixed(11.58, 1), fixed(11.58, 1, cut=True)) == ("11.6", "11.5")
    assert (fixed(-0.04, 1), fixed(100 * 29 / 100, 1, cut=True)) == ("0.0", "29.0")
    for count in range(183):
        printed = parse_number(fixed(100 * count / 182, 2, cut=True))
        assert agreement(printed, 100 * count / 182) != "differs"


@pytest.mark.parametrize("design", simulate.DESIGNS)
def test_every_figure_of_a_paper_comes_from_its_patients(design: simulate.Design) -> None:
    seed, world, habits = 11, World(patients=120), PrintingConventions(limits="log", month_decimals=2)
    if design == "single_arm":
        world = World(patients=60, treated=1.0)
    paper = simulate.synthetic_paper(
        np.random.default_rng(seed), design=design, world=world, conventions=habits
    ).paper()
    patients = draw_patients(world, np.random.default_rng(seed))
    if design == "propensity_matched":
        patients = patients.take(match(patients))
    arms = Group("", patients).arms(paper.spec.arms)
    for arm, own in arms.items():
        assert paper.spec.populations[paper.spec.main_population].n[arm] == own.n
        deaths = paper.select(term="deaths", arm=arm)
        assert deaths.value.tolist() == [own.event["os"].sum()]
        orr = paper.select(kind="response", row="orr", arm=arm, statistic="n")
        assert orr.value.tolist() == [responders(own, "orr")]
        curve = KaplanMeierFitter().fit(own.time["os"], own.event["os"])
        for rate in paper.select(row="os_rate", arm=arm, statistic="rate").itertuples():
            assert agreement(parse_number(rate.printed), 100 * float(curve.predict(rate.time))) == "rounded"
        middle = paper.select(row="os_median", arm=arm, section="results", statistic="median")
        assert agreement(parse_number(middle.iloc[0].printed), median(own, "os", habits)[0]) == "rounded"
    if len(arms) > 1:
        new, old = arms.values()
        p = logrank_test(new.time["os"], old.time["os"], new.event["os"], old.event["os"]).p_value
        printed = paper.select(row="os_comparison", section="abstract").iloc[0].printed
        assert agreement(parse_number(printed), p) == "rounded"


def test_the_same_seed_makes_the_same_paper_and_another_another() -> None:
    one, same, other = (simulate.synthetic_paper(np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert one.tables == same.tables
    assert one.spec == same.spec
    assert one.tables != other.tables


@pytest.mark.parametrize("design", simulate.DESIGNS)
def test_a_written_paper_is_read_back_as_it_is(tmp_path: Path, design: simulate.Design) -> None:
    draft = simulate.synthetic_paper(np.random.default_rng(8), study="practice", design=design)
    folder = draft.write(tmp_path)
    assert load("practice", tmp_path).values.equals(draft.paper().values)
    said = (folder / "README.md").read_text(encoding="utf-8")
    assert "Fully synthetic" in said
    spec = load("practice", tmp_path).spec
    assert all("synthetic" in text.lower() for text in (spec.title, spec.design_label, spec.licence))
    assert (spec.doi, spec.journal, spec.year) == (None, None, None)
    assert draft.truth["hazard ratio of death"] in said
    with (folder / "claims.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == len(draft.tables["claims.csv"]) + 1


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    draft = simulate.synthetic_paper(np.random.default_rng(8), study="practice")
    draft.write(tmp_path)
    with pytest.raises(FileExistsError, match="practice is there already"):
        draft.write(tmp_path)


def test_a_wrong_design_and_an_empty_arm_are_refused() -> None:
    with pytest.raises(ValueError, match="'crossover'; allowed are propensity_matched, unmatched, single_arm"):
        simulate.synthetic_paper(np.random.default_rng(1), design="crossover")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="each needs a patient"):
        simulate.synthetic_paper(np.random.default_rng(1), design="unmatched", world=World(patients=2, treated=0.999))


def test_the_optimal_two_stage_designs_are_simons() -> None:
    from haicbook.simulate.statements import OPTIMAL
    from haicbook.stats.single_arm import search

    for null, alternative, power, *design in OPTIMAL[:3]:
        best = search(0.05, 1 - power / 100, null / 100, alternative / 100, design[3] + 10).optimal.design
        assert [best.r1, best.n1, best.r, best.n] == design
