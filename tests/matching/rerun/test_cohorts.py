"""Cohorts have the printed margins exactly, in every replicate, whatever is assumed of the dependence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook import study
from haicbook.matching import INDEPENDENT, Correlated, Exchangeable, Unknown, counted, measured
from haicbook.matching.balance.baseline import PrintedArm, PrintedCovariate, printed_covariates
from haicbook.matching.rerun.cohorts import draw, level_counts
from haicbook.matching.rerun.margins import repaired

ARMS = ("new", "old")
AGE = measured("age", ARMS, (75, 74), (55.3, 56.0), (9.5, 10.5))
SIZE = measured("size", ARMS, (75, 74), (8.3, 7.5), (3.8, 3.8))
SEX = counted("sex", ARMS, {"male": (66, 60), "female": (9, 14)}, "binary")
STAGE = counted("stage", ARMS, {"a": (20, 30), "b": (40, 40), "c": (15, 4), "d": (0, 0)}, "ordinal")
COVARIATES = (AGE, SEX, STAGE, SIZE)
MATRIX = pd.DataFrame(np.eye(4), index=[c.name for c in COVARIATES], columns=[c.name for c in COVARIATES])
MATRIX.loc["sex", "stage"] = MATRIX.loc["stage", "sex"] = 0.6
MATRIX.loc["age", "size"] = MATRIX.loc["size", "age"] = -0.5


def assert_margins_are_exact(drawn, arms):
    for covariate, column in zip(drawn.covariates, drawn.columns, strict=True):
        for arm, members in zip(arms, (drawn.treated, ~drawn.treated), strict=True):
            summary = covariate.arms[arm]
            values = column[:, members]
            assert values.shape[1] == summary.n
            if covariate.type == "continuous":
                np.testing.assert_allclose(values.mean(axis=1), summary.moments["mean"], rtol=1e-10, atol=1e-10)
                np.testing.assert_allclose(values.std(axis=1, ddof=1), summary.moments["sd"], rtol=1e-10)
            else:
                for level, count in enumerate(level_counts(covariate, arm)):
                    assert ((values == level).sum(axis=1) == count).all()


@pytest.mark.parametrize("shape", ["normal", "skewed", "unknown"])
@pytest.mark.parametrize(
    "dependence",
    [
        INDEPENDENT,
        Exchangeable(-0.3),
        Exchangeable(0.7),
        Exchangeable(1.0),
        Correlated(MATRIX),
        Unknown(),
        Unknown(0.6, 0.4),
    ],
    ids=lambda dependence: dependence.label,
)
def test_margins_are_exact_in_every_cohort(dependence, shape):
    drawn = draw(COVARIATES, ARMS, 300, np.random.default_rng(1), dependence, shape)
    assert_margins_are_exact(drawn, ARMS)


@pytest.mark.parametrize("name", ["lin2023", "liu_hepa"])
def test_margins_of_the_papers_are_exact_in_every_cohort(name):
    paper = study.load(name)
    asked = set(paper.spec.matching.covariates)
    printed = tuple(c for c in printed_covariates(paper, "before_psm") if c.name in asked)
    used, _ = repaired(printed, {"etiology": "hbv"} if name == "liu_hepa" else {})
    arms = paper.spec.experimental, paper.spec.comparator
    drawn = draw(used, arms, 500, np.random.default_rng(2), Unknown(), "unknown")
    assert {c.name for c in drawn.covariates} == asked
    assert_margins_are_exact(drawn, arms)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5).filter(
        lambda levels: all(sum(column) > 0 for column in zip(*levels, strict=True))
    ),
    st.floats(0, 1),
    st.integers(0, 10**6),
)
def test_any_counts_are_met(levels, rho, seed):
    one = counted("one", ARMS, {f"level{place}": pair for place, pair in enumerate(levels)})
    other = counted("other", ARMS, {f"level{place}": pair for place, pair in enumerate(reversed(levels))})
    assert_margins_are_exact(draw((one, other), ARMS, 4, np.random.default_rng(seed), Exchangeable(rho)), ARMS)


def correlation(drawn, one, other):
    """Within the experimental arm, over all cohorts together."""
    names = [covariate.name for covariate in drawn.covariates]
    pair = [drawn.columns[names.index(name)][:, drawn.treated].astype(float).ravel() for name in (one, other)]
    return np.corrcoef(*pair)[0, 1]


def test_dependence_is_what_was_asked_for():
    drawn = draw(COVARIATES, ARMS, 800, np.random.default_rng(3), Correlated(MATRIX), "normal")
    assert correlation(drawn, "age", "size") == pytest.approx(-0.5, abs=0.02)
    assert correlation(drawn, "sex", "stage") > 0.2
    assert correlation(drawn, "age", "sex") == pytest.approx(0, abs=0.02)
    same = draw(COVARIATES, ARMS, 800, np.random.default_rng(3), Exchangeable(0.4), "normal")
    assert correlation(same, "age", "size") == pytest.approx(0.4, abs=0.02)


def test_unknown_dependence_differs_from_cohort_to_cohort():
    drawn = draw((AGE, SIZE), ARMS, 2000, np.random.default_rng(4), Unknown(0.4, 0.2), "normal")
    age, size = (column[:, drawn.treated] for column in drawn.columns)
    found = np.array([np.corrcoef(*pair)[0, 1] for pair in zip(age, size, strict=True)])
    assert found.mean() == pytest.approx(0.2, abs=0.03)
    # 1 / 0.4² rounds to 6 readings; chance within a cohort of 75 adds to the spread
    assert found.std() == pytest.approx(np.hypot(0.8 / np.sqrt(6), 0.1), abs=0.03)


def test_skewed_covariates_are_skewed_and_unknown_ones_sometimes():
    def skewness(shape):
        drawn = draw((SIZE, SEX), ARMS, 400, np.random.default_rng(5), INDEPENDENT, shape)
        values = drawn.columns[0][:, drawn.treated]
        return (((values - 8.3) / 3.8) ** 3).mean(axis=1)

    assert skewness("normal").mean() == pytest.approx(0, abs=0.1)
    assert skewness("skewed").mean() > 0.6
    between = skewness("unknown").mean() / skewness("skewed").mean()
    assert between == pytest.approx(0.5, abs=0.12)


def test_the_seed_decides():
    one, same, other = (draw(COVARIATES, ARMS, 5, np.random.default_rng(seed), Unknown()) for seed in (6, 6, 7))
    assert all((a == b).all() for a, b in zip(one.columns, same.columns, strict=True))
    assert all((a != b).any() for a, b in zip(one.columns, other.columns, strict=True))


# --- infeasible dependence --------------------------------------------------------------------------------------------


def changed(**entries):
    """The identity with some entries changed on one side or both."""
    matrix = MATRIX.copy() * 0 + np.eye(4)
    for place, value in entries.items():
        one, other = place.split("_")
        matrix.loc[one, other] = value
    return matrix


def both(value, *pairs):
    return {place: value for one, other in pairs for place in (f"{one}_{other}", f"{other}_{one}")}


CONTRADICTION = both(0.9, ("age", "sex"), ("sex", "stage")) | both(-0.9, ("age", "stage"))


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (changed(**CONTRADICTION), r"contradict each other \(smallest eigenvalue -0\.8"),
        (changed(age_sex=0.4), "it is not symmetric"),
        (changed(age_age=0.9), "its diagonal is not 1 throughout"),
        (changed(**both(1.2, ("age", "sex"))), "age with sex is 1.2, allowed is -1 to 1"),
        (changed(**both(np.nan, ("age", "sex"))), "entries that are no numbers"),
        (MATRIX.drop(index="age", columns="age"), r"has no age; it has sex, stage, size"),
    ],
)
def test_an_infeasible_matrix_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        draw(COVARIATES, ARMS, 2, np.random.default_rng(1), Correlated(matrix))


@pytest.mark.parametrize(
    ("dependence", "message"),
    [
        (Exchangeable(-0.4), r"-0\.4 between any two of 4 covariates; allowed is -0\.333 to 1"),
        (Exchangeable(1.1), "allowed is -0.333 to 1"),
        (Unknown(1.5, -0.1), "spread is 1.5, rho is -0.1; allowed is 0 to 1"),
    ],
)
def test_an_infeasible_correlation_is_refused(dependence, message):
    with pytest.raises(ValueError, match=message):
        draw(COVARIATES, ARMS, 2, np.random.default_rng(1), dependence)


# --- margins that contradict themselves -------------------------------------------------------------------------------

ETIOLOGY = counted("etiology", ARMS, {"none": (6, 8), "hbv": (60, 82), "hcv": (4, 4), "both": (4, 1)})
TOO_MANY = replace(ETIOLOGY, arms=ETIOLOGY.arms | {"old": replace(ETIOLOGY.arms["old"], n=93)})


@pytest.mark.parametrize(("level", "counts"), [("none", [6, 82, 4, 1]), ("hbv", [8, 80, 4, 1]), ("hcv", [8, 82, 2, 1])])
def test_one_level_takes_the_difference(level, counts):
    (fixed,), (note,) = repaired((TOO_MANY,), {"etiology": level})
    assert fixed.arms["old"].counts.tolist() == counts
    assert fixed.arms["new"].counts.tolist() == [6, 60, 4, 4]
    assert not fixed.misfits
    assert TOO_MANY.misfits[0] in note


def test_an_unresolved_contradiction_is_an_error_that_lists_the_ways_out():
    with pytest.raises(
        ValueError, match=r"95 of 93 in arm old; nothing is assumed of it, allowed is none, hbv, hcv, left_out"
    ):
        repaired((TOO_MANY, SEX), {})
    # two patients too many cannot be taken from the one of the last level
    with pytest.raises(ValueError, match="assumed is 'both'"):
        repaired((TOO_MANY, SEX), {"etiology": "both"})


def test_all_wrong_repairs_are_said_at_once():
    with pytest.raises(
        ValueError, match=r"no matching covariate 'ecog' to repair; .*Sex: its margins fit; assumed is 'male'"
    ):
        repaired((SEX,), {"ecog": "left_out", "sex": "male"})


def test_a_sound_covariate_can_be_left_out_too():
    kept, notes = repaired((AGE, SEX), {"sex": "left_out"})
    assert [covariate.name for covariate in kept] == ["age"]
    assert notes == ["Sex is left out."]


def test_counts_go_before_percentages_unless_said_otherwise():
    paper = study.load("liu_hepa")
    (vein,) = (c for c in printed_covariates(paper, "before_psm") if c.name == "vascular_invasion")
    assert vein.contradictions == ("Yes, No in arm hepa_haic",)
    (by_counts,), (note,) = repaired((vein,), {})
    assert by_counts.arms["hepa_haic"].counts.tolist() == [27, 47]
    assert "by its counts" in note
    (by_percentages,), _ = repaired((vein,), {"vascular_invasion": "percentages"})
    assert by_percentages.arms["hepa_haic"].counts.tolist() == [47, 27]
    assert by_percentages.arms["haic"].counts.tolist() == [61, 32]


def test_a_count_above_n_cannot_be_repaired_by_another_level():
    """A study with such a count is refused when it is loaded; margins made by hand meet it here."""
    nothing = np.zeros(0)
    arms = {
        arm: PrintedArm(n, np.array([float(count)]), nothing, {})
        for arm, n, count in (("new", 75, 80), ("old", 74, 32))
    }
    ascites = PrintedCovariate("ascites", "binary", ("",), ("Ascites",), arms, ())
    assert ascites.misfits == ("80 of 75 patients in arm new",)
    with pytest.raises(ValueError, match="80 of 75 patients in arm new; nothing is assumed of it, allowed is left_out"):
        repaired((ascites,), {})
