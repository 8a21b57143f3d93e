"""The rules on survival curves, as the audit lists them."""

from __future__ import annotations

from haicbook.audit import survival, survival_intervals, survival_medians, survival_rates
from haicbook.audit.registry import STATISTICS, Rule, Topic

_TOPIC: Topic = "survival"

RULES: tuple[Rule, ...] = (
    Rule(
        "landmark",
        "A curve is above one half before its median, and not after",
        survival.landmarks,
        "Definition of the median",
        "Rounding or cutting off of rate and median",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "monotone",
        "A survival curve never rises",
        survival.monotone,
        "Definition",
        "Rounding or cutting off of both rates",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "endpoint_order",
        "Progression-free survival is not longer than overall survival",
        survival.endpoints_in_order,
        "Definition of the endpoints",
        "A warning within two binomial standard errors, a note where rates differ by less than one patient in n",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "same_rates",
        "Two endpoints with two medians do not have one set of rates",
        survival.same_curves,
        "Coincidence",
        "Two rates at least, of one decimal",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "pooled_median",
        "The median of all arms lies between those of the arms",
        survival.pooled,
        "The pooled hazard is a mean of the arms' hazards",
        "Rounding; a note where only cutting off explains it",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "calendar",
        "Nobody is followed for longer than the study lasts",
        survival.calendar,
        "Definition",
        "The longest time that the printed dates allow",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "rate_attainable",
        "A rate is that of some order of deaths and censorings",
        survival_rates.attainable_rates,
        "Kaplan and Meier 1958; Cutler and Ederer 1958; by exact enumeration up to 40 patients",
        "Rounding; cutting off is a note, a life table in place of the product limit a warning",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "rate_interval",
        "The interval of a rate is one of its patients, on some scale",
        survival_intervals.rate_intervals,
        "Greenwood 1926; Kalbfleisch and Prentice 2002",
        "Plain, log, log-log, logit or arcsine scale, over the rounding of all figures",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "rate_test",
        "The p-value between two rates is that of their intervals",
        survival_intervals.rate_tests,
        "Klein, Logan, Harhoff and Andersen 2007",
        "Any of five scales, over the rounding of all figures",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "median_symmetry",
        "The intervals of medians are read off the curve",
        survival_medians.symmetric_medians,
        "Brookmeyer and Crowley 1982",
        "Four of five symmetric within rounding, by chance in less than 1 of 200 papers",
        _TOPIC,
        STATISTICS,
    ),
    Rule(
        "median_interval",
        "The interval of a median holds the times whose rates may be one half",
        survival_medians.inverted,
        "Brookmeyer and Crowley 1982; Greenwood 1926",
        "Plain, log and log-log scales agree, over the rounding of all figures",
        _TOPIC,
        STATISTICS,
    ),
)
