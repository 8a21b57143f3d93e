"""Rules on hazard ratios; importing them registers them, in the order in which their findings are shown."""

# isort: off
from haicbook.audit.rules.hazard_ratios import wald, events, row_pairs

__all__ = ["events", "row_pairs", "wald"]
