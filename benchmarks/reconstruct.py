"""What a reconstruction costs: every endpoint of the papers, and trials of two sizes by how much is printed of them.

    python benchmarks/reconstruct.py             # also keeps the figures in benchmarks/results/reconstruct_cost.csv
    python benchmarks/reconstruct.py --quick     # few members; written nowhere

Members are verified, all cores work, and machine code is compiled before the clock starts. The last column compares a
member's processor time with what lifelines takes to describe one data set of that size (two Kaplan-Meier curves,
log-rank, Cox) in the same run.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.accuracy.printing import LEVELS, printed
from benchmarks.accuracy.simulations import Trial

from haicbook import study
from haicbook.endpoints import targets_from_study
from haicbook.survival import TargetError, Targets, reconstruct
from haicbook.survival.feasibility import find_feasible

OUT = Path(__file__).parent / "results" / "reconstruct_cost.csv"
HEADS = ("what", "patients", "members", "left out", "settling, s", "members, s", "ms a member", "of lifelines")
SIZES = (48, 182)


def lifelines_ms(rows) -> float:
    """Milliseconds that lifelines takes for one data set, the median of five."""
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    frames = [frame.assign(first=float(k == 0)) for k, (_, frame) in enumerate(rows.groupby("arm", sort=False))]
    spent = []
    for _ in range(5):
        start = time.process_time()
        for frame in frames:
            KaplanMeierFitter().fit(frame.time, frame.event).median_survival_time_  # noqa: B018
        if len(frames) == 2:
            one, other = frames
            logrank_test(one.time, other.time, one.event, other.event)
            both = pd.concat(frames)[["time", "event", "first"]].astype(float)
            CoxPHFitter().fit(both, "time", "event")
        spent.append(1000 * (time.process_time() - start))
    return float(np.median(spent))


def cost(what: str, targets: Targets, members: int) -> tuple[str, ...]:
    """One row of the table."""
    start = time.perf_counter()
    feasible = find_feasible(targets)
    settling = time.perf_counter() - start
    reconstruct(targets, 2, np.random.default_rng(0), feasible=feasible)  # compiles, where that is still to be done
    start, worked = time.perf_counter(), time.process_time()
    ensemble = reconstruct(targets, members, np.random.default_rng(1), feasible=feasible)
    spent, worked = time.perf_counter() - start, time.process_time() - worked
    each = 1000 * worked / len(ensemble)
    share = each / lifelines_ms(ensemble.to_frame(0))
    sizes = " + ".join(str(arm.n) for arm in targets.arms.values())
    numbers = (f"{settling:.1f}", f"{spent:.1f}", f"{each:.1f}", f"{share:.2f}")
    return (what, sizes, f"{len(ensemble)} of {members}", str(len(feasible.dropped)), *numbers)


def endpoints() -> list[tuple[str, Targets]]:
    """All that can be reconstructed of the papers."""
    found = []
    for paper in map(study.load, study.studies()):
        for endpoint, spec in paper.spec.endpoints.items():
            for population, criterion in product(paper.spec.populations, spec.criteria or [""]):
                try:
                    targets = targets_from_study(paper, endpoint, population, criterion)
                except TargetError:
                    continue
                found.append((" ".join(filter(None, (paper.study, endpoint, population, criterion))), targets))
    return found


def trials() -> list[tuple[str, Targets]]:
    """Exponential trials with so many patients in each arm, by level of what is printed."""
    found = []
    for n in SIZES:
        rng = np.random.default_rng(n)
        dies = {arm: rng.exponential(scale, n) for arm, scale in (("a", 24.0), ("b", 15.0))}
        leaves = {arm: rng.uniform(12, 48, n) for arm in dies}
        time = {arm: np.maximum(np.round(np.minimum(dies[arm], leaves[arm]) * 30.4375), 1) / 30.4375 for arm in dies}
        trial = Trial(time, {arm: dies[arm] <= leaves[arm] for arm in dies})
        for level in LEVELS:
            targets = printed(trial, level, "R")
            if targets is not None:
                found.append((f"simulated, level {level}", targets))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few members")
    quick = parser.parse_args().quick
    find_feasible(trials()[0][1])  # compiles
    rows = [cost(what, targets, 20 if quick else 1000) for what, targets in (*endpoints(), *trials())]
    if not quick:
        what, targets = trials()[1]
        rows += [cost(f"{what}, as B grows", targets, members) for members in (250, 500, 2000)]
    print("|" + "|".join(HEADS) + "|")
    print("|:--" + "|--:" * (len(HEADS) - 1) + "|")
    for row in rows:
        print("|" + "|".join(row) + "|")
    if not quick:
        with OUT.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([HEADS, *rows])


if __name__ == "__main__":
    main()
