"""The re-run under a declared grid of what a paper leaves open; no setting of it is called the paper's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from haicbook.matching.engine.pairs import CALIPER_SCALES, ORDERS
from haicbook.matching.engine.scores import SCORE_MODELS
from haicbook.matching.rerun.margins import COUNTS, Margins, incomplete, printed_margins, repairs
from haicbook.matching.rerun.reruns import Rerun, require, reruns
from haicbook.matching.rerun.settings import INDEPENDENT, SHAPES, Dependence, Exchangeable, RerunSetting, Unknown
from haicbook.study import Paper

DEPENDENCES: tuple[Dependence, ...] = (
    INDEPENDENT,
    Exchangeable(0.2),
    Exchangeable(0.4),
    Exchangeable(0.6),
    Unknown(0.3),
    Unknown(0.3, 0.3),
)
# on the score itself, and in standard deviations of it or of its logit
CALIPERS = {"score": (0.01, 0.03, 0.05, 0.1), "sd_score": (0.05, 0.1, 0.2, 0.5), "sd_logit": (0.05, 0.1, 0.2, 0.5)}
SCALE_WORDS = {"score": "on the score", "sd_score": "in SDs of the score", "sd_logit": "in SDs of the logit"}
ORDER_WORDS = {
    "largest": "largest score first",
    "smallest": "smallest score first",
    "closest": "closest pair first",
    "random": "in random order",
}
MODEL_WORDS = {
    "logistic": "logistic",
    "probit": "probit",
    "discriminant": "linear discriminant",
    "codes": "levels as numbers",
}
SHAPE_WORDS = {"normal": "normal", "skewed": "skewed", "unknown": "normal or skewed"}
COLUMNS = [
    *("topic", "label", "pairs", "pairs_low", "pairs_high", "printed_pairs", "p_pairs"),
    *("watched", "watched_low", "watched_high", "watched_printed", "p", "cohorts", "driver"),
]


@dataclass(frozen=True, eq=False)
class Variation:
    """One setting of the grid: what it varies, and how it is called on the page."""

    topic: str
    label: str
    setting: RerunSetting


def variations(margins: Margins, base: RerunSetting) -> tuple[Variation, ...]:
    """The declared grid: one assumption at a time around a base, and every dependence with the printed number of pairs.

    Parameters
    ----------
    margins
        What the paper prints; decides which repairs there are, and whether a number of pairs is printed.
    base
        The setting that the others differ from.
    """
    found = [Variation("As set", "as set above", base)]

    def add(topic: str, label: str, **changes: object) -> None:
        # keywords of several types, which mypy cannot tell apart
        found.append(Variation(topic, label, replace(base, **changes)))  # type: ignore[arg-type]

    for dependence in DEPENDENCES:
        if dependence.label != base.dependence.label:
            add("Dependence", dependence.label, dependence=dependence)
    for caliper in (*CALIPERS[base.caliper_scale], math.inf):
        if caliper != base.caliper:
            add("Caliper", "none" if math.isinf(caliper) else f"{caliper:g}", caliper=caliper)
    if base.caliper is not None and math.isfinite(base.caliper):
        for scale in CALIPER_SCALES:
            if scale != base.caliper_scale:
                add("Scale", f"{base.caliper:g} {SCALE_WORDS[scale]}", caliper_scale=scale)
    for order in ORDERS:
        if order not in (base.order, "data"):
            add("Order", ORDER_WORDS[order], order=order)
    add("Replacement", "without" if base.replacement else "with", replacement=not base.replacement)
    for model in SCORE_MODELS:
        if model != base.score_model:
            add("Score", MODEL_WORDS[model], score_model=model)
    if any(covariate.type == "continuous" for covariate in margins.before):
        for shape in SHAPES:
            if shape != base.shape:
                add("Shape", f"continuous ones {SHAPE_WORDS[shape]}", shape=shape)
    for name, words in _other_repairs(margins, base):
        add("Margins", words, repair={**base.repair, **name})
    if margins.pairs is not None:
        for dependence in {each.label: each for each in (*DEPENDENCES, base.dependence)}.values():
            add(f"{margins.pairs} pairs", dependence.label, caliper=None, dependence=dependence)
    return tuple(found)


def _other_repairs(margins: Margins, base: RerunSetting) -> Iterable[tuple[dict[str, str], str]]:
    for covariate in margins.before:
        allowed = {} if incomplete(covariate) else repairs(covariate)
        chosen = base.repair.get(covariate.name, COUNTS)
        yield from (({covariate.name: name}, words) for name, words in allowed.items() if name != chosen)


def sensitivity(
    printed: Paper | Margins, base: RerunSetting, watched: tuple[str, str], cohorts: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Run the matching again under each setting of the declared grid.

    Settings that differ in the matching only share their cohorts, and the others share their random numbers, so that
    differences between settings are not chance.

    Parameters
    ----------
    printed
        The study, or :class:`haicbook.matching.Margins` of any other.
    base
        The setting that the others differ from; see :func:`.variations`.
    watched
        PrintedCovariate and level whose share of all matched patients, both arms together, is followed.
    cohorts
        How many for each setting, at least 1.
    rng
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        One row for each setting: `topic` and `label`; median number of `pairs` with 2.5 % and 97.5 % points, the
        `printed_pairs`, `p_pairs`; the `watched` share likewise, NaN where its covariate is left out; `p` of the
        whole printed matched table, out of `cohorts` compared; `driver`, the covariate that the distance owes most to.

    Raises
    ------
    ValueError
        As :func:`haicbook.matching.rerun`, and when the watched level is not in the table.
    """
    margins = printed if isinstance(printed, Margins) else printed_margins(printed)
    grid = variations(margins, base)
    require([variation.setting for variation in grid], cohorts)
    _require_watched(margins, watched)
    seed = int(rng.integers(2**63))
    rows: dict[int, list[object]] = {}
    for together in _sharing_cohorts(grid):
        settings = [grid[place].setting for place in together]
        for place, found in zip(together, reruns(margins, settings, cohorts, np.random.default_rng(seed)), strict=True):
            rows[place] = [grid[place].topic, grid[place].label, *_row(found, watched)]
    return pd.DataFrame([rows[place] for place in range(len(grid))], columns=COLUMNS)


def _sharing_cohorts(grid: tuple[Variation, ...]) -> list[list[int]]:
    groups: dict[object, list[int]] = {}
    for place, variation in enumerate(grid):
        setting = variation.setting
        key = (setting.dependence, setting.shape, tuple(sorted(setting.repair.items())))
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _require_watched(margins: Margins, watched: tuple[str, str]) -> None:
    levels = [(covariate.name, level) for covariate in margins.before for level in covariate.levels]
    if watched not in levels:
        names = ", ".join(f"{name} {level}" for name, level in levels)
        raise ValueError(f"no level {watched[1]} of {watched[0]} to watch; there are {names}")


def _row(found: Rerun, watched: tuple[str, str]) -> list[object]:
    share = watched_share(found, watched)
    low, middle, high = np.quantile(found.pairs, (0.025, 0.5, 0.975))
    printed = math.nan if found.printed_pairs is None else float(found.printed_pairs)
    drivers = found.discrepancy.drivers
    return [
        *(float(middle), float(low), float(high), printed, found.p_pairs),
        *share,
        *(found.discrepancy.p, found.discrepancy.members, drivers.group[0] if len(drivers) else ""),
    ]


def watched_share(found: Rerun, watched: tuple[str, str]) -> tuple[float, float, float, float]:
    """Share of a level among all matched patients of a re-run: median, 2.5 % and 97.5 % points, and as printed."""
    of_covariate = found.margins.covariate.to_numpy() == watched[0]
    of_level = of_covariate & (found.margins.level.to_numpy() == watched[1])
    if not of_level.any():
        return math.nan, math.nan, math.nan, math.nan
    counts = found.margins.printed.to_numpy()
    printed = float(counts[of_level].sum() / counts[of_covariate].sum())
    everyone = found.matched[:, of_covariate].sum(axis=1)
    having = found.matched[everyone > 0][:, of_level].sum(axis=1) / everyone[everyone > 0]
    if not len(having):
        return math.nan, math.nan, math.nan, printed
    low, middle, high = np.quantile(having, (0.025, 0.5, 0.975))
    return float(middle), float(low), float(high), printed


def summarise_sensitivity(grid: pd.DataFrame) -> dict[str, float]:
    """Named values of a grid: its `settings`, the largest `p` of the printed table under any, and the watched share.

    `watched.low` and `watched.high` are the smallest 2.5 % and the largest 97.5 % point over the settings, `watched`
    the range of the medians; `surprising` counts the settings with p up to 0.05.
    """
    return {
        "settings": len(grid),
        "surprising": int((grid.p <= 0.05).sum()),
        "largest_p": float(grid.p.max()),
        "watched.least": float(grid.watched.min()),
        "watched.most": float(grid.watched.max()),
        "watched.low": float(grid.watched_low.min()),
        "watched.high": float(grid.watched_high.max()),
        "watched_printed": float(grid.watched_printed.dropna().iloc[0])
        if grid.watched_printed.notna().any()
        else np.nan,
        "pairs.least": float(grid.pairs.min()),
        "pairs.most": float(grid.pairs.max()),
    }
