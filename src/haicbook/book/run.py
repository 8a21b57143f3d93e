"""Execute the notebooks that are stale, and keep what they made: both files or neither."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from haicbook.book.digests import sha256
from haicbook.book.execute import Executed, Failure, execute
from haicbook.book.fingerprint import Fingerprint, is_sealed, take_fingerprint
from haicbook.book.notebooks import Source, choose, is_cross_study, names, read_sources
from haicbook.book.parameters import Scalar, check_overrides, unknown
from haicbook.book.progress import Earlier, Progress
from haicbook.book.refusals import WrongUsageError
from haicbook.book.status import read_record, record_execution
from haicbook.book.workers import Workers
from haicbook.paths import build_dir, executed_dir
from haicbook.results import write_text

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Job:
    """One notebook to bring up to date.

    Attributes
    ----------
    source
        The notebook.
    changed
        The parameters that differ from their defaults; empty for the book's own run.
    asked
        False when the run was added because a cross-study notebook reads its results.
    """

    source: Source
    changed: Mapping[str, Scalar] = field(default_factory=dict)
    asked: bool = True

    @property
    def label(self) -> str:
        """The notebook's name, with a hash of the parameters when any was changed."""
        if not self.changed:
            return self.source.name
        return f"{self.source.name}-{sha256(json.dumps(dict(self.changed), sort_keys=True).encode())[:10]}"

    @property
    def folder(self) -> Path:
        """Where its output goes: the book shows the defaults and nothing else."""
        return build_dir() / "runs" / self.label if self.changed else executed_dir()

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / f"{self.source.name}.ipynb"

    @property
    def results(self) -> Path:
        """Its results."""
        return self.folder / f"{self.source.name}.json"

    @property
    def partial(self) -> Path:
        """Where a failed run is kept for inspection."""
        return build_dir() / "failed" / f"{self.label}.ipynb"


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    job
        The job.
    state
        `fresh` (nothing to do), `executed`, `failed`, or `not run` (it reads the results of one that failed).
    failure
        What went wrong, when it failed.
    reason
        Why it was not run.
    """

    job: Job
    state: Literal["fresh", "executed", "failed", "not run"]
    failure: Failure | None = None
    reason: str = ""

    @property
    def well(self) -> bool:
        """Whether its output is up to date now."""
        return self.state in ("fresh", "executed")


def run(
    chosen: Iterable[str],
    overrides: Mapping[str, str],
    *,
    jobs: int | None = None,
    force: bool = False,
    console: Console,
) -> list[Outcome]:
    """Bring notebooks up to date, several at a time; cross-study ones after the studies that they read.

    Parameters
    ----------
    chosen
        Notebooks; all of them when empty.
    overrides
        Parameter → value as typed, for every chosen notebook.
    jobs
        How many run at a time; one for each core when None.
    force
        Run also what is fresh.
    console
        Where progress goes.

    Returns
    -------
    list of Outcome
        One for each chosen notebook and each that those needed.

    Raises
    ------
    WrongUsageError
        When a notebook or a parameter does not exist or a value is not allowed; nothing has run then.
    SourceError
        When a notebook's source is malformed; nothing has run then.
    """
    planned = plan(chosen, overrides)
    studies = [job for job in planned if not job.source.cross_study]
    across = [job for job in planned if job.source.cross_study]
    outcomes = _run_stale(studies, jobs, force, console)
    failed = [outcome.job.source.name for outcome in outcomes if not (outcome.well or outcome.job.changed)]
    if failed:
        reason = f"it reads the results of {', '.join(failed)}"
        return outcomes + [Outcome(job, "not run", reason=reason) for job in across]
    return outcomes + _run_stale(across, jobs, force, console)


def plan(chosen: Iterable[str], overrides: Mapping[str, str]) -> list[Job]:
    """The jobs for chosen notebooks, and for those whose results they read; raises as `run` does."""
    wanted = choose(chosen)
    needed = [name for name in names() if not is_cross_study(name)] if any(map(is_cross_study, wanted)) else []
    sources = read_sources(dict.fromkeys([*wanted, *needed]))
    values = resolve([sources[name] for name in wanted], overrides)
    asked = [Job(sources[name], values[name]) for name in wanted]
    # a cross-study notebook reads the results that the book shows, so those of the defaults
    have = {job.source.name for job in asked if not job.changed}
    added = [Job(sources[name], asked=False) for name in needed if name not in have]
    return asked + added


def resolve(sources: Sequence[Source], overrides: Mapping[str, str]) -> dict[str, dict[str, Scalar]]:
    """Check typed values against all of the notebooks that they are meant for.

    Returns
    -------
    dict
        Notebook → parameter → value, those that equal the default left out.

    Raises
    ------
    WrongUsageError
        Every name that a notebook does not have, and every value, or pair of them, that one of them does not allow.
    """
    values: dict[str, dict[str, Scalar]] = {source.name: {} for source in sources}
    problems = []
    for name, text in overrides.items():
        if lacking := [source.name for source in sources if name not in source.defaults]:
            problems.append(_not_everywhere(name, text, lacking, sources))
    for source in sources:
        try:
            theirs = {name: text for name, text in overrides.items() if name in source.defaults}
            values[source.name] = check_overrides(source.parameters, theirs)
        except WrongUsageError as error:
            several = f"{source.name}: " if len(sources) > 1 else ""
            problems.extend(f"{several}{problem}" for problem in error.problems)
    if problems:
        raise WrongUsageError(problems)
    return {source.name: _changed_only(source, values[source.name]) for source in sources}


def _not_everywhere(name: str, text: str, lacking: Sequence[str], sources: Sequence[Source]) -> str:
    """The sentence for a parameter that not all of the chosen notebooks have: which of them, or of all, do."""
    having = [source.name for source in sources if name in source.defaults]
    if not having:
        having = [other.name for other in read_sources(names()).values() if name in other.defaults]
    if not having:
        return unknown(name, sorted({known for source in sources for known in source.defaults}))
    which = " ".join(having)
    return f"{name}: not a parameter of {', '.join(lacking)}; those that have it: haicbook run {which} -p {name}={text}"


def _changed_only(source: Source, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in values.items() if source.defaults[name] != value}


def moved_since(job: Job, fingerprint: Fingerprint) -> list[str]:
    """What has changed since the job's output was made; `output` when there is none, or it is not as it was made."""
    try:
        notebook = job.notebook.read_text(encoding="utf-8")
        metadata: dict[str, Any] = json.loads(notebook)["metadata"]["haicbook"]
        whole = is_sealed(notebook, metadata["seal"]) and metadata["results"] == sha256(job.results.read_bytes())
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ["output"]
    return fingerprint.moved(metadata) if whole else ["output"]


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 when all is well, 1 when nothing is, 3 when some are."""
    well = [outcome.well for outcome in outcomes]
    return 0 if all(well) else 3 if any(well) else 1


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run_stale(planned: Sequence[Job], jobs: int | None, force: bool, console: Console) -> list[Outcome]:
    prints = {job.label: take_fingerprint(job.source, job.changed) for job in planned}
    moved = {job.label: moved_since(job, prints[job.label]) for job in planned}
    stale = [job for job in planned if moved[job.label] or (force and job.asked)]
    if not stale:
        return [Outcome(job, "fresh") for job in planned]
    earlier = _earlier(stale)
    with Progress({job.label: why(moved[job.label]) for job in stale}, console, earlier) as progress:
        outcomes = _in_parallel(longest_first(stale, earlier), prints, progress, jobs or cores())
    done = {outcome.job.label: outcome for outcome in outcomes}
    return [done.get(job.label, Outcome(job, "fresh")) for job in planned]


def _earlier(jobs: Iterable[Job]) -> dict[str, Earlier]:
    took = {name: entry["seconds"] for name, entry in read_record().items() if "seconds" in entry}
    return {job.label: Earlier(took[job.source.name], not job.changed) for job in jobs if job.source.name in took}


def longest_first(jobs: Iterable[Job], earlier: Mapping[str, Earlier]) -> list[Job]:
    """Jobs in the order in which they end soonest, several at a time: those that took longest begin, and before them
    those of which it is not known, by the length of their sources."""

    def length(job: Job) -> tuple[float, int]:
        known = earlier.get(job.label)
        return (known.seconds if known else math.inf), len(job.source.text)

    return sorted(jobs, key=length, reverse=True)


def why(moved: Sequence[str]) -> str:
    """The reason for a run, in words."""
    if not moved:
        return "forced"
    return "no output yet" if "output" in moved else f"{', '.join(moved)} changed"


def _in_parallel(
    stale: Sequence[Job], prints: Mapping[str, Fingerprint], progress: Progress, jobs: int
) -> list[Outcome]:
    """Each job in a thread that waits for a process; an interruption ends the processes."""
    # after the fingerprints: should the package change meanwhile, the outputs are stale and not wrong
    workers = Workers(job.source for job in stale)

    def one(job: Job) -> Outcome:
        progress.start(job.label)
        fingerprint = prints[job.label]
        ended = execute(job.source, job.changed, fingerprint, lambda event: progress.event(job.label, event), workers)
        outcome = _keep(job, fingerprint, ended)
        progress.finish(job.label, outcome.state)
        return outcome

    pool = ThreadPoolExecutor(jobs)
    try:
        return list(pool.map(one, stale))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        workers.close()
        pool.shutdown()


def _keep(job: Job, fingerprint: Fingerprint, ended: Executed | Failure) -> Outcome:
    """Publish what an execution made, or keep what there is of it for inspection."""
    if isinstance(ended, Executed):
        try:
            publish(job, ended)
        except OSError as error:
            ended = Failure("", f"its output could not be written: {error}", (), ended.notebook)
    if isinstance(ended, Failure):
        if ended.partial is not None:
            write_text(job.partial, ended.partial)
        return Outcome(job, "failed", failure=ended)
    job.partial.unlink(missing_ok=True)
    if not job.changed:
        record_execution(job.source.name, fingerprint=fingerprint.digest, cells=ended.cells, seconds=ended.seconds)
    return Outcome(job, "executed")


def publish(job: Job, executed: Executed) -> None:
    """Put an executed notebook and its results in place: both, or neither when the disk refuses.

    The notebook goes last and knows its results' hash, so that a process killed in between leaves a stale pair and
    not a wrong one.
    """
    before = job.results.read_text(encoding="utf-8") if job.results.exists() else None
    write_text(job.results, executed.results)
    try:
        write_text(job.notebook, executed.notebook)
    except OSError:
        if before is None:
            job.results.unlink()
        else:
            write_text(job.results, before)
        raise
