"""The page of one run: its executed notebook with its assumptions in the title and what they changed on top.

One HTML file, with its figures in it; style and scripts of the book lie once beside the runs, `_build/runs/_static`.
What the page says of other chapters leads to the book.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from haicbook.book import addresses
from haicbook.book.build import call_jupyter_book, html_folder, standing
from haicbook.book.digests import sha256
from haicbook.book.finish import finish
from haicbook.book.refusals import PageError
from haicbook.book.run import Job
from haicbook.book.swap import put_in_place
from haicbook.headlines import changes
from haicbook.markup import escape
from haicbook.paths import build_dir, root
from haicbook.results import ResultsError, load_results, write_text
from haicbook.show import changed_words, changes_table

# beside the book's pages, what a page needs
_BESIDE = ("_static", "mathjax")
# what a page rests on: what it includes, cites, and explains its words with
_SHARED = (
    "notebooks",
    *(f"book/{name}" for name in ("references.bib", "references.md", "_static", "_extra", "glossary.md")),
)
# of the book's extensions, those that make the pages of the package's functions
_OF_THE_API = re.compile(r"sphinx\.ext\..*|.*\.docstrings")
_IMAGE = re.compile(r'src="(_images/[^"]+\.svg)"')
_TO_PAGE = re.compile(r'href="((\w+)\.html(?:[?#][^"]*)?)"')
_MADE_OF = "<!-- made of {} -->\n"


def write_run_page(job: Job) -> Path:
    """Write the page of a run beside its executed notebook, unless it is there, made of the same.

    Parameters
    ----------
    job
        A run with changed parameters that has been executed.

    Raises
    ------
    PageError
        When Jupyter Book fails; has the last that it said.
    """
    page = job.folder / f"{job.source.name}.html"
    top = _top(job)
    mark = _MADE_OF.format(sha256(repr((standing(strict=False), job.notebook.read_bytes(), top)).encode()))
    if page.exists() and mark in page.read_text(encoding="utf-8"):
        return page
    scratch = build_dir() / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix="page-"))
    try:
        _write_project(folder / "project", job, top)
        built = call_jupyter_book(folder / "project", folder / "made")
        if built.code:
            raise PageError("\n".join([*built.warnings, *built.last]))
        html = folder / "made" / "_build" / "html"
        text = _alone((html / "index.html").read_text(encoding="utf-8"), html)
        (html / "index.html").write_text(text, encoding="utf-8")
        finish(html)
        for name in _BESIDE:
            if (html / name).is_dir():
                put_in_place(html / name, build_dir() / "runs" / name)
        write_text(page, (html / "index.html").read_text(encoding="utf-8").replace("</body>", f"{mark}</body>"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return page


def _top(job: Job) -> str:
    """What stands below the title, in Markdown: the assumptions, and what they changed."""
    helps = {item.name: item.help for item in job.source.parameters}
    said = "\n".join(f"- {escape(name)}: {escape(helps[name])}" for name in job.changed)
    words = escape(changed_words(job.changed, job.source.defaults))
    try:
        found, others = changes(load_results(Job(job.source).results), load_results(job.results))
        none = "None of the headline results differ from those with the defaults."
        many = f"\n\n{len(others)} other values differ, none of them a headline result." if others else ""
        told = f"{changes_table(found).data if found else none}{many}"
    except ResultsError:
        told = "There are no results with the defaults to compare with."
    behind = "The book shows the defaults; in the figures they are drawn in grey behind what this run gives."
    title = f"A run with changed assumptions: {words}"
    return f"```{{admonition}} {title}\n:class: important\n\n{said}\n\n{behind}\n```\n\n{told}\n"


def _write_project(folder: Path, job: Job, top: str) -> None:
    """A project of one page, and of an empty one for each chapter that it names."""
    name = job.source.name
    pages = folder / "book" / "_executed"
    pages.mkdir(parents=True)
    notebook: dict[str, Any] = json.loads(job.notebook.read_text(encoding="utf-8"))
    _lead(notebook, ", ".join(f"{name} = {value}" for name, value in job.changed.items()), top)
    (pages / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    for shared in _SHARED:
        if (root() / shared).exists():
            (folder / shared).symlink_to(root() / shared)
    yaml = YAML()
    toc, config = (yaml.load((root() / file).read_text(encoding="utf-8")) for file in ("_toc.yml", "_config.yml"))
    texts = "".join(
        path.read_text(encoding="utf-8") for path in [job.notebook, *(root() / "notebooks").rglob("_*/*.md")]
    )
    others = [page for page in _pages(toc) if page not in (toc["root"], f"book/_executed/{name}")]
    named = [page for page in others if f"{page.rpartition('/')[2]}`" in texts or f"{page}.md" in _SHARED]
    for page in named:
        if not (folder / f"{page}.md").exists():
            (folder / f"{page}.md").write_text(f"# {page.rpartition('/')[2]}\n", encoding="utf-8")
    yaml.dump(_config(config), folder / "_config.yml")
    chapters = {"chapters": [{"file": page} for page in named]} if named else {}
    yaml.dump({"format": "jb-book", "root": f"book/_executed/{name}", **chapters}, folder / "_toc.yml")


def _pages(toc: Any) -> list[str]:
    """All pages that a table of contents names."""
    if isinstance(toc, list):
        return [page for item in toc for page in _pages(item)]
    if not isinstance(toc, dict):
        return []
    return [*([toc["file"]] if "file" in toc else []), *(page for item in toc.values() for page in _pages(item))]


def _lead(notebook: dict[str, Any], assumed: str, top: str) -> None:
    """Put the assumptions into the notebook's title, and a cell below it."""
    for place, cell in enumerate(notebook["cells"]):
        lines = "".join(cell["source"]).split("\n") if cell["cell_type"] == "markdown" else []
        title = next((number for number, line in enumerate(lines) if line.startswith("# ")), None)
        if title is not None:
            lines[title] += f" ({escape(assumed)})"
            first, rest = "\n".join(lines[: title + 1]), "\n".join(lines[title + 1 :])
            cells = [{**cell, "source": text} for text in (first, top, rest)]
            notebook["cells"][place : place + 1] = [{**each, "id": f"{cell['id']}-{n}"} for n, each in enumerate(cells)]
            return


def _config(config: Any) -> Any:
    """The book's configuration for a page without a site around it."""
    sphinx = config.setdefault("sphinx", {})
    extensions = [name for name in sphinx.get("extra_extensions", []) if not _OF_THE_API.fullmatch(name)]
    sphinx["extra_extensions"] = sorted({*extensions, addresses.__name__})
    own = sphinx.setdefault("config", {})
    own["html_extra_path"] = [path for path in own.get("html_extra_path", []) if path.endswith("_extra")]
    own["html_sidebars"] = {"**": []}
    own.setdefault("html_theme_options", {}).update(
        {"use_download_button": False, "show_prev_next": False, "article_header_start": [], "home_page_in_toc": False}
    )
    return config


def _alone(page: str, html: Path) -> str:
    """A page with its images in it, from which links lead to the book and to what lies beside the runs."""

    def image(match: re.Match[str]) -> str:
        return f'src="data:image/svg+xml;base64,{base64.b64encode((html / match[1]).read_bytes()).decode()}"'

    book = os.path.relpath(html_folder(), build_dir() / "runs" / "any")

    def link(match: re.Match[str]) -> str:
        return match[0] if match[2] == "index" else f'href="{book}/{match[1]}"'

    page = _TO_PAGE.sub(link, _IMAGE.sub(image, page))
    for name in _BESIDE:
        page = page.replace(f'="{name}/', f'="../{name}/')
    return page.replace('data-content_root="./"', 'data-content_root="../"')
