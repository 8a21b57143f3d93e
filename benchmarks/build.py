"""What a build costs: from a bare clone, from a clean build folder, with one notebook changed, with nothing changed.

    python benchmarks/build.py                   # all of it; about ten minutes on two quiet cores, and an installation
    python benchmarks/build.py --installed       # with this environment in place of a new one

Everything happens in a clone of the last commit, in a temporary folder. The plain tools run one after another: jupytext
and papermill for each notebook, the studies first, then Jupyter Book. They find the pages that haicbook itself writes
(values, ledger, status), so that they have the same book to build. Compiled loops are kept for them as for haicbook.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path

PROJECT = Path(__file__).parents[1]
OUT = PROJECT / "benchmarks" / "results" / "build_cost.csv"
CHANGED = "lee2024"


@dataclass(frozen=True)
class Cost:
    """What one step took: seconds by the clock, and seconds of all processors."""

    what: str
    clock: float
    processor: float


@dataclass(frozen=True)
class Clone:
    """A clone of the project and the environment that its commands run in."""

    folder: Path
    binaries: Path

    def run(self, *command: str) -> None:
        """One command, silent unless it fails."""
        path = f"{self.binaries}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "HAICBOOK_ROOT": str(self.folder)}
        environment["PYTHONPATH"] = str(self.folder / "src")
        ended = subprocess.run(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{ended.stdout[-3000:]}")

    def timed(self, what: str, *commands: tuple[str, ...]) -> Cost:
        """Commands one after another."""
        start, before = time.perf_counter(), os.times()
        for command in commands:
            self.run(*command)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        cost = Cost(what, round(time.perf_counter() - start, 2), round(spent, 2))
        print(f"{cost.what:<52}{cost.clock:>8.1f} s{cost.processor:>8.1f} s of processors", flush=True)
        return cost

    def clean(self) -> None:
        """Take away all that was built, but for the compiled loops and the pages that haicbook itself writes."""
        for entry in (self.folder / "_build").iterdir():
            if entry.name != "numba":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for entry in (self.folder / "book" / "_executed").iterdir():
            if entry.suffix in (".ipynb", ".json"):
                entry.unlink()

    def plain(self) -> list[tuple[str, ...]]:
        """The commands of the plain tools."""
        executed, built = Path("book/_executed"), Path("_build/plain")
        commands: list[tuple[str, ...]] = [("mkdir", "-p", str(built))]
        notebooks = sorted((self.folder / "notebooks").glob("*.md"), key=self._is_cross_study)
        for name in [path.stem for path in notebooks]:
            source = built / f"{name}.ipynb"
            commands.append(("jupytext", "--to", "ipynb", "--output", str(source), f"notebooks/{name}.md"))
            where = ("--cwd", str(executed), "--no-progress-bar", "-k", "python3")
            commands.append(("papermill", str(source), str(executed / f"{name}.ipynb"), *where))
        return [*commands, ("jupyter-book", "build", ".", "--path-output", str(built))]

    def _is_cross_study(self, notebook: Path) -> tuple[bool, bool, str]:
        of_study = (self.folder / "data" / notebook.stem).is_dir()
        # the conclusions read what the other chapters across the studies found
        return not of_study, notebook.stem == "conclusions", notebook.stem


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--installed", action="store_true", help="use this environment; measure no installation")
    installed = parser.parse_args().installed
    with tempfile.TemporaryDirectory(prefix="haicbook-build-") as scratch:
        folder = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
        costs = measured(Clone(folder, Path(sys.prefix) / "bin" if installed else folder / ".venv" / "bin"), installed)
    say_ratios({cost.what: cost for cost in costs})
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Cost)])
        writer.writerows(map(astuple, costs))


def measured(clone: Clone, installed: bool) -> list[Cost]:
    """All steps in their order."""
    build = ("haicbook", "build")
    costs = [] if installed else [clone.timed("installation", ("make", "environment"))]
    costs.append(clone.timed("first build", build))
    clone.clean()
    costs.append(clone.timed("plain tools, clean build folder", *clone.plain()))
    clone.clean()
    costs.append(clone.timed("haicbook build, clean build folder", build))
    costs.append(clone.timed("nothing changed", build if installed else ("make", "book")))
    notebook = clone.folder / "notebooks" / f"{CHANGED}.md"
    notebook.write_text(notebook.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")
    costs.append(clone.timed("one notebook changed", build))
    return costs


def say_ratios(costs: dict[str, Cost]) -> None:
    """How the steps compare."""
    build, plain = costs["haicbook build, clean build folder"], costs["plain tools, clean build folder"]
    print(f"The plain tools take {plain.clock / build.clock:.1f} times as long as haicbook build.")
    if installation := costs.get("installation"):
        all_of_it = installation.clock + costs["first build"].clock
        print(f"Everything from a bare clone takes {all_of_it / installation.clock:.1f} times the installation.")


if __name__ == "__main__":
    main()
