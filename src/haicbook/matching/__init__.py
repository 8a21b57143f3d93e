"""Balance of the arms from printed tables, and the matching run again from their margins."""

from haicbook.matching.balance import balance, printed_pair, verdict
from haicbook.matching.covariates import counted, measured
from haicbook.matching.definitions import Definition, definitions
from haicbook.matching.dependence import INDEPENDENT, Correlated, Exchangeable, Unknown
from haicbook.matching.effective import effective_sample_size, size_of_comparison, sizes
from haicbook.matching.finder import which_definition
from haicbook.matching.margins import Margins
from haicbook.matching.matched import Matched
from haicbook.matching.pvalues import only_p, p_and_smd, p_curves, p_of_smd, smd_of_p, summarise_p, unnoticed
from haicbook.matching.rerun import Rerun, rerun
from haicbook.matching.rows import match
from haicbook.matching.sensitivity import sensitivity
from haicbook.matching.setting import Setting
from haicbook.matching.summaries import Levels, Moments, Quartiles
from haicbook.matching.summary import (
    balances,
    balances_in_text,
    known_margins,
    repeated_counts,
    summarise,
    summarise_rerun,
    summarise_sensitivity,
)

__all__ = [
    "INDEPENDENT",
    "Correlated",
    "Definition",
    "Exchangeable",
    "Levels",
    "Margins",
    "Matched",
    "Moments",
    "Quartiles",
    "Rerun",
    "Setting",
    "Unknown",
    "balance",
    "balances",
    "balances_in_text",
    "counted",
    "definitions",
    "effective_sample_size",
    "known_margins",
    "match",
    "measured",
    "only_p",
    "p_and_smd",
    "p_curves",
    "p_of_smd",
    "printed_pair",
    "repeated_counts",
    "rerun",
    "sensitivity",
    "size_of_comparison",
    "sizes",
    "smd_of_p",
    "summarise",
    "summarise_p",
    "summarise_rerun",
    "summarise_sensitivity",
    "unnoticed",
    "verdict",
    "which_definition",
]
