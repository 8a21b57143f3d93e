"""Reconstructed data sets that all meet the same printed numbers, and what they give."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from haicbook.survival import diagnostics, estimators
from haicbook.survival.conventions import AssumedConventions
from haicbook.survival.targets import Targets

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LABEL = "Reconstructed from a paper's printed summaries: synthetic rows, not patients"
_TYPICAL_POINTS = 200
_LEAST = 1e-9
_MICRO = 1e6  # times enter the digest to the millionth of a month


class Member(NamedTuple):
    """Rows of an arm: times in months and whether the event was seen; (n,) for one data set, (B, n) for an ensemble."""

    time: Floats
    event: Bools


def stacked(arms: Sequence[str], members: Sequence[Sequence[tuple[Floats, Bools]]]) -> dict[str, Member]:
    """Members' rows as arrays (B, n) for each arm."""
    return {
        arm: Member(np.stack([rows[index][0] for rows in members]), np.stack([rows[index][1] for rows in members]))
        for index, arm in enumerate(arms)
    }


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Reconstructed patient-level data: B members, each of which meets the printed targets.

    Attributes
    ----------
    targets
        All that is printed.
    censoring
        The pattern assumed: `early`, `uniform`, `late` or `cohort`.
    members
        For each arm, times (B, n) in months and events (B, n).
    kept
        The targets that every member was verified to meet.
    dropped
        What was left out of `targets`, and why, in words; empty where everything is met.
    conventions
        The conventions under which the targets are met.
    tried
        The candidates that were tried, in words, and whether a data set was found under each.
    asked
        Members asked for; more than there are where no more were found.
    chains
        (B,) the chain that each member comes from; empty where they are independent.
    """

    targets: Targets
    censoring: str
    members: dict[str, Member]
    kept: Targets
    dropped: tuple[str, ...] = ()
    conventions: AssumedConventions = AssumedConventions()  # noqa: RUF009
    tried: tuple[tuple[str, bool], ...] = ()
    asked: int = 0
    chains: tuple[int, ...] = ()

    label = LABEL

    def __len__(self) -> int:
        return len(next(iter(self.members.values())).time)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{arm} n = {member.time.shape[1]}" for arm, member in self.members.items())
        return (
            f"<Ensemble of {len(self)} for {self.targets.study} {self.targets.endpoint} ({sizes}), "
            f"{self.censoring} censoring, {len(self.dropped)} targets left out. {LABEL}>"
        )

    def _arm(self, arm: str) -> Member:
        if arm not in self.members:
            raise KeyError(f"no arm {arm!r}; arms are {', '.join(self.members)}")
        return self.members[arm]

    def curve(self, arm: str, grid: ArrayLike) -> Floats:
        """Kaplan-Meier survival (B, G) of an arm at times (G,) in months."""
        return estimators.survival_at(estimators.km(*self._arm(arm)), grid)

    def at_risk(self, arm: str, times: ArrayLike) -> Ints:
        """Patients at risk (B, T) of an arm just before each time (T,), as R counts them."""
        return estimators.at_risk(*self._arm(arm), times)

    def deaths(self, arm: str) -> Ints:
        """Events (B,) of an arm."""
        return np.asarray(self._arm(arm).event.sum(axis=1), dtype=np.int64)

    def medians(self, arm: str) -> Floats:
        """Median survival (B,) of an arm in months, as the conventions has it; NaN where not reached.

        Of a step that lies on one half, the middle (R), or its start where intervals are SPSS's.
        """
        rule: estimators.MedianRule = "start" if self.conventions.interval == "normal" else "middle"
        return estimators.median(*self._arm(arm), rule)

    def rmst(self, arm: str, horizon: float) -> Floats:
        """Restricted mean survival time (B,) of an arm to a horizon, both in months."""
        return estimators.rmst(*self._arm(arm), horizon)

    def pooled(self) -> Member:
        """Rows (B, n) of all arms together."""
        rows = list(self.members.values())
        return Member(np.concatenate([r.time for r in rows], axis=1), np.concatenate([r.event for r in rows], axis=1))

    def contrast(self, arm: str | None = None, reference: str | None = None) -> tuple[Floats, Bools, Bools]:
        """Times and events (B, n) of two arms side by side, and which columns (n,) belong to the first.

        By default as the paper prints its hazard ratio, else the first arm against the second.

        Raises
        ------
        ValueError
            When there is one arm only.
        """
        if len(self.members) < 2:
            raise ValueError(f"{self.targets.study} has one arm here; a comparison needs two")
        printed = self.targets.hr
        default = (printed.arm, printed.reference) if printed else tuple(self.members)[:2]
        first, second = self._arm(arm or default[0]), self._arm(reference or default[1])
        in_first = np.r_[np.ones(first.time.shape[1], bool), np.zeros(second.time.shape[1], bool)]
        time = np.concatenate([first.time, second.time], axis=1)
        return time, np.concatenate([first.event, second.event], axis=1), in_first

    def hazard_ratio(self, arm: str | None = None, reference: str | None = None) -> Floats:
        """Unadjusted hazard ratio (B,) by Cox regression, ties as the conventions has them: `arm` against `reference`.

        By default as the paper prints its hazard ratio, else the first arm (the experimental one) against the second.
        """
        # the words of a conventions are the estimators'
        ties: estimators.Ties = self.conventions.ties  # type: ignore[assignment]
        return np.exp(estimators.cox(*self.contrast(arm, reference), ties)[0])

    def logrank_p(self, until: float = math.inf) -> Floats:
        """Two-sided log-rank p (B,) between the arms; of what happens up to a time in months, where it is given."""
        time, event, in_first = self.contrast()
        return estimators.logrank(np.minimum(time, until), event & (time <= until), in_first).p

    def effective_size(self) -> float:
        """How many independent members would say as much as these; see `haicbook.survival.diagnostics`."""
        return diagnostics.effective_size(list(diagnostics.statistics_of(self)), self.chains or range(len(self)))

    def typical(self) -> int:
        """Index of the member that is typical in level and in shape.

        Its curves lie close (mean absolute difference) to the pointwise median curves, and it is as steep in its
        steepest 15 days as the median member; each distance counts in units of its median.
        """
        grid = np.linspace(0, self.targets.follow_up_end, _TYPICAL_POINTS)
        distance = np.zeros(len(self))
        for arm in self.members:
            curves = self.curve(arm, grid)
            distance += np.abs(curves - np.median(curves, axis=0)).mean(axis=1)
        steep = diagnostics.steepest(self)
        shape = np.abs(steep - np.median(steep))
        return int(np.argmin(sum(part / max(float(np.median(part)), _LEAST) for part in (distance, shape))))

    def to_frame(self, member: int) -> pd.DataFrame:
        """One member as rows `arm`, `time` (months), `event`; synthetic, as `attrs["label"]` says.

        Raises
        ------
        IndexError
            When there is no such member.
        """
        if not 0 <= member < len(self):
            raise IndexError(f"no member {member}; members are 0 to {len(self) - 1}")
        frames = [
            pd.DataFrame({"arm": arm, "time": rows.time[member], "event": rows.event[member]})
            for arm, rows in self.members.items()
        ]
        frame = pd.concat(frames, ignore_index=True)
        frame.attrs["label"] = LABEL
        return frame

    def digest(self) -> str:
        """SHA-256 of all members, times rounded to a millionth of a month: the same data, the same digest."""
        state = hashlib.sha256()
        for arm, rows in self.members.items():
            state.update(f"{arm} {rows.time.shape}".encode())
            state.update(np.round(rows.time * _MICRO).astype("<i8").tobytes())
            state.update(rows.event.astype("u1").tobytes())
        return state.hexdigest()

    def compare(self) -> pd.DataFrame:
        """What is printed beside what the members give; see :func:`haicbook.survival.comparison.compare`."""
        from haicbook.survival.comparison import compare

        return compare(self)
