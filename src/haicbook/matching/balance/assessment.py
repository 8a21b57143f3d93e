"""Balance of two arms from what a baseline table prints: standardised differences, each with its definition."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from haicbook.matching.balance.baseline import PrintedArm, PrintedCovariate, printed_covariates
from haicbook.matching.balance.differences import Definition, attainable, definitions, distance_interval, smd_interval
from haicbook.matching.balance.summaries import Levels, Moments, Quartiles, Summary, skewed
from haicbook.stats.proportions import normal_quantile
from haicbook.study import Paper
from haicbook.study.schema import Table, Variable
from haicbook.words import label

ACCEPTABLE, SERIOUS = 0.1, 0.25
# every smaller difference in the last digit of a float counts as the same
_NOISE = 1e-9
COLUMNS = [
    *("covariate", "label", "type", "definition", "smd", "ci_low", "ci_high", "low", "high", "least", "most"),
    *("variance_ratio", "within_0_1", "verdict", "value_ids", "note"),
]
VERDICTS = ("within 0.1", "0.1 to 0.25", "above 0.25", "cannot be computed")


def verdict(smd: float) -> str:
    """In which of the usual bands a standardised difference lies: one of `VERDICTS`.

    References
    ----------
    Below 0.1: Austin PC. Stat Med 2009;28:3083-3107. Above 0.25: Rubin DB. Health Serv Outcomes Res Methodol
    2001;2:169-188; Stuart EA. Stat Sci 2010;25:1-21.
    """
    if math.isnan(smd):
        return VERDICTS[3]
    return VERDICTS[0] if abs(smd) < ACCEPTABLE else VERDICTS[1] if abs(smd) <= SERIOUS else VERDICTS[2]


def balance(paper: Paper, population: str, confidence: float = 0.95) -> pd.DataFrame:
    """Standardised differences of every covariate that a population's baseline tables print, experimental - comparator.

    Parameters
    ----------
    paper
        The study.
    population
        One of its populations, such as `before_psm`.
    confidence
        Level of the intervals, in (0, 1).

    Returns
    -------
    pandas.DataFrame
        One row for each covariate, in printed order: `covariate` and `label`; `type`; `definition` of the difference in
        words; `smd` (signed, except for covariates with several levels; NaN where the print does not allow one);
        `ci_low`, `ci_high` (large-sample; for unsigned ones the limits of a distance); `low` to `high`, which the
        rounding of the printed means, SDs and quartiles leaves open; `least` to `most`, its size over the other usual
        definitions; `variance_ratio` (where SDs are printed, else NaN); `within_0_1`, whether the difference is below
        0.1 in size (missing where it is NaN); `verdict`, the band of :func:`verdict`; `value_ids`, the printed values
        used; `note`. No rows, same columns, where no table is printed for the population or the study has one arm.

    Raises
    ------
    KeyError
        When the study has no such population.
    ValueError
        When the confidence level is not between 0 and 1.
    """
    normal_quantile(confidence)
    treated, control = paper.spec.experimental, paper.spec.comparator
    covariates = printed_covariates(paper, population)
    if treated is None or control is None:
        covariates = []
    rows = [_row(covariate, (str(treated), str(control)), confidence) for covariate in covariates]
    numbers = ("smd", "ci_low", "ci_high", "low", "high", "least", "most", "variance_ratio")
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(numbers, float) | {"within_0_1": "boolean"})


# --- what is printed, as summaries ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PrintedPair:
    """What a table prints of one covariate in two arms, as far as a difference can be had from it.

    Attributes
    ----------
    treated, control
        The summaries; None where the print does not suffice, or contradicts itself.
    reason
        Why they are None.
    """

    treated: Summary | None
    control: Summary | None
    reason: str = ""


def printed_summaries(covariate: PrintedCovariate, arms: tuple[str, str]) -> PrintedPair:
    """The summaries of a covariate in two arms, of one kind: shares of levels, mean and SD, or median and quartiles."""
    pair = [covariate.arms[arm] for arm in arms]
    if covariate.type != "continuous":
        if not covariate.levels or any(np.isnan(summary.shares).any() for summary in pair):
            return PrintedPair(None, None, "not every level is printed for both arms")
        return PrintedPair(_levels(covariate, pair[0]), _levels(covariate, pair[1]))
    if all({"mean", "sd"} <= set(summary.moments) for summary in pair):
        return PrintedPair(_moments(pair[0]), _moments(pair[1]))
    if not all({"median", "q1", "q3"} <= set(summary.moments) for summary in pair):
        return PrintedPair(None, None, "neither mean and SD nor median and quartiles for both arms")
    quartiles = [_quartiles(summary) for summary in pair]
    for found in quartiles:
        if not found.q1 <= found.median <= found.q3:
            words = f"median {found.median:g} with quartiles {found.q1:g} and {found.q3:g}"
            return PrintedPair(None, None, f"found {words}; quartiles enclose the median")
    return PrintedPair(quartiles[0], quartiles[1])


def printed_pair(paper: Paper, population: str, covariate: str) -> tuple[Summary, Summary]:
    """What a paper prints of one covariate, experimental arm and comparator: what :func:`which_definition` takes.

    Raises
    ------
    KeyError
        When the population or the covariate is not printed; names those that are.
    ValueError
        When the print does not suffice for a difference; says why.
    """
    printed = {found.name: found for found in printed_covariates(paper, population)}
    if covariate not in printed:
        raise KeyError(f"{paper.study} prints no {covariate!r} for {population}; it prints {', '.join(printed)}")
    found = printed_summaries(printed[covariate], (str(paper.spec.experimental), str(paper.spec.comparator)))
    if found.treated is None or found.control is None:
        raise ValueError(f"{covariate}: {found.reason}")
    return found.treated, found.control


def _levels(covariate: PrintedCovariate, summary: PrintedArm) -> Levels:
    shares = [float(share) for share in summary.shares]
    names = covariate.level_labels if covariate.levels[0] else (label(covariate.name),)
    if len(shares) == 1:
        shares, names = [shares[0], 1 - shares[0]], (names[0], "others")
    return Levels(tuple(shares), summary.n, names)


def _halves(summary: PrintedArm, *names: str) -> list[float]:
    return [10.0 ** -summary.decimals[name] / 2 if name in summary.decimals else 0.0 for name in names]


def _moments(summary: PrintedArm) -> Moments:
    mean, sd = _halves(summary, "mean", "sd")
    return Moments(summary.moments["mean"], summary.moments["sd"], summary.n, (mean, sd))


def _quartiles(summary: PrintedArm) -> Quartiles:
    q1, median, q3 = _halves(summary, "q1", "median", "q3")
    moments = summary.moments
    return Quartiles(moments["q1"], moments["median"], moments["q3"], summary.n, (q1, median, q3))


# --- one row ----------------------------------------------------------------------------------------------------------


def _row(covariate: PrintedCovariate, arms: tuple[str, str], confidence: float) -> list[object]:
    printed = printed_summaries(covariate, arms)
    first, notes = [covariate.name, label(covariate.name), covariate.type], list(covariate.misfits)
    if covariate.contradictions:
        notes.append(f"percentages point to other counts ({', '.join(covariate.contradictions)}); the counts are used")
    if printed.treated is None or printed.control is None:
        notes.append(printed.reason)
        missing = [math.nan] * 8
        return [*first, "none", *missing, pd.NA, VERDICTS[3], covariate.value_ids, "; ".join(notes)]
    treated, control = printed.treated, printed.control
    main, *others = [d for d in definitions(treated, control, ordered=covariate.type == "ordinal") if d.usual]
    smd, (low, high) = main.compute(treated, control), attainable(main, treated, control)
    sizes = [abs(other.compute(treated, control)) for other in others]
    known = [size for size in sizes if not math.isnan(size)]
    notes += _notes(treated, control, low, high)
    return [
        *(*first, _words(main, treated), smd, *_interval(main, smd, treated, control, confidence), low, high),
        *(min(known, default=math.nan), max(known, default=math.nan), _variance_ratio(treated, control)),
        *(pd.NA if math.isnan(smd) else abs(smd) < ACCEPTABLE, verdict(smd), covariate.value_ids, "; ".join(notes)),
    ]


def _words(definition: Definition, treated: Summary) -> str:
    if isinstance(treated, Levels) and len(treated.shares) == 2:
        return f"share of {treated.names[0]}: (p₁ − p₀) / √((p₁q₁ + p₀q₀) / 2)"
    if isinstance(treated, Levels):
        return f"shares of {len(treated.shares)} levels: Mahalanobis distance (Yang and Dalton 2012), without sign"
    kind = "means" if isinstance(treated, Moments) else "medians and quartiles, turned into means and SDs (Wan 2014)"
    return f"{kind}: {definition.formula.replace('x', 'mean')}"


def _interval(
    definition: Definition, smd: float, treated: Summary, control: Summary, confidence: float
) -> tuple[float, float]:
    if not math.isfinite(smd):
        return math.nan, math.nan
    if definition.signed or not isinstance(treated, Levels) or not isinstance(control, Levels):
        return smd_interval(smd, treated.n, control.n, confidence)
    present = sum(p > 0 or q > 0 for p, q in zip(treated.shares, control.shares, strict=True))
    return distance_interval(smd, max(1, present - 1), treated.n, control.n, confidence)


def _variance_ratio(treated: Summary, control: Summary) -> float:
    if not isinstance(treated, Moments) or not isinstance(control, Moments) or not control.sd > 0:
        return math.nan
    return (treated.sd / control.sd) ** 2


def _notes(treated: Summary, control: Summary, low: float, high: float) -> list[str]:
    notes = []
    least, most = (0.0, max(-low, high)) if low < 0 < high else sorted((abs(low), abs(high)))
    if least < ACCEPTABLE - _NOISE and most > ACCEPTABLE + _NOISE:
        notes.append("the rounding leaves open whether it is within 0.1")
    if any(isinstance(one, Quartiles) and skewed(one.q1, one.median, one.q3, one.n) for one in (treated, control)):
        notes.append("quartiles too uneven for normal data (Shi 2023), so that mean and SD are a makeshift")
    return notes


# --- every population at once -----------------------------------------------------------------------------------------


_CHARACTERISTICS = ("n", "pct", "mean", "sd")
# sizes of groups, and what was done to the patients afterwards
_NOT_BASELINE = ("enrolled", "screened", "n_matched", "haic_courses")


def balances(paper: Paper, confidence: float) -> dict[str, pd.DataFrame]:
    """Balance of every population for which a baseline table is printed.

    Returns
    -------
    dict
        The population's name for the page to its :func:`haicbook.matching.balance`; before matching comes first.
    """
    found = {population.label: balance(paper, name, confidence) for name, population in paper.spec.populations.items()}
    return {words: frame for words, frame in found.items() if frame.smd.notna().any()}


def balances_in_text(paper: Paper, confidence: float) -> dict[str, pd.DataFrame]:
    """As :func:`balances`, from the characteristics that the results print for both arms.

    For papers whose baseline tables are lost.
    """
    claims = paper.select(kind="claim", section="results", statistic=list(_CHARACTERISTICS), endpoint="", grade="")
    claims = claims[claims.source.str.contains("haracteristics") & (claims.arm != "")]
    claims = claims[~claims.term.isin(_NOT_BASELINE)]
    groups = claims.groupby(["term", "level", "population", "statistic"]).arm.transform("nunique")
    shared = claims[groups == len(paper.spec.arms)]
    # a text prints one level of a covariate, and not the same one everywhere: each level is a covariate of its own
    names = (shared.term + "_" + shared.level).str.removesuffix("_yes").str.rstrip("_")
    shared = shared.assign(row=names, label=names.map(label), level="", kind="baseline")
    moments = set(shared[shared.statistic.isin(["mean", "sd"])].row)
    types = {name: Variable(type="continuous" if name in moments else "binary") for name in shared.row.unique()}
    table = Table.model_construct(kind="baseline", variables=types)
    return balances(Paper(paper.spec.model_copy(update={"tables": [table]}), shared, {}), confidence)


def summarise(found: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Named values: covariates judged, how many within 0.1, and the largest difference, before and after."""
    values: dict[str, float] = {}
    for words, frame in found.items():
        judged = frame[frame.smd.notna()]
        name = words.lower().replace(" ", "_")
        values |= {
            f"{name}.judged": len(judged),
            f"{name}.within": int(judged.within_0_1.sum()),
            f"{name}.largest": float(judged.smd.abs().max()),
            f"{name}.interval_width": float((judged.ci_high - judged.ci_low).mean()),
        }
    return values


# --- sizes ------------------------------------------------------------------------------------------------------------


BEFORE, AFTER = "before_psm", "after_psm"
SIZE_COLUMNS = ["arm", "label", "before", "matched", "unmatched", "discarded", "share"]
SIZE_COLUMNS += ["effective_before", "effective", "stated"]


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum of weights)² / sum of squared weights; 0 without any weight.

    Parameters
    ----------
    weights
        0 or above, shape (patients,); all equal to one another they count the patients that have one.

    References
    ----------
    Kish L. Survey Sampling. Wiley 1965.
    """
    total = float(np.sum(weights))
    return total**2 / float(np.sum(np.square(weights))) if total > 0 else 0.0


def size_of_comparison(treated: float, control: float) -> float:
    """Patients in two equal arms that compare means as precisely as these two: 4 n1 n0 / (n1 + n0)."""
    return 4 * treated * control / (treated + control) if treated + control > 0 else 0.0


def sizes(paper: Paper) -> pd.DataFrame:
    """Patients of each arm before and after a paper's matching.

    Returns
    -------
    pandas.DataFrame
        `arm` (empty for both together) and `label`; `before`; `matched` and `unmatched`; `discarded`, those set aside
        before matching, which no paper here reports (missing); `share` of the arm that was matched; `effective_before`
        and `effective`, sample sizes: an arm's patients, and for both arms :func:`size_of_comparison`. After matching
        with replacement they are missing, since the weights would be needed; where a paper does not say whether it
        replaced they are those without, and `stated` is False. No rows when the study was not matched.
    """
    populations, matching = paper.spec.populations, paper.spec.matching
    if matching is None or not {BEFORE, AFTER} <= set(populations):
        return pd.DataFrame(columns=SIZE_COLUMNS)
    rows: list[list[Any]] = []
    for arm, words in paper.spec.arms.items():
        before, matched = populations[BEFORE].n[arm], populations[AFTER].n[arm]
        effective = math.nan if matching.replacement else float(matched)
        rows.append(
            [arm, words.short, before, matched, before - matched, math.nan, matched / before, before, effective]
        )
    sums = [sum(row[place] for row in rows) for place in (2, 3, 4)]
    compared = [size_of_comparison(*(row[place] for row in rows)) for place in (7, 8)]
    rows.append(["", "Both", *sums, math.nan, sums[1] / sums[0], *compared])
    return pd.DataFrame([[*row, matching.replacement is not None] for row in rows], columns=SIZE_COLUMNS)
