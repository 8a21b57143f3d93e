"""Patient-level survival data reconstructed from printed summaries, and the statistics of many data sets at once."""

from haicbook.survival.chains import CENSORING
from haicbook.survival.ensemble import LABEL, Ensemble, Member
from haicbook.survival.from_study import targets_from_study
from haicbook.survival.goals import Reading
from haicbook.survival.reconstruct import ReconstructionError, reconstruct
from haicbook.survival.summary import stream, summarise
from haicbook.survival.targets import (
    ArmTargets,
    Conflict,
    Conventions,
    HazardRatio,
    Interval,
    Landmark,
    Limits,
    TargetError,
    Targets,
)
from haicbook.survival.verify import violations
from haicbook.survival.yaml_targets import read_targets

__all__ = [
    "CENSORING",
    "LABEL",
    "ArmTargets",
    "Conflict",
    "Conventions",
    "Ensemble",
    "HazardRatio",
    "Interval",
    "Landmark",
    "Limits",
    "Member",
    "Reading",
    "ReconstructionError",
    "TargetError",
    "Targets",
    "read_targets",
    "reconstruct",
    "stream",
    "summarise",
    "targets_from_study",
    "violations",
]
