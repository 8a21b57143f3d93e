"""Rows in order of time: to search them, to move one, to put them back in order."""

from __future__ import annotations

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.state import Constraints, Floats, Patients, Rows


@inner
def rows_until(time: Floats, until: float) -> int:
    """How many rows are of no later time."""
    low, high = 0, len(time)
    while low < high:
        middle = (low + high) // 2
        if time[middle] > until:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def rows_before(time: Floats, moment: float) -> int:
    """How many rows are of an earlier time."""
    low, high = 0, len(time)
    while low < high:
        middle = (low + high) // 2
        if time[middle] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def on_grid(time: float, step: float) -> float:
    """A time as it is recorded."""
    if step <= 0.0:
        return time
    return float(max(step, np.rint(time / step) * step))


@inner
def recorded(time: float, step: float, end: float) -> float:
    """A time as it is recorded, within follow-up."""
    shown = on_grid(time, step)
    if shown <= end:
        return shown
    return shown - step if step > 0.0 else end


@inner
def put(rows: Rows, old: int, new_time: float, new_event: bool) -> int:
    """Replace a row, keeping the order (events first at a tie); where it is then."""
    time, event = rows
    n, k = len(time), old
    while k + 1 < n and (time[k + 1] < new_time or (time[k + 1] == new_time and event[k + 1] and not new_event)):
        time[k], event[k] = time[k + 1], event[k + 1]
        k += 1
    while k > 0 and (time[k - 1] > new_time or (time[k - 1] == new_time and new_event and not event[k - 1])):
        time[k], event[k] = time[k - 1], event[k - 1]
        k -= 1
    time[k], event[k] = new_time, new_event
    return k


@inner
def put_back(rows: Rows, i: int) -> None:
    """Move row i to its place among the rows before it."""
    time, event = rows
    own_time, own_event, k = time[i], event[i], i
    while k > 0 and (time[k - 1] > own_time or (time[k - 1] == own_time and own_event and not event[k - 1])):
        time[k], event[k] = time[k - 1], event[k - 1]
        k -= 1
    time[k], event[k] = own_time, own_event


@inner
def sort_rows(rows: Rows) -> None:
    """Put rows that nearly are in order into it."""
    time, event = rows
    for i in range(1, len(time)):
        if time[i] < time[i - 1] or (time[i] == time[i - 1] and event[i] and not event[i - 1]):
            put_back(rows, i)


@inner
def copy_rows(rows: Rows, source: Rows) -> None:
    """Take over other rows of an arm; a loop makes no copy between, as assigning slices would."""
    for i in range(len(rows.time)):
        rows.time[i], rows.event[i] = source.time[i], source.event[i]


@inner
def copy_patients(patients: Patients, source: Patients) -> None:
    """Take over other rows of all arms."""
    for a in range(len(patients.sizes)):
        for i in range(patients.sizes[a]):
            patients.time[a, i], patients.event[a, i] = source.time[a, i], source.event[a, i]


@inner
def events_of(rows: Rows) -> int:
    """How many events rows have."""
    events = 0
    for i in range(len(rows.event)):
        events += rows.event[i]
    return events


@inner
def latest_row(patients: Patients) -> float:
    """The latest time of all rows."""
    last = 0.0
    for a in range(len(patients.sizes)):
        last = max(last, patients.time[a, patients.sizes[a] - 1])
    return last


@inner
def too_early(constraints: Constraints, time: float, event: bool) -> bool:
    """Whether nobody can have this time: an event, or a departure, before the first that there can be."""
    return bool(time < constraints.earliest[0 if event else 1])


@inner
def early_rows(rows: Rows, constraints: Constraints) -> int:
    """How many rows are too early."""
    many = 0
    for i in range(rows_before(rows.time, max(constraints.earliest[0], constraints.earliest[1]))):
        many += too_early(constraints, rows.time[i], rows.event[i])
    return many
