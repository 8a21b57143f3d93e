"""How patients came to be compared, and when their clocks start: what the designs made of them before any result."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from haicbook.study import Paper
from haicbook.synthesis.arms import study_label

STAGES = ("Evaluated", "Included", "Matched")


def flow(papers: list[Paper]) -> pd.DataFrame:
    """Printed counts of patients, stage by stage.

    Returns
    -------
    pandas.DataFrame
        `study`, `label` and one column for each of `STAGES`: the count, NaN where the paper has no such stage or does
        not print it; `matched` says which of the two it is for the last.
    """
    rows = []
    for paper in papers:
        populations = {name: float(sum(population.n.values())) for name, population in paper.spec.populations.items()}
        evaluated = paper.select(term="screened", statistic="n").value.max()
        included = populations.get("before_psm", populations[paper.spec.main_population])
        matched = populations.get("after_psm", float("nan"))
        rows.append((paper.study, study_label(paper), evaluated, included, matched, "after_psm" in populations))
    return pd.DataFrame(rows, columns=["study", "label", *STAGES, "matched"])


@dataclass(frozen=True)
class Given:
    """One treatment of an arm, from when to when; `measured` says whether the paper prints how long that was."""

    words: str
    start: float
    end: float
    measured: bool = True


@dataclass(frozen=True)
class Lane:
    """One arm on its way through treatment.

    Attributes
    ----------
    label, role
        The arm's name, and its role, which decides its colour.
    stretches
        What was given, in weeks from the start of the clock.
    unseen
        From when to when a patient who dies is in neither arm; None where nobody had to survive to be counted.
    """

    label: str
    role: str
    stretches: tuple[Given, ...]
    unseen: tuple[float, float] | None = None


def sequence_clock(paper: Paper) -> list[Lane]:
    """cao2024: both arms count from the first HAIC, of patients who have reached systemic therapy."""
    window = paper.value("cao2024/methods/haic_window/before_psm/value")
    soon = paper.value("cao2024/methods/systemic_start/before_psm/si/value")
    lanes = []
    for arm, reached in (("si", soon), ("se", window)):
        spec = paper.spec.arms[arm]
        given = (Given("HAIC", 0, window), Given("systemic therapy", reached, 1.7 * window))
        lanes.append(Lane(spec.short, spec.role, given, (0, reached)))
    return lanes


def late_clock(paper: Paper) -> list[Lane]:
    """lee2024: both arms count from HAIC, the one of patients who have lived through a first line of unknown length."""
    second, first = (paper.spec.arms[arm] for arm in ("post_ab", "first_line"))
    haic, before = Given("HAIC", 0, 1, measured=False), Given("atezolizumab–bevacizumab", -1.6, 0, measured=False)
    return [Lane(second.short, second.role, (before, haic), (before.start, 0)), Lane(first.short, first.role, (haic,))]
