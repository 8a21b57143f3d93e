"""Tables and figures for the page. Nothing here computes a result; it draws what it is given."""

from haicbook.show.adverse import mirrored_bars
from haicbook.show.findings import findings
from haicbook.show.forest import cox_forest, love_plot, rates_forest
from haicbook.show.glance import glance
from haicbook.show.printed_tables import baseline, plain
from haicbook.show.style import use
from haicbook.show.survival import survival_curves
from haicbook.show.tables import interval, lost, note, number, p_value, percent, prose, table

__all__ = [
    "baseline",
    "cox_forest",
    "findings",
    "glance",
    "interval",
    "lost",
    "love_plot",
    "mirrored_bars",
    "note",
    "number",
    "p_value",
    "percent",
    "plain",
    "prose",
    "rates_forest",
    "survival_curves",
    "table",
    "use",
]
