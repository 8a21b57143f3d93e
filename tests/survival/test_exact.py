"""The list of all curves of a small arm, against going through every order of deaths and censorings."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from haicbook.survival.exact import reach
from haicbook.survival.knots import Knot, can_reach, ratios


def knot(time, low, high, rate=True):
    return Knot(time, low - 1e-9, high + 1e-9, rate=rate)


def heights(order):
    """Survival after each patient of an order of deaths (True) and censorings."""
    survival, at_risk = [1.0], len(order)
    for died in order:
        survival.append(survival[-1] * (at_risk - 1) / at_risk if died else survival[-1])
        at_risk -= 1
    return survival


def brute_force(n, bounds):
    """Whether some order, cut anywhere, has a survival within each of the bounds, with someone at risk at each."""
    for order in itertools.product([True, False], repeat=n):
        curve = heights(order)
        for cuts in itertools.combinations_with_replacement(range(n + 1), len(bounds)):
            if all(
                low <= curve[cut] + 1e-12 and curve[cut] <= high + 1e-12 and (cut < n or curve[cut] == 0)
                for cut, (low, high) in zip(cuts, bounds, strict=True)
            ):
                return True
    return False


@pytest.mark.parametrize("seed", range(40))
def test_the_list_is_that_of_every_order(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    width = rng.choice([0.01, 0.05])
    tops = np.sort(rng.uniform(0, 1, 2))[::-1]
    bounds = [(float(top - width), float(top)) for top in tops]
    listed = reach(n, tuple(knot(time, *bound) for time, bound in enumerate(bounds, 1)))
    assert listed.possible == brute_force(n, bounds)


def test_both_answers_occur():
    def answer(seed):
        rng = np.random.default_rng(seed)
        n, width = int(rng.integers(2, 7)), rng.choice([0.01, 0.05])
        tops = np.sort(rng.uniform(0, 1, 2))[::-1]
        return reach(n, tuple(knot(time, top - width, top) for time, top in enumerate(tops, 1))).possible

    assert {answer(seed) for seed in range(40)} == {True, False}


def test_every_listed_state_leads_on():
    knots = (knot(6, 0.6395, 0.6405), knot(12, 0.4025, 0.4035), knot(24, 0.2685, 0.2695))
    listed = reach(25, knots)
    assert listed.possible
    for at_risk, values in listed.states[0].items():
        for value in values:
            scaled = tuple(Knot(k.time, k.low / value, k.high / value, rate=True) for k in knots[1:])
            assert reach(at_risk, scaled).possible


def test_twenty_five_patients_cannot_have_every_pair_of_rates():
    # the ratio of the two asks for a split that so few patients at risk do not have
    assert not reach(25, (knot(6, 0.3465, 0.3475), knot(12, 0.2395, 0.2405))).possible
    assert reach(25, (knot(6, 0.3875, 0.3885), knot(12, 0.2325, 0.2335))).possible


def test_whole_number_arithmetic_comes_to_the_same_end():
    def followers(starts, low):
        seen, waiting = set(starts), list(starts)
        while waiting:
            at_risk, survival = waiting.pop()
            for state in ((at_risk - 1, survival), (at_risk - 1, survival * Fraction(at_risk - 1, at_risk))):
                if state[1] >= low and state[0] > 0 and state not in seen:
                    seen.add(state)
                    waiting.append(state)
        return seen

    states = {(25, Fraction(1))}
    sizes = []
    for rate in (Fraction("42.9"), Fraction("22.7")):
        low, high = (rate - Fraction("0.05")) / 100, (rate + Fraction("0.05")) / 100
        states = {state for state in followers(states, low) if low <= state[1] <= high}
        sizes.append(len(states))
    assert sizes[0] > 0
    assert sizes[1] == 0
    assert not reach(25, (knot(6, 0.4285, 0.4295), knot(12, 0.2265, 0.2275))).possible


def test_a_large_arm_is_not_listed():
    assert reach(182, (knot(6, 0.9215, 0.9225),)) is None


@pytest.mark.parametrize("at_risk", range(1, 8))
def test_ratios_are_those_of_every_order(at_risk):
    falls = {
        round(heights(order)[cut], 12)
        for order in itertools.product([True, False], repeat=at_risk)
        for cut in range(at_risk)
    }
    np.testing.assert_allclose(ratios(at_risk), sorted(falls), atol=1e-11)


def test_a_few_patients_reach_a_rate_or_not():
    # four patients fall by 1/2 or 2/3 of it, never by 0.45
    target = knot(24, 0.0145, 0.0155)
    answers = can_reach(
        target, np.array([4, 4, 100]), np.array([0.0325, 0.029, 0.0325]), np.array([0.0335, 0.031, 0.0335])
    )
    assert answers.tolist() == [False, True, True]
