"""The tables of a made-up paper: baseline, response, Cox models and adverse events, every figure from the patients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from haicbook.simulate.conventions import Conventions, fixed, p_text, tester, wald_p
from haicbook.simulate.covariates import COVARIATES, Covariate, Floats
from haicbook.simulate.models import cox
from haicbook.simulate.patients import CATEGORIES, EVENTS, Patients
from haicbook.survival import estimators
from haicbook.words import label

Rows = list[dict[str, str]]
RESPONSES = {"orr": ("cr", "pr"), "dcr": ("cr", "pr", "sd")}
GRADE_LIMITS = {"any": (1, 4), "g12": (1, 2), "g34": (3, 4)}
MODELLED = tuple(item for item in COVARIATES if item.kind == "binary" or item.slug in ("age", "tumor_size"))
_UNITS = {"age": "per year", "tumor_size": "per cm"}
_SELECTED = 0.05


@dataclass(frozen=True, eq=False)
class Group:
    """Patients as one table shows them: a suffix of its columns, and the patients."""

    suffix: str
    patients: Patients

    def arms(self, names: Iterable[str]) -> dict[str, Patients]:
        """The patients of every arm, the experimental one first; one arm has them all."""
        keys = list(names)
        if len(keys) == 1:
            return {keys[0]: self.patients}
        return {keys[0]: self.patients.take(self.patients.treated), keys[1]: self.patients.take(~self.patients.treated)}


def baseline(groups: list[Group], arms: tuple[str, ...], conventions: Conventions) -> Rows:
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


def _codes(item: Covariate, groups: list[Group]) -> dict[int, tuple[str, str]]:
    """The values that have a row of their own: key and words of each."""
    if not item.counted:
        return dict(enumerate(item.levels))
    every = np.unique(np.concatenate([group.patients.covariates[item.slug] for group in groups]))
    return {int(value): (str(int(value)), str(int(value))) for value in every}


def _summary(item: Covariate, values: Floats, conventions: Conventions) -> str:
    if not item.skewed:
        return mean_sd(item, values, conventions)
    middle, low, high = (fixed(float(q), item.decimals) for q in np.quantile(values, (0.5, 0.25, 0.75)))
    return f"{middle} ({low}–{high})"


def mean_sd(item: Covariate, values: Floats, conventions: Conventions) -> str:
    """`55.3 ± 9.5`, the standard deviation that of a sample."""
    decimals = max(item.decimals, conventions.percent_decimals)
    return f"{fixed(float(values.mean()), decimals)} ± {fixed(float(values.std(ddof=1)), decimals)}"


def _p_of_means(item: Covariate, values: list[Floats], conventions: Conventions) -> float:
    if len(values) < 2:
        return math.nan
    from scipy.stats import mannwhitneyu, ttest_ind

    if item.skewed:
        return float(mannwhitneyu(*values).pvalue)
    return float(ttest_ind(*values, equal_var=not conventions.welch).pvalue)


def response(group: Group, arms: tuple[str, ...], conventions: Conventions) -> Rows:
    """Best responses, and the rates that they make up."""
    return [
        _counted(
            category, label(category), [_of_response(p, category) for p in group.arms(arms).values()], arms, conventions
        )
        for category in (*CATEGORIES, *RESPONSES)
    ]


def _of_response(patients: Patients, category: str) -> np.ndarray:
    parts = [CATEGORIES.index(part) for part in RESPONSES.get(category, (category,))]
    return np.isin(patients.response, parts)


def responders(patients: Patients, category: str) -> int:
    """How many have this best response, or one of those that a rate counts."""
    return int(_of_response(patients, category).sum())


def _counted(
    slug: str, words: str, has: list[np.ndarray], arms: tuple[str, ...], conventions: Conventions
) -> dict[str, str]:
    row = {"id": slug, "label": words}
    row |= {arm: conventions.n_pct(int(one.sum()), len(one)) for arm, one in zip(arms, has, strict=True)}
    return row | ({"p": p_text(_p_of_two(has, conventions))} if len(arms) > 1 else {})


def _p_of_two(has: list[np.ndarray], conventions: Conventions) -> float:
    return tester(conventions)(np.array([[int(one.sum()) for one in has], [int((~one).sum()) for one in has]]))


def adverse_events(group: Group, arms: tuple[str, ...], conventions: Conventions) -> Rows:
    """Every event by grade, and any event."""
    of_arms = group.arms(arms)
    rows = []
    for event in ("any_ae", *EVENTS):
        worst = [_worst(patients, event) for patients in of_arms.values()]
        row = {"id": event, "label": label(event)}
        for grade, (low, high) in GRADE_LIMITS.items():
            has = [(one >= low) & (one <= high) for one in worst]
            row |= {
                f"{arm}_{grade}": conventions.n_pct(int(one.sum()), len(one))
                for arm, one in zip(arms, has, strict=True)
            }
            if len(arms) > 1 and grade != "g12":
                row[f"p_{grade}"] = p_text(_p_of_two(has, conventions))
        rows.append(row)
    return rows


def severe_p(group: Group, arms: tuple[str, ...], conventions: Conventions) -> list[float]:
    """p of every event of grade 3 or 4, as tested; NaN where no patient has it."""
    of_arms = group.arms(arms).values()
    return [
        _p_of_two([_worst(patients, event) >= 3 for patients in of_arms], conventions) for event in ("any_ae", *EVENTS)
    ]


def _worst(patients: Patients, event: str) -> np.ndarray:
    if event == "any_ae":
        return np.asarray(np.max(list(patients.grades.values()), axis=0))
    return patients.grades[event]


# --- Cox models -------------------------------------------------------------------------------------------------------


def cox_table(patients: Patients, endpoint: str, shorts: tuple[str, ...], conventions: Conventions) -> Rows:
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
    rows: dict[str, dict[str, str]] = {
        name: {
            "id": name,
            "label": words[name],
            "univariable_hr": conventions.ratio(b, s),
            "univariable_p": p_text(wald_p(b, s)),
        }
        for name, (b, s) in known.items()
    }
    chosen = [name for name, (b, s) in known.items() if name == "treatment" or wald_p(b, s) < _SELECTED]
    if len(chosen) > 1:
        for name, b, s in zip(
            chosen, *cox(time, event, np.column_stack([terms[n] for n in chosen]), conventions.ties), strict=True
        ):
            if math.isfinite(b) and math.isfinite(s):
                rows[name] |= {"multivariable_hr": conventions.ratio(b, s), "multivariable_p": p_text(wald_p(b, s))}
    return list(rows.values())


def _contrast(item: Covariate) -> str:
    if item.kind == "continuous":
        return f"{item.label.partition(' (')[0]} ({_UNITS[item.slug]})"
    return f"{item.label} ({item.levels[1][1]} vs. {item.levels[0][1]})"
