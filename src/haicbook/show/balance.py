"""Balance for the page: one row for each covariate, before and after matching."""

from __future__ import annotations

import pandas as pd

from haicbook.show.tables import interval, number


def balance_table(balances: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Standardised differences with their intervals, by population, and what each is a difference of."""
    names = list(dict.fromkeys((words, kind) for frame in balances.values() for words, kind in _pairs(frame)))
    rows = []
    for words, definition in names:
        row = {"Covariate": words}
        for population, frame in balances.items():
            found = frame[frame.label == words]
            row[population] = _cell(found.iloc[0]) if len(found) else "–"
        rows.append(row | {"Difference of": definition.split(":")[0].split(",")[0]})
    return pd.DataFrame(rows)


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame.label, frame.definition, strict=True))


def balance_notes(balances: dict[str, pd.DataFrame]) -> list[str]:
    """What the balance table leaves out, or takes as printed although it does not fit: one sentence a covariate."""
    return [
        f"{row.label}, {population.lower()}: {row.note}."
        for population, frame in balances.items()
        for row in frame.itertuples(index=False)
        if row.note
    ]


def _cell(row: pd.Series) -> str:
    if pd.isna(row.smd):
        return "–"
    return f"{number(row.smd)} ({interval(row.ci_low, row.ci_high)})"
