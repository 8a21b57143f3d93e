"""Why p-values do not measure balance: the same difference tested in fewer patients has a larger p."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

from haicbook.matching.balance.assessment import AFTER, BEFORE, SERIOUS, printed_summaries
from haicbook.matching.balance.baseline import PrintedCovariate, printed_covariates
from haicbook.matching.balance.differences import definitions
from haicbook.matching.balance.summaries import Levels, Moments, Quartiles, Summary, mean_and_sd_from_quartiles
from haicbook.study import Paper
from haicbook.words import label

_ALPHA = 0.05
# what was done to the patients after the groups had formed
_NOT_BASELINE = ("haic_courses",)
P_COLUMNS = [
    *("covariate", "label", "smd_before", "p_before", "smd_after", "p_after"),
    *("p_after_at_full_size", "p_before_at_half_size", "misleading"),
]


def row_p(treated: Summary, control: Summary) -> float:
    """The p-value of the usual test of one row: chi-square without correction, or Student's t.

    Parameters
    ----------
    treated, control
        What is printed; the sizes may be others than the printed ones, to ask what the same shares or means would give.

    Returns
    -------
    float
        Two-sided; from means and SDs approximated after Wan 2014 where quartiles are printed. NaN without any spread.
    """
    if isinstance(treated, Levels) and isinstance(control, Levels):
        return _chi_square(treated, control)
    return _student(_as_moments(treated), _as_moments(control))


def _chi_square(treated: Levels, control: Levels) -> float:
    from scipy.special import chdtrc

    observed = np.array([treated.shares, control.shares]).T * [treated.n, control.n]
    observed = observed[observed.sum(axis=1) > 0]
    if len(observed) < 2:
        return math.nan
    expected = observed.sum(axis=1, keepdims=True) * observed.sum(axis=0) / observed.sum()
    return float(chdtrc(len(observed) - 1, ((observed - expected) ** 2 / expected).sum()))


def _as_moments(summary: Summary) -> Moments:
    if isinstance(summary, Quartiles):
        return Moments(*mean_and_sd_from_quartiles(summary.q1, summary.median, summary.q3, summary.n), summary.n)
    assert isinstance(summary, Moments)
    return summary


def _student(one: Moments, other: Moments) -> float:
    from scipy.special import stdtr

    freedom = one.n + other.n - 2
    variance = ((one.n - 1) * one.sd**2 + (other.n - 1) * other.sd**2) / freedom
    if not variance > 0:
        return math.nan
    return float(2 * stdtr(freedom, -abs(one.mean - other.mean) / math.sqrt(variance * (1 / one.n + 1 / other.n))))


def p_and_smd(paper: Paper) -> pd.DataFrame:
    """Standardised differences beside p-values, before and after matching, and with other numbers of patients.

    Returns
    -------
    pandas.DataFrame
        One row for each covariate of both baseline tables from which a difference can be had: `covariate`, `label`;
        `smd_before`, `smd_after` (sizes); `p_before`, `p_after`, recomputed by one test for all rows of a kind
        (:func:`.row_p`), so that they differ from the printed ones where the paper used another;
        `p_after_at_full_size`, of the matched table's shares and means in as many patients as before matching;
        `p_before_at_half_size`, of the first table's in half as many; `misleading`: matching made the difference larger
        and its p-value larger too. No rows when one of the tables is not printed.
    """
    arms = str(paper.spec.experimental), str(paper.spec.comparator)
    if not {BEFORE, AFTER} <= set(paper.spec.populations):
        return pd.DataFrame(columns=P_COLUMNS)
    later = {covariate.name: covariate for covariate in printed_covariates(paper, AFTER)}
    pairs = [(first, later[first.name]) for first in printed_covariates(paper, BEFORE) if first.name in later]
    rows = [_row(first, second, arms) for first, second in pairs]
    return pd.DataFrame([row for row in rows if row], columns=P_COLUMNS)


def _row(first: PrintedCovariate, second: PrintedCovariate, arms: tuple[str, str]) -> list[object]:
    before, after = printed_summaries(first, arms), printed_summaries(second, arms)
    if before.treated is None or before.control is None or after.treated is None or after.control is None:
        return []
    pairs = ((before.treated, before.control), (after.treated, after.control))
    smds = [abs(definitions(*pair)[0].compute(*pair)) for pair in pairs]
    p_values = [row_p(*pair) for pair in pairs]
    full = row_p(*(dataclasses.replace(a, n=b.n) for a, b in zip(pairs[1], pairs[0], strict=True)))
    half = row_p(*(dataclasses.replace(one, n=max(2, round(one.n / 2))) for one in pairs[0]))
    misleading = smds[1] > smds[0] and p_values[1] > p_values[0]
    return [first.name, label(first.name), smds[0], p_values[0], smds[1], p_values[1], full, half, misleading]


def p_of_smd(smds: np.ndarray, treated_n: float, control_n: float) -> np.ndarray:
    """The p-value that a standardised difference has in groups of these sizes (normal approximation).

    `2 (1 - Φ(|d| / sqrt(1 / n1 + 1 / n0)))`: a function of the difference and, just as much, of the sizes.
    """
    from scipy.special import ndtr

    p: np.ndarray = 2 * ndtr(-np.abs(smds) / math.sqrt(1 / treated_n + 1 / control_n))
    return p


def p_curves(paper: Paper, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """p against the standardised difference, for the groups before, after, and half as large as after matching.

    Parameters
    ----------
    paper
        A study with both populations; otherwise there are no curves.
    rows
        From :func:`p_and_smd`; the curves run as far as its differences.

    Returns
    -------
    dict
        Words for the page, with the numbers of patients, to a frame with `smd` and `p`.
    """
    populations = paper.spec.populations
    if rows.empty or not {BEFORE, AFTER} <= set(populations):
        return {}
    arms = [arm for arm in (paper.spec.experimental, paper.spec.comparator) if arm]
    smds = np.linspace(0, 1.08 * float(rows[["smd_before", "smd_after"]].to_numpy().max()), 101)
    found = {}
    for words, population, factor in (
        ("before matching", BEFORE, 1.0),
        ("after matching", AFTER, 1.0),
        ("half as many as after matching", AFTER, 0.5),
    ):
        sizes = [factor * populations[population].n[arm] for arm in arms]
        curve = pd.DataFrame({"smd": smds, "p": p_of_smd(smds, *sizes)})
        found[f"{words} ({sizes[0]:g} and {sizes[1]:g} patients)"] = curve
    return found


def smd_of_p(p: float, treated_n: float, control_n: float) -> float:
    """The size of a standardised difference that has this p-value in groups of these sizes (normal approximation).

    Of a mean or of a share; a p-value of a covariate with more than two levels belongs to a test of more than one
    difference, and goes with a larger distance.
    """
    from scipy.special import ndtri

    return float(-ndtri(p / 2) * math.sqrt(1 / treated_n + 1 / control_n))


def unnoticed(paper: Paper, alpha: float = _ALPHA) -> dict[str, float]:
    """Up to which standardised difference p stays above alpha in each population: what such a test cannot see.

    Returns
    -------
    dict
        The population's name for the page to the difference of two means or shares. Empty for a study of one arm.
    """
    arms = [arm for arm in (paper.spec.experimental, paper.spec.comparator) if arm]
    if len(arms) < 2:
        return {}
    populations = paper.spec.populations.values()
    return {found.label: smd_of_p(alpha, *(found.n[arm] for arm in arms)) for found in populations}


def only_p(paper: Paper, judged: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Characteristics of which a paper prints a p-value, and nothing that gives a standardised difference.

    Parameters
    ----------
    paper
        The study.
    judged
        Balance frames by the population's name for the page, as of :func:`haicbook.matching.balances`.

    Returns
    -------
    pandas.DataFrame
        `population` (its name for the page), `label`, `printed` (the p-value), `bound` and `smd`: the difference that
        goes with it if it is of two means or shares and was tested without correction: `about`, `below` (for `>0.05`)
        or `above` (for `<0.001`) it.
    """
    arms = [arm for arm in (paper.spec.experimental, paper.spec.comparator) if arm]
    rows = []
    for name, population in paper.spec.populations.items():
        if len(arms) < 2:
            continue
        known = _judged(judged.get(population.label))
        for value in _printed_p(paper, name).itertuples(index=False):
            covariate = value.row if value.kind == "baseline" else value.term
            if math.isnan(value.value) or any(other in (covariate, *_levels(covariate, known)) for other in known):
                continue
            smd = smd_of_p(value.value, *(population.n[arm] for arm in arms))
            bound = {"above": "below", "below": "above"}.get(value.state, "about")
            rows.append([population.label, label(covariate), value.printed, bound, smd])
    return pd.DataFrame(rows, columns=["population", "label", "printed", "bound", "smd"])


def _judged(frame: pd.DataFrame | None) -> list[str]:
    return [] if frame is None else list(frame[frame.smd.notna()].covariate)


def _levels(covariate: str, known: list[str]) -> list[str]:
    """Where a text prints single levels, each is a covariate of its own: `sex_male`."""
    return [name for name in known if name.startswith(f"{covariate}_")]


def _printed_p(paper: Paper, population: str) -> pd.DataFrame:
    """Of the baseline tables, or of what the results say of the characteristics where there is no table."""
    values = paper.values[(paper.values.statistic == "p") & (paper.values.population == population)]
    in_table = values[(values.kind == "baseline") & ~values.row.isin(_NOT_BASELINE)]
    if len(in_table):
        return in_table
    in_text = (values.kind == "claim") & (values.section == "results") & values.source.str.contains("haracteristics")
    return values[in_text & ~values.term.isin(_NOT_BASELINE)]


def summarise_p(rows: pd.DataFrame, largest: dict[str, float]) -> dict[str, float]:
    """Named values: the differences that p does not notice, and how many rows of the matched table p is wrong about.

    Parameters
    ----------
    rows, largest
        From :func:`p_and_smd` and :func:`unnoticed`.
    """
    values = {f"unnoticed.{words.lower().replace(' ', '_')}": smd for words, smd in largest.items()}
    if rows.empty:
        return values
    return values | {
        "covariates": len(rows),
        "misleading": int(rows.misleading.sum()),
        "large": int(((rows.smd_after > SERIOUS) & (rows.p_after > _ALPHA)).sum()),
        "significant_at_full_size": int(((rows.p_after > _ALPHA) & (rows.p_after_at_full_size <= _ALPHA)).sum()),
    }
