"""The notebooks' sources: MyST Markdown, read with jupytext."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haicbook.book.assumptions import as_declared
from haicbook.book.parameters import Parameter, Scalar, read_parameters, unknown
from haicbook.book.refusals import SourceError, WrongUsageError
from haicbook.paths import data_dir, notebooks_dir

# a cell's options, one a line, and its code
_CODE_CELL = re.compile(r"^```\{code-cell\}.*\n((?::.*\n)*)((?:(?!```).*\n)*)```", re.MULTILINE)
_PARAMETERS_TAG = re.compile(r"^:tags:.*\bparameters\b", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One notebook's source.

    Attributes
    ----------
    name
        The study, or what a cross-study notebook is called.
    path
        The MyST Markdown file.
    text
        Its content.
    node
        The same as a notebook (`nbformat.NotebookNode`), without outputs.
    parameters
        What its tagged cell declares.
    cross_study
        Whether it reads the results of the studies instead of one study's data.
    """

    name: str
    path: Path
    text: str
    node: Any
    parameters: tuple[Parameter, ...]
    cross_study: bool

    @property
    def defaults(self) -> dict[str, Scalar]:
        """Parameter → default."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def names() -> list[str]:
    """All notebooks that there are, the studies first."""
    found = sorted(path.stem for path in notebooks_dir().glob("*.md"))
    return sorted(found, key=is_cross_study)


def is_cross_study(name: str) -> bool:
    """Whether a notebook has no data of its own."""
    return not (data_dir() / name).is_dir()


def choose(chosen: Iterable[str]) -> list[str]:
    """The named notebooks in the order of `names()`; all of them when none is named.

    Raises
    ------
    WrongUsageError
        Every name that is no notebook's, or that there are no notebooks at all.
    """
    there = names()
    if not there:
        raise WrongUsageError([f"{notebooks_dir()}: no notebooks there (*.md)"])
    wanted = set(chosen) or set(there)
    if missing := sorted(wanted - set(there)):
        raise WrongUsageError([unknown(name, there, "notebook") for name in missing])
    return [name for name in there if name in wanted]


def read_sources(wanted: Iterable[str]) -> dict[str, Source]:
    """Read notebooks and their parameters.

    Raises
    ------
    SourceError
        Everything that is wrong with any of them.
    """
    sources = {}
    problems = []
    for name in wanted:
        try:
            sources[name] = read_source(notebooks_dir() / f"{name}.md")
        except SourceError as error:
            problems.extend(error.problems)
    if problems:
        raise SourceError(problems)
    return sources


def parameters_at_once(path: Path) -> tuple[Parameter, ...]:
    """A notebook's parameters without loading jupytext, for completion; none when they cannot be read."""
    text = path.read_text(encoding="utf-8")
    for header, code in _CODE_CELL.findall(text):
        if _PARAMETERS_TAG.search(header):
            try:
                return as_declared(read_parameters(code, path.name), text)[0]
            except SourceError:
                return ()
    return ()


def read_source(path: Path) -> Source:
    """Read one notebook and its parameters; raises `SourceError`."""
    import jupytext

    where = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
        node = jupytext.reads(text, fmt="md:myst")
    except Exception as error:  # jupytext lets through whatever its YAML and Markdown readers raise
        raise SourceError([f"{where}: not a MyST notebook: {error}"]) from None
    tagged = [cell for cell in node.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise SourceError([f"{where}: found {len(tagged)} cells tagged `parameters`, expected one"])
    parameters, problems = as_declared(read_parameters(tagged[0].source, f"{where}, parameters cell"), text)
    if problems:
        raise SourceError([f"{where}, parameters cell: {problem}" for problem in problems])
    return Source(path.stem, path, text, node, parameters, is_cross_study(path.stem))
