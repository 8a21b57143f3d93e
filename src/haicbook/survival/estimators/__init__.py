"""Survival statistics of many data sets at once: arrays of B data sets in, arrays of B results out.

Every function takes `time` (B, n) in months and `event` (B, n) (True: the event was seen, False: censored), one row for
each data set; a single data set may be given as (n,) and counts as B = 1. At a tie, events come before censorings.
"""

from haicbook.survival.estimators.cox import TIES, Ties, cox
from haicbook.survival.estimators.kaplan_meier import (
    MEDIAN_INTERVALS,
    TRANSFORMS,
    KaplanMeier,
    MedianInterval,
    MedianRule,
    Transform,
    at_risk,
    confidence_limits,
    km,
    limits_at,
    median,
    median_error,
    median_limits,
    median_of,
    survival_at,
)
from haicbook.survival.estimators.life_table import LifeTable, life_table
from haicbook.survival.estimators.logrank import LogRank, logrank
from haicbook.survival.estimators.rmst import rmst, rmst_variance

__all__ = [
    "MEDIAN_INTERVALS",
    "TIES",
    "TRANSFORMS",
    "KaplanMeier",
    "LifeTable",
    "LogRank",
    "MedianInterval",
    "MedianRule",
    "Ties",
    "Transform",
    "at_risk",
    "confidence_limits",
    "cox",
    "km",
    "life_table",
    "limits_at",
    "logrank",
    "median",
    "median_error",
    "median_limits",
    "median_of",
    "rmst",
    "rmst_variance",
    "survival_at",
]
