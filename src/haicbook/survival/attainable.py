"""Which printed numbers a data set can meet together, and what to leave out, visibly, where not all of them.

With n patients a curve takes finitely many values, so a printed rate may be out of reach of the other ones. Where a
paper prints a quantity differently in another place, that figure is tried first; otherwise the figure is left out.
The fewest changes are made. For small arms the reason is a proof (:mod:`haicbook.survival.exact`), else the end of a
search, and the words say which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from haicbook.survival.draw import draw_until
from haicbook.survival.exact import reach
from haicbook.survival.knots import knots_of
from haicbook.survival.parent import parents_of
from haicbook.survival.targets import ArmTargets, Conflict, Interval, Landmark, TargetError, Targets

# how often a set of targets is tried before it counts as out of reach
ATTEMPTS = 300


class ReconstructionError(RuntimeError):
    """No data set was found that meets the targets; the message says which and how hard the search was."""


@dataclass(frozen=True)
class Part:
    """One printed figure of an arm: a landmark, its median or its events."""

    name: str
    figure: str
    landmark: Landmark | None = None

    @property
    def words(self) -> str:
        return f"{self.name}, {self.figure}"

    def of(self, arm: ArmTargets) -> Interval | None:
        """The figure's interval, where it can disagree with another place of the paper."""
        return self.landmark.interval if self.landmark else arm.median if self.name == "the median" else None


@dataclass(frozen=True)
class Change:
    """A figure left out (`by` is None), or met as the paper prints it elsewhere."""

    part: Part
    by: Conflict | None = None


def attainable_arm(targets: Targets, name: str, censoring: str, rng: np.random.Generator) -> tuple[Targets, list[str]]:
    """The targets with as few changes to one arm as make it attainable, and the changes in words.

    Raises
    ------
    ReconstructionError
        When not even one of the arm's figures can be met.
    """
    arm = targets.arms[name]
    parts = _parts(arm)
    for changes in _by_size(_changes(targets, name, parts)):
        try:
            changed = replace(targets, arms=targets.arms | {name: _changed(arm, changes)})
        except TargetError:  # without median and rates, or at odds at first sight: not this one
            continue
        if _is_attainable(changed, name, censoring, rng):
            kept = [part for part in parts if part not in [change.part for change in changes]]
            return changed, [_why(change, name, arm, kept) for change in changes]
    raise ReconstructionError(f"arm {name}: no data set of {arm.n} patients was found that has any printed figure")


def _parts(arm: ArmTargets) -> list[Part]:
    """An arm's figures, in the order in which leaving one out is tried.

    Early rates come first: between the remaining figures the curve is better known than beyond them.
    """
    parts = [
        Part(f"the {mark.time:g}-month rate", f"{mark.printed.rstrip('% ')}%", mark)
        for mark in sorted(arm.landmarks, key=lambda mark: mark.time)
    ]
    if arm.events is not None:
        parts.append(Part("the number of events", str(arm.events)))
    if arm.median is not None:
        parts.append(Part("the median", f"{arm.median.printed} months"))
    return parts


def _changes(targets: Targets, name: str, parts: list[Part]) -> list[Change]:
    """What may be changed: figures printed differently elsewhere first, then leaving one out."""
    arm = targets.arms[name]
    elsewhere = [
        Change(part, conflict)
        for part in parts
        for conflict in targets.conflicts
        if conflict.arm == name and conflict.used == part.of(arm)
    ]
    return elsewhere + [Change(part) for part in parts]


def _by_size(changes: list[Change]) -> Iterator[tuple[Change, ...]]:
    """Sets of changes, the smallest first, and of these the ones that leave out least; no figure changed twice."""
    for size in range(len(changes) + 1):
        chosen = combinations(changes, size)
        for group in sorted(chosen, key=lambda group: sum(change.by is None for change in group)):
            if len({change.part for change in group}) == size:
                yield group


def _changed(arm: ArmTargets, changes: tuple[Change, ...]) -> ArmTargets:
    for change in changes:
        other = change.by.other if change.by else None
        if change.part.landmark is not None:
            old, marks = change.part.landmark, [mark for mark in arm.landmarks if mark != change.part.landmark]
            if other is not None:
                marks.append(Landmark(old.time, other, None, other.value_id, other.printed))
            arm = replace(arm, landmarks=tuple(sorted(marks, key=lambda mark: mark.time)))
        elif change.part.name == "the median":
            arm = replace(arm, median=other, median_ci=None)
        else:
            arm = replace(arm, events=None)
    return arm


def _is_attainable(targets: Targets, name: str, censoring: str, rng: np.random.Generator) -> bool:
    arms = {name: targets.arms[name]}
    parent = parents_of(arms, None, targets.follow_up_end, censoring)[name]
    return draw_until(parent, arms[name].events, rng, ATTEMPTS) is not None


def _why(change: Change, name: str, arm: ArmTargets, kept: list[Part]) -> str:
    rivals = _impossible_together(arm, change.part, kept)
    if rivals is None:
        reason = (
            f"no data set of {arm.n} patients was found that has it together with the arm's other printed figures "
            f"({ATTEMPTS} attempts: a search, not a proof)"
        )
    else:
        company = f" together with {' and '.join(part.words for part in rivals)}" if rivals else ""
        reason = (
            f"no data set of {arm.n} patients can have it{company} "
            "(every order of events and censorings was listed: a proof, for Kaplan-Meier rates and usual rounding)"
        )
    what = f"{change.part.words}, arm {name}"
    if change.by is None:
        return f"left out: {what}: {reason}"
    other = change.by
    return f"{what} ({other.used_section}): {reason}; met instead: {other.other.printed} ({other.other_section})"


def _impossible_together(arm: ArmTargets, part: Part, others: list[Part]) -> tuple[Part, ...] | None:
    """The fewest other figures of an arm with which this one is impossible; None without a proof."""
    others = [other for other in others if other.name != "the number of events"]
    if part.name == "the number of events":
        return None  # the list of curves does not count events
    for size in range(len(others) + 1):
        for company in combinations(others, size):
            both = (part, *company)
            alone = replace(
                arm,
                landmarks=tuple(mark for mark in arm.landmarks if mark in [member.landmark for member in both]),
                median=arm.median if any(member.name == "the median" for member in both) else None,
            )
            listed = reach(arm.n, knots_of(alone, strict=False))
            if listed is not None and not listed.possible:
                return company
    return None
