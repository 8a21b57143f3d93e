"""Machine code that is kept on disk follows its sources, and is kept where something can be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from haicbook import compiled

CALLEE = "from haicbook.compiled import inner\n\n\n@inner\ndef callee(x):\n    return x + {}\n"
CALLER = """
from haicbook.compiled import borrowing
from {package}.callee import callee


@borrowing
def caller(x):
    return callee(x) * 2
"""


def printed(folder, package, **environment):
    """What a fresh process gets from the caller, and whether it found kept machine code."""
    words = f"from {package}.caller import caller; print(caller(1), sum(caller.stats.cache_hits.values()))"
    search = os.pathsep.join([str(folder), str(Path(compiled.__file__).parents[1])])
    inherited = {name: value for name, value in os.environ.items() if name != "HAICBOOK_NO_NUMBA"}
    done = subprocess.run(
        [sys.executable, "-c", words],
        capture_output=True,
        text=True,
        check=True,
        env=inherited | {"PYTHONPATH": search, "NUMBA_CACHE_DIR": str(folder / "kept")} | environment,
    )
    return done.stdout.split()


@pytest.fixture
def package(tmp_path):
    (tmp_path / "loops").mkdir()
    (tmp_path / "loops" / "__init__.py").touch()
    (tmp_path / "loops" / "callee.py").write_text(CALLEE.format(10))
    (tmp_path / "loops" / "caller.py").write_text(CALLER.format(package="loops"))
    return tmp_path


def test_a_changed_function_in_another_file_changes_what_its_caller_gives(package):
    pytest.importorskip("numba")
    assert printed(package, "loops") == ["22", "0"]
    assert printed(package, "loops") == ["22", "1"]
    (package / "loops" / "callee.py").write_text(CALLEE.format(100))
    assert printed(package, "loops") == ["202", "0"]


def test_where_nothing_can_be_written_it_is_kept_as_long_as_the_process_lasts(package):
    pytest.importorskip("numba")
    (package / "file").touch()
    assert printed(package, "loops", NUMBA_CACHE_DIR=str(package / "file" / "below")) == ["22", "0"]


def test_it_is_kept_in_the_checkout_and_else_with_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = Path(compiled.__file__).resolve().parents[2] / "_build" / "numba"
    assert compiled._roots() == [own, tmp_path / "haicbook" / "numba"]
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "site-packages" / "haicbook" / "compiled.py"))
    assert compiled._roots() == [tmp_path / "haicbook" / "numba"]
