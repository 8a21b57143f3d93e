"""Chains of reconstructed data sets: from the best of many prior draws, through warm sweeps, to what fits the print.

The prior is a population for each arm: piecewise constant hazards of the event and of censoring, on bins scaled by
the typical survival time. The log hazard of the reference arm, the log hazard ratio and the log censoring hazard are
random walks over the bins, each with a spread that has a prior of its own. The hazard of the event is expected to
rise at first, as those enrolled are fit and what has progressed is found at the first scan, and to fall slowly later,
as the frailest die first (Vaupel et al, Demography 16 (1979) 439-454). The end of follow-up, where it is not printed,
is drawn with the population and again after each warm sweep: one that is fixed too early distorts late hazards. A
chain holds a population and the patients' rows. Warm sweeps draw rows from the population and the population from the
rows, with every printed number missed by no more than a part of its standard error. Then the nearest rows that meet
all numbers to the printed rounding are looked for: counts first, then each arm's times, then warps of the times that
leave the arms' numbers alone and meet what is printed of both (damped Gauss-Newton steps: Levenberg, Quart Appl Math
2 (1944) 164-168; where rows are seldom found, corrected by the chord method: Ortega and Rheinboldt, Iterative Solution
of Nonlinear Equations in Several Variables (1970)). Warps that crowd the rows are refused. Where rates are printed,
rows are before drawn forward in time, stretch by stretch, each until it meets the next rate and its interval, with
medians and follow-up on their side of it. Where no rows are found the chain is annealed a little and they are looked
for again. A chain yields a few members, with warm sweeps between.

Annealed importance of this kind: Neal, Stat Comput 11 (2001) 125-139; approximate Bayesian computation by a chain:
Marjoram et al, PNAS 100 (2003) 15324-15328; hazards as random walks: Gamerman, Appl Stat 40 (1991) 63-79.
"""

from __future__ import annotations

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
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.encoding import encode, scale_of
from haicbook.survival.targets import Targets

if TYPE_CHECKING:
    from haicbook.survival.engine.state import Constraints, HazardPopulation, Scratch, State

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Rows = tuple[Floats, Bools]

MEMBERS_OF_A_CHAIN = 3
# bins, in typical survival times
BINS = (0.0, 0.1, 0.25, 0.45, 0.7, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0)
# Log hazards: their level's standard deviation; the log hazard ratio's; the censoring level's; the rise at each of the
# first two bins' ends, its standard deviation, and the decline from bin to bin after that; the scales of the spreads of
# the event's and the ratio's random walks; how far the arms' censoring lies apart. The figures come from the tuning
# half of the accuracy benchmark.
PRIOR = {"level": 1.0, "ratio": 0.7, "censored": 1.0, "rise": 0.35, "rise_sd": 0.6, "decline": -0.12}
SPREADS = (0.35, 0.6)
ARMS_APART = 0.4
# Censoring at first (patients in a typical survival time, for each at risk), its drift from bin to bin, and the spread
# of its random walk, by the pattern that is assumed. Patients who enrol evenly and are followed to one date seldom
# leave early: what grows is the hazard.
CENSORING = {"early": (1.0, -0.35, 0.2), "uniform": (0.05, 0.25, 0.8), "late": (0.005, 0.6, 0.2)}


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
    cycles
        How often a chain may fail for each member that it yields.
    patience
        How often in a row: another start is cheaper than a chain that is stuck.
    """

    tries: int = 200
    burn: int = 8
    warm: int = 4
    cool: int = 4
    polish: int = 1_000
    forward: int = 40_000
    corrections: int = 0
    cycles: int = 20
    patience: int = 4


@dataclass(frozen=True)
class Attempt:
    """One annealing run of a chain: the rows of each arm, or None; what was missed (by goal) where it failed."""

    rows: tuple[Rows, ...] | None
    missed: Floats


def prior_of(scale: float, censoring: str) -> Floats:
    """The prior's numbers in the order of the compiled chain."""
    from haicbook.survival.engine.prior import RISING

    censored, drift, spread = CENSORING[censoring]
    level = np.log(np.log(2) / scale) - RISING * PRIOR["rise"]
    levels = (level, PRIOR["level"], PRIOR["ratio"], np.log(censored / scale), PRIOR["censored"], drift)
    shape = (PRIOR["rise"], PRIOR["rise_sd"], PRIOR["decline"])
    return np.array([*levels, *SPREADS, spread, ARMS_APART, *shape])


def population_of(edges: Floats, prior: Floats) -> HazardPopulation:
    """Memory for a draw from the prior."""
    from haicbook.survival.engine.state import HazardPopulation

    log_hazard, hazard = np.zeros((2, 2, 2, edges.size))
    return HazardPopulation(edges, log_hazard, hazard, np.ones(3), prior)


def state_of(population: HazardPopulation, sizes: Ints, constraints: Constraints, reach: float) -> State:
    """Memory for one chain; the widest step of a patient's time is `reach` (months)."""
    from haicbook.survival.engine.state import Patients, State, Workspace

    shape, total, many = (sizes.size, int(sizes.max())), int(sizes.sum()), constraints.kind.size
    work = Workspace(
        values=np.zeros(many),
        proposed=np.zeros(many),
        loss=np.zeros((2, 4)),
        table=np.zeros((7, total)),
        memory=np.zeros((7, max(total, many + 6))),
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

    shape, many, bins = state.patients.time.shape, state.constraints.kind.size, state.population.edges.size
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
    return Scratch(*rows, np.zeros((3, shape[0], bins)), warps)


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
        from haicbook.survival.engine.state import MOST

        self.budget, self.rng = budget, rng
        constraints, self.keys = encode(targets, conventions)
        self.to_the_end = targets.follow_up_max is not None and np.isfinite(targets.follow_up_max.low)
        scale = scale_of(targets)
        edges = np.array([edge * scale for edge in BINS if edge * scale < constraints.end[MOST]])
        population, best = (population_of(edges, prior_of(scale, censoring)) for _ in range(2))
        sizes = np.array([arm.n for arm in targets.arms.values()], dtype=np.int64)
        self.state = state_of(population, sizes, constraints, scale / 2)
        self.scratch = scratch_of(self.state)
        annealing.begin(self.state, self.scratch, best, budget.tries, rng)
        self._cycle(budget.burn, final=False)

    def _cycle(self, warm: int, *, final: bool = True) -> bool:
        from haicbook.survival.engine import annealing
        from haicbook.survival.engine.state import LIFE_TABLE, Schedule

        budget = self.budget
        schedule = Schedule(warm, 0, 0, 0, budget.corrections)
        if final:
            forward = budget.forward * 100 // int(self.state.patients.sizes.mean())  # a draw of few patients costs less
            rated = any(key[0] == "rate" for key in self.keys) and self.state.constraints.rates != LIFE_TABLE
            schedule = Schedule(warm, budget.cool, budget.polish, forward if rated else 0, budget.corrections)
        return bool(annealing.cycle(self.state, self.scratch, schedule, self.rng))

    def attempts(self) -> Iterator[Attempt]:
        """Anneal again and again; endless."""
        while True:
            if self._cycle(self.budget.warm):
                yield Attempt(self._rows(), np.zeros(len(self.keys)))
            else:
                yield Attempt(None, self._missed())

    def _rows(self) -> tuple[Rows, ...]:
        """A copy; whoever is followed longest stays until the end, if that is printed of these patients."""
        time, event, sizes = self.state.patients
        rows = tuple((time[arm, :n].copy(), event[arm, :n].copy()) for arm, n in enumerate(sizes))
        if self.to_the_end:  # the last row of all can move on without changing a risk set
            max((time for time, _ in rows), key=lambda time: float(time[-1]))[-1] = self.state.constraints.end[-1]
        return rows

    def _missed(self) -> Floats:
        """By constraint, how far the rows are from it, in halves of its rounding interval."""
        from haicbook.survival.engine import annealing

        missed = np.zeros(len(self.keys))
        annealing.losses(self.state, missed)
        return missed


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
    """What chains found: members, each the rows of every arm; failed attempts; what they missed on average, by key."""

    members: list[tuple[Rows, ...]]
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
                failed += lost
    _, keys = encode(targets, conventions)
    missed: dict[Key, float] = {}
    if failed:
        for key, value in zip(keys, np.median(np.array(failed), axis=0), strict=True):
            missed[key] = missed.get(key, 0.0) + float(value)
    return Sample(members[:wanted], len(failed), missed)
