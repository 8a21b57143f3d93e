"""Who the patients were: the characteristics that decide how long one lives with this disease, arm by arm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from haicbook.study import Paper
from haicbook.study.beside import STATES, read_beside
from haicbook.synthesis.arms import arm_label

MEANS = {"age": "Age, years", "tumor_size": "Largest tumour, cm"}
NOT_MAPPED = "not_mapped"


def mapping(root: Path | None = None) -> pd.DataFrame:
    """Which printed rows and levels stand for which characteristic, study by study, as `characteristics.csv` has it.

    Raises
    ------
    haicbook.study.DataError
        With all that is wrong with the file.
    """
    return read_beside("characteristics.csv", root)


def patients(papers: list[Paper], mapped: pd.DataFrame) -> pd.DataFrame:
    """Share of patients with each characteristic, in every arm of the main populations.

    Parameters
    ----------
    papers
        The studies.
    mapped
        From :func:`mapping`.

    Returns
    -------
    pandas.DataFrame
        `characteristic`, `name` (for the page), `study`, `arm`, `label`, `share` (from 0 to 1; NaN where not printed),
        `cell` (as printed; counts of several levels added up say so), `definition`, `state` (`STATES`, or
        `not_mapped` where the file has no row of the study), `detail`, `value_id`.
    """
    by_study = {(row.characteristic, row.study): row for row in mapped.itertuples(index=False)}
    names = dict(zip(mapped.characteristic, mapped.label, strict=True))
    rows = []
    for characteristic, name in names.items():
        for paper in papers:
            entry = by_study.get((characteristic, paper.study))
            for arm in paper.spec.arms:
                who = (characteristic, name, paper.study, arm, arm_label(paper, arm))
                rows.append((*who, *_share(paper, arm, entry)))
    columns = ["characteristic", "name", "study", "arm", "label"]
    return pd.DataFrame(rows, columns=[*columns, "share", "cell", "definition", "state", "detail", "value_id"])


def _share(paper: Paper, arm: str, entry: Any) -> tuple[float, str, str, str, str, str]:
    if entry is None:
        return float("nan"), "", "", NOT_MAPPED, "no row in characteristics.csv", ""
    definition, state, detail = (str(getattr(entry, name)) for name in ("definition", "state", "detail"))
    if state != "printed":
        return float("nan"), "", definition, state, detail, ""
    found = _printed(paper, arm, str(entry.row), str(entry.levels).split())
    if found.empty:
        wanted = f"{entry.row}, {entry.levels}"
        return float("nan"), "", definition, NOT_MAPPED, f"no printed row {wanted}", ""
    counts = found[found.statistic == "n"]
    if len(counts):
        size = paper.spec.populations[paper.spec.main_population].n[arm]
        cell = counts.cell.iloc[0] if len(counts) == 1 else f"{counts.value.sum():.0f} of {size}, added up"
        return float(counts.value.sum() / size), cell, definition, state, detail, str(counts.id.iloc[0])
    return float(found.value.sum() / 100), str(found.cell.iloc[0]), definition, state, detail, str(found.id.iloc[0])


def _printed(paper: Paper, arm: str, row: str, levels: list[str]) -> pd.DataFrame:
    """Counts, or percentages where no counts are printed, of the levels; tables before the text."""
    values = paper.select(population=paper.spec.main_population, arm=arm, level=levels, statistic=["n", "pct"])
    of_table = values[(values.kind == "baseline") & (values.row == row)]
    of_text = values[(values.kind == "claim") & (values.term == row) & (values.section == "results")]
    chosen = of_table if len(of_table) else of_text
    counts = chosen[chosen.statistic == "n"]
    return (counts if len(counts) else chosen).drop_duplicates("level")


def means(papers: list[Paper]) -> pd.DataFrame:
    """Age and tumour size of every arm where a mean or a median is printed.

    Returns
    -------
    pandas.DataFrame
        `study`, `arm`, `label`, and for each of `MEANS` the printed cell (empty where none is) and `<name>_id`.
    """
    rows = []
    for paper in papers:
        for arm in paper.spec.arms:
            row = {"study": paper.study, "arm": arm, "label": arm_label(paper, arm)}
            for name in MEANS:
                values = paper.select(
                    population=paper.spec.main_population, arm=arm, level="", statistic=["mean", "median", "value"]
                )
                found = values[((values.kind == "baseline") & (values.row == name)) | (values.term == name)]
                row[name] = "" if found.empty else _with_kind(found.iloc[0])
                row[f"{name}_id"] = "" if found.empty else str(found.id.iloc[0])
            rows.append(row)
    return pd.DataFrame(rows)


def _with_kind(value: pd.Series) -> str:
    return f"median {value.cell}" if value.statistic == "median" else str(value.cell)


def lost(shares: pd.DataFrame) -> dict[str, int]:
    """How many cells of :func:`patients` there are, and how many of each state."""
    counts = shares.state.value_counts()
    return {"cells": len(shares), **{state: int(counts.get(state, 0)) for state in (*STATES, NOT_MAPPED)}}


def unlike(shares: pd.DataFrame) -> pd.DataFrame:
    """How far the arms are apart in each characteristic.

    Returns
    -------
    pandas.DataFrame
        `name`, `arms` (with a figure), `least`, `most` (shares), `least_label`, `most_label`, `definitions` (how many
        different ones), most unlike first. Characteristics printed of fewer than two studies are left out.
    """
    rows = []
    for name, group in shares[shares.share.notna()].groupby("name", sort=False):
        if len(set(group.study)) > 1:
            least, most = group.loc[group.share.idxmin()], group.loc[group.share.idxmax()]
            definitions = group.drop_duplicates("study").definition.nunique()
            rows.append((name, len(group), least.share, most.share, least.label, most.label, definitions))
    columns = ["name", "arms", "least", "most", "least_label", "most_label", "definitions"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.iloc[(frame.least - frame.most).argsort(kind="stable")].reset_index(drop=True)
