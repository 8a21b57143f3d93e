"""Simon's designs against R, against the tables of his paper, and against enumeration of every design."""

from functools import lru_cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.printed import agreement, parse_number
from haicbook.stats.proportions import Proportion, exact_interval
from haicbook.stats.single_arm import (
    SimonDesign,
    admissible,
    characteristics,
    conditional_power,
    decision,
    estimate,
    evaluate,
    intervals,
    posterior,
    predictive,
    search,
)

ORACLE = pd.read_csv(Path(__file__).parents[1] / "oracle" / "trial.csv")

# Simon, Control Clin Trials 1989;10:1-10, tables for p1 - p0 = 0.20: p0, alpha, beta, and the optimal and the minimax
# design, each with its expected n under p0
PUBLISHED = [
    (0.05, 0.10, 0.10, (0, 9, 2, 24), 14.5, (0, 13, 2, 20), 16.4),
    (0.05, 0.05, 0.20, (0, 9, 2, 17), 12.0, (0, 12, 2, 16), 13.8),
    (0.05, 0.05, 0.10, (0, 9, 3, 30), 16.8, (0, 15, 3, 25), 20.4),
    (0.10, 0.05, 0.20, (1, 10, 5, 29), 15.0, (1, 15, 5, 25), 19.5),
    (0.10, 0.05, 0.10, (2, 18, 6, 35), 22.5, (2, 22, 6, 33), 26.2),
    (0.20, 0.05, 0.20, (3, 13, 12, 43), 20.6, (4, 18, 10, 33), 22.3),
    (0.30, 0.05, 0.20, (5, 15, 18, 46), 23.6, (6, 19, 16, 39), 25.7),
    (0.40, 0.10, 0.10, (7, 18, 22, 46), 30.2, (11, 28, 20, 41), 33.8),
    (0.40, 0.05, 0.20, (7, 16, 23, 46), 24.5, (17, 34, 20, 39), 34.4),
    (0.40, 0.05, 0.10, (11, 25, 32, 66), 36.0, (12, 29, 27, 54), 38.1),
    (0.50, 0.05, 0.20, (8, 15, 26, 43), 23.5, (12, 23, 23, 37), 27.7),
]


@st.composite
def designs(draw: st.DrawFn) -> SimonDesign:
    n = draw(st.integers(2, 60))
    n1 = draw(st.integers(1, n - 1))
    r1 = draw(st.integers(0, n1 - 1))
    return SimonDesign(r1, n1, draw(st.integers(r1, n - 1)), n)


@pytest.mark.parametrize("row", list(ORACLE.itertuples(index=False)), ids=str)
def test_characteristics_are_those_of_r(row):
    found = characteristics(SimonDesign(row.r1, row.n1, row.r, row.n), row.rate)
    assert found.rejection == pytest.approx(row.rejection, abs=1e-10)
    assert found.early_stop == pytest.approx(row.early_stop, abs=1e-10)
    assert found.expected_n == pytest.approx(row.expected_n, abs=1e-8)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_the_search_finds_the_published_designs(row):
    p0, alpha, beta, optimal, optimal_n, minimax, minimax_n = row
    found = search(alpha, beta, p0, p0 + 0.2, n_max=70)
    assert found.optimal.design == SimonDesign(*optimal)
    assert found.minimax.design == SimonDesign(*minimax)
    assert agreement(parse_number(f"{optimal_n:.1f}"), found.optimal.null.expected_n) == "rounded"
    assert agreement(parse_number(f"{minimax_n:.1f}"), found.minimax.null.expected_n) == "rounded"


SMALL_AIMS = (0.1, 0.2, 0.1, 0.4, 16)


@lru_cache
def every_design_that_keeps(alpha, beta, p0, p1, n_max):
    """Each of them evaluated on its own."""
    kept = []
    for n, n1 in product(range(2, n_max + 1), range(1, n_max)):
        for r1, r in product(range(n1), range(n)):
            if n1 < n and r1 <= r:
                design = SimonDesign(r1, n1, r, n)
                if characteristics(design, p0).rejection <= alpha and characteristics(design, p1).rejection >= 1 - beta:
                    kept.append(evaluate(design, p0, p1))
    return kept


def test_the_search_agrees_with_evaluating_every_design():
    kept, best = every_design_that_keeps(*SMALL_AIMS), search(*SMALL_AIMS)
    assert best.optimal.null.expected_n == pytest.approx(min(found.null.expected_n for found in kept))
    assert best.minimax.design.n == min(found.design.n for found in kept)
    smallest = [found.null.expected_n for found in kept if found.design.n == best.minimax.design.n]
    assert best.minimax.null.expected_n == pytest.approx(min(smallest))


@settings(deadline=None)
@given(designs(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_better_treatment_is_rejected_less_often_and_stopped_less_often(design, one, other):
    worse, better = (characteristics(design, rate) for rate in sorted((one, other)))
    assert worse.rejection <= better.rejection + 1e-12
    assert worse.early_stop >= better.early_stop - 1e-12
    for found in (worse, better):
        assert found.rejection + found.early_stop <= 1 + 1e-12
        assert design.n1 <= found.expected_n <= design.n


def test_a_larger_n_max_never_worsens_the_optimal_design():
    expected = [search(0.05, 0.2, 0.2, 0.4, n_max).optimal.null.expected_n for n_max in (35, 40, 50)]
    assert expected == sorted(expected, reverse=True)
    assert expected[0] > expected[-1]


def test_everything_that_is_no_design_is_said_at_once():
    with pytest.raises(ValueError, match=r"r1 is 30.*n1 is 25.*r is 20"):
        SimonDesign(30, 25, 20, 20)


def test_everything_that_cannot_be_searched_is_said_at_once():
    with pytest.raises(ValueError, match=r"alpha is 5.*p0 is 0.6.*n_max is 1"):
        search(5, 0.1, 0.6, 0.4, 1)


def test_no_design_is_small_enough():
    with pytest.raises(ValueError, match="no design of up to 20 patients"):
        search(0.05, 0.1, 0.4, 0.6, 20)


def test_a_rate_is_a_share():
    with pytest.raises(ValueError, match="allowed is 0 to 1"):
        characteristics(SimonDesign(11, 25, 32, 66), 40)


# --- admissible designs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aims", [(0.1, 0.2, 0.1, 0.4, 24), (0.05, 0.2, 0.2, 0.4, 50), (0.05, 0.1, 0.4, 0.6, 70)])
def test_no_design_beats_the_admissible_ones_on_their_weights(aims):
    alpha, beta, p0, p1, n_max = aims
    everything = []
    for n in range(2, n_max + 1):
        try:
            best = search(alpha, beta, p0, p1, n)
        except ValueError:
            continue
        everything += [best.optimal, best.minimax]
    found = admissible(*aims)
    for weight in np.linspace(0, 1, 101):
        cost = [weight * item.design.n + (1 - weight) * item.null.expected_n for item in everything]
        mine = [item for item in found if item.weight_low <= weight <= item.weight_high]
        assert mine
        for item in mine:
            own = weight * item.evaluation.design.n + (1 - weight) * item.evaluation.null.expected_n
            assert own == pytest.approx(min(cost), abs=1e-9)


def test_admissible_designs_by_evaluating_every_design():
    kept = np.array([[found.design.n, found.null.expected_n] for found in every_design_that_keeps(*SMALL_AIMS)])
    designs_found = admissible(*SMALL_AIMS)
    for weight in np.linspace(0, 1, 301):
        least = (weight * kept[:, 0] + (1 - weight) * kept[:, 1]).min()
        item = next(item for item in designs_found if item.weight_low <= weight <= item.weight_high)
        own = weight * item.evaluation.design.n + (1 - weight) * item.evaluation.null.expected_n
        assert own == pytest.approx(least, abs=1e-9)


def test_admissible_designs_run_from_the_minimax_to_the_optimal_one():
    found, best = admissible(0.05, 0.1, 0.4, 0.6, 70), search(0.05, 0.1, 0.4, 0.6, 70)
    assert found[0].evaluation == best.minimax
    assert found[-1].evaluation == best.optimal
    assert (found[0].weight_high, found[-1].weight_low) == (1.0, 0.0)
    assert all(one.weight_low == other.weight_high for one, other in pairwise(found))
    sizes = [item.evaluation.design.n for item in found]
    assert sizes == sorted(set(sizes))


# --- the decision and what the data say -------------------------------------------------------------------------------


def test_the_first_stage_decides():
    assert not decision(SimonDesign(11, 25, 32, 66), 11).goes_on
    assert decision(SimonDesign(11, 25, 32, 66), 12).goes_on
    assert decision(SimonDesign(12, 25, 32, 66), 12).statement.endswith("13 were needed: the trial stops.")
    with pytest.raises(ValueError, match="0 to n1 = 25"):
        decision(SimonDesign(12, 25, 32, 66), 26)


def outcomes(design: SimonDesign) -> list[tuple[int, int]]:
    ended = [(1, count) for count in range(design.r1 + 1)]
    return ended + [(2, count) for count in range(design.r1 + 1, design.n + 1)]


def chances(design: SimonDesign, rate: float) -> dict[tuple[int, int], float]:
    """Every pair of responder counts, one by one."""
    from math import comb

    found = dict.fromkeys(outcomes(design), 0.0)
    for first in range(design.n1 + 1):
        chance = comb(design.n1, first) * rate**first * (1 - rate) ** (design.n1 - first)
        if first <= design.r1:
            found[1, first] += chance
            continue
        n2 = design.n - design.n1
        for second in range(n2 + 1):
            more = comb(n2, second) * rate**second * (1 - rate) ** (n2 - second)
            found[2, first + second] += chance * more
    return found


SMALL = [SimonDesign(1, 10, 5, 29), SimonDesign(0, 9, 2, 17), SimonDesign(3, 8, 7, 15)]


@pytest.mark.parametrize("design", SMALL, ids=str)
def test_the_unbiased_estimate_is_unbiased_and_in_the_order_of_the_stages(design):
    found = {place: estimate(design, place[1], place[0], 0.2).unbiased for place in outcomes(design)}
    for rate in (0.05, 0.2, 0.5, 0.9):
        mean = sum(found[place] * chance for place, chance in chances(design, rate).items())
        assert mean == pytest.approx(rate, abs=1e-12)
    assert list(found.values()) == sorted(found.values())


@pytest.mark.parametrize("design", SMALL, ids=str)
def test_staged_limits_cover_the_true_rate(design):
    limits = {place: estimate(design, place[1], place[0], 0.2, 0.9) for place in outcomes(design)}
    for rate in np.linspace(0.02, 0.98, 25):
        chance = chances(design, rate)
        covered = sum(chance[place] for place, found in limits.items() if found.low <= rate <= found.high)
        missed_below = sum(chance[place] for place, found in limits.items() if found.high < rate)
        assert covered >= 0.9 - 1e-9
        assert missed_below <= 0.05 + 1e-9


@pytest.mark.parametrize("design", SMALL, ids=str)
def test_p_is_the_chance_of_what_is_as_good(design):
    chance = chances(design, 0.3)
    for place in outcomes(design):
        as_good = sum(share for other, share in chance.items() if other >= place)
        assert estimate(design, place[1], place[0], 0.3).p == pytest.approx(as_good, abs=1e-12)


def test_the_p_of_a_rejection_is_the_type_one_error():
    design = SimonDesign(11, 25, 32, 66)
    assert estimate(design, 33, 2, 0.4).p == pytest.approx(characteristics(design, 0.4).rejection)


def test_a_trial_that_stops_early_has_clopper_and_pearsons_limits():
    found = estimate(SimonDesign(12, 25, 32, 66), 11, 1, 0.4)
    assert (found.low, found.high) == pytest.approx(exact_interval(Proportion(11, 25), 0.95), abs=1e-10)
    assert found.unbiased == found.raw == 0.44
    assert "unbiased estimate 44.0 %" in found.statement


@pytest.mark.parametrize(("responders", "stage"), [(13, 1), (12, 2), (67, 2), (11, 3)])
def test_an_outcome_that_the_design_does_not_end_with(responders, stage):
    with pytest.raises(ValueError, match=r"this design ends|allowed is 1 or 2"):
        estimate(SimonDesign(12, 25, 32, 66), responders, stage, 0.4)


def test_the_four_intervals():
    found = intervals(11, 25, 0.95)
    assert found["exact"] == exact_interval(Proportion(11, 25), 0.95)
    # R: qbeta(c(0.025, 0.975), 11.5, 14.5)
    assert found["jeffreys"] == pytest.approx((0.2608513570, 0.6321774084), abs=1e-9)
    assert intervals(0, 25, 0.95)["jeffreys"][0] == 0
    assert intervals(25, 25, 0.95)["jeffreys"][1] == 1
    with pytest.raises(ValueError, match="a count must lie"):
        intervals(26, 25, 0.95)


# --- with a prior -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.data())
def test_the_posterior_is_prior_times_likelihood(n, data):
    responders = data.draw(st.integers(0, n))
    prior = (data.draw(st.floats(1, 8)), data.draw(st.floats(1, 8)))
    found = posterior(responders, n, prior, 0.4, 0.6)
    rates = np.linspace(0, 1, 20001)[1:-1]
    weight = rates ** (prior[0] - 1 + responders) * (1 - rates) ** (prior[1] - 1 + n - responders)
    weight /= weight.sum()
    assert found.mean == pytest.approx(weight @ rates, abs=2e-4)
    assert found.above_null == pytest.approx(weight[rates > 0.4].sum(), abs=2e-3)
    assert found.above_alternative == pytest.approx(weight[rates > 0.6].sum(), abs=2e-3)
    assert weight[rates < found.low].sum() == pytest.approx(0.025, abs=2e-3)
    assert weight[rates > found.high].sum() == pytest.approx(0.025, abs=2e-3)


def test_the_posterior_of_the_trials_data_by_hand():
    found = posterior(11, 25, (1, 1), 0.4, 0.6)
    assert (found.a, found.b, found.mean) == (12, 15, pytest.approx(12 / 27))
    # R: pbeta(c(0.4, 0.6), 12, 15, lower.tail = FALSE)
    assert found.above_null == pytest.approx(0.6736792866, abs=1e-9)
    assert found.above_alternative == pytest.approx(0.0517553364, abs=1e-9)
    assert found.density([0.44]) > found.density([0.6])
    assert posterior(0, 0, (2, 3), 0.4, 0.6).mean == pytest.approx(0.4)


def test_the_predictive_probability_is_the_average_conditional_power():
    design, prior = SimonDesign(12, 25, 32, 66), (1.0, 1.0)
    rates = (np.arange(200000) + 0.5) / 200000
    density = posterior(11, 25, prior, 0.4, 0.6).density(rates)
    average = (density * conditional_power(design, 11, rates)).mean()
    assert predictive(design, 11, prior) == pytest.approx(average, abs=1e-8)


def test_conditional_power_by_enumeration():
    from math import comb

    design = SimonDesign(11, 25, 32, 66)
    by_hand = sum(comb(41, more) * 0.6**more * 0.4 ** (41 - more) for more in range(33 - 11, 42))
    assert conditional_power(design, 11, 0.6) == pytest.approx(by_hand)
    assert conditional_power(design, 11, [0, 1]).tolist() == [0, 1]


def test_a_strong_prior_has_its_way_and_a_certain_first_stage_too():
    design = SimonDesign(1, 10, 3, 20)
    assert predictive(design, 8, (1, 1)) == pytest.approx(1)
    assert predictive(design, 0, (1, 1e6)) == pytest.approx(0, abs=1e-6)


def test_everything_wrong_with_a_prior_is_said_at_once():
    with pytest.raises(ValueError, match=r"prior is \(0, 1\).*p0 is 40.*responders is 30 of 25.*confidence is 95"):
        posterior(30, 25, (0, 1), 40, 0.6, 95)
    with pytest.raises(ValueError, match=r"prior is \(0, 1\).*responders is 30"):
        predictive(SimonDesign(11, 25, 32, 66), 30, (0, 1))
    with pytest.raises(ValueError, match="allowed is 0 to n1"):
        conditional_power(SimonDesign(11, 25, 32, 66), 30, 0.5)
    with pytest.raises(ValueError, match="allowed is 0 to 1"):
        conditional_power(SimonDesign(11, 25, 32, 66), 11, 1.5)
