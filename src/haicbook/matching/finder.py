"""Which definition of a standardised difference gives the one that a paper prints."""

from __future__ import annotations

import math

import pandas as pd

from haicbook.matching.definitions import Definition, definitions
from haicbook.matching.summaries import Summary
from haicbook.printed import Printed, overlap, parse_number

FINDER_COLUMNS = ["definition", "formula", "source", "smd", "low", "high", "reading", "direction"]


def attainable(definition: Definition, treated: Summary, control: Summary) -> tuple[float, float]:
    """Smallest and largest value of a definition, given how the page rounds what goes into it.

    A difference of means over a spread rises or falls in each of its figures when the others are held, so that its
    extremes lie at ends of the rounding intervals. Quartiles are in mean and SD alike; for them the ends are the
    extremes but for a term of the order of the rounding squared.
    """
    found = [definition.compute(a, b) for a in treated.corners() for b in control.corners()]
    known = [smd for smd in found if not math.isnan(smd)]
    return min(known, default=math.nan), max(known, default=math.nan)


def which_definition(
    printed: str,
    treated: Summary,
    control: Summary,
    before: tuple[Summary, Summary] | None = None,
    *,
    ordered: bool = False,
) -> pd.DataFrame:
    """Which definitions of a standardised difference give the one that a paper prints.

    Parameters
    ----------
    printed
        As printed: `0.084`, `-0.08`, or `8.4%`, which is 0.084.
    treated, control
        What is printed of each arm: :class:`Levels`, :class:`Moments` or :class:`Quartiles`.
    before, ordered
        As in :func:`definitions`.

    Returns
    -------
    pandas.DataFrame
        One row for each definition, those that reproduce the figure first: `definition`, `formula`, `source`; `smd`,
        and `low` to `high`, which it can be given the rounding of what goes into it; `reading`: `rounded` or
        `truncated` when it gives the printed figure so, else `differs`; `direction`: `treated - control`,
        `control - treated`, or `size only`. Several definitions may give one figure; that does not say which was used.

    Raises
    ------
    ValueError
        When the figure is no number, or the summaries are not of one kind.

    Examples
    --------
    >>> from haicbook.matching import Levels
    >>> found = which_definition("0.11", Levels.of(23, 52), Levels.of(19, 55))
    >>> bool((found.reading == "rounded").any())
    True
    """
    figure = parse_number(printed.strip().removesuffix("%").strip().replace("−", "-"))
    if figure.state != "exact":
        raise ValueError(
            f"found {printed!r} where a standardised difference should be; allowed is a number or a per cent"
        )
    scale = 100.0 if printed.strip().endswith("%") else 1.0
    rows = []
    for found in definitions(treated, control, before, ordered=ordered):
        low, high = attainable(found, treated, control)
        smd, reading = found.compute(treated, control), _reading(figure, scale, low, high, found.signed)
        rows.append([found.name, found.formula, found.source, smd, low, high, *reading])
    frame = pd.DataFrame(rows, columns=FINDER_COLUMNS)
    best_first = frame.reading.map({"rounded": 0, "truncated": 1, "differs": 2}).sort_values(kind="stable")
    return frame.loc[best_first.index].reset_index(drop=True)


def _reading(figure: Printed, scale: float, low: float, high: float, signed: bool) -> tuple[str, str]:
    """How the printed figure can come from [low, high], and in which direction."""
    directions = (
        {"treated - control": (low, high), "control - treated": (-high, -low)} if signed else {"size only": (low, high)}
    )
    for reading, (least, most) in (("rounded", (figure.low, figure.high)), ("truncated", _cut(figure))):
        allowed = Printed(figure.figure, figure.value, least, most, figure.decimals)
        for direction, limits in directions.items():
            if overlap(allowed, scale * limits[0], scale * limits[1]):
                return reading, direction
    return "differs", ""


def _cut(figure: Printed) -> tuple[float, float]:
    ends = (figure.value, figure.value + math.copysign(figure.unit * (1 - 1e-9), figure.value))
    return min(ends), max(ends)
