"""Reconstructed rows as a file's text, which says of itself that the rows are synthetic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from haicbook.markup import visible
from haicbook.spreadsheet import comment, csv_cell
from haicbook.survival.ensemble import LABEL, Ensemble, Member
from haicbook.survival.verify import verified

HEADER = f"# {LABEL}"
COLUMNS = ("replicate", "arm", "time", "event")
# a millionth of a month is under three seconds
_DECIMALS = 6


def rows_text(ensemble: Ensemble, chosen: Sequence[int] | None = None) -> str:
    """Members as CSV: comment lines that say what the rows are, then `replicate,arm,time,event`.

    Parameters
    ----------
    ensemble
        A reconstruction.
    chosen
        Members, counted from 0; all of them when None. The column `replicate` counts from 1.

    Returns
    -------
    str
        Lines ended by a line feed. Times are months, to the millionth wherever a member so rounded was verified once
        more to meet all that the ensemble meets, else to the last digit; `event` is 1 where it was seen.

    Raises
    ------
    IndexError
        When there is no such member.
    """
    chosen = range(len(ensemble)) if chosen is None else chosen
    if wrong := [member for member in chosen if not 0 <= member < len(ensemble)]:
        raise IndexError(f"no member {wrong[0]}; members are 0 to {len(ensemble) - 1}")
    rows = {arm: Member(member.time[list(chosen)], member.event[list(chosen)]) for arm, member in _shortened(ensemble)}
    what = comment(f"# {visible(_what(ensemble))}")
    lines = [HEADER, what, "# time in months; event: 1 seen, 0 censored", ",".join(COLUMNS)]
    cells = {arm: csv_cell(arm) for arm in rows}
    for place, member in enumerate(chosen):
        for arm, (time, event) in rows.items():
            ordered = np.lexsort((~event[place], time[place]))
            lines += [
                f"{member + 1},{cells[arm]},{months!r},{int(seen)}"
                for months, seen in zip(time[place][ordered].tolist(), event[place][ordered].tolist(), strict=True)
            ]
    return "\n".join(lines) + "\n"


def _what(ensemble: Ensemble) -> str:
    targets = ensemble.targets
    return ", ".join(filter(None, (targets.study, targets.endpoint, targets.population, targets.criterion)))


def _shortened(ensemble: Ensemble) -> list[tuple[str, Member]]:
    """Times to the millionth where the member still meets everything, and at least one millionth."""
    short = {
        arm: Member(np.maximum(np.round(rows.time, _DECIMALS), 10.0**-_DECIMALS), rows.event)
        for arm, rows in ensemble.members.items()
    }
    good = np.array(verified(short, ensemble.kept, ensemble.conventions))
    return [
        (arm, Member(np.where(good[:, None], short[arm].time, rows.time), rows.event))
        for arm, rows in ensemble.members.items()
    ]
