"""Batches of data sets: B rows of n patients, put in order of time together."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Patients worked on at a time: intermediate arrays then stay in the cache, and below the size (128 kB) from which the
# operating system has to give and take back each one.
_CHUNK = 12_000
# Times between these bounds (or 0) keep all their digits when two bits are put behind them.
_SCALE, _LEAST, _MOST = 2.0**-512, 2.0**-500, 2.0**500
_TWO = np.uint64(2)


def as_batch(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    """Times and events as (B, n); one data set counts as B = 1.

    Raises
    ------
    ValueError
        When the shapes differ, there is no patient, or a time is negative or not finite.
    """
    times = np.atleast_2d(np.asarray(time, dtype=float))
    events = np.atleast_2d(np.asarray(event, dtype=bool))
    if times.shape != events.shape:
        raise ValueError(f"time has shape {times.shape} and event {events.shape}; they must be the same")
    if times.size == 0:
        raise ValueError(f"time has shape {times.shape}; at least one data set of one patient is needed")
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times must be finite and not negative (months)")
    return times, events


def chunks(data_sets: int, n: int) -> list[slice]:
    """Slices of the data sets, small enough to work on at a time."""
    step = max(1, _CHUNK // n)
    return [slice(start, start + step) for start in range(0, data_sets, step)]


def order(time: Floats, event: Bools) -> Ints:
    """Row order by time, events before censorings at the same time."""
    return np.lexsort((~event, time), axis=-1).astype(np.int64)


def per_patient(values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """A covariate given once or for each data set, as (B, n).

    Raises
    ------
    ValueError
        When it is neither (n,) nor (B, n).
    """
    try:
        return np.broadcast_to(np.asarray(values, dtype=float), shape)
    except ValueError:
        raise ValueError(f"the covariate has shape {np.shape(values)}; (n,) or {shape} is needed") from None


def in_order(time: Floats, event: Bools, member: Bools | None = None) -> tuple[Floats, Bools, Bools]:
    """Times, events and group membership (B, n) by time, events before censorings at the same time.

    The bits of times that are not negative are ordered as whole numbers are. Two further bits behind them carry event
    and group along, so that one plain sort does what otherwise takes a sort of indices, ten times as long.
    """
    member = np.zeros(1, bool) if member is None else member
    inside = (time == 0) | ((time > _LEAST) & (time < _MOST))
    if not inside.all():
        rows = order(time, event)
        members = np.take_along_axis(np.broadcast_to(member, time.shape), rows, axis=1)
        return np.take_along_axis(time, rows, axis=1), np.take_along_axis(event, rows, axis=1), members
    keys = ((time * _SCALE + 0.0).view(np.uint64) << _TWO) | (~event * _TWO) | member.astype(np.uint64)
    keys.sort(axis=1)
    times = (keys >> _TWO).view(np.float64) / _SCALE
    return times, (keys & _TWO) == 0, (keys & np.uint64(1)) != 0


def rows_until(sorted_time: Floats, grid: Floats, *, inclusive: bool) -> Ints:
    """(B, G): how many rows have a time before each grid point (or at it, if inclusive)."""
    if grid.size <= _FEW:
        compare = np.less_equal if inclusive else np.less
        counts = [np.count_nonzero(compare(sorted_time, point), axis=1) for point in grid]
        return np.stack(counts, axis=1).astype(np.int64)
    side: Literal["left", "right"] = "right" if inclusive else "left"
    return np.stack([np.searchsorted(row, grid, side) for row in sorted_time]).astype(np.int64)


# Up to so many grid points, counting all rows is faster than searching each data set.
_FEW = 24


def as_grid(times: ArrayLike) -> Floats:
    """Times (G,) as numbers."""
    return np.atleast_1d(np.asarray(times, dtype=float))


def at_rows(values: Floats, rows: Ints, before_first: float) -> Floats:
    """Values (B, n) after so many rows (B, G); before the first row the value given."""
    padded = np.concatenate([np.full((values.shape[0], 1), before_first), values], axis=1)
    return np.take_along_axis(padded, rows, axis=1)
