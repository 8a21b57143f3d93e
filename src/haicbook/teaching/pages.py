"""The pages of the journal club, written beside the executed notebooks; no kernel is needed."""

from __future__ import annotations

import re
from pathlib import Path

from haicbook.paths import executed_dir, root
from haicbook.results import write_text
from haicbook.study import DataError, Problem
from haicbook.teaching.facts import Facts, fill
from haicbook.teaching.figures import pictures
from haicbook.teaching.sessions import facilitator_page, learner_page, read_session, sessions_dir
from haicbook.teaching.sheets import sheets
from haicbook.teaching.slides import book_deck, deck

_SHOWN = re.compile(r"figures/(fig-[\w-]+)\.svg")


def write_teaching() -> list[Path]:
    """Write the pages and slides of the journal club, and the figures that they show again; none without `teaching/`.

    A file that would not change is left alone, so that its page is not built anew.

    Raises
    ------
    DataError
        With every name, in any of the texts, that stands for nothing.
    """
    if not sessions_dir().is_dir():
        return []
    facts = Facts()
    files = {f"{name}.md": text for name, text in pages(facts).items()}
    for study in _studies():
        files[f"site/slides/{study}.html"] = deck(facts.of(study), read_session(facts.of(study), plain=True))
    files["site/slides/book.html"] = book_deck([facts.of(study) for study in _studies()])
    chapters = sorted(path.stem for path in executed_dir().glob("*.ipynb"))
    drawn = {picture.name: picture.svg for chapter in chapters for picture in pictures(chapter).values()}
    for name, text in list(files.items()):
        beside = Path(name).parent / "figures"
        files |= {str(beside / f"{shown}.svg"): drawn[shown] for shown in _SHOWN.findall(text)}
    return [_written(executed_dir() / name, text) for name, text in files.items()]


def pages(facts: Facts) -> dict[str, str]:
    """Name of a page → its MyST Markdown."""
    problems: list[Problem] = []
    folder = root() / "teaching"
    sources = {path.stem: path for path in sorted(folder.glob("*.md"))}
    sources |= {f"method_{path.stem}": path for path in sorted((folder / "methods").glob("*.md"))}
    found = {name: _filled(path, facts, problems) for name, path in sources.items()}
    for study in _studies():
        try:
            session = read_session(facts.of(study))
        except DataError as error:
            problems += error.problems
            continue
        found[f"session_{study}"] = learner_page(study, session)
        found[f"facilitator_{study}"] = facilitator_page(study, session)
    if problems:
        raise DataError(problems)
    return found | sheets(facts, _studies())


def _studies() -> list[str]:
    return sorted(path.stem for path in sessions_dir().glob("*.yml"))


def _filled(path: Path, facts: Facts, problems: list[Problem]) -> str:
    return fill(path.read_text(encoding="utf-8"), facts, path.relative_to(root()).as_posix(), "", problems)


def _written(path: Path, text: str) -> Path:
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)
    return path
