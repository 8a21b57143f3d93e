"""Tables and figures for the page. Nothing here computes a result; it draws what it is given."""

from haicbook.show.adverse import adverse_table, differences_table, mirrored_bars
from haicbook.show.appendix import value_link
from haicbook.show.balance import balance_notes, balance_table
from haicbook.show.design import design_table, design_text
from haicbook.show.findings import findings
from haicbook.show.forest import cox_forest, love_plot, rates_forest
from haicbook.show.glance import glance
from haicbook.show.printed_tables import baseline, baseline_in_text, plain
from haicbook.show.response import interval_text, response_forest, response_table
from haicbook.show.style import use
from haicbook.show.survival import compared, departures, mean_survival_table, sources, survival_curves, survival_summary
from haicbook.show.tables import interval, lost, note, number, p_value, percent, table
from haicbook.show.text import (
    assumptions,
    balance_counts,
    extremes,
    finding_counts,
    glue,
    longer_arms,
    mean_gap,
    rerun_counts,
    response_gaps,
    sensitivity_text,
)

__all__ = [
    "adverse_table",
    "assumptions",
    "balance_counts",
    "balance_notes",
    "balance_table",
    "baseline",
    "baseline_in_text",
    "compared",
    "cox_forest",
    "departures",
    "design_table",
    "design_text",
    "differences_table",
    "extremes",
    "finding_counts",
    "findings",
    "glance",
    "glue",
    "interval",
    "interval_text",
    "longer_arms",
    "lost",
    "love_plot",
    "mean_gap",
    "mean_survival_table",
    "mirrored_bars",
    "note",
    "number",
    "p_value",
    "percent",
    "plain",
    "rates_forest",
    "rerun_counts",
    "response_forest",
    "response_gaps",
    "response_table",
    "sensitivity_text",
    "sources",
    "survival_curves",
    "survival_summary",
    "table",
    "use",
    "value_link",
]
