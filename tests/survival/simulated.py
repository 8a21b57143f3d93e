"""Patients with a known truth, and what a paper would print of them."""

import numpy as np

from haicbook.survival import ArmTargets, Interval, Landmark, Targets
from haicbook.survival import estimators as survival_of


def patients(rng, n, grid=None, scale=None):
    """Weibull times to death and uniform follow-up, in months; rounded up to a grid where there is one."""
    scale = rng.uniform(4, 30) if scale is None else scale
    death = scale * rng.weibull(rng.uniform(0.6, 1.6), n)
    follow_up = rng.uniform(rng.uniform(0, 10), rng.uniform(12, 50), n)
    time = np.maximum(np.minimum(death, follow_up), 0.02)
    if grid:
        time = np.maximum(np.ceil(time / grid), 1) * grid
    return time, death <= follow_up


def printed_arm(time, event, *, events=True, months=(6, 12, 24)):
    """n, events, the median to one decimal and the rates in per cent to one decimal, where they exist."""
    curve = survival_of.km(time, event)
    marks = tuple(
        Landmark.read(month, f"{100 * survival_of.survival_at(curve, month)[0, 0]:.1f}%")
        for month in months
        if (time >= month).any()
    )
    median = survival_of.median(time, event)[0]
    printed = Interval.read(f"{median:.1f}") if np.isfinite(median) and median > 0.1 else None
    return ArmTargets(len(time), int(event.sum()) if events else None, printed, None, marks)


def trial(**changes):
    """A fictitious trial's targets."""
    arms = {
        "a": ArmTargets(
            90,
            events=55,
            median=Interval.read("14.2"),
            landmarks=(Landmark.read(6, "81.1%"), Landmark.read(12, "56.3%", ("45.9", "69.0"))),
        ),
        "b": ArmTargets(88, median=Interval.read("8.7"), landmarks=(Landmark.read(6, "66.0%"),)),
    }
    return Targets(**({"study": "fictitious", "endpoint": "os", "arms": arms} | changes))


def one_arm(**printed):
    """Targets of a single arm."""
    return Targets("fictitious", "os", {"all": ArmTargets(**printed)})


def landmarks(*rates):
    return tuple(Landmark.read(time, rate) for time, rate in rates)
