"""Ensembles made of given rows, for tests of what is computed over them."""

import numpy as np

from haicbook.survival import Ensemble
from haicbook.survival.ensemble import Member
from haicbook.survival.targets import ArmTargets, Interval, Targets


def ensemble(**arms) -> Ensemble:
    """An ensemble whose members are the (time, event) arrays given for each arm."""
    members = {}
    for name, (time, event) in arms.items():
        members[name] = Member(np.atleast_2d(np.asarray(time, float)), np.atleast_2d(np.asarray(event, bool)))
    median = Interval(11.5, 12.5, "12")
    targets = Targets(
        study="demo2020",
        endpoint="os",
        population="all",
        arms={name: ArmTargets(n=rows.time.shape[1], median=median) for name, rows in members.items()},
    )
    return Ensemble(targets, "uniform", members, targets)


def exponential(rng, members: int, n: int, mean: float, last: float):
    """Members of n exponential survival times, all censored at `last` months."""
    time = rng.exponential(mean, (members, n))
    return np.minimum(time, last), time <= last
