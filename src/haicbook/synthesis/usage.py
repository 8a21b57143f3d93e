"""What each printed value is used for: a target of a reconstruction, or a finding of the audit."""

from __future__ import annotations

from haicbook import audit, survival
from haicbook.study import Paper
from haicbook.words import abbreviation, label

_ENDPOINTS = ("os", "pfs", "liver_pfs")


def usage(paper: Paper) -> dict[str, list[str]]:
    """Value id to its uses, in words.

    A value is a target when a reconstruction of the study is asked to meet it; no data set can meet some of them, and
    the reconstruction names those as left out. It is compared when it stands beside the reconstruction that does not
    have to meet it, in conflict when another place of the paper prints the target differently, and in the audit when
    a finding names it.
    """
    uses: dict[str, list[str]] = {}
    values = paper.select(statistic="median", endpoint=list(_ENDPOINTS))
    for endpoint, population, criterion in dict.fromkeys(
        zip(values.endpoint, values.population, values.criterion, strict=True)
    ):
        where = abbreviation(endpoint) + (f", {label(criterion)}" if criterion else "")
        targets = survival.targets_from_study(paper, endpoint, population, criterion)
        roles = {
            "target": target_ids(targets),
            "compared": compared_ids(targets),
            "conflict": [conflict.other.value_id for conflict in targets.conflicts],
        }
        for role, ids in roles.items():
            for value_id in ids:
                uses.setdefault(value_id, []).append(f"{role}: {where}")
    for finding in audit.audit(paper):
        for value_id in finding.value_ids:
            uses.setdefault(value_id, []).append(f"audit: {finding.rule.replace('_', ' ')}")
    return {value_id: list(dict.fromkeys(words)) for value_id, words in uses.items()}


def target_ids(targets: survival.Targets) -> list[str]:
    """Ids of the printed values that a reconstruction must meet."""
    ids = [targets.events_total_id]
    if targets.pooled_median is not None:
        ids.append(targets.pooled_median.value_id)
    for arm in targets.arms.values():
        ids += [landmark.value_id for landmark in arm.landmarks]
        ids += [arm.median.value_id if arm.median else "", arm.events_id]
    return [value_id for value_id in ids if value_id]


def compared_ids(targets: survival.Targets) -> list[str]:
    """Ids of the printed values that are shown beside a reconstruction: limits, follow-up, contrasts."""
    arms = targets.arms.values()
    limits = [targets.pooled_median_ci, targets.hr.ci if targets.hr else None]
    limits += [arm.median_ci for arm in arms] + [mark.ci for arm in arms for mark in arm.landmarks]
    figures = [targets.hr.estimate if targets.hr else None, targets.logrank_p]
    figures += [end for pair in limits if pair is not None for end in (pair.lower, pair.upper)]
    if targets.endpoint == "os":  # time to progression is not how long a patient was followed
        figures += [targets.follow_up_median, *(arm.follow_up_median for arm in arms)]
    return [figure.value_id for figure in figures if figure is not None and figure.value_id]
