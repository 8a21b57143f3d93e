"""What published trials say of populations before anything is printed of one: the figures of `survival/population.py`.

`python benchmarks/prior.py CURVES TRIALS` prints them, from digitised patient-level curves (`set, arm, time, event`, in
the unit that TRIALS names for each set, with its `Outcome`). Sets are split by a hash of their trial's name: only the
tuning half is read here, and what the reconstructions are worth is reported on the other half.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from haicbook.survival.population import BINS

Floats = NDArray[np.float64]
MONTHS = {"months": 1.0, "years": 12.0, "weeks": 12 / 52.1775, "days": 12 / 365.25}
PROGRESSION = ("PFS", "RPFS", "TTF", "TTP")
LEAST_EVENTS = 5  # in a bin, for its log hazard to count
INTERVALS = np.array([4, 6, 8, 9, 12]) * 7 / 30.4375  # months between two scans that are tried
BEFORE, AFTER, BLURRED, STILL_THERE = 0.1, 0.15, 0.85, 0.02  # as in the engine


class Figure(NamedTuple):
    """One figure: its outcome, typical survival time (months), and both arms' times and events."""

    name: str
    outcome: str
    scale: float
    arms: tuple[tuple[Floats, Floats], ...]


def held_out(trial: str) -> bool:
    """Whether a trial is kept for reporting."""
    return hashlib.sha256(trial.encode()).digest()[1] % 2 == 1


def figures(curves: Path, trials: Path) -> Iterator[Figure]:
    """The tuning half's figures of two arms whose medians are reached."""
    rows = pd.read_csv(curves, dtype={"set": str, "arm": str})
    for trial in pd.read_csv(trials, dtype={"name": str}).itertuples():
        if held_out(str(trial.ClinicalTrial)):
            continue
        own = rows[rows.set == trial.name]
        arms = [
            (np.maximum(part.time.to_numpy() * MONTHS[trial.Units], 1 / 30.4), part.event.to_numpy(float))
            for _, part in list(own.groupby("arm", sort=False))[:2]
        ]
        medians = [median(*arm) for arm in arms]
        if len(arms) == 2 and np.isfinite(medians).all():
            yield Figure(trial.name, trial.Outcome, float(np.exp(np.mean(np.log(medians)))), tuple(arms))


def median(time: Floats, event: Floats) -> float:
    """Kaplan and Meier's median; infinite where it is not reached."""
    order = np.lexsort((-event, time))
    survival = np.cumprod(1 - event[order] / np.arange(time.size, 0, -1))
    below = np.flatnonzero(survival <= 0.5)
    return float(time[order][below[0]]) if below.size else np.inf


def tally(time: Floats, event: Floats, edges: Floats) -> tuple[Floats, Floats, Floats]:
    """Events, departures and time at risk between each edge and the next (the last is open)."""
    ends = np.append(edges[1:], np.inf)
    inside = (time[:, None] > edges) & (time[:, None] <= ends)
    exposure = np.clip(np.minimum(time[:, None], ends) - edges, 0, None).sum(0)
    return inside[event > 0].sum(0), inside[event == 0].sum(0), exposure


def spread(steps: list[Floats], noise: list[Floats]) -> tuple[float, float]:
    """Mean and standard deviation of steps that were observed with noise of these variances: by moments."""
    step, variance = np.concatenate(steps), np.concatenate(noise)
    mean = np.average(step, weights=1 / (variance + 0.05))
    return float(mean), float(np.sqrt(max(np.average((step - mean) ** 2 - variance, weights=1 / (variance + 0.05)), 0)))


def hazards(chosen: list[Figure]) -> dict[str, float]:
    """Steps of the log hazards of events from bin to bin, and of the ratio of the arms."""
    early, late, ratios, level = ([], []), ([], []), ([], []), []
    for figure in chosen:
        edges = np.array(BINS) * figure.scale
        counts = [tally(*arm, edges) for arm in figure.arms]
        events = np.array([count[0] for count in counts], float)
        with np.errstate(all="ignore"):
            log = np.log(events / np.array([count[2] for count in counts]))
        good = events >= LEAST_EVENTS
        for arm in range(2):
            pairs = np.flatnonzero(good[arm][1:] & good[arm][:-1])
            for where, kept in ((pairs[pairs < 2], early), (pairs[pairs >= 2], late)):
                kept[0].append(log[arm][where + 1] - log[arm][where])
                kept[1].append(1 / events[arm][where + 1] + 1 / events[arm][where])
        both = good.all(0)
        with np.errstate(invalid="ignore"):
            ratio, noise = log[0] - log[1], (1 / np.maximum(events, 1)).sum(0)
        pairs = np.flatnonzero(both[1:] & both[:-1])
        ratios[0].append(ratio[pairs + 1] - ratio[pairs])
        ratios[1].append(noise[pairs + 1] + noise[pairs])
        level += list(ratio[both][:1])
    rise, later, apart = spread(*early), spread(*late), spread(*ratios)
    return {
        "rise": rise[0],
        "rise_sd": rise[1],
        "trend": later[0],
        "spread": later[1],
        "ratio_spread": apart[1],
        "ratio": float(np.std(level)),
    }


def still(time: Floats, end: float, accrual: float) -> Floats:
    """Minus the logarithm of the share that enrolled early enough to be followed so long."""
    return -np.log(np.clip((end - time) / (end * accrual), STILL_THERE, 1))


def calendar(figure: Figure) -> tuple[float, float, float]:
    """By maximum likelihood: the end of follow-up, the part of it over which patients enrolled, early departures."""
    time = np.concatenate([arm[0] for arm in figure.arms])
    left = np.concatenate([arm[1] for arm in figure.arms]) == 0
    longest = time.max()

    def missed(place: Floats) -> float:
        end, accrual = longest * (1 + np.exp(place[0])), 1 / (1 + np.exp(-place[1]))
        away = np.exp(place[2]) / figure.scale
        opens = end * (1 - accrual)
        hazard = away + np.where(time > opens, 1 / np.maximum(end - time, STILL_THERE * end * accrual), 0)
        total = away * time + still(time, end, accrual)
        return float(total.sum() - np.log(hazard[left]).sum())

    starts = [np.array([-4.0, share, -3.0]) for share in (-1.0, 0.5, 2.0)]
    best = min((minimize(missed, start, method="Nelder-Mead") for start in starts), key=lambda found: found.fun)
    end, accrual, away = best.x
    return longest * (1 + np.exp(end)) / figure.scale, accrual, away


def scans(figure: Figure) -> tuple[float, float]:
    """The time between scans and the logit of the share seen at them under which the events are likeliest."""
    best = (-np.inf, 0.0, 0.0)
    time = np.concatenate([arm[0][arm[1] > 0] for arm in figure.arms])
    for every in INTERVALS:
        nearest = np.maximum(np.rint(time / every), 1)
        away = time / every - nearest
        inside = (away > -BEFORE) & (away < AFTER)
        for logit in np.arange(-4, 3.1, 0.25):
            seen = BLURRED ** (nearest - 1) / (1 + np.exp(-logit)) * (nearest <= 12)
            fit = np.log(1 - seen + inside * seen / (BEFORE + AFTER)).sum()
            best = max(best, (fit, every, logit))
    return best[1], best[2]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves", type=Path)
    parser.add_argument("trials", type=Path)
    asked = parser.parse_args()
    tuning = list(figures(asked.curves, asked.trials))
    looked = [figure for figure in tuning if figure.outcome in PROGRESSION]
    died = [figure for figure in tuning if figure.outcome == "OS"]
    for name, chosen in (("death", died), ("progression", looked)):
        numbers = ", ".join(f"{key} {value:.2f}" for key, value in hazards(chosen).items())
        print(f"{name} ({len(chosen)} figures): {numbers}")
        found = np.array([calendar(figure) for figure in chosen])
        ends = np.log(found[:, 0])
        print(f"  logarithm of the end: median {np.median(ends):.2f}, sd {ends.std():.2f}")
        for what, values in (("logit of accrual", found[:, 1]), ("logarithm of departures", found[:, 2])):
            print(f"  {what}: quartiles {np.quantile(values, [0.25, 0.5, 0.75]).round(2)}")
    seen = pd.DataFrame([scans(figure) for figure in looked], columns=["every", "logit"])
    print(seen.groupby("every").logit.agg(["size", "median", "std"]).round(2).to_string())
    print(f"logit of the share seen at scans: median {seen.logit.median():.2f}, sd {seen.logit.std():.2f}")
    for name, chosen in (("death", died), ("progression", looked)):
        logs = np.log([figure.scale for figure in chosen])
        print(f"{name}: logarithm of the typical time {logs.mean():.2f}, sd {logs.std():.2f}")


if __name__ == "__main__":
    main()
