"""Patients in rows, matched: pairs, weights, counts and balance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from haicbook.matching.assess import SPREADS, Spread, assess, terms
from haicbook.matching.balance import VERDICTS
from haicbook.matching.effective import effective_sample_size
from haicbook.matching.scores import Scores


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
        """Balance of the score and of every covariate before and after; see :func:`haicbook.matching.assess.assess`.

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
            judged = frame[frame.verdict != VERDICTS[3]]
            within = int((judged.verdict == VERDICTS[0]).sum())
            lines.append(f"{words}: {within} of {len(judged)} terms within 0.1.")
        return "\n".join([*lines, *self.messages])
