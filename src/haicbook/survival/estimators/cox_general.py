"""Cox regression on a covariate of any values: the derivatives of its log partial likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from haicbook.survival.estimators.batches import Bools, Floats, Ints, order


@dataclass(frozen=True)
class _Ties:
    """For each row (B, n): where its tie starts and ends, its events, and its place among them."""

    first: Ints
    last: Ints
    events: Floats
    place: Floats

    @classmethod
    def of(cls, time: Floats, event: Bools) -> _Ties:
        index = np.broadcast_to(np.arange(time.shape[1]), time.shape)
        starts = np.ones(time.shape, bool)
        starts[:, 1:] = time[:, 1:] > time[:, :-1]
        first = np.maximum.accumulate(np.where(starts, index, 0), axis=1)
        ends = np.ones(time.shape, bool)
        ends[:, :-1] = starts[:, 1:]
        reverse = np.where(ends, index, time.shape[1] - 1)[:, ::-1]
        last = np.minimum.accumulate(reverse, axis=1)[:, ::-1]
        ties = cls(first.astype(np.int64), last.astype(np.int64), np.empty(0), (index - first).astype(float))
        return cls(ties.first, ties.last, ties.sum(event.astype(float)), ties.place)

    def sum(self, values: Floats) -> Floats:
        """Sum of values (B, n) over each row's tie."""
        running = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        until, before = (np.take_along_axis(running, ends, axis=1) for ends in (self.last + 1, self.first))
        return np.asarray(until - before, dtype=float)

    def at_risk(self, values: Floats) -> Floats:
        """Sum of values (B, n) over the patients at risk at each row's time."""
        remaining = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
        return np.take_along_axis(remaining, self.first, axis=1)


def of_covariate(time: Floats, event: Bools, covariate: Floats, ties: str) -> Callable[[Floats], tuple[Floats, Floats]]:
    """First and minus the second derivative (B,) of the log partial likelihood at coefficients (B,).

    Parameters
    ----------
    time, event, covariate
        (B, n), in any order.
    ties
        `efron`, `breslow` or `exact`.
    """
    rows = order(time, event)
    times, events = np.take_along_axis(time, rows, axis=1), np.take_along_axis(event, rows, axis=1)
    x: Floats = np.take_along_axis(covariate, rows, axis=1)
    x = x - x.mean(axis=1, keepdims=True)  # keeps the exponentials small; the coefficient is unchanged
    if ties == "exact":
        return _exact(times, events, x)
    blocks = _Ties.of(times, events)
    thinning = blocks.place / np.maximum(blocks.events, 1) if ties == "efron" else np.zeros_like(times)

    def derivatives(beta: Floats) -> tuple[Floats, Floats]:
        weight = np.exp(beta[:, None] * x)
        moments = []
        for power in (weight, weight * x, weight * x**2):
            moments.append(blocks.at_risk(power) - thinning * blocks.sum(power * events))
        mean = moments[1] / moments[0]
        spread = moments[2] / moments[0] - mean**2
        return ((x - mean) * events).sum(axis=1), (spread * events).sum(axis=1)

    return derivatives


def _exact(time: Floats, event: Bools, x: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    """The same for the discrete likelihood, tie by tie.

    A tie of d deaths is a choice of d of those at risk, of chance proportional to the product of their hazards; the sum
    over all choices is an elementary symmetric polynomial (Gail, Lubin and Rubinstein, Biometrika 68 (1981) 703-707).
    """

    def derivatives(beta: Floats) -> tuple[Floats, Floats]:
        both = [_exact_one(*one) for one in zip(time, event, x, beta, strict=True)]
        score, information = (np.array(values) for values in zip(*both, strict=True))
        return score, information

    return derivatives


def _exact_one(time: Floats, event: Bools, x: Floats, beta: float) -> tuple[float, float]:
    score = information = 0.0
    for moment in np.unique(time[event]):
        at_risk = time >= moment
        died = event & (time == moment)
        mean, spread = _choice(x[at_risk], int(died.sum()), beta)
        score += float(x[died].sum()) - mean
        information += spread
    return score, information


def _choice(x: Floats, deaths: int, beta: float) -> tuple[float, float]:
    """Mean and variance of the covariate's sum over a choice of so many patients."""
    largest = float((beta * x).max())
    total, first, second = np.zeros((3, deaths + 1))  # of the choices of 0, 1, 2 ... patients so far
    total[0] = 1.0
    for value in x:
        weight = np.exp(beta * value - largest)
        second[1:] += weight * (second[:-1] + 2 * value * first[:-1] + value**2 * total[:-1])
        first[1:] += weight * (first[:-1] + value * total[:-1])
        total[1:] += weight * total[:-1]
    mean = first[deaths] / total[deaths]
    return float(mean), float(second[deaths] / total[deaths] - mean**2)
