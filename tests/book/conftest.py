"""The tiny project: executed once, then copied for each test that changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from tiny import call, copy_project, make_project, steady_package


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The tiny project after its first run, and what that run said."""
    project = make_project(tmp_path_factory.mktemp("tiny"))
    return project, call(project, "run")


@pytest.fixture
def project(executed: tuple[Path, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the executed project that a test may change; `haicbook.paths` points to it."""
    copy = copy_project(executed[0], tmp_path / "project")
    monkeypatch.setenv("HAICBOOK_ROOT", str(copy))
    return copy


@pytest.fixture
def haicbook(project: Path) -> Callable[..., Result]:
    """Calls `haicbook` in the copy."""
    return lambda *arguments: call(project, *arguments)


@pytest.fixture(autouse=True)
def _steady_package() -> Iterator[None]:
    with steady_package():
        yield


@pytest.fixture(autouse=True)
def _no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
