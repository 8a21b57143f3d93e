"""What of the print can be met together, and under which conventions; what cannot is left out, visibly.

Numbers are tried in the order in which they bind: those of each arm alone, those of all arms together and the
follow-up, and the contrast of the arms. At each stage all conventions that the figures allow are tried by a few short
chains. Where none succeeds, the fewest numbers are left out, intervals before estimates. For small arms it is listed
first which rates and medians are possible at all (:mod:`haicbook.survival.exact`): a proof. All else is a search.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from haicbook.survival.attainable import attainable_arm
from haicbook.survival.chains import SearchBudget, sample
from haicbook.survival.constraints import Constraint, Key, constraints_of, without
from haicbook.survival.contrast import least_p
from haicbook.survival.conventions import AssumedConventions, of_arms, of_contrast, of_follow_up, of_tables
from haicbook.survival.intervals import TargetError
from haicbook.survival.targets import Targets

# a pilot: short chains, of which one has to succeed
PILOT = SearchBudget(tries=100, burn=8, warm=3, cycles=8)
PILOT_CHAINS = 4
# what has to fail before a number is left out
THOROUGH = SearchBudget(cool=12, polish=8_000, forward=60_000, patience=8)
# for data sets that are seldom found
SELDOM = SearchBudget(forward=20_000)
# which numbers are given up first
_FIRST_TO_GO = ("follow_up", "median_ci", "rate_ci", "hr_ci", "logrank_p", "events", "at_risk", "hr", "rate", "median")
# a pilot is long enough for so many successes to be expected, within limits
_ENOUGH, _MOST_CHAINS = 4, 8
# fewer data sets than this are none: an ensemble cannot be drawn where one chain in many succeeds once
_FEW = 2
# runs that succeed this often need no better conventions; this often, no other budget; this often, no harder work
_OFTEN, _MOSTLY, _OFTEN_ENOUGH = 0.3, 0.7, 0.1
# conventions, or a number to give up, that come later must make data sets so many times as frequent
_CLEARLY = 2.0
_CONTRAST = ("hr", "hr_ci", "logrank_p")
# of the numbers that chains miss, so many are tried in pairs
_PAIRED = 5


class ReconstructionError(RuntimeError):
    """No data set was found that meets the targets; the message says which and how hard the search was."""


@dataclass(frozen=True)
class Feasible:
    """Targets that can be met together.

    Attributes
    ----------
    kept
        The targets without what is left out.
    conventions
        The conventions under which they are met.
    dropped
        What was left out and why, in words.
    tried
        The conventions that were tried, in words, and whether data sets were found under each.
    budget
        How hard chains have to work to find them.
    """

    kept: Targets
    conventions: AssumedConventions
    dropped: tuple[str, ...]
    tried: tuple[tuple[str, bool], ...]
    budget: SearchBudget


class _Search:
    """Pilots, counted and remembered."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.share, self.chains, self.budget = rng, 0.0, PILOT_CHAINS, PILOT
        self.found, self.failures = 0, 0
        self.tried: dict[str, bool] = {}

    def expect(self) -> None:
        """Let pilots be as long as it takes for annealing runs that succeed as often as the last ones did."""
        self.budget = PILOT if self.share >= _OFTEN else THOROUGH
        self.chains = int(min(_MOST_CHAINS, max(PILOT_CHAINS, math.ceil(_ENOUGH / max(self.share, 0.01) / 2))))

    def missed(
        self, targets: Targets, conventions: AssumedConventions, budget: SearchBudget | None = None
    ) -> dict[Key, float] | None:
        """None where data sets were found, else how far each number was missed."""
        (child,) = self.rng.spawn(1)
        budget = budget or self.budget
        chains = {"most_chains": self.chains, "of_a_chain": 1}
        found = sample(targets, conventions, "uniform", budget, PILOT_CHAINS, child, **chains)
        self.share = len(found.members) / (len(found.members) + found.failures)
        self.found += len(found.members)
        self.failures += found.failures
        return None if len(found.members) >= _FEW else found.missed

    def works(self, targets: Targets, conventions: AssumedConventions, budget: SearchBudget | None = None) -> bool:
        """Whether data sets were found."""
        return self.missed(targets, conventions, budget) is None

    def first(
        self, targets: Targets, candidates: Sequence[AssumedConventions], words: Callable[[AssumedConventions], str]
    ) -> AssumedConventions | None:
        """The first conventions under which data sets are found often, else those that give most; searched thoroughly
        before there are none."""
        for budget in dict.fromkeys((self.budget, THOROUGH)):
            best, most = None, 0.0
            for conventions in candidates:
                missed = self.missed(targets, conventions, budget)
                self.tried[words(conventions)] = missed is None
                if missed is None and self.share > _CLEARLY * most:
                    best, most = conventions, self.share
                if most >= _OFTEN:
                    break
            if best is not None:
                self.share = most
                return best
        return None

    def fewest(
        self, targets: Targets, candidates: Sequence[AssumedConventions], free: Callable[[Constraint], bool]
    ) -> tuple[Targets, AssumedConventions, list[Constraint]]:
        """The targets without as few numbers as it takes, of those that are free to go, and conventions: those with
        which data sets are found most often."""
        missed = self.missed(targets, candidates[0]) or {}
        constraints = [constraint for constraint in constraints_of(targets) if free(constraint)]
        # of one kind, what is printed of all arms goes first: it is one number against one of each arm
        constraints.sort(key=lambda constraint: constraint.key[-1] != "pooled")
        constraints.sort(
            key=lambda constraint: (missed.get(constraint.key, 0.0) == 0.0, _FIRST_TO_GO.index(constraint.key[0]))
        )
        for groups in ([(constraint,) for constraint in constraints], list(combinations(constraints[:_PAIRED], 2))):
            found, most = None, 0.0
            for group, conventions in product(groups, candidates):
                left = _without_all(targets, group)
                if left is not None and self.works(left, conventions) and self.share > _CLEARLY * most:
                    found, most = (left, conventions, list(group)), self.share
                if most >= _OFTEN:
                    break
            if found is not None:
                self.share = most
                return found
        return self._greedy(targets, constraints, candidates[0])

    def _greedy(
        self, targets: Targets, constraints: list[Constraint], conventions: AssumedConventions
    ) -> tuple[Targets, AssumedConventions, list[Constraint]]:
        """Leave out one number after another until a data set is found, then take back those that were not to blame."""
        left, gone = targets, []
        for constraint in constraints:
            less = _without_all(left, [constraint])
            if less is None:
                continue
            left = less
            gone.append(constraint)
            if self.works(left, conventions):
                break
        for constraint in gone[:-1]:
            fewer = [other for other in gone if other != constraint]
            more = _without_all(targets, fewer)
            if more is not None and self.works(more, conventions):
                left, gone = more, fewer
        return left, conventions, gone


def _without_all(targets: Targets, constraints: Iterable[Constraint]) -> Targets | None:
    """None where what is left says too little."""
    try:
        for constraint in constraints:
            targets = without(targets, constraint.key)
    except TargetError:
        return None
    return targets


def find_feasible(targets: Targets) -> Feasible:
    """The printed numbers that can be met together, and how: the same targets, the same answer.

    Parameters
    ----------
    targets
        All that is printed.

    Raises
    ------
    ReconstructionError
        When not even one number can be met.
    """
    search = _Search(np.random.default_rng(zlib.crc32(repr(targets).encode())))
    left, dropped = _attainable(targets, search)
    left, conventions, gone = _feasible_arms(left, search)
    dropped += [_words(constraint, targets, search) for constraint in gone]
    bare = _bare(left)
    if bare is not None:
        search.works(bare, conventions)
        search.expect()
    left, conventions, gone = _feasible_pooled(left, conventions, search)
    dropped += [_words(constraint, targets, search) for constraint in gone]
    search.expect()
    left, conventions, gone = _feasible_contrast(left, conventions, search)
    dropped += [_words(constraint, targets, search) for constraint in gone]
    hard = SELDOM if search.share >= _OFTEN_ENOUGH else THOROUGH
    budget = SearchBudget() if search.share >= _MOSTLY else hard
    return Feasible(left, conventions, tuple(dropped), tuple(search.tried.items()), budget)


def _attainable(targets: Targets, search: _Search) -> tuple[Targets, list[str]]:
    """The targets that small arms can have; what no Kaplan-Meier curve has is first tried as a life table's."""
    dropped: list[str] = []
    left = targets
    for name in targets.arms:
        left, words = attainable_arm(left, name)
        dropped += words
    if targets.conventions.rates != "auto" or not any(words.startswith("left out") for words in dropped):
        return left, dropped
    for table in reversed(of_tables(targets)):
        read = replace(targets, conventions=replace(targets.conventions, rates=table))
        alone = [_alone(read, name) for name in read.arms]
        for conventions in of_arms(read):
            worked = all(search.works(arm, conventions, THOROUGH) for arm in alone)
            search.tried[_interval_words(conventions)] = worked
            if worked:
                return read, []
    return left, dropped


def _words(constraint: Constraint, targets: Targets, search: _Search) -> str:
    runs = search.found + search.failures
    return (
        f"left out: {constraint.words}. {_reason(constraint, targets)}Data sets that have it together with the other "
        f"printed numbers were not found, or too rarely to draw from ({runs} annealing runs under "
        f"{len(search.tried)} sets of conventions: a search, not a proof)"
    )


def _reason(constraint: Constraint, targets: Targets) -> str:
    """Why a number does not go with the others, where that can be computed."""
    p, least = targets.logrank_p, least_p(targets) if constraint.key == ("logrank_p",) else None
    if p is None or least is None or least <= p.high:
        return ""
    return f"Without ties no data set with this ratio, its interval and these events has a p below {least:.4f}. "


def _alone(targets: Targets, name: str) -> Targets:
    """One arm of the targets, without what is printed of all arms together."""
    whole = replace(targets, events_total=None, pooled_median=None, pooled_median_ci=None)
    arm = replace(targets.arms[name], follow_up_median=None)
    alone = replace(whole, arms={name: arm}, hr=None, logrank_p=None, logrank_until=(), follow_up_median=None)
    return replace(alone, follow_up_floor=targets.latest)


def _bare(targets: Targets) -> Targets | None:
    """Without what is printed of all arms together, of their contrast and of follow-up; None where an arm is only known
    through these."""
    arms = {name: replace(arm, follow_up_median=None) for name, arm in targets.arms.items()}
    left = replace(targets, arms=arms, follow_up_median=None)
    try:
        left = replace(left, events_total=None, pooled_median=None, pooled_median_ci=None)
        return replace(left, hr=None, logrank_p=None, logrank_until=())
    except TargetError:
        return None


def _feasible_arms(targets: Targets, search: _Search) -> tuple[Targets, AssumedConventions, list[Constraint]]:
    candidates = of_arms(targets)
    arms: dict[str, Targets] = {}
    for name in targets.arms:
        try:
            arms[name] = _alone(targets, name)
        except TargetError:
            continue  # known through the other arm alone
    best, most = candidates[0], -1
    for conventions in candidates:
        worked = sum(search.works(arm, conventions) for arm in arms.values())
        search.tried[_interval_words(conventions)] = worked == len(arms)
        if worked > most:
            best, most = conventions, worked
        if worked == len(arms):
            break
    gone: list[Constraint] = []
    for arm in arms.values() if most < len(arms) else ():
        if search.works(arm, best) or search.works(arm, best, THOROUGH):
            continue
        *_, constraints = search.fewest(arm, [best], lambda constraint: True)
        for constraint in constraints:
            targets = without(targets, constraint.key)
        gone += constraints
    return targets, best, gone


def _interval_words(conventions: AssumedConventions) -> str:
    rates = {
        "product_limit": "Kaplan-Meier rates",
        "life_table": "life-table rates",
        "life_table_6": "rates of a six-month life table",
    }[conventions.rates]
    rounding = {"round": "rounded", "truncate": "cut off"}[conventions.rounding]
    return f"intervals {conventions.interval}, {rates}, figures {rounding}"


def _feasible_pooled(
    targets: Targets, conventions: AssumedConventions, search: _Search
) -> tuple[Targets, AssumedConventions, list[Constraint]]:
    try:
        bare = replace(targets, hr=None, logrank_p=None, logrank_until=())
    except TargetError:
        return targets, conventions, []  # an arm is only known through the contrast
    if not any(_of_all(constraint) for constraint in constraints_of(bare)):
        return targets, conventions, []
    candidates = [replace(conventions, follow_up=method) for method in _methods(targets, conventions)]
    found = search.first(bare, candidates, lambda tried: f"median follow-up read as {tried.follow_up}")
    if found is not None:
        return targets, found, []
    _, chosen, constraints = search.fewest(bare, candidates, _of_all)
    for constraint in constraints:
        targets = without(targets, constraint.key)
    return targets, chosen, constraints


def _methods(targets: Targets, conventions: AssumedConventions) -> Iterable[str]:
    """What a printed follow-up may be of, as it is read now first."""
    if not any(constraint.key[0] == "follow_up" for constraint in constraints_of(targets)):
        return (conventions.follow_up,)
    return sorted(of_follow_up(targets), key=lambda method: method != conventions.follow_up)


def _of_all(constraint: Constraint) -> bool:
    return constraint.key[0] == "follow_up" or constraint.key[-1] == "pooled"


def _feasible_contrast(
    targets: Targets, conventions: AssumedConventions, search: _Search
) -> tuple[Targets, AssumedConventions, list[Constraint]]:
    if targets.hr is None and not targets.logrank_tests:
        return targets, conventions, []
    candidates = [
        replace(conventions, follow_up=method, time_grid=grid, ties=ties)
        for method in _methods(
            targets, conventions
        )  # one that is easy by itself may leave little room for the contrast
        for grid, ties in of_contrast(targets)
    ]

    def words(tried: AssumedConventions) -> str:
        other = "" if tried.follow_up == conventions.follow_up else f", median follow-up read as {tried.follow_up}"
        return f"times {tried.time_grid}, ties by {tried.ties}{other}"

    found = search.first(targets, candidates, words)
    if found is not None:
        return targets, found, []
    # a follow-up of all arms that can be met without the contrast only is worth less than the contrast
    return search.fewest(
        targets, candidates[:1], lambda constraint: constraint.key[0] in _CONTRAST or _of_all(constraint)
    )
