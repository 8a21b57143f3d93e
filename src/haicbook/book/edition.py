"""Which edition of the book a page belongs to, and how a chapter of it is cited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ruamel.yaml import YAML
from sphinx.config import Config

from haicbook import __version__
from haicbook.book.digests import digest_of_folder
from haicbook.book.source import commit_date

# as much of a digest as nobody meets twice
_DIGITS = 12
_LATEX = re.compile(r"[&%#_$]")


@dataclass(frozen=True)
class Edition:
    """The book as it is built.

    Attributes
    ----------
    title, authors, licence
        As `CITATION.cff` has them.
    year
        Of the source's last change, or as `_config.yml` has it.
    version
        The package's.
    digest
        The beginning of the SHA-256 of `data/`, which names what the book's numbers rest on.
    date
        Of the source's last change; empty when that is not known.
    site
        The address where the book is published, with a slash at its end; empty when it is not.
    repository
        Where its source is; empty when that is not published.
    """

    title: str
    authors: tuple[str, ...]
    licence: str
    year: str
    version: str
    digest: str
    date: str
    site: str
    repository: str

    @property
    def note(self) -> str:
        """What tells one edition from another."""
        return f"Version {self.version}, data {self.digest}"

    def sentence(self, chapter: str) -> str:
        """A chapter's reference as text."""
        return f"{', '.join(self.authors)}. {chapter}. In: {self.title}. {self.year}. {self.note}."

    def bibtex(self, page: str, chapter: str) -> str:
        """A chapter's reference for LaTeX."""
        fields = {
            "author": f"{{{_latex(' and '.join(f'{{{name}}}' for name in self.authors))}}}",
            "title": f"{{{{{_latex(chapter)}}}}}",
            "booktitle": f"{{{{{_latex(self.title)}}}}}",
            "year": f"{{{self.year}}}",
            "note": f"{{{_latex(self.note)}}}",
            **({"url": f"{{{self.address(page)}}}"} if self.site else {}),
        }
        lines = "".join(f"  {name} = {text},\n" for name, text in fields.items())
        return f"@incollection{{haicbook_{page},\n{lines}}}\n"

    def ris(self, page: str, chapter: str) -> str:
        """A chapter's reference for reference managers."""
        lines = [
            ("TY", "CHAP"),
            # without the comma a group's last word is taken for a family's name
            *(("AU", f"{name},") for name in self.authors),
            *(("TI", chapter), ("BT", self.title), ("PY", self.year), ("N1", self.note)),
            *([("UR", self.address(page))] if self.site else []),
            ("ER", ""),
        ]
        return "".join(f"{tag}  - {text}\r\n" for tag, text in lines)

    def address(self, page: str) -> str:
        """A page's address where the book is published."""
        return f"{self.site}{page}.html"

    def report(self, page: str) -> str:
        """Where to report a problem with a page; empty without a repository."""
        body = f"Page: {page}.html\n{self.note}\n\nWhat is wrong:\n"
        return f"{self.repository}/issues/new?title={quote(f'{page}: ')}&body={quote(body)}" if self.repository else ""


def edition(folder: Path, config: Config) -> Edition:
    """The edition of a project's folder, with what `_config.yml` says of where it is published.

    A project without `CITATION.cff` is called as `_config.yml` calls it, and names no licence.
    """
    cited, digest, date = _source(folder)
    cited = cited or {"title": config.project, "authors": [{"name": config.author}], "license": []}
    site = config.html_baseurl.rstrip("/")
    return Edition(
        title=cited["title"],
        authors=tuple(author["name"] for author in cited["authors"]),
        licence=" and ".join(cited["license"]),
        year=date[:4] or config.copyright,
        version=__version__,
        digest=digest[:_DIGITS],
        date=date,
        site=f"{site}/" if site else "",
        repository=config.haicbook_repository.rstrip("/"),
    )


@cache
def _source(folder: Path) -> tuple[dict[str, Any], str, str]:
    """What does not change while pages are made."""
    path = folder / "CITATION.cff"
    cited = YAML(typ="safe").load(path) if path.is_file() else {}
    return cited, digest_of_folder(folder / "data"), commit_date(folder)


def _latex(text: str) -> str:
    return _LATEX.sub(lambda sign: f"\\{sign[0]}", text)
