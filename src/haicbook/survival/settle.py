"""What of the print can be met together, and under which reading; what cannot is left out, visibly.

The numbers are settled in the order in which they bind: those of each arm alone, those of all arms together and the
follow-up, and the contrast of the arms. At each stage every reading that the figures allow is tried by a few short
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
from haicbook.survival.chains import Effort, sample
from haicbook.survival.figures import TargetError
from haicbook.survival.goals import Reading
from haicbook.survival.parts import Key, Part, parts_of, without
from haicbook.survival.readings import of_arms, of_contrast, of_follow_up
from haicbook.survival.store import kept
from haicbook.survival.targets import Targets

# a pilot: short chains, of which one has to succeed
PILOT = Effort(tries=100, burn=8, warm=3, cycles=8)
PILOT_CHAINS = 4
# what has to fail before a number is left out
THOROUGH = Effort(cool=12, polish=8_000, forward=60_000, patience=8, corrections=2)
# for data sets that are seldom found: corrected bends find more of them, of which some lie farther from the population
SELDOM = Effort(forward=20_000, corrections=2)
# which numbers are given up first
_FIRST_TO_GO = ("follow_up", "median_ci", "rate_ci", "hr_ci", "logrank_p", "events", "hr", "rate", "median")
# a pilot is long enough for so many successes to be expected, within limits
_ENOUGH, _MOST_CHAINS = 4, 8
# fewer data sets than this are none: an ensemble cannot be drawn where one chain in many succeeds once
_FEW = 2
# coolings that succeed this often need no better reading; this often, no corrections; this often, no harder work
_OFTEN, _MOSTLY, _OFTEN_ENOUGH = 0.3, 0.7, 0.1
# a reading, or a number to give up, that comes later must make data sets so many times as frequent
_CLEARLY = 2.0
_CONTRAST = ("hr", "hr_ci", "logrank_p")
# of the numbers that chains miss, so many are tried in pairs
_PAIRED = 5


class ReconstructionError(RuntimeError):
    """No data set was found that meets the targets; the message says which and how hard the search was."""


@dataclass(frozen=True)
class Settled:
    """Targets that can be met together.

    Attributes
    ----------
    kept
        The targets without what is left out.
    reading
        The conventions under which they are met.
    dropped
        What was left out and why, in words.
    tried
        The readings that were tried, in words, and whether data sets were found under each.
    effort
        How hard chains have to work to find them.
    """

    kept: Targets
    reading: Reading
    dropped: tuple[str, ...]
    tried: tuple[tuple[str, bool], ...]
    effort: Effort


class _Search:
    """Pilots, counted and remembered."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.share, self.chains, self.effort = rng, 0.0, PILOT_CHAINS, PILOT
        self.found, self.failures = 0, 0
        self.tried: dict[str, bool] = {}

    def expect(self) -> None:
        """Let pilots be as long as it takes for coolings that succeed as often as the last ones did."""
        self.effort = PILOT if self.share >= _OFTEN else THOROUGH
        self.chains = int(min(_MOST_CHAINS, max(PILOT_CHAINS, math.ceil(_ENOUGH / max(self.share, 0.01) / 2))))

    def missed(self, targets: Targets, reading: Reading, effort: Effort | None = None) -> dict[Key, float] | None:
        """None where data sets were found, else how far each number was missed."""
        (child,) = self.rng.spawn(1)
        effort = effort or self.effort
        chains = {"most_chains": self.chains, "of_a_chain": 1}
        found = sample(targets, reading, "uniform", effort, PILOT_CHAINS, child, **chains)
        self.share = len(found.members) / (len(found.members) + found.failures)
        self.found += len(found.members)
        self.failures += found.failures
        return None if len(found.members) >= _FEW else found.missed

    def works(self, targets: Targets, reading: Reading, effort: Effort | None = None) -> bool:
        """Whether data sets were found."""
        return self.missed(targets, reading, effort) is None

    def first(self, targets: Targets, readings: Sequence[Reading], words: Callable[[Reading], str]) -> Reading | None:
        """The first reading under which data sets are found often, else the one that gives most; searched thoroughly
        before there is none."""
        for effort in dict.fromkeys((self.effort, THOROUGH)):
            best, most = None, 0.0
            for reading in readings:
                missed = self.missed(targets, reading, effort)
                self.tried[words(reading)] = missed is None
                if missed is None and self.share > _CLEARLY * most:
                    best, most = reading, self.share
                if most >= _OFTEN:
                    break
            if best is not None:
                self.share = most
                return best
        return None

    def fewest(
        self, targets: Targets, readings: Sequence[Reading], free: Callable[[Part], bool]
    ) -> tuple[Targets, Reading, list[Part]]:
        """The targets without as few numbers as it takes, of those that are free to go, and a reading: those with which
        data sets are found most often."""
        missed = self.missed(targets, readings[0]) or {}
        parts = [part for part in parts_of(targets) if free(part)]
        # of one kind, what is printed of all arms goes first: it is one number against one of each arm
        parts.sort(key=lambda part: part.key[-1] != "pooled")
        parts.sort(key=lambda part: (missed.get(part.key, 0.0) == 0.0, _FIRST_TO_GO.index(part.key[0])))
        for groups in ([(part,) for part in parts], list(combinations(parts[:_PAIRED], 2))):
            found, most = None, 0.0
            for group, reading in product(groups, readings):
                left = _without_all(targets, group)
                if left is not None and self.works(left, reading) and self.share > _CLEARLY * most:
                    found, most = (left, reading, list(group)), self.share
                if most >= _OFTEN:
                    break
            if found is not None:
                self.share = most
                return found
        return self._greedy(targets, parts, readings[0])

    def _greedy(self, targets: Targets, parts: list[Part], reading: Reading) -> tuple[Targets, Reading, list[Part]]:
        """Leave out one number after another until a data set is found, then take back those that were not to blame."""
        left, gone = targets, []
        for part in parts:
            less = _without_all(left, [part])
            if less is None:
                continue
            left = less
            gone.append(part)
            if self.works(left, reading):
                break
        for part in gone[:-1]:
            fewer = [other for other in gone if other != part]
            more = _without_all(targets, fewer)
            if more is not None and self.works(more, reading):
                left, gone = more, fewer
        return left, reading, gone


def _without_all(targets: Targets, parts: Iterable[Part]) -> Targets | None:
    """None where what is left says too little."""
    try:
        for part in parts:
            targets = without(targets, part.key)
    except TargetError:
        return None
    return targets


def settle(targets: Targets) -> Settled:
    """The printed numbers that can be met together, and how: the same targets, the same answer.

    The answer is kept in `_build/settled`, under a name made of the targets and of this package's code.

    Parameters
    ----------
    targets
        All that is printed.

    Raises
    ------
    ReconstructionError
        When not even one number can be met.
    """
    return kept("settled", targets, Settled, lambda: _settle(targets))


def _settle(targets: Targets) -> Settled:
    dropped: list[str] = []
    left = targets
    for name in targets.arms:
        left, words = attainable_arm(left, name)
        dropped += words
    search = _Search(np.random.default_rng(zlib.crc32(repr(targets).encode())))
    left, reading, gone = _settle_arms(left, search)
    dropped += [_words(part, search) for part in gone]
    search.works(_bare(left), reading)
    search.expect()
    left, reading, gone = _settle_together(left, reading, search)
    dropped += [_words(part, search) for part in gone]
    search.expect()
    left, reading, gone = _settle_contrast(left, reading, search)
    dropped += [_words(part, search) for part in gone]
    hard = SELDOM if search.share >= _OFTEN_ENOUGH else THOROUGH
    effort = Effort() if search.share >= _MOSTLY else hard
    return Settled(left, reading, tuple(dropped), tuple(search.tried.items()), effort)


def _words(part: Part, search: _Search) -> str:
    coolings = search.found + search.failures
    return (
        f"left out: {part.words}. Data sets that have it together with the other printed numbers were not found, or "
        f"too rarely to draw from ({coolings} coolings under {len(search.tried)} readings: a search, not a proof)"
    )


def _alone(targets: Targets, name: str) -> Targets:
    """One arm of the targets, without what is printed of all arms together."""
    whole = replace(targets, events_total=None, pooled_median=None, pooled_median_ci=None)
    arm = replace(targets.arms[name], follow_up_median=None)
    alone = replace(whole, arms={name: arm}, hr=None, logrank_p=None, follow_up_median=None)
    return replace(alone, follow_up_floor=targets.latest)


def _bare(targets: Targets) -> Targets:
    """Without what is printed of all arms together, of their contrast and of follow-up."""
    arms = {name: replace(arm, follow_up_median=None) for name, arm in targets.arms.items()}
    left = replace(targets, arms=arms, events_total=None, pooled_median=None, pooled_median_ci=None)
    return replace(left, hr=None, logrank_p=None, follow_up_median=None)


def _settle_arms(targets: Targets, search: _Search) -> tuple[Targets, Reading, list[Part]]:
    readings = of_arms(targets)
    arms: dict[str, Targets] = {}
    for name in targets.arms:
        try:
            arms[name] = _alone(targets, name)
        except TargetError:
            continue  # known through the other arm alone
    best, most = readings[0], -1
    for reading in readings:
        worked = sum(search.works(arm, reading) for arm in arms.values())
        search.tried[_interval_words(reading)] = worked == len(arms)
        if worked > most:
            best, most = reading, worked
        if worked == len(arms):
            break
    gone: list[Part] = []
    for arm in arms.values() if most < len(arms) else ():
        if search.works(arm, best) or search.works(arm, best, THOROUGH):
            continue
        *_, parts = search.fewest(arm, [best], lambda part: True)
        for part in parts:
            targets = without(targets, part.key)
        gone += parts
    return targets, best, gone


def _interval_words(reading: Reading) -> str:
    rates = {"product_limit": "Kaplan-Meier rates", "life_table": "life-table rates"}[reading.rates]
    rounding = {"round": "rounded", "truncate": "cut off"}[reading.rounding]
    return f"intervals {reading.interval}, {rates}, figures {rounding}"


def _settle_together(targets: Targets, reading: Reading, search: _Search) -> tuple[Targets, Reading, list[Part]]:
    bare = replace(targets, hr=None, logrank_p=None)
    if not any(_of_all(part) for part in parts_of(bare)):
        return targets, reading, []
    readings = [replace(reading, follow_up=method) for method in _methods(targets, reading)]
    found = search.first(bare, readings, lambda tried: f"median follow-up read as {tried.follow_up}")
    if found is not None:
        return targets, found, []
    _, chosen, parts = search.fewest(bare, readings, _of_all)
    for part in parts:
        targets = without(targets, part.key)
    return targets, chosen, parts


def _methods(targets: Targets, reading: Reading) -> Iterable[str]:
    """What a printed follow-up may be of, as it is read now first."""
    if not any(part.key[0] == "follow_up" for part in parts_of(targets)):
        return (reading.follow_up,)
    return sorted(of_follow_up(targets), key=lambda method: method != reading.follow_up)


def _of_all(part: Part) -> bool:
    return part.key[0] == "follow_up" or part.key[-1] == "pooled"


def _settle_contrast(targets: Targets, reading: Reading, search: _Search) -> tuple[Targets, Reading, list[Part]]:
    if targets.hr is None and targets.logrank_p is None:
        return targets, reading, []
    readings = [
        replace(reading, follow_up=method, time_grid=grid, ties=ties)
        for method in _methods(targets, reading)  # one that is easy by itself may leave little room for the contrast
        for grid, ties in of_contrast(targets)
    ]

    def words(tried: Reading) -> str:
        other = "" if tried.follow_up == reading.follow_up else f", median follow-up read as {tried.follow_up}"
        return f"times {tried.time_grid}, ties by {tried.ties}{other}"

    found = search.first(targets, readings, words)
    if found is not None:
        return targets, found, []
    # a follow-up of all arms that can be met without the contrast only is worth less than the contrast
    return search.fewest(targets, readings[:1], lambda part: part.key[0] in _CONTRAST or _of_all(part))
