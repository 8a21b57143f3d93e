"""What rows would print: rates, medians and their limits, follow-up, the hazard ratio, the log-rank test.

The same statistics as :mod:`haicbook.survival.estimators` has for many data sets at once; here of one data set at each
step of a search, whose rows change by one or two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from haicbook.compiled import inner
from haicbook.survival.engine.rows import early_rows, rows_before, rows_until
from haicbook.survival.engine.state import (
    BRESLOW,
    CONTRAST,
    EARLY_ROWS,
    EFRON,
    EVENTS,
    FOLLOW_UP_OBSERVED,
    GREENWOOD,
    LATE_EVENTS,
    LIFE_TABLE,
    LOG,
    LOG_HR,
    LOG_HR_HIGH,
    LOG_HR_LOW,
    LOGRANK_Z,
    MEDIAN,
    MEDIAN_HIGH,
    MEDIAN_LOW,
    NORMAL,
    NUMBER_AT_RISK,
    PLAIN,
    PRODUCT_LIMIT,
    RATE,
    RATE_LOW,
    SURVIVAL,
    Bools,
    Constraints,
    Floats,
    Patients,
    Rows,
)

HALF = 1.4901161193847656e-08  # heights of a curve this close to one half lie on it, as in R
NOISE = 1e-9
NO_RATE = 1e-12  # a probability this close to 0 or 1 has no limits
AROUND_HALF = 0.05  # SPSS takes the slope at the median between heights so far from one half
# Newton's method for the hazard ratio: steps, the longest, when to stop (what is left is of the order of the square)
NEWTON_STEPS, LONGEST_STEP, SHORT_STEP = 30, 2.0, 1e-6
DIVERGED, NO_INFORMATION = 15.0, 1e-9


class Curve(NamedTuple):
    """A Kaplan-Meier curve: (n,) each, one entry a row."""

    time: Floats
    event: Bools
    survival: Floats
    greenwood: Floats


# --- curves -----------------------------------------------------------------------------------------------------------


@inner
def limit(survival: float, greenwood: float, z: float, transform: int) -> float:
    """A confidence limit of a survival probability, z standard errors from it: below 0 the lower one."""
    if survival <= NO_RATE:
        return np.nan
    wide = z * np.sqrt(greenwood)
    if transform == PLAIN or transform == NORMAL:
        value = survival * (1.0 + wide)
    elif transform == LOG:
        value = survival * np.exp(wide)
    elif survival > 1.0 - NO_RATE:
        return 1.0
    else:
        log_s = np.log(survival)
        value = np.exp(log_s * np.exp(wide / log_s))
    return float(min(max(value, 0.0), 1.0))


@inner
def rate_value(constraints: Constraints, j: int, survival: float, greenwood: float) -> float:
    """A rate or a limit of it, as a constraint has it."""
    kind, z = constraints.kind[j], constraints.z[j]
    if kind == RATE:
        return survival
    return limit(survival, greenwood, -z if kind == RATE_LOW else z, constraints.rate_interval)


@inner
def life_table(rows: Rows, until: float, width: float) -> tuple[float, float]:
    """Survival and Greenwood's sum at a time by an actuarial table with intervals of a width (months)."""
    time, event = rows
    n, survival, greenwood, row, start = len(time), 1.0, 0.0, 0, 0.0
    while start < until - NOISE and row < n:
        deaths, lost, risk = 0.0, 0.0, float(n - row)
        while row < n and time[row] < start + width:
            if event[row]:
                deaths += 1.0
            else:
                lost += 1.0
            row += 1
        exposed = risk - lost / 2.0
        if deaths > 0.0:
            survival *= 1.0 - deaths / exposed
            if exposed > deaths:
                greenwood += deaths / (exposed * (exposed - deaths))
        start += width
    return survival, greenwood


@inner
def product_limit(curve: Curve) -> int:
    """Find survival and Greenwood's sum after each row; returns the number of events.

    Events at one time need not be counted together: the product and the sum of their steps are the same.
    """
    event, n = curve.event, len(curve.event)
    height, total, deaths = 1.0, 0.0, 0
    for i in range(n - 1):
        dies, left = 1.0 if event[i] else 0.0, n - i - 1.0
        step = dies / (left * (left + 1.0))
        height *= 1.0 - step * left
        total += step
        deaths += event[i]
        curve.survival[i], curve.greenwood[i] = height, total
    curve.survival[n - 1], curve.greenwood[n - 1] = 0.0 if event[n - 1] else height, total
    return int(deaths + event[n - 1])


@inner
def climb(rows: Rows, row: int, until: int, survival: float, greenwood: float) -> tuple[float, float]:
    """Survival and Greenwood's sum after further rows, from `row` to `until`."""
    time, event = rows
    n = len(time)
    while row < until:
        now, risk, deaths = time[row], n - row, 0
        while row < until and time[row] == now:
            deaths += event[row]
            row += 1
        if deaths > 0:
            left = risk - deaths
            survival *= left / risk
            if left > 0:
                greenwood += deaths / (risk * left)
    return survival, greenwood


# --- medians ----------------------------------------------------------------------------------------------------------


@inner
def first_below(values: Floats, bound: float) -> int:
    """The first of falling values below a bound; how many there are, where none is."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < bound:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def lower_crossing(curve: Curve, until: int, transform: int, z: float) -> int:
    """The first row after which the lower limit of the curve, which falls as the curve does, is below one half."""
    low, high = 0, until
    while low < high:
        middle = (low + high) // 2
        if limit(curve.survival[middle], curve.greenwood[middle], -z, transform) < 0.5 + HALF:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def upper_crossing(curve: Curve, row: int, until: int, transform: int, z: float) -> int:
    """The first event from a row on after which the curve's upper limit is below one half; `until` where none is.

    Of events at one time the last, as the limit may rise between them.
    """
    time, event, survival, greenwood = curve
    for i in range(row, until):
        if event[i] and limit(survival[i], greenwood[i], z, transform) < 0.5 + HALF:
            if i + 1 == until or time[i + 1] > time[i] or not event[i + 1]:
                return i
    return until


@inner
def rows_with_limits(curve: Curve) -> int:
    """How many rows there are before the curve comes down to zero: from then on it has no limits."""
    n = len(curve.time)
    until = n
    if curve.survival[n - 1] == 0.0:
        while until > 0 and curve.time[until - 1] == curve.time[n - 1]:
            until -= 1
    return until


@inner
def reverse_median(time: Floats, event: Bools) -> float:
    """Median follow-up by the reverse Kaplan-Meier method."""
    n, height, median, row = len(time), 1.0, np.inf, 0
    while row < n:
        now, risk, lost = time[row], n - row, 0
        while row < n and time[row] == now:
            lost += not event[row]
            row += 1
        if lost > 0:
            if median < np.inf:
                return float(0.5 * (median + now))
            height *= (risk - lost) / risk
            if height < 0.5 + HALF:
                median = now
                if height <= 0.5 - HALF:
                    break
    return median


@inner
def slope_span(time: Floats, event: Bools) -> tuple[float, float, float, float]:
    """Where a curve last is at 0.55 or above and first at 0.45 or below: between, SPSS reads its slope.

    Returns that time and height, and the other time and height; the other time is infinite where it is not reached.
    """
    n, survival, above, over, row = len(time), 1.0, 0.0, 1.0, 0
    while row < n:
        now, risk, deaths = time[row], n - row, 0
        while row < n and time[row] == now:
            deaths += event[row]
            row += 1
        if deaths > 0:
            survival *= (risk - deaths) / risk
            if survival >= 0.5 + AROUND_HALF - NOISE:
                above, over = now, survival
            if survival <= 0.5 - AROUND_HALF + NOISE:
                return above, over, now, survival
    return above, over, np.inf, survival


@inner
def normal_limits(curve: Curve, row: int, median: float, z: float) -> tuple[float, float]:
    """Limits z standard errors from the median, which is reached at a row, by the curve's slope about it (SPSS)."""
    time, n = curve.time, len(curve.time)
    above, over, below, under = slope_span(time, curve.event)
    if row == n or below == np.inf:
        return np.inf, np.inf
    end = row
    while end + 1 < n and time[end + 1] == time[row]:
        end += 1
    if curve.survival[end] == 0.0:
        return np.inf, np.inf
    error = np.sqrt(curve.greenwood[end]) * curve.survival[end] * (below - above) / (over - under)
    return median - z * error, median + z * error


@inner
def median_and_limits(curve: Curve, transform: int, midpoint: int, z: float) -> tuple[float, float, float]:
    """The median of a curve and, where z is above 0, its confidence limits; infinite where they are not reached."""
    time, n = curve.time, len(curve.time)
    row = first_below(curve.survival, 0.5 + HALF)
    median = time[row] if row < n else np.inf
    if row < n and midpoint == 1 and curve.survival[row] > 0.5 - HALF:
        following = row + 1
        while following < n and not curve.event[following]:
            following += 1
        if following < n:
            median = 0.5 * (median + time[following])
    if z == 0.0:
        return median, np.inf, np.inf
    if transform == NORMAL:
        low, high = normal_limits(curve, row, median, z)
        return median, low, high
    until = rows_with_limits(curve)
    first = lower_crossing(curve, min(row, until), transform, z)
    last = upper_crossing(curve, row, until, transform, z)
    return median, time[first] if first < until else np.inf, time[last] if last < until else np.inf


# --- one group's numbers ----------------------------------------------------------------------------------------------


@inner
def rate_values(curve: Curve, constraints: Constraints, first: int, last: int, out: Floats) -> int:
    """Rates, limits and numbers at risk, from the first constraint on, into `out`; the first of something else."""
    kind, mark, row, until = constraints.kind, first, 0, -1.0
    while mark < last and kind[mark] <= NUMBER_AT_RISK:
        if kind[mark] == NUMBER_AT_RISK:
            out[mark] = len(curve.time) - rows_before(curve.time, constraints.time[mark])
            mark += 1
            continue
        if constraints.time[mark] != until:
            until = constraints.time[mark]
            row = rows_until(curve.time, until)
        if constraints.rates == LIFE_TABLE:
            height, total = life_table(Rows(curve.time, curve.event), until, constraints.width)
        elif row > 0:
            height, total = curve.survival[row - 1], curve.greenwood[row - 1]
        else:
            height, total = 1.0, 0.0
        out[mark] = rate_value(constraints, mark, height, total)
        if constraints.rates == PRODUCT_LIMIT and kind[mark] == RATE and height > 0.0 and curve.time[-1] < until:
            out[mark] -= 1.0  # no paper prints a rate where nobody is at risk
        mark += 1
    return mark


@inner
def curve_values(rows: Rows, constraints: Constraints, group: int, memory: Floats, out: Floats) -> None:
    """What one group's rows print: its constraints' values, into `out`; `memory` is for the curve."""
    time, event = rows
    n, kind = len(time), constraints.kind
    first, last = constraints.start[group], constraints.start[group + 1]
    curve = Curve(time, event, memory[SURVIVAL, :n], memory[GREENWOOD, :n])
    deaths = product_limit(curve)
    mark = rate_values(curve, constraints, first, last, out)
    wants, z = False, 0.0
    for j in range(mark, last):
        wants = wants or kind[j] <= MEDIAN_HIGH
        if kind[j] == MEDIAN_LOW or kind[j] == MEDIAN_HIGH:
            z = constraints.z[j]
    median, low, high = np.inf, np.inf, np.inf
    if wants:
        median, low, high = median_and_limits(curve, constraints.median_interval, constraints.midpoint, z)
    for j in range(mark, last):
        if kind[j] == MEDIAN:
            out[j] = median
        elif kind[j] == MEDIAN_LOW:
            out[j] = low
        elif kind[j] == MEDIAN_HIGH:
            out[j] = high
        elif kind[j] == EVENTS:
            out[j] = deaths
        elif kind[j] == FOLLOW_UP_OBSERVED:
            out[j] = (time[(n - 1) // 2] + time[n // 2]) / 2.0
        elif kind[j] == EARLY_ROWS:
            out[j] = early_rows(rows, constraints)
        elif kind[j] == LATE_EVENTS:
            out[j] = 0.0
            for i in range(rows_until(time, constraints.time[j]), n):
                out[j] += event[i]
        else:
            out[j] = reverse_median(time, event)


# --- the contrast -----------------------------------------------------------------------------------------------------


@inner
def exact_moments(at_risk: int, in_arm: int, deaths: int, ratio: float) -> tuple[float, float]:
    """Mean and variance of the deaths in one arm at a tie, given all deaths: Fisher's non-central hypergeometric."""
    least = max(0, deaths - (at_risk - in_arm))
    most = min(deaths, in_arm)
    weight, total, mean, square = 1.0, 0.0, 0.0, 0.0
    for k in range(least, most + 1):
        total += weight
        mean += weight * k
        square += weight * k * k
        weight *= ratio * (in_arm - k) * (deaths - k) / ((k + 1.0) * (at_risk - in_arm - deaths + k + 1.0))
    mean /= total
    return mean, square / total - mean * mean


@inner
def both_arms(patients: Patients, table: Floats) -> None:
    """Both arms' rows in order of time, into the last 3 of 7 rows of a table: time, event, whether of arm 0."""
    time, event, sizes = patients
    n0, n1, i, j = sizes[0], sizes[1], 0, 0
    for k in range(n0 + n1):
        first = j >= n1 or (i < n0 and time[0, i] <= time[1, j])
        here = i if first else j
        table[4, k] = time[0, here] if first else time[1, here]
        table[5, k] = event[0, here] if first else event[1, here]
        table[6, k] = first
        i += first
        j += not first


@inner
def risk_sets(n0: int, n1: int, last: int, table: Floats) -> tuple[int, float]:
    """Deaths in arm 0 and both, patients at risk in arm 0 and both, D columns of a table; D, and the log-rank |z|.

    Of the first `last` rows, those up to a time. Without a branch on what happened to a row: processors cannot guess
    it.
    """
    sets, k, n = 0, 0, n0 + n1
    observed, expected, variance = 0.0, 0.0, 0.0
    risk0, risk = float(n0), float(n)
    while k < last:
        now, gone0, start = table[4, k], 0.0, k
        deaths0, deaths = 0.0, 0.0
        while k < last and table[4, k] == now:
            deaths += table[5, k]
            deaths0 += table[5, k] * table[6, k]
            gone0 += table[6, k]
            k += 1
        share = risk0 / risk
        observed += deaths0
        expected += deaths * share
        variance += deaths * share * (1.0 - share) * (risk - deaths) / max(risk - 1.0, 1.0)
        table[0, sets], table[1, sets] = deaths0, deaths
        table[2, sets], table[3, sets] = risk0, risk
        sets += (deaths > 0.0) & (risk0 > 0.0) & (risk0 < risk)
        risk0 -= gone0
        risk -= k - start
    return sets, abs(observed - expected) / np.sqrt(variance) if variance > 0.0 else np.inf


@inner
def score_of(table: Floats, sets: int, ties: int, log_hr: float) -> tuple[float, float]:
    """Score and information of a single binary covariate in Cox's model."""
    score, information, ratio = 0.0, 0.0, np.exp(log_hr)
    for k in range(sets):
        deaths = int(table[1, k])
        if deaths == 1 or ties == BRESLOW:
            share = table[2, k] * ratio / (table[2, k] * ratio + table[3, k] - table[2, k])
            score += table[0, k] - deaths * share
            information += deaths * share * (1.0 - share)
        elif ties == EFRON:
            score += table[0, k]
            for d in range(deaths):
                thin = d / table[1, k]
                top = (table[2, k] - thin * table[0, k]) * ratio
                rest = table[3, k] - table[2, k] - thin * (table[1, k] - table[0, k])
                share = top / (top + rest)
                score -= share
                information += share * (1.0 - share)
        else:
            mean, spread = exact_moments(int(table[3, k]), int(table[2, k]), deaths, ratio)
            score += table[0, k] - mean
            information += spread
    return score, information


@inner
def contrast_values(patients: Patients, constraints: Constraints, table: Floats, log_hr: float, out: Floats) -> float:
    """Log hazard ratio of arm 0 against arm 1, its limits and the log-rank |z|, into `out`; the log hazard ratio.

    `table` (7, n) is memory for rows and risk sets, `log_hr` a guess; it is returned where no ratio is printed.
    """
    first, last = constraints.start[CONTRAST], constraints.start[CONTRAST + 1]
    both_arms(patients, table)
    n0, n1 = patients.sizes[0], patients.sizes[1]
    for j in range(first, last):
        if constraints.kind[j] == LOGRANK_Z and constraints.time[j] < np.inf:
            _, out[j] = risk_sets(n0, n1, rows_until(table[4, : n0 + n1], constraints.time[j]), table)
    sets, z = risk_sets(n0, n1, n0 + n1, table)
    information = 0.0
    for _ in range(NEWTON_STEPS if constraints.kind[first] <= LOG_HR_HIGH else 0):
        score, information = score_of(table, sets, constraints.ties, log_hr)
        if information < NO_INFORMATION or abs(log_hr) > DIVERGED:
            break
        change = max(-LONGEST_STEP, min(LONGEST_STEP, score / information))
        log_hr += change
        if abs(change) < SHORT_STEP:
            break
    error = 1.0 / np.sqrt(information) if information > NO_INFORMATION else np.inf
    for j in range(first, last):
        if constraints.kind[j] == LOG_HR:
            out[j] = log_hr
        elif constraints.kind[j] == LOG_HR_LOW:
            out[j] = log_hr - constraints.z[j] * error
        elif constraints.kind[j] == LOG_HR_HIGH:
            out[j] = log_hr + constraints.z[j] * error
        elif constraints.time[j] == np.inf:
            out[j] = z
    return log_hr
