"""What Sphinx read for the last finished book, kept, so that the next build reads and writes the pages that changed.

Two sides. Around Sphinx, `take` and `keep` move its folder of read pages to where it works and back: it is kept only of
a build that warned of nothing, and taken only when all that is no page's own source is as it was and no byte of it has
changed. Inside Sphinx, this module is an extension. What a page is made of goes by content and not by time; and when
something changed that pages show of each other (titles, numbers, labels, citations), all of them are written.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haicbook.book.digests import hashes, sha256
from haicbook.paths import build_dir

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

# of Sphinx's environment: when and from where pages were read, what serves its own work, and what only one page shows
_PRIVATE = {
    *("all_docs", "app", "config", "config_status", "config_status_extra", "dependencies", "doctreedir", "domains"),
    *("events", "included", "project", "settings", "srcdir", "temp_data", "ref_context", "version", "nb_metadata"),
    *("images", "dlfiles", "original_image_uri", "found_docs", "metadata"),
}
BUILD_INFO = ".buildinfo"
_ENTRIES = "index_entries.json"


def kept_folder() -> Path:
    """Where Sphinx's work is kept between two builds."""
    return build_dir() / "kept"


def take(folder: Path, key: str, book: Path) -> bool:
    """Move what was kept, and a copy of the book that was made of it, to where Sphinx works.

    Parameters
    ----------
    folder
        Where Sphinx will work; not there yet.
    key
        Of everything that is no page's own source.
    book
        The finished book, as it was made.

    Returns
    -------
    bool
        False when nothing fitting was kept; nothing is there then, and all will be read afresh.
    """
    kept = kept_folder()
    try:
        note = json.loads((kept / "note.json").read_text(encoding="utf-8"))
        (kept / "note.json").unlink()
        fits = note == {"key": key, "files": hashes(kept)}
    except (OSError, ValueError):
        fits = False
    if not fits:
        shutil.rmtree(kept, ignore_errors=True)
        return False
    folder.parent.mkdir(exist_ok=True)
    kept.rename(folder)
    shutil.copytree(book, folder / "html", dirs_exist_ok=True)
    return True


def keep(folder: Path, key: str, build_info: bytes) -> None:
    """Keep what Sphinx worked with, without the pages, but with its note on what configuration they were written.

    The note for `take` is written last: without it, nothing was kept.
    """
    kept = kept_folder()
    for old in (kept, folder / "html"):
        shutil.rmtree(old, ignore_errors=True)
    (folder / "html").mkdir()
    (folder / "html" / BUILD_INFO).write_bytes(build_info)
    folder.rename(kept)
    (kept / "note.json").write_text(json.dumps({"key": key, "files": hashes(kept)}), encoding="utf-8")


def made_of(env: BuildEnvironment, docname: str) -> str:
    """One sha256 over a page's source and the files that it included when it was read."""
    files = [Path(env.doc2path(docname)), *(Path(env.srcdir, name) for name in sorted(env.dependencies[docname]))]
    return sha256("\n".join(sha256(file.read_bytes()) if file.is_file() else "" for file in files).encode())


def shared(env: BuildEnvironment) -> str:
    """All that pages can show of each other, as a text that is the same for the same content."""
    return json.dumps({name: _plain(value) for name, value in vars(env).items() if _shows(name)}, sort_keys=True)


def _shows(name: str) -> bool:
    return name not in _PRIVATE and not name.startswith(("_", "haicbook_"))


def _plain(value: Any) -> Any:
    from docutils import nodes

    if isinstance(value, nodes.Node):
        return value.pformat()
    if isinstance(value, Mapping):
        return sorted(([_plain(key), _plain(item)] for key, item in value.items()), key=repr)
    if hasattr(value, "_asdict"):
        # on which line a work is cited, no page shows
        return _plain({name: item for name, item in value._asdict().items() if name != "line"})
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, set | frozenset):
        return sorted(map(_plain, value), key=repr)
    if isinstance(value, list | tuple):
        # what each page cites, in the order of reading, which is not that of the pages
        by_page = sorted(value, key=lambda item: item.docname) if value and hasattr(value[0], "docname") else value
        return [_plain(item) for item in by_page]
    if type(value).__module__.startswith("pybtex."):
        # their representation has their place in memory
        return _plain(vars(value))
    return repr(value)


# Sphinx keeps with its environment whatever is set on it, which its types do not know


def outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The pages that are made of something else than when they were read."""
    known: dict[str, str] = getattr(env, "haicbook_made_of", {})
    env.haicbook_shared = shared(env) if known else None  # type: ignore[attr-defined]
    if known:
        entries = Path(app.doctreedir, _ENTRIES)
        env._search_index_index_entries = json.loads(entries.read_text(encoding="utf-8"))
    return [docname for docname in env.found_docs if known.get(docname) != made_of(env, docname)]


def updated(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """All pages, when something that they show of each other has changed; which they are made of is noted."""
    env.haicbook_made_of = {docname: made_of(env, docname) for docname in env.found_docs}  # type: ignore[attr-defined]
    before = env.haicbook_shared  # type: ignore[attr-defined]
    env.haicbook_shared = None  # type: ignore[attr-defined]
    return sorted(env.found_docs) if before not in (None, shared(env)) else []


def finished(app: Sphinx, exception: Exception | None) -> None:
    """Keep for the search what it does not write down, and take away images and downloads that no page has any more."""
    if exception is not None:
        return
    if app.builder.indexer is not None:  # type: ignore[attr-defined]
        entries = json.dumps(app.builder.indexer._index_entries)  # type: ignore[attr-defined]
        Path(app.doctreedir, _ENTRIES).write_text(entries, encoding="utf-8")
    for folder, files in (("_images", app.env.images), ("_downloads", app.env.dlfiles)):
        wanted = {name for _, name in files.values()}
        for path in Path(app.outdir, folder).rglob("*"):
            if path.is_file() and path.relative_to(Path(app.outdir, folder)).as_posix() not in wanted:
                path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("env-get-outdated", outdated)
    # after all that number and label
    app.connect("env-get-updated", updated, priority=1000)
    app.connect("build-finished", finished)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
