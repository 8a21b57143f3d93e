"""The real chapters, executed once with their defaults: what the tests of the book share."""

from __future__ import annotations

from functools import cache

from rich.console import Console

from haicbook.book.alone import alone
from haicbook.book.run import Outcome, run
from haicbook.paths import executed_dir
from haicbook.results import SavedResults, load_results

CHAPTERS = ["cao2024", "lin2023", "liu_hepa", "lee2024", "shen2025"]
ACROSS = ["across", "response_safety", "effects_bias", "trial", "conclusions"]


def silently(sentence: str) -> None:
    """Whoever waits for another run says nothing in a test."""


@cache
def outcomes() -> tuple[Outcome, ...]:
    with alone(silently):
        return tuple(run((), {}, console=Console(quiet=True)))


def default(name: str) -> SavedResults:
    assert all(outcome.well for outcome in outcomes()), outcomes()
    return load_results(executed_dir() / f"{name}.json")
