"""How small a log-rank p a printed hazard ratio and its interval allow."""

from __future__ import annotations

import math

import numpy as np

from haicbook.survival.targets import Targets

_Z = 1.959963984540054
# ratios of the patients at risk in the arm and in the reference, and weights of two of them
_AT_RISK, _WEIGHTS = np.exp(np.linspace(-4, 3, 141)), np.linspace(0, 1, 51)


def least_p(targets: Targets) -> float | None:
    """The least two-sided p that any data set without ties can have; None where ratio, interval or events are missing.

    At each event only the ratio of those at risk in the two arms counts: it gives the event's part of the information
    at the estimate, of the score and of its variance at no difference. With the information known, from the interval,
    two ratios are enough to make the score test as large as it can be.
    """
    ratio, printed = targets.hr, [arm.events for arm in targets.arms.values()]
    events = targets.events_total or sum(count or 0 for count in printed)
    if ratio is None or ratio.ci is None or not events or (targets.events_total is None and None in printed):
        return None
    ends = (ratio.ci.lower, ratio.ci.upper)
    if not all(0 < end.low <= end.high < math.inf for end in ends):
        return None
    log_hr = max(abs(math.log(ratio.estimate.low)), abs(math.log(ratio.estimate.high)))
    before, after = (_AT_RISK * factor / (1 + _AT_RISK * factor) for factor in (1.0, math.exp(log_hr)))
    parts = (after * (1 - after), before * (1 - before), after - before)
    weight = _WEIGHTS[:, None, None]
    information, variance, score = (events * (weight * part[:, None] + (1 - weight) * part) for part in parts)
    error = 1 / np.sqrt(information)
    widths = [math.log(ends[1].low / ends[0].high), math.log(ends[1].high / ends[0].low)]
    allowed = (error >= widths[0] / (2 * _Z)) & (error <= widths[1] / (2 * _Z))
    if not allowed.any():
        return None
    return math.erfc(float((score / np.sqrt(variance))[allowed].max()) / math.sqrt(2))
