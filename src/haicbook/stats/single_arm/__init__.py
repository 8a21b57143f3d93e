"""A single-arm trial in two stages: the design, the search for the best one, and what its data say."""

from haicbook.stats.single_arm.bayes import Posterior, posterior, predictive
from haicbook.stats.single_arm.inference import StagedEstimate, conditional_power, estimate, intervals
from haicbook.stats.single_arm.simon import (
    Admissible,
    BestDesigns,
    Characteristics,
    Decision,
    Evaluation,
    SimonDesign,
    admissible,
    characteristics,
    decision,
    evaluate,
    planned,
    search,
    summarise,
)

__all__ = [
    "Admissible",
    "BestDesigns",
    "Characteristics",
    "Decision",
    "Evaluation",
    "Posterior",
    "SimonDesign",
    "StagedEstimate",
    "admissible",
    "characteristics",
    "conditional_power",
    "decision",
    "estimate",
    "evaluate",
    "intervals",
    "planned",
    "posterior",
    "predictive",
    "search",
    "summarise",
]
