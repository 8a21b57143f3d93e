"""Patients in rows, matched: pairs, weights, counts, and balance before and after."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from haicbook.matching.balance.assessment import ACCEPTABLE, effective_sample_size, verdict
from haicbook.matching.balance.differences import pooled_sd, standardised
from haicbook.matching.engine.scores import Scores

Spread = Literal["pooled", "treated", "control"]
SPREADS: tuple[Spread, ...] = ("pooled", "treated", "control")
_FORMULAS = {"pooled": "√((s₁² + s₀²) / 2)", "treated": "s₁", "control": "s₀"}


def terms(frame: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """Columns to compare: numbers as they are, an indicator for each level of the others (one of two is enough).

    Shape (patients, terms), float.
    """
    columns = {}
    for name in covariates:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            columns[name] = column.astype(float)
            continue
        levels = sorted(column.unique(), key=str)
        for level in levels[1:] if len(levels) == 2 else levels:
            columns[f"{name}: {level}"] = (column == level).astype(float)
    return pd.DataFrame(columns, index=frame.index)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Mean with weights; NaN without any."""
    total = weights.sum()
    return float(values @ weights / total) if total > 0 else math.nan


def weighted_variance(values: np.ndarray, weights: np.ndarray) -> float:
    """Variance with weights, unbiased when they are equal; p(1 - p) of a column of 0 and 1, as R's MatchIt has it.

    NaN without at least two patients of weight.
    """
    if not weights.sum() > 0:
        return math.nan
    share = weights / weights.sum()
    mean = float(values @ share)
    if np.isin(values, (0, 1)).all():
        return mean * (1 - mean)
    freedom = 1 - float(share @ share)
    return float(share @ (values - mean) ** 2) / freedom if freedom > 1e-12 else math.nan


def distribution_gaps(values: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Mean and largest distance of the two weighted empirical distribution functions, over all distinct values.

    Of a column of 0 and 1 both are the difference of the shares. NaN when an arm has no weight.
    """
    arms = [np.where(arm, weights, 0.0) for arm in (treated, ~treated)]
    if not all(arm.sum() > 0 for arm in arms):
        return math.nan, math.nan
    places = np.unique(values, return_inverse=True)[1]
    mass = [np.bincount(places, arm / arm.sum()) for arm in arms]
    gaps = np.abs(np.cumsum(mass[0] - mass[1]))
    if np.isin(values, (0, 1)).all():
        return float(gaps.max()), float(gaps.max())
    return float(gaps.mean()), float(gaps.max())


def spread(values: np.ndarray, treated: np.ndarray, weights: np.ndarray, kind: Spread) -> float:
    """The SD that differences are divided by, in the covariate's unit."""
    one, other = (weighted_variance(values[arm], weights[arm]) for arm in (treated, ~treated))
    return {"pooled": pooled_sd(one, other), "treated": math.sqrt(one), "control": math.sqrt(other)}[kind]


def assess(
    columns: pd.DataFrame,
    treated: np.ndarray,
    weights: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray],
    kind: Spread = "pooled",
    spread_from: Literal["before", "each"] = "before",
) -> pd.DataFrame:
    """Balance of every column before and after matching.

    Parameters
    ----------
    columns
        What to compare, shape (patients, terms).
    treated
        Shape (patients,).
    weights
        After matching, shape (patients,); 0 for those who are not matched.
    pairs
        Places of the treated and of their control, one entry for each pair.
    kind, spread_from
        The SD that differences are divided by: of which arm, and whether from `before` matching for both (so that a
        change is one of the means, not of the SDs) or from `each` group itself.

    Returns
    -------
    pandas.DataFrame
        Two rows for each term, `when` being `before` and `after`: `term`, `mean_treated`, `mean_control`, `smd`,
        `definition`, `variance_ratio` (NaN for columns of 0 and 1), `ecdf_mean`, `ecdf_max`, `pair_distance` (mean
        distance within pairs in units of the same SD, NaN before) and `verdict`.
    """
    definition = f"(x₁ − x₀) / {_FORMULAS[kind]}" + (", SDs from before matching" if spread_from == "before" else "")
    everyone = np.ones(len(treated))
    rows = []
    for name in columns.columns:
        values = columns[name].to_numpy()
        binary = np.isin(values, (0, 1)).all()
        for when, weight in (("before", everyone), ("after", weights)):
            sd = spread(values, treated, everyone if spread_from == "before" else weight, kind)
            means = [weighted_mean(values[arm], weight[arm]) for arm in (treated, ~treated)]
            one, other = (weighted_variance(values[arm], weight[arm]) for arm in (treated, ~treated))
            ratio = one / other if not binary and other > 0 else math.nan
            smd = standardised(means[0] - means[1], sd)
            apart = math.nan
            if when == "after" and len(pairs[0]):
                apart = standardised(float(np.abs(values[pairs[0]] - values[pairs[1]]).mean()), sd)
            gaps = distribution_gaps(values, treated, weight)
            rows.append([name, when, *means, smd, definition, ratio, *gaps, apart, verdict(smd)])
    names = ("term", "when", "mean_treated", "mean_control", "smd", "definition", "variance_ratio")
    return pd.DataFrame(rows, columns=[*names, "ecdf_mean", "ecdf_max", "pair_distance", "verdict"])


# --- the result of a matching -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Matched:
    """Patients in rows, matched.

    Attributes
    ----------
    data
        The patients, as given.
    treatment, covariates
        Columns of `data`.
    scores
        Propensity scores and how they were fitted.
    pairs
        One row for each pair: `set` (1, 2, …; one for each treated patient), `treated` and `control` (labels of the
        index of `data`), `distance` (of the scores, or of their logits on the scale `sd_logit`).
    weights
        By patient: 1 for a matched treated one; for a control the sum, over the treated it is matched to, of 1 / their
        number of controls; 0 for who is not matched.
    discarded
        By patient, whether set aside before matching, outside the common support of the scores.
    description
        The matching in words.
    messages
        What there is to know, in sentences: separation, partners that ran out, no pairs.
    """

    data: pd.DataFrame = field(repr=False)
    treatment: str
    covariates: tuple[str, ...]
    scores: Scores
    pairs: pd.DataFrame = field(repr=False)
    weights: pd.Series = field(repr=False)
    discarded: pd.Series = field(repr=False)
    description: str
    messages: tuple[str, ...]

    @property
    def treated(self) -> np.ndarray:
        """Whether each patient was treated, shape (patients,)."""
        flags: np.ndarray = self.data[self.treatment].to_numpy() == 1
        return flags

    @property
    def matched(self) -> pd.DataFrame:
        """The matched patients, with their `score` and `weight`."""
        kept = self.weights > 0
        return self.data[kept].assign(score=self.scores.probability[kept], weight=self.weights[kept])

    def counts(self) -> pd.DataFrame:
        """Patients of the arms: `all`, `matched`, `unmatched`, `discarded`, and `effective` sample size (Kish)."""
        weights, discarded = self.weights.to_numpy(), self.discarded.to_numpy()
        rows = {}
        for name, arm in (("treated", self.treated), ("control", ~self.treated)):
            matched = int((weights[arm] > 0).sum())
            gone = int(discarded[arm].sum())
            effective = effective_sample_size(weights[arm])
            rows[name] = [int(arm.sum()), matched, int(arm.sum()) - matched - gone, gone, effective]
        columns = ["all", "matched", "unmatched", "discarded", "effective"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def balance(self, spread: Spread = "pooled", spread_from: Literal["before", "each"] = "before") -> pd.DataFrame:
        """Balance of the score and of every covariate before and after; see :func:`.assess`.

        `spread="treated"` is what R's MatchIt and cobalt print for the effect on the treated.
        """
        if spread not in SPREADS or spread_from not in ("before", "each"):
            allowed = f"{', '.join(SPREADS)}; before, each"
            raise ValueError(f"found spread {spread!r} from {spread_from!r}; allowed are {allowed}")
        columns = terms(self.data, list(self.covariates))
        columns.insert(0, "propensity score", self.scores.probability)
        places = tuple(self.data.index.get_indexer(self.pairs[side]) for side in ("treated", "control"))
        return assess(columns, self.treated, self.weights.to_numpy(), (places[0], places[1]), spread, spread_from)

    def balances(self, spread: Spread = "pooled") -> dict[str, pd.DataFrame]:
        """Balance of the covariates before and after, each as a Love plot wants it: with columns `label` and `smd`."""
        found = self.balance(spread).rename(columns={"term": "label"})
        found = found[found.label != "propensity score"]
        return {f"{when.capitalize()} matching": found[found.when == when] for when in ("before", "after")}

    def summary(self) -> str:
        """The matching, its pairs, who is left, and how many terms lie within 0.1: a few lines of text."""
        counts = self.counts()
        lines = [self.description, f"{len(self.pairs)} pairs of {self.pairs.treated.nunique()} treated patients."]
        lines += [
            f"{name.capitalize()}: {row['all']:.0f} patients, {row.matched:.0f} matched, {row.unmatched:.0f} not, "
            f"{row.discarded:.0f} discarded; effective sample size {row.effective:.1f}."
            for name, row in counts.iterrows()
        ]
        for words, frame in self.balances().items():
            judged = frame[frame.smd.notna()]
            within = int((judged.smd.abs() < ACCEPTABLE).sum())
            lines.append(f"{words}: {within} of {len(judged)} terms within 0.1.")
        return "\n".join([*lines, *self.messages])
