"""Compiled inner loops of the reconstruction: a Markov chain over patients' rows, and what the rows would print.

An arm is a row of two arrays, times sorted (events first at a tie) and events. A goal is a printed number: its kind,
the group of patients it is of (0 and 1 the arms, 2 both, 3 the contrast), a time where it has one, and the interval
that the number stands for, in the scale in which it is met (logarithms for ratios, |z| for a p-value).

Functions here are compiled, so they are plain loops; `haicbook.survival.chains` is their only caller, and every data
set that they yield is verified by code that shares nothing with them. They are in one file on purpose: machine code
that is kept from an earlier run does not notice a change of a function in another one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from haicbook.compiled import borrowing, compiled

# kinds of goals
RATE, RATE_LOW, RATE_HIGH, MEDIAN, MEDIAN_LOW, MEDIAN_HIGH, EVENTS, FOLLOWED, FOLLOWED_REVERSE, LATE = range(10)
LOG_HR, LOG_HR_LOW, LOG_HR_HIGH, LOGRANK_Z = range(10, 14)
# conventions of confidence intervals, of ties, of rates
PLAIN, LOG, LOG_LOG, NORMAL = range(4)
EFRON, BRESLOW, EXACT = range(3)
PRODUCT_LIMIT, LIFE_TABLE = range(2)
POOLED, CONTRAST = 2, 3
# arms whose numbers are to be found anew; with a type, as for plain figures numba compiles a function once for each
EVERY, NEITHER = np.int64(-1), np.int64(2)

Z = 1.959963984540054
UNREACHED = 4.0  # what it adds to misses that a time is reached and should not be, or the other way round
NEAR = 20.0  # what is missed after a projection, cold, for the rest to be worth single steps
MENDING, MENDED = 300, 50  # steps that mend a stretch of rows; one in so many is mended
SHAKES = 200_000  # rows bent at random, to bring what is printed of both arms together near
CROWDING = 40.0  # how much bends that meet the contrast may crowd the rows: a logarithm of their density
SOONEST = 1.0 / 60.0  # months: no bend moves a patient's time to the first half day
MORE_KNOTS = 4  # at rows drawn at random, between which an arm is bent
FAR = 1e6  # months: later than anything that is printed
HALF = 1.4901161193847656e-08  # heights of a curve this close to one half lie on it, as in R


class Goals(NamedTuple):
    """Printed numbers, J of them sorted by group, and the program's conventions."""

    kind: Any
    group: Any
    time: Any
    low: Any
    high: Any
    warm: Any
    cold: Any
    start: Any  # (5,) the first goal of each group
    median_interval: int
    rate_interval: int
    ties: int
    rates: int
    middle: int  # 1: a step on one half has its median in the middle (R), 0: at its start
    horizon: Any  # (1,) the end of follow-up (months), drawn anew where it is not printed
    ends: Any  # (2,) between which it lies
    step: float  # of the grid of times; 0 for none
    curve: Any  # (2, n) working memory of a curve


class Parent(NamedTuple):
    """A draw from the prior, updated in place: log hazards of event and censoring on bins of time, and the hazards."""

    edges: Any  # (K,) where bins start
    event: Any  # (2, K)
    censor: Any  # (2, K)
    die: Any  # (2, K) exp(event)
    leave: Any  # (2, K) exp(censor)
    spread: Any  # (3,) of a step of the log hazard, of the log hazard ratio, of the log censoring hazard
    prior: Any  # see PRIOR


# places in Parent.prior
LEVEL, LEVEL_SD, RATIO_SD, CENSOR_LEVEL, CENSOR_SD, CENSOR_DRIFT, SPREAD_EVENT, SPREAD_RATIO, SPREAD_CENSOR, APART = (
    range(10)
)
RISE, RISE_SD, DECLINE = range(10, 13)
RISING = 2  # bins after the first over which the hazard of an event rises


@borrowing
def limit(survival, green, side, transform):
    """A confidence limit of a survival probability; `side` is -1 for the lower and 1 for the upper."""
    if survival <= 1e-12:
        return np.nan
    wide = side * Z * np.sqrt(green)
    if transform == PLAIN or transform == NORMAL:
        value = survival * (1.0 + wide)
    elif transform == LOG:
        value = survival * np.exp(wide)
    elif survival > 1.0 - 1e-12:
        return 1.0
    else:
        log_s = np.log(survival)
        value = np.exp(log_s * np.exp(wide / log_s))
    return min(max(value, 0.0), 1.0)


@borrowing
def life_table(time, event, n, until):
    """Survival and Greenwood's sum at a time by an actuarial table with intervals of one month."""
    survival, green, row, start = 1.0, 0.0, 0, 0.0
    while start < until - 1e-9 and row < n:
        deaths, lost, risk = 0.0, 0.0, float(n - row)
        while row < n and time[row] < start + 1.0:
            if event[row]:
                deaths += 1.0
            else:
                lost += 1.0
            row += 1
        exposed = risk - lost / 2.0
        if deaths > 0.0:
            survival *= 1.0 - deaths / exposed
            if exposed > deaths:
                green += deaths / (exposed * (exposed - deaths))
        start += 1.0
    return survival, green


@borrowing
def heights(event, n, survival, green):
    """Survival and Greenwood's sum after each row, into arrays (n,); returns the number of events.

    Events at one time need not be counted together: the product and the sum of their steps are the same.
    """
    height, total, deaths = 1.0, 0.0, 0
    for i in range(n - 1):
        dies, left = 1.0 if event[i] else 0.0, n - i - 1.0
        step = dies / (left * (left + 1.0))
        height *= 1.0 - step * left
        total += step
        deaths += event[i]
        survival[i], green[i] = height, total
    survival[n - 1], green[n - 1] = 0.0 if event[n - 1] else height, total
    return deaths + event[n - 1]


@borrowing
def first_below(values, n, bound):
    """The first of n falling values below a bound; n where none is."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if values[middle] < bound:
            high = middle
        else:
            low = middle + 1
    return low


@borrowing
def rows_until(time, n, until):
    """How many of n rows are of no later time."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if time[middle] > until:
            high = middle
        else:
            low = middle + 1
    return low


@borrowing
def lower_crossing(survival, green, until, transform):
    """The first row after which the lower limit of the curve, which falls as the curve does, is below one half."""
    low, high = 0, until
    while low < high:
        middle = (low + high) // 2
        if limit(survival[middle], green[middle], -1.0, transform) < 0.5 + HALF:
            high = middle
        else:
            low = middle + 1
    return low


@borrowing
def upper_crossing(time, event, until, survival, green, row, transform):
    """The first event from a row on after which the curve's upper limit is below one half; `until` where none is.

    Of events at one time the last, as the limit may rise between them.
    """
    for i in range(row, until):
        if event[i] and limit(survival[i], green[i], 1.0, transform) < 0.5 + HALF:
            if i + 1 == until or time[i + 1] > time[i] or not event[i + 1]:
                return i
    return until


@borrowing
def rows_with_limits(time, n, survival):
    """How many rows there are before the curve comes down to zero: from then on it has no limits."""
    until = n
    if survival[n - 1] == 0.0:
        while until > 0 and time[until - 1] == time[n - 1]:
            until -= 1
    return until


@borrowing
def reverse_median(time, event, n):
    """Median follow-up by the reverse Kaplan-Meier method."""
    height, median, row = 1.0, np.inf, 0
    while row < n:
        now, risk, lost = time[row], n - row, 0
        while row < n and time[row] == now:
            lost += not event[row]
            row += 1
        if lost > 0:
            if median < np.inf:
                return 0.5 * (median + now)
            height *= (risk - lost) / risk
            if height < 0.5 + HALF:
                median = now
                if height <= 0.5 - HALF:
                    break
    return median


@borrowing
def span(time, event, n):
    """Where a curve last stands at 0.55 or above and first at 0.45 or below: between, SPSS reads its slope.

    Returns that time and height, and the other time and height; the other time is infinite where it is not reached.
    """
    survival, above, over, row = 1.0, 0.0, 1.0, 0
    while row < n:
        now, risk, deaths = time[row], n - row, 0
        while row < n and time[row] == now:
            deaths += event[row]
            row += 1
        if deaths > 0:
            survival *= (risk - deaths) / risk
            if survival >= 0.55 - 1e-9:
                above, over = now, survival
            if survival <= 0.45 + 1e-9:
                return above, over, now, survival
    return above, over, np.inf, survival


@borrowing
def normal_limits(time, event, n, row, median, survival, green):
    """Limits 1.96 standard errors from the median, which is reached at a row, by the curve's slope about it (SPSS)."""
    above, over, below, under = span(time, event, n)
    if row == n or below == np.inf:
        return np.inf, np.inf
    end = row
    while end + 1 < n and time[end + 1] == time[row]:
        end += 1
    if survival[end] == 0.0:
        return np.inf, np.inf
    error = np.sqrt(green[end]) * survival[end] * (below - above) / (over - under)
    return median - Z * error, median + Z * error


@borrowing
def median_and_limits(time, event, n, survival, green, transform, middle, with_limits):
    """The median of a curve and its confidence limits, infinite where they are not reached."""
    row = first_below(survival, n, 0.5 + HALF)
    median = time[row] if row < n else np.inf
    if row < n and middle == 1 and survival[row] > 0.5 - HALF:
        following = row + 1
        while following < n and not event[following]:
            following += 1
        if following < n:
            median = 0.5 * (median + time[following])
    if not with_limits:
        return median, np.inf, np.inf
    if transform == NORMAL:
        low, high = normal_limits(time, event, n, row, median, survival, green)
        return median, low, high
    until = rows_with_limits(time, n, survival)
    first = lower_crossing(survival, green, min(row, until), transform)
    last = upper_crossing(time, event, until, survival, green, row, transform)
    return median, time[first] if first < until else np.inf, time[last] if last < until else np.inf


@borrowing
def curve_values(time, event, n, goals, first, last, out):
    """What one group's rows print: goals first to last, into `out`."""
    kind = goals.kind
    survival, green = goals.curve[0], goals.curve[1]
    deaths = heights(event, n, survival, green)
    mark, row, until = first, 0, -1.0
    while mark < last and kind[mark] <= RATE_HIGH:
        if goals.time[mark] != until:
            until = goals.time[mark]
            row = rows_until(time, n, until)
        if goals.rates == LIFE_TABLE:
            height, total = life_table(time, event, n, until)
        elif row > 0:
            height, total = survival[row - 1], green[row - 1]
        else:
            height, total = 1.0, 0.0
        out[mark] = rate_value(kind[mark], height, total, goals.rate_interval)
        if goals.rates == PRODUCT_LIMIT and kind[mark] == RATE and height > 0.0 and time[n - 1] < until:
            out[mark] -= 1.0  # no paper prints a rate where nobody is at risk
        mark += 1
    wants, wants_limits = False, False
    for j in range(mark, last):
        wants = wants or kind[j] <= MEDIAN_HIGH
        wants_limits = wants_limits or kind[j] == MEDIAN_LOW or kind[j] == MEDIAN_HIGH
    median, low, high = np.inf, np.inf, np.inf
    if wants:
        median, low, high = median_and_limits(
            time, event, n, survival, green, goals.median_interval, goals.middle, wants_limits
        )
    for j in range(mark, last):
        if kind[j] == MEDIAN:
            out[j] = median
        elif kind[j] == MEDIAN_LOW:
            out[j] = low
        elif kind[j] == MEDIAN_HIGH:
            out[j] = high
        elif kind[j] == EVENTS:
            out[j] = deaths
        elif kind[j] == FOLLOWED:
            out[j] = (time[(n - 1) // 2] + time[n // 2]) / 2.0
        elif kind[j] == LATE:
            out[j] = 0.0
            for i in range(rows_until(time, n, goals.time[j]), n):
                out[j] += event[i]
        else:
            out[j] = reverse_median(time, event, n)


@borrowing
def rate_value(kind, survival, green, transform):
    """A rate or a limit of it."""
    if kind == RATE:
        return survival
    return limit(survival, green, -1.0 if kind == RATE_LOW else 1.0, transform)


@borrowing
def exact_moments(at_risk, in_arm, deaths, ratio):
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


@borrowing
def both_arms(time, event, n0, n1, table):
    """Both arms' rows in order of time, into the last 3 of 7 rows of a table: time, event, whether of arm 0."""
    i, j = 0, 0
    for k in range(n0 + n1):
        first = j >= n1 or (i < n0 and time[0, i] <= time[1, j])
        here = i if first else j
        table[4, k] = time[0, here] if first else time[1, here]
        table[5, k] = event[0, here] if first else event[1, here]
        table[6, k] = first
        i += first
        j += not first


@borrowing
def risk_sets(n0, n1, table):
    """Deaths in arm 0 and both, patients at risk in arm 0 and both, D columns of a table; D, and the log-rank |z|.

    Without a branch on what happened to a row: processors cannot guess it.
    """
    sets, k, n = 0, 0, n0 + n1
    observed, expected, variance = 0.0, 0.0, 0.0
    risk0, risk = float(n0), float(n)
    while k < n:
        now, gone0, start = table[4, k], 0.0, k
        deaths0, deaths = 0.0, 0.0
        while k < n and table[4, k] == now:
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


@borrowing
def score_of(table, sets, ties, beta):
    """Score and information of a single binary covariate in Cox's model."""
    score, information, ratio = 0.0, 0.0, np.exp(beta)
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


@borrowing
def contrast_values(time, event, n0, n1, goals, table, beta, out):
    """Log hazard ratio of arm 0 against arm 1, its limits and the log-rank |z|; returns the log hazard ratio.

    `table` (7, n0 + n1) is room for rows and risk sets; without a hazard ratio among the goals, `beta` is returned.
    """
    first, last = goals.start[CONTRAST], goals.start[CONTRAST + 1]
    both_arms(time, event, n0, n1, table)
    sets, z = risk_sets(n0, n1, table)
    information = 0.0
    for _ in range(30 if goals.kind[first] <= LOG_HR_HIGH else 0):
        score, information = score_of(table, sets, goals.ties, beta)
        if information < 1e-9 or abs(beta) > 15.0:
            break
        change = max(-2.0, min(2.0, score / information))
        beta += change
        if abs(change) < 1e-6:  # what is left is of the order of its square
            break
    error = 1.0 / np.sqrt(information) if information > 1e-9 else np.inf
    for j in range(first, last):
        if goals.kind[j] == LOG_HR:
            out[j] = beta
        elif goals.kind[j] == LOG_HR_LOW:
            out[j] = beta - Z * error
        elif goals.kind[j] == LOG_HR_HIGH:
            out[j] = beta + Z * error
        else:
            out[j] = z
    return beta


@borrowing
def misses(goals, first, last, values, heat):
    """How far goals first to last are missed, each in units of its tolerance at this heat (1 warm, 0 cold)."""
    total = 0.0
    for j in range(first, last):
        value, low, high = values[j], goals.low[j], goals.high[j]
        if value != value:
            return 1e9
        if low == np.inf:
            if value == np.inf:
                continue
            away = max(goals.ends[1] - value, 0.0) + 1.0
            total += UNREACHED
        elif value == np.inf:
            away = max(goals.ends[1] - high, 0.0) + 1.0
            total += UNREACHED
        elif value < low:
            away = low - value
        elif value > high:
            away = value - high
        else:
            continue
        total += away / (goals.warm[j] ** heat * goals.cold[j] ** (1.0 - heat))
    return total


@borrowing
def merged(time, event, n0, n1, pooled_time, pooled_event):
    """Both arms' rows in order of time, events first."""
    i, j = 0, 0
    for k in range(n0 + n1):
        if j >= n1:
            take = True
        elif i >= n0:
            take = False
        elif time[0, i] != time[1, j]:
            take = time[0, i] < time[1, j]
        else:
            take = event[0, i] >= event[1, j]
        if take:
            pooled_time[k], pooled_event[k] = time[0, i], event[0, i]
            i += 1
        else:
            pooled_time[k], pooled_event[k] = time[1, j], event[1, j]
            j += 1


@borrowing
def bin_of(edges, time):
    """The bin that a time lies in."""
    k = 0
    while k + 1 < len(edges) and edges[k + 1] < time:
        k += 1
    return k


@borrowing
def on_grid(time, step):
    """A time as it is recorded."""
    if step <= 0.0:
        return time
    return max(step, np.rint(time / step) * step)


@borrowing
def hazards(parent):
    """Bring the hazards up to date with their logarithms."""
    for a in range(2):
        for k in range(len(parent.edges)):
            parent.die[a, k], parent.leave[a, k] = np.exp(parent.event[a, k]), np.exp(parent.censor[a, k])


@borrowing
def share_gone(parent, arm, end):
    """The probability that a patient has an event or leaves before a time."""
    edges, total, k = parent.edges, 0.0, 0
    while k + 1 < len(edges) and edges[k + 1] < end:
        total += (parent.die[arm, k] + parent.leave[arm, k]) * (edges[k + 1] - edges[k])
        k += 1
    return -np.expm1(-total - (parent.die[arm, k] + parent.leave[arm, k]) * (end - edges[k]))


@borrowing
def when_gone(parent, arm, share, k, passed):
    """The time by which a share of the patients is gone, its bin, and the cumulative hazard before that bin.

    Looks from bin k on, before which the cumulative hazard is `passed`.
    """
    edges, hazard = parent.edges, -np.log1p(-share)
    while True:
        rate = parent.die[arm, k] + parent.leave[arm, k]
        if k + 1 == len(edges) or hazard <= passed + rate * (edges[k + 1] - edges[k]):
            return edges[k] + (hazard - passed) / rate, k, passed
        passed += rate * (edges[k + 1] - edges[k])
        k += 1


@borrowing
def recorded(time, step, end):
    """A time as it is recorded, within follow-up."""
    time = on_grid(time, step)
    if time <= end:
        return time
    return time - step if step > 0.0 else end


@borrowing
def draw_row(parent, arm, goals, rng):
    """Time and event of one patient, given that they are followed no longer than the end of follow-up."""
    share = rng.random() * share_gone(parent, arm, goals.horizon[0])
    time, k, _ = when_gone(parent, arm, share, 0, 0.0)
    dies, leaves = parent.die[arm, k], parent.leave[arm, k]
    return recorded(time, goals.step, goals.horizon[0]), rng.random() * (dies + leaves) < dies


@borrowing
def log_density(parent, arm, time, event):
    """Logarithm of the density of a row."""
    edges, total = parent.edges, 0.0
    k = 0
    while True:
        end = time if k + 1 == len(edges) else min(time, edges[k + 1])
        total -= (parent.die[arm, k] + parent.leave[arm, k]) * (end - edges[k])
        if end >= time:
            break
        k += 1
    return total + (parent.event[arm, k] if event else parent.censor[arm, k])


@borrowing
def put(time, event, n, old, new_time, new_event):
    """Replace row `old` of one arm, keeping the order (events first at a tie)."""
    k = old
    while k + 1 < n and (time[k + 1] < new_time or (time[k + 1] == new_time and event[k + 1] and not new_event)):
        time[k], event[k] = time[k + 1], event[k + 1]
        k += 1
    while k > 0 and (time[k - 1] > new_time or (time[k - 1] == new_time and new_event and not event[k - 1])):
        time[k], event[k] = time[k - 1], event[k - 1]
        k -= 1
    time[k], event[k] = new_time, new_event
    return k


@compiled
def tally(edges, time, event, sizes):
    """By arm and bin of time: events and departures (2, A, K), and time at risk (A, K)."""
    arms, bins = len(sizes), len(edges)
    count, exposure = np.zeros((2, arms, bins)), np.zeros((arms, bins))
    for a in range(arms):
        k = 0
        for i in range(sizes[a]):
            while k + 1 < bins and edges[k + 1] < time[a, i]:
                k += 1
            count[0 if event[a, i] else 1, a, k] += 1.0
            for b in range(k):
                exposure[a, b] += edges[b + 1] - edges[b]
            exposure[a, k] += time[a, i] - edges[k]
    return count, exposure


@borrowing
def update_hazards(parent, what, pick, count, exposure, rng):
    """A Metropolis step in each bin. `pick` 0: the baseline in all arms, 1: the ratio alone, 2: a shift from it on."""
    arms, bins = count.shape
    last = arms - 1  # the reference arm
    table = parent.event if what == 0 else parent.censor
    for k in range(bins):
        until = k + 1 if pick != 2 else bins
        at_bins = 0.0
        for b in range(k, until):
            at_bins += count[0, b] + (count[last, b] if arms > 1 and pick != 1 else 0.0)
        width = (0.4 if pick == 2 else 1.0) * 2.0 / np.sqrt(at_bins + 4.0)
        change = width * rng.standard_normal()
        moved = 1 if pick == 1 or (pick == 2 and arms > 1 and rng.random() < 0.5) else arms
        gain = -log_prior(parent, what, arms)
        for a in range(moved):
            for b in range(k, until):
                # what the rows say of a log hazard y: count * y - exposure * exp(y)
                y = table[a, b]
                gain += count[a, b] * change - exposure[a, b] * (np.exp(y + change) - np.exp(y))
                table[a, b] = y + change
        gain += log_prior(parent, what, arms)
        if np.log(rng.random()) > gain:
            for a in range(moved):
                for b in range(k, until):
                    table[a, b] -= change


@borrowing
def update_spreads(parent, arms, rng):
    """A Metropolis step for the spread of each random walk."""
    for s in range(3):
        if s == 1 and arms == 1:
            continue
        what = 1 if s == 2 else 0
        old, scale = parent.spread[s], parent.prior[SPREAD_EVENT + s]
        before = log_prior(parent, what, arms) + log_spread(old, scale)
        parent.spread[s] = old * np.exp(0.4 * rng.standard_normal())
        after = log_prior(parent, what, arms) + log_spread(parent.spread[s], scale)
        if np.log(rng.random()) > after - before:
            parent.spread[s] = old


@compiled
def update_parent(parent, time, event, sizes, rng):
    """One sweep of Metropolis steps over the hazards and their spreads, given the rows."""
    arms = len(sizes)
    count, exposure = tally(parent.edges, time, event, sizes)
    for what in range(2):
        for pick in range(3):
            if pick != 1 or arms > 1:
                update_hazards(parent, what, pick, count[what], exposure, rng)
    update_spreads(parent, arms, rng)
    hazards(parent)


@borrowing
def log_spread(spread, scale):
    """Half-normal, with the Jacobian of its logarithm."""
    return np.log(spread) - 0.5 * (spread / scale) ** 2


@borrowing
def log_prior(parent, what, arms):
    """Of the event hazards (what = 0) or of the censoring hazards (1): random walks on the bins."""
    prior, bins, last = parent.prior, len(parent.edges), arms - 1
    total = 0.0
    if what == 0:
        base, sd = parent.event[last], parent.spread[0]
        total -= 0.5 * ((base[0] - prior[LEVEL]) / prior[LEVEL_SD]) ** 2
        for k in range(1, bins):
            step, wide = (prior[RISE], np.hypot(sd, prior[RISE_SD])) if k <= RISING else (prior[DECLINE], sd)
            total -= 0.5 * ((base[k] - base[k - 1] - step) / wide) ** 2 + np.log(wide)
        if arms > 1:
            sd = parent.spread[1]
            before = parent.event[0, 0] - base[0]
            total -= 0.5 * (before / prior[RATIO_SD]) ** 2
            for k in range(1, bins):
                ratio = parent.event[0, k] - base[k]
                total -= 0.5 * ((ratio - before) / sd) ** 2 + np.log(sd)
                before = ratio
        return total
    sd = parent.spread[2]
    base = parent.censor[last]
    total -= 0.5 * ((base[0] - prior[CENSOR_LEVEL]) / prior[CENSOR_SD]) ** 2
    for k in range(1, bins):
        total -= 0.5 * ((base[k] - base[k - 1] - prior[CENSOR_DRIFT]) / sd) ** 2 + np.log(sd)
    if arms > 1:
        for k in range(bins):
            total -= 0.5 * ((parent.censor[0, k] - base[k]) / prior[APART]) ** 2
    return total


class Room(NamedTuple):
    """Working memory of one chain."""

    values: Any  # (J,) what the rows print
    fresh: Any  # (J,) what they would print after a move
    missed: Any  # (4,) by group, at the present heat
    trial: Any  # (4,)
    table: Any  # (7, n) risk sets, and the rows that they are made of
    pooled_time: Any  # (n,)
    pooled_event: Any  # (n,)
    beta: Any  # (1,) last log hazard ratio
    saved: Any  # (n,) times before a move
    cold: Any  # (2,) arms that are kept cold


@borrowing
def draw_parent(parent, arms, rng):
    """Hazards and spreads from their prior."""
    prior, bins, last = parent.prior, len(parent.edges), arms - 1
    for s in range(3):
        parent.spread[s] = abs(rng.standard_normal()) * prior[SPREAD_EVENT + s] + 0.02
    level = prior[LEVEL] + prior[LEVEL_SD] * rng.standard_normal()
    ratio = prior[RATIO_SD] * rng.standard_normal() if arms > 1 else 0.0
    lost = prior[CENSOR_LEVEL] + prior[CENSOR_SD] * rng.standard_normal()
    for k in range(bins):
        parent.event[last, k] = level
        parent.event[0, k] = level + ratio
        parent.censor[last, k] = lost
        if arms > 1:
            parent.censor[0, k] = lost + prior[APART] * rng.standard_normal()
        if k < RISING:
            level += prior[RISE] + np.hypot(parent.spread[0], prior[RISE_SD]) * rng.standard_normal()
        else:
            level += prior[DECLINE] + parent.spread[0] * rng.standard_normal()
        lost += prior[CENSOR_DRIFT] + parent.spread[2] * rng.standard_normal()
        if arms > 1:
            ratio += parent.spread[1] * rng.standard_normal()
    hazards(parent)


@borrowing
def draw_rows(parent, time, event, sizes, goals, rng):
    """All rows anew from the parent, in order: ordered shares are sums of exponential steps over the sum of one more.

    Renyi A. Acta Math Hung 1953;4:191-231.
    """
    for a in range(len(sizes)):
        n, total = sizes[a], 0.0
        for i in range(n):
            total += rng.standard_exponential()
            time[a, i] = total
        part = share_gone(parent, a, goals.horizon[0]) / (total + rng.standard_exponential())
        k, passed = 0, 0.0
        for i in range(n):
            moment, k, passed = when_gone(parent, a, part * time[a, i], k, passed)
            time[a, i] = recorded(moment, goals.step, goals.horizon[0])
            event[a, i] = rng.random() * (parent.die[a, k] + parent.leave[a, k]) < parent.die[a, k]
        in_order(time[a], event[a], n)


@borrowing
def heat_of(room, group, heat):
    """What is printed of both arms rests on counts that cold arms no longer change, so it cools first."""
    if group >= POOLED:
        return max(0.0, 1.5 * heat - 0.5)
    return 0.0 if room.cold[group] else heat


@borrowing
def evaluate(time, event, sizes, goals, room, arm, heat, allowed):
    """What the rows print after a change of one arm (-1: of all); stops early, above what is allowed. Into `fresh`."""
    start, total = goals.start, 0.0
    for a in range(len(sizes)):
        if arm < 0 or a == arm:
            curve_values(time[a], event[a], sizes[a], goals, start[a], start[a + 1], room.fresh)
            room.trial[a] = misses(goals, start[a], start[a + 1], room.fresh, heat_of(room, a, heat))
        else:
            room.trial[a] = room.missed[a]
        total += room.trial[a]
    room.trial[POOLED], room.trial[CONTRAST] = 0.0, 0.0
    if total > allowed or len(sizes) == 1:
        return total
    if start[POOLED + 1] > start[POOLED]:
        merged(time, event, sizes[0], sizes[1], room.pooled_time, room.pooled_event)
        n = sizes[0] + sizes[1]
        curve_values(room.pooled_time, room.pooled_event, n, goals, start[POOLED], start[POOLED + 1], room.fresh)
        own = heat_of(room, POOLED, heat)
        room.trial[POOLED] = misses(goals, start[POOLED], start[POOLED + 1], room.fresh, own)
        total += room.trial[POOLED]
        if total > allowed:
            return total
    if start[CONTRAST + 1] > start[CONTRAST]:
        guess = room.beta[0] if abs(room.beta[0]) < 5.0 else 0.0
        room.beta[0] = contrast_values(time, event, sizes[0], sizes[1], goals, room.table, guess, room.fresh)
        room.trial[CONTRAST] = misses(
            goals, start[CONTRAST], start[CONTRAST + 1], room.fresh, heat_of(room, CONTRAST, heat)
        )
        total += room.trial[CONTRAST]
    return total


@borrowing
def settle(goals, room, arm):
    """Take what was evaluated as the present state."""
    for g in range(4):
        if arm < 0 or g == arm or g >= POOLED:
            for j in range(goals.start[g], goals.start[g + 1]):
                room.values[j] = room.fresh[j]
            room.missed[g] = room.trial[g]


@borrowing
def reheat(goals, room, heat):
    """Total of misses at another heat."""
    total = 0.0
    for g in range(4):
        room.missed[g] = misses(goals, goals.start[g], goals.start[g + 1], room.values, heat_of(room, g, heat))
        total += room.missed[g]
    return total


@borrowing
def snap(time, event, n, goals, arm, values, rng):
    """A row and a time that would bring a missed median, or a limit of one, into its interval; -1 where none is."""
    first, last = goals.start[arm], goals.start[arm + 1]
    many = 0
    for j in range(first, last):
        if MEDIAN <= goals.kind[j] <= MEDIAN_HIGH and goals.low[j] < np.inf:
            if not goals.low[j] <= values[j] <= goals.high[j]:
                many += 1
    if many == 0:
        return -1, 0.0
    pick = int(rng.random() * many)
    for j in range(first, last):
        if MEDIAN <= goals.kind[j] <= MEDIAN_HIGH and goals.low[j] < np.inf:
            if not goals.low[j] <= values[j] <= goals.high[j]:
                if pick == 0:
                    row, best = -1, np.inf
                    for i in range(n):
                        away = abs(time[i] - values[j]) if values[j] < np.inf else abs(time[i] - goals.low[j])
                        if event[i] and away < best:
                            row, best = i, away
                    return row, goals.low[j] + rng.random() * (goals.high[j] - goals.low[j])
                pick -= 1
    return -1, 0.0


@borrowing
def redraw(parent, arm, old_event, goals, rng):
    """A row from the population, every other time one to which the same thing happened; -1 for a time where none is."""
    time, event = draw_row(parent, arm, goals, rng)
    if rng.random() < 0.5:
        for _ in range(4):
            if event == old_event:
                break
            time, event = draw_row(parent, arm, goals, rng)
        if event != old_event:
            return -1.0, event
    return time, event


@borrowing
def trade(parent, time, event, n, arm, i, rng):
    """A row with which row i may exchange what happened, and the change of the log density; -1 where none is."""
    reach = 1 + int(n ** rng.random())
    other = i + int((2.0 * rng.random() - 1.0) * reach)
    if other < 0 or other >= n or event[other] == event[i] or time[other] == time[i]:
        return -1, 0.0
    gain = (
        log_density(parent, arm, time[other], event[i])
        + log_density(parent, arm, time[i], event[other])
        - log_density(parent, arm, time[other], event[other])
        - log_density(parent, arm, time[i], event[i])
    )
    return other, gain


@borrowing
def shift(parent, time, event, n, arm, i, goals, cool, kind, scale, rng):
    """Another time for row i, and the change of the log density: cool, between its neighbours; else, at any distance.

    Between its neighbours the arm's curve keeps its heights.
    """
    if cool and kind > 0.7:
        least = time[i - 1] if i > 0 else 0.0
        most = time[i + 1] if i + 1 < n else goals.horizon[0]
        new = least + rng.random() * (most - least)
    else:
        width = scale * np.exp(-6.0 * rng.random())
        new = time[i] + width * rng.standard_normal()
    new = on_grid(new, goals.step)
    if new <= 0.0 or new > goals.horizon[0]:
        return -1.0, 0.0
    return new, log_density(parent, arm, new, event[i]) - log_density(parent, arm, time[i], event[i])


@borrowing
def stretch(parent, time, event, sizes, goals, room, arm, heat, total, rng):
    """Bend an arm's times between two neighbouring printed times: its own goals stay met, the contrast moves."""
    n, times = sizes[arm], time[arm]
    centre = times[int(rng.random() * n)]
    low, high = 0.0, times[n - 1]
    for j in range(goals.start[arm], goals.start[arm + 1]):
        point = np.inf
        if goals.kind[j] <= RATE_HIGH:
            point = goals.time[j]
        elif goals.kind[j] <= MEDIAN_HIGH:
            point = room.values[j]
        if low < point <= centre:
            low = point
        if centre < point < high:
            high = point
    power = np.exp(0.3 * rng.standard_normal())
    # without the density of the rows and the map's own, repeated bending would heap the times at one of the two ends
    gain = 0.0
    for i in range(n):
        room.saved[i] = times[i]
        if low < times[i] < high:
            place = (times[i] - low) / (high - low)
            gain += np.log(power) + (power - 1.0) * np.log(place) - log_density(parent, arm, times[i], event[arm, i])
            times[i] = low + (high - low) * place**power
            gain += log_density(parent, arm, times[i], event[arm, i])
    allowed = total + gain - np.log(rng.random())
    fresh = evaluate(time, event, sizes, goals, room, arm, heat, allowed)
    if fresh <= allowed:
        settle(goals, room, arm)
        return fresh
    for i in range(n):
        times[i] = room.saved[i]
    return total


@borrowing
def exchange(parent, time, event, sizes, goals, room, heat, total, rng):
    """Two patients, one of each arm, change places: what is printed of both arms together stays as it is."""
    i = int(rng.random() * sizes[0])
    reach = 1 + int(sizes[1] ** rng.random())
    j = int(np.searchsorted(time[1, : sizes[1]], time[0, i])) + int((2.0 * rng.random() - 1.0) * reach)
    if j < 0 or j >= sizes[1]:
        return total
    one, other = time[0, i], time[1, j]
    dies, also = event[0, i], event[1, j]
    if one == other and dies == also:
        return total
    gain = (
        log_density(parent, 0, other, also)
        + log_density(parent, 1, one, dies)
        - log_density(parent, 0, one, dies)
        - log_density(parent, 1, other, also)
    )
    here = put(time[0], event[0], sizes[0], i, other, also)
    there = put(time[1], event[1], sizes[1], j, one, dies)
    allowed = total + gain - np.log(rng.random())
    fresh = evaluate(time, event, sizes, goals, room, EVERY, heat, allowed)
    if fresh <= allowed:
        settle(goals, room, -1)
        return fresh
    put(time[0], event[0], sizes[0], here, one, dies)
    put(time[1], event[1], sizes[1], there, other, also)
    return total


@borrowing
def move(parent, time, event, sizes, goals, room, heat, total, scale, rng):
    """One Metropolis step over the rows; returns the total of misses after it."""
    arm = 1 if len(sizes) > 1 and rng.random() * (sizes[0] + sizes[1]) >= sizes[0] else 0
    n, times, events = sizes[arm], time[arm], event[arm]
    i = int(rng.random() * n)
    kind = rng.random()
    if goals.start[POOLED + 1] > goals.start[POOLED] and rng.random() < 0.2:
        return exchange(parent, time, event, sizes, goals, room, heat, total, rng)
    cool = heat < 0.5 or room.cold[arm]
    if cool and room.missed[arm] == 0.0 and goals.step == 0.0 and rng.random() < 0.25:
        return stretch(parent, time, event, sizes, goals, room, arm, heat, total, rng)
    if cool and room.missed[arm] == 0.0 and rng.random() < 0.7:
        kind = 0.8
    redrawn = 0.25 + 0.45 * heat
    other, gain = -1, 0.0
    new_time, new_event = times[i], events[i]
    if kind < redrawn:
        new_time, new_event = redraw(parent, arm, events[i], goals, rng)
    elif kind < redrawn + 0.5 * (1.0 - redrawn):
        other, gain = trade(parent, times, events, n, arm, i, rng)
        new_event = not events[i] if other >= 0 else events[i]
    elif kind < 0.93 or not cool:
        new_time, gain = shift(parent, times, events, n, arm, i, goals, cool, kind, scale, rng)
    else:
        i, new_time = snap(times, events, n, goals, arm, room.values, rng)
        new_time, new_event = on_grid(new_time, goals.step), events[i]
    if i < 0 or new_time < 0.0 or (new_time == times[i] and new_event == events[i]):
        return total
    old_time, old_event = times[i], events[i]
    where = put(times, events, n, i, new_time, new_event)
    far_time, back = 0.0, -1
    if other >= 0:
        far_time = times[other]
        back = put(times, events, n, other, far_time, old_event)
    allowed = total + gain - np.log(rng.random())
    fresh = evaluate(time, event, sizes, goals, room, arm, heat, allowed)
    if fresh <= allowed:
        settle(goals, room, arm)
        return fresh
    if other >= 0:
        put(times, events, n, back, far_time, new_event)
    put(times, events, n, where, old_time, old_event)
    return total


@borrowing
def sweep(parent, time, event, sizes, goals, room, heat, total, scale, steps, rng):
    """Metropolis steps, fewer where all is met cold; returns the total of misses."""
    for _ in range(steps):
        total = move(parent, time, event, sizes, goals, room, heat, total, scale, rng)
        if heat == 0.0 and total == 0.0:
            break
    return total


@borrowing
def draw_end(goals, latest, rng):
    """The end of follow-up, evenly in its logarithm, no earlier than the latest row."""
    low, high = max(goals.ends[0], latest), goals.ends[1]
    goals.horizon[0] = low * (high / low) ** rng.random() if low < high else high


@borrowing
def latest_row(time, sizes):
    """The latest time of all rows."""
    last = 0.0
    for a in range(len(sizes)):
        last = max(last, time[a, sizes[a] - 1])
    return last


@compiled
def begin(parent, best, time, event, best_time, best_event, sizes, goals, room, tries, rng):
    """The best of many draws from the prior, by its misses."""
    least, end = np.inf, goals.ends[1]
    for _ in range(tries):
        draw_end(goals, 0.0, rng)
        draw_parent(parent, len(sizes), rng)
        draw_rows(parent, time, event, sizes, goals, rng)
        total = evaluate(time, event, sizes, goals, room, EVERY, 1.0, least)
        if total < least:
            least, end = total, goals.horizon[0]
            best.event[:], best.censor[:], best.spread[:] = parent.event, parent.censor, parent.spread
            best_time[:], best_event[:] = time, event
    parent.event[:], parent.censor[:], parent.spread[:] = best.event, best.censor, best.spread
    hazards(parent)
    time[:], event[:], goals.horizon[0] = best_time, best_event, end


@borrowing
def within(goals, j, survival, green):
    """Whether the rate goals that stand at one time with goal j are met by a curve of this height there."""
    first = j
    while j < len(goals.kind) and goals.kind[j] <= RATE_HIGH and goals.time[j] == goals.time[first]:
        if goals.group[j] != goals.group[first]:
            break
        value = rate_value(goals.kind[j], survival, green, goals.rate_interval)
        if not goals.low[j] <= value <= goals.high[j]:
            return False
        j += 1
    return True


@borrowing
def march(parent, arm, time, event, row, n, start, stop, tilt, thin, step, rng):
    """Rows between two times, in order, as a process of the patients at risk; returns the number of rows then.

    Hazards of the event are multiplied by `tilt`, of censoring by `thin`.
    """
    edges, now, first = parent.edges, start, row
    k = bin_of(edges, start + 1e-12)
    dies, leaves = parent.die[arm, k] * tilt, parent.leave[arm, k] * thin
    while row < n:
        now += rng.standard_exponential() / ((n - row) * (dies + leaves))
        while k + 1 < len(edges) and now > edges[k + 1]:
            # the part of the wait that lies beyond the bin passes at the next bin's rate
            rest = (now - edges[k + 1]) * (dies + leaves)
            k += 1
            dies, leaves = parent.die[arm, k] * tilt, parent.leave[arm, k] * thin
            now = edges[k] + rest / (dies + leaves)
        if now > stop:
            break
        time[row], event[row] = on_grid(now, step), rng.random() * (dies + leaves) < dies
        row += 1
    if step > 0.0:
        for i in range(first + 1, row):
            put(time, event, i + 1, i, time[i], event[i])
    return row


@borrowing
def climb(time, event, row, until, n, survival, green):
    """Height of the curve after further rows: survival and Greenwood's sum."""
    while row < until:
        now, risk, deaths = time[row], n - row, 0
        while row < until and time[row] == now:
            deaths += event[row]
            row += 1
        if deaths > 0:
            left = risk - deaths
            survival *= left / risk
            if left > 0:
                green += deaths / (risk * left)
    return survival, green


@borrowing
def rate_misses(goals, mark, log_s, green):
    """How far the rate goals that stand at one time with goal `mark` are missed, in halves of their intervals."""
    total, survival, j = 0.0, np.exp(log_s), mark
    if survival == 0.0:
        return np.inf
    while j < len(goals.kind) and goals.kind[j] <= RATE_HIGH and goals.time[j] == goals.time[mark]:
        if goals.group[j] != goals.group[mark]:
            break
        value = rate_value(goals.kind[j], survival, green, goals.rate_interval)
        total += max(goals.low[j] - value, value - goals.high[j], 0.0) / goals.cold[j]
        j += 1
    return total


@compiled
def steps_of(n):
    """By row, by how much an event lowers log survival and raises Greenwood's sum, each at a time of its own; (n,)."""
    falls, rises = np.full(n, -np.inf), np.zeros(n)
    for i in range(n - 1):
        risk = n - i
        falls[i], rises[i] = np.log((risk - 1.0) / risk), 1.0 / (risk * (risk - 1.0))
    return falls, rises


@borrowing
def along(event, row, until, steps, log_s, green):
    """Log survival and Greenwood's sum after further rows."""
    falls, rises = steps
    for i in range(row, until):
        if event[i]:
            log_s += falls[i]
            green += rises[i]
    return log_s, green


@borrowing
def open_row(time, event, row, until, start, stop, rng):
    """Add a row to a stretch at a time drawn evenly; returns its place."""
    i = row + int(np.searchsorted(time[row:until], start + rng.random() * (stop - start)))
    for k in range(until, i, -1):
        time[k], event[k] = time[k - 1], event[k - 1]
    low, high = (time[i - 1] if i > row else start), (time[i + 1] if i < until else stop)
    time[i], event[i] = low + rng.random() * (high - low), rng.random() < 0.5
    return i


@borrowing
def close_row(time, event, i, until):
    """Take row i out of a stretch of rows that ends at `until`."""
    for k in range(i, until - 1):
        time[k], event[k] = time[k + 1], event[k + 1]


@borrowing
def reopen_row(time, event, i, until, old_time, old_event):
    """Put back the row that was taken out of place i of a stretch that ended at `until`."""
    for k in range(until - 1, i, -1):
        time[k], event[k] = time[k - 1], event[k - 1]
    time[i], event[i] = old_time, old_event


@borrowing
def turn_rows(event, i, j):
    """What happened to rows i and j (which may be one) becomes the other thing."""
    event[i] = not event[i]
    if j != i:
        event[j] = not event[j]


@borrowing
def turned(event, i, j, steps, log_s, green):
    """Log survival and Greenwood's sum after rows i and j (which may be one) were turned."""
    falls, rises = steps
    for k in (i, j):
        if falls[k] == -np.inf:
            log_s = -np.inf
        else:
            sign = 1.0 if event[k] else -1.0
            log_s += sign * falls[k]
            green += sign * rises[k]
        if i == j:
            break
    return log_s, green


@borrowing
def mend(time, event, row, until, n, start, stop, before, steps, goals, mark, rng):
    """Change what happens to the rows of a stretch until the rate at its end and its limits are met.

    Rows exchange an event and a departure, one becomes the other, or a row is added or taken out. Steps that come
    nearer are taken, others seldom. `before` is log survival and Greenwood's sum at the stretch's start; `steps` as of
    `steps_of`. Returns where the stretch ends now, -1 where the rate is still missed.
    """
    log_s, green = along(event, row, until, steps, before[0], before[1])
    missed = rate_misses(goals, mark, log_s, green)
    for _ in range(MENDING):
        if missed == 0.0:
            return until
        more, old_time, old_event = 0, 0.0, False
        i = row + int(rng.random() * (until - row + 1))
        j = i
        kind = rng.random()
        if kind < 0.1 and until < n:
            more, i = 1, open_row(time, event, row, until, start, stop, rng)
        elif i == until:
            continue
        elif kind < 0.2:
            more, old_time, old_event = -1, time[i], event[i]
            close_row(time, event, i, until)
        else:
            if kind < 0.8:  # near rows change little, far ones much
                j += int((2.0 * rng.random() - 1.0) * (1 + (until - row) ** rng.random()))
            if j < row or j >= until or (i != j and event[i] == event[j]):
                continue
            turn_rows(event, i, j)
        if more == 0:
            new_log, new_green = turned(event, i, j, steps, log_s, green)
        else:
            new_log, new_green = along(event, row, until + more, steps, before[0], before[1])
        fresh = rate_misses(goals, mark, new_log, new_green)
        if fresh < missed or (missed / fresh) ** 4 > rng.random():
            until, missed, log_s, green = until + more, fresh, new_log, new_green
        elif more == 1:
            close_row(time, event, i, until + 1)
        elif more == -1:
            reopen_row(time, event, i, until, old_time, old_event)
        else:
            turn_rows(event, i, j)
    return -1


@borrowing
def expected(parent, arm, start, stop, tilt, thin, at_risk):
    """The expected fall of log survival and rise of Greenwood's sum between two times, in steps of a fortieth."""
    fall, rise, width = 0.0, 0.0, (stop - start) / 40.0
    for i in range(40):
        k = bin_of(parent.edges, start + (i + 0.5) * width)
        dies, leaves = parent.die[arm, k] * tilt * width, parent.leave[arm, k] * thin * width
        fall += dies
        half = np.exp(-0.5 * (dies + leaves))
        at_risk *= half
        rise += dies / max(at_risk, 0.5)
        at_risk *= half
    return fall, rise


@borrowing
def wanted_green(goals, j, survival):
    """Greenwood's sum that a printed interval stands for, from its limits about goal j's rate; -1 where none is."""
    low, high = -1.0, -1.0
    first = j
    while j < len(goals.kind) and goals.kind[j] <= RATE_HIGH and goals.time[j] == goals.time[first]:
        if goals.group[j] != goals.group[first]:
            break
        if goals.kind[j] == RATE_LOW and goals.low[j] > 0.0:
            low = 0.5 * (goals.low[j] + goals.high[j])
        if goals.kind[j] == RATE_HIGH and goals.high[j] < 1.0:
            high = 0.5 * (goals.low[j] + goals.high[j])
        j += 1
    if (low < 0.0 and high < 0.0) or survival <= 0.0 or survival >= 1.0:
        return -1.0
    transform = goals.rate_interval
    root, sides = 0.0, 0.0
    for side in range(2):
        value = low if side == 0 else high
        if value <= 0.0 or value >= 1.0:
            continue
        if transform == LOG:
            root += abs(np.log(value / survival)) / Z
        elif transform == LOG_LOG:
            root += abs(np.log(np.log(value) / np.log(survival))) * abs(np.log(survival)) / Z
        else:
            root += abs(value / survival - 1.0) / Z
        sides += 1.0
    return (root / sides) ** 2


@compiled
def deaths_of(event, sizes, goals, arm):
    """How many events an arm must have: as printed, or what the other arm leaves of the printed total; else -1."""
    for j in range(goals.start[arm], goals.start[arm + 1]):
        if goals.kind[j] == EVENTS:
            return int(goals.low[j] + 0.5)
    for j in range(goals.start[POOLED], goals.start[POOLED + 1]):
        if goals.kind[j] == EVENTS:
            return int(goals.low[j] + 0.5) - event[1 - arm, : sizes[1 - arm]].sum()
    return -1


@borrowing
def after_rates(goals, mark, last):
    """The first goal after the rate goals that stand at one time with goal `mark`, and the rate; -1 without one."""
    j, aim = mark, -1.0
    while j < last and goals.kind[j] <= RATE_HIGH and goals.time[j] == goals.time[mark]:
        if goals.kind[j] == RATE:
            aim = 0.5 * (goals.low[j] + goals.high[j])
        j += 1
    return j, aim


@borrowing
def factors(parent, arm, goals, mark, aim, start, curve, at_risk):
    """By what to multiply the hazards of event and censoring, that a curve may fall to a rate and its interval."""
    survival, green = curve
    if aim <= 0.0 or survival <= 0.0:
        return 1.0, 1.0
    stop = goals.time[mark]
    fall, _ = expected(parent, arm, start, stop, 1.0, 1.0, at_risk)
    tilt, thin = max(np.log(survival / aim), 0.1 / max(at_risk, 1)) / fall, 1.0
    wanted = wanted_green(goals, mark, aim)
    if wanted > 0.0:
        least, most = 0.0, 30.0
        for _ in range(20):
            thin = 0.5 * (least + most)
            _, rise = expected(parent, arm, start, stop, tilt, thin, at_risk)
            if rise < wanted - green:
                least = thin
            else:
                most = thin
    return tilt, thin


@borrowing
def on_course(time, event, until, n, goals, arm, stop, values):
    """Whether medians, limits and follow-up that are printed earlier than `stop`, and no others, are reached by then.

    Rows from `until` on are put far away: whoever is drawn there cannot change the answer, but for a median that is
    the middle between a row before and one after, about which nothing is said.
    """
    time[until:n], event[until:n] = FAR, False
    if until + 1 < n:
        event[until] = True
    first, last = goals.start[arm], goals.start[arm + 1]
    curve_values(time, event, n, goals, first, last, values)
    for j in range(first, last):
        kind = goals.kind[j]
        if kind <= RATE_HIGH or kind == EVENTS or kind == LATE:
            continue
        if goals.median_interval == NORMAL and (kind == MEDIAN_LOW or kind == MEDIAN_HIGH):
            continue
        if (values[j] <= stop and goals.low[j] > stop) or (values[j] >= FAR and goals.high[j] < stop):
            return False
    return True


@borrowing
def forward(parent, arm, time, event, row, n, start, curve, steps, goals, mark, scaled, values, tries, rng):
    """Rows from one rate to the next, drawn until they meet it; every so many draws are mended instead.

    `curve` is survival and Greenwood's sum at `start`; `scaled` multiplies the hazards. Returns where
    the stretch ends (-1: not found), the curve there, and the tries left.
    """
    half, stop = goals.step / 2.0, goals.time[mark]
    after = start + half if start > 0.0 else 0.0
    while tries > 0:
        tries -= 1
        tilt, thin = scaled[0] * np.exp(0.1 * rng.standard_normal()), scaled[1] * np.exp(0.3 * rng.standard_normal())
        until = march(parent, arm, time, event, row, n, after, stop + half, tilt, thin, goals.step, rng)
        if tries % MENDED == 0:  # as much time for mending one draw as for so many draws
            until = mend(time, event, row, until, n, after, stop, (np.log(curve[0]), curve[1]), steps, goals, mark, rng)
            if until < 0:
                continue
            for i in range(row, until):
                put(time, event, i + 1, i, on_grid(time[i], goals.step), event[i])
        there = climb(time, event, row, until, n, curve[0], curve[1])
        followed = until < n or there[0] == 0.0 or time[until - 1] >= stop
        if followed and within(goals, mark, there[0], there[1]):
            if on_course(time, event, until, n, goals, arm, stop, values):
                return until, there, tries
    return -1, curve, tries


@borrowing
def rest(parent, arm, time, event, row, n, start, tilt, goals, rng):
    """Rows after the last rate, in order of being drawn; returns the arm's number of events then."""
    march(parent, arm, time, event, row, n, start + goals.step / 2.0, np.inf, tilt, 1.0, goals.step, rng)
    end = goals.horizon[0]
    for i in range(row, n):
        if time[i] > end:
            # followed to the end: spread over the last stretch, as patients enrolled at different times are
            time[i], event[i] = on_grid(end - 0.2 * (end - start) * rng.random(), goals.step), False
    deaths = 0
    for i in range(n):
        deaths += event[i]
    return deaths


@compiled
def thread(parent, arm, time, event, n, deaths, goals, values, tries, rng):
    """An arm's rows anew, forward in time, through every printed rate and its limits, its events and its medians.

    The curve is causal: what is printed for a time depends on the rows before it alone. Each stretch between two rates
    is drawn until it meets the next one, from hazards scaled so that the curve is expected to. `deaths` is their number
    where it is known, else -1. Returns the tries left, negative where no rows were found.
    """
    first, last, steps = goals.start[arm], goals.start[arm + 1], steps_of(n)
    left = tries
    while left > 0:
        row, start, mark, curve = np.int64(0), 0.0, first, (1.0, 0.0)
        while row >= 0 and mark < last and goals.kind[mark] <= RATE_HIGH:
            following, aim = after_rates(goals, mark, last)
            scaled = factors(parent, arm, goals, mark, aim, start, curve, n - row)
            share = min(tries // 4, left)
            row, curve, unused = forward(
                parent, arm, time, event, row, n, start, curve, steps, goals, mark, scaled, values, share, rng
            )
            left -= share - unused
            start, mark = goals.time[mark], following
        if row < 0:
            continue
        tilt = 1.0 if flat_from(goals, arm) == np.inf else 0.0
        for _ in range(200):
            left -= 1
            found = rest(parent, arm, time, event, row, n, start, tilt, goals, rng)
            if deaths >= 0 and found != deaths:
                tilt *= 1.1 if found < deaths else 0.9
                continue
            for i in range(row + 1, n):
                put(time, event, i + 1, i, time[i], event[i])
            if anchor(time, event, n, goals, arm, values, rng):
                return left
    return -1


@compiled
def pin(here, there, many, at, to):
    """Note that what happens at one time is to happen at another, the times in order; how many are noted."""
    k = many
    while k > 0 and here[k - 1] > at:
        k -= 1
    if k > 0 and here[k - 1] == at:
        return many
    for i in range(many, k, -1):
        here[i], there[i] = here[i - 1], there[i - 1]
    here[k], there[k] = at, to
    return many + 1


@compiled
def into(goals, j, value, rng):
    """The value, or one within the goal's interval where it lies outside."""
    for _ in range(20):
        if goals.low[j] <= value <= goals.high[j]:
            break
        value = on_grid(goals.low[j] + rng.random() * (goals.high[j] - goals.low[j]), goals.step)
    return value


@compiled
def pin_normal(time, event, n, goals, which, values, here, there, many, rng):
    """The same for a median with limits 1.96 standard errors away, which rest on the curve's slope about it."""
    middle, low, high = which
    above, _, below, _ = span(time, event, n)
    if below == np.inf or values[low] == np.inf or goals.low[low] == np.inf:
        return many
    bottom, top, centre = 0.0, 0.0, values[middle]
    met = goals.low[middle] <= centre <= goals.high[middle]
    if not (
        met and goals.low[low] <= values[low] <= goals.high[low] and goals.low[high] <= values[high] <= goals.high[high]
    ):
        for _ in range(50):
            bottom = goals.low[low] + rng.random() * (goals.high[low] - goals.low[low])
            top = goals.low[high] + rng.random() * (goals.high[high] - goals.low[high])
            if goals.low[middle] <= 0.5 * (bottom + top) <= goals.high[middle]:
                break
        centre = 0.5 * (bottom + top)
        wide = (top - bottom) / (values[high] - values[low]) * (below - above)
        start = centre - wide * (values[middle] - above) / (below - above)
        many = pin(here, there, many, above, start if above > 0.0 else 0.0)
        many = pin(here, there, many, below, start + wide)
    else:
        many = pin(here, there, many, above, above)
        many = pin(here, there, many, below, below)
    return pin(here, there, many, values[middle], centre)


@compiled
def anchor(time, event, n, goals, arm, values, rng):
    """Move times, without changing their order, so that the medians and their limits fall into their intervals.

    Whether all goals of the arm are then met.
    """
    first, last = goals.start[arm], goals.start[arm + 1]
    curve_values(time, event, n, goals, first, last, values)
    if misses(goals, first, last, values, 0.0) == 0.0:
        return True
    here = np.zeros(last - first + 6)
    there = np.zeros(last - first + 6)
    many = 1
    middle, low, high = -1, -1, -1
    for j in range(first, last):
        if goals.kind[j] <= RATE_HIGH:
            many = pin(here, there, many, goals.time[j], goals.time[j])
        elif goals.kind[j] <= MEDIAN_HIGH:
            if (values[j] == np.inf) != (goals.low[j] == np.inf):
                return False
            if goals.kind[j] == MEDIAN:
                middle = j
            elif goals.kind[j] == MEDIAN_LOW:
                low = j
            else:
                high = j
    if goals.median_interval == NORMAL and low >= 0 and high >= 0 and values[middle] < np.inf:
        many = pin_normal(time, event, n, goals, (middle, low, high), values, here, there, many, rng)
    else:
        for j in (middle, low, high):
            if j >= 0 and values[j] < np.inf:
                many = pin(here, there, many, values[j], into(goals, j, values[j], rng))
    for j in range(first, last):
        if (goals.kind[j] == FOLLOWED or goals.kind[j] == FOLLOWED_REVERSE) and values[j] < np.inf:
            many = pin(here, there, many, values[j], into(goals, j, values[j], rng))
    many = pin(here, there, many, goals.horizon[0], goals.horizon[0])
    for k in range(1, many):
        if there[k] <= there[k - 1] or here[k] <= here[k - 1]:
            return False
    k = 0
    for i in range(n):
        while k < many - 1 and here[k] < time[i]:
            k += 1
        share = (time[i] - here[k - 1]) / (here[k] - here[k - 1])
        time[i] = on_grid(there[k - 1] + share * (there[k] - there[k - 1]), goals.step)
    if time[n - 1] > goals.horizon[0] or time[0] <= 0.0:
        return False
    if goals.step > 0.0:
        in_order(time, event, n)
    curve_values(time, event, n, goals, first, last, values)
    return misses(goals, first, last, values, 0.0) == 0.0


@borrowing
def knots_of(time, event, n, goals, values, arm, knots):
    """Times between which an arm's rows may be bent without a change of its own numbers, into `knots`; how many."""
    first, last = goals.start[arm], goals.start[arm + 1]
    knots[0] = 0.0
    many = 1
    for j in range(first, last):
        point = np.inf
        if goals.kind[j] <= RATE_HIGH:
            point = goals.time[j]
        elif goals.kind[j] == MEDIAN or (goals.kind[j] <= MEDIAN_HIGH and goals.median_interval != NORMAL):
            point = values[j]
        elif goals.kind[j] == FOLLOWED:
            many = insert(knots, many, time[(n - 1) // 2])
            point = time[n // 2]
        elif goals.kind[j] == FOLLOWED_REVERSE:
            point = values[j]
        if point < time[n - 1]:
            many = insert(knots, many, point)
    if goals.median_interval == NORMAL:
        above, _, below, _ = span(time, event, n)
        if above > 0.0:
            many = insert(knots, many, above)
        if below < time[n - 1]:
            many = insert(knots, many, below)
    return insert(knots, many, time[n - 1])


@borrowing
def insert(knots, many, point):
    """Put a time into its place, once; how many there are then."""
    for k in range(many):
        if knots[k] == point:
            return many
    k = many
    while k > 0 and knots[k - 1] > point:
        knots[k] = knots[k - 1]
        k -= 1
    knots[k] = point
    return many + 1


@borrowing
def bend(time, event, n, low, high, power, step):
    """Raise the places of rows between two times to a power; how many there are."""
    first, last = between(time, n, low, high)
    for i in range(first, last):
        moved = on_grid(low + (high - low) * ((time[i] - low) / (high - low)) ** power, step)
        if max(low, SOONEST) < moved < high:
            time[i] = moved
    # rows may have stayed behind or met, on a grid or at the end of the numbers' precision
    in_order(time[first:last], event[first:last], last - first)
    return last - first


@borrowing
def between(time, n, low, high):
    """The first row after one time, and the first row from another on."""
    first = rows_until(time, n, low)
    start, end = first, n
    while start < end:
        middle = (start + end) // 2
        if time[middle] < high:
            start = middle + 1
        else:
            end = middle
    return first, start


@borrowing
def copy_rows(time, event, from_time, from_event, n):
    """Take over other rows of an arm; a loop makes no copy between, as assigning slices would."""
    for i in range(n):
        time[i], event[i] = from_time[i], from_event[i]


@borrowing
def crowding(time, n, low, high, power):
    """How much a bend crowds the rows between two times: minus the logarithm of the map's density at them."""
    total = 0.0
    first, last = between(time, n, low, high)
    for i in range(first, last):
        total -= np.log(power) + (power - 1.0) * np.log((time[i] - low) / (high - low))
    return total


@borrowing
def in_order(time, event, n):
    """Sort rows again, events first at a tie."""
    for i in range(1, n):
        if time[i] < time[i - 1] or (time[i] == time[i - 1] and event[i] and not event[i - 1]):
            put(time, event, i + 1, i, time[i], event[i])


@compiled
def solve(matrix, right, n):
    """Gauss's elimination in place with pivots; the answer is in `right`."""
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        for c in range(n):
            matrix[k, c], matrix[best, c] = matrix[best, c], matrix[k, c]
        right[k], right[best] = right[best], right[k]
        for i in range(k + 1, n):
            share = matrix[i, k] / matrix[k, k]
            for c in range(k, n):
                matrix[i, c] -= share * matrix[k, c]
            right[i] -= share * right[k]
    for k in range(n - 1, -1, -1):
        for c in range(k + 1, n):
            right[k] -= matrix[k, c] * right[c]
        right[k] /= matrix[k, k]


@borrowing
def wanted_of(goals, values, wanted):
    """What is printed of both arms together and can be met by bends, into `wanted`; how many goals."""
    rows = 0
    for j in range(len(goals.kind)):
        if goals.group[j] >= POOLED and goals.kind[j] != EVENTS and values[j] < np.inf:
            wanted[rows] = j
            rows += 1
    return rows


@compiled
def aims_of(goals, values, wanted, rows, aim, rng):
    """Where those goals are to be: anywhere in the middle of their intervals."""
    for r in range(rows):
        j = wanted[r]
        low, high = goals.low[j], goals.high[j]
        if high - low > 100.0 * goals.cold[j]:  # open to one side
            aim[r] = min(max(values[j], low), high)
        else:
            aim[r] = low + (high - low) * (0.3 + 0.4 * rng.random())


class Bends(NamedTuple):
    """Stretches of rows (W of them) that may be bent, and how R goals respond."""

    knots: Any  # (2, P)
    arm: Any  # (W,)
    knot: Any  # (W,)
    weight: Any  # (W,)
    effect: Any  # (R, W) in units of the goals' cold tolerances, weighted


@borrowing
def measured(bends, time, event, saved, saved_event, sizes, goals, room, wanted, rows, rng):
    """Measure how the goals move with a small bend of each stretch; how many stretches there are."""
    ways = 0
    for a in range(len(sizes)):
        pieces = knots_of(time[a], event[a], sizes[a], goals, room.values, a, bends.knots[a])
        for _ in range(MORE_KNOTS):
            pieces = insert(bends.knots[a], pieces, time[a, int(rng.random() * sizes[a])])
        for k in range(pieces - 1):
            small = (0.1 + 0.1 * rng.random()) * (1.0 if rng.random() < 0.5 else -1.0)
            if goals.step > 0.0:
                small *= 3.0
            low, high = bends.knots[a, k], bends.knots[a, k + 1]
            if bend(time[a], event[a], sizes[a], low, high, np.exp(small), goals.step) < 2:
                continue
            evaluate(time, event, sizes, goals, room, NEITHER, 0.0, np.inf)  # an arm's own numbers do not move
            copy_rows(time[a], event[a], saved[a], saved_event[a], sizes[a])
            bends.weight[ways] = np.exp(0.5 * rng.standard_normal())
            for r in range(rows):
                j = wanted[r]
                bends.effect[r, ways] = 0.0
                if room.fresh[j] < np.inf:
                    moved = (room.fresh[j] - room.values[j]) / small
                    bends.effect[r, ways] = bends.weight[ways] * moved / goals.cold[j]
            bends.arm[ways], bends.knot[ways] = a, k
            ways += 1
    return ways


@compiled
def least_bends(bends, ways, goals, wanted, rows, start, aim, change):
    """Add to `change` the least bends that are expected to bring the goals from `start` to `aim`."""
    square, away = np.zeros((rows, rows)), np.zeros(rows)
    for r in range(rows):
        away[r] = (aim[r] - start[wanted[r]]) / goals.cold[wanted[r]]
        for c in range(rows):
            for w in range(ways):
                square[r, c] += bends.effect[r, w] * bends.effect[c, w]
        square[r, r] += 1.0
    solve(square, away, rows)
    for w in range(ways):
        for r in range(rows):
            change[w] += bends.weight[w] * bends.effect[r, w] * away[r]


@borrowing
def bend_all(bends, ways, time, event, sizes, change, step):
    """Bend each stretch by its part of a change; how much that crowds the rows."""
    total = 0.0
    for w in range(ways):
        a, power = bends.arm[w], np.exp(change[w])
        low, high = bends.knots[a, bends.knot[w]], bends.knots[a, bends.knot[w] + 1]
        total += crowding(time[a], sizes[a], low, high, power)
        bend(time[a], event[a], sizes[a], low, high, power, step)
    return total


@borrowing
def all_reached(values, wanted, rows):
    """Whether each of the goals has a value."""
    for r in range(rows):
        if not abs(values[wanted[r]]) < np.inf:
            return False
    return True


@compiled
def tune(time, event, sizes, goals, room, total, rounds, corrections, rng):
    """Bend the arms' times between their own printed times until what is printed of both arms together is met.

    The numbers of an arm stay as they are. How the rest moves with each bend is measured, and the least bends that are
    expected to meet it are taken (Gauss and Newton's steps, damped), corrected by what they turn out to do, with the
    same measurements (the chord method). Returns what is missed then, cold.
    """
    arms, many = len(sizes), len(goals.kind)
    places = 2 * many + 6 + MORE_KNOTS
    most_ways = arms * places
    bends = Bends(
        np.zeros((arms, places)),
        np.zeros(most_ways, dtype=np.int64),
        np.zeros(most_ways, dtype=np.int64),
        np.zeros(most_ways),
        np.zeros((many, most_ways)),
    )
    wanted, aim, part = np.zeros(many, dtype=np.int64), np.zeros(many), np.zeros(many)
    saved, saved_event = time[:arms].copy(), event[:arms].copy()
    stuck, crowded = 0, 0.0
    for _ in range(rounds):
        rows = wanted_of(goals, room.values, wanted)
        if rows == 0 or total == 0.0:
            return total
        saved[:], saved_event[:] = time[:arms], event[:arms]
        ways = measured(bends, time, event, saved, saved_event, sizes, goals, room, wanted, rows, rng)
        if ways == 0:
            return total
        aims_of(goals, room.values, wanted, rows, aim, rng)
        change = np.zeros(most_ways)
        least_bends(bends, ways, goals, wanted, rows, room.values, aim, change)
        most = np.abs(change).max()
        share, better = min(1.0, 0.7 / most) if most > 0.0 else 0.0, False
        for _ in range(4):
            trial = share * change
            for r in range(rows):
                part[r] = room.values[wanted[r]] + share * (aim[r] - room.values[wanted[r]])
            for _ in range(1 + corrections):
                more = bend_all(bends, ways, time, event, sizes, trial, goals.step)
                fresh = evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
                if fresh < total and crowded + more < CROWDING:
                    settle(goals, room, -1)
                    total, crowded, better = fresh, crowded + more, True
                    break
                time[:arms], event[:arms] = saved, saved_event
                if not all_reached(room.fresh, wanted, rows):
                    break
                least_bends(bends, ways, goals, wanted, rows, room.fresh, part, trial)
            if better:
                break
            share *= 0.4
        stuck = 0 if better else stuck + 1
        if stuck == 3:
            return total
    return total


@borrowing
def pooled_misses(time, event, sizes, goals, room):
    """How far what is printed of both arms' curve is missed: square roots, so that none of it drowns the rest.

    A median is as far away as the curve is from one half at the end of its interval, as its time may not move at all
    while deaths come nearer.
    """
    first, last, n = goals.start[POOLED], goals.start[POOLED + 1], sizes[0] + sizes[1]
    merged(time, event, sizes[0], sizes[1], room.pooled_time, room.pooled_event)
    curve_values(room.pooled_time, room.pooled_event, n, goals, first, last, room.fresh)
    total = 0.0
    for j in range(first, last):
        missed = misses(goals, j, j + 1, room.fresh, 0.0)
        if goals.kind[j] == MEDIAN and missed > 0.0:
            end = goals.high[j] if room.fresh[j] > goals.high[j] else goals.low[j]
            until = rows_until(room.pooled_time, n, end)
            survival, _ = climb(room.pooled_time, room.pooled_event, 0, until, n, 1.0, 0.0)
            missed = 10.0 * n * abs(survival - 0.5) + 1.0
        total += np.sqrt(missed)
    return total


@borrowing
def own_met(time, event, sizes, goals, room, arm):
    """Whether what is printed of one arm is met."""
    first, last = goals.start[arm], goals.start[arm + 1]
    curve_values(time[arm], event[arm], sizes[arm], goals, first, last, room.fresh)
    return misses(goals, first, last, room.fresh, 0.0) == 0.0


@borrowing
def contrast_misses(time, event, sizes, goals, room):
    """How far what is printed of the contrast is missed: a square root."""
    first, last = goals.start[CONTRAST], goals.start[CONTRAST + 1]
    if first == last:
        return 0.0
    guess = room.beta[0] if abs(room.beta[0]) < 5.0 else 0.0
    room.beta[0] = contrast_values(time, event, sizes[0], sizes[1], goals, room.table, guess, room.fresh)
    return np.sqrt(misses(goals, first, last, room.fresh, 0.0))


@compiled
def shake(time, event, sizes, goals, room, steps, rng):
    """Bend arms at random between their own printed times, while both arms' curve comes nearer to print or no farther.

    Then, with its numbers met, while the contrast does. A bend that crowds the rows is taken the seldomer: free ones
    would in the end heap them at the ends of their stretches. A median of both
    arms that is held by a printed time of one arm does not move with small bends: the other rows have to pass it first.
    """
    knots = np.zeros(2 * len(goals.kind) + 6 + MORE_KNOTS)
    shaken(time, event, time.copy(), event.copy(), knots, sizes, goals, room, steps, rng)


@borrowing
def shaken(time, event, saved, saved_event, knots, sizes, goals, room, steps, rng):
    """The steps of `shake`; `saved`, the last rows that were taken, and `knots` are working memory."""
    missed, apart = pooled_misses(time, event, sizes, goals, room), np.inf
    for _ in range(steps):
        if missed + apart == 0.0:
            return
        a = int(rng.random() * len(sizes))
        n = sizes[a]
        pieces = knots_of(time[a], event[a], n, goals, room.values, a, knots)
        pieces = insert(knots, pieces, time[a, int(rng.random() * n)])
        k = int(rng.random() * (pieces - 1))
        better = False
        low, high, power = knots[k], knots[k + 1], np.exp(0.4 * rng.standard_normal())
        likely = np.log(rng.random()) < -crowding(time[a], n, low, high, power)
        if likely and bend(time[a], event[a], n, low, high, power, goals.step) > 0:
            fresh = pooled_misses(time, event, sizes, goals, room)
            better = fresh <= missed and own_met(time, event, sizes, goals, room, a)
            if better and fresh == 0.0:
                distance = contrast_misses(time, event, sizes, goals, room)
                better = distance <= apart
                apart = distance if better else apart
            if better:
                missed = fresh
                copy_rows(saved[a], saved_event[a], time[a], event[a], n)
        if not better:
            copy_rows(time[a], event[a], saved[a], saved_event[a], n)


@compiled
def turn(time, event, sizes, goals, arm, deaths, rng):
    """Make so many events of an arm (-1: of any) out of patients who left, or the other way round.

    Only of those who are followed beyond the last printed rate, so that rates stay as they are.
    """
    done = 0
    for _ in range(50 * abs(deaths)):
        a = arm if arm >= 0 else int(rng.random() * len(sizes))
        i = int(rng.random() * sizes[a])
        if event[a, i] == (deaths < 0) and last_rate(goals, a) < time[a, i]:
            if deaths > 0 and time[a, i] > flat_from(goals, a):
                continue
            put(time[a], event[a], sizes[a], i, time[a, i], not event[a, i])
            done += 1
        if done == abs(deaths):
            break


@borrowing
def last_rate(goals, arm):
    """The latest time of which a rate is printed; 0 where none is."""
    latest = 0.0
    for j in range(goals.start[arm], goals.start[arm + 1]):
        if goals.kind[j] <= RATE_HIGH:
            latest = max(latest, goals.time[j])
    return latest


@borrowing
def flat_from(goals, arm):
    """When an arm's curve has become flat; infinity where it is not known to."""
    for j in range(goals.start[arm], goals.start[arm + 1]):
        if goals.kind[j] == LATE:
            return goals.time[j]
    return np.inf


@compiled
def recount(time, event, sizes, goals, room, rng):
    """Give the arms the events printed, or as many as the hazard ratio's interval stands for."""
    known, first = 0, int(rng.random() * len(sizes))
    for k in range(len(sizes)):
        a = (first + k) % len(sizes)
        deaths = deaths_of(event, sizes, goals, a)
        if deaths >= 0:
            known += 1
            turn(time, event, sizes, goals, a, deaths - event[a, : sizes[a]].sum(), rng)
    low, high = -1, -1
    for j in range(goals.start[CONTRAST], goals.start[CONTRAST + 1]):
        if goals.kind[j] == LOG_HR_LOW:
            low = j
        elif goals.kind[j] == LOG_HR_HIGH:
            high = j
    if known == 0 and low >= 0 and high >= 0 and goals.high[high] < np.inf:
        wide = room.values[high] - room.values[low]
        aim = 0.5 * (goals.low[high] + goals.high[high] - goals.low[low] - goals.high[low])
        free = 0.5 * (goals.high[high] - goals.low[high] + goals.high[low] - goals.low[low])
        if abs(wide - aim) > free and wide > 0.0 and wide < np.inf:
            deaths = 0
            for a in range(len(sizes)):
                deaths += event[a, : sizes[a]].sum()
            more = int(min(np.rint(deaths * ((wide / aim) ** 2 - 1.0)), 1.0 * sizes.sum()))
            if more == 0:
                more = 1 if wide > aim else -1
            turn(time, event, sizes, goals, -1, more, rng)


@compiled
def reach(time, event, n, goals, arm, values, free, rng):
    """Let an arm's medians and limits be reached that are printed, and no others; whether they are.

    Patients who left become events or the other way round, where their number is free; else two rows exchange it.
    """
    first, last = goals.start[arm], goals.start[arm + 1]
    for _ in range(4 * n):
        curve_values(time, event, n, goals, first, last, values)
        wrong = -1
        for j in range(first, last):
            if MEDIAN <= goals.kind[j] <= MEDIAN_HIGH and (values[j] == np.inf) != (goals.low[j] == np.inf):
                wrong = j
                break
        if wrong < 0:
            return True
        sooner = values[wrong] == np.inf  # events are to come sooner, or there are to be more
        # the last to be followed stay as they are: one event among them would end the curve
        i = int(rng.random() * (0.9 * n if sooner else n))
        if event[i] == sooner or (not sooner and time[i] > values[wrong]) or time[i] <= last_rate(goals, arm):
            continue
        if sooner and time[i] > flat_from(goals, arm):
            continue
        if not free:
            other = i + int(rng.random() * (n - i))
            if event[other] != sooner:
                continue
            put(time, event, n, other, time[other], not sooner)
        put(time, event, n, i, time[i], sooner)
    return False


@compiled
def project(time, event, sizes, goals, room, rounds, corrections, rng):
    """From rows that nearly meet the print to rows that do: counts, then each arm's times, then the arms together.

    Returns what is missed then, cold; infinity where an arm's numbers cannot be met by moving its times.
    """
    total = np.inf
    for k in range(rounds):
        evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
        settle(goals, room, -1)
        recount(time, event, sizes, goals, room, rng)
        for a in range(len(sizes)):
            free = deaths_of(event, sizes, goals, a) < 0
            if not reach(time[a], event[a], sizes[a], goals, a, room.fresh, free, rng):
                return np.inf
            met = False
            for _ in range(20 if goals.step > 0.0 else 1):
                met = met or anchor(time[a], event[a], sizes[a], goals, a, room.fresh, rng)
            if not met:
                return np.inf
        evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
        settle(goals, room, -1)
        if k > 0 and room.missed[POOLED] > 0.0:
            shake(time, event, sizes, goals, room, SHAKES // sizes.sum(), rng)
        total = evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
        settle(goals, room, -1)
        total = tune(time, event, sizes, goals, room, total, 15, corrections, rng)
        if total == 0.0:
            break
    return total


@compiled
def polish(parent, time, event, sizes, goals, room, steps, scale, rng):
    """Cold steps until every goal is met, or nothing has been gained for long; returns what is missed then."""
    part, before = steps // 10, np.inf
    total = reheat(goals, room, 0.0)
    for piece in range(10):
        if total == 0.0 or (piece > 2 and total > 10.0 and total > 0.98 * before):
            break
        before = total
        total = sweep(parent, time, event, sizes, goals, room, 0.0, total, scale, part, rng)
    return total


@compiled
def warmed(parent, time, event, sizes, goals, room, sweeps, scale, rng):
    """Warm sweeps over the rows and the population."""
    evaluate(time, event, sizes, goals, room, EVERY, 1.0, np.inf)
    settle(goals, room, -1)
    total = reheat(goals, room, 1.0)
    for _ in range(sweeps):
        total = sweep(parent, time, event, sizes, goals, room, 1.0, total, scale, sizes.sum(), rng)
        update_parent(parent, time, event, sizes, rng)
        draw_end(goals, latest_row(time, sizes), rng)


@compiled
def threaded(parent, time, event, sizes, goals, room, tries, rng):
    """Draw arms whose rates are missed anew, forward in time, and keep them cold; all of them, or none."""
    saved_time, saved_event, cold = time.copy(), event.copy(), room.cold.copy()
    evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
    settle(goals, room, -1)
    for a in range(len(sizes)):
        if room.missed[a] > 0.0 and goals.kind[goals.start[a]] <= RATE_HIGH:
            deaths = deaths_of(event, sizes, goals, a)
            if thread(parent, a, time[a], event[a], sizes[a], deaths, goals, room.fresh, tries, rng) < 0:
                time[:], event[:], room.cold[:] = saved_time, saved_event, cold
                return False
            room.cold[a] = True
    return True


@compiled
def attempt(parent, time, event, sizes, goals, room, steps, tries, corrections, scale, rng):
    """Look for the nearest rows that meet every goal; whether they were found. The rows stay as they were if not."""
    saved_time, saved_event, cold = time.copy(), event.copy(), room.cold.copy()
    rated = False
    for a in range(len(sizes)):
        rated = rated or goals.kind[goals.start[a]] <= RATE_HIGH
    if not rated or threaded(parent, time, event, sizes, goals, room, tries, rng):
        if project(time, event, sizes, goals, room, 3, corrections, rng) < NEAR:
            if polish(parent, time, event, sizes, goals, room, steps, scale, rng) == 0.0:
                return True
    time[:], event[:], room.cold[:] = saved_time, saved_event, cold
    return False


@compiled
def cooled(parent, time, event, sizes, goals, room, hot, plan, scale, rng):
    """Sweeps over the rows and the population, from one heat down to none, until the nearest rows meet every goal."""
    _, sweeps, steps, tries, corrections = plan
    for k in range(sweeps):
        if tries == 0 or k % (sweeps // 6 + 1) == 0:
            if attempt(parent, time, event, sizes, goals, room, steps // 20, tries // 4, corrections, scale, rng):
                return True
        evaluate(time, event, sizes, goals, room, EVERY, 0.0, np.inf)
        settle(goals, room, -1)
        heat = hot * (1.0 - (k + 1.0) / sweeps)
        total = reheat(goals, room, heat)
        sweep(parent, time, event, sizes, goals, room, heat, total, scale, sizes.sum(), rng)
        update_parent(parent, time, event, sizes, rng)
    return polish(parent, time, event, sizes, goals, room, steps, scale, rng) == 0.0


@compiled
def cycle(parent, time, event, sizes, goals, room, plan, scale, rng):
    """Warm sweeps, then cooling until the nearest rows meet every goal; returns whether they were found.

    `plan`: warm sweeps, cooling sweeps, cold steps at the end, tries of threading, corrections of a bend. Arms whose
    rates are at the end still missed are drawn anew, forward in time, and are kept cold while the rest is cooled again.
    """
    room.cold[:] = False
    warmed(parent, time, event, sizes, goals, room, plan[0], scale, rng)
    if plan[1] == 0:
        return False
    if cooled(parent, time, event, sizes, goals, room, 1.0, plan, scale, rng):
        return True
    if plan[3] == 0 or not threaded(parent, time, event, sizes, goals, room, plan[3], rng):
        return False
    return cooled(parent, time, event, sizes, goals, room, 0.6, plan, scale, rng)
