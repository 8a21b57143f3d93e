"""Balance of the arms from printed tables, and the matching run again from their margins.

`balance` reads what a paper prints and standardises differences; `engine` matches patients in rows, and many cohorts at
once; `rerun` draws synthetic cohorts with a paper's margins and matches them again.
"""

from haicbook.matching.balance.assessment import (
    balance,
    balances,
    balances_in_text,
    effective_sample_size,
    printed_pair,
    size_of_comparison,
    sizes,
    summarise,
    verdict,
)
from haicbook.matching.balance.baseline import counted, measured
from haicbook.matching.balance.differences import Definition, definitions, which_definition
from haicbook.matching.balance.p_value_fallacy import (
    only_p,
    p_and_smd,
    p_curves,
    p_of_smd,
    smd_of_p,
    summarise_p,
    unnoticed,
)
from haicbook.matching.balance.summaries import Levels, Moments, Quartiles
from haicbook.matching.engine.match import match
from haicbook.matching.engine.matched import Matched
from haicbook.matching.rerun.discarded import discarded, p_before
from haicbook.matching.rerun.margins import Margins, known_margins
from haicbook.matching.rerun.reruns import Rerun, repeated_counts, rerun, reruns, summarise_rerun
from haicbook.matching.rerun.sensitivity import sensitivity, summarise_sensitivity
from haicbook.matching.rerun.settings import INDEPENDENT, Correlated, Exchangeable, RerunSetting, Unknown

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
    "RerunSetting",
    "Unknown",
    "balance",
    "balances",
    "balances_in_text",
    "counted",
    "definitions",
    "discarded",
    "effective_sample_size",
    "known_margins",
    "match",
    "measured",
    "only_p",
    "p_and_smd",
    "p_before",
    "p_curves",
    "p_of_smd",
    "printed_pair",
    "repeated_counts",
    "rerun",
    "reruns",
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
