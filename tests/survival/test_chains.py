"""What a chain promises: members that differ, an order that does not depend on how many are asked for, whole rows."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from simulated import landmarks, one_arm, trial

from haicbook.survival import CENSORING, HazardRatio, Interval, Limits, reconstruct
from haicbook.survival.chains import MEMBERS_OF_A_CHAIN, Chain, SearchBudget, sample, shares_rows
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.engine.prior import DECLINE
from haicbook.survival.population import EVENTS, prior_of

TINY = SearchBudget(tries=4, burn=2, warm=1, cool=4, polish=400, forward=400, cycles=2)
PRINT = """
import numpy as np
from haicbook.survival import ArmTargets, Interval, Targets
from haicbook.survival.chains import SearchBudget, sample
from haicbook.survival.conventions import AssumedConventions
arms = {arm: ArmTargets(8, median=Interval.read(m)) for arm, m in (("a", "9"), ("b", "7"))}
targets = Targets("fictitious", "os", arms)
budget = SearchBudget(tries=4, burn=2, warm=1, cool=4, polish=400, forward=400, cycles=2)
rng = np.random.default_rng(5)
found = sample(targets, AssumedConventions(), "uniform", budget, 2, rng, most_chains=2, of_a_chain=1)
for rows in found.members:
    print(*(f"{t:.9f}{int(e)}" for time, event in rows for t, e in zip(time, event)))
"""


def contrast():
    """A trial with little printed, so that members are found at once."""
    ratio = HazardRatio("a", "b", Interval.read("0.62"), Limits.read("0.43", "0.89"))
    return trial(hr=ratio, logrank_p=Interval.read("0.009"))


@pytest.fixture(scope="module")
def ensemble():
    return reconstruct(contrast(), 25, np.random.default_rng(7))


def rows_of(ensemble, number):
    return tuple((rows.time[number], rows.event[number]) for rows in ensemble.members.values())


def test_asking_for_more_extends_what_fewer_give(ensemble):
    few = reconstruct(contrast(), 7, np.random.default_rng(7))
    assert len(few) == 7
    for arm, rows in few.members.items():
        np.testing.assert_array_equal(rows.time, ensemble.members[arm].time[:7])
        np.testing.assert_array_equal(rows.event, ensemble.members[arm].event[:7])


def test_no_two_members_share_more_than_half_of_their_rows(ensemble):
    assert len(ensemble) == 25
    pairs = itertools.combinations(range(len(ensemble)), 2)
    assert not any(shares_rows(rows_of(ensemble, one), rows_of(ensemble, other)) for one, other in pairs)


def test_sharing_is_told_by_more_than_half_of_the_rows():
    time, event = np.arange(1.0, 11), np.ones(10, dtype=bool)
    half, most = time.copy(), time.copy()
    half[5:] += 0.5
    most[6:] += 0.5
    assert not shares_rows(((time, event),), ((half, event),))
    assert shares_rows(((time, event),), ((most, event),))
    assert not shares_rows(((time, event),), ((time, ~event),))


def spread_of(curves, quantile, rng):
    """A quantile of curves (B, G) at each time, and its standard error; the chains are drawn again, as members of one
    chain are alike."""
    chains = curves.reshape(-1, MEMBERS_OF_A_CHAIN, curves.shape[1])
    drawn = rng.integers(0, len(chains), (400, len(chains)))
    again = np.quantile(chains[drawn].reshape(400, -1, curves.shape[1]), quantile, axis=1)
    return np.quantile(curves, quantile, axis=0), again.std(axis=0)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_two_seeds_give_the_same_quantiles_within_monte_carlo_error(quantile):
    targets = one_arm(n=60, median=Interval.read("10.0"), landmarks=landmarks((6, "66.7%")))
    grid = np.array([2.0, 4.0, 8.0, 11.0])
    asked = 34 * MEMBERS_OF_A_CHAIN
    found = [reconstruct(targets, asked, np.random.default_rng(seed)).curve("all", grid) for seed in (1, 2)]
    assert [len(curves) for curves in found] == [asked, asked]
    (one, error), (other, other_error) = (spread_of(curves, quantile, np.random.default_rng(0)) for curves in found)
    assert (np.abs(one - other) <= 3.5 * np.hypot(error, other_error)).all()


def test_times_lie_within_the_printed_follow_up_and_none_is_heaped_at_the_start():
    targets = trial(follow_up_max=Interval.read("20.0"))
    for rows in reconstruct(targets, 15, np.random.default_rng(3)).members.values():
        assert rows.time.max() <= 20.0
        assert rows.time.min() > 0.0
        # a tenth of a month is a fiftieth of the time to the first rate
        assert (rows.time < 0.1).mean() < 0.05


def test_what_was_missed_is_told_by_number():
    # two steps take two deaths
    contradiction = one_arm(n=60, events=1, landmarks=landmarks((6, "70.0%"), (12, "60.0%")))
    found = sample(contradiction, AssumedConventions(), "uniform", TINY, 1, np.random.default_rng(1), most_chains=1)
    assert found.members == []
    assert found.failures == min(MEMBERS_OF_A_CHAIN * TINY.cycles, TINY.patience)
    assert set(found.missed) == {("rate", "all", "6"), ("rate", "all", "12"), ("events", "all")}
    assert max(found.missed.values()) > 0


@pytest.mark.parametrize("pattern", CENSORING)
def test_every_pattern_gives_members(pattern):
    targets = one_arm(n=30, median=Interval.read("10.0"))
    assert len(reconstruct(targets, 2, np.random.default_rng(1), pattern)) == 2


def test_without_the_compiler_the_rows_are_the_same():
    def printed(**changes):
        environment = {name: value for name, value in os.environ.items() if name != "HAICBOOK_NO_NUMBA"} | changes
        return subprocess.run(
            [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True, env=environment
        ).stdout

    compiled = printed()
    assert len(compiled.splitlines()) == 2
    assert printed(HAICBOOK_NO_NUMBA="1") == compiled


def test_an_end_of_follow_up_that_is_not_printed_moves_and_no_row_lies_beyond_it():
    chain = Chain(contrast(), AssumedConventions(), "uniform", TINY, np.random.default_rng(4))
    _, least, most = chain.state.constraints.end
    seen = set()
    for _ in range(6):
        next(chain.attempts())
        end = float(chain.state.constraints.end[0])
        assert least <= end <= most
        assert max(chain.state.patients.time[arm, n - 1] for arm, n in enumerate(chain.state.patients.sizes)) <= end
        seen.add(end)
    assert len(seen) > 1


def test_an_end_of_follow_up_that_is_printed_stays():
    targets = trial(follow_up_max=Interval.read("20.0"))
    chain = Chain(targets, AssumedConventions(), "uniform", TINY, np.random.default_rng(4))
    next(chain.attempts())
    assert chain.state.constraints.end[0] == targets.follow_up_end


def test_few_early_departures_leave_room_for_a_printed_follow_up_that_is_short():
    # half have left after a sixth of the longest follow-up, which the end of enrolment alone cannot explain
    short = {"follow_up_median": Interval.read("10"), "follow_up_max": Interval.read("60")}
    found = sample(
        trial(**short), AssumedConventions(), "late", SearchBudget(), 6, np.random.default_rng(2), most_chains=6
    )
    assert len(found.members) == 6
    assert found.failures < 10


def test_the_trend_of_later_hazards_differs_between_chains():
    rng = np.random.default_rng(4)
    trends = [prior_of("death", 12.0, "uniform", 0.0, rng)[DECLINE] for _ in range(400)]
    assert np.mean(trends) == pytest.approx(EVENTS["death"].trend, abs=0.03)
    assert np.std(trends) == pytest.approx(EVENTS["death"].trend_sd, rel=0.2)
