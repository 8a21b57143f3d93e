"""Make `.venv` of the current folder from `requirements.lock`, or bring it up to date: what `make` calls first.

Standard library only. `.venv/haicbook.json` says by content, not by date, what was installed; without it, an
installation was broken off and begins anew. Packages that changed are changed in place, so that nothing that works is
thrown away.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

VENV = Path(".venv")
STAMP = VENV / "haicbook.json"
LOG = VENV / "pip.log"
LOCK = Path("requirements.lock")
PROJECT = (Path("pyproject.toml"), Path("src/haicbook/__init__.py"))
SECONDS = 10.0
NOT_LOCKED = {"haicbook", "pip"}


class FailedError(Exception):
    """Why there is no environment."""


def main() -> int:
    """Do what is needed; the exit status."""
    try:
        with alone() as held:
            wanted, have = digests(), installed()
            if have != wanted:
                if have is None:
                    create()
                update(have or {}, wanted, held)
    except FailedError as error:
        print(f"haicbook: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("haicbook: broken off; the next make installs anew", file=sys.stderr)
        return 130
    return 0


@contextmanager
def alone() -> Iterator[BinaryIO]:
    """Wait until no other make installs; the system ends the claim with the process."""
    with LOCK.open("r+b") as file:
        begin = told = time.monotonic()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                now = time.monotonic()
                if begin == told or now - told >= SECONDS:
                    say(f"another make is installing; waiting for it, {now - begin:.0f} s so far")
                    told = now
                time.sleep(0.5)
        yield file


def digests() -> dict[str, str]:
    """What an environment rests on: the locked packages, and what of the project its installation records."""
    toml = tomllib.loads(PROJECT[0].read_text(encoding="utf-8"))
    recorded = json.dumps([toml.get("build-system"), toml.get("project")], sort_keys=True).encode()
    return {
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256(recorded + PROJECT[1].read_bytes()).hexdigest(),
    }


def installed() -> dict[str, str] | None:
    """The digests of what was installed; None when there is no environment to build on."""
    try:
        subprocess.run([VENV / "bin" / "python", "-c", ""], check=True, capture_output=True)
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, subprocess.CalledProcessError):
        return None


def create() -> None:
    """A new environment without packages, in place of what is there: only once its Python is known to be able to."""
    python = getattr(sys, "_base_executable", sys.executable)
    if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        raise FailedError(f"{python} cannot make environments; on Debian and Ubuntu: apt install python3-venv")
    say(f"installing {LOCK} into {VENV} (a few minutes, once)")
    if subprocess.run([python, "-m", "venv", "--clear", VENV]).returncode:
        raise FailedError(f"{python} could not make {VENV}")


def update(have: Mapping[str, str], wanted: Mapping[str, str], held: BinaryIO) -> None:
    """Install what differs. What pip refused cleanly is tried again in place next time."""
    STAMP.unlink(missing_ok=True)
    done = dict(have)
    try:
        if have.get("lock") != wanted["lock"]:
            done.pop("lock", None)
            pip(["install", "--require-hashes", "-r", str(LOCK)], held)
            if strangers := packages_there().difference(locked(), NOT_LOCKED):
                pip(["uninstall", "--yes", *sorted(strangers)], held)
            done["lock"] = wanted["lock"]
        if have.get("project") != wanted["project"]:
            done.pop("project", None)
            pip(["install", "--no-deps", "--no-build-isolation", "--editable", "."], held)
            done["project"] = wanted["project"]
    except FailedError:
        STAMP.write_text(json.dumps(done), encoding="utf-8")
        raise
    STAMP.write_text(json.dumps(done), encoding="utf-8")


def pip(arguments: Sequence[str], held: BinaryIO) -> None:
    """Run pip and say every ten seconds how far it is. It shares the claim, should this process be killed."""
    command = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    begin = time.monotonic()
    with LOG.open("w") as log:
        process = subprocess.Popen(command, stdout=log, env=environment, pass_fds=[held.fileno()])
    with process:
        while True:
            try:
                process.wait(SECONDS)
                break
            except subprocess.TimeoutExpired:
                lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
                say(f"{how_far(lines)}, {time.monotonic() - begin:.0f} s so far")
    if process.returncode:
        raise FailedError(f"pip failed; {LOG} has all that it said. Call make again to go on from here")


def how_far(lines: Sequence[str]) -> str:
    """Where pip is, by what it said."""
    total = len(locked()) - sum(line.startswith("Ignoring ") for line in lines)
    if any(line.startswith("Installing collected packages") for line in lines):
        return f"installing, {min(total, len(packages_there()))} of {total} packages are there"
    return f"fetching, {sum(line.startswith('Collecting ') for line in lines)} of {total} packages"


def locked() -> list[str]:
    """The packages of the lock file; one that has several versions, for several Pythons, several times."""
    names = re.findall(r"^[A-Za-z0-9][\w.-]*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return [canonical(name) for name in names]


def packages_there() -> set[str]:
    """The packages that the environment has."""
    folders = VENV.glob("lib/python*/site-packages/*.dist-info")
    return {canonical(folder.name.partition("-")[0]) for folder in folders}


def canonical(name: str) -> str:
    """A package's name as all spellings of it are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def say(words: str) -> None:
    """A line at once, also into a pipe."""
    print(f"haicbook: {words}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
