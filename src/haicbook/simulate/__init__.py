"""Made-up papers: invented patients, everything that a paper would print of them, and errors planted on purpose.

Fully synthetic, for teaching and for the audit's calibration: the audit of a made-up paper without errors should find
nothing, and a planted error is one whose place is known.
"""

from haicbook.simulate.conventions import Conventions
from haicbook.simulate.draft import Draft
from haicbook.simulate.made_up import made_up
from haicbook.simulate.patients import Patients, World, draw_patients
from haicbook.simulate.specs import DESIGNS, Design

__all__ = ["DESIGNS", "Conventions", "Design", "Draft", "Patients", "World", "draw_patients", "made_up"]
