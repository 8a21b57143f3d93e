"""Which printed numbers a data set can meet together, and what to leave out, visibly, where not all of them.

With n patients a curve takes finitely many values, so a printed rate may be out of reach of the other ones. Where a
paper prints a quantity differently in another place, that figure is tried first; otherwise the figure is left out.
The fewest changes are made, and each is proved: a small arm's curves can be listed (:mod:`haicbook.survival.exact`). An
arm too large for that is left as it is; what cannot be met of it is found by search
(:mod:`haicbook.survival.feasibility`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from haicbook.survival.exact import reach
from haicbook.survival.knots import knots_of
from haicbook.survival.targets import ArmTargets, Conflict, Interval, Landmark, TargetError, Targets

_PROOF = "every order of events and censorings was listed: a proof, for Kaplan-Meier rates and usual rounding"


@dataclass(frozen=True)
class Figure:
    """One printed figure of an arm: a landmark or its median."""

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

    figure: Figure
    by: Conflict | None = None


def attainable_arm(targets: Targets, name: str) -> tuple[Targets, list[str]]:
    """The targets with as few changes to one arm as make it attainable, and the changes in words.

    Raises
    ------
    TargetError
        When no data set of the arm's size can have what is printed of it, and nothing would be left without it.
    """
    arm = targets.arms[name]
    figures = _figures(arm)
    if targets.conventions.rates not in ("auto", "product_limit") or _listed(arm) is not False:
        return targets, []
    for changes in _by_size(_changes(targets, name, figures)):
        try:
            changed = replace(targets, arms=targets.arms | {name: _changed(arm, changes)})
        except TargetError:  # without median and rates, or at odds at first sight: not this one
            continue
        if _listed(changed.arms[name]):
            kept = [figure for figure in figures if figure not in [change.figure for change in changes]]
            return changed, [_why(change, name, arm, kept) for change in changes]
    words = " and ".join(figure.words for figure in figures)
    raise TargetError(
        [f"arm {name}: no data set of {arm.n} patients can have {words} ({_PROOF}); nothing else is printed"]
    )


def _figures(arm: ArmTargets) -> list[Figure]:
    """An arm's figures, in the order in which leaving one out is tried.

    Early rates come first: between the remaining figures the curve is better known than beyond them.
    """
    figures = [
        Figure(f"the {mark.time:g}-month rate", f"{mark.printed.rstrip('% ')}%", mark)
        for mark in sorted(arm.landmarks, key=lambda mark: mark.time)
    ]
    if arm.median is not None:
        figures.append(Figure("the median", f"{arm.median.printed} months"))
    return figures


def _changes(targets: Targets, name: str, figures: list[Figure]) -> list[Change]:
    """What may be changed: figures printed differently elsewhere first, then leaving one out."""
    arm = targets.arms[name]
    elsewhere = [
        Change(figure, conflict)
        for figure in figures
        for conflict in targets.conflicts
        if conflict.arm == name and conflict.used == figure.of(arm)
    ]
    return elsewhere + [Change(figure) for figure in figures]


def _by_size(changes: list[Change]) -> Iterator[tuple[Change, ...]]:
    """Sets of changes, the smallest first, and of these the ones that leave out least; no figure changed twice."""
    for size in range(len(changes) + 1):
        chosen = combinations(changes, size)
        for group in sorted(chosen, key=lambda group: sum(change.by is None for change in group)):
            if len({change.figure for change in group}) == size:
                yield group


def _changed(arm: ArmTargets, changes: tuple[Change, ...]) -> ArmTargets:
    for change in changes:
        other = change.by.other if change.by else None
        if change.figure.landmark is not None:
            old, marks = change.figure.landmark, [mark for mark in arm.landmarks if mark != change.figure.landmark]
            if other is not None:
                marks.append(Landmark(old.time, other, None, other.value_id, other.printed))
            arm = replace(arm, landmarks=tuple(sorted(marks, key=lambda mark: mark.time)))
        else:
            arm = replace(arm, median=other, median_ci=None)
    return arm


def _listed(arm: ArmTargets) -> bool | None:
    """Whether a curve passes through the arm's rates and median; None where its curves are too many to list."""
    if not arm.landmarks:
        return True
    listed = reach(arm.n, knots_of(arm, strict=False))
    return None if listed is None else bool(listed.possible)


def _why(change: Change, name: str, arm: ArmTargets, kept: list[Figure]) -> str:
    rivals = _impossible_together(arm, change.figure, kept)
    company = f" together with {' and '.join(figure.words for figure in rivals)}" if rivals else ""
    reason = f"no data set of {arm.n} patients can have it{company} ({_PROOF})"
    what = f"{change.figure.words}, arm {name}"
    if change.by is None:
        return f"left out: {what}: {reason}"
    other = change.by
    return f"{what} ({other.used_section}): {reason}; met instead: {other.other.printed} ({other.other_section})"


def _impossible_together(arm: ArmTargets, figure: Figure, others: list[Figure]) -> tuple[Figure, ...] | None:
    """The fewest other figures of an arm with which this one is impossible; None without a proof."""
    for size in range(len(others) + 1):
        for company in combinations(others, size):
            both = (figure, *company)
            alone = replace(
                arm,
                landmarks=tuple(mark for mark in arm.landmarks if mark in [member.landmark for member in both]),
                median=arm.median if any(member.name == "the median" for member in both) else None,
            )
            listed = reach(arm.n, knots_of(alone, strict=False))
            if listed is not None and not listed.possible:
                return company
    return None
