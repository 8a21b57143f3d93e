"""No command asks the network for anything: with it taken away all works, and nothing is even tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import copy_project, write

from haicbook.paths import data_dir

SOURCE = Path(__file__).parents[2] / "src"
# in every process that a command starts: where a socket leads that is not this machine's own
WATCH = """\
import os, sys

def look(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", b"localhost", "127.0.0.1", "::1"):
        told = str(arguments[0])
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[-1], tuple):
        told = "" if str(arguments[-1][0]).startswith(("127.", "::1")) else str(arguments[-1])
    else:
        told = ""
    if told:
        with open(os.environ["WATCHED"], "a") as file:
            file.write(told + "\\n")

sys.addaudithook(look)
"""
# a network of its own has a loopback that is down; kernels are spoken to through it
ALONE = """\
import fcntl, os, socket, struct, sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh", b"lo", 0x49))
os.execv(sys.argv[1], sys.argv[1:])
"""
COMMANDS = """\
import sys
from haicbook.cli import main

for line in sys.argv[1:]:
    try:
        main(line.split())
    except SystemExit as ended:
        assert ended.code in (None, 0, 1), (line, ended.code)
"""
TARGETS = 'arms: {all: {n: 12}}\nmedian: {all: {estimate: "10"}}\n'


def without_network() -> list[str]:
    """What starts a program in a network of its own, where this may be made; else nothing, and tries are only noted."""
    prefix = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    prefix += [sys.executable, "-c", ALONE]
    made = shutil.which("unshare") and subprocess.run([*prefix, "/bin/true"], check=False, capture_output=True)
    return prefix if made and made.returncode == 0 else []


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Runs Python without a network; returns what was tried all the same."""
    write(tmp_path / "watch" / "sitecustomize.py", WATCH)
    watched = tmp_path / "watched"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (tmp_path / "watch", SOURCE))))
    monkeypatch.setenv("WATCHED", str(watched))

    def started(*arguments: str, folder: Path = tmp_path) -> list[str]:
        command = [*without_network(), sys.executable, *arguments]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return watched.read_text().splitlines() if watched.exists() else []

    return started


def test_what_is_tried_is_noted(start):
    tries = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 9), 0.2)\nexcept OSError:\n    pass"
    assert start("-c", tries)


def test_the_commands_need_no_network(start, tmp_path):
    write(tmp_path / "targets.yml", TARGETS)
    lines = [
        "check shen2025",
        "audit shen2025",
        f"export --out {tmp_path / 'exported'}",
        f"reconstruct {tmp_path / 'targets.yml'} --replicates 2 --out {tmp_path / 'rows.csv'}",
    ]
    assert start("-c", COMMANDS, *lines, folder=data_dir().parent) == []
    assert list((tmp_path / "exported").iterdir())
    assert len((tmp_path / "rows.csv").read_text().splitlines()) > 24


def test_executing_and_building_need_no_network(start, executed, tmp_path, monkeypatch):
    project = copy_project(executed[0], tmp_path / "project")
    write(project / "data" / "alpha" / "count.txt", "11")
    monkeypatch.setenv("HAICBOOK_ROOT", str(project))
    assert start("-c", COMMANDS, "build") == []
    assert "11" in (project / "_build" / "html" / "book" / "_executed" / "alpha.html").read_text()


def test_installing_the_package_fetches_nothing(start, tmp_path):
    copy = tmp_path / "copy"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        write(copy / name, (SOURCE.parent / name).read_text(encoding="utf-8"))
    write(copy / "src" / "haicbook" / "__init__.py", (SOURCE / "haicbook" / "__init__.py").read_text(encoding="utf-8"))
    offline = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--wheel-dir", str(tmp_path)]
    assert start("-m", "pip", "wheel", "--quiet", *offline, str(copy)) == []
    assert list(tmp_path.glob("haicbook-*.whl"))
