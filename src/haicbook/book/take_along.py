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
from haicbook.book.edition import edition
from haicbook.spreadsheet import shown

FOLDER = "take"
_TITLE = "Take along"
# where the offer will be, once tables and figures have their numbers
_PLACE = "haic-take-along-place"
_ROWS = re.compile(r'<a download="([^"]+)" href="data:[^;"]+;base64,([^"]+)"')
_SUFFIXES = {"image/svg+xml": "svg", "image/png": "png"}
_KINDS = {"bib": "BibTeX", "csv": "CSV", "ipynb": "Notebook", "png": "PNG", "ris": "RIS", "svg": "SVG", "zip": "ZIP"}
# the first that a ZIP archive can name: the same content gives the same bytes
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_ABOUT = """\
{reference}

What is reconstructed is synthetic and nobody's data. A figure on a slide keeps its caption, which says so.

{files}
"""


@dataclass(frozen=True)
class Offered:
    """A table or figure of a page.

    Attributes
    ----------
    anchor
        The end of its address on the page.
    label
        `Table 1.2`.
    caption
        As text.
    files
        File's name → content.
    """

    anchor: str
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
    """Write a page's files and put links to them in the place that is kept for them."""
    places = [node for node in doctree.findall(nodes.raw) if _PLACE in node["classes"]]
    if not places or app.builder.format != "html":
        return
    page, chapter = page_name(docname, app.config.root_doc), next(doctree.findall(nodes.title)).astext()
    notebook, book = Path(app.env.doc2path(docname)), edition(Path(app.srcdir), app.config)
    numbers = app.env.toc_fignumbers.get(docname, {})
    items = [*_tables(doctree, numbers.get("table", {})), *_figures(doctree, numbers.get("figure", {}), notebook)]
    files = {name: content for item in items for name, content in item.files.items()}
    files |= {f"{page}.bib": book.bibtex(page, chapter).encode(), f"{page}.ris": book.ris(page, chapter).encode()}
    if values := printed_values(page):
        files[f"{page}-printed-values.zip"] = values
    about = _ABOUT.format(reference=book.sentence(chapter), files=_listing(items)).encode()
    of_the_run = {f"{page}.ipynb": notebook.read_bytes(), **_rows(notebook)}
    files[f"{page}.zip"] = _archive({"README.txt": about, **files, **of_the_run}, page)
    folder = Path(app.outdir, FOLDER, page)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    links = {name: _link(f"{FOLDER}/{page}/{name}", len(content)) for name, content in files.items()}
    # Sphinx puts it there for the theme's own button
    links[f"{page}.ipynb"] = _link(f"_sources/{page}.ipynb", notebook.stat().st_size)
    shown_html = _shown(page, items, links, book.sentence(chapter))
    for there in places:
        there.replace_self(nodes.raw("", shown_html, format="html"))


# --- what there is ----------------------------------------------------------------------------------------------------


def _tables(doctree: nodes.document, numbers: Mapping[str, Sequence[int]]) -> Iterator[Offered]:
    for table, name, anchor in _numbered(doctree, nodes.table, numbers):
        yield Offered(anchor, _label("Table", numbers[anchor]), _caption(table), {f"{name}.csv": _csv(table)})


def _numbered(
    doctree: nodes.document, kind: type[nodes.Element], numbers: Mapping[str, Sequence[int]]
) -> Iterator[tuple[nodes.Element, str, str]]:
    """What has a number and a name, with its name and the end of its address."""
    for node in doctree.findall(kind):
        anchor = next((anchor for anchor in node["ids"] if anchor in numbers), None)
        if anchor and node["names"]:
            yield node, node["names"][0], anchor


def _caption(node: nodes.Element) -> str:
    return next((_plain(child) for child in node if isinstance(child, nodes.title | nodes.caption)), "")


def _csv(table: nodes.table) -> bytes:
    """A table as the page shows it, with minus signs that programs read, and a mark by which Excel knows UTF-8."""
    held = io.StringIO()
    writer = csv.writer(held)
    for row in table.findall(nodes.row):
        writer.writerow([shown(_plain(cell).replace("\N{MINUS SIGN}", "-")) for cell in row.findall(nodes.entry)])
    return held.getvalue().encode("utf-8-sig")


def _figures(doctree: nodes.document, numbers: Mapping[str, Sequence[int]], notebook: Path) -> Iterator[Offered]:
    pictures = _pictures(notebook)
    for figure, name, anchor in _numbered(doctree, nodes.figure, numbers):
        if name in pictures:
            yield Offered(anchor, _label("Fig.", numbers[anchor]), _caption(figure), pictures[name])


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


def _listing(items: Sequence[Offered]) -> str:
    return "\n\n".join(f"{item.label}: {', '.join(item.files)}\n{item.caption}" for item in items)


def _shown(page: str, items: Sequence[Offered], links: Mapping[str, str], reference: str) -> str:
    values = f"{page}-printed-values.zip"
    parts = {
        "All in one file": links[f"{page}.zip"],
        "Tables": _folded([item for item in items if item.label.startswith("Table")], "table", links),
        "Figures": _folded([item for item in items if item.label.startswith("Fig")], "figure", links),
        "Executed notebook": links[f"{page}.ipynb"],
        "Printed values, as a data package": links.get(values, ""),
        "Cite this chapter": f"{html.escape(reference)} {links[f'{page}.bib']} · {links[f'{page}.ris']}",
    }
    rows = "".join(f"<dt>{title}</dt><dd>{content}</dd>" for title, content in parts.items() if content)
    return f'<dl class="haic-take-along">{rows}</dl>'


def _folded(items: Sequence[Offered], noun: str, links: Mapping[str, str]) -> str:
    entries = "".join(
        f'<li><a href="#{html.escape(item.anchor)}">{html.escape(item.label)}</a> '
        f"{html.escape(item.caption.split('. ')[0].rstrip('.'))}: {' · '.join(links[name] for name in item.files)}</li>"
        for item in items
    )
    count = f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"
    return f"<details><summary>{count}</summary><ul>{entries}</ul></details>" if items else ""


def _link(address: str, size: int) -> str:
    name = address.rsplit("/", 1)[-1]
    words = _KINDS[name.rsplit(".", 1)[-1]]
    return f'<a download="{html.escape(name)}" href="{quote(address)}">{words}, {_size(size)}</a>'


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # before Sphinx collects the page's contents
    app.connect("doctree-read", add_section, priority=400)
    app.connect("doctree-resolved", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
