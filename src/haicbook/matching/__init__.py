"""Balance of the arms from printed tables, and the matching run again from their margins."""

from haicbook.matching.balance import balance
from haicbook.matching.rerun import Rerun, rerun
from haicbook.matching.summary import balances, balances_in_text, summarise, summarise_rerun

__all__ = ["Rerun", "balance", "balances", "balances_in_text", "rerun", "summarise", "summarise_rerun"]
