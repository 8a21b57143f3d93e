"""What is still to do until a paper is entered, in order, each step with the page that it affects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from haicbook.markup import visible
from haicbook.study import Paper
from haicbook.study.beside import inspect_beside
from haicbook.study.paper import inspect

State = Literal["done", "missing", "wrong"]
_UNWRITTEN = "?"
# by the titles that `haicbook new` gives
_PARTS = {
    "Baseline characteristics": "Baseline characteristics; Balance",
    "Tumour response": "Tumour response",
    "Adverse events": "Adverse events",
}


@dataclass(frozen=True)
class EntryStep:
    """One step of entering a paper.

    Attributes
    ----------
    state
        `done`, `missing` (nothing there yet) or `wrong` (something is there that cannot be used).
    what
        What the step is.
    todo
        What to do, with file and line; empty where it is done.
    page
        Which part of the book lacks something until then.
    """

    state: State
    what: str
    todo: tuple[str, ...]
    page: str


def steps(study: str, data: Path, notebooks: Path, toc: Path) -> list[EntryStep]:
    """The steps until a study is entered and in the book, those done and those not, in the order in which to do them.

    Parameters
    ----------
    study
        Its key.
    data, notebooks, toc
        The folder of the studies, the folder of the chapters and the table of contents.
    """
    if not (data / study / "study.yml").is_file():
        return [EntryStep("missing", "the study's folder", (f"haicbook new {study}",), "everything")]
    paper, problems = inspect(study, data)
    wrong = [f"data/{problem}" for problem in problems if not problem.unfilled]
    found = [_step("all files can be read", "everything", wrong, "wrong"), _described(data / study / "study.yml")]
    if paper is not None:
        found += [*_entered(study, paper), _claims(paper)]
    return [*found, *_judged(study, paper, data), *_shown(study, notebooks, toc)]


def _step(what: str, page: str, todo: list[str], state: State = "missing") -> EntryStep:
    return EntryStep(state if todo else "done", what, tuple(todo), page)


def _described(path: Path) -> EntryStep:
    """The question marks that `haicbook new` leaves in study.yml."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    open_ = [
        f"{path.parent.name}/{path.name}:{number}: {line.split(':')[0].strip()}"
        for number, line in enumerate(lines, 1)
        if f'"{_UNWRITTEN}"' in line
    ]
    return _step("study.yml says what the paper is", "the card, the paper at a glance", open_)


def _entered(study: str, paper: Paper) -> Iterator[EntryStep]:
    for item in paper.spec.unavailable:
        if item.why == "not_entered":
            title, _, file = item.detail.rpartition(": ")
            todo = [f"data/{study}/{file}: copy its rows as printed; or remove the file and its entry in study.yml"]
            yield _step(f"{item.what}, {title}", _PARTS.get(title, "the chapter"), todo)
    for table in paper.spec.tables:
        yield _step(f"{table.source}, {table.title}", _PARTS.get(table.title, "the chapter"), [])
        if table.file in paper.unchecked:
            todo = [f"lay data/{study}/{table.file} beside the paper; haicbook clear {study} {table.file} --by NAME"]
            yield _step(f"{table.source}, drafted by machine, is checked", _PARTS.get(table.title, "the chapter"), todo)
        named = dict.fromkeys(row["id"] for row in paper.printed_tables[table.file])
        unknown = [name for name in named if table.kind == "baseline" and name not in table.variables]
        if unknown:
            todo = [f"data/{study}/study.yml: variables of {table.file}: the type of {', '.join(unknown)}"]
            yield _step(f"{table.source}, what kind of covariate each row is", "Balance", todo)


def _claims(paper: Paper) -> EntryStep:
    """Medians or rates with their arm, without which no curve is reconstructed."""
    todo = []
    for endpoint in paper.spec.endpoints:
        printed = paper.select(endpoint=endpoint, statistic=["median", "rate"])
        bare = [arm for arm in paper.spec.arms if len(paper.spec.arms) > 1 and arm not in set(printed.arm)]
        if printed.empty or bare:
            whose = f" of {', '.join(bare)}" if bare else ""
            todo.append(
                f"data/{paper.study}/claims.csv: {endpoint}: a median or a rate at a time{whose} "
                "(or under unavailable, that none is printed)"
            )
    lost = " ".join(paper.lost())
    return _step(
        "figures of survival in the text", "Survival", [line for line in todo if line.split(": ")[1] not in lost]
    )


def _judged(study: str, paper: Paper | None, data: Path) -> Iterator[EntryStep]:
    """Rows for it in the files of judgements."""
    single = paper is not None and paper.spec.comparator is None
    wanted = {
        "appraisal.csv" if single else "risk_of_bias.csv": ("risk of bias", "the card's certainty; Risk of bias"),
        "questions.csv": ("the clinical question", "the card's certainty; What to conclude"),
        "characteristics.csv": ("which rows are one characteristic across studies", "Across the papers"),
        "facets.csv": ("what the study is like", "Across the papers"),
    }
    for name, (what, page) in wanted.items():
        rows, _ = inspect_beside(name, data)
        there = any(study in (row.cells.get("study"), row.cells.get("cited_by")) for row in rows)
        yield _step(f"{what} judged", page, [] if there else [f"data/{name}: rows for {study}"])


def _shown(study: str, notebooks: Path, toc: Path) -> Iterator[EntryStep]:
    written = (notebooks / f"{study}.md").is_file()
    yield _step("the chapter", "the chapter itself", [] if written else [f"haicbook chapter {study}"])
    listed = toc.is_file() and f"book/_executed/{study}" in toc.read_text(encoding="utf-8")
    yield _step(
        "its place in the book",
        "the table of contents",
        [] if listed else [f"{toc.name}: - file: book/_executed/{study}"],
    )


def report(found: list[EntryStep], form: str = "screen") -> str:
    """The steps for a person, or as JSON for a program."""
    if form == "json":
        return json.dumps([asdict(step) for step in found], ensure_ascii=False, indent=1)
    left = [step for step in found if step.todo]
    lines = [f"{len(found) - len(left)} of {len(found)} steps are done." if left else "All is done."]
    for step in found:
        sign = {"done": "✓", "missing": "·", "wrong": "✗"}[step.state]
        lines.append(f"{sign} {visible(step.what)}" + ("" if step.state == "done" else f"   (lacks: {step.page})"))
        lines += [f"    {visible(todo)}" for todo in step.todo]
    if left:
        lines.append(f"Next: {visible(left[0].todo[0])}")
    return "\n".join(lines)
