"""The pages of the journal club, written beside the executed notebooks; no kernel is needed."""

from __future__ import annotations

import re
from pathlib import Path

from haicbook.paths import executed_dir, root
from haicbook.results import write_text
from haicbook.study import DataError, Problem
from haicbook.teaching.facts import fill
from haicbook.teaching.figures import pictures
from haicbook.teaching.sessions import facilitator_page, learner_page, read_session, sessions_dir
from haicbook.teaching.sheets import sheets
from haicbook.teaching.slides import deck

_SHOWN = re.compile(r"figures/(fig-[\w-]+)\.svg")


def write_teaching() -> list[Path]:
    """Write the pages of the journal club, and the figures that they show again; none without `teaching/`.

    A page that would not change is left alone, so that it is not built anew.

    Raises
    ------
    DataError
        With every name, in any of the texts, that stands for nothing.
    """
    if not sessions_dir().is_dir():
        return []
    texts = pages()
    drawn = {picture.name: picture.svg for chapter in _chapters() for picture in pictures(chapter).values()}
    wanted = {name for text in texts.values() for name in _SHOWN.findall(text)}
    files = {f"{name}.md": text for name, text in texts.items()}
    files |= {f"figures/{name}.svg": drawn[name] for name in sorted(wanted)}
    decks = {study: deck(study, read_session(study, plain=True)) for study in _studies()}
    wanted = {name for text in decks.values() for name in _SHOWN.findall(text)}
    files |= {f"site/slides/{study}.html": text for study, text in decks.items()}
    files |= {f"site/slides/figures/{name}.svg": drawn[name] for name in sorted(wanted)}
    return [_written(executed_dir() / name, text) for name, text in files.items()]


def pages() -> dict[str, str]:
    """Name of a page → its MyST Markdown."""
    problems: list[Problem] = []
    found = {path.stem: _text(path, problems) for path in sorted((root() / "teaching").glob("*.md"))}
    found |= {f"method_{path.stem}": _text(path, problems) for path in sorted(_methods().glob("*.md"))}
    for study in _studies():
        try:
            session = read_session(study)
        except DataError as error:
            problems += error.problems
            continue
        found[f"session_{study}"] = learner_page(study, session)
        found[f"facilitator_{study}"] = facilitator_page(study, session)
    if problems:
        raise DataError(problems)
    return found | sheets(_studies())


def _studies() -> list[str]:
    return sorted(path.stem for path in sessions_dir().glob("*.yml"))


def _methods() -> Path:
    return root() / "teaching" / "methods"


def _chapters() -> list[str]:
    return sorted(path.stem for path in executed_dir().glob("*.ipynb"))


def _text(path: Path, problems: list[Problem]) -> str:
    return fill(path.read_text(encoding="utf-8"), None, path.relative_to(root()).as_posix(), "", problems)


def _written(path: Path, text: str) -> Path:
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)
    return path
