"""Random-effects meta-analysis of a few studies: heterogeneity first, and a prediction for the next study."""

from haicbook.meta.random_effects import leave_one_out, random_effects, standard_error
from haicbook.meta.result import ESTIMATORS, INTERVALS, PREDICTIONS, LeftOut, Message, Pooled

__all__ = [
    "ESTIMATORS",
    "INTERVALS",
    "PREDICTIONS",
    "LeftOut",
    "Message",
    "Pooled",
    "leave_one_out",
    "random_effects",
    "standard_error",
]
