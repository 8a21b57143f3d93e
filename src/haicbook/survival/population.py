"""What a chain's population is like before anything is printed of it: smooth hazards, scans, a calendar.

The figures of :data:`EVENTS`, :data:`CENSORING` and :data:`SCANS` were estimated from published trials by
`benchmarks/prior.py`, which says how. An endpoint's own trial need not be like the typical one of phase III: shapes and
departures are wider, and later hazards rise less, than estimated, so that bands hold the tuning sets of
`benchmarks/accuracy` as well, with their early, late, crossing and curing effects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.targets import PROGRESSION, Targets

if TYPE_CHECKING:
    from haicbook.survival.engine.state import HazardPopulation, Pieces

Floats = NDArray[np.float64]

# bins, in typical survival times
BINS = (0.0, 0.1, 0.25, 0.45, 0.7, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0)
_PIECES = 40  # of the time to the latest end of follow-up, over which the administrative hazard is constant


class EventPrior(NamedTuple):
    """Of log hazards of an event: standard deviations of level and ratio; the rise over the first bins, its standard
    deviation; the mean step from bin to bin after that and how far it differs between trials; the scales of the spreads
    of hazard and ratio."""

    level: float
    ratio: float
    rise: float
    rise_sd: float
    trend: float
    trend_sd: float
    spread: float
    ratio_spread: float


class CensoringPrior(NamedTuple):
    """Of early departures: patients in a typical survival time for each at risk, the logarithm's standard deviation,
    its drift from bin to bin and spread; of the part of follow-up over which patients enrolled: a logit and its
    standard deviation; of the end of follow-up in typical survival times: a logarithm and its standard deviation."""

    rate: float
    rate_sd: float
    drift: float
    spread: float
    accrual: float
    accrual_sd: float
    end: float
    end_sd: float


# death, and what is looked for at scans
EVENTS = {
    "death": EventPrior(1.0, 0.6, 0.3, 0.5, -0.04, 0.12, 0.3, 0.4),
    "progression": EventPrior(1.0, 0.6, 0.6, 0.8, -0.04, 0.12, 0.58, 0.4),
}
# of the logarithm of typical survival times (months), by which an endpoint that is not named may be either
TYPICAL = {"death": (2.65, 0.92), "progression": (1.91, 0.55)}
# how far the arms' early departures lie apart
ARMS_APART = 0.4
# "late" gives the rate of early departures a wide prior: a short median follow-up that is printed must be possible.
# "uniform" is that of trials, in which patients enrol evenly and are followed to one date; the others are assumptions.
# Ends are put later than estimated, by 0.46: members of the tuning half's figures otherwise end a quarter too early.
CENSORING = {
    "early": CensoringPrior(1.0, 0.9, -0.35, 0.2, 0.1, 1.0, 1.3, 0.47),
    "uniform": CensoringPrior(0.09, 0.9, 0.0, 0.2, 0.1, 1.0, 1.3, 0.47),
    "late": CensoringPrior(0.005, 2.0, 0.0, 0.2, -2.5, 1.0, 1.3, 0.4),
    "cohort": CensoringPrior(0.25, 0.7, 0.0, 0.3, 1.5, 0.7, 1.2, 0.45),
}
# follow-up lasts longer in typical times to progression, as a logarithm
_LONGER = 0.78
# of accrual that dates tell: the most of follow-up, and the standard deviation of its logit
_MOST_ACCRUAL, _KNOWN = 0.95, 0.3


class ScanPrior(NamedTuple):
    """Months between two scans, each with how often; the logit of the share of events that is seen at one, and its
    standard deviation."""

    every: tuple[float, ...]
    often: tuple[float, ...]
    seen: float
    seen_sd: float


SCANS = ScanPrior((0.92, 1.38, 1.84, 2.07, 2.76), (0.06, 0.24, 0.33, 0.21, 0.16), -0.5, 1.0)
_SCANS_SEEN = 12  # later ones are blurred
# a scan's window, in times between two scans
_BEFORE, _AFTER = 0.1, 0.15


def kind_of(targets: Targets, scale: float, rng: np.random.Generator) -> str:
    """`death` or `progression`: as the endpoint has it, else drawn by the typical survival time (months)."""
    if targets.endpoint:
        return "progression" if targets.endpoint in PROGRESSION else "death"
    weights = {kind: np.exp(-0.5 * ((np.log(scale) - mean) / sd) ** 2) / sd for kind, (mean, sd) in TYPICAL.items()}
    return "death" if rng.random() * sum(weights.values()) < weights["death"] else "progression"


def prior_of(kind: str, scale: float, censoring: str, accrual: float, rng: np.random.Generator) -> Floats:
    """The prior's numbers in the order of the compiled chain.

    Parameters
    ----------
    kind, scale, censoring
        Of the endpoint, its typical survival time (months), and the pattern of departures.
    accrual
        The part of follow-up over which patients enrolled, where dates say so; else 0.
    rng
        For the trend of later hazards: one trial's keeps falling where another's keeps rising, which independent steps
        from bin to bin do not give.
    """
    from haicbook.survival.engine.prior import RISING

    event, leaving = EVENTS[kind], CENSORING[censoring]
    level = np.log(np.log(2) / scale) - RISING * event.rise
    levels = (level, event.level, event.ratio, np.log(leaving.rate / scale), leaving.rate_sd, leaving.drift)
    spreads = (event.spread, event.ratio_spread, leaving.spread, ARMS_APART)
    shape = (event.rise, event.rise_sd, event.trend + event.trend_sd * rng.standard_normal())
    enrolled, enrolled_sd = leaving.accrual, leaving.accrual_sd
    if accrual > 0 and censoring != "late":
        part = min(accrual, _MOST_ACCRUAL)
        enrolled, enrolled_sd = np.log(part / (1 - part)), _KNOWN
    habits = (enrolled, SCANS.seen, enrolled_sd, SCANS.seen_sd)
    end = leaving.end + np.log(scale) + (_LONGER if kind == "progression" else 0.0)
    return np.array([*levels, *spreads, *shape, *habits, end, leaving.end_sd])


def scan_interval(targets: Targets, kind: str, rng: np.random.Generator) -> float:
    """Months between two scans, as printed or drawn; 0 where events are not looked for."""
    if kind == "death":
        return 0.0
    return targets.scan_interval or float(rng.choice(SCANS.every, p=SCANS.often))


def pieces_of(scale: float, end: float, earliest: Floats, scans: float) -> Pieces:
    """Pieces of time for bins of this scale, up to an end of follow-up, with earliest rows and scans (all months)."""
    from haicbook.survival.engine.state import Pieces

    edges = np.array([edge * scale for edge in BINS if edge * scale < end])
    visits = scans * np.arange(1, _SCANS_SEEN + 1) if scans > 0 else np.zeros(0)
    cuts = [edges, earliest, np.linspace(0, end, _PIECES, endpoint=False)]
    cuts += [visits + share * scans for share in (-_BEFORE, _AFTER, 0.5)]
    start = np.unique(np.concatenate(cuts))
    start = start[start < end]
    middle = (start + np.append(start[1:], end)) / 2
    which = np.searchsorted(edges, middle, side="right") - 1
    scan = np.zeros(start.size, dtype=np.int64)
    if scans > 0:
        nearest = np.maximum(np.rint(middle / scans), 1)
        away = middle / scans - nearest
        scan = np.where((away > -_BEFORE) & (away < _AFTER), nearest, -nearest).astype(np.int64)
        scan[nearest > _SCANS_SEEN] = 0
    first = np.searchsorted(which, np.arange(edges.size + 1)).astype(np.int64)
    return Pieces(start, which.astype(np.int64), first, scan, np.ones((3, start.size)))


def population_of(pieces: Pieces, prior: Floats) -> HazardPopulation:
    """Memory for a draw from the prior."""
    from haicbook.survival.engine.state import HazardPopulation

    bins, many = pieces.first.size - 1, pieces.start.size
    smooth, hazard = np.zeros((2, 2, bins)), np.zeros((2, 2, many))
    return HazardPopulation(pieces, smooth, hazard, np.zeros((2, many)), np.ones(3), np.zeros(2), prior)
