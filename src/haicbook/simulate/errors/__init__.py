"""Injected errors, a module for each topic of the audit; importing them registers their injectors."""

from haicbook.simulate.errors import agreement, counts, design, hazard_ratios, moments, survival, tests, wording

MODULES = (counts, tests, moments, hazard_ratios, survival, agreement, wording, design)
