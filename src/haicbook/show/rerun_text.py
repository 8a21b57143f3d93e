"""The matching re-run in a table and in words, and what is left where it cannot be run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show.tables import Linked, Row, interval, number, percent

if TYPE_CHECKING:
    from haicbook.matching import Rerun
    from haicbook.matching.rerun.discrepancy import MarginDiscrepancy
    from haicbook.study import Paper

# of two levels that mirror each other, the one that says yes
_YES = ("yes", "present")


def levels_shown(margins: pd.DataFrame) -> pd.DataFrame:
    """Shares, one row of two that mirror each other."""
    counts = margins[margins.statistic == "n"]
    kept = []
    for _, rows in counts.groupby("covariate", sort=False):
        levels = list(rows.level.unique())
        yes = next((level for level in levels if level in _YES), levels[0] if "other" in levels else levels[-1])
        kept += list(rows.index[rows.level == yes] if len(levels) == 2 else rows.index)
    return counts.loc[kept]


def row_name(row: Row) -> str:
    return f"{row.label}: {row.level_label}" if row.level_label else f"{row.label}, {row.statistic.replace('sd', 'SD')}"


def margins_words(paper: Paper, rerun: Rerun) -> str:
    """How many printed shares of matched patients are beyond chance, and which."""
    shown = levels_shown(rerun.margins)
    shown = shown[shown.printed_share.notna()]
    beyond = shown[shown.p_adjusted < 0.05]
    names = ", ".join(f"{row_name(row)} ({paper.spec.arms[row.arm].short})" for row in beyond.itertuples())
    return f"{len(beyond)} of {len(shown)} printed shares are beyond chance" + (f": {names}" if names else "")


def rerun_table(paper: Paper, rerun: Rerun, kept: Rerun, most: int = 8) -> pd.DataFrame:
    """The rows of the printed matched table that lie farthest from what the matching gives.

    Parameters
    ----------
    paper
        The study.
    rerun, kept
        Re-runs as set, and with whatever caliper keeps the printed number of pairs.
    most
        Rows shown, the largest difference first.
    """
    shown = pd.concat([levels_shown(rerun.margins), rerun.margins[rerun.margins.statistic != "n"]])
    shown = shown[shown.printed.notna()]
    order = shown.z.abs().sort_values(ascending=False, kind="stable").index[:most]
    without = dict(zip(kept.discrepancy.drivers.group, kept.discrepancy.drivers.p_without, strict=True))
    rows = []
    for place in order:
        row, other = rerun.margins.loc[place], kept.margins.loc[place]
        rows.append(
            {
                "Row": f"{row_name(row)} ({paper.spec.arms[row.arm].short})",
                "Before": _value(row.before, row.statistic, row.before_share),
                "After, printed": _value(row.printed, row.statistic, row.printed_share),
                "Re-run (95% range)": _expected(row),
                "p": _p(row.p_adjusted, len(rerun.pairs)),
                f"p, {kept.printed_pairs} pairs": _p(other.p_adjusted, len(kept.pairs)),
                "p of the table without it": _p(without.get(row.covariate, math.nan), len(kept.pairs)),
            }
        )
    return pd.DataFrame(rows)


def _value(value: float, statistic: str, share: float = math.nan) -> str:
    if statistic != "n":
        return number(value, 1)
    return f"{value:.0f}" + ("" if math.isnan(share) else f" ({percent(share)}%)")


def _expected(row: Row) -> str:
    if row.statistic != "n":
        return f"{number(row['median'], 1)} ({interval(row.low, row.high, 1)})"
    return f"{percent(row.median_share)}% ({interval(100 * row.low_share, 100 * row.high_share, 1)})"


def _p(p: float, cohorts: int) -> str:
    """The share of so many cohorts that are as extreme: a bound where none is."""
    if pd.isna(p):
        return "–"
    return f"≤ {_bound(cohorts)}" if p * (cohorts + 1) < 1.5 else number(p, 3)


def _bound(cohorts: int) -> str:
    """One in so many cohorts and the printed table itself, rounded up to one digit."""
    places = len(str(cohorts + 1)) if cohorts else 0
    return f"{math.ceil(10**places / (cohorts + 1)) / 10**places:g}"


# --- in words ---------------------------------------------------------------------------------------------------------


def rerun_words(rerun: Rerun, kept: Rerun, summary: dict[str, float]) -> dict[str, str]:
    """Pairs, the table as a whole, and the rows that lie beyond chance, in words for the text.

    Parameters
    ----------
    rerun, kept
        As in :func:`rerun_table`.
    summary
        From :func:`haicbook.matching.summarise_rerun` for `rerun`.
    """
    return {
        "rerun_cohorts": f"{summary['cohorts']:.0f}",
        "rerun_pairs": f"{summary['pairs']:.0f} ({summary['pairs.low']:.0f} to {summary['pairs.high']:.0f})",
        "rerun_printed": str(rerun.printed_pairs),
        "rerun_notes": " ".join(f"{note.rstrip('.')}." for note in rerun.notes),
        "rerun_p": _p_words(rerun.discrepancy),
        "rerun_distance": f"{summary['distance']:.1f}",
        "rerun_distance_usual": f"{summary['distance.high']:.1f}",
        "kept_p": _p_words(kept.discrepancy),
        "rerun_rows": _rows_beyond(kept),
        "rerun_driver": kept.discrepancy.drivers.group[0].replace("_", " ")
        if len(kept.discrepancy.drivers)
        else "none",
    }


def repeated_words(repeated: list[tuple[str, str]]) -> str:
    """Covariates whose printed matched counts are the same; for the text."""
    if not repeated:
        return "No two rows repeat each other's counts after matching."
    pairs = "; ".join(f"{one} and {other}" for one, other in repeated)
    return f"After matching, these rows print the same counts in both arms: {pairs}."


def _p_words(found: MarginDiscrepancy) -> str:
    if math.isnan(found.p):
        return "not available"
    if found.p * (found.members + 1) < 1.5:
        return (
            f"none of {found.members:,} simulated matchings was as extreme "
            f"(p ≤ {_bound(found.members)} under these assumptions)"
        )
    return f"p = {number(found.p, 3)} under these assumptions"


def _rows_beyond(rerun: Rerun) -> str:
    """Covariates with a row beyond chance, the farthest first."""
    rows = rerun.margins[rerun.margins.p_adjusted < 0.05]
    order = rows.z.abs().sort_values(ascending=False, kind="stable").index
    labels = list(dict.fromkeys(rows.label[order]))
    if not labels:
        return "none"
    return " and ".join([", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else labels)


def grid_words(grid: pd.DataFrame, summary: dict[str, float], kept: Rerun, watched: tuple[str, str]) -> dict[str, str]:
    """What the grid says, in words for the text.

    Parameters
    ----------
    grid, summary
        From :func:`haicbook.matching.sensitivity` and :func:`haicbook.matching.summarise_sensitivity`.
    kept
        A re-run with the printed number of pairs.
    watched
        Covariate and level that the grid follows.
    """
    rows = kept.rows_of(*watched)
    low, middle, high = kept.patients(*watched)
    return {
        "grid_settings": f"{summary['settings']:.0f}",
        "grid_surprising": f"{summary['surprising']:.0f}",
        "grid_largest_p": number(summary["largest_p"], 3),
        "grid_pairs": f"{summary['pairs.least']:.0f} to {summary['pairs.most']:.0f}",
        "grid_medians": f"{percent(summary['watched.least'], 0)} to {percent(summary['watched.most'], 0)}%",
        "grid_range": f"{percent(summary['watched.low'], 0)} to {percent(summary['watched.high'], 0)}%",
        "watched_printed": f"{percent(summary['watched_printed'], 0)}%",
        "watched_before": f"{rows.before.sum():.0f}",
        "watched_after": f"{rows.printed.sum():.0f}",
        "watched_expected": f"{middle:.0f} ({low:.0f} to {high:.0f})",
        "watched_p_without": _p_without(kept, watched[0]),
    }


def _p_without(rerun: Rerun, covariate: str) -> str:
    drivers = rerun.discrepancy.drivers
    p = drivers.p_without[drivers.group == covariate]
    return _p(float(p.iloc[0]), rerun.discrepancy.members) if len(p) else "–"


# --- what needs no re-run ---------------------------------------------------------------------------------------------


def discarded_table(paper: Paper, discarded: pd.DataFrame) -> pd.DataFrame:
    """Who was discarded and who was kept, one row for each characteristic and arm.

    Parameters
    ----------
    paper
        The study.
    discarded
        From :func:`haicbook.matching.discarded`.
    """
    rows = [
        (
            row.label,
            paper.spec.arms[row.arm].short,
            f"{row.lost_with} of {row.lost} ({percent(row.lost_with / row.lost, 0)}%)",
            f"{row.kept_with} of {row.kept} ({percent(row.kept_with / row.kept, 0)}%)",
        )
        for row in discarded.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Characteristic", "Arm", "Discarded patients with it", "Kept patients with it"])


# --- where nothing can be re-run --------------------------------------------------------------------------------------


def known_margins_table(paper: Paper, known: pd.DataFrame) -> pd.DataFrame:
    """What is printed of each matching covariate, arm by arm, before and after; `–` for what is lost.

    Parameters
    ----------
    paper
        The study.
    known
        From :func:`haicbook.matching.known_margins`.
    """
    rows = []
    for words, figures in known.groupby("label", sort=False):
        row = {"Matched on": words}
        for population in paper.spec.populations.values():
            for arm in paper.spec.arms.values():
                name = next(key for key, value in paper.spec.arms.items() if value is arm)
                here = figures[(figures.population == population.label) & (figures.arm == name)]
                row[f"{population.label}, {arm.short}"] = _known(here)
        rows.append(row)
    return pd.DataFrame(rows)


def known_words(paper: Paper, known: pd.DataFrame) -> dict[str, str]:
    """Of how many matching covariates anything is printed before matching, and of which, in words for the text."""
    before = next(iter(paper.spec.populations.values())).label
    some = list(dict.fromkeys(known[known.population == before].label))
    return {
        "known_before": f"{len(some)} of {known.covariate.nunique()}",
        "known_names": " and ".join(some) if some else "none",
    }


def _known(figures: pd.DataFrame) -> str:
    if figures.empty:
        return "–"
    first = figures.iloc[0]
    what = first.level or {"mean_sd": "mean ± SD", "value": ""}.get(first.statistic, first.statistic)
    return Linked(f"{what} {first.cell}".strip(), first.id)
