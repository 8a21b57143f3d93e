"""A single-arm trial in two stages: the design, the search for the best one, and what its data say."""

from haicbook.trial.bayes import Posterior, posterior, predictive
from haicbook.trial.design import (
    Characteristics,
    Decision,
    Evaluation,
    SimonDesign,
    characteristics,
    decision,
    evaluate,
    planned,
    summarise,
)
from haicbook.trial.inference import StagedEstimate, conditional_power, estimate, intervals
from haicbook.trial.search import Admissible, BestDesigns, admissible, search

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
