"""Synthetic papers: invented patients, everything that a paper would print of them, and errors injected on purpose.

Fully synthetic, for teaching and for the audit's calibration: the audit of a synthetic paper without errors should find
nothing, and an injected error is one whose place is known.
"""

from haicbook.simulate.cohort import SimulatedPatients, World, draw_patients
from haicbook.simulate.draft import Draft
from haicbook.simulate.specs import DESIGNS, Design
from haicbook.simulate.synthetic import synthetic_paper
from haicbook.simulate.typesetting import PrintingConventions

__all__ = [
    "DESIGNS",
    "Design",
    "Draft",
    "PrintingConventions",
    "SimulatedPatients",
    "World",
    "draw_patients",
    "synthetic_paper",
]
