"""Simon's designs against R, against the tables of his paper, and against enumeration of every design."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.printed import agreement, parse_number
from haicbook.trial import SimonDesign, characteristics, evaluate, search

ORACLE = pd.read_csv(Path(__file__).parent / "oracle" / "trial.csv")

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


def test_the_search_agrees_with_evaluating_every_design():
    alpha, beta, p0, p1, n_max = 0.1, 0.2, 0.1, 0.4, 18
    kept = []
    for n, n1 in product(range(2, n_max + 1), range(1, n_max)):
        for r1, r in product(range(n1), range(n)):
            if n1 < n and r1 <= r:
                found = evaluate(SimonDesign(r1, n1, r, n), p0, p1)
                if found.null.rejection <= alpha and found.alternative.rejection >= 1 - beta:
                    kept.append(found)
    best = search(alpha, beta, p0, p1, n_max)
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
