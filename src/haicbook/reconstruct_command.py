"""`haicbook reconstruct`: from what is named to files, with messages for people and an exit status for programs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from haicbook.endpoints import feasible_targets, targets_from_study
from haicbook.heartbeat import heartbeat
from haicbook.markup import visible_lines
from haicbook.study import UnusableError, load, studies
from haicbook.survival import report
from haicbook.survival.comparison import FOLLOW_UP_WORDS
from haicbook.survival.ensemble import Ensemble
from haicbook.survival.intervals import TargetError
from haicbook.survival.reconstruct import ReconstructionError, reconstruct
from haicbook.survival.targets import Targets
from haicbook.survival.yaml_targets import read_targets

WELL, PARTIAL = 0, 3
_YAML = (".yml", ".yaml", ".json")
_MOST_PARTS = 4
_LONGEST_SHOWN = 200
Told = Callable[[int], None]


def command(named: str, replicates: int, seed: int, out: Path, censoring: str, root: Path) -> int:
    """Reconstruct what is named, write rows and report, say how it went; the exit status.

    Parameters
    ----------
    named
        A file of targets, or `STUDY:ENDPOINT[:POPULATION[:CRITERION]]`.
    replicates, seed, censoring
        As :func:`haicbook.survival.reconstruct` takes them; the seed is that of its generator.
    out
        The file of rows, `.csv` or `.parquet`; the report gets the same name with `.json`.
    root
        The project's `data/`.

    Returns
    -------
    int
        0 when all replicates were found, 3 when fewer, or none.

    Raises
    ------
    UnusableError
        When the targets or the file cannot be used.
    OSError
        When the files cannot be written.
    """
    problems = _unwritable(named, out)
    try:
        targets = named_targets(named, root)
    except TargetError as error:
        problems.insert(0, str(error))
    if problems:
        raise UnusableError(problems)
    console, errors = Console(), Console(stderr=True)
    try:
        with _progress(errors, replicates) as told:
            ensemble = reconstruct_told(targets, replicates, np.random.default_rng(seed), censoring, told)
    except TargetError as error:
        raise UnusableError([str(error)]) from error
    except ReconstructionError as error:
        _say(errors, f"No data set was found, and nothing was written: {error}", "bold red")
        return PARTIAL
    rows, beside = report.write(ensemble, out, seed)
    _summarise(ensemble, console, errors)
    _say(console, f"{rows}\n{beside}")
    return WELL if len(ensemble) == replicates else PARTIAL


def named_targets(named: str, root: Path) -> Targets:
    """Targets of a file, or of a study's endpoint.

    Raises
    ------
    TargetError
        When there are none of this name, or they cannot be used.
    """
    there = _is_there(named)
    if there and (Path(named).suffix.lower() in _YAML or Path(named).is_file()):
        return read_targets(Path(named))
    parts = named.split(":")
    known = studies(root)
    if Path(named).suffix.lower() in _YAML:
        raise TargetError([f"no file {named}"])
    if len(parts) < 2 or len(parts) > _MOST_PARTS or parts[0] not in known:
        form = "neither a file of targets nor STUDY:ENDPOINT[:POPULATION[:CRITERION]]"
        raise TargetError([f"{named[:_LONGEST_SHOWN]!r} is {form}; studies are {', '.join(known)}"])
    paper = load(parts[0], root)
    endpoint, population, criterion = (*parts[1:], "", "")[:3]
    return targets_from_study(paper, endpoint, population or paper.spec.main_population, criterion)


def _is_there(named: str) -> bool:
    """Whether there is something of this name, of whatever kind; a name that no file can have is not there."""
    try:
        return Path(named).exists() or Path(named).is_symlink()
    except (OSError, ValueError):
        return False


def _unwritable(named: str, out: Path) -> list[str]:
    """Why rows and report cannot be written there, before hours are spent."""
    problems = []
    if out.suffix.lower() not in report.FORMATS:
        problems.append(f"--out is {out}; its name must end in {' or '.join(report.FORMATS)}")
    if _is_there(named) and any(_same(Path(named), path) for path in (out, report.beside(out))):
        problems.append(f"--out is {out}; it or its report would replace the targets {named}")
    problems += [f"--out is {out}; {path} is a folder" for path in (out, report.beside(out)) if path.is_dir()]
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not above.is_dir():
        problems.append(f"--out is {out}; {above} is no folder")
    elif reason := _refusal(above):
        problems.append(f"--out is {out}; nothing can be written in {above} ({reason})")
    return problems


def _refusal(folder: Path) -> str:
    """Why no file can be made in a folder; empty when one can."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def reconstruct_told(
    targets: Targets, replicates: int, rng: np.random.Generator, censoring: str, told: Told
) -> Ensemble:
    """The ensemble of :func:`haicbook.survival.reconstruct`, drawn in batches, with the members so far told after each.

    Raises
    ------
    ReconstructionError
        As there.
    """
    feasible = feasible_targets(targets)
    return reconstruct(targets, replicates, rng, censoring, feasible=feasible, on_progress=told)


class Count:
    """Data sets found so far, and when that many more may be found."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._begin = time.monotonic()
        # when it was settled what can be met together; what was found since, and when that was last told
        self._settled: float | None = None
        self._found, self._told = 0, self._begin

    def told(self, found: int) -> None:
        """So many are found; none as soon as it is settled what can be met together."""
        self._found, self._told = found, time.monotonic()
        if self._settled is None:
            self._settled = self._told

    def so_far(self) -> str:
        """A line for people."""
        now = time.monotonic()
        seconds = f"{now - self._begin:.0f} s so far"
        if self._settled is None:
            return f"looking for what can be met together, {seconds}"
        line = f"{self._found} of {self._wanted} data sets found, {seconds}"
        if not self._found:
            return line
        end = self._settled + (self._told - self._settled) * self._wanted / self._found
        return f"{line}, about {end - now:.0f} s to go" if end > now else line


@contextmanager
def _progress(errors: Console, replicates: int) -> Iterator[Told]:
    """A bar on a terminal, a line every ten seconds elsewhere."""
    if not errors.is_terminal:
        count = Count(replicates)
        with heartbeat(lambda: _say(errors, count.so_far())):
            yield count.told
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("what can be met together", total=None)

        def told(found: int) -> None:
            bar.update(task, description="verified data sets", total=replicates, completed=found)

        yield told


def _summarise(ensemble: Ensemble, console: Console, errors: Console) -> None:
    found, asked, reading = len(ensemble), ensemble.asked, ensemble.conventions
    if found < asked:
        _say(errors, f"Only {found} of {asked} data sets were found; the files hold these.", "bold yellow")
    else:
        _say(console, f"{found} of {asked} data sets found; each was verified.")
    words = (
        f"Conventions: intervals {reading.interval}, ties {reading.ties}, times {reading.time_grid}, figures "
        f"{reading.rounding}, rates {reading.rates}, follow-up by {FOLLOW_UP_WORDS[reading.follow_up]}."
    )
    _say(console, words)
    for sentence in ensemble.dropped:
        _say(errors, sentence[:1].upper() + sentence[1:], "yellow")


def _say(console: Console, words: str, style: str = "") -> None:
    """Print text as it is: no markup, no control sequences, no wrapping of paths."""
    console.print(visible_lines(words), style=style or None, markup=False, highlight=False, soft_wrap=True)
