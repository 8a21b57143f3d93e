"""True patients of a made-up study: covariates, treatment, times to progression and death, response, adverse events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from haicbook.simulate.covariates import COVARIATES, Floats, draw_covariates, scaled

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

DAYS_IN_MONTH = 30.4375
CATEGORIES = ("cr", "pr", "sd", "pd")
# event: share of patients with any grade in the comparator arm, share of these with grade 3 or 4
EVENTS: dict[str, tuple[float, float]] = {
    "fever": (0.25, 0.05),
    "abdominal_pain": (0.45, 0.12),
    "nausea": (0.30, 0.03),
    "vomiting": (0.22, 0.06),
    "alt_increased": (0.48, 0.30),
    "ast_increased": (0.50, 0.30),
    "hyperbilirubinemia": (0.35, 0.15),
    "anemia": (0.20, 0.15),
    "neutropenia": (0.33, 0.35),
    "thrombocytopenia": (0.42, 0.30),
    "diarrhea": (0.18, 0.10),
    "rash": (0.15, 0.15),
}
# grade 3 and 4 among severe events
_GRADE_4 = 0.2


@dataclass(frozen=True)
class World:
    """What is true in a made-up study.

    Attributes
    ----------
    patients
        In all arms together, before any matching.
    treated
        Share of patients in the experimental arm; 1 for a single arm.
    confounding
        Log odds of treatment for one standard deviation of prognosis; 0 for none.
    dependence
        Correlation of the covariates' latent variables.
    hr_os, hr_progression
        Hazard ratios of death and of progression of the experimental arm.
    median_os, median_progression
        Months, of the average patient in the comparator arm.
    shape
        Of the Weibull times: 1 for constant hazards.
    enrolment, extra
        Months of enrolment, and from its end to the last follow-up.
    lost
        Rate of loss to follow-up for each month.
    """

    patients: int = 160
    treated: float = 0.5
    confounding: float = 0.3
    dependence: float = 0.1
    hr_os: float = 0.65
    hr_progression: float = 0.6
    median_os: float = 12.0
    median_progression: float = 5.5
    shape: float = 1.1
    enrolment: float = 36.0
    extra: float = 12.0
    lost: float = 0.01

    @classmethod
    def drawn(cls, rng: np.random.Generator, *, patients: int | None = None, single: bool = False) -> World:
        """A study as such studies are: 60 to 400 patients, hazard ratios from 0.4 to 1.1."""
        median_os = float(rng.uniform(7, 20))
        return cls(
            patients=int(rng.integers(60, 401)) if patients is None else patients,
            treated=1.0 if single else float(rng.uniform(0.4, 0.6)),
            confounding=0.0 if single else float(rng.uniform(0, 0.6)),
            dependence=float(rng.uniform(0, 0.3)),
            hr_os=float(rng.uniform(0.4, 1.1)),
            hr_progression=float(rng.uniform(0.4, 1.1)),
            median_os=median_os,
            # most patients progress before they die
            median_progression=median_os * float(rng.uniform(0.25, 0.6)),
            shape=float(rng.uniform(0.8, 1.5)),
            enrolment=float(rng.integers(18, 61)),
            extra=float(rng.integers(6, 25)),
            lost=float(rng.uniform(0, 0.03)),
        )


@dataclass(frozen=True, eq=False)
class Patients:
    """Patients as a case report form has them; made up.

    Attributes
    ----------
    treated
        (n,) in the experimental arm.
    covariates
        Slug to (n,) codes or values.
    followed
        (n,) months from the start of treatment to the end of follow-up, had nothing happened.
    time, event
        Endpoint (`os`, `pfs`) to (n,) months and whether the event was seen.
    progressed
        (n,) a progression was seen.
    response
        (n,) places in `CATEGORIES`.
    grades
        Event to (n,) worst grade, 0 for none.
    """

    treated: Bools
    covariates: dict[str, Floats]
    followed: Floats
    time: dict[str, Floats]
    event: dict[str, Bools]
    progressed: Bools
    response: Ints
    grades: dict[str, Ints]

    @property
    def n(self) -> int:
        """How many."""
        return len(self.treated)

    def take(self, rows: NDArray[np.int64] | Bools) -> Patients:
        """Some of them."""
        return replace(
            self,
            treated=self.treated[rows],
            covariates={name: values[rows] for name, values in self.covariates.items()},
            followed=self.followed[rows],
            time={name: values[rows] for name, values in self.time.items()},
            event={name: values[rows] for name, values in self.event.items()},
            progressed=self.progressed[rows],
            response=self.response[rows],
            grades={name: values[rows] for name, values in self.grades.items()},
        )


def draw_patients(world: World, rng: np.random.Generator) -> Patients:
    """Patients of a world; every printed figure of the made-up paper is computed from them.

    Progression-free survival ends at progression or death, whichever is first, so that it is never longer than overall
    survival. Times are recorded in days and given in months of 30.4375 days.
    """
    n = world.patients
    covariates = draw_covariates(n, world.dependence, rng)
    risk = sum(
        (item.hazard * scaled(item, covariates[item.slug]) for item in COVARIATES if item.hazard), start=np.zeros(n)
    )
    risk = risk - risk.mean()
    treated = _assigned(world, risk, rng)
    frailty = rng.gamma(5.0, 1 / 5.0, n)
    death, progression = (
        _weibull(world.shape, median, frailty * np.exp(risk + np.log(hr) * treated), rng)
        for median, hr in ((world.median_os, world.hr_os), (world.median_progression, world.hr_progression))
    )
    entry = rng.uniform(0, world.enrolment, n)
    followed = _in_days(
        np.minimum(world.enrolment + world.extra - entry, rng.exponential(1 / max(world.lost, 1e-9), n))
    )
    times, events = {}, {}
    for endpoint, first in (("os", death), ("pfs", np.minimum(death, progression))):
        recorded = _in_days(first)
        times[endpoint], events[endpoint] = np.minimum(recorded, followed), recorded <= followed
    progressed = _in_days(progression) <= np.minimum(followed, _in_days(death))
    response = _responses(progression, treated, rng)
    return Patients(treated, covariates, followed, times, events, progressed, response, _adverse_events(treated, rng))


def _assigned(world: World, risk: Floats, rng: np.random.Generator) -> Bools:
    if world.treated >= 1:
        return np.ones(world.patients, dtype=bool)
    odds = np.log(world.treated / (1 - world.treated)) - world.confounding * risk / max(risk.std(), 1e-9)
    return np.asarray(rng.random(world.patients) < 1 / (1 + np.exp(-odds)))


def _weibull(shape: float, median: float, hazard: Floats, rng: np.random.Generator) -> Floats:
    scale = median / np.log(2) ** (1 / shape)
    return np.asarray(scale * (rng.exponential(1, len(hazard)) / hazard) ** (1 / shape))


def _in_days(months: Floats) -> Floats:
    return np.asarray(np.maximum(np.ceil(months * DAYS_IN_MONTH), 1) / DAYS_IN_MONTH)


def _responses(progression: Floats, treated: Bools, rng: np.random.Generator) -> Ints:
    """Best response: the later the progression the better, with noise."""
    order = np.argsort(np.argsort(np.log(progression) + rng.normal(0, 1, len(progression)))) / len(progression)
    score = order + 0.08 * treated
    return np.asarray(3 - np.searchsorted([0.25, 0.6, 0.95], score, side="right"), dtype=np.int64)


def _adverse_events(treated: Bools, rng: np.random.Generator) -> dict[str, Ints]:
    tolerance = rng.normal(0, 0.5, len(treated))
    found = {}
    for event, (common, severe) in EVENTS.items():
        odds = np.log(common / (1 - common)) + 0.3 * treated + tolerance
        has = rng.random(len(treated)) < 1 / (1 + np.exp(-odds))
        mild = rng.integers(1, 3, len(treated))
        grave = np.where(rng.random(len(treated)) < _GRADE_4, 4, 3)
        found[event] = np.where(has, np.where(rng.random(len(treated)) < severe, grave, mild), 0).astype(np.int64)
    return found


def match(patients: Patients, caliper: float = 0.2) -> NDArray[np.int64]:
    """Rows of the pairs of a 1:1 nearest-neighbour match on the logit of a logistic propensity score.

    Parameters
    ----------
    patients
        Of two arms.
    caliper
        In standard deviations of the logit.
    """
    from haicbook.matching.engine.pairs import greedy
    from haicbook.matching.engine.scores import logit_scores

    columns = [scaled(item, patients.covariates[item.slug]) for item in MATCHED_ON]
    design = np.column_stack([np.ones(patients.n), *columns])[None]
    logits = logit_scores(design, patients.treated)
    partners = greedy(logits, patients.treated, caliper * logits.std(axis=1, ddof=1))[0, :, 0]
    members = np.flatnonzero(patients.treated)[partners >= 0]
    return np.sort(np.concatenate([members, partners[partners >= 0]]))


MATCHED_ON = tuple(item for item in COVARIATES if item.slug not in ("etiology", "bclc", "tbil", "haic_courses"))
