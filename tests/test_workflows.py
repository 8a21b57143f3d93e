"""What the project's automation may do, and what it runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

WORKFLOWS = sorted((Path(__file__).parents[1] / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# what a job may write, and to what end
WRITES = {
    ("book.yml", "deploy"): {"pages", "id-token"},  # publish the book
    ("vulnerabilities.yml", "audit"): {"issues"},  # report what is known of a dependency
}


def read(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_to_a_commit_with_its_version_beside(path: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_has_one_version() -> None:
    used = re.findall(r"uses: (\S+)@(\S+)", "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS))
    assert len(set(used)) == len({action for action, _ in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_may_read_and_write_no_more_than_they_need(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        granted = job.get("permissions", {})
        writes = {scope for scope, access in granted.items() if access != "read"}
        assert writes == WRITES.get((path.name, name), set())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_credentials_stay_in_a_checkout(path: Path) -> None:
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_dependencies_are_audited_by_the_calendar_and_fail_nothing() -> None:
    (path,) = (path for path in WORKFLOWS if path.name == "vulnerabilities.yml")
    workflow = read(path)
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    (audit,) = (step for step in workflow["jobs"]["audit"]["steps"] if step.get("id") == "audit")
    assert audit["continue-on-error"] is True
    assert audit["with"] == {"inputs": "requirements.lock", "require-hashes": True}
