"""Compute anew the reconstructions that come with the package: `python -m haicbook.ship`, after a change of the engine.

It takes some minutes, most of which the compiler needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from haicbook import endpoints
from haicbook.book.notebooks import Source, names, read_sources
from haicbook.shipped import FOLDER, digest, question, ship
from haicbook.survival import Ensemble, reconstruct
from haicbook.survival.chains import SearchBudget
from haicbook.survival.feasibility import find_feasible

_ASKS = re.compile(r"\b(?:begin|reconstruct)\(")


class _NotedError(Exception):
    """Ends a cell that has asked."""


def questions() -> list[tuple[Any, ...]]:
    """What the notebooks ask with their defaults, as :func:`haicbook.shipped.question` has it but for the generator."""
    noted: list[tuple[Any, ...]] = []

    def note(*asked: Any) -> None:
        noted.append(asked)
        raise _NotedError

    with patch.object(endpoints, "reconstruct", note):
        for source in read_sources(names()).values():
            _run(source)
    return noted


def _run(source: Source) -> None:
    """Run a notebook's parameters, its beginning, and up to what they ask the cells that reconstruct."""
    variables: dict[str, Any] = {}
    for cell in _cells(source):
        try:
            exec(cell, variables)
        except _NotedError:
            continue


def _cells(source: Source) -> Iterator[str]:
    for cell in source.node.cells:
        if cell.cell_type == "code" and ("parameters" in cell.metadata.get("tags", []) or _ASKS.search(cell.source)):
            yield cell.source


def main() -> None:
    """Compute all, then put them in place."""
    answers: dict[str, tuple[Ensemble, SearchBudget]] = {}
    for targets, replicates, rng, censoring in questions():
        # the question is the generator's state before it is used
        asked = digest(question(targets, replicates, rng, censoring, None))
        feasible = find_feasible(targets)
        found = reconstruct(targets, replicates, rng, censoring, feasible=feasible)
        answers[asked] = (found, feasible.budget)
        print(f"{targets.study} {targets.endpoint} {targets.criterion}: {found.digest()}", flush=True)
    ship(answers)
    print(f"{len(answers)} ensembles in {FOLDER}")


if __name__ == "__main__":
    main()
