"""Rules on hazard ratios; importing them registers them, in the order in which their findings are shown."""

# isort: off
from haicbook.audit.rules.hazard_ratios import wald, events, row_pairs, model_rows

__all__ = ["events", "model_rows", "row_pairs", "wald"]
