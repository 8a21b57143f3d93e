"""What each printed value is used for: a target of a reconstruction, or a finding of the audit."""

from __future__ import annotations

import math

from haicbook import endpoints, survival
from haicbook.audit import every
from haicbook.audit.audited import audited
from haicbook.study import Paper
from haicbook.words import abbreviation, label

_ENDPOINTS = ("os", "pfs", "liver_pfs")


def usage(paper: Paper) -> dict[str, list[str]]:
    """Value id to its uses, in words.

    A value is a target when a reconstruction of the study is asked to meet it; some cannot be met together, and the
    reconstruction names those as left out. It is compared when it stands beside the reconstruction without being met,
    because it cannot be read, in conflict when another place of the paper prints the target differently, and in the
    audit when a finding names it.
    """
    uses: dict[str, list[str]] = {}
    values = paper.select(statistic="median", endpoint=list(_ENDPOINTS))
    for endpoint, population, criterion in dict.fromkeys(
        zip(values.endpoint, values.population, values.criterion, strict=True)
    ):
        where = abbreviation(endpoint) + (f", {label(criterion)}" if criterion else "")
        try:
            targets = endpoints.targets_from_study(paper, endpoint, population, criterion)
        except survival.TargetError:
            # numbers that no patients can have together are no targets
            continue
        roles = {
            "target": target_ids(targets),
            "compared": compared_ids(targets),
            "conflict": [conflict.other.value_id for conflict in targets.conflicts],
        }
        for role, ids in roles.items():
            for value_id in ids:
                uses.setdefault(value_id, []).append(f"{role}: {where}")
    for finding in every(audited(paper)):
        for value_id in finding.value_ids:
            uses.setdefault(value_id, []).append(f"audit: {finding.rule.replace('_', ' ')}")
    return {value_id: list(dict.fromkeys(words)) for value_id, words in uses.items()}


def target_ids(targets: survival.Targets) -> list[str]:
    """Ids of the printed values that a reconstruction is asked to meet."""
    arms = targets.arms.values()
    counts = [targets.events_total_id, *(arm.events_id for arm in arms)]
    rates = [mark.value_id or mark.interval.value_id for arm in arms for mark in arm.landmarks]
    return [value_id for value_id in [*counts, *rates, *_ids(targets, readable=True)] if value_id]


def compared_ids(targets: survival.Targets) -> list[str]:
    """Ids of the printed values that stand beside a reconstruction without being met: those that cannot be read."""
    return [value_id for value_id in _ids(targets, readable=False) if value_id]


def _ids(targets: survival.Targets, *, readable: bool) -> list[str]:
    return [figure.value_id for figure in _figures(targets) if math.isnan(figure.low) != readable]


def _figures(targets: survival.Targets) -> list[survival.Interval]:
    """Medians, limits, follow-up and contrasts."""
    arms = targets.arms.values()
    limits = [targets.pooled_median_ci, targets.hr.ci if targets.hr else None]
    limits += [arm.median_ci for arm in arms] + [mark.ci for arm in arms for mark in arm.landmarks]
    figures = [targets.pooled_median, targets.hr.estimate if targets.hr else None, targets.logrank_p]
    figures += [arm.median for arm in arms]
    figures += [end for pair in limits if pair is not None for end in (pair.lower, pair.upper)]
    if targets.endpoint == "os":  # time to progression is not how long a patient was followed
        figures += [targets.follow_up_median, *(arm.follow_up_median for arm in arms)]
    return [figure for figure in figures if figure is not None]
