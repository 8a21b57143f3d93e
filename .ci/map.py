"""Draw the map of the package in CONTRIBUTING.md from its imports: `python .ci/map.py`."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from haicbook.closure import PACKAGE, imported  # noqa: E402

PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- drawn by `python .ci/map.py` -->\n", "<!-- end of the map -->\n"
Graph = dict[str, set[str]]


def rooms(package: Path = PACKAGE) -> dict[str, list[Path]]:
    """Packages and modules of the top level, and the files of each, the one that introduces it first."""
    found = {path.stem: [path] for path in package.glob("*.py") if not path.stem.startswith("__")}
    folders = [path.parent for path in package.glob("*/__init__.py")]
    found |= {folder.name: [folder / "__init__.py", *folder.rglob("*.py")] for folder in folders}
    return found


def imports(package: Path = PACKAGE) -> Graph:
    """Room to the rooms that its files import."""
    graph: Graph = {}
    for room, files in rooms(package).items():
        found = set().union(*(imported(file.read_text("utf-8"), name_of(file, package), package) for file in files))
        graph[room] = {module.split(".")[1] for module in found if "." in module} - {room}
    return graph


def name_of(file: Path, package: Path = PACKAGE) -> str:
    """A file's module, with its dots."""
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def reached(graph: Graph, room: str) -> set[str]:
    """All that a room rests on, near or far."""
    return graph[room].union(*(reached(graph, below) for below in graph[room]))


def nearest(graph: Graph, room: str) -> set[str]:
    """What a room imports and does not already rest on through another."""
    return graph[room] - set().union(*(reached(graph, below) for below in graph[room]))


def height(graph: Graph, room: str) -> int:
    """How many rooms stand below one another under this one."""
    return 1 + max((height(graph, below) for below in graph[room]), default=0)


def introduction(file: Path) -> str:
    """What a module's docstring says first, up to a comma, a colon, a semicolon or a full stop."""
    first = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]
    return re.split(r"[,:;.](?: |$)", first)[0]


def drawn(package: Path = PACKAGE) -> str:
    """The map as a table, from the highest room to the lowest."""
    graph, files = imports(package), rooms(package)
    lines = ["| Room | What it is | Rests on |", "| --- | --- | --- |"]
    for room in sorted(graph, key=lambda room: (-height(graph, room), room)):
        name = f"`{room}/`" if len(files[room]) > 1 else f"`{room}`"
        below = ", ".join(sorted(nearest(graph, room)))
        lines.append(f"| {name} | {introduction(files[room][0])} | {below} |")
    return "\n".join(lines) + "\n"


def with_map(text: str) -> str:
    """The page's text with the map as it is now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_map(PAGE.read_text("utf-8")), "utf-8")
