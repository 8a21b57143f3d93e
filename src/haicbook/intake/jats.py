"""A paper's tables from its JATS article, the XML that PMC and open-access publishers offer: as printed, spans filled.

Nothing is fetched: an article that declares entities or asks for other files is refused or read without them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError

from haicbook.limits import LONGEST_CELL
from haicbook.study.problems import UnusableError
from haicbook.texts import read_text

# what spans may reach: far above any printed table
_MOST_CELLS, _MOST_COLUMNS = 20_000, 100
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_SEPARATE = {"break", "p", "list-item"}


@dataclass(frozen=True)
class PrintedTable:
    """A table as the article has it.

    Attributes
    ----------
    label, caption
        `Table 1`, and its title.
    header, body
        Rows of cells of equal length, a spanning cell repeated in each place that it covers.
    indents
        Of each row of the body, how far its label is indented, in characters.
    notes
        What stands below it.
    """

    label: str
    caption: str
    header: tuple[tuple[str, ...], ...]
    body: tuple[tuple[str, ...], ...]
    indents: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Article:
    """What an article says of itself, and its tables; empty texts where it says nothing."""

    title: str
    authors: str
    year: int | None
    journal: str
    doi: str
    licence: str
    tables: tuple[PrintedTable, ...]


def read_article(path: Path) -> Article:
    """Read a JATS article.

    Raises
    ------
    UnusableError
        When it is no XML, declares entities, is too large, or holds no table: with the line where there is one.
    """
    text, flaws = read_text(path)
    if flaws:
        raise UnusableError(
            [f"{path}:{flaw.line or ''} found {flaw.found}, expected {flaw.expected}" for flaw in flaws]
        )
    if declared := _ENTITY.search(text):
        line = text.count("\n", 0, declared.start()) + 1
        raise UnusableError(
            [f"{path}:{line}: found a declared entity, expected an article without: it is not expanded"]
        )
    try:
        root = ElementTree.fromstring(text)
    except ParseError as error:
        line, column = error.position
        what = str(error).partition(":")[0]
        raise UnusableError([f"{path}:{line}:{column}: found {what}, expected the XML of a JATS article"]) from error
    tables = tuple(_table(wrap) for wrap in root.iter("table-wrap") if wrap.find(".//table") is not None)
    if not tables:
        raise UnusableError([f"{path}: found no table, expected the XML of a JATS article with its tables"])
    return Article(
        title=_text(root.find(".//article-meta//article-title")),
        authors=_authors(root),
        year=_year(root),
        journal=_text(root.find(".//journal-meta//journal-title")),
        doi=next((_text(node) for node in root.findall(".//article-meta/article-id[@pub-id-type='doi']")), ""),
        licence=_text(root.find(".//permissions/license"))[:300],
        tables=tables,
    )


def _text(node: Element | None) -> str:
    return "" if node is None else _SPACE.sub(" ", "".join(_pieces(node))).strip()[:LONGEST_CELL]


def _pieces(node: Element) -> Iterator[str]:
    """The texts inside, apart where the page parts them."""
    yield node.text or ""
    for child in node:
        if child.tag in _SEPARATE:
            yield " "
        yield from _pieces(child)
        yield (" " if child.tag in _SEPARATE else "") + (child.tail or "")


def _authors(root: Element) -> str:
    """The first author, and others."""
    names = [_text(node) for node in root.findall(".//article-meta//contrib[@contrib-type='author']/name/surname")]
    return f"{names[0]} et al." if len(names) > 1 else "".join(names)


def _year(root: Element) -> int | None:
    years = [_text(node) for node in root.findall(".//article-meta/pub-date/year")]
    known = [int(year) for year in years if re.fullmatch(r"\d{4}", year)]
    return min(known, default=None)


def _table(wrap: Element) -> PrintedTable:
    label, caption = _text(wrap.find("label")), _text(wrap.find("caption"))
    rows = list(wrap.iter("tr"))
    heads = {id(row) for head in wrap.iter("thead") for row in head.iter("tr")} or _untagged(rows)
    grid, indents = _filled(rows, label)
    header = tuple(cells for row, cells in zip(rows, grid, strict=True) if id(row) in heads)
    kept = [place for place, row in enumerate(rows) if id(row) not in heads]
    notes = tuple(_text(foot) for foot in wrap.findall("table-wrap-foot/*"))
    body = tuple(grid[place] for place in kept)
    return PrintedTable(label, caption, header, body, tuple(indents[place] for place in kept), notes)


def _untagged(rows: list[Element]) -> set[int]:
    """The rows of headings at the top of a table that does not set its head apart."""
    return {
        id(row) for row in itertools.takewhile(lambda row: row.find("th") is not None and row.find("td") is None, rows)
    }


def _filled(rows: list[Element], label: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """Cells by row and column, each in all places that it spans; and how far each row's first cell is indented."""
    filled: dict[tuple[int, int], str] = {}
    indents = []
    for place, row in enumerate(rows):
        column = 0
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        indents.append(_indent(cells[0]) if cells else 0)
        for cell in cells:
            while (place, column) in filled:
                column += 1
            down, along = (_span(cell, name, label) for name in ("rowspan", "colspan"))
            covered = [(place + y, column + x) for y in range(down) for x in range(along)]
            if len(filled) + len(covered) > _MOST_CELLS or column + along > _MOST_COLUMNS:
                most = f"{_MOST_COLUMNS} columns or {_MOST_CELLS} cells"
                raise UnusableError([f"{label}: found spans over more than {most}, expected a printed table"])
            filled |= dict.fromkeys(covered, _text(cell))
    width = max((column for _, column in filled), default=-1) + 1
    grid = [tuple(filled.get((place, column), "") for column in range(width)) for place in range(len(rows))]
    return grid, indents


def _span(cell: Element, name: str, label: str) -> int:
    written = cell.get(name, "1").strip()
    if not re.fullmatch(r"\d{1,3}", written):
        raise UnusableError([f"{label}: found {name}={written!r}, expected a whole number"])
    return max(1, int(written))


def _indent(cell: Element) -> int:
    text = "".join(_pieces(cell)).lstrip("\n\r\t")
    return len(text) - len(text.lstrip()) + 2 * len(cell.get("style", "").partition("padding-left")[2][:1])
