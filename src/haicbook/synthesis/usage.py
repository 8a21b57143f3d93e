"""What each printed value is used for: a target of a reconstruction, or a finding of the audit."""

from __future__ import annotations

from haicbook import audit, survival
from haicbook.study import Paper
from haicbook.words import abbreviation, label

_ENDPOINTS = ("os", "pfs", "liver_pfs")


def usage(paper: Paper) -> dict[str, list[str]]:
    """Value id to its uses, in words.

    A value is a target when a reconstruction of the study has to meet it (or names it as left out); it is shown beside
    one when the reconstruction only compares with it; it is in the audit when a finding names it.
    """
    uses: dict[str, list[str]] = {}
    values = paper.select(statistic="median", endpoint=list(_ENDPOINTS))
    for endpoint, population, criterion in dict.fromkeys(
        zip(values.endpoint, values.population, values.criterion, strict=True)
    ):
        where = abbreviation(endpoint) + (f", {label(criterion)}" if criterion else "")
        targets = survival.targets_from_study(paper, endpoint, population, criterion)
        for value_id in target_ids(targets):
            uses.setdefault(value_id, []).append(f"target: {where}")
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
