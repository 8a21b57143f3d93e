"""What a printed value is used for: the appendix says it, so it has to be what the reconstruction and the audit do."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from haicbook import audit, endpoints, study, survival
from haicbook.survival.ensemble import Member
from haicbook.synthesis import usage

PAPERS = {name: study.load(name) for name in study.studies()}


@cache
def uses_of(name: str) -> dict[str, list[str]]:
    return usage(PAPERS[name])


def any_rows(targets: survival.Targets) -> survival.Ensemble:
    """An ensemble of the right size: what a comparison calls a target does not hang on the rows."""
    rng = np.random.default_rng(1)
    members = {
        name: Member(np.minimum(rng.exponential(12.0, (3, arm.n)), 30.0), np.ones((3, arm.n), bool))
        for name, arm in targets.arms.items()
    }
    return survival.Ensemble(targets, "uniform", members, targets)


@pytest.mark.parametrize(
    ("name", "population", "criterion", "endpoint", "where"),
    [
        ("lee2024", "all", "", "os", "OS"),
        ("lin2023", "before_psm", "", "os", "OS"),
        ("shen2025", "all", "mrecist", "pfs", "PFS, mRECIST"),
    ],
)
def test_the_roles_are_those_of_the_comparison(
    name: str, population: str, criterion: str, endpoint: str, where: str
) -> None:
    targets = endpoints.targets_from_study(PAPERS[name], endpoint, population, criterion)
    compared = any_rows(targets).compare()
    compared = compared[compared.value_id != ""]
    assert not compared.empty
    for line in compared.itertuples(index=False):
        uses = uses_of(name)[line.value_id]
        if line.role == "not a target":
            assert f"compared: {where}" in uses
        else:
            assert f"target: {where}" in uses or f"conflict: {where}" in uses
    said = {i for i, words in uses_of(name).items() if {f"target: {where}", f"compared: {where}"} & {*words}}
    assert said == set(compared.value_id) - {
        i
        for i in compared.value_id
        if f"conflict: {where}" in uses_of(name)[i] and f"target: {where}" not in uses_of(name)[i]
    }


@pytest.mark.parametrize("name", PAPERS)
def test_every_use_is_of_a_printed_value_and_every_finding_is_named(name: str) -> None:
    assert set(uses_of(name)) <= set(PAPERS[name].values.id)
    for finding in audit.every(audit.audit(PAPERS[name])):
        for value_id in finding.value_ids:
            assert f"audit: {finding.rule.replace('_', ' ')}" in uses_of(name)[value_id]
