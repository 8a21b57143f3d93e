"""What the methods of a made-up paper plan: dates, doses, courses, and the two stages of a single-arm trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from haicbook.simulate.patients import World
from haicbook.simulate.specs import printed_dates
from haicbook.simulate.tables import Rows
from haicbook.simulate.text import ABSTRACT, METHODS, Place, claim

# Simon's optimal designs of 5 % alpha: null and alternative rate, power, r1/n1, r/n
OPTIMAL: tuple[tuple[float, float, int, int, int, int, int], ...] = (
    (10, 30, 80, 1, 10, 5, 29),
    (10, 30, 90, 2, 18, 6, 35),
    (20, 40, 80, 3, 13, 12, 43),
    (20, 40, 90, 4, 19, 15, 54),
    (30, 50, 80, 5, 15, 18, 46),
    (30, 50, 90, 8, 24, 24, 63),
    (40, 60, 80, 7, 16, 23, 46),
    (40, 60, 90, 11, 25, 32, 66),
)
_DATES = {"enrolment_start": "date_start", "enrolment_end": "date_end", "last_follow_up": "date_last_follow_up"}
_DOSES = {"dose_oxaliplatin": (85, "mg/m2", 1), "dose_fluorouracil": (2400, "mg/m2", 1000)}


def two_stages(patients: int, rng: np.random.Generator) -> dict[str, Any]:
    """A two-stage design as `study.yml` has it: one of Simon's optimal ones.

    References
    ----------
    Simon R. Control Clin Trials 1989;10:1-10.
    """
    null, alternative, power, r1, n1, r, n = OPTIMAL[int(rng.integers(len(OPTIMAL)))]
    return {
        "name": "Simon's optimal two-stage design",
        "null_rate": f"{null:.1f}",
        "alternative_rate": f"{alternative:.1f}",
        "alpha": "5",
        "power": str(power),
        "stage1_n": n1,
        "stage1_reject_at_most": r1,
        "total_n": n,
        "total_reject_at_most": r,
    }


def protocol(world: World, population: str, arms: tuple[str, ...], stages: dict[str, Any] | None) -> Rows:
    """Claims of the methods, and the dates again in the abstract."""
    rows: Rows = []
    for place in (ABSTRACT, METHODS):
        dates = printed_dates(world)
        rows += [
            claim(place, name, population, "", term=term, statistic="date", printed=dates[name])
            for name, term in _DATES.items()
        ]
    for name, (dose, unit, per) in _DOSES.items():
        rows.append(_dose(METHODS, name, population, f"{dose}", unit))
        # the same dose in grams
        rows += [_dose(ABSTRACT, name, population, f"{dose / per:g}", "g/m2")] if per > 1 else []
    own = {"term": "haic_courses_allowed", "statistic": "range", "unit": "courses"}
    rows.append(claim(METHODS, "haic_courses_allowed", population, "", printed="1–6", **own))
    if stages:
        planned = {"design_stage1_responders": stages["stage1_reject_at_most"], "design_stage1_n": stages["stage1_n"]}
        rows += [
            claim(METHODS, name, population, arms[0], term=name, statistic="n", unit="patients", printed=str(number))
            for name, number in planned.items()
        ]
    return rows


def _dose(place: Place, name: str, population: str, printed: str, unit: str) -> dict[str, str]:
    return claim(place, name, population, "", term=name, statistic="value", unit=unit, printed=printed)
