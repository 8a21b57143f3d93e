"""What is assumed in a re-run: how the covariates depend on each other, and how the cohorts are matched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from haicbook.matching.engine.pairs import CALIPER_SCALES, ORDERS, CaliperScale, Order
from haicbook.matching.engine.scores import SCORE_MODELS, ScoreModel

Shape = Literal["normal", "skewed", "unknown"]
SHAPES: tuple[Shape, ...] = ("normal", "skewed", "unknown")
# an eigenvalue below this is negative, and not a zero seen through rounding
_NEGATIVE = -1e-8


class Dependence(Protocol):
    """Correlations of the latent normal variables that stand behind the covariates."""

    @property
    def label(self) -> str:
        """What is assumed, in a few words."""

    def roots(self, names: Sequence[str], cohorts: int, rng: np.random.Generator) -> np.ndarray | None:
        """Matrices A with A Aᵀ the correlation matrix, shape (cohorts or 1, covariates, factors); None for identity.

        Raises
        ------
        ValueError
            When no variables can have these correlations; says why.
        """


@dataclass(frozen=True)
class Exchangeable:
    """The same correlation between any two covariates.

    Attributes
    ----------
    rho
        Correlation of the latent normal variables (of the covariates themselves it is smaller), from -1 / (k - 1) for
        k covariates to 1; 0 makes them independent. A higher latent value means a level that the paper lists later.
    """

    rho: float = 0.0

    @property
    def label(self) -> str:
        """`independent`, or the correlation."""
        return "independent" if self.rho == 0 else f"correlation {self.rho:g}".replace("-", "−")

    def roots(self, names: Sequence[str], cohorts: int, rng: np.random.Generator) -> np.ndarray | None:
        """See :class:`.Dependence`."""
        if self.rho == 0:
            return None
        lowest = -1 / max(1, len(names) - 1)
        if not lowest <= self.rho <= 1:
            raise ValueError(
                f"found a correlation of {self.rho:g} between any two of {len(names)} covariates; "
                f"allowed is {lowest:.3g} to 1"
            )
        matrix = np.full((len(names), len(names)), self.rho)
        np.fill_diagonal(matrix, 1.0)
        return _root(matrix)[None]


@dataclass(frozen=True, eq=False)
class Correlated:
    """A correlation matrix.

    Attributes
    ----------
    matrix
        Correlations of the latent normal variables, rows and columns named by covariate; those of other covariates
        are ignored.
    label
        What it is called on the page.
    """

    matrix: pd.DataFrame = field(repr=False)
    label: str = "a given matrix"

    def roots(self, names: Sequence[str], cohorts: int, rng: np.random.Generator) -> np.ndarray | None:
        """See :class:`.Dependence`."""
        missing = [name for name in names if name not in self.matrix.index or name not in self.matrix.columns]
        if missing:
            raise ValueError(
                f"the correlation matrix has no {', '.join(missing)}; it has {', '.join(map(str, self.matrix.index))}"
            )
        matrix = self.matrix.loc[list(names), list(names)].to_numpy(dtype=float)
        if problems := _infeasible(matrix, names):
            raise ValueError(f"no covariates have this correlation matrix: {'; '.join(problems)}")
        return _root(matrix)[None]


@dataclass(frozen=True)
class Unknown:
    """A correlation matrix of its own for each cohort, drawn at random: dependence as an open question.

    The matrix is rho + (1 - rho) times that of 1 / spread² independent normal readings of each covariate (a Wishart
    matrix scaled to ones on its diagonal), so that a correlation has mean `rho` and standard deviation (1 - rho)
    `spread`.

    Attributes
    ----------
    spread
        From 0 (the same correlation throughout, as :class:`Exchangeable`) to 1.
    rho
        Mean correlation, from 0 to 1.
    """

    spread: float = 0.3
    rho: float = 0.0

    @property
    def label(self) -> str:
        """The name for the page."""
        if self.spread == 0:
            return Exchangeable(self.rho).label
        return f"unknown, {self.rho:g} ± {(1 - self.rho) * self.spread:.2g}"

    def roots(self, names: Sequence[str], cohorts: int, rng: np.random.Generator) -> np.ndarray | None:
        """See :class:`.Dependence`."""
        outside = [f"{name} is {value:g}" for name, value in vars(self).items() if not 0 <= value <= 1]
        if outside:
            raise ValueError(f"unknown dependence: {', '.join(outside)}; allowed is 0 to 1")
        if self.spread == 0:
            return Exchangeable(self.rho).roots(names, cohorts, rng)
        loadings = rng.standard_normal((cohorts, len(names), max(1, round(self.spread**-2))))
        unit: np.ndarray = loadings / np.linalg.norm(loadings, axis=2, keepdims=True)
        if self.rho == 0:
            return unit
        common = np.full((cohorts, len(names), 1), np.sqrt(self.rho))
        return np.concatenate([common, np.sqrt(1 - self.rho) * unit], axis=2)


INDEPENDENT = Exchangeable(0.0)


def _infeasible(matrix: np.ndarray, names: Sequence[str]) -> list[str]:
    """What keeps a matrix from being one of correlations: one phrase for each fault."""
    if not np.isfinite(matrix).all():
        return ["it has entries that are no numbers"]
    problems = []
    if not np.allclose(matrix, matrix.T, atol=1e-8):
        problems.append("it is not symmetric")
    if not np.allclose(np.diag(matrix), 1, atol=1e-8):
        problems.append("its diagonal is not 1 throughout")
    outside = np.argwhere(np.abs(np.triu(matrix, 1)) > 1)
    problems += [f"{names[i]} with {names[j]} is {matrix[i, j]:g}, allowed is -1 to 1" for i, j in outside]
    lowest = float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[0])
    if not problems and lowest < _NEGATIVE:
        problems.append(
            f"its correlations contradict each other (smallest eigenvalue {lowest:.3g}, allowed is 0 and up)"
        )
    return problems


def _root(matrix: np.ndarray) -> np.ndarray:
    """A square root that also singular matrices have."""
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = vectors * np.sqrt(np.clip(values, 0, None))
    return root


# --- one way to run a matching again ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RerunSetting:
    """What is assumed of the cohorts, and how they are matched.

    Attributes
    ----------
    caliper
        Largest difference within a pair, in units of `caliper_scale`; infinite for none; None for whatever keeps the
        printed number of pairs in each cohort (the narrowest that keeps as many, found by bisection).
    caliper_scale
        `score`, `sd_score` or `sd_logit`; see :func:`haicbook.matching.engine.pairs.distances`. Patients are matched on
        the logit with the last, on the score with the others.
    order
        Who chooses first; see :func:`haicbook.matching.engine.pairs.greedy`.
    replacement
        Whether a comparator patient can serve several pairs, and is then counted once for each.
    ratio
        Comparator patients for each experimental one.
    score_model
        `logistic`, `probit`, `discriminant`, or `codes` (logistic on levels numbered in printed order).
    dependence
        Between the covariates of an arm: :class:`Exchangeable`, :class:`Correlated` or :class:`Unknown`. By default
        another one for each cohort, since a table says nothing of it.
    shape
        Of continuous covariates: `normal`, `skewed`, or `unknown` (either, cohort by cohort).
    repair
        PrintedCovariate to what is assumed where its printed margins contradict themselves; see
        :func:`haicbook.matching.rerun.margins.repairs`.
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

    def keeping_pairs(self) -> RerunSetting:
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
