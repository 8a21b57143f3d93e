"""The map in CONTRIBUTING.md is what the imports say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = runpy.run_path(str(ROOT / ".ci" / "map.py"))


def test_the_map_is_what_the_imports_say():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert text == MAP["with_map"](text), "the imports have changed: .venv/bin/python .ci/map.py"


@pytest.fixture
def package(tmp_path):
    files = {
        "__init__.py": "",
        "roof.py": '"""The roof: over all."""\nfrom house import ground, hall\n',
        "hall/__init__.py": '"""The hall, where guests are. Large."""\n',
        "hall/stairs.py": "from house.ground import stone\nfrom house.hall import door\n",
        "hall/door.py": "",
        "ground.py": '"""The ground"""\nstone = 1\n',
    }
    for name, text in files.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "house"


def test_rooms_stand_above_what_they_import_and_name_the_nearest(package):
    assert MAP["drawn"](package).splitlines()[2:] == [
        "| `roof` | The roof | hall |",
        "| `hall/` | The hall | ground |",
        "| `ground` | The ground |  |",
    ]


def test_an_import_within_a_function_counts(package):
    (package / "ground.py").write_text("def dig():\n    from house import cellar\n", encoding="utf-8")
    (package / "cellar.py").touch()
    assert MAP["imports"](package)["ground"] == {"cellar"}


def test_only_what_stands_between_the_marks_is_drawn_again():
    drawn = MAP["with_map"](f"before\n{MAP['BEGIN']}old\n{MAP['END']}after\n")
    assert drawn == f"before\n{MAP['BEGIN']}\n{MAP['drawn']()}\n{MAP['END']}after\n"
