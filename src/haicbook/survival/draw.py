"""Draw one arm's patients so that its curve passes through every knot, with the printed number of events.

Kaplan-Meier is causal: what happens up to a knot decides the curve there, and nothing later can change it. So patients
are drawn one segment at a time. In a segment that starts with r at risk, every split into d deaths, c censorings and
the rest that can reach the next knot at all is weighed by its probability in the parent population (multinomial, and
binomial for the printed events still to come); splits and orders are drawn until one meets the knot. What is returned
is therefore a draw from the parent population, given the printed numbers met so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from haicbook.survival.knots import Knot, can_reach
from haicbook.survival.parent import Parent, Segment

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_BATCH = 64
# A split is given up when so many of its orders have missed; the limit matters to small arms only.
_TRIES = 48
_BATCHES = 40
# Beyond this many patients, counts further than this many standard deviations from the expected are left out.
_ALL_COUNTS = 60
_FAR = 8.0
_NOISE = 1e-9


@dataclass(frozen=True)
class Piece:
    """Patients who leave the risk set in one segment: times (m,) in months, ascending, and whether each died."""

    time: Floats
    event: Bools


def log_factorials(n: int) -> Floats:
    """Logarithms of 0! to n!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def binomial(total: int, probability: float) -> Floats:
    """Probabilities (total + 1,) of 0 to `total` successes."""
    successes, factorials = np.arange(total + 1), log_factorials(total)
    probability = min(max(probability, 1e-12), 1 - 1e-12)
    log_mass = -factorials - factorials[::-1] + successes * np.log(probability)
    log_mass += (total - successes) * np.log1p(-probability)
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(mass / mass.sum(), dtype=float)


def draw_arm(parent: Parent, events: int | None, rng: np.random.Generator) -> list[Piece] | None:
    """One arm's patients, a piece for each segment, or None when this attempt ended where no knot can be met.

    Parameters
    ----------
    parent
        The population.
    events
        Deaths that the arm must have; None to leave them open.
    rng
        Source of randomness.
    """
    if parent.reach is not None and not parent.reach.possible:
        return None
    here = _Place(parent, 0, parent.n, 1.0, events)
    pieces: list[Piece] = []
    while here.index < len(parent.knots):
        piece = _draw_segment(here, rng)
        if piece is None:
            return None
        pieces.append(piece)
        here = here.after(piece)
    pieces.append(_draw_tail(here.segment, here.at_risk, here.left, rng))
    return pieces


def draw_until(parent: Parent, events: int | None, rng: np.random.Generator, attempts: int) -> list[Piece] | None:
    """The first success of so many attempts to draw an arm, or None."""
    for _ in range(attempts):
        pieces = draw_arm(parent, events, rng)
        if pieces is not None:
            return pieces
    return None


@dataclass(frozen=True)
class _Place:
    """Where a draw stands: at the start of segment `index`, with so many at risk, this survival, and deaths to come."""

    parent: Parent
    index: int
    at_risk: int
    survival: float
    left: int | None

    @property
    def segment(self) -> Segment:
        return self.parent.segments[self.index]

    @property
    def knot(self) -> Knot:
        return self.parent.knots[self.index]

    def after(self, piece: Piece) -> _Place:
        risk = self.at_risk - np.flatnonzero(piece.event)
        left = None if self.left is None else self.left - risk.size
        survival = self.survival * float(np.prod((risk - 1) / risk))
        return _Place(self.parent, self.index + 1, self.at_risk - piece.time.size, survival, left)

    def meets(self, remaining: Ints, low: Floats, high: Floats) -> Bools:
        """Whether a survival from low to high, with so many still at risk, can meet the knot and go on from there."""
        knot, possible = self.knot, np.ones(remaining.shape, bool)
        possible &= (high >= knot.low) & (low <= _highest(knot, remaining))
        goes_on = self.index < len(self.parent.knots) - 1
        # someone must be at risk where a rate is printed and before every further knot, unless all have died
        if knot.rate or goes_on:
            possible &= (remaining > 0) | (low <= 0)
        low, high = np.maximum(low, knot.low), np.minimum(high, knot.high)
        possible &= low * knot.weight <= remaining * (1 + _NOISE)
        if self.parent.reach is not None:
            possible &= self.parent.reach.allows(self.index, remaining, low, high)
        elif goes_on:
            possible &= can_reach(self.parent.knots[self.index + 1], remaining, low, high)
        return possible


def _draw_segment(here: _Place, rng: np.random.Generator) -> Piece | None:
    deaths, losses, weights = _splits(here)
    if not deaths.size:
        return None
    tried = np.zeros(deaths.size, dtype=np.int64)
    for _ in range(_BATCHES):
        if not weights.any():
            break
        cumulative = np.cumsum(weights)
        chosen = np.searchsorted(cumulative, rng.random(_BATCH) * cumulative[-1], side="right")
        times, events = _orders(here.segment, deaths[chosen], losses[chosen], rng)
        risk = here.at_risk - np.arange(times.shape[1])
        reached = here.survival * np.prod(np.where(events, (risk - 1) / np.maximum(risk, 1), 1.0), axis=1)
        hit = here.meets(here.at_risk - deaths[chosen] - losses[chosen], reached, reached)
        if hit.any():
            row = int(np.argmax(hit))
            size = int(deaths[chosen[row]] + losses[chosen[row]])
            return Piece(times[row, :size], events[row, :size])
        tried += np.bincount(chosen, minlength=deaths.size)
        weights = np.where(tried < _TRIES, weights, 0.0)
    return None


def _highest(knot: Knot, remaining: Ints) -> Floats:
    """The highest survival allowed at a knot: just before a median, two deaths must be able to cross one half."""
    if not knot.median_next:
        return np.full(remaining.shape, knot.high)
    few = remaining <= 2
    return np.where(few, knot.high, 0.5 * remaining / np.maximum(remaining - 2, 1) * (1 - 1e-9))


def _splits(here: _Place) -> tuple[Ints, Ints, Floats]:
    """Deaths, censorings and weights of every split of the risk set that some order brings to the knot."""
    at_risk, segment = here.at_risk, here.segment
    pairs = np.meshgrid(_counts(at_risk, segment.death), _counts(at_risk, segment.censored), indexing="ij")
    deaths, losses = (counts.ravel() for counts in pairs)
    possible = deaths + losses <= at_risk
    if here.left is not None:
        possible &= (deaths <= here.left) & (here.left - deaths <= at_risk - deaths - losses)
    deaths, losses = deaths[possible], losses[possible]
    # deaths lower the curve least when they all come first, most when they all come last
    highest = here.survival * (at_risk - deaths) / max(at_risk, 1)
    followed = at_risk - losses
    lowest = here.survival * np.where(deaths > 0, (followed - deaths) / np.maximum(followed, 1), 1.0)
    possible = here.meets(at_risk - deaths - losses, lowest, highest)
    deaths, losses = deaths[possible], losses[possible]
    return deaths, losses, _weights(segment, at_risk, deaths, losses, here.left)


def _counts(at_risk: int, probability: float) -> Ints:
    if at_risk <= _ALL_COUNTS:
        return np.arange(at_risk + 1)
    expected, spread = at_risk * probability, np.sqrt(at_risk * probability * (1 - probability))
    margin = _FAR * spread + 6
    return np.arange(max(0, int(expected - margin)), min(at_risk, int(np.ceil(expected + margin))) + 1)


def _weights(segment: Segment, at_risk: int, deaths: Ints, losses: Ints, left: int | None) -> Floats:
    """Probabilities of the splits, up to a factor: multinomial, times that of the events that are still to come."""
    if not deaths.size:
        return np.empty(0)
    remaining = at_risk - deaths - losses
    factorials = log_factorials(at_risk)
    log_weight = deaths * np.log(segment.death) + losses * np.log(segment.censored) + remaining * np.log(segment.stays)
    log_weight -= factorials[deaths] + factorials[losses] + factorials[remaining]
    if left is not None:
        later = left - deaths
        chance = min(max(segment.later, 1e-6), 1 - 1e-6)
        log_weight += factorials[remaining] - factorials[later] - factorials[remaining - later]
        log_weight += later * np.log(chance) + (remaining - later) * np.log1p(-chance)
    return np.asarray(np.exp(log_weight - log_weight.max()), dtype=float)


def _orders(segment: Segment, deaths: Ints, losses: Ints, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Times (K, m), ascending and padded with infinity, and whether each is a death."""
    width = int((deaths + losses).max())
    column = np.arange(width)
    is_death = column < deaths[:, None]
    uniform = rng.random((deaths.size, width))
    times = np.where(
        is_death,
        np.interp(uniform, segment.death_cdf, segment.grid),
        np.interp(uniform, segment.censored_cdf, segment.grid),
    )
    times[column >= (deaths + losses)[:, None]] = np.inf
    order = np.argsort(times, axis=1, kind="stable")
    return np.take_along_axis(times, order, axis=1), np.take_along_axis(is_death, order, axis=1)


def _draw_tail(segment: Segment, at_risk: int, left: int | None, rng: np.random.Generator) -> Piece:
    """Beyond the last knot nothing is printed but, perhaps, the events: those still missing happen here."""
    if left is None:
        dies = segment.death / (segment.death + segment.censored)
        left = int(rng.choice(at_risk + 1, p=binomial(at_risk, dies)))
    deaths, losses = np.array([left]), np.array([at_risk - left])
    times, events = _orders(segment, deaths, losses, rng)
    return Piece(times[0], events[0])


def redraw_times(parent: Parent, pieces: list[Piece], warp: Floats, rng: np.random.Generator) -> Floats:
    """New times (K, n) that leave every knot and the order of deaths and censorings as they are.

    Parameters
    ----------
    parent, pieces
        A drawn arm.
    warp
        (K,) exponents: 1 draws evenly within a segment, above 1 earlier, below 1 later.
    rng
        Source of randomness.
    """
    parts = []
    for segment, piece in zip(parent.segments, pieces, strict=True):
        fraction = np.sort(rng.random((warp.size, piece.time.size)), axis=1) ** warp[:, None]
        parts.append(segment.start + (segment.end - segment.start) * fraction)
    return np.concatenate(parts, axis=1)
