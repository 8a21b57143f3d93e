"""Balance for the page: tables and words, the Love plot's companions, and p-values beside differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from haicbook.markup import Markup
from haicbook.show import style
from haicbook.show.tables import interval, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURVES: tuple[tuple[str, object], ...] = (
    (style.COLOURS["comparator"], "-"),
    (style.COLOURS["experimental"], (0, (5, 1.6))),
    (style.INK, (0, (1, 1.6))),
)


def balance_table(balances: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Standardised differences with their intervals and verdicts, by population, and what each is a difference of.

    The last row counts the covariates within 0.1.
    """
    rows = []
    for words in dict.fromkeys(words for frame in balances.values() for words in frame.label):
        row, kinds = {"Covariate": words}, []
        for population, frame in balances.items():
            found = frame[frame.label == words]
            row |= _cells(population, found.iloc[0] if len(found) else None)
            kinds += [definition.split(":")[0].split(",")[0] for definition in found.definition]
        known = dict.fromkeys("shares" if kind.startswith("share of") else kind for kind in kinds if kind != "none")
        rows.append(row | {"Difference of": " or ".join(known) or "–"})
    last: dict[str, str] = {"Covariate": Markup("**All**")}
    for population, frame in balances.items():
        last |= {population: Markup("**{}**").format(within(frame)), f"{_short(population)}: verdict": "within 0.1"}
    return pd.DataFrame([*rows, last]).fillna("")


def _short(population: str) -> str:
    return population.removesuffix(" matching")


def _cells(population: str, row: pd.Series | None) -> dict[str, str]:
    verdict = f"{_short(population)}: verdict"
    if row is None:
        return {population: "–", verdict: "–"}
    if pd.isna(row.smd):
        return {population: "–", verdict: row.verdict}
    # three decimals, so that nothing below 0.1 reads as 0.10
    return {population: f"{number(row.smd, 3)} ({interval(row.ci_low, row.ci_high)})", verdict: row.verdict}


def within(frame: pd.DataFrame) -> str:
    """`7 of 11` of the covariates that can be judged."""
    return f"{int(frame.within_0_1.sum())} of {int(frame.smd.notna().sum())}"


def balance_notes(balances: dict[str, pd.DataFrame]) -> list[str]:
    """Beneath the balance table: variance ratios, other definitions, and what cannot be computed or does not fit."""
    alike: dict[str, list[str]] = {}
    for population, frame in balances.items():
        for row in frame[frame.note != ""].itertuples(index=False):
            alike.setdefault(row.note, []).append(f"{row.label}, {population.lower()}")
    notes = [*_variance_ratios(balances), *_other_definitions(balances)]
    return notes + [f"{'; '.join(places)}: {note}." for note, places in alike.items()]


def _variance_ratios(balances: dict[str, pd.DataFrame]) -> list[str]:
    found = [
        f"{population.lower()} "
        + ", ".join(f"{row.label} {number(row.variance_ratio)}" for row in frame.itertuples(index=False) if row.shown)
        for population, frame in ((name, f.assign(shown=f.variance_ratio.notna())) for name, f in balances.items())
        if frame.shown.any()
    ]
    return [f"Variance ratios (s₁² / s₀²), where standard deviations are printed: {'; '.join(found)}."] if found else []


def _other_definitions(balances: dict[str, pd.DataFrame]) -> list[str]:
    """Covariates whose verdict hangs on the definition."""
    found = [
        f"{row.label} {population.lower()} ({number(row.least)} to {number(row.most)})"
        for population, frame in balances.items()
        for row in frame.itertuples(index=False)
        if pd.notna(row.smd) and (min(abs(row.smd), row.least) < 0.1) != (max(abs(row.smd), row.most) < 0.1)
    ]
    words = "With the SD of one arm or of all, codes for ordered levels, or other approximations of mean and SD"
    return [f"{words}, these cross 0.1: {', '.join(found)}."] if found else []


# --- sizes ------------------------------------------------------------------------------------------------------------


def sizes_table(sizes: pd.DataFrame) -> pd.DataFrame:
    """Patients before matching, matched, not matched, and the effective sample sizes."""
    return pd.DataFrame(
        {
            "": sizes.label,
            "Before": sizes.before.map("{:.0f}".format),
            "Matched": [f"{n:.0f} ({percent(share, 0)}%)" for n, share in zip(sizes.matched, sizes.share, strict=True)],
            "Not matched": sizes.unmatched.map("{:.0f}".format),
            "Set aside first": sizes.discarded.map(lambda n: number(n, 0, "not reported")),
            "Effective size before": sizes.effective_before.map(lambda n: number(n, 0)),
            "after": sizes.effective.map(lambda n: number(n, 0, "weights needed")),
        }
    )


def sizes_notes(sizes: pd.DataFrame) -> list[str]:
    """What an effective sample size is, and whether it is sure."""
    notes = [
        "Effective size of both arms: patients in two equal arms that compare means as precisely, 4 n₁ n₀ / (n₁ + n₀)."
    ]
    if len(sizes) and not sizes.stated.all():
        notes.append(
            "The paper does not say whether a control could be used again; if it could, the effective size is smaller."
        )
    return notes


# --- p-values ---------------------------------------------------------------------------------------------------------


def p_figure(rows: pd.DataFrame, curves: dict[str, pd.DataFrame]) -> tuple[Figure, Axes]:
    """p-values against standardised differences, before (hollow) and after matching (filled), joined by covariate.

    Parameters
    ----------
    rows
        From :func:`haicbook.matching.p_and_smd`; those that mislead are named.
    curves
        From :func:`haicbook.matching.p_curves`.
    """
    fig, ax = style.figure(8)
    fig.subplots_adjust(left=0.1)
    for (words, curve), (colour, dashes) in zip(curves.items(), _CURVES, strict=False):
        ax.plot(curve.smd, curve.p, color=colour, ls=dashes, lw=1.4, label=words)
    for row in rows.itertuples(index=False):
        known = row.misleading
        ends = [row.smd_before, row.smd_after], [row.p_before, row.p_after]
        ax.plot(*ends, color=style.INK if known else style.FAINT, lw=1.2 if known else 0.7, zorder=1)
    colours = style.COLOURS
    ax.plot(rows.smd_before, rows.p_before, "o", mfc="none", mec=colours["comparator"], ms=5.5, mew=1.3)
    ax.plot(rows.smd_after, rows.p_after, "o", mfc=colours["experimental"], mec=colours["experimental"], ms=5.5)
    _name(ax, rows[rows.misleading].sort_values("p_after", ascending=False))
    ax.axhline(0.05, color=style.INK, lw=0.7, ls=(0, (4, 2)))
    edge = ax.get_yaxis_transform()
    ax.annotate("p = 0.05", (1, 0.05), (-2, 3), edge, "offset points", ha="right", fontsize=8.5)
    for line in (0.1, 0.25):
        ax.axvline(line, color=style.INK, lw=0.7, ls=(0, (1, 2)))
    ax.set_xlim(left=0)
    ax.set_ylim(-0.02, 1.04)
    ax.set_xlabel("Absolute standardised difference")
    ax.set_ylabel("p-value")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.01), ncols=1)
    return fig, ax


def _name(ax: Axes, rows: pd.DataFrame) -> None:
    """The covariates' names beside their filled dots, highest first, each below the one before."""
    below = 2.0
    for row in rows.itertuples(index=False):
        below = min(row.p_after + 0.03, below - 0.055)
        ax.annotate(row.label, (row.smd_after, below), (8, 0), textcoords="offset points", fontsize=8.5, va="center")


def unnoticed_words(unnoticed: dict[str, float]) -> dict[str, str]:
    """Up to which difference p stays above 0.05: `p_blind_before`, `p_blind_after`, `p_blind_all`."""
    return {f"p_blind_{name.split()[0].lower()}": number(smd) for name, smd in unnoticed.items()}


def p_words(rows: pd.DataFrame, unnoticed: dict[str, float]) -> dict[str, str]:
    """For the prose: :func:`unnoticed_words`, and the covariates of which p says the wrong thing."""
    large = rows[(rows.smd_after > 0.25) & (rows.p_after > 0.05)]
    full = rows[(rows.p_after > 0.05) & (rows.p_after_at_full_size <= 0.05)]
    return unnoticed_words(unnoticed) | {
        "p_misleading": _listed(rows[rows.misleading].label),
        "p_large": _listed(large.label),
        "p_full": _listed(full.label),
    }


def _listed(names: pd.Series) -> str:
    found = list(names)
    return " and ".join(filter(None, [", ".join(found[:-1]), found[-1]])) if found else "none"


def only_p_notes(rows: pd.DataFrame) -> list[str]:
    """What is printed as a p-value only, and the difference that goes with such a p if it is of two means or shares."""
    if rows.empty:
        return []
    listed = [
        f"{row.label}, {row.population.lower()}: p {row.printed.strip()} ({row.bound} {number(row.smd)})"
        for row in rows.itertuples(index=False)
    ]
    meaning = "in brackets the standardised difference that goes with such a p-value if it is of two means or shares"
    return [f"For these the paper prints only a p-value ({meaning}): {'; '.join(listed)}."]
