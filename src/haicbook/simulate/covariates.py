"""The covariates of a made-up study: what they are called, how common they are, and how they hang together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["binary", "nominal", "continuous"]


@dataclass(frozen=True)
class Covariate:
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


COVARIATES: tuple[Covariate, ...] = (
    Covariate("age", "Age (years)", "continuous", centre=56, spread=11, unit="years"),
    Covariate("sex", "Sex", "binary", (("male", "Male"), ("female", "Female")), (0.84, 0.16)),
    Covariate(
        "etiology", "Etiology", "nominal", (("hbv", "HBV"), ("hcv", "HCV"), ("other", "Other")), (0.78, 0.08, 0.14)
    ),
    Covariate("ecog", "ECOG performance status", "binary", (("0", "0"), ("1", "1")), (0.6, 0.4), hazard=0.35),
    Covariate("child_pugh", "Child–Pugh class", "binary", (("a", "A"), ("b", "B")), (0.8, 0.2), hazard=0.45),
    Covariate("cirrhosis", "Cirrhosis", "binary", (("absent", "Absent"), ("present", "Present")), (0.3, 0.7)),
    Covariate("afp", "AFP (ng/mL)", "binary", (("le400", "≤400"), ("gt400", ">400")), (0.5, 0.5), hazard=0.2),
    Covariate(
        "tumor_number",
        "Tumour number",
        "binary",
        (("single", "Single"), ("multiple", "Multiple")),
        (0.3, 0.7),
        hazard=0.15,
    ),
    Covariate("tumor_size", "Tumour size (cm)", "continuous", centre=9, spread=3.2, unit="cm", decimals=1, hazard=0.15),
    Covariate(
        "vascular_invasion",
        "Vascular invasion",
        "binary",
        (("absent", "Absent"), ("present", "Present")),
        (0.45, 0.55),
        hazard=0.4,
    ),
    Covariate(
        "extrahepatic_metastasis",
        "Extrahepatic metastasis",
        "binary",
        (("absent", "Absent"), ("present", "Present")),
        (0.7, 0.3),
        hazard=0.3,
    ),
    Covariate("bclc", "BCLC stage", "binary", (("b", "B"), ("c", "C"))),
    Covariate(
        "tbil",
        "Total bilirubin (µmol/L)",
        "continuous",
        centre=2.9,
        spread=0.5,
        skewed=True,
        unit="µmol/L",
        decimals=1,
    ),
    Covariate("haic_courses", "HAIC courses", "continuous", centre=4, spread=1.4, unit="courses", counted=True, most=6),
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


def scaled(covariate: Covariate, values: Floats) -> Floats:
    """A covariate as the hazard sees it: 0 or 1 for a later level, standard deviations for a measurement."""
    if covariate.kind != "continuous":
        return (values > 0).astype(float)
    measured = np.log(values) if covariate.skewed else values
    return (measured - covariate.centre) / covariate.spread
