"""What the results of a made-up paper say in words or only in the text: the commonest events, means of all, limits."""

from __future__ import annotations

from haicbook.simulate.conventions import Conventions, fixed
from haicbook.simulate.covariates import COVARIATES
from haicbook.simulate.patients import EVENTS
from haicbook.simulate.tables import Group, Rows, mean_sd, responders, severe_p
from haicbook.simulate.text import RESULTS, claim
from haicbook.stats.proportions import Proportion, exact_interval, wilson_interval

_ALPHA = 0.05
_MEASURED = ("age", "tumor_size")


def statements(group: Group, population: str, arms: tuple[str, ...], conventions: Conventions, events: Rows) -> Rows:
    """Claims on adverse events, response and baseline characteristics.

    Parameters
    ----------
    events
        The rows of the table of adverse events.
    """
    rows: Rows = []
    for arm, patients in group.arms(arms).items():
        counts = {event: int((patients.grades[event] > 0).sum()) for event in EVENTS}
        most = max(counts, key=lambda event: counts[event])
        row = next(row for row in events if row["id"] == most)
        own = {"term": most, "grade": "any", "statistic": "n_pct", "printed": row[f"{arm}_any"]}
        rows.append(claim(RESULTS, "most_common_event", population, arm, **own))
        rows.append(_interval(population, arm, Proportion(responders(patients, "orr"), patients.n), conventions))
    if len(arms) > 1:
        differing = sum(p < _ALPHA for p in severe_p(group, arms, conventions))
        own = {"reference": arms[1], "term": "significant_ae", "grade": "g34", "statistic": "n", "unit": "events"}
        rows.append(claim(RESULTS, "significant_ae", population, arms[0], printed=str(differing), **own))
        for item in (item for item in COVARIATES if item.slug in _MEASURED):
            text = mean_sd(item, group.patients.covariates[item.slug], conventions)
            own = {"term": item.slug, "statistic": "mean_sd", "unit": item.unit}
            rows.append(claim(RESULTS, item.slug, population, "", printed=text, **own))
    return rows


def _interval(population: str, arm: str, responses: Proportion, conventions: Conventions) -> dict[str, str]:
    method = exact_interval if conventions.proportion_ci == "Clopper–Pearson" else wilson_interval
    low, high = (fixed(100 * limit, 1) for limit in method(responses, 0.95))
    text = f"{conventions.percent(responses.count, responses.n)}% ({low}–{high})"
    own = {"term": "orr", "statistic": "pct_ci", "unit": "percent"}
    return claim(RESULTS, "orr_interval", population, arm, printed=text, **own)
