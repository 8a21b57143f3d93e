"""The rules on hazard ratios, as the audit lists them."""

from __future__ import annotations

from haicbook.audit import ratio_endpoints, ratio_events, ratio_intervals, ratio_models, ratio_rows, ratio_tests
from haicbook.audit.registry import STATISTICS, Rule, Topic

_TOPIC: Topic = "hazard_ratios"

RULES: tuple[Rule, ...] = (
    Rule(
        "ratio_interval",
        "A hazard ratio is the geometric middle of its limits",
        ratio_intervals.symmetry,
        "Wald 1943; definition of the interval in SPSS, SAS and R",
        "Rounding or cutting off of all three figures; an error beyond what a profile likelihood could explain (SE²)",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_p",
        "The p-value of a hazard ratio is that of its interval",
        ratio_tests.p_values,
        "Altman and Bland 2011",
        "Rounding of all figures; 0.3 in z for a likelihood-ratio or log-rank p where a paper's other p are not Wald's",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "log_rank",
        "The log-rank p is near the one of the hazard ratio",
        ratio_tests.log_rank,
        "Cox 1972 (the log-rank test is the score test)",
        "0.3 in z, beyond the rounding of all figures",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_precision",
        "An interval is not narrower than its patients and events allow",
        ratio_events.precision,
        "Schoenfeld 1983; the bound SE² ≥ 1/e1 + 1/e2 is exact",
        "Rounding or cutting off of the limits; the split of patients and events that allows most",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_events",
        "The ratios of one analysis rest on the same events",
        ratio_models.same_patients,
        "Schoenfeld 1983",
        "Arms' shares of the patients at risk may drift by a factor of 1.5 in their odds, and as the ratio implies",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_endpoints",
        "Two endpoints do not have the standard errors of one",
        ratio_endpoints.two_endpoints,
        "Schoenfeld 1983",
        "Four of five rows, at least five, within 1.5%; at most 80% of patients died",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "progressions",
        "The model of progression-free survival has no more events than are counted",
        ratio_endpoints.progressions,
        "Schoenfeld 1983",
        "Deaths without progression may make up for the rest: as many as the progressions a note, more a warning",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_twice",
        "Two rows do not have one hazard ratio",
        ratio_rows.duplicates,
        "Coincidence",
        "Three decimals; the same ratio and a standard error within 0.5%; a note where the groups have one size",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_direction",
        "A hazard ratio points the way of the medians and rates",
        ratio_rows.direction,
        "Definition",
        "Interval excludes 1; medians a tenth apart, beyond rounding",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_adjustment",
        "A ratio does not change sides, significantly, when it is adjusted",
        ratio_rows.adjustment,
        "Hausman 1978",
        "Both intervals exclude 1",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_coding",
        "A covariate's groups are compared the same way round",
        ratio_rows.coding,
        "Definition",
        "No tolerance",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "ratio_digits",
        "A hazard ratio is printed to the digits that it has",
        ratio_rows.digits,
        "All three figures end in a zero once in 1,000 times",
        "Three decimals and more",
        _TOPIC,
        STATISTICS,
    ),
)
