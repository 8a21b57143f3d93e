"""Matching of patients in rows: against pymatchit-causal, R's MatchIt, patients taken one by one, and enumeration."""

import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook import matching
from haicbook.matching.engine import loops
from haicbook.matching.engine.matched import assess, terms
from haicbook.matching.engine.pairs import ORDERS, greedy, narrowest, optimal, pair, queued, tied

ORACLE = Path(__file__).parents[2] / "oracle"
COVARIATES = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
WIDE = 1e9
R_PAIRS = pd.read_csv(ORACLE / "matching_pairs.csv").fillna("")
R_BALANCE = pd.read_csv(ORACLE / "matching_balance.csv")


@cache
def lalonde() -> pd.DataFrame:
    from pymatchit import load_lalonde

    return load_lalonde().reset_index(drop=True)


def scores_of(found: pd.DataFrame, positions: pd.Series) -> np.ndarray:
    """Patients with equal scores are interchangeable, so pairs are compared by their scores."""
    both = [positions[found[side]].to_numpy().round(9) for side in ("treated", "control")]
    return np.array(sorted(zip(*both, strict=True)))


# --- lalonde ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caliper", "scale", "pairs"), [(None, "score", 185), (0.2, "sd_score", 113), (0.2, "sd_logit", 117)]
)
def test_lalonde_gives_the_known_numbers_of_pairs(caliper, scale, pairs):
    found = matching.match(lalonde(), "treat", COVARIATES, caliper=caliper, caliper_scale=scale)
    assert len(found.pairs) == pairs
    assert found.counts().loc["treated"].tolist() == [185, pairs, 185 - pairs, 0, pairs]
    assert found.scores.fit == "maximum likelihood"


def by_pymatchit(scale, **options):
    from pymatchit import MatchIt

    model = MatchIt(lalonde(), link="linear.logit" if scale == "sd_logit" else "logit", **options)
    model.fit("treat ~ " + " + ".join(COVARIATES))
    rows = [(one, other) for one, others in model.matched_indices.items() for other in others]
    return pd.DataFrame(rows, columns=["treated", "control"])


@pytest.mark.parametrize("scale", ["sd_score", "sd_logit"])
@pytest.mark.parametrize("caliper", [None, 0.05, 0.2])
@pytest.mark.parametrize("exact", [(), ("married", "black")])
@pytest.mark.parametrize(
    "how",
    [
        {"order": "largest"},
        {"order": "smallest"},
        {"order": "data"},
        {"order": "largest", "ratio": 2},
        {"replace": True},
        {"replace": True, "ratio": 3},
    ],
    ids=str,
)
def test_greedy_pairs_are_those_of_pymatchit(scale, caliper, exact, how):
    theirs = {"m_order": how.get("order"), "ratio": how.get("ratio", 1), "replace": how.get("replace", False)}
    expected = by_pymatchit(scale, caliper=caliper, exact=list(exact) or None, **theirs)
    found = matching.match(lalonde(), "treat", COVARIATES, caliper=caliper, caliper_scale=scale, exact=exact, **how)
    positions = found.scores.logit if scale == "sd_logit" else found.scores.probability
    assert len(found.pairs) > 50
    np.testing.assert_array_equal(scores_of(found.pairs, positions), scores_of(expected, positions))


@pytest.mark.parametrize("widths", [{"age": 2.0}, {"age": 5.0, "re74": 2000.0}], ids=str)
def test_covariate_calipers_are_those_of_pymatchit(widths):
    # equal scores are told apart here, since patients with one score can differ in the bounded covariate
    scores = tied(matching.match(lalonde(), "treat", COVARIATES).scores.probability)
    alone = ~scores.round(9).duplicated(keep=False)
    frame = lalonde()[alone].reset_index(drop=True)
    from pymatchit import MatchIt

    model = MatchIt(frame, m_order="largest", caliper={"distance": 0.5, **widths}, distance=scores[alone].to_numpy())
    model.fit("treat ~ " + " + ".join(COVARIATES))
    expected = {one: others[0] for one, others in model.matched_indices.items()}
    found = matching.match(
        *(frame, "treat", COVARIATES),
        caliper=0.5,
        caliper_scale="sd_score",
        covariate_calipers=widths,
        scores=scores[alone].to_numpy(),
    )
    assert dict(zip(found.pairs.treated, found.pairs.control, strict=True)) == expected
    for name, width in widths.items():
        gaps = frame[name][found.pairs.treated].to_numpy() - frame[name][found.pairs.control].to_numpy()
        assert (np.abs(gaps) <= width).all()


@pytest.mark.parametrize("caliper", [None, 0.05, 0.2])
@pytest.mark.parametrize("exact", [(), ("married",)])
def test_optimal_pairs_are_as_many_and_as_near_as_those_of_pymatchit(caliper, exact):
    expected = by_pymatchit("sd_logit", method="optimal", caliper=caliper, exact=list(exact) or None)
    found = matching.match(lalonde(), "treat", COVARIATES, method="optimal", caliper=caliper, exact=exact)
    logit = found.scores.logit
    theirs = np.abs(logit[expected.treated].to_numpy() - logit[expected.control].to_numpy())
    assert len(found.pairs) == len(expected)
    assert found.pairs.distance.sum() == pytest.approx(theirs.sum(), abs=1e-6)
    greedily = matching.match(lalonde(), "treat", COVARIATES, caliper=caliper, exact=exact)
    assert len(found.pairs) >= len(greedily.pairs)


@pytest.mark.parametrize("setting", list(R_PAIRS.setting.unique()))
def test_pairs_are_those_of_r(setting):
    link, order, ratio, replace, *exact = setting.split()
    expected = R_PAIRS[R_PAIRS.setting == setting]
    theirs = expected.assign(control=expected.controls.str.split()).explode("control")
    theirs = theirs.assign(treated=theirs.treated.astype(int) - 1, control=theirs.control.astype(int) - 1)
    options = {"replace": True} if replace == "TRUE" else {"order": order}
    found = matching.match(
        *(lalonde(), "treat", COVARIATES),
        ratio=int(ratio),
        caliper_scale="score" if link == "logit" else "sd_logit",
        exact=exact,
        **options,
    )
    positions = found.scores.probability if link == "logit" else found.scores.logit
    np.testing.assert_array_equal(scores_of(found.pairs, positions), scores_of(theirs, positions))


@pytest.mark.parametrize(
    ("name", "setting", "controls"),
    [("one", "logit largest 1 FALSE", 185.0), ("two", "linear.logit largest 2 TRUE", 55.2907915994)],
)
def test_balance_is_that_of_r_for_the_same_pairs(name, setting, controls):
    """R's pairs are put in, so that every measure can be compared whichever of two equal patients was taken."""
    expected = R_PAIRS[R_PAIRS.setting.str.strip() == setting]
    long = expected.assign(control=expected.controls.str.split()).explode("control")
    one, other = long.treated.to_numpy(dtype=int) - 1, long.control.to_numpy(dtype=int) - 1
    weights = np.zeros(len(lalonde()))
    weights[one] = 1
    np.add.at(weights, other, len(expected) / len(long))
    treated = lalonde().treat.to_numpy() == 1
    ours = assess(terms(lalonde(), COVARIATES), treated, weights, (one, other), "treated")
    ours = ours.set_index(["when", "term"]).drop(columns=["definition", "verdict"])
    theirs = R_BALANCE[R_BALANCE.matching == name].set_index(["when", "term"]).loc[ours.index, ours.columns]
    # with equal means R leaves the distance within pairs in the covariate's unit
    theirs.loc[theirs.smd == 0, "pair_distance"] = ours.loc[theirs.smd == 0, "pair_distance"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10, equal_nan=True)
    # as matching_rows.R prints it
    assert matching.effective_sample_size(weights[~treated]) == pytest.approx(controls)


# --- greedy, one by one -----------------------------------------------------------------------------------------------


def by_hand(positions, treated, caliper, order, ratio, replace, strata):
    """One cohort, without any cleverness."""
    members, free = list(np.flatnonzero(treated)), set(np.flatnonzero(~treated))
    found = {member: [] for member in members}

    def candidates(member):
        usable = [c for c in free if strata[c] == strata[member] and c not in found[member]]
        gaps = sorted((abs(positions[c] - positions[member]), c) for c in usable)
        return [pair for pair in gaps if pair[0] <= caliper]

    def pair(member):
        near = candidates(member)
        if near:
            found[member].append(near[0][1])
            if not replace:
                free.discard(near[0][1])

    for turn in range(ratio):
        if order == "closest":
            waiting = [member for member in members if len(found[member]) == turn]
            while possible := [(candidates(m)[0][0], m) for m in waiting if candidates(m)]:
                member = min(possible)[1]
                pair(member)
                waiting.remove(member)
        else:
            sign = {"largest": -1, "smallest": 1, "data": 0}[order]
            for member in sorted(members, key=lambda m: sign * positions[m]):
                if len(found[member]) == turn:
                    pair(member)
    return [found[m] + [-1] * (ratio - len(found[m])) for m in members]


sizes = st.integers(1, 9)


@settings(deadline=None, max_examples=200)
@given(
    *(st.integers(0, 10**6), sizes, sizes, st.sampled_from([0.05, 0.3, WIDE])),
    *(st.sampled_from(["largest", "smallest", "closest", "data"]), st.integers(1, 3), st.booleans()),
    *(st.integers(1, 3), st.booleans()),
)
def test_greedy_matching_is_that_by_hand(seed, of_treated, of_controls, caliper, order, ratio, replace, groups, coarse):
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.repeat([True, False], [of_treated, of_controls]))
    # whole numbers make for ties and for equal gaps to both sides
    drawn = rng.integers(0, 5, (3, len(treated))) if coarse else rng.normal(size=(3, len(treated)))
    positions, strata = drawn.astype(float), rng.integers(0, groups, len(treated))
    found = greedy(positions, treated, caliper, order=order, ratio=ratio, replace=replace, strata=strata)
    expected = [by_hand(row, treated, caliper, order, ratio, replace, strata) for row in positions]
    assert found.tolist() == expected


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from(["largest", "closest"]))
def test_the_plain_function_does_what_the_compiled_one_does(seed, ratio, order):
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.repeat([True, False], [7, 9]))
    positions, bounded = rng.normal(size=(2, 16)), rng.normal(size=(16, 1))
    found = greedy(positions, treated, 0.8, order=order, ratio=ratio, bounded=bounded, widths=np.array([1.0]))
    for row, partners in zip(positions, found, strict=True):
        for member, partner in zip(np.flatnonzero(treated), partners, strict=True):
            taken = partner[partner >= 0]
            assert (np.abs(row[taken] - row[member]) <= 0.8).all()
            assert (np.abs(bounded[taken] - bounded[member]) <= 1).all()
    if hasattr(loops.greedy, "py_func"):
        cohorts = queued(positions, treated, order, bounded=bounded, widths=np.array([1.0]))
        partners, spans = np.full(found.shape, -1), np.tile([0.0, np.inf], (2, 1))
        loops.greedy.py_func(cohorts, np.full(2, 0.8), order == "closest", False, partners, spans)
        np.testing.assert_array_equal(partners, found)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from(ORDERS), st.booleans())
def test_calipers_between_the_spans_give_the_same_pairs(seed, ratio, order, replace):
    rng = np.random.default_rng(seed)
    cohorts = queued(rng.normal(size=(6, 24)), np.repeat([True, False], [9, 15]), order, rng)
    partners, spans = pair(cohorts, rng.uniform(0, 1, 6), order, ratio, replace=replace)
    for caliper in (spans[:, 0], np.nextafter(spans[:, 1], 0)):
        np.testing.assert_array_equal(pair(cohorts, caliper, order, ratio, replace=replace)[0], partners)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from(ORDERS), st.booleans(), st.integers(1, 14))
def test_the_narrowest_caliper_is_that_of_a_bisection_with_every_step_run(seed, ratio, order, replace, wanted):
    rng = np.random.default_rng(seed)
    cohorts = queued(rng.normal(size=(6, 24)).round(int(rng.integers(1, 9))), np.arange(24) % 5 < 2, order, rng)
    low, high = np.zeros(6), np.ptp(cohorts.positions, axis=1)
    for _ in range(16):
        middle = (low + high) / 2
        partners, _ = pair(cohorts, middle, order, ratio, replace=replace)
        enough = (partners[:, :, 0] >= 0).sum(axis=1) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    expected, _ = pair(cohorts, high, order, ratio, replace=replace)
    np.testing.assert_array_equal(narrowest(cohorts, wanted, order, ratio, replace=replace), expected)


def test_the_random_order_depends_on_its_generator_only():
    rng = np.random.default_rng(1)
    treated = np.repeat([True, False], [40, 50])
    positions = rng.normal(size=(3, 90))
    one, same, other = (
        greedy(positions, treated, order="random", rng=np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


# --- optimal, by enumeration ------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 4), st.sampled_from([0.2, 0.7, WIDE]))
def test_optimal_matching_is_the_best_of_all(seed, of_treated, of_controls, caliper):
    rng = np.random.default_rng(seed)
    treated = np.repeat([True, False], [of_treated, of_controls])
    positions = rng.normal(size=len(treated))
    found = optimal(positions, treated, caliper)[:, 0]

    def worth(partners):
        kept = [(i, p) for i, p in enumerate(partners) if p is not None and abs(positions[i] - positions[p]) <= caliper]
        return -len(kept), sum(abs(positions[i] - positions[p]) for i, p in kept)

    controls = [*range(of_treated, len(treated)), *[None] * of_treated]
    best = min(worth(partners) for partners in itertools.permutations(controls, of_treated))
    assert worth([None if p < 0 else int(p) for p in found]) == pytest.approx(best)


def test_optimal_matching_can_have_several_controls_each():
    found = matching.match(lalonde(), "treat", COVARIATES, method="optimal", ratio=2, caliper=0.2)
    assert found.pairs.control.is_unique
    assert found.pairs.groupby("treated").size().max() == 2
    expected = by_pymatchit("sd_logit", method="optimal", ratio=2, caliper=0.2)
    logit = found.scores.logit
    theirs = np.abs(logit[expected.treated].to_numpy() - logit[expected.control].to_numpy()).sum()
    assert (len(found.pairs), found.pairs.distance.sum()) == (len(expected), pytest.approx(theirs))


# --- a matching as its user sees it -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    return matching.match(lalonde(), "treat", COVARIATES, ratio=2, caliper=0.2)


def test_weights_count_what_each_control_stands_for(found):
    controls = ~found.treated
    assert found.weights[found.treated].isin([0, 1]).all()
    assert found.weights[controls].sum() == pytest.approx(found.weights[found.treated].sum())
    kept = found.matched
    assert set(kept.index) == set(found.pairs.treated) | set(found.pairs.control)
    assert list(kept.columns[-2:]) == ["score", "weight"]


def test_the_summary_says_what_was_done_and_what_is_left(found):
    text = found.summary()
    assert text.startswith(
        "Nearest 2:1 matching on the logit of the propensity score; without replacement, largest first;"
    )
    assert "caliper 0.2 SD of the logit" in text
    assert "treated patients have fewer than 2 partners" in text
    assert "terms within 0.1" in text


def test_balance_improves_on_the_score_and_names_its_definition(found):
    frame = found.balance().set_index(["term", "when"])
    score = frame.loc["propensity score"]
    assert abs(score.smd["after"]) < abs(score.smd["before"]) / 5
    assert score.ecdf_max["after"] < score.ecdf_max["before"]
    assert set(found.balance("treated").definition) == {"(x₁ − x₀) / s₁, SDs from before matching"}
    assert math.isnan(frame.loc[("age", "before")].pair_distance)
    shown = found.balances()
    assert list(shown) == ["Before matching", "After matching"]
    assert list(shown["After matching"].label) == COVARIATES


def test_categories_become_indicators():
    frame = lalonde().assign(
        race=np.where(lalonde().black == 1, "black", np.where(lalonde().hispan == 1, "hispan", "white"))
    )
    rest = [name for name in COVARIATES if name not in ("black", "hispan")]
    found = matching.match(frame, "treat", [*rest, "race"], caliper=0.2)
    plain = matching.match(lalonde(), "treat", COVARIATES, caliper=0.2)
    np.testing.assert_allclose(found.scores.logit, plain.scores.logit, atol=1e-7)
    assert {"race: black", "race: hispan", "race: white"} <= set(found.balance().term)


def test_labels_of_the_index_are_kept():
    frame = lalonde().set_index(pd.Index([f"patient {i}" for i in range(len(lalonde()))]))
    found = matching.match(frame, "treat", COVARIATES, caliper=0.2)
    plain = matching.match(lalonde(), "treat", COVARIATES, caliper=0.2)
    assert found.pairs.treated.tolist() == [f"patient {i}" for i in plain.pairs.treated]


def test_patients_outside_the_common_support_are_set_aside():
    found = matching.match(lalonde(), "treat", COVARIATES, discard="both")
    scores = found.scores.probability
    inside = scores[found.treated].between(scores[~found.treated].min(), scores[~found.treated].max())
    assert found.counts().discarded["treated"] == (~inside).sum() > 0
    assert not set(found.pairs.treated) & set(inside.index[~inside])


# --- separation -------------------------------------------------------------------------------------------------------


def separated() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"treat": np.repeat([1, 0], [30, 50]), "age": rng.normal(60, 9, 80)})
    return frame.assign(only_treated=(frame.treat == 1) & (frame.age > 62))


def test_separation_is_named_and_met_with_a_penalised_fit():
    found = matching.match(separated(), "treat", ["age", "only_treated"], caliper=0.5)
    assert found.scores.fit == "Firth"
    assert "only_treated separates treated from control patients" in found.messages[0]
    assert "Firth's penalty" in found.summary()
    assert np.isfinite(found.scores.logit).all()
    assert matching.match(separated(), "treat", ["age"]).scores.fit == "maximum likelihood"


def test_firths_penalty_adds_half_a_patient_to_each_cell_of_a_saturated_model():
    from haicbook.matching.engine.scores import firth

    treated = np.repeat([True, False, True, False], [5, 7, 0, 8])
    matrix = np.column_stack([np.ones(20), np.repeat([0, 1], [12, 8])])
    expected = [math.log(5.5 / 7.5), math.log(0.5 / 8.5) - math.log(5.5 / 7.5)]
    np.testing.assert_allclose(firth(matrix, treated), expected, rtol=1e-8)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(5, 25), st.integers(1, 3))
def test_firths_penalty_settles_where_the_arms_separate_and_no_step_leads_higher(seed, patients, terms):
    from haicbook.matching.engine.scores import _penalised, firth

    rng = np.random.default_rng(seed)
    matrix = np.column_stack([np.ones(patients), rng.integers(0, 2, (patients, terms - 1)), rng.normal(size=patients)])
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return
    treated = matrix[:, -1] > np.median(matrix[:, -1])
    found = firth(matrix, treated)
    best = _penalised(matrix, treated, found)
    for step in rng.normal(size=(20, len(found))) * 0.01:
        assert _penalised(matrix, treated, found + step) <= best + 1e-9


def test_no_coefficients_near_by_have_a_higher_penalised_likelihood():
    from haicbook.matching.engine.scores import firth

    frame = separated()
    matrix = np.column_stack([np.ones(80), (frame.age - 60) / 9, frame.only_treated])
    treated = (frame.treat == 1).to_numpy()

    def objective(b):
        p = 1 / (1 + np.exp(-matrix @ b))
        information = matrix.T @ np.diag(p * (1 - p)) @ matrix
        return np.log(np.where(treated, p, 1 - p)).sum() + 0.5 * np.log(np.linalg.det(information))

    from scipy.optimize import minimize

    best = minimize(lambda b: -objective(b), np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    np.testing.assert_allclose(firth(matrix, treated), best.x, atol=1e-5)


def test_terms_that_follow_from_others_are_left_out_and_named():
    frame = lalonde().assign(months=lalonde().age * 12 + 1)
    found = matching.match(frame, "treat", [*COVARIATES, "months"], caliper=0.2)
    assert found.messages[0] == "Left out, since they follow from the other terms: months."
    assert len(found.pairs) == 117


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"caliper": 0}, "caliper is 0, allowed is a number above 0"),
        ({"caliper": -0.2}, r"caliper is -0\.2"),
        ({"caliper": math.nan}, "caliper is nan"),
        ({"caliper_scale": "sd"}, "caliper_scale is 'sd', allowed is score, sd_score, sd_logit"),
        ({"order": "biggest"}, "order is 'biggest', allowed is largest"),
        ({"order": "random"}, "needs a numpy.random.Generator"),
        ({"ratio": 0}, "ratio is 0, allowed is a whole number from 1 up"),
        ({"ratio": 430}, "ratio is 430, but there are only 429 controls"),
        ({"method": "best"}, "method is 'best', allowed is nearest, optimal"),
        ({"method": "optimal", "replace": True}, "optimal matching has no order and no replacement"),
        ({"covariates": ["age", "bmi", "afp"]}, "unknown: bmi, afp; the frame has treat, age"),
        ({"covariates": []}, "there are no covariates"),
        ({"covariates": ["age", "treat"]}, "treat is the treatment and cannot be a covariate"),
        ({"exact": ["sex"]}, "unknown: sex"),
        ({"covariate_calipers": {"age": -1}}, "the caliper of age is -1"),
        ({"treatment": "educ"}, "educ has the values .*; allowed are 0 and 1, or truth values"),
        ({"scores": np.full(614, 1.2)}, "scores run from 1.2 to 1.2; allowed is 0 to 1"),
        ({"scores": np.full(3, 0.2)}, r"the scores have shape \(3,\)"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_in_words(wrong, words):
    request = {"treatment": "treat", "covariates": COVARIATES} | wrong
    with pytest.raises(ValueError, match=words):
        matching.match(lalonde(), **request)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(ValueError, match=r"order is .*ratio is -1.*caliper is 0.*unknown: bmi"):
        matching.match(lalonde(), "treat", ["bmi"], order="up", ratio=-1, caliper=0)


def test_missing_values_are_counted_by_column():
    frame = lalonde().astype(float)
    frame.loc[:4, "age"] = math.nan
    with pytest.raises(ValueError, match="age is missing for 5 patients"):
        matching.match(frame, "treat", COVARIATES)


def test_an_empty_arm_is_named():
    with pytest.raises(ValueError, match="no patient has treat 0: the control arm is empty"):
        matching.match(lalonde()[lalonde().treat == 1], "treat", COVARIATES)


def test_a_treatment_of_two_words_gets_a_hint():
    frame = lalonde().assign(arm=np.where(lalonde().treat == 1, "si", "se"))
    with pytest.raises(ValueError, match=r"arm has the values 'se', 'si'.*such as frame\[\"arm\"\] == 'si'"):
        matching.match(frame, "arm", COVARIATES)


def test_a_caliper_that_nobody_meets_is_a_clear_result():
    frame = pd.DataFrame({"treat": [1, 1, 0, 0], "age": [40.0, 41.5, 60.0, 39.0]})
    found = matching.match(frame, "treat", ["age"], caliper=1e-6)
    assert found.pairs.empty
    assert "No pair is allowed: nobody is matched." in found.summary()
    after = found.balance()
    after = after[after.when == "after"]
    assert after[["smd", "variance_ratio", "ecdf_mean"]].isna().all(axis=None)
    assert set(after.verdict) == {"cannot be computed"}
    assert found.counts().effective.tolist() == [0, 0]


def test_more_controls_asked_for_than_there_are_is_a_clear_result():
    found = matching.match(lalonde(), "treat", COVARIATES, ratio=3)
    assert len(found.pairs) == 429
    assert "fewer than 3 " in found.messages[-1]
