"""True patients of a synthetic study: covariates, treatment, times to progression and death, response, events."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["binary", "nominal", "continuous"]


@dataclass(frozen=True)
class SyntheticCovariate:
    """One covariate.

    Attributes
    ----------
    slug, label
        Its key, as in `data/`, and its name in a table.
    kind
        `binary` and `nominal` have levels; `continuous` has a mean, or a median where it is skewed.
    levels
        Key and words of each level, in the order of the table.
    shares
        How common each level is.
    centre, spread
        Mean and standard deviation; of the logarithm where `skewed`.
    skewed
        Lognormal, printed as median and quartiles.
    unit, decimals
        Of a continuous covariate's records.
    counted, most
        A small whole number, whose frequencies are printed below its mean; and the largest value there is.
    hazard
        Log hazard ratio of death of each later level against the first, or of one standard deviation.
    """

    slug: str
    label: str
    kind: Kind
    levels: tuple[tuple[str, str], ...] = ()
    shares: tuple[float, ...] = ()
    centre: float = 0.0
    spread: float = 1.0
    skewed: bool = False
    unit: str = ""
    decimals: int = 0
    counted: bool = False
    most: float = math.inf
    hazard: float = 0.0


COVARIATES: tuple[SyntheticCovariate, ...] = (
    SyntheticCovariate("age", "Age (years)", "continuous", centre=56, spread=11, unit="years"),
    SyntheticCovariate("sex", "Sex", "binary", (("male", "Male"), ("female", "Female")), (0.84, 0.16)),
    SyntheticCovariate(
        "etiology", "Etiology", "nominal", (("hbv", "HBV"), ("hcv", "HCV"), ("other", "Other")), (0.78, 0.08, 0.14)
    ),
    SyntheticCovariate("ecog", "ECOG performance status", "binary", (("0", "0"), ("1", "1")), (0.6, 0.4), hazard=0.35),
    SyntheticCovariate("child_pugh", "Child–Pugh class", "binary", (("a", "A"), ("b", "B")), (0.8, 0.2), hazard=0.45),
    SyntheticCovariate("cirrhosis", "Cirrhosis", "binary", (("absent", "Absent"), ("present", "Present")), (0.3, 0.7)),
    SyntheticCovariate("afp", "AFP (ng/mL)", "binary", (("le400", "≤400"), ("gt400", ">400")), (0.5, 0.5), hazard=0.2),
    SyntheticCovariate(
        "tumor_number",
        "Tumour number",
        "binary",
        (("single", "Single"), ("multiple", "Multiple")),
        (0.3, 0.7),
        hazard=0.15,
    ),
    SyntheticCovariate(
        "tumor_size", "Tumour size (cm)", "continuous", centre=9, spread=3.2, unit="cm", decimals=1, hazard=0.15
    ),
    SyntheticCovariate(
        "vascular_invasion",
        "Vascular invasion",
        "binary",
        (("absent", "Absent"), ("present", "Present")),
        (0.45, 0.55),
        hazard=0.4,
    ),
    SyntheticCovariate(
        "extrahepatic_metastasis",
        "Extrahepatic metastasis",
        "binary",
        (("absent", "Absent"), ("present", "Present")),
        (0.7, 0.3),
        hazard=0.3,
    ),
    SyntheticCovariate("bclc", "BCLC stage", "binary", (("b", "B"), ("c", "C"))),
    SyntheticCovariate(
        "tbil",
        "Total bilirubin (µmol/L)",
        "continuous",
        centre=2.9,
        spread=0.5,
        skewed=True,
        unit="µmol/L",
        decimals=1,
    ),
    SyntheticCovariate(
        "haic_courses", "HAIC courses", "continuous", centre=4, spread=1.4, unit="courses", counted=True, most=6
    ),
)


def draw_covariates(patients: int, dependence: float, rng: np.random.Generator) -> dict[str, Floats]:
    """Covariates of every patient from a Gaussian copula with one common factor.

    Parameters
    ----------
    patients
        How many.
    dependence
        Correlation of any two latent variables, from 0 to below 1.
    rng
        Source of randomness.

    Returns
    -------
    dict
        Codes of levels from 0 on, or the recorded value, shape (patients,). BCLC stage follows from vascular invasion,
        metastasis and performance status.
    """
    from scipy.special import ndtr

    factor = rng.standard_normal(patients)
    found: dict[str, Floats] = {}
    for covariate in COVARIATES:
        if covariate.slug == "bclc":
            found["bclc"] = np.maximum.reduce(
                [found["vascular_invasion"], found["extrahepatic_metastasis"], found["ecog"]]
            )
            continue
        latent = np.sqrt(dependence) * factor + np.sqrt(1 - dependence) * rng.standard_normal(patients)
        if covariate.kind == "continuous":
            value = covariate.centre + covariate.spread * latent
            recorded = np.round(np.exp(value) if covariate.skewed else value, covariate.decimals)
            found[covariate.slug] = np.clip(recorded, 10.0**-covariate.decimals, covariate.most)
        else:
            limits = np.cumsum(covariate.shares)[:-1]
            found[covariate.slug] = np.searchsorted(limits, ndtr(latent), side="right").astype(float)
    return found


def scaled(covariate: SyntheticCovariate, values: Floats) -> Floats:
    """A covariate as the hazard sees it: 0 or 1 for a later level, standard deviations for a measurement."""
    if covariate.kind != "continuous":
        return (values > 0).astype(float)
    measured = np.log(values) if covariate.skewed else values
    return (measured - covariate.centre) / covariate.spread


Bools = NDArray[np.bool_]

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
    """What is true in a synthetic study.

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
class SimulatedPatients:
    """SimulatedPatients as a case report form has them; synthetic.

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

    def take(self, rows: NDArray[np.int64] | Bools) -> SimulatedPatients:
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


def draw_patients(world: World, rng: np.random.Generator) -> SimulatedPatients:
    """SimulatedPatients of a world; every printed figure of the synthetic paper is computed from them.

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
    return SimulatedPatients(
        treated, covariates, followed, times, events, progressed, response, _adverse_events(treated, rng)
    )


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


def match(patients: SimulatedPatients, caliper: float = 0.2) -> NDArray[np.int64]:
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
