"""What a page prints of one covariate in one arm, with what its rounding leaves open; mean and SD from quartiles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from haicbook.printed import parse_cell


@dataclass(frozen=True)
class Levels:
    """Shares of the levels of a covariate.

    Attributes
    ----------
    shares
        Share of each level; of a binary covariate the share of its first level and of the other.
    n
        Patients.
    names
        What the levels are called.
    half
        Half a unit of the last printed digit of a share, for a binary covariate printed as a percentage only.
    """

    shares: tuple[float, ...]
    n: int
    names: tuple[str, ...] = ()
    half: float = 0.0

    @classmethod
    def of(cls, *counts: float, names: tuple[str, ...] = ()) -> Levels:
        """From the number of patients at each level."""
        total = sum(counts)
        if len(counts) < 2 or min(counts) < 0 or total <= 0:
            raise ValueError(
                f"found counts {counts}; allowed are two or more of 0 and above, with at least one patient"
            )
        return cls(tuple(count / total for count in counts), round(total), names)

    @classmethod
    def of_percent(cls, printed: str, n: int) -> Levels:
        """A binary covariate from its printed percentage, `36.5%`, where no count is printed."""
        ((_, value),) = parse_cell(printed, "pct")
        share = value.value / 100
        if not 0 <= share <= 1:
            raise ValueError(f"found {printed!r}; allowed is a percentage from 0 to 100")
        return cls((share, 1 - share), n, half=value.unit / 200)

    def corners(self) -> Iterator[Levels]:
        """The ends of what rounding leaves open; counts are exact."""
        if not self.half:
            yield self
            return
        for end in (-self.half, self.half):
            share = min(1.0, max(0.0, self.shares[0] + end))
            yield Levels((share, 1 - share), self.n, self.names)


@dataclass(frozen=True)
class Moments:
    """Mean and SD (n - 1 in its denominator), each with half a unit of its last printed digit."""

    mean: float
    sd: float
    n: int
    halves: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, printed: str, n: int) -> Moments:
        """From a printed `55.3 ± 9.5`."""
        mean, sd = (value for _, value in parse_cell(printed, "mean_sd"))
        return cls(mean.value, sd.value, n, (mean.unit / 2, sd.unit / 2))

    def corners(self) -> Iterator[Moments]:
        """The ends of what rounding leaves open."""
        for one, other in itertools.product(*({-half, half} for half in self.halves)):
            yield Moments(self.mean + one, max(0.0, self.sd + other), self.n)


@dataclass(frozen=True)
class Quartiles:
    """Quartiles and median, each with half a unit of its last printed digit."""

    q1: float
    median: float
    q3: float
    n: int
    halves: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def of(cls, printed: str, n: int) -> Quartiles:
        """From a printed `25.3 (14.9-52.3)`."""
        median, q1, q3 = (value for _, value in parse_cell(printed, "median_iqr"))
        return cls(q1.value, median.value, q3.value, n, (q1.unit / 2, median.unit / 2, q3.unit / 2))

    def corners(self) -> Iterator[Quartiles]:
        """The ends of what rounding leaves open."""
        for a, b, c in itertools.product(*({-half, half} for half in self.halves)):
            moved = Quartiles(self.q1 + a, self.median + b, self.q3 + c, self.n)
            if moved.q1 <= moved.median <= moved.q3:
                yield moved


Summary = Levels | Moments | Quartiles


# --- mean and SD from quartiles ---------------------------------------------------------------------------------------


def mean_and_sd_from_quartiles(q1: float, median: float, q3: float, n: int) -> tuple[float, float]:
    """Mean and SD approximated from a median with its quartiles, for roughly normal data.

    The mean is (q1 + median + q3) / 3, the SD the distance of the quartiles over that of n normal values.

    Parameters
    ----------
    q1, median, q3
        As printed, in the covariate's unit.
    n
        Patients.

    Raises
    ------
    ValueError
        When the quartiles do not enclose the median.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T. BMC Med Res Methodol 2014;14:135 (scenario C3).
    """
    _require_order(q1, median, q3)
    return (q1 + median + q3) / 3, (q3 - q1) / _quartile_distance(n)


def luo_mean(q1: float, median: float, q3: float, n: int) -> float:
    """Mean from a median with its quartiles, with the weights that are best for normal data.

    Parameters and errors are those of :func:`mean_and_sd_from_quartiles`.

    References
    ----------
    Luo D, Wan X, Liu J, Tong T. Stat Methods Med Res 2018;27:1785-1805 (scenario S2).
    """
    _require_order(q1, median, q3)
    weight = 0.7 + 0.39 / n
    return weight * (q1 + q3) / 2 + (1 - weight) * median


def skewed(q1: float, median: float, q3: float, n: int) -> bool:
    """Whether quartiles lie too unevenly about the median for normal data, tested at 5 %.

    |q1 + q3 - 2 median| / (q3 - q1) above 2.65 / sqrt(n) - 6 / n².

    References
    ----------
    Shi J, Luo D, Wan X, Liu Y, Liu J, Bian Z, Tong T. Stat Methods Med Res 2023;32:1338-1360.
    """
    _require_order(q1, median, q3)
    return q3 > q1 and abs(q1 + q3 - 2 * median) / (q3 - q1) > 2.65 / math.sqrt(n) - 6 / n**2


@lru_cache
def _quartile_distance(n: int) -> float:
    from scipy.special import ndtri

    return float(2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _require_order(q1: float, median: float, q3: float) -> None:
    if not q1 <= median <= q3:
        raise ValueError(f"found median {median:g} with quartiles {q1:g} and {q3:g}; quartiles enclose the median")
