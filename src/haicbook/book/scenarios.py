"""Scenarios: named sets of changed assumptions, `scenarios/*.yml`, and what becomes of the headline results under them.

A file has a purpose, one sentence, and what it assumes: `assume` for every study that has these parameters, or
`notebooks` for each by name. What was found is kept in `scenarios/results.json`, by what it depends on: assumptions,
the notebook's code and the study's data. What other code of the package has found stays until it is computed anew, and
is known as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haicbook.book.digests import digest_of_folder, sha256
from haicbook.book.notebooks import Source, names, read_sources
from haicbook.book.parameters import Scalar, check_overrides, shown, unknown
from haicbook.book.refusals import SourceError, WrongUsageError
from haicbook.closure import digest_of_closure
from haicbook.paths import data_dir, root
from haicbook.results import write_text
from haicbook.study import load, studies

DEFAULT = "default"
# what computes the headline results
_CODE = ("haicbook.endpoints", "haicbook.matching", "haicbook.response", "haicbook.safety", "haicbook.regression")
_KEYS = {"purpose", "assume", "notebooks"}


@dataclass(frozen=True)
class Scenario:
    """A named set of changed assumptions.

    Attributes
    ----------
    name, purpose
        Its file's name, and the sentence in it.
    assumed
        Notebook → parameter → value; those of which the defaults are no other are left out.
    """

    name: str
    purpose: str
    assumed: Mapping[str, Mapping[str, Scalar]]


@dataclass(frozen=True)
class Found:
    """What became of a study's results under a scenario.

    Attributes
    ----------
    values
        The headline results, as the notebook records them.
    current
        Whether the package's code is what computed them.
    """

    values: Mapping[str, Any]
    current: bool


def folder() -> Path:
    """`scenarios/`."""
    return root() / "scenarios"


def compared() -> dict[str, Source]:
    """The notebooks of studies that compare two arms, in the book's order: only these conclude anything that could
    break."""
    there = set(names())
    return read_sources(name for name in studies() if name in there and len(load(name).spec.arms) > 1)


def read_scenarios(sources: Mapping[str, Source] | None = None) -> tuple[Scenario, ...]:
    """All scenarios, by name.

    Raises
    ------
    SourceError
        Everything that is wrong with any file.
    """
    if sources is None:
        sources = compared()
    found, problems = [], []
    for path in sorted(folder().glob("*.yml")):
        try:
            found.append(_read(path, sources))
        except (SourceError, WrongUsageError) as error:
            problems += [f"scenarios/{path.name}: {problem}" for problem in error.problems]
    if problems:
        raise SourceError(problems)
    return tuple(found)


def _read(path: Path, sources: Mapping[str, Source]) -> Scenario:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise SourceError([f"malformed YAML: {' '.join(str(error).split())}"]) from None
    if not isinstance(content, dict) or not isinstance(content.get("purpose"), str) or set(content) - _KEYS:
        raise SourceError([f"found {', '.join(content or ()) or 'nothing'}, expected purpose, and assume or notebooks"])
    by_name: dict[str, dict[str, Any]] = content.get("notebooks") or {}
    if strangers := [unknown(name, sources, "notebook") for name in by_name if name not in sources]:
        raise SourceError(strangers)
    everywhere: dict[str, Any] = content.get("assume") or {}
    assumed = {}
    for name, source in sources.items():
        wanted = by_name.get(name, everywhere if everywhere.keys() <= source.defaults.keys() else {})
        values = check_overrides(source.parameters, {key: shown(value) for key, value in wanted.items()})
        changed = {key: value for key, value in values.items() if source.defaults[key] != value}
        if changed:
            assumed[name] = changed
    if not assumed:
        raise SourceError([f"found {', '.join(everywhere) or 'no assumption'}, which changes nothing in any study"])
    return Scenario(path.stem, content["purpose"].strip(), assumed)


# --- what was found ---------------------------------------------------------------------------------------------------


def question(source: Source, assumed: Mapping[str, Scalar]) -> str:
    """What a scenario's results of a study depend on besides the package: assumptions, cells and data."""
    cells = [cell.source for cell in source.node.cells if cell.cell_type == "code"]
    asked = [dict(assumed), cells, digest_of_folder(data_dir() / source.name, "")]
    return sha256(json.dumps(asked, sort_keys=True).encode())


def code() -> str:
    """What they depend on in the package."""
    return digest_of_closure(list(_CODE))


def stored() -> dict[str, dict[str, Any]]:
    """Question → its answer as kept: `code` and `values`."""
    path = folder() / "results.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def store(answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep answers; whole or not at all, the same bytes for the same answers."""
    write_text(folder() / "results.json", json.dumps(answers, indent=0, sort_keys=True, ensure_ascii=False) + "\n")


def found(source: Source, assumed: Mapping[str, Scalar], answers: Mapping[str, Mapping[str, Any]]) -> Found | None:
    """What is kept of a study under some assumptions; None where nothing is, or the notebook or the data changed."""
    answer = answers.get(question(source, assumed))
    return None if answer is None else Found(answer["values"], answer["code"] == code())


@dataclass(frozen=True)
class Task:
    """One evaluation: a study under a scenario."""

    source: Source
    scenario: str
    assumed: Mapping[str, Scalar]


def tasks(sources: Iterable[Source], scenarios: Iterable[Scenario]) -> list[Task]:
    """Each study's defaults, then each scenario that changes something in it."""
    scenarios = list(scenarios)
    return [
        Task(source, name, assumed)
        for source in sources
        for name, assumed in [
            (DEFAULT, {}),
            *((item.name, item.assumed[source.name]) for item in scenarios if source.name in item.assumed),
        ]
    ]


def is_current(task: Task, answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a task's answer is kept, of today's code."""
    kept = found(task.source, task.assumed, answers)
    return kept is not None and kept.current
