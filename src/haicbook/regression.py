"""Cox models as printed: every hazard ratio with its interval and p-value, in one tidy frame."""

from __future__ import annotations

import pandas as pd

from haicbook.study import Paper
from haicbook.words import label

COLUMNS = [
    "covariate",
    "label",
    "model",
    "arm",
    "reference",
    "hr",
    "ci_low",
    "ci_high",
    "printed",
    "p",
    "value_id",
    "source",
]


def cox_models(paper: Paper, endpoint: str) -> pd.DataFrame:
    """Hazard ratios of one endpoint, from the Cox tables or, where their bodies are lost, from the text.

    Parameters
    ----------
    paper
        The study.
    endpoint
        `os` or `pfs`.

    Returns
    -------
    pandas.DataFrame
        One row for each covariate and model: `covariate` (slug), `label`, `model`, `arm` and `reference` (for the
        treatment), `hr`, `ci_low`, `ci_high` (numbers; NaN when unreadable), `printed` (the cell), `p` (as printed),
        `value_id` of the hazard ratio, `source`. Empty where the study prints none.
    """
    values = paper.values
    ratios = values[(values.endpoint == endpoint) & (values.statistic == "hr")]
    tables = ratios[ratios.kind == "cox"]
    chosen = tables if len(tables) else _first_in_text(ratios[ratios.kind == "claim"])
    # a look through all that a paper prints, once and not for each row
    near = values[values.file.isin(chosen.file) & values.line.isin(chosen.line)]
    p_values = values[(values.kind == "claim") & (values.statistic == "p")]
    rows = [_row(near, p_values, ratio) for _, ratio in chosen.iterrows()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _first_in_text(ratios: pd.DataFrame) -> pd.DataFrame:
    """Results before the abstract: each contrast once."""
    order = ratios.assign(rank=ratios.section.map({"results": 0, "figure": 1, "abstract": 2}).fillna(3))
    order = order.sort_values(["rank", "line"], kind="stable")
    return order.drop_duplicates(["term", "level", "model", "arm", "reference", "population"]).sort_values("line")


def _row(near: pd.DataFrame, p_values: pd.DataFrame, ratio: pd.Series) -> list[object]:
    same = near[(near.file == ratio.file) & (near.line == ratio.line)]
    cell = same[same.column == ratio.column].set_index("statistic").value
    covariate = ratio.row if ratio.kind == "cox" else ratio.term
    words = ratio.label or _claim_label(ratio)
    return [
        *(covariate, words, ratio.model, ratio.arm, ratio.reference, ratio.value),
        *(cell.get("ci_low"), cell.get("ci_high"), ratio.cell, _p_of(p_values, ratio, same), ratio.id, ratio.source),
    ]


def _claim_label(ratio: pd.Series) -> str:
    words = label(ratio.term)
    return f"{words}: {ratio.level.replace('_', ' ')}" if ratio.level else words


def _p_of(p_values: pd.DataFrame, ratio: pd.Series, same_line: pd.DataFrame) -> str:
    """The printed p of the same row and model (table), or of the same claim."""
    if ratio.kind == "cox":
        found = same_line[(same_line.statistic == "p") & (same_line.model == ratio.model)]
    else:
        keys = ["section", "endpoint", "term", "level", "model", "population"]
        found = p_values[(p_values[keys] == ratio[keys]).all(axis=1)]
    return str(found.printed.iloc[0]) if len(found) else ""


def treatment_effect(paper: Paper, endpoint: str, model: str) -> pd.Series | None:
    """The printed hazard ratio of the treatment, oriented experimental against comparator.

    A ratio printed the other way round is inverted, and `inverted` says so; NaN limits stay NaN. None when the study
    prints none for this endpoint and model.
    """
    models = cox_models(paper, endpoint)
    found = models[(models.covariate == "treatment") & (models.model == model)]
    if found.empty:
        return None
    effect = found.iloc[0].copy()
    effect["inverted"] = effect.arm == paper.spec.comparator
    if effect.inverted:
        effect["hr"], effect["ci_low"], effect["ci_high"] = 1 / effect.hr, 1 / effect.ci_high, 1 / effect.ci_low
        effect["arm"], effect["reference"] = effect.reference, effect.arm
    return effect
