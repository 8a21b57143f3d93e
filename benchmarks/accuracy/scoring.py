"""How near a reconstruction comes to the patients and to the curves that its printed numbers are of."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass

import numpy as np
from benchmarks.accuracy import comparators
from benchmarks.accuracy.printing import printed
from benchmarks.accuracy.simulations import Floats, Trial

from haicbook.survival import Ensemble, Targets, estimators, reconstruct, violations

POINTS = 100
AT_RISK = 0.1
BAND = (0.025, 0.975)
CHECKED = 10  # members that are checked one by one
_NOISE = 1e-9
# `e` is the mean absolute difference of the curves to tau, `d` the error of the RMST difference over tau
Score = dict[str, float | str]


@dataclass(frozen=True)
class Question:
    """A data set and what is printed of it."""

    name: str
    kind: str
    level: str
    trial: Trial
    targets: Targets

    @property
    def tau(self) -> float:
        """The time up to which a tenth of each arm is at risk (months)."""
        return min(float(np.sort(time)[-max(1, round(AT_RISK * len(time)))]) for time in self.trial.time.values())

    @property
    def grid(self) -> Floats:
        """Times at which curves are compared."""
        return np.linspace(0, self.tau, POINTS + 1)[1:]


def question(name: str, kind: str, level: str, trial: Trial, program: str) -> Question | None:
    """A data set as a question; None where its summaries say too little to be one."""
    targets = printed(trial, level, program, name)
    return None if targets is None else Question(name, kind, level, trial, targets)


def answer(asked: Question, members: int, seed: int) -> Score:
    """Reconstruct and score. Where no member is found only `members` (0) and `seconds` say something."""
    start = clock.process_time()
    score: Score = {"set": asked.name, "kind": asked.kind, "level": asked.level, "asked": members}
    try:
        ensemble = reconstruct(asked.targets, members, np.random.default_rng(seed))
    except Exception as error:  # whatever goes wrong is a set without members, and one failure does not end the run
        words = f"{type(error).__name__}: {error}"[:200]
        return score | {"members": 0, "seconds": clock.process_time() - start, "failure": words}
    score |= {"members": len(ensemble), "seconds": clock.process_time() - start, "left_out": len(ensemble.dropped)}
    score["missed"] = _missed(ensemble)
    return score | _against_sample(asked, ensemble) | _against_truth(asked, ensemble, np.random.default_rng(seed + 1))


def _missed(ensemble: Ensemble) -> int:
    """Members, of those checked, that miss a printed number that they were said to meet."""
    chosen = np.unique(np.linspace(0, len(ensemble) - 1, CHECKED).astype(int))
    return sum(
        bool(
            violations(
                {arm: (rows.time[b], rows.event[b]) for arm, rows in ensemble.members.items()},
                ensemble.kept,
                ensemble.conventions,
            )
        )
        for b in chosen
    )


def _band(values: Floats) -> tuple[Floats, Floats]:
    """Limits between which a further draw falls with 95 % chance: order statistics of B + 1."""
    low, high = np.quantile(values, BAND, axis=0, method="weibull")
    return low, high


def _inside(value: Floats, band: tuple[Floats, Floats]) -> Floats:
    return ((value >= band[0] - _NOISE) & (value <= band[1] + _NOISE)).astype(float)


def _against_sample(asked: Question, ensemble: Ensemble) -> Score:
    """The true patients' curves beside the reconstruction's median and band."""
    grid, tau, trial = asked.grid, asked.tau, asked.trial
    apart, covered, width, means, reconstructed = [], [], [], [], []
    for arm in ("a", "b"):
        curves = ensemble.curve(arm, grid)
        sample = estimators.survival_at(estimators.km(trial.time[arm], trial.event[arm]), grid)[0]
        band = _band(curves)
        apart.append(np.abs(np.median(curves, axis=0) - sample).mean())
        covered.append(_inside(sample, band).mean())
        width.append((band[1] - band[0]).mean())
        means.append(estimators.rmst(trial.time[arm], trial.event[arm], tau)[0])
        reconstructed.append(ensemble.rmst(arm, tau))
    difference, found = means[0] - means[1], reconstructed[0] - reconstructed[1]
    return {
        "tau": tau,
        "e": float(np.mean(apart)),
        "d": float(abs(np.median(found) - difference) / tau),
        "covered": float(np.mean(covered)),
        "d_covered": float(_inside(np.array(difference), _band(found))),
        "width": float(np.mean(width)),
    }


def _against_truth(asked: Question, ensemble: Ensemble, rng: np.random.Generator) -> Score:
    """The generating curves beside the sampling band: every member's patients drawn again with replacement."""
    truth = asked.trial.truth
    if truth is None:
        return {}
    grid, tau = asked.grid, asked.tau
    covered, width, found, wanted = [], [], [], []
    for arm in ("a", "b"):
        rows = ensemble.members[arm]
        again = rng.integers(0, rows.time.shape[1], rows.time.shape)
        time, event = (np.take_along_axis(values, again, axis=1) for values in rows)
        band = _band(estimators.survival_at(estimators.km(time, event), grid))
        covered.append(_inside(truth[arm](grid), band).mean())
        width.append((band[1] - band[0]).mean())
        found.append(estimators.rmst(time, event, tau))
        wanted.append(comparators.area(truth[arm], tau))
    inside = _inside(np.array(wanted[0] - wanted[1]), _band(found[0] - found[1]))
    return {
        "sampling_covered": float(np.mean(covered)),
        "sampling_d_covered": float(inside),
        "sampling_width": float(np.mean(width)),
    }


def _curves(trial: Trial, grid: Floats) -> dict[str, Floats]:
    """Survival (G,) at the grid, by arm."""
    return {
        arm: estimators.survival_at(estimators.km(time, trial.event[arm]), grid)[0] for arm, time in trial.time.items()
    }


def compared(asked: Question) -> Score:
    """The comparators' errors: `e`, `d`, and for Guyot's the difference of log hazard ratios."""
    grid, tau, trial = asked.grid, asked.tau, asked.trial
    samples = _curves(trial, grid)
    mean = {arm: estimators.rmst(t, trial.event[arm], tau)[0] for arm, t in trial.time.items()}
    difference = mean["a"] - mean["b"]
    score: Score = {}
    for name, make in (("exponential", comparators.exponential), ("weibull", comparators.weibull)):
        curves = make(asked.targets)
        areas = {arm: comparators.area(curve, tau) for arm, curve in curves.items()}
        score[f"{name}_e"] = float(np.mean([np.abs(curves[arm](grid) - samples[arm]).mean() for arm in samples]))
        score[f"{name}_d"] = abs(areas["a"] - areas["b"] - difference) / tau
    for name, with_events in (("guyot", False), ("guyot_events", True)):
        again = comparators.guyot(trial, with_events=with_events)
        curves_at = _curves(again, grid)
        areas = {arm: estimators.rmst(t, again.event[arm], tau)[0] for arm, t in again.time.items()}
        score[f"{name}_e"] = float(np.mean([np.abs(curves_at[arm] - samples[arm]).mean() for arm in samples]))
        score[f"{name}_d"] = float(abs(areas["a"] - areas["b"] - difference) / tau)
        score[f"{name}_log_hr"] = abs(comparators.log_hr(again) - comparators.log_hr(trial))
    return score
