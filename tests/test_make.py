"""`make` and its environment: made once, mended in place, never thrown away for nothing. No network: local wheels."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "haicbook-0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("haicbook-0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: haicbook\\nVersion: 0\\n")
        wheel.writestr("haicbook-0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("haicbook-0.dist-info/RECORD", "")
    return name
"""
PYPROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "haicbook"
version = "0"
"""


@pytest.fixture(autouse=True, scope="module")
def no_part_of_another_make() -> Iterator[None]:
    """The tests may run under `make test`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            patch.delenv(name, raising=False)
        yield


def lock(folder: Path, *packages: str) -> None:
    """A lock file of empty packages, each as a wheel with its hash."""
    lines = []
    for package in packages:
        path = folder / f"{package}-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            info = f"{package}-1.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        lines.append(f"{package} @ {path.as_uri()} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n")
    (folder / "requirements.lock").write_text("".join(lines))


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PYTHON": sys.executable}
    environment = {key: value for key, value in environment.items() if key != "PYTHONPATH"}
    return subprocess.run(["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def packages(folder: Path) -> set[str]:
    found = folder.glob(".venv/lib/python*/site-packages/*.dist-info")
    return {path.name.partition("-")[0] for path in found} - {"pip", "setuptools"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as small as can be, with the environment that `make` made for it."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "src/haicbook").mkdir(parents=True)
    (folder / "src/haicbook/__init__.py").write_text("")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    lock(folder, "one", "two")
    ended = make(folder, "environment")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("haicbook: installing requirements.lock into .venv (a few minutes, once)\n")
    assert packages(folder) == {"one", "two", "haicbook"}
    return folder


def test_a_newer_date_or_another_tool_s_setting_installs_nothing(made: Path) -> None:
    before = (made / ".venv/pip.log").stat().st_mtime_ns
    (made / "pyproject.toml").write_text(PYPROJECT + "[tool.ruff]\nline-length = 99\n")
    (made / "requirements.lock").touch()
    ended = make(made, "environment")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (made / ".venv/pip.log").stat().st_mtime_ns == before


def test_only_what_changed_is_installed_and_what_left_the_lock_goes(made: Path) -> None:
    kept = next(made.glob(".venv/lib/python*/site-packages/two-1.dist-info"))
    before = kept.stat().st_ino
    lock(made, "two", "three")
    assert make(made, "environment").returncode == 0
    assert packages(made) == {"two", "three", "haicbook"}
    assert kept.stat().st_ino == before


def test_what_pip_refuses_leaves_the_environment_and_is_tried_again(made: Path) -> None:
    before = packages(made)
    good = (made / "requirements.lock").read_text()
    (made / "requirements.lock").write_text(good + "absent==1 --hash=sha256:" + "0" * 64 + "\n")
    ended = make(made, "environment")
    assert ended.returncode != 0
    assert "absent" in ended.stderr
    assert "haicbook: pip failed; .venv/pip.log has all that it said" in ended.stderr
    assert packages(made) == before
    (made / "requirements.lock").write_text(good)
    ended = make(made, "environment")
    assert ended.returncode == 0
    assert packages(made) == before


def test_an_old_python_is_refused_before_anything_is_removed(made: Path) -> None:
    stamp = made / ".venv/haicbook.json"
    text = stamp.read_text()
    old = made / "old"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9); exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    try:
        stamp.unlink()
        ended = make(made, "environment", "PYTHON=./old")
        assert ended.returncode != 0
        assert "haicbook needs Python 3.11 or newer; ./old is 3.9." in ended.stderr
        assert "haicbook" in packages(made)
    finally:
        stamp.write_text(text)
    # an environment that works needs no other Python
    assert make(made, "environment", "PYTHON=./old").returncode == 0


def test_a_second_make_waits_for_the_first(made: Path) -> None:
    command = ["make", "environment"]
    with (made / "requirements.lock").open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(command, cwd=made, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert "another make is installing; waiting for it" in second.stdout.readline()
        assert second.poll() is None
    assert second.wait(timeout=300) == 0
    second.stdout.close()


def test_the_lock_is_compiled_without_an_editor_that_only_one_system_has(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'one==1' > requirements.lock\n")
    uv.chmod(0o755)
    (tmp_path / "sed").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sed").chmod(0o755)
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run(["make", "lock"], cwd=tmp_path, env=path, check=True)
        first, second = (tmp_path / "requirements.lock").read_text().splitlines()
        assert first == (ROOT / "requirements.lock").read_text().splitlines()[0]
        assert second == "one==1"


def test_help_lists_every_target() -> None:
    targets = [line.split(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if line[:1].isalpha()]
    targets = [target for target in targets if target.islower()]
    listed = [line.split()[1] for line in subprocess.check_output(["make"], cwd=ROOT, text=True).splitlines()]
    assert listed == targets


@pytest.fixture(scope="module")
def environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci/environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pip_is_followed_by_what_it_says(environment: ModuleType, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    lock(made, "two", "three", "four")
    said = ["Ignoring four: markers 'x' don't match your environment", "Collecting two", "  Downloading two"]
    assert environment.how_far(said) == "fetching, 1 of 2 packages"
    there = len(environment.packages_there() & {"two", "three", "haicbook", "pip", "setuptools"})
    assert environment.how_far([*said, "Installing collected packages: two"]) == (
        f"installing, {min(2, there)} of 2 packages are there"
    )


def test_a_line_comes_while_pip_is_silent(
    environment: ModuleType, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    monkeypatch.setattr(environment, "SECONDS", 0.01)
    with (made / "requirements.lock").open("r+b") as held:
        environment.pip(["--version"], held)
    assert "packages, 0 s so far" in capsys.readouterr().out


def test_the_lock_s_packages_have_one_spelling(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert {"numpy", "jupyter-book", "typing-extensions"} <= set(environment.locked())
    assert environment.canonical("Typing_Extensions") == "typing-extensions"
