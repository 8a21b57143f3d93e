"""One way to run a paper's matching again: how the cohorts are drawn, and how they are matched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from haicbook.matching.calipers import CALIPER_SCALES, CaliperScale
from haicbook.matching.cohorts import SHAPES, Shape
from haicbook.matching.dependence import Dependence, Unknown
from haicbook.matching.logit import SCORE_MODELS, ScoreModel
from haicbook.matching.pairs import ORDERS, Order


@dataclass(frozen=True, eq=False)
class Setting:
    """What is assumed of the cohorts, and how they are matched.

    Attributes
    ----------
    caliper
        Largest difference within a pair, in units of `caliper_scale`; infinite for none; None for whatever keeps the
        printed number of pairs in each cohort (the narrowest that keeps as many, found by bisection).
    caliper_scale
        `score`, `sd_score` or `sd_logit`; see :func:`haicbook.matching.calipers.distances`. Patients are matched on
        the logit with the last, on the score with the others.
    order
        Who chooses first; see :func:`haicbook.matching.pairs.greedy`.
    replacement
        Whether a comparator patient can serve several pairs, and is then counted once for each.
    ratio
        Comparator patients for each experimental one.
    score_model
        `logistic`, `probit`, `discriminant`, or `codes` (logistic on levels numbered in printed order).
    dependence
        Between the covariates of an arm; see :mod:`haicbook.matching.dependence`. By default another one for each
        cohort, since a table says nothing of it.
    shape
        Of continuous covariates: `normal`, `skewed`, or `unknown` (either, cohort by cohort).
    repair
        Covariate to what is assumed where its printed margins contradict themselves; see
        :func:`haicbook.matching.repairs.repairs`.
    """

    caliper: float | None = math.inf
    caliper_scale: CaliperScale = "sd_logit"
    order: Order = "largest"
    replacement: bool = False
    ratio: int = 1
    score_model: ScoreModel = "logistic"
    dependence: Dependence = field(default_factory=Unknown)
    shape: Shape = "unknown"
    repair: Mapping[str, str] = field(default_factory=dict)

    def keeping_pairs(self) -> Setting:
        """The same with whatever caliper keeps the printed number of pairs."""
        return replace(self, caliper=None)

    def problems(self) -> list[str]:
        """What is out of range, one phrase each; empty when all is well."""
        found = []
        if self.caliper is not None and not self.caliper > 0:
            found.append(f"caliper is {self.caliper}, allowed is a number above 0 (infinite for none)")
        if not self.ratio >= 1:
            found.append(f"ratio is {self.ratio}, allowed is 1 and more")
        for name, allowed in (
            ("caliper_scale", CALIPER_SCALES),
            ("order", ORDERS),
            ("score_model", SCORE_MODELS),
            ("shape", SHAPES),
        ):
            if getattr(self, name) not in allowed:
                found.append(f"{name} is {getattr(self, name)!r}, allowed is {', '.join(allowed)}")
        return found
