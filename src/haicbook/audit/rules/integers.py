"""Whole numbers behind a printed mean and standard deviation: GRIM and GRIMMER, exact.

The sum T and the sum of squares Q of n whole numbers are whole numbers of one parity, since x and x² are both even or
both odd. A printed mean leaves a few T, a printed standard deviation a few Q. All arithmetic is in fractions: the
published scripts compare floating-point figures, and check either the first possible Q or a single rounding only.

References
----------
Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM).
Anaya J. PeerJ Preprints 2016;4:e2400v1 (GRIMMER). Allard A. Analytic-GRIMMER, 2018 (parity of the sum of squares).
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

# up to this many numbers, gaps among the sums of squares are enumerated; from five on the parity leaves none
_ENUMERATED = 4
# states of the exact enumeration within a range; beyond, only its bounds and the parity are used, which never accuse
_STATES = 120_000


@lru_cache(maxsize=1024)
def bounds(figure: str) -> tuple[Fraction, Fraction]:
    """Every number that is printed so: from half a unit below, up to but not including one unit above (cut off)."""
    value = Decimal(figure.replace(",", "").strip())
    exponent = value.as_tuple().exponent
    unit = Fraction(Decimal(1).scaleb(exponent if isinstance(exponent, int) and exponent < 0 else 0))
    return Fraction(value) - unit / 2, Fraction(value) + unit


def totals(mean: str, n: int) -> list[int]:
    """Sums of n whole numbers whose mean is printed so, by rounding or cutting off (GRIM).

    Parameters
    ----------
    mean
        As printed, `3.91`.
    n
        How many numbers.
    """
    low, high = bounds(mean)
    first = math.ceil(low * n)
    return [total for total in range(first, math.ceil(high * n) + 1) if total < high * n]


@lru_cache(maxsize=1024)
def possible(mean: str, sd: str, n: int, low: int | None = None, high: int | None = None) -> bool:
    """Whether n whole numbers (within a range) have this printed mean and standard deviation (GRIMMER).

    Parameters
    ----------
    mean, sd
        As printed. The standard deviation is that of a sample, with n - 1.
    n
        How many numbers, at least 2.
    low, high
        The range that all of them lie in; None where it is open.

    Returns
    -------
    bool
        False only when no such numbers exist. Exact without a range, and within one where the enumeration is small;
        elsewhere parity and bounds decide, so that True may be too lenient, False is proved.
    """
    return any(
        _attainable(total, squares, n, low, high)
        for total in totals(mean, n)
        for squares in _sums_of_squares(total, sd, n)
    )


def _sums_of_squares(total: int, sd: str, n: int) -> range:
    """Whole numbers Q of the parity of T for which sqrt((Q - T²/n) / (n - 1)) is printed as `sd`."""
    low, high = bounds(sd)
    middle = Fraction(total * total, n)
    first = math.ceil(max(low, Fraction(0)) ** 2 * (n - 1) + middle)
    last = high**2 * (n - 1) + middle
    start = first + (first - total) % 2
    return range(start, math.ceil(last), 2)


def least_squares(total: int, n: int) -> int:
    """Smallest sum of squares of n whole numbers with this sum: all as equal as can be."""
    each, more = divmod(total, n)
    return (n - more) * each**2 + more * (each + 1) ** 2


def most_squares(total: int, n: int, low: int, high: int) -> int | None:
    """Largest sum of squares within a range: all at its ends, but for one; None where the sum cannot be reached."""
    if not n * low <= total <= n * high:
        return None
    if low == high:
        return n * low**2
    at_top, rest = divmod(total - n * low, high - low)
    between = low + rest
    return at_top * high**2 + (n - at_top) * low**2 + (between**2 - low**2 if rest else 0)


def _attainable(total: int, squares: int, n: int, low: int | None, high: int | None) -> bool:
    if squares < least_squares(total, n):
        return False
    if low is None or high is None:
        return n > _ENUMERATED or squares in _few(total, n, squares)
    most = most_squares(total, n, low, high)
    if most is None or squares > most:
        return False
    if n * (high - low) * (n * (high - low) + 1) > _STATES:
        return True
    # numbers counted from the lower end of the range
    shifted = total - n * low
    return bool(_within(n, high - low)[shifted] >> (squares - 2 * low * shifted - n * low**2) & 1)


@lru_cache(maxsize=4096)
def _few(total: int, n: int, most: int) -> frozenset[int]:
    """Sums of squares, up to `most`, of n whole numbers with this sum; n up to four."""
    if n == 1:
        return frozenset({total**2})
    reach = math.isqrt(most)
    return frozenset(
        first**2 + rest
        for first in range(-reach, reach + 1)
        for rest in _few(total - first, n - 1, most)
        if first**2 + rest <= most
    )


@lru_cache(maxsize=64)
def _within(n: int, width: int) -> tuple[int, ...]:
    """For each sum of n numbers from 0 to `width`, the sums of squares that occur, as the bits of one number."""
    reached = [1] + [0] * (n * width)
    for taken in range(n):
        following = [0] * (n * width + 1)
        for total in range(taken * width + 1):
            if reached[total]:
                for value in range(width + 1):
                    following[total + value] |= reached[total] << value**2
        reached = following
    return tuple(reached)


def moments(frequencies: dict[int, int]) -> tuple[Fraction, Fraction]:
    """Mean and sample variance of a frequency table: patients by their whole number."""
    n = sum(frequencies.values())
    total = sum(value * count for value, count in frequencies.items())
    squares = sum(value**2 * count for value, count in frequencies.items())
    variance = (squares - Fraction(total * total, n)) / (n - 1) if n > 1 else Fraction(0)
    return Fraction(total, n), variance


def root_is_printed_as(variance: Fraction, sd: str) -> bool:
    """Whether the square root of a variance is printed so, by rounding or cutting off."""
    low, high = bounds(sd)
    return max(low, Fraction(0)) ** 2 <= variance < high**2
