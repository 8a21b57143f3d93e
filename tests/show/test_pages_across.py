"""The code of the chapters across the papers, run with made-up survival data instead of the engine's.

The engine takes minutes and the pages do not depend on how the rows were found; here each cell runs in a moment, with
each parameter changed and with fewer papers than the book has.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from haicbook import endpoints, results, show, study, survival
from haicbook.book.notebooks import Source, read_source
from haicbook.chapter import Chapter
from haicbook.paths import notebooks_dir
from haicbook.results import SavedResults
from haicbook.survival.ensemble import Member

mpl.use("agg")
PAGES = ("across", "response_safety", "effects_bias", "trial", "conclusions", "trust")
SOURCES: dict[str, Source] = {name: read_source(notebooks_dir() / f"{name}.md") for name in PAGES}


def rows(targets: survival.Targets, replicates: int, rng: np.random.Generator, *_: object) -> survival.Ensemble:
    """An ensemble of patients who die at a constant rate, about as fast as the paper prints."""
    members = {}
    for name, arm in targets.arms.items():
        median = arm.median.middle if arm.median is not None and arm.median.reached else 12.0
        death = rng.exponential(median / math.log(2), (replicates, arm.n))
        leaving = rng.uniform(0.3, 1.0, (replicates, arm.n)) * targets.follow_up_end
        members[name] = Member(np.minimum(death, leaving), death <= leaving)
    return survival.Ensemble(targets, "uniform", members, targets, asked=replicates)


@dataclass
class Page:
    """What the cells of a chapter left behind."""

    values: dict[str, Any] = field(default_factory=dict)
    glued: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    alts: list[str] = field(default_factory=list)


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Page]:
    """Run a chapter's cells with changed parameters, on the named studies."""

    def run(
        name: str, papers: tuple[str, ...] | None = None, engine: Callable[..., object] = rows, **changed: object
    ) -> Page:
        page = Page()
        every = study.studies
        # the data files may name all studies; the page itself asks without a folder
        monkeypatch.setattr(study, "studies", lambda *folder: every(*folder) if folder or not papers else [*papers])
        monkeypatch.setattr(endpoints, "reconstruct", engine)
        monkeypatch.setattr(results, "read_results", _chapter)
        monkeypatch.setattr(results.Results, "save", lambda self: page.values.update(_values(self)))
        monkeypatch.setattr(show, "use", lambda: None)
        monkeypatch.setattr(Chapter, "figure", lambda self, drawn, *words, alt: page.alts.append(alt))
        monkeypatch.setattr(show, "glue", lambda **words: page.glued.update({k: str(v) for k, v in words.items()}))
        shown = show.table
        monkeypatch.setattr(
            show,
            "table",
            lambda frame, caption, name, **more: page.tables.update(
                {name: str(getattr(shown(frame, caption, name, **more), "data", ""))}
            ),
        )
        space: dict[str, object] = {}
        for cell in SOURCES[name].node.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, name, "exec"), space)
                if "parameters" in cell.metadata.get("tags", []):
                    space.update(changed)
        plt.close("all")
        monkeypatch.undo()
        return page

    return run


# keys of the data, halves of people, and numbers that do not agree with their noun
UNREADABLE = re.compile(
    r"\b(?:hlp|hl|hepa_haic|post_ab|first_line|liu_hepa|[gl][te]\d+|(?:before|after)_psm|recist11)\b"
    r"|\d\.5 (?:deaths|patients|events)|\b0 of 1\b|\bone (?:notes|errors|warnings)\b"
)


def _chapter(name: str) -> SavedResults:
    """The results of a chapter that nobody ran."""
    item = {"unit": "", "source": [], "note": "", "state": "present"}
    counts = {f"os.{arm}.deaths": {"value": 60.0, **item} for arm in study.load(name).spec.arms}
    gap = {"os.rmst_difference": 4.25, "os.rmst_difference.ci_low": 0.5, "os.rmst_difference.ci_high": 8.0}
    values = {**{name: {"value": value, **item} for name, value in gap.items()}, **counts}
    parameters = {"seed": 1, "censoring": "uniform", "replicates": 100, "horizon": 24.0}
    content = {"kind": "haicbook-results", "schema": 1, "study": name, "parameters": parameters, "values": values}
    return SavedResults.model_validate(content)


def _values(recorded: results.Results) -> dict[str, Any]:
    return {name: item.value for name, item in recorded.values.items()}


# several parameters change at once, each known by a recorded value that only it moves
RUNS: dict[str, dict[str, dict[str, float]]] = {
    "across": {
        "later": {"second_horizon": 20.0, "third_horizon": 27.0, "second_period": 18.0, "first_horizon": 9.0},
        "level": {"confidence": 0.8, "first_period": 4.0},
        "more": {"replicates": 10},
    },
    "response_safety": {"all": {"confidence": 0.8, "discovery_rate": 0.3, "shown_differences": 5}},
    "effects_bias": {
        "months": {"entry_months": 2.0, "landmark_months": 2.0, "lead_months": 1.0, "scan_month": 4.0}
        | {"missed_share": 0.1, "confidence": 0.8, "confounder_effect": 4.0},
        "window": {"missed_window": 5.0, "seed": 7},
        "more": {"replicates": 10},
    },
    "trial": {
        "alpha": {"alpha": 0.1, "prior_a": 10.0},
        "beta": {"beta": 0.2, "prior_b": 10.0},
        "rates": {"p0": 0.3, "p1": 0.7, "confidence": 0.8},
        "n_max": {"n_max": 40},
    },
    "conclusions": {"size": {"information_size": 50}},
    "trust": {"few": {"errors_per_paper": 0.1}},
}
TURNED: dict[tuple[str, str], Page] = {}


def turned(turn: Callable[..., Page], name: str, run: str = "") -> Page:
    """A page with few data sets, and with the changes of one of its `RUNS`; turned once."""
    if (name, run) not in TURNED:
        changes = RUNS[name][run] if run else {}
        TURNED[name, run] = turn(name, **{**_few(name), **changes})
    return TURNED[name, run]


def _parameters(name: str) -> set[str]:
    return {item.name for item in SOURCES[name].parameters}


def _few(name: str) -> dict[str, object]:
    return {"replicates": 12} if "replicates" in _parameters(name) else {}


@pytest.mark.parametrize("name", PAGES)
def test_every_word_of_the_prose_is_computed_and_every_cell_is_filled(name: str, turn: Callable[..., Page]) -> None:
    page = turned(turn, name)
    text = SOURCES[name].text
    assert set(re.findall(r"\{glue:text\}`([^`]+)`", text)) <= set(page.glued)
    for shown in [*page.tables.values(), *page.glued.values(), *page.alts]:
        # the address of a link names a value by its keys; what a reader sees does not
        assert not (found := UNREADABLE.search(re.sub(r"<[^>]*>", "", shown))), (found, shown)
    assert len(page.alts) == text.count("page.figure(")
    assert page.tables
    assert "nan" not in json.dumps(page.values).lower()
    for shown in [*page.tables.values(), *page.glued.values()]:
        assert not re.search(r"\b(nan|None(?! of)|inf)\b|−0\.0\b(?!\d)", shown), shown


# each parameter of each page, the run that changes it, the value that moves, and in which direction
MOVED = [
    ("across", "confidence", "level", "rmst.cao2024.h1.width", -1),
    ("across", "first_horizon", "later", "rmst.cao2024.h1", -1),
    ("across", "second_horizon", "later", "rmst.cao2024.h2", 1),
    ("across", "third_horizon", "later", "rmst.cao2024.h3", 1),
    ("across", "first_period", "level", "period.cao2024.from_0", 0),
    ("across", "second_period", "later", "period.cao2024.from_6", 0),
    ("across", "replicates", "more", "rmst.cao2024.h1", 0),
    ("response_safety", "confidence", "all", "orr.cao2024.si.width", -1),
    ("response_safety", "discovery_rate", "all", "differences.any.discoveries", 1),
    ("response_safety", "shown_differences", "all", "differences.shown", -1),
    ("effects_bias", "seed", "window", "response_bias.cao_2024_si", 0),
    ("effects_bias", "confidence", "months", "summary.os.width", -1),
    ("effects_bias", "confounder_effect", "months", "tipping.cao2024.share", 1),
    ("effects_bias", "entry_months", "months", "entry.end", 0),
    ("effects_bias", "landmark_months", "months", "landmark.end", 0),
    ("effects_bias", "lead_months", "months", "lead.end", -1),
    ("effects_bias", "missed_share", "months", "missed.end", -1),
    ("effects_bias", "missed_window", "window", "missed.end", 0),
    ("effects_bias", "scan_month", "months", "response_bias.lin_2023_haic_l", -1),
    ("effects_bias", "replicates", "more", "landmark.end", 0),
    ("trial", "alpha", "alpha", "best.optimal.n", -1),
    ("trial", "beta", "beta", "best.optimal.n", -1),
    ("trial", "p0", "rates", "printed.type_one", -1),
    ("trial", "p1", "rates", "printed.power", 1),
    ("trial", "n_max", "n_max", "admissible.designs", -1),
    ("trial", "prior_a", "alpha", "posterior.mean", 1),
    ("trial", "prior_b", "beta", "posterior.mean", -1),
    ("trial", "confidence", "rates", "posterior.width", -1),
    ("conclusions", "information_size", "size", "steps.together", -1),
    ("trust", "errors_per_paper", "few", "share.real", -1),
]


@pytest.mark.parametrize(
    ("name", "parameter", "run", "result", "direction"), MOVED, ids=[f"{m[0]}-{m[1]}" for m in MOVED]
)
def test_each_parameter_moves_a_result(
    turn: Callable[..., Page], name: str, parameter: str, run: str, result: str, direction: int
) -> None:
    assert parameter in RUNS[name][run]
    before, after = (turned(turn, name, which).values[result] for which in ("", run))
    assert np.sign(after - before) == direction if direction else after != before


def test_no_parameter_is_forgotten() -> None:
    assert {(name, parameter) for name, parameter, *_ in MOVED} == {
        (name, parameter) for name in PAGES for parameter in _parameters(name)
    }


@pytest.mark.parametrize("papers", [("cao2024",), ("lee2024",), ("shen2025",), ("lee2024", "shen2025"), ("liu_hepa",)])
@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("name", ["across", "response_safety", "conclusions"])
def test_fewer_papers_give_messages_and_no_traceback(
    turn: Callable[..., Page], name: str, papers: tuple[str, ...]
) -> None:
    page = turn(name, papers, **_few(name))
    for shown in [*page.tables.values(), *page.glued.values()]:
        assert not re.search(r"\b(nan|None(?! of)|inf)\b", shown), shown


def failing(*_: object) -> survival.Ensemble:
    raise survival.ReconstructionError("no data set was found")


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("name", ["across", "effects_bias"])
def test_an_engine_that_finds_nothing_leaves_a_page_with_reasons(turn: Callable[..., Page], name: str) -> None:
    page = turn(name, engine=failing)
    assert len(page.alts) == SOURCES[name].text.count("page.figure(")
    if name == "across":
        assert page.tables["tab-across-rates"].count("no data set was found") >= 5
    else:
        assert page.values["entry.end"] is None
        assert page.glued["entry_to_one"] == "unknown"
    for shown in [*page.tables.values(), *page.glued.values()]:
        assert not re.search(r"\b(nan|None(?! of)|inf)\b", shown), shown


def test_a_study_that_fails_leaves_the_others_alone(turn: Callable[..., Page]) -> None:
    def one_fails(targets: survival.Targets, *request: Any) -> survival.Ensemble:
        return failing() if targets.study == "lee2024" else rows(targets, *request)

    page = turn("effects_bias", engine=one_fails, **_few("effects_bias"))
    assert page.values["entry.end"] is None
    assert page.values["landmark.end"] > 0
