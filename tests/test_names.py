"""A name means one thing: no two classes share one, and two files only where they have the same role in two rooms."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import haicbook

PACKAGE = Path(haicbook.__file__).parent
# an error that a paper can have, the rule that finds it, the number that is computed, the part of a page that shows it
ONE_TOPIC = {
    frozenset({"simulate/errors", "audit/rules"}),
    frozenset({"simulate/errors", "audit/rules", "show"}),
    frozenset({"synthesis", "show/across"}),
    frozenset({"", "show", "show/across"}),
}
# what a command says, and what a program reads of it
SAME_EVERYWHERE = {"__init__.py", "report.py"}


def test_two_files_share_a_name_only_where_they_share_a_topic():
    rooms = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        rooms[path.name].add(path.parent.relative_to(PACKAGE).as_posix().removeprefix("."))
    twice = {name: frozenset(found) for name, found in rooms.items() if len(found) > 1}
    assert {
        name: found for name, found in twice.items() if name not in SAME_EVERYWHERE and found not in ONE_TOPIC
    } == {}


def test_no_two_classes_share_a_name():
    files = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                files[node.name].append(path.relative_to(PACKAGE).as_posix())
    assert {name: found for name, found in files.items() if len(found) > 1} == {}
