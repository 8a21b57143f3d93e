"""Patient-level survival data reconstructed from printed summaries, and the statistics of many data sets at once."""

from haicbook.survival.bands import Bands, Mark, bands
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.ensemble import LABEL, Ensemble, Member
from haicbook.survival.population import CENSORING
from haicbook.survival.pseudo_ipd import rows_text
from haicbook.survival.reconstruct import ReconstructionError, reconstruct
from haicbook.survival.summary import stream, summarise
from haicbook.survival.targets import (
    ArmTargets,
    Bound,
    Calendar,
    Conflict,
    Conventions,
    HazardRatio,
    Interval,
    Landmark,
    Limits,
    LogrankUntil,
    NumberAtRisk,
    TargetError,
    Targets,
)
from haicbook.survival.verify import violations
from haicbook.survival.yaml_targets import read_targets

__all__ = [
    "CENSORING",
    "LABEL",
    "ArmTargets",
    "AssumedConventions",
    "Bands",
    "Bound",
    "Calendar",
    "Conflict",
    "Conventions",
    "Ensemble",
    "HazardRatio",
    "Interval",
    "Landmark",
    "Limits",
    "LogrankUntil",
    "Mark",
    "Member",
    "NumberAtRisk",
    "ReconstructionError",
    "TargetError",
    "Targets",
    "bands",
    "read_targets",
    "reconstruct",
    "rows_text",
    "stream",
    "summarise",
    "violations",
]
