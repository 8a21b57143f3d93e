"""How a synthetic paper prints its figures: decimals, rounding or cutting off, and which program computed them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from haicbook.survival.estimators import Ties, Transform

Limits = Literal["log", "log-log", "plain", "normal"]
Categorical = Literal["pearson", "pearson_or_fisher", "yates", "fisher"]
_NOISE = 1e-9
Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class PrintingConventions:
    """One paper's habits.

    Attributes
    ----------
    software
        What the paper says it used.
    percent_decimals, cut_off
        Of percentages, and whether further digits are cut off rather than rounded.
    categorical
        Test of a row of counts; `pearson_or_fisher` takes Fisher's where an expected count is below 5.
    welch
        t-test for unequal variances.
    limits
        Scale of the limits of medians and rates; `normal` for medians that are symmetric, as SPSS prints.
    ties
        Of the Cox models.
    ratio_decimals, month_decimals
        Of hazard ratios and of times.
    proportion_ci
        Method of the limits of response rates.
    stepwise
        Whether covariates leave the multivariable model again, the least significant first.
    """

    software: str = "R 4.2"
    percent_decimals: int = 1
    cut_off: bool = False
    categorical: Categorical = "pearson_or_fisher"
    welch: bool = False
    limits: Limits = "log"
    ties: Ties = "efron"
    ratio_decimals: int = 3
    month_decimals: int = 1
    proportion_ci: Literal["Clopper–Pearson", "Wilson"] = "Clopper–Pearson"
    stepwise: bool = False

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> PrintingConventions:
        """Habits as papers have them: those of R, SAS or Stata, or SPSS, with the usual decimals."""
        software, limits, ties, categorical = PROGRAMS[int(rng.integers(len(PROGRAMS)))]
        return cls(
            software=software,
            percent_decimals=int(rng.integers(1, 3)),
            cut_off=bool(rng.random() < 0.2),
            categorical=categorical,
            welch=bool(rng.random() < 0.5),
            limits=limits,
            ties=ties,
            ratio_decimals=int(rng.integers(2, 4)),
            month_decimals=int(rng.integers(1, 3)),
            proportion_ci="Clopper–Pearson" if rng.random() < 0.5 else "Wilson",
            # of a stream of its own, so that the papers' other figures are those of papers without this habit
            stepwise=bool(rng.spawn(1)[0].random() < 0.5),
        )

    @property
    def median_method(self) -> str | None:
        """What the paper says of its medians' limits."""
        return None if self.limits == "normal" else "Brookmeyer–Crowley"

    @property
    def rate_scale(self) -> Transform:
        """Scale of the limits of rates: SPSS gives standard errors, of which authors make plain limits."""
        return "plain" if self.limits == "normal" else self.limits

    # --- figures ---------------------------------------------------------------------------------------------------

    def percent(self, count: int, of: int) -> str:
        """A share as a percentage, without its sign."""
        return fixed(100 * count / of, self.percent_decimals, cut=self.cut_off)

    def n_pct(self, count: int, of: int) -> str:
        """`21 (11.5%)`."""
        return f"{count} ({self.percent(count, of)}%)"

    def months(self, value: float) -> str:
        """A time, or `NR`."""
        return fixed(value, self.month_decimals) if math.isfinite(value) else "NR"

    def rate(self, value: float, low: float, high: float) -> str:
        """`54.0% (34.9–83.4)` of fractions; without limits where one is not defined."""
        text = f"{fixed(100 * value, 1)}%"
        if not (math.isfinite(low) and math.isfinite(high)):
            return text
        return f"{text} ({fixed(100 * low, 1)}–{fixed(100 * high, 1)})"

    def ratio(self, log_hr: float, se: float) -> str:
        """`0.560 (0.330–0.950)`."""
        hr, low, high = (math.exp(log_hr + z * se) for z in (0.0, -Z95, Z95))
        texts = [fixed(value, self.ratio_decimals) for value in (hr, low, high)]
        return f"{texts[0]} ({texts[1]}–{texts[2]})"


PROGRAMS: tuple[tuple[str, Limits, Ties, Categorical], ...] = (
    ("R 4.2", "log", "efron", "pearson_or_fisher"),
    ("R 4.2", "log", "efron", "yates"),
    ("SAS 9.4", "log-log", "breslow", "pearson_or_fisher"),
    ("Stata 17", "log-log", "breslow", "fisher"),
    ("SPSS 26", "normal", "breslow", "pearson"),
)


def fixed(value: float, decimals: int, *, cut: bool = False) -> str:
    """A number with fixed decimals, rounded or cut off."""
    if cut:
        scale = 10**decimals
        value = math.copysign(math.floor(abs(value) * scale + _NOISE), value) / scale
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def p_text(p: float) -> str:
    """`0.035`, or `<0.001`; nothing where there is none."""
    if math.isnan(p):
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def wald_p(log_hr: float, se: float) -> float:
    """Two-sided p of a Wald test."""
    return math.erfc(abs(log_hr / se) / math.sqrt(2))


def tester(conventions: PrintingConventions) -> Callable[[np.ndarray], float]:
    """The paper's test of a table of counts, levels by arms."""
    from haicbook.stats import proportions

    def pearson_or_fisher(table: np.ndarray) -> float:
        kept = table[table.sum(axis=1) > 0]
        if len(kept) < 2:
            return math.nan
        expected = kept.sum(axis=1)[:, None] * kept.sum(axis=0) / kept.sum()
        return proportions.fisher_p(table) if (expected < 5).any() else proportions.pearson_p(table)

    def yates(table: np.ndarray) -> float:
        p = proportions.yates_p(table)
        return proportions.pearson_p(table) if math.isnan(p) else p

    methods = {
        "pearson": proportions.pearson_p,
        "pearson_or_fisher": pearson_or_fisher,
        "yates": yates,
        "fisher": proportions.fisher_p,
    }
    return methods[conventions.categorical]
