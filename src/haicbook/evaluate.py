"""`haicbook scenarios`: the functions behind the notebooks of the comparative studies, under each scenario.

A notebook's cells are run here, one study after another in a few processes, without papermill and without a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

from rich.console import Console

from haicbook import show
from haicbook.book.alone import alone
from haicbook.book.assumptions import CURVES, DECLARED
from haicbook.book.commands import WELL, saying_what_is_wrong
from haicbook.book.notebooks import Source
from haicbook.book.parameters import Scalar, unknown
from haicbook.book.refusals import WrongUsageError
from haicbook.book.report import say
from haicbook.book.run import cores
from haicbook.book.scenarios import Task, code, compared, is_current, question, read_scenarios, store, stored, tasks
from haicbook.book.survives import summary, tried, verdict
from haicbook.chapter import Chapter
from haicbook.headlines import conclusions

# limits that do not bear their result's name, and what confounder it would take
_LIMITS = r"confounding\.(low_adjusted|high_adjusted|e_value|e_value_limit)"
# methods of a chapter that record nothing
_ONLY_SHOW = (
    *("figure", "curves", "compared", "downloads", "cox", "love_plot", "rerun_figure", "rerun_table", "p_values"),
    *("glance", "sizes", "table", "adverse_figure", "adverse_differences", "response_figure", "balance_table"),
    "assumptions",
)


@saying_what_is_wrong
def command(studies: Sequence[str], *, jobs: int | None, force: bool) -> int:
    """Compute the scenarios whose results are not kept, one by one kept; say what survives."""
    console = Console()
    with alone(lambda sentence: say(console, sentence)):
        compute(studies, jobs=jobs or cores(), force=force, said=lambda line: say(console, line))
    every = [item for item in tried() if not studies or item.study in studies]
    for study in dict.fromkeys(item.study for item in every):
        say(console, f"\n{study}", style="bold")
        for item in every:
            if item.study == study:
                say(console, f"  {verdict(item)}")
    say(console, f"\n{summary(every)}")
    return WELL


def compute(chosen: Collection[str], *, jobs: int, force: bool, said: Callable[[str], None]) -> None:
    """Compute what is not kept of chosen studies, or of all, and keep each answer as soon as it is there.

    Parameters
    ----------
    chosen
        Comparative studies.
    jobs
        How many are computed at a time.
    force
        Compute also what is kept.
    said
        Told how far it is.

    Raises
    ------
    WrongUsageError
        When a study is none that compares two arms.
    SourceError
        When a scenario is malformed.
    """
    sources = compared()
    if strangers := [unknown(name, sources, "study with two arms") for name in chosen if name not in sources]:
        raise WrongUsageError(strangers)
    scenarios, answers = read_scenarios(sources), stored()
    every = tasks(sources.values(), scenarios)
    # what no scenario asks any more goes
    asked = {question(task.source, task.assumed) for task in every}
    answers = {key: answer for key, answer in answers.items() if key in asked}
    wanted = sorted((task for task in every if not chosen or task.source.name in chosen), key=_takes_long)
    if not force:
        wanted = [task for task in wanted if not is_current(task, answers)]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        ended = {pool.submit(run_task, task): task for task in wanted}
        for count, future in enumerate(as_completed(ended), start=1):
            key, answer = future.result()
            answers[key] = answer
            store(answers)
            said(f"{ended[future].source.name}, {ended[future].scenario}: {count} of {len(wanted)}")


def _takes_long(task: Task) -> bool:
    """Whether curves have to be reconstructed anew: what takes a moment comes first."""
    return any(CURVES in DECLARED[name].moves and name != "horizon" for name in task.assumed if name in DECLARED)


def run_task(task: Task) -> tuple[str, dict[str, Any]]:
    """A task's question and its answer."""
    answer = {"notebook": task.source.name, "scenario": task.scenario, "code": code()}
    return question(task.source, task.assumed), {**answer, "values": evaluate(task.source, task.assumed)}


def evaluate(source: Source, assumed: Mapping[str, Scalar]) -> dict[str, Any]:
    """A notebook's headline results under some assumptions: its cells, run here and without drawing a page.

    Parameters
    ----------
    source
        The notebook of a study.
    assumed
        Parameter → value, where it differs from the default.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("agg")
    recorded: dict[str, Any] = {}

    def end(page: Chapter) -> None:
        values = {key: item.value for key, item in page.results.values.items()}
        kept = [item.key for item in conclusions(source.name, values, page.results.parameters)]
        wanted = re.compile(rf"({'|'.join(map(re.escape, kept))})(\.(low|high))?|{_LIMITS}")
        recorded.update({key: value for key, value in values.items() if wanted.fullmatch(key)})

    def nothing(*_: object, **__: object) -> None:
        pass

    space: dict[str, Any] = {}
    methods: dict[str, Any] = {"end": end, **dict.fromkeys(_ONLY_SHOW, nothing)}
    with patch.multiple(Chapter, **methods), patch.multiple(show, glue=nothing, use=nothing):
        for cell in source.node.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, source.name, "exec"), space)
                if "parameters" in cell.metadata.get("tags", []):
                    space |= assumed
    plt.close("all")
    return recorded
