"""What a notebook reads of the project: noted by its kernel, kept as hashes beside what it made."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from haicbook.book.digests import counts, sha256
from haicbook.paths import build_dir, root

# what a file was that changed while it was being read: equal to nothing
_IN_MOTION = "changed while the notebook ran"


def watch(log: str) -> None:
    """Note in a file, a line each, the project's files that this process opens to read, and the folders that it lists.

    A file that is looked for in vain is noted too: were it there, it would be read. What lies in the build folder, in
    the package and in hidden folders is not an input of this kind.
    """
    project, beside = f"{root()}{os.sep}", (f"{build_dir()}{os.sep}", f"{Path(__file__).parents[1]}{os.sep}")
    seen: set[str] = set()
    # open at once: a notebook that reads nothing has an empty list, and no list means that nothing was watched
    file = Path(log).open("a", encoding="utf-8")  # noqa: SIM115

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.listdir", "os.scandir") or not isinstance(arguments[0], str | os.PathLike):
            return
        # links are not followed: what they are called is what is looked for next time
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100
        if not path.startswith(project) or path.startswith(beside) or path in seen:
            return
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        seen.add(path)
        name = path.removeprefix(project).replace(os.sep, "/")
        if all(map(counts, name.split("/"))):
            file.write(name + ("\n" if event == "open" else "/\n"))
            file.flush()

    sys.addaudithook(note)


def states(log: Path, begin: float, end: float) -> dict[str, str]:
    """Name → what `state` says of it, for all that was noted; a file that changed meanwhile is equal to nothing.

    Parameters
    ----------
    log
        As `watch` wrote it.
    begin, end
        When the notebook ran, in seconds as `time.time` has them.
    """
    found = {}
    for name in sorted(set(log.read_text(encoding="utf-8").splitlines())):
        path = root() / name
        moving = not name.endswith("/") and path.is_file() and begin <= path.stat().st_mtime <= end
        found[name] = _IN_MOTION if moving else state(name)
    return found


def state(name: str) -> str:
    """The sha256 of a file of the project, or of a folder's list (`data/`); empty when it is not there."""
    path = root() / name
    if name.endswith("/"):
        listed = sorted(entry.name for entry in path.iterdir() if counts(entry.name)) if path.is_dir() else []
        # prose about the data is nobody's input
        return sha256("\n".join(entry for entry in listed if entry != "README.md").encode())
    return sha256(path.read_bytes()) if path.is_file() else ""


def kind(name: str) -> str:
    """What a name belongs to, in a word for people: `results`, or the folder that it is in, `data`."""
    return "results" if name.startswith("book/_executed/") else name.split("/")[0]
