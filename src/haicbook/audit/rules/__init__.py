"""The rules, a module or a folder for each topic.

Importing a module registers its rules: the order of these imports is the one in which findings are shown.
"""

# isort: off
from haicbook.audit.rules import repeats
from haicbook.audit.rules import tests
from haicbook.audit.rules import proportion_intervals
from haicbook.audit.rules import wholes
from haicbook.audit.rules import counts
from haicbook.audit.rules import moments
from haicbook.audit.rules import agreement
from haicbook.audit.rules import wording
from haicbook.audit.rules import design
from haicbook.audit.rules import hazard_ratios
from haicbook.audit.rules import survival

__all__ = [
    "agreement",
    "counts",
    "design",
    "hazard_ratios",
    "moments",
    "proportion_intervals",
    "repeats",
    "survival",
    "tests",
    "wholes",
    "wording",
]
