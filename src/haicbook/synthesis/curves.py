"""Every arm's reconstructed curve on one time axis, from the same data sets as the chapters show."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from haicbook import endpoints, survival
from haicbook.results import SavedResults
from haicbook.stats.meta import Message
from haicbook.study import Paper
from haicbook.synthesis.arms import arm_label, response_rates
from haicbook.synthesis.biases import Assumption, Scan, scan
from haicbook.synthesis.by_response import ResponseBias, response_bias

# of two response criteria, the one that most of the studies use
_CRITERION = "mrecist"
_GRID_STEP = 0.1
# below this many patients at risk a reconstructed rate says more about the engine than about the patients
LEAST_AT_RISK = 5


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """The chapters' data sets of one endpoint.

    Attributes
    ----------
    endpoint
        `os` or `pfs`.
    ensembles
        Study to its :class:`haicbook.survival.Ensemble`.
    left_out
        Study to the reason why it has none, in words.
    same
        Study to whether the data sets are those of its chapter, by their digest; only where as many were drawn.
    """

    endpoint: str
    ensembles: dict[str, survival.Ensemble]
    left_out: dict[str, str]
    same: dict[str, bool]

    def named(self, labels: Mapping[str, str], *, arms: int = 1) -> dict[str, survival.Ensemble]:
        """Label to ensemble, of the studies with at least so many arms."""
        return {labels[study]: found for study, found in self.ensembles.items() if len(found.members) >= arms}


def rebuild(papers: list[Paper], saved: Mapping[str, SavedResults], endpoint: str, replicates: int) -> Rebuilt:
    """Reconstruct every study's endpoint with the seed and the censoring that its chapter ran with.

    Parameters
    ----------
    papers
        The studies.
    saved
        Study to the results of its chapter; their parameters `seed` and `censoring` are used.
    endpoint
        `os` or `pfs`.
    replicates
        Data sets of each study. With as many as in the chapter they are the chapter's own.

    Returns
    -------
    Rebuilt
        A study that prints nothing to reconstruct from is in `left_out`, with the reason.
    """
    ensembles: dict[str, survival.Ensemble] = {}
    left_out: dict[str, str] = {}
    same: dict[str, bool] = {}
    for paper in papers:
        if endpoint not in paper.spec.endpoints:
            left_out[paper.study] = "this endpoint is not among the study's"
            continue
        chapter = saved[paper.study]
        seed, censoring = int(chapter.parameters["seed"]), str(chapter.parameters["censoring"])
        criterion = _CRITERION if _CRITERION in paper.spec.endpoints[endpoint].criteria else ""
        try:
            targets = endpoints.targets_from_study(paper, endpoint, paper.spec.main_population, criterion)
            found = endpoints.reconstruct(targets, replicates, survival.stream(seed, endpoint), censoring)
        except (survival.TargetError, survival.ReconstructionError) as error:
            left_out[paper.study] = str(error)
            continue
        ensembles[paper.study] = found
        digest = f"{endpoint}.digest"
        if digest in chapter.values and chapter.parameters.get("replicates") == replicates:
            same[paper.study] = chapter.value(digest) == found.digest()
    return Rebuilt(endpoint, ensembles, left_out, same)


def bands(papers: list[Paper], rebuilt: Rebuilt, horizon: float) -> pd.DataFrame:
    """Curves of all arms up to a horizon.

    Returns
    -------
    pandas.DataFrame
        Long: `study`, `arm`, `label`, `role`, `n`, `time` (months), `survival` (of the member nearest to the pointwise
        median), `low`, `high` (range over the members), as shares. A curve ends where its study's follow-up does.
    """
    grid = np.arange(0, horizon + _GRID_STEP / 2, _GRID_STEP)
    frames = []
    for paper in papers:
        ensemble = rebuilt.ensembles.get(paper.study)
        if ensemble is None:
            continue
        times = grid[grid <= ensemble.targets.follow_up_end]
        typical = ensemble.typical()
        for arm, target in ensemble.targets.arms.items():
            curves = ensemble.curve(arm, times)
            who = {"study": paper.study, "arm": arm, "label": arm_label(paper, arm), "n": target.n}
            drawn = {"time": times, "survival": curves[typical], "low": curves.min(axis=0), "high": curves.max(axis=0)}
            frames.append(pd.DataFrame({**who, "role": paper.spec.arms[arm].role, **drawn}))
    columns = ["study", "arm", "label", "n", "role", "time", "survival", "low", "high"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def landmarks(papers: list[Paper], rebuilt: Rebuilt, times: Sequence[float]) -> pd.DataFrame:
    """Survival of every arm at given months: as printed, else as reconstructed.

    Returns
    -------
    pandas.DataFrame
        `study`, `arm`, `label`, `time`, `printed` (the cell, empty where none is), `value_id`, `survival`, `low`,
        `high` (shares: median and range over the data sets), `at_risk` (median over the data sets), `state`:
        `printed`, `reconstructed`, `thin` (reconstructed with fewer than `LEAST_AT_RISK` at risk) or `beyond` the end
        of follow-up (NaN).
    """
    rows = []
    for paper in papers:
        ensemble = rebuilt.ensembles.get(paper.study)
        if ensemble is None:
            continue
        for arm, target in ensemble.targets.arms.items():
            printed = {mark.time: mark for mark in target.landmarks}
            for time in times:
                who = (paper.study, arm, arm_label(paper, arm), time)
                rows.append((*who, *_landmark(ensemble, arm, time, printed)))
    columns = ["study", "arm", "label", "time", "printed", "value_id", "survival", "low", "high", "at_risk", "state"]
    return pd.DataFrame(rows, columns=columns)


def _landmark(
    ensemble: survival.Ensemble, arm: str, time: float, printed: Mapping[float, survival.Landmark]
) -> tuple[object, ...]:
    if time > ensemble.targets.follow_up_end:
        return "", "", np.nan, np.nan, np.nan, 0.0, "beyond"
    rates = ensemble.curve(arm, [time])[:, 0]
    at_risk = float(np.median(ensemble.at_risk(arm, [time])))
    spread = (float(np.median(rates)), float(rates.min()), float(rates.max()), at_risk)
    mark = printed.get(time)
    if mark is None:
        return "", "", *spread, "thin" if at_risk < LEAST_AT_RISK else "reconstructed"
    return mark.printed, mark.value_id, *spread, "printed"


def periods_of(ensembles: Mapping[str, survival.Ensemble], edges: Sequence[float], confidence: float) -> pd.DataFrame:
    """Hazard ratios by period of several studies, one below the other, with their `label` as first column.

    Parameters
    ----------
    ensembles
        Label to a reconstruction with two arms.
    edges, confidence
        As :func:`haicbook.synthesis.period_ratios` takes them.
    """
    from haicbook.synthesis.periods import COLUMNS, period_ratios

    rows = [
        [label, *row]
        for label, ensemble in ensembles.items()
        for row in period_ratios(ensemble, edges, confidence=confidence).itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["label", *COLUMNS])


def shifted(
    rebuilt: Rebuilt, study: str, assumption: Assumption, values: Sequence[float], *, arm: str, window: float = 3.0
) -> Scan | Message:
    """The scan of one study's bias (:func:`haicbook.synthesis.scan`), or why there is none.

    Parameters
    ----------
    rebuilt
        The data sets of all studies.
    study
        Which study.
    assumption, values, arm, window
        As :func:`haicbook.synthesis.scan` takes them.
    """
    ensemble = rebuilt.ensembles.get(study)
    if ensemble is None:
        reason = rebuilt.left_out.get(study, "the study is not among the data")
        return Message(f"No data sets of {study}: {reason}.")
    return scan(ensemble, assumption, values, arm=arm, window=window)


def ratio_at_end(shift: Scan | Message) -> float:
    """The hazard ratio at the largest size of a shift; NaN where there is none."""
    return math.nan if isinstance(shift, Message) else float(shift.frame().hr.iloc[-1])


def lucky_responders(
    papers: list[Paper], rebuilt: Rebuilt, assessed: float, rng: np.random.Generator
) -> dict[str, ResponseBias]:
    """Every arm with a response rate: what its responders would show against the others if response meant nothing.

    Parameters
    ----------
    rebuilt
        Of overall survival.
    assessed
        Month of the scan.
    rng
        Source of the draws.
    """
    found = {}
    # in an order of its own: how studies are listed must not change what is drawn
    for paper in sorted(papers, key=lambda paper: paper.study):
        ensemble = rebuilt.ensembles.get(paper.study)
        rates = {row.arm: row.estimate / 100 for row in response_rates([paper], "orr", 0.95).itertuples(index=False)}
        for arm in ensemble.members if ensemble is not None else ():
            if ensemble is not None and arm in rates:
                found[arm_label(paper, arm)] = response_bias(ensemble, arm, rates[arm], assessed, rng)
    listed = [arm_label(paper, arm) for paper in papers for arm in paper.spec.arms]
    return {name: found[name] for name in listed if name in found}


def slug(label: str) -> str:
    """A label as the name of a result: `Cao 2024: SI` becomes `cao_2024_si`."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
