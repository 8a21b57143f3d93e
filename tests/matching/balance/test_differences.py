"""Definitions of a standardised difference against R, the finder on figures made with each, and approximations."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.matching import Levels, Moments, Quartiles, definitions, which_definition
from haicbook.matching.balance.differences import attainable
from haicbook.matching.balance.summaries import luo_mean, mean_and_sd_from_quartiles, skewed

R = pd.read_csv(Path(__file__).parents[2] / "oracle" / "matching_definitions.csv")


def summaries(row):
    figures = [float(figure) for figure in row.input.split()]
    if row.what == "means":
        return Moments(figures[0], figures[1], int(figures[2])), Moments(figures[3], figures[4], int(figures[5]))
    half = len(figures) // 2
    return Levels.of(*figures[:half]), Levels.of(*figures[half:])


@pytest.mark.parametrize("row", list(R.itertuples(index=False)), ids=lambda row: f"{row.definition} {row.input}")
def test_every_definition_is_that_of_r(row):
    pair = summaries(row)
    found = {definition.name: definition for definition in definitions(*pair, ordered=True)}[row.definition]
    # Hedges' factor is an approximation of the one that metafor computes
    accuracy = 2e-5 if "corrected" in row.definition else 1e-9
    assert found.compute(*pair) == pytest.approx(row.smd, rel=accuracy)


EXAMPLES = {
    "two levels": (Levels.of(46, 28), Levels.of(38, 55)),
    "levels": (Levels.of(6, 60, 4, 4), Levels.of(20, 62, 4, 11)),
    "moments": (Moments.of("55.3 ± 9.5", 75), Moments.of("51.0 ± 14.5", 40)),
    "quartiles": (Quartiles.of("25.3 (14.9-52.3)", 75), Quartiles.of("38.5 (15.1-75.0)", 40)),
}
EARLIER = {
    "two levels": (Levels.of(60, 60), Levels.of(45, 95)),
    "levels": (Levels.of(16, 80, 8, 9), Levels.of(20, 90, 9, 12)),
    "moments": (Moments.of("57.3 ± 11.5", 120), Moments.of("50.0 ± 12.5", 140)),
    "quartiles": (Quartiles.of("28.3 (12.9-60.3)", 120), Quartiles.of("36.5 (14.1-85.0)", 140)),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_finder_names_the_definition_that_a_figure_was_made_with(kind):
    pair = EXAMPLES[kind]
    for definition in definitions(*pair, before=EARLIER[kind]):
        smd = definition.compute(*pair)
        found = which_definition(f"{smd:.3f}", *pair, before=EARLIER[kind]).set_index("definition")
        assert found.reading[definition.name] == "rounded"
        swapped = which_definition(f"{-smd:.3f}", *pair, before=EARLIER[kind]).set_index("definition")
        assert swapped.reading[definition.name] == ("rounded" if definition.signed else "differs")


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_two_definitions_of_a_kind_are_one(kind):
    pair = EXAMPLES[kind]
    # the largest over the levels is that of one of them
    several = [d for d in definitions(*pair, before=EARLIER[kind]) if not d.name.startswith("largest")]
    values = [round(d.compute(*pair), 9) for d in several]
    # a raw difference is one whatever variance the share has
    twice = [d.name for d in definitions(*pair) if "raw" in d.name and "share, n" in d.name]
    assert len(set(values)) == len(values) - len(twice)
    names = [d.name for d in definitions(*pair, before=EARLIER[kind])]
    assert len(set(names)) == len(names)


def test_a_figure_that_no_definition_gives_is_said_to_differ():
    found = which_definition("0.900", *EXAMPLES["moments"])
    assert set(found.reading) == {"differs"}
    assert set(found.direction) == {""}


def test_those_that_reproduce_come_first_with_their_direction():
    pair = Levels.of(46, 28), Levels.of(38, 55)
    smd = definitions(*pair)[0].compute(*pair)
    found = which_definition(f"{smd:.4f}", *pair)
    assert (found.definition[0], found.reading[0], found.direction[0]) == (
        "share; pooled SD",
        "rounded",
        "treated - control",
    )
    assert which_definition(f"{smd:.4f}", *pair[::-1]).direction[0] == "control - treated"


def test_a_figure_in_per_cent_and_one_cut_off():
    pair = Levels.of(6, 60, 4, 4), Levels.of(8, 82, 4, 1)  # 0.25712
    assert which_definition("25.7%", *pair).definition[0] == "Mahalanobis distance of the shares"
    cut = which_definition("0.2571", *pair).set_index("definition")
    assert cut.reading["Mahalanobis distance of the shares"] == "rounded"
    assert which_definition("0.25", *pair).set_index("definition").reading["Mahalanobis distance of the shares"] == (
        "truncated"
    )


def test_what_rounding_leaves_open_goes_into_the_search():
    exact = which_definition("0.062", Moments(55.3, 9.5, 75), Moments(56.0, 10.5, 74)).set_index("definition")
    printed = which_definition("0.062", Moments.of("55.3 ± 9.5", 75), Moments.of("56.0 ± 10.5", 74))
    assert exact.reading["means; pooled SD"] == "differs"
    assert printed.set_index("definition").reading["means; pooled SD"] == "rounded"


means = st.floats(-50, 50)
sds = st.floats(1, 20)


@settings(deadline=None, max_examples=50)
@given(means, sds, means, sds, st.integers(0, 10**6))
def test_nothing_within_the_rounding_lies_outside_what_is_attainable(mean1, sd1, mean0, sd0, seed):
    rng = np.random.default_rng(seed)
    pair = Moments(mean1, sd1, 40, (0.05, 0.05)), Moments(mean0, sd0, 60, (0.05, 0.05))
    for definition in definitions(*pair):
        low, high = attainable(definition, *pair)
        for _ in range(10):
            moved = [Moments(m.mean + rng.uniform(-0.05, 0.05), m.sd + rng.uniform(-0.05, 0.05), m.n) for m in pair]
            assert low - 1e-9 <= definition.compute(*moved) <= high + 1e-9


def test_summaries_of_two_kinds_are_refused():
    with pytest.raises(ValueError, match="differ in kind or in levels"):
        which_definition("0.1", Levels.of(3, 4), Moments(5, 1, 7))
    with pytest.raises(ValueError, match="differ in kind or in levels"):
        definitions(Levels.of(3, 4), Levels.of(3, 4, 5))


@pytest.mark.parametrize("printed", ["NR", "1.1.674", "<0.1"])
def test_a_figure_that_is_no_number_is_refused(printed):
    with pytest.raises(ValueError, match="found"):
        which_definition(printed, Levels.of(3, 4), Levels.of(5, 6))


@pytest.mark.parametrize("counts", [(3,), (-1, 4), (0, 0)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="found counts"):
        Levels.of(*counts)


# --- approximations ---------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(-100, 100), st.floats(0.1, 50), st.integers(5, 1000))
def test_even_quartiles_have_their_middle_as_mean(median, half, n):
    assert luo_mean(median - half, median, median + half, n) == pytest.approx(median, abs=1e-9)
    assert mean_and_sd_from_quartiles(median - half, median, median + half, n)[0] == pytest.approx(median, abs=1e-9)
    assert not skewed(median - half, median, median + half, n)


def test_luos_weights_are_better_for_normal_data_than_equal_ones():
    rng = np.random.default_rng(5)
    drawn = np.quantile(rng.normal(size=(8000, 101)), [0.25, 0.5, 0.75], axis=1).T
    luo = np.array([luo_mean(*quartiles, 101) for quartiles in drawn])
    wan = np.array([mean_and_sd_from_quartiles(*quartiles, 101)[0] for quartiles in drawn])
    assert (luo**2).mean() < (wan**2).mean()


@pytest.mark.parametrize("n", [48, 75, 201])
def test_the_test_of_skewness_rejects_normal_data_at_its_level_and_lognormal_data_more_often(n):
    rng = np.random.default_rng(n)
    drawn = rng.normal(size=(4000, n))
    for data, low, high in ((drawn, 0.03, 0.07), (np.exp(drawn), 0.3, 1.0)):
        quartiles = np.quantile(data, [0.25, 0.5, 0.75], axis=1).T
        assert low <= np.mean([skewed(*row, n) for row in quartiles]) <= high


def test_logarithms_need_values_above_zero():
    pair = Quartiles(0, 2, 4, 30), Quartiles(1, 2, 5, 30)
    found = {d.name: d.compute(*pair) for d in definitions(*pair)}
    assert math.isnan(found["logarithms, by Wan 2014; pooled SD"])
    assert math.isfinite(found["mean and SD by Wan 2014; pooled SD"])


# --- what a paper prints ----------------------------------------------------------------------------------------------


def test_a_papers_own_figures_go_into_the_finder():
    from haicbook import matching, study

    paper = study.load("lin2023")
    pair = matching.printed_pair(paper, "before_psm", "sex")
    assert pair == (
        Levels((66 / 75, 9 / 75), 75, ("Male", "Female")),
        Levels((60 / 74, 14 / 74), 74, ("Male", "Female")),
    )
    found = which_definition("0.192", *pair)
    assert found.definition[0] == "share; pooled SD"
    age = matching.printed_pair(paper, "before_psm", "age")
    assert age == (Moments.of("55.3 ± 9.5", 75), Moments.of("56.0 ± 10.5", 74))
    tbil = matching.printed_pair(paper, "before_psm", "tbil")
    assert tbil == (Quartiles.of("18.6 (12.6~29.3)", 75), Quartiles.of("18.3 (11.9~29.2)", 74))


def test_what_a_paper_does_not_print_is_refused_by_name():
    from haicbook import matching, study

    paper = study.load("lin2023")
    with pytest.raises(KeyError, match="prints no 'ecog' for before_psm; it prints age, sex"):
        matching.printed_pair(paper, "before_psm", "ecog")
    with pytest.raises(ValueError, match=r"^ggt: .*159\.4"):
        matching.printed_pair(paper, "before_psm", "ggt")


def test_a_percentage_without_its_count_keeps_its_rounding():
    one, other = Levels.of_percent("36.5%", 74), Levels.of_percent("44%", 93)
    low, high = attainable(definitions(one, other)[0], one, other)
    ends = [
        definitions(one, other)[0].compute(Levels((p, 1 - p), 74), Levels((q, 1 - q), 93))
        for p in np.linspace(0.3645, 0.3655, 5)
        for q in np.linspace(0.435, 0.445, 5)
    ]
    assert (low, high) == pytest.approx((min(ends), max(ends)))
    with pytest.raises(ValueError, match="allowed is a percentage from 0 to 100"):
        Levels.of_percent("136%", 74)
