"""The three statements of what is needed agree: pyproject.toml, requirements.lock, environment.yml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}
ONLY_CONDA = {"python", "pip"}


def split(requirement: str) -> tuple[str, str]:
    """Canonical name and version range; conda's `=` is pip's `==`."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+?)\s*([<>=!].*)?", requirement)
    assert match, requirement
    name = re.sub(r"[-_.]+", "-", match.group(1)).lower()
    return CONDA_NAMES.get(name, name), re.sub(r"^=(?!=)", "==", match.group(2) or "")


def declared() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(map(split, [*project["dependencies"], *project["optional-dependencies"]["dev"]]))


def test_conda_users_get_the_same_set() -> None:
    environment = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = environment["dependencies"]
    by_pip = [name for item in listed if isinstance(item, dict) for name in item["pip"]]  # not packaged for conda
    conda = dict(map(split, [item for item in listed if isinstance(item, str)] + by_pip))
    assert {name: pin for name, pin in conda.items() if name not in ONLY_CONDA} == declared()


def test_every_locked_version_and_the_build_backend_have_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"^(?=\S)", lock, flags=re.MULTILINE) if re.match(r"[A-Za-z0-9]", block)]
    assert len(blocks) > 100
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    backends = {split(requirement)[0] for requirement in project["build-system"]["requires"]}
    assert backends <= {split(block.split("==")[0])[0] for block in blocks}


def test_every_direct_dependency_is_locked_with_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {split(line.split("==")[0])[0] for line in re.findall(r"^[A-Za-z0-9][^\s;\\]*", lock, re.MULTILINE)}
    assert set(declared()) <= locked
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|file:|--index|--find-links", lock)
