"""The studies side by side: when they enrolled, what they infused, how far apart they and their patients are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show import style
from haicbook.show.tables import Linked, Row, number
from haicbook.synthesis.designs import in_sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NONE = "–"
_STATES = {
    "lost_in_text": "lost",
    "not_reported": "not reported",
    "supplement_only": "supplement",
    "not_mapped": "not mapped",
}


def enrolment(windows: pd.DataFrame, shared: pd.DataFrame) -> tuple[Figure, Axes]:
    """Enrolment of each study as a bar, follow-up as a line to its printed end.

    Parameters
    ----------
    windows
        From :func:`haicbook.synthesis.windows`.
    shared
        From :func:`haicbook.synthesis.shared_centres`; studies with a common centre have a star.
    """
    fig, ax = style.figure(len(windows) + 1, row_height=0.4)
    starred = {*shared["first"], *shared["second"]}
    for y, row in enumerate(windows.itertuples(index=False)):
        colour = style.COLOURS["experimental"] if row.label in starred else style.INK
        if math.isfinite(row.start) and math.isfinite(row.end):
            ax.barh(y, row.end - row.start, left=row.start, height=0.5, color=colour, alpha=0.85)
        if math.isfinite(row.followed):
            ax.plot([row.end, row.followed], [y, y], color=colour, lw=1.6)
            ax.plot(row.followed, y, "|", color=colour, ms=9, mew=1.6)
    ax.set_yticks(
        range(len(windows)), [f"{row.label}{' *' if row.label in starred else ''}" for row in windows.itertuples()]
    )
    ax.set_ylim(len(windows) - 0.4, -0.6)
    years = windows[["start", "end", "followed"]].to_numpy(dtype=float)
    finite = years[pd.notna(years)]
    first, last = math.floor(finite.min()), math.ceil(finite.max())
    ax.set_xticks(range(first, last + 1))
    ax.grid(axis="x", color=style.FAINT, lw=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("Year (January 1)")
    return fig, ax


def enrolment_alt(windows: pd.DataFrame, shared: pd.DataFrame) -> str:
    """What one would say of :func:`enrolment` on the telephone: the years of each bar and line."""
    starred = {*shared["first"], *shared["second"]}
    told = []
    for row in windows.itertuples(index=False):
        years = [f"{math.floor(year)}" for year in (row.start, row.end) if math.isfinite(year)]
        followed = f", followed to {math.floor(row.followed)}" if math.isfinite(row.followed) else ""
        told.append(f"{row.label}{' (starred)' if row.label in starred else ''} {' to '.join(years)}{followed}")
    return f"Bars of enrolment: {'; '.join(told)}"


def distances_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Every pair and the facets in which it differs, the nearest pair first."""
    rows = [
        (f"{row.first_label} and {row.second_label}", f"{row.differ} of {row.compared}", _starting(row.facets))
        for row in pairs.sort_values("differ", kind="stable").itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Pair", "Differ in", "Namely"])


def _starting(words: str) -> str:
    return words[:1].upper() + words[1:]


def facets_table(judged: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """What each study is like in each facet, in words."""
    wide = judged.pivot_table(index="facet", columns="study", values="words", aggfunc="first", sort=False)
    frame = wide.rename(columns=labels).fillna(_NONE).rename_axis(None, axis=1).reset_index()
    return frame.rename(columns={"facet": "Facet"})


def infusion_table(infusions: pd.DataFrame, drugs: tuple[str, ...]) -> pd.DataFrame:
    """What went through the catheter, one row an arm; a dash where the text prints nothing."""
    columns = {drug: drug.capitalize() for drug in drugs} | {"interval": "Every", "courses": "Courses given"}
    frame = pd.DataFrame({"Arm": infusions.label})
    for name, words in columns.items():
        cells = zip(infusions[name], infusions[f"{name}_id"], strict=True)
        frame[words] = [Linked(cell, value_id) if cell else _NONE for cell, value_id in cells]
    return frame


def patients_table(shares: pd.DataFrame, means: pd.DataFrame, named: dict[str, str]) -> pd.DataFrame:
    """The cells of the heat map as printed, with the means and medians of age and tumour size.

    Parameters
    ----------
    shares, means
        From :func:`haicbook.synthesis.patients` and :func:`haicbook.synthesis.patient_means`.
    named
        Column of `means` to its words.
    """
    frame = pd.DataFrame({"Arm": means.label})
    for name, group in shares.groupby("name", sort=False):
        cells = group.set_index("label").loc[list(means.label)]
        frame[str(name)] = [_patients_cell(cell) for cell in cells.itertuples()]
    for column, words in named.items():
        cells = zip(means[column], means[f"{column}_id"], strict=True)
        frame[words] = [Linked(cell, value_id) if cell else _NONE for cell, value_id in cells]
    return frame


def _patients_cell(cell: Row) -> str:
    state, text = str(cell.state), str(cell.cell)
    return Linked(text, str(cell.value_id)) if state == "printed" else _STATES[state]


def definitions(shares: pd.DataFrame) -> list[str]:
    """One sentence for each characteristic that the papers do not define alike."""
    said = []
    for name, group in shares[shares.state == "printed"].groupby("name", sort=False):
        words = group.drop_duplicates("study")
        if len(set(words.definition)) > 1:
            parts = [f"{row.definition or in_sentence(name)} ({row.label.split(':')[0]})" for row in words.itertuples()]
            said.append(f"{name}: {'; '.join(parts)}.")
    return said


def shared_words(shared: pd.DataFrame) -> dict[str, str]:
    """The pairs that share a centre, as words for the text."""
    if shared.empty:
        return {"shared_pairs": "No two of the studies name the same centre", "shared_months": "0"}
    row = shared.iloc[0]
    pairs = "; ".join(f"{r.first} and {r.second} ({r.institution})" for r in shared.itertuples(index=False))
    return {"shared_pairs": pairs, "shared_months": number(row.months, 0)}


def patient_words(counts: dict[str, int], apart: pd.DataFrame) -> dict[str, str]:
    """How many cells of the heat map have a figure, and the characteristics in which the arms are furthest apart."""
    words = {
        "patients_cells": str(counts["cells"]),
        "patients_printed": str(counts["printed"]),
        "patients_lost": str(counts["lost_in_text"]),
    }
    for place, row in zip(("first", "second"), apart.itertuples(index=False), strict=False):
        words[f"apart_{place}"] = (
            f"{in_sentence(row.name)} from "
            f"{number(100 * row.least, 0)} % ({row.least_label}) to {number(100 * row.most, 0)} % ({row.most_label})"
        )
    return {"apart_first": "too few figures to say", "apart_second": "too few figures to say"} | words


def distance_alt(pairs: pd.DataFrame) -> str:
    """What one would say of :func:`distance_matrix` on the telephone."""
    told = "; ".join(
        f"{row.first_label} and {row.second_label} {row.differ} of {row.compared}"
        for row in pairs.itertuples(index=False)
    )
    return f"Tiles with the number of facets in which two studies differ: {told or 'none'}"


def distance_words(pairs: pd.DataFrame) -> dict[str, str]:
    """The pairs of studies that differ least, and the studies that differ from every other in everything."""
    if pairs.empty:
        return {"apart_studies": "There is only one study", "nearest": "There is only one study."}
    least = pairs[pairs.differ == pairs.differ.min()]
    nearest = [f"{row.first_label} and {row.second_label} ({row.facets})" for row in least.itertuples(index=False)]
    count = f"{least.differ.iloc[0]} of {least.compared.iloc[0]}"
    apart = [
        name
        for name in dict.fromkeys([*pairs.first_label, *pairs.second_label])
        if (mine := pairs[(pairs.first_label == name) | (pairs.second_label == name)]).differ.eq(mine.compared).all()
    ]
    return {
        "apart_studies": f"{' and '.join(apart)} differs from every other paper in all of them"
        if apart
        else "No paper differs from every other in all of them",
        "nearest": f"The most alike still differ in {count}: {'; '.join(nearest)}.",
    }
