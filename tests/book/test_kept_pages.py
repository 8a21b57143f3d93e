"""Pages that did not change are neither read nor written again, and the book is the same bytes as one made afresh."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import snapshot, write

from haicbook.book import build
from haicbook.book.kept_pages import kept_folder, take

TOC = "format: jb-book\nroot: index\nchapters:\n  - file: book/one\n  - file: book/two\n  - file: book/works\n"
CONFIG = """title: tiny
only_build_toc_files: true
exclude_patterns: [_build, ".*"]
bibtex_bibfiles: [book/references.bib]
execute:
  execute_notebooks: "off"
sphinx:
  extra_extensions: [haicbook.book.addresses]
  config:
    numfig: true
"""
BIB = "@misc{a, title={A}, author={Ann A}, year=2001}\n@misc{b, title={B}, author={Ben B}, year=2002}\n"
IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
SOURCES = {
    "_config.yml": CONFIG,
    "_toc.yml": TOC,
    "index.md": "# A book\n\nSee {doc}`book/one` and {numref}`fig`.\n",
    "book/references.bib": BIB,
    "book/one.md": "# One\n\nWords {cite}`a`. {download}`x <data.txt>`\n\n```{include} part.md\n```\n",
    "book/part.md": "A part.\n",
    "book/data.txt": "data\n",
    "book/two.md": "# Two\n\n(label)=\n## Second\n\n```{figure} dot.svg\n:name: fig\n\nA dot.\n```\n",
    "book/dot.svg": IMAGE,
    "book/works.md": "# Works\n\nBack to {ref}`label`.\n\n```{bibliography}\n```\n",
}
# what is done to which file, and which pages are read again
EDITS: dict[str, tuple[dict[str, str], set[str]]] = {
    "words and another included file": (
        {"book/one.md": SOURCES["book/one.md"] + "\nMore words.\n", "book/part.md": "Another part.\n"},
        {"book/one"},
    ),
    "a title": ({"book/one.md": SOURCES["book/one.md"].replace("# One", "# First")}, {"book/one"}),
    "a label's heading, another work": (
        {"book/two.md": SOURCES["book/two.md"].replace("## Second", "## Third {cite}`b`")},
        {"book/two"},
    ),
    "a figure before the first": (
        {"book/one.md": SOURCES["book/one.md"] + "\n```{figure} dot.svg\n\nFirst.\n```\n"},
        {"book/one"},
    ),
    "no figure, no download, no work": (
        {"book/two.md": "# Two\n\n(label)=\n## Second\n", "book/one.md": "# One\n", "index.md": "# A book\n"},
        {"book/two", "book/one", "index"},
    ),
}
# what belongs to no page
COMMON = {
    "another order": {"_toc.yml": TOC.replace("  - file: book/one\n", "") + "  - file: book/one\n"},
    "a work's title": {"book/references.bib": BIB.replace("{A}", "{Alpha}")},
    "the configuration": {"_config.yml": CONFIG.replace("tiny", "small")},
    "an image": {"book/dot.svg": IMAGE.replace('"1"', '"2"')},
}
ALL = {"index", "book/one", "book/two", "book/works"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A book of four pages that show things of each other; it stays in its place, because Sphinx asks for that."""
    project = tmp_path_factory.mktemp("kept") / "project"
    for name, text in SOURCES.items():
        write(project / name, text)
    return project


@pytest.fixture
def project(made, monkeypatch) -> Path:
    """It, with its first sources and built."""
    monkeypatch.setenv("HAICBOOK_ROOT", str(made))
    for name, text in SOURCES.items():
        if (made / name).read_text() != text:
            write(made / name, text)
    if not kept_folder().exists():
        (made / "_build/book.json").unlink(missing_ok=True)
    assert build.build_pages().warnings == ()
    return made


@pytest.fixture
def read(project, monkeypatch) -> Callable[[], set[str]]:
    """The pages that were read since it was called last."""
    said: list[str] = []
    call = build.call_jupyter_book

    def noting(project, folder, *, strict=False):
        before = {name: _written(folder, name) for name in ALL}
        built = call(project, folder, strict=strict)
        said.extend(name for name in ALL if _written(folder, name) != before[name])
        return built

    monkeypatch.setattr(build, "call_jupyter_book", noting)

    def since() -> set[str]:
        found = set(said)
        said.clear()
        return found

    return since


def _written(folder: Path, name: str) -> int:
    path = folder / "_build/.doctrees" / f"{name}.doctree"
    return path.stat().st_mtime_ns if path.exists() else 0


def book(project: Path) -> dict[str, bytes]:
    assert build.build_pages().code == 0
    return snapshot(project / "_build/html")


def afresh(project: Path) -> dict[str, bytes]:
    shutil.rmtree(project / "_build")
    return book(project)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_book_is_the_one_made_afresh(project, read, edit):
    changes, pages = EDITS[edit]
    for name, text in changes.items():
        write(project / name, text)
    edited = book(project)
    assert read() == pages
    assert edited == afresh(project)


@pytest.mark.parametrize("edit", COMMON)
def test_what_belongs_to_no_page_belongs_to_all(project, tmp_path, edit):
    for name, text in COMMON[edit].items():
        write(project / name, text)
    copy = shutil.copytree(kept_folder(), tmp_path / "kept")
    assert not take(tmp_path / "work", build.standing(strict=False), project / "_build/html")
    copy.rename(kept_folder())


def test_a_page_that_leads_nowhere_now_is_warned_of_as_often_as_it_is_built(project, read):
    write(project / "book/two.md", "# Two\n")
    for text in ("# One\n", "# One\n\nMore.\n"):
        write(project / "book/one.md", text)
        built = build.build_pages()
        assert any("label" in line and "book/works.md" in line for line in built.warnings)
        assert not kept_folder().exists()
    assert read() == ALL


@pytest.mark.parametrize("damaged", [".doctrees/book/one.doctree", ".doctrees/environment.pickle", "note.json"])
def test_what_was_kept_and_is_damaged_is_not_believed(project, tmp_path, damaged):
    copy = shutil.copytree(kept_folder(), tmp_path / "kept")
    path = kept_folder() / damaged
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert not take(tmp_path / "work", build.standing(strict=False), project / "_build/html")
    assert not kept_folder().exists()
    copy.rename(kept_folder())
    assert take(tmp_path / "work", build.standing(strict=False), project / "_build/html")
    assert not kept_folder().exists()


def test_what_was_kept_for_other_warnings_is_not_taken(project, tmp_path):
    assert not take(tmp_path / "work", build.standing(strict=True), project / "_build/html")
    assert not (tmp_path / "work").exists()


def test_a_damaged_page_makes_all_be_made(project, read, monkeypatch):
    write(project / "_build/html/two.html", "edited")
    taken = []
    monkeypatch.setattr(build, "take", lambda *given: taken.append(given))
    assert build.build_pages().code == 0
    assert taken == []
    assert "edited" not in (project / "_build/html/two.html").read_text()[:10]


def test_a_change_while_the_pages_are_built_leaves_nothing_kept(project, monkeypatch):
    def changing(book, folder, *, strict=False):
        built = call(book, folder, strict=strict)
        write(project / "book/one.md", "# One\n\nEven later.\n")
        return built

    call = build.call_jupyter_book
    monkeypatch.setattr(build, "call_jupyter_book", changing)
    write(project / "book/one.md", "# One\n\nLater.\n")
    assert build.build_pages().code == 0
    assert not kept_folder().exists()


@pytest.mark.parametrize(
    "name",
    ["teaching/methods/a.md", "teaching/sessions/a.yml", "book/exercises/a.md", "book/_executed/site/slides/a.html"],
)
def test_what_the_journal_club_is_made_of_belongs_to_no_other_page(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    before = build.standing(strict=False)
    write(tmp_path / name, "text\n")
    assert build.standing(strict=False) == before
