"""The tables of a synthetic paper: baseline, response, Cox models, adverse events; every figure from its patients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from haicbook.simulate.cohort import (
    CATEGORIES,
    COVARIATES,
    EVENTS,
    Bools,
    Floats,
    SimulatedPatients,
    SyntheticCovariate,
)
from haicbook.simulate.typesetting import Z95, PrintingConventions, fixed, p_text, tester, wald_p
from haicbook.survival import estimators
from haicbook.survival.estimators import KaplanMeier, Ties
from haicbook.words import label

Rows = list[dict[str, str]]
RESPONSES = {"orr": ("cr", "pr"), "dcr": ("cr", "pr", "sd")}
GRADE_LIMITS = {"any": (1, 4), "g12": (1, 2), "g34": (3, 4)}
MODELLED = tuple(item for item in COVARIATES if item.kind == "binary" or item.slug in ("age", "tumor_size"))
_UNITS = {"age": "per year", "tumor_size": "per cm"}
_SELECTED = 0.05


@dataclass(frozen=True, eq=False)
class Group:
    """SimulatedPatients as one table shows them: a suffix of its columns, and the patients."""

    suffix: str
    patients: SimulatedPatients

    def arms(self, names: Iterable[str]) -> dict[str, SimulatedPatients]:
        """The patients of every arm, the experimental one first; one arm has them all."""
        keys = list(names)
        if len(keys) == 1:
            return {keys[0]: self.patients}
        return {keys[0]: self.patients.take(self.patients.treated), keys[1]: self.patients.take(~self.patients.treated)}


def baseline(groups: list[Group], arms: tuple[str, ...], conventions: PrintingConventions) -> Rows:
    """One row for each covariate, and for each of its levels."""
    rows: Rows = []
    for item in COVARIATES:
        heading = {"id": item.slug, "label": item.label}
        codes = _codes(item, groups)
        levels: Rows = [{"id": item.slug, "label": words, "level": key} for key, words in codes.values()]
        for group in groups:
            values = {arm: p.covariates[item.slug] for arm, p in group.arms(arms).items()}
            p_column = f"p{group.suffix}"
            if item.kind == "continuous":
                heading |= {f"{arm}{group.suffix}": _summary(item, v, conventions) for arm, v in values.items()}
                p = _p_of_means(item, list(values.values()), conventions)
                heading |= {p_column: p_text(p)} if len(values) > 1 else {}
            table = np.array([[int((v == code).sum()) for v in values.values()] for code in codes], dtype=int)
            for row, counts in zip(levels, table, strict=True):
                row |= {
                    f"{arm}{group.suffix}": conventions.n_pct(int(count), len(values[arm]))
                    for arm, count in zip(values, counts, strict=True)
                }
            if item.kind != "continuous" and len(values) > 1:
                heading[p_column] = p_text(tester(conventions)(table))
        rows += [heading, *levels]
    return rows


def _codes(item: SyntheticCovariate, groups: list[Group]) -> dict[int, tuple[str, str]]:
    """The values that have a row of their own: key and words of each."""
    if not item.counted:
        return dict(enumerate(item.levels))
    every = np.unique(np.concatenate([group.patients.covariates[item.slug] for group in groups]))
    return {int(value): (str(int(value)), str(int(value))) for value in every}


def _summary(item: SyntheticCovariate, values: Floats, conventions: PrintingConventions) -> str:
    if not item.skewed:
        return mean_sd(item, values, conventions)
    middle, low, high = (fixed(float(q), item.decimals) for q in np.quantile(values, (0.5, 0.25, 0.75)))
    return f"{middle} ({low}–{high})"


def mean_sd(item: SyntheticCovariate, values: Floats, conventions: PrintingConventions) -> str:
    """`55.3 ± 9.5`, the standard deviation that of a sample."""
    decimals = max(item.decimals, conventions.percent_decimals)
    return f"{fixed(float(values.mean()), decimals)} ± {fixed(float(values.std(ddof=1)), decimals)}"


def _p_of_means(item: SyntheticCovariate, values: list[Floats], conventions: PrintingConventions) -> float:
    if len(values) < 2:
        return math.nan
    from scipy.stats import mannwhitneyu, ttest_ind

    if item.skewed:
        return float(mannwhitneyu(*values).pvalue)
    return float(ttest_ind(*values, equal_var=not conventions.welch).pvalue)


def response(group: Group, arms: tuple[str, ...], conventions: PrintingConventions) -> Rows:
    """Best responses, and the rates that they make up."""
    return [
        _counted(
            category, label(category), [_of_response(p, category) for p in group.arms(arms).values()], arms, conventions
        )
        for category in (*CATEGORIES, *RESPONSES)
    ]


def _of_response(patients: SimulatedPatients, category: str) -> np.ndarray:
    parts = [CATEGORIES.index(part) for part in RESPONSES.get(category, (category,))]
    return np.isin(patients.response, parts)


def responders(patients: SimulatedPatients, category: str) -> int:
    """How many have this best response, or one of those that a rate counts."""
    return int(_of_response(patients, category).sum())


def _counted(
    slug: str, words: str, has: list[np.ndarray], arms: tuple[str, ...], conventions: PrintingConventions
) -> dict[str, str]:
    row = {"id": slug, "label": words}
    row |= {arm: conventions.n_pct(int(one.sum()), len(one)) for arm, one in zip(arms, has, strict=True)}
    return row | ({"p": p_text(_p_of_two(has, conventions))} if len(arms) > 1 else {})


def _p_of_two(has: list[np.ndarray], conventions: PrintingConventions) -> float:
    return tester(conventions)(np.array([[int(one.sum()) for one in has], [int((~one).sum()) for one in has]]))


def adverse_events(group: Group, arms: tuple[str, ...], conventions: PrintingConventions) -> Rows:
    """Every event by grade, and any event."""
    of_arms = group.arms(arms)
    rows = []
    for event in ("any_ae", *EVENTS):
        of_each = [worst(patients, event) for patients in of_arms.values()]
        row = {"id": event, "label": label(event)}
        for grade, (low, high) in GRADE_LIMITS.items():
            has = [(one >= low) & (one <= high) for one in of_each]
            row |= {
                f"{arm}_{grade}": conventions.n_pct(int(one.sum()), len(one))
                for arm, one in zip(arms, has, strict=True)
            }
            if len(arms) > 1 and grade != "g12":
                row[f"p_{grade}"] = p_text(_p_of_two(has, conventions))
        rows.append(row)
    return rows


def severe_p(group: Group, arms: tuple[str, ...], conventions: PrintingConventions) -> list[float]:
    """p of every event of grade 3 or 4, as tested; NaN where no patient has it."""
    of_arms = group.arms(arms).values()
    return [
        _p_of_two([worst(patients, event) >= 3 for patients in of_arms], conventions) for event in ("any_ae", *EVENTS)
    ]


def worst(patients: SimulatedPatients, event: str) -> np.ndarray:
    """Each patient's worst grade of an event, or of any."""
    if event == "any_ae":
        return np.asarray(np.max(list(patients.grades.values()), axis=0))
    return patients.grades[event]


# --- Cox models -------------------------------------------------------------------------------------------------------


def cox_table(
    patients: SimulatedPatients, endpoint: str, shorts: tuple[str, ...], conventions: PrintingConventions
) -> Rows:
    """One covariate at a time, then treatment with those that are significant alone."""
    time, event = patients.time[endpoint], patients.event[endpoint]
    terms = {"treatment": patients.treated.astype(float)} if len(shorts) > 1 else {}
    terms |= {
        item.slug: patients.covariates[item.slug] for item in MODELLED if np.ptp(patients.covariates[item.slug]) > 0
    }
    words = {"treatment": f"Treatment ({' vs. '.join(shorts)})"} | {item.slug: _contrast(item) for item in MODELLED}
    batch = np.array(list(terms.values()))
    log_hr, se = estimators.cox(
        np.tile(time, (len(batch), 1)), np.tile(event, (len(batch), 1)), batch, conventions.ties
    )
    known = {
        name: (b, s) for name, b, s in zip(terms, log_hr, se, strict=True) if math.isfinite(b) and math.isfinite(s)
    }
    # a covariate whose ratio has no estimate keeps an empty row, as its table does in papers
    rows = {name: {"id": name, "label": words[name]} for name in terms}
    for name, (b, s) in known.items():
        rows[name] |= {"univariable_hr": conventions.ratio(b, s), "univariable_p": p_text(wald_p(b, s))}
    chosen = [name for name, (b, s) in known.items() if name == "treatment" or wald_p(b, s) < _SELECTED]
    for name, (b, s) in _adjusted(time, event, {name: terms[name] for name in chosen}, conventions).items():
        if math.isfinite(b) and math.isfinite(s):
            rows[name] |= {"multivariable_hr": conventions.ratio(b, s), "multivariable_p": p_text(wald_p(b, s))}
    return list(rows.values())


def _adjusted(
    time: Floats, event: Bools, terms: dict[str, Floats], conventions: PrintingConventions
) -> dict[str, tuple[float, float]]:
    """Log hazard ratio and standard error of each term in one model; a stepwise one drops covariates by p."""
    while len(terms) > 1:
        estimates = cox(time, event, np.column_stack(list(terms.values())), conventions.ties)
        model = dict(zip(terms, zip(*estimates, strict=True), strict=True))
        p = {name: wald_p(b, s) for name, (b, s) in model.items() if name != "treatment"}
        least = max(p, key=lambda name: p[name])
        if not conventions.stepwise or p[least] < _SELECTED:
            return model
        terms = {name: values for name, values in terms.items() if name != least}
    return {}


def _contrast(item: SyntheticCovariate) -> str:
    if item.kind == "continuous":
        return f"{item.label.partition(' (')[0]} ({_UNITS[item.slug]})"
    return f"{item.label} ({item.levels[1][1]} vs. {item.levels[0][1]})"


# --- models of several covariates, and limits of a median ------------------------------------------------------------


_STEPS = 30
_STOP = 1e-9
# SPSS reads the curve's slope at the median between 0.45 and 0.55
_SPSS_BAND = 0.05


def cox(time: Floats, event: Bools, design: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """Coefficients and standard errors of a Cox model with several covariates.

    Parameters
    ----------
    time, event
        (n,) months and whether the event was seen.
    design
        (n, k) covariates.
    ties
        `efron` or `breslow`.

    Returns
    -------
    log_hr, se
        (k,) each; infinite where the likelihood has no maximum.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-220. Efron B. JASA 1977;72:557-565. Breslow N. Biometrics 1974;30:89-99.
    """
    order = np.lexsort((~event, time))
    time, event, x = time[order], event[order], (design - design.mean(axis=0))[order]
    tie = np.searchsorted(time, time, side="left")
    place = np.arange(len(time)) - tie
    deaths = np.bincount(tie, weights=event, minlength=len(time))[tie]
    thinning = place / np.maximum(deaths, 1) if ties == "efron" else np.zeros(len(time))
    beta = np.zeros(x.shape[1])
    information = np.eye(len(beta))
    for _ in range(_STEPS):
        score, information = _derivatives(beta, x, event, tie, thinning)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < _STOP:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    return np.full(len(beta), math.inf), np.full(len(beta), math.inf)


def _derivatives(beta: Floats, x: Floats, event: Bools, tie: np.ndarray, thinning: Floats) -> tuple[Floats, Floats]:
    """Score (k,) and information (k, k); rows in order of time, events first; `tie` is the first row at each time."""
    weight = np.exp(x @ beta)
    outer = weight[:, None, None] * x[:, :, None] * x[:, None, :]
    moments = []
    for values in (weight, weight[:, None] * x, outer):
        remaining = np.cumsum(values[::-1], axis=0)[::-1][tie]
        shape = (-1, *[1] * (values.ndim - 1))
        of_tie = np.zeros_like(values)
        np.add.at(of_tie, tie, values * event.reshape(shape))
        moments.append(remaining - thinning.reshape(shape) * of_tie[tie])
    total, first, second = (moment[event] for moment in moments)
    mean = first / total[:, None]
    information = (second / total[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
    return (x[event] - mean).sum(axis=0), information


def normal_limits(curve: KaplanMeier, median: float) -> tuple[float, float]:
    """Symmetric limits of a median: its standard error is that of the curve there over the curve's slope.

    The slope is taken between the last time with survival of at least 0.55 and the first with at most 0.45. NaN where
    the curve does not fall so far.

    References
    ----------
    IBM SPSS Statistics Algorithms, KM, percentiles.
    """
    time, height = curve.time[0], curve.survival[0]
    last = np.append(time[1:] > time[:-1], True)
    time, height, variance = time[last], height[last], curve.greenwood[0][last]
    above, below = np.flatnonzero(height >= 0.5 + _SPSS_BAND), np.flatnonzero(height <= 0.5 - _SPSS_BAND)
    if not (above.size and below.size and math.isfinite(median)):
        return math.nan, math.nan
    upper, lower = above[-1], below[0]
    slope = (height[upper] - height[lower]) / (time[lower] - time[upper])
    at = np.flatnonzero(time <= median)[-1]
    if not math.isfinite(variance[at]):  # the curve falls from above one half to 0
        return math.nan, math.nan
    error = Z95 * height[at] * math.sqrt(variance[at]) / slope
    return max(median - error, 0.0), median + error
