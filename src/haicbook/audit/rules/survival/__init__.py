"""Rules on survival curves; importing them registers them, in the order in which their findings are shown."""

# isort: off
from haicbook.audit.rules.survival import order, rates, survival_intervals, tentative

__all__ = ["order", "rates", "survival_intervals", "tentative"]
