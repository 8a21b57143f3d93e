"""A Sphinx extension: each notebook's page ends with what a reader takes along as files, and how to cite it.

The files lie beside the page, in `take/<page>/`, and one archive holds them all; they travel with the book's folder.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

from haicbook.book.addresses import page_name
from haicbook.book.edition import Edition, edition
from haicbook.spreadsheet import shown

FOLDER = "take"
_TITLE = "Take along"
# where the offer will be, once tables and figures have their numbers
_PLACE = "haic-take-along-place"
_ROWS = re.compile(r'<a download="([^"]+)" href="data:[^;"]+;base64,([^"]+)"')
_SUFFIXES = {"image/svg+xml": "svg", "image/png": "png"}
# the first that a ZIP archive can name: the same content gives the same bytes
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ABOUT = """\
{reference}

What is reconstructed is synthetic and nobody's data. A figure on a slide keeps its caption, which says so.

{files}
"""


@dataclass(frozen=True)
class Item:
    """A table or figure of a page.

    Attributes
    ----------
    name
        Its address on the page, which its files are called after.
    label
        `Table 1.2`.
    caption
        As text.
    files
        File's name → content.
    """

    name: str
    label: str
    caption: str
    files: Mapping[str, bytes]


def add_section(app: Sphinx, doctree: nodes.document) -> None:
    """Add the section to a notebook's page, for the page's contents too."""
    chapter = next(iter(doctree.findall(nodes.section)), None)
    if chapter is not None and _notebook(app, app.env.docname):
        section = nodes.section(
            "",
            nodes.title("", _TITLE),
            nodes.raw("", "", classes=[_PLACE], format="html"),
            ids=["take-along"],
            names=["take along"],
        )
        chapter += section


def _notebook(app: Sphinx, docname: str) -> bool:
    return str(app.env.doc2path(docname)).endswith(".ipynb")


def offer(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write a page's files and put links to them in the directive's place."""
    places = [node for node in doctree.findall(nodes.raw) if _PLACE in node["classes"]]
    if not places or app.builder.format != "html":
        return
    page, book = page_name(docname, app.config.root_doc), edition(Path(app.srcdir), app.config)
    notebook = Path(app.env.doc2path(docname))
    numbers = app.env.toc_fignumbers.get(docname, {})
    items = [*_tables(doctree, numbers.get("table", {})), *_figures(doctree, numbers.get("figure", {}), notebook)]
    chapter = next(doctree.findall(nodes.title)).astext()
    others = _others(page, chapter, notebook, book)
    folder = Path(app.outdir, FOLDER, page)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = {name: content for item in items for name, content in item.files.items()} | others
    about = _ABOUT.format(reference=book.sentence(chapter), files=_listing(items))
    archive = _archive({"README.txt": about.encode(), **files, **_rows(notebook)}, page)
    for name, content in {**files, f"{page}.zip": archive}.items():
        (folder / name).write_bytes(content)
    shown_html = _shown(page, chapter, items, {name: len(text) for name, text in others.items()}, len(archive), book)
    for there in places:
        there.replace_self(nodes.raw("", shown_html, format="html"))


# --- what there is ----------------------------------------------------------------------------------------------------


def _tables(doctree: nodes.document, numbers: Mapping[str, Sequence[int]]) -> Iterator[Item]:
    for table in doctree.findall(nodes.table):
        title = next(iter(table.findall(nodes.title)), None)
        if title is None or not table["ids"] or table["ids"][0] not in numbers:
            continue
        name = table["ids"][0]
        yield Item(name, _label("Table", numbers[name]), _plain(title), {f"{name}.csv": _csv(table)})


def _csv(table: nodes.table) -> bytes:
    """A table as the page shows it, with minus signs that programs read, and a mark by which Excel knows UTF-8."""
    held = io.StringIO()
    writer = csv.writer(held)
    for row in table.findall(nodes.row):
        writer.writerow([shown(_plain(cell).replace("\N{MINUS SIGN}", "-")) for cell in row.findall(nodes.entry)])
    return held.getvalue().encode("utf-8-sig")


def _figures(doctree: nodes.document, numbers: Mapping[str, Sequence[int]], notebook: Path) -> Iterator[Item]:
    pictures = _pictures(notebook)
    for figure in doctree.findall(nodes.figure):
        name = next((name for name in figure["ids"] if name in numbers), "")
        if name not in pictures:
            continue
        caption = next(iter(figure.findall(nodes.caption)), None)
        words = "" if caption is None else _plain(caption)
        yield Item(name, _label("Fig.", numbers[name]), words, pictures[name])


def _pictures(notebook: Path) -> dict[str, dict[str, bytes]]:
    """The figures of an executed notebook by name, each as SVG and PNG."""
    found = {}
    for cell, data in _outputs(notebook):
        name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        if name and "image/svg+xml" in data:
            found[name] = {f"{name}.{_SUFFIXES[kind]}": _image(data[kind]) for kind in _SUFFIXES if kind in data}
    return found


def _image(content: str | list[str]) -> bytes:
    text = "".join(content)
    return text.encode() if text.lstrip().startswith("<") else base64.b64decode(text)


def _rows(notebook: Path) -> dict[str, bytes]:
    """The reconstructed rows that a notebook's page holds."""
    texts = ("".join(data["text/html"]) for _, data in _outputs(notebook) if "text/html" in data)
    return {html.unescape(name): base64.b64decode(text) for page in texts for name, text in _ROWS.findall(page)}


def _outputs(notebook: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            yield cell, output.get("data", {})


def _others(page: str, chapter: str, notebook: Path, book: Edition) -> dict[str, bytes]:
    files = {f"{page}.bib": book.bibtex(page, chapter).encode(), f"{page}.ris": book.ris(page, chapter).encode()}
    files[f"{page}.ipynb"] = notebook.read_bytes()
    if values := printed_values(page):
        files[f"{page}-printed-values.zip"] = values
    return files


@cache
def printed_values(page: str) -> bytes:
    """The data package of a chapter's study, or of all studies, as an archive; empty where there is none."""
    from haicbook.export import export
    from haicbook.study import load, studies

    chosen = [page] if page in studies() else studies()
    if not chosen:
        return b""
    with tempfile.TemporaryDirectory() as folder:
        written = export([load(study) for study in chosen], Path(folder, "values"))
        return _archive({path.name: path.read_bytes() for path in written}, f"{page}-printed-values")


def _archive(files: Mapping[str, bytes], folder: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", _NO_TIME)
            entry.external_attr = 0o644 << 16
            # pictures and archives are dense already
            method = zipfile.ZIP_STORED if name.endswith((".png", ".zip", ".gz")) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, method)
    return held.getvalue()


def _label(kind: str, number: Sequence[int]) -> str:
    return f"{kind} {'.'.join(map(str, number))}"


def _plain(node: nodes.Element) -> str:
    """The words of a caption or a cell, on one line, without the markup of links in it."""
    words = node.deepcopy()
    for markup in list(words.findall(nodes.raw)):
        markup.parent.remove(markup)
    return " ".join(words.astext().split())


# --- what is shown ----------------------------------------------------------------------------------------------------


def _listing(items: Sequence[Item]) -> str:
    return "\n\n".join(f"{item.label}: {', '.join(item.files)}\n{item.caption}" for item in items)


def _shown(page: str, chapter: str, items: Sequence[Item], others: Mapping[str, int], size: int, book: Edition) -> str:
    def link(name: str, words: str, size: int | None = None) -> str:
        amount = "" if size is None else f", {_size(size)}"
        address = quote(f"{FOLDER}/{page}/{name}")
        return f'<a download="{html.escape(name)}" href="{address}">{html.escape(words)}{amount}</a>'

    parts = {"All in one file": link(f"{page}.zip", "ZIP", size)}
    names = {"ipynb": "Executed notebook", "zip": "Printed values, as a data package"}
    for name, amount in others.items():
        if (title := names.get(name.rsplit(".", 1)[-1])) is not None:
            parts[title] = link(name, name.rsplit(".", 1)[-1].upper(), amount)
    for title, kind in (("Tables", "Table"), ("Figures", "Fig.")):
        if chosen := [item for item in items if item.label.startswith(kind)]:
            count = f"{len(chosen)} {title.lower() if len(chosen) > 1 else title.lower().rstrip('s')}"
            entries = [
                _entry(item, [link(name, name.rsplit(".", 1)[-1].upper()) for name in item.files]) for item in chosen
            ]
            parts[title] = f"<details><summary>{count}</summary><ul>{''.join(entries)}</ul></details>"
    references = " · ".join((link(f"{page}.bib", "BibTeX"), link(f"{page}.ris", "RIS")))
    parts["Cite this chapter"] = f"{html.escape(book.sentence(chapter))} {references}"
    rows = "".join(f"<dt>{title}</dt><dd>{content}</dd>" for title, content in parts.items())
    return f'<dl class="haic-take-along">{rows}</dl>'


def _entry(item: Item, links: Sequence[str]) -> str:
    words = html.escape(item.caption.split(". ")[0].rstrip("."))
    return f'<li><a href="#{html.escape(item.name)}">{html.escape(item.label)}</a> {words}: {" · ".join(links)}</li>'


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # before Sphinx collects the page's contents
    app.connect("doctree-read", add_section, priority=400)
    app.connect("doctree-resolved", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
