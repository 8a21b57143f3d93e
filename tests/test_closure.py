"""The modules that an answer rests on, found from imports."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from haicbook.closure import PACKAGE, closure, digest_of_closure, imported

ENGINE = "haicbook.survival.reconstruct"


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "haicbook"
    return shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))


def changed(path: Path, package: Path) -> str:
    """The engine's digest while a module has one more line."""
    before = path.read_bytes()
    path.write_bytes(before + b"\nCHANGED = True\n")
    try:
        return digest_of_closure([ENGINE], package)
    finally:
        path.write_bytes(before)


def test_each_module_that_the_engine_rests_on_moves_its_digest(copied):
    found = closure([ENGINE], copied)
    digests = [digest_of_closure([ENGINE], copied), *(changed(path, copied) for path in found.values())]
    assert len(set(digests)) == len(found) + 1


def test_what_the_engine_rests_on_is_found_without_being_listed(copied):
    found = set(closure([ENGINE], copied))
    assert {"haicbook.printed", "haicbook.compiled", "haicbook.survival.impossible"} <= found
    assert {
        "haicbook.survival.engine.annealing",
        "haicbook.survival.estimators",
        "haicbook.survival.estimators.rmst",
    } <= found
    assert not {name for name in found if name.startswith(("haicbook.show", "haicbook.book", "haicbook.study"))}


def test_a_module_that_the_engine_does_not_rest_on_leaves_its_digest(copied):
    before = digest_of_closure([ENGINE], copied)
    inside = set(closure([ENGINE], copied).values())
    outside = [path for path in copied.rglob("*.py") if path not in inside]
    assert len(outside) > 100
    for path in outside:
        path.write_text(path.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")
    assert digest_of_closure([ENGINE], copied) == before


def test_the_folder_in_which_a_package_lies_does_not_count(copied, tmp_path):
    moved = shutil.copytree(copied, tmp_path / "haicbook")
    assert digest_of_closure([ENGINE], moved) == digest_of_closure([ENGINE], copied)


# --- forms of an import -----------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path) -> Path:
    """A package with modules in it, empty but for what a test writes."""
    for name in ("__init__", "a", "b", "inner/__init__", "inner/c", "inner/d"):
        path = tmp_path / "p" / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("")
    return tmp_path / "p"


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import p.b", {"p.b"}),
        ("import numpy, p.b as other, p.inner.c", {"p.b", "p.inner.c"}),
        ("from p.b import name", {"p.b"}),
        ("from p import b", {"p.b"}),
        ("from p.inner import (\n    c,  # why\n    d as other,\n)", {"p.inner.c", "p.inner.d"}),
        ("from p.inner import name", {"p.inner"}),
        ("from p.inner import *", {"p.inner"}),
        ("from . import b", {"p.b"}),
        ("from .inner.c import name", {"p.inner.c"}),
        ("def late():\n    from p.b import name\n    return name", {"p.b"}),
        ("if TYPE_CHECKING:\n    from p.b import Name", {"p.b"}),
        ("try:\n\timport p.b\nexcept ImportError:\n\tpass", {"p.b"}),
        ('"""Numbers\nfrom p or import p of them."""\nimport json', set()),
        ("from pandas import p\nimport paths", set()),
    ],
)
def test_an_import_is_seen_in_whatever_form(package, text, modules):
    assert imported(text, "p.a", package) == modules


def test_relative_imports_start_where_the_module_is(package):
    assert imported("from . import d\nfrom .. import b\nfrom ..a import x", "p.inner.c", package) == {
        "p.inner.d",
        "p.b",
        "p.a",
    }
    assert imported("from . import d\nfrom ..a import x", "p.inner", package) == {"p.inner.d", "p.a"}


def test_a_package_that_gives_its_own_thing_the_name_of_a_module_counts_with_what_it_imports(package):
    (package / "a.py").write_text("from p.inner import c\n")
    assert set(closure(["p.a"], package)) == {"p", "p.a", "p.inner", "p.inner.c"}
    (package / "inner" / "__init__.py").write_text("from p.b import c\n")
    assert set(closure(["p.a"], package)) == {"p", "p.a", "p.b", "p.inner", "p.inner.c"}


def test_modules_that_import_each_other_end(package):
    (package / "a.py").write_text("import p.b\n")
    (package / "b.py").write_text("import p.a\n")
    assert set(closure(["p.b"], package)) == {"p", "p.a", "p.b"}


@pytest.mark.parametrize("name", ["p.none", "elsewhere.a"])
def test_a_name_that_is_no_module_is_named(package, name):
    with pytest.raises(ValueError, match=f"{name} is no module of the package p"):
        closure([name], package)


def test_the_quick_reading_of_imports_misses_none_of_the_package():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # the nursery imports what a description names, for others and not for itself
        assert path.name == "nursery.py" or not re.search(r"\b(import_module|__import__)\b", text), path
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
        rewritten = "\n".join(map(ast.unparse, nodes))
        assert imported(text) == imported(rewritten), path
