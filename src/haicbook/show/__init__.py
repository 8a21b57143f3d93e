"""Tables and figures for the page. Nothing here computes a result; it draws what it is given."""

from haicbook.markup import Markup
from haicbook.show.adverse import adverse_drawn, adverse_table, adverse_words, differences_table, mirrored_bars
from haicbook.show.balance import (
    balance_notes,
    balance_table,
    only_p_notes,
    p_figure,
    p_words,
    sizes_notes,
    sizes_table,
    unnoticed_words,
)
from haicbook.show.card import card
from haicbook.show.changes import changes_figure, changes_table
from haicbook.show.design import design_table, design_text
from haicbook.show.downloads import rows_downloads
from haicbook.show.findings import findings, ranked_findings
from haicbook.show.forest import balance_words, cox_forest, cox_words, love_plot, love_plot_alt, rates_forest
from haicbook.show.glance import glance, unchecked
from haicbook.show.printed_tables import baseline, baseline_in_text, plain
from haicbook.show.reconstruction import accuracy_shown, coverage_words, reconstruction_idea
from haicbook.show.rerun import margins_figure, sensitivity_figure
from haicbook.show.rerun_text import (
    discarded_table,
    grid_words,
    known_margins_table,
    known_words,
    margins_words,
    repeated_words,
    rerun_table,
    rerun_words,
)
from haicbook.show.response import interval_text, response_forest, response_table, response_words
from haicbook.show.specification import specification_curve
from haicbook.show.style import as_svg, look, stamp, use
from haicbook.show.survival_figure import curves_alt, medians_words, survival_curves
from haicbook.show.survival_tables import (
    compared,
    compared_table,
    departures,
    found_words,
    mean_survival_table,
    opinion_words,
    reading_words,
    sources,
    survival_summary,
)
from haicbook.show.tables import interval, lost, note, number, p_value, percent, table, with_arms_named
from haicbook.show.text import (
    arm_names,
    assumptions,
    balance_counts,
    changed_words,
    extremes,
    finding_counts,
    glue,
    in_words,
    led,
    longer_arms,
    mean_gap,
    response_gaps,
    sensitivity_text,
)
from haicbook.show.value_links import value_link

__all__ = [
    "Markup",
    "accuracy_shown",
    "adverse_drawn",
    "adverse_table",
    "adverse_words",
    "arm_names",
    "as_svg",
    "assumptions",
    "balance_counts",
    "balance_notes",
    "balance_table",
    "balance_words",
    "baseline",
    "baseline_in_text",
    "card",
    "changed_words",
    "changes_figure",
    "changes_table",
    "compared",
    "compared_table",
    "coverage_words",
    "cox_forest",
    "cox_words",
    "curves_alt",
    "departures",
    "design_table",
    "design_text",
    "differences_table",
    "discarded_table",
    "extremes",
    "finding_counts",
    "findings",
    "found_words",
    "glance",
    "glue",
    "grid_words",
    "in_words",
    "interval",
    "interval_text",
    "known_margins_table",
    "known_words",
    "led",
    "longer_arms",
    "look",
    "lost",
    "love_plot",
    "love_plot_alt",
    "margins_figure",
    "margins_words",
    "mean_gap",
    "mean_survival_table",
    "medians_words",
    "mirrored_bars",
    "note",
    "number",
    "only_p_notes",
    "opinion_words",
    "p_figure",
    "p_value",
    "p_words",
    "percent",
    "plain",
    "ranked_findings",
    "rates_forest",
    "reading_words",
    "reconstruction_idea",
    "repeated_words",
    "rerun_table",
    "rerun_words",
    "response_forest",
    "response_gaps",
    "response_table",
    "response_words",
    "rows_downloads",
    "sensitivity_figure",
    "sensitivity_text",
    "sizes_notes",
    "sizes_table",
    "sources",
    "specification_curve",
    "stamp",
    "survival_curves",
    "survival_summary",
    "table",
    "unchecked",
    "unnoticed_words",
    "use",
    "value_link",
    "with_arms_named",
]
