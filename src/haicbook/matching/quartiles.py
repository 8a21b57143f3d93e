"""Mean and SD of a covariate of which only the median and the quartiles are printed: approximations, each named."""

from __future__ import annotations

import math


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


def _quartile_distance(n: int) -> float:
    from scipy.special import ndtri

    return float(2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _require_order(q1: float, median: float, q3: float) -> None:
    if not q1 <= median <= q3:
        raise ValueError(f"found median {median:g} with quartiles {q1:g} and {q3:g}; quartiles enclose the median")
