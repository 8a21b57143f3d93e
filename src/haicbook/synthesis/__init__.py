"""Across the studies: the same quantity of every arm, side by side."""

from haicbook.synthesis.arms import characteristics, mean_survival, medians, response_rates

__all__ = ["characteristics", "mean_survival", "medians", "response_rates"]
