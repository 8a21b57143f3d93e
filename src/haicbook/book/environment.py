"""What a process that computes or builds pages sees of its surroundings: what it needs, and nothing that shows."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from haicbook.paths import build_dir, root

# what a result can depend on
COMPUTING = (
    *("haicbook", "numpy", "pandas", "scipy", "lifelines", "statsmodels", "numba", "pyarrow", "pydantic"),
    *("ruamel.yaml", "matplotlib", "seaborn", "ipykernel", "jupytext", "papermill"),
)
# what makes the pages
PUBLISHING = ("jupyter-book", "myst-nb", "sphinx", "sphinx-book-theme")

# where programs, libraries and folders are, and whether loops are compiled: nothing else of the caller's is passed on
_PASSED = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "GIT_CEILING_DIRECTORIES"),
    *("HAICBOOK_NO_NUMBA", "NUMBA_CACHE_DIR", "COVERAGE_PROCESS_START"),
)


def steady_environment() -> dict[str, str]:
    """The environment of a process whose output must not depend on who starts it, from where, and how."""
    return {
        **{name: os.environ[name] for name in _PASSED if name in os.environ},
        "HAICBOOK_ROOT": str(root()),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        # dates in figures
        "SOURCE_DATE_EPOCH": "315532800",
    }


def kernel_environment() -> dict[str, str]:
    """The environment of a kernel and of the process that runs it: one thread, no profile of the user's.

    Several kernels run beside each other; and how a sum is split over threads moves its last digit.
    """
    jupyter = build_dir() / "jupyter"
    return {
        **steady_environment(),
        **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(build_dir() / "matplotlib"),
        # this environment's python3 kernel and no start-up scripts of the user's
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(jupyter),
        "JUPYTER_DATA_DIR": str(jupyter),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(build_dir() / "ipython"),
    }


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Package → installed version, or that it is not installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def computing_versions() -> dict[str, str]:
    """What a result can depend on, Python first, and its version."""
    return {"python": platform.python_version(), **versions(COMPUTING)}
