"""The notebooks without haicbook's commands: jupytext converts, papermill shows the parameters and runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from haicbook.results import load_results


def tool(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def notebook(project) -> Path:
    tool(project, "jupytext", "--to", "ipynb", "--output", "alpha.ipynb", "notebooks/alpha.md")
    return project / "alpha.ipynb"


def test_papermill_shows_the_parameters(notebook):
    shown = tool(notebook.parent, "papermill", "--help-notebook", notebook.name)
    assert "factor: int (default 2)" in shown
    assert "1 to 9: what the count is multiplied by" in shown
    assert "share: float (default 0.5)" in shown


def test_papermill_runs_it(notebook):
    tool(notebook.parent, "papermill", notebook.name, "out.ipynb", "-p", "factor", "3", "--no-progress-bar")
    saved = load_results(notebook.parent / "alpha.json")
    assert saved.parameters == {"factor": 3, "share": 0.5}
    assert saved.value("doubled") == 30
