"""The modules that an answer rests on, found from imports: an answer that is kept is as old as the oldest of them.

Imports within functions count, and so do those for type checking only. Of a package, its `__init__.py` counts as text;
what that imports counts only where a name is taken from the package itself. Names put together at run time are not
seen: the package has none, which a test checks.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent

# parsing whole modules takes a second where parsing these lines takes milliseconds
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+import[ \t]+(?:\([^)]*\)|[^\n(]+)|import[ \t]+[\w., \t]+)", re.MULTILINE
)


def digest_of_closure(names: Iterable[str], package: Path = PACKAGE) -> str:
    """A sha256 over the text of modules, of all modules that they import, and so on.

    Parameters
    ----------
    names
        Modules with their dots: `haicbook.survival.reconstruct`.
    package
        The package's folder; imports of anything else are not followed.

    Raises
    ------
    ValueError
        When a name is no module of the package.
    """
    state = hashlib.sha256()
    for name, path in sorted(closure(names, package).items()):
        state.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return state.hexdigest()


def closure(names: Iterable[str], package: Path = PACKAGE) -> dict[str, Path]:
    """Modules, all modules of the package that they import, and so on: name → file.

    Parameters
    ----------
    names, package
        As :func:`digest_of_closure` takes them.

    Raises
    ------
    ValueError
        When a name is no module of the package.
    """
    found: dict[str, Path] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _file(name, package)
        if path is None:
            raise ValueError(f"{name} is no module of the package {package.name}")
        found[name] = path
        waiting += imported(path.read_text(encoding="utf-8"), name, package)
    around = {parent for name in found for parent in _parents(name)}
    return found | {parent: package.joinpath(*parent.split(".")[1:], "__init__.py") for parent in around - {*found}}


def imported(text: str, name: str = "", package: Path = PACKAGE) -> set[str]:
    """The package's modules that a text of Python imports.

    Parameters
    ----------
    text
        A module, or the code of a notebook.
    name
        The module's name, which relative imports start from.
    package
        The package's folder.
    """
    return {module for node in _imports(text, package.name) for module in _modules(node, name, package)}


def _imports(text: str, package: str) -> Iterator[ast.Import | ast.ImportFrom]:
    for lines in {match[0].strip() for match in _IMPORT.finditer(text)}:
        if package not in lines and not lines.startswith("from ."):
            continue
        try:
            (node,) = ast.parse(lines).body
        except (SyntaxError, ValueError):
            continue  # a sentence of a docstring
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node


def _modules(node: ast.Import | ast.ImportFrom, name: str, package: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _file(alias.name, package))
        return
    base = _absolute(node, name, package)
    if (path := _file(base, package)) is None:
        return
    text = path.read_text(encoding="utf-8") if path.name == "__init__.py" else None
    for alias in node.names:
        module = f"{base}.{alias.name}"
        is_module = _file(module, package) is not None
        if is_module:
            yield module
        # a package may give its own thing the name of one of its modules
        if not is_module or text is None or re.search(rf"\b{alias.name}\b", text):
            yield base


def _absolute(node: ast.ImportFrom, name: str, package: Path) -> str:
    if not node.level:
        return node.module or ""
    path = _file(name, package)
    up = node.level - (path is not None and path.name == "__init__.py")
    base = name.split(".")[: -up or None]
    return ".".join([*base, *([node.module] if node.module else [])])


def _file(name: str, package: Path) -> Path | None:
    top, *rest = name.split(".")
    if top != package.name:
        return None
    folder = package.joinpath(*rest)
    for path in (folder / "__init__.py", folder.with_name(f"{folder.name}.py")):
        if path.is_file():
            return path
    return None


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts)))
