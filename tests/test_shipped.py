"""The reconstructions that come with the package: all that the notebooks ask, of today's engine, and right."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulated import trial

from haicbook import cache, endpoints, shipped
from haicbook.ship import questions
from haicbook.survival import Ensemble, reconstruct
from haicbook.survival.chains import SearchBudget
from haicbook.survival.feasibility import find_feasible

STALE = f"the engine or a notebook's question changed: run `{shipped.COMMAND}` and commit what it writes"


@pytest.fixture(scope="module")
def asked() -> list[tuple[Any, ...]]:
    return [(*question, None) for question in questions()]


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return reconstruct(trial(), 3, np.random.default_rng(1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another folder of what comes with the package, and a build folder beside it."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "shipped")
    monkeypatch.setattr(cache, "build_dir", lambda: tmp_path / "build")
    return tmp_path / "shipped"


@pytest.fixture
def unable(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engine says that it was asked and nothing else."""
    said: list[str] = []

    def refuse(targets: Any, *args: Any, **options: Any) -> None:
        said.append(targets.study)
        raise RuntimeError("computed")

    monkeypatch.setattr(endpoints, "feasible_targets", refuse)
    return said


def ask() -> Ensemble:
    return endpoints.reconstruct(trial(), 3, np.random.default_rng(1))


def ship(ensemble: Ensemble) -> None:
    question = shipped.question(trial(), 3, np.random.default_rng(1), "uniform", None)
    shipped.ship({shipped.digest(question): (ensemble, SearchBudget(cool=7))})


def test_all_that_the_notebooks_ask_is_there_of_todays_engine(asked: list[tuple[Any, ...]]) -> None:
    assert len(asked) == 14
    assert {shipped.digest(shipped.question(*question)) for question in asked} == {*shipped.answered()}, STALE
    kept = {path.name for path in shipped.FOLDER.glob("*.kept")}
    assert kept == {*shipped.answered().values()}
    sizes = [path.stat().st_size for path in shipped.FOLDER.iterdir()]
    assert max(sizes) < 1_400_000
    assert sum(sizes) < 3_000_000


def test_the_cheapest_computed_again_is_the_same(asked: list[tuple[Any, ...]]) -> None:
    (question,) = [one for one in asked if (one[0].study, one[0].endpoint) == ("liu_hepa", "os")]
    found = shipped.shipped(shipped.question(*question))
    assert found is not None, STALE
    assert reconstruct(*question[:4]).digest() == found.digest(), STALE


def test_what_came_with_the_package_is_not_computed(folder: Path, ensemble: Ensemble, unable: list[str]) -> None:
    ship(ensemble)
    assert ask().digest() == ensemble.digest()
    # the second time it comes from the build folder
    shutil.rmtree(folder)
    assert ask().digest() == ensemble.digest()
    assert unable == []


def test_what_can_be_met_together_came_with_the_package_too(asked: list[tuple[Any, ...]]) -> None:
    (targets,) = [one[0] for one in asked if (one[0].study, one[0].endpoint) == ("liu_hepa", "os")]
    assert shipped.shipped_feasible(targets) == find_feasible(targets), STALE


def test_other_members_of_what_came_with_the_package_are_drawn_without_a_search(
    folder: Path, ensemble: Ensemble
) -> None:
    ship(ensemble)
    found = endpoints.feasible_targets(trial())
    assert (found.kept, found.conventions, found.budget) == (ensemble.kept, ensemble.conventions, SearchBudget(cool=7))
    assert shipped.shipped_feasible(trial(events_total=70)) is None


def test_another_question_is_computed(folder: Path, ensemble: Ensemble, unable: list[str]) -> None:
    ship(ensemble)
    for replicates, seed, censoring in [(2, 1, "uniform"), (3, 2, "uniform"), (3, 1, "late")]:
        with pytest.raises(RuntimeError, match="computed"):
            endpoints.reconstruct(trial(), replicates, np.random.default_rng(seed), censoring)
    assert len(unable) == 3


def test_what_is_not_there_or_not_right_is_computed(
    folder: Path, ensemble: Ensemble, unable: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed() -> None:
        with pytest.raises(RuntimeError, match="computed"):
            ask()

    computed()
    ship(ensemble)
    (file,) = folder.glob("*.kept")
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"?")
    computed()
    file.unlink()
    computed()
    # each data set must still print what the paper prints
    late = {arm: rows._replace(time=rows.time + 1) for arm, rows in ensemble.members.items()}
    ship(Ensemble(ensemble.targets, ensemble.censoring, late, ensemble.kept, conventions=ensemble.conventions))
    computed()
    ship(ensemble)
    monkeypatch.setattr(shipped, "engine", lambda: "another")
    computed()


def test_shipping_twice_changes_nothing_and_leaves_nothing_old(folder: Path, ensemble: Ensemble) -> None:
    ship(ensemble)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "old.kept").write_bytes(b"")
    ship(ensemble)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
