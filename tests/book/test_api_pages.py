"""The API pages list what is public, and the examples of docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest
from docutils import nodes
from docutils.core import publish_doctree

import haicbook
from haicbook import stats
from haicbook.book.docstrings import with_dashes
from haicbook.paths import root

PAGES = {
    "api_audit": ("haicbook.audit",),
    "api_chapter": ("haicbook.chapter",),
    "api_matching": ("haicbook.matching",),
    "api_stats": tuple(f"haicbook.stats.{module.name}" for module in pkgutil.iter_modules(stats.__path__)),
    "api_study": ("haicbook.study",),
    "api_survival": ("haicbook.survival",),
}
# audits a whole synthetic paper, as tests/simulate do
ELSEWHERE = ("haicbook.simulate.synthetic",)
MODULES = [module for modules in PAGES.values() for module in modules]


def public(module: ModuleType) -> set[str]:
    """What a module offers: what it says it does, else what it defines."""
    defined = {name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__}
    return set(getattr(module, "__all__", {name for name in defined if not name.startswith("_")}))


def listed(page: str) -> dict[str, list[str]]:
    """Module to what the tables and the constants of a page list of it."""
    found: dict[str, list[str]] = {}
    module = ""
    for line in (root() / "book" / f"{page}.md").read_text(encoding="utf-8").splitlines():
        if begun := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = begun[1]
        elif entry := re.fullmatch(r"(?:   |\.\. data:: )(\w+)", line):
            found.setdefault(module, []).append(entry[1])
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_lists_each_public_name_once(page):
    offered = {name: sorted(public(importlib.import_module(name))) for name in PAGES[page]}
    assert {module: sorted(names) for module, names in listed(page).items()} == offered


@pytest.mark.parametrize("page", PAGES)
def test_a_page_documents_each_of_its_modules(page):
    text = (root() / "book" / f"{page}.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\.\. automodule:: (\S+)\n   :members:", text)) == sorted(PAGES[page])


def test_every_page_is_in_the_book():
    toc = (root() / "_toc.yml").read_text(encoding="utf-8")
    pages = {path.stem for path in (root() / "book").glob("api*.md")}
    assert pages == {"api", *PAGES}
    assert set(re.findall(r"book/(api\w*)$", toc, re.MULTILINE)) == pages


def with_examples() -> list[str]:
    """Modules of the package with an example in a docstring."""
    names = (module.name for module in pkgutil.walk_packages(haicbook.__path__, "haicbook."))
    folder = root() / "src"
    paths = {name: folder.joinpath(*name.split(".")) for name in names}
    files = {name: path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for name, path in paths.items()}
    return [name for name, file in files.items() if ">>>" in file.read_text("utf-8") and name not in ELSEWHERE]


@pytest.mark.parametrize("name", with_examples())
def test_examples_do_what_they_say(name):
    module = importlib.import_module(name)
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("haicbook.survival", "reconstruct"),
        ("haicbook.audit", "audit"),
        ("haicbook.matching", "match"),
        ("haicbook.study", "load"),
    ],
)
def test_a_door_of_the_package_has_an_example(module, function):
    (found,) = doctest.DocTestFinder(recurse=False).find(getattr(importlib.import_module(module), function))
    assert found.examples
    assert not any(example.options for example in found.examples)


def test_reading_docstrings_compiles_nothing():
    words = (
        f"import importlib, sys; [importlib.import_module(name) for name in {MODULES}]; print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_hyphens_of_a_field_become_a_dash_and_no_others():
    fields = ":Attributes: * **a** -- what -- or whose\n             * b -- c\n"
    tree = publish_doctree(f"A class.\n\n{fields}\nA cell: **d** -- e\n")
    with_dashes(None, tree)
    assert [str(text) for text in tree.findall(nodes.Text) if "-" in text or "–" in text] == [
        " – what -- or whose",
        "b -- c",
        " -- e",
    ]
