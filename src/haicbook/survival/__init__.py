"""Patient-level survival data reconstructed from printed summaries, and the statistics of many data sets at once."""

from haicbook.survival.attainable import ReconstructionError
from haicbook.survival.ensemble import LABEL, Ensemble, Member
from haicbook.survival.from_study import targets_from_study
from haicbook.survival.parent import CENSORING
from haicbook.survival.reconstruct import reconstruct
from haicbook.survival.summary import stream, summarise
from haicbook.survival.targets import (
    ArmTargets,
    Conflict,
    HazardRatio,
    Interval,
    Landmark,
    Limits,
    TargetError,
    Targets,
)
from haicbook.survival.verify import violations

__all__ = [
    "CENSORING",
    "LABEL",
    "ArmTargets",
    "Conflict",
    "Ensemble",
    "HazardRatio",
    "Interval",
    "Landmark",
    "Limits",
    "Member",
    "ReconstructionError",
    "TargetError",
    "Targets",
    "reconstruct",
    "stream",
    "summarise",
    "targets_from_study",
    "violations",
]
