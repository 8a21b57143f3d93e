"""Patients with a known truth, and what a paper would print of them."""

import numpy as np

from haicbook.survival import ArmTargets, HazardRatio, Interval, Landmark, Limits, Targets
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


def with_deaths(seed, size=(25, 120)):
    """What a paper prints that gives deaths, medians with R's intervals, a hazard ratio with its interval and a p."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(8, 20)
    rows = {arm: patients(rng, int(rng.integers(*size)), scale=scale * times) for arm, times in (("a", 1.5), ("b", 1))}
    arms = {}
    for arm, (time, event) in rows.items():
        curve = survival_of.km(time, event)
        low, high = (float(end[0]) for end in survival_of.median_limits(curve, "log"))
        median = float(survival_of.median(time, event)[0])
        limits = Limits.read(f"{low:.1f}", f"{high:.1f}" if np.isfinite(high) else "NR") if np.isfinite(low) else None
        known = np.isfinite(median)
        printed = Interval.read(f"{median:.1f}") if known else None
        arms[arm] = ArmTargets(len(time), int(event.sum()), printed, limits if known else None)
    time, event = (np.concatenate([rows[arm][i] for arm in rows])[None] for i in (0, 1))
    in_a = np.arange(time.shape[1]) < arms["a"].n
    beta, error = (float(value[0]) for value in survival_of.cox(time, event, in_a)[:2])
    ends = (f"{np.exp(beta + side * 1.96 * error):.2f}" for side in (-1, 1))
    ratio = HazardRatio("a", "b", Interval.read(f"{np.exp(beta):.2f}"), Limits.read(*ends))
    p = float(survival_of.logrank(time, event, in_a).p[0])
    written = Interval.read(f"{p:.3f}" if p >= 0.001 else "<0.001")
    return Targets(
        "simulated", "os", arms, hr=ratio, logrank_p=written, follow_up_max=Interval.read(f"{time.max():.1f}")
    )


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
