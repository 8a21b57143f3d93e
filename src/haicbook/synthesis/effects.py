"""The treatment effect within each study, in every form in which its paper prints it; empty places stay empty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from haicbook.regression import cox_models
from haicbook.stats import meta
from haicbook.study import Paper
from haicbook.synthesis.arms import study_label

ANALYSES = {
    "crude": "crude",
    "adjusted": "adjusted, unmatched",
    "matched": "matched",
    "matched_adjusted": "matched and adjusted",
}
# what each analysis takes account of, from most to least: for one figure of each study
PREFERENCE = ("matched_adjusted", "matched", "adjusted", "crude")
COLUMNS = [
    "study",
    "label",
    "endpoint",
    "analysis",
    "experimental",
    "comparator",
    "hr",
    "low",
    "high",
    "log_hr",
    "error",
    "rounding",
    "printed",
    "inverted",
    "value_id",
    "state",
    "why",
]
_MATCHED = "after_psm"


def within_study_effects(papers: Sequence[Paper], endpoints: Sequence[str] = ("os", "pfs")) -> pd.DataFrame:
    """Hazard ratios of treatment, all experimental against comparator.

    Returns
    -------
    pandas.DataFrame
        One row for each study, endpoint and analysis (`ANALYSES`), whether printed or not: `hr`, `low`, `high` (NaN
        where empty or unreadable), `log_hr`, `error` (its standard error, from the limits) and `rounding` (half the
        width of the interval that the printed ratio stands for, on the log scale), `printed` the cell,
        `inverted` where the paper prints the ratio the other way round, `value_id`; `state` is `printed`, `unreadable`
        (the ratio is there, a limit cannot be read) or `empty`, and `why` says what is known of an empty place. A
        study with one arm has one row for each endpoint, without an analysis.
    """
    rows = [row for paper in papers for endpoint in endpoints for row in _rows(paper, endpoint)]
    return pd.DataFrame(rows, columns=COLUMNS)


def chosen(effects: pd.DataFrame, endpoint: str, prefer: Sequence[str] = PREFERENCE) -> pd.DataFrame:
    """One effect for each study that prints a readable one: the first analysis of `prefer` that it has.

    Raises
    ------
    ValueError
        When an analysis is not one of `ANALYSES`.
    """
    unknown = [name for name in prefer if name not in ANALYSES]
    if unknown:
        raise ValueError(f"found {', '.join(unknown)}; allowed are {', '.join(ANALYSES)}")
    usable = effects[(effects.endpoint == endpoint) & effects.error.notna() & effects.analysis.isin(list(prefer))]
    ranked = usable.assign(rank=[list(prefer).index(name) for name in usable.analysis])
    return ranked.sort_values("rank", kind="stable").drop_duplicates("study").sort_index().drop(columns="rank")


def pool(
    effects: pd.DataFrame, endpoint: str, prefer: Sequence[str] = PREFERENCE, confidence: float = 0.95
) -> tuple[pd.DataFrame, meta.Pooled | meta.Message, tuple[meta.LeftOut, ...]]:
    """The chosen effects, their summary (REML, modified Hartung-Knapp), and the summary without each in turn."""
    one_each = chosen(effects, endpoint, prefer)
    columns = one_each.log_hr.tolist(), one_each.error.tolist(), one_each.label.tolist()
    options = {"confidence": confidence, "rounding": one_each.rounding.tolist()}
    return one_each, meta.random_effects(*columns, **options), meta.leave_one_out(*columns, **options)


def _rows(paper: Paper, endpoint: str) -> list[list[object]]:
    spec = paper.spec
    head = [paper.study, study_label(paper), endpoint]
    if spec.comparator is None or spec.experimental is None:
        one = spec.arms[spec.experimental].short if spec.experimental else ""
        return [[*head, "", one, "", *_empty("one arm: no comparison")]]
    arms = [spec.arms[spec.experimental].short, spec.arms[spec.comparator].short]
    printed = _printed(paper, endpoint)
    return [
        [*head, analysis, *arms, *(printed.get(analysis) or _empty(_why(paper, endpoint, analysis)))]
        for analysis in ANALYSES
    ]


def _empty(why: str) -> list[object]:
    return [*[math.nan] * 6, "", False, "", "empty", why]


def _why(paper: Paper, endpoint: str, analysis: str) -> str:
    """Why a paper prints no such ratio, as far as study.yml knows."""
    matched = analysis.startswith("matched")
    if matched and paper.spec.matching is None:
        return "the study did not match"
    words = paper.spec.endpoints[endpoint].label.lower() if endpoint in paper.spec.endpoints else endpoint
    model = "multivariable" if analysis.endswith("adjusted") else "univariable"
    other = "univariable" if model == "multivariable" else "multivariable"
    for item in paper.spec.unavailable:
        text, detail = item.what.lower(), item.detail.lower()
        named = words in text and other not in text and ("cox" in text or "hazard ratio" in text)
        if named or (matched and detail == "cox models after matching"):
            return {"lost_in_text": "lost in the text we have", "supplement_only": "in the supplement only"}.get(
                item.why, "not reported"
            )
    return "not printed"


def _printed(paper: Paper, endpoint: str) -> dict[str, list[object]]:
    models = cox_models(paper, endpoint)
    models = models[models.covariate == "treatment"]
    if models.empty:
        return {}
    population = paper.by_id.population.reindex(models.value_id).to_numpy()
    found: dict[str, list[object]] = {}
    for ratio, where in zip(models.itertuples(index=False), population, strict=True):
        analysis = _analysis(str(where), str(ratio.model))
        if analysis not in found:
            found[analysis] = _effect(paper, ratio)
    return found


def _analysis(population: str, model: str) -> str:
    adjusted = model == "multivariable"
    if population == _MATCHED:
        return "matched_adjusted" if adjusted else "matched"
    return "adjusted" if adjusted else "crude"


def _effect(paper: Paper, ratio: Any) -> list[object]:
    low, high = (math.nan if pd.isna(limit) else float(limit) for limit in (ratio.ci_low, ratio.ci_high))
    hr, inverted = float(ratio.hr), ratio.arm == paper.spec.comparator
    if inverted:
        hr, low, high = 1 / hr, 1 / high, 1 / low
    readable = not any(math.isnan(value) for value in (hr, low, high))
    level = float(paper.by_id.confidence.get(f"{str(ratio.value_id).removesuffix('/hr')}/ci_low", 95.0)) / 100
    error = meta.standard_error(low, high, level) if readable else math.nan
    state = "printed" if readable else "unreadable"
    cell = paper.by_id.loc[ratio.value_id]
    rounding = math.log(cell.high / cell.low) / 2
    return [hr, low, high, math.log(hr), error, rounding, ratio.printed, inverted, ratio.value_id, state, ""]


def weights_of(one_each: pd.DataFrame, summary: meta.Pooled | meta.Message) -> dict[str, float]:
    """Value id of every ratio that entered a summary to its weight, from 0 to 1; empty where there is no summary."""
    if isinstance(summary, meta.Message):
        return {}
    by_label = dict(zip(summary.labels, summary.weights, strict=True))
    return {row.value_id: by_label[row.label] for row in one_each.itertuples(index=False) if row.label in by_label}


def summary_values(summaries: dict[str, meta.Pooled | meta.Message]) -> dict[str, float]:
    """Named values for the results: ratio, every limit, τ² and I² of each endpoint that has a summary."""
    values: dict[str, float] = {}
    for name, summary in summaries.items():
        if isinstance(summary, meta.Pooled):
            values |= {f"{name}.{part}": value for part, value in summary.ratio().items()}
            values |= {
                f"{name}.tau2": summary.tau2,
                f"{name}.i2": summary.i2,
                f"{name}.width": summary.high - summary.low,
            }
    return values
