"""Pages that did not change are neither read nor written again, and the book is the same bytes as one made afresh."""

from __future__ import annotations

import json
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
# what is done to which file, and which pages are read again; none means that all are
EDITS: dict[str, tuple[dict[str, str], set[str]]] = {
    "words": ({"book/one.md": SOURCES["book/one.md"] + "\nMore words.\n"}, {"book/one"}),
    "an included file": ({"book/part.md": "Another part.\n"}, {"book/one"}),
    "a title": ({"book/one.md": SOURCES["book/one.md"].replace("# One", "# First")}, {"book/one"}),
    "a label's heading": ({"book/two.md": SOURCES["book/two.md"].replace("## Second", "## Third")}, {"book/two"}),
    "a figure before the first": (
        {"book/one.md": SOURCES["book/one.md"] + "\n```{figure} dot.svg\n\nFirst.\n```\n"},
        {"book/one"},
    ),
    "a figure less": (
        {"book/two.md": "# Two\n\n(label)=\n## Second\n", "index.md": "# A book\n"},
        {"book/two", "index"},
    ),
    "another work cited": ({"book/two.md": SOURCES["book/two.md"] + "\n{cite}`b`\n"}, {"book/two"}),
    "no work cited": ({"book/one.md": "# One\n"}, {"book/one"}),
    "another order": ({"_toc.yml": TOC.replace("  - file: book/one\n", "") + "  - file: book/one\n"}, set()),
    "a work's title": ({"book/references.bib": BIB.replace("{A}", "{Alpha}")}, set()),
    "the configuration": ({"_config.yml": CONFIG.replace("tiny", "small")}, set()),
    "an image": ({"book/dot.svg": IMAGE.replace('"1"', '"2"')}, set()),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A book of four pages that show things of each other, built."""
    project = tmp_path_factory.mktemp("kept") / "project"
    for name, text in SOURCES.items():
        write(project / name, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAICBOOK_ROOT", str(project))
        assert build.build_pages().warnings == ()
    return project


@pytest.fixture
def project(made, tmp_path, monkeypatch) -> Path:
    copy = shutil.copytree(made, tmp_path / "project")
    monkeypatch.setenv("HAICBOOK_ROOT", str(copy))
    return copy


@pytest.fixture
def read(monkeypatch) -> Callable[[], set[str]]:
    """The pages that were read since it was called last."""
    said = []
    call = build._call_jupyter_book
    names = [name.removesuffix(".md") for name in SOURCES if name.endswith(".md") and name != "book/part.md"]

    def noting(folder, strict):
        before = {name: _written(folder, name) for name in names}
        built = call(folder, strict)
        said.extend(name for name in names if _written(folder, name) != before[name])
        return built

    monkeypatch.setattr(build, "_call_jupyter_book", noting)

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


ALL = {"index", "book/one", "book/two", "book/works"}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_book_is_the_one_made_afresh(project, read, edit):
    changes, pages = EDITS[edit]
    for name, text in changes.items():
        write(project / name, text)
    edited = book(project)
    assert read() == (pages or ALL)
    assert edited == afresh(project)


def test_edits_one_after_another_and_back_give_the_first_book(project):
    first = snapshot(project / "_build/html")
    for edit in ("a title", "a figure less", "words"):
        for name, text in EDITS[edit][0].items():
            write(project / name, text)
        book(project)
    for name, text in SOURCES.items():
        write(project / name, text)
    assert book(project) == first


def test_a_page_that_leads_nowhere_now_is_warned_of_as_often_as_it_is_built(project, read):
    write(project / "book/two.md", "# Two\n")
    for _ in range(2):
        built = build.build_pages()
        assert any("label" in line and "book/works.md" in line for line in built.warnings)
        assert not kept_folder().exists()
        write(project / "book/one.md", "# One\n")
    assert read() == ALL


@pytest.mark.parametrize("damaged", [".doctrees/book/one.doctree", ".doctrees/environment.pickle", "note.json"])
def test_what_was_kept_and_is_damaged_is_not_believed(project, read, damaged):
    path = kept_folder() / damaged
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    write(project / "book/one.md", "# One\n\nOther words.\n")
    edited = book(project)
    assert read() == ALL
    assert edited == afresh(project)


def test_a_damaged_page_is_made_anew(project, read):
    write(project / "_build/html/two.html", "edited")
    write(project / "book/one.md", "# One\n\nOther words.\n")
    assert book(project) == afresh(project)


def test_what_was_kept_of_another_book_is_not_taken(project, tmp_path):
    assert not take(tmp_path / "work", "another key", project / "_build/html")
    assert not kept_folder().exists()
    assert not (tmp_path / "work").exists()


def test_a_change_while_the_pages_are_built_leaves_nothing_kept(project, monkeypatch):
    call = build._call_jupyter_book

    def changing(folder, strict):
        built = call(folder, strict)
        write(project / "book/one.md", "# One\n\nEven later.\n")
        return built

    monkeypatch.setattr(build, "_call_jupyter_book", changing)
    write(project / "book/one.md", "# One\n\nLater.\n")
    assert build.build_pages().code == 0
    assert not kept_folder().exists()


def test_the_note_says_what_is_kept(project):
    note = json.loads((kept_folder() / "note.json").read_text())
    assert note["key"] == build.standing(strict=False)
    assert note["files"] != {}
