"""Chains of reconstructed data sets: from the best of many prior draws, through warm sweeps, to what fits the print.

The prior is a population for each arm (:mod:`haicbook.survival.population`): piecewise constant hazards of the event
and of early departure, on bins scaled by the typical survival time. The log hazard of the reference arm, the log hazard
ratio and the log censoring hazard are random walks over the bins, each with a spread that has a prior of its own. The
hazard of the event is expected to rise at first, as those enrolled are fit and what has progressed is found at the
first scan. Whoever is left is censored by when they enrolled, at one date. The end of follow-up, where it is not
printed, is drawn with the population and again with each update: one that is fixed too early distorts late hazards. A
chain holds a population and the patients' rows. Warm sweeps draw rows from the population and the population from the
rows, with every printed number missed by no more than a part of its standard error. Then the nearest rows that meet
all numbers to the printed rounding are looked for: counts first, then each arm's times, then warps of the times that
leave the arms' numbers alone and meet what is printed of both (damped Gauss-Newton steps: Levenberg, Quart Appl Math
2 (1944) 164-168; where rows are seldom found, corrected by the chord method: Ortega and Rheinboldt, Iterative Solution
of Nonlinear Equations in Several Variables (1970)). Warps that crowd the rows are refused. Where rates are printed,
rows are before drawn forward in time, stretch by stretch, each until it meets the next rate and its interval, with
medians and follow-up on their side of it. Where no rows are found the chain is annealed a little and they are looked
for again. Rows that were found are relaxed: Metropolis steps that keep every number met undo what the search has
crowded. Each member is of a chain of its own, so that members are independent.

Annealed importance of this kind: Neal, Stat Comput 11 (2001) 125-139; approximate Bayesian computation by a chain:
Marjoram et al, PNAS 100 (2003) 15324-15328; hazards as random walks: Gamerman, Appl Stat 40 (1991) 63-79.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.constraints import Key
from haicbook.survival.conventions import GRIDS, AssumedConventions
from haicbook.survival.encoding import encode, scale_of
from haicbook.survival.population import kind_of, pieces_of, population_of, prior_of, scan_interval
from haicbook.survival.targets import Targets

if TYPE_CHECKING:
    from haicbook.survival.engine.state import Constraints, HazardPopulation, Scratch, State

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Rows = tuple[Floats, Bools]

MEMBERS_OF_A_CHAIN = 1
# months: times that are not one lie farther apart than any program's tolerance
APART = 2e-5
# patients, of more of which a sweep costs more and fewer of them are made
_FULL_SWEEPS = 300
# so many more sweeps come near on a grid, where the search can warp little
_ON_GRID = 4


@dataclass(frozen=True)
class SearchBudget:
    """How hard one chain works: the budget of its search.

    Attributes
    ----------
    tries
        Draws from the prior, of which the best starts the chain.
    burn, warm, cool
        Sweeps over all rows: at first, before each member, and while annealing.
    polish
        Cold single steps at the end.
    forward
        Draws of stretches of 100 patients (more of fewer), where rates are printed and still missed.
    corrections
        Of a warp that is to meet what is printed of both arms, by what it turned out to do.
    approach
        Sweeps that cool before rows are looked for; of many patients fewer, as of the next.
    relax
        Sweeps over rows that were found, in which every number stays met.
    cycles
        How often a chain may fail for each member that it yields.
    patience
        How often in a row: another start is cheaper than a chain that is stuck.
    """

    tries: int = 200
    burn: int = 12
    warm: int = 4
    cool: int = 4
    polish: int = 1_000
    forward: int = 40_000
    corrections: int = 2
    approach: int = 10
    relax: int = 20
    cycles: int = 20
    patience: int = 4


@dataclass(frozen=True)
class Attempt:
    """One annealing run of a chain: the rows of each arm, or None; what was missed (by goal) where it failed."""

    rows: tuple[Rows, ...] | None
    missed: Floats


def state_of(population: HazardPopulation, sizes: Ints, constraints: Constraints, reach: float) -> State:
    """Memory for one chain; the widest step of a patient's time is `reach` (months)."""
    from haicbook.survival.engine.state import Patients, State, Workspace

    shape, total, many = (sizes.size, int(sizes.max())), int(sizes.sum()), constraints.kind.size
    work = Workspace(
        values=np.zeros(many),
        proposed=np.zeros(many),
        loss=np.zeros((2, 4)),
        table=np.zeros((7, total)),
        memory=np.zeros((7, max(total, many + 8))),
        pooled_time=np.zeros(total),
        pooled_event=np.zeros(total, dtype=np.bool_),
        log_hr=np.zeros(1),
        cold=np.zeros((2, 2), dtype=np.bool_),
    )
    patients = Patients(np.zeros(shape), np.zeros(shape, dtype=np.bool_), sizes)
    return State(population, patients, constraints, work, reach)


def scratch_of(state: State) -> Scratch:
    """Memory for what a chain does seldom."""
    from haicbook.survival.engine.state import Scratch, Warps
    from haicbook.survival.engine.warps import places_for

    shape, many, pieces = state.patients.time.shape, state.constraints.kind.size, state.population.pieces.start.size
    places = places_for(many)
    ways = shape[0] * places
    warps = Warps(
        counts=np.zeros(2, dtype=np.int64),
        wanted=np.zeros(many, dtype=np.int64),
        goals=np.zeros((3, many)),
        square=np.zeros((many, many)),
        knots=np.zeros((shape[0], places)),
        place=np.zeros((2, ways), dtype=np.int64),
        power=np.zeros((3, ways)),
        effect=np.zeros((many, ways)),
    )
    rows = (np.zeros((2, *shape)), np.zeros((2, *shape), dtype=np.bool_))
    return Scratch(*rows, np.zeros((3, shape[0], pieces)), warps)


class Chain:
    """One chain; iterate over it for its attempts."""

    def __init__(
        self,
        targets: Targets,
        conventions: AssumedConventions,
        censoring: str,
        budget: SearchBudget,
        rng: np.random.Generator,
    ) -> None:
        from haicbook.survival.engine import annealing
        from haicbook.survival.engine.state import LEAST, MOST

        self.budget, self.rng = budget, rng
        constraints, self.keys = encode(targets, conventions)
        self.to_the_end = targets.reaches(targets.follow_up_max)
        shortest = targets.follow_up_min
        self.from_the_start = (shortest.low, shortest.high) if shortest and targets.reaches(shortest) else None
        scale = scale_of(targets)
        kind = kind_of(targets, scale, rng)
        scans = scan_interval(targets, kind, rng) if constraints.step <= GRIDS["days"] else 0.0
        pieces = pieces_of(scale, constraints.end[MOST], constraints.earliest, scans)
        accrual = targets.calendar.enrolled / np.sqrt(constraints.end[LEAST] * constraints.end[MOST])
        prior = prior_of(kind, scale, censoring, accrual, rng)
        population, best = (population_of(pieces, prior) for _ in range(2))
        sizes = np.array([arm.n for arm in targets.arms.values()], dtype=np.int64)
        self.state = state_of(population, sizes, constraints, scale / 2)
        self.scratch = scratch_of(self.state)
        annealing.begin(self.state, self.scratch, best, budget.tries, rng)
        self._cycle(budget.burn, final=False)

    def _cycle(self, warm: int, *, final: bool = True) -> bool:
        from haicbook.survival.engine import annealing
        from haicbook.survival.engine.state import Schedule

        budget = self.budget
        schedule = Schedule(warm, 0, 0, 0, 0, 0, 0)
        if final:
            forward = budget.forward * 100 // int(self.state.patients.sizes.mean())  # a draw of few patients costs less
            tries = forward if self._can_be_drawn_forward() else 0
            share = min(1.0, _FULL_SWEEPS / int(self.state.patients.sizes.sum()))
            nearer, smoother = (math.ceil(share * sweeps) for sweeps in (budget.approach, budget.relax))
            if self.state.constraints.step > 0.0:
                nearer *= _ON_GRID
            how = (budget.cool, budget.polish, tries, budget.corrections)
            schedule = Schedule(warm, *how, nearer, smoother)
        return bool(annealing.cycle(self.state, self.scratch, schedule, self.rng))

    def _can_be_drawn_forward(self) -> bool:
        """Whether something is printed at a time, and rows can be drawn through it; a life table does not let them."""
        from haicbook.survival.engine.state import LIFE_TABLE

        marked = any(key[0] in ("rate", "at_risk") for key in self.keys)
        return marked and self.state.constraints.rates != LIFE_TABLE

    def attempts(self) -> Iterator[Attempt]:
        """Anneal again and again; endless."""
        while True:
            if self._cycle(self.budget.warm):
                yield Attempt(self._rows(), np.zeros(len(self.keys)))
            else:
                yield Attempt(None, self._missed())

    def _rows(self) -> tuple[Rows, ...]:
        """A copy, in which the ends of follow-up are those printed and no two times are nearly the same."""
        time, event, sizes = self.state.patients
        rows = tuple((time[arm, :n].copy(), event[arm, :n].copy()) for arm, n in enumerate(sizes))
        # the first and the last row of all can move outwards without changing a risk set
        if self.to_the_end:
            max((time for time, _ in rows), key=lambda time: float(time[-1]))[-1] = self.state.constraints.end[-1]
        if self.from_the_start is not None:
            low, high = self.from_the_start
            first, died = min(rows, key=lambda arm: float(arm[0][0]))
            low = max(low, self.state.constraints.earliest[0 if died[0] else 1])
            first[0] = min(first[0], low + (high - low) * self.rng.random())
        set_apart([time for time, _ in rows])
        return rows

    def _missed(self) -> Floats:
        """By constraint, how far the rows are from it, in halves of its rounding interval."""
        from haicbook.survival.engine import annealing

        missed = np.zeros(len(self.keys))
        annealing.losses(self.state, missed)
        return missed


def set_apart(times: list[Floats]) -> None:
    """Move times (n,) of all arms, in place, that nearly are the same: programs might read them as one."""
    places = [(arm, place) for arm, time in enumerate(times) for place in range(time.size)]
    places.sort(key=lambda place: times[place[0]][place[1]])
    before, last = -np.inf, -np.inf
    for arm, place in places:
        moment = times[arm][place]
        if moment > before:
            before, last = moment, max(moment, last + APART)
        times[arm][place] = last


def shares_rows(one: tuple[Rows, ...], other: tuple[Rows, ...]) -> bool:
    """Whether more than half of the rows of two data sets are the same."""
    same = 0
    for first, second in zip(one, other, strict=True):
        mine, theirs = (Counter(zip(*(column.tolist() for column in rows), strict=True)) for rows in (first, second))
        same += (mine & theirs).total()
    return 2 * same > sum(len(rows[0]) for rows in one)


def _run(
    targets: Targets,
    conventions: AssumedConventions,
    censoring: str,
    budget: SearchBudget,
    wanted: int,
    rng: np.random.Generator,
) -> tuple[list[tuple[Rows, ...]], list[Floats]]:
    """Members of one chain, and what its failed attempts missed."""
    chain = Chain(targets, conventions, censoring, budget, rng)
    members: list[tuple[Rows, ...]] = []
    failed: list[Floats] = []
    in_a_row = 0
    for attempt in islice(chain.attempts(), wanted * budget.cycles):
        in_a_row = 0 if attempt.rows is not None else in_a_row + 1
        if attempt.rows is None:
            failed.append(attempt.missed)
        elif not any(shares_rows(attempt.rows, member) for member in members):
            members.append(attempt.rows)
        if len(members) == wanted or in_a_row == budget.patience:
            break
    return members, failed


@dataclass(frozen=True)
class Sample:
    """What chains found: members, each the rows of every arm, and the chain of each; failed attempts; what they missed
    on average, by key."""

    members: list[tuple[Rows, ...]]
    chains: list[int]
    failures: int
    missed: dict[Key, float]


def sample(
    targets: Targets,
    conventions: AssumedConventions,
    censoring: str,
    budget: SearchBudget,
    wanted: int,
    rng: np.random.Generator,
    *,
    most_chains: int,
    of_a_chain: int = MEMBERS_OF_A_CHAIN,
) -> Sample:
    """Up to `wanted` members, from up to `most_chains` chains that run two or more at a time.

    Chains are numbered and their members come in that order, so that asking for more extends what fewer give.
    """
    workers = max(1, min(os.cpu_count() or 1, 8))
    members: list[tuple[Rows, ...]] = []
    chains: list[int] = []
    failed: list[Floats] = []
    children = iter(rng.spawn(most_chains))
    with ThreadPoolExecutor(workers) as pool:
        while len(members) < wanted:
            batch = list(islice(children, max(workers, -(-(wanted - len(members)) // of_a_chain))))
            if not batch:
                break
            jobs = [pool.submit(_run, targets, conventions, censoring, budget, of_a_chain, child) for child in batch]
            for job in jobs:
                found, lost = job.result()
                members += found
                chains += [max(chains, default=-1) + 1] * len(found)
                failed += lost
    _, keys = encode(targets, conventions)
    missed: dict[Key, float] = {}
    if failed:
        for key, value in zip(keys, np.median(np.array(failed), axis=0), strict=True):
            missed[key] = missed.get(key, 0.0) + float(value)
    return Sample(members[:wanted], chains[:wanted], len(failed), missed)
