"""Who starts a run, from where, and in what surroundings does not show in what it makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import write

from haicbook.book.environment import kernel_environment, steady_environment

HOSTILE = {
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/proc/nowhere",
    "MATPLOTLIBRC": "/proc/nowhere",
    "HOME": "/proc/nowhere",
    "LANG": "de_DE",
    "LC_ALL": "C",
    "TZ": "Asia/Tokyo",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHONHASHSEED": "7",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSTARTUP": "/proc/nowhere",
    "PYTHONWARNINGS": "error",
    "OMP_NUM_THREADS": "3",
    "OPENBLAS_NUM_THREADS": "3",
    "NUMBA_DISABLE_JIT": "1",
    "SOURCE_DATE_EPOCH": "1",
    "IPYTHONDIR": "/proc/nowhere",
    "JUPYTER_PATH": "/proc/nowhere",
    "JUPYTER_RUNTIME_DIR": "/proc/nowhere",
    "JUPYTER_CONFIG_DIR": "/proc/nowhere",
    "FORCE_COLOR": "1",
    "COLUMNS": "20",
}
FIGURE = """import matplotlib.pyplot as plt

figure, axes = plt.subplots()
axes.plot([1, 2], [3, 4]);
results.save()"""


@pytest.mark.parametrize("environment", [steady_environment, kernel_environment])
def test_nothing_hostile_is_passed_on(environment, project, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    before = environment()
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    assert {name: value for name, value in environment().items() if name != "HOME"} == before


def test_a_figure_is_the_same_bytes_in_hostile_surroundings(project, tmp_path):
    path = project / "notebooks/alpha.md"
    write(path, path.read_text().replace("results.save()", FIGURE))
    write(tmp_path / "elsewhere/matplotlibrc", "figure.dpi: 10\n")
    command = [sys.executable, "-c", "from haicbook.cli import main; main()", "run", "alpha", "--force"]
    made = []
    # what it says of warnings is about every library that the command imports
    hostile = {name: value for name, value in HOSTILE.items() if name != "PYTHONWARNINGS"}
    for changes, folder in (({}, project), (hostile, tmp_path / "elsewhere")):
        environment = {**os.environ, "HAICBOOK_ROOT": str(project), **changes}
        ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        made.append([(project / "book/_executed" / name).read_bytes() for name in ("alpha.ipynb", "alpha.json")])
    assert made[0] == made[1]
    assert b"image/png" in made[0][0]


def test_the_kernel_needs_no_network(monkeypatch):
    from haicbook.book.worker import _kernel_config

    assert _kernel_config(Path("/short")).KernelManager.transport == "ipc"
    # a socket's path has an end
    assert _kernel_config(Path("/long" * 30)).KernelManager.transport == "tcp"
