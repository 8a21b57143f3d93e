"""Balance of the arms from printed tables, and the matching run again from their margins."""

from haicbook.matching.balance import balance
from haicbook.matching.rerun import Rerun, rerun

__all__ = ["Rerun", "balance", "rerun"]
