"""Executed notebooks without what differs between two equal runs: the same inputs give the same bytes."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from haicbook.book.parameters import Scalar, with_defaults

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
# a warning names the cell it comes from by a file that the kernel pretends to have, with its process number in it;
# tried where a word begins only, since a download embedded in a page is one word of a million letters
_CELL_FILE = re.compile(r"(?<!\S)\S*ipykernel_\d+[/\\]\d+\.py")
_KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
_OF_THE_RUN = ("papermill", "execution")
# the key of an output's metadata under which a figure brings its caption, name and alt text
FIGURE = "haicbook-figure"


def normalise(node: Any, changed: Mapping[str, Scalar], folders: Mapping[Path, str]) -> Any:
    """A copy of an executed notebook that depends on its inputs only.

    Timestamps, papermill's and the kernel's own notes, random cell ids, addresses in memory and this machine's folders
    go; papermill's injected parameters move into the cell that declares them, so that a page shows them once.

    Parameters
    ----------
    node
        The notebook as papermill leaves it.
    changed
        The parameters that papermill injected.
    folders
        Folder → what to write in its stead wherever an output names it; the first that fits is taken.

    Returns
    -------
    nbformat.NotebookNode
    """
    node = nbformat.from_dict(node)
    node.cells = [cell for cell in node.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    node.metadata = _metadata(node.metadata)
    count = 0
    for index, cell in enumerate(node.cells, start=1):
        cell.id = f"cell-{index}"
        for key in _OF_THE_RUN:
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        _describe(cell)
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = with_defaults(cell.source, changed)
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        cell.outputs = [_output(output, count, folders) for output in cell.outputs]
    return node


def _describe(cell: Any) -> None:
    """Fold the code of a cell that says nothing else, and give a figure the caption that came with it."""
    cell.metadata["tags"] = cell.metadata.get("tags") or ["hide-input"]
    for output in cell.outputs:
        if FIGURE in output.get("metadata", {}):
            cell.metadata.setdefault("mystnb", {}).update(output.metadata.pop(FIGURE))


def machine_folders(root: Path, scratch: Path) -> dict[Path, str]:
    """The folders of this machine that an output may name, the innermost first, with what stands for each."""
    return {scratch: ".", Path(sys.prefix): "<python>", root: "<project>"}


def _metadata(metadata: Any) -> Any:
    kept = {key: value for key, value in metadata.items() if key not in (*_OF_THE_RUN, "jupytext", "widgets")}
    language = {key: value for key, value in kept.get("language_info", {}).items() if key in ("name", "pygments_lexer")}
    return nbformat.from_dict({**kept, "kernelspec": _KERNELSPEC, "language_info": {"name": "python", **language}})


def _output(output: Any, count: int, folders: Mapping[Path, str]) -> Any:
    if "execution_count" in output:
        output.execution_count = count
    if "text" in output:
        output.text = _steady(output.text, folders)
    if "traceback" in output:
        output.traceback = [_steady(line, folders) for line in output.traceback]
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") and isinstance(content, str):
            output.data[kind] = _steady(content, folders)
    return output


def _steady(text: str, folders: Mapping[Path, str]) -> str:
    text = _CELL_FILE.sub("<cell>", _ADDRESS.sub("at 0x…", text))
    for folder, name in folders.items():
        text = text.replace(str(folder), name)
    return text
