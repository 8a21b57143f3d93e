"""Across the studies: the same quantity of every arm, side by side."""

from haicbook.synthesis.arms import characteristics, mean_survival, medians, response_rates
from haicbook.synthesis.usage import target_ids, usage

__all__ = ["characteristics", "mean_survival", "medians", "response_rates", "target_ids", "usage"]
